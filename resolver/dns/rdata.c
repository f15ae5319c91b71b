/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata.c: the parts of an RDATA. */
#include "dns/rdata.h"

#include "dns/name.h"
#include "dns/rdata_field.h"

static bool is_name(char field)
{
	return field == 'n' || field == 'N';
}

/* Skips the fields up to a name, which include character-strings. */
static void skip_strings(struct tarn__rdata *rdata)
{
	for (; !is_name(*rdata->fields); rdata->fields++) {
		size_t len = tarn__rdata_field_len(*rdata->fields);
		tarn__read_octets(&rdata->reader, len > 0 ? len : tarn__read8(&rdata->reader));
	}
}

/* Skips the fields up to the next name or, if no name follows, all that is left. */
static void skip_octets(struct tarn__rdata *rdata)
{
	size_t fixed = 0;
	bool is_variable = false;
	const char *field = rdata->fields;
	for (; *field && !is_name(*field); field++) {
		size_t len = tarn__rdata_field_len(*field);
		fixed += len;
		is_variable |= len == 0;
	}
	size_t left = tarn__reader_left(&rdata->reader);
	if (*field && is_variable) {
		skip_strings(rdata);
		return;
	}
	rdata->fields = field;
	if (*field || is_variable || fixed == left)
		tarn__read_octets(&rdata->reader, *field ? fixed : left);
	else
		tarn__reader_fail(&rdata->reader);
}

static bool read_name(struct tarn__rdata *rdata, struct tarn__rdata_part *out)
{
	out->is_name = true;
	out->can_compress = *rdata->fields++ == 'N';
	out->octets = out->name;
	out->len = tarn__name_read(&rdata->reader, out->name);
	return out->len > 0;
}

bool tarn__rdata_next(struct tarn__rdata *rdata, struct tarn__rdata_part *out)
{
	if (*rdata->fields == '\0' && tarn__reader_left(&rdata->reader) == 0)
		return false;
	if (is_name(*rdata->fields))
		return read_name(rdata, out);
	size_t start = rdata->reader.at;
	skip_octets(rdata);
	out->is_name = out->can_compress = false;
	out->octets = rdata->reader.wire + start;
	out->len = rdata->reader.at - start;
	return !rdata->reader.failed && out->len > 0;
}

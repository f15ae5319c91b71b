/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata_field.c: the fields of an RDATA. */
#include "dns/rdata_field.h"

#include "dns/name.h"
#include "dns/svc_params.h"
#include "dns/text.h"
#include "dns/type_bitmap.h"

size_t tarn__rdata_field_len(char letter)
{
	switch (letter) {
	case 'b':
		return 1;
	case 'h':
	case 'y':
		return 2;
	case 'w':
	case 'd':
	case 'T':
	case '4':
		return 4;
	case '6':
		return 16;
	}
	return 0;
}

static bool take(struct tarn__reader *reader, size_t len, struct tarn__rdata_field *out)
{
	out->octets = tarn__read_octets(reader, len);
	out->len = len;
	return out->octets;
}

static bool take_expanded(struct tarn__reader *reader, struct tarn__rdata_field *out)
{
	out->octets = out->name;
	out->len = tarn__name_read(reader, out->name);
	return out->len > 0;
}

static bool take_name(struct tarn__reader *reader, struct tarn__rdata_field *out)
{
	size_t len = tarn__name_span(reader->wire + reader->at, tarn__reader_left(reader));
	return len > 0 && take(reader, len, out);
}

static bool take_string(struct tarn__reader *reader, struct tarn__rdata_field *out)
{
	return take(reader, tarn__read8(reader), out) && !reader->failed;
}

static bool take_strings(struct tarn__reader *reader, struct tarn__rdata_field *out)
{
	struct tarn__rdata_field string;
	const uint8_t *start = reader->wire + reader->at;
	do {
		if (!take_string(reader, &string))
			return false;
	} while (tarn__reader_left(reader) > 0);
	out->octets = start;
	out->len = (size_t)(string.octets + string.len - start);
	return true;
}

static bool take_field(struct tarn__reader *reader, char letter, struct tarn__rdata_field *out)
{
	size_t left = tarn__reader_left(reader);
	switch (letter) {
	case 'n':
	case 'N':
		return take_expanded(reader, out);
	case 'm':
		return take_name(reader, out);
	case 's':
	case 'l':
		return take_string(reader, out);
	case 'c':
		return take_string(reader, out) && tarn__is_alphanumeric(out->octets, out->len);
	case 'v':
		return take_string(reader, out) && out->len > 0;
	case 'S':
		return take_strings(reader, out);
	case 't':
	case 'o':
		return take(reader, left, out);
	case 'x':
	case 'X':
		return take(reader, left, out) && left > 0;
	case 'Y':
		return take(reader, left, out) && tarn__type_bitmap_is_valid(out->octets, left);
	case 'p':
		return take(reader, left, out) && tarn__svc_params_are_valid(out->octets, left);
	}
	return take(reader, tarn__rdata_field_len(letter), out);
}

bool tarn__rdata_field_read(struct tarn__reader *reader, char letter, struct tarn__rdata_field *out)
{
	bool is_valid = take_field(reader, letter, out);
	if (!is_valid)
		tarn__reader_fail(reader);
	return is_valid;
}

bool tarn__rdata_is_valid(const uint8_t *rdata, size_t len, uint16_t type)
{
	struct tarn__reader reader = {.wire = rdata, .end = len};
	struct tarn__rdata_field field;
	for (const char *letter = tarn__type_fields(type); *letter; letter++) {
		/* Here a compressed name is none: m, where the others are expanded. */
		bool is_name = *letter == 'n' || *letter == 'N';
		if (!tarn__rdata_field_read(&reader, is_name ? 'm' : *letter, &field))
			return false;
	}
	return tarn__reader_left(&reader) == 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the DNS names: a domain, zones, records, trust anchors, types of records, and prefixes of DNS64. */
#include <stdlib.h>
#include <string.h>

#include "daemon/settings/option_types.h"
#include "dns/dns64.h"
#include "dns/text.h"
#include "dns/type.h"
#include "dns/zonefile.h"
#include "dnssec/anchors.h"

/* ---- domains --------------------------------------------------------------------------------- */

/* The root would be all names there are. */
static int check_domain(const char *text, char fault[TARN__FAULT_MAX])
{
	uint8_t name[TARN__NAME_MAX];
	switch (tarn__name_parse(text, name)) {
	case 0:
		return tarn__option_refuse(fault, "not a domain name");
	case 1:
		return tarn__option_refuse(fault, "the root, which has all names below it");
	}
	return 0;
}

static int parse_domain(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	int error = check_domain(text, fault);
	return error < 0 ? error : tarn__option_parse_text(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_domain = {
	.parse = parse_domain,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

static int parse_zone(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	(void)row;
	int error = check_domain(text, fault);
	return error < 0 ? error : tarn__names_add(field, text, "zones", fault);
}

const struct tarn__option_type tarn__option_type_zones = {
	.parse = parse_zone,
	.reset = tarn__option_reset_names,
	.format = tarn__option_format_names,
	.is_list = true,
};

/* ---- records --------------------------------------------------------------------------------- */

/* reader is the room that reading needs. */
static int check_record(struct tarn__zonefile *reader, const char *text,
			char fault[TARN__FAULT_MAX])
{
	static const uint8_t root[] = {0};
	struct tarn__zone_record record;
	char reason[TARN__ZONE_FAULT_MAX];
	if (!tarn__zone_record_parse(reader, text, root, sizeof(root), 0, &record, reason))
		return tarn__option_refuse(fault, "%s", reason);
	if (record.class != TARN__CLASS_IN)
		return tarn__option_refuse(fault, "not of class IN");
	return 0;
}

/* The room is doubled when the number is a power of two. */
static int add_text(struct tarn__texts *texts, const char *text, char fault[TARN__FAULT_MAX])
{
	size_t count = texts->count;
	if ((count & (count - 1)) == 0) {
		const char **items =
			realloc(texts->items, (count ? 2 * count : 1) * sizeof(*items));
		if (!items)
			return tarn__option_no_memory(fault);
		texts->items = items;
	}
	const char *copy = strdup(text);
	if (!copy)
		return tarn__option_no_memory(fault);
	texts->items[texts->count++] = copy;
	return 0;
}

static int parse_record(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__texts *texts = field;
	if (texts->count == TARN__LOCAL_RECORD_LINES_MAX)
		return tarn__option_refuse(fault, "too many records (%d at most)",
					   TARN__LOCAL_RECORD_LINES_MAX);
	struct tarn__zonefile *reader = malloc(sizeof(*reader));
	if (!reader)
		return tarn__option_no_memory(fault);
	int error = check_record(reader, text, fault);
	free(reader);
	return error < 0 ? error : add_text(texts, text, fault);
}

static void reset_texts(void *field)
{
	struct tarn__texts *texts = field;
	for (size_t i = 0; i < texts->count; i++)
		free((char *)texts->items[i]);
	free(texts->items);
	*texts = (struct tarn__texts){0};
}

static void format_texts(const void *field, FILE *out)
{
	const struct tarn__texts *texts = field;
	bool is_first = true;
	for (size_t i = 0; i < texts->count; i++) {
		tarn__option_separate(&is_first, out);
		tarn__text_print(texts->items[i], out);
	}
}

const struct tarn__option_type tarn__option_type_records = {
	.parse = parse_record,
	.reset = reset_texts,
	.format = format_texts,
	.is_list = true,
};

/* ---- trust anchors --------------------------------------------------------------------------- */

static int check_anchor(const char *text, char fault[TARN__FAULT_MAX])
{
	unsigned line;
	char reason[TARN__ANCHORS_FAULT_MAX];
	struct tarn__anchors *anchors = tarn__anchors_new();
	if (!anchors)
		return tarn__option_no_memory(fault);
	int error = tarn__anchors_add_text(anchors, text, strlen(text), &line, reason);
	if (error == TARN_EINVAL)
		tarn__option_refuse(fault, "%s", reason);
	else if (error < 0)
		tarn__option_no_memory(fault);
	else if (tarn__anchors_count(anchors) == 0)
		error = tarn__option_refuse(fault, "not a record");
	tarn__anchors_free(anchors);
	return error;
}

static int parse_anchor(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__texts *texts = field;
	if (texts->count == TARN__ANCHORS_MAX)
		return tarn__option_refuse(fault, "too many anchors (%d at most)",
					   TARN__ANCHORS_MAX);
	int error = check_anchor(text, fault);
	return error < 0 ? error : add_text(texts, text, fault);
}

const struct tarn__option_type tarn__option_type_anchors = {
	.parse = parse_anchor,
	.reset = reset_texts,
	.format = format_texts,
	.is_list = true,
};

/* ---- types of records ------------------------------------------------------------------------ */

static bool has_type(const struct tarn__types *types, uint16_t type)
{
	for (size_t i = 0; i < types->count; i++) {
		if (types->items[i] == type)
			return true;
	}
	return false;
}

static int parse_type(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__types *types = field;
	uint16_t type;
	if (!tarn__type_parse(text, &type))
		return tarn__option_refuse(fault, "not a type of records (such as AAAA)");
	if (!tarn__type_is_data(type))
		return tarn__option_refuse(fault, "a type that no record has");
	if (has_type(types, type))
		return 0;
	if (types->count == TARN_FILTER_TYPES_MAX)
		return tarn__option_refuse(fault, "too many types (%d at most)",
					   TARN_FILTER_TYPES_MAX);
	types->items[types->count++] = type;
	return 0;
}

static void reset_types(void *field)
{
	((struct tarn__types *)field)->count = 0;
}

static void format_types(const void *field, FILE *out)
{
	const struct tarn__types *types = field;
	bool is_first = true;
	for (size_t i = 0; i < types->count; i++) {
		char text[TARN__WORD_MAX];
		tarn__option_separate(&is_first, out);
		fputs(tarn__type_format(types->items[i], text), out);
	}
}

const struct tarn__option_type tarn__option_type_types = {
	.parse = parse_type,
	.reset = reset_types,
	.format = format_types,
	.is_list = true,
};

/* ---- prefixes -------------------------------------------------------------------------------- */

static bool is_dns64_prefix(const struct tarn_network *network)
{
	struct tarn__dns64_prefix prefix = {.len = (uint8_t)network->prefix_len};
	if (network->address.sa.sa_family != AF_INET6)
		return false;
	memcpy(prefix.octets, &network->address.in6.sin6_addr, sizeof(prefix.octets));
	return tarn__dns64_is_valid(&prefix);
}

static int parse_prefix(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__networks *networks = field;
	struct tarn_network network;
	int error = tarn_network_parse(text, &network);
	if (error < 0)
		return tarn__option_refuse(fault, "%s", tarn_error_text(error));
	if (!is_dns64_prefix(&network))
		return tarn__option_refuse(fault, "not a prefix of IPv6 with 32, 40, 48, 56, 64 or "
						  "96 bits of which bits 64 to 71 are zero");
	if (networks->count == TARN_DNS64_PREFIXES_MAX)
		return tarn__option_refuse(fault, "too many prefixes (%d at most)",
					   TARN_DNS64_PREFIXES_MAX);
	networks->items[networks->count++] = network;
	return 0;
}

/* Written and reset as networks are. */
static void reset_prefixes(void *field)
{
	tarn__option_type_networks.reset(field);
}

static void format_prefixes(const void *field, FILE *out)
{
	tarn__option_type_networks.format(field, out);
}

const struct tarn__option_type tarn__option_type_prefixes = {
	.parse = parse_prefix,
	.reset = reset_prefixes,
	.format = format_prefixes,
	.is_list = true,
};

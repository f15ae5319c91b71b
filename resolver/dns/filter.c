/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/filter.c: messages without some of their addresses. */
#include "dns/filter.h"

#include <string.h>

#include "base/address.h"
#include "dns/edit.h"
#include "dns/name.h"
#include "dns/svc_params.h"
#include "dns/type.h"

enum {
	IPV4_LEN = 4,
	IPV6_LEN = 16,
	PRIORITY_LEN = 2,
};

/* ---- addresses -------------------------------------------------------------------------- */

struct network {
	uint8_t octets[IPV6_LEN];
	uint8_t len; /* bits */
};

bool tarn__address_is_private4(const uint8_t ipv4[4])
{
	static const struct network networks[] = {
		{{0}, 8}, /* RFC 1122 section 3.2.1.3 */
		{{10}, 8}, /* RFC 1918 */
		{{100, 64}, 10}, /* RFC 6598 */
		{{127}, 8},	 {{169, 254}, 16}, /* RFC 3927 */
		{{172, 16}, 12}, {{192, 168}, 16},
	};
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		if (tarn__prefix_covers(networks[i].octets, networks[i].len, ipv4))
			return true;
	}
	return false;
}

bool tarn__address_is_private6(const uint8_t ipv6[16])
{
	static const struct network networks[] = {
		{{0}, 127}, /* :: and ::1 */
		{{0xfc}, 7}, /* RFC 4193 */
		{{0xfe, 0x80}, 10}, /* RFC 4291 section 2.5.6 */
		{{0xfe, 0xc0}, 10}, /* RFC 3879 */
	};
	static const struct network with_ipv4[] = {
		{{[10] = 0xff, 0xff}, 96}, /* RFC 4291 section 2.5.5.2 */
		{{0x00, 0x64, 0xff, 0x9b}, 96}, /* RFC 6052 section 2.1 */
	};
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		if (tarn__prefix_covers(networks[i].octets, networks[i].len, ipv6))
			return true;
	}
	for (size_t i = 0; i < sizeof with_ipv4 / sizeof with_ipv4[0]; i++) {
		if (tarn__prefix_covers(with_ipv4[i].octets, with_ipv4[i].len, ipv6))
			return tarn__address_is_private4(ipv6 + IPV6_LEN - IPV4_LEN);
	}
	return false;
}

/* ---- one record ------------------------------------------------------------------------- */

/* A record, and what of it is left. */
struct edit {
	const struct tarn__filter *filter;
	const struct tarn__record *record;
	struct tarn__filtered *filtered;
	uint8_t *rdata; /* UINT16_MAX octets; NULL: it is only counted */
	size_t len;
	bool is_changed, is_gone;
	uint64_t lost_keys; /* a bit for each SvcParamKey below 64 that is left out */
};

static bool is_bad(const struct edit *edit, const uint8_t *address, size_t len)
{
	const struct tarn__filter *filter = edit->filter;
	return filter->is_bad_address &&
	       filter->is_bad_address(filter->arg, edit->record, address, len);
}

static void keep(struct edit *edit, const void *octets, size_t len)
{
	if (edit->rdata && len > 0)
		memcpy(edit->rdata + edit->len, octets, len);
	edit->len += len;
}

static void keep16(struct edit *edit, uint16_t number)
{
	uint8_t octets[2];
	tarn__put16(octets, number);
	keep(edit, octets, sizeof octets);
}

/* A SvcParam that is left out, its key and length included, ends where it began. */
static void drop_param(struct edit *edit, size_t begin, uint16_t key)
{
	edit->len = begin;
	edit->is_changed = true;
	if (key < 64)
		edit->lost_keys |= UINT64_C(1) << key;
}

static void edit_hint(struct edit *edit, uint16_t key, const uint8_t *value, size_t len)
{
	size_t address_len = key == TARN__SVC_IPV4HINT ? IPV4_LEN : IPV6_LEN;
	bool is_unwanted = key == TARN__SVC_IPV4HINT ? edit->filter->has_no_ipv4hint
						     : edit->filter->has_no_ipv6hint;
	size_t begin = edit->len, kept = 0;
	keep16(edit, key);
	keep16(edit, 0);
	for (size_t at = 0; at < len; at += address_len) {
		if (is_unwanted || is_bad(edit, value + at, address_len)) {
			edit->filtered->hints++;
			edit->is_changed = true;
			continue;
		}
		keep(edit, value + at, address_len);
		kept += address_len;
	}
	if (kept == 0)
		drop_param(edit, begin, key);
	else if (edit->rdata)
		tarn__put16(edit->rdata + begin + 2, (uint16_t)kept);
}

/* RFC 9460 section 7.3: a hint is one address or more. */
static bool is_good_hint(const struct tarn__svc_param *param, size_t address_len)
{
	return param->len > 0 && param->len % address_len == 0;
}

static bool is_good_param(const struct tarn__svc_param *param)
{
	switch (param->key) {
	case TARN__SVC_IPV4HINT:
		return is_good_hint(param, IPV4_LEN);
	case TARN__SVC_IPV6HINT:
		return is_good_hint(param, IPV6_LEN);
	default:
		return true;
	}
}

/* Returns true if the rest of the record is parameters in the order of their keys, none of them twice. */
static bool are_good_params(struct tarn__reader reader)
{
	struct tarn__svc_param param;
	int last = -1;
	while (tarn__svc_param_next(&reader, &param)) {
		if (param.key <= last || !is_good_param(&param))
			return false;
		last = param.key;
	}
	return !reader.failed;
}

static void edit_param(struct edit *edit, const struct tarn__svc_param *param)
{
	if (param->key == TARN__SVC_IPV4HINT || param->key == TARN__SVC_IPV6HINT) {
		edit_hint(edit, param->key, param->value, param->len);
		return;
	}
	keep16(edit, param->key);
	keep16(edit, param->len);
	keep(edit, param->value, param->len);
}

/* A record whose "mandatory" names a key that it has lost is of no use to a client (RFC 9460 section 8). */
static bool is_mandatory_broken(const struct edit *edit, const struct tarn__svc_param *mandatory)
{
	for (size_t at = 0; at + 2 <= mandatory->len; at += 2) {
		uint16_t key = tarn__get16(mandatory->value + at);
		if (key < 64 && edit->lost_keys >> key & 1)
			return true;
	}
	return false;
}

static void drop_record(struct edit *edit)
{
	edit->is_gone = true;
	edit->filtered->records++;
}

/* Returns a cursor at the parameters; it has failed if there is no good name before them. */
static struct tarn__reader open_service(const struct tarn__record *record)
{
	struct tarn__reader reader = {.wire = record->rdata, .end = record->rdata_len};
	tarn__read_octets(&reader, PRIORITY_LEN);
	size_t name_len = tarn__name_span(record->rdata + reader.at, tarn__reader_left(&reader));
	tarn__read_octets(&reader, name_len);
	if (name_len == 0)
		tarn__reader_fail(&reader);
	return reader;
}

static bool looks_at_hints(const struct tarn__filter *filter)
{
	return filter->is_bad_address || filter->has_no_ipv4hint || filter->has_no_ipv6hint;
}

/*
 * What is malformed has hints for a client that overlooks it, and is nothing to one that does not
 * (RFC 9460 section 2.2).
 */
static void edit_service(struct edit *edit)
{
	if (!looks_at_hints(edit->filter)) {
		edit->filtered->records_left++;
		return;
	}
	struct tarn__reader reader = open_service(edit->record);
	if (reader.failed || !are_good_params(reader)) {
		drop_record(edit);
		return;
	}
	keep(edit, edit->record->rdata, reader.at);
	struct tarn__svc_param param, mandatory = {0};
	while (tarn__svc_param_next(&reader, &param)) {
		if (param.key == TARN__SVC_MANDATORY)
			mandatory = param;
		edit_param(edit, &param);
	}
	if (is_mandatory_broken(edit, &mandatory))
		drop_record(edit);
	else
		edit->filtered->records_left++;
}

static void edit_address(struct edit *edit, size_t len)
{
	const struct tarn__record *record = edit->record;
	if (record->rdata_len != len)
		return;
	edit->is_gone = is_bad(edit, record->rdata, len);
	edit->filtered->addresses += edit->is_gone;
	edit->filtered->addresses_left += !edit->is_gone;
}

static void edit_record(struct edit *edit)
{
	switch (edit->record->type) {
	case TARN__TYPE_A:
		edit_address(edit, IPV4_LEN);
		break;
	case TARN__TYPE_AAAA:
		edit_address(edit, IPV6_LEN);
		break;
	case TARN__TYPE_SVCB:
	case TARN__TYPE_HTTPS:
		edit_service(edit);
	}
}

/* ---- messages --------------------------------------------------------------------------- */

struct tarn__filtered tarn__filter_count(const struct tarn__filter *filter, const uint8_t *wire,
					 size_t len)
{
	struct tarn__filtered filtered = {0};
	struct tarn__reader reader = tarn__edit_open(wire, len);
	struct tarn__record record;
	if (reader.failed)
		return filtered;
	for (unsigned count = tarn__get16(wire + 6);
	     count > 0 && tarn__record_read(&reader, &record); count--)
		edit_record(
			&(struct edit){.filter = filter, .record = &record, .filtered = &filtered});
	return filtered;
}

/* Returns true for a signature of what may have changed. */
static bool is_stale_signature(const struct tarn__record *record)
{
	if (record->type != TARN__TYPE_RRSIG || record->rdata_len < 2)
		return false;
	uint16_t covered = tarn__get16(record->rdata);
	return covered == TARN__TYPE_A || covered == TARN__TYPE_AAAA ||
	       covered == TARN__TYPE_SVCB || covered == TARN__TYPE_HTTPS;
}

static void filter_record(const struct tarn__filter *filter, struct tarn__editor *editor,
			  enum tarn__section section, const uint8_t *wire,
			  const struct tarn__record *record, struct tarn__filtered *filtered)
{
	uint8_t rdata[UINT16_MAX];
	struct edit edit = {
		.filter = filter, .record = record, .filtered = filtered, .rdata = rdata};
	if (section == TARN__SECTION_ANSWER)
		edit_record(&edit);
	if (edit.is_gone || is_stale_signature(record))
		return;
	if (!edit.is_changed) {
		tarn__edit_copy(editor, section, wire, record);
		return;
	}
	struct tarn__name owner = {.len = record->owner_len};
	memcpy(owner.octets, record->owner, record->owner_len);
	tarn__edit_put(editor, section, &owner, record->type, record->class, record->ttl, rdata,
		       edit.len);
}

size_t tarn__filter_apply(const struct tarn__filter *filter, const uint8_t *wire, size_t len,
			  uint8_t out[TARN__MESSAGE_MAX], struct tarn__filtered *filtered)
{
	*filtered = (struct tarn__filtered){0};
	struct tarn__reader reader = tarn__edit_open(wire, len);
	if (reader.failed)
		return 0;
	const uint8_t *question_end = wire + reader.at - 4;
	struct tarn__editor editor;
	tarn__edit_begin(&editor, out, tarn__get16(wire + 2) & (uint16_t)~TARN__FLAG_AD,
			 wire + TARN__HEADER_LEN, reader.at - TARN__HEADER_LEN - 4,
			 tarn__get16(question_end), tarn__get16(question_end + 2));
	for (unsigned i = TARN__SECTION_ANSWER; i <= TARN__SECTION_AUTHORITY; i++) {
		for (unsigned count = tarn__get16(wire + 6 + 2 * i); count > 0; count--) {
			struct tarn__record record;
			if (!tarn__record_read(&reader, &record))
				return 0;
			filter_record(filter, &editor, (enum tarn__section)i, wire, &record,
				      filtered);
		}
	}
	return tarn__edit_end(&editor);
}

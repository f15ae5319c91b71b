/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/xfr.c: the order of the records of a transfer.
 *
 *	AXFR, and IXFR with the whole zone:   SOA(new)  records  SOA(new)
 *	IXFR:   SOA(new)  { SOA(from)  removed  SOA(to)  added } ...  SOA(new)
 *	IXFR without news:   SOA(not newer)
 *
 * The first "from" is the serial that was asked with, each further one is the "to" before it, and the last
 * "to" is the new serial (RFC 1995 section 4). The second record tells them apart.
 */
#include "dns/xfr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dns/rdata.h"
#include "dns/rdata_field.h"
#include "dns/record.h"
#include "dns/text.h"

/* ---- the query ------------------------------------------------------------------------------- */

void tarn__xfr_init(struct tarn__xfr *xfr, enum tarn__xfr_kind kind, uint16_t id,
		    const struct tarn__name *zone, uint32_t serial,
		    const struct tarn__xfr_callbacks *callbacks, void *arg)
{
	xfr->kind = kind;
	xfr->id = id;
	xfr->zone.len = zone->len;
	tarn__name_fold(xfr->zone.octets, zone->octets, zone->len);
	xfr->serial = serial;
	xfr->callbacks = callbacks;
	xfr->arg = arg;
	xfr->soa = (struct tarn__soa){0};
	xfr->records = 0;
	xfr->reason[0] = '\0';
	xfr->state = TARN__XFR_AT_START;
	xfr->has_question = false;
	xfr->step = serial;
	xfr->soa_len = 0;
}

static uint16_t qtype_of(const struct tarn__xfr *xfr)
{
	static const uint16_t types[] = {[TARN__XFR_SOA] = TARN__TYPE_SOA,
					 [TARN__XFR_AXFR] = TARN__TYPE_AXFR,
					 [TARN__XFR_IXFR] = TARN__TYPE_IXFR};
	return types[xfr->kind];
}

/* RFC 1995 section 3: the version that is there. Of its SOA the serial is all that counts. */
static size_t write_version(const struct tarn__xfr *xfr, uint8_t *out)
{
	enum { RDATA_LEN = 2 + TARN__SOA_NUMBERS_LEN };
	memset(out, 0, 2 + TARN__RECORD_FIXED_LEN + RDATA_LEN);
	tarn__put16(out, TARN__POINTER | TARN__HEADER_LEN);
	tarn__put16(out + 2, TARN__TYPE_SOA);
	tarn__put16(out + 4, TARN__CLASS_IN);
	tarn__put16(out + 10, RDATA_LEN);
	tarn__put32(out + 14, xfr->serial);
	return 2 + TARN__RECORD_FIXED_LEN + RDATA_LEN;
}

size_t tarn__xfr_query(const struct tarn__xfr *xfr, uint8_t out[TARN__XFR_QUERY_MAX])
{
	memset(out, 0, TARN__HEADER_LEN);
	tarn__put16(out, xfr->id);
	tarn__put16(out + 4, 1);
	tarn__put16(out + 8, xfr->kind == TARN__XFR_IXFR);
	size_t len = TARN__HEADER_LEN;
	memcpy(out + len, xfr->zone.octets, xfr->zone.len);
	len += xfr->zone.len;
	tarn__put16(out + len, qtype_of(xfr));
	tarn__put16(out + len + 2, TARN__CLASS_IN);
	len += 4;
	return xfr->kind == TARN__XFR_IXFR ? len + write_version(xfr, out + len) : len;
}

/* ---- ends ------------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static enum tarn__xfr_result
end(struct tarn__xfr *xfr, enum tarn__xfr_result result, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(xfr->reason, sizeof(xfr->reason), format, arguments);
	va_end(arguments);
	xfr->state = TARN__XFR_AT_END;
	return result;
}

static enum tarn__xfr_result fail(struct tarn__xfr *xfr, const char *reason)
{
	return end(xfr, TARN__XFR_FAILED, "%s", reason);
}

/* Changes that do not fit are no use, and the whole zone may be. */
static enum tarn__xfr_result fall_back(struct tarn__xfr *xfr, const char *reason)
{
	return end(xfr, TARN__XFR_FALL_BACK, "%s", reason);
}

/* ---- records --------------------------------------------------------------------------------- */

/* Writes the RDATA without compression, its names in lower case. */
static bool expand(struct tarn__xfr *xfr, const struct tarn__reader *message,
		   const struct tarn__record *record, struct tarn__zone_record *out)
{
	struct tarn__reader reader = *message;
	reader.end = message->at;
	reader.at = message->at - record->rdata_len;
	struct tarn__rdata rdata = tarn__rdata_open(&reader, record->type);
	struct tarn__rdata_part part;
	size_t len = 0;
	while (tarn__rdata_next(&rdata, &part)) {
		if (part.len > sizeof(xfr->rdata) - len)
			return false;
		if (part.is_name)
			tarn__name_fold(xfr->rdata + len, part.octets, part.len);
		else
			memcpy(xfr->rdata + len, part.octets, part.len);
		len += part.len;
	}
	out->rdata = xfr->rdata;
	out->rdata_len = len;
	return !rdata.reader.failed && tarn__rdata_is_valid(xfr->rdata, len, record->type);
}

/* Returns NULL, or the reason why it is no record of the zone. The reader is behind it. */
static const char *read_record(struct tarn__xfr *xfr, struct tarn__reader *reader,
			       struct tarn__zone_record *out)
{
	struct tarn__record record;
	if (!tarn__record_read(reader, &record))
		return "a record is malformed";
	if (record.class != TARN__CLASS_IN || !tarn__type_is_data(record.type))
		return "a record is not of class IN, or has no data";
	if (!tarn__name_is_within(record.owner, record.owner_len, xfr->zone.octets, xfr->zone.len))
		return "a record is not of the zone";
	if (record.type == TARN__TYPE_SOA && record.owner_len != xfr->zone.len)
		return "an SOA is not the zone's";
	if (++xfr->records > TARN__XFR_RECORDS_MAX)
		return "it has too many records";
	tarn__name_fold(xfr->owner, record.owner, record.owner_len);
	/* RFC 2181 section 8 */
	bool is_ttl = record.ttl <= TARN__ZONE_TTL_MAX;
	*out = (struct tarn__zone_record){.owner = xfr->owner,
					  .owner_len = record.owner_len,
					  .type = record.type,
					  .class = record.class,
					  .ttl = is_ttl ? record.ttl : 0};
	return expand(xfr, reader, &record, out) ? NULL : "the data of a record is malformed";
}

/* ---- the order ------------------------------------------------------------------------------- */

/* Also for SOA: it is the only record that counts. */
static enum tarn__xfr_result take_first(struct tarn__xfr *xfr,
					const struct tarn__zone_record *record)
{
	if (record->type != TARN__TYPE_SOA)
		return fail(xfr, "it does not begin with an SOA");
	tarn__soa_read(record->rdata, record->rdata_len, &xfr->soa);
	xfr->soa_ttl = record->ttl;
	xfr->soa_len = record->rdata_len;
	memcpy(xfr->soa_rdata, record->rdata, record->rdata_len);
	xfr->state = TARN__XFR_AT_SECOND;
	if (xfr->kind == TARN__XFR_SOA)
		return end(xfr, TARN__XFR_ENDED, "%s", "");
	if (xfr->kind == TARN__XFR_IXFR && !tarn__serial_is_newer(xfr->soa.serial, xfr->serial))
		return end(xfr, TARN__XFR_UP_TO_DATE, "%s", "");
	return TARN__XFR_MORE;
}

static bool begin(struct tarn__xfr *xfr, bool is_whole)
{
	const struct tarn__zone_record soa = {.owner = xfr->zone.octets,
					      .owner_len = xfr->zone.len,
					      .type = TARN__TYPE_SOA,
					      .class = TARN__CLASS_IN,
					      .ttl = xfr->soa_ttl,
					      .rdata = xfr->soa_rdata,
					      .rdata_len = xfr->soa_len};
	xfr->state = is_whole ? TARN__XFR_IN_ZONE : TARN__XFR_IN_REMOVED;
	return xfr->callbacks->begin(xfr->arg, is_whole, &soa);
}

static enum tarn__xfr_result stop(struct tarn__xfr *xfr)
{
	return end(xfr, TARN__XFR_STOPPED, "%s", "");
}

static enum tarn__xfr_result take_data(struct tarn__xfr *xfr,
				       const struct tarn__zone_record *record)
{
	const struct tarn__xfr_callbacks *callbacks = xfr->callbacks;
	bool is_removed = xfr->state == TARN__XFR_IN_REMOVED;
	bool goes_on =
		is_removed ? callbacks->remove(xfr->arg, record) : callbacks->add(xfr->arg, record);
	return goes_on ? TARN__XFR_MORE : stop(xfr);
}

/* The SOA behind the whole zone (RFC 5936 section 2.2). */
static enum tarn__xfr_result take_last(struct tarn__xfr *xfr, uint32_t serial)
{
	if (serial != xfr->soa.serial)
		return fail(xfr, "it ends with the SOA of another version");
	return end(xfr, TARN__XFR_ENDED, "%s", "");
}

/* An SOA behind what is removed: that of the version that changes lead to. */
static enum tarn__xfr_result take_step(struct tarn__xfr *xfr, uint32_t serial)
{
	if (!tarn__serial_is_newer(serial, xfr->step) ||
	    tarn__serial_is_newer(serial, xfr->soa.serial))
		return fall_back(xfr, "its changes are not in order");
	xfr->step = serial;
	xfr->state = TARN__XFR_IN_ADDED;
	return TARN__XFR_MORE;
}

/* An SOA behind what is added: that of the version that further changes are made to, or the end. */
static enum tarn__xfr_result take_from(struct tarn__xfr *xfr, uint32_t serial)
{
	if (serial != xfr->step)
		return fall_back(xfr, "changes are missing in it");
	if (serial == xfr->soa.serial)
		return end(xfr, TARN__XFR_ENDED, "%s", "");
	xfr->state = TARN__XFR_IN_REMOVED;
	return TARN__XFR_MORE;
}

static enum tarn__xfr_result take_soa(struct tarn__xfr *xfr, const struct tarn__zone_record *record)
{
	struct tarn__soa soa = {0};
	tarn__soa_read(record->rdata, record->rdata_len, &soa);
	switch (xfr->state) {
	case TARN__XFR_IN_REMOVED:
		return take_step(xfr, soa.serial);
	case TARN__XFR_IN_ADDED:
		return take_from(xfr, soa.serial);
	default:
		return take_last(xfr, soa.serial);
	}
}

static enum tarn__xfr_result take_second(struct tarn__xfr *xfr,
					 const struct tarn__zone_record *record)
{
	struct tarn__soa soa = {0};
	bool is_soa = record->type == TARN__TYPE_SOA;
	if (is_soa)
		tarn__soa_read(record->rdata, record->rdata_len, &soa);
	bool is_whole = xfr->kind == TARN__XFR_AXFR || !is_soa || soa.serial == xfr->soa.serial;
	if (!is_whole && soa.serial != xfr->serial)
		return fall_back(xfr, "its changes are to another version");
	if (!begin(xfr, is_whole))
		return stop(xfr);
	if (!is_whole)
		return TARN__XFR_MORE;
	return is_soa ? take_last(xfr, soa.serial) : take_data(xfr, record);
}

static enum tarn__xfr_result take_record(struct tarn__xfr *xfr,
					 const struct tarn__zone_record *record)
{
	if (xfr->state == TARN__XFR_AT_START)
		return take_first(xfr, record);
	if (xfr->state == TARN__XFR_AT_SECOND)
		return take_second(xfr, record);
	return record->type == TARN__TYPE_SOA ? take_soa(xfr, record) : take_data(xfr, record);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* Returns false if a question is not that of the query. */
static bool take_questions(struct tarn__xfr *xfr, struct tarn__reader *reader, unsigned count)
{
	if (count > 1)
		return false;
	if (count == 0)
		return true;
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_read(reader, name);
	const uint8_t *fixed = tarn__read_octets(reader, 4);
	xfr->has_question = true;
	return fixed && len == xfr->zone.len && tarn__name_is_equal(name, xfr->zone.octets, len) &&
	       tarn__get16(fixed) == qtype_of(xfr) && tarn__get16(fixed + 2) == TARN__CLASS_IN;
}

static enum tarn__xfr_result refuse(struct tarn__xfr *xfr, uint16_t rcode)
{
	char word[TARN__WORD_MAX];
	/* A server that does not know IXFR, or is at a loss with it (RFC 1995 section 4). */
	bool is_ixfr = rcode == TARN__FORMERR || rcode == TARN__NOTIMP || rcode == TARN__SERVFAIL;
	return end(xfr,
		   xfr->kind == TARN__XFR_IXFR && is_ixfr ? TARN__XFR_FALL_BACK : TARN__XFR_FAILED,
		   "the server answers %s", tarn__rcode_format(rcode, word));
}

/* Header and question. Returns MORE if the records may be read. */
static enum tarn__xfr_result take_head(struct tarn__xfr *xfr, struct tarn__reader *reader)
{
	uint16_t flags = tarn__get16(reader->wire + 2);
	if (tarn__get16(reader->wire) != xfr->id || !(flags & TARN__FLAG_QR) ||
	    (flags & TARN__FLAG_OPCODE))
		return fail(xfr, "it is not a response to the query");
	if (flags & TARN__FLAG_RCODE)
		return refuse(xfr, flags & TARN__FLAG_RCODE);
	if (flags & TARN__FLAG_TC)
		return fail(xfr, "it is cut short");
	if (!take_questions(xfr, reader, tarn__get16(reader->wire + 4)))
		return fail(xfr, "it is not a response to the question");
	/* RFC 5936 section 2.2.1: the first message has it, others may. */
	if (!xfr->has_question)
		return fail(xfr, "it is without the question");
	if (xfr->kind == TARN__XFR_SOA && !(flags & TARN__FLAG_AA))
		return fail(xfr, "the server has no authority over the zone");
	return TARN__XFR_MORE;
}

enum tarn__xfr_result tarn__xfr_take(struct tarn__xfr *xfr, const uint8_t *message, size_t len)
{
	if (xfr->state == TARN__XFR_AT_END || len < TARN__HEADER_LEN)
		return fail(xfr, "a message is malformed, or behind the last one");
	struct tarn__reader reader = {.wire = message, .at = TARN__HEADER_LEN, .end = len};
	enum tarn__xfr_result result = take_head(xfr, &reader);
	unsigned left = tarn__get16(message + 6);
	if (result == TARN__XFR_MORE && left == 0)
		return fail(xfr, "a message has no records");
	for (; left > 0 && result == TARN__XFR_MORE; left--) {
		struct tarn__zone_record record;
		const char *fault = read_record(xfr, &reader, &record);
		result = fault ? fail(xfr, fault) : take_record(xfr, &record);
	}
	if (result == TARN__XFR_ENDED && left > 0 && xfr->kind != TARN__XFR_SOA)
		return fail(xfr, "records are behind its end");
	return result;
}

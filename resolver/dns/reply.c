/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/reply.c: what a client gets. tarn__reply_stored() is the way of every hit: three copies, one
 * patch per record, and the OPT.
 */
#include <string.h>

#include "dns/answer.h"
#include "dns/edns.h"
#include "dns/stored.h"

/* Header and question; the record counts are 0 but for OPT's. Returns the octets written. */
static size_t write_question(const struct tarn__query *query, uint16_t flags, uint8_t *out)
{
	tarn__put16(out, query->id);
	tarn__put16(out + 2, flags);
	tarn__put16(out + 4, query->qname != NULL);
	tarn__put32(out + 6, 0);
	tarn__put16(out + 10, query->has_opt);
	if (!query->qname)
		return TARN__HEADER_LEN;
	memcpy(out + TARN__HEADER_LEN, query->qname, query->qname_len);
	uint8_t *end = out + TARN__HEADER_LEN + query->qname_len;
	tarn__put16(end, query->qtype);
	tarn__put16(end + 2, query->qclass);
	return TARN__HEADER_LEN + (size_t)query->qname_len + 4;
}

/* The records of a stored form, and how many of them go into a reply. */
struct records {
	unsigned answer_count, authority_count;
	const uint8_t *offsets; /* of TTLs */
	const uint8_t *wire;
	size_t len;
};

static struct records stored_records(const uint8_t *stored, size_t stored_len)
{
	struct records records = {
		.answer_count = tarn__get16(stored + TARN__STORED_ANSWERS_AT),
		.authority_count = tarn__get16(stored + TARN__STORED_AUTHORITIES_AT),
		.offsets = stored + TARN__STORED_HEAD_LEN,
	};
	records.wire = records.offsets + 2 * (records.answer_count + records.authority_count);
	records.len = (size_t)(stored + stored_len - records.wire);
	return records;
}

/* Leaves as many whole RRsets as fit into room (RFC 2181 section 9). */
static void cut(struct records *records, size_t room)
{
	unsigned count = records->answer_count + records->authority_count;
	unsigned fitting = 0;
	size_t fitting_len = 0, len = 0;
	for (unsigned i = 0; i < count && len <= room; i++) {
		const uint8_t *ttl = records->wire + tarn__get16(records->offsets + 2 * i);
		if (!(tarn__get32(ttl) & TARN__STORED_SAME_RRSET)) {
			fitting = i;
			fitting_len = len;
		}
		len = (size_t)(ttl + 6 - records->wire) + tarn__get16(ttl + 4);
	}
	records->len = fitting_len;
	if (fitting <= records->answer_count) {
		records->answer_count = fitting;
		records->authority_count = 0;
	} else {
		records->authority_count = fitting - records->answer_count;
	}
}

static uint32_t older(uint32_t ttl, uint32_t age_sec)
{
	return ttl > age_sec ? ttl - age_sec : 0;
}

static void write_ttls(const struct records *records, uint8_t *wire,
		       const struct tarn__reply *reply)
{
	unsigned count = records->answer_count + records->authority_count;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *at = wire + tarn__get16(records->offsets + 2 * i);
		uint32_t ttl = tarn__get32(at) & ~TARN__STORED_SAME_RRSET;
		tarn__put32(at, reply->stale_ttl ? reply->stale_ttl : older(ttl, reply->age_sec));
	}
}

/* Octets of an address in the record whose TTL stands there; 0: it has none. */
static unsigned address_len(const uint8_t *ttl)
{
	unsigned type = tarn__get16(ttl - 4), len = tarn__get16(ttl + 4);
	if (tarn__get16(ttl - 2) != TARN__CLASS_IN)
		return 0;
	return (type == TARN__TYPE_A && len == 4) || (type == TARN__TYPE_AAAA && len == 16) ? len
											    : 0;
}

/* The records of the RRset that begins with the first. */
static unsigned count_rrset(const struct records *records, unsigned first)
{
	unsigned count = 1;
	while (first + count < records->answer_count &&
	       tarn__get32(records->wire + tarn__get16(records->offsets + 2 * (first + count))) &
		       TARN__STORED_SAME_RRSET)
		count++;
	return count;
}

/*
 * The records of an RRset of addresses differ in these alone, which change places: whatever points
 * to a name goes on doing so, and the order of an RRset is no part of its signature (RFC 4034 section
 * 6.3).
 */
static void rotate_addresses(const struct records *records, uint8_t *wire, uint32_t rotation)
{
	unsigned count;
	for (unsigned first = 0; first < records->answer_count; first += count) {
		const uint8_t *offsets = records->offsets + 2 * first;
		unsigned len = address_len(records->wire + tarn__get16(offsets));
		count = count_rrset(records, first);
		unsigned shift = (unsigned)((uint64_t)rotation * count >> 32);
		for (unsigned i = 0; i < count && len > 0 && shift > 0; i++) {
			unsigned from = i + shift < count ? i + shift : i + shift - count;
			memcpy(wire + tarn__get16(offsets + 2 * i) + 6,
			       records->wire + tarn__get16(offsets + 2 * from) + 6, len);
		}
	}
}

void tarn__stored_clear_ad(uint8_t *stored)
{
	stored[0] &= (uint8_t)~TARN__STORED_AD;
}

void tarn__stored_age(uint8_t *stored, size_t len, uint32_t age_sec)
{
	struct records records = stored_records(stored, len);
	uint8_t *wire = stored + (records.wire - stored);
	unsigned count = records.answer_count + records.authority_count;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *at = wire + tarn__get16(records.offsets + 2 * i);
		uint32_t same_rrset = tarn__get32(at) & TARN__STORED_SAME_RRSET;
		uint32_t ttl = tarn__get32(at) & ~TARN__STORED_SAME_RRSET;
		tarn__put32(at, same_rrset | older(ttl, age_sec));
	}
}

/* What an OPT takes at least: of its options only the cookie must not be missed. */
static size_t opt_len_min(const struct tarn__options *options)
{
	if (options->cookie_len == 0)
		return TARN__OPT_LEN;
	return TARN__OPT_LEN + TARN__OPTION_HEADER_LEN + (size_t)options->cookie_len;
}

uint16_t tarn__stored_rcode(const uint8_t *stored)
{
	return stored[0] & TARN__STORED_RCODE;
}

bool tarn__stored_is_negative(const uint8_t *stored, size_t len)
{
	if (tarn__stored_rcode(stored) == TARN__NXDOMAIN)
		return true;
	/* A negative answer is kept with its SOA, and no other has one in its authority section. */
	struct records records = stored_records(stored, len);
	for (unsigned i = 0; i < records.authority_count; i++) {
		const uint8_t *ttl = records.wire +
				     tarn__get16(records.offsets + 2 * (records.answer_count + i));
		if (tarn__get16(ttl - 4) == TARN__TYPE_SOA)
			return true;
	}
	return false;
}

uint8_t tarn__stored_answer_source(const uint8_t *stored)
{
	return stored[TARN__STORED_ANSWER_SOURCE_AT];
}

void tarn__stored_set_answer_source(uint8_t *stored, uint8_t answer_source)
{
	stored[TARN__STORED_ANSWER_SOURCE_AT] = answer_source;
}

size_t tarn__reply_stored(const struct tarn__query *query, const uint8_t *stored, size_t stored_len,
			  const struct tarn__reply *reply, uint8_t *out)
{
	uint16_t flags = (query->flags & (TARN__FLAG_RD | TARN__FLAG_CD)) | TARN__FLAG_QR |
			 TARN__FLAG_RA | (stored[0] & TARN__STORED_RCODE);
	if (reply->is_authoritative)
		flags |= TARN__FLAG_AA;
	/* RFC 6840 section 5.7 */
	if (stored[0] & TARN__STORED_AD && reply->trust_ad &&
	    (query->dnssec_ok || query->flags & TARN__FLAG_AD))
		flags |= TARN__FLAG_AD;

	size_t len = TARN__HEADER_LEN + (size_t)query->qname_len + 4;
	size_t room = reply->limit - len - (query->has_opt ? opt_len_min(&reply->options) : 0);
	struct records records = stored_records(stored, stored_len);
	if (records.len > room) {
		/* The authority section holds nothing that the client can do without. */
		cut(&records, room);
		flags |= TARN__FLAG_TC;
	}

	write_question(query, flags, out);
	tarn__put16(out + 6, (uint16_t)records.answer_count);
	tarn__put16(out + 8, (uint16_t)records.authority_count);
	memcpy(out + len, records.wire, records.len);
	write_ttls(&records, out + len, reply);
	if (reply->rotation)
		rotate_addresses(&records, out + len, reply->rotation);
	len += records.len;
	if (query->has_opt)
		len += tarn__opt_write(out + len, reply->limit - len,
				       &(struct tarn__opt){.dnssec_ok = query->dnssec_ok,
							   .options = &reply->options});
	return len;
}

size_t tarn__reply_error(const struct tarn__query *query, uint16_t rcode,
			 const struct tarn__options *options, size_t limit, uint8_t *out)
{
	/* Without OPT there is no room for an extended rcode. */
	if (rcode > TARN__FLAG_RCODE && !query->has_opt)
		rcode = TARN__SERVFAIL;
	uint16_t flags = TARN__FLAG_QR | (query->flags & TARN__FLAG_OPCODE);
	/*
	 * Another opcode may give these another meaning, and UPDATE and DSO want zeros there (RFC 2136
	 * section 2.2, RFC 8490 section 5.4).
	 */
	if (!(query->flags & TARN__FLAG_OPCODE))
		flags |= TARN__FLAG_RA | (query->flags & (TARN__FLAG_RD | TARN__FLAG_CD));
	size_t len = write_question(query, flags | (rcode & TARN__FLAG_RCODE), out);
	size_t room = limit > len + TARN__OPT_LEN ? limit - len : TARN__OPT_LEN;
	if (query->has_opt)
		len += tarn__opt_write(out + len, room,
				       &(struct tarn__opt){.rcode = rcode,
							   .dnssec_ok = query->dnssec_ok,
							   .options = options});
	return len;
}

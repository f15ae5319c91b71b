/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/reply.c: replies. Every hit passes tarn__reply_stored(): three copies, one patch for each record, and
 * the OPT.
 */
#include "dns/reply.h"

#include <string.h>

#include "dns/stored.h"

/* Writes header and question; of the record counts only that of the OPT. Returns the octets written. */
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

/* Signatures stand behind the RRset that they cover, and go with it (RFC 4035 section 3.1.1). */
static bool goes_with_previous(const uint8_t *records, size_t ttl_at)
{
	return tarn__stored_is_same_rrset(records, ttl_at) ||
	       tarn__stored_type(records, ttl_at) == TARN__TYPE_RRSIG;
}

/* Leaves as many whole RRsets as fit into room (RFC 2181 section 9). */
static void cut(struct tarn__stored *stored, size_t room)
{
	unsigned fitting = 0;
	size_t fitting_len = 0, len = 0;
	for (unsigned i = 0; i < tarn__stored_count(stored) && len <= room; i++) {
		size_t at = tarn__stored_ttl_at(stored, i);
		if (!goes_with_previous(stored->records, at)) {
			fitting = i;
			fitting_len = len;
		}
		len = tarn__stored_rdata_at(at) + tarn__stored_rdata_len(stored->records, at);
	}
	stored->records_len = fitting_len;
	if (fitting <= stored->answer_count) {
		stored->answer_count = fitting;
		stored->authority_count = 0;
	} else {
		stored->authority_count = fitting - stored->answer_count;
	}
}

static void write_ttls(const struct tarn__stored *stored, uint8_t *records,
		       const struct tarn__reply *reply)
{
	unsigned count = tarn__stored_count(stored);
	for (unsigned i = 0; i < count; i++) {
		size_t at = tarn__stored_ttl_at(stored, i);
		uint32_t ttl = tarn__stored_ttl(records, at);
		uint32_t left = ttl > reply->age_sec ? ttl - reply->age_sec : 0;
		tarn__put32(records + at, reply->stale_ttl ? reply->stale_ttl : left);
	}
}

/* Returns the octets of the address in a record; 0: it has none. */
static unsigned address_len(const uint8_t *records, size_t ttl_at)
{
	unsigned type = tarn__stored_type(records, ttl_at);
	unsigned len = tarn__stored_rdata_len(records, ttl_at);
	if (tarn__stored_class(records, ttl_at) != TARN__CLASS_IN)
		return 0;
	return (type == TARN__TYPE_A && len == 4) || (type == TARN__TYPE_AAAA && len == 16) ? len
											    : 0;
}

/* Returns the number of records in the RRset that begins with the first. */
static unsigned count_rrset(const struct tarn__stored *stored, unsigned first)
{
	unsigned count = 1;
	while (first + count < stored->answer_count &&
	       tarn__stored_is_same_rrset(stored->records,
					  tarn__stored_ttl_at(stored, first + count)))
		count++;
	return count;
}

/*
 * The records of an RRset of addresses differ in the addresses only, and only those change places: pointers
 * to names stay valid, and signatures as well (RFC 4034 section 6.3).
 */
static void rotate_addresses(const struct tarn__stored *stored, uint8_t *records, uint32_t rotation)
{
	unsigned count;
	for (unsigned first = 0; first < stored->answer_count; first += count) {
		unsigned len = address_len(stored->records, tarn__stored_ttl_at(stored, first));
		count = count_rrset(stored, first);
		unsigned shift = (unsigned)((uint64_t)rotation * count >> 32);
		for (unsigned i = 0; i < count && len > 0 && shift > 0; i++) {
			unsigned from = i + shift < count ? i + shift : i + shift - count;
			size_t from_at = tarn__stored_ttl_at(stored, first + from);
			size_t to_at = tarn__stored_ttl_at(stored, first + i);
			memcpy(records + tarn__stored_rdata_at(to_at),
			       stored->records + tarn__stored_rdata_at(from_at), len);
		}
	}
}

/* Returns the octets of an OPT with a cookie only: the other options may be left out. */
static size_t opt_len_min(const struct tarn__options *options)
{
	if (options->cookie_len == 0)
		return TARN__OPT_LEN;
	return TARN__OPT_LEN + TARN__OPTION_HEADER_LEN + (size_t)options->cookie_len;
}

size_t tarn__reply_stored(const struct tarn__query *query, const uint8_t *stored, size_t stored_len,
			  const struct tarn__reply *reply, uint8_t *out)
{
	uint16_t flags = (query->flags & (TARN__FLAG_RD | TARN__FLAG_CD)) | TARN__FLAG_QR |
			 TARN__FLAG_RA | tarn__stored_rcode(stored);
	if (reply->is_authoritative)
		flags |= TARN__FLAG_AA;
	/* RFC 6840 sections 5.7 and 5.8; what is stale may have had its signatures expire. */
	if (tarn__stored_has_ad(stored) && reply->trust_ad && reply->stale_ttl == 0 &&
	    (query->dnssec_ok || query->flags & TARN__FLAG_AD))
		flags |= TARN__FLAG_AD;

	size_t len = TARN__HEADER_LEN + (size_t)query->qname_len + 4;
	size_t room = reply->limit - len - (query->has_opt ? opt_len_min(&reply->options) : 0);
	struct tarn__stored records = tarn__stored_open(stored, stored_len);
	if (records.records_len > room) {
		cut(&records, room);
		flags |= TARN__FLAG_TC;
	}

	write_question(query, flags, out);
	tarn__put16(out + 6, (uint16_t)records.answer_count);
	tarn__put16(out + 8, (uint16_t)records.authority_count);
	memcpy(out + len, records.records, records.records_len);
	write_ttls(&records, out + len, reply);
	if (reply->rotation)
		rotate_addresses(&records, out + len, reply->rotation);
	len += records.records_len;
	if (query->has_opt)
		len += tarn__opt_write(out + len, reply->limit - len,
				       &(struct tarn__opt){.dnssec_ok = query->dnssec_ok,
							   .options = &reply->options,
							   .before = len});
	return len;
}

size_t tarn__reply_error(const struct tarn__query *query, uint16_t rcode,
			 const struct tarn__options *options, size_t limit, uint8_t *out)
{
	/* Its upper bits are in the OPT. */
	if (rcode > TARN__FLAG_RCODE && !query->has_opt)
		rcode = TARN__SERVFAIL;
	uint16_t flags = TARN__FLAG_QR | (query->flags & TARN__FLAG_OPCODE);
	/*
	 * Another opcode may give these bits another meaning; UPDATE and DSO have zeros there (RFC 2136
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
							   .options = options,
							   .before = len});
	return len;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rrsets.h: the records of an upstream's message, sorted into RRsets; a step on the way from
 * message to stored form (dns/answer.c).
 *
 * Each record is compared with TARN__RRSETS_MAX RRsets at most. Everything points into the message.
 */
#ifndef TARN_DNS_RRSETS_H
#define TARN_DNS_RRSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/record.h"
#include "dns/wire.h"

enum {
	TARN__RECORDS_MAX = (TARN__MESSAGE_MAX - TARN__HEADER_LEN) / TARN__RECORD_MIN,
	/* An honest answer to ANY has a few dozen. */
	TARN__RRSETS_MAX = 128,
	/* Servers make their CNAMEs themselves (RFC 6672 section 3.1). */
	TARN__CNAMES_MADE_MAX = 8,
	TARN__NO_RECORD = UINT16_MAX,
};

enum tarn__section {
	TARN__SECTION_ANSWER,
	TARN__SECTION_AUTHORITY,
	TARN__SECTION_ADDITIONAL,
	TARN__SECTION_COUNT
};

struct tarn__name {
	size_t len;
	uint8_t octets[TARN__NAME_MAX];
};

struct tarn__rrset {
	enum tarn__section section;
	uint16_t type, covered; /* covered: the type that an RRSIG signs; else 0 */
	uint32_t owner_hash;
	uint16_t owner_at; /* in the message */
	bool is_kept; /* for the caller */
	uint8_t made; /* not 0: a CNAME of tarn__rrset_make_cname(), which has no record */
	uint32_t ttl; /* RFC 2181 section 5.2: the lowest for all; TARN__TTL_MAX at most */
	uint16_t first, last, count; /* its records, by their numbers */
};

struct tarn__rrsets {
	const uint8_t *wire;
	size_t len;

	bool has_opt;
	uint8_t rcode_high;
	uint8_t cookie_len;
	const uint8_t *cookie; /* NULL: none, or of an impossible length */

	size_t count;
	struct tarn__rrset at[TARN__RRSETS_MAX]; /* of the answer and authority sections */
	size_t record_count;
	struct {
		uint16_t type_at; /* in the message */
		uint16_t next; /* of the same RRset, or TARN__NO_RECORD */
	} records[TARN__RECORDS_MAX];
	size_t made_count;
	struct {
		struct tarn__name owner, target;
	} made[TARN__CNAMES_MADE_MAX];
};

/*
 * Reads all records, from records_at on; those of another class are left out. false: something is
 * malformed, and what was read up to there is there; what stands in RDATA is not looked at.
 */
bool tarn__rrsets_read(struct tarn__rrsets *, const uint8_t *wire, size_t len, size_t records_at,
		       uint16_t class);

/* NULL: there is none. */
struct tarn__rrset *tarn__rrset_find(struct tarn__rrsets *, enum tarn__section,
				     const struct tarn__name *, uint16_t type, uint16_t covered);

void tarn__rrset_owner(const struct tarn__rrsets *, const struct tarn__rrset *,
		       struct tarn__name *out);
bool tarn__rrset_is_owned_by(const struct tarn__rrsets *, const struct tarn__rrset *,
			     const struct tarn__name *);

/* A cursor over the RDATA of a record. */
struct tarn__reader tarn__rrsets_rdata(const struct tarn__rrsets *, uint16_t number);

/* Adds a CNAME to the answer section that the server should have made. NULL: there are too many. */
struct tarn__rrset *tarn__rrset_make_cname(struct tarn__rrsets *, const struct tarn__name *owner,
					   const struct tarn__name *target, uint32_t ttl);

/* RFC 2181 section 8: the top bit means 0. */
static inline uint32_t tarn__ttl_read(uint32_t ttl)
{
	return ttl > INT32_MAX ? 0 : ttl;
}

#endif

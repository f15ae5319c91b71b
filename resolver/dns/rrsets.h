/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rrsets.h: the records of an upstream's message, sorted into RRsets.
 *
 * Each record is compared with TARN__RRSETS_MAX RRsets at most. All is a view into the message.
 */
#ifndef TARN_DNS_RRSETS_H
#define TARN_DNS_RRSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/wire.h"

enum {
	TARN__RECORDS_MAX = (TARN__MESSAGE_MAX - TARN__HEADER_LEN) / TARN__RECORD_MIN,
	TARN__RRSETS_MAX = 128, /* an ordinary answer to ANY has a few dozen */
	TARN__CNAMES_MADE_MAX = 8, /* most servers make their CNAMEs (RFC 6672 section 3.1) */
	TARN__TTL_MAX = 86400, /* seconds; the limit of most resolvers */
	TARN__NO_RECORD = UINT16_MAX,
};

enum tarn__section {
	TARN__SECTION_ANSWER,
	TARN__SECTION_AUTHORITY,
	TARN__SECTION_ADDITIONAL,
	TARN__SECTION_COUNT
};

struct tarn__rrset {
	enum tarn__section section;
	uint16_t type, covered; /* covered: the type that an RRSIG covers, 0 for other types */
	uint32_t owner_hash;
	uint16_t owner_at; /* offset in the message */
	bool is_kept; /* part of a response (dns/response.h) */
	uint8_t made; /* not 0: a CNAME of tarn__rrset_make_cname(), which has no record */
	uint32_t ttl; /* seconds: the lowest of all (RFC 2181 section 5.2), TARN__TTL_MAX at most */
	uint16_t first, last, count; /* its records, by their numbers */
};

struct tarn__rrsets {
	const uint8_t *wire;
	size_t len;
	/* Most owners are pointers to QNAME: they need not be read again. 0: there is no question. */
	size_t question_len;
	uint32_t question_hash;

	bool has_opt;
	uint8_t rcode_high; /* the upper 8 of 12 bits (RFC 6891 section 6.1.3) */
	uint8_t cookie_len;
	const uint8_t *cookie; /* NULL: none, or of an invalid length */

	size_t count;
	struct tarn__rrset at[TARN__RRSETS_MAX]; /* of the answer and authority sections */
	size_t record_count;
	struct {
		uint16_t type_at; /* offset in the message */
		uint16_t next; /* of the same RRset, or TARN__NO_RECORD */
	} records[TARN__RECORDS_MAX];
	size_t made_count;
	struct {
		struct tarn__name owner, target;
	} made[TARN__CNAMES_MADE_MAX];
};

/*
 * Reads all records from offset records_at on; what is between the header and that is the question, or
 * nothing. Records of another class are left out, and so are those of the additional section but for the OPT.
 * Returns false if a record or the OPT is malformed, or if there are more than TARN__RRSETS_MAX RRsets; what
 * precedes that is in *out. RDATA is not checked.
 */
bool tarn__rrsets_read(struct tarn__rrsets *out, const uint8_t *wire, size_t len, size_t records_at,
		       uint16_t class);

/*
 * Returns the RRset of the answer section that a name owns and that answers for a type: one of that type
 * or, without one, a CNAME. NULL: there is neither.
 */
struct tarn__rrset *tarn__rrset_find_answer(struct tarn__rrsets *, const struct tarn__name *,
					    uint16_t qtype);

/* Returns the RRSIGs that cover an RRset; NULL: there are none. */
struct tarn__rrset *tarn__rrset_find_signatures(struct tarn__rrsets *, const struct tarn__rrset *);

void tarn__rrset_owner(const struct tarn__rrsets *, const struct tarn__rrset *,
		       struct tarn__name *out);
/* Returns true if the owner is a pointer to QNAME; false is no proof that it is another name. */
bool tarn__rrset_is_at_question(const struct tarn__rrsets *, const struct tarn__rrset *);
bool tarn__rrset_is_owned_by(const struct tarn__rrsets *, const struct tarn__rrset *,
			     const struct tarn__name *);

/* Keeps the first count records of an RRset only. */
void tarn__rrset_truncate(struct tarn__rrsets *, struct tarn__rrset *, unsigned count);

/* Returns a cursor over the RDATA of a record. */
struct tarn__reader tarn__rrsets_rdata(const struct tarn__rrsets *, uint16_t number);

/*
 * Adds a CNAME to the answer section, for one that the server has not made from a DNAME. Returns NULL if
 * there are too many.
 */
struct tarn__rrset *tarn__rrset_make_cname(struct tarn__rrsets *, const struct tarn__name *owner,
					   const struct tarn__name *target, uint32_t ttl);

/* Returns the target of a CNAME of tarn__rrset_make_cname(). */
static inline const struct tarn__name *tarn__rrset_made_target(const struct tarn__rrsets *rrsets,
							       const struct tarn__rrset *rrset)
{
	return &rrsets->made[rrset->made - 1].target;
}

static inline void tarn__rrset_limit_ttl(struct tarn__rrset *rrset, uint32_t ttl)
{
	if (ttl < rrset->ttl)
		rrset->ttl = ttl;
}

/* Returns a TTL field's value: 0 if the top bit is set (RFC 2181 section 8). */
static inline uint32_t tarn__ttl_read(uint32_t ttl)
{
	return ttl > INT32_MAX ? 0 : ttl;
}

#endif

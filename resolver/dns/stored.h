/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/stored.h: the stored form of an answer, which is what the cache keeps: all of a reply that does not
 * depend on the client. docs/decisions/stored-form.md has the reasons. The octets have no alignment:
 *
 *	0  1  rcode; STORED_AD; a remark on its security (enum tarn__remark)
 *	1  1  answer source
 *	2  2  records in the answer section: a
 *	4  2  records in the authority section: b
 *	6  2  the generation of the policy that has looked at the answer and leaves it as it is; 0: none has
 *	8  2  for each of the a + b records: the offset of its TTL in the records
 *	...   the records as they follow the question of a reply, without OPT
 *
 * Owner names are compressed against the question (offset 12) and each other, names in RDATA never against
 * the question, so that they do not depend on a client's spelling. A TTL is TARN__TTL_MAX seconds at
 * most; the top bit of the field is set if the record is of the same RRset as the one before, so that a
 * reply can be cut between RRsets without comparing names.
 */
#ifndef TARN_DNS_STORED_H
#define TARN_DNS_STORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/octets.h"
#include "dns/pack.h"
#include "dns/response.h"

enum {
	/* The octets of any stored form: a message, and the offsets, fewer than its octets. */
	TARN__STORED_MAX = 65535 * 2,
	TARN__STORED_RCODE = 0x0f,
	TARN__STORED_AD = 0x10,
	TARN__STORED_REMARK_SHIFT = 5,
	TARN__STORED_ANSWER_SOURCE_AT = 1,
	TARN__STORED_ANSWERS_AT = 2,
	TARN__STORED_AUTHORITIES_AT = 4,
	TARN__STORED_GENERATION_AT = 6,
	TARN__STORED_HEAD_LEN = 8,
	TARN__ANSWER_SOURCE_UNKNOWN = 0,
	TARN__ANSWER_SOURCE_MAX = 253, /* of a server */
	TARN__ANSWER_SOURCE_FILE = 254, /* a cache that was saved (core/admin/snapshot.h) */
	TARN__ANSWER_SOURCE_SHARED = 255, /* the second level (core/second/second.h) */
};

/*
 * What is said of an answer that has been checked and has no AD; those above INSECURE are extended errors.
 */
enum tarn__remark {
	TARN__REMARK_NONE,
	TARN__REMARK_INSECURE,
	TARN__REMARK_UNSUPPORTED_ALGORITHM,
	TARN__REMARK_UNSUPPORTED_DIGEST,
	TARN__REMARK_NSEC3_ITERATIONS,
	/* Of an answer for the chain of trust, which is not stored: it had proofs without signatures. */
	TARN__REMARK_UNSIGNED_PROOFS,
};

#define TARN__STORED_SAME_RRSET UINT32_C(0x80000000)

/* ---- reading ---------------------------------------------------------------------------- */

/* The records of a stored form. */
struct tarn__stored {
	unsigned answer_count, authority_count;
	const uint8_t *offsets; /* of the TTLs */
	const uint8_t *records;
	size_t records_len;
};

static inline struct tarn__stored tarn__stored_open(const uint8_t *octets, size_t len)
{
	struct tarn__stored stored = {
		.answer_count = tarn__get16(octets + TARN__STORED_ANSWERS_AT),
		.authority_count = tarn__get16(octets + TARN__STORED_AUTHORITIES_AT),
		.offsets = octets + TARN__STORED_HEAD_LEN,
	};
	stored.records = stored.offsets + 2 * (stored.answer_count + stored.authority_count);
	stored.records_len = (size_t)(octets + len - stored.records);
	return stored;
}

static inline unsigned tarn__stored_count(const struct tarn__stored *stored)
{
	return stored->answer_count + stored->authority_count;
}

/* Returns the offset of a record's TTL in the records. */
static inline size_t tarn__stored_ttl_at(const struct tarn__stored *stored, unsigned record)
{
	return tarn__get16(stored->offsets + 2 * (size_t)record);
}

/*
 * The fields of a record; octets are the stored records or a copy of them, ttl_at the offset of the
 * record's TTL in them. The TTL is in seconds.
 */
static inline uint16_t tarn__stored_type(const uint8_t *octets, size_t ttl_at)
{
	return tarn__get16(octets + ttl_at - 4);
}

static inline uint16_t tarn__stored_class(const uint8_t *octets, size_t ttl_at)
{
	return tarn__get16(octets + ttl_at - 2);
}

static inline uint32_t tarn__stored_ttl(const uint8_t *octets, size_t ttl_at)
{
	return tarn__get32(octets + ttl_at) & ~TARN__STORED_SAME_RRSET;
}

/* Returns true if the record is of the same RRset as the one before. */
static inline bool tarn__stored_is_same_rrset(const uint8_t *octets, size_t ttl_at)
{
	return tarn__get32(octets + ttl_at) & TARN__STORED_SAME_RRSET;
}

static inline uint16_t tarn__stored_rdata_len(const uint8_t *octets, size_t ttl_at)
{
	return tarn__get16(octets + ttl_at + 4);
}

static inline size_t tarn__stored_rdata_at(size_t ttl_at)
{
	return ttl_at + 6;
}

/* The head. The rcode is NOERROR or NXDOMAIN. */
static inline uint16_t tarn__stored_rcode(const uint8_t *octets)
{
	return octets[0] & TARN__STORED_RCODE;
}

static inline bool tarn__stored_has_ad(const uint8_t *octets)
{
	return octets[0] & TARN__STORED_AD;
}

static inline enum tarn__remark tarn__stored_remark(const uint8_t *octets)
{
	return (enum tarn__remark)(octets[0] >> TARN__STORED_REMARK_SHIFT);
}

/* The number of the server that has given the answer (core/forward/answer_source.h), or one of the above. */
static inline uint8_t tarn__stored_answer_source(const uint8_t *octets)
{
	return octets[TARN__STORED_ANSWER_SOURCE_AT];
}

/*
 * The generation of the policy that leaves the answer as it is; 0: none. It is the one part of a stored
 * form that changes in the cache, by any thread, octet by octet: of two octets that two threads have
 * written at the same time each is that of a generation which leaves the answer as it is.
 */
static inline uint16_t tarn__stored_generation(const uint8_t *octets)
{
	const uint8_t *at = octets + TARN__STORED_GENERATION_AT;
	return (uint16_t)(__atomic_load_n(at, __ATOMIC_RELAXED) << 8 |
			  __atomic_load_n(at + 1, __ATOMIC_RELAXED));
}

void tarn__stored_set_generation(const uint8_t *octets, uint16_t generation);

/* Returns true for NXDOMAIN, and for NODATA with its SOA (RFC 2308), also at the end of a chain. */
bool tarn__stored_is_negative(const uint8_t *octets, size_t len);

/* ---- changing --------------------------------------------------------------------------- */

/* Copies a stored form, whose generation other threads may set meanwhile; the copy has none. */
void tarn__stored_copy(uint8_t *out, const uint8_t *octets, size_t len);

/* Takes AD out. */
void tarn__stored_clear_ad(uint8_t *octets);

void tarn__stored_set_remark(uint8_t *octets, enum tarn__remark);

void tarn__stored_set_answer_source(uint8_t *octets, uint8_t answer_source);

/* Lowers every TTL by age_sec, to 0 at least: for what is stored again, under another key. */
void tarn__stored_age(uint8_t *octets, size_t len, uint32_t age_sec);

/* Seconds: limits of TTLs beside TARN__TTL_MAX. */
struct tarn__ttl_limits {
	uint32_t min, max; /* of positive answers; a TTL of 0 stays 0 */
	uint32_t negative_max; /* of NXDOMAIN and NODATA, which are not above max either */
};

/*
 * Brings every TTL within the limits. Returns the seconds that the answer may be stored for then, where it
 * was ttl seconds before.
 */
uint32_t tarn__stored_limit_ttl(uint8_t *octets, size_t len, const struct tarn__ttl_limits *,
				uint32_t ttl);

/* ---- writing ---------------------------------------------------------------------------- */

/*
 * Writes the stored form of a good response for clients that set DO, or for those that do not: then
 * without proofs, and without signatures but those that were asked for (RFC 4035 section 3.2.1). *ttl is
 * the seconds that it may be stored for; 0: only those that wait get it. Returns the octets written; 0 if
 * the records do not fit into a message.
 */
size_t tarn__stored_write(const struct tarn__response *, bool dnssec_ok,
			  uint8_t out[TARN__STORED_MAX], uint32_t *ttl);

struct tarn__stored_head {
	uint16_t rcode; /* NOERROR or NXDOMAIN */
	bool has_ad;
	uint16_t answer_count, authority_count;
};

/*
 * Writing record by record, in the order of the sections. Between begin_record and end_record the RDATA is
 * written to packer.
 */
struct tarn__stored_writer {
	uint8_t *out;
	uint8_t *offset; /* of the next record */
	size_t rdata_at;
	struct tarn__packer packer; /* failed: it does not fit */
};

/*
 * Writes the head, with an unknown answer source. As many records as it has have to follow; room is the
 * octets that they may take, beside 2 for each. QNAME, the question's name, has to outlive the writer.
 */
void tarn__stored_begin(struct tarn__stored_writer *, uint8_t *out, size_t room,
			const struct tarn__stored_head *, const uint8_t *qname, size_t qname_len);

/* ttl_field is a TTL in seconds with or without TARN__STORED_SAME_RRSET. */
void tarn__stored_begin_record(struct tarn__stored_writer *, const uint8_t *owner, size_t owner_len,
			       uint16_t type, uint16_t class, uint32_t ttl_field);
void tarn__stored_end_record(struct tarn__stored_writer *);

/* Returns the octets of the stored form; 0: it did not fit. */
size_t tarn__stored_end(const struct tarn__stored_writer *);

#endif

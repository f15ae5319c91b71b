/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/answer.h: from an upstream's message to the stored form, and from the stored form to a
 * client's reply.
 *
 * The stored form is what the cache keeps: everything of a reply that does not depend on who asks.
 * It is the records of the reply as they follow the question on the wire, normalised, with what
 * must be patched worked out once:
 *
 *	head      rcode, AD, origin, the number of records per section
 *	offsets   where each record's TTL stands within the records, in order
 *	records   answer and authority sections; owner names are compressed against the question
 *	          (offset 12) and against each other, RDATA never against the question, so that it
 *	          does not depend on a client's spelling; no OPT, no header, no question
 *
 * Only what answers the question is kept (RFC 2181 section 5.4.1, RFC 2308): the CNAME and DNAME
 * chain from qname, in order; the RRset at its end; the SOA of a negative answer; and, where DO was
 * asked for, their RRSIGs and the NSEC and NSEC3 proofs. Everything else is dropped.
 *
 * Each record is there once (RFC 2181 section 5).
 *
 * TTLs: one for an RRset, the lowest (RFC 2181 section 5.2); the top bit means 0 (section 8); at
 * most TARN__TTL_MAX. A negative answer is kept TARN__NEGATIVE_TTL_MAX at most.
 */
#ifndef TARN_DNS_ANSWER_H
#define TARN_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/message.h"
#include "dns/query.h"

enum {
	TARN__TTL_MAX = 86400, /* seconds; what the peers settled on */
	TARN__NEGATIVE_TTL_MAX = 3600, /* RFC 2308 section 5 suggests one to three hours */
	TARN__CHAIN_MAX = 32, /* CNAMEs and DNAMEs in one answer */
};

enum tarn__answer_class {
	TARN__ANSWER_GOOD, /* stored form made: NOERROR or NXDOMAIN that answers the question */
	TARN__ANSWER_TRUNCATED, /* ours, but TC=1: ask again over TCP */
	TARN__ANSWER_FAILED, /* ours, but SERVFAIL, REFUSED, FORMERR, NOTIMP or another rcode */
	TARN__ANSWER_FOREIGN, /* not an answer to what was asked: QR=0, opcode, id, question */
	TARN__ANSWER_MISSPELT, /* ours, but for the case of letters, and that was to be exact */
	TARN__ANSWER_BROKEN, /* malformed, or a chain that loops or is too long */
};

struct tarn__answer {
	enum tarn__answer_class answer_class;
	uint16_t rcode; /* with the OPT's upper bits; 0 where FOREIGN, MISSPELT or BROKEN */
	bool has_opt; /* this and the cookie: as far as the message could be read */
	bool is_negative; /* NXDOMAIN or NODATA for the end of the chain */
	bool is_whole_name; /* NXDOMAIN for qname itself, so that it holds for every type */
	uint8_t cookie_len;
	const uint8_t *cookie; /* the COOKIE option's data, a view into the message; NULL: none */
	uint32_t ttl; /* seconds the stored form may be kept; 0: deliver, do not store */
	size_t len; /* of the stored form */
	/* Where a chain of CNAMEs leads to whose end has no records here; 0: there is none. */
	uint16_t end_len;
	uint8_t end[TARN__NAME_MAX];
};

/* Room for any stored form. */
enum { TARN__STORED_MAX = 65535 * 2 };

/*
 * Judges an upstream's message against the message that was sent to it (id and question are
 * compared; the question to the letter where exact_case, RFC 5452 section 9.1) and the key it was
 * asked for; makes the stored form of a good one in out. Work is bounded by len.
 */
void tarn__answer_read(const uint8_t *wire, size_t len, const uint8_t *asked, size_t asked_len,
		       const struct tarn__key *key, bool exact_case, uint8_t out[TARN__STORED_MAX],
		       struct tarn__answer *answer);

/*
 * Makes a stored form older: every TTL less age_sec, 0 at least. For what is stored anew under
 * another key when a part of its time is over.
 */
void tarn__stored_age(uint8_t *stored, size_t len, uint32_t age_sec);

/* Takes AD out of a stored form: nobody trusts whoever has set it. */
void tarn__stored_clear_ad(uint8_t *stored);

/* NOERROR or NXDOMAIN. */
uint16_t tarn__stored_rcode(const uint8_t *stored);

/* NXDOMAIN or NODATA (RFC 2308), of the end of a chain or without one. */
bool tarn__stored_is_negative(const uint8_t *stored, size_t len);

/*
 * Whose answer it is, as a number that means something to who has set it (core/forward/answer_source.h). It has no
 * part in a reply.
 */
enum { TARN__ANSWER_SOURCE_UNKNOWN = 0 /* what it is made with */ };
uint8_t tarn__stored_answer_source(const uint8_t *stored);
void tarn__stored_set_answer_source(uint8_t *stored, uint8_t answer_source);

/*
 * Writes the reply of a stored form to a client: its id, RD, CD and question as it spelt it, RA,
 * AD where the client asked for it (RFC 6840 section 5.7) and trust_ad, TTLs less age_sec and never
 * below 0, and an OPT if and only if it sent one. What is longer than limit is cut at an RRset's
 * end, with TC=1 (RFC 2181 section 9): of the authority section only what a denial or a proof needs
 * was kept, so that it is missed as well (RFC 4035 section 3.1). Records come before extended
 * errors and keepalive, a cookie before records. limit is at least TARN__UDP_MIN and out has that
 * much room. Returns the octets written.
 */
struct tarn__reply {
	size_t limit; /* octets: see tarn__reply_limit(), or TARN__MESSAGE_MAX for TCP */
	uint32_t age_sec; /* since it was stored */
	uint32_t stale_ttl; /* not 0: every TTL is this (RFC 8767 section 5.11) */
	bool trust_ad;
	uint32_t rotation; /* random: addresses begin anywhere in their RRset; 0: as they came */
	bool is_authoritative; /* AA: our own data */
	struct tarn__options options; /* what goes into the OPT, if there is one */
};
size_t tarn__reply_stored(const struct tarn__query *, const uint8_t *stored, size_t stored_len,
			  const struct tarn__reply *, uint8_t *out);

/*
 * Writes a reply without records: an error, or NOERROR without data. The question is repeated if
 * it could be read; the opcode is copied, and for QUERY RD and CD. options may be NULL. Of these only what
 * leaves the reply within limit octets is written; what is no option is in any case. limit is at most
 * TARN__UDP_MIN, for which out has room.
 */
size_t tarn__reply_error(const struct tarn__query *, uint16_t rcode, const struct tarn__options *,
			 size_t limit, uint8_t *out);

/* What a UDP client takes of us: TARN__UDP_MIN to TARN__UDP_MAX octets (RFC 6891 section 6.2.3). */
static inline size_t tarn__reply_limit(const struct tarn__query *query)
{
	return query->edns_size < TARN__UDP_MAX ? query->edns_size : TARN__UDP_MAX;
}

#endif

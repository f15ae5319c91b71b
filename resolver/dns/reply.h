/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/reply.h: replies to clients: of a stored form, or without records. Pure functions. */
#ifndef TARN_DNS_REPLY_H
#define TARN_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/message.h"
#include "dns/query.h"

/* How a reply is made of a stored form. */
struct tarn__reply {
	size_t limit; /* octets: of tarn__reply_limit(), or TARN__MESSAGE_MAX over TCP */
	uint32_t age_sec; /* since it was stored */
	uint32_t stale_ttl; /* not 0: the TTL of all records (RFC 8767 section 5.11) */
	bool trust_ad;
	uint32_t
		rotation; /* random: how far the addresses of each RRset are rotated; 0: not at all */
	bool is_authoritative; /* AA */
	struct tarn__options options; /* those of the OPT, if there is one */
};

/*
 * Writes the reply of a stored form: id, RD, CD and question as in the query, with the client's spelling;
 * RA; AD if it is stored, trust_ad, and the client has set DO or AD (RFC 6840 sections 5.7 and 5.8); TTLs
 * less age_sec, 0 at least; an OPT if and only if the query has one. A reply longer than limit is cut at
 * an RRset's end, with TC (RFC 2181 section 9): the authority section, too, has only what a denial or a
 * wildcard needs (RFC 4035 section 3.1). The cookie takes precedence over records, records over keepalive
 * and extended errors, and padding takes what is left. limit is at least TARN__UDP_MIN; out has room for it.
 * Returns the octets written.
 */
size_t tarn__reply_stored(const struct tarn__query *, const uint8_t *stored, size_t stored_len,
			  const struct tarn__reply *, uint8_t *out);

/*
 * Writes a reply without records: an error, or NOERROR without data. It has the question if that could be
 * read, and the query's opcode; RD, CD and RA for the opcode QUERY only. options, which may be NULL, go into
 * the OPT as far as the reply does not exceed limit because of them; all else is written in any case.
 * out has room for limit, and for TARN__UDP_MIN. Returns the octets written.
 */
size_t tarn__reply_error(const struct tarn__query *, uint16_t rcode, const struct tarn__options *,
			 size_t limit, uint8_t *out);

/* Returns the octets of a UDP reply at most: TARN__UDP_MIN to TARN__UDP_MAX (RFC 6891 section 6.2.3). */
static inline size_t tarn__reply_limit(const struct tarn__query *query)
{
	return query->edns_size < TARN__UDP_MAX ? query->edns_size : TARN__UDP_MAX;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/detour.h: a client's question whose answer takes others: the policy answers with a CNAME whose
 * target is asked for next, or an answer for AAAA is made of the one for A (DNS64). The detour has what
 * came before, and joins it to what comes last.
 *
 * Thread: as the resolver's.
 */
#ifndef TARN_CORE_DETOUR_H
#define TARN_CORE_DETOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/decision.h"
#include "dns/dns64.h"
#include "dns/edns.h"
#include "dns/query.h"

enum { TARN__DETOUR_LINKS_MAX = 16 /* names that are asked for on the way to one answer */ };

/* A stored form, and how it is sent now. */
struct tarn__detour_part {
	const uint8_t *stored;
	size_t len;
	uint32_t age_sec;
	uint32_t stale_ttl; /* seconds; 0: it is not stale */
};

struct tarn__detour;

/* Begins with the client's question. Returns NULL if memory runs out. */
struct tarn__detour *tarn__detour_new(const struct tarn__query *);
/* NULL is allowed. */
void tarn__detour_free(struct tarn__detour *);

/*
 * Writes the query that is asked for now: the client's with another name or type. It is valid as long as
 * the detour is unchanged.
 */
void tarn__detour_query(const struct tarn__detour *, const struct tarn__query *client,
			struct tarn__query *out);

/* Buffers of TARN__MESSAGE_MAX octets. */
struct tarn__detour_buffers {
	uint8_t *message, *other;
};

/*
 * Adds a chain of CNAMEs and the extended errors of a decision TARN__POLICY_FOLLOW, and asks for its end.
 * Returns 0; TARN_EANSWER: there are too many links, or they make no message; TARN_ENOMEM.
 */
int tarn__detour_follow(struct tarn__detour **, const struct tarn__query *client,
			const struct tarn__decision *, const struct tarn__detour_buffers *);

/*
 * Asks for A in place of AAAA. The answer without AAAA records is copied, for when there is no A either;
 * with NULL there is none. ttl_max: seconds, of the records to be made. Returns 0 or TARN_ENOMEM.
 */
int tarn__detour_synthesise(struct tarn__detour *, const struct tarn__detour_part *without,
			    uint32_t ttl_max);

/* Returns true if A is asked for in place of AAAA. */
bool tarn__detour_is_synthesis(const struct tarn__detour *);

/*
 * The answer to a query for AAAA that is used where none can be made: that of tarn__detour_synthesise().
 * len is 0: there is none.
 */
struct tarn__detour_part tarn__detour_without(const struct tarn__detour *);

/* The extended errors of the decisions on the way. Valid as long as the detour is unchanged. */
struct tarn__options tarn__detour_errors(const struct tarn__detour *);

/* Returns true if the name that is asked for is the target of a rule's CNAME. */
bool tarn__detour_is_rules_target(const struct tarn__detour *);

/* Returns true if the reply has AA set: the first name of the chain is a local one. */
bool tarn__detour_is_authoritative(const struct tarn__detour *);

/*
 * Writes the stored form of the whole answer for the client's question: what came before, joined with last, the
 * answer to tarn__detour_query(). prefixes are those of the DNS64. Returns its octets; 0: the answers make
 * none, such as a loop of CNAMEs, or a synthesis without A records.
 */
size_t tarn__detour_finish(const struct tarn__detour *, const struct tarn__query *client,
			   const struct tarn__detour_part *last,
			   const struct tarn__dns64_prefix *prefixes, size_t prefix_count,
			   const struct tarn__detour_buffers *, uint8_t *out);

#endif

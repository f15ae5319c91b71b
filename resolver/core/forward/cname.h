/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/cname.h: chains of CNAMEs that lead out of a zone with servers of its own, if the zone's
 * configuration has follow-cnames. These servers are authoritative for the zone and perhaps for nothing
 * else. The servers of the zone that the chain leads into are asked for its end, through the cache, and so
 * on while each answer leads into another zone. The answers are joined (dns/join.h) to one answer to the
 * key, which is stored with the lowest TTL of all.
 *
 * Names on the way are never followed themselves: a name that would be has a key of its own (see
 * tarn__key_write_link()). So no lookup waits for another that waits for it, and a chain that returns to
 * its beginning is found in the joined answer. At most TARN__FOLLOWS_MAX names are asked for, within the
 * time of the lookup.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_CNAME_H
#define TARN_CORE_FORWARD_CNAME_H

#include <stdbool.h>

struct tarn__answer;
struct tarn__chain;
struct tarn__lookup;
struct tarn__name;

/* Names asked for in one lookup: BIND and unbound follow 11 to 16 CNAMEs in all. */
enum { TARN__FOLLOWS_MAX = 8 };

/*
 * error 0: the chain has been followed to its end; the answer is that to the lookup's key, with its stored
 * form in the lookup's scratch. error < 0: the lookup still has its chain if the lookup of the end has
 * failed, and has none if the chain itself is invalid. The callback may end the lookup.
 */
typedef void tarn__chain_function(struct tarn__lookup *, int error, const struct tarn__answer *);

/*
 * Returns true if the answer's chain leads to a name of another zone and is to be followed. The stored form
 * is in the lookup's scratch, as below.
 */
bool tarn__chain_leads_on(const struct tarn__lookup *, const struct tarn__answer *);

/* The same for the end of a chain; that of an answer without one is QNAME. */
bool tarn__chain_leads_to(const struct tarn__lookup *, const struct tarn__name *end);

/* Follows the chain. done is called once, perhaps before it returns; not after tarn__chain_drop(). */
void tarn__chain_follow(struct tarn__lookup *, const struct tarn__answer *,
			tarn__chain_function *done);

/* Frees the chain, if there is one. */
void tarn__chain_drop(struct tarn__lookup *);

#endif

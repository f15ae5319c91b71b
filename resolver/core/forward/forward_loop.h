/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/forward_loop.h: finds servers that forward queries back to this resolver. A server is
 * queried for a random name below its zone, RANDOM.tarn-loop.corp.example; for the root below
 * "tarn-loop.internal.", which resolvers on the way do not answer themselves, as they would a name in
 * .invalid. If that query arrives at any worker there is a loop. A server that queries this resolver for
 * zones other than its own does no harm.
 *
 * Thread: any; one struct tarn__forward_loops is shared by all workers, with a lock inside that only
 * queries for such names, probes of dead servers, and changes take.
 */
#ifndef TARN_CORE_FORWARD_FORWARD_LOOP_H
#define TARN_CORE_FORWARD_FORWARD_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/forward/server.h"
#include "dns/query.h"

enum {
	TARN__FORWARD_LOOP_PREFIX_LEN =
		1 + TARN__FORWARD_LOOP_LABEL_LEN + sizeof("\11tarn-loop") - 1,
	TARN__FORWARD_LOOP_MS =
		5000, /* a name is waited for, and its server is not queried for another one */
};

/* Called under the lock, on the thread that receives the query. */
typedef void tarn__forward_loop_function(void *arg, const struct tarn__config *,
					 const struct tarn__zone_config *,
					 const struct tarn__endpoint *);

struct tarn__forward_loops;

/* NULL: out of memory. */
struct tarn__forward_loops *tarn__forward_loops_new(void);
void tarn__forward_loops_free(struct tarn__forward_loops *);

/*
 * Tests the servers of that configuration from now on; what was found before is forgotten. found is called for
 * each of them once, however often this is called with the same configuration.
 */
void tarn__forward_loops_begin(struct tarn__forward_loops *, struct tarn__config *,
			       tarn__forward_loop_function *found, void *arg);

/*
 * Waits for a random name below the zone, which its endpoint is to be queried for, until
 * TARN__FORWARD_LOOP_MS from now on. Returns the name's octets; 0: no query is needed: the endpoint is a
 * loop, or a name is waited for; or the zone's name is too long; or the configuration is not the one begun
 * with.
 */
size_t tarn__forward_loops_expect(struct tarn__forward_loops *, const struct tarn__config *,
				  const struct tarn__zone_config *, struct tarn__endpoint *,
				  const uint8_t random[TARN__FORWARD_LOOP_LABEL_LEN / 2],
				  uint64_t now_ms, uint8_t qname[TARN__NAME_MAX]);

/*
 * Returns true if the query is for a name that is waited for. Then the server that was queried for it is a
 * loop.
 */
bool tarn__forward_loops_hear(struct tarn__forward_loops *, const struct tarn__query *,
			      uint64_t now_ms);

/* Returns true if tarn__forward_loops_hear() has to be called: for very few queries. */
static inline bool tarn__forward_loops_may_hear(const struct tarn__query *query)
{
	return query->qname[0] == TARN__FORWARD_LOOP_LABEL_LEN &&
	       query->qname_len > TARN__FORWARD_LOOP_PREFIX_LEN &&
	       query->qname[1 + TARN__FORWARD_LOOP_LABEL_LEN] == sizeof("tarn-loop") - 1;
}

/*
 * Returns true if a loop has been found, or all have been forgotten, since version *seen; 0: none. *seen is
 * the present version then.
 */
bool tarn__forward_loops_have_changed(struct tarn__forward_loops *, unsigned *seen);

/*
 * Sets is_forward_loop of the servers of a zone as it has been found: of endpoints that are equal to those
 * tested, perhaps of another configuration.
 */
void tarn__forward_loops_mark(struct tarn__forward_loops *, const struct tarn__zone_config *,
			      struct tarn__server *const *servers);

#endif

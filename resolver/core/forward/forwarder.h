/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/forwarder.h: all zones of one worker and what their lookups share; the effects of changes of
 * the servers or the network on lookups under way.
 *
 * With another configuration a zone that is equal in both stays as it is, and so do its lookups. Those of
 * other zones are recalled, and wait in the zone that their name belongs to then.
 *
 * Thread: one struct tarn__forwarder per worker.
 */
#ifndef TARN_CORE_FORWARD_FORWARDER_H
#define TARN_CORE_FORWARD_FORWARDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/config.h"
#include "core/forward/zone.h"
#include "core/io.h"
#include "core/stats.h"
#include "dns/cookie.h"
#include "dnssec/canonical.h"

struct rtcache_client;
struct tarn__forward_loops;
struct tarn__observer;
struct tarn__answer_sources;
struct tarn__findings;
struct tarn__reasons;
struct tarn__second;
struct tarn__lookup;
struct tarn__scratch;

enum {
	TARN__LOOKUPS_MAX = 10000, /* under way in one worker */
	TARN__SPARE_ATTEMPTS = 64, /* kept, as a busy worker uses them again */
	/*
	 * Of the chain of trust under way in one worker; each causes two lookups, for which room is kept.
	 */
	TARN__TRUST_LOOKUPS_MAX = 500,
	TARN__CHECKING_OCTETS_MAX = 8 << 20, /* of messages whose checks wait, in one worker */
};

/* What the lookups of one worker share. */
struct tarn__forwarder {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct rtcache_client *client;
	const uint8_t *cookie_secret;
	struct tarn__config *config; /* a reference */
	struct tarn__zone **zones; /* one for each of config->zones */
	unsigned recoveries_seen; /* of config->recoveries */
	struct tarn__forward_loops *forward_loops;
	unsigned forward_loops_seen; /* see tarn__forward_loops_have_changed() */
	size_t count;
	uint64_t started; /* ever, those that ended at once included */
	struct tarn__answer_sources *answer_sources;
	const struct tarn__observer *observer; /* NULL: none */
	struct tarn__scratch *scratch; /* owned */
	struct tarn__list spare_attempts; /* struct tarn__attempt, for the next messages */
	size_t spare_attempt_count;
	void (*restart)(struct tarn__lookup *); /* tarn__lookup_restart() */

	/*
	 * The worker ends: the cache ends its requests. The lookups that waited for them do not fail for
	 * that, so that other workers that wait for these start their own.
	 */
	bool is_ending;

	struct tarn__second
		*second; /* owned by the resolver; NULL: there has been no second level yet */

	/* Of validation: core/forward/checking.h and trust_lookup.h. */
	void *extra; /* of the cache's lookups that start here: see rtcache_get() */
	struct tarn__reasons *reasons;
	struct tarn__findings *findings;
	struct tarn__validation_counts validation;
	struct tarn__signed_data signed_data; /* room for verifications */
	unsigned turn_work; /* tenths that are left in this turn */
	struct tarn__list paused; /* struct tarn__checking, until the next turn */
	size_t checking_octets; /* of messages whose checks wait */
	struct tarn__list trust_lookups;
	size_t trust_lookup_count;
	bool wants_keys; /* the trust that is looked up now is a signer's: its DNSKEY is asked for at once */
	/*
	 * The server that a question of the chain which starts now is not for
	 * (core/forward/answer_source.h).
	 */
	uint8_t avoided_source;
};

/* All are borrowed; the forwarder takes a reference to the configuration. Returns 0 or TARN_ENOMEM. */
int tarn__forwarder_init(struct tarn__forwarder *, const struct tarn_io *io, struct tarn__timers *,
			 struct rtcache_client *, struct tarn__config *,
			 const uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN],
			 struct tarn__forward_loops *, struct tarn__answer_sources *);
/* Lookups still running fail with TARN_ECANCELED. */
void tarn__forwarder_fini(struct tarn__forwarder *);

/* As tarn__resolver_set_config(), tarn__resolver_network_changed() and tarn__resolver_overslept(). */
int tarn__forwarder_set_config(struct tarn__forwarder *, struct tarn__config *);
void tarn__forwarder_network_changed(struct tarn__forwarder *);
void tarn__forwarder_overslept(struct tarn__forwarder *);

/* Returns true if a server that was dead has answered another worker. */
static inline bool tarn__forwarder_have_recoveries(const struct tarn__forwarder *forwarder)
{
	return atomic_load_explicit(&forwarder->config->recoveries, memory_order_relaxed) !=
	       forwarder->recoveries_seen;
}
void tarn__forwarder_take_recoveries(struct tarn__forwarder *);

/* Takes over the results of the tests for forwarding loops, if they have changed. */
void tarn__forwarder_learn_of_forward_loops(struct tarn__forwarder *);

/*
 * Queries the server with that number, counted over all zones, for a name that shows whether it forwards to
 * this resolver, unless such a query was sent less than TARN__FORWARD_LOOP_MS ago. A dead server is queried
 * so while it is probed, too, and when it recovers.
 */
void tarn__forwarder_look_for_forward_loop(struct tarn__forwarder *, size_t number);

/* A client has asked this, and the reply was not a fresh answer: dead servers are probed. */
void tarn__forwarder_want(struct tarn__forwarder *, const uint8_t *qname, size_t len,
			  uint16_t qtype);

#endif

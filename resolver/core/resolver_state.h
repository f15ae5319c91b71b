/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/resolver_state.h: inside of core/resolver.h, for its files alone: resolver.c, which has a question's
 * life, and resolver_second.c, which has what the second level does to the resolver.
 *
 * Thread: as core/resolver.h.
 */
#ifndef TARN_CORE_RESOLVER_STATE_H
#define TARN_CORE_RESOLVER_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/forget.h"
#include "core/forward/forwarder.h"
#include "core/resolver.h"
#include "core/second/fleet.h"
#include "core/shares.h"
#include "core/stats.h"
#include "dns/cookie.h"

struct pending;

struct tarn__shared {
	uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN];
	struct rtcache *cache;
	struct tarn__forward_loops *forward_loops;
	struct tarn__answer_sources *answer_sources;
	struct tarn__reasons *reasons;
	struct tarn__findings *findings;
	struct tarn__second_shared *second;
	_Atomic(const struct tarn__notify_taker *) notify_taker; /* NULL: there is none */
	atomic_uint forgets; /* that other machines have caused */
};

struct tarn__resolver {
	struct tarn__shared *shared;
	const struct tarn_io *io;
	struct rtcache_client *client;
	struct tarn__timers timers;
	struct tarn__forwarder forwarder;
	struct tarn__timer looks; /* for the next tests for forwarding loops */
	size_t looked; /* number of servers that have been tested */
	unsigned looked_number; /* of the configuration of these servers; 0: of none */
	uint64_t look_again_ms; /* time before which they are not tested again */
	bool is_to_look_again;
	tarn__forward_loop_function *found;
	void *found_arg;
	struct tarn__list waiting;
	size_t waiting_count;
	struct tarn__shares shares; /* of the waiting questions */
	const struct tarn__client_request
		*client_request; /* of the question that rtcache_get() is called for */
	struct pending *spare; /* for the next question that has to wait */
	struct tarn__list spares; /* for further ones */
	size_t spare_count;
	uint8_t *reply; /* TARN__MESSAGE_MAX octets, for late answers */
	struct tarn__fleet fleet; /* flushes for all machines */
	struct tarn__sweeps sweeps; /* of names that messages of the second level have named */
	uint64_t flushes, flushes_rejected; /* such messages */
	struct tarn__stats stats; /* without the counts of lookups, which the forwarder has */
};

/* ---- the second level (resolver_second.c) ----------------------------------------------- */

/* Makes what a configuration with a second level needs. Returns 0 or TARN_ENOMEM. */
int tarn__resolver_have_second(struct tarn__resolver *, const struct tarn__config *);

/* Takes over that of the configuration. Caches of machines that share do not all refresh at once. */
void tarn__resolver_set_second(struct tarn__resolver *, struct tarn__config *);

/* Takes a step of what is to be forgotten. Returns true if there is more. */
bool tarn__resolver_sweep(struct tarn__resolver *);

/* Writes what the second level has counted, if there is one, and adds the messages. */
void tarn__resolver_count_second(const struct tarn__resolver *, struct tarn__second_counts *);

#endif

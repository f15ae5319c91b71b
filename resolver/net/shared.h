/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/shared.h: inside struct tarn: what all workers share, the updates that reaches them while they
 * run, and the log.
 */
#ifndef TARN_NET_SHARED_H
#define TARN_NET_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"
#include "tarn.h"

struct tarn__stats_collector;
struct tarn__shared;

struct tarn__shared *tarn__get_shared(struct tarn *);
struct tarn__stats_collector *tarn__get_stats_collector(struct tarn *);

/* Ends struct tarn_options.trust_ad, until tarn_reconfigure(). 0 or TARN_ENOMEM. Any thread. */
int tarn__distrust(struct tarn *);

/* What was told to all workers so far: how often of each kind, and the last of it. */
struct tarn__updates {
	unsigned count; /* of all kinds */
	unsigned networks; /* tarn_network_changed() */
	unsigned forward_loops; /* tarn__find_forward_loops() */
	struct tarn__config *config; /* that of now; a reference, the reader's */
};

/* Cheap: is there more than so many? */
bool tarn__has_updates(const struct tarn *, unsigned count);
void tarn__get_updates(struct tarn *, struct tarn__updates *out);

/* The configuration of now: a reference, the caller's. Any thread. */
struct tarn__config *tarn__get_config(struct tarn *);

/*
 * From join to leave a worker is woken for updates. It begins with the configuration that it was made
 * with, worker->config.
 */
void tarn__join(struct tarn *, struct tarn_worker *);
void tarn__leave(struct tarn *, struct tarn_worker *);

/* Configurations of before, whose zones the cache has not been cleared of yet. */
struct tarn__stale_configs {
	size_t count;
	struct tarn__config **configs; /* a reference to each */
};

/*
 * The worker has changed over to that configuration, whose reference becomes worker->config. Is it
 * the last one to do so? Then worker->stale_configs, which was empty, is what it is to drop from the
 * cache (tarn__resolver_drop()).
 */
void tarn__applied(struct tarn *, struct tarn_worker *, struct tarn__config *);
void tarn__stale_configs_fini(struct tarn__stale_configs *);

/* Has every worker look for updates, whether there are any or not. */
void tarn__call_workers(struct tarn *);

/* Wakes all workers but this one. */
void tarn__wake_others(struct tarn *, const struct tarn_worker *);

/*
 * Asks every upstream a question that comes back if it forwards to us; such a server is logged and
 * not asked any more. Any thread.
 */
void tarn__find_forward_loops(struct tarn *);
/*
 * Of several workers the first asks for all. Is it that one? Then it does so now, and has
 * tarn__report_forward_loop() called for what it finds, on any thread.
 */
bool tarn__takes_forward_loops(struct tarn *, const struct tarn_worker *);
void tarn__report_forward_loop(void *tarn, const struct tarn__config *,
			       const struct tarn__zone_config *, const struct tarn__endpoint *);

/* One line to the program's log, cut to some hundred octets. May be called on any thread. */
__attribute__((format(printf, 3, 4))) void tarn__report(struct tarn *, enum tarn_log_level,
							const char *format, ...);

#endif

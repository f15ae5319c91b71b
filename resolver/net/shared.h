/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/shared.h: inside struct tarn: what all workers share, the news that reaches them while they
 * run, and the log.
 */
#ifndef TARN_NET_SHARED_H
#define TARN_NET_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/upstream.h"
#include "tarn.h"

struct tarn__shared;

struct tarn__shared *tarn__get_shared(struct tarn *);

/* Ends struct tarn_options.trust_ad, for good. Any thread. */
void tarn__distrust(struct tarn *);

/* What was told to all workers so far: how often of each kind, and the last of it. */
struct tarn__news {
	unsigned count; /* of all kinds */
	unsigned lists; /* tarn_set_upstreams() */
	unsigned networks; /* tarn_network_changed() */
	unsigned loops; /* tarn__find_loops() */
	size_t server_count;
	struct tarn_address servers[TARN__SERVERS_MAX]; /* those to forward to now */
};

/* Cheap: is there more than so many? */
bool tarn__has_news(const struct tarn *, unsigned count);
void tarn__get_news(struct tarn *, struct tarn__news *out);

/* From join to leave a worker is woken for news. */
void tarn__join(struct tarn *, struct tarn_worker *);
void tarn__leave(struct tarn *, struct tarn_worker *);

/*
 * Asks every upstream a question that comes back if it forwards to us; such a server is logged and
 * not asked any more. Any thread.
 */
void tarn__find_loops(struct tarn *);
/*
 * Of several workers the first asks for all. Is it that one? Then it does so now, with its list of
 * servers being so many, and has tarn__report_loop() called for what it finds, on any thread.
 */
bool tarn__takes_loops(struct tarn *, const struct tarn_worker *, unsigned lists);
void tarn__report_loop(void *tarn, size_t server_index);

/* One line to the program's log, cut to some hundred octets. May be called on any thread. */
__attribute__((format(printf, 3, 4))) void tarn__report(struct tarn *, enum tarn_log_level,
							const char *format, ...);

#endif

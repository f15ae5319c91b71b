/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/stats_collector.h: the numbers of all workers, summed. Each worker adds its own at its next turn, which
 * is at once; nothing that a question passes through is locked or atomic for it.
 */
#ifndef TARN_NET_STATS_COLLECTOR_H
#define TARN_NET_STATS_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stats.h"
#include "core/forward/upstream.h"
#include "net/upstream/carrier.h"
#include "net/listen/tcp.h"
#include "net/listen/udp.h"
#include "rtcache.h"
#include "tarn.h"

/* One upstream server, as the workers see it. */
struct tarn__server_totals {
	struct tarn_address address;
	const char *zone; /* "." or the forward zone whose server it is; the totals' own */
	bool is_over_tcp; /* never asked over UDP */
	bool is_forward_loop; /* leads back to us */
	bool is_dead; /* a worker says so, and none has heard from it since */
	unsigned dead; /* workers that take it for dead */
	/* Of the worker that has heard from it last. */
	uint32_t srtt_ms; /* 0: nobody has */
	uint32_t rttvar_ms;
	uint64_t answered_ago_ms; /* UINT64_MAX: never */
	struct tarn__server_counts counts; /* since it was configured, of all workers */
	/* Asked without EDNS, without mixed case, without cookies. */
	bool is_plain, no_0x20, bad_cookies, drops_cookies;
};

struct tarn__totals {
	unsigned workers; /* that have added theirs */
	bool is_whole; /* each has: only then nothing that is counted goes back */
	unsigned serving; /* of them, those that were given sockets where clients ask */
	uint64_t since_sec; /* when it began to count: seconds since 1970 */
	struct tarn__stats questions;
	struct tarn__udp_stats udp;
	struct tarn__tcp_stats tcp;
	struct tarn__carrier_stats carrier;
	struct rtcache_stats cache;
	size_t server_count; /* in the order of the configuration, the root's first */
	struct tarn__server_totals *servers;
};

/*
 * Waits until every worker has added its own, or for timeout_ms: then those that have not are not
 * in it. Any thread; own is the worker of the calling thread, if it has one: it adds its own at once.
 * The numbers of workers that were freed are in it: nothing that is counted goes back. NULL: out of
 * memory.
 */
struct tarn__totals *tarn__stats_collect(struct tarn *, struct tarn_worker *own,
					 unsigned timeout_ms);
void tarn__totals_free(struct tarn__totals *);

/* ---- the workers' side -------------------------------------------------------------------- */

/* What is being collected now, and what is kept: one per tarn. NULL: out of memory. */
struct tarn__stats_collector;
struct tarn__stats_collector *tarn__stats_collector_new(void);
void tarn__stats_collector_free(struct tarn__stats_collector *);

/* From join to leave a worker's numbers are waited for. It leaves when they do not change any more. */
void tarn__stats_collector_join(struct tarn_worker *);
void tarn__stats_collector_leave(struct tarn_worker *);

/* At its turn, where there are updates: adds its numbers to what is being collected. */
void tarn__stats_collector_add(struct tarn_worker *);

#endif

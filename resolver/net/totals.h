/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/totals.h: sums of the workers' numbers, those of a server by its text and zone.
 */
#ifndef TARN_NET_TOTALS_H
#define TARN_NET_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stats.h"
#include "core/forward/server.h"
#include "net/upstream/carrier.h"
#include "net/listen/tcp.h"
#include "net/listen/udp.h"
#include "rtcache.h"
#include "tarn.h"

struct tarn__resolver;

/* One upstream server, of all workers. Members that are not counters are the present state. */
struct tarn__server_totals {
	/*
	 * Its address; of an encrypted one as it is configured, without pins, since several may have one
	 * address, or none yet. Owned by the totals, as zone is.
	 */
	const char *text;
	const char *zone; /* its zone, "." for the root */
	enum tarn__transport transport; /* the first that it is asked over */
	bool is_forward_loop; /* it forwards to this resolver */
	bool is_dead; /* a worker has found it dead, and it has answered none since */
	unsigned dead; /* number of workers that take it for dead */
	int fault; /* the error of an encrypted one in some worker (core/forward/server.h); 0: there is none */
	/* Of the worker that has had its last answer. */
	uint32_t srtt_ms; /* 0: unknown */
	uint32_t rttvar_ms;
	uint64_t answered_ago_ms; /* UINT64_MAX: never */
	struct tarn__server_counts counts; /* since it was configured, of all workers */
	/* Asked without EDNS, without mixed case, without cookies. */
	bool is_plain, no_0x20, bad_cookies, drops_cookies;
	bool is_validated; /* its zone */
	bool strips; /* it removes signatures: not asked for what is validated if there is another */
};

struct tarn__totals {
	unsigned workers; /* that have added theirs */
	bool is_whole; /* all have: otherwise counters may be lower than before */
	unsigned serving; /* of them, those that were given sockets where clients ask */
	bool validates; /* DNSSEC validation is on */
	bool has_second; /* there is a second level */
	uint64_t since_sec; /* when it began to count: seconds since 1970 */
	struct tarn__stats questions;
	struct tarn__udp_stats udp;
	struct tarn__tcp_stats tcp, tls, https;
	struct tarn__carrier_stats carrier;
	struct rtcache_stats cache;
	size_t server_count; /* in the order of the configuration, the root's first */
	struct tarn__server_totals *servers;
};

/* Adds the state and counts of a worker's servers. If memory is short, some are left out. */
void tarn__totals_add_servers(struct tarn__totals *, const struct tarn__resolver *,
			      uint64_t now_ms);

/* Adds servers, with their counts, to totals that have none. If memory is short, some are left out. */
void tarn__totals_copy_counts(struct tarn__totals *, const struct tarn__totals *from);
/* Adds the counts of the servers that are in both. */
void tarn__totals_add_counts(struct tarn__totals *, const struct tarn__totals *from);

/* Keeps the counters and clears the present state, for workers that have ended. */
void tarn__totals_forget_state(struct tarn__totals *);
/* Drops the servers that the others do not have. */
void tarn__totals_keep_servers(struct tarn__totals *, struct tarn__totals *others);
void tarn__totals_drop_servers(struct tarn__totals *);

/* With its servers. NULL is allowed. */
void tarn__totals_free(struct tarn__totals *);

#endif

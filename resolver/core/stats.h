/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/stats.h: what a worker counts of its questions. Plain numbers, written by the worker's thread
 * alone; others read copies (net/stats_collector.h).
 */
#ifndef TARN_CORE_STATS_H
#define TARN_CORE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* How a question came to its answer. */
enum tarn__status {
	TARN__STATUS_HIT, /* from the cache; what is known of the whole name counts as well */
	TARN__STATUS_MISS, /* its own lookup's answer; a value that has ended counts as EXPIRED */
	TARN__STATUS_EXPIRED,
	TARN__STATUS_LOCK_HIT, /* another question's lookup's answer */
	TARN__STATUS_STALE,
	TARN__STATUS_FAILURE, /* SERVFAIL of our own making, remembered or not */
	/* Our own data: special names, version.bind, zones never forwarded, a cookie alone. */
	TARN__STATUS_LOCAL,
	TARN__STATUS_REFUSED, /* policy, a question in a circle, or RD=0 and not in the cache */
	TARN__STATUS_INVALID, /* the message's fault: FORMERR, NOTIMP, BADVERS, BADCOOKIE */
	TARN__STATUSES,
};

/* "hit", "miss", "expired", "lock_hit", "stale", "failure", "local", "refused", "invalid". */
const char *tarn__status_name(enum tarn__status);

/* Each bucket has all that took at most as long as its bound, and longer than the one before. */
#define TARN__LATENCY_BOUNDS_MS                                                                    \
	{                                                                                          \
		1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000                               \
	}

enum {
	TARN__LATENCY_BUCKETS = 13, /* the bounds', and one for what took longer */
	TARN__COUNTED_TYPES = 258, /* 0 to 256, and all others together */
	TARN__COUNTED_RCODES = 24, /* 0 to 23 */
	TARN__COUNTED_WAYS = 3, /* by enum tarn__transport; the program's own last */
};

struct tarn__latency {
	uint64_t buckets[TARN__LATENCY_BUCKETS];
	uint64_t sum_us;
};

/* Nothing but uint64_t in it, so that it can be added up. */
struct tarn__stats {
	uint64_t questions[TARN__COUNTED_WAYS]; /* those that get a reply */
	uint64_t types[TARN__COUNTED_TYPES];
	uint64_t rcodes[TARN__COUNTED_RCODES]; /* of the replies */
	uint64_t statuses[TARN__STATUSES]; /* of the replies */
	struct tarn__latency
		latencies[TARN__STATUSES]; /* of replies that had to wait; others took 0 */
	uint64_t dropped; /* questions that get no reply: responses, or less than a header */
	uint64_t waiting; /* questions, now */
	uint64_t lookups; /* under way, now */
	uint64_t lookups_started;
};

void tarn__latency_add(struct tarn__latency *, uint64_t us);

/* Adds one struct of numbers to another of its kind; both have nothing but uint64_t in them. */
void tarn__stats_add(void *sum, const void *numbers, size_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of a client. */

#ifndef RTCACHE_COUNT_H
#define RTCACHE_COUNT_H

/*
 * Threads: the thread of the client adds, with a load and a store instead of a locked instruction.
 * Any thread reads.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "rtcache.h"

/* The first ones are the statuses: how a get or a peek was answered. */
enum rtcache__count {
	RTCACHE__COUNT_HIT = RTCACHE_HIT,
	RTCACHE__COUNT_MISS = RTCACHE_MISS,
	RTCACHE__COUNT_EXPIRED = RTCACHE_EXPIRED,
	RTCACHE__COUNT_LOCK_HIT = RTCACHE_LOCK_HIT,
	RTCACHE__COUNT_STALE = RTCACHE_STALE,
	RTCACHE__COUNT_FAILURE,
	RTCACHE__COUNT_LOOKUP,
	RTCACHE__COUNTS,
};

struct rtcache__counts {
	_Atomic uint64_t values[RTCACHE__COUNTS];
};

/* Adds 1. */
static inline void rtcache__count(struct rtcache__counts *counts, enum rtcache__count which)
{
	uint64_t n = atomic_load_explicit(&counts->values[which], memory_order_relaxed);
	atomic_store_explicit(&counts->values[which], n + 1, memory_order_relaxed);
}

static inline uint64_t rtcache__count_read(const struct rtcache__counts *counts,
					   enum rtcache__count which)
{
	return atomic_load_explicit(&counts->values[which], memory_order_relaxed);
}

#endif

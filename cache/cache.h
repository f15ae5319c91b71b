/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache as a whole: its shards, its options, its clients. */

#ifndef RTCACHE_CACHE_H
#define RTCACHE_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"
#include "epoch.h"
#include "hash.h"
#include "rtcache.h"
#include "shard.h"

/* The maximum number of shards. */
#define RTCACHE__SHARDS_MAX (1u << RTCACHE__HASH_SHARD_BITS)

/*
 * The cache's clock is this much ahead of options.now_ms: 2 million years, in milliseconds. What is
 * loaded may have been stored, and may have expired, before the zero of now_ms, which may be the
 * last boot. now_ms is less than this. Twice this can be multiplied by 100.
 */
#define RTCACHE__CLOCK_AHEAD_MS (UINT64_C(1) << 56)

/* The number of causes of failure that are distinguished, modulo which they are counted. */
#define RTCACHE__CAUSES 64u

struct rtcache {
	/* Read by every call, and constant after rtcache_new(), but for spreads_refreshes. */
	struct rtcache__shard *shards;
	uint64_t seed;
	unsigned shard_count;
	unsigned shard_shift;
	/* 100 - options.refresh_percent. */
	unsigned fresh_percent;
	/* rtcache_spread_refreshes(). */
	atomic_bool spreads_refreshes;
	struct rtcache_options options;
	void *memory;
	size_t memory_len;

	_Alignas(RTCACHE__LINE) struct rtcache__epochs epochs;

	/* A remembered failure is valid as long as these have the values that it was stored with. */
	atomic_uint failure_generation;
	atomic_uint cause_generations[RTCACHE__CAUSES];

	/* Guards what follows. Never held together with another lock. */
	pthread_mutex_t lock;
	struct rtcache_client *clients;
	/* The sums of the counters of clients that were freed. */
	uint64_t counts[RTCACHE__COUNTS];
};

/*
 * Returns the time on the cache's clock, on which all times are that are kept. The sum is written
 * as a bit that is set: one instruction, without an operand that a hit would have to save over the
 * call.
 */
static inline uint64_t rtcache__now(const struct rtcache *cache)
{
	return cache->options.now_ms(cache->options.arg) | RTCACHE__CLOCK_AHEAD_MS;
}

static inline uint64_t rtcache__key_hash(const struct rtcache *cache, const void *key,
					 size_t key_len)
{
	return rtcache__hash(cache->seed, key, key_len);
}

static inline struct rtcache__shard *rtcache__shard_of(const struct rtcache *cache, uint64_t hash)
{
	return &cache->shards[(uint32_t)(hash >> 32) >> (cache->shard_shift - 1) >> 1];
}

/* Returns true if there is a lookup callback. */
static inline bool rtcache__reads_through(const struct rtcache *cache)
{
	return cache->options.lookup || cache->options.multi_lookup;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache as a whole: its shards, its clock, its clients. */

#ifndef RTCACHE_CACHE_H
#define RTCACHE_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "epoch.h"
#include "hash.h"
#include "rtcache.h"
#include "shard.h"
#include "stats.h"

/* Up to this many. */
#define RTCACHE__SHARDS_MAX (1u << RTCACHE__HASH_SHARD_BITS)

/* Causes of failures that are told apart; two that share a number are forgotten together. */
#define RTCACHE__CAUSES 64u

struct rtcache {
	/* Read by every call, never written after rtcache_new(). */
	struct rtcache__shard *shards;
	uint64_t seed;
	unsigned shard_count;
	unsigned shard_shift;
	struct rtcache_options options;
	void *memory;
	size_t memory_len;

	_Alignas(RTCACHE__LINE) struct rtcache__epochs epochs;

	/* Failures of another generation are forgotten, of all causes and of one. */
	atomic_uint failure_generation;
	atomic_uint cause_generations[RTCACHE__CAUSES];

	/* Guarded by lock, which is taken after every other. */
	pthread_mutex_t lock;
	struct rtcache_client *clients;
	/* The counters of clients that are gone. */
	uint64_t counts[RTCACHE__COUNTS];
};

static inline uint64_t rtcache__now(const struct rtcache *cache)
{
	return cache->options.now_ms(cache->options.arg);
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

static inline bool rtcache__reads_through(const struct rtcache *cache)
{
	return cache->options.lookup || cache->options.multi_lookup;
}

struct rtcache__entry *rtcache__find_locked(struct rtcache__shard *shard, uint64_t hash,
					    const void *key, size_t key_len);

/*
 * The key's entry, alive or dead, or NULL; certainly. For an online client, until its next quiet
 * point.
 */
static inline struct rtcache__entry *rtcache__find(struct rtcache__shard *shard, uint64_t hash,
						   const void *key, size_t key_len)
{
	uint64_t shape;
	struct rtcache__entry *entry =
		rtcache__table_find(&shard->table, hash, key, key_len, &shape);
	if (entry || rtcache__table_settled(&shard->table, shape))
		return entry;
	return rtcache__find_locked(shard, hash, key, key_len);
}

/* Whether the entry, which may be NULL, is past its end and may still be offered. */
bool rtcache__is_stale(const struct rtcache *cache, const struct rtcache__entry *entry,
		       uint64_t now_ms);

#endif

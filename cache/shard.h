/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of the keys with its part of the memory: table, queues, arena, and the flights of its keys. */

#ifndef RTCACHE_SHARD_H
#define RTCACHE_SHARD_H

/*
 * Storing makes room first. A sweep removes entries that are dead. If that is not enough, the
 * victim of S3-FIFO (s3fifo.h) is evicted, unless it is more popular than the new entry, which is
 * refused then. Popularity is the number of puts of a key that found none, counted by a sketch that
 * ages (TinyLFU).
 *
 * The memory of a removed entry becomes free when no reader can hold it (limbo.h). A reserve is
 * kept free for what is stored meanwhile.
 *
 * Locks: the lock of a shard is taken first. While it is held, the lock of an inbox or that of the
 * epochs may be taken, one at a time. The lock of the cache (cache.h) is never held together with
 * another one, and never are two of the same kind.
 *
 * Threads: everything is under the lock of the shard, except rtcache__shard_peek(),
 * rtcache__shard_is_stale() and reading the table.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "entry.h"
#include "epoch.h"
#include "flight.h"
#include "limbo.h"
#include "rtcache.h"
#include "s3fifo.h"
#include "table.h"

/* The size of a cache line. */
#define RTCACHE__LINE 64

struct rtcache__shard_stats {
	uint64_t entries;
	uint64_t evicted;
	uint64_t swept;
	uint64_t refused;
};

struct rtcache__shard {
	/* Read without the lock, and rarely written: a cache line of its own. */
	_Alignas(RTCACHE__LINE) struct rtcache__table table;
	/* The time after expiry during which an entry is stale. Constant. */
	uint64_t stale_ms;

	_Alignas(RTCACHE__LINE) pthread_mutex_t lock;
	struct rtcache__s3fifo queues;
	struct rtcache__limbo limbo;
	/* The whole part, and what of it is kept free while removed entries are in limbo. */
	uint32_t units;
	uint32_t reserve_units;

	/* No entry is dead before this time. */
	uint64_t next_death_ms;
	/* The sweep under way: the earliest death that it has seen, and its next bucket. */
	uint64_t sweep_death_ms;
	uint32_t sweep_bucket;

	/* The sketch ages one segment at a time: the puts since the last time, and the next segment. */
	uint32_t age_count;
	uint32_t age_segment;

	struct rtcache__shard_stats stats;
	struct rtcache__flights flights;
	struct rtcache__arena arena;
};

/* An entry to be stored. */
struct rtcache__new {
	uint64_t hash;
	const void *key;
	size_t key_len;
	const void *data;
	size_t len;
	uint64_t ttl_ms;
	/* 0 unless it is loaded: the time since it was stored, at most RTCACHE__CLOCK_AHEAD_MS, the
	 * time since it expired if ttl_ms is 0, which is not greater, and its uses. */
	uint64_t age_ms;
	uint64_t stale_ms;
	uint8_t uses;
	uint8_t flags;
};

/* memory is zeroed, aligned to a unit, and units long. epochs and memory are borrowed. */
void rtcache__shard_init(struct rtcache__shard *shard, struct rtcache__epochs *epochs, void *memory,
			 uint32_t units, uint64_t stale_ms);
void rtcache__shard_fini(struct rtcache__shard *shard);

/* Returns the entry of the key, fresh, stale or dead, or NULL. Under the lock. */
struct rtcache__entry *rtcache__shard_find(struct rtcache__shard *shard, uint64_t hash,
					   const void *key, size_t key_len);

/* The same, taking the lock. */
struct rtcache__entry *rtcache__shard_find_locked(struct rtcache__shard *shard, uint64_t hash,
						  const void *key, size_t key_len);

/*
 * The same without the lock, which it takes only if a search without it is inconclusive. The entry
 * is valid until the next quiet point of the calling client, which is online.
 */
static inline struct rtcache__entry *
rtcache__shard_peek(struct rtcache__shard *shard, uint64_t hash, const void *key, size_t key_len)
{
	uint64_t shape;
	struct rtcache__entry *entry =
		rtcache__table_find(&shard->table, hash, key, key_len, &shape);
	if (entry || rtcache__table_settled(&shard->table, shape))
		return entry;
	return rtcache__shard_find_locked(shard, hash, key, key_len);
}

/* Returns true if the entry, which may be NULL, has expired and is not dead. */
static inline bool rtcache__shard_is_stale(const struct rtcache__shard *shard,
					   const struct rtcache__entry *entry, uint64_t now_ms)
{
	return entry && now_ms >= entry->end_ms && now_ms - entry->end_ms < shard->stale_ms;
}

/* Returns true if the entry, which may be NULL, is fresh or stale. */
static inline bool rtcache__shard_is_alive(const struct rtcache__shard *shard,
					   const struct rtcache__entry *entry, uint64_t now_ms)
{
	return entry && (now_ms < entry->end_ms || rtcache__shard_is_stale(shard, entry, now_ms));
}

/*
 * Stores the item, in the place of the entry of its key if there is one. force: whatever its
 * popularity. reader: as for rtcache__limbo_reclaim(). Returns 0, RTCACHE_EREFUSED,
 * RTCACHE_ETOOBIG, or RTCACHE_ENOMEM, which may have evicted the entry of the key.
 */
int rtcache__shard_store(struct rtcache__shard *shard, const struct rtcache__new *item,
			 uint64_t now_ms, bool force, struct rtcache__reader *reader);

/*
 * Stores the item, without evicting any entry, unless the entry of its key ends as late. Returns 0,
 * RTCACHE_EREFUSED, RTCACHE_ETOOBIG, or RTCACHE_ENOMEM.
 */
int rtcache__shard_load(struct rtcache__shard *shard, const struct rtcache__new *item,
			uint64_t now_ms, struct rtcache__reader *reader);

/* Removes the entry of the key. Returns false if there is none. */
bool rtcache__shard_remove(struct rtcache__shard *shard, uint64_t hash, const void *key,
			   size_t key_len);

/*
 * Removes dead entries from the next buckets. An entry is removed when it has been dead for
 * linger_ms, or for its time to live if that is shorter. Returns the units of the removed entries.
 */
uint32_t rtcache__shard_sweep(struct rtcache__shard *shard, uint32_t buckets, uint64_t now_ms,
			      uint64_t linger_ms);

/* Returns the octets in use: entries, table, limbo. */
size_t rtcache__shard_bytes(const struct rtcache__shard *shard);

static inline struct rtcache__shard *rtcache__shard_of_flight(const struct rtcache__flight *flight)
{
	return RTCACHE__CONTAINER(flight->flights, struct rtcache__shard, flights);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A share of the keys with its share of the memory: index, queues, and who has to go when it is
 * full.
 */

#ifndef RTCACHE_SHARD_H
#define RTCACHE_SHARD_H

/*
 * Eviction is S3-FIFO: a newcomer enters the small queue, which is a tenth of the weight; leaving
 * it at the old end, it moves to the main queue if it was used more than once, else it goes. At the
 * old end of the main queue an entry that was used goes round again with one use less, else it
 * goes. In place of a ghost queue a sketch of how often each key was put (TinyLFU) decides whether
 * a newcomer may displace the one that would go for it. Weight is octets, the arena's slack
 * included. Before anybody living goes, a sweep looks for what is dead: past its end and past its
 * time as stale value.
 *
 * What is taken out waits in limbo until no reader can hold it (epoch.h), first open, then, when
 * its epoch is closed, pending. A reserve is kept free for what arrives meanwhile.
 *
 * Locks, in this order: a shard's, a client's, the epochs'. Never two of a kind. Everything here
 * but rtcache__table_find() on the table needs the shard's lock.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "entry.h"
#include "epoch.h"
#include "queue.h"
#include "rtcache.h"
#include "table.h"

#define RTCACHE__LINE 64

struct rtcache__limbo {
	uint32_t first;
	uint32_t units;
};

struct rtcache__shard_stats {
	uint64_t entries;
	uint64_t evicted;
	uint64_t swept;
	uint64_t refused;
};

struct rtcache__flight;

struct rtcache__shard {
	/* Read by everybody, rarely written: a line of its own. */
	_Alignas(RTCACHE__LINE) struct rtcache__table table;

	_Alignas(RTCACHE__LINE) pthread_mutex_t lock;
	struct rtcache__epochs *epochs;
	struct rtcache__queue small;
	struct rtcache__queue main;
	struct rtcache__limbo open;
	struct rtcache__limbo pending;
	uint64_t pending_epoch;
	/* Of the whole share, kept free for newcomers while the old ones wait in limbo. */
	uint32_t reserve_units;
	uint32_t units;

	/* How long past its end an entry is kept. */
	uint64_t stale_ms;
	/* Nothing is dead before this time. */
	uint64_t next_death_ms;
	/* The earliest death the sweep under way has seen, and the bucket it has come to. */
	uint64_t sweep_death_ms;
	uint32_t sweep_bucket;

	/* The sketch ages a segment at a time. */
	uint32_t age_count;
	uint32_t age_segment;

	struct rtcache__shard_stats stats;

	/* Lookups under way, see flight.h. */
	struct rtcache__flight **flights;
	size_t flight_slots;
	size_t flight_count;
	struct rtcache__flight *all_flights;

	struct rtcache__arena arena;
};

/* What is to be stored. */
struct rtcache__new {
	uint64_t hash;
	const void *key;
	size_t key_len;
	const void *data;
	size_t len;
	uint64_t ttl_ms;
	uint8_t flags;
};

/* memory: zeroed, units long, aligned to a unit. */
void rtcache__shard_init(struct rtcache__shard *shard, struct rtcache__epochs *epochs, void *memory,
			 uint32_t units, uint64_t stale_ms);
void rtcache__shard_fini(struct rtcache__shard *shard);

/* The key's entry, alive or dead, or NULL. */
struct rtcache__entry *rtcache__shard_find(struct rtcache__shard *shard, uint64_t hash,
					   const void *key, size_t key_len);

/*
 * Stores the item, in place of what the key had. force: whatever its popularity. reader is the
 * caller's if the caller holds no value at this moment, or NULL. 0, RTCACHE_EREFUSED,
 * RTCACHE_ETOOBIG, RTCACHE_ENOMEM.
 */
int rtcache__shard_store(struct rtcache__shard *shard, const struct rtcache__new *item,
			 uint64_t now_ms, bool force, struct rtcache__reader *reader);

bool rtcache__shard_remove(struct rtcache__shard *shard, uint64_t hash, const void *key,
			   size_t key_len);

/*
 * Looks at some buckets for entries that are dead, at least for linger_ms or as long as they lived
 * if that is less, and takes them out. Returns the units they had.
 */
uint32_t rtcache__shard_sweep(struct rtcache__shard *shard, uint32_t buckets, uint64_t now_ms,
			      uint64_t linger_ms);

/* Gives back to the arena what nobody can hold any more. */
void rtcache__shard_reclaim(struct rtcache__shard *shard, struct rtcache__reader *reader);

/* Octets in use: entries, table, limbo. */
size_t rtcache__shard_bytes(const struct rtcache__shard *shard);

#endif

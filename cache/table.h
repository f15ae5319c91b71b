/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a shard: a hash table that grows by one bucket at a time and is read without a lock. */

#ifndef RTCACHE_TABLE_H
#define RTCACHE_TABLE_H

/*
 * Linear hashing. With n buckets and P the greatest power of two <= n, a hash belongs to the bucket
 * hash mod 2P, or hash mod P if that bucket does not exist yet. Growing adds bucket n and moves to
 * it the entries of bucket n - P that belong there: without a pause and without a second table.
 *
 * The buckets are in segments of 64, each with the part of the sketch that counts their keys. The
 * segments are at the end of the memory of the shard and grow downward, segment 0 last.
 *
 * Readers walk a chain without a lock, protected by the epochs. The links of a chain always lead
 * towards its old end, so that a walk terminates. A walk during a split, or shortly after it, may
 * miss entries that were moved: a miss is certain only if rtcache__table_settled() returns true, or
 * under the lock.
 *
 * Writers hold the lock of the shard.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "entry.h"
#include "sketch.h"

#define RTCACHE__SEGMENT_BUCKETS 64

struct rtcache__segment {
	struct rtcache__sketch sketch;
	/* In descending order of the buckets, as the segments are. */
	_Atomic uint32_t heads[RTCACHE__SEGMENT_BUCKETS];
};

#define RTCACHE__SEGMENT_UNITS ((uint32_t)(sizeof(struct rtcache__segment) / RTCACHE__UNIT))

/*
 * The word from which readers determine a bucket: the number of buckets, whether one is being split,
 * and the mask 2P - 1 from bit 33 on.
 */
#define RTCACHE__SHAPE_SPLITTING (UINT64_C(1) << 32)
#define RTCACHE__SHAPE_MASK_SHIFT 33

struct rtcache__table {
	unsigned char *base;
	/* After segment 0. */
	struct rtcache__segment *end;
	_Atomic uint64_t shape;
	/* The number of buckets for which there is memory. */
	uint32_t capacity;
};

/* segments_end is the end of the memory of the first segments, of which segment 0 is zeroed. */
void rtcache__table_init(struct rtcache__table *table, unsigned char *base, void *segments_end,
			 uint32_t segments);

/* Adds a bucket, for which there is capacity. */
void rtcache__table_grow(struct rtcache__table *table);

/* Inserts an entry at the front of its chain. The table has no entry of its key. */
void rtcache__table_insert(struct rtcache__table *table, uint32_t ref);

/* Removes an entry. A reader that is at it can continue its walk. */
void rtcache__table_remove(struct rtcache__table *table, uint32_t ref);

/* Puts an entry in the place of another one of the same key. */
void rtcache__table_replace(struct rtcache__table *table, uint32_t old_ref, uint32_t ref);

static inline uint64_t rtcache__table_shape(const struct rtcache__table *table)
{
	return atomic_load_explicit(&table->shape, memory_order_acquire);
}

static inline uint32_t rtcache__table_buckets(const struct rtcache__table *table)
{
	return (uint32_t)rtcache__table_shape(table);
}

static inline uint32_t rtcache__table_bucket(uint64_t shape, uint64_t hash)
{
	uint32_t mask = (uint32_t)(shape >> RTCACHE__SHAPE_MASK_SHIFT);
	uint32_t index = (uint32_t)hash & mask;
	return index < (uint32_t)shape ? index : index & mask >> 1;
}

static inline struct rtcache__segment *rtcache__table_segment(const struct rtcache__table *table,
							      uint32_t bucket)
{
	return table->end - 1 - bucket / RTCACHE__SEGMENT_BUCKETS;
}

static inline _Atomic uint32_t *rtcache__table_head(const struct rtcache__table *table,
						    uint32_t bucket)
{
	/* Between the heads of two segments there is the sketch of the lower-numbered one. */
	_Static_assert(sizeof(struct rtcache__sketch) ==
			       2 * RTCACHE__SEGMENT_BUCKETS * sizeof(uint32_t),
		       "a sketch is as long as two segments' heads");
	size_t below = bucket + 2 * (size_t)(bucket & ~(RTCACHE__SEGMENT_BUCKETS - 1u));
	return (_Atomic uint32_t *)table->end - 1 - below;
}

/* Returns the sketch that counts a key. */
static inline struct rtcache__sketch *rtcache__table_sketch(const struct rtcache__table *table,
							    uint64_t hash)
{
	uint32_t bucket = rtcache__table_bucket(rtcache__table_shape(table), hash);
	return &rtcache__table_segment(table, bucket)->sketch;
}

/*
 * Returns the entry of the key, or NULL. *shape_out is the argument of rtcache__table_settled().
 * Always inlined, as it is most of the work of a hit.
 */
static inline __attribute__((always_inline)) struct rtcache__entry *
rtcache__table_find(const struct rtcache__table *table, uint64_t hash, const void *key,
		    size_t key_len, uint64_t *shape_out)
{
	uint64_t shape = rtcache__table_shape(table);
	*shape_out = shape;
	const _Atomic uint32_t *link =
		rtcache__table_head(table, rtcache__table_bucket(shape, hash));
	for (;;) {
		uint32_t ref = atomic_load_explicit(link, memory_order_acquire);
		if (!ref)
			return NULL;
		struct rtcache__entry *entry = rtcache__entry_at(table->base, ref);
		if (rtcache__entry_is(entry, hash, key, key_len))
			return entry;
		link = &entry->next;
	}
}

/* Returns true if a walk that began with this shape and found nothing has missed nothing. */
static inline bool rtcache__table_settled(const struct rtcache__table *table, uint64_t shape)
{
	return !(shape & RTCACHE__SHAPE_SPLITTING) && rtcache__table_shape(table) == shape;
}

#endif

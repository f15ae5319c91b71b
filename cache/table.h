/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a shard: a hash table that grows by one bucket at a time, read without a lock. */

#ifndef RTCACHE_TABLE_H
#define RTCACHE_TABLE_H

/*
 * Linear hashing. With n buckets and P the greatest power of two <= n, a hash belongs to the bucket
 * of its low bits modulo 2P, or modulo P if that one does not exist yet. Growing adds bucket n and
 * moves to it what belongs there from bucket n - P: no pause, no second table, no waste.
 *
 * The buckets lie in segments of 64, each with the part of the frequency sketch for their keys. The
 * segments lie at the end of the shard's memory and grow downward, segment 0 last.
 *
 * Readers walk a chain with no lock, protected by the epochs. A chain's links always lead towards
 * its old end, so that a walk ends; while a bucket is split, or an instant after, a walk may miss
 * what has moved. Who must be sure of a miss looks again: under the lock, or when
 * rtcache__table_settled() says that nothing moved.
 *
 * Writers hold the shard's lock.
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
	/* Bucket 0 of the segment is the last, so that all go down from the end. */
	_Atomic uint32_t heads[RTCACHE__SEGMENT_BUCKETS];
};

#define RTCACHE__SEGMENT_UNITS ((uint32_t)(sizeof(struct rtcache__segment) / RTCACHE__UNIT))

/*
 * What readers need to find a bucket, in one word: how many buckets there are, whether one is being
 * split, and from bit 33 on the mask 2P - 1.
 */
#define RTCACHE__SHAPE_SPLITTING (UINT64_C(1) << 32)
#define RTCACHE__SHAPE_MASK_SHIFT 33

struct rtcache__table {
	unsigned char *base;
	/* Behind segment 0. */
	struct rtcache__segment *end;
	_Atomic uint64_t shape;
	/* How many there is memory for. */
	uint32_t capacity;
};

/* segments_end is behind the memory of the first segments, of which segment 0 is zeroed. */
void rtcache__table_init(struct rtcache__table *table, unsigned char *base, void *segments_end,
			 uint32_t segments);

/* Adds a bucket; capacity has room for it. */
void rtcache__table_grow(struct rtcache__table *table);

/* Puts an entry in front of its chain; its key is not there. */
void rtcache__table_insert(struct rtcache__table *table, uint32_t ref);

/* Takes an entry out; readers that stand on it walk on. */
void rtcache__table_remove(struct rtcache__table *table, uint32_t ref);

/* Puts an entry in another's place, same key. */
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
	/* Above each further segment's heads lies the sketch of the one before. */
	_Static_assert(sizeof(struct rtcache__sketch) ==
			       2 * RTCACHE__SEGMENT_BUCKETS * sizeof(uint32_t),
		       "a sketch is as long as two segments' heads");
	size_t below = bucket + 2 * (size_t)(bucket & ~(RTCACHE__SEGMENT_BUCKETS - 1u));
	return (_Atomic uint32_t *)table->end - 1 - below;
}

/* The sketch that counts a key. */
static inline struct rtcache__sketch *rtcache__table_sketch(const struct rtcache__table *table,
							    uint64_t hash)
{
	uint32_t bucket = rtcache__table_bucket(rtcache__table_shape(table), hash);
	return &rtcache__table_segment(table, bucket)->sketch;
}

/* The key's entry, or NULL. shape_out is for rtcache__table_settled(). Inlined: reading is this. */
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

/* Whether a walk that began with shape and found nothing can be trusted. */
static inline bool rtcache__table_settled(const struct rtcache__table *table, uint64_t shape)
{
	return !(shape & RTCACHE__SHAPE_SPLITTING) && rtcache__table_shape(table) == shape;
}

#endif

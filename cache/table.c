/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the chains, in an order that keeps concurrent walks correct. */

#include "table.h"

#include <assert.h>

static uint64_t shape_of(uint32_t buckets)
{
	uint64_t mask = UINT32_MAX >> __builtin_clz(buckets);
	return mask << RTCACHE__SHAPE_MASK_SHIFT | buckets;
}

void rtcache__table_init(struct rtcache__table *table, unsigned char *base, void *segments_end,
			 uint32_t segments)
{
	assert(segments > 0);
	table->base = base;
	table->end = segments_end;
	table->capacity = segments * RTCACHE__SEGMENT_BUCKETS;
	atomic_init(&table->shape, shape_of(RTCACHE__SEGMENT_BUCKETS));
}

static uint32_t load(const _Atomic uint32_t *link)
{
	return atomic_load_explicit(link, memory_order_relaxed);
}

/* Publishes an entry: a reader that follows the link sees everything that was written before. */
static void store(_Atomic uint32_t *link, uint32_t ref)
{
	atomic_store_explicit(link, ref, memory_order_release);
}

static _Atomic uint32_t *head_of(struct rtcache__table *table, uint64_t hash)
{
	return rtcache__table_head(table, rtcache__table_bucket(rtcache__table_shape(table), hash));
}

/* Returns the link that leads to ref, which is in the table. */
static _Atomic uint32_t *link_to(struct rtcache__table *table, uint32_t ref)
{
	_Atomic uint32_t *link = head_of(table, rtcache__entry_at(table->base, ref)->hash);
	while (load(link) != ref)
		link = &rtcache__entry_at(table->base, load(link))->next;
	return link;
}

void rtcache__table_insert(struct rtcache__table *table, uint32_t ref)
{
	struct rtcache__entry *entry = rtcache__entry_at(table->base, ref);
	_Atomic uint32_t *head = head_of(table, entry->hash);
	atomic_store_explicit(&entry->next, load(head), memory_order_relaxed);
	store(head, ref);
}

void rtcache__table_remove(struct rtcache__table *table, uint32_t ref)
{
	store(link_to(table, ref), load(&rtcache__entry_at(table->base, ref)->next));
}

void rtcache__table_replace(struct rtcache__table *table, uint32_t old_ref, uint32_t ref)
{
	uint32_t next = load(&rtcache__entry_at(table->base, old_ref)->next);
	atomic_store_explicit(&rtcache__entry_at(table->base, ref)->next, next,
			      memory_order_relaxed);
	store(link_to(table, old_ref), ref);
}

/* The keys of the new segment were counted in the segment from which they are moved. */
static void open_segment(struct rtcache__segment *segment, const struct rtcache__segment *from)
{
	for (unsigned i = 0; i < RTCACHE__SEGMENT_BUCKETS; i++)
		atomic_init(&segment->heads[i], 0);
	segment->sketch = from->sketch;
}

/* Returns the greatest power of two in the number of a bucket: it is split off the one that is less by it. */
static uint32_t half_of(uint32_t bucket)
{
	return UINT32_C(1) << (31 - __builtin_clz(bucket));
}

/* The next bucket is split off soon: without this, waiting for its first entry is a third of a load. */
static void fetch_next(const struct rtcache__table *table, uint32_t bucket)
{
	uint32_t ref = load(rtcache__table_head(table, bucket - half_of(bucket)));
	__builtin_prefetch(rtcache__entry_at(table->base, ref));
}

void rtcache__table_grow(struct rtcache__table *table)
{
	uint32_t bucket = rtcache__table_buckets(table);
	assert(bucket < table->capacity);
	uint32_t half = half_of(bucket);
	_Atomic uint32_t *stay = rtcache__table_head(table, bucket - half);
	_Atomic uint32_t *move = rtcache__table_head(table, bucket);

	if (bucket % RTCACHE__SEGMENT_BUCKETS == 0)
		open_segment(rtcache__table_segment(table, bucket),
			     rtcache__table_segment(table, bucket - half));

	/* A reader that sees a link that changes below sees this too: each is stored with release. */
	atomic_store_explicit(&table->shape, shape_of(bucket) | RTCACHE__SHAPE_SPLITTING,
			      memory_order_relaxed);
	for (uint32_t ref = load(stay); ref;) {
		struct rtcache__entry *entry = rtcache__entry_at(table->base, ref);
		uint32_t next = load(&entry->next);
		if (entry->hash & half) {
			store(move, ref);
			move = &entry->next;
			store(stay, next);
		} else {
			stay = &entry->next;
		}
		ref = next;
	}
	store(move, 0);
	atomic_store_explicit(&table->shape, shape_of(bucket + 1), memory_order_release);
	fetch_next(table, bucket + 1);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Storing, removing and sweeping the entries of one shard. */

#include "shard.h"

#include <limits.h>
#include <string.h>

/* The number of buckets in which storing looks for dead entries before it evicts. */
#define ROOM_SWEEP_BUCKETS 128

/* The same for loading, which does not evict: each item that finds no room looks. */
#define LOAD_SWEEP_BUCKETS 16

/* After this many counts per bucket, all counters of the sketch have been halved once. */
#define AGE_COUNTS 8

/* The table has this part of the memory from the start, so that it can grow when the shard is full. */
#define TABLE_PART 32

/* The reserve for what is stored while victims are in limbo: this part, and at most 64 KiB. */
#define RESERVE_PART 32
#define RESERVE_UNITS_MAX (UINT32_C(65536) / RTCACHE__UNIT)

/* The largest entry is this part of a shard, so that making room for it leaves most entries. */
#define ENTRY_PART 4

void rtcache__shard_init(struct rtcache__shard *shard, struct rtcache__epochs *epochs, void *memory,
			 uint32_t units, uint64_t stale_ms)
{
	memset(shard, 0, sizeof(*shard));
	pthread_mutex_init(&shard->lock, NULL);
	shard->units = units;
	shard->stale_ms = stale_ms;
	shard->next_death_ms = UINT64_MAX;
	shard->sweep_death_ms = UINT64_MAX;
	shard->reserve_units = units / RESERVE_PART;
	if (shard->reserve_units > RESERVE_UNITS_MAX)
		shard->reserve_units = RESERVE_UNITS_MAX;

	uint32_t segments = units / TABLE_PART / RTCACHE__SEGMENT_UNITS;
	if (segments == 0)
		segments = 1;
	rtcache__table_init(&shard->table, memory, rtcache__arena_at(memory, units), segments);
	rtcache__arena_init(&shard->arena, memory, units - segments * RTCACHE__SEGMENT_UNITS);
	rtcache__s3fifo_init(&shard->queues, &shard->arena);
	rtcache__limbo_init(&shard->limbo, &shard->arena, epochs);
	rtcache__flights_init(&shard->flights);
}

void rtcache__shard_fini(struct rtcache__shard *shard)
{
	rtcache__flights_fini(&shard->flights);
	pthread_mutex_destroy(&shard->lock);
}

static struct rtcache__entry *entry_at(const struct rtcache__shard *shard, uint32_t ref)
{
	return rtcache__entry_at(shard->arena.base, ref);
}

static uint32_t ref_of(const struct rtcache__shard *shard, const struct rtcache__entry *entry)
{
	return (uint32_t)(((const unsigned char *)entry - shard->arena.base) / RTCACHE__UNIT);
}

static uint64_t death_of(const struct rtcache__shard *shard, const struct rtcache__entry *entry)
{
	return rtcache__entry_death_ms(entry, shard->stale_ms);
}

struct rtcache__entry *rtcache__shard_find(struct rtcache__shard *shard, uint64_t hash,
					   const void *key, size_t key_len)
{
	uint64_t shape;
	return rtcache__table_find(&shard->table, hash, key, key_len, &shape);
}

struct rtcache__entry *rtcache__shard_find_locked(struct rtcache__shard *shard, uint64_t hash,
						  const void *key, size_t key_len)
{
	pthread_mutex_lock(&shard->lock);
	struct rtcache__entry *entry = rtcache__shard_find(shard, hash, key, key_len);
	pthread_mutex_unlock(&shard->lock);
	return entry;
}

static void take_out(struct rtcache__shard *shard, uint32_t ref)
{
	rtcache__table_remove(&shard->table, ref);
	rtcache__s3fifo_remove(&shard->queues, ref);
	shard->stats.entries--;
	rtcache__limbo_add(&shard->limbo, ref);
}

/* Returns the units that are free, or will be when the readers have moved on. */
static uint32_t free_soon(const struct rtcache__shard *shard)
{
	return shard->arena.free_units + rtcache__limbo_units(&shard->limbo);
}

size_t rtcache__shard_bytes(const struct rtcache__shard *shard)
{
	return (size_t)(shard->units - shard->arena.free_units) * RTCACHE__UNIT -
	       (size_t)(shard->table.capacity - rtcache__table_buckets(&shard->table)) /
		       RTCACHE__SEGMENT_BUCKETS * sizeof(struct rtcache__segment);
}

static uint32_t sweep_bucket(struct rtcache__shard *shard, uint32_t bucket, uint64_t now_ms,
			     uint64_t linger_ms)
{
	uint32_t units = 0;
	uint32_t ref = atomic_load_explicit(rtcache__table_head(&shard->table, bucket),
					    memory_order_relaxed);
	while (ref) {
		struct rtcache__entry *entry = entry_at(shard, ref);
		uint32_t next = atomic_load_explicit(&entry->next, memory_order_relaxed);
		uint64_t lived_ms = entry->end_ms - entry->stored_ms;
		uint64_t death_ms = rtcache__add_ms(death_of(shard, entry),
						    lived_ms < linger_ms ? lived_ms : linger_ms);
		if (death_ms <= now_ms) {
			units += rtcache__arena_units(&shard->arena, ref);
			take_out(shard, ref);
			shard->stats.swept++;
		} else if (death_of(shard, entry) < shard->sweep_death_ms) {
			shard->sweep_death_ms = death_of(shard, entry);
		}
		ref = next;
	}
	return units;
}

uint32_t rtcache__shard_sweep(struct rtcache__shard *shard, uint32_t buckets, uint64_t now_ms,
			      uint64_t linger_ms)
{
	uint32_t units = 0;
	if (now_ms < shard->next_death_ms)
		return 0;
	for (uint32_t i = 0; i < buckets; i++) {
		if (shard->sweep_bucket >= rtcache__table_buckets(&shard->table)) {
			/* Every entry has been seen: none is dead before the earliest death. */
			shard->next_death_ms = shard->sweep_death_ms;
			shard->sweep_death_ms = UINT64_MAX;
			shard->sweep_bucket = 0;
			if (now_ms < shard->next_death_ms)
				break;
		}
		units += sweep_bucket(shard, shard->sweep_bucket++, now_ms, linger_ms);
	}
	return units;
}

static void expect_death(struct rtcache__shard *shard, uint64_t death_ms)
{
	if (death_ms < shard->next_death_ms)
		shard->next_death_ms = death_ms;
	if (death_ms < shard->sweep_death_ms)
		shard->sweep_death_ms = death_ms;
}

static unsigned popularity(const struct rtcache__shard *shard, uint64_t hash)
{
	return rtcache__sketch_count(rtcache__table_sketch(&shard->table, hash), hash);
}

/* Counts a put of a key that has no entry, and returns its popularity. */
static unsigned count_newcomer(struct rtcache__shard *shard, uint64_t hash)
{
	if (++shard->age_count >= AGE_COUNTS * RTCACHE__SEGMENT_BUCKETS) {
		uint32_t segments =
			(rtcache__table_buckets(&shard->table) + RTCACHE__SEGMENT_BUCKETS - 1) /
			RTCACHE__SEGMENT_BUCKETS;
		uint32_t bucket = shard->age_segment++ % segments * RTCACHE__SEGMENT_BUCKETS;
		rtcache__sketch_age(&rtcache__table_segment(&shard->table, bucket)->sketch);
		shard->age_count = 0;
	}
	return rtcache__sketch_add(rtcache__table_sketch(&shard->table, hash), hash);
}

static uint32_t find_victim(struct rtcache__shard *shard, uint64_t now_ms)
{
	return rtcache__s3fifo_victim(&shard->queues, shard->stale_ms, now_ms);
}

static void evict(struct rtcache__shard *shard, uint32_t victim)
{
	take_out(shard, victim);
	shard->stats.evicted++;
}

/*
 * Evicts until the new entry fits without the reserve. Its popularity is UINT_MAX if it is forced.
 */
static int make_room(struct rtcache__shard *shard, uint32_t need, unsigned newcomer,
		     uint64_t now_ms)
{
	while (free_soon(shard) < need + shard->reserve_units) {
		if (rtcache__shard_sweep(shard, ROOM_SWEEP_BUCKETS, now_ms, 0) > 0)
			continue;
		uint32_t ref = find_victim(shard, now_ms);
		if (!ref)
			return 0;
		const struct rtcache__entry *victim = entry_at(shard, ref);
		if (newcomer < popularity(shard, victim->hash) &&
		    now_ms < death_of(shard, victim)) {
			rtcache__s3fifo_demote(&shard->queues, ref);
			shard->stats.refused++;
			return RTCACHE_EREFUSED;
		}
		evict(shard, ref);
	}
	return 0;
}

/* Evicts entries of that many units in total, whatever their popularity. False if there is none. */
static bool evict_units(struct rtcache__shard *shard, uint32_t units, uint64_t now_ms)
{
	uint32_t gone = 0;
	while (gone < units) {
		uint32_t victim = find_victim(shard, now_ms);
		if (!victim)
			break;
		gone += rtcache__arena_units(&shard->arena, victim);
		evict(shard, victim);
	}
	return gone > 0;
}

/*
 * Returns a block, or 0: by reclaiming, and then by evicting more if the free blocks are too small.
 * If most of what was evicted is still held by readers, it fails instead of emptying the shard.
 */
static uint32_t get_block(struct rtcache__shard *shard, size_t size, uint64_t now_ms,
			  struct rtcache__reader *reader)
{
	uint32_t need = rtcache__arena_units_for(size);
	if (shard->arena.free_units < need + shard->reserve_units / 2)
		rtcache__limbo_reclaim(&shard->limbo, reader);
	for (;;) {
		uint32_t ref = rtcache__arena_alloc(&shard->arena, size);
		if (ref)
			return ref;
		uint32_t before = shard->arena.free_units;
		rtcache__limbo_reclaim(&shard->limbo, reader);
		if (shard->arena.free_units > before)
			continue;
		if (rtcache__limbo_units(&shard->limbo) > shard->reserve_units + need)
			return 0;
		if (!evict_units(shard, need, now_ms))
			return 0;
	}
}

/* Adds a bucket if there are more entries than buckets, and memory for one. */
static void grow_table(struct rtcache__shard *shard)
{
	struct rtcache__table *table = &shard->table;
	if (shard->stats.entries <= rtcache__table_buckets(table))
		return;
	if (rtcache__table_buckets(table) == table->capacity) {
		if (!rtcache__arena_shrink(&shard->arena, RTCACHE__SEGMENT_UNITS))
			return;
		table->capacity += RTCACHE__SEGMENT_BUCKETS;
	}
	rtcache__table_grow(table);
}

static void write_entry(struct rtcache__entry *entry, const struct rtcache__new *item,
			uint64_t now_ms)
{
	entry->hash = item->hash;
	entry->stored_ms = now_ms - item->age_ms;
	entry->end_ms = rtcache__add_ms(now_ms - item->stale_ms, item->ttl_ms);
	entry->len = (uint32_t)item->len;
	entry->key_len = (uint16_t)item->key_len;
	atomic_store_explicit(&entry->uses, item->uses, memory_order_relaxed);
	atomic_store_explicit(&entry->flags, item->flags, memory_order_relaxed);
	if (item->key_len)
		memcpy(entry->key, item->key, item->key_len);
	if (item->len)
		memcpy(rtcache__entry_value(entry), item->data, item->len);
}

/* Inserts a new entry, which is in its queue. */
static void insert(struct rtcache__shard *shard, uint32_t ref)
{
	rtcache__table_insert(&shard->table, ref);
	shard->stats.entries++;
	grow_table(shard);
}

static void replace(struct rtcache__shard *shard, uint32_t old_ref, uint32_t ref)
{
	rtcache__s3fifo_replace(&shard->queues, old_ref, ref);
	rtcache__table_replace(&shard->table, old_ref, ref);
	rtcache__limbo_add(&shard->limbo, old_ref);
}

/* Returns the octets that the entry of an item takes, or SIZE_MAX if the shard cannot store it. */
static size_t size_of(const struct rtcache__shard *shard, const struct rtcache__new *item)
{
	size_t max = (size_t)(shard->units / ENTRY_PART) * RTCACHE__UNIT;
	if (item->len > max)
		return SIZE_MAX;
	size_t size = rtcache__entry_size(item->key_len, item->len);
	return size > max ? SIZE_MAX : size;
}

/*
 * Writes an entry into a block that has been made for it. *old, the one of the same key, may be gone: room may
 * have been made with it.
 */
static struct rtcache__entry *write_new(struct rtcache__shard *shard, uint32_t ref,
					const struct rtcache__new *item, uint64_t now_ms,
					struct rtcache__entry **old)
{
	struct rtcache__entry *entry = entry_at(shard, ref);
	write_entry(entry, item, now_ms);
	expect_death(shard, death_of(shard, entry));
	if (*old)
		*old = rtcache__shard_find(shard, item->hash, item->key, item->key_len);
	return entry;
}

int rtcache__shard_store(struct rtcache__shard *shard, const struct rtcache__new *item,
			 uint64_t now_ms, bool force, struct rtcache__reader *reader)
{
	size_t size = size_of(shard, item);
	if (size == SIZE_MAX)
		return RTCACHE_ETOOBIG;

	struct rtcache__entry *old =
		rtcache__shard_find(shard, item->hash, item->key, item->key_len);
	unsigned newcomer = UINT_MAX;
	if (!old) {
		unsigned count = count_newcomer(shard, item->hash);
		if (!force)
			newcomer = count;
	}
	int error = make_room(shard, rtcache__arena_units_for(size), newcomer, now_ms);
	if (error)
		return error;
	uint32_t ref = get_block(shard, size, now_ms, reader);
	if (!ref)
		return RTCACHE_ENOMEM;

	(void)write_new(shard, ref, item, now_ms, &old);
	if (old) {
		replace(shard, ref_of(shard, old), ref);
	} else {
		rtcache__s3fifo_add(&shard->queues, ref);
		insert(shard, ref);
	}
	return 0;
}

/*
 * Returns true if that many units are free, and the reserve, if need be after a short sweep: of
 * what does not fit, every item costs one.
 */
static bool has_room(struct rtcache__shard *shard, uint32_t need, uint64_t now_ms,
		     struct rtcache__reader *reader)
{
	need += shard->reserve_units;
	if (shard->arena.free_units >= need)
		return true;
	if (free_soon(shard) < need)
		(void)rtcache__shard_sweep(shard, LOAD_SWEEP_BUCKETS, now_ms, 0);
	if (free_soon(shard) >= need)
		rtcache__limbo_reclaim(&shard->limbo, reader);
	return shard->arena.free_units >= need;
}

/* Puts an entry in the place of one of the same key, with the uses of the one that has more. */
static void replace_by_loaded(struct rtcache__shard *shard, struct rtcache__entry *old,
			      struct rtcache__entry *entry, uint8_t uses)
{
	replace(shard, ref_of(shard, old), ref_of(shard, entry));
	if (atomic_load_explicit(&entry->uses, memory_order_relaxed) < uses)
		atomic_store_explicit(&entry->uses, uses, memory_order_relaxed);
}

int rtcache__shard_load(struct rtcache__shard *shard, const struct rtcache__new *item,
			uint64_t now_ms, struct rtcache__reader *reader)
{
	size_t size = size_of(shard, item);
	if (size == SIZE_MAX)
		return RTCACHE_ETOOBIG;
	uint64_t end_ms = rtcache__add_ms(now_ms - item->stale_ms, item->ttl_ms);
	struct rtcache__entry *old =
		rtcache__shard_find(shard, item->hash, item->key, item->key_len);
	if (old && old->end_ms >= end_ms)
		return RTCACHE_EREFUSED;
	if (!has_room(shard, rtcache__arena_units_for(size), now_ms, reader))
		return RTCACHE_ENOMEM;
	uint32_t ref = rtcache__arena_alloc(&shard->arena, size);
	if (!ref)
		return RTCACHE_ENOMEM;

	struct rtcache__entry *entry = write_new(shard, ref, item, now_ms, &old);
	if (old) {
		replace_by_loaded(shard, old, entry, item->uses);
	} else {
		(void)count_newcomer(shard, item->hash);
		rtcache__s3fifo_load(&shard->queues, ref);
		insert(shard, ref);
	}
	return 0;
}

bool rtcache__shard_remove(struct rtcache__shard *shard, uint64_t hash, const void *key,
			   size_t key_len)
{
	struct rtcache__entry *entry = rtcache__shard_find(shard, hash, key, key_len);
	if (!entry)
		return false;
	take_out(shard, ref_of(shard, entry));
	return true;
}

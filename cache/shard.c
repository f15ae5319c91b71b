/* SPDX-License-Identifier: BSD-2-Clause */
/* Storing, removing, evicting, sweeping and reclaiming in one shard. */

#include "shard.h"

#include <limits.h>
#include <string.h>

/* The small queue's part of the weight. */
#define SMALL_PERCENT 10

/* A newcomer used more often than this in the small queue moves on to the main one. */
#define SMALL_USES_ENOUGH 1

/* How many entries one search for a victim moves along before it takes the next it meets. */
#define VICTIM_STEPS 128

/* How many buckets a newcomer's search for room looks through for what is dead. */
#define ROOM_SWEEP_BUCKETS 128

/* After so many counts for each bucket, the sketch has forgotten half of everything. */
#define AGE_COUNTS 8

/* A part of the memory is the table's from the start, so that it can grow when all is full. */
#define TABLE_PART 32

/* The reserve for what arrives while the victims wait in limbo: a part, and no more than 64 KiB. */
#define RESERVE_PART 32
#define RESERVE_UNITS_MAX (UINT32_C(65536) / RTCACHE__UNIT)

/* The biggest entry is this part of a shard, so that room for it is found without emptying all. */
#define ENTRY_PART 4

void rtcache__shard_init(struct rtcache__shard *shard, struct rtcache__epochs *epochs, void *memory,
			 uint32_t units, uint64_t stale_ms)
{
	memset(shard, 0, sizeof(*shard));
	pthread_mutex_init(&shard->lock, NULL);
	shard->epochs = epochs;
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
}

void rtcache__shard_fini(struct rtcache__shard *shard)
{
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

static struct rtcache__queue *queue_of(struct rtcache__shard *shard,
				       const struct rtcache__entry *entry)
{
	return rtcache__entry_has(entry, RTCACHE__ENTRY_MAIN) ? &shard->main : &shard->small;
}

/* From when on nobody is given the entry any more. */
static uint64_t death_of(const struct rtcache__shard *shard, const struct rtcache__entry *entry)
{
	if (rtcache__entry_has(entry, RTCACHE__ENTRY_FAILURE))
		return entry->end_ms;
	return rtcache__add_ms(entry->end_ms, shard->stale_ms);
}

struct rtcache__entry *rtcache__shard_find(struct rtcache__shard *shard, uint64_t hash,
					   const void *key, size_t key_len)
{
	uint64_t shape;
	return rtcache__table_find(&shard->table, hash, key, key_len, &shape);
}

static void into_limbo(struct rtcache__shard *shard, uint32_t ref)
{
	entry_at(shard, ref)->newer = shard->open.first;
	shard->open.first = ref;
	shard->open.units += rtcache__arena_units(&shard->arena, ref);
}

static void take_out(struct rtcache__shard *shard, uint32_t ref)
{
	rtcache__table_remove(&shard->table, ref);
	rtcache__queue_remove(queue_of(shard, entry_at(shard, ref)), shard->arena.base, ref,
			      rtcache__arena_units(&shard->arena, ref));
	shard->stats.entries--;
	into_limbo(shard, ref);
}

static void free_pending(struct rtcache__shard *shard)
{
	uint32_t ref = shard->pending.first;
	while (ref) {
		uint32_t next = entry_at(shard, ref)->newer;
		rtcache__arena_free(&shard->arena, ref);
		ref = next;
	}
	shard->pending = (struct rtcache__limbo){0};
}

static bool pending_is_over(struct rtcache__shard *shard, struct rtcache__reader *reader)
{
	if (reader)
		rtcache__reader_quiet(shard->epochs, reader);
	return rtcache__epoch_has_passed(shard->epochs, shard->pending_epoch);
}

void rtcache__shard_reclaim(struct rtcache__shard *shard, struct rtcache__reader *reader)
{
	if (shard->pending.first && pending_is_over(shard, reader))
		free_pending(shard);
	if (shard->pending.first || !shard->open.first)
		return;
	shard->pending = shard->open;
	shard->open = (struct rtcache__limbo){0};
	shard->pending_epoch = rtcache__epoch_close(shard->epochs);
	if (pending_is_over(shard, reader))
		free_pending(shard);
}

static uint32_t limbo_units(const struct rtcache__shard *shard)
{
	return shard->open.units + shard->pending.units;
}

/* What is free, or will be when the readers have moved on. */
static uint32_t free_soon(const struct rtcache__shard *shard)
{
	return shard->arena.free_units + limbo_units(shard);
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
			/* Round: every entry has been seen, so nothing dies before the earliest. */
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

/*
 * The first to go, at the old end of its queue; 0 if there is nothing. Once the small queue is over
 * its part, it goes on giving until one of it goes or it is empty.
 */
static uint32_t find_victim(struct rtcache__shard *shard, uint64_t now_ms)
{
	unsigned char *base = shard->arena.base;
	uint32_t small_max = shard->arena.end / 100 * SMALL_PERCENT;
	bool small_is_over = shard->small.units >= small_max;
	for (unsigned step = 0;; step++) {
		bool from_small = shard->small.oldest && (small_is_over || !shard->main.oldest);
		struct rtcache__queue *queue = from_small ? &shard->small : &shard->main;
		uint32_t ref = queue->oldest;
		if (!ref || step == VICTIM_STEPS)
			return ref;
		struct rtcache__entry *entry = entry_at(shard, ref);
		uint8_t uses = atomic_load_explicit(&entry->uses, memory_order_relaxed);
		if (uses <= (from_small ? SMALL_USES_ENOUGH : 0) ||
		    death_of(shard, entry) <= now_ms)
			return ref;

		uint32_t units = rtcache__arena_units(&shard->arena, ref);
		rtcache__queue_remove(queue, base, ref, units);
		rtcache__queue_push(&shard->main, base, ref, units);
		if (from_small)
			rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN, true);
		else
			atomic_store_explicit(&entry->uses, uses - 1, memory_order_relaxed);
	}
}

static unsigned popularity(const struct rtcache__shard *shard, uint64_t hash)
{
	return rtcache__sketch_count(rtcache__table_sketch(&shard->table, hash), hash);
}

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

/* The one who stays has to prove itself again from the small queue's new end. */
static void spare(struct rtcache__shard *shard, uint32_t ref)
{
	struct rtcache__entry *entry = entry_at(shard, ref);
	uint32_t units = rtcache__arena_units(&shard->arena, ref);
	rtcache__queue_remove(queue_of(shard, entry), shard->arena.base, ref, units);
	rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN, false);
	atomic_store_explicit(&entry->uses, 0, memory_order_relaxed);
	rtcache__queue_push(&shard->small, shard->arena.base, ref, units);
}

/* Evicts until the newcomer fits beside the reserve. Its popularity is UINT_MAX where it is forced.
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
		struct rtcache__entry *victim = entry_at(shard, ref);
		if (newcomer < popularity(shard, victim->hash) &&
		    now_ms < death_of(shard, victim)) {
			spare(shard, ref);
			shard->stats.refused++;
			return RTCACHE_EREFUSED;
		}
		take_out(shard, ref);
		shard->stats.evicted++;
	}
	return 0;
}

/* Some who weigh as much together, whoever wants the room. Whether there were any. */
static bool evict(struct rtcache__shard *shard, uint32_t units, uint64_t now_ms)
{
	uint32_t gone = 0;
	while (gone < units) {
		uint32_t victim = find_victim(shard, now_ms);
		if (!victim)
			break;
		gone += rtcache__arena_units(&shard->arena, victim);
		take_out(shard, victim);
		shard->stats.evicted++;
	}
	return gone > 0;
}

/*
 * A block, by reclaiming, and then by evicting more where the free ones are too scattered. Who
 * finds most of what has gone still held by readers gives up, rather than empty the cache for
 * nothing.
 */
static uint32_t get_block(struct rtcache__shard *shard, size_t size, uint64_t now_ms,
			  struct rtcache__reader *reader)
{
	uint32_t need = rtcache__arena_units_for(size);
	if (shard->arena.free_units < need + shard->reserve_units / 2)
		rtcache__shard_reclaim(shard, reader);
	for (;;) {
		uint32_t ref = rtcache__arena_alloc(&shard->arena, size);
		if (ref)
			return ref;
		uint32_t before = shard->arena.free_units;
		rtcache__shard_reclaim(shard, reader);
		if (shard->arena.free_units > before)
			continue;
		if (limbo_units(shard) > shard->reserve_units + need)
			return 0;
		if (!evict(shard, need, now_ms))
			return 0;
	}
}

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
	entry->stored_ms = now_ms;
	entry->end_ms = rtcache__add_ms(now_ms, item->ttl_ms);
	entry->len = (uint32_t)item->len;
	entry->key_len = (uint16_t)item->key_len;
	atomic_store_explicit(&entry->uses, 0, memory_order_relaxed);
	atomic_store_explicit(&entry->flags, item->flags, memory_order_relaxed);
	if (item->key_len)
		memcpy(entry->key, item->key, item->key_len);
	if (item->len)
		memcpy(rtcache__entry_value(entry), item->data, item->len);
}

static void put_in_place_of(struct rtcache__shard *shard, uint32_t old_ref, uint32_t ref)
{
	struct rtcache__entry *old = entry_at(shard, old_ref);
	struct rtcache__entry *entry = entry_at(shard, ref);
	if (rtcache__entry_has(old, RTCACHE__ENTRY_MAIN))
		rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN, true);
	uint8_t uses = atomic_load_explicit(&old->uses, memory_order_relaxed);
	atomic_store_explicit(&entry->uses, uses, memory_order_relaxed);
	rtcache__queue_replace(queue_of(shard, old), shard->arena.base, old_ref,
			       rtcache__arena_units(&shard->arena, old_ref), ref,
			       rtcache__arena_units(&shard->arena, ref));
	rtcache__table_replace(&shard->table, old_ref, ref);
	into_limbo(shard, old_ref);
}

int rtcache__shard_store(struct rtcache__shard *shard, const struct rtcache__new *item,
			 uint64_t now_ms, bool force, struct rtcache__reader *reader)
{
	size_t size_max = (size_t)(shard->units / ENTRY_PART) * RTCACHE__UNIT;
	if (item->len > size_max)
		return RTCACHE_ETOOBIG;
	size_t size = rtcache__entry_size(item->key_len, item->len);
	if (size > size_max)
		return RTCACHE_ETOOBIG;

	uint32_t need = rtcache__arena_units_for(size);
	struct rtcache__entry *old =
		rtcache__shard_find(shard, item->hash, item->key, item->key_len);
	unsigned newcomer = UINT_MAX;
	if (!old) {
		unsigned count = count_newcomer(shard, item->hash);
		if (!force)
			newcomer = count;
	}
	int error = make_room(shard, need, newcomer, now_ms);
	if (error)
		return error;
	uint32_t ref = get_block(shard, size, now_ms, reader);
	if (!ref)
		return RTCACHE_ENOMEM;

	struct rtcache__entry *entry = entry_at(shard, ref);
	write_entry(entry, item, now_ms);
	expect_death(shard, death_of(shard, entry));
	/* It may have been evicted to make the room. */
	old = rtcache__shard_find(shard, item->hash, item->key, item->key_len);
	if (old) {
		put_in_place_of(shard, ref_of(shard, old), ref);
		return 0;
	}
	rtcache__queue_push(&shard->small, shard->arena.base, ref,
			    rtcache__arena_units(&shard->arena, ref));
	rtcache__table_insert(&shard->table, ref);
	shard->stats.entries++;
	grow_table(shard);
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

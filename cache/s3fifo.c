/* SPDX-License-Identifier: BSD-2-Clause */
/* The small and the main queue. */

#include "s3fifo.h"

#include "entry.h"

/* The part of the weight that the small queue has. */
#define SMALL_PERCENT 10

/* An entry that was used more often than this in the small queue moves to the main queue. */
#define SMALL_USES_ENOUGH 1

/* The number of entries that one search for a victim moves before it takes the next one. */
#define VICTIM_STEPS 128

void rtcache__s3fifo_init(struct rtcache__s3fifo *queues, const struct rtcache__arena *arena)
{
	*queues = (struct rtcache__s3fifo){.arena = arena};
}

static struct rtcache__entry *entry_at(const struct rtcache__s3fifo *queues, uint32_t ref)
{
	return rtcache__entry_at(queues->arena->base, ref);
}

static struct rtcache__queue *queue_of(struct rtcache__s3fifo *queues,
				       const struct rtcache__entry *entry)
{
	return rtcache__entry_has(entry, RTCACHE__ENTRY_MAIN) ? &queues->main : &queues->small;
}

void rtcache__s3fifo_add(struct rtcache__s3fifo *queues, uint32_t ref)
{
	rtcache__queue_push(&queues->small, queues->arena->base, ref,
			    rtcache__arena_units(queues->arena, ref));
}

void rtcache__s3fifo_load(struct rtcache__s3fifo *queues, uint32_t ref)
{
	struct rtcache__entry *entry = entry_at(queues, ref);
	if (atomic_load_explicit(&entry->uses, memory_order_relaxed) > SMALL_USES_ENOUGH)
		rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN, true);
	rtcache__queue_push(queue_of(queues, entry), queues->arena->base, ref,
			    rtcache__arena_units(queues->arena, ref));
}

void rtcache__s3fifo_remove(struct rtcache__s3fifo *queues, uint32_t ref)
{
	rtcache__queue_remove(queue_of(queues, entry_at(queues, ref)), queues->arena->base, ref,
			      rtcache__arena_units(queues->arena, ref));
}

void rtcache__s3fifo_replace(struct rtcache__s3fifo *queues, uint32_t old_ref, uint32_t ref)
{
	const struct rtcache__entry *old = entry_at(queues, old_ref);
	struct rtcache__entry *entry = entry_at(queues, ref);
	rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN,
			    rtcache__entry_has(old, RTCACHE__ENTRY_MAIN));
	uint8_t uses = atomic_load_explicit(&old->uses, memory_order_relaxed);
	atomic_store_explicit(&entry->uses, uses, memory_order_relaxed);
	rtcache__queue_replace(queue_of(queues, old), queues->arena->base, old_ref,
			       rtcache__arena_units(queues->arena, old_ref), ref,
			       rtcache__arena_units(queues->arena, ref));
}

void rtcache__s3fifo_demote(struct rtcache__s3fifo *queues, uint32_t ref)
{
	struct rtcache__entry *entry = entry_at(queues, ref);
	rtcache__s3fifo_remove(queues, ref);
	rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN, false);
	atomic_store_explicit(&entry->uses, 0, memory_order_relaxed);
	rtcache__s3fifo_add(queues, ref);
}

/* Moves an entry to the new end of the main queue: from the small one, or with one use less. */
static void advance(struct rtcache__s3fifo *queues, uint32_t ref, uint8_t uses)
{
	struct rtcache__entry *entry = entry_at(queues, ref);
	rtcache__s3fifo_remove(queues, ref);
	if (rtcache__entry_has(entry, RTCACHE__ENTRY_MAIN))
		atomic_store_explicit(&entry->uses, uses - 1, memory_order_relaxed);
	else
		rtcache__entry_mark(entry, RTCACHE__ENTRY_MAIN, true);
	rtcache__queue_push(&queues->main, queues->arena->base, ref,
			    rtcache__arena_units(queues->arena, ref));
}

/*
 * Whether the small queue exceeds its part is decided once: it is then searched until one of its
 * entries is the victim or it is empty.
 */
uint32_t rtcache__s3fifo_victim(struct rtcache__s3fifo *queues, uint64_t stale_ms, uint64_t now_ms)
{
	uint32_t small_max = queues->arena->end / 100 * SMALL_PERCENT;
	bool small_is_over = queues->small.units >= small_max;
	for (unsigned step = 0;; step++) {
		bool from_small = queues->small.oldest && (small_is_over || !queues->main.oldest);
		uint32_t ref = from_small ? queues->small.oldest : queues->main.oldest;
		if (!ref || step == VICTIM_STEPS)
			return ref;
		const struct rtcache__entry *entry = entry_at(queues, ref);
		uint8_t uses = atomic_load_explicit(&entry->uses, memory_order_relaxed);
		if (uses <= (from_small ? SMALL_USES_ENOUGH : 0) ||
		    rtcache__entry_death_ms(entry, stale_ms) <= now_ms)
			return ref;
		advance(queues, ref, uses);
	}
}

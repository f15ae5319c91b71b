/* SPDX-License-Identifier: BSD-2-Clause */
/* S3-FIFO: which entry is the victim, and which ones move instead. */

#include "s3fifo.h"

#include <string.h>

#include "entry.h"
#include "support/unit.h"

enum {
	UNITS = 100 * sizeof(struct rtcache__entry) / RTCACHE__UNIT + 2,
	NOW = 1000,
	STALE = 100,
	/* The entries that fill the small queue's part. */
	SMALL_ENTRIES = 11,
};

static uint64_t memory[UNITS];
static struct rtcache__arena arena;
static struct rtcache__s3fifo queues;

static void open_queues(void)
{
	memset(memory, 0, sizeof(memory));
	rtcache__arena_init(&arena, memory, UNITS);
	rtcache__s3fifo_init(&queues, &arena);
}

static struct rtcache__entry *entry_at(uint32_t ref)
{
	return rtcache__entry_at(arena.base, ref);
}

static uint32_t allocate(uint8_t uses, uint64_t end_ms)
{
	uint32_t ref = rtcache__arena_alloc(&arena, sizeof(struct rtcache__entry));
	ck_assert_uint_ne(ref, 0);
	struct rtcache__entry *entry = entry_at(ref);
	entry->end_ms = end_ms;
	atomic_init(&entry->uses, uses);
	atomic_init(&entry->flags, 0);
	return ref;
}

static uint32_t add(uint8_t uses)
{
	uint32_t ref = allocate(uses, RTCACHE_NO_TTL);
	rtcache__s3fifo_add(&queues, ref);
	return ref;
}

/* An entry in the main queue with that many uses. The small queue is empty. */
static uint32_t add_to_main(uint8_t uses)
{
	uint32_t ref = add(2);
	uint32_t victim = add(0);
	uint32_t filler[SMALL_ENTRIES];
	for (unsigned i = 0; i < SMALL_ENTRIES; i++)
		filler[i] = add(0);
	ck_assert_uint_eq(rtcache__s3fifo_victim(&queues, STALE, NOW), victim);
	rtcache__s3fifo_remove(&queues, victim);
	for (unsigned i = 0; i < SMALL_ENTRIES; i++)
		rtcache__s3fifo_remove(&queues, filler[i]);
	ck_assert(rtcache__entry_has(entry_at(ref), RTCACHE__ENTRY_MAIN));
	atomic_store(&entry_at(ref)->uses, uses);
	return ref;
}

static void fill_small(void)
{
	for (unsigned i = 0; i < SMALL_ENTRIES; i++)
		add(0);
}

static uint32_t victim(void)
{
	return rtcache__s3fifo_victim(&queues, STALE, NOW);
}

START_TEST(empty_queues_have_no_victim)
{
	ck_assert_uint_eq(victim(), 0);
}
END_TEST

START_TEST(victim_remains_in_its_queue)
{
	uint32_t ref = add(0);
	ck_assert_uint_eq(victim(), ref);
	ck_assert_uint_eq(victim(), ref);
	ck_assert_uint_eq(queues.small.oldest, ref);
}
END_TEST

/* _i: the uses. One use in the small queue is not enough. */
START_TEST(small_queue_promotes_what_was_used_more_than_once)
{
	uint32_t used = add((uint8_t)_i);
	uint32_t unused = add(0);
	fill_small();
	bool stays = _i > 1;
	ck_assert_uint_eq(victim(), stays ? unused : used);
	ck_assert_int_eq(rtcache__entry_has(entry_at(used), RTCACHE__ENTRY_MAIN), stays);
	ck_assert_uint_eq(queues.main.newest, stays ? used : 0);
	/* The uses are those of the main queue from then on. */
	ck_assert_uint_eq(atomic_load(&entry_at(used)->uses), (unsigned)_i);
}
END_TEST

START_TEST(main_queue_takes_a_use_and_goes_on)
{
	uint32_t used = add_to_main(1);
	uint32_t unused = add_to_main(0);
	ck_assert_uint_eq(victim(), unused);
	ck_assert_uint_eq(atomic_load(&entry_at(used)->uses), 0);
	ck_assert_uint_eq(queues.main.newest, used);
}
END_TEST

START_TEST(small_queue_within_its_part_gives_none)
{
	uint32_t in_main = add_to_main(0);
	uint32_t in_small = add(0);
	ck_assert_uint_eq(victim(), in_main);
	rtcache__s3fifo_remove(&queues, in_main);
	ck_assert_uint_eq(victim(), in_small);
}
END_TEST

START_TEST(small_queue_beyond_its_part_gives_first)
{
	add_to_main(0);
	uint32_t in_small = add(0);
	fill_small();
	ck_assert_uint_eq(victim(), in_small);
}
END_TEST

/* _i: milliseconds before the death of the entry. */
START_TEST(dead_entry_is_the_victim_whatever_its_uses)
{
	uint32_t ref = allocate(RTCACHE__USES_MAX, (uint64_t)(NOW - STALE + _i));
	rtcache__s3fifo_add(&queues, ref);
	uint32_t unused = add(0);
	fill_small();
	ck_assert_uint_eq(victim(), _i ? unused : ref);
}
END_TEST

/* The search ends although every entry has uses left. */
START_TEST(search_moves_a_limited_number_of_entries)
{
	uint32_t ref = add_to_main(200);
	ck_assert_uint_eq(victim(), ref);
	ck_assert_uint_eq(atomic_load(&entry_at(ref)->uses), 200 - 128);
}
END_TEST

START_TEST(demoted_entry_is_the_newest_of_the_small_queue)
{
	uint32_t ref = add_to_main(3);
	uint32_t other = add(0);
	rtcache__s3fifo_demote(&queues, ref);
	ck_assert(!rtcache__entry_has(entry_at(ref), RTCACHE__ENTRY_MAIN));
	ck_assert_uint_eq(atomic_load(&entry_at(ref)->uses), 0);
	ck_assert_uint_eq(queues.small.oldest, other);
	ck_assert_uint_eq(queues.small.newest, ref);
	ck_assert_uint_eq(queues.main.units, 0);
}
END_TEST

/* _i: whether the old entry is in the main queue. */
START_TEST(replacement_takes_queue_place_and_uses)
{
	uint32_t old = _i ? add_to_main(3) : add(1);
	uint32_t ref = allocate(0, RTCACHE_NO_TTL);
	const struct rtcache__queue *queue = _i ? &queues.main : &queues.small;
	uint32_t units = queue->units;
	rtcache__s3fifo_replace(&queues, old, ref);
	ck_assert_uint_eq(queue->oldest, ref);
	ck_assert_uint_eq(queue->newest, ref);
	ck_assert_uint_eq(queue->units, units);
	ck_assert_uint_eq(atomic_load(&entry_at(ref)->uses), _i ? 3 : 1);
	ck_assert_int_eq(rtcache__entry_has(entry_at(ref), RTCACHE__ENTRY_MAIN), _i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_s3fifo");
	TCase *tcase = tcase_create("s3fifo");
	tcase_add_checked_fixture(tcase, open_queues, NULL);
	tcase_add_test(tcase, empty_queues_have_no_victim);
	tcase_add_test(tcase, victim_remains_in_its_queue);
	tcase_add_loop_test(tcase, small_queue_promotes_what_was_used_more_than_once, 0,
			    RTCACHE__USES_MAX + 1);
	tcase_add_test(tcase, main_queue_takes_a_use_and_goes_on);
	tcase_add_test(tcase, small_queue_within_its_part_gives_none);
	tcase_add_test(tcase, small_queue_beyond_its_part_gives_first);
	tcase_add_loop_test(tcase, dead_entry_is_the_victim_whatever_its_uses, 0, 2);
	tcase_add_test(tcase, search_moves_a_limited_number_of_entries);
	tcase_add_test(tcase, demoted_entry_is_the_newest_of_the_small_queue);
	tcase_add_loop_test(tcase, replacement_takes_queue_place_and_uses, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

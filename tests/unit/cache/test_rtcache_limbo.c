/* SPDX-License-Identifier: BSD-2-Clause */
/* Limbo: when the memory of removed entries returns to the arena. */

#include "limbo.h"

#include "entry.h"
#include "support/unit.h"

enum { UNITS = 200 };

static uint64_t memory[UNITS];
static struct rtcache__arena arena;
static struct rtcache__epochs epochs;
static struct rtcache__limbo limbo;
static struct rtcache__reader reader;
static uint32_t all_units;

static void open_limbo(void)
{
	rtcache__arena_init(&arena, memory, UNITS);
	rtcache__epochs_init(&epochs);
	rtcache__reader_join(&epochs, &reader);
	rtcache__limbo_init(&limbo, &arena, &epochs);
	all_units = arena.free_units;
}

static void close_limbo(void)
{
	rtcache__epochs_fini(&epochs);
}

static uint32_t remove_one(void)
{
	uint32_t ref = rtcache__arena_alloc(&arena, sizeof(struct rtcache__entry));
	ck_assert_uint_ne(ref, 0);
	rtcache__limbo_add(&limbo, ref);
	return rtcache__arena_units(&arena, ref);
}

static void expect_units(uint32_t units)
{
	ck_assert_uint_eq(rtcache__limbo_units(&limbo), units);
	ck_assert_uint_eq(arena.free_units, all_units - units);
}

START_TEST(nothing_is_reclaimed_from_nothing)
{
	rtcache__limbo_reclaim(&limbo, NULL);
	expect_units(0);
}
END_TEST

START_TEST(without_readers_memory_is_free_at_once)
{
	uint32_t units = remove_one() + remove_one();
	expect_units(units);
	rtcache__limbo_reclaim(&limbo, NULL);
	expect_units(0);
}
END_TEST

START_TEST(online_reader_keeps_memory_until_it_is_quiet)
{
	rtcache__reader_online(&epochs, &reader);
	uint32_t units = remove_one();
	rtcache__limbo_reclaim(&limbo, NULL);
	rtcache__limbo_reclaim(&limbo, NULL);
	expect_units(units);
	rtcache__reader_quiet(&epochs, &reader);
	rtcache__limbo_reclaim(&limbo, NULL);
	expect_units(0);
}
END_TEST

START_TEST(idle_reader_of_the_caller_keeps_nothing)
{
	rtcache__reader_online(&epochs, &reader);
	remove_one();
	rtcache__limbo_reclaim(&limbo, &reader);
	expect_units(0);
}
END_TEST

/* What is removed after the reader was quiet waits for the next time. */
START_TEST(entries_removed_later_wait_longer)
{
	rtcache__reader_online(&epochs, &reader);
	remove_one();
	rtcache__limbo_reclaim(&limbo, NULL);
	rtcache__reader_quiet(&epochs, &reader);
	uint32_t later = remove_one();
	rtcache__limbo_reclaim(&limbo, NULL);
	expect_units(later);
	rtcache__reader_offline(&reader);
	rtcache__limbo_reclaim(&limbo, NULL);
	expect_units(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_limbo");
	TCase *tcase = tcase_create("limbo");
	tcase_add_checked_fixture(tcase, open_limbo, close_limbo);
	tcase_add_test(tcase, nothing_is_reclaimed_from_nothing);
	tcase_add_test(tcase, without_readers_memory_is_free_at_once);
	tcase_add_test(tcase, online_reader_keeps_memory_until_it_is_quiet);
	tcase_add_test(tcase, idle_reader_of_the_caller_keeps_nothing);
	tcase_add_test(tcase, entries_removed_later_wait_longer);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* When the cache is saved. */
#include "daemon/cache_file/save_plan.h"

#include <stdint.h>

#include "core/config.h"
#include "daemon/cache_file/wall.h"
#include "support/unit.h"

enum { INTERVAL = 100 * 1000, NOW = 5000 };

static struct tarn__save_plan plan;

/* With the mean of all random numbers an interval is as long as configured. */
static const uint32_t middle = INTERVAL / 10;

static void set_up(void)
{
	tarn__save_plan_init(&plan, INTERVAL, NOW, 50, middle);
}

static bool is_due(uint64_t now_ms, uint64_t lookups, uint64_t entries)
{
	const struct tarn__save_counts counts = {.lookups = lookups, .entries = entries};
	return tarn__save_plan_is_due(&plan, now_ms, &counts, middle);
}

static bool has_changes(uint64_t lookups)
{
	const struct tarn__save_counts counts = {.lookups = lookups, .entries = 1};
	return tarn__save_plan_has_changes(&plan, &counts);
}

START_TEST(it_is_saved_after_the_interval)
{
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + INTERVAL);
	ck_assert(!is_due(NOW + INTERVAL - 1, 1000, 10));
	ck_assert(is_due(NOW + INTERVAL, 1000, 10));
}
END_TEST

START_TEST(intervals_differ_by_a_tenth)
{
	uint64_t least = UINT64_MAX, most = 0;
	for (uint32_t random = 0; random < 2 * middle + 1; random++) {
		tarn__save_plan_init(&plan, INTERVAL, NOW, 0, random);
		uint64_t after_ms = tarn__save_plan_next_ms(&plan) - NOW;
		least = after_ms < least ? after_ms : least;
		most = after_ms > most ? after_ms : most;
	}
	ck_assert_uint_eq(least, INTERVAL - INTERVAL / 10);
	ck_assert_uint_eq(most, INTERVAL + INTERVAL / 10);
}
END_TEST

START_TEST(nothing_is_saved_while_nothing_changes)
{
	ck_assert(!is_due(NOW + INTERVAL, 50, 0));
	ck_assert(!is_due(NOW + INTERVAL, 50, 1000000));
	/* Another look is an interval later. */
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 2 * INTERVAL);
	ck_assert(!has_changes(50));
}
END_TEST

START_TEST(one_answer_in_a_hundred_is_enough)
{
	ck_assert(!is_due(NOW + INTERVAL, 50 + 9, 1000));
	ck_assert(is_due(NOW + 2 * INTERVAL, 50 + 10, 1000));
	ck_assert(has_changes(51));
}
END_TEST

START_TEST(without_an_interval_it_is_saved_at_the_end_only)
{
	tarn__save_plan_init(&plan, 0, NOW, 0, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), UINT64_MAX);
	ck_assert(!is_due(UINT64_MAX - 1, 1000, 10));
	ck_assert(has_changes(1000));
}
END_TEST

START_TEST(flush_is_followed_by_a_save)
{
	tarn__save_plan_flushed(&plan, NOW + 10);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 10 + TARN__SAVE_FLUSHED_MS);
	ck_assert_uint_le(TARN__SAVE_FLUSHED_MS, 10000);
	/* Later ones do not put it off. */
	tarn__save_plan_flushed(&plan, NOW + 1000);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 10 + TARN__SAVE_FLUSHED_MS);
	ck_assert(is_due(NOW + 10 + TARN__SAVE_FLUSHED_MS, 50, 1000));
	ck_assert(has_changes(50));
}
END_TEST

START_TEST(saved_plan_begins_again)
{
	tarn__save_plan_flushed(&plan, NOW);
	tarn__save_plan_begun(&plan);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), UINT64_MAX);
	tarn__save_plan_ended(&plan, true, 70, NOW + 20, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 20 + INTERVAL);
	ck_assert(!has_changes(70));
	ck_assert(has_changes(71));
}
END_TEST

START_TEST(flush_during_a_save_is_followed_by_another)
{
	tarn__save_plan_begun(&plan);
	tarn__save_plan_flushed(&plan, NOW + 10);
	tarn__save_plan_ended(&plan, true, 70, NOW + 20, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 10 + TARN__SAVE_FLUSHED_MS);
	ck_assert(has_changes(70));
}
END_TEST

START_TEST(save_that_failed_is_tried_again)
{
	tarn__save_plan_begun(&plan);
	tarn__save_plan_ended(&plan, false, 70, NOW + 20, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 20 + INTERVAL);
	ck_assert(has_changes(70));
	/* After a flush sooner: what was flushed is still in the file. */
	tarn__save_plan_flushed(&plan, NOW + 30);
	tarn__save_plan_begun(&plan);
	tarn__save_plan_ended(&plan, false, 70, NOW + 40, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 40 + TARN__SAVE_RETRY_MS);
	ck_assert(has_changes(50));
}
END_TEST

START_TEST(another_interval_holds_from_now_on)
{
	tarn__save_plan_set_interval(&plan, INTERVAL, NOW + 50, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + INTERVAL);
	tarn__save_plan_set_interval(&plan, 2 * INTERVAL, NOW + 50, 2 * middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), NOW + 50 + 2 * INTERVAL);
	tarn__save_plan_set_interval(&plan, 0, NOW + 50, middle);
	ck_assert_uint_eq(tarn__save_plan_next_ms(&plan), UINT64_MAX);
}
END_TEST

START_TEST(clock_before_the_release_is_not_right)
{
	ck_assert(!tarn__wall_is_plausible(0));
	ck_assert(!tarn__wall_is_plausible((uint64_t)TARN__RELEASE_SEC * 1000 - 1));
	ck_assert(tarn__wall_is_plausible((uint64_t)TARN__RELEASE_SEC * 1000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache_file_plan");
	TCase *tcase = tcase_create("plan");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, it_is_saved_after_the_interval);
	tcase_add_test(tcase, intervals_differ_by_a_tenth);
	tcase_add_test(tcase, nothing_is_saved_while_nothing_changes);
	tcase_add_test(tcase, one_answer_in_a_hundred_is_enough);
	tcase_add_test(tcase, without_an_interval_it_is_saved_at_the_end_only);
	tcase_add_test(tcase, flush_is_followed_by_a_save);
	tcase_add_test(tcase, saved_plan_begins_again);
	tcase_add_test(tcase, flush_during_a_save_is_followed_by_another);
	tcase_add_test(tcase, save_that_failed_is_tried_again);
	tcase_add_test(tcase, another_interval_holds_from_now_on);
	tcase_add_test(tcase, clock_before_the_release_is_not_right);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

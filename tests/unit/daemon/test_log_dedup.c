/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/log/log_dedup.c: which lines are logged and which are counted, on a virtual clock. */

#include "daemon/log/log_dedup.h"

#include <stdio.h>

#include "support/unit.h"

static struct tarn__log_dedup dedup;

static void setup(void)
{
	dedup = (struct tarn__log_dedup){0};
}

static void teardown(void)
{
	tarn__log_dedup_fini(&dedup);
}

static bool say(uint64_t now_ms, const char *line)
{
	return tarn__log_dedup_admit(&dedup, now_ms, TARN_LOG_INFO, line);
}

/* "N LINE", or "nothing". */
static const char *taken(uint64_t now_ms)
{
	static char text[64];
	unsigned long count = 0;
	const struct tarn__log_dedup_line *item = tarn__log_dedup_take(&dedup, now_ms, &count);
	snprintf(text, sizeof(text), item ? "%lu %s" : "nothing", count, item ? item->line : "");
	return text;
}

START_TEST(a_line_is_said_at_once)
{
	ck_assert(say(7, "a"));
	ck_assert(say(7, "b"));
	ck_assert_uint_eq(tarn__log_dedup_next_ms(&dedup), UINT64_MAX);
	ck_assert_str_eq(taken(UINT64_MAX), "nothing");
}
END_TEST

START_TEST(the_same_line_is_held_back_and_counted)
{
	ck_assert(say(7, "a"));
	ck_assert(!say(8, "a"));
	ck_assert(!say(9, "a"));
	ck_assert_uint_eq(tarn__log_dedup_next_ms(&dedup), 7 + TARN__LOG_DEDUP_MS);
	ck_assert_str_eq(taken(7 + TARN__LOG_DEDUP_MS - 1), "nothing");
	ck_assert_str_eq(taken(7 + TARN__LOG_DEDUP_MS), "2 a");
	ck_assert_str_eq(taken(7 + TARN__LOG_DEDUP_MS), "nothing");
}
END_TEST

START_TEST(the_same_line_of_another_level_is_another)
{
	ck_assert(say(0, "a"));
	ck_assert(tarn__log_dedup_admit(&dedup, 0, TARN_LOG_WARNING, "a"));
}
END_TEST

START_TEST(after_some_seconds_it_is_new_again)
{
	ck_assert(say(0, "a"));
	ck_assert(say(TARN__LOG_DEDUP_MS, "a"));
	ck_assert(!say(TARN__LOG_DEDUP_MS, "a"));
}
END_TEST

START_TEST(what_goes_on_is_said_once_each_time)
{
	ck_assert(say(0, "a"));
	for (uint64_t now_ms = TARN__LOG_DEDUP_MS; now_ms <= 10 * TARN__LOG_DEDUP_MS;
	     now_ms += TARN__LOG_DEDUP_MS) {
		ck_assert(!say(now_ms - 1, "a"));
		ck_assert(!say(now_ms - 1, "a"));
		ck_assert_str_eq(taken(now_ms), "2 a");
	}
}
END_TEST

START_TEST(a_count_that_is_owed_is_not_said_as_a_line)
{
	ck_assert(say(0, "a"));
	ck_assert(!say(1, "a"));
	ck_assert(!say(2 * TARN__LOG_DEDUP_MS, "a")); /* its count was not taken in time */
	ck_assert_str_eq(taken(2 * TARN__LOG_DEDUP_MS), "2 a");
}
END_TEST

START_TEST(more_lines_than_are_remembered_are_all_said)
{
	char line[16];
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++) {
		snprintf(line, sizeof(line), "%d", i);
		ck_assert(say(0, line));
		ck_assert(!say(0, line));
	}
	for (int i = 0; i < 2; i++)
		ck_assert(say(1, "one too many"));
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++)
		ck_assert_str_ne(taken(TARN__LOG_DEDUP_MS), "nothing");
	ck_assert_str_eq(taken(TARN__LOG_DEDUP_MS), "nothing");
	ck_assert(say(TARN__LOG_DEDUP_MS, "now there is room"));
	ck_assert(!say(TARN__LOG_DEDUP_MS, "now there is room"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repeats");
	TCase *tcase = tcase_create("line");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_line_is_said_at_once);
	tcase_add_test(tcase, the_same_line_is_held_back_and_counted);
	tcase_add_test(tcase, the_same_line_of_another_level_is_another);
	tcase_add_test(tcase, after_some_seconds_it_is_new_again);
	tcase_add_test(tcase, what_goes_on_is_said_once_each_time);
	tcase_add_test(tcase, a_count_that_is_owed_is_not_said_as_a_line);
	tcase_add_test(tcase, more_lines_than_are_remembered_are_all_said);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/breaker.c: when a store is left alone, and for how long. */
#include "core/second/breaker.h"

#include "support/unit.h"

static struct tarn__breaker breaker;

static void set_up(void)
{
	tarn__breaker_init(&breaker);
}

/* Returns true if it has opened. */
static bool turns_bad(uint64_t now_ms)
{
	return tarn__breaker_failed(&breaker, now_ms, 0);
}

static void open_at(uint64_t now_ms)
{
	bool has_opened = false;
	for (int i = 0; i < TARN__BREAKER_BAD; i++)
		has_opened = turns_bad(now_ms);
	ck_assert(has_opened && breaker.is_open);
}

START_TEST(three_of_eight_open_it)
{
	ck_assert(!turns_bad(1000));
	for (int i = 0; i < 5; i++)
		ck_assert(!tarn__breaker_answered(&breaker, false));
	ck_assert(!turns_bad(1000));
	ck_assert(turns_bad(1000));
	ck_assert(breaker.is_open);
	ck_assert_uint_eq(breaker.until_ms, 1000 + TARN__BREAKER_PAUSE_MS);
	/* Nothing changes while it is open. */
	ck_assert(!turns_bad(2000));
	ck_assert_uint_eq(breaker.until_ms, 1000 + TARN__BREAKER_PAUSE_MS);
}
END_TEST

START_TEST(the_first_of_nine_does_not_count)
{
	ck_assert(!turns_bad(1000));
	for (int i = 0; i < 6; i++)
		tarn__breaker_answered(&breaker, false);
	ck_assert(!turns_bad(1000));
	ck_assert(!turns_bad(1000));
	ck_assert(!breaker.is_open);
	ck_assert(turns_bad(1000));
}
END_TEST

START_TEST(pauses_double_to_the_longest)
{
	static const uint64_t pauses[] = {200, 400, 800, 800, 800};
	open_at(1000);
	for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
		tarn__breaker_pause(&breaker, 5000, 0);
		ck_assert_uint_eq(breaker.until_ms, 5000 + pauses[i]);
	}
}
END_TEST

START_TEST(jitter_shortens_a_pause_by_a_quarter_at_most)
{
	bool is_shorter = false;
	for (uint32_t random = 0; random < 1000; random++) {
		tarn__breaker_init(&breaker);
		tarn__breaker_pause(&breaker, 0, random * 2654435761U);
		ck_assert_uint_le(breaker.until_ms, TARN__BREAKER_PAUSE_MS);
		ck_assert_uint_ge(breaker.until_ms, TARN__BREAKER_PAUSE_MS * 3 / 4);
		is_shorter |= breaker.until_ms < TARN__BREAKER_PAUSE_MS;
	}
	ck_assert(is_shorter);
}
END_TEST

START_TEST(an_answer_in_time_closes_it_and_shortens_the_next_pause)
{
	open_at(1000);
	tarn__breaker_pause(&breaker, 1100, 0);
	ck_assert(tarn__breaker_answered(&breaker, false));
	ck_assert(!breaker.is_open);
	ck_assert(!tarn__breaker_answered(&breaker, false));
	open_at(2000);
	ck_assert_uint_eq(breaker.until_ms, 2000 + TARN__BREAKER_PAUSE_MS);
}
END_TEST

START_TEST(a_late_answer_closes_it_and_the_next_pause_is_longer)
{
	open_at(1000);
	ck_assert(tarn__breaker_answered(&breaker, true));
	ck_assert(!breaker.is_open);
	open_at(2000);
	ck_assert_uint_eq(breaker.until_ms, 2000 + 2 * TARN__BREAKER_PAUSE_MS);
}
END_TEST

START_TEST(a_late_answer_to_what_was_counted_as_bad_does_not_count_as_good)
{
	ck_assert(!turns_bad(1000));
	ck_assert(!turns_bad(1000));
	for (int i = 0; i < TARN__BREAKER_SEEN; i++)
		ck_assert(!tarn__breaker_answered(&breaker, true));
	ck_assert(turns_bad(1000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("breaker");
	TCase *tcase = tcase_create("breaker");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, three_of_eight_open_it);
	tcase_add_test(tcase, the_first_of_nine_does_not_count);
	tcase_add_test(tcase, pauses_double_to_the_longest);
	tcase_add_test(tcase, jitter_shortens_a_pause_by_a_quarter_at_most);
	tcase_add_test(tcase, an_answer_in_time_closes_it_and_shortens_the_next_pause);
	tcase_add_test(tcase, a_late_answer_closes_it_and_the_next_pause_is_longer);
	tcase_add_test(tcase, a_late_answer_to_what_was_counted_as_bad_does_not_count_as_good);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

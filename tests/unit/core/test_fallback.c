/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_fallback.c: with what a server is asked that may drop questions. */
#include "core/forward/fallback.h"

#include "support/unit.h"

static struct tarn__fallback fallback;
static uint64_t now;

static void set_up(void)
{
	fallback = (struct tarn__fallback){0};
	now = 1000;
}

/* Not answered for wait_ms; then a plainer one is, after rtt_ms. */
static void drop(enum tarn__fullness form, uint64_t wait_ms, uint64_t rtt_ms)
{
	uint64_t before = now;
	now += wait_ms + rtt_ms;
	tarn__fallback_heard(&fallback, form, TARN__FULLNESS_FULL, before, before + wait_ms, now);
}

static void hear(enum tarn__fullness form)
{
	now += 10;
	tarn__fallback_heard(&fallback, form, form, 0, now - 10, now);
}

START_TEST(each_silence_makes_the_next_message_plainer)
{
	static const enum tarn__fullness forms[] = {TARN__FULLNESS_FULL, TARN__FULLNESS_COOKIELESS,
						    TARN__FULLNESS_PLAIN, TARN__FULLNESS_PLAIN};
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, i, false),
				 forms[i]);
		ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, i, true),
				 forms[i]);
	}
}
END_TEST

START_TEST(form_that_was_answered_is_kept_while_the_server_lives)
{
	hear(TARN__FULLNESS_FULL);
	tarn__fallback_silent(&fallback, TARN__FULLNESS_FULL);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 2, false),
			 TARN__FULLNESS_FULL);
	tarn__fallback_died(&fallback);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 2, false),
			 TARN__FULLNESS_PLAIN);
	/* An answer to a plainer form does not show that the fuller one is accepted. */
	hear(TARN__FULLNESS_COOKIELESS);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 1, false),
			 TARN__FULLNESS_COOKIELESS);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_COOKIELESS, 1, false),
			 TARN__FULLNESS_COOKIELESS);
}
END_TEST

START_TEST(silence_is_carried_over_to_the_next_question)
{
	tarn__fallback_silent(&fallback, TARN__FULLNESS_FULL);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, true),
			 TARN__FULLNESS_COOKIELESS);
	tarn__fallback_silent(&fallback, TARN__FULLNESS_COOKIELESS);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, false),
			 TARN__FULLNESS_PLAIN);
	/* Signatures are not given up for another question's silence. */
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, true),
			 TARN__FULLNESS_COOKIELESS);
	tarn__fallback_silent(&fallback, TARN__FULLNESS_FULL);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, false),
			 TARN__FULLNESS_PLAIN);
	hear(TARN__FULLNESS_FULL);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, false),
			 TARN__FULLNESS_FULL);
	tarn__fallback_died(&fallback);
	tarn__fallback_silent(&fallback, TARN__FULLNESS_FULL);
	tarn__fallback_died(&fallback);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, false),
			 TARN__FULLNESS_FULL);
}
END_TEST

/* Three messages are lost while the server is down: that is no reason to lose signatures, too. */
START_TEST(signatures_are_asked_for_of_whoever_has_given_any)
{
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 2, true),
			 TARN__FULLNESS_PLAIN);
	ck_assert(!tarn__fallback_takes_edns(&fallback));
	hear(TARN__FULLNESS_COOKIELESS);
	tarn__fallback_died(&fallback);
	ck_assert(tarn__fallback_takes_edns(&fallback));
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 2, true),
			 TARN__FULLNESS_COOKIELESS);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 2, false),
			 TARN__FULLNESS_PLAIN);
	/* Where EDNS is known not to get through there are none. */
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_PLAIN, 0, true),
			 TARN__FULLNESS_PLAIN);
}
END_TEST

START_TEST(who_has_answered_plain_questions_alone_is_asked_plainly_the_second_time)
{
	drop(TARN__FULLNESS_PLAIN, 50, 10);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 0, true),
			 TARN__FULLNESS_FULL);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 1, true),
			 TARN__FULLNESS_PLAIN);
	hear(TARN__FULLNESS_COOKIELESS);
	ck_assert_int_eq(tarn__fallback_choose(&fallback, TARN__FULLNESS_FULL, 1, true),
			 TARN__FULLNESS_COOKIELESS);
}
END_TEST

START_TEST(three_in_a_row_are_learnt_for_a_while_that_doubles)
{
	for (int i = 1; i < TARN__DROP_STREAK; i++) {
		drop(TARN__FULLNESS_COOKIELESS, 50, 10);
		ck_assert_int_eq(tarn__fallback_begin(&fallback, now), TARN__FULLNESS_FULL);
	}
	uint64_t span = TARN__DROP_MIN_MS;
	for (int i = 0; i < 10; i++) {
		drop(TARN__FULLNESS_COOKIELESS, 50, 10);
		ck_assert_int_eq(tarn__fallback_begin(&fallback, now + span - 1),
				 TARN__FULLNESS_COOKIELESS);
		now += span;
		ck_assert_int_eq(tarn__fallback_begin(&fallback, now), TARN__FULLNESS_FULL);
		span = span * 2 < TARN__DROP_MAX_MS ? span * 2 : TARN__DROP_MAX_MS;
	}
	ck_assert_uint_eq(span, TARN__DROP_MAX_MS);
	hear(TARN__FULLNESS_FULL);
	drop(TARN__FULLNESS_COOKIELESS, 50, 10);
	ck_assert_int_eq(tarn__fallback_begin(&fallback, now), TARN__FULLNESS_FULL);
}
END_TEST

START_TEST(answer_to_a_fuller_one_in_between_begins_anew)
{
	for (int i = 0; i < 100; i++) {
		drop(TARN__FULLNESS_COOKIELESS, 50, 10);
		drop(TARN__FULLNESS_COOKIELESS, 50, 10);
		hear(TARN__FULLNESS_FULL);
		ck_assert_int_eq(tarn__fallback_begin(&fallback, now), TARN__FULLNESS_FULL);
		drop(TARN__FULLNESS_PLAIN, 50, 10);
		drop(TARN__FULLNESS_PLAIN, 50, 10);
		hear(TARN__FULLNESS_COOKIELESS);
		ck_assert_int_eq(tarn__fallback_begin(&fallback, now), TARN__FULLNESS_FULL);
	}
}
END_TEST

/* However many questions were under way: the line was down for a moment. */
START_TEST(burst_of_losses_counts_once)
{
	for (uint64_t i = 0; i < 100; i++)
		tarn__fallback_heard(&fallback, TARN__FULLNESS_COOKIELESS, TARN__FULLNESS_FULL,
				     1000 + i, 1200 + i, 1210 + i);
	ck_assert_int_eq(tarn__fallback_begin(&fallback, 1400), TARN__FULLNESS_FULL);
	ck_assert_uint_eq(fallback.cookies.streak, 1);
}
END_TEST

/* All answered at once, the latest question first: nothing was dropped. */
START_TEST(slow_name_counts_not)
{
	for (int i = 0; i < 100; i++)
		drop(TARN__FULLNESS_COOKIELESS, 50, 51);
	ck_assert_uint_eq(fallback.cookies.streak, 0);
	drop(TARN__FULLNESS_COOKIELESS, 50, 50);
	ck_assert_uint_eq(fallback.cookies.streak, 1);
}
END_TEST

START_TEST(edns_is_given_up_for_what_drops_it)
{
	for (int i = 0; i < TARN__DROP_STREAK; i++)
		drop(TARN__FULLNESS_PLAIN, 50, 10);
	ck_assert_int_eq(tarn__fallback_begin(&fallback, now), TARN__FULLNESS_PLAIN);
	ck_assert_int_eq(tarn__fallback_begin(&fallback, now + TARN__DROP_MIN_MS),
			 TARN__FULLNESS_FULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fallback");
	TCase *tcase = tcase_create("fallback");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, each_silence_makes_the_next_message_plainer);
	tcase_add_test(tcase, form_that_was_answered_is_kept_while_the_server_lives);
	tcase_add_test(tcase, silence_is_carried_over_to_the_next_question);
	tcase_add_test(tcase, signatures_are_asked_for_of_whoever_has_given_any);
	tcase_add_test(tcase,
		       who_has_answered_plain_questions_alone_is_asked_plainly_the_second_time);
	tcase_add_test(tcase, three_in_a_row_are_learnt_for_a_while_that_doubles);
	tcase_add_test(tcase, answer_to_a_fuller_one_in_between_begins_anew);
	tcase_add_test(tcase, burst_of_losses_counts_once);
	tcase_add_test(tcase, slow_name_counts_not);
	tcase_add_test(tcase, edns_is_given_up_for_what_drops_it);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_limits.c: a message causes so much work, and no more. */
#include "dnssec/limits.h"

#include "support/unit.h"

START_TEST(a_message_has_so_many_tries)
{
	struct tarn__budget budget = tarn__budget_new();
	for (unsigned i = 0; i < TARN__TRIES_PER_MESSAGE; i++)
		ck_assert(tarn__budget_charge_try(&budget, 1));
	ck_assert_ptr_null(budget.exceeded);
	ck_assert(!tarn__budget_charge_try(&budget, 1));
	ck_assert_str_eq(budget.exceeded, "signatures in one message");
}
END_TEST

START_TEST(a_message_has_so_many_failures)
{
	struct tarn__budget budget = tarn__budget_new();
	for (unsigned i = 0; i < TARN__FAILED_TRIES_PER_MESSAGE; i++) {
		ck_assert(tarn__budget_charge_try(&budget, 1));
		tarn__budget_charge_failure(&budget);
	}
	ck_assert_ptr_null(budget.exceeded);
	ck_assert(!tarn__budget_charge_try(&budget, 1));
	ck_assert_str_eq(budget.exceeded, "invalid signatures in one message");
	tarn__budget_charge_failure(&budget);
	ck_assert_uint_eq(budget.failed_tries, 0);
}
END_TEST

START_TEST(a_message_has_so_much_work)
{
	struct tarn__budget budget = tarn__budget_new();
	ck_assert(!tarn__budget_charge_try(&budget, TARN__WORK_PER_MESSAGE + 1));
	ck_assert(tarn__budget_charge_try(&budget, TARN__WORK_PER_MESSAGE));
	ck_assert(!tarn__budget_charge_try(&budget, 1));
	ck_assert_str_eq(budget.exceeded, "work for the signatures of one message");
	ck_assert_uint_eq(budget.tries, TARN__TRIES_PER_MESSAGE - 1);
}
END_TEST

START_TEST(a_message_has_so_many_hashes)
{
	struct tarn__budget budget = tarn__budget_new();
	ck_assert(!tarn__budget_charge_blocks(&budget, TARN__NSEC3_BLOCKS_MAX + 1));
	ck_assert(tarn__budget_charge_blocks(&budget, TARN__NSEC3_BLOCKS_MAX));
	ck_assert(!tarn__budget_charge_blocks(&budget, 1));
	ck_assert_str_eq(budget.exceeded, "hashes for the NSEC3 records of one message");
}
END_TEST

START_TEST(a_turn_ends_with_its_work)
{
	unsigned turn = 25;
	struct tarn__budget budget = tarn__budget_new();
	ck_assert(!tarn__budget_is_turn_over(&budget));
	budget.turn = &turn;
	ck_assert(tarn__budget_charge_try(&budget, 20));
	ck_assert_uint_eq(turn, 5);
	ck_assert(!tarn__budget_is_turn_over(&budget));
	/* What takes more than is left is done in this turn all the same. */
	ck_assert(tarn__budget_charge_try(&budget, 100));
	ck_assert_uint_eq(turn, 0);
	ck_assert(tarn__budget_is_turn_over(&budget));
}
END_TEST

START_TEST(what_is_refused_is_not_charged_to_the_turn)
{
	unsigned turn = 25;
	struct tarn__budget budget = tarn__budget_new();
	budget.turn = &turn;
	ck_assert(!tarn__budget_charge_try(&budget, TARN__WORK_PER_MESSAGE + 1));
	ck_assert_uint_eq(turn, 25);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");
	TCase *tcase = tcase_create("limits");
	tcase_add_test(tcase, a_message_has_so_many_tries);
	tcase_add_test(tcase, a_message_has_so_many_failures);
	tcase_add_test(tcase, a_message_has_so_much_work);
	tcase_add_test(tcase, a_message_has_so_many_hashes);
	tcase_add_test(tcase, a_turn_ends_with_its_work);
	tcase_add_test(tcase, what_is_refused_is_not_charged_to_the_turn);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

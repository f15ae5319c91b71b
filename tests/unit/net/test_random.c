/* SPDX-License-Identifier: BSD-2-Clause */
/* net/random.c: pools of the kernel's randomness. */

#include "net/random.h"

#include <stdbool.h>
#include <string.h>

#include "support/unit.h"

START_TEST(octets_are_filled_to_the_last_and_not_beyond)
{
	struct tarn__random random = {0};
	for (size_t len = 0; len < 1100; len += 13) {
		/* An octet that is 0 in ten tries was not filled: once in 2^80 it was. */
		uint8_t seen[1101] = {0};
		for (int tries = 0; tries < 10; tries++) {
			uint8_t octets[1101] = {0};
			tarn__random_fill(&random, octets, len);
			for (size_t i = 0; i < sizeof(seen); i++)
				seen[i] |= octets[i];
		}
		for (size_t i = 0; i < len; i++)
			ck_assert_uint_ne(seen[i], 0);
		for (size_t i = len; i < sizeof(seen); i++)
			ck_assert_uint_eq(seen[i], 0);
	}
}
END_TEST

START_TEST(what_was_given_away_is_not_kept)
{
	struct tarn__random random = {0};
	uint8_t given[16];
	tarn__random_fill(&random, given, sizeof(given));
	for (size_t at = 0; at + sizeof(given) <= sizeof(random.pool); at++)
		ck_assert_int_ne(memcmp(random.pool + at, given, sizeof(given)), 0);
}
END_TEST

START_TEST(pool_never_gives_the_same_twice)
{
	struct tarn__random random = {0};
	uint64_t numbers[500];
	for (int i = 0; i < 500; i++) {
		tarn__random_fill(&random, &numbers[i], sizeof(numbers[i]));
		for (int j = 0; j < i; j++)
			ck_assert_uint_ne(numbers[i], numbers[j]);
	}
}
END_TEST

START_TEST(numbers_cover_their_range_and_stay_in_it)
{
	struct tarn__random random = {0};
	static const uint32_t bounds[] = {1, 2, 3, 7, 64, 100};
	uint32_t bound = bounds[_i];
	bool seen[100] = {false};
	/* One of 100 is missed in 10,000 draws with a chance of 10^-41. */
	for (int i = 0; i < 10000; i++) {
		uint32_t number = tarn__random_below(&random, bound);
		ck_assert_uint_lt(number, bound);
		seen[number] = true;
	}
	for (uint32_t i = 0; i < bound; i++)
		ck_assert(seen[i]);
}
END_TEST

START_TEST(largest_bound_works)
{
	struct tarn__random random = {0};
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_lt(tarn__random_below(&random, UINT32_MAX), UINT32_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random");
	TCase *tcase = tcase_create("random");
	tcase_add_test(tcase, octets_are_filled_to_the_last_and_not_beyond);
	tcase_add_test(tcase, what_was_given_away_is_not_kept);
	tcase_add_test(tcase, pool_never_gives_the_same_twice);
	tcase_add_loop_test(tcase, numbers_cover_their_range_and_stay_in_it, 0, 6);
	tcase_add_test(tcase, largest_bound_works);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The sketch: it counts to its cap, never too low, seldom too high, and forgets. */

#include "sketch.h"

#include <string.h>

#include "support/churn.h"
#include "support/unit.h"

enum {
	CAP = 15,
};

static struct rtcache__sketch sketch;

static void open_sketch(void)
{
	memset(&sketch, 0, sizeof(sketch));
}

static uint64_t random_hash(uint64_t *random)
{
	uint64_t high = pick(random, UINT32_MAX >> 1);
	return high << 33 ^ pick(random, UINT32_MAX >> 1);
}

static void add_times(uint64_t hash, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		rtcache__sketch_add(&sketch, hash);
}

START_TEST(key_alone_is_counted_up_to_the_cap)
{
	ck_assert_uint_eq(rtcache__sketch_count(&sketch, 7), 0);
	for (unsigned i = 1; i <= CAP; i++) {
		ck_assert_uint_eq(rtcache__sketch_add(&sketch, 7), i);
		ck_assert_uint_eq(rtcache__sketch_count(&sketch, 7), i);
	}
	struct rtcache__sketch full = sketch;
	ck_assert_uint_eq(rtcache__sketch_add(&sketch, 7), CAP);
	ck_assert_mem_eq(&sketch, &full, sizeof(full));
}
END_TEST

START_TEST(no_key_is_counted_too_low)
{
	enum {
		KEYS = 1000,
	};
	static uint64_t hashes[KEYS];
	static unsigned counts[KEYS];
	uint64_t random = 1;
	for (unsigned i = 0; i < KEYS; i++)
		hashes[i] = random_hash(&random);
	for (unsigned round = 0; round < 10 * KEYS; round++) {
		unsigned i = pick(&random, KEYS);
		counts[i] += counts[i] < CAP;
		ck_assert_uint_ge(rtcache__sketch_add(&sketch, hashes[i]), counts[i]);
	}
	for (unsigned i = 0; i < KEYS; i++) {
		ck_assert_uint_ge(rtcache__sketch_count(&sketch, hashes[i]), counts[i]);
		ck_assert_uint_le(rtcache__sketch_count(&sketch, hashes[i]), CAP);
	}
}
END_TEST

/* As many keys as a sketch is made for: its segment's buckets, with an entry or two each. */
static void expect_few_errors(uint64_t (*hash_of)(unsigned i))
{
	unsigned errors = 0;
	for (unsigned i = 0; i < 64; i++)
		add_times(hash_of(i), 3);
	for (unsigned i = 0; i < 64; i++)
		errors += rtcache__sketch_count(&sketch, hash_of(i)) != 3;
	for (unsigned i = 64; i < 64 + 1000; i++)
		errors += rtcache__sketch_count(&sketch, hash_of(i)) != 0;
	ck_assert_uint_lt(errors, 20);
}

static uint64_t any_hash(unsigned i)
{
	uint64_t random = i;
	pick(&random, 2);
	return random_hash(&random);
}

static uint64_t hash_of_one_bucket(unsigned i)
{
	return any_hash(i) << 12 | 0x123;
}

static uint64_t hash_of_one_shard(unsigned i)
{
	return any_hash(i) >> 6;
}

START_TEST(keys_it_has_room_for_are_told_apart)
{
	expect_few_errors(any_hash);
}
END_TEST

START_TEST(keys_with_the_same_low_bits_are_told_apart)
{
	expect_few_errors(hash_of_one_bucket);
}
END_TEST

START_TEST(keys_with_the_same_top_bits_are_told_apart)
{
	expect_few_errors(hash_of_one_shard);
}
END_TEST

/* How many of a row's counters have been raised. */
static unsigned counters_used(unsigned row)
{
	unsigned used = 0;
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS / 4; i++) {
		uint64_t word = sketch.words[row * RTCACHE__SKETCH_WORDS / 4 + i];
		for (unsigned shift = 0; shift < 64; shift += 4)
			used += (word >> shift & CAP) != 0;
	}
	return used;
}

/* Raises the counters of each key by itself. */
static void add_apart(uint64_t hash)
{
	struct rtcache__sketch one = {{0}};
	rtcache__sketch_add(&one, hash);
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS; i++)
		sketch.words[i] |= one.words[i];
}

/* Wherever these bits are: shard and bucket have used up others, above and below. */
START_TEST(keys_that_differ_in_ten_bits_are_spread_over_every_row)
{
	for (unsigned bit = 0; bit <= 54; bit++) {
		uint64_t same = UINT64_C(0x0123456789abcdef) & ~(UINT64_C(1023) << bit);
		open_sketch();
		for (uint64_t i = 0; i < 1024; i++)
			add_apart(same | i << bit);
		for (unsigned row = 0; row < 4; row++)
			ck_assert_uint_gt(counters_used(row), 128);
	}
}
END_TEST

START_TEST(age_halves_every_count)
{
	for (unsigned count = 0; count <= CAP; count++) {
		open_sketch();
		add_times(99, count);
		rtcache__sketch_age(&sketch);
		ck_assert_uint_eq(rtcache__sketch_count(&sketch, 99), count / 2);
	}
}
END_TEST

START_TEST(age_moves_nothing_from_one_counter_to_its_neighbour)
{
	memset(&sketch, 0xff, sizeof(sketch));
	rtcache__sketch_age(&sketch);
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS; i++)
		ck_assert_uint_eq(sketch.words[i], UINT64_C(0x7777777777777777));
	memset(&sketch, 0x11, sizeof(sketch));
	rtcache__sketch_age(&sketch);
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS; i++)
		ck_assert_uint_eq(sketch.words[i], 0);
}
END_TEST

START_TEST(aged_four_times_nothing_is_left)
{
	add_times(99, CAP);
	for (unsigned i = 0; i < 4; i++)
		rtcache__sketch_age(&sketch);
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS; i++)
		ck_assert_uint_eq(sketch.words[i], 0);
}
END_TEST

START_TEST(each_count_raises_one_counter_of_each_row)
{
	rtcache__sketch_add(&sketch, 12345);
	for (unsigned row = 0; row < 4; row++) {
		unsigned raised = 0;
		for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS / 4; i++)
			raised += (unsigned)__builtin_popcountll(
				sketch.words[row * RTCACHE__SKETCH_WORDS / 4 + i]);
		ck_assert_uint_eq(raised, 1);
	}
}
END_TEST

START_TEST(every_counter_is_used)
{
	uint64_t random = 5;
	for (unsigned i = 0; i < 10000; i++)
		add_times(random_hash(&random), 1);
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS; i++) {
		for (unsigned shift = 0; shift < 64; shift += 4)
			ck_assert_uint_ne(sketch.words[i] >> shift & CAP, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_sketch");
	TCase *tcase = tcase_create("sketch");
	tcase_add_checked_fixture(tcase, open_sketch, NULL);
	tcase_add_test(tcase, key_alone_is_counted_up_to_the_cap);
	tcase_add_test(tcase, no_key_is_counted_too_low);
	tcase_add_test(tcase, keys_it_has_room_for_are_told_apart);
	tcase_add_test(tcase, keys_with_the_same_low_bits_are_told_apart);
	tcase_add_test(tcase, keys_with_the_same_top_bits_are_told_apart);
	tcase_add_test(tcase, keys_that_differ_in_ten_bits_are_spread_over_every_row);
	tcase_add_test(tcase, age_halves_every_count);
	tcase_add_test(tcase, age_moves_nothing_from_one_counter_to_its_neighbour);
	tcase_add_test(tcase, aged_four_times_nothing_is_left);
	tcase_add_test(tcase, each_count_raises_one_counter_of_each_row);
	tcase_add_test(tcase, every_counter_is_used);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash of a key: what it depends on, and how it spreads. */

#include "hash.h"

#include <string.h>

#include "support/unit.h"

enum {
	LEN_MAX = 300,
	SHARDS = 1 << RTCACHE__HASH_SHARD_BITS,
};

static unsigned char key[LEN_MAX + 1];

START_TEST(it_is_xxh3)
{
	ck_assert_uint_eq(rtcache__hash(0, "", 0), UINT64_C(0x2d06800538d394c2));
}
END_TEST

START_TEST(empty_key_needs_no_memory)
{
	ck_assert_uint_eq(rtcache__hash(1, NULL, 0), rtcache__hash(1, "x", 0));
}
END_TEST

START_TEST(same_seed_and_key_give_the_same_hash)
{
	unsigned char copy[LEN_MAX + 1];
	for (size_t len = 0; len <= LEN_MAX; len++) {
		memcpy(copy + 1, key, len);
		ck_assert_uint_eq(rtcache__hash(5, key, len), rtcache__hash(5, copy + 1, len));
	}
}
END_TEST

START_TEST(seed_decides)
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		ck_assert_uint_ne(rtcache__hash(1, key, len), rtcache__hash(2, key, len));
		ck_assert_uint_ne(rtcache__hash(0, key, len),
				  rtcache__hash(UINT64_C(1) << 63, key, len));
	}
}
END_TEST

START_TEST(length_decides)
{
	for (size_t len = 0; len < LEN_MAX; len++)
		ck_assert_uint_ne(rtcache__hash(1, key, len), rtcache__hash(1, key, len + 1));
}
END_TEST

START_TEST(every_bit_of_the_key_decides)
{
	for (size_t len = 1; len <= LEN_MAX; len++) {
		uint64_t before = rtcache__hash(1, key, len);
		unsigned same = 0;
		for (size_t bit = 0; bit < 8 * len; bit++) {
			key[bit / 8] ^= (unsigned char)(1 << bit % 8);
			same += rtcache__hash(1, key, len) == before;
			key[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		ck_assert_uint_eq(same, 0);
	}
}
END_TEST

static void expect_even(const unsigned counts[SHARDS], unsigned mean)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		ck_assert_uint_gt(counts[i], mean - mean / 4);
		ck_assert_uint_lt(counts[i], mean + mean / 4);
	}
}

START_TEST(shards_and_buckets_get_equal_shares)
{
	unsigned by_top[SHARDS] = {0}, by_low[SHARDS] = {0};
	for (unsigned i = 0; i < SHARDS * 1000; i++) {
		uint64_t hash = rtcache__hash(1, &i, sizeof(i));
		by_top[hash >> (64 - RTCACHE__HASH_SHARD_BITS)]++;
		by_low[hash & (SHARDS - 1)]++;
	}
	expect_even(by_top, 1000);
	expect_even(by_low, 1000);
}
END_TEST

START_TEST(seeds_are_not_the_same_twice)
{
	uint64_t one = 0, two = 0;
	ck_assert_int_eq(rtcache__hash_seed(&one), 0);
	ck_assert_int_eq(rtcache__hash_seed(&two), 0);
	ck_assert_uint_ne(one, two);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_hash");
	TCase *tcase = tcase_create("hash");
	tcase_add_test(tcase, it_is_xxh3);
	tcase_add_test(tcase, empty_key_needs_no_memory);
	tcase_add_test(tcase, same_seed_and_key_give_the_same_hash);
	tcase_add_test(tcase, seed_decides);
	tcase_add_test(tcase, length_decides);
	tcase_add_test(tcase, every_bit_of_the_key_decides);
	tcase_add_test(tcase, shards_and_buckets_get_equal_shares);
	tcase_add_test(tcase, seeds_are_not_the_same_twice);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

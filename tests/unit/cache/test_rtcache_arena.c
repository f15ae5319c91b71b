/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena's blocks: big enough, apart from each other, joined again when they are free. */

#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#include "support/churn.h"
#include "support/unit.h"

enum {
	UNITS = 4096,
	BLOCKS = 200,
	ROUNDS = 20000,
};

static struct rtcache__arena arena;
static uint64_t memory[UNITS];

static void open_arena(void)
{
	rtcache__arena_init(&arena, memory, UNITS);
}

static uint32_t alloc_units(uint32_t units)
{
	return rtcache__arena_alloc(&arena, (size_t)units * RTCACHE__UNIT);
}

/* All but the unit before the first block and the one behind the last. */
static void expect_all_free(uint32_t units)
{
	ck_assert_uint_eq(arena.free_units, units - 2);
	uint32_t ref = alloc_units(units - 2);
	ck_assert_uint_eq(ref, 1);
	ck_assert_uint_eq(arena.free_units, 0);
	rtcache__arena_free(&arena, ref);
}

START_TEST(empty_arena_is_one_block)
{
	expect_all_free(UNITS);
	uint32_t ref = alloc_units(UNITS - 2);
	ck_assert_uint_eq(rtcache__arena_units(&arena, ref), UNITS - 2);
	ck_assert_uint_eq(rtcache__arena_alloc(&arena, 1), 0);
}
END_TEST

START_TEST(more_than_there_is_is_refused)
{
	ck_assert_uint_eq(rtcache__arena_alloc(&arena, (UNITS - 2) * RTCACHE__UNIT + 1), 0);
	ck_assert_uint_eq(rtcache__arena_alloc(&arena, UNITS * RTCACHE__UNIT), 0);
	ck_assert_uint_eq(rtcache__arena_alloc(&arena, SIZE_MAX), 0);
	expect_all_free(UNITS);
}
END_TEST

START_TEST(smallest_arena_holds_three_smallest_blocks)
{
	rtcache__arena_init(&arena, memory, 8);
	expect_all_free(8);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_ne(rtcache__arena_alloc(&arena, 1), 0);
	ck_assert_uint_eq(rtcache__arena_alloc(&arena, 1), 0);
}
END_TEST

START_TEST(biggest_arena_is_used_to_its_end)
{
	const uint32_t units = RTCACHE__ARENA_UNITS_MAX;
	const size_t len = (size_t)units * RTCACHE__UNIT;
	unsigned char *base = mmap(NULL, len, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(base, MAP_FAILED);
	rtcache__arena_init(&arena, base, units);
	expect_all_free(units);
	uint32_t big = alloc_units(units - 2 - 3);
	uint32_t end = alloc_units(3);
	ck_assert_uint_eq(big, 1);
	ck_assert_uint_eq(end, units - 4);
	memset((unsigned char *)rtcache__arena_at(base, end) + sizeof(uint32_t), 0xff,
	       3 * RTCACHE__UNIT - sizeof(uint32_t));
	rtcache__arena_free(&arena, big);
	rtcache__arena_free(&arena, end);
	expect_all_free(units);
	ck_assert_int_eq(munmap(base, len), 0);
}
END_TEST

START_TEST(block_is_as_long_as_asked_for)
{
	for (size_t len = 0; len <= 600; len++) {
		uint32_t ref = rtcache__arena_alloc(&arena, len);
		uint32_t units = rtcache__arena_units(&arena, ref);
		ck_assert_uint_eq(units, len <= 16 ? 2 : rtcache__arena_units_for(len));
		ck_assert_uint_ge(units * RTCACHE__UNIT, len);
		rtcache__arena_free(&arena, ref);
	}
}
END_TEST

START_TEST(rest_too_small_for_a_block_stays_with_it)
{
	uint32_t ref = alloc_units(UNITS - 2 - 1);
	ck_assert_uint_eq(rtcache__arena_units(&arena, ref), UNITS - 2);
	rtcache__arena_free(&arena, ref);
	ref = alloc_units(UNITS - 2 - 2);
	ck_assert_uint_eq(rtcache__arena_units(&arena, ref), UNITS - 4);
	ck_assert_uint_ne(alloc_units(2), 0);
	rtcache__arena_free(&arena, ref);
}
END_TEST

START_TEST(free_block_of_any_size_is_found_again)
{
	for (uint32_t units = 2; units < UNITS - 6; units++) {
		uint32_t ref = alloc_units(units);
		uint32_t wall = alloc_units(2);
		rtcache__arena_free(&arena, ref);
		ck_assert_uint_eq(alloc_units(units), ref);
		rtcache__arena_free(&arena, wall);
		rtcache__arena_free(&arena, ref);
		ck_assert_uint_eq(arena.free_units, UNITS - 2);
	}
}
END_TEST

START_TEST(block_that_fits_is_taken_before_a_bigger_one_is_split)
{
	uint32_t fits = alloc_units(10);
	alloc_units(2);
	uint32_t bigger = alloc_units(20);
	alloc_units(2);
	rtcache__arena_free(&arena, fits);
	rtcache__arena_free(&arena, bigger);
	ck_assert_uint_eq(alloc_units(20), bigger);
	ck_assert_uint_eq(alloc_units(10), fits);
}
END_TEST

START_TEST(neighbours_join_in_whatever_order_they_go)
{
	static const unsigned char orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
						   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	uint32_t refs[3];
	for (unsigned i = 0; i < 3; i++)
		refs[i] = alloc_units(100);
	alloc_units(2);
	for (unsigned i = 0; i < 3; i++)
		rtcache__arena_free(&arena, refs[orders[_i][i]]);
	ck_assert_uint_eq(alloc_units(300), refs[0]);
}
END_TEST

START_TEST(end_that_is_free_is_given_away)
{
	uint32_t ref = alloc_units(UNITS - 2 - 100);
	ck_assert(!rtcache__arena_shrink(&arena, 99));
	ck_assert(rtcache__arena_shrink(&arena, 98));
	ck_assert_uint_eq(arena.free_units, 2);

	/* Memory that was handed out is in use by others. */
	memset(&memory[UNITS - 98], 0xff, 98 * sizeof(memory[0]));
	ck_assert_uint_ne(alloc_units(2), 0);
	ck_assert_uint_eq(alloc_units(2), 0);
	rtcache__arena_free(&arena, ref);
	ck_assert(!rtcache__arena_shrink(&arena, 1));
	for (unsigned i = UNITS - 98; i < UNITS; i++)
		ck_assert_uint_eq(memory[i], UINT64_MAX);
}
END_TEST

START_TEST(end_in_use_is_not_given_away)
{
	uint32_t ref = alloc_units(UNITS - 2);
	ck_assert(!rtcache__arena_shrink(&arena, 1));
	rtcache__arena_free(&arena, ref);
	ck_assert(!rtcache__arena_shrink(&arena, UNITS - 2));
	ck_assert(!rtcache__arena_shrink(&arena, UNITS - 3));
	ck_assert(rtcache__arena_shrink(&arena, UNITS - 8));
	expect_all_free(8);
}
END_TEST

/* What the arena is held against: the blocks in use, each full of its own octet. */
struct model {
	uint64_t random;
	uint32_t end;
	uint32_t refs[BLOCKS];
	size_t lens[BLOCKS];
	uint32_t used_units;
	unsigned char is_used[UNITS];
};

static uint32_t longest_gap(const struct model *model)
{
	uint32_t longest = 0;
	uint32_t gap = 0;
	for (uint32_t at = 1; at < model->end; at++) {
		gap = model->is_used[at] ? 0 : gap + 1;
		longest = gap > longest ? gap : longest;
	}
	return longest;
}

static unsigned char *contents(uint32_t ref)
{
	return (unsigned char *)memory + (size_t)ref * RTCACHE__UNIT + sizeof(uint32_t);
}

static void model_alloc(struct model *model, unsigned i, size_t len)
{
	uint32_t ref = rtcache__arena_alloc(&arena, len);
	if (!ref) {
		/* Then no gap is as long as what the next class of sizes begins with. */
		uint32_t need = rtcache__arena_units_for(len);
		ck_assert_uint_lt(longest_gap(model), need + need / 16 + 1);
		return;
	}
	uint32_t units = rtcache__arena_units(&arena, ref);
	ck_assert_uint_ge(ref, 1);
	ck_assert_uint_le(ref + units, model->end);
	ck_assert_uint_ge(units * RTCACHE__UNIT, len);
	ck_assert_ptr_null(memchr(&model->is_used[ref], 1, units));
	memset(&model->is_used[ref], 1, units);
	model->used_units += units;
	model->refs[i] = ref;
	model->lens[i] = units * RTCACHE__UNIT - sizeof(uint32_t);
	memset(contents(ref), (int)i, model->lens[i]);
}

static void model_free(struct model *model, unsigned i)
{
	uint32_t ref = model->refs[i];
	uint32_t units = rtcache__arena_units(&arena, ref);
	unsigned char pattern[UNITS];
	ck_assert_uint_eq(units * RTCACHE__UNIT - sizeof(uint32_t), model->lens[i]);
	memset(pattern, (int)i, sizeof(pattern));
	for (size_t at = 0; at < model->lens[i]; at += sizeof(pattern)) {
		size_t rest = model->lens[i] - at;
		ck_assert_mem_eq(contents(ref) + at, pattern,
				 rest < sizeof(pattern) ? rest : sizeof(pattern));
	}
	memset(&model->is_used[ref], 0, units);
	model->used_units -= units;
	rtcache__arena_free(&arena, ref);
	model->refs[i] = 0;
}

static void model_shrink(struct model *model)
{
	uint32_t units = 1 + pick(&model->random, 40);
	uint32_t gap = 0;
	while (gap < model->end - 1 && !model->is_used[model->end - 1 - gap])
		gap++;
	bool expected = gap >= units + 2;
	ck_assert_int_eq(rtcache__arena_shrink(&arena, units), expected);
	if (expected) {
		model->end -= units;
		memset(&memory[model->end + 1], 0xff, units * sizeof(memory[0]));
	}
}

START_TEST(churn_keeps_every_octet)
{
	static struct model model;
	model = (struct model){.random = (uint64_t)_i, .end = UNITS - 1};
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = pick(&model.random, BLOCKS);
		unsigned max = pick(&model.random, 10) ? 200 : 4000;
		if (model.refs[i])
			model_free(&model, i);
		else
			model_alloc(&model, i, pick(&model.random, max));
		if (pick(&model.random, 500) == 0)
			model_shrink(&model);
		ck_assert_uint_eq(arena.free_units, model.end - 1 - model.used_units);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (model.refs[i])
			model_free(&model, i);
	}
	ck_assert_uint_lt(model.end, UNITS - 1);
	for (uint32_t at = model.end + 1; at < UNITS; at++)
		ck_assert_uint_eq(memory[at], UINT64_MAX);
	expect_all_free(model.end + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_arena");
	TCase *tcase = tcase_create("arena");
	tcase_add_checked_fixture(tcase, open_arena, NULL);
	tcase_add_test(tcase, empty_arena_is_one_block);
	tcase_add_test(tcase, more_than_there_is_is_refused);
	tcase_add_test(tcase, smallest_arena_holds_three_smallest_blocks);
	tcase_add_test(tcase, biggest_arena_is_used_to_its_end);
	tcase_add_test(tcase, block_is_as_long_as_asked_for);
	tcase_add_test(tcase, rest_too_small_for_a_block_stays_with_it);
	tcase_add_test(tcase, free_block_of_any_size_is_found_again);
	tcase_add_test(tcase, block_that_fits_is_taken_before_a_bigger_one_is_split);
	tcase_add_loop_test(tcase, neighbours_join_in_whatever_order_they_go, 0, 6);
	tcase_add_test(tcase, end_that_is_free_is_given_away);
	tcase_add_test(tcase, end_in_use_is_not_given_away);
	tcase_add_loop_test(tcase, churn_keeps_every_octet, 0, 4);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of entries: its order, its two ends and its weight. */

#include "queue.h"

#include <string.h>

#include "support/churn.h"
#include "entry.h"
#include "support/unit.h"

enum {
	ENTRIES = 64,
	ENTRY_UNITS = sizeof(struct rtcache__entry) / RTCACHE__UNIT,
	ROUNDS = 20000,
};

static uint64_t memory[(ENTRIES + 1) * ENTRY_UNITS];
static unsigned char *base;
static struct rtcache__queue queue;

/* What the queue is held against: its entries, the oldest first. */
static struct {
	uint32_t refs[ENTRIES];
	unsigned count;
} model;

static void open_queue(void)
{
	memset(memory, 0xff, sizeof(memory));
	memset(&queue, 0, sizeof(queue));
	memset(&model, 0, sizeof(model));
	base = (unsigned char *)memory;
}

static uint32_t ref_of(unsigned i)
{
	return (i + 1) * ENTRY_UNITS;
}

static uint32_t weight_of(uint32_t ref)
{
	return ref % 7 + 1;
}

static void push(unsigned i)
{
	rtcache__queue_push(&queue, base, ref_of(i), weight_of(ref_of(i)));
	model.refs[model.count++] = ref_of(i);
}

static void drop(unsigned place)
{
	uint32_t ref = model.refs[place];
	rtcache__queue_remove(&queue, base, ref, weight_of(ref));
	model.count--;
	memmove(&model.refs[place], &model.refs[place + 1],
		(model.count - place) * sizeof(model.refs[0]));
}

static void replace(unsigned place, unsigned i)
{
	uint32_t old = model.refs[place];
	rtcache__queue_replace(&queue, base, old, weight_of(old), ref_of(i), weight_of(ref_of(i)));
	model.refs[place] = ref_of(i);
}

static void expect_model(void)
{
	uint32_t units = 0;
	uint32_t ref = queue.oldest;
	for (unsigned i = 0; i < model.count; i++) {
		ck_assert_uint_eq(ref, model.refs[i]);
		units += weight_of(ref);
		ref = rtcache__entry_at(base, ref)->newer;
	}
	ck_assert_uint_eq(ref, 0);
	ref = queue.newest;
	for (unsigned i = model.count; i-- > 0;) {
		ck_assert_uint_eq(ref, model.refs[i]);
		ref = rtcache__entry_at(base, ref)->older;
	}
	ck_assert_uint_eq(ref, 0);
	ck_assert_uint_eq(queue.units, units);
}

START_TEST(first_in_is_the_oldest)
{
	expect_model();
	for (unsigned i = 0; i < 5; i++) {
		push(i);
		ck_assert_uint_eq(queue.oldest, ref_of(0));
		ck_assert_uint_eq(queue.newest, ref_of(i));
		expect_model();
	}
}
END_TEST

START_TEST(only_one_leaves_it_empty)
{
	push(0);
	drop(0);
	expect_model();
	ck_assert_uint_eq(queue.oldest, 0);
	ck_assert_uint_eq(queue.newest, 0);
	push(0);
	expect_model();
}
END_TEST

START_TEST(one_at_any_place_leaves)
{
	for (unsigned i = 0; i < 4; i++)
		push(i);
	drop((unsigned)_i);
	expect_model();
}
END_TEST

START_TEST(one_at_any_place_is_replaced)
{
	for (unsigned i = 0; i < 4; i++)
		push(i);
	replace((unsigned)_i, 10);
	expect_model();
}
END_TEST

START_TEST(only_one_is_replaced)
{
	push(0);
	replace(0, 10);
	expect_model();
}
END_TEST

START_TEST(churn_keeps_the_order)
{
	uint64_t random = 1;
	bool is_in[ENTRIES] = {0};
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = pick(&random, ENTRIES);
		unsigned place = model.count ? pick(&random, model.count) : 0;
		unsigned at_place = model.count ? model.refs[place] / ENTRY_UNITS - 1 : 0;
		if (model.count && pick(&random, 3) == 0) {
			drop(place);
			is_in[at_place] = false;
		} else if (!is_in[i] && model.count && pick(&random, 3) == 0) {
			replace(place, i);
			is_in[at_place] = false;
			is_in[i] = true;
		} else if (!is_in[i]) {
			push(i);
			is_in[i] = true;
		}
		if (round % 16 == 0)
			expect_model();
	}
	while (model.count)
		drop(0);
	expect_model();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_queue");
	TCase *tcase = tcase_create("queue");
	tcase_add_checked_fixture(tcase, open_queue, NULL);
	tcase_add_test(tcase, first_in_is_the_oldest);
	tcase_add_test(tcase, only_one_leaves_it_empty);
	tcase_add_loop_test(tcase, one_at_any_place_leaves, 0, 4);
	tcase_add_loop_test(tcase, one_at_any_place_is_replaced, 0, 4);
	tcase_add_test(tcase, only_one_is_replaced);
	tcase_add_test(tcase, churn_keeps_the_order);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

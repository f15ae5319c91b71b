/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading through by the herd rule, as pingora's RTCache does it. */

#include "support/cache_world.h"

#define EFAILED (-77)

static struct world world;

static void open_herd(void)
{
	world_open(&world, (struct rtcache_options){
				   .herd = true, .lock_age_ms = 1000, .lock_timeout_ms = 2000});
}

static void close_world(void)
{
	world_close(&world);
}

START_TEST(callers_still_share_one_lookup)
{
	static struct caller a, b, c;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "one");
	expect_value(&b, RTCACHE_LOCK_HIT, "one");
	expect_value(&c, RTCACHE_LOCK_HIT, "one");
}
END_TEST

START_TEST(each_newcomer_looks_up_alone_when_the_lookup_is_too_old)
{
	static struct caller a, b, c;
	struct rtcache_value value;
	caller_get(&a, &world, "key");
	world_run(&world, 1500);
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 3);
	world_fill(&world, 1, "two");
	world_fill(&world, 2, "three");
	world_run(&world, 0);
	expect_value(&b, RTCACHE_MISS, "two");
	expect_value(&c, RTCACHE_MISS, "three");
	ck_assert_uint_eq(a.done_count, 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "one");
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
}
END_TEST

START_TEST(each_waiter_looks_up_alone_after_the_timeout)
{
	static struct caller a, b, c;
	struct rtcache_value value;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	world_run(&world, 2000);
	ck_assert_uint_eq(world.lookup_count, 3);
	world_fill(&world, 2, "three");
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count, 0);
	expect_value(&b, RTCACHE_MISS, "two");
	expect_value(&c, RTCACHE_MISS, "three");
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "one");
}
END_TEST

START_TEST(each_waiter_of_a_failed_leader_looks_up_and_stores)
{
	static struct caller a, b, c;
	struct rtcache_value value;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	expect_error(&a, RTCACHE_MISS, EFAILED);
	ck_assert_uint_eq(world.lookup_count, 3);
	world_fill(&world, 1, "two");
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	rtcache_fail(world.lookups[2], EFAILED);
	world_run(&world, 0);
	expect_value(&b, RTCACHE_MISS, "two");
	expect_error(&c, RTCACHE_MISS, EFAILED);
}
END_TEST

START_TEST(waiter_of_a_failed_leader_may_be_cancelled)
{
	static struct caller a, b;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	rtcache_fail(world.lookups[0], EFAILED);
	rtcache_cancel(world.client, &b.request);
	world_run(&world, 0);
	ck_assert_uint_eq(world.lookup_count, 1);
	ck_assert_uint_eq(b.done_count, 0);
}
END_TEST

START_TEST(lookups_that_fail_at_once_end_in_one_run)
{
	static struct caller a, b, c;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	world.error = EFAILED;
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count + b.done_count + c.done_count, 3);
	expect_error(&c, RTCACHE_MISS, EFAILED);
	ck_assert_uint_eq(world.lookup_count, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_herd");
	TCase *tcase = tcase_create("herd");
	tcase_add_checked_fixture(tcase, open_herd, close_world);
	tcase_add_test(tcase, callers_still_share_one_lookup);
	tcase_add_test(tcase, each_newcomer_looks_up_alone_when_the_lookup_is_too_old);
	tcase_add_test(tcase, each_waiter_looks_up_alone_after_the_timeout);
	tcase_add_test(tcase, each_waiter_of_a_failed_leader_looks_up_and_stores);
	tcase_add_test(tcase, waiter_of_a_failed_leader_may_be_cancelled);
	tcase_add_test(tcase, lookups_that_fail_at_once_end_in_one_run);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembered failures: their times, the doubling, and values beside them. */

#include "failure.h"

#include "support/cache_world.h"

static struct world world;
static uint64_t hash;
static struct rtcache__shard *shard;

static void open_with(uint64_t failure_ms, uint64_t max_ms)
{
	world_open(&world, (struct rtcache_options){
				   .size = 65536,
				   .failure_ms = failure_ms,
				   .failure_max_ms = max_ms,
			   });
	hash = rtcache__key_hash(world.cache, "key", 3);
	shard = rtcache__shard_of(world.cache, hash);
}

static void close_world(void)
{
	world_close(&world);
}

static void remember(int error)
{
	pthread_mutex_lock(&shard->lock);
	rtcache__failure_remember(world.cache, shard, hash, "key", 3, error, RTCACHE_NO_CAUSE,
				  rtcache__now(world.cache));
	pthread_mutex_unlock(&shard->lock);
}

static bool find(struct rtcache__failure *out)
{
	pthread_mutex_lock(&shard->lock);
	bool found = rtcache__failure_find(world.cache, shard, hash, "key", 3,
					   rtcache__now(world.cache), out);
	pthread_mutex_unlock(&shard->lock);
	return found;
}

static void forget(void)
{
	pthread_mutex_lock(&shard->lock);
	rtcache__failure_forget(world.cache, shard, hash, "key", 3);
	pthread_mutex_unlock(&shard->lock);
}

/* Fails again. Returns the time for which that is remembered. */
static uint64_t next_span(void)
{
	struct rtcache__failure failure;
	remember(-7);
	ck_assert(find(&failure));
	ck_assert_uint_eq(failure.until_ms - rtcache__now(world.cache), failure.span_ms);
	return failure.span_ms;
}

START_TEST(failure_is_found_until_its_end)
{
	struct rtcache__failure failure;
	open_with(100, 0);
	ck_assert(!find(&failure));
	remember(-7);
	world.now_ms += 99;
	ck_assert(find(&failure));
	ck_assert_int_eq(failure.error, -7);
	ck_assert_uint_eq(failure.until_ms, rtcache__now(world.cache) + 1);
	world.now_ms += 1;
	ck_assert(!find(&failure));
}
END_TEST

START_TEST(nothing_is_remembered_unless_asked_for)
{
	struct rtcache__failure failure;
	open_with(0, 1000);
	remember(-7);
	forget();
	ck_assert(!find(&failure));
	ck_assert_uint_eq(shard->stats.entries, 0);
}
END_TEST

START_TEST(span_doubles_up_to_the_longest)
{
	open_with(100, 350);
	ck_assert_uint_eq(next_span(), 100);
	ck_assert_uint_eq(next_span(), 200);
	ck_assert_uint_eq(next_span(), 350);
	ck_assert_uint_eq(next_span(), 350);
}
END_TEST

START_TEST(span_that_doubles_to_the_longest_exactly_gets_there)
{
	open_with(100, 200);
	ck_assert_uint_eq(next_span(), 100);
	ck_assert_uint_eq(next_span(), 200);
	ck_assert_uint_eq(next_span(), 200);
}
END_TEST

START_TEST(span_stays_without_a_longest)
{
	open_with(100, 0);
	ck_assert_uint_eq(next_span(), 100);
	ck_assert_uint_eq(next_span(), 100);
}
END_TEST

START_TEST(longest_below_the_first_is_the_first)
{
	open_with(100, 50);
	ck_assert_uint_eq(next_span(), 100);
	ck_assert_uint_eq(next_span(), 100);
}
END_TEST

START_TEST(next_failure_counts_for_as_long_as_it_would_last)
{
	struct rtcache__failure failure;
	open_with(100, 1000);
	ck_assert_uint_eq(next_span(), 100);
	world.now_ms += 100 + 200 - 1;
	ck_assert(!find(&failure));
	ck_assert_uint_eq(next_span(), 200);
	world.now_ms += 200 + 400;
	ck_assert_uint_eq(next_span(), 100);
}
END_TEST

START_TEST(newest_error_counts)
{
	struct rtcache__failure failure;
	open_with(100, 0);
	remember(-7);
	remember(-8);
	ck_assert(find(&failure));
	ck_assert_int_eq(failure.error, -8);
	ck_assert_uint_eq(shard->stats.entries, 1);
}
END_TEST

START_TEST(forgotten_failure_was_the_first)
{
	struct rtcache__failure failure;
	open_with(100, 1000);
	next_span();
	next_span();
	forget();
	ck_assert(!find(&failure));
	ck_assert_uint_eq(next_span(), 100);
}
END_TEST

START_TEST(failure_lies_beside_the_value)
{
	struct rtcache__failure failure;
	struct rtcache_value value;
	open_with(100, 0);
	put_text(world.client, "key", "one", 1000);
	remember(-7);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_mem_eq(value.data, "one", 3);
	ck_assert_uint_eq(shard->stats.entries, 2);
	forget();
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	remember(-7);
	put_text(world.client, "key", "two", 0);
	ck_assert(find(&failure));
}
END_TEST

START_TEST(other_keys_failure_is_not_found)
{
	struct rtcache__failure failure;
	open_with(100, 0);
	remember(-7);
	pthread_mutex_lock(&shard->lock);
	ck_assert(!rtcache__failure_find(world.cache, shard, hash, "kez", 3,
					 rtcache__now(world.cache), &failure));
	ck_assert(!rtcache__failure_find(world.cache, shard, hash, "key", 2,
					 rtcache__now(world.cache), &failure));
	ck_assert(!rtcache__failure_find(world.cache, shard, hash ^ 1, "key", 3,
					 rtcache__now(world.cache), &failure));
	pthread_mutex_unlock(&shard->lock);
}
END_TEST

START_TEST(longest_key_can_fail)
{
	static unsigned char key[RTCACHE_KEY_MAX];
	struct rtcache__failure failure;
	world_open(&world, (struct rtcache_options){.size = 1 << 22, .failure_ms = 100});
	hash = rtcache__key_hash(world.cache, key, sizeof(key));
	shard = rtcache__shard_of(world.cache, hash);
	pthread_mutex_lock(&shard->lock);
	rtcache__failure_remember(world.cache, shard, hash, key, sizeof(key), -7, RTCACHE_NO_CAUSE,
				  rtcache__now(world.cache));
	bool found = rtcache__failure_find(world.cache, shard, hash, key, sizeof(key),
					   rtcache__now(world.cache), &failure);
	pthread_mutex_unlock(&shard->lock);
	ck_assert(found);
	ck_assert_int_eq(failure.error, -7);
}
END_TEST

START_TEST(failures_of_all_keys_are_forgotten_at_once)
{
	struct rtcache__failure failure;
	open_with(100, 350);
	ck_assert_uint_eq(next_span(), 100);
	ck_assert_uint_eq(next_span(), 200);
	rtcache_forget_failures(world.client);
	ck_assert(!find(&failure));
	ck_assert_uint_eq(next_span(), 100);
	ck_assert_uint_eq(next_span(), 200);
}
END_TEST

/* Gets the key, whose lookup fails for that cause. Returns the number of lookups. */
static unsigned lookups_of_failure(const char *name, unsigned cause)
{
	struct caller caller;
	unsigned before = world.lookup_count;
	caller_get(&caller, &world, name);
	if (world.lookup_count > before)
		rtcache_fail_for(world.lookups[before], -7, cause);
	world_run(&world, 0);
	return world.lookup_count - before;
}

START_TEST(failures_of_one_cause_are_forgotten_at_once)
{
	open_with(100, 350);
	ck_assert_uint_eq(lookups_of_failure("a", 3), 1);
	ck_assert_uint_eq(lookups_of_failure("b", 3), 1);
	ck_assert_uint_eq(lookups_of_failure("c", 4), 1);
	ck_assert_uint_eq(lookups_of_failure("d", RTCACHE_NO_CAUSE), 1);
	rtcache_forget_cause(world.client, 3);
	ck_assert_uint_eq(lookups_of_failure("a", 3), 1);
	ck_assert_uint_eq(lookups_of_failure("b", 3), 1);
	ck_assert_uint_eq(lookups_of_failure("c", 4), 0);
	ck_assert_uint_eq(lookups_of_failure("d", RTCACHE_NO_CAUSE), 0);
	/* What has no cause has none that could be forgotten. */
	rtcache_forget_cause(world.client, RTCACHE_NO_CAUSE);
	ck_assert_uint_eq(lookups_of_failure("d", RTCACHE_NO_CAUSE), 0);
	rtcache_forget_failures(world.client);
	ck_assert_uint_eq(lookups_of_failure("c", 4), 1);
	ck_assert_uint_eq(lookups_of_failure("d", RTCACHE_NO_CAUSE), 1);
}
END_TEST

START_TEST(failure_may_be_remembered_for_ever)
{
	struct rtcache__failure failure;
	open_with(UINT64_MAX, 0);
	remember(-7);
	ck_assert(find(&failure));
	remember(-8);
	world.now_ms = UINT64_MAX - 1;
	ck_assert(find(&failure));
	ck_assert_int_eq(failure.error, -8);
}
END_TEST

/*
 * Through lookups, under both rules. _i: 1 for the herd.
 */

#define EFAILED (-77)

static void open_stale(int herd, uint64_t stale_failure_ms)
{
	world_open(&world, (struct rtcache_options){
				   .size = 65536,
				   .herd = herd,
				   .stale_ms = 100000,
				   .stale_after_ms = 1800,
				   .failure_ms = 100,
				   .failure_max_ms = 10000,
				   .stale_failure_ms = stale_failure_ms,
			   });
	hash = rtcache__key_hash(world.cache, "key", 3);
	shard = rtcache__shard_of(world.cache, hash);
}

/* A value that is stale from now on, for 100 s. */
static void put_stale(void)
{
	put_text(world.client, "key", "old", 1);
	world.now_ms += 1;
}

static unsigned lookups_of_one_get(void)
{
	static struct caller caller;
	unsigned before = world.lookup_count;
	caller_get(&caller, &world, "key");
	rtcache_cancel(world.client, &caller.request);
	return world.lookup_count - before;
}

/* For how long after the failure that comes now the key is not looked up. */
static uint64_t quiet_ms(void)
{
	uint64_t failed_ms = world.now_ms;
	world.error = EFAILED;
	ck_assert_uint_eq(lookups_of_one_get(), 1);
	struct rtcache_state state;
	ck_assert_int_eq(rtcache_inspect(world.client, "key", 3, &state), 0);
	ck_assert_int_eq(state.failure, EFAILED);
	world.now_ms = failed_ms + state.failure_left_ms - 1;
	ck_assert_uint_eq(lookups_of_one_get(), 0);
	world.now_ms += 1;
	return state.failure_left_ms;
}

START_TEST(refused_lookup_is_not_remembered)
{
	static struct caller a, b;
	open_stale(_i, 1000);
	caller_get(&a, &world, "key");
	rtcache_refuse(world.lookups[0], EFAILED);
	world_run(&world, 0);
	expect_error(&a, RTCACHE_MISS, EFAILED);
	ck_assert_uint_eq(shard->stats.entries, 0);
	ck_assert_int_eq(caller_get(&b, &world, "key"), 0);
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "one");
	world_run(&world, 0);
	expect_value(&b, RTCACHE_MISS, "one");
}
END_TEST

START_TEST(refused_lookup_ends_the_wait_of_all)
{
	static struct caller a, b;
	open_with(100, 0);
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	rtcache_refuse(world.lookups[0], 1);
	world_run(&world, 0);
	expect_error(&a, RTCACHE_MISS, RTCACHE_EINVAL);
	expect_error(&b, RTCACHE_LOCK_HIT, RTCACHE_EINVAL);
	struct rtcache_stats stats;
	rtcache_stats_get(world.cache, &stats);
	ck_assert_uint_eq(stats.in_flight, 0);
	ck_assert_uint_eq(stats.entries, 0);
}
END_TEST

START_TEST(refused_lookup_gives_the_stale_value)
{
	static struct caller a;
	open_stale(_i, 1000);
	put_stale();
	caller_get(&a, &world, "key");
	rtcache_refuse(world.lookups[0], EFAILED);
	world_run(&world, 0);
	expect_value(&a, RTCACHE_STALE, "old");
	ck_assert_uint_eq(lookups_of_one_get(), 1);
}
END_TEST

START_TEST(refused_lookup_leaves_the_failures_before_it)
{
	static struct caller a;
	open_stale(_i, 0);
	ck_assert_uint_eq(quiet_ms(), 100);
	world.error = 0;
	caller_get(&a, &world, "key");
	rtcache_refuse(world.lookups[1], -78);
	world_run(&world, 0);
	expect_error(&a, RTCACHE_MISS, -78);
	ck_assert_uint_eq(quiet_ms(), 200);
}
END_TEST

START_TEST(refused_lookup_that_was_replaced_is_ignored)
{
	static struct caller a, b;
	world_open(&world, (struct rtcache_options){.lock_age_ms = 1000});
	caller_get(&a, &world, "key");
	world_run(&world, 1500);
	caller_get(&b, &world, "key");
	rtcache_refuse(world.lookups[0], EFAILED);
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count + b.done_count, 0);
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_LOCK_HIT, "two");
	expect_value(&b, RTCACHE_MISS, "two");
}
END_TEST

START_TEST(failure_lasts_longer_beside_a_stale_value)
{
	static struct caller a;
	open_stale(_i, 1000);
	put_stale();
	ck_assert_uint_eq(quiet_ms(), 1000);
	world.now_ms -= 1;
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_STALE, "old");
}
END_TEST

START_TEST(failure_without_a_stale_value_lasts_no_longer)
{
	open_stale(_i, 1000);
	ck_assert_uint_eq(quiet_ms(), 100);
	ck_assert_uint_eq(quiet_ms(), 200);
	world.now_ms += 400;
	ck_assert_uint_eq(quiet_ms(), 100);
}
END_TEST

START_TEST(failure_lasts_longer_only_while_the_stale_value_is_there)
{
	struct rtcache__failure failure;
	open_stale(_i, 1000);
	put_stale();
	remember(-7);
	world.now_ms += 100;
	ck_assert(find(&failure));
	put_text(world.client, "key", "", 0);
	ck_assert(!find(&failure));
	put_stale();
	ck_assert(find(&failure));
	world.now_ms += 899 - 1;
	ck_assert(find(&failure));
	world.now_ms += 1;
	ck_assert(!find(&failure));
}
END_TEST

START_TEST(failure_ends_with_what_was_too_stale)
{
	struct rtcache__failure failure;
	open_stale(_i, 1000);
	put_stale();
	world.now_ms += 100000 - 500;
	remember(-7);
	world.now_ms += 499;
	ck_assert(find(&failure));
	world.now_ms += 1;
	ck_assert(!find(&failure));
}
END_TEST

START_TEST(failure_is_not_swept_before_its_longest_time)
{
	struct rtcache__failure failure;
	open_stale(_i, 1000);
	put_stale();
	remember(-7);
	for (unsigned i = 0; i < 99; i++)
		world_run(&world, 10);
	ck_assert(find(&failure));
}
END_TEST

START_TEST(span_doubles_behind_a_stale_value)
{
	open_stale(_i, 1000);
	put_stale();
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(quiet_ms(), 1000);
	ck_assert_uint_eq(quiet_ms(), 1600);
	put_text(world.client, "key", "", 0);
	ck_assert_uint_eq(quiet_ms(), 3200);
}
END_TEST

START_TEST(failure_may_be_remembered_beside_a_stale_value_only)
{
	world_open(&world, (struct rtcache_options){.herd = _i,
						    .stale_ms = 100000,
						    .stale_after_ms = 1800,
						    .stale_failure_ms = 1000});
	world.error = EFAILED;
	ck_assert_uint_eq(lookups_of_one_get(), 1);
	ck_assert_uint_eq(lookups_of_one_get(), 1);
	world.now_ms += 1000;
	put_stale();
	ck_assert_uint_eq(quiet_ms(), 1000);
	ck_assert_uint_eq(quiet_ms(), 1000);
	rtcache_remove(world.client, "key", 3);
	put_stale();
	ck_assert_uint_eq(lookups_of_one_get(), 1);
}
END_TEST

START_TEST(forgotten_failure_does_not_keep_a_stale_value_from_being_renewed)
{
	open_stale(_i, 30000);
	put_stale();
	remember(-7);
	ck_assert_uint_eq(lookups_of_one_get(), 0);
	rtcache_forget_failures(world.client);
	ck_assert_uint_eq(lookups_of_one_get(), 1);
}
END_TEST

START_TEST(failed_lookup_is_not_tried_again_by_those_with_a_stale_value)
{
	static struct caller a, b;
	open_stale(_i, 1000);
	put_stale();
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	ck_assert_uint_eq(world.lookup_count, 1);
	expect_value(&a, RTCACHE_STALE, "old");
	expect_value(&b, RTCACHE_STALE, "old");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_failure");
	TCase *tcase = tcase_create("failure");
	tcase_add_checked_fixture(tcase, NULL, close_world);
	tcase_add_test(tcase, failure_is_found_until_its_end);
	tcase_add_test(tcase, nothing_is_remembered_unless_asked_for);
	tcase_add_test(tcase, span_doubles_up_to_the_longest);
	tcase_add_test(tcase, span_that_doubles_to_the_longest_exactly_gets_there);
	tcase_add_test(tcase, span_stays_without_a_longest);
	tcase_add_test(tcase, longest_below_the_first_is_the_first);
	tcase_add_test(tcase, next_failure_counts_for_as_long_as_it_would_last);
	tcase_add_test(tcase, newest_error_counts);
	tcase_add_test(tcase, forgotten_failure_was_the_first);
	tcase_add_test(tcase, failure_lies_beside_the_value);
	tcase_add_test(tcase, other_keys_failure_is_not_found);
	tcase_add_test(tcase, longest_key_can_fail);
	tcase_add_test(tcase, failures_of_all_keys_are_forgotten_at_once);
	tcase_add_test(tcase, failures_of_one_cause_are_forgotten_at_once);
	tcase_add_test(tcase, failure_may_be_remembered_for_ever);
	tcase_add_test(tcase, refused_lookup_ends_the_wait_of_all);
	tcase_add_test(tcase, refused_lookup_that_was_replaced_is_ignored);
	suite_add_tcase(suite, tcase);

	TCase *rules = tcase_create("by both rules");
	tcase_add_checked_fixture(rules, NULL, close_world);
	tcase_add_loop_test(rules, refused_lookup_is_not_remembered, 0, 2);
	tcase_add_loop_test(rules, refused_lookup_gives_the_stale_value, 0, 2);
	tcase_add_loop_test(rules, refused_lookup_leaves_the_failures_before_it, 0, 2);
	tcase_add_loop_test(rules, failure_lasts_longer_beside_a_stale_value, 0, 2);
	tcase_add_loop_test(rules, failure_without_a_stale_value_lasts_no_longer, 0, 2);
	tcase_add_loop_test(rules, failure_lasts_longer_only_while_the_stale_value_is_there, 0, 2);
	tcase_add_loop_test(rules, failure_ends_with_what_was_too_stale, 0, 2);
	tcase_add_loop_test(rules, failure_is_not_swept_before_its_longest_time, 0, 2);
	tcase_add_loop_test(rules, span_doubles_behind_a_stale_value, 0, 2);
	tcase_add_loop_test(rules, failure_may_be_remembered_beside_a_stale_value_only, 0, 2);
	tcase_add_loop_test(rules, forgotten_failure_does_not_keep_a_stale_value_from_being_renewed,
			    0, 2);
	tcase_add_loop_test(rules, failed_lookup_is_not_tried_again_by_those_with_a_stale_value, 0,
			    2);
	suite_add_tcase(suite, rules);
	return unit_run(suite);
}

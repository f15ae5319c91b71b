/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking inside: what is counted, what a walk visits, what is known of one key. */

#include "support/cache_world.h"

static struct world world;

static void open_small(void)
{
	world_open(&world, (struct rtcache_options){.size = 65536, .stale_ms = 1000});
}

static void close_world(void)
{
	world_close(&world);
}

static struct rtcache_stats stats_now(void)
{
	struct rtcache_stats stats;
	rtcache_stats_get(world.cache, &stats);
	return stats;
}

static struct rtcache_state state_of(const char *key)
{
	struct rtcache_state state;
	ck_assert_int_eq(rtcache_inspect(world.client, key, strlen(key), &state), 0);
	return state;
}

static void peek(const char *key, bool stale)
{
	struct rtcache_value value;
	(void)peek_text(world.client, key, stale, &value);
}

/*
 * Statistics.
 */

START_TEST(new_cache_has_counted_nothing)
{
	struct rtcache_stats stats = stats_now();
	struct rtcache_stats none = {.bytes = stats.bytes, .size = 65536};
	ck_assert_mem_eq(&stats, &none, sizeof(none));
	ck_assert_uint_gt(stats.bytes, 0);
	ck_assert_uint_lt(stats.bytes, 4096);
}
END_TEST

START_TEST(each_peek_is_counted_as_what_it_was_told)
{
	peek("key", false);
	put_text(world.client, "key", "one", 100);
	peek("key", false);
	peek("key", true);
	world.now_ms += 100;
	peek("key", false);
	peek("key", true);
	world.now_ms += 1000;
	peek("key", true);
	struct rtcache_stats stats = stats_now();
	ck_assert_uint_eq(stats.misses, 1);
	ck_assert_uint_eq(stats.hits, 2);
	ck_assert_uint_eq(stats.expired, 2);
	ck_assert_uint_eq(stats.stale, 1);
	ck_assert_uint_eq(stats.lock_hits, 0);
	ck_assert_uint_eq(stats.failures, 0);
	ck_assert_uint_eq(stats.lookups, 0);
}
END_TEST

START_TEST(get_is_counted_when_it_is_answered)
{
	static struct caller callers[3];
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(caller_get(&callers[i], &world, "key"), 0);
	ck_assert_uint_eq(stats_now().lookups, 1);
	ck_assert_uint_eq(stats_now().in_flight, 1);
	world_fill(&world, 0, "one");
	ck_assert_uint_eq(stats_now().in_flight, 0);
	ck_assert_uint_eq(stats_now().misses, 0);
	world_run(&world, 0);
	ck_assert_uint_eq(stats_now().misses, 1);
	ck_assert_uint_eq(stats_now().lock_hits, 2);
	ck_assert_int_eq(caller_get(&callers[0], &world, "key"), 1);
	ck_assert_uint_eq(stats_now().hits, 1);
	ck_assert_uint_eq(stats_now().failures, 0);
}
END_TEST

START_TEST(failure_is_counted_beside_its_status)
{
	static struct caller one, two;
	caller_get(&one, &world, "key");
	caller_get(&two, &world, "key");
	rtcache_fail(world.lookups[0], -7);
	world_run(&world, 0);
	struct rtcache_stats stats = stats_now();
	ck_assert_uint_eq(stats.failures, 2);
	ck_assert_uint_eq(stats.misses, 1);
	ck_assert_uint_eq(stats.lock_hits, 1);
}
END_TEST

START_TEST(counts_of_all_clients_are_summed_and_stay)
{
	struct rtcache_value value;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	ck_assert_ptr_nonnull(other);
	put_text(world.client, "key", "one", 100);
	peek("key", false);
	(void)peek_text(other, "key", false, &value);
	(void)peek_text(other, "none", false, &value);
	ck_assert_uint_eq(stats_now().hits, 2);
	ck_assert_uint_eq(stats_now().misses, 1);
	rtcache_client_free(other);
	ck_assert_uint_eq(stats_now().hits, 2);
	ck_assert_uint_eq(stats_now().misses, 1);
}
END_TEST

START_TEST(octets_come_and_go_with_the_entries)
{
	uint64_t empty = stats_now().bytes;
	put_text(world.client, "key", "one", 100);
	ck_assert_uint_eq(stats_now().entries, 1);
	ck_assert_uint_eq(stats_now().bytes, empty + state_of("key").item.bytes);
	put_text(world.client, "key", "two", 100);
	ck_assert_uint_eq(stats_now().entries, 1);
	ck_assert(rtcache_remove(world.client, "key", 3));
	ck_assert_uint_eq(stats_now().entries, 0);
	/* Two sweeps: what was taken out goes when its epoch has passed. */
	world_run(&world, 10);
	world_run(&world, 10);
	ck_assert_uint_eq(stats_now().bytes, empty);
}
END_TEST

START_TEST(what_dies_and_what_makes_room_are_counted_apart)
{
	static unsigned char data[300];
	for (unsigned i = 0; i < 10; i++)
		rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), 100);
	world.now_ms += 100 + 1000;
	for (unsigned i = 100; i < 400; i++)
		rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), RTCACHE_NO_TTL);
	struct rtcache_stats stats = stats_now();
	ck_assert_uint_eq(stats.swept, 10);
	ck_assert_uint_gt(stats.evicted, 0);
	ck_assert_uint_eq(stats.entries, 300 - stats.evicted);
}
END_TEST

/*
 * The walk.
 */

struct visits {
	unsigned count;
	struct rtcache_item last;
};

static void visit(const struct rtcache_item *item, void *arg)
{
	struct visits *visits = arg;
	visits->count++;
	visits->last = *item;
}

static struct visits walk_all(void)
{
	struct visits visits = {0};
	uint64_t cursor = 0;
	while (rtcache_walk(world.client, &cursor, 100, visit, &visits))
		;
	return visits;
}

START_TEST(walk_of_an_empty_cache_visits_nothing_and_ends)
{
	struct visits visits = {0};
	uint64_t cursor = 0;
	unsigned calls = 1;
	while (rtcache_walk(world.client, &cursor, 10, visit, &visits))
		calls++;
	ck_assert_uint_eq(visits.count, 0);
	ck_assert_uint_gt(calls, 1);
	ck_assert(!rtcache_walk(world.client, &cursor, 10, visit, &visits));
}
END_TEST

START_TEST(walk_of_no_entries_stays_where_it_is)
{
	struct visits visits = {0};
	uint64_t cursor = 0;
	put_text(world.client, "key", "one", 100);
	ck_assert(rtcache_walk(world.client, &cursor, 0, visit, &visits));
	ck_assert_uint_eq(cursor, 0);
	ck_assert_uint_eq(visits.count, 0);
}
END_TEST

START_TEST(cursor_from_elsewhere_ends_the_walk)
{
	struct visits visits = {0};
	uint64_t cursor = UINT64_MAX;
	put_text(world.client, "key", "one", 100);
	ck_assert(!rtcache_walk(world.client, &cursor, 10, visit, &visits));
	ck_assert_uint_eq(visits.count, 0);
}
END_TEST

START_TEST(walk_goes_in_steps_of_about_the_count)
{
	uint64_t cursor = 0;
	unsigned total = 0;
	bool has_more;
	for (unsigned i = 0; i < 400; i++)
		rtcache_force_put(world.client, &i, sizeof(i), "x", 1, RTCACHE_NO_TTL);
	do {
		struct visits visits = {0};
		has_more = rtcache_walk(world.client, &cursor, 10, visit, &visits);
		/* The last bucket may have a few more than were asked for. */
		ck_assert_uint_lt(visits.count, 10 + 16);
		total += visits.count;
	} while (has_more);
	ck_assert_uint_eq(total, 400);
}
END_TEST

START_TEST(walk_goes_through_all_shards)
{
	close_world();
	world_open(&world, (struct rtcache_options){.size = 1 << 22});
	for (unsigned i = 0; i < 1000; i++)
		rtcache_force_put(world.client, &i, sizeof(i), "x", 1, RTCACHE_NO_TTL);
	ck_assert_uint_eq(walk_all().count, 1000);
}
END_TEST

START_TEST(walk_uses_nothing_and_counts_nothing)
{
	put_text(world.client, "key", "one", 100);
	peek("key", false);
	struct rtcache_stats before = stats_now();
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(walk_all().last.uses, 1);
		ck_assert_uint_eq(state_of("key").item.uses, 1);
	}
	struct rtcache_stats after = stats_now();
	ck_assert_mem_eq(&after, &before, sizeof(after));
}
END_TEST

START_TEST(uses_are_shown_up_to_three)
{
	put_text(world.client, "key", "one", 100);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_uint_eq(walk_all().last.uses, i < 3 ? i : 3);
		peek("key", false);
	}
}
END_TEST

START_TEST(item_tells_key_value_and_times)
{
	put_text(world.client, "key", "value", 100);
	world.now_ms += 30;
	struct visits visits = walk_all();
	ck_assert_uint_eq(visits.count, 1);
	ck_assert_uint_eq(visits.last.key_len, 3);
	ck_assert_mem_eq(visits.last.key, "key", 3);
	ck_assert_uint_eq(visits.last.value.len, 5);
	ck_assert_mem_eq(visits.last.value.data, "value", 5);
	ck_assert_int_eq(visits.last.value.status, RTCACHE_HIT);
	ck_assert_uint_eq(visits.last.value.age_ms, 30);
	ck_assert_uint_eq(visits.last.value.ttl_ms, 70);
	ck_assert_uint_eq(visits.last.bytes % 8, 0);
	ck_assert_uint_gt(visits.last.bytes, 8);
	ck_assert(!visits.last.is_main);
}
END_TEST

START_TEST(item_past_its_end_is_stale_and_then_expired)
{
	put_text(world.client, "key", "one", 100);
	world.now_ms += 99;
	ck_assert_int_eq(walk_all().last.value.status, RTCACHE_HIT);
	world.now_ms += 1;
	ck_assert_int_eq(walk_all().last.value.status, RTCACHE_STALE);
	ck_assert_uint_eq(walk_all().last.value.stale_ms, 0);
	world.now_ms += 999;
	ck_assert_int_eq(walk_all().last.value.status, RTCACHE_STALE);
	ck_assert_uint_eq(walk_all().last.value.stale_ms, 999);
	world.now_ms += 1;
	ck_assert_int_eq(walk_all().last.value.status, RTCACHE_EXPIRED);
	ck_assert_int_eq(state_of("key").item.value.status, RTCACHE_EXPIRED);
}
END_TEST

START_TEST(item_used_in_a_full_cache_moves_to_the_main_queue)
{
	static unsigned char data[300];
	put_text(world.client, "key", "one", RTCACHE_NO_TTL);
	for (unsigned i = 0; i < 300; i++) {
		peek("key", false);
		rtcache_client_run(world.client);
		rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), RTCACHE_NO_TTL);
	}
	ck_assert(state_of("key").is_stored);
	ck_assert(state_of("key").item.is_main);
}
END_TEST

static void remember_failure(uint64_t failure_ms, int error)
{
	static struct caller caller;
	close_world();
	world_open(&world, (struct rtcache_options){.size = 65536, .failure_ms = failure_ms});
	world.error = error;
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
}

START_TEST(remembered_failure_is_an_item_with_an_error)
{
	remember_failure(100, -7);
	struct visits visits = walk_all();
	ck_assert_uint_eq(visits.count, 1);
	ck_assert_mem_eq(visits.last.key, "key", 3);
	ck_assert_int_eq(visits.last.value.error, -7);
	ck_assert_int_eq(visits.last.value.status, RTCACHE_MISS);
	ck_assert_ptr_null(visits.last.value.data);
}
END_TEST

START_TEST(failure_that_is_over_is_no_item)
{
	remember_failure(100, -7);
	if (_i == 0)
		world.now_ms += 100;
	else
		rtcache_forget_failures(world.client);
	ck_assert_uint_eq(walk_all().count, 0);
}
END_TEST

/*
 * One key.
 */

START_TEST(inspect_refuses_a_key_that_is_nowhere)
{
	struct rtcache_state state;
	ck_assert_int_eq(rtcache_inspect(world.client, NULL, 1, &state), RTCACHE_EINVAL);
	ck_assert_int_eq(rtcache_inspect(world.client, NULL, 0, &state), 0);
	ck_assert(!state.is_stored);
}
END_TEST

START_TEST(inspect_tells_a_failure_and_its_time_left)
{
	remember_failure(100, -7);
	world.now_ms += 99;
	ck_assert_int_eq(state_of("key").failure, -7);
	ck_assert_uint_eq(state_of("key").failure_left_ms, 1);
	ck_assert(!state_of("key").is_stored);
	world.now_ms += 1;
	ck_assert_int_eq(state_of("key").failure, 0);
}
END_TEST

START_TEST(inspect_counts_the_successor_as_a_waiter)
{
	static struct caller leader, successor, waiter;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	ck_assert_ptr_nonnull(other);
	caller_get_by(&leader, other, "key");
	caller_get(&successor, &world, "key");
	caller_get(&waiter, &world, "key");
	ck_assert_uint_eq(state_of("key").waiters, 3);
	rtcache_client_free(other);
	ck_assert_uint_eq(state_of("key").waiters, 2);
	ck_assert_uint_eq(state_of("key").lookups, 1);
	world_run(&world, 0);
	ck_assert_uint_eq(state_of("key").waiters, 2);
	ck_assert_uint_eq(state_of("key").lookups, 2);
	world_fill(&world, 1, "one");
	ck_assert_uint_eq(state_of("key").waiters, 0);
	ck_assert_uint_eq(state_of("key").lookups, 0);
	world_run(&world, 0);
}
END_TEST

/* Another thread may read the clock later and start its lookup before this one takes the lock. */
START_TEST(lookup_that_began_a_moment_later_has_no_age)
{
	static struct caller caller;
	caller_get(&caller, &world, "key");
	world.now_ms -= 1;
	ck_assert_uint_eq(state_of("key").lookup_age_ms, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_stats_walk");
	TCase *tcase = tcase_create("stats_walk");
	tcase_add_checked_fixture(tcase, open_small, close_world);
	tcase_add_test(tcase, new_cache_has_counted_nothing);
	tcase_add_test(tcase, each_peek_is_counted_as_what_it_was_told);
	tcase_add_test(tcase, get_is_counted_when_it_is_answered);
	tcase_add_test(tcase, failure_is_counted_beside_its_status);
	tcase_add_test(tcase, counts_of_all_clients_are_summed_and_stay);
	tcase_add_test(tcase, octets_come_and_go_with_the_entries);
	tcase_add_test(tcase, what_dies_and_what_makes_room_are_counted_apart);
	tcase_add_test(tcase, walk_of_an_empty_cache_visits_nothing_and_ends);
	tcase_add_test(tcase, walk_of_no_entries_stays_where_it_is);
	tcase_add_test(tcase, cursor_from_elsewhere_ends_the_walk);
	tcase_add_test(tcase, walk_goes_in_steps_of_about_the_count);
	tcase_add_test(tcase, walk_goes_through_all_shards);
	tcase_add_test(tcase, walk_uses_nothing_and_counts_nothing);
	tcase_add_test(tcase, uses_are_shown_up_to_three);
	tcase_add_test(tcase, item_tells_key_value_and_times);
	tcase_add_test(tcase, item_past_its_end_is_stale_and_then_expired);
	tcase_add_test(tcase, item_used_in_a_full_cache_moves_to_the_main_queue);
	tcase_add_test(tcase, remembered_failure_is_an_item_with_an_error);
	tcase_add_loop_test(tcase, failure_that_is_over_is_no_item, 0, 2);
	tcase_add_test(tcase, inspect_refuses_a_key_that_is_nowhere);
	tcase_add_test(tcase, inspect_tells_a_failure_and_its_time_left);
	tcase_add_test(tcase, inspect_counts_the_successor_as_a_waiter);
	tcase_add_test(tcase, lookup_that_began_a_moment_later_has_no_age);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

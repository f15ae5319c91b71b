/* SPDX-License-Identifier: BSD-2-Clause */
/* rtcache_load(): an item has its age and the rest of its life, evicts nothing, replaces nothing better. */

#include "cache.h"
#include "support/cache_world.h"

enum { EFAILED = -77, HOUR = 3600000 };

static struct world world;

static void reopen(struct rtcache_options options)
{
	world_close(&world);
	world_open(&world, options);
}

static void open_small(void)
{
	world_open(&world, (struct rtcache_options){.size = 65536, .stale_ms = 1000});
}

static void close_world(void)
{
	world_close(&world);
}

static struct rtcache_item fresh_item(const char *key, const char *text, uint64_t age_ms,
				      uint64_t ttl_ms)
{
	return (struct rtcache_item){
		.key = key,
		.key_len = strlen(key),
		.value = {.data = text, .len = strlen(text), .age_ms = age_ms, .ttl_ms = ttl_ms},
	};
}

static int load(const struct rtcache_item *item)
{
	return rtcache_load(world.client, item);
}

static int load_fresh(const char *key, const char *text, uint64_t age_ms, uint64_t ttl_ms)
{
	struct rtcache_item item = fresh_item(key, text, age_ms, ttl_ms);
	return load(&item);
}

static int load_stale(const char *key, const char *text, uint64_t age_ms, uint64_t stale_ms)
{
	struct rtcache_item item = fresh_item(key, text, age_ms, 0);
	item.value.stale_ms = stale_ms;
	return load(&item);
}

static struct rtcache_state state_of(const char *key)
{
	struct rtcache_state state;
	ck_assert_int_eq(rtcache_inspect(world.client, key, strlen(key), &state), 0);
	return state;
}

static struct rtcache_stats stats_now(void)
{
	struct rtcache_stats stats;
	rtcache_stats_get(world.cache, &stats);
	return stats;
}

static void expect_peek(const char *key, enum rtcache_status status, const char *text)
{
	struct rtcache_value value;
	ck_assert_int_eq(peek_text(world.client, key, true, &value), text != NULL);
	ck_assert_str_eq(rtcache_status_name(value.status), rtcache_status_name(status));
	if (!text)
		return;
	ck_assert_uint_eq(value.len, strlen(text));
	ck_assert_mem_eq(value.data, text, value.len);
}

/*
 * Times.
 */

START_TEST(item_has_its_age_and_the_rest_of_its_life)
{
	struct rtcache_value value;
	ck_assert_int_eq(load_fresh("key", "one", 30, 70), 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_uint_eq(value.age_ms, 30);
	ck_assert_uint_eq(value.ttl_ms, 70);
	world_run(&world, 69);
	expect_peek("key", RTCACHE_HIT, "one");
	world_run(&world, 1);
	expect_peek("key", RTCACHE_STALE, "one");
	world_run(&world, 999);
	expect_peek("key", RTCACHE_STALE, "one");
	world_run(&world, 1);
	expect_peek("key", RTCACHE_EXPIRED, NULL);
}
END_TEST

START_TEST(item_with_a_time_to_live_is_not_stale)
{
	struct rtcache_value value;
	struct rtcache_item item = fresh_item("key", "one", 30, 70);
	item.value.stale_ms = 20;
	ck_assert_int_eq(load(&item), 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_uint_eq(value.age_ms, 30);
	ck_assert_uint_eq(value.ttl_ms, 70);
}
END_TEST

START_TEST(item_may_be_older_than_the_clock)
{
	struct rtcache_value value;
	world.now_ms = 20;
	ck_assert_int_eq(load_fresh("key", "one", 10 * HOUR, HOUR), 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_uint_eq(value.age_ms, 10 * HOUR);
	ck_assert_uint_eq(value.ttl_ms, HOUR);
	world.now_ms += HOUR - 1;
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 1);
	ck_assert_uint_eq(value.age_ms, 11 * HOUR - 1);
}
END_TEST

START_TEST(item_may_have_expired_before_the_clock_began)
{
	struct rtcache_value value;
	reopen((struct rtcache_options){.stale_ms = 24 * HOUR});
	world.now_ms = 20;
	ck_assert_int_eq(load_stale("key", "one", 12 * HOUR, 10 * HOUR), 0);
	ck_assert_int_eq(peek_text(world.client, "key", false, &value), 0);
	ck_assert_int_eq(peek_text(world.client, "key", true, &value), 1);
	ck_assert_int_eq(value.status, RTCACHE_STALE);
	ck_assert_uint_eq(value.ttl_ms, 0);
	ck_assert_uint_eq(value.stale_ms, 10 * HOUR);
	ck_assert_uint_eq(value.age_ms, 12 * HOUR);
	world.now_ms += 14 * HOUR - 1;
	expect_peek("key", RTCACHE_STALE, "one");
	world.now_ms += 1;
	expect_peek("key", RTCACHE_EXPIRED, NULL);
}
END_TEST

START_TEST(item_that_is_too_stale_is_refused)
{
	ck_assert_int_eq(load_stale("key", "one", 5000, 1000), RTCACHE_EREFUSED);
	ck_assert_int_eq(load_stale("key", "one", 5000, UINT64_MAX), RTCACHE_EREFUSED);
	ck_assert(!state_of("key").is_stored);
	ck_assert_int_eq(load_stale("key", "one", 5000, 999), 0);
	expect_peek("key", RTCACHE_STALE, "one");
	reopen((struct rtcache_options){.stale_ms = 0});
	ck_assert_int_eq(load_stale("key", "one", 5000, 0), RTCACHE_EREFUSED);
	ck_assert(!state_of("key").is_stored);
}
END_TEST

START_TEST(longest_times_are_2_million_years)
{
	struct rtcache_value value;
	reopen((struct rtcache_options){.stale_ms = UINT64_MAX});
	world.now_ms = 0;
	ck_assert_int_eq(load_stale("stale", "x", UINT64_MAX, UINT64_MAX), RTCACHE_EREFUSED);
	ck_assert_int_eq(load_stale("stale", "x", 0, (UINT64_C(1) << 56) - 1), 0);
	ck_assert_int_eq(peek_text(world.client, "stale", true, &value), 1);
	ck_assert_uint_eq(value.stale_ms, (UINT64_C(1) << 56) - 1);
	ck_assert_uint_eq(value.age_ms, (UINT64_C(1) << 56) - 1);
	ck_assert_int_eq(load_fresh("old", "x", UINT64_MAX, 100), 0);
	ck_assert_int_eq(peek_text(world.client, "old", false, &value), 1);
	ck_assert_uint_eq(value.age_ms, UINT64_C(1) << 56);
	ck_assert_int_eq(load_fresh("ever", "x", 1, RTCACHE_NO_TTL), 0);
	ck_assert_int_eq(load_fresh("long", "x", 1, RTCACHE_NO_TTL - 1), 0);
	world.now_ms = (UINT64_C(1) << 56) - 1;
	ck_assert_int_eq(peek_text(world.client, "ever", false, &value), 1);
	ck_assert_uint_eq(value.ttl_ms, RTCACHE_NO_TTL);
	expect_peek("long", RTCACHE_HIT, "x");
	expect_peek("stale", RTCACHE_STALE, "x");
}
END_TEST

START_TEST(loaded_item_is_swept_when_it_is_dead)
{
	world.now_ms = 20;
	ck_assert_int_eq(load_stale("key", "one", HOUR, 400), 0);
	for (unsigned i = 0; i < 60; i++)
		world_run(&world, 10);
	ck_assert(state_of("key").is_stored);
	/* It lingers for a minute. */
	for (unsigned i = 0; i < 10; i++)
		world_run(&world, 60000);
	ck_assert(!state_of("key").is_stored);
	ck_assert_uint_eq(stats_now().swept, 1);
}
END_TEST

/*
 * What is there already.
 */

START_TEST(value_that_lives_as_long_is_not_replaced)
{
	put_text(world.client, "key", "one", 100);
	ck_assert_int_eq(load_fresh("key", "two", 0, 99), RTCACHE_EREFUSED);
	ck_assert_int_eq(load_fresh("key", "two", 0, 100), RTCACHE_EREFUSED);
	ck_assert_int_eq(load_stale("key", "two", 10, 0), RTCACHE_EREFUSED);
	expect_peek("key", RTCACHE_HIT, "one");
	put_text(world.client, "ever", "one", RTCACHE_NO_TTL);
	ck_assert_int_eq(load_fresh("ever", "two", 0, RTCACHE_NO_TTL), RTCACHE_EREFUSED);
}
END_TEST

START_TEST(value_that_lives_less_long_is_replaced)
{
	struct rtcache_stats before;
	put_text(world.client, "key", "one", 100);
	before = stats_now();
	ck_assert_int_eq(load_fresh("key", "two", 0, 101), 0);
	ck_assert_uint_eq(stats_now().entries, before.entries);
	expect_peek("key", RTCACHE_HIT, "two");
	world_run(&world, 200);
	expect_peek("key", RTCACHE_STALE, "two");
	ck_assert_int_eq(load_stale("key", "three", 500, 99), RTCACHE_EREFUSED);
	ck_assert_int_eq(load_stale("key", "three", 500, 98), 0);
	expect_peek("key", RTCACHE_STALE, "three");
	ck_assert_int_eq(load_fresh("key", "four", 0, 1), 0);
	expect_peek("key", RTCACHE_HIT, "four");
	ck_assert_uint_eq(stats_now().entries, 1);
}
END_TEST

START_TEST(dead_value_is_replaced_by_a_stale_one)
{
	put_text(world.client, "key", "one", 100);
	world.now_ms += 1100;
	expect_peek("key", RTCACHE_EXPIRED, NULL);
	ck_assert_int_eq(load_stale("key", "two", 2000, 999), 0);
	expect_peek("key", RTCACHE_STALE, "two");
}
END_TEST

/*
 * Uses and queues.
 */

static int load_used(const char *key, unsigned uses, bool is_main, uint64_t ttl_ms)
{
	struct rtcache_item item = fresh_item(key, "x", 0, ttl_ms);
	item.uses = uses;
	item.is_main = is_main;
	return load(&item);
}

START_TEST(item_has_its_uses_and_its_queue)
{
	static const struct {
		unsigned uses;
		bool is_main;
		unsigned has_uses;
		bool is_in_main;
	} rows[] = {
		{0, false, 0, false}, {1, false, 1, false}, {2, false, 2, true},
		{3, false, 3, true},  {0, true, 0, true},   {1, true, 1, true},
		{4, false, 3, true},  {256, true, 3, true},
	};
	ck_assert_int_eq(load_used("key", rows[_i].uses, rows[_i].is_main, 100), 0);
	ck_assert_uint_eq(state_of("key").item.uses, rows[_i].has_uses);
	ck_assert(state_of("key").item.is_main == rows[_i].is_in_main);
	ck_assert(rtcache_remove(world.client, "key", 3));
	ck_assert_uint_eq(stats_now().entries, 0);
}
END_TEST

START_TEST(item_that_replaces_has_the_greater_uses_and_the_present_queue)
{
	ck_assert_int_eq(load_used("key", 0, false, 100), 0);
	ck_assert_int_eq(load_used("key", 2, true, 200), 0);
	ck_assert_uint_eq(state_of("key").item.uses, 2);
	ck_assert(!state_of("key").item.is_main);
	ck_assert_int_eq(load_used("key", 1, false, 300), 0);
	ck_assert_uint_eq(state_of("key").item.uses, 2);
	ck_assert_int_eq(load_used("main", 0, true, 100), 0);
	ck_assert_int_eq(load_used("main", 1, false, 200), 0);
	ck_assert(state_of("main").item.is_main);
	ck_assert(rtcache_remove(world.client, "key", 3));
	ck_assert(rtcache_remove(world.client, "main", 4));
}
END_TEST

/* As a put does that finds none; what is refused does not age the counters. */
START_TEST(loaded_item_is_counted_once)
{
	uint64_t hash = rtcache__key_hash(world.cache, "key", 3);
	struct rtcache__shard *shard = rtcache__shard_of(world.cache, hash);
	const struct rtcache__sketch *sketch = rtcache__table_sketch(&shard->table, hash);
	ck_assert_int_eq(load_stale("key", "one", 5000, 1000), RTCACHE_EREFUSED);
	ck_assert_uint_eq(rtcache__sketch_count(sketch, hash), 0);
	ck_assert_int_eq(load_fresh("key", "one", 0, 100), 0);
	ck_assert_int_eq(load_fresh("key", "one", 0, 100), RTCACHE_EREFUSED);
	ck_assert_int_eq(load_fresh("key", "one", 0, 200), 0);
	ck_assert_uint_eq(rtcache__sketch_count(sketch, hash), 1);
}
END_TEST

START_TEST(what_was_used_survives_what_was_not)
{
	static unsigned char data[300];
	unsigned kept = 0;
	/* The used ones first, as a snapshot has them: the old end of the queues. */
	for (unsigned i = 0; i < 150; i++) {
		struct rtcache_item item = {.key = &i,
					    .key_len = sizeof(i),
					    .value = {.data = data, .len = 300, .ttl_ms = HOUR},
					    .uses = i < 50 ? 3 : 0};
		ck_assert_int_eq(load(&item), 0);
	}
	for (unsigned i = 1000; i < 1080; i++) {
		rtcache_force_put(world.client, &i, sizeof(i), data, sizeof(data), HOUR);
		rtcache_client_run(world.client);
	}
	ck_assert_uint_ge(stats_now().evicted, 50);
	for (unsigned i = 0; i < 50; i++) {
		struct rtcache_value value;
		kept += rtcache_peek(world.client, &i, sizeof(i), false, &value) == 1;
	}
	ck_assert_uint_eq(kept, 50);
}
END_TEST

/*
 * Room.
 */

static int load_number(unsigned number, size_t len, uint64_t ttl_ms)
{
	static unsigned char data[16384];
	struct rtcache_item item = {.key = &number,
				    .key_len = sizeof(number),
				    .value = {.data = data, .len = len, .ttl_ms = ttl_ms}};
	return load(&item);
}

static bool has_number(unsigned number)
{
	struct rtcache_value value;
	return rtcache_peek(world.client, &number, sizeof(number), true, &value) == 1;
}

START_TEST(nothing_is_evicted)
{
	unsigned count = 0;
	while (load_number(count, 100, HOUR) == 0)
		count++;
	ck_assert_uint_gt(count, 300);
	ck_assert_int_eq(load_number(count, 100, HOUR), RTCACHE_ENOMEM);
	/* A value that lives less long is not lost for want of room. */
	ck_assert_int_eq(load_number(0, 100, 2 * HOUR), RTCACHE_ENOMEM);
	for (unsigned i = 0; i < 2000; i++)
		ck_assert_int_ne(load_number(count + i, 100 + i, HOUR), 0);
	for (unsigned i = 0; i < count; i++)
		ck_assert(has_number(i));
	ck_assert_uint_eq(stats_now().evicted, 0);
	ck_assert_uint_eq(stats_now().entries, count);
	/* The reserve for puts is untouched. */
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(put_text(world.client, "key", "one", 100 + i), 0);
}
END_TEST

START_TEST(dead_entries_make_room)
{
	unsigned count = 0;
	while (load_number(count, 100, 500) == 0)
		count++;
	world.now_ms += 500 + 999;
	ck_assert_int_eq(load_number(count, 100, HOUR), RTCACHE_ENOMEM);
	world.now_ms += 1;
	for (unsigned i = 0; i < 5 * count; i++) {
		rtcache_client_run(world.client);
		(void)load_number(count + i, 100, HOUR);
	}
	ck_assert_uint_eq(stats_now().evicted, 0);
	ck_assert_uint_eq(stats_now().swept, count);
	ck_assert_uint_ge(stats_now().entries, count - 5);
}
END_TEST

START_TEST(invalid_items_are_refused)
{
	static char big[65536];
	struct rtcache_item good = fresh_item("key", "one", 0, 100);
	struct rtcache_item item = good;
	item.key = NULL;
	ck_assert_int_eq(load(&item), RTCACHE_EINVAL);
	item = good;
	item.value.data = NULL;
	ck_assert_int_eq(load(&item), RTCACHE_EINVAL);
	item = good;
	item.key = big;
	item.key_len = RTCACHE_KEY_MAX + 1;
	ck_assert_int_eq(load(&item), RTCACHE_EINVAL);
	item = good;
	item.value.error = EFAILED;
	ck_assert_int_eq(load(&item), RTCACHE_EINVAL);
	item = good;
	item.value.data = big;
	item.value.len = sizeof(big);
	ck_assert_int_eq(load(&item), RTCACHE_ETOOBIG);
	item.value.len = 65536 / 4;
	ck_assert_int_eq(load(&item), RTCACHE_ETOOBIG);
	ck_assert_uint_eq(stats_now().entries, 0);
	item = (struct rtcache_item){.value = {.ttl_ms = 1}};
	ck_assert_int_eq(load(&item), 0);
	ck_assert_uint_eq(stats_now().entries, 1);
}
END_TEST

/*
 * Lookups and failures.
 */

static void open_failing(void)
{
	static struct caller caller;
	reopen((struct rtcache_options){.size = 65536,
					.stale_ms = 10000,
					.stale_after_ms = 50,
					.failure_ms = 1000,
					.stale_failure_ms = 3000});
	world.error = EFAILED;
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
	world.error = 0;
	ck_assert_uint_eq(world.lookup_count, 1);
}

START_TEST(failure_remains_beside_a_fresh_item)
{
	static struct caller caller;
	open_failing();
	ck_assert_int_eq(load_fresh("key", "one", 10, 100), 0);
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
	expect_value(&caller, RTCACHE_HIT, "one");
	ck_assert_int_eq(state_of("key").failure, EFAILED);
	world_run(&world, 100);
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
	expect_value(&caller, RTCACHE_STALE, "one");
	ck_assert_uint_eq(world.lookup_count, 1);
}
END_TEST

START_TEST(failure_lasts_longer_beside_a_stale_item)
{
	static struct caller caller;
	open_failing();
	ck_assert_int_eq(load_stale("key", "one", 500, 400), 0);
	ck_assert_uint_eq(state_of("key").failure_left_ms, 3000);
	world_run(&world, 2999);
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
	expect_value(&caller, RTCACHE_STALE, "one");
	ck_assert_uint_eq(world.lookup_count, 1);
	world_run(&world, 1);
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 0);
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	expect_value(&caller, RTCACHE_EXPIRED, "two");
}
END_TEST

START_TEST(answer_replaces_an_item_that_was_loaded_meanwhile)
{
	static struct caller caller, other;
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 0);
	ck_assert_int_eq(load_fresh("key", "file", 10, HOUR), 0);
	/* It is a hit at once for others. */
	ck_assert_int_eq(caller_get(&other, &world, "key"), 1);
	expect_value(&other, RTCACHE_HIT, "file");
	rtcache_fill(world.lookups[0], "new", 3, 100);
	world_run(&world, 0);
	expect_value(&caller, RTCACHE_MISS, "new");
	expect_peek("key", RTCACHE_HIT, "new");
}
END_TEST

/* Its flight has ended by the failure of a newer lookup. */
START_TEST(late_answer_replaces_a_loaded_item_but_not_a_put_one)
{
	static struct caller caller;
	reopen((struct rtcache_options){.lock_timeout_ms = 100});
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 0);
	world_run(&world, 100);
	ck_assert_uint_eq(world.lookup_count, 2);
	rtcache_fail(world.lookups[1], EFAILED);
	world_run(&world, 0);
	expect_error(&caller, RTCACHE_MISS, EFAILED);
	world.now_ms += 1;
	if (_i)
		ck_assert_int_eq(load_fresh("key", "other", 102, HOUR), 0);
	else
		ck_assert_int_eq(put_text(world.client, "key", "other", HOUR), 0);
	rtcache_fill(world.lookups[0], "late", 4, 100);
	expect_peek("key", RTCACHE_HIT, _i ? "late" : "other");
}
END_TEST

/* _i: 0: a stale item is loaded; 1: a fresh one; 2: a fresh one under the herd rule: each has its own. */
START_TEST(waiter_gets_a_loaded_item_if_its_lookup_fails)
{
	static struct caller leader, waiter;
	if (_i == 2)
		reopen((struct rtcache_options){.herd = true});
	ck_assert_int_eq(caller_get(&leader, &world, "key"), 0);
	ck_assert_int_eq(caller_get(&waiter, &world, "key"), 0);
	ck_assert_int_eq(_i ? load_fresh("key", "file", 10, 100) : load_stale("key", "file", 10, 5),
			 0);
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	if (_i == 2) {
		expect_error(&leader, RTCACHE_MISS, EFAILED);
		rtcache_fail(world.lookups[1], EFAILED);
		world_run(&world, 0);
		return;
	}
	expect_value(&leader, _i ? RTCACHE_HIT : RTCACHE_STALE, "file");
	expect_value(&waiter, _i ? RTCACHE_HIT : RTCACHE_STALE, "file");
	ck_assert_uint_eq(stats_now().failures, 0);
	ck_assert_uint_eq(_i ? stats_now().hits : stats_now().stale, 2);
}
END_TEST

START_TEST(waiter_that_is_due_for_a_stale_value_gets_what_was_loaded)
{
	static struct caller caller;
	reopen((struct rtcache_options){.stale_ms = 10000, .stale_after_ms = 50});
	put_text(world.client, "key", "old", 10);
	world.now_ms += 20;
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 0);
	ck_assert_int_eq(_i ? load_fresh("key", "file", 10, 100) : load_stale("key", "file", 30, 5),
			 0);
	world_run(&world, 50);
	ck_assert_uint_eq(caller.done_count, 1);
	expect_value(&caller, _i ? RTCACHE_HIT : RTCACHE_STALE, "file");
	ck_assert_uint_eq(stats_now().stale, !_i);
	ck_assert_uint_eq(stats_now().hits, _i);
	world_fill(&world, 0, "new");
}
END_TEST

START_TEST(loaded_item_is_refreshed_in_the_last_part_of_its_life)
{
	static struct caller caller;
	reopen((struct rtcache_options){.refresh_percent = 10});
	world.now_ms = 0;
	ck_assert_int_eq(load_fresh("key", "one", 9 * HOUR - 1, HOUR + 1), 0);
	ck_assert_int_eq(load_fresh("old", "one", UINT64_MAX, 100), 0);
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
	ck_assert_uint_eq(world.lookup_count, 0);
	world.now_ms += 1;
	ck_assert_int_eq(caller_get(&caller, &world, "key"), 1);
	ck_assert_uint_eq(world.lookup_count, 1);
	ck_assert_int_eq(caller_get(&caller, &world, "old"), 1);
	ck_assert_uint_eq(world.lookup_count, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_load");
	TCase *tcase = tcase_create("load");
	tcase_add_checked_fixture(tcase, open_small, close_world);
	tcase_add_test(tcase, item_has_its_age_and_the_rest_of_its_life);
	tcase_add_test(tcase, item_with_a_time_to_live_is_not_stale);
	tcase_add_test(tcase, item_may_be_older_than_the_clock);
	tcase_add_test(tcase, item_may_have_expired_before_the_clock_began);
	tcase_add_test(tcase, item_that_is_too_stale_is_refused);
	tcase_add_test(tcase, longest_times_are_2_million_years);
	tcase_add_test(tcase, loaded_item_is_swept_when_it_is_dead);
	tcase_add_test(tcase, value_that_lives_as_long_is_not_replaced);
	tcase_add_test(tcase, value_that_lives_less_long_is_replaced);
	tcase_add_test(tcase, dead_value_is_replaced_by_a_stale_one);
	tcase_add_loop_test(tcase, item_has_its_uses_and_its_queue, 0, 8);
	tcase_add_test(tcase, item_that_replaces_has_the_greater_uses_and_the_present_queue);
	tcase_add_test(tcase, loaded_item_is_counted_once);
	tcase_add_test(tcase, what_was_used_survives_what_was_not);
	tcase_add_test(tcase, nothing_is_evicted);
	tcase_add_test(tcase, dead_entries_make_room);
	tcase_add_test(tcase, invalid_items_are_refused);
	tcase_add_test(tcase, failure_remains_beside_a_fresh_item);
	tcase_add_test(tcase, failure_lasts_longer_beside_a_stale_item);
	tcase_add_test(tcase, answer_replaces_an_item_that_was_loaded_meanwhile);
	tcase_add_loop_test(tcase, late_answer_replaces_a_loaded_item_but_not_a_put_one, 0, 2);
	tcase_add_loop_test(tcase, waiter_gets_a_loaded_item_if_its_lookup_fails, 0, 3);
	tcase_add_loop_test(tcase, waiter_that_is_due_for_a_stale_value_gets_what_was_loaded, 0, 2);
	tcase_add_test(tcase, loaded_item_is_refreshed_in_the_last_part_of_its_life);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

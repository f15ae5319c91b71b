/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading through, by the default rule: one lookup for all, one new leader when it fails to come.
 */

#include "support/cache_world.h"

#define EFAILED (-77)

static struct world world;

static void open_plain(void)
{
	world_open(&world, (struct rtcache_options){0});
}

static void close_world(void)
{
	world_close(&world);
}

START_TEST(lookup_that_ends_in_its_callback_is_returned_by_get)
{
	static struct caller a;
	world.answer = "one";
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_value(&a, RTCACHE_MISS, "one");
	ck_assert_uint_eq(a.value.ttl_ms, RTCACHE_NO_TTL);
	ck_assert_ptr_eq(world.extra, &a);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_value(&a, RTCACHE_HIT, "one");
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count, 0);
	ck_assert_uint_eq(world.lookup_count, 1);
}
END_TEST

START_TEST(lookup_that_fails_in_its_callback_is_returned_by_get)
{
	static struct caller a;
	world.error = EFAILED;
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_error(&a, RTCACHE_MISS, EFAILED);
}
END_TEST

START_TEST(done_is_called_once_from_run)
{
	static struct caller a;
	ck_assert_int_eq(caller_get(&a, &world, "key"), 0);
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count, 0);
	world_fill(&world, 0, "one");
	ck_assert_uint_eq(a.done_count, 0);
	ck_assert_uint_le(rtcache_client_next_ms(world.client), world.now_ms);
	world_run(&world, 0);
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count, 1);
	expect_value(&a, RTCACHE_MISS, "one");
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), UINT64_MAX);
}
END_TEST

START_TEST(many_callers_of_one_key_cause_one_lookup)
{
	enum { CALLERS = 1000 };
	static struct caller callers[CALLERS];
	for (unsigned i = 0; i < CALLERS; i++)
		ck_assert_int_eq(caller_get(&callers[i], &world, "key"), 0);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	for (unsigned i = 0; i < CALLERS; i++) {
		ck_assert_uint_eq(callers[i].done_count, 1);
		expect_value(&callers[i], i == 0 ? RTCACHE_MISS : RTCACHE_LOCK_HIT, "one");
	}
	ck_assert_int_eq(caller_get(&callers[0], &world, "key"), 1);
	expect_value(&callers[0], RTCACHE_HIT, "one");
}
END_TEST

START_TEST(different_keys_are_looked_up_apart)
{
	static struct caller a, b, c;
	caller_get(&a, &world, "1");
	caller_get(&b, &world, "3");
	caller_get(&c, &world, "5");
	ck_assert_uint_eq(world.lookup_count, 3);
	world_fill(&world, 1, "b");
	world_fill(&world, 0, "a");
	world_fill(&world, 2, "c");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "a");
	expect_value(&b, RTCACHE_MISS, "b");
	expect_value(&c, RTCACHE_MISS, "c");
}
END_TEST

START_TEST(waiters_share_a_failure)
{
	static struct caller a, b, c;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	expect_error(&a, RTCACHE_MISS, EFAILED);
	expect_error(&b, RTCACHE_LOCK_HIT, EFAILED);
	expect_error(&c, RTCACHE_LOCK_HIT, EFAILED);
	ck_assert_uint_eq(world.lookup_count, 1);
	caller_get(&a, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 2);
}
END_TEST

START_TEST(answer_without_ttl_takes_the_callers)
{
	struct rtcache_value value;
	static struct caller a = {.request = {.data = &a, .done = caller_done}};
	rtcache_get(world.client, &a.request, "k", 1, 500, NULL, &value);
	rtcache_fill(world.lookups[0], "v", 1, RTCACHE_NO_TTL);
	world_run(&world, 100);
	ck_assert_uint_eq(a.value.ttl_ms, 400);
	ck_assert_uint_eq(a.value.age_ms, 100);
	ck_assert_int_eq(peek_text(world.client, "k", false, &value), 1);
	ck_assert_uint_eq(value.ttl_ms, 400);
	ck_assert_uint_eq(value.age_ms, 100);
	world.now_ms += 400;
	ck_assert_int_eq(peek_text(world.client, "k", false, &value), 0);
	ck_assert_int_eq(value.status, RTCACHE_EXPIRED);
}
END_TEST

START_TEST(answer_with_ttl_zero_is_delivered_to_all_and_not_stored)
{
	static struct caller a, b;
	struct rtcache_value value;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	rtcache_fill(world.lookups[0], "now", 3, 0);
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "now");
	expect_value(&b, RTCACHE_LOCK_HIT, "now");
	ck_assert_uint_eq(b.value.ttl_ms, 0);
	ck_assert_int_eq(peek_text(world.client, "key", true, &value), 0);
	ck_assert_int_eq(value.status, RTCACHE_MISS);
}
END_TEST

START_TEST(expired_entry_is_looked_up_again)
{
	static struct caller a;
	put_text(world.client, "key", "old", 100);
	world_run(&world, 99);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_value(&a, RTCACHE_HIT, "old");
	ck_assert_uint_eq(a.value.ttl_ms, 1);
	world_run(&world, 1);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 0);
	world_fill(&world, 0, "new");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_EXPIRED, "new");
}
END_TEST

START_TEST(cancelled_request_hears_nothing)
{
	static struct caller a, b;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	rtcache_cancel(world.client, &b.request);
	rtcache_cancel(world.client, &b.request);
	world_fill(&world, 0, "one");
	rtcache_cancel(world.client, &a.request);
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count + b.done_count, 0);
	ck_assert_int_eq(caller_get(&b, &world, "key"), 1);
	rtcache_cancel(world.client, &b.request);
}
END_TEST

START_TEST(cancelled_leader_hands_over_and_its_lookup_goes_on)
{
	static struct caller a, b, c;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	rtcache_cancel(world.client, &a.request);
	world_run(&world, 0);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	ck_assert_uint_eq(a.done_count, 0);
	expect_value(&b, RTCACHE_MISS, "one");
	expect_value(&c, RTCACHE_LOCK_HIT, "one");
}
END_TEST

START_TEST(lookup_of_nobody_fills_the_cache)
{
	static struct caller a;
	caller_get(&a, &world, "key");
	rtcache_cancel(world.client, &a.request);
	world_fill(&world, 0, "one");
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_value(&a, RTCACHE_HIT, "one");
}
END_TEST

START_TEST(freed_client_ends_its_requests)
{
	static struct caller a, b;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&a, other, "key");
	caller_get_by(&b, other, "word");
	world_fill(&world, 1, "ready");
	rtcache_client_free(other);
	ck_assert_uint_eq(a.done_count, 1);
	ck_assert_uint_eq(b.done_count, 1);
	expect_error(&a, RTCACHE_MISS, RTCACHE_ECANCELED);
	rtcache_fail(world.lookups[0], EFAILED);
}
END_TEST

static void get_again(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct caller *caller = request->data;
	struct rtcache_value out;
	caller->done_count++;
	caller->value = *value;
	caller->rc = rtcache_get(caller->client, request, "key", 3, 0, NULL, &out);
}

START_TEST(get_while_the_client_is_freed_is_refused)
{
	static struct caller a;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&a, other, "key");
	a.request.done = get_again;
	rtcache_client_free(other);
	ck_assert_uint_eq(a.done_count, 1);
	ck_assert_int_eq(a.rc, RTCACHE_ECANCELED);
}
END_TEST

START_TEST(waiter_of_a_freed_leader_looks_up_from_its_own_run)
{
	static struct caller a, b, c;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&a, other, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	rtcache_client_free(other);
	ck_assert_uint_eq(world.lookup_count, 1);
	ck_assert_uint_le(rtcache_client_next_ms(world.client), world.now_ms);
	world_run(&world, 0);
	ck_assert_uint_eq(world.lookup_count, 2);
	ck_assert_ptr_eq(world.extra, &b);

	/* The failure of the old lookup has no effect. */
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	ck_assert_uint_eq(b.done_count, 0);
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	expect_value(&b, RTCACHE_MISS, "two");
	expect_value(&c, RTCACHE_LOCK_HIT, "two");
}
END_TEST

START_TEST(late_answer_of_a_freed_clients_lookup_still_serves)
{
	static struct caller a, b;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&a, other, "key");
	caller_get(&b, &world, "key");
	rtcache_client_free(other);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	ck_assert_uint_eq(world.lookup_count, 1);
	ck_assert_uint_eq(b.done_count, 1);
	expect_value(&b, RTCACHE_LOCK_HIT, "one");
	ck_assert_int_eq(caller_get(&b, &world, "key"), 1);
}
END_TEST

START_TEST(newcomer_takes_over_what_a_freed_client_left)
{
	static struct caller a, b;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&a, other, "key");
	rtcache_client_free(other);
	caller_get(&b, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "two");
	rtcache_fill(world.lookups[0], "one", 3, RTCACHE_NO_TTL);
	world_run(&world, 0);
	expect_value(&b, RTCACHE_MISS, "two");
	caller_get(&b, &world, "key");
	expect_value(&b, RTCACHE_HIT, "two");
}
END_TEST

START_TEST(cancelled_successor_passes_it_on)
{
	static struct caller a, b, c;
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&a, other, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	rtcache_client_free(other);
	rtcache_cancel(world.client, &b.request);
	world_run(&world, 0);
	ck_assert_ptr_eq(world.extra, &c);
	rtcache_cancel(world.client, &c.request);
	world_fill(&world, 1, "two");
	rtcache_fail(world.lookups[0], EFAILED);
}
END_TEST

START_TEST(one_newcomer_looks_up_when_the_lookup_is_too_old)
{
	static struct caller a, b, c;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_age_ms = 1000});
	caller_get(&a, &world, "key");
	world_run(&world, 1500);
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_LOCK_HIT, "two");
	expect_value(&b, RTCACHE_MISS, "two");
	expect_value(&c, RTCACHE_LOCK_HIT, "two");
	world_fill(&world, 0, "one");
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "two");
}
END_TEST

START_TEST(first_of_two_answers_serves_everybody)
{
	static struct caller a, b;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_age_ms = 1000});
	caller_get(&a, &world, "key");
	world_run(&world, 1500);
	caller_get(&b, &world, "key");
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "one");
	expect_value(&b, RTCACHE_LOCK_HIT, "one");
	rtcache_fail(world.lookups[1], EFAILED);
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "one");
}
END_TEST

START_TEST(late_answer_is_stored_if_the_newer_lookup_failed)
{
	static struct caller a, b;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_age_ms = 1000});
	caller_get(&a, &world, "key");
	world_run(&world, 1500);
	caller_get(&b, &world, "key");
	rtcache_fail(world.lookups[1], EFAILED);
	world_run(&world, 0);
	expect_error(&a, RTCACHE_LOCK_HIT, EFAILED);
	caller_get(&b, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 3);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	expect_value(&b, RTCACHE_LOCK_HIT, "one");
	rtcache_fail(world.lookups[2], EFAILED);
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "one");
}
END_TEST

START_TEST(one_waiter_looks_up_after_the_timeout)
{
	static struct caller a, b, c;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_timeout_ms = 1000});
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get(&c, &world, "key");
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), 2000);
	world_run(&world, 999);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_run(&world, 1);
	ck_assert_uint_eq(world.lookup_count, 2);
	world_run(&world, 0);
	ck_assert_uint_eq(world.lookup_count, 2);
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), 3000);
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_LOCK_HIT, "two");
	expect_value(&b, RTCACHE_MISS, "two");
	expect_value(&c, RTCACHE_LOCK_HIT, "two");
	world_fill(&world, 0, "one");
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "two");
}
END_TEST

START_TEST(waiter_waits_its_own_time)
{
	static struct caller a, b;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_timeout_ms = 1000});
	caller_get(&a, &world, "key");
	world_run(&world, 600);
	caller_get(&b, &world, "key");
	world_run(&world, 999);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_run(&world, 1);
	ck_assert_uint_eq(world.lookup_count, 2);
	ck_assert_ptr_eq(world.extra, &b);
}
END_TEST

/* Two threads: the one reads the clock, the other starts a lookup, and then the one is about to. */
START_TEST(waiter_whose_clock_was_read_before_the_new_lookup_waits_on)
{
	static struct caller a, b, c;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_timeout_ms = 1000});
	struct rtcache_client *other = rtcache_client_new(world.cache, NULL, NULL);
	ck_assert_ptr_nonnull(other);
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	caller_get_by(&c, other, "key");
	world_run(&world, 1001);
	ck_assert_uint_eq(world.lookup_count, 2);
	world.now_ms -= 1;
	rtcache_client_run(other);
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "two");
	rtcache_client_run(other);
	expect_value(&c, RTCACHE_LOCK_HIT, "two");
	rtcache_client_free(other);
	world_run(&world, 0);
}
END_TEST

START_TEST(longest_times_never_come)
{
	static struct caller a, b;
	world_close(&world);
	world_open(&world, (struct rtcache_options){
				   .lock_timeout_ms = UINT64_MAX,
				   .stale_ms = UINT64_MAX,
				   .stale_after_ms = UINT64_MAX,
			   });
	put_text(world.client, "key", "old", 100);
	world_run(&world, 200);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 0);
	ck_assert_int_eq(caller_get(&b, &world, "key"), 0);
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), UINT64_MAX);
	world_run(&world, UINT64_C(1) << 60);
	ck_assert_uint_eq(a.done_count + b.done_count, 0);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "new");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_EXPIRED, "new");
	expect_value(&b, RTCACHE_LOCK_HIT, "new");
}
END_TEST

START_TEST(lonely_leader_starts_over_after_the_timeout)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.lock_timeout_ms = 1000});
	caller_get(&a, &world, "key");
	world_run(&world, 1000);
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "two");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_MISS, "two");
}
END_TEST

START_TEST(stale_value_is_given_at_once_and_looked_up_behind_it)
{
	static struct caller a, b;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.stale_ms = 5000});
	put_text(world.client, "key", "old", 100);
	world_run(&world, 300);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_value(&a, RTCACHE_STALE, "old");
	ck_assert_uint_eq(a.value.stale_ms, 200);
	ck_assert_uint_eq(a.value.ttl_ms, 0);
	ck_assert_uint_eq(a.value.age_ms, 300);
	ck_assert_int_eq(caller_get(&b, &world, "key"), 1);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "new");
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "new");
}
END_TEST

START_TEST(stale_value_is_given_after_a_wait)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.stale_ms = 5000, .stale_after_ms = 1800});
	put_text(world.client, "key", "old", 100);
	world_run(&world, 200);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 0);
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), world.now_ms + 1800);
	world_run(&world, 1799);
	ck_assert_uint_eq(a.done_count, 0);
	world_run(&world, 1);
	ck_assert_uint_eq(a.done_count, 1);
	expect_value(&a, RTCACHE_STALE, "old");
	ck_assert_uint_eq(a.value.stale_ms, 1900);
	world_fill(&world, 0, "new");
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "new");
}
END_TEST

static void open_slow(bool herd)
{
	world_close(&world);
	world_open(&world, (struct rtcache_options){.herd = herd,
						    .lock_age_ms = 4000,
						    .lock_timeout_ms = 1000,
						    .stale_ms = 90000,
						    .stale_after_ms = 1800});
	put_text(world.client, "key", "old", 100);
	world.now_ms += 100;
}

START_TEST(newcomer_to_a_slow_lookup_gets_the_stale_value_at_once)
{
	static struct caller a, b, c;
	open_slow(_i);
	ck_assert_int_eq(caller_get(&a, &world, "key"), 0);
	world.now_ms += 1799;
	ck_assert_int_eq(caller_get(&b, &world, "key"), 0);
	world.now_ms += 1;
	ck_assert_int_eq(caller_get(&c, &world, "key"), 1);
	expect_value(&c, RTCACHE_STALE, "old");
	ck_assert_uint_eq(c.value.stale_ms, 1800);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "new");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_EXPIRED, "new");
	expect_value(&b, RTCACHE_LOCK_HIT, "new");
}
END_TEST

START_TEST(newcomer_without_a_stale_value_waits_for_a_slow_lookup)
{
	static struct caller a, b;
	open_slow(_i);
	caller_get(&a, &world, "word");
	world.now_ms += 1800;
	ck_assert_int_eq(caller_get(&b, &world, "word"), 0);
	ck_assert_uint_eq(world.lookup_count, 1);
}
END_TEST

/* It is as slow as its first lookup. */
START_TEST(lookup_started_over_is_still_slow)
{
	static struct caller a, b, c;
	open_slow(false);
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "key");
	world_run(&world, 1000);
	ck_assert_uint_eq(world.lookup_count, 2);
	world.now_ms += 800;
	ck_assert_int_eq(caller_get(&c, &world, "key"), 1);
	expect_value(&c, RTCACHE_STALE, "old");
	ck_assert_uint_eq(world.lookup_count, 2);
}
END_TEST

START_TEST(lookup_too_old_is_replaced_behind_a_stale_value)
{
	static struct caller a, b, c;
	open_slow(false);
	caller_get(&a, &world, "key");
	rtcache_cancel(world.client, &a.request);
	world.now_ms += 4000;
	ck_assert_int_eq(caller_get(&b, &world, "key"), 1);
	ck_assert_uint_eq(world.lookup_count, 1);
	world.now_ms += 1;
	ck_assert_int_eq(caller_get(&b, &world, "key"), 1);
	ck_assert_int_eq(caller_get(&c, &world, "key"), 1);
	expect_value(&c, RTCACHE_STALE, "old");
	ck_assert_uint_eq(world.lookup_count, 2);
	world_fill(&world, 1, "new");
	caller_get(&c, &world, "key");
	expect_value(&c, RTCACHE_HIT, "new");
	rtcache_fail(world.lookups[0], EFAILED);
}
END_TEST

START_TEST(fresh_answer_beats_the_wait_for_a_stale_one)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.stale_ms = 5000, .stale_after_ms = 1800});
	put_text(world.client, "key", "old", 100);
	world_run(&world, 200);
	caller_get(&a, &world, "key");
	world_fill(&world, 0, "new");
	world_run(&world, 2000);
	ck_assert_uint_eq(a.done_count, 1);
	expect_value(&a, RTCACHE_EXPIRED, "new");
}
END_TEST

START_TEST(stale_value_covers_a_failure)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.stale_ms = 5000, .stale_after_ms = 1800});
	put_text(world.client, "key", "old", 100);
	world_run(&world, 200);
	caller_get(&a, &world, "key");
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	expect_value(&a, RTCACHE_STALE, "old");
}
END_TEST

START_TEST(value_too_stale_is_not_given)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.stale_ms = 5000});
	put_text(world.client, "key", "old", 100);
	world.now_ms += 5100;
	ck_assert_int_eq(caller_get(&a, &world, "key"), 0);
	world_fill(&world, 0, "new");
	world_run(&world, 0);
	expect_value(&a, RTCACHE_EXPIRED, "new");
}
END_TEST

START_TEST(failure_is_remembered_and_doubles)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.failure_ms = 1000, .failure_max_ms = 3000});
	world.error = EFAILED;
	static const uint64_t spans[] = {1000, 2000, 3000, 3000};
	for (unsigned i = 0; i < 4; i++) {
		caller_get(&a, &world, "key");
		ck_assert_uint_eq(world.lookup_count, i + 1);
		world_run(&world, spans[i] - 1);
		ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
		expect_error(&a, RTCACHE_MISS, EFAILED);
		ck_assert_uint_eq(world.lookup_count, i + 1);
		world_run(&world, 1);
	}
	world.error = 0;
	world.answer = "good";
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_MISS, "good");
	rtcache_remove(world.client, "key", 3);
	world.answer = NULL;
	world.error = EFAILED;
	caller_get(&a, &world, "key");
	world_run(&world, 1000);
	caller_get(&a, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 7);
}
END_TEST

START_TEST(failure_is_forgotten_with_its_key)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.failure_ms = 1000});
	world.error = EFAILED;
	caller_get(&a, &world, "key");
	rtcache_remove(world.client, "key", 3);
	caller_get(&a, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 2);
}
END_TEST

START_TEST(failure_never_hides_a_stale_value)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){
				   .stale_ms = 9000, .stale_after_ms = 1800, .failure_ms = 1000});
	put_text(world.client, "key", "old", 100);
	world_run(&world, 200);
	caller_get(&a, &world, "key");
	rtcache_fail(world.lookups[0], EFAILED);
	world_run(&world, 0);
	expect_value(&a, RTCACHE_STALE, "old");
	ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
	expect_value(&a, RTCACHE_STALE, "old");
	ck_assert_uint_eq(world.lookup_count, 1);
}
END_TEST

START_TEST(hit_late_in_life_starts_one_lookup_behind_it)
{
	static struct caller a;
	world_close(&world);
	world_open(&world, (struct rtcache_options){.refresh_percent = 10});
	put_text(world.client, "key", "old", 1000);
	world_run(&world, 899);
	caller_get(&a, &world, "key");
	ck_assert_uint_eq(world.lookup_count, 0);
	world_run(&world, 1);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(caller_get(&a, &world, "key"), 1);
		expect_value(&a, RTCACHE_HIT, "old");
	}
	ck_assert_uint_eq(world.lookup_count, 1);
	rtcache_fill(world.lookups[0], "new", 3, 1000);
	caller_get(&a, &world, "key");
	expect_value(&a, RTCACHE_HIT, "new");
	ck_assert_uint_eq(a.value.ttl_ms, 1000);
}
END_TEST

START_TEST(value_stays_until_the_next_run)
{
	static struct caller a;
	struct rtcache_value value;
	world.answer = "synchronous";
	caller_get(&a, &world, "key");
	rtcache_remove(world.client, "key", 3);
	ck_assert_mem_eq(a.value.data, "synchronous", 11);
	put_text(world.client, "word", "first", RTCACHE_NO_TTL);
	peek_text(world.client, "word", false, &value);
	put_text(world.client, "word", "second", RTCACHE_NO_TTL);
	for (int i = 0; i < 100; i++)
		put_text(world.client, "word", "third", RTCACHE_NO_TTL);
	ck_assert_mem_eq(value.data, "first", 5);
}
END_TEST

START_TEST(values_are_aligned)
{
	char key[] = "123456789";
	for (size_t len = 1; len < sizeof(key); len++) {
		struct rtcache_value value;
		rtcache_put(world.client, key, len, "x", 1, RTCACHE_NO_TTL);
		ck_assert_int_eq(rtcache_peek(world.client, key, len, false, &value), 1);
		ck_assert_uint_eq((uintptr_t)value.data % 8, 0);
	}
}
END_TEST

START_TEST(request_of_a_refused_get_can_be_cancelled)
{
	struct rtcache_request request;
	struct rtcache_value value;
	memset(&request, 0xff, sizeof(request));
	ck_assert_int_eq(rtcache_get(world.client, &request, NULL, 1, 0, NULL, &value),
			 RTCACHE_EINVAL);
	rtcache_cancel(world.client, &request);
}
END_TEST

static void cancel_other(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct caller *caller = request->data;
	struct caller *other = caller + 1;
	caller_done(request, value);
	rtcache_cancel(world.client, &other->request);
}

START_TEST(done_may_cancel_another_that_is_ready)
{
	static struct caller callers[2];
	caller_get(&callers[0], &world, "key");
	caller_get(&callers[1], &world, "key");
	callers[0].request.done = cancel_other;
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	ck_assert_uint_eq(callers[0].done_count, 1);
	ck_assert_uint_eq(callers[1].done_count, 0);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
	static char long_key[RTCACHE_KEY_MAX + 1];
	static struct caller a = {.request = {.data = &a, .done = caller_done}};
	struct rtcache_value value;
	ck_assert_int_eq(rtcache_get(world.client, &a.request, NULL, 1, 0, NULL, &value),
			 RTCACHE_EINVAL);
	ck_assert_int_eq(
		rtcache_get(world.client, &a.request, long_key, sizeof(long_key), 0, NULL, &value),
		RTCACHE_EINVAL);
	ck_assert_int_eq(
		rtcache_get(world.client, &a.request, long_key, RTCACHE_KEY_MAX, 0, NULL, &value),
		0);
	rtcache_cancel(world.client, &a.request);
	ck_assert_int_eq(rtcache_get(world.client, &a.request, NULL, 0, 0, NULL, &value), 0);
	rtcache_cancel(world.client, &a.request);
}
END_TEST

START_TEST(without_a_lookup_get_finds_only_what_is_there)
{
	struct rtcache *cache = rtcache_new(NULL);
	struct rtcache_client *client = rtcache_client_new(cache, NULL, NULL);
	static struct caller a;
	ck_assert_int_eq(caller_get_by(&a, client, "key"), RTCACHE_ENOTSUP);
	put_text(client, "key", "one", RTCACHE_NO_TTL);
	ck_assert_int_eq(caller_get_by(&a, client, "key"), 1);
	rtcache_client_free(client);
	rtcache_free(cache);
}
END_TEST

START_TEST(lookups_under_way_are_freed_with_the_cache)
{
	static struct caller a, b;
	caller_get(&a, &world, "key");
	caller_get(&b, &world, "word");
	rtcache_cancel(world.client, &a.request);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_get");
	TCase *tcase = tcase_create("get");
	tcase_add_checked_fixture(tcase, open_plain, close_world);
	tcase_add_test(tcase, lookup_that_ends_in_its_callback_is_returned_by_get);
	tcase_add_test(tcase, lookup_that_fails_in_its_callback_is_returned_by_get);
	tcase_add_test(tcase, done_is_called_once_from_run);
	tcase_add_test(tcase, many_callers_of_one_key_cause_one_lookup);
	tcase_add_test(tcase, different_keys_are_looked_up_apart);
	tcase_add_test(tcase, waiters_share_a_failure);
	tcase_add_test(tcase, answer_without_ttl_takes_the_callers);
	tcase_add_test(tcase, answer_with_ttl_zero_is_delivered_to_all_and_not_stored);
	tcase_add_test(tcase, expired_entry_is_looked_up_again);
	tcase_add_test(tcase, cancelled_request_hears_nothing);
	tcase_add_test(tcase, cancelled_leader_hands_over_and_its_lookup_goes_on);
	tcase_add_test(tcase, lookup_of_nobody_fills_the_cache);
	tcase_add_test(tcase, freed_client_ends_its_requests);
	tcase_add_test(tcase, get_while_the_client_is_freed_is_refused);
	tcase_add_test(tcase, waiter_of_a_freed_leader_looks_up_from_its_own_run);
	tcase_add_test(tcase, late_answer_of_a_freed_clients_lookup_still_serves);
	tcase_add_test(tcase, newcomer_takes_over_what_a_freed_client_left);
	tcase_add_test(tcase, cancelled_successor_passes_it_on);
	tcase_add_test(tcase, one_newcomer_looks_up_when_the_lookup_is_too_old);
	tcase_add_test(tcase, first_of_two_answers_serves_everybody);
	tcase_add_test(tcase, late_answer_is_stored_if_the_newer_lookup_failed);
	tcase_add_test(tcase, one_waiter_looks_up_after_the_timeout);
	tcase_add_test(tcase, waiter_waits_its_own_time);
	tcase_add_test(tcase, waiter_whose_clock_was_read_before_the_new_lookup_waits_on);
	tcase_add_test(tcase, longest_times_never_come);
	tcase_add_test(tcase, lonely_leader_starts_over_after_the_timeout);
	tcase_add_test(tcase, stale_value_is_given_at_once_and_looked_up_behind_it);
	tcase_add_test(tcase, stale_value_is_given_after_a_wait);
	tcase_add_loop_test(tcase, newcomer_to_a_slow_lookup_gets_the_stale_value_at_once, 0, 2);
	tcase_add_loop_test(tcase, newcomer_without_a_stale_value_waits_for_a_slow_lookup, 0, 2);
	tcase_add_test(tcase, lookup_started_over_is_still_slow);
	tcase_add_test(tcase, lookup_too_old_is_replaced_behind_a_stale_value);
	tcase_add_test(tcase, fresh_answer_beats_the_wait_for_a_stale_one);
	tcase_add_test(tcase, stale_value_covers_a_failure);
	tcase_add_test(tcase, value_too_stale_is_not_given);
	tcase_add_test(tcase, failure_is_remembered_and_doubles);
	tcase_add_test(tcase, failure_is_forgotten_with_its_key);
	tcase_add_test(tcase, failure_never_hides_a_stale_value);
	tcase_add_test(tcase, hit_late_in_life_starts_one_lookup_behind_it);
	tcase_add_test(tcase, value_stays_until_the_next_run);
	tcase_add_test(tcase, values_are_aligned);
	tcase_add_test(tcase, done_may_cancel_another_that_is_ready);
	tcase_add_test(tcase, wrong_arguments_are_refused);
	tcase_add_test(tcase, request_of_a_refused_get_can_be_cancelled);
	tcase_add_test(tcase, without_a_lookup_get_finds_only_what_is_there);
	tcase_add_test(tcase, lookups_under_way_are_freed_with_the_cache);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

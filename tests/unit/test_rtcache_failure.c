/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembered failures: for how long, how they double, and what they lie beside. */

#include "failure.h"

#include "cache_world.h"

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
	rtcache__failure_remember(world.cache, shard, hash, "key", 3, error, world.now_ms);
	pthread_mutex_unlock(&shard->lock);
}

static bool find(struct rtcache__failure *out)
{
	pthread_mutex_lock(&shard->lock);
	bool found = rtcache__failure_find(shard, hash, "key", 3, world.now_ms, out);
	pthread_mutex_unlock(&shard->lock);
	return found;
}

static void forget(void)
{
	pthread_mutex_lock(&shard->lock);
	rtcache__failure_forget(world.cache, shard, hash, "key", 3);
	pthread_mutex_unlock(&shard->lock);
}

/* Fails again and says for how long it is remembered now. */
static uint64_t next_span(void)
{
	struct rtcache__failure failure;
	remember(-7);
	ck_assert(find(&failure));
	ck_assert_uint_eq(failure.until_ms - world.now_ms, failure.span_ms);
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
	ck_assert_uint_eq(failure.until_ms, world.now_ms + 1);
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
	ck_assert(!rtcache__failure_find(shard, hash, "kez", 3, world.now_ms, &failure));
	ck_assert(!rtcache__failure_find(shard, hash, "key", 2, world.now_ms, &failure));
	ck_assert(!rtcache__failure_find(shard, hash ^ 1, "key", 3, world.now_ms, &failure));
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
	rtcache__failure_remember(world.cache, shard, hash, key, sizeof(key), -7, world.now_ms);
	bool found = rtcache__failure_find(shard, hash, key, sizeof(key), world.now_ms, &failure);
	pthread_mutex_unlock(&shard->lock);
	ck_assert(found);
	ck_assert_int_eq(failure.error, -7);
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
	tcase_add_test(tcase, failure_may_be_remembered_for_ever);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* rtcache_spread_refreshes(): when, in the last part of an entry's life, a hit starts its lookup. */

#include <string.h>

#include "rtcache.h"
#include "support/churn.h"
#include "support/unit.h"

enum {
	KEYS = 2000,
	LIFE_MS = 1000,
	PERCENT = 20,
	PART_MS = LIFE_MS * PERCENT / 100,
	TENTHS = 10,
	/* Of 200 in a tenth, with a standard deviation of 13.4: five of these. */
	TENTH_MIN = KEYS / TENTHS - 67,
	TENTH_MAX = KEYS / TENTHS + 67,
};

/* A cache of its own seed, and when each key was looked up by it. */
struct member {
	uint64_t now_ms;
	uint64_t stored_ms;
	struct rtcache *cache;
	struct rtcache_client *client;
	uint64_t part_ms;
	/* The remaining time to live, in ms; 0: not looked up. */
	uint64_t refreshed_at[KEYS];
	unsigned refreshes;
};

static struct member members[2];

static uint64_t member_now(void *arg)
{
	return ((struct member *)arg)->now_ms;
}

static void note_lookup(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
			void *arg)
{
	struct member *member = arg;
	unsigned number;
	(void)extra;
	must(key_len == sizeof(number));
	memcpy(&number, key, sizeof(number));
	must(number < KEYS && !member->refreshed_at[number]);
	member->refreshed_at[number] = member->stored_ms + LIFE_MS - member->now_ms;
	member->refreshes++;
	rtcache_refuse(lookup, -1);
}

static void open_member(struct member *member, unsigned percent)
{
	*member = (struct member){
		.now_ms = 1000, .stored_ms = 1000, .part_ms = LIFE_MS * percent / 100};
	member->cache = rtcache_new(&(struct rtcache_options){.size = 1 << 20,
							      .now_ms = member_now,
							      .lookup = note_lookup,
							      .refresh_percent = percent,
							      .arg = member});
	ck_assert_ptr_nonnull(member->cache);
	member->client = rtcache_client_new(member->cache, NULL, NULL);
	ck_assert_ptr_nonnull(member->client);
	for (unsigned i = 0; i < KEYS; i++)
		ck_assert_int_eq(rtcache_put(member->client, &i, sizeof(i), &i, sizeof(i), LIFE_MS),
				 0);
}

static void close_member(struct member *member)
{
	rtcache_client_free(member->client);
	rtcache_free(member->cache);
}

static void open_members(void)
{
	open_member(&members[0], PERCENT);
	open_member(&members[1], PERCENT);
}

static void close_members(void)
{
	close_member(&members[0]);
	close_member(&members[1]);
}

static void get_all(struct member *member)
{
	for (unsigned i = 0; i < KEYS; i++) {
		struct rtcache_request request = {0};
		struct rtcache_value value;
		must(rtcache_get(member->client, &request, &i, sizeof(i), RTCACHE_NO_TTL, NULL,
				 &value) == 1);
		must(value.status == RTCACHE_HIT);
	}
	rtcache_client_run(member->client);
}

static void get_all_at_once(struct member *member)
{
	static struct rtcache_request requests[KEYS];
	static struct rtcache_request *pointers[KEYS];
	static struct rtcache_key keys[KEYS];
	static unsigned numbers[KEYS];
	static struct rtcache_value values[KEYS];
	static bool is_ready[KEYS];
	for (unsigned i = 0; i < KEYS; i++) {
		numbers[i] = i;
		pointers[i] = &requests[i];
		keys[i] = (struct rtcache_key){&numbers[i], sizeof(numbers[i])};
	}
	must(rtcache_multi_get(member->client, pointers, keys, KEYS, RTCACHE_NO_TTL, NULL, values,
			       is_ready) == KEYS);
	rtcache_client_run(member->client);
}

/* Gets every key in every millisecond of the last part of its life, and in the one before. */
static void live(struct member *member, void (*get)(struct member *))
{
	uint64_t end_ms = member->now_ms + LIFE_MS;
	member->now_ms = end_ms - member->part_ms - (member->part_ms < LIFE_MS);
	for (; member->now_ms < end_ms; member->now_ms++)
		get(member);
}

START_TEST(refreshes_begin_together_unless_they_are_spread)
{
	live(&members[0], get_all);
	for (unsigned i = 0; i < KEYS; i++)
		must(members[0].refreshed_at[i] == PART_MS);
}
END_TEST

/* _i: by single gets, or all at once. */
START_TEST(refreshes_are_spread_evenly_over_the_last_part)
{
	unsigned tenths[TENTHS] = {0};
	rtcache_spread_refreshes(members[0].cache, true);
	live(&members[0], _i ? get_all_at_once : get_all);
	ck_assert_uint_eq(members[0].refreshes, KEYS);
	for (unsigned i = 0; i < KEYS; i++) {
		must(members[0].refreshed_at[i] >= 1 && members[0].refreshed_at[i] <= PART_MS);
		tenths[(members[0].refreshed_at[i] - 1) * TENTHS / PART_MS]++;
	}
	for (unsigned i = 0; i < TENTHS; i++) {
		ck_assert_uint_ge(tenths[i], TENTH_MIN);
		ck_assert_uint_le(tenths[i], TENTH_MAX);
	}
}
END_TEST

START_TEST(each_cache_has_moments_of_its_own)
{
	unsigned earlier = 0;
	unsigned equal = 0;
	for (unsigned i = 0; i < 2; i++) {
		rtcache_spread_refreshes(members[i].cache, true);
		live(&members[i], get_all);
	}
	for (unsigned i = 0; i < KEYS; i++) {
		earlier += members[0].refreshed_at[i] > members[1].refreshed_at[i];
		equal += members[0].refreshed_at[i] == members[1].refreshed_at[i];
	}
	/* One in 200 by chance: 10, with a standard deviation of 3.2. */
	ck_assert_uint_le(equal, 30);
	ck_assert_uint_ge(earlier, KEYS / 2 - 120);
	ck_assert_uint_le(earlier, KEYS / 2 + 120);
}
END_TEST

START_TEST(value_that_is_stored_anew_has_another_moment)
{
	static uint64_t first[KEYS];
	struct member *member = &members[0];
	unsigned equal = 0;
	rtcache_spread_refreshes(member->cache, true);
	live(member, get_all);
	memcpy(first, member->refreshed_at, sizeof(first));
	memset(member->refreshed_at, 0, sizeof(member->refreshed_at));
	member->stored_ms = member->now_ms;
	for (unsigned i = 0; i < KEYS; i++)
		rtcache_put(member->client, &i, sizeof(i), &i, sizeof(i), LIFE_MS);
	live(member, get_all);
	for (unsigned i = 0; i < KEYS; i++)
		equal += first[i] == member->refreshed_at[i];
	ck_assert_uint_le(equal, 30);
}
END_TEST

START_TEST(refreshes_that_are_not_spread_anymore_begin_at_once)
{
	rtcache_spread_refreshes(members[0].cache, true);
	members[0].now_ms += LIFE_MS - PART_MS;
	get_all(&members[0]);
	ck_assert_uint_lt(members[0].refreshes, 50);
	rtcache_spread_refreshes(members[0].cache, false);
	get_all(&members[0]);
	ck_assert_uint_eq(members[0].refreshes, KEYS);
}
END_TEST

START_TEST(all_of_a_life_may_be_the_last_part)
{
	unsigned first_half = 0;
	close_member(&members[0]);
	open_member(&members[0], 100);
	rtcache_spread_refreshes(members[0].cache, true);
	live(&members[0], get_all);
	ck_assert_uint_eq(members[0].refreshes, KEYS);
	for (unsigned i = 0; i < KEYS; i++)
		first_half += members[0].refreshed_at[i] > LIFE_MS / 2;
	ck_assert_uint_ge(first_half, KEYS / 2 - 120);
	ck_assert_uint_le(first_half, KEYS / 2 + 120);
}
END_TEST

/* 3 ms have no last fifth: refreshed never, spread or not. */
START_TEST(shortest_lives_are_not_refreshed)
{
	unsigned number = 0;
	rtcache_spread_refreshes(members[0].cache, _i);
	rtcache_put(members[0].client, &number, sizeof(number), "x", 1, 3);
	for (unsigned i = 0; i < 3; i++, members[0].now_ms++)
		get_all(&members[0]);
	ck_assert_uint_eq(members[0].refreshes, 0);
}
END_TEST

START_TEST(what_never_ends_is_not_refreshed)
{
	unsigned number = 0;
	rtcache_spread_refreshes(members[0].cache, true);
	rtcache_put(members[0].client, &number, sizeof(number), "x", 1, RTCACHE_NO_TTL);
	live(&members[0], get_all);
	ck_assert_uint_eq(members[0].refreshes, KEYS - 1);
	ck_assert_uint_eq(members[0].refreshed_at[0], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_refresh");
	TCase *tcase = tcase_create("refresh");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, open_members, close_members);
	tcase_add_test(tcase, refreshes_begin_together_unless_they_are_spread);
	tcase_add_loop_test(tcase, refreshes_are_spread_evenly_over_the_last_part, 0, 2);
	tcase_add_test(tcase, each_cache_has_moments_of_its_own);
	tcase_add_test(tcase, value_that_is_stored_anew_has_another_moment);
	tcase_add_test(tcase, refreshes_that_are_not_spread_anymore_begin_at_once);
	tcase_add_test(tcase, all_of_a_life_may_be_the_last_part);
	tcase_add_loop_test(tcase, shortest_lives_are_not_refreshed, 0, 2);
	tcase_add_test(tcase, what_never_ends_is_not_refreshed);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache with a history at random is walked into another one, whose clock is near its zero: the other one has
 * the same values, ages, times to live, uses and statuses, then and later.
 */

#include <string.h>

#include "rtcache.h"
#include "support/churn.h"
#include "support/unit.h"

enum {
	ROUNDS = 60,
	KEYS = 200,
	STEPS = 1500,
	STALE_MS = 3000,
	PERCENT = 20,
	FAILURE_MS = 700,
};

struct side {
	uint64_t now_ms;
	struct rtcache *cache;
	struct rtcache_client *client;
};

struct pair {
	struct side from, to;
	uint64_t random;
	/* What the walk found, and what was loaded. */
	unsigned alive, dead, failed, loaded;
};

static uint64_t side_now(void *arg)
{
	return ((struct side *)arg)->now_ms;
}

static unsigned pick_of(struct pair *pair, unsigned count)
{
	return pick(&pair->random, count);
}

/* A value is derived from its key, and from when it was looked up. */
static void answer(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
		   void *arg)
{
	struct pair *pair = extra;
	unsigned number;
	(void)arg;
	must(key_len == sizeof(number));
	memcpy(&number, key, sizeof(number));
	unsigned char data[64];
	memset(data, (int)(number + pair->from.now_ms), sizeof(data));
	if (pick_of(pair, 8) == 0)
		rtcache_fail(lookup, -1);
	else
		rtcache_fill(lookup, data, pick_of(pair, sizeof(data)),
			     pick_of(pair, 20) ? pick_of(pair, 5000) : RTCACHE_NO_TTL);
}

static void open_side(struct side *side, uint64_t now_ms)
{
	side->now_ms = now_ms;
	side->cache = rtcache_new(&(struct rtcache_options){.size = 1 << 18,
							    .now_ms = side_now,
							    .lookup = answer,
							    .stale_ms = STALE_MS,
							    .stale_after_ms = 100,
							    .failure_ms = FAILURE_MS,
							    .refresh_percent = PERCENT,
							    .arg = side});
	must(side->cache);
	side->client = rtcache_client_new(side->cache, NULL, NULL);
	must(side->client);
}

static void close_side(struct side *side)
{
	rtcache_client_free(side->client);
	rtcache_free(side->cache);
}

static void step(struct pair *pair)
{
	struct side *side = &pair->from;
	struct rtcache_request request = {0};
	struct rtcache_value value;
	unsigned number = pick_of(pair, 2) ? pick_of(pair, KEYS) : pick_of(pair, 20);
	switch (pick_of(pair, 6)) {
	case 0:
		rtcache_put(side->client, &number, sizeof(number), &pair->random, pick_of(pair, 8),
			    pick_of(pair, 9000));
		break;
	case 1:
		side->now_ms += pick_of(pair, 40);
		rtcache_client_run(side->client);
		break;
	case 2:
		if (pick_of(pair, 10) == 0)
			rtcache_remove(side->client, &number, sizeof(number));
		break;
	default:
		must(rtcache_get(side->client, &request, &number, sizeof(number), 1000, pair,
				 &value) == 1);
	}
}

static void load_item(const struct rtcache_item *item, void *arg)
{
	struct pair *pair = arg;
	int rc = rtcache_load(pair->to.client, item);
	bool is_known = pair->loaded != 0;
	if (item->value.error) {
		pair->failed++;
		must(rc == RTCACHE_EINVAL);
	} else if (item->value.status == RTCACHE_EXPIRED) {
		pair->dead++;
		must(rc == RTCACHE_EREFUSED);
	} else {
		pair->alive++;
		must(rc == (is_known ? RTCACHE_EREFUSED : 0));
	}
}

static void walk_over(struct pair *pair)
{
	uint64_t cursor = 0;
	pair->alive = pair->dead = pair->failed = 0;
	while (rtcache_walk(pair->from.client, &cursor, 1 + pick_of(pair, 50), load_item, pair))
		;
}

static void compare_values(const struct rtcache_value *from, const struct rtcache_value *to)
{
	must(from->status == to->status);
	must(from->age_ms == to->age_ms);
	must(from->ttl_ms == to->ttl_ms);
	must(from->stale_ms == to->stale_ms);
	must(from->len == to->len);
	if (from->len)
		must(memcmp(from->data, to->data, from->len) == 0);
}

/* has_died: what was alive at the walk may be dead, and swept here or there. */
static unsigned compare(struct pair *pair, bool has_died)
{
	unsigned count = 0;
	for (unsigned i = 0; i < KEYS; i++) {
		struct rtcache_state from, to;
		rtcache_inspect(pair->from.client, &i, sizeof(i), &from);
		rtcache_inspect(pair->to.client, &i, sizeof(i), &to);
		must(to.failure == 0);
		bool is_alive = from.is_stored && from.item.value.status != RTCACHE_EXPIRED;
		if (!is_alive) {
			must(!to.is_stored ||
			     (has_died && to.item.value.status == RTCACHE_EXPIRED));
			continue;
		}
		must(to.is_stored);
		compare_values(&from.item.value, &to.item.value);
		must(from.item.uses == to.item.uses);
		must(from.item.bytes == to.item.bytes);
		must(to.item.is_main == (from.item.is_main || from.item.uses > 1));
		count++;
	}
	return count;
}

/* Gets and peeks have the same results on both sides, too. */
static void compare_peeks(struct pair *pair)
{
	for (unsigned i = 0; i < KEYS; i++) {
		struct rtcache_value from, to;
		int rc = rtcache_peek(pair->from.client, &i, sizeof(i), true, &from);
		must(rtcache_peek(pair->to.client, &i, sizeof(i), true, &to) == rc);
		if (rc)
			compare_values(&from, &to);
	}
}

static void make_round(struct pair *pair)
{
	open_side(&pair->from, UINT64_C(1) << (4 + pick_of(pair, 50)));
	open_side(&pair->to, pick_of(pair, 3) ? pick_of(pair, 100) : pick_of(pair, 1000000));
	pair->loaded = 0;
	for (unsigned i = 0; i < STEPS; i++)
		step(pair);
	walk_over(pair);
	pair->loaded = compare(pair, false);
	must(pair->loaded == pair->alive);
	walk_over(pair);
	must(pair->loaded == compare(pair, false));
	for (unsigned i = 0; i < 20; i++) {
		unsigned later_ms = pick_of(pair, 600);
		pair->from.now_ms += later_ms;
		pair->to.now_ms += later_ms;
		rtcache_client_run(pair->from.client);
		rtcache_client_run(pair->to.client);
		(void)compare(pair, true);
	}
	compare_peeks(pair);
	close_side(&pair->to);
	close_side(&pair->from);
}

START_TEST(everything_that_is_alive_is_the_same_afterwards)
{
	struct pair pair = {.random = (uint64_t)_i};
	unsigned alive = 0, dead = 0, failed = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		make_round(&pair);
		alive += pair.alive;
		dead += pair.dead;
		failed += pair.failed;
	}
	/* The history has all kinds. */
	ck_assert_uint_gt(alive, 100 * ROUNDS);
	ck_assert_uint_gt(dead, ROUNDS);
	ck_assert_uint_gt(failed, ROUNDS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_round_trip");
	TCase *tcase = tcase_create("round_trip");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, everything_that_is_alive_is_the_same_afterwards, 1, 5);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

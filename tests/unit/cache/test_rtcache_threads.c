/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many threads on few keys in a tiny cache, everything at random; every value that is read contains its key.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "support/churn.h"
#include "rtcache.h"
#include "support/unit.h"

enum {
	THREADS = 4,
	KEYS = 64,
	SLOTS = 16,
	ROUNDS = 10000,
	LOOKUPS = 512,
	VALUE_MAX = 700,
};

/* A value is its key's number over and over, so that a wrong or torn one shows. */
static void check_value(unsigned key, const struct rtcache_value *value)
{
	if (value->error) {
		must(!value->data);
		return;
	}
	const unsigned char *data = value->data;
	for (size_t i = 0; i < value->len; i++)
		must(data[i] == key);
}

/* Lookups that are to be ended later, by whichever thread comes along. */
struct shelf {
	pthread_mutex_t lock;
	struct rtcache_lookup *lookups[LOOKUPS];
	unsigned count;
	atomic_ulong clock_ms;
};

struct slot {
	struct rtcache_request request;
	struct thread *thread;
	unsigned key;
	bool is_waiting;
};

struct thread {
	pthread_t thread;
	struct shelf *shelf;
	struct rtcache *cache;
	struct rtcache_client *client;
	uint64_t random;
	struct slot slots[SLOTS];
	unsigned started, ended;
	atomic_uint wakes;
};

static uint64_t shelf_now(void *arg)
{
	return atomic_load(&((struct shelf *)arg)->clock_ms);
}

static void end_lookup(struct rtcache_lookup *lookup, unsigned how)
{
	unsigned char data[VALUE_MAX];
	size_t key_len;
	const unsigned char *key = rtcache_lookup_key(lookup, &key_len);
	must(key_len >= 1);
	if (how % 4 == 0) {
		(how % 8 ? rtcache_fail : rtcache_refuse)(lookup, -1 - (int)(how % 100));
		return;
	}
	size_t len = how % VALUE_MAX;
	memset(data, key[0], len);
	rtcache_fill(lookup, data, len, how % 5 ? how % 50 : RTCACHE_NO_TTL);
}

static void shelve(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
		   void *arg)
{
	struct shelf *shelf = arg;
	(void)key;
	(void)key_len;
	(void)extra;
	pthread_mutex_lock(&shelf->lock);
	bool has_room = shelf->count < LOOKUPS;
	unsigned count = shelf->count;
	if (has_room && count % 3)
		shelf->lookups[shelf->count++] = lookup;
	else
		has_room = false;
	if (!has_room && shelf->count && count % 3 == 0 && shelf->count < LOOKUPS) {
		/* Change places with one that has lain there. */
		struct rtcache_lookup *other = shelf->lookups[0];
		shelf->lookups[0] = lookup;
		lookup = other;
	}
	pthread_mutex_unlock(&shelf->lock);
	if (!has_room)
		end_lookup(lookup, count + 1);
}

static bool end_one(struct shelf *shelf, uint64_t *random)
{
	struct rtcache_lookup *lookup = NULL;
	pthread_mutex_lock(&shelf->lock);
	if (shelf->count) {
		unsigned i = pick(random, shelf->count);
		lookup = shelf->lookups[i];
		shelf->lookups[i] = shelf->lookups[--shelf->count];
	}
	pthread_mutex_unlock(&shelf->lock);
	if (lookup)
		end_lookup(lookup, pick(random, 1000));
	return lookup != NULL;
}

static void wake(void *arg)
{
	atomic_fetch_add(&((struct thread *)arg)->wakes, 1);
}

static void done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct slot *slot = request->data;
	must(slot->is_waiting);
	slot->is_waiting = false;
	slot->thread->ended++;
	check_value(slot->key, value);
}

/* Keys of different lengths, the first octet their number. */
static size_t make_key(unsigned number, unsigned char key[KEYS])
{
	memset(key, (int)number, KEYS);
	return 1 + number % 40;
}

static void ask(struct thread *thread)
{
	struct slot *slot = &thread->slots[pick(&thread->random, SLOTS)];
	unsigned char key[KEYS];
	struct rtcache_value value;
	if (slot->is_waiting) {
		if (pick(&thread->random, 4) == 0) {
			rtcache_cancel(thread->client, &slot->request);
			slot->is_waiting = false;
			thread->ended++;
		}
		return;
	}
	slot->key = pick(&thread->random, KEYS);
	slot->thread = thread;
	slot->request = (struct rtcache_request){.data = slot, .done = done};
	thread->started++;
	slot->is_waiting = true;
	int rc = rtcache_get(thread->client, &slot->request, key, make_key(slot->key, key), 40,
			     thread, &value);
	must(rc >= 0);
	if (rc == 1) {
		must(slot->is_waiting);
		slot->is_waiting = false;
		thread->ended++;
		check_value(slot->key, &value);
	}
}

static void store(struct thread *thread)
{
	unsigned char key[KEYS], data[VALUE_MAX];
	unsigned number = pick(&thread->random, KEYS);
	size_t len = pick(&thread->random, VALUE_MAX);
	memset(data, (int)number, len);
	(pick(&thread->random, 2) ? rtcache_put : rtcache_force_put)(
		thread->client, key, make_key(number, key), data, len,
		pick(&thread->random, 3) ? pick(&thread->random, 60) : RTCACHE_NO_TTL);
}

/* A value of any age, fresh or stale; refused, or stored, whatever is under way. */
static void load(struct thread *thread)
{
	unsigned char key[KEYS], data[VALUE_MAX];
	unsigned number = pick(&thread->random, KEYS);
	struct rtcache_item item = {
		.key = key,
		.key_len = make_key(number, key),
		.value = {.data = data, .len = pick(&thread->random, VALUE_MAX)},
		.uses = pick(&thread->random, 5),
		.is_main = pick(&thread->random, 2),
	};
	memset(data, (int)number, item.value.len);
	item.value.age_ms = pick(&thread->random, 5000);
	if (pick(&thread->random, 2))
		item.value.ttl_ms = pick(&thread->random, 60);
	else
		item.value.stale_ms = pick(&thread->random, 60);
	int rc = rtcache_load(thread->client, &item);
	must(rc == 0 || rc == RTCACHE_EREFUSED || rc == RTCACHE_ENOMEM);
}

static void look(struct thread *thread)
{
	unsigned char key[KEYS];
	struct rtcache_value value;
	unsigned number = pick(&thread->random, KEYS);
	size_t len = make_key(number, key);
	if (rtcache_peek(thread->client, key, len, pick(&thread->random, 2), &value) == 1)
		check_value(number, &value);
}

static void check_item(const struct rtcache_item *item, void *arg)
{
	struct thread *thread = arg;
	if (item->value.error)
		return;
	check_value(((const unsigned char *)item->key)[0], &item->value);
	/* It may have been removed since. */
	if (pick(&thread->random, 2))
		(void)rtcache_load(thread->client, item);
}

static void look_around(struct thread *thread)
{
	unsigned char key[KEYS];
	struct rtcache_state state;
	struct rtcache_stats stats;
	uint64_t cursor = 0;
	rtcache_walk(thread->client, &cursor, 50, check_item, thread);
	unsigned number = pick(&thread->random, KEYS);
	size_t len = make_key(number, key);
	must(rtcache_inspect(thread->client, key, len, &state) == 0);
	rtcache_stats_get(thread->cache, &stats);
	must(stats.bytes <= stats.size);
}

static void renew_client(struct thread *thread)
{
	rtcache_client_free(thread->client);
	for (unsigned i = 0; i < SLOTS; i++)
		must(!thread->slots[i].is_waiting);
	thread->client = rtcache_client_new(thread->cache, wake, thread);
	must(thread->client);
}

static void *live(void *arg)
{
	struct thread *thread = arg;
	unsigned char key[KEYS];
	thread->client = rtcache_client_new(thread->cache, wake, thread);
	for (unsigned round = 0; round < ROUNDS; round++) {
		switch (pick(&thread->random, 17)) {
		case 0:
		case 1:
			store(thread);
			break;
		case 16:
			load(thread);
			if (pick(&thread->random, 32) == 0)
				rtcache_spread_refreshes(thread->cache, pick(&thread->random, 2));
			break;
		case 2: {
			unsigned number = pick(&thread->random, KEYS);
			rtcache_remove(thread->client, key, make_key(number, key));
			break;
		}
		case 3:
		case 4:
		case 5:
			look(thread);
			break;
		case 6:
		case 7:
			end_one(thread->shelf, &thread->random);
			break;
		case 8:
			rtcache_client_run(thread->client);
			break;
		case 9:
			atomic_fetch_add(&thread->shelf->clock_ms, 1);
			(void)rtcache_client_next_ms(thread->client);
			break;
		case 10:
			rtcache_client_park(thread->client);
			rtcache_client_unpark(thread->client);
			break;
		case 11:
			if (pick(&thread->random, 8) == 0)
				look_around(thread);
			if (pick(&thread->random, 64) == 0)
				renew_client(thread);
			break;
		default:
			ask(thread);
		}
	}
	rtcache_client_free(thread->client);
	return NULL;
}

static void torture(struct rtcache_options options)
{
	struct shelf shelf = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct thread threads[THREADS];
	memset(threads, 0, sizeof(threads));
	atomic_init(&shelf.clock_ms, 1000);
	options.now_ms = shelf_now;
	options.lookup = shelve;
	options.arg = &shelf;
	struct rtcache *cache = rtcache_new(&options);
	ck_assert_ptr_nonnull(cache);
	for (unsigned i = 0; i < THREADS; i++) {
		threads[i].shelf = &shelf;
		threads[i].cache = cache;
		threads[i].random = i + 1;
		ck_assert_int_eq(pthread_create(&threads[i].thread, NULL, live, &threads[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i].thread, NULL);
	uint64_t random = 99;
	while (end_one(&shelf, &random))
		;
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_uint_eq(threads[i].started, threads[i].ended);
	struct rtcache_stats stats;
	rtcache_stats_get(cache, &stats);
	ck_assert_uint_eq(stats.in_flight, 0);
	rtcache_free(cache);
}

START_TEST(torture_by_the_default_rule)
{
	torture((struct rtcache_options){.size = 16384});
}
END_TEST

START_TEST(torture_with_every_time_set)
{
	torture((struct rtcache_options){
		.size = 16384,
		.lock_age_ms = 10,
		.lock_timeout_ms = 15,
		.stale_ms = 50,
		.stale_after_ms = 5,
		.failure_ms = 2,
		.failure_max_ms = 8,
		.stale_failure_ms = 5,
		.refresh_percent = 30,
	});
}
END_TEST

START_TEST(torture_with_stale_values_at_once_in_many_shards)
{
	torture((struct rtcache_options){.size = 600000, .stale_ms = 50, .lock_timeout_ms = 15});
}
END_TEST

START_TEST(torture_of_the_herd)
{
	torture((struct rtcache_options){
		.size = 16384, .lock_age_ms = 10, .lock_timeout_ms = 15, .herd = true});
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_threads");
	TCase *tcase = tcase_create("threads");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, torture_by_the_default_rule);
	tcase_add_test(tcase, torture_with_every_time_set);
	tcase_add_test(tcase, torture_with_stale_values_at_once_in_many_shards);
	tcase_add_test(tcase, torture_of_the_herd);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Waking: what another thread makes ready wakes the client that waits for it, once, and always. */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "support/cache_world.h"
#include "support/churn.h"

enum {
	/* Nothing takes this long, unless a wake was missed. */
	PATIENCE_SEC = 60,
	OWNERS = 3,
	FILLERS = 2,
	SLOTS = 8,
	KEYS = 12,
	ROUNDS = 1500,
	SHELF_ROOM = 4096,
};

/* Where a thread sleeps until something is to be seen there. */
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	unsigned rings;
};

static void bell_open(struct bell *bell)
{
	*bell = (struct bell){.rings = 0};
	pthread_mutex_init(&bell->lock, NULL);
	pthread_cond_init(&bell->rung, NULL);
}

static void bell_close(struct bell *bell)
{
	pthread_cond_destroy(&bell->rung);
	pthread_mutex_destroy(&bell->lock);
}

static void bell_ring(void *arg)
{
	struct bell *bell = arg;
	pthread_mutex_lock(&bell->lock);
	bell->rings++;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

/* How often it has rung since the last time. */
static unsigned bell_take(struct bell *bell)
{
	pthread_mutex_lock(&bell->lock);
	unsigned rings = bell->rings;
	bell->rings = 0;
	pthread_mutex_unlock(&bell->lock);
	return rings;
}

static void bell_wait(struct bell *bell)
{
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_SEC;
	pthread_mutex_lock(&bell->lock);
	while (!bell->rings)
		must(pthread_cond_timedwait(&bell->rung, &bell->lock, &end) == 0);
	bell->rings = 0;
	pthread_mutex_unlock(&bell->lock);
}

static struct world world;
static struct rtcache_client *mine, *other;
static struct bell my_bell, other_bell;

static void open_clients(void)
{
	world_open(&world, (struct rtcache_options){.size = 65536});
	bell_open(&my_bell);
	bell_open(&other_bell);
	mine = rtcache_client_new(world.cache, bell_ring, &my_bell);
	other = rtcache_client_new(world.cache, bell_ring, &other_bell);
	ck_assert(mine && other);
}

static void close_clients(void)
{
	rtcache_client_free(mine);
	rtcache_client_free(other);
	world_close(&world);
	bell_close(&my_bell);
	bell_close(&other_bell);
}

static void in_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, run, arg), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

static void *fill(void *lookup)
{
	rtcache_fill(lookup, "one", 3, RTCACHE_NO_TTL);
	return NULL;
}

static void *fail_with_7(void *lookup)
{
	rtcache_fail(lookup, -7);
	return NULL;
}

START_TEST(answer_from_another_thread_wakes)
{
	static struct caller caller;
	pthread_t thread;
	ck_assert_int_eq(caller_get_by(&caller, mine, "key"), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, fill, world.lookups[0]), 0);
	bell_wait(&my_bell);
	ck_assert_uint_eq(caller.done_count, 0);
	rtcache_client_run(mine);
	ck_assert_uint_eq(caller.done_count, 1);
	expect_value(&caller, RTCACHE_MISS, "one");
	pthread_join(thread, NULL);
	ck_assert_uint_eq(bell_take(&my_bell), 0);
	ck_assert_uint_eq(bell_take(&other_bell), 0);
}
END_TEST

START_TEST(failure_from_another_thread_wakes)
{
	static struct caller caller;
	pthread_t thread;
	caller_get_by(&caller, mine, "key");
	ck_assert_int_eq(pthread_create(&thread, NULL, fail_with_7, world.lookups[0]), 0);
	bell_wait(&my_bell);
	rtcache_client_run(mine);
	expect_error(&caller, RTCACHE_MISS, -7);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(own_thread_wakes_nobody)
{
	static struct caller caller;
	caller_get_by(&caller, mine, "key");
	fill(world.lookups[0]);
	ck_assert_uint_eq(bell_take(&my_bell), 0);
	ck_assert_uint_eq(rtcache_client_next_ms(mine), world.now_ms);
	rtcache_client_run(mine);
	ck_assert_uint_eq(caller.done_count, 1);
}
END_TEST

START_TEST(client_without_a_wake_is_told_by_next_ms)
{
	static struct caller caller;
	caller_get(&caller, &world, "key");
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), UINT64_MAX);
	in_thread(fill, world.lookups[0]);
	ck_assert_uint_eq(rtcache_client_next_ms(world.client), world.now_ms);
	world_run(&world, 0);
	ck_assert_uint_eq(caller.done_count, 1);
}
END_TEST

START_TEST(only_clients_that_wait_are_woken)
{
	static struct caller caller, not_asked;
	caller_get_by(&not_asked, mine, "another");
	caller_get_by(&caller, other, "key");
	in_thread(fill, world.lookups[1]);
	ck_assert_uint_eq(bell_take(&my_bell), 0);
	ck_assert_uint_eq(bell_take(&other_bell), 1);
	rtcache_client_run(other);
	expect_value(&caller, RTCACHE_MISS, "one");
	ck_assert_uint_eq(not_asked.done_count, 0);
}
END_TEST

START_TEST(every_client_that_waits_is_woken)
{
	static struct caller callers[2];
	caller_get_by(&callers[0], mine, "key");
	caller_get_by(&callers[1], other, "key");
	in_thread(fill, world.lookups[0]);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	ck_assert_uint_eq(bell_take(&other_bell), 1);
	rtcache_client_run(mine);
	rtcache_client_run(other);
	expect_value(&callers[0], RTCACHE_MISS, "one");
	expect_value(&callers[1], RTCACHE_LOCK_HIT, "one");
}
END_TEST

START_TEST(one_wake_is_enough_until_the_next_run)
{
	static struct caller callers[4];
	static const char *const keys[] = {"a", "b", "c", "d"};
	for (unsigned i = 0; i < 4; i++)
		caller_get_by(&callers[i], mine, keys[i]);
	for (unsigned i = 0; i < 3; i++)
		in_thread(fill, world.lookups[i]);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	rtcache_client_run(mine);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(callers[i].done_count, 1);
	in_thread(fill, world.lookups[3]);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	rtcache_client_run(mine);
	ck_assert_uint_eq(callers[3].done_count, 1);
}
END_TEST

START_TEST(cancelled_request_wakes_nobody)
{
	static struct caller caller;
	caller_get_by(&caller, mine, "key");
	rtcache_cancel(mine, &caller.request);
	in_thread(fill, world.lookups[0]);
	ck_assert_uint_eq(bell_take(&my_bell), 0);
}
END_TEST

START_TEST(parked_client_is_woken)
{
	static struct caller caller;
	caller_get_by(&caller, mine, "key");
	rtcache_client_park(mine);
	in_thread(fill, world.lookups[0]);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	rtcache_client_run(mine);
	ck_assert_uint_eq(caller.done_count, 1);
}
END_TEST

static void *unpark(void *client)
{
	rtcache_client_unpark(client);
	return NULL;
}

static void *run(void *client)
{
	rtcache_client_run(client);
	return NULL;
}

START_TEST(client_belongs_to_the_thread_that_unparked_it)
{
	static struct caller caller;
	caller_get_by(&caller, mine, "key");
	rtcache_client_park(mine);
	in_thread(unpark, mine);
	fill(world.lookups[0]);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	rtcache_client_run(mine);
	ck_assert_uint_eq(caller.done_count, 1);
}
END_TEST

START_TEST(client_belongs_to_the_thread_that_ran_it)
{
	static struct caller caller;
	caller_get_by(&caller, mine, "key");
	in_thread(run, mine);
	fill(world.lookups[0]);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	rtcache_client_run(mine);
	ck_assert_uint_eq(caller.done_count, 1);
}
END_TEST

static void *lead_and_leave(void *arg)
{
	struct caller *caller = arg;
	struct rtcache_client *client = rtcache_client_new(world.cache, NULL, NULL);
	must(client && caller_get_by(caller, client, "key") == 0);
	bell_ring(&other_bell);
	bell_wait(&my_bell);
	rtcache_client_free(client);
	return NULL;
}

START_TEST(successor_of_a_client_that_leaves_is_woken)
{
	static struct caller leader, successor;
	static struct bell woken;
	bell_open(&woken);
	struct rtcache_client *client = rtcache_client_new(world.cache, bell_ring, &woken);
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, lead_and_leave, &leader), 0);
	bell_wait(&other_bell);
	caller_get_by(&successor, client, "key");
	bell_ring(&my_bell);
	bell_wait(&woken);
	pthread_join(thread, NULL);
	ck_assert_int_eq(leader.value.error, RTCACHE_ECANCELED);
	ck_assert_uint_eq(world.lookup_count, 1);
	rtcache_client_run(client);
	ck_assert_uint_eq(world.lookup_count, 2);
	ck_assert_uint_eq(successor.done_count, 0);
	rtcache_client_free(client);
	bell_close(&woken);
}
END_TEST

static void fill_in_thread(struct world *the_world)
{
	in_thread(fill, the_world->lookups[0]);
}

/* It has taken the successor from the inbox, and reads the clock before it takes the lock. */
START_TEST(answer_that_comes_when_the_successor_is_about_to_lead_is_taken)
{
	static struct caller leader, successor;
	struct rtcache_client *client = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&leader, client, "key");
	caller_get_by(&successor, mine, "key");
	rtcache_client_free(client);
	world.on_clock = fill_in_thread;
	rtcache_client_run(mine);
	ck_assert_ptr_null(world.on_clock);
	ck_assert_uint_eq(bell_take(&my_bell), 1);
	rtcache_client_run(mine);
	ck_assert_uint_eq(successor.done_count, 1);
	expect_value(&successor, RTCACHE_LOCK_HIT, "one");
	ck_assert_uint_eq(world.lookup_count, 1);
}
END_TEST

START_TEST(successor_that_has_not_run_yet_takes_an_answer_instead)
{
	static struct caller leader, successor;
	struct rtcache_client *client = rtcache_client_new(world.cache, NULL, NULL);
	caller_get_by(&leader, client, "key");
	caller_get_by(&successor, mine, "key");
	rtcache_client_free(client);
	in_thread(fill, world.lookups[0]);
	rtcache_client_run(mine);
	ck_assert_uint_eq(successor.done_count, 1);
	expect_value(&successor, RTCACHE_LOCK_HIT, "one");
	ck_assert_uint_eq(world.lookup_count, 1);
}
END_TEST

/* A wake that is still being called while its client goes. */
struct slow_wake {
	struct bell entered, may_leave;
	atomic_bool has_left;
};

static void wake_slowly(void *arg)
{
	struct slow_wake *slow = arg;
	bell_ring(&slow->entered);
	bell_wait(&slow->may_leave);
	for (unsigned i = 0; i < 1000; i++)
		sched_yield();
	atomic_store(&slow->has_left, true);
}

START_TEST(client_is_not_gone_before_its_wake_has_returned)
{
	static struct caller caller;
	static struct slow_wake slow;
	pthread_t thread;
	bell_open(&slow.entered);
	bell_open(&slow.may_leave);
	struct rtcache_client *client = rtcache_client_new(world.cache, wake_slowly, &slow);
	caller_get_by(&caller, client, "key");
	ck_assert_int_eq(pthread_create(&thread, NULL, fill, world.lookups[0]), 0);
	bell_wait(&slow.entered);
	bell_ring(&slow.may_leave);
	rtcache_client_free(client);
	ck_assert(atomic_load(&slow.has_left));
	ck_assert_int_eq(caller.value.error, RTCACHE_ECANCELED);
	pthread_join(thread, NULL);
	bell_close(&slow.entered);
	bell_close(&slow.may_leave);
}
END_TEST

START_TEST(what_comes_while_wake_is_called_wakes_again)
{
	static struct caller first, second;
	static struct slow_wake slow;
	pthread_t thread;
	bell_open(&slow.entered);
	bell_open(&slow.may_leave);
	struct rtcache_client *client = rtcache_client_new(world.cache, wake_slowly, &slow);
	caller_get_by(&first, client, "a");
	caller_get_by(&second, client, "b");
	ck_assert_int_eq(pthread_create(&thread, NULL, fill, world.lookups[0]), 0);
	bell_wait(&slow.entered);
	rtcache_client_run(client);
	ck_assert_uint_eq(first.done_count, 1);
	/* The thread inside wake calls it once more for this one. */
	in_thread(fill, world.lookups[1]);
	bell_ring(&slow.may_leave);
	bell_wait(&slow.entered);
	bell_ring(&slow.may_leave);
	rtcache_client_run(client);
	ck_assert_uint_eq(second.done_count, 1);
	pthread_join(thread, NULL);
	rtcache_client_free(client);
	bell_close(&slow.entered);
	bell_close(&slow.may_leave);
}
END_TEST

/*
 * Owners ask and sleep until they are woken; fillers end the lookups. If a wake is lost, its owner does not
 * wake up, and the time limit of its bell ends the test.
 */

struct shelf {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct rtcache_lookup *lookups[SHELF_ROOM];
	unsigned first, count;
	bool is_closed;
};

struct owner {
	pthread_t thread;
	struct rtcache *cache;
	struct rtcache_client *client;
	struct bell bell;
	uint64_t random;
	struct rtcache_request requests[SLOTS];
	unsigned waiting;
};

static void shelve(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
		   void *arg)
{
	struct shelf *shelf = arg;
	(void)key;
	(void)key_len;
	(void)extra;
	pthread_mutex_lock(&shelf->lock);
	must(shelf->count < SHELF_ROOM);
	shelf->lookups[(shelf->first + shelf->count++) % SHELF_ROOM] = lookup;
	pthread_cond_signal(&shelf->filled);
	pthread_mutex_unlock(&shelf->lock);
}

/* Ends lookups until there are no more and the shelf is closed. */
static void *end_lookups(void *arg)
{
	struct shelf *shelf = arg;
	for (unsigned i = 0;; i++) {
		pthread_mutex_lock(&shelf->lock);
		while (!shelf->count && !shelf->is_closed)
			pthread_cond_wait(&shelf->filled, &shelf->lock);
		if (!shelf->count) {
			pthread_mutex_unlock(&shelf->lock);
			return NULL;
		}
		struct rtcache_lookup *lookup = shelf->lookups[shelf->first];
		shelf->first = (shelf->first + 1) % SHELF_ROOM;
		shelf->count--;
		pthread_mutex_unlock(&shelf->lock);
		if (i % 3)
			rtcache_fill(lookup, "one", 3, 0);
		else
			rtcache_fail(lookup, -7);
	}
}

static void owner_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct owner *owner = request->data;
	must(value->error || value->len == 3);
	owner->waiting--;
}

static void owner_ask(struct owner *owner)
{
	struct rtcache_value value;
	for (unsigned i = 0; i < SLOTS; i++) {
		unsigned char key = (unsigned char)pick(&owner->random, KEYS);
		owner->requests[i] = (struct rtcache_request){.data = owner, .done = owner_done};
		int rc = rtcache_get(owner->client, &owner->requests[i], &key, sizeof(key), 1000,
				     NULL, &value);
		must(rc >= 0);
		owner->waiting += rc == 0;
	}
}

static void owner_sleep(struct owner *owner)
{
	if (rtcache_client_next_ms(owner->client) != UINT64_MAX)
		return;
	if (pick(&owner->random, 2))
		rtcache_client_park(owner->client);
	bell_wait(&owner->bell);
}

static void owner_renew(struct owner *owner)
{
	rtcache_client_free(owner->client);
	must(owner->waiting == 0);
	owner->client = rtcache_client_new(owner->cache, bell_ring, &owner->bell);
	must(owner->client);
}

static void *live(void *arg)
{
	struct owner *owner = arg;
	owner->client = rtcache_client_new(owner->cache, bell_ring, &owner->bell);
	must(owner->client);
	for (unsigned round = 0; round < ROUNDS; round++) {
		owner_ask(owner);
		if (pick(&owner->random, 10) == 0)
			owner_renew(owner);
		while (owner->waiting) {
			owner_sleep(owner);
			rtcache_client_run(owner->client);
		}
	}
	rtcache_client_free(owner->client);
	return NULL;
}

static void miss_no_wake(bool herd)
{
	static struct shelf shelf;
	static struct owner owners[OWNERS];
	pthread_t fillers[FILLERS];
	memset(&shelf, 0, sizeof(shelf));
	memset(owners, 0, sizeof(owners));
	pthread_mutex_init(&shelf.lock, NULL);
	pthread_cond_init(&shelf.filled, NULL);
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){
		.size = 65536, .lookup = shelve, .arg = &shelf, .herd = herd});
	ck_assert_ptr_nonnull(cache);
	for (unsigned i = 0; i < FILLERS; i++)
		ck_assert_int_eq(pthread_create(&fillers[i], NULL, end_lookups, &shelf), 0);
	for (unsigned i = 0; i < OWNERS; i++) {
		owners[i].cache = cache;
		owners[i].random = i + 1;
		bell_open(&owners[i].bell);
		ck_assert_int_eq(pthread_create(&owners[i].thread, NULL, live, &owners[i]), 0);
	}
	for (unsigned i = 0; i < OWNERS; i++)
		pthread_join(owners[i].thread, NULL);
	pthread_mutex_lock(&shelf.lock);
	shelf.is_closed = true;
	pthread_cond_broadcast(&shelf.filled);
	pthread_mutex_unlock(&shelf.lock);
	for (unsigned i = 0; i < FILLERS; i++)
		pthread_join(fillers[i], NULL);
	for (unsigned i = 0; i < OWNERS; i++)
		bell_close(&owners[i].bell);
	rtcache_free(cache);
	pthread_cond_destroy(&shelf.filled);
	pthread_mutex_destroy(&shelf.lock);
}

START_TEST(no_wake_is_missed)
{
	miss_no_wake(false);
}
END_TEST

START_TEST(no_wake_is_missed_in_the_herd)
{
	miss_no_wake(true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_wake");
	TCase *one = tcase_create("one by one");
	tcase_set_timeout(one, 2 * PATIENCE_SEC);
	tcase_add_checked_fixture(one, open_clients, close_clients);
	tcase_add_test(one, answer_from_another_thread_wakes);
	tcase_add_test(one, failure_from_another_thread_wakes);
	tcase_add_test(one, own_thread_wakes_nobody);
	tcase_add_test(one, client_without_a_wake_is_told_by_next_ms);
	tcase_add_test(one, only_clients_that_wait_are_woken);
	tcase_add_test(one, every_client_that_waits_is_woken);
	tcase_add_test(one, one_wake_is_enough_until_the_next_run);
	tcase_add_test(one, cancelled_request_wakes_nobody);
	tcase_add_test(one, parked_client_is_woken);
	tcase_add_test(one, client_belongs_to_the_thread_that_unparked_it);
	tcase_add_test(one, client_belongs_to_the_thread_that_ran_it);
	tcase_add_test(one, successor_of_a_client_that_leaves_is_woken);
	tcase_add_test(one, successor_that_has_not_run_yet_takes_an_answer_instead);
	tcase_add_test(one, answer_that_comes_when_the_successor_is_about_to_lead_is_taken);
	tcase_add_test(one, client_is_not_gone_before_its_wake_has_returned);
	tcase_add_test(one, what_comes_while_wake_is_called_wakes_again);
	suite_add_tcase(suite, one);
	TCase *many = tcase_create("many at once");
	tcase_set_timeout(many, 2 * PATIENCE_SEC);
	tcase_add_test(many, no_wake_is_missed);
	tcase_add_test(many, no_wake_is_missed_in_the_herd);
	suite_add_tcase(suite, many);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Many keys at once, and every allocation on the way failing in turn. */

#include "support/cache_world.h"

#define EFAILED (-77)

static struct world world;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

/* The allocation that fails, counted from now on; 0: none. */
static unsigned failing;

static bool fails(void)
{
	return failing && --failing == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static void open_multi(void)
{
	world_open(&world, (struct rtcache_options){.multi_lookup = world_multi_lookup,
						    .lock_timeout_ms = 1000});
}

static void close_world(void)
{
	world_close(&world);
}

enum { KEYS = 3 };
static const struct rtcache_key keys[KEYS] = {{"1", 1}, {"2", 1}, {"3", 1}};
static struct caller callers[KEYS];

static size_t multi_get(const struct rtcache_key *which)
{
	struct rtcache_request *requests[KEYS];
	struct rtcache_value values[KEYS];
	bool ready[KEYS];
	for (unsigned i = 0; i < KEYS; i++) {
		callers[i] = (struct caller){.request = {.data = &callers[i], .done = caller_done}};
		requests[i] = &callers[i].request;
	}
	size_t count = rtcache_multi_get(world.client, requests, which, KEYS, RTCACHE_NO_TTL,
					 &world, values, ready);
	for (unsigned i = 0; i < KEYS; i++) {
		callers[i].rc = ready[i];
		if (ready[i])
			caller_note(&callers[i], &values[i]);
	}
	return count;
}

START_TEST(hits_are_ready_and_the_rest_is_one_lookup)
{
	put_text(world.client, "1", "one", RTCACHE_NO_TTL);
	world.answer = "now";
	ck_assert_uint_eq(multi_get(keys), KEYS);
	expect_value(&callers[0], RTCACHE_HIT, "one");
	expect_value(&callers[1], RTCACHE_MISS, "now");
	expect_value(&callers[2], RTCACHE_MISS, "now");
	ck_assert_uint_eq(world.multi_count, 1);
	ck_assert_uint_eq(world.lookup_count, 2);
	ck_assert_uint_eq(multi_get(keys), KEYS);
	expect_value(&callers[2], RTCACHE_HIT, "now");
}
END_TEST

START_TEST(keys_being_looked_up_are_waited_for)
{
	static struct caller a;
	caller_get(&a, &world, "2");
	ck_assert_uint_eq(multi_get(keys), 0);
	ck_assert_uint_eq(world.lookup_count, 3);
	ck_assert_uint_eq(world.multi_count, 1);
	world_fill(&world, 2, "three");
	world_fill(&world, 0, "two");
	world_run(&world, 0);
	expect_value(&callers[1], RTCACHE_LOCK_HIT, "two");
	expect_value(&callers[2], RTCACHE_MISS, "three");
	ck_assert_uint_eq(callers[0].done_count, 0);
	rtcache_fail(world.lookups[1], EFAILED);
	world_run(&world, 0);
	expect_error(&callers[0], RTCACHE_MISS, EFAILED);
}
END_TEST

START_TEST(same_key_twice_is_looked_up_once)
{
	static const struct rtcache_key twice[KEYS] = {{"1", 1}, {"1", 1}, {NULL, 1}};
	ck_assert_uint_eq(multi_get(twice), 1);
	expect_error(&callers[2], RTCACHE_MISS, RTCACHE_EINVAL);
	ck_assert_uint_eq(world.lookup_count, 1);
	world_fill(&world, 0, "one");
	world_run(&world, 0);
	expect_value(&callers[0], RTCACHE_MISS, "one");
	expect_value(&callers[1], RTCACHE_LOCK_HIT, "one");
}
END_TEST

START_TEST(lookup_that_never_ends_is_caught_by_the_timeout)
{
	multi_get(keys);
	world_fill(&world, 0, "one");
	world_fill(&world, 1, "two");
	world_run(&world, 1000);
	ck_assert_uint_eq(callers[2].done_count, 0);
	ck_assert_uint_eq(world.lookup_count, 4);
	world_fill(&world, 3, "three");
	world_run(&world, 0);
	expect_value(&callers[2], RTCACHE_MISS, "three");
}
END_TEST

START_TEST(without_multi_lookup_each_is_looked_up)
{
	world_close(&world);
	world_open(&world, (struct rtcache_options){0});
	multi_get(keys);
	ck_assert_uint_eq(world.lookup_count, 3);
	ck_assert_uint_eq(world.multi_count, 0);
}
END_TEST

/* Without Check's assertions, which allocate too. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static void keep_lookup(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
			void *arg)
{
	(void)key;
	(void)key_len;
	(void)extra;
	(void)arg;
	must(world.lookup_count < WORLD_LOOKUPS);
	world.lookups[world.lookup_count++] = lookup;
}

static void count_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	(void)value;
	++*(unsigned *)request->data;
}

/* Two clients ask for 20 keys, half of the lookups succeed, one client goes, the others fail. */
static void live(void)
{
	enum { REQUESTS = 40 };
	static struct rtcache_request requests[REQUESTS];
	struct rtcache_value value;
	unsigned waiting = 0;
	unsigned done = 0;
	world = (struct world){.now_ms = 1000};
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){.now_ms = world_now,
								      .lookup = keep_lookup,
								      .arg = &world,
								      .lock_age_ms = 10,
								      .failure_ms = 5});
	struct rtcache_client *client = cache ? rtcache_client_new(cache, NULL, NULL) : NULL;
	struct rtcache_client *other = client ? rtcache_client_new(cache, NULL, NULL) : NULL;
	for (unsigned i = 0; other && i < REQUESTS; i++) {
		unsigned key = i / 2;
		requests[i] = (struct rtcache_request){.data = &done, .done = count_done};
		int rc = rtcache_get(i % 2 ? client : other, &requests[i], &key, sizeof(key), 0,
				     NULL, &value);
		must(rc == 0 || rc == RTCACHE_ENOMEM);
		waiting += rc == 0;
		world.now_ms += i % 5 * 5;
	}
	unsigned half = world.lookup_count / 2;
	for (unsigned i = 0; i < half; i++)
		rtcache_fill(world.lookups[i], "value", 5, RTCACHE_NO_TTL);
	rtcache_client_free(other);
	if (client)
		rtcache_client_run(client);
	for (unsigned i = half; i < world.lookup_count; i++)
		rtcache_fail(world.lookups[i], EFAILED);
	if (client)
		rtcache_client_run(client);
	must(done == waiting);
	rtcache_client_free(client);
	rtcache_free(cache);
}

/* With more keys than the get has room for without an allocation. */
START_TEST(requests_that_are_refused_for_want_of_memory_can_be_cancelled)
{
	enum { COUNT = 40 };
	static struct rtcache_request requests[COUNT];
	static struct rtcache_request *pointers[COUNT];
	static struct rtcache_key all[COUNT];
	static struct rtcache_value values[COUNT];
	static bool ready[COUNT];
	open_multi();
	memset(requests, 0xff, sizeof(requests));
	for (unsigned i = 0; i < COUNT; i++) {
		pointers[i] = &requests[i];
		all[i] = (struct rtcache_key){.data = "key", .len = 3};
	}
	failing = 1;
	size_t count =
		rtcache_multi_get(world.client, pointers, all, COUNT, 0, NULL, values, ready);
	ck_assert_uint_eq(count, COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		ck_assert_int_eq(values[i].error, RTCACHE_ENOMEM);
		rtcache_cancel(world.client, &requests[i]);
	}
	close_world();
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	unsigned count = 0;
	do {
		failing = ++count;
		live();
	} while (!failing);
	failing = 0;
	ck_assert_uint_gt(count, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_multi");
	TCase *tcase = tcase_create("multi");
	tcase_add_checked_fixture(tcase, open_multi, close_world);
	tcase_add_test(tcase, hits_are_ready_and_the_rest_is_one_lookup);
	tcase_add_test(tcase, keys_being_looked_up_are_waited_for);
	tcase_add_test(tcase, same_key_twice_is_looked_up_once);
	tcase_add_test(tcase, lookup_that_never_ends_is_caught_by_the_timeout);
	tcase_add_test(tcase, without_multi_lookup_each_is_looked_up);
	suite_add_tcase(suite, tcase);
	TCase *memory = tcase_create("memory");
	tcase_add_test(memory, requests_that_are_refused_for_want_of_memory_can_be_cancelled);
	tcase_add_test(memory, every_allocation_may_fail);
	suite_add_tcase(suite, memory);
	return unit_run(suite);
}

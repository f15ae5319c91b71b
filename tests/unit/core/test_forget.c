/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forget.c: sweeps that wait their turn; test_inspect.c has single ones. */
#include "core/forget.h"

#include <stdio.h>
#include <string.h>

#include "dns/text.h"
#include "rtcache.h"
#include "support/unit.h"

enum { STEP = 100 };

static struct rtcache *cache;
static struct rtcache_client *client;
static struct tarn__sweeps sweeps;

static void on_lookup(struct rtcache_lookup *lookup, const void *key, size_t len, void *extra,
		      void *arg)
{
	(void)lookup;
	(void)key;
	(void)len;
	(void)extra;
	(void)arg;
}

static void on_wake(void *arg)
{
	(void)arg;
}

static void set_up(void)
{
	memset(&sweeps, 0, sizeof(sweeps));
	cache = rtcache_new(&(struct rtcache_options){.size = 8 << 20, .lookup = on_lookup});
	client = rtcache_client_new(cache, on_wake, NULL);
	ck_assert_ptr_nonnull(client);
}

static void tear_down(void)
{
	rtcache_client_free(client);
	rtcache_free(cache);
}

static size_t write_key(const char *name, uint8_t key[TARN__KEY_MAX])
{
	uint8_t octets[TARN__NAME_MAX];
	return tarn__variant_key(octets, tarn__name_parse(name, octets), 1, 0, key);
}

static void put(const char *name)
{
	uint8_t key[TARN__KEY_MAX];
	size_t len = write_key(name, key);
	ck_assert_int_eq(rtcache_put(client, key, len, "x", 1, 60000), 0);
}

static bool has(const char *name)
{
	uint8_t key[TARN__KEY_MAX];
	struct rtcache_state state;
	rtcache_inspect(client, key, write_key(name, key), &state);
	return state.is_stored;
}

static void add(enum tarn__sweep_kind kind, const char *name)
{
	uint8_t octets[TARN__NAME_MAX];
	tarn__sweeps_add(&sweeps, kind, octets, tarn__name_parse(name, octets));
}

static void run(void)
{
	for (int i = 0; tarn__sweeps_step(&sweeps, client, STEP); i++)
		ck_assert_int_lt(i, 100000);
	ck_assert_uint_eq(sweeps.count, 0);
}

START_TEST(sweeps_follow_one_another)
{
	put("a.example.");
	put("b.a.example.");
	put("c.example.");
	put("d.c.example.");
	put("e.example.");
	ck_assert(!tarn__sweeps_step(&sweeps, client, STEP));
	add(TARN__SWEEP_NAME, "A.example.");
	add(TARN__SWEEP_TREE, "c.example.");
	ck_assert_uint_eq(sweeps.count, 2);
	run();
	ck_assert(!has("a.example.") && has("b.a.example."));
	ck_assert(!has("c.example.") && !has("d.c.example.") && has("e.example."));
}
END_TEST

START_TEST(same_sweep_waits_once)
{
	for (int i = 0; i < 3; i++)
		add(TARN__SWEEP_NAME, i == 1 ? "A.example." : "a.example.");
	ck_assert_uint_eq(sweeps.count, 1);
	add(TARN__SWEEP_TREE, "a.example.");
	ck_assert_uint_eq(sweeps.count, 2);
}
END_TEST

/* What was stored behind its cursor since it has begun is for the next one. */
START_TEST(sweep_that_has_begun_is_not_the_same)
{
	char name[32];
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		put(name);
	}
	add(TARN__SWEEP_TREE, ".");
	ck_assert(tarn__sweeps_step(&sweeps, client, STEP));
	add(TARN__SWEEP_TREE, ".");
	ck_assert_uint_eq(sweeps.count, 2);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		put(name);
	}
	run();
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		ck_assert(!has(name));
	}
}
END_TEST

START_TEST(too_many_become_one_of_everything)
{
	char name[32];
	put("other.test.");
	for (int i = 0; i < TARN__SWEEPS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		add(TARN__SWEEP_NAME, name);
	}
	ck_assert_uint_eq(sweeps.count, TARN__SWEEPS_MAX);
	run();
	ck_assert(has("other.test."));
	for (int i = 0; i <= TARN__SWEEPS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.example.", i);
		add(TARN__SWEEP_NAME, name);
	}
	ck_assert_uint_eq(sweeps.count, 1);
	run();
	ck_assert(!has("other.test."));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forget");
	TCase *tcase = tcase_create("forget");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, sweeps_follow_one_another);
	tcase_add_test(tcase, same_sweep_waits_once);
	tcase_add_test(tcase, sweep_that_has_begun_is_not_the_same);
	tcase_add_test(tcase, too_many_become_one_of_everything);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

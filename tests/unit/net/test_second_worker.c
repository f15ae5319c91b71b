/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the second level in resolver/net/worker.c and shared.c: which of the workers hears the channel. */
#include "config.h"

#include "net/second/link.h"
#include "net/worker.h"
#include "support/fake_store.h"
#include "support/unit.h"

enum { WORKERS = 3 };

static struct ev_loop *store_loop, *loops[WORKERS];
static struct tarn_worker *workers[WORKERS];
static struct tarn *tarn;
static struct fake_store store;
static struct tarn_options options;

static void setup(void)
{
	static struct tarn_address upstream;
	store_loop = ev_loop_new(0);
	store_open(&store, store_loop);
	ck_assert_int_eq(tarn_address_parse("127.0.0.1", 9, &upstream), 0);
	options = (struct tarn_options){.upstream_count = 1};
	options.upstreams = &upstream;
	options.second = (struct tarn_second_level){
		.server = store.address, .secret = "0123456789abcdef", .secret_len = 16};
	tarn = tarn_new(&options);
	ck_assert_ptr_nonnull(tarn);
	for (size_t i = 0; i < WORKERS; i++) {
		loops[i] = ev_loop_new(0);
		workers[i] = tarn_worker_new(tarn, loops[i]);
		ck_assert_ptr_nonnull(workers[i]);
	}
}

static void teardown(void)
{
	for (size_t i = 0; i < WORKERS; i++) {
		tarn_worker_free(workers[i]);
		ev_loop_destroy(loops[i]);
	}
	tarn_free(tarn);
	store_stop(&store);
	ev_loop_destroy(store_loop);
}

static void run_all(void)
{
	for (size_t i = 0; i < WORKERS; i++)
		ev_run(loops[i], EVRUN_NOWAIT);
	ev_run(store_loop, EVRUN_NOWAIT);
}

/* The connections of the store that are there, and those of them that have subscribed. */
static void count(size_t *connections, size_t *listeners)
{
	*connections = *listeners = 0;
	for (size_t i = 0; i < store.count; i++) {
		bool is_there = store.clients[i].fd >= 0;
		*connections += is_there;
		*listeners += is_there && store.clients[i].is_listening;
	}
}

static void run_until_there_are(size_t connections, size_t listeners)
{
	size_t seen_connections, seen_listeners;
	time_t end = time(NULL) + WATCHDOG_SEC;
	do {
		ck_assert_msg(time(NULL) < end, "it did not happen");
		run_all();
		count(&seen_connections, &seen_listeners);
	} while (seen_connections != connections || seen_listeners != listeners);
	for (int i = 0; i < 20; i++)
		run_all();
	count(&seen_connections, &seen_listeners);
	ck_assert_uint_eq(seen_connections, connections);
	ck_assert_uint_eq(seen_listeners, listeners);
}

static void serve(size_t i)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse("127.0.0.1", 0, &address), 0);
	tarn_address_set_port(&address, 0);
	ck_assert_int_eq(tarn_worker_listen(workers[i], &address), 0);
}

/* A program that has no clients on the network asks by tarn_ask(), and has a cache all the same. */
START_TEST(each_worker_has_a_connection_and_one_hears)
{
	run_until_there_are(WORKERS + 1, 1);
	serve(1);
	run_until_there_are(WORKERS + 1, 1);
	serve(2);
	serve(0);
	run_until_there_are(WORKERS + 1, 1);
}
END_TEST

START_TEST(one_that_ends_hands_it_on)
{
	serve(1);
	serve(2);
	run_until_there_are(WORKERS + 1, 1);
	tarn_worker_free(workers[1]);
	workers[1] = NULL;
	run_until_there_are(WORKERS, 1);
	tarn_worker_free(workers[2]);
	workers[2] = NULL;
	run_until_there_are(2, 1);
}
END_TEST

START_TEST(another_configuration_is_changed_over_to)
{
	serve(0);
	run_until_there_are(WORKERS + 1, 1);
	ck_assert_int_eq(tarn_reconfigure(tarn, &options), 0);
	run_until_there_are(WORKERS + 1, 1);
	ck_assert_uint_eq(store.count, WORKERS + 1);
	options.second.database = 1;
	ck_assert_int_eq(tarn_reconfigure(tarn, &options), 0);
	run_until_there_are(WORKERS + 1, 1);
	ck_assert_uint_eq(store.count, 2 * (WORKERS + 1));
	memset(&options.second, 0, sizeof options.second);
	ck_assert_int_eq(tarn_reconfigure(tarn, &options), 0);
	run_until_there_are(0, 0);
}
END_TEST

int main(void)
{
	if (!tarn__second_is_built())
		return unit_skip("tarn is built without libhiredis");
	Suite *suite = suite_create("second_worker");
	TCase *tcase = tcase_create("worker");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, each_worker_has_a_connection_and_one_hears);
	tcase_add_test(tcase, one_that_ends_hands_it_on);
	tcase_add_test(tcase, another_configuration_is_changed_over_to);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

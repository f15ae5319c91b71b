/* SPDX-License-Identifier: BSD-2-Clause */
/* net/stats_collector.c: the numbers of workers that run, that do not, and that were. */
#include "config.h"

#include "net/stats_collector.h"

#include <pthread.h>
#include <time.h>

#include "support/net.h"
#include "net/worker.h"
#include "support/unit.h"

enum {
	SOON_MS = 20000, /* a hang is a failure */
	AT_ONCE_MS = 0,
};

static struct world world;
static uint64_t began_sec;

static void set_up(void)
{
	began_sec = (uint64_t)time(NULL);
	world_init(&world, ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), "127.0.0.1:0");
}

static void tear_down(void)
{
	world_fini(&world);
	ev_loop_destroy(world.loop);
}

/* ---- workers on threads of their own ------------------------------------------------------- */

struct other {
	struct tarn_worker *worker;
	struct ev_loop *loop;
	struct tarn_address address;
	ev_async stop;
	pthread_t thread;
};

static void on_stop(struct ev_loop *loop, ev_async *stop, int events)
{
	(void)stop;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void *run_other(void *arg)
{
	struct other *other = arg;
	ev_run(other->loop, 0);
	tarn_worker_free(other->worker);
	return NULL;
}

static void other_init(struct other *other)
{
	other->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	other->worker = tarn_worker_new(world.tarn, other->loop);
	ck_assert_ptr_nonnull(other->worker);
	other->address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(tarn_worker_listen(other->worker, &other->address), 0);
	ev_async_init(&other->stop, on_stop);
	ev_async_start(other->loop, &other->stop);
}

static void other_start(struct other *other)
{
	ck_assert_int_eq(pthread_create(&other->thread, NULL, run_other, other), 0);
}

/* Its worker is freed then. */
static void other_stop(struct other *other)
{
	ev_async_send(other->loop, &other->stop);
	pthread_join(other->thread, NULL);
	ev_loop_destroy(other->loop);
}

static void ask(const struct tarn_address *where, const char *name)
{
	int fd = connect_to(world.loop, where, SOCK_DGRAM);
	send_question(fd, 1, name);
	uint8_t wire[TARN__UDP_MAX];
	size_t len = receive(world.loop, fd, wire, sizeof(wire));
	check_reply(wire, len, 1, TARN__NOERROR, 1);
	close(fd);
}

static struct tarn__totals *collect(unsigned timeout_ms)
{
	struct tarn__totals *totals = tarn__stats_collect(world.tarn, world.worker, timeout_ms);
	ck_assert_ptr_nonnull(totals);
	return totals;
}

/* Asserts the numbers of workers, of their questions, and of messages to the one server. */
static void check(unsigned workers, uint64_t questions, uint64_t asked)
{
	struct tarn__totals *totals = collect(SOON_MS);
	ck_assert_uint_eq(totals->workers, workers);
	ck_assert_uint_eq(totals->questions.questions[TARN__UDP], questions);
	ck_assert_uint_eq(totals->questions.rcodes[TARN__NOERROR], questions);
	ck_assert_uint_eq(totals->questions.waiting, 0);
	ck_assert_uint_eq(totals->questions.lookups, 0);
	ck_assert_uint_eq(totals->server_count, 1);
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_str_eq(totals->servers[0].text, tarn_address_format(&world.fake.address, text));
	ck_assert_str_eq(totals->servers[0].zone, ".");
	ck_assert_uint_eq(totals->servers[0].counts.asked, asked);
	ck_assert_uint_eq(totals->servers[0].counts.answered, asked);
	ck_assert_uint_eq(totals->servers[0].dead, 0);
	ck_assert_uint_eq(totals->carrier.sockets, asked);
	ck_assert_uint_ge(totals->cache.size, 1);
	ck_assert_uint_ge(totals->since_sec, began_sec);
	ck_assert_uint_le(totals->since_sec, (uint64_t)time(NULL));
	tarn__totals_free(totals);
}

START_TEST(worker_of_the_caller_adds_its_own)
{
	check(1, 0, 0);
	ask(&world.address, "a.example");
	ask(&world.address, "a.example");
	check(1, 2, 1);
	struct tarn__totals *totals = collect(AT_ONCE_MS);
	ck_assert_uint_eq(totals->cache.entries, 1);
	ck_assert_uint_gt(totals->servers[0].srtt_ms, 0);
	ck_assert_uint_lt(totals->servers[0].answered_ago_ms, SOON_MS);
	ck_assert_uint_eq(totals->questions.statuses[TARN__STATUS_MISS], 1);
	ck_assert_uint_eq(totals->questions.statuses[TARN__STATUS_HIT], 1);
	tarn__totals_free(totals);
}
END_TEST

START_TEST(who_never_listened_is_not_counted_as_serving)
{
	struct tarn_worker *door = tarn_worker_new(world.tarn, world.loop);
	ck_assert_ptr_nonnull(door);
	/* Both are on the loop of this thread, which waits: the door adds its own alone. */
	struct tarn__totals *totals = tarn__stats_collect(world.tarn, door, AT_ONCE_MS);
	ck_assert_ptr_nonnull(totals);
	ck_assert_uint_eq(totals->workers, 1);
	ck_assert_uint_eq(totals->serving, 0);
	tarn__totals_free(totals);
	totals = collect(AT_ONCE_MS);
	ck_assert_uint_eq(totals->workers, 1);
	ck_assert_uint_eq(totals->serving, 1);
	tarn__totals_free(totals);
	tarn_worker_free(door);
}
END_TEST

START_TEST(workers_add_theirs_while_they_sleep)
{
	struct other others[2];
	for (size_t i = 0; i < 2; i++) {
		other_init(&others[i]);
		other_start(&others[i]);
	}
	ask(&world.address, "a.example");
	ask(&others[0].address, "b.example");
	ask(&others[1].address, "c.example");
	check(3, 3, 3);
	for (size_t i = 0; i < 2; i++)
		other_stop(&others[i]);
}
END_TEST

START_TEST(worker_that_does_not_run_is_not_waited_for_for_ever)
{
	struct other other;
	other_init(&other);
	struct tarn__totals *totals = collect(AT_ONCE_MS);
	ck_assert_uint_eq(totals->workers, 1);
	ck_assert(!totals->is_whole);
	tarn__totals_free(totals);
	other_start(&other);
	check(2, 0, 0);
	other_stop(&other);
	check(1, 0, 0);
}
END_TEST

START_TEST(what_a_freed_worker_has_counted_stays)
{
	uint64_t questions = 0;
	for (int i = 0; i < 3; i++) {
		struct other other;
		other_init(&other);
		other_start(&other);
		char name[16];
		snprintf(name, sizeof(name), "n%d.example", i);
		ask(&other.address, name);
		questions++;
		check(2, questions, questions);
		other_stop(&other);
		check(1, questions, questions);
	}
}
END_TEST

static bool is_waiting(void *arg)
{
	(void)arg;
	struct tarn__totals *totals = collect(AT_ONCE_MS);
	bool is = totals->questions.waiting == 1;
	tarn__totals_free(totals);
	return is;
}

START_TEST(questions_under_way_when_a_worker_is_freed_are_answered_and_counted)
{
	world.fake.on_query = fake_hold;
	struct other other;
	other.loop = world.loop;
	other.worker = tarn_worker_new(world.tarn, world.loop);
	other.address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(tarn_worker_listen(other.worker, &other.address), 0);
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	send_question(fd, 1, "a.example");
	run_until(world.loop, is_held, &world);
	ck_assert(is_waiting(NULL));
	tarn_worker_free(world.worker);
	world.worker = other.worker;
	struct tarn__totals *totals = collect(AT_ONCE_MS);
	ck_assert_uint_eq(totals->questions.questions[TARN__UDP], 1);
	ck_assert_uint_eq(totals->questions.statuses[TARN__STATUS_FAILURE], 1);
	ck_assert_uint_eq(totals->questions.waiting, 0);
	ck_assert_uint_eq(totals->questions.lookups, 0);
	ck_assert_uint_eq(totals->carrier.channels, 0);
	tarn__totals_free(totals);
	close(fd);
}
END_TEST

START_TEST(server_that_stays_keeps_its_numbers_and_one_that_goes_does_not)
{
	struct other other;
	other_init(&other);
	other_start(&other);
	ask(&other.address, "a.example");
	other_stop(&other);
	struct tarn_address servers[2] = {parse_address("127.0.0.1:9"), world.fake.address};
	ck_assert_int_eq(tarn_set_upstreams(world.tarn, servers, 2), 0);
	ask(&world.address, "a.example"); /* a turn */
	struct tarn__totals *totals = collect(SOON_MS);
	ck_assert_uint_eq(totals->server_count, 2);
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_str_eq(totals->servers[0].text, tarn_address_format(&servers[0], text));
	ck_assert_uint_eq(totals->servers[0].counts.asked, 0);
	ck_assert_uint_eq(totals->servers[0].answered_ago_ms, UINT64_MAX);
	ck_assert_uint_eq(totals->servers[1].counts.asked, 1);
	tarn__totals_free(totals);

	ck_assert_int_eq(tarn_set_upstreams(world.tarn, servers, 1), 0);
	ask(&world.address, "a.example");
	totals = collect(SOON_MS);
	ck_assert_uint_eq(totals->server_count, 1);
	tarn__totals_free(totals);
	ck_assert_int_eq(tarn_set_upstreams(world.tarn, servers, 2), 0);
	ask(&world.address, "a.example");
	totals = collect(SOON_MS);
	ck_assert_uint_eq(totals->server_count, 2);
	ck_assert_uint_eq(totals->servers[1].counts.asked, 0);
	tarn__totals_free(totals);
}
END_TEST

START_TEST(zones_servers_are_told_apart)
{
	struct tarn_forward forward = {
		.zone = "corp.example", .upstreams = &world.fake.address, .upstream_count = 1};
	ck_assert_int_eq(tarn_reconfigure(world.tarn,
					  &(struct tarn_options){.upstreams = &world.fake.address,
								 .upstream_count = 1,
								 .forwards = &forward,
								 .forward_count = 1}),
			 0);
	ask(&world.address, "a.corp.example");
	ask(&world.address, "b.corp.example");
	ask(&world.address, "c.example");
	struct tarn__totals *totals = collect(SOON_MS);
	ck_assert_uint_eq(totals->server_count, 2);
	ck_assert_str_eq(totals->servers[0].zone, ".");
	ck_assert_uint_eq(totals->servers[0].counts.asked, 1);
	ck_assert_str_eq(totals->servers[1].zone, "corp.example.");
	ck_assert_uint_eq(totals->servers[1].counts.asked, 2);
	tarn__totals_free(totals);
}
END_TEST

/* ---- all at once --------------------------------------------------------------------------- */

enum { ROUNDS = 30 };

static void *collect_often(void *arg)
{
	uint64_t *last = arg;
	for (int i = 0; i < ROUNDS; i++) {
		struct tarn__totals *totals = tarn__stats_collect(world.tarn, NULL, SOON_MS);
		if (!totals || totals->questions.questions[TARN__UDP] < *last)
			return last;
		*last = totals->questions.questions[TARN__UDP];
		tarn__totals_free(totals);
	}
	return NULL;
}

static bool is_over(void *arg)
{
	return *(bool *)arg;
}

struct joining {
	pthread_t collectors[2];
	void *faults[2];
	struct ev_loop *loop;
	ev_async done;
	bool is_over;
};

static void on_joined(struct ev_loop *loop, ev_async *done, int events)
{
	(void)loop;
	(void)events;
	struct joining *joining = done->data;
	joining->is_over = true;
}

static void *join_collectors(void *arg)
{
	struct joining *joining = arg;
	for (size_t i = 0; i < 2; i++)
		pthread_join(joining->collectors[i], &joining->faults[i]);
	ev_async_send(joining->loop, &joining->done);
	return NULL;
}

/* The main thread's worker runs all the time; another one comes and goes, with its questions. */
START_TEST(nothing_goes_back_while_workers_come_and_go)
{
	uint64_t lasts[2] = {0};
	struct joining joining = {.loop = world.loop};
	ev_async_init(&joining.done, on_joined);
	joining.done.data = &joining;
	ev_async_start(world.loop, &joining.done);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
			pthread_create(&joining.collectors[i], NULL, collect_often, &lasts[i]), 0);
	pthread_t joiner;
	ck_assert_int_eq(pthread_create(&joiner, NULL, join_collectors, &joining), 0);
	uint64_t questions = 0;
	for (; questions < 5; questions++) {
		struct other other;
		other_init(&other);
		other_start(&other);
		ask(&other.address, "a.example");
		other_stop(&other);
	}
	run_until(world.loop, is_over, &joining.is_over);
	pthread_join(joiner, NULL);
	ev_async_stop(world.loop, &joining.done);
	for (size_t i = 0; i < 2; i++)
		ck_assert_ptr_null(joining.faults[i]);
	check(1, questions, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("totals");
	TCase *tcase = tcase_create("totals");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, worker_of_the_caller_adds_its_own);
	tcase_add_test(tcase, who_never_listened_is_not_counted_as_serving);
	tcase_add_test(tcase, workers_add_theirs_while_they_sleep);
	tcase_add_test(tcase, worker_that_does_not_run_is_not_waited_for_for_ever);
	tcase_add_test(tcase, what_a_freed_worker_has_counted_stays);
	tcase_add_test(tcase, questions_under_way_when_a_worker_is_freed_are_answered_and_counted);
	tcase_add_test(tcase, server_that_stays_keeps_its_numbers_and_one_that_goes_does_not);
	tcase_add_test(tcase, zones_servers_are_told_apart);
	tcase_add_test(tcase, nothing_goes_back_while_workers_come_and_go);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

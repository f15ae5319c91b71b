/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/worker.c, net/ask.c and net/shared.c: a worker on its host's loop, and the host's questions.
 */

#include "config.h"

#include "net/worker.h"

#include <fcntl.h>
#include <pthread.h>

#include "core/resolver.h"
#include "core/forward/server.h"
#include "support/net.h"
#include "net/shared.h"
#include "rtcache.h"
#include "support/unit.h"

static struct world world;

struct asked {
	struct tarn_request request;
	struct ev_loop *loop; /* that is run for it */
	int calls, error;
	size_t len;
	uint8_t answer[TARN__MESSAGE_MAX];
};

static struct asked *one, *two;

static void set_up_on(struct ev_loop *loop)
{
	world_init(&world, loop, "127.0.0.1:0");
	one = calloc(1, sizeof(*one));
	two = calloc(1, sizeof(*two));
}

static void set_up(void)
{
	set_up_on(ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL));
}

static void tear_down(void)
{
	world_fini(&world);
	ev_loop_destroy(world.loop);
	free(one);
	free(two);
}

static void on_done(struct tarn_request *request, int error, const uint8_t *answer, size_t len)
{
	struct asked *asked = request->data;
	asked->calls++;
	asked->error = error;
	asked->len = len;
	if (answer)
		memcpy(asked->answer, answer, len);
	ev_break(asked->loop, EVBREAK_ONE);
}

/* Sends a question by a worker. Returns the result of tarn_ask(). */
static int ask_worker(struct asked *asked, struct tarn_worker *worker, const uint8_t *wire,
		      size_t len)
{
	asked->calls = 0;
	asked->loop = worker->loop;
	asked->request = (struct tarn_request){.data = asked, .done = on_done};
	int error = tarn_ask(worker, &asked->request, wire, len);
	ck_assert_int_eq(asked->calls, 0); /* never inside tarn_ask */
	return error;
}

static void start(struct asked *asked, uint16_t id, const char *name)
{
	uint8_t wire[512];
	size_t len = write_query(wire, id, name, TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(asked, world.worker, wire, len), 0);
}

static bool has_been_called(void *arg)
{
	return ((struct asked *)arg)->calls > 0;
}

static void ask(struct asked *asked, uint16_t id, const char *name, unsigned rcode,
		unsigned records)
{
	start(asked, id, name);
	run_until(world.loop, has_been_called, asked);
	ck_assert_int_eq(asked->error, 0);
	check_reply(asked->answer, asked->len, id, rcode, records);
}

/* ---- the program's questions --------------------------------------------------------------- */

START_TEST(question_of_the_program_is_answered_from_server_and_cache)
{
	for (uint16_t id = 1; id <= 3; id++) {
		ask(one, id, "a.example", TARN__NOERROR, 1);
		run_dry(world.loop);
		ck_assert_int_eq(one->calls, 1);
	}
	ck_assert_uint_eq(world.fake.udp_count, 1);
}
END_TEST

static struct asked *next_asked;

static void on_host_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	(void)events;
	ev_prepare_stop(loop, prepare);
	start(next_asked, 5, "a.example");
}

/* The host's last callback before the thread sleeps: nothing else would wake it. */
START_TEST(question_asked_just_before_the_sleep_is_answered)
{
	if (_i == 1)
		ask(one, 1, "a.example", TARN__NOERROR, 1); /* from now on a hit */
	one->calls = 0;
	next_asked = one;
	ev_prepare prepare;
	ev_prepare_init(&prepare, on_host_prepare);
	ev_set_priority(&prepare, EV_MINPRI);
	ev_prepare_start(world.loop, &prepare);
	run_until(world.loop, has_been_called, one);
	check_reply(one->answer, one->len, 5, TARN__NOERROR, 1);
}
END_TEST

START_TEST(canceled_question_is_not_called_back)
{
	ask(one, 1, "hit.example", TARN__NOERROR, 1);
	start(one, 2, "hit.example");
	start(two, 3, "miss.example");
	tarn_cancel(world.worker, &one->request);
	tarn_cancel(world.worker, &two->request);
	tarn_cancel(world.worker, &two->request);
	ask(one, 4, "miss.example", TARN__NOERROR, 1);
	run_dry(world.loop);
	ck_assert_int_eq(one->calls, 1);
	ck_assert_int_eq(two->calls, 0);
}
END_TEST

START_TEST(request_may_be_canceled_when_it_was_called_back)
{
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	tarn_cancel(world.worker, &one->request);
}
END_TEST

START_TEST(what_cannot_be_answered_is_invalid)
{
	uint8_t wire[512];
	size_t len = write_query(wire, 1, "a.example", TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(one, world.worker, wire, TARN__HEADER_LEN - 1), TARN_EINVAL);
	wire[2] |= 0x80;
	ck_assert_int_eq(ask_worker(one, world.worker, wire, len), TARN_EINVAL);
	run_dry(world.loop);
	ck_assert_int_eq(one->calls, 0);
}
END_TEST

START_TEST(malformed_question_is_answered)
{
	uint8_t wire[512];
	size_t len = write_query(wire, 9, "a.example", TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(one, world.worker, wire, len - 1), 0);
	run_until(world.loop, has_been_called, one);
	check_reply(one->answer, one->len, 9, TARN__FORMERR, 0);
}
END_TEST

START_TEST(worker_that_goes_cancels_the_program_s_questions)
{
	ask(one, 1, "hit.example", TARN__NOERROR, 1);
	world.fake.on_query = fake_hold;
	start(one, 2, "hit.example");
	start(two, 3, "miss.example");
	tarn_worker_free(world.worker);
	world.worker = NULL;
	ck_assert_int_eq(one->calls, 1);
	ck_assert_int_eq(one->error, TARN_ECANCELED);
	ck_assert_int_eq(two->calls, 1);
	ck_assert_int_eq(two->error, TARN_ECANCELED);
}
END_TEST

/* ---- the host's loop ----------------------------------------------------------------------- */

START_TEST(default_loop_serves_too)
{
	tear_down();
	set_up_on(ev_default_loop(EVFLAG_NOENV));
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	send_question(fd, 7, "a.example");
	uint8_t wire[512];
	check_reply(wire, receive(world.loop, fd, wire, sizeof(wire)), 7, TARN__NOERROR, 1);
	close(fd);
}
END_TEST

START_TEST(worker_with_nothing_to_do_has_no_timer)
{
	run_dry(world.loop);
	ck_assert(!ev_is_active(&world.worker->alarm.timer));
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	ck_assert(ev_is_active(&world.worker->alarm.timer)); /* the channel is kept for a while */
}
END_TEST

START_TEST(worker_leaves_nothing_on_the_loop)
{
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	tarn_worker_free(world.worker);
	world.worker = NULL;
	fake_fini(&world.fake);
	ck_assert(!ev_run(world.loop, 0)); /* no watcher is left to wait for */
	fake_init(&world.fake, world.loop, "127.0.0.1:0", fake_answer);
}
END_TEST

START_TEST(two_workers_share_the_cache_and_a_port)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	struct tarn_worker *second = tarn_worker_new(world.tarn, loop);
	ck_assert_ptr_nonnull(second);
	struct tarn_address address = world.address;
	ck_assert_int_eq(tarn_worker_listen(second, &address), 0);
	ck_assert(tarn_address_is_equal(&address, &world.address));
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	uint8_t wire[512];
	size_t len = write_query(wire, 2, "a.example", TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(two, second, wire, len), 0);
	run_until(loop, has_been_called, two);
	check_reply(two->answer, two->len, 2, TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
	tarn_worker_free(second);
	ev_loop_destroy(loop);
}
END_TEST

/* Its lookup is the first worker's; the answer wakes the second's loop. */
START_TEST(worker_is_woken_by_an_answer_of_another)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	struct tarn_worker *second = tarn_worker_new(world.tarn, loop);
	world.fake.on_query = fake_hold;
	start(one, 1, "a.example");
	run_until(world.loop, is_held, &world);
	uint8_t wire[512];
	size_t len = write_query(wire, 2, "a.example", TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(two, second, wire, len), 0);
	for (int i = 0; i < 20; i++)
		ev_run(loop, EVRUN_NOWAIT);
	ck_assert_int_eq(two->calls, 0);
	fake_release(&world.fake);
	run_until(world.loop, has_been_called, one);
	run_until(loop, has_been_called, two);
	check_reply(two->answer, two->len, 2, TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
	tarn_worker_free(second);
	ev_loop_destroy(loop);
}
END_TEST

/* ---- updates ------------------------------------------------------------------------------- */

static struct fake new_fake;

static void set_up_with_other(void)
{
	set_up();
	fake_init(&new_fake, world.loop, "127.0.0.1:0", fake_answer);
}

static void tear_down_with_other(void)
{
	fake_fini(&new_fake);
	tear_down();
}

static void set_upstreams(const struct tarn_address *upstreams, size_t count)
{
	ck_assert_int_eq(tarn_set_upstreams(world.tarn, upstreams, count), 0);
}

START_TEST(new_upstream_is_asked_from_the_next_question_on)
{
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	set_upstreams(&new_fake.address, 1);
	run_dry(world.loop);
	ask(one, 2, "a.example", TARN__NOERROR, 1); /* the cache stays */
	ask(one, 3, "b.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
}
END_TEST

START_TEST(upstream_with_another_trait_is_asked_so_from_the_next_question_on)
{
	static const struct tarn_traits tcp = {.transport = TARN_TCP};
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	ck_assert_int_eq(tarn_set_upstreams_with_traits(world.tarn, &world.fake.address, &tcp, 1),
			 0);
	run_dry(world.loop);
	ask(one, 2, "b.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
	ck_assert_uint_eq(world.fake.tcp_count, 1);
	set_upstreams(&world.fake.address, 1);
	run_dry(world.loop);
	ask(one, 3, "c.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 2);
}
END_TEST

START_TEST(question_under_way_is_asked_at_the_new_upstream)
{
	world.fake.on_query = fake_hold;
	start(one, 1, "a.example");
	run_until(world.loop, is_held, &world);
	set_upstreams(&new_fake.address, 1);
	run_until(world.loop, has_been_called, one);
	check_reply(one->answer, one->len, 1, TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
}
END_TEST

START_TEST(upstream_that_comes_back_is_good_at_once)
{
	set_upstreams(NULL, 0);
	ask(one, 1, "a.example", TARN__SERVFAIL, 0);
	set_upstreams(&new_fake.address, 1);
	run_dry(world.loop);
	ask(one, 2, "a.example", TARN__NOERROR, 1);
}
END_TEST

START_TEST(question_under_way_is_sent_again_when_the_network_has_changed)
{
	world.fake.on_query = fake_ignore;
	start(one, 1, "a.example");
	while (world.fake.udp_count == 0)
		ev_run(world.loop, EVRUN_ONCE);
	world.fake.on_query = fake_answer;
	tarn_network_changed(world.tarn);
	run_until(world.loop, has_been_called, one);
	check_reply(one->answer, one->len, 1, TARN__NOERROR, 1);
	/* The probe that finds the server there, and the question again. */
	ck_assert_uint_eq(world.fake.udp_count, 3);
}
END_TEST

START_TEST(worker_made_later_has_the_upstreams_of_now)
{
	set_upstreams(&new_fake.address, 1);
	struct tarn_worker *later = tarn_worker_new(world.tarn, world.loop);
	uint8_t wire[512];
	size_t len = write_query(wire, 1, "a.example", TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(one, later, wire, len), 0);
	run_until(world.loop, has_been_called, one);
	check_reply(one->answer, one->len, 1, TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
	ck_assert_uint_eq(world.fake.udp_count, 0);
	tarn_worker_free(later);
}
END_TEST

enum { CHANGES = 500 };

static void *change(void *arg)
{
	(void)arg;
	for (int i = 0; i < CHANGES; i++) {
		struct tarn_address both[] = {world.fake.address, new_fake.address};
		tarn_set_upstreams(world.tarn, both + i % 2, 2 - (size_t)i % 2);
		struct tarn_forward forward = {
			.zone = "corp.example", .upstreams = both, .upstream_count = (size_t)i % 3};
		struct tarn_options options = {.upstreams = both,
					       .upstream_count = 2,
					       .forwards = &forward,
					       .forward_count = (size_t)i % 2,
					       .trust_ad = i % 5 == 0};
		tarn_reconfigure(world.tarn, &options);
		tarn__distrust(world.tarn);
		tarn_network_changed(world.tarn);
		tarn__find_forward_loops(world.tarn);
	}
	return NULL;
}

START_TEST(news_may_come_from_any_thread)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, change, NULL), 0);
	for (uint16_t i = 0; i < 100; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", i);
		ask(one, i, name, TARN__NOERROR, 1);
		struct tarn_worker *brief = tarn_worker_new(world.tarn, world.loop);
		tarn_worker_free(brief);
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	set_upstreams(&new_fake.address, 1);
	ask(one, 1, "last.example", TARN__NOERROR, 1);
}
END_TEST

static bool has_logged(void *arg)
{
	(void)arg;
	return world.log_count > 0;
}

START_TEST(upstream_that_leads_back_is_said_once_and_left_out)
{
	struct tarn_address both[] = {world.address, new_fake.address};
	set_upstreams(both, 2);
	tarn__find_forward_loops(world.tarn);
	run_until(world.loop, has_logged, NULL);
	char text[TARN_ADDRESS_TEXT_MAX], line[128];
	snprintf(line, sizeof(line), "not forwarding to %s: it forwards to tarn",
		 tarn_address_format(&world.address, text));
	ck_assert_str_eq(world.log_line, line);
	tarn__find_forward_loops(world.tarn);
	size_t before = new_fake.udp_count;
	for (uint16_t i = 0; i < 10; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", i);
		ask(one, i, name, TARN__NOERROR, 1);
	}
	ck_assert_uint_ge(new_fake.udp_count - before, 10);
	ck_assert_uint_eq(world.log_count, 1);
}
END_TEST

/* It is another configuration, with the same servers. */
START_TEST(upstream_that_leads_back_is_found_when_trust_has_ended)
{
	tarn__find_forward_loops(world.tarn);
	run_dry(world.loop);
	struct tarn_options options = {
		.upstreams = &world.address, .upstream_count = 1, .trust_ad = true};
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	ck_assert_int_eq(tarn__distrust(world.tarn), 0);
	run_until(world.loop, has_logged, NULL);
}
END_TEST

START_TEST(more_new_upstreams_than_there_may_be_are_invalid)
{
	struct tarn_address many[TARN__SERVERS_MAX + 1];
	for (int i = 0; i <= TARN__SERVERS_MAX; i++)
		many[i] = new_fake.address;
	ck_assert_int_eq(tarn_set_upstreams(world.tarn, many, TARN__SERVERS_MAX + 1), TARN_EINVAL);
	set_upstreams(many, TARN__SERVERS_MAX);
	ask(one, 1, "a.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
}
END_TEST

static struct tarn_options options_with_zone(struct tarn_forward *forward, const char *zone)
{
	*forward = (struct tarn_forward){
		.zone = zone, .upstreams = &new_fake.address, .upstream_count = 1};
	return (struct tarn_options){.upstreams = &world.fake.address,
				     .upstream_count = 1,
				     .forwards = forward,
				     .forward_count = 1};
}

START_TEST(zone_that_comes_and_goes_takes_its_names_out_of_the_cache)
{
	ask(one, 1, "a.corp.example", TARN__NOERROR, 1);
	ask(one, 2, "a.example", TARN__NOERROR, 1);
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "corp.example");
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ask(one, 3, "a.corp.example", TARN__NOERROR, 1);
	ask(one, 4, "a.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
	ck_assert_uint_eq(world.fake.udp_count, 2);
	forward.upstream_count = 0;
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ask(one, 5, "a.corp.example", TARN__NXDOMAIN, 0);
	options.forward_count = 0;
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ask(one, 6, "a.corp.example", TARN__NOERROR, 1);
	ask(one, 7, "a.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
	ck_assert_uint_eq(world.fake.udp_count, 3);
}
END_TEST

/* Timers fire once in a minute: what waits for one would take as long for each step. */
START_TEST(clearing_the_cache_waits_for_nothing)
{
	enum { ENTRIES = 10000, STEPS = 20 };
	tarn__worker_enter(world.worker);
	struct rtcache_client *client = tarn__resolver_client(world.worker->resolver);
	for (int i = 0; i < ENTRIES; i++)
		ck_assert_int_eq(rtcache_put(client, &i, sizeof(i), "", 1, RTCACHE_NO_TTL), 0);
	tarn__worker_leave(world.worker);
	run_dry(world.loop);
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "corp.example");
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	ev_set_timeout_collect_interval(world.loop, 60);
	for (int i = 0; i < STEPS; i++) {
		ev_run(world.loop, EVRUN_ONCE);
		ck_assert_uint_gt(world.worker->member.stale_configs.count, 0);
	}
	while (world.worker->member.stale_configs.count > 0)
		ev_run(world.loop, EVRUN_NOWAIT);
}
END_TEST

/* Until then a worker may store answers of the servers before. */
START_TEST(cache_is_cleared_when_the_last_worker_has_changed_over)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	struct tarn_worker *slow = tarn_worker_new(world.tarn, loop);
	ask(one, 1, "a.corp.example", TARN__NOERROR, 1);
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "corp.example");
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ask(one, 2, "a.corp.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 0);
	if (_i == 0)
		run_dry(loop);
	tarn_worker_free(slow); /* the last one may also go */
	ev_loop_destroy(loop);
	run_dry(world.loop);
	ask(one, 3, "a.corp.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
}
END_TEST

/* No worker has used the configuration in between, but they used the one before. */
START_TEST(two_changes_at_once_take_the_names_of_a_zone_out_of_the_cache)
{
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "corp.example");
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ask(one, 1, "a.corp.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
	ck_assert_int_eq(tarn_set_upstreams(world.tarn, &world.fake.address, 1), 0);
	options.forward_count = 0;
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ask(one, 2, "a.corp.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
}
END_TEST

/* It still drops the entries of an earlier change, and has not applied the later one. */
START_TEST(worker_that_goes_leaves_the_cache_to_those_who_know_more)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	struct tarn_worker *slow = tarn_worker_new(world.tarn, loop);
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "corp.example");
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	ev_run(loop, EVRUN_NOWAIT);
	ask(one, 1, "a.corp.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(new_fake.udp_count, 1);
	forward.upstreams = &world.fake.address;
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	run_dry(world.loop);
	tarn_worker_free(slow);
	ev_loop_destroy(loop);
	run_dry(world.loop);
	ask(one, 2, "a.corp.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
}
END_TEST

START_TEST(configuration_that_is_invalid_changes_nothing)
{
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "192.0.2.0/25");
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), TARN_EINVAL);
	ck_assert_ptr_nonnull(strstr(world.log_line, "192.0.2.0/25"));
	run_dry(world.loop);
	ask(one, 1, "1.2.0.192.example", TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
}
END_TEST

START_TEST(client_under_way_is_answered_over_a_reconfiguration)
{
	world.fake.on_query = fake_hold;
	int client = connect_to(world.loop, &world.address, SOCK_STREAM);
	uint8_t wire[512];
	size_t len = write_query(wire + 2, 9, "a.example", TARN__TYPE_A);
	tarn__put16(wire, (uint16_t)len);
	ck_assert_int_eq(send(client, wire, 2 + len, 0), (ssize_t)(2 + len));
	run_until(world.loop, is_held, &world);
	struct tarn_forward forward;
	struct tarn_options options = options_with_zone(&forward, "corp.example");
	for (int i = 0; i < 3; i++) {
		options.forward_count = (size_t)i % 2;
		ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
		run_dry(world.loop);
	}
	/* Its server is the same: its answer is waited for, and no message is sent again. */
	ck_assert_uint_eq(world.fake.udp_count, 1);
	fake_release(&world.fake);
	size_t reply_len = receive(world.loop, client, wire, sizeof(wire));
	ck_assert_uint_gt(reply_len, 2);
	check_reply(wire + 2, reply_len - 2, 9, TARN__NOERROR, 1);
	close(client);
}
END_TEST

/* ---- a tarn -------------------------------------------------------------------------------- */

START_TEST(tarn_without_upstreams_fails_what_needs_one)
{
	struct tarn *tarn = tarn_new(&(struct tarn_options){0});
	ck_assert_ptr_nonnull(tarn);
	struct tarn_worker *worker = tarn_worker_new(tarn, world.loop);
	ck_assert_ptr_nonnull(worker);
	uint8_t wire[512];
	size_t len = write_query(wire, 2, "a.example", TARN__TYPE_A);
	ck_assert_int_eq(ask_worker(one, worker, wire, len), 0);
	run_until(world.loop, has_been_called, one);
	check_reply(one->answer, one->len, 2, TARN__SERVFAIL, 0);
	tarn_worker_free(worker);
	tarn_free(tarn);
}
END_TEST

START_TEST(more_upstreams_than_there_may_be_are_invalid)
{
	struct tarn_address many[TARN__SERVERS_MAX + 1];
	for (int i = 0; i <= TARN__SERVERS_MAX; i++)
		many[i] = world.fake.address;
	struct tarn_options options = {.upstreams = many, .upstream_count = TARN__SERVERS_MAX + 1};
	ck_assert_ptr_null(tarn_new(&options));
	ck_assert_int_eq(errno, EINVAL);
	tarn_free(NULL);
	tarn_worker_free(NULL);
}
END_TEST

START_TEST(port_that_somebody_has_is_refused_and_nothing_stays_open)
{
	struct tarn_address address = parse_address("127.0.0.1:0");
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	ck_assert_int_eq(bind(other, &address.sa, tarn_address_len(&address)), 0);
	ck_assert_int_eq(listen(other, 1), 0);
	ck_assert_int_eq(getsockname(other, &address.sa, &len), 0);
	ck_assert_int_eq(tarn_worker_listen(world.worker, &address), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRINUSE);
	/* UDP, which was free, is free again: without SO_REUSEPORT. */
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(udp, &address.sa, tarn_address_len(&address)), 0);
	close(udp);
	close(other);
}
END_TEST

START_TEST(socket_that_was_handed_over_is_served)
{
	struct tarn_address address = parse_address("127.0.0.1:0");
	int fd = tarn_socket_open(&address, SOCK_DGRAM);
	fcntl(fd, F_SETFL, 0); /* as from another program: it blocks */
	ck_assert_int_eq(tarn_worker_serve(world.worker, fd), 0);
	int client = connect_to(world.loop, &address, SOCK_DGRAM);
	send_question(client, 7, "a.example");
	uint8_t wire[512];
	check_reply(wire, receive(world.loop, client, wire, sizeof(wire)), 7, TARN__NOERROR, 1);
	close(client);
	ck_assert_int_eq(tarn_worker_serve(world.worker, -1), TARN_ESYSTEM);
}
END_TEST

/* Its clients of IPv4 come as ::ffff:127.0.0.1, which is loopback as well (RFC 4291). */
START_TEST(ipv4_client_of_a_socket_of_both_families_is_known_by_its_address)
{
	int type = _i == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return; /* no IPv6 on this machine */
	int off = 0;
	struct tarn_address address = parse_address("[::]:0");
	socklen_t len = sizeof(address);
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	ck_assert_int_eq(bind(fd, &address.sa, tarn_address_len(&address)), 0);
	ck_assert_int_eq(getsockname(fd, &address.sa, &len), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(tarn_worker_serve(world.worker, fd), 0);

	struct tarn_address ipv4 = parse_address("127.0.0.1:0");
	tarn_address_set_port(&ipv4, tarn_address_port(&address));
	int client = connect_to(world.loop, &ipv4, type);
	size_t head = type == SOCK_STREAM ? 2 : 0; /* the length of a message */
	uint8_t wire[512];
	size_t question_len = write_query(wire + head, 7, "a.example", TARN__TYPE_A);
	if (head > 0)
		tarn__put16(wire, (uint16_t)question_len);
	ck_assert_int_eq(send(client, wire, head + question_len, 0),
			 (ssize_t)(head + question_len));
	size_t reply_len = receive(world.loop, client, wire, sizeof(wire));
	ck_assert_uint_gt(reply_len, head);
	check_reply(wire + head, reply_len - head, 7, TARN__NOERROR, 1);
	close(client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker");
	TCase *asks = tcase_create("asks");
	tcase_add_checked_fixture(asks, set_up, tear_down);
	tcase_add_test(asks, question_of_the_program_is_answered_from_server_and_cache);
	tcase_add_loop_test(asks, question_asked_just_before_the_sleep_is_answered, 0, 2);
	tcase_add_test(asks, canceled_question_is_not_called_back);
	tcase_add_test(asks, request_may_be_canceled_when_it_was_called_back);
	tcase_add_test(asks, what_cannot_be_answered_is_invalid);
	tcase_add_test(asks, malformed_question_is_answered);
	tcase_add_test(asks, worker_that_goes_cancels_the_program_s_questions);
	suite_add_tcase(suite, asks);

	TCase *loops = tcase_create("loops");
	tcase_add_checked_fixture(loops, set_up, tear_down);
	tcase_add_test(loops, default_loop_serves_too);
	tcase_add_test(loops, worker_with_nothing_to_do_has_no_timer);
	tcase_add_test(loops, worker_leaves_nothing_on_the_loop);
	tcase_add_test(loops, two_workers_share_the_cache_and_a_port);
	tcase_add_test(loops, worker_is_woken_by_an_answer_of_another);
	suite_add_tcase(suite, loops);

	TCase *news = tcase_create("news");
	tcase_add_checked_fixture(news, set_up_with_other, tear_down_with_other);
	tcase_add_test(news, new_upstream_is_asked_from_the_next_question_on);
	tcase_add_test(news, upstream_with_another_trait_is_asked_so_from_the_next_question_on);
	tcase_add_test(news, question_under_way_is_asked_at_the_new_upstream);
	tcase_add_test(news, upstream_that_comes_back_is_good_at_once);
	tcase_add_test(news, question_under_way_is_sent_again_when_the_network_has_changed);
	tcase_add_test(news, worker_made_later_has_the_upstreams_of_now);
	tcase_add_test(news, news_may_come_from_any_thread);
	tcase_add_test(news, upstream_that_leads_back_is_said_once_and_left_out);
	tcase_add_test(news, upstream_that_leads_back_is_found_when_trust_has_ended);
	tcase_add_test(news, zone_that_comes_and_goes_takes_its_names_out_of_the_cache);
	tcase_add_test(news, clearing_the_cache_waits_for_nothing);
	tcase_add_loop_test(news, cache_is_cleared_when_the_last_worker_has_changed_over, 0, 2);
	tcase_add_test(news, two_changes_at_once_take_the_names_of_a_zone_out_of_the_cache);
	tcase_add_test(news, worker_that_goes_leaves_the_cache_to_those_who_know_more);
	tcase_add_test(news, configuration_that_is_invalid_changes_nothing);
	tcase_add_test(news, client_under_way_is_answered_over_a_reconfiguration);
	tcase_add_test(news, more_new_upstreams_than_there_may_be_are_invalid);
	suite_add_tcase(suite, news);

	TCase *tarns = tcase_create("tarns");
	tcase_add_checked_fixture(tarns, set_up, tear_down);
	tcase_add_test(tarns, tarn_without_upstreams_fails_what_needs_one);
	tcase_add_test(tarns, more_upstreams_than_there_may_be_are_invalid);
	tcase_add_test(tarns, port_that_somebody_has_is_refused_and_nothing_stays_open);
	tcase_add_test(tarns, socket_that_was_handed_over_is_served);
	tcase_add_loop_test(tarns, ipv4_client_of_a_socket_of_both_families_is_known_by_its_address,
			    0, 2);
	suite_add_tcase(suite, tarns);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock jumps, as it does when the machine was suspended: CLOCK_BOOTTIME and the wall clock go on, the
 * clock of the loop's timers does not. net/clock.c, net/worker.c and the cache's own clock.
 */
#include "config.h"

#include "net/clock.h"

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#include "core/resolver.h"
#include "core/forward/server.h"
#include "support/net.h"
#include "net/listen/tcp.h"
#include "net/worker.h"
#include "rtcache.h"
#include "support/unit.h"

enum { MINUTE_MS = 60 * 1000, NIGHT_MS = 8 * 60 * MINUTE_MS };

static uint64_t slept_ms;

/* For everything in this program, the libraries too, instead of the C library's. */
int clock_gettime(clockid_t id, struct timespec *out)
{
	if (syscall(SYS_clock_gettime, id, out) != 0)
		return -1;
	if (id != CLOCK_BOOTTIME && id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return 0;
	uint64_t nsec = (uint64_t)out->tv_nsec + slept_ms % 1000 * 1000000;
	out->tv_sec += (time_t)(slept_ms / 1000 + nsec / 1000000000);
	out->tv_nsec = (long)(nsec % 1000000000);
	return 0;
}

/* ---- the clocks ------------------------------------------------------------------------- */

START_TEST(milliseconds_count_what_the_machine_sleeps)
{
	uint64_t before_ms = tarn__clock_ms();
	slept_ms += NIGHT_MS;
	uint64_t passed_ms = tarn__clock_ms() - before_ms;
	ck_assert_uint_ge(passed_ms, NIGHT_MS);
	ck_assert_uint_lt(passed_ms, NIGHT_MS + MINUTE_MS);
}
END_TEST

START_TEST(microseconds_do_not)
{
	uint64_t before_us = tarn__clock_us();
	slept_ms += NIGHT_MS;
	ck_assert_uint_lt(tarn__clock_us() - before_us, (uint64_t)MINUTE_MS * 1000);
}
END_TEST

START_TEST(held_time_stands_still)
{
	tarn__clock_hold();
	uint64_t held_ms = tarn__clock_ms();
	slept_ms += NIGHT_MS;
	ck_assert_uint_eq(tarn__clock_ms(), held_ms);
	tarn__clock_release();
	ck_assert_uint_ge(tarn__clock_ms(), held_ms + NIGHT_MS);
}
END_TEST

START_TEST(caches_own_clock_counts_it_too)
{
	struct rtcache *cache = rtcache_new(NULL);
	struct rtcache_client *client = rtcache_client_new(cache, NULL, NULL);
	ck_assert_int_eq(rtcache_put(client, "key", 3, "value", 5, 2 * NIGHT_MS), 0);
	struct rtcache_value value;
	slept_ms += NIGHT_MS;
	ck_assert_int_eq(rtcache_peek(client, "key", 3, false, &value), 1);
	ck_assert_uint_ge(value.age_ms, NIGHT_MS);
	slept_ms += NIGHT_MS;
	ck_assert_int_eq(rtcache_peek(client, "key", 3, false, &value), 0);
	rtcache_client_free(client);
	rtcache_free(cache);
}
END_TEST

/* ---- a worker --------------------------------------------------------------------------- */

static struct world world;
static int client;

static void set_up(void)
{
	world_init(&world, ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), "127.0.0.1:0");
	client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(client, &world.address.sa, tarn_address_len(&world.address)), 0);
}

static void tear_down(void)
{
	close(client);
	world_fini(&world);
	ev_loop_destroy(world.loop);
}

static void get_reply(uint16_t id, unsigned rcode, unsigned records)
{
	uint8_t wire[512];
	size_t len = receive(world.loop, client, wire, sizeof(wire));
	check_reply(wire, len, id, rcode, records);
}

static void show_server(void *arg, const uint8_t *zone, const struct tarn__server *server)
{
	(void)zone;
	*(struct tarn__server *)arg = *server;
}

static struct tarn__server get_server(void)
{
	struct tarn__server server = {0};
	tarn__resolver_servers(world.worker->resolver, show_server, &server);
	return server;
}

/* The fake's answers have a TTL of 300 s. */
START_TEST(answer_of_yesterday_is_looked_up_again)
{
	for (uint16_t id = 1; id <= 3; id++) {
		send_question(client, id, "a.example");
		get_reply(id, TARN__NOERROR, 1);
		if (id == 2)
			slept_ms += NIGHT_MS;
	}
	ck_assert_uint_eq(world.fake.udp_count, 2);
}
END_TEST

/* The time of the server cookie that a question with a client cookie gets (RFC 9018 section 4.3). */
static uint32_t get_cookie_time(uint16_t id)
{
	static const uint8_t opt[] = {0,  0, 41, 4,   208, 0,	0,   0,	  0,   0,   12, 0,
				      10, 0, 8,	 'o', 'u', 'r', 'c', 'l', 'i', 'e', 'n'};
	uint8_t wire[512];
	size_t len = write_query(wire, id, "a.example", TARN__TYPE_A);
	memcpy(wire + len, opt, sizeof(opt));
	wire[11] = 1;
	ck_assert_int_ge(send(client, wire, len + sizeof(opt), 0), 0);
	len = receive(world.loop, client, wire, sizeof(wire));
	check_reply(wire, len, id, TARN__NOERROR, 1);
	ck_assert_mem_eq(wire + len - 24, "ourclien", 8);
	return (uint32_t)tarn__get16(wire + len - 12) << 16 | tarn__get16(wire + len - 10);
}

/* The loop's own wall clock would lag behind for half a second. */
START_TEST(cookies_have_the_time_of_now_at_once)
{
	uint32_t before = get_cookie_time(1);
	slept_ms += NIGHT_MS;
	ck_assert_uint_ge(get_cookie_time(2) - before, NIGHT_MS / 1000);
}
END_TEST

/* As the kernel has it at the end of a suspend; here the timer ends, which looks the same. */
static void wake_up(void)
{
	const struct itimerspec at_once = {.it_value.tv_nsec = 1};
	ck_assert(ev_is_active(&world.worker->alarm.resume));
	ck_assert_int_eq(
		timerfd_settime(world.worker->alarm.resume.fd, TFD_TIMER_ABSTIME, &at_once, NULL),
		0);
}

static bool are_held(void *count)
{
	return world.fake.held_count == *(unsigned *)count;
}

static void ask_and_fall_asleep(unsigned count, uint64_t ms)
{
	static const char *const names[] = {"b.example", "c.example", "d.example", "e.example"};
	send_question(client, 1, "a.example");
	get_reply(1, TARN__NOERROR, 1);
	world.fake.on_query = fake_hold;
	for (uint16_t i = 0; i < count; i++)
		send_question(client, (uint16_t)(10 + i), names[i]);
	run_until(world.loop, are_held, &count);
	slept_ms += ms;
}

/* The loop's timer would not let it happen for seconds. */
START_TEST(clients_whose_time_is_over_hear_of_it_at_once)
{
	ask_and_fall_asleep(1, NIGHT_MS);
	uint64_t woken_us = tarn__clock_us();
	wake_up();
	get_reply(10, TARN__SERVFAIL, 0);
	ck_assert_uint_lt(tarn__clock_us() - woken_us, 1000000);
	/* It is ready once only. */
	uint64_t expirations;
	ck_assert_int_eq(read(world.worker->alarm.resume.fd, &expirations, sizeof(expirations)),
			 -1);
}
END_TEST

START_TEST(server_that_was_asked_before_is_neither_silent_nor_slow)
{
	enum { FAST_MS = 5000 };
	ask_and_fall_asleep(4, NIGHT_MS);
	fake_release(&world.fake);
	world.fake.on_query = fake_answer;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t wire[512];
		receive(world.loop, client, wire, sizeof(wire));
	}
	struct tarn__server server = get_server();
	ck_assert_uint_eq(server.failures, 0);
	ck_assert_uint_eq(server.counts.silent, 0);
	ck_assert_uint_lt(server.srtt_ms, FAST_MS);
	send_question(client, 20, "f.example");
	get_reply(20, TARN__NOERROR, 1);
	ck_assert_uint_lt(get_server().srtt_ms, FAST_MS);
}
END_TEST

/* 2.5 s of it: its client's time is not over. */
START_TEST(question_under_way_is_asked_anew)
{
	ask_and_fall_asleep(1, 2500);
	world.fake.on_query = fake_answer;
	wake_up();
	get_reply(10, TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 3);
}
END_TEST

/* What came from the network just before it, on sockets of then, is no reason to fail. */
START_TEST(question_that_comes_first_after_it_is_answered)
{
	ask_and_fall_asleep(1, NIGHT_MS);
	world.fake.on_query = fake_answer;
	send_question(client, 30, "g.example");
	bool is_answered = false;
	for (int i = 0; i < 2 && !is_answered; i++) {
		uint8_t wire[512];
		size_t len = receive(world.loop, client, wire, sizeof(wire));
		is_answered = tarn__get16(wire) == 30;
		if (is_answered)
			check_reply(wire, len, 30, TARN__NOERROR, 1);
	}
	ck_assert(is_answered);
	ck_assert_uint_eq(get_server().failures, 0);
}
END_TEST

/* Its time is over; it may have been a connection of another network. */
START_TEST(client_that_was_idle_is_disconnected)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, &world.address.sa, tarn_address_len(&world.address)), 0);
	send_question(client, 1, "a.example");
	get_reply(1, TARN__NOERROR, 1);
	ck_assert_uint_eq(tarn__tcp_stats(world.worker->tcp)->connections, 1);
	run_dry(world.loop);
	slept_ms += NIGHT_MS;
	uint64_t woken_us = tarn__clock_us();
	wake_up();
	wait_for(world.loop, fd, EV_READ);
	uint8_t octet;
	ck_assert_int_eq(recv(fd, &octet, 1, 0), 0);
	ck_assert_uint_lt(tarn__clock_us() - woken_us, 1000000);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = tcase_create("clocks");
	tcase_add_test(tcase, milliseconds_count_what_the_machine_sleeps);
	tcase_add_test(tcase, microseconds_do_not);
	tcase_add_test(tcase, held_time_stands_still);
	tcase_add_test(tcase, caches_own_clock_counts_it_too);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("worker");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 2 * WATCHDOG_SEC);
	tcase_add_test(tcase, answer_of_yesterday_is_looked_up_again);
	tcase_add_test(tcase, clients_whose_time_is_over_hear_of_it_at_once);
	tcase_add_test(tcase, server_that_was_asked_before_is_neither_silent_nor_slow);
	tcase_add_test(tcase, question_under_way_is_asked_anew);
	tcase_add_test(tcase, question_that_comes_first_after_it_is_answered);
	tcase_add_test(tcase, client_that_was_idle_is_disconnected);
	tcase_add_test(tcase, cookies_have_the_time_of_now_at_once);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

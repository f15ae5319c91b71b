/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/udp.c: questions and replies over UDP. */

#include "config.h"

#include "net/listen/udp.h"

#include <limits.h>
#include <sys/syscall.h>

#include "support/net.h"
#include "net/worker.h"
#include "support/unit.h"

static struct world world;
static uint8_t wire[65536];

/* In place of the C library's: a socket whose buffer is full, or that takes no such message. */
static int send_error;
static unsigned send_limit; /* messages taken before the error */
static size_t send_calls;

/* So many calls find the device's queue full. */
static unsigned device_refusals;

static bool is_refused_by_device(void)
{
	if (device_refusals == 0)
		return false;
	device_refusals--;
	errno = ENOBUFS;
	return true;
}

#ifdef __GLIBC__
typedef int sendmmsg_flags;
#else
typedef unsigned sendmmsg_flags;
#endif

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, sendmmsg_flags flags)
{
	send_calls++;
	if (is_refused_by_device())
		return -1;
	if (send_error != 0) {
		if (send_limit == 0) {
			errno = send_error;
			if (send_error != EAGAIN)
				send_error = 0; /* once */
			return -1;
		}
		count = count < send_limit ? count : send_limit;
		send_limit -= count;
	}
	return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (is_refused_by_device())
		return -1;
	if (send_error == EAGAIN) {
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static void set_up_at(const char *address)
{
	send_error = 0;
	send_limit = 0;
	device_refusals = 0;
	world_init(&world, ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), address);
}

static void set_up(void)
{
	set_up_at("127.0.0.1:0");
}

static void tear_down(void)
{
	world_fini(&world);
	ev_loop_destroy(world.loop);
}

static void expect_reply(int fd, uint16_t id, unsigned rcode, unsigned records)
{
	size_t len = receive(world.loop, fd, wire, sizeof(wire));
	check_reply(wire, len, id, rcode, records);
}

static bool has_reply(int fd)
{
	return recv(fd, wire, sizeof(wire), MSG_PEEK) >= 0;
}

/* A client of its own, with a question that is in the cache. */
static int warm_client(void)
{
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	send_question(fd, 1, "warm.example");
	expect_reply(fd, 1, TARN__NOERROR, 1);
	return fd;
}

START_TEST(question_is_answered_from_the_server_and_then_from_the_cache)
{
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	for (uint16_t id = 1; id <= 3; id++) {
		send_question(fd, id, "a.example");
		expect_reply(fd, id, TARN__NOERROR, 1);
	}
	ck_assert_uint_eq(world.fake.udp_count, 1);
	close(fd);
}
END_TEST

/* The client's socket is connected: it takes replies from the address asked and no other. */
START_TEST(reply_comes_from_the_address_asked)
{
	static const char *const wildcards[] = {"0.0.0.0:0", "[::]:0"};
	static const char *const asked[] = {"127.0.0.77", "::1"};
	tear_down();
	set_up_at(wildcards[_i]);
	struct tarn_address address = parse_address(asked[_i]);
	tarn_address_set_port(&address, tarn_address_port(&world.address));
	int fd = connect_to(world.loop, &address, SOCK_DGRAM);
	for (uint16_t id = 1; id <= 2; id++) { /* late, and at once */
		send_question(fd, id, "a.example");
		expect_reply(fd, id, TARN__NOERROR, 1);
	}
	close(fd);
}
END_TEST

START_TEST(burst_of_hits_leaves_in_few_batches)
{
	int fd = warm_client();
	for (uint16_t id = 0; id < 150; id++)
		send_question(fd, id, "warm.example");
	send_calls = 0;
	for (uint16_t id = 0; id < 150; id++)
		expect_reply(fd, id, TARN__NOERROR, 1);
	ck_assert_uint_eq(send_calls, 3); /* 64, 64 and 22 */
	close(fd);
}
END_TEST

START_TEST(burst_of_misses_is_answered)
{
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	bool seen[150] = {false};
	for (uint16_t id = 0; id < 150; id++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", id);
		send_question(fd, id, name);
	}
	for (int i = 0; i < 150; i++) {
		size_t len = receive(world.loop, fd, wire, sizeof(wire));
		uint16_t id = tarn__get16(wire);
		ck_assert_uint_lt(id, 150);
		ck_assert(!seen[id]);
		seen[id] = true;
		check_reply(wire, len, id, TARN__NOERROR, 1);
	}
	close(fd);
}
END_TEST

START_TEST(what_needs_no_reply_gets_none)
{
	int fd = warm_client();
	size_t len = write_query(wire, 7, "warm.example", TARN__TYPE_A);
	ck_assert_int_eq(send(fd, wire, 0, 0), 0);
	ck_assert_int_eq(send(fd, wire, TARN__HEADER_LEN - 1, 0), TARN__HEADER_LEN - 1);
	wire[2] |= 0x80; /* a response */
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	send_question(fd, 8, "warm.example");
	expect_reply(fd, 8, TARN__NOERROR, 1);
	ck_assert(!has_reply(fd));
	close(fd);
}
END_TEST

START_TEST(question_longer_than_any_is_dropped_and_counted)
{
	int fd = warm_client();
	write_query(wire, 7, "warm.example", TARN__TYPE_A);
	ck_assert_int_eq(send(fd, wire, 4096, 0), 4096);
	expect_reply(fd, 7, TARN__NOERROR, 1); /* what follows the question does not count */
	ck_assert_int_eq(send(fd, wire, 4097, 0), 4097);
	send_question(fd, 8, "warm.example");
	expect_reply(fd, 8, TARN__NOERROR, 1);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->too_long, 1);
	close(fd);
}
END_TEST

START_TEST(reply_that_finds_no_room_is_kept_and_sent_later)
{
	int fd = warm_client();
	send_error = EAGAIN;
	send_limit = 10;
	for (uint16_t id = 0; id < 64; id++)
		send_question(fd, id, "warm.example");
	for (uint16_t id = 0; id < 10; id++)
		expect_reply(fd, id, TARN__NOERROR, 1);
	ck_assert(!has_reply(fd));
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->kept, 54);
	send_error = 0;
	for (uint16_t id = 10; id < 64; id++)
		expect_reply(fd, id, TARN__NOERROR, 1);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->dropped, 0);
	close(fd);
}
END_TEST

static bool are_300_counted(void *arg)
{
	(void)arg;
	const struct tarn__udp_stats *stats = tarn__udp_stats(world.worker->udp);
	return stats->kept + stats->dropped == 300;
}

static bool is_all_dropped(void *arg)
{
	(void)arg;
	return tarn__udp_stats(world.worker->udp)->dropped == 64;
}

START_TEST(device_that_is_busy_for_a_moment_loses_nothing)
{
	int fd = warm_client();
	device_refusals = 4;
	for (uint16_t id = 0; id < 64; id++)
		send_question(fd, id, "warm.example");
	for (uint16_t id = 0; id < 64; id++)
		expect_reply(fd, id, TARN__NOERROR, 1);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->dropped, 0);
	close(fd);
}
END_TEST

START_TEST(device_that_takes_nothing_is_not_tried_for_ever)
{
	int fd = warm_client();
	device_refusals = UINT_MAX;
	for (uint16_t id = 0; id < 64; id++)
		send_question(fd, id, "warm.example");
	run_until(world.loop, is_all_dropped, NULL);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->kept, 64);
	close(fd);
}
END_TEST

START_TEST(kept_replies_are_bounded)
{
	int fd = warm_client();
	send_error = EAGAIN;
	for (int i = 0; i < 10; i++) {
		for (uint16_t id = 0; id < 30; id++)
			send_question(fd, id, "warm.example");
		run_dry(world.loop);
	}
	run_until(world.loop, are_300_counted, NULL);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->kept, 256);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->dropped, 44);
	close(fd);
}
END_TEST

START_TEST(reply_that_is_refused_holds_up_no_other)
{
	int fd = warm_client();
	send_error = EPERM;
	send_limit = 2;
	for (uint16_t id = 0; id < 5; id++)
		send_question(fd, id, "warm.example");
	static const uint16_t expected[] = {0, 1, 3, 4};
	for (int i = 0; i < 4; i++)
		expect_reply(fd, expected[i], TARN__NOERROR, 1);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->dropped, 1);
	close(fd);
}
END_TEST

START_TEST(worker_that_goes_answers_who_waits)
{
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	world.fake.on_query = fake_hold;
	send_question(fd, 9, "a.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_free(world.worker);
	world.worker = NULL;
	expect_reply(fd, 9, TARN__SERVFAIL, 0);
	close(fd);
}
END_TEST

START_TEST(late_replies_leave_by_their_own_sockets)
{
	struct tarn_address second = parse_address("127.0.0.2:0");
	ck_assert_int_eq(tarn_worker_listen(world.worker, &second), 0);
	int one = connect_to(world.loop, &world.address, SOCK_DGRAM);
	int two = connect_to(world.loop, &second, SOCK_DGRAM);
	world.fake.on_query = fake_hold;
	for (uint16_t id = 0; id < 20; id++)
		send_question(id % 2 == 0 ? one : two, id, "a.example");
	run_until(world.loop, is_held, &world);
	run_dry(world.loop);
	fake_release(&world.fake);
	for (uint16_t id = 0; id < 20; id++)
		expect_reply(id % 2 == 0 ? one : two, id, TARN__NOERROR, 1);
	ck_assert_uint_eq(world.fake.udp_count, 1);
	close(one);
	close(two);
}
END_TEST

/* ---- an address that is closed -------------------------------------------------------------- */

/* The client's socket is connected: it gets the error that the port is closed. */
static void expect_nobody(int fd)
{
	send_question(fd, 99, "warm.example");
	wait_for(world.loop, fd, EV_READ);
	ck_assert_int_eq(recv(fd, wire, sizeof(wire), 0), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
}

START_TEST(closed_address_hears_nobody)
{
	int fd = warm_client();
	tarn_worker_unlisten(world.worker, &world.address);
	expect_nobody(fd);
	close(fd);
}
END_TEST

START_TEST(only_the_address_named_is_closed)
{
	struct tarn_address second = parse_address("127.0.0.2:0");
	ck_assert_int_eq(tarn_worker_listen(world.worker, &second), 0);
	int fd = warm_client();
	tarn_worker_unlisten(world.worker, &second);
	send_question(fd, 3, "warm.example");
	expect_reply(fd, 3, TARN__NOERROR, 1);
	close(fd);
}
END_TEST

START_TEST(questions_that_have_come_before_the_close_are_answered)
{
	int fd = warm_client();
	for (uint16_t id = 0; id < 150; id++)
		send_question(fd, id, "warm.example");
	tarn_worker_unlisten(world.worker, &world.address);
	for (uint16_t id = 0; id < 150; id++)
		expect_reply(fd, id, TARN__NOERROR, 1);
	expect_nobody(fd);
	close(fd);
}
END_TEST

START_TEST(replies_that_found_no_room_outlive_the_close)
{
	int fd = warm_client();
	send_error = EAGAIN;
	for (uint16_t id = 0; id < 20; id++)
		send_question(fd, id, "warm.example");
	tarn_worker_unlisten(world.worker, &world.address);
	run_dry(world.loop);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->kept, 20);
	ck_assert(!has_reply(fd));
	send_error = 0;
	for (uint16_t id = 0; id < 20; id++)
		expect_reply(fd, id, TARN__NOERROR, 1);
	expect_nobody(fd);
	ck_assert_uint_eq(tarn__udp_stats(world.worker->udp)->dropped, 0);
	close(fd);
}
END_TEST

static const char *const own_addresses[] = {"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"};

/* From one socket to the next of the same address, while an answer is outstanding at the first. */
START_TEST(address_that_is_opened_again_hears_everybody)
{
	tear_down();
	set_up_at(own_addresses[_i]);
	struct tarn_address address = parse_address(_i < 2 ? "127.0.0.1" : "::1");
	tarn_address_set_port(&address, tarn_address_port(&world.address));
	int fd = connect_to(world.loop, &address, SOCK_DGRAM);
	send_question(fd, 1, "warm.example");
	expect_reply(fd, 1, TARN__NOERROR, 1);
	world.fake.on_query = fake_hold;
	send_question(fd, 2, "slow.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_unlisten(world.worker, &world.address);
	ck_assert_int_eq(tarn_worker_listen(world.worker, &world.address), 0);
	for (uint16_t id = 3; id < 30; id++) { /* clients of other ports, whose hashes differ */
		int other = connect_to(world.loop, &address, SOCK_DGRAM);
		send_question(other, id, "warm.example");
		expect_reply(other, id, TARN__NOERROR, 1);
		close(other);
	}
	fake_release(&world.fake);
	expect_reply(fd, 2, TARN__NOERROR, 1);
	tarn_worker_unlisten(world.worker, &world.address);
	expect_nobody(fd);
	close(fd);
}
END_TEST

START_TEST(worker_that_goes_answers_who_waits_at_a_closed_address)
{
	int fd = connect_to(world.loop, &world.address, SOCK_DGRAM);
	world.fake.on_query = fake_hold;
	send_question(fd, 9, "a.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_unlisten(world.worker, &world.address);
	tarn_worker_free(world.worker);
	world.worker = NULL;
	expect_reply(fd, 9, TARN__SERVFAIL, 0);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("udp");
	TCase *tcase = tcase_create("udp");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, question_is_answered_from_the_server_and_then_from_the_cache);
	tcase_add_loop_test(tcase, reply_comes_from_the_address_asked, 0, 2);
	tcase_add_test(tcase, burst_of_hits_leaves_in_few_batches);
	tcase_add_test(tcase, burst_of_misses_is_answered);
	tcase_add_test(tcase, what_needs_no_reply_gets_none);
	tcase_add_test(tcase, question_longer_than_any_is_dropped_and_counted);
	tcase_add_test(tcase, reply_that_finds_no_room_is_kept_and_sent_later);
	tcase_add_test(tcase, device_that_is_busy_for_a_moment_loses_nothing);
	tcase_add_test(tcase, device_that_takes_nothing_is_not_tried_for_ever);
	tcase_add_test(tcase, kept_replies_are_bounded);
	tcase_add_test(tcase, reply_that_is_refused_holds_up_no_other);
	tcase_add_test(tcase, worker_that_goes_answers_who_waits);
	tcase_add_test(tcase, late_replies_leave_by_their_own_sockets);
	suite_add_tcase(suite, tcase);

	TCase *closed = tcase_create("closed");
	tcase_add_checked_fixture(closed, set_up, tear_down);
	tcase_add_test(closed, closed_address_hears_nobody);
	tcase_add_test(closed, only_the_address_named_is_closed);
	tcase_add_test(closed, questions_that_have_come_before_the_close_are_answered);
	tcase_add_test(closed, replies_that_found_no_room_outlive_the_close);
	tcase_add_loop_test(closed, address_that_is_opened_again_hears_everybody, 0, 4);
	tcase_add_test(closed, worker_that_goes_answers_who_waits_at_a_closed_address);
	suite_add_tcase(suite, closed);
	return unit_run(suite);
}

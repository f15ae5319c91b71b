/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/threads/workers.c: threads whose addresses come and go while they answer. */

#include "config.h"

#include "daemon/threads/workers.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "support/net.h"
#include "support/unit.h"

enum { WORKERS = 3, PATIENCE_MS = 1000 * WATCHDOG_SEC };

static struct tarn *tarn;
static struct tarn__workers *workers;
static struct tarn_address address;

/* Answers need no upstream: the questions are for localhost. */
static void set_up(void)
{
	tarn = tarn_new(&(struct tarn_options){0});
	ck_assert_ptr_nonnull(tarn);
	workers = tarn__workers_new(tarn, WORKERS);
	ck_assert_ptr_nonnull(workers);
	address = parse_address("127.0.0.1:0");
}

static void set_up_running(void)
{
	set_up();
	ck_assert_int_eq(tarn__workers_start(workers), 0);
}

static void tear_down(void)
{
	tarn__workers_free(workers);
	tarn_free(tarn);
}

static int connect_client(const struct tarn_address *to, int type)
{
	int fd = socket(to->sa.sa_family, type | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	if (connect(fd, &to->sa, tarn_address_len(to)) == 0)
		return fd;
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	return -1;
}

static bool has_answer(int fd)
{
	uint8_t wire[512];
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	ck_assert_int_eq(poll(&poll_fd, 1, PATIENCE_MS), 1);
	return recv(fd, wire, sizeof(wire), 0) > 0;
}

static bool answers_udp(const struct tarn_address *to)
{
	int fd = connect_client(to, SOCK_DGRAM);
	send_question(fd, 7, "localhost");
	bool has_answered = has_answer(fd);
	close(fd);
	return has_answered;
}

static bool answers_tcp(const struct tarn_address *to)
{
	int fd = connect_client(to, SOCK_STREAM);
	if (fd < 0)
		return false;
	uint8_t frame[512];
	size_t len = write_query(frame + 2, 7, "localhost", TARN__TYPE_A);
	tarn__put16(frame, (uint16_t)len);
	ck_assert_int_eq(send(fd, frame, 2 + len, MSG_NOSIGNAL), (ssize_t)(2 + len));
	bool has_answered = has_answer(fd);
	close(fd);
	return has_answered;
}

static void expect_answers(const struct tarn_address *to)
{
	for (int i = 0; i < 4 * WORKERS; i++) { /* ports whose hashes lead to every worker */
		ck_assert(answers_udp(to));
		ck_assert(answers_tcp(to));
	}
}

static void expect_nobody(const struct tarn_address *to)
{
	ck_assert(!answers_udp(to));
	ck_assert(!answers_tcp(to));
}

/* ---- addresses -------------------------------------------------------------------------------- */

START_TEST(address_opened_before_the_start_is_answered_after_it)
{
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	ck_assert_uint_ne(tarn_address_port(&address), 0);
	ck_assert_int_eq(tarn__workers_start(workers), 0);
	expect_answers(&address);
}
END_TEST

START_TEST(address_opened_while_they_run_is_answered_at_once)
{
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	expect_answers(&address);
}
END_TEST

START_TEST(closed_address_is_answered_no_more_and_others_are)
{
	struct tarn_address other = parse_address("127.0.0.2:0"), said = other;
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	ck_assert_int_eq(tarn__workers_listen(workers, &other, TARN_UDP), 0);
	tarn__workers_unlisten(workers, &said);
	expect_nobody(&other);
	expect_answers(&address);
}
END_TEST

START_TEST(address_may_come_back_at_once)
{
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	struct tarn_address said = parse_address("127.0.0.1:0");
	tarn__workers_unlisten(workers, &said);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
		expect_answers(&address);
		tarn__workers_unlisten(workers, &address);
	}
	expect_nobody(&address);
}
END_TEST

START_TEST(address_that_is_there_already_stays_as_it_is)
{
	struct tarn_address again = address;
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	ck_assert_int_eq(tarn__workers_listen(workers, &again, TARN_UDP), 1);
	ck_assert(tarn_address_is_equal(&again, &address));
}
END_TEST

START_TEST(address_has_one_transport)
{
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_TLS), TARN_EBUSY);
	expect_answers(&address);
}
END_TEST

START_TEST(without_certificates_nothing_is_open_over_tls)
{
	struct tarn_address said = address;
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_TLS), TARN_EINVAL);
	ck_assert(tarn_address_is_equal(&address, &said));
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	expect_answers(&address);
}
END_TEST

START_TEST(port_that_the_system_picked_may_be_asked_for_by_number)
{
	struct tarn_address again = address;
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 1);
	ck_assert_int_eq(tarn__workers_listen(workers, &again, TARN_UDP), 1);
	ck_assert(tarn_address_is_equal(&again, &address));
	expect_answers(&address);
	tarn__workers_unlisten(workers, &address);
	expect_nobody(&address);
}
END_TEST

START_TEST(all_addresses_of_a_port_and_one_of_them_may_change_places)
{
	struct tarn_address all = parse_address("0.0.0.0:0");
	ck_assert_int_eq(tarn__workers_listen(workers, &all, TARN_UDP), 0);
	tarn_address_set_port(&address, tarn_address_port(&all));
	ck_assert_int_eq(tarn__workers_listen(workers, &address, TARN_UDP), 0);
	struct tarn_address said = parse_address("0.0.0.0:0");
	tarn__workers_unlisten(workers, &said);
	expect_answers(&address);
	struct tarn_address other = parse_address("127.0.0.2");
	tarn_address_set_port(&other, tarn_address_port(&address));
	expect_nobody(&other);
}
END_TEST

START_TEST(address_of_another_program_is_refused_and_nothing_changes)
{
	struct tarn_address taken = parse_address("127.0.0.3:0");
	int udp, tcp;
	ck_assert_int_eq(tarn__socket_open_pair(&taken, &udp, &tcp), 0);
	struct tarn_address said = taken;
	ck_assert_int_eq(tarn__workers_listen(workers, &taken, TARN_UDP), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert(tarn_address_is_equal(&taken, &said));
	close(udp);
	close(tcp);
	expect_nobody(&taken);
}
END_TEST

START_TEST(addresses_may_change_more_often_than_there_are_places)
{
	for (int i = 0; i < 300; i++) {
		struct tarn_address said = address, bound = address;
		ck_assert_int_eq(tarn__workers_listen(workers, &bound, TARN_UDP), 0);
		tarn__workers_unlisten(workers, &said);
	}
}
END_TEST

START_TEST(socket_of_somebody_else_is_served)
{
	int udp, tcp;
	ck_assert_int_eq(tarn__socket_open_pair(&address, &udp, &tcp), 0);
	ck_assert_int_eq(tarn__workers_serve(workers, udp, TARN_UDP), 0);
	ck_assert_int_eq(tarn__workers_serve(workers, tcp, TARN_UDP), 0);
	expect_answers(&address);
}
END_TEST

START_TEST(socket_that_is_none_is_refused_and_stays_the_callers)
{
	int fds[2];
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(tarn__workers_serve(workers, fds[0], TARN_UDP), TARN_ESYSTEM);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}
END_TEST

/* ---- all of them ------------------------------------------------------------------------------ */

static pthread_t threads[WORKERS];
static unsigned calls[WORKERS];

static void note_call(struct tarn_worker *worker, size_t index, void *arg)
{
	ck_assert_ptr_nonnull(worker);
	ck_assert_ptr_eq(arg, &address);
	threads[index] = pthread_self();
	calls[index]++;
}

START_TEST(each_worker_acts_once_on_its_own_thread)
{
	for (unsigned times = 1; times <= 100; times++) {
		tarn__workers_each(workers, note_call, &address);
		for (size_t i = 0; i < WORKERS; i++)
			ck_assert_uint_eq(calls[i], times);
	}
	for (size_t i = 0; i < WORKERS; i++) {
		ck_assert(!pthread_equal(threads[i], pthread_self()));
		ck_assert(!pthread_equal(threads[i], threads[(i + 1) % WORKERS]));
	}
}
END_TEST

static pthread_barrier_t barrier;

/* The second stands still until the barrier lets it go; the others are done by then. */
static void stand_still(struct tarn_worker *worker, size_t index, void *arg)
{
	(void)worker;
	if (index != 1)
		return;
	atomic_store((atomic_bool *)arg, true);
	pthread_barrier_wait(&barrier);
}

static atomic_bool is_standing;

static void *make_one_stand(void *arg)
{
	tarn__workers_each(workers, stand_still, arg);
	return NULL;
}

static bool turn_within_patience(void)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (tarn__workers_are_turning(workers))
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

START_TEST(worker_that_stands_still_is_noticed)
{
	ck_assert(tarn__workers_are_turning(workers));
	ck_assert(turn_within_patience());
	pthread_t caller;
	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
	ck_assert_int_eq(pthread_create(&caller, NULL, make_one_stand, &is_standing), 0);
	while (!atomic_load(&is_standing))
		sched_yield();
	tarn__workers_are_turning(workers); /* it may have turned before */
	for (int i = 0; i < 10; i++)
		ck_assert(!tarn__workers_are_turning(workers));
	pthread_barrier_wait(&barrier);
	pthread_join(caller, NULL);
	ck_assert(turn_within_patience());
	pthread_barrier_destroy(&barrier);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workers");
	TCase *before = tcase_create("before the start");
	tcase_add_checked_fixture(before, set_up, tear_down);
	tcase_add_test(before, address_opened_before_the_start_is_answered_after_it);
	suite_add_tcase(suite, before);

	TCase *running = tcase_create("running");
	tcase_add_checked_fixture(running, set_up_running, tear_down);
	tcase_add_test(running, address_opened_while_they_run_is_answered_at_once);
	tcase_add_test(running, closed_address_is_answered_no_more_and_others_are);
	tcase_add_test(running, address_may_come_back_at_once);
	tcase_add_test(running, address_that_is_there_already_stays_as_it_is);
	tcase_add_test(running, address_has_one_transport);
	tcase_add_test(running, without_certificates_nothing_is_open_over_tls);
	tcase_add_test(running, port_that_the_system_picked_may_be_asked_for_by_number);
	tcase_add_test(running, all_addresses_of_a_port_and_one_of_them_may_change_places);
	tcase_add_test(running, address_of_another_program_is_refused_and_nothing_changes);
	tcase_add_test(running, addresses_may_change_more_often_than_there_are_places);
	tcase_add_test(running, socket_of_somebody_else_is_served);
	tcase_add_test(running, socket_that_is_none_is_refused_and_stays_the_callers);
	tcase_add_test(running, each_worker_acts_once_on_its_own_thread);
	tcase_add_test(running, worker_that_stands_still_is_noticed);
	suite_add_tcase(suite, running);
	return unit_run(suite);
}

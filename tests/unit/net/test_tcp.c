/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/tcp.c: questions and replies over TCP. */

#include "config.h"

#include "net/listen/tcp.h"

#include <strings.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "support/net.h"
#include "net/clock.h"
#include "net/worker.h"
#include "support/unit.h"

/* In place of the C library's: a process without descriptors to spare. */
static bool has_no_descriptors;

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (has_no_descriptors) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, address, len, flags);
}

/* In place of the access list, which has all of loopback: clients from 127.0.2.0 on may not ask. */
static bool strangers_may_ask;

bool __wrap_tarn__resolver_serves(const struct tarn__resolver *, const struct tarn_address *);

bool __wrap_tarn__resolver_serves(const struct tarn__resolver *resolver,
				  const struct tarn_address *client)
{
	(void)resolver;
	return strangers_may_ask || (ntohl(client->in4.sin_addr.s_addr) & 0xff00) != 0x200;
}

static struct world world;
static uint8_t wire[1 << 18];

static void set_up(void)
{
	strangers_may_ask = false;
	world_init(&world, ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), "127.0.0.1:0");
}

static void tear_down(void)
{
	world_fini(&world);
	ev_loop_destroy(world.loop);
}

static int connect_client(void)
{
	return connect_to(world.loop, &world.address, SOCK_STREAM);
}

/* As another client on each number: 127.0.1.0 and up. */
static int connect_client_number(unsigned number)
{
	struct tarn_address ours = parse_address("127.0.1.0");
	ours.in4.sin_addr.s_addr = htonl(ntohl(ours.in4.sin_addr.s_addr) + number);
	return connect_from(world.loop, &ours, &world.address, SOCK_STREAM);
}

static int connect_stranger(void)
{
	return connect_client_number(256);
}

static const struct tarn__tcp_stats *stats(void)
{
	return tarn__tcp_stats(world.worker->tcp);
}

static size_t write_frame(uint8_t *out, uint16_t id, const char *name)
{
	size_t len = write_query(out + 2, id, name, TARN__TYPE_A);
	tarn__put16(out, (uint16_t)len);
	return 2 + len;
}

static void send_frame(int fd, uint16_t id, const char *name)
{
	uint8_t frame[512];
	size_t len = write_frame(frame, id, name);
	ck_assert_int_eq(send(fd, frame, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void receive_octets(int fd, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len;) {
		wait_for(world.loop, fd, EV_READ);
		ssize_t count = recv(fd, out + at, len - at, 0);
		ck_assert_int_gt(count, 0);
		at += (size_t)count;
	}
}

/* The next reply's id. */
static uint16_t receive_reply(int fd, unsigned rcode, unsigned records)
{
	static uint8_t reply[2 + TARN__MESSAGE_MAX];
	receive_octets(fd, reply, 2);
	size_t len = tarn__get16(reply);
	receive_octets(fd, reply + 2, len);
	uint16_t id = tarn__get16(reply + 2);
	check_reply(reply + 2, len, id, rcode, records);
	return id;
}

static void expect_reply(int fd, uint16_t id)
{
	ck_assert_uint_eq(receive_reply(fd, TARN__NOERROR, 1), id);
}

static int warm_client(void)
{
	int fd = connect_client();
	send_frame(fd, 1, "warm.example");
	expect_reply(fd, 1);
	return fd;
}

/* The server has closed: in order, or with a reset. */
static void expect_end(int fd)
{
	uint8_t octet;
	wait_for(world.loop, fd, EV_READ);
	ssize_t len = recv(fd, &octet, 1, 0);
	ck_assert(len == 0 || (len < 0 && errno == ECONNRESET));
}

static bool has_ended(int fd)
{
	uint8_t octet;
	run_dry(world.loop);
	return recv(fd, &octet, 1, MSG_PEEK) == 0;
}

/* What has been sent so far was read. */
static void let_read(void)
{
	run_dry(world.loop);
}

static bool has_connections(void *count)
{
	return stats()->connections == *(uint64_t *)count;
}

static void wait_for_connections(uint64_t count)
{
	run_until(world.loop, has_connections, &count);
}

/* ---- messages ----------------------------------------------------------------------------- */

START_TEST(question_that_comes_octet_by_octet_is_answered)
{
	int fd = connect_client();
	uint8_t frame[512];
	size_t len = write_frame(frame, 77, "a.example");
	for (size_t i = 0; i < len; i++) {
		ck_assert_int_eq(send(fd, frame + i, 1, 0), 1);
		let_read();
	}
	expect_reply(fd, 77);
	close(fd);
}
END_TEST

START_TEST(hits_of_one_read_leave_in_one_write)
{
	int fd = warm_client();
	size_t len = 0;
	for (uint16_t id = 0; id < 50; id++)
		len += write_frame(wire + len, id, "warm.example");
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	wait_for(world.loop, fd, EV_READ);
	/* Two writes would be two segments, and the first would wake the reader alone. */
	ssize_t got = recv(fd, wire, sizeof(wire), 0);
	ck_assert_int_eq(got, 50 * (2 + tarn__get16(wire)));
	close(fd);
}
END_TEST

static void hold_the_slow(struct fake *fake, struct fake_query *query)
{
	/* Its case is the asker's choice. */
	if ((query->wire[TARN__HEADER_LEN + 1] | 0x20) == 's')
		fake_hold(fake, query);
	else
		fake_answer(fake, query);
}

START_TEST(slow_question_holds_up_no_other)
{
	int fd = connect_client();
	world.fake.on_query = hold_the_slow;
	send_frame(fd, 0, "slow.example");
	for (uint16_t id = 1; id < 50; id++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", id);
		send_frame(fd, id, name);
	}
	bool seen[50] = {true};
	for (int i = 1; i < 50; i++) {
		uint16_t id = receive_reply(fd, TARN__NOERROR, 1);
		ck_assert_uint_lt(id, 50);
		ck_assert(!seen[id]);
		seen[id] = true;
	}
	fake_release(&world.fake);
	expect_reply(fd, 0);
	close(fd);
}
END_TEST

START_TEST(same_id_twice_is_answered_twice)
{
	int fd = connect_client();
	send_frame(fd, 5, "a.example");
	send_frame(fd, 5, "a.example");
	expect_reply(fd, 5);
	expect_reply(fd, 5);
	close(fd);
}
END_TEST

/* A name ends with an octet that is 0. */
static bool is_same_name(const struct fake_query *a, const struct fake_query *b)
{
	return strcasecmp((const char *)a->wire + TARN__HEADER_LEN,
			  (const char *)b->wire + TARN__HEADER_LEN) == 0;
}

/* Where the machine is slow some have been sent again. */
static size_t count_held_questions(void)
{
	size_t count = 0;
	for (size_t i = 0; i < world.fake.held_count; i++) {
		size_t j = 0;
		while (!is_same_name(&world.fake.held[j], &world.fake.held[i]))
			j++;
		count += j == i;
	}
	return count;
}

START_TEST(more_questions_than_may_be_under_way_wait_their_turn)
{
	enum { COUNT = 350 };
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	size_t len = 0;
	for (uint16_t id = 0; id < COUNT; id++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", id);
		len += write_frame(wire + len, id, name);
	}
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	let_read();
	ck_assert_uint_eq(count_held_questions(), TARN__TCP_IN_FLIGHT);
	bool seen[COUNT] = {false};
	for (int i = 0; i < COUNT; i++) {
		fake_release(&world.fake);
		uint16_t id = receive_reply(fd, TARN__NOERROR, 1);
		ck_assert_uint_lt(id, COUNT);
		ck_assert(!seen[id]);
		seen[id] = true;
		ck_assert_uint_le(count_held_questions(), TARN__TCP_IN_FLIGHT);
	}
	close(fd);
}
END_TEST

START_TEST(message_shorter_than_a_header_ends_the_connection)
{
	int fd = warm_client();
	uint8_t frame[2 + TARN__HEADER_LEN] = {0, (uint8_t)_i};
	ck_assert_int_eq(send(fd, frame, 2 + (size_t)_i, 0), 2 + _i);
	expect_end(fd);
	close(fd);
}
END_TEST

/* A question, and in the same segment a message of fewer octets than a header. */
static size_t write_short(uint8_t *out, uint16_t id, const char *name, size_t short_len)
{
	size_t len = write_frame(out, id, name);
	memset(out + len, 0, 2 + short_len);
	out[len + 1] = (uint8_t)short_len;
	return len + 2 + short_len;
}

START_TEST(questions_before_a_message_that_is_too_short_are_answered)
{
	int fd = warm_client();
	size_t len = 0;
	for (uint16_t id = 0; id < 20; id++)
		len += write_frame(wire + len, id, "warm.example");
	len += write_short(wire + len, 20, "warm.example", (size_t)_i);
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	for (uint16_t id = 0; id <= 20; id++)
		expect_reply(fd, id);
	expect_end(fd);
	close(fd);
	wait_for_connections(0);
}
END_TEST

START_TEST(question_under_way_is_answered_before_the_end)
{
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	size_t len = write_short(wire, 7, "a.example", 1);
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	run_until(world.loop, is_held, &world);
	let_read();
	ck_assert(!has_ended(fd));
	fake_release(&world.fake);
	expect_reply(fd, 7);
	expect_end(fd);
	close(fd);
	wait_for_connections(0);
}
END_TEST

/* In order, and not with a reset, which would take replies on their way with it. */
static void expect_orderly_end(int fd)
{
	uint8_t octet;
	wait_for(world.loop, fd, EV_READ);
	ck_assert_int_eq(recv(fd, &octet, 1, 0), 0);
}

START_TEST(what_follows_a_message_that_is_too_short_is_thrown_away)
{
	int fd = warm_client();
	size_t len = write_short(wire, 7, "warm.example", 1);
	len += write_frame(wire + len, 8, "warm.example");
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	let_read();
	static uint8_t more[100000];
	for (size_t sent = 0; sent < sizeof(more);) {
		ssize_t count = send(fd, more + sent, sizeof(more) - sent, MSG_NOSIGNAL);
		ck_assert(count > 0 || errno == EAGAIN);
		sent += count > 0 ? (size_t)count : 0;
		let_read();
	}
	expect_reply(fd, 7);
	expect_orderly_end(fd);
	ck_assert_uint_eq(stats()->connections, 1);
	close(fd);
	wait_for_connections(0);
}
END_TEST

START_TEST(client_that_does_not_close_after_our_end_is_closed)
{
	int fd = warm_client();
	size_t len = write_short(wire, 7, "warm.example", 1);
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
	expect_reply(fd, 7);
	expect_orderly_end(fd);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	let_read();
	tarn__tcp_expire(world.worker->tcp, tarn__clock_ms() + 5100);
	ck_assert_uint_eq(stats()->connections, 0);
	close(fd);
}
END_TEST

START_TEST(longest_message_is_read)
{
	int fd = warm_client();
	memset(wire, 0, 2 + TARN__MESSAGE_MAX);
	write_frame(wire, 3, "warm.example");
	tarn__put16(wire, TARN__MESSAGE_MAX);
	for (size_t at = 0; at < 2 + TARN__MESSAGE_MAX;) {
		ssize_t count = send(fd, wire + at, 2 + TARN__MESSAGE_MAX - at, 0);
		ck_assert(count > 0 || errno == EAGAIN);
		at += count > 0 ? (size_t)count : 0;
		let_read();
	}
	expect_reply(fd, 3); /* what follows the question does not count */
	close(fd);
}
END_TEST

/* ---- ends --------------------------------------------------------------------------------- */

START_TEST(half_closed_client_gets_what_is_under_way)
{
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	send_frame(fd, 1, "a.example");
	send_frame(fd, 2, "b.example");
	shutdown(fd, SHUT_WR);
	run_until(world.loop, is_held, &world);
	let_read();
	fake_release(&world.fake);
	ck_assert_uint_eq(receive_reply(fd, TARN__NOERROR, 1) + receive_reply(fd, TARN__NOERROR, 1),
			  3);
	expect_end(fd);
	close(fd);
	wait_for_connections(0);
}
END_TEST

START_TEST(half_closed_client_with_half_a_message_is_closed)
{
	int fd = warm_client();
	ck_assert_int_eq(send(fd, "\0\x20half", 6, 0), 6);
	shutdown(fd, SHUT_WR);
	expect_end(fd);
	close(fd);
}
END_TEST

START_TEST(client_that_goes_away_is_forgotten)
{
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	send_frame(fd, 1, "a.example");
	run_until(world.loop, is_held, &world);
	if (_i == 1) {
		struct linger linger = {.l_onoff = 1};
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	close(fd);
	let_read();
	fake_release(&world.fake);
	wait_for_connections(0);
}
END_TEST

START_TEST(idle_connection_is_closed_after_its_time)
{
	int fd = warm_client();
	let_read();
	uint64_t now_ms = tarn__clock_ms();
	tarn__tcp_expire(world.worker->tcp, now_ms + 9000);
	ck_assert(!has_ended(fd));
	ck_assert_uint_eq(tarn__tcp_expire(world.worker->tcp, now_ms + 10100), UINT64_MAX);
	expect_end(fd);
	ck_assert_uint_eq(stats()->idle_closed, 1);
	close(fd);
}
END_TEST

/* A turn reads the clock once: events in it may be later than that reading. */
START_TEST(clock_that_lags_closes_nobody)
{
	int fd = warm_client();
	let_read();
	tarn__tcp_expire(world.worker->tcp, tarn__clock_ms() - 100);
	ck_assert(!has_ended(fd));
	ck_assert_int_eq(send(fd, "\0", 1, 0), 1);
	let_read();
	tarn__tcp_expire(world.worker->tcp, tarn__clock_ms() - 100);
	ck_assert(!has_ended(fd));
	ck_assert_uint_eq(stats()->connections, 1);
	close(fd);
}
END_TEST

START_TEST(connection_that_waits_for_an_answer_is_not_idle)
{
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	send_frame(fd, 1, "a.example");
	run_until(world.loop, is_held, &world);
	ck_assert_uint_eq(tarn__tcp_expire(world.worker->tcp, tarn__clock_ms() + 60000),
			  UINT64_MAX);
	ck_assert(!has_ended(fd));
	fake_release(&world.fake);
	expect_reply(fd, 1);
	close(fd);
}
END_TEST

START_TEST(half_a_message_is_waited_for_5_seconds)
{
	int fd = warm_client();
	ck_assert_int_eq(send(fd, "\0", 1, 0), 1);
	let_read();
	uint64_t now_ms = tarn__clock_ms();
	tarn__tcp_expire(world.worker->tcp, now_ms + 4500);
	ck_assert(!has_ended(fd));
	/* Octets that make no message give no more time. */
	ck_assert_int_eq(send(fd, "\x20", 1, 0), 1);
	let_read();
	tarn__tcp_expire(world.worker->tcp, now_ms + 5100);
	expect_end(fd);
	ck_assert_uint_eq(stats()->stalled_closed, 1);
	close(fd);
}
END_TEST

static void make_narrow(int fd)
{
	int small = 2048;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

/* A connection with as little room in the system's buffers as there can be. */
static int connect_narrow_client(void)
{
	struct tarn_address address = parse_address("127.0.0.1:0");
	int listener = tarn_socket_open(&address, SOCK_STREAM);
	make_narrow(listener);
	ck_assert_int_eq(tarn_worker_serve(world.worker, listener), 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	make_narrow(fd);
	ck_assert_int_eq(connect(fd, &address.sa, tarn_address_len(&address)), -1);
	ck_assert_int_eq(errno, EINPROGRESS);
	wait_for(world.loop, fd, EV_WRITE);
	return fd;
}

START_TEST(slow_reader_is_not_read_from_and_still_gets_everything)
{
	enum { COUNT = 1000 };
	static uint8_t frames[COUNT * 300];
	char name[251];
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[sizeof(name) - 1] = '\0';
	int fd = connect_narrow_client();
	send_frame(fd, 1, name);
	expect_reply(fd, 1);
	size_t len = 0;
	for (size_t i = 0; i < COUNT; i++)
		len += write_frame(frames + len, (uint16_t)i, name);
	/* Until the server reads no more, and the system takes no more. */
	size_t at = 0;
	for (int refused = 0; refused < 3; refused++) {
		ssize_t count;
		while ((count = send(fd, frames + at, len - at, MSG_NOSIGNAL)) > 0) {
			at += (size_t)count;
			refused = 0;
			let_read();
		}
		let_read();
	}
	ck_assert_uint_lt(at, len);
	for (size_t i = 0; i < COUNT; i++) {
		expect_reply(fd, (uint16_t)i);
		ssize_t count = at < len ? send(fd, frames + at, len - at, MSG_NOSIGNAL) : 0;
		at += count > 0 ? (size_t)count : 0;
	}
	close(fd);
}
END_TEST

static void answer_with_60_kb(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	uint8_t *out = calloc(1, TARN__MESSAGE_MAX);
	memcpy(out, query->wire, query->len);
	size_t len = answer_query(out, TARN__NOERROR, ANSWER_TTL);
	size_t record_at = len - 16;
	for (unsigned i = 1; len < 60000; i++, len += 16) {
		memcpy(out + len, out + record_at, 16);
		tarn__put16(out + len + 14, (uint16_t)i);
		tarn__put16(out + 6, (uint16_t)(i + 1));
	}
	fake_reply(query, out, len);
	free(out);
}

static bool are_100_held(void *arg)
{
	(void)arg;
	return world.fake.held_count == 100;
}

static bool has_reset(void *arg)
{
	(void)arg;
	return stats()->reset == 1;
}

START_TEST(client_that_reads_nothing_is_reset_in_the_end)
{
	int fd = connect_narrow_client();
	world.fake.on_query = fake_hold;
	for (uint16_t id = 0; id < 100; id++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", id);
		send_frame(fd, id, name);
		let_read();
	}
	run_until(world.loop, are_100_held, NULL);
	while (world.fake.held_count > 0) {
		answer_with_60_kb(&world.fake, &world.fake.held[--world.fake.held_count]);
		run_dry(world.loop); /* the system's buffers hold only some of these answers */
	}
	run_until(world.loop, has_reset, NULL);
	wait_for_connections(0);
	close(fd);
}
END_TEST

/* ---- many connections --------------------------------------------------------------------- */

/*
 * Connections that wait for one slow answer, a number of each client; the time limit for idle ones has no
 * effect on them.
 */
static int *fill_with_busy_clients(size_t count, size_t each)
{
	struct rlimit limit;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_ge(limit.rlim_cur, 2 * TARN__TCP_CONNECTIONS + 100);
	int *fds = calloc(count, sizeof(*fds));
	world.fake.on_query = hold_the_slow;
	for (size_t i = 0; i < count; i++) {
		fds[i] = connect_client_number((unsigned)(i / each));
		send_frame(fds[i], (uint16_t)i, "slow.example");
		wait_for_connections(i + 1);
	}
	let_read();
	return fds;
}

static void answer_busy_clients(int *fds, size_t count)
{
	fake_release(&world.fake);
	for (size_t i = 0; i < count; i++) {
		expect_reply(fds[i], (uint16_t)i);
		close(fds[i]);
	}
	free(fds);
}

START_TEST(idle_connection_makes_room_in_a_full_house)
{
	enum { BUSY = TARN__TCP_CONNECTIONS - 1 };
	int *busy = fill_with_busy_clients(BUSY, 128);
	int idle = connect_client();
	wait_for_connections(TARN__TCP_CONNECTIONS);
	int late = connect_client();
	send_frame(late, 3, "a.example");
	expect_reply(late, 3);
	expect_end(idle);
	ck_assert_uint_eq(stats()->idle_closed, 1);
	ck_assert_uint_eq(stats()->connections, TARN__TCP_CONNECTIONS);
	close(idle);
	close(late);
	answer_busy_clients(busy, BUSY);
}
END_TEST

START_TEST(client_of_a_busy_house_waits_at_the_door)
{
	enum { BUSY = TARN__TCP_CONNECTIONS };
	int *busy = fill_with_busy_clients(BUSY, 128);
	int late = connect_client();
	send_frame(late, 3, "a.example");
	run_dry(world.loop);
	ck_assert_uint_eq(stats()->accepted, BUSY);
	fake_release(&world.fake);
	expect_reply(late, 3);
	close(late);
	answer_busy_clients(busy, BUSY);
}
END_TEST

/* RFC 9210 section 4.2: one client does not take the places of all. */
START_TEST(client_with_too_many_connections_loses_its_oldest_idle_one)
{
	enum { BUSY = TARN__TCP_PER_CLIENT - 2 };
	int *busy = fill_with_busy_clients(BUSY, BUSY);
	int oldest = connect_client_number(0);
	wait_for_connections(BUSY + 1);
	int other = connect_client_number(0);
	wait_for_connections(BUSY + 2);
	int newest = connect_client_number(0);
	send_frame(newest, 3, "a.example");
	expect_reply(newest, 3);
	expect_end(oldest);
	send_frame(other, 4, "a.example");
	expect_reply(other, 4);
	ck_assert_uint_eq(stats()->idle_closed, 1);
	close(oldest);
	close(other);
	close(newest);
	answer_busy_clients(busy, BUSY);
}
END_TEST

START_TEST(client_with_all_its_connections_at_work_gets_no_more)
{
	enum { BUSY = TARN__TCP_PER_CLIENT };
	int *busy = fill_with_busy_clients(BUSY, BUSY);
	int more = connect_client_number(0);
	expect_end(more);
	ck_assert_uint_eq(stats()->refused, 1);
	int other = connect_client_number(1);
	send_frame(other, 3, "a.example");
	expect_reply(other, 3);
	close(more);
	close(other);
	answer_busy_clients(busy, BUSY);
}
END_TEST

/* So many connections of as many clients, each with half a message. */
static void stall(int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		fds[i] = connect_client_number(i);
		ck_assert_int_eq(send(fds[i], "\0\x20half", 6, 0), 6);
		wait_for_connections(i + 1);
	}
	let_read();
}

START_TEST(stalled_connection_makes_room_in_a_full_house)
{
	enum { PLACES = 4 };
	int stalled[PLACES];
	tarn__tcp_set_places(world.worker->tcp, PLACES);
	stall(stalled, PLACES);
	uint64_t began_ms = tarn__clock_ms();
	int late = connect_client();
	send_frame(late, 3, "a.example");
	expect_reply(late, 3);
	ck_assert_uint_lt(tarn__clock_ms() - began_ms, 2000);
	expect_end(stalled[0]);
	ck_assert(!has_ended(stalled[1]));
	ck_assert_uint_eq(stats()->stalled_closed, 1);
	ck_assert_uint_eq(stats()->connections, PLACES);
	close(late);
	for (int i = 0; i < PLACES; i++)
		close(stalled[i]);
}
END_TEST

START_TEST(connection_that_has_just_come_makes_no_room)
{
	enum { PLACES = 4, CLIENTS = 40 };
	int fds[CLIENTS];
	tarn__tcp_set_places(world.worker->tcp, PLACES);
	for (unsigned i = 0; i < CLIENTS; i++)
		fds[i] = connect_client_number(i);
	/* The first get their answers, although others wait to be accepted. */
	for (unsigned i = 0; i < PLACES; i++)
		send_frame(fds[i], 3, "a.example");
	for (unsigned i = 0; i < PLACES; i++)
		expect_reply(fds[i], 3);
	for (unsigned i = 0; i < CLIENTS; i++)
		close(fds[i]);
}
END_TEST

START_TEST(client_that_stalls_makes_room_for_itself)
{
	enum { PLACES = 16, SHARE = PLACES / TARN__TCP_SHARES };
	int fds[SHARE + 1];
	tarn__tcp_set_places(world.worker->tcp, PLACES);
	for (int i = 0; i <= SHARE; i++) {
		fds[i] = connect_client();
		ck_assert_int_eq(send(fds[i], "\0\x20half", 6, 0), 6);
		let_read();
	}
	expect_end(fds[0]);
	ck_assert_uint_eq(stats()->connections, SHARE);
	for (int i = 0; i <= SHARE; i++)
		close(fds[i]);
}
END_TEST

/* They ask without end: each question is answered, but no more are taken. */
START_TEST(client_comes_into_a_house_where_all_are_always_at_work)
{
	enum { PLACES = 4 };
	int fds[PLACES];
	tarn__tcp_set_places(world.worker->tcp, PLACES);
	world.fake.on_query = hold_the_slow;
	for (unsigned i = 0; i < PLACES; i++) {
		fds[i] = connect_client_number(i);
		send_frame(fds[i], 1, "slow.example");
		wait_for_connections(i + 1);
	}
	let_read();
	int late = connect_client();
	send_frame(late, 3, "a.example");
	run_dry(world.loop);
	ck_assert_uint_eq(stats()->accepted, PLACES);
	for (unsigned i = 0; i < PLACES; i++)
		send_frame(fds[i], 2, "slower.example");
	let_read();
	fake_release(&world.fake);
	expect_reply(late, 3);
	for (unsigned i = 0; i < PLACES; i++) {
		expect_reply(fds[i], 1);
		expect_end(fds[i]);
		close(fds[i]);
	}
	close(late);
}
END_TEST

START_TEST(house_gets_smaller)
{
	enum { CLIENTS = 8, PLACES = 4 };
	int fds[CLIENTS];
	stall(fds, CLIENTS);
	tarn_worker_set_connections(world.worker, PLACES);
	ck_assert_uint_eq(stats()->connections, PLACES);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
}
END_TEST

/* ---- clients that may not ask -------------------------------------------------------------- */

START_TEST(strangers_take_no_places)
{
	enum { PLACES = 4, STRANGERS = 2 * TARN__TCP_STRANGERS };
	int strangers[STRANGERS], fds[PLACES];
	tarn__tcp_set_places(world.worker->tcp, PLACES);
	for (int i = 0; i < STRANGERS; i++) {
		strangers[i] = connect_stranger();
		ck_assert_int_eq(send(strangers[i], "\0\x20half", 6, 0), 6);
		let_read();
	}
	ck_assert_uint_eq(stats()->strangers, STRANGERS);
	ck_assert_uint_eq(stats()->connections, 0);
	ck_assert_uint_eq(stats()->accepted, 0);
	/* The newest of them take the room of the oldest. */
	for (int i = 0; i < STRANGERS; i++) {
		if (i < STRANGERS - TARN__TCP_STRANGERS)
			expect_end(strangers[i]);
		else
			ck_assert(!has_ended(strangers[i]));
	}
	for (unsigned i = 0; i < PLACES; i++) {
		fds[i] = connect_client_number(i);
		send_frame(fds[i], 3, "a.example");
		expect_reply(fds[i], 3);
	}
	ck_assert_uint_eq(stats()->connections, PLACES);
	ck_assert_uint_eq(stats()->idle_closed + stats()->stalled_closed, 0);
	for (int i = 0; i < PLACES; i++)
		close(fds[i]);
	for (int i = 0; i < STRANGERS; i++)
		close(strangers[i]);
}
END_TEST

START_TEST(stranger_has_one_reply)
{
	close(warm_client());
	int fd = connect_stranger();
	send_frame(fd, 4, "warm.example");
	receive_reply(fd, TARN__NOERROR, 1); /* the list of this file is the places' alone */
	expect_orderly_end(fd);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	close(fd);
}
END_TEST

START_TEST(stranger_has_a_second)
{
	int fd = connect_stranger();
	let_read();
	uint64_t now_ms = tarn__clock_ms();
	tarn__tcp_expire(world.worker->tcp, now_ms + 900);
	ck_assert(!has_ended(fd));
	ck_assert_int_eq(send(fd, "\0", 1, 0), 1);
	let_read();
	ck_assert_uint_eq(tarn__tcp_expire(world.worker->tcp, now_ms + 1100), UINT64_MAX);
	expect_end(fd);
	close(fd);
}
END_TEST

/* Another configuration has another access list. */
START_TEST(client_that_may_not_ask_any_more_loses_its_place)
{
	strangers_may_ask = true;
	int idle = connect_stranger(), busy = connect_stranger(), good = connect_client();
	world.fake.on_query = hold_the_slow;
	send_frame(busy, 1, "slow.example");
	run_until(world.loop, is_held, &world);
	wait_for_connections(3);
	strangers_may_ask = false;
	struct tarn_options options = {.upstreams = &world.fake.address,
				       .upstream_count = 1,
				       .stale_sec = -1,
				       .log = on_log,
				       .log_arg = &world};
	ck_assert_int_eq(tarn_reconfigure(world.tarn, &options), 0);
	expect_orderly_end(idle);
	ck_assert(!has_ended(busy));
	fake_release(&world.fake);
	expect_reply(busy, 1);
	expect_orderly_end(busy);
	send_frame(good, 3, "a.example");
	expect_reply(good, 3);
	close(idle);
	close(busy);
	wait_for_connections(1);
	close(good);
}
END_TEST

START_TEST(stay_is_shorter_in_a_fuller_house)
{
	enum { BUSY = TARN__TCP_CONNECTIONS * 3 / 4 };
	int *busy = fill_with_busy_clients(BUSY, 128);
	int idle = connect_client();
	wait_for_connections(BUSY + 1);
	tarn__tcp_expire(world.worker->tcp, tarn__clock_ms() + 5300);
	expect_end(idle);
	close(idle);
	answer_busy_clients(busy, BUSY);
}
END_TEST

START_TEST(accepting_pauses_without_descriptors_and_goes_on)
{
	int other = connect_client();
	wait_for_connections(1);
	has_no_descriptors = true;
	int fd = connect_client();
	send_frame(fd, 1, "a.example");
	run_dry(world.loop);
	ck_assert_uint_eq(stats()->connections, 1);
	ck_assert_uint_eq(world.log_count, 1); /* and not once per turn */
	ck_assert_ptr_nonnull(strstr(world.log_line, "cannot accept"));
	has_no_descriptors = false;
	if (_i == 0)
		tarn__tcp_expire(world.worker->tcp, tarn__clock_ms() + 1100);
	else
		shutdown(other, SHUT_WR);
	expect_reply(fd, 1);
	close(fd);
	close(other);
}
END_TEST

START_TEST(worker_that_goes_answers_who_waits)
{
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	send_frame(fd, 9, "a.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_free(world.worker);
	world.worker = NULL;
	ck_assert_uint_eq(receive_reply(fd, TARN__SERVFAIL, 0), 9);
	expect_end(fd);
	close(fd);
}
END_TEST

START_TEST(worker_may_go_after_its_client)
{
	int fd = connect_client();
	world.fake.on_query = fake_hold;
	send_frame(fd, 9, "a.example");
	run_until(world.loop, is_held, &world);
	close(fd);
	let_read();
}
END_TEST

/* ---- an address that is closed -------------------------------------------------------------- */

/* Returns the result of connect() while the loop does not run: only the kernel accepts the client. */
static int connect_without_a_turn(int *fd)
{
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(*fd, &world.address.sa, tarn_address_len(&world.address));
}

START_TEST(closed_address_takes_nobody)
{
	int fd;
	tarn_worker_unlisten(world.worker, &world.address);
	ck_assert_int_eq(connect_without_a_turn(&fd), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
}
END_TEST

START_TEST(clients_at_the_door_of_a_closed_address_come_in)
{
	enum { CLIENTS = 100 };
	int fds[CLIENTS];
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_eq(connect_without_a_turn(&fds[i]), 0);
	tarn_worker_unlisten(world.worker, &world.address);
	for (int i = 0; i < CLIENTS; i++) {
		send_frame(fds[i], 7, "a.example");
		expect_reply(fds[i], 7);
		close(fds[i]);
	}
}
END_TEST

START_TEST(connection_outlives_its_address)
{
	int fd = warm_client();
	world.fake.on_query = fake_hold;
	send_frame(fd, 2, "slow.example");
	run_until(world.loop, is_held, &world);
	tarn_worker_unlisten(world.worker, &world.address);
	send_frame(fd, 3, "warm.example");
	expect_reply(fd, 3);
	fake_release(&world.fake);
	expect_reply(fd, 2);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp");
	TCase *messages = tcase_create("messages");
	tcase_add_checked_fixture(messages, set_up, tear_down);
	tcase_add_test(messages, question_that_comes_octet_by_octet_is_answered);
	tcase_add_test(messages, hits_of_one_read_leave_in_one_write);
	tcase_add_test(messages, slow_question_holds_up_no_other);
	tcase_add_test(messages, same_id_twice_is_answered_twice);
	tcase_add_test(messages, more_questions_than_may_be_under_way_wait_their_turn);
	tcase_add_loop_test(messages, message_shorter_than_a_header_ends_the_connection, 0,
			    TARN__HEADER_LEN);
	tcase_add_loop_test(messages, questions_before_a_message_that_is_too_short_are_answered, 0,
			    TARN__HEADER_LEN);
	tcase_add_test(messages, question_under_way_is_answered_before_the_end);
	tcase_add_test(messages, what_follows_a_message_that_is_too_short_is_thrown_away);
	tcase_add_test(messages, client_that_does_not_close_after_our_end_is_closed);
	tcase_add_test(messages, longest_message_is_read);
	suite_add_tcase(suite, messages);

	TCase *ends = tcase_create("ends");
	tcase_add_checked_fixture(ends, set_up, tear_down);
	tcase_add_test(ends, half_closed_client_gets_what_is_under_way);
	tcase_add_test(ends, half_closed_client_with_half_a_message_is_closed);
	tcase_add_loop_test(ends, client_that_goes_away_is_forgotten, 0, 2);
	tcase_add_test(ends, idle_connection_is_closed_after_its_time);
	tcase_add_test(ends, clock_that_lags_closes_nobody);
	tcase_add_test(ends, connection_that_waits_for_an_answer_is_not_idle);
	tcase_add_test(ends, half_a_message_is_waited_for_5_seconds);
	tcase_add_test(ends, slow_reader_is_not_read_from_and_still_gets_everything);
	tcase_add_test(ends, client_that_reads_nothing_is_reset_in_the_end);
	suite_add_tcase(suite, ends);

	TCase *many = tcase_create("many");
	tcase_add_checked_fixture(many, set_up, tear_down);
	tcase_add_test(many, idle_connection_makes_room_in_a_full_house);
	tcase_add_test(many, client_of_a_busy_house_waits_at_the_door);
	tcase_add_test(many, client_with_too_many_connections_loses_its_oldest_idle_one);
	tcase_add_test(many, client_with_all_its_connections_at_work_gets_no_more);
	tcase_add_test(many, stalled_connection_makes_room_in_a_full_house);
	tcase_add_test(many, connection_that_has_just_come_makes_no_room);
	tcase_add_test(many, client_that_stalls_makes_room_for_itself);
	tcase_add_test(many, client_comes_into_a_house_where_all_are_always_at_work);
	tcase_add_test(many, house_gets_smaller);
	tcase_add_test(many, stay_is_shorter_in_a_fuller_house);
	tcase_add_loop_test(many, accepting_pauses_without_descriptors_and_goes_on, 0, 2);
	tcase_add_test(many, worker_that_goes_answers_who_waits);
	tcase_add_test(many, worker_may_go_after_its_client);
	suite_add_tcase(suite, many);

	TCase *strangers = tcase_create("strangers");
	tcase_add_checked_fixture(strangers, set_up, tear_down);
	tcase_add_test(strangers, strangers_take_no_places);
	tcase_add_test(strangers, stranger_has_one_reply);
	tcase_add_test(strangers, stranger_has_a_second);
	tcase_add_test(strangers, client_that_may_not_ask_any_more_loses_its_place);
	suite_add_tcase(suite, strangers);

	TCase *closed = tcase_create("closed");
	tcase_add_checked_fixture(closed, set_up, tear_down);
	tcase_add_test(closed, closed_address_takes_nobody);
	tcase_add_test(closed, clients_at_the_door_of_a_closed_address_come_in);
	tcase_add_test(closed, connection_outlives_its_address);
	suite_add_tcase(suite, closed);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/net.h: for the unit tests of resolver/net: a loop that is run until a condition holds, and a
 * server and clients on the loopback interface. Nothing sleeps and no port is fixed; a condition that does
 * not hold within WATCHDOG_SEC fails the test.
 */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include <check.h>
#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/message.h"
#include "net/socket.h"
#include "support/message.h"
#include "tarn.h"

enum { WATCHDOG_SEC = 20, ANSWER_TTL = 300 };

/* ---- the loop ---------------------------------------------------------------------------- */

static inline void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	ck_abort_msg("it did not happen");
}

/*
 * Runs the loop until condition(arg), which is tested once per turn. A callback that changes it without an
 * event, before the thread sleeps, must call ev_break().
 */
static inline void run_until(struct ev_loop *loop, bool (*condition)(void *), void *arg)
{
	ev_timer watchdog;
	ev_now_update(loop);
	ev_timer_init(&watchdog, on_watchdog, WATCHDOG_SEC, 0);
	ev_timer_start(loop, &watchdog);
	while (!condition(arg))
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &watchdog);
}

static inline void on_flag(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	*(bool *)watcher->data = true;
}

static inline bool is_true(void *flag)
{
	return *(bool *)flag;
}

static inline void wait_for(struct ev_loop *loop, int fd, int events)
{
	bool is_ready = false;
	ev_io watcher;
	ev_io_init(&watcher, on_flag, fd, events);
	watcher.data = &is_ready;
	ev_io_start(loop, &watcher);
	run_until(loop, is_true, &is_ready);
	ev_io_stop(loop, &watcher);
}

/* Runs the loop without waiting, to show that nothing else happens. */
static inline void run_dry(struct ev_loop *loop)
{
	for (int i = 0; i < 20; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

/* ---- sockets ----------------------------------------------------------------------------- */

static inline struct tarn_address parse_address(const char *text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(text, 0, &address), 0);
	return address;
}

/* Returns a non-blocking socket connected to address, from the local address ours unless that is NULL. */
static inline int connect_from(struct ev_loop *loop, const struct tarn_address *ours,
			       const struct tarn_address *address, int type)
{
	int fd = socket(address->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	if (ours != NULL)
		ck_assert_int_eq(bind(fd, &ours->sa, tarn_address_len(ours)), 0);
	if (connect(fd, &address->sa, tarn_address_len(address)) != 0) {
		ck_assert_int_eq(errno, EINPROGRESS);
		wait_for(loop, fd, EV_WRITE);
	}
	return fd;
}

static inline int connect_to(struct ev_loop *loop, const struct tarn_address *address, int type)
{
	return connect_from(loop, NULL, address, type);
}

/* ---- a server ---------------------------------------------------------------------------- */

enum { FAKE_CONNECTIONS = 16, FAKE_HELD = 4096 };

/* A message that the fake has received, and the destination of its answer. */
struct fake_query {
	struct tarn_address peer; /* UDP */
	int fd;
	bool is_tcp;
	size_t len;
	uint8_t wire[512];
};

/* A name server that hands each question to a function of the test. */
struct fake {
	struct ev_loop *loop;
	struct tarn_address address;
	int udp, tcp;
	ev_io udp_io, tcp_io, connection_io[FAKE_CONNECTIONS];
	size_t udp_count, tcp_count, connection_count;
	uint16_t ports[FAKE_HELD]; /* source ports of UDP questions */
	struct fake_query *held; /* FAKE_HELD of them */
	size_t held_count;
	void (*on_query)(struct fake *, struct fake_query *);
};

static inline void fake_reply(const struct fake_query *query, const uint8_t *wire, size_t len)
{
	if (query->is_tcp) {
		uint8_t length[2];
		tarn__put16(length, (uint16_t)len);
		ck_assert_int_eq(send(query->fd, length, 2, MSG_MORE | MSG_NOSIGNAL), 2);
		/* Octets that do not fit are sent again: there is no other writer. */
		for (size_t sent = 0; sent < len;) {
			ssize_t count = send(query->fd, wire + sent, len - sent, MSG_NOSIGNAL);
			ck_assert(count >= 0 || errno == EAGAIN);
			sent += count > 0 ? (size_t)count : 0;
			if (count < 0)
				break;
		}
		return;
	}
	ck_assert_int_eq(
		sendto(query->fd, wire, len, 0, &query->peer.sa, tarn_address_len(&query->peer)),
		(ssize_t)len);
}

static inline void fake_answer(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	uint8_t wire[1024];
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	fake_reply(query, wire, len);
}

static inline void fake_ignore(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	(void)query;
}

static inline void fake_hold(struct fake *fake, struct fake_query *query)
{
	ck_assert_uint_lt(fake->held_count, FAKE_HELD);
	fake->held[fake->held_count++] = *query;
}

/* Answers the held questions, the last first. */
static inline void fake_release(struct fake *fake)
{
	while (fake->held_count > 0)
		fake_answer(fake, &fake->held[--fake->held_count]);
}

static inline void on_fake_udp(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct fake *fake = watcher->data;
	for (;;) {
		struct fake_query query = {.fd = watcher->fd};
		socklen_t peer_len = sizeof(query.peer);
		ssize_t len = recvfrom(watcher->fd, query.wire, sizeof(query.wire), 0,
				       &query.peer.sa, &peer_len);
		if (len < 0)
			return;
		query.len = (size_t)len;
		if (fake->udp_count < FAKE_HELD)
			fake->ports[fake->udp_count] = tarn_address_port(&query.peer);
		fake->udp_count++;
		fake->on_query(fake, &query);
	}
}

/* Ends the connection that this question came on. */
static inline void fake_close(struct fake *fake, struct fake_query *query)
{
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++) {
		ev_io *watcher = &fake->connection_io[i];
		if (ev_is_active(watcher) && watcher->fd == query->fd) {
			ev_io_stop(fake->loop, watcher);
			close(query->fd);
		}
	}
}

/* Questions are small and arrive whole, since each is written at once. */
static inline void on_fake_stream(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	struct fake *fake = watcher->data;
	uint8_t frame[2];
	while (ev_is_active(watcher) && recv(watcher->fd, frame, 2, MSG_PEEK) == 2) {
		struct fake_query query = {.fd = watcher->fd, .is_tcp = true};
		query.len = tarn__get16(frame);
		ck_assert_uint_le(query.len, sizeof(query.wire));
		ck_assert_int_eq(recv(watcher->fd, frame, 2, 0), 2);
		ck_assert_int_eq(recv(watcher->fd, query.wire, query.len, 0), (ssize_t)query.len);
		fake->tcp_count++;
		fake->on_query(fake, &query);
	}
	if (ev_is_active(watcher) && recv(watcher->fd, frame, 1, MSG_PEEK) == 0) {
		ev_io_stop(loop, watcher);
		close(watcher->fd);
	}
}

static inline void on_fake_accept(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	struct fake *fake = watcher->data;
	int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++) {
		ev_io *connection = &fake->connection_io[i];
		if (ev_is_active(connection))
			continue;
		fake->connection_count++;
		ev_io_init(connection, on_fake_stream, fd, EV_READ);
		connection->data = fake;
		ev_io_start(loop, connection);
		return;
	}
	ck_abort_msg("more connections than expected");
}

static inline void fake_init(struct fake *fake, struct ev_loop *loop, const char *address,
			     void (*on_query)(struct fake *, struct fake_query *))
{
	memset(fake, 0, sizeof(*fake));
	fake->loop = loop;
	fake->on_query = on_query;
	fake->held = calloc(FAKE_HELD, sizeof(fake->held[0]));
	ck_assert_ptr_nonnull(fake->held);
	fake->address = parse_address(address);
	ck_assert_int_eq(tarn__socket_open_pair(&fake->address, &fake->udp, &fake->tcp), 0);
	ev_io_init(&fake->udp_io, on_fake_udp, fake->udp, EV_READ);
	ev_io_init(&fake->tcp_io, on_fake_accept, fake->tcp, EV_READ);
	fake->udp_io.data = fake->tcp_io.data = fake;
	ev_io_start(loop, &fake->udp_io);
	ev_io_start(loop, &fake->tcp_io);
}

static inline void fake_fini(struct fake *fake)
{
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++) {
		if (ev_is_active(&fake->connection_io[i])) {
			ev_io_stop(fake->loop, &fake->connection_io[i]);
			close(fake->connection_io[i].fd);
		}
	}
	ev_io_stop(fake->loop, &fake->udp_io);
	ev_io_stop(fake->loop, &fake->tcp_io);
	close(fake->udp);
	close(fake->tcp);
	free(fake->held);
}

/* ---- tarn before that server --------------------------------------------------------------- */

/* A worker that listens on the loopback interface and forwards to a fake. */
struct world {
	struct ev_loop *loop;
	struct fake fake;
	struct tarn *tarn;
	struct tarn_worker *worker;
	struct tarn_address address;
	size_t log_count;
	char log_line[256]; /* the last */
};

static inline void on_log(void *arg, enum tarn_log_level level, const char *line)
{
	struct world *world = arg;
	if (level > TARN_LOG_WARNING)
		return;
	world->log_count++;
	snprintf(world->log_line, sizeof(world->log_line), "%s", line);
}

static inline void world_init(struct world *world, struct ev_loop *loop, const char *address)
{
	memset(world, 0, sizeof(*world));
	world->loop = loop;
	fake_init(&world->fake, loop, "127.0.0.1:0", fake_answer);
	world->tarn = tarn_new(&(struct tarn_options){
		.upstreams = &world->fake.address,
		.upstream_count = 1,
		.log = on_log,
		.log_arg = world,
	});
	ck_assert_ptr_nonnull(world->tarn);
	world->worker = tarn_worker_new(world->tarn, loop);
	ck_assert_ptr_nonnull(world->worker);
	world->address = parse_address(address);
	ck_assert_int_eq(tarn_worker_listen(world->worker, &world->address), 0);
}

static inline void world_fini(struct world *world)
{
	tarn_worker_free(world->worker);
	tarn_free(world->tarn);
	fake_fini(&world->fake);
}

static inline bool is_held(void *arg)
{
	struct world *world = arg;
	return world->fake.held_count > 0;
}

/* Sends a question over UDP. */
static inline void send_question(int fd, uint16_t id, const char *name)
{
	uint8_t wire[512];
	size_t len = write_query(wire, id, name, TARN__TYPE_A);
	ck_assert_int_eq(send(fd, wire, len, 0), (ssize_t)len);
}

/* Waits for a datagram. */
static inline size_t receive(struct ev_loop *loop, int fd, uint8_t *wire, size_t size)
{
	wait_for(loop, fd, EV_READ);
	ssize_t len = recv(fd, wire, size, 0);
	ck_assert_int_ge(len, 0);
	return (size_t)len;
}

/* Asserts an answer with that id, that rcode and that number of records in its answer section. */
static inline void check_reply(const uint8_t *wire, size_t len, uint16_t id, unsigned rcode,
			       unsigned records)
{
	ck_assert_uint_ge(len, TARN__HEADER_LEN);
	ck_assert_uint_eq(tarn__get16(wire), id);
	ck_assert(tarn__get16(wire + 2) & TARN__FLAG_QR);
	ck_assert_uint_eq(tarn__get16(wire + 2) & TARN__FLAG_RCODE, rcode);
	ck_assert_uint_eq(tarn__get16(wire + 6), records);
}

#endif

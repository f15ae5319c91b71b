/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support/secure_fake.h: a server of DNS over TLS or HTTPS on the loopback interface, with the certificate of
 * support/tls_world.h. It hands each question to a function of the test.
 */
#ifndef TESTS_SUPPORT_SECURE_FAKE_H
#define TESTS_SUPPORT_SECURE_FAKE_H

#include <netinet/tcp.h>

#include "base/transport.h"
#include "http2/h2_server.h"
#include "http2/http2.h"
#include "net/socket_pipe.h"
#include "net/stream.h"
#include "support/net.h"
#include "support/tls_world.h"

enum { SECURE_FAKE_CONNECTIONS = 256, SECURE_FAKE_HELD = 1024 };

struct secure_fake;

struct secure_connection {
	struct secure_fake *fake;
	int fd; /* -1: closed */
	ev_io io;
	struct tarn__socket_pipe below;
	struct tarn__tls *tls; /* NULL: it has been accepted, and no more */
	struct tarn__stream stream;
	struct tarn__h2_server *http; /* of HTTPS, once it is secure */
	bool has_stream;
	bool was_notified; /* the client has said that this is the end */
	size_t asked; /* questions */
};

struct secure_query {
	struct secure_connection *connection;
	int32_t stream;
	size_t len;
	uint8_t wire[600];
};

struct secure_fake {
	struct ev_loop *loop;
	enum tarn__transport transport;
	struct tarn__tls_server *server; /* borrowed */
	struct tarn_address address;
	int fd;
	ev_io io;
	bool is_mute; /* handshakes are not answered */
	bool is_closing; /* connections are closed as soon as they are accepted */
	size_t accepted, secured, resumed, asked;
	struct secure_connection connections[SECURE_FAKE_CONNECTIONS]; /* the first accepted ones */
	struct secure_query held[SECURE_FAKE_HELD];
	size_t held_count;
	void (*on_query)(struct secure_fake *, struct secure_query *);
};

/* ---- a connection ---------------------------------------------------------------------------- */

/* Without a word. */
static inline void secure_cut(struct secure_connection *connection)
{
	if (connection->fd < 0)
		return;
	ev_io_stop(connection->fake->loop, &connection->io);
	tarn__h2_server_free(connection->http);
	if (connection->has_stream)
		tarn__stream_fini(&connection->stream);
	tarn__tls_free(connection->tls);
	close(connection->fd);
	connection->http = NULL;
	connection->tls = NULL;
	connection->has_stream = false;
	connection->fd = -1;
}

/* With close_notify. */
static inline void secure_close(struct secure_connection *connection)
{
	if (connection->fd >= 0 && connection->has_stream)
		tarn__pipe_end(tarn__tls_pipe(connection->tls));
	secure_cut(connection);
}

static inline size_t secure_flush(struct secure_connection *connection)
{
	if (connection->http) {
		(void)tarn__h2_server_flush(connection->http);
		return tarn__h2_server_wants_write(connection->http);
	}
	size_t left = SIZE_MAX;
	while (tarn__stream_pending(&connection->stream) > 0 &&
	       tarn__stream_pending(&connection->stream) < left) {
		left = tarn__stream_pending(&connection->stream);
		(void)tarn__stream_flush(&connection->stream);
	}
	return tarn__stream_pending(&connection->stream);
}

static inline void secure_watch(struct secure_connection *connection, bool wants_write)
{
	ev_io_stop(connection->fake->loop, &connection->io);
	ev_io_set(&connection->io, connection->fd, wants_write ? EV_READ | EV_WRITE : EV_READ);
	ev_io_start(connection->fake->loop, &connection->io);
}

static inline void secure_reply(const struct secure_query *query, const uint8_t *wire, size_t len)
{
	struct secure_connection *connection = query->connection;
	if (connection->fd < 0)
		return;
	if (connection->http)
		ck_assert_int_eq(tarn__h2_server_answer(connection->http, query->stream, wire, len),
				 0);
	else
		ck_assert_int_eq(tarn__stream_put(&connection->stream, wire, len), 0);
	secure_watch(connection, secure_flush(connection) > 0);
}

static inline void secure_answer(struct secure_fake *fake, struct secure_query *query)
{
	(void)fake;
	uint8_t wire[1024];
	memcpy(wire, query->wire, query->len);
	size_t len = answer_query(wire, TARN__NOERROR, ANSWER_TTL);
	secure_reply(query, wire, len);
}

static inline void secure_ignore(struct secure_fake *fake, struct secure_query *query)
{
	(void)fake;
	(void)query;
}

static inline void secure_hold(struct secure_fake *fake, struct secure_query *query)
{
	ck_assert_uint_lt(fake->held_count, SECURE_FAKE_HELD);
	fake->held[fake->held_count++] = *query;
}

/* Answers the held questions, the last first. */
static inline void secure_release(struct secure_fake *fake)
{
	while (fake->held_count > 0)
		secure_answer(fake, &fake->held[--fake->held_count]);
}

static inline void secure_take(struct secure_connection *connection, const uint8_t *wire,
			       size_t len, int32_t stream)
{
	struct secure_fake *fake = connection->fake;
	struct secure_query query = {.connection = connection, .stream = stream, .len = len};
	ck_assert_uint_le(len, sizeof(query.wire));
	memcpy(query.wire, wire, len);
	fake->asked++;
	connection->asked++;
	fake->on_query(fake, &query);
}

static inline void secure_read_stream(struct secure_connection *connection)
{
	const uint8_t *message;
	size_t len;
	int result;
	while (connection->fd >= 0 &&
	       (result = tarn__stream_read(&connection->stream)) != TARN__STREAM_AGAIN) {
		while (connection->fd >= 0 &&
		       tarn__stream_next(&connection->stream, &message, &len))
			secure_take(connection, message, len, 0);
		connection->was_notified |= result == TARN__STREAM_END;
		if (result != TARN__STREAM_READ)
			secure_cut(connection);
	}
}

static inline void secure_read_http(struct secure_connection *connection)
{
	struct tarn__h2_question question;
	int result;
	while (connection->fd >= 0 &&
	       (result = tarn__h2_server_read(connection->http, 0)) != TARN__STREAM_AGAIN) {
		while (connection->fd >= 0 && tarn__h2_server_next(connection->http, &question))
			secure_take(connection, question.message, question.len, question.stream);
		connection->was_notified |= result == TARN__STREAM_END;
		if (result != TARN__STREAM_READ)
			secure_cut(connection);
	}
}

static inline void on_secure_open(struct secure_connection *connection)
{
	struct secure_fake *fake = connection->fake;
	connection->has_stream = true;
	fake->secured++;
	fake->resumed += tarn__tls_is_resumed(connection->tls);
	tarn__stream_init(&connection->stream, tarn__tls_pipe(connection->tls));
	if (fake->transport == TARN__HTTPS)
		connection->http =
			tarn__h2_server_new(tarn__tls_pipe(connection->tls), "/dns-query");
}

static inline void on_secure_event(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct secure_connection *connection = watcher->data;
	if (!connection->has_stream) {
		enum tarn__tls_state state = tarn__tls_secure(connection->tls);
		if (state == TARN__TLS_OPEN)
			on_secure_open(connection);
		else if (state == TARN__TLS_FAILED)
			secure_cut(connection);
	}
	if (connection->fd < 0 || !connection->has_stream)
		return;
	if (connection->http)
		secure_read_http(connection);
	else
		secure_read_stream(connection);
	if (connection->fd >= 0)
		secure_watch(connection, secure_flush(connection) > 0);
}

/* ---- the server ------------------------------------------------------------------------------ */

static inline void on_secure_accept(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	struct secure_fake *fake = watcher->data;
	int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	ck_assert_uint_lt(fake->accepted, SECURE_FAKE_CONNECTIONS);
	struct secure_connection *connection = &fake->connections[fake->accepted++];
	*connection = (struct secure_connection){.fake = fake, .fd = fd};
	ev_io_init(&connection->io, on_secure_event, fd, EV_READ);
	connection->io.data = connection;
	if (fake->is_closing) {
		secure_cut(connection);
		return;
	}
	if (fake->is_mute)
		return;
	int yes = 1;
	ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), 0);
	tarn__socket_pipe_init(&connection->below, fd);
	connection->tls =
		tarn__tls_accept(fake->server, fake->transport == TARN__HTTPS ? "h2" : "dot",
				 &connection->below.pipe);
	ck_assert_ptr_nonnull(connection->tls);
	ev_io_start(loop, &connection->io);
}

static inline void secure_fake_listen(struct secure_fake *fake)
{
	fake->fd = tarn_socket_open(&fake->address, SOCK_STREAM);
	ck_assert_int_ge(fake->fd, 0);
	ev_io_init(&fake->io, on_secure_accept, fake->fd, EV_READ);
	fake->io.data = fake;
	ev_io_start(fake->loop, &fake->io);
}

/* Its port is closed. */
static inline void secure_fake_deafen(struct secure_fake *fake)
{
	if (fake->fd < 0)
		return;
	ev_io_stop(fake->loop, &fake->io);
	close(fake->fd);
	fake->fd = -1;
}

static inline void secure_fake_init(struct secure_fake *fake, struct ev_loop *loop,
				    enum tarn__transport transport,
				    void (*on_query)(struct secure_fake *, struct secure_query *))
{
	memset(fake, 0, sizeof(*fake));
	fake->loop = loop;
	fake->transport = transport;
	fake->server = world.server;
	fake->on_query = on_query;
	fake->address = parse_address("127.0.0.1:0");
	secure_fake_listen(fake);
}

/* Closes all connections, with close_notify or without. */
static inline void secure_fake_drop(struct secure_fake *fake, bool is_orderly)
{
	for (size_t i = 0; i < fake->accepted; i++) {
		if (is_orderly)
			secure_close(&fake->connections[i]);
		else
			secure_cut(&fake->connections[i]);
	}
}

static inline size_t secure_fake_live(const struct secure_fake *fake)
{
	size_t live = 0;
	for (size_t i = 0; i < fake->accepted; i++)
		live += fake->connections[i].fd >= 0;
	return live;
}

static inline void secure_fake_fini(struct secure_fake *fake)
{
	secure_fake_drop(fake, false);
	secure_fake_deafen(fake);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support/tls_client.h: a client over TLS on the loopback interface, for the unit tests of resolver/net, and the
 * certificates that it is shown. It is told the one that it expects by a pin.
 */
#ifndef TESTS_SUPPORT_TLS_CLIENT_H
#define TESTS_SUPPORT_TLS_CLIENT_H

#include "base/list.h"
#include "net/socket_pipe.h"
#include "support/certificates.h"
#include "support/net.h"
#include "tls/tls.h"

/* What is below TLS: a socket of which records are counted. */
struct counting_pipe {
	struct tarn__pipe pipe;
	struct tarn__socket_pipe socket;
	uint8_t header[5]; /* of the record that is being received, as far as it has come */
	size_t header_len, left; /* octets that are left of its rest */
	size_t records;
};

struct tls_client {
	struct ev_loop *loop;
	struct counting_pipe below;
	uint8_t pin[TARN__TLS_PIN_LEN];
	struct tarn__tls *tls;
	int fd;
};

static inline void count_records(struct counting_pipe *pipe, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len;) {
		if (pipe->left > 0) {
			size_t part = pipe->left < len - i ? pipe->left : len - i;
			pipe->left -= part;
			i += part;
			continue;
		}
		pipe->header[pipe->header_len++] = octets[i++];
		if (pipe->header_len < sizeof(pipe->header))
			continue;
		pipe->header_len = 0;
		pipe->left = tarn__get16(pipe->header + 3);
		pipe->records++;
	}
}

static inline ssize_t counting_recv(struct tarn__pipe *base, void *out, size_t room)
{
	struct counting_pipe *pipe = TARN__CONTAINER(base, struct counting_pipe, pipe);
	ssize_t len = tarn__pipe_recv(&pipe->socket.pipe, out, room);
	if (len > 0)
		count_records(pipe, out, (size_t)len);
	return len;
}

static inline ssize_t counting_send(struct tarn__pipe *base, const void *octets, size_t len)
{
	return tarn__pipe_send(&TARN__CONTAINER(base, struct counting_pipe, pipe)->socket.pipe,
			       octets, len);
}

static inline void counting_end(struct tarn__pipe *base)
{
	tarn__pipe_end(&TARN__CONTAINER(base, struct counting_pipe, pipe)->socket.pipe);
}

/* Takes the socket; nothing is sent yet. expected: the certificate; NULL: one that is of no server here. */
static inline struct tls_client *tls_client_new(struct ev_loop *loop, int fd,
						struct tarn__tls_client *context,
						const struct certificate *expected,
						const char *alpn,
						struct tarn__tls_sessions *sessions)
{
	static const struct tarn__pipe_ops ops = {
		.recv = counting_recv, .send = counting_send, .end = counting_end};
	struct tls_client *client = calloc(1, sizeof(*client));
	ck_assert_ptr_nonnull(client);
	client->loop = loop;
	client->fd = fd;
	client->below.pipe.ops = &ops;
	tarn__socket_pipe_init(&client->below.socket, fd);
	if (expected)
		certificate_pin(expected, client->pin);
	const struct tarn__tls_identity identity = {
		.pins = (const uint8_t(*)[TARN__TLS_PIN_LEN]) & client->pin,
		.pin_count = 1,
		.alpn = alpn,
	};
	client->tls = tarn__tls_connect(context, &identity, sessions, &client->below.pipe);
	ck_assert_ptr_nonnull(client->tls);
	return client;
}

static inline void tls_client_free(struct tls_client *client)
{
	tarn__tls_free(client->tls);
	close(client->fd);
	free(client);
}

/* Leaves no word to the server, and does not make it wait. */
static inline bool is_secured(void *arg)
{
	struct tls_client *client = arg;
	return tarn__tls_secure(client->tls) != TARN__TLS_SECURING;
}

/* Sends what the handshake begins with. */
static inline void tls_client_begin(struct tls_client *client)
{
	ck_assert_int_eq(tarn__tls_secure(client->tls), TARN__TLS_SECURING);
}

/* A timer lets the loop turn: what the client waits for is no event of this loop. */
static inline void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
}

static inline void run_ticking(struct ev_loop *loop, bool (*condition)(void *), void *arg)
{
	ev_timer tick;
	ev_timer_init(&tick, on_tick, 0.001, 0.001);
	ev_timer_start(loop, &tick);
	run_until(loop, condition, arg);
	ev_timer_stop(loop, &tick);
}

/* Goes on with the handshake to its end. */
static inline enum tarn__tls_state tls_client_secure(struct tls_client *client)
{
	run_ticking(client->loop, is_secured, client);
	return tarn__tls_state(client->tls);
}

static inline void tls_client_send(struct tls_client *client, const uint8_t *octets, size_t len)
{
	struct tarn__pipe *pipe = tarn__tls_pipe(client->tls);
	for (size_t at = 0; at < len;) {
		ssize_t count = tarn__pipe_send(pipe, octets + at, len - at);
		ck_assert(count > 0 || errno == EAGAIN);
		at += count > 0 ? (size_t)count : 0;
		if (count < 0)
			run_dry(client->loop);
	}
}

/* Returns as recv(2), once there is something to return. */
static inline ssize_t tls_client_recv(struct tls_client *client, uint8_t *out, size_t room)
{
	for (;;) {
		ssize_t count = tarn__pipe_recv(tarn__tls_pipe(client->tls), out, room);
		if (count >= 0 || errno != EAGAIN)
			return count;
		wait_for(client->loop, client->fd, EV_READ);
	}
}

static inline void tls_client_receive(struct tls_client *client, uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t count = tls_client_recv(client, out + at, len - at);
		ck_assert_int_gt(count, 0);
		at += (size_t)count;
	}
}

#endif

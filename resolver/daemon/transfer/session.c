/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/session.c: a question about a zone. */
#include "config.h"

#include "daemon/transfer/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/forward/endpoint.h"
#include "crypto/hmac.h"
#include "net/socket_pipe.h"
#include "net/socket.h"
#include "net/stream.h"

struct tarn__session {
	struct tarn__session_options options;
	int fd;
	ev_io io;
	ev_timer idle;
	ev_tstamp end; /* the loop's time at which it may not go on */
	bool is_connected;
	bool has_tsig;
	struct tarn__socket_pipe pipe;
	struct tarn__stream stream;
	struct tarn__tsig tsig;
	struct tarn__xfr xfr;
};

/* ---- codes ----------------------------------------------------------------------------------- */

static void *begin_code(const uint8_t *secret, size_t len)
{
	return tarn__hmac_new(secret, len);
}

static bool add_to_code(void *code, const void *octets, size_t len)
{
	return tarn__hmac_add(code, octets, len);
}

static bool end_code(void *code, uint8_t mac[TARN__TSIG_MAC_LEN])
{
	return tarn__hmac_end(code, mac);
}

static void free_code(void *code)
{
	tarn__hmac_free(code);
}

_Static_assert((int)TARN__TSIG_MAC_LEN == (int)TARN__HMAC_LEN, "a code is as long");

const struct tarn__tsig_hmac tarn__session_hmac = {
	.begin = begin_code, .add = add_to_code, .end = end_code, .free = free_code};

/* ---- the end --------------------------------------------------------------------------------- */

/* The session may not be touched after that. */
static void end(struct tarn__session *session, enum tarn__xfr_result result, const char *reason)
{
	const struct tarn__session_options *options = &session->options;
	ev_io_stop(options->loop, &session->io);
	ev_timer_stop(options->loop, &session->idle);
	options->done(options->data, result, &session->xfr.soa, reason);
}

static void fail(struct tarn__session *session, const char *reason)
{
	end(session, TARN__XFR_FAILED, reason);
}

static void on_idle(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__session *session = timer->data;
	fail(session, session->is_connected ? "it does not answer in time"
					    : "the connection is not accepted in time");
}

/* Returns false if the session may not go on. */
static bool extend(struct tarn__session *session)
{
	struct ev_loop *loop = session->options.loop;
	if (ev_now(loop) >= session->end)
		return false;
	ev_timer_again(loop, &session->idle);
	return true;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* Returns true if the message may be read. */
static bool verify(struct tarn__session *session, const uint8_t *message, size_t len,
		   const char **fault)
{
	if (!session->has_tsig)
		return true;
	enum tarn__tsig_result result =
		tarn__tsig_verify(&session->tsig, message, len, (uint64_t)time(NULL));
	*fault = tarn__tsig_text(result);
	return result == TARN__TSIG_GOOD || result == TARN__TSIG_UNSIGNED;
}

/* A signature that is missing at the end makes all of it worthless. */
static void end_with(struct tarn__session *session, enum tarn__xfr_result result)
{
	if (session->has_tsig && !tarn__tsig_is_complete(&session->tsig))
		fail(session, "its last message is not signed");
	else
		end(session, result, session->xfr.reason);
}

/* Returns false if the session has ended. */
static bool take(struct tarn__session *session, const uint8_t *message, size_t len)
{
	const char *fault;
	if (!verify(session, message, len, &fault)) {
		fail(session, fault);
		return false;
	}
	enum tarn__xfr_result result = tarn__xfr_take(&session->xfr, message, len);
	if (result != TARN__XFR_MORE) {
		end_with(session, result);
		return false;
	}
	if (extend(session))
		return true;
	fail(session, "it takes more than an hour");
	return false;
}

static void take_messages(struct tarn__session *session)
{
	const uint8_t *message;
	size_t len;
	while (tarn__stream_next(&session->stream, &message, &len)) {
		if (!take(session, message, len))
			return;
	}
	tarn__stream_done(&session->stream);
}

static void read_more(struct tarn__session *session)
{
	switch (tarn__stream_read(&session->stream)) {
	case TARN__STREAM_READ:
		take_messages(session);
		break;
	case TARN__STREAM_END:
		fail(session, "the connection ends too early");
		break;
	case TARN__STREAM_AGAIN:
		break;
	default:
		fail(session, strerror(errno));
	}
}

/* ---- the socket ------------------------------------------------------------------------------ */

static void watch(struct tarn__session *session)
{
	struct ev_loop *loop = session->options.loop;
	bool is_writing = !session->is_connected || tarn__stream_pending(&session->stream) > 0;
	ev_io_stop(loop, &session->io);
	ev_io_set(&session->io, session->fd, is_writing ? EV_WRITE : EV_READ);
	ev_io_start(loop, &session->io);
}

static void write_more(struct tarn__session *session)
{
	int error = 0;
	socklen_t len = sizeof(error);
	if (!session->is_connected &&
	    (getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0)) {
		fail(session, strerror(error != 0 ? error : errno));
		return;
	}
	session->is_connected = true;
	if (tarn__stream_flush(&session->stream) < 0)
		fail(session, strerror(errno));
	else
		watch(session);
}

static void on_ready(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	struct tarn__session *session = io->data;
	if (events & EV_WRITE)
		write_more(session);
	else
		read_more(session);
}

/* Returns a descriptor, or -1 with errno. */
static int open_socket(const struct tarn__session_options *options)
{
	struct tarn__endpoint *endpoint =
		tarn__endpoint_new(options->primary, NULL, options->source);
	if (!endpoint) {
		errno = ENOMEM;
		return -1;
	}
	int fd = tarn__socket_outgoing(endpoint, TARN__TCP, NULL, NULL);
	int error = errno;
	tarn__endpoint_put(endpoint);
	errno = error;
	if (fd < 0)
		return -1;
	if (tarn__socket_connect(fd, options->primary) == 0 || errno == EINPROGRESS)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool put_query(struct tarn__session *session)
{
	uint8_t query[TARN__XFR_QUERY_MAX + TARN__TSIG_RECORD_MAX];
	size_t len = tarn__xfr_query(&session->xfr, query);
	if (session->has_tsig)
		len = tarn__tsig_sign(&session->tsig, query, len, sizeof(query),
				      (uint64_t)time(NULL));
	return len > 0 && tarn__stream_put(&session->stream, query, len) == 0;
}

static void start(struct tarn__session *session)
{
	struct ev_loop *loop = session->options.loop;
	ev_now_update(loop);
	session->end = ev_now(loop) + TARN__SESSION_MAX_SEC;
	ev_init(&session->io, on_ready);
	ev_timer_init(&session->idle, on_idle, 0, TARN__SESSION_IDLE_SEC);
	session->io.data = session->idle.data = session;
	ev_timer_again(loop, &session->idle);
	watch(session);
}

struct tarn__session *tarn__session_new(const struct tarn__session_options *options)
{
	struct tarn__session *session = malloc(sizeof(*session));
	int fd = session ? open_socket(options) : -1;
	if (fd < 0) {
		int error = session ? errno : ENOMEM;
		free(session);
		errno = error;
		return NULL;
	}
	session->options = *options;
	session->fd = fd;
	session->is_connected = false;
	session->has_tsig = options->key != NULL;
	session->tsig = (struct tarn__tsig){0};
	if (options->key)
		tarn__tsig_init(&session->tsig, options->key, &tarn__session_hmac);
	tarn__socket_pipe_init(&session->pipe, fd);
	tarn__stream_init(&session->stream, &session->pipe.pipe);
	tarn__xfr_init(&session->xfr, options->kind, options->id, options->zone, options->serial,
		       options->callbacks, options->data);
	start(session);
	if (put_query(session))
		return session;
	tarn__session_free(session);
	errno = ENOMEM;
	return NULL;
}

void tarn__session_free(struct tarn__session *session)
{
	if (!session)
		return;
	ev_io_stop(session->options.loop, &session->io);
	ev_timer_stop(session->options.loop, &session->idle);
	close(session->fd);
	tarn__stream_fini(&session->stream);
	tarn__tsig_fini(&session->tsig);
	free(session);
}

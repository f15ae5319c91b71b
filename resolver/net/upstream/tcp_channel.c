/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/tcp_channel.c: messages on a connection that is kept and shared (RFC 7766 section 6.2.1.1).
 */
#include "config.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "net/clock.h"
#include "net/socket_pipe.h"
#include "net/stream.h"
#include "net/upstream/socket_channel.h"
#include "tarn.h"

enum {
	/* A connection that is not made by then is given up. */
	CONNECT_MS = 3000,
	/* A connection on which nothing has come for this time since a message was sent is avoided ... */
	DOUBT_MS = 200,
	/* ... and is dead after this. */
	SILENCE_MS = 5000,
	/* An unused connection is closed: below the 10 s at which servers begin to close them. */
	IDLE_MS = 8000,
	/* Octets that may wait for a slow server. */
	OUTPUT_MAX = 1 << 16,
};

struct tcp_channel {
	struct tarn__socket_channel base;
	struct tarn__socket_pipe pipe;
	struct tarn__stream stream;
	/* when a message was sent, if nothing has come since; 0: nothing is unanswered */
	uint64_t unanswered_ms;
};

static struct tcp_channel *tcp_of(const struct tarn__socket_channel *base)
{
	return (struct tcp_channel *)base;
}

/* ---- the connection ----------------------------------------------------------------------- */

/*
 * The stream of the last socket is freed only here: an answer that was read from it before its end may not
 * have been called back any sooner.
 */
static void on_opened(struct tarn__socket_channel *channel)
{
	struct tcp_channel *tcp = tcp_of(channel);
	tcp->unanswered_ms = 0;
	tarn__stream_fini(&tcp->stream);
	tarn__socket_pipe_init(&tcp->pipe, channel->fd);
	tarn__stream_init(&tcp->stream, &tcp->pipe.pipe);
}

static void watch(struct tarn__socket_channel *channel)
{
	bool has_output = tarn__stream_pending(&tcp_of(channel)->stream) > 0;
	bool wants_write = !channel->is_connected || has_output;
	tarn__socket_channel_watch(channel, wants_write ? EV_READ | EV_WRITE : EV_READ);
}

static bool put_message(struct tarn__socket_channel *channel, const struct tarn_exchange *exchange)
{
	struct tarn__stream *stream = &tcp_of(channel)->stream;
	if (channel->is_lost || tarn__stream_pending(stream) > OUTPUT_MAX ||
	    tarn__stream_put(stream, exchange->wire, exchange->len) != 0)
		return false;
	channel->options.owner->wants_flush(channel->options.owner->data);
	return true;
}

static void send_transaction(struct tarn__socket_channel *channel,
			     struct tarn__transaction *transaction)
{
	struct tcp_channel *tcp = tcp_of(channel);
	if (tcp->unanswered_ms == 0)
		tcp->unanswered_ms = tarn__clock_ms();
	transaction->is_sent = true;
	if (!put_message(channel, transaction->exchange))
		tarn__socket_channel_finish(channel, transaction, TARN_EUNREACHABLE);
}

static void flush_stream(struct tarn__socket_channel *channel)
{
	if (tarn__stream_flush(&tcp_of(channel)->stream) != 0)
		channel->is_lost = true;
	watch(channel);
}

/* Writable: connected, or refused, which the socket's error shows. */
static void on_writable(struct tarn__socket_channel *channel)
{
	int error = 0;
	socklen_t len = sizeof(error);
	if (!channel->is_connected &&
	    (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)) {
		channel->is_lost = true;
		return;
	}
	channel->is_connected = true;
	flush_stream(channel);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* The next answer that has been read; NULL: none. */
static struct tarn__transaction *receive(struct tarn__socket_channel *channel)
{
	const uint8_t *message;
	size_t len;
	while (tarn__stream_next(&tcp_of(channel)->stream, &message, &len)) {
		struct tarn__transaction *transaction =
			tarn__socket_channel_match(channel, message, len);
		if (transaction)
			return transaction;
	}
	return NULL;
}

/* Calls each back before the next. All of them are taken: no event reports what is left of a stream. */
static void receive_answers(struct tarn__socket_channel *channel)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	struct tarn__transaction *transaction;
	while (channel->fd >= 0 && (transaction = receive(channel))) {
		tcp_of(channel)->unanswered_ms = 0;
		tarn__socket_channel_finish(channel, transaction, 0);
		owner->settle(owner->data);
	}
}

/* Answers are taken first; then c-ares closes a connection that is lost. */
static void serve(struct tarn__socket_channel *channel, int events)
{
	struct tarn__stream *stream = &tcp_of(channel)->stream;
	if (events & EV_WRITE)
		on_writable(channel);
	int read = TARN__STREAM_AGAIN;
	if ((events & EV_READ) && !channel->is_lost)
		read = tarn__stream_read(stream);
	if (read == TARN__STREAM_END || read == TARN_ESYSTEM)
		channel->is_lost = true;
	receive_answers(channel);
	tarn__stream_done(stream);
	if (channel->is_lost)
		tarn__socket_channel_close(channel);
}

/* ---- the channel -------------------------------------------------------------------------- */

static void tcp_flush(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd >= 0 && channel->is_connected &&
	    tarn__stream_pending(&tcp_of(channel)->stream) > 0)
		flush_stream(channel);
	if (channel->is_lost)
		tarn__socket_channel_close(channel);
}

/* Returns true for a connection that is to be given up. */
static bool is_dead(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	uint64_t unanswered_ms = tcp_of(channel)->unanswered_ms;
	if (tarn__transactions_are_none(&channel->transactions) &&
	    now_ms >= channel->channel.used_ms + IDLE_MS)
		return true;
	if (!channel->is_connected)
		return now_ms >= channel->opened_ms + CONNECT_MS;
	return unanswered_ms != 0 && now_ms >= unanswered_ms + SILENCE_MS;
}

static void tcp_tick(struct tarn__channel *base, uint64_t now_ms)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return;
	if (channel->is_lost || is_dead(channel, now_ms))
		tarn__socket_channel_close(channel);
	else
		tarn__token_tick(&channel->token, now_ms);
}

static bool is_in_doubt(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	uint64_t unanswered_ms = tcp_of(channel)->unanswered_ms;
	return unanswered_ms != 0 && now_ms >= unanswered_ms + DOUBT_MS;
}

static enum tarn__channel_state tcp_state(const struct tarn__channel *base, uint64_t now_ms)
{
	const struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return TARN__CHANNEL_CLOSED;
	if (channel->is_lost || tarn__transactions_are_full(&channel->transactions))
		return TARN__CHANNEL_FULL;
	bool is_worn = channel->is_retired || is_in_doubt(channel, now_ms);
	return is_worn ? TARN__CHANNEL_WORN : TARN__CHANNEL_OPEN;
}

static void tcp_free(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	tarn__socket_channel_fini(channel);
	tarn__stream_fini(&tcp_of(channel)->stream);
	free(tcp_of(channel));
}

static struct tarn__channel *tcp_new(const struct tarn__channel_options *options)
{
	static const struct tarn__socket_kind kind = {
		.transport = TARN__TCP,
		.opened = on_opened,
		.watch = watch,
		.send = send_transaction,
		.serve = serve,
	};
	struct tcp_channel *tcp = calloc(1, sizeof(*tcp));
	if (!tcp)
		return NULL;
	if (tarn__socket_channel_init(&tcp->base, &tarn__tcp_channel, &kind, options) == 0)
		return &tcp->base.channel;
	tcp_free(&tcp->base.channel);
	return NULL;
}

const struct tarn__channel_ops tarn__tcp_channel = {
	.create = tcp_new,
	.free = tcp_free,
	.state = tcp_state,
	.send = tarn__socket_channel_send,
	.cancel = tarn__socket_channel_cancel,
	.retire = tarn__socket_channel_retire,
	.flush = tcp_flush,
	.tick = tcp_tick,
};

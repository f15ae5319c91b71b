/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/connection_channel.c: messages on a connection that is kept and shared (RFC 7766 section
 * 6.2.1.1), in the clear or encrypted:
 *
 *	CONNECTING --> SECURING --> OPEN     TLS (RFC 7858) and HTTPS (RFC 8484)
 *	CONNECTING ---------------> OPEN     TCP, whose messages wait in the stream meanwhile
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/forward/endpoint.h"
#include "http2/h2_client.h"
#include "net/clock.h"
#include "net/framed.h"
#include "net/upstream/connection.h"
#include "net/upstream/secure_server.h"
#include "tarn.h"

enum {
	/* Of TCP: a connection that is not made by then is given up. */
	CONNECT_MS = 3000,
	/* A connection on which nothing has come for this time since a message was sent is avoided ... */
	DOUBT_MS = 200,
	/* ... and is dead after this. */
	SILENCE_MS = 5000,
	/*
	 * Questions under way up to which an acknowledgement of its own is worth its cost: with more, other
	 * segments carry it.
	 */
	QUICK_MAX = 8,
};

/* ---- the end of a connection -------------------------------------------------------------- */

static void close_lost(struct tarn__socket_channel *channel)
{
	tarn__connection_lose(channel);
	tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
}

/* Octets that wait are written before the last word, as far as the socket takes them. */
static void on_closing(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	if (!tarn__connection_is_encrypted(channel) || connection->state != TARN__OPEN ||
	    connection->is_broken)
		return;
	struct tarn__framing *framing = connection->framing;
	framing->ops->end(framing);
	if (framing->ops->flush(framing) == 0)
		tarn__pipe_end(tarn__tls_pipe(connection->link.tls));
	connection->is_broken = true;
}

/* An encrypted server has not been reached, or has not proved its identity. */
static const char *note_failure(struct tarn__socket_channel *channel, int error, const char *fault,
				bool is_clock)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	owner->setup_failed(owner->data, channel->options.endpoint, error, fault, is_clock);
	/* The server's own copy lives longer than the connection. */
	return channel->options.server->fault;
}

static void fail_setup(struct tarn__socket_channel *channel, int error, const char *fault,
		       bool is_clock)
{
	fault = note_failure(channel, error, fault, is_clock);
	tarn__socket_channel_close(channel, error, fault);
}

static const char *explain(int reason)
{
	switch (reason) {
	case ECONNREFUSED:
		return "connection refused";
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		return "no route";
	case ECONNRESET:
		return "connection reset";
	default:
		return "no connection";
	}
}

static const char *on_failed(struct tarn__socket_channel *channel, int *error)
{
	if (!tarn__connection_is_encrypted(channel))
		return NULL;
	if (tarn__connection_is_open(channel)) {
		tarn__connection_lose(channel);
		return NULL;
	}
	return note_failure(channel, *error, explain(channel->connect_errno), false);
}

/* ---- its begin ---------------------------------------------------------------------------- */

static void forget_last(struct tarn__connection *connection)
{
	if (connection->framing)
		connection->framing->ops->free(connection->framing);
	connection->framing = NULL;
	tarn__tls_link_fini(&connection->link);
}

/* RFC 7858 section 7.1 has none; https://www.iana.org/assignments/tls-extensiontype-values. RFC 8484 section 5.2. */
static const char *alpn_of(const struct tarn__socket_channel *channel)
{
	return channel->options.transport == TARN__TLS ? "dot" : "h2";
}

static int begin_securing(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	const struct tarn__channel_options *options = &channel->options;
	if (!*options->tls)
		return TARN_ENOMEM;
	if (tarn__tls_link_init(&connection->link, *options->tls, options->endpoint,
				alpn_of(channel), &options->server->store,
				&connection->pipe.pipe) != 0)
		return TARN_ENOMEM;
	tarn__secure_server_started(options->server, channel->opened_ms);
	tarn__connection_wants_tick(channel, channel->opened_ms + TARN__CONNECT_LATE_MS);
	return 0;
}

/*
 * What the last socket needed is freed only here: an answer that was read from it before its end may not
 * have been called back any sooner.
 */
static int on_opened(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	forget_last(connection);
	connection->state = TARN__CONNECTING;
	connection->is_broken = false;
	connection->takes_none = false;
	connection->has_refused = false;
	connection->has_keepalive = false;
	connection->unanswered_ms = 0;
	connection->answered = connection->foreign = connection->late = 0;
	tarn__socket_pipe_init(&connection->pipe, channel->fd);
	if (tarn__connection_is_encrypted(channel))
		return begin_securing(channel);
	connection->framing = tarn__framed_new(&connection->pipe.pipe);
	return connection->framing ? 0 : TARN_ENOMEM;
}

static struct tarn__framing *new_framing(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	struct tarn__pipe *pipe = tarn__tls_pipe(connection->link.tls);
	if (channel->options.transport == TARN__TLS)
		return tarn__framed_new(pipe);
	const char *path = channel->options.endpoint->traits.path;
	return tarn__h2_client_new(pipe, &(struct tarn__h2_target){
						 .authority = channel->options.server->authority,
						 .path = path ? path : "/dns-query",
					 });
}

/* The events that TLS waits for; c-ares' wishes do not matter. */
static int events_of(const struct tarn__socket_channel *channel)
{
	const struct tarn__connection *connection = tarn__connection_of(channel);
	bool wants_write = connection->state == TARN__CONNECTING;
	if (connection->state != TARN__CONNECTING && tarn__connection_is_encrypted(channel))
		wants_write = tarn__tls_wants_write(connection->link.tls);
	else if (connection->framing)
		wants_write |= connection->framing->ops->pending(connection->framing) > 0;
	return wants_write ? EV_READ | EV_WRITE : EV_READ;
}

static void watch(struct tarn__socket_channel *channel)
{
	tarn__socket_channel_watch(channel, events_of(channel));
}

static void flush_output(struct tarn__socket_channel *channel)
{
	tarn__connection_write(channel);
	if (!channel->is_lost)
		watch(channel);
}

/* ---- events ------------------------------------------------------------------------------- */

static void become_open(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	connection->state = TARN__OPEN;
	connection->open_ms = tarn__clock_ms();
	channel->loss = TARN__LOSS_CONNECTION;
	/* What the server has answered before it closed is read, whatever is written meanwhile. */
	tarn__socket_pipe_init_mild(&connection->pipe, channel->fd);
}

/*
 * What has come is acknowledged at once, as long as little is under way: a server without TCP_NODELAY keeps an
 * answer back, for up to 40 ms, until what it has sent before, session tickets or an answer, is acknowledged.
 */
static void acknowledge(const struct tarn__socket_channel *channel)
{
	int on = 1;
	if (channel->channel.under_way <= QUICK_MAX)
		(void)setsockopt(channel->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

/* The handshake has ended well. */
static void on_secured(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	/* RFC 9113 section 3.2. Over DoT a server may be silent about it. */
	if (channel->options.transport == TARN__HTTPS &&
	    !tarn__tls_has_alpn(connection->link.tls)) {
		fail_setup(channel, TARN_ETLS, "no HTTP/2", false);
		return;
	}
	struct tarn__carrier_stats *stats = channel->options.stats;
	if (tarn__tls_is_resumed(connection->link.tls))
		stats->resumptions++;
	else
		stats->handshakes++;
	tarn__secure_server_succeeded(channel->options.server);
	connection->framing = new_framing(channel);
	if (!connection->framing) {
		tarn__socket_channel_close(channel, TARN_ENOMEM, NULL);
		return;
	}
	become_open(channel);
	acknowledge(channel);
	tarn__connection_put_waiting(channel);
}

static void secure(struct tarn__socket_channel *channel)
{
	struct tarn__tls_link *link = &tarn__connection_of(channel)->link;
	switch (tarn__tls_secure(link->tls)) {
	case TARN__TLS_SECURING:
		watch(channel);
		break;
	case TARN__TLS_OPEN:
		on_secured(channel);
		break;
	case TARN__TLS_FAILED:
		fail_setup(channel, tarn__tls_link_error(link), tarn__tls_fault(link->tls),
			   tarn__tls_reason(link->tls) == TARN__TLS_CLOCK);
		break;
	}
}

/* Writable: connected, or refused, which the socket's error shows. */
static void on_writable(struct tarn__socket_channel *channel)
{
	int error = 0;
	socklen_t len = sizeof(error);
	if (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
		if (tarn__connection_is_encrypted(channel))
			fail_setup(channel, TARN_EUNREACHABLE, explain(error), false);
		else
			tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
	} else if (tarn__connection_is_encrypted(channel)) {
		tarn__connection_of(channel)->state = TARN__SECURING;
	} else {
		become_open(channel);
	}
}

/* Answers are taken first; then c-ares closes a connection that is lost. */
static void serve(struct tarn__socket_channel *channel, int events)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	if (connection->state == TARN__CONNECTING && events & EV_WRITE)
		on_writable(channel);
	if (channel->fd >= 0 && connection->state == TARN__SECURING)
		secure(channel);
	if (!tarn__connection_is_open(channel))
		return;
	/* Right behind the handshake there may be answers. */
	if (events & EV_READ || tarn__connection_is_encrypted(channel))
		tarn__connection_read(channel);
	if (!channel->is_lost) {
		tarn__connection_put_waiting(channel);
		flush_output(channel);
		if (channel->channel.under_way > 0 && tarn__connection_is_encrypted(channel))
			acknowledge(channel);
	}
	if (channel->is_lost)
		close_lost(channel);
}

/* ---- time --------------------------------------------------------------------------------- */

static uint64_t silence_ms(const struct tarn__socket_channel *channel)
{
	return tarn__connection_is_encrypted(channel)
		       ? tarn__secure_server_dead_ms(channel->options.server)
		       : (uint64_t)SILENCE_MS;
}

static uint64_t setup_ms(const struct tarn__socket_channel *channel)
{
	return tarn__connection_is_encrypted(channel) ? (uint64_t)TARN__SETUP_MS
						      : (uint64_t)CONNECT_MS;
}

static bool is_silent_for(const struct tarn__socket_channel *channel, uint64_t span_ms,
			  uint64_t now_ms)
{
	uint64_t unanswered_ms = tarn__connection_of(channel)->unanswered_ms;
	return unanswered_ms != 0 && now_ms >= unanswered_ms + span_ms;
}

static bool is_idle(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	return channel->channel.under_way == 0 && tarn__connection_is_open(channel) &&
	       now_ms >=
		       tarn__connection_idle_since_ms(channel) + tarn__connection_idle_ms(channel);
}

/* Returns true if it is of no more use, and nothing is under way on it. */
static bool has_served(const struct tarn__socket_channel *channel)
{
	return tarn__connection_is_encrypted(channel) && tarn__connection_is_open(channel) &&
	       channel->channel.under_way == 0 &&
	       (channel->is_retired || tarn__connection_of(channel)->takes_none);
}

/* A set-up that goes on in spite of that is not the only one any more. */
static bool is_late(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	uint64_t span_ms = tarn__connection_of(channel)->state == TARN__CONNECTING
				   ? (uint64_t)TARN__CONNECT_LATE_MS
				   : (uint64_t)TARN__SETUP_LATE_MS;
	return !tarn__connection_is_open(channel) && now_ms >= channel->opened_ms + span_ms;
}

/* When the next of these is to be looked at. */
static uint64_t next_tick_ms(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	const struct tarn__connection *connection = tarn__connection_of(channel);
	if (connection->state != TARN__OPEN) {
		uint64_t late_ms = channel->opened_ms + (connection->state == TARN__CONNECTING
								 ? TARN__CONNECT_LATE_MS
								 : TARN__SETUP_LATE_MS);
		return now_ms < late_ms ? late_ms : channel->opened_ms + setup_ms(channel);
	}
	if (connection->unanswered_ms != 0) {
		uint64_t doubt_ms = connection->unanswered_ms +
				    tarn__secure_server_doubt_ms(channel->options.server);
		return now_ms < doubt_ms ? doubt_ms
					 : connection->unanswered_ms + silence_ms(channel);
	}
	return tarn__connection_idle_since_ms(channel) + tarn__connection_idle_ms(channel);
}

static void wait_on(struct tarn__socket_channel *channel, uint64_t now_ms)
{
	if (is_late(channel, now_ms))
		tarn__secure_server_was_late(channel->options.server);
	tarn__connection_wants_tick(channel, next_tick_ms(channel, now_ms));
}

static bool has_timed_out(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	return !tarn__connection_is_open(channel) &&
	       now_ms >= channel->opened_ms + setup_ms(channel);
}

static void connection_tick(struct tarn__channel *base, uint64_t now_ms)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return;
	if (channel->is_lost || has_served(channel) ||
	    is_silent_for(channel, silence_ms(channel), now_ms)) {
		close_lost(channel);
	} else if (has_timed_out(channel, now_ms)) {
		if (tarn__connection_is_encrypted(channel))
			fail_setup(channel, TARN_ETIMEOUT, "no encrypted connection in time",
				   false);
		else
			close_lost(channel);
	} else if (is_idle(channel, now_ms)) {
		if (tarn__connection_is_encrypted(channel))
			tarn__secure_server_kept(channel->options.server);
		close_lost(channel);
	} else {
		tarn__token_tick(&channel->token, now_ms);
		if (tarn__connection_is_encrypted(channel))
			wait_on(channel, now_ms);
	}
}

/* ---- the channel -------------------------------------------------------------------------- */

static void connection_flush(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (tarn__connection_is_open(channel) && !channel->is_lost) {
		struct tarn__framing *framing = tarn__connection_of(channel)->framing;
		if (framing->ops->pending(framing) > 0)
			flush_output(channel);
	}
	if (channel->is_lost || has_served(channel))
		close_lost(channel);
}

/*
 * Returns true if the server is known to end its connections after fewer answers than these will be. One that
 * lives on is tried with one question at a time.
 */
static bool is_spent(const struct tarn__socket_channel *channel)
{
	unsigned share = channel->options.server->share, under_way = channel->channel.under_way;
	return share < TARN__SHARE_MAX && under_way > 0 &&
	       tarn__connection_of(channel)->answered + under_way >= share;
}

static enum tarn__channel_state connection_state(const struct tarn__channel *base, uint64_t now_ms)
{
	const struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	const struct tarn__connection *connection = tarn__connection_of(channel);
	if (channel->fd < 0)
		return TARN__CHANNEL_CLOSED;
	if (channel->is_lost || connection->takes_none ||
	    tarn__transactions_are_full(&channel->transactions))
		return TARN__CHANNEL_FULL;
	if (!tarn__connection_is_encrypted(channel)) {
		bool is_worn = channel->is_retired || is_silent_for(channel, DOUBT_MS, now_ms);
		return is_worn ? TARN__CHANNEL_WORN : TARN__CHANNEL_OPEN;
	}
	if (channel->is_retired || is_late(channel, now_ms))
		return TARN__CHANNEL_WORN;
	if (connection->state != TARN__OPEN)
		return TARN__CHANNEL_OPENING;
	if (is_spent(channel))
		return TARN__CHANNEL_FULL;
	uint64_t doubt_ms = tarn__secure_server_doubt_ms(channel->options.server);
	bool is_worn = is_silent_for(channel, doubt_ms, now_ms) ||
		       connection->framing->ops->room(connection->framing) == 0;
	return is_worn ? TARN__CHANNEL_WORN : TARN__CHANNEL_OPEN;
}

static void connection_cancel(struct tarn__channel *base, struct tarn__transaction *transaction)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	tarn__connection_forget(channel, transaction);
	tarn__socket_channel_cancel(base, transaction);
}

static void connection_open(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		tarn__token_start(&channel->token);
}

static void connection_drop(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return;
	channel->loss = TARN__LOSS_CONNECTION;
	tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
}

static bool connection_is_silent(const struct tarn__channel *base, uint64_t now_ms)
{
	const struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return false;
	if (!tarn__connection_is_open(channel))
		return is_late(channel, now_ms);
	return is_silent_for(channel, tarn__secure_server_doubt_ms(channel->options.server),
			     now_ms);
}

static struct tarn__transaction *connection_next(const struct tarn__channel *base, unsigned *slot)
{
	return tarn__transactions_next(&tarn__socket_channel_of(base)->transactions, slot);
}

static void connection_free(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd >= 0)
		close_lost(channel);
	tarn__socket_channel_fini(channel);
	forget_last(tarn__connection_of(channel));
	free(tarn__connection_of(channel));
}

static struct tarn__channel *connection_new(const struct tarn__channel_options *options)
{
	static const struct tarn__socket_kind kind = {
		.opened = on_opened,
		.watch = watch,
		.send = tarn__connection_send,
		.serve = serve,
		.closing = on_closing,
		.failed = on_failed,
	};
	struct tarn__connection *connection = calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	tarn__list_init(&connection->waiting);
	if (tarn__socket_channel_init(&connection->base, &tarn__connection_channel, &kind,
				      options) == 0)
		return &connection->base.channel;
	connection_free(&connection->base.channel);
	return NULL;
}

const struct tarn__channel_ops tarn__connection_channel = {
	.create = connection_new,
	.free = connection_free,
	.state = connection_state,
	.send = tarn__socket_channel_send,
	.cancel = connection_cancel,
	.retire = tarn__socket_channel_retire,
	.flush = connection_flush,
	.tick = connection_tick,
	.open = connection_open,
	.drop = connection_drop,
	.is_silent = connection_is_silent,
	.next = connection_next,
};

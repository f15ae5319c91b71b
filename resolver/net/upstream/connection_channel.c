/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/connection_channel.c: messages on a connection that is kept and shared (RFC 7766 section
 * 6.2.1.1), in the clear or encrypted:
 *
 *	CONNECTING --> SECURING --> OPEN     TLS (RFC 7858) and HTTPS (RFC 8484)
 *	CONNECTING ---------------> OPEN     TCP, whose messages wait in the stream meanwhile
 *
 * Of an encrypted one no message leaves before it is open: each waits in a list, there and whenever the
 * connection takes no more.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/forward/endpoint.h"
#include "dns/edns.h"
#include "dns/message.h"
#include "http2/h2_client.h"
#include "net/clock.h"
#include "net/framed.h"
#include "net/socket_pipe.h"
#include "net/upstream/secure_server.h"
#include "net/upstream/socket_channel.h"
#include "net/upstream/tls_link.h"
#include "tarn.h"

enum {
	/* Of TCP: a connection that is not made by then is given up. */
	CONNECT_MS = 3000,
	/* A connection on which nothing has come for this time since a message was sent is avoided ... */
	DOUBT_MS = 200,
	/* ... and is dead after this. */
	SILENCE_MS = 5000,
	/* An unused connection is closed: below the 10 s at which servers begin to close them. */
	IDLE_MS = 8000,
	/* Reads per wake-up of what TLS has decrypted; then other connections get their turn. */
	READS_PER_EVENT = 8,
	/* Answers to nothing asked; then the server is taken for faulty, and the connection is closed. */
	FOREIGN_MAX = 3,
};

enum state { CONNECTING, SECURING, OPEN };

struct connection {
	struct tarn__socket_channel base;
	struct tarn__socket_pipe pipe;
	struct tarn__tls_link link; /* of an encrypted one */
	struct tarn__framing *framing; /* NULL: it has not been open */
	struct tarn__list waiting; /* messages that have not been put */
	enum state state;
	bool is_broken; /* nothing can be written */
	bool takes_none; /* the server takes no more messages */
	/* when a message was sent, if nothing has come since; 0: nothing is unanswered */
	uint64_t unanswered_ms;
	uint64_t open_ms; /* since when it is open */
	unsigned answered, foreign;
	bool has_refused; /* messages that it was sent: others are to have fewer under way */
	unsigned late; /* messages that were canceled, whose answers may come still */
	bool has_keepalive;
	uint32_t keepalive_ms; /* how long the server keeps it when it is not used */
};

/* What the encrypted transports do not share. */
static const struct row {
	const char *alpn; /* NULL: in the clear */
	/* Answers to messages that were canceled come, too; HTTP/2 keeps them for itself. */
	bool has_late_answers;
	bool has_keepalive; /* RFC 7828; not in HTTP */
} rows[TARN__TRANSPORTS] = {
	[TARN__TCP] = {.has_late_answers = true},
	/* RFC 7301, https://www.iana.org/assignments/tls-extensiontype-values */
	[TARN__TLS] = {.alpn = "dot", .has_late_answers = true, .has_keepalive = true},
	[TARN__HTTPS] = {.alpn = "h2"}, /* RFC 8484 section 5.2 */
};

static struct connection *connection_of(const struct tarn__socket_channel *base)
{
	return (struct connection *)base;
}

static const struct row *row_of(const struct tarn__socket_channel *channel)
{
	return &rows[channel->options.transport];
}

static bool is_encrypted(const struct tarn__socket_channel *channel)
{
	return row_of(channel)->alpn;
}

static bool is_open(const struct tarn__socket_channel *channel)
{
	return channel->fd >= 0 && connection_of(channel)->state == OPEN;
}

static void wants_tick(const struct tarn__socket_channel *channel, uint64_t at_ms)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	owner->wants_tick(owner->data, at_ms);
}

/* ---- the end of a connection -------------------------------------------------------------- */

/* Nothing is sent on it any more, and what is under way on it is asked again on another one. */
static void lose(struct tarn__socket_channel *channel)
{
	const struct connection *connection = connection_of(channel);
	channel->is_lost = true;
	if (is_open(channel) && connection->answered == 0)
		channel->loss = TARN__LOSS_BARREN;
	if (is_open(channel) && connection->has_refused && connection->takes_none)
		tarn__secure_server_ended(channel->options.server, connection->answered);
}

static void close_lost(struct tarn__socket_channel *channel)
{
	lose(channel);
	tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
}

static uint64_t idle_since_ms(const struct tarn__socket_channel *channel)
{
	uint64_t open_ms = connection_of(channel)->open_ms;
	uint64_t used_ms = channel->channel.used_ms;
	return used_ms > open_ms ? used_ms : open_ms;
}

static uint64_t idle_ms(const struct tarn__socket_channel *channel)
{
	const struct connection *connection = connection_of(channel);
	if (!is_encrypted(channel))
		return IDLE_MS;
	uint32_t learnt_ms = channel->options.server->idle_ms;
	if (!connection->has_keepalive ||
	    (learnt_ms < TARN__IDLE_MAX_MS && learnt_ms < connection->keepalive_ms))
		return learnt_ms;
	return connection->keepalive_ms;
}

/* The server has ended it: what that shows. */
static void learn_end(const struct tarn__socket_channel *channel)
{
	const struct connection *connection = connection_of(channel);
	struct tarn__secure_server *server = channel->options.server;
	if (!is_encrypted(channel))
		return;
	if (channel->channel.under_way > 0)
		tarn__secure_server_ended(server, connection->answered);
	else if (connection->unanswered_ms == 0 && !connection->takes_none)
		tarn__secure_server_closed(server, tarn__clock_ms() - idle_since_ms(channel));
}

/* Octets that wait are written before the last word, as far as the socket takes them. */
static void on_closing(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	if (!is_encrypted(channel) || connection->state != OPEN || connection->is_broken)
		return;
	struct tarn__framing *framing = connection->framing;
	framing->ops->end(framing);
	if (framing->ops->flush(framing) == 0)
		tarn__pipe_end(tarn__tls_pipe(connection->link.tls));
	connection->is_broken = true;
}

/* An encrypted server has not been reached, or is not who it should be. */
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
	if (!is_encrypted(channel))
		return NULL;
	if (is_open(channel)) {
		lose(channel);
		return NULL;
	}
	return note_failure(channel, *error, explain(channel->connect_errno), false);
}

/* ---- its begin ---------------------------------------------------------------------------- */

static void forget_last(struct connection *connection)
{
	if (connection->framing)
		connection->framing->ops->free(connection->framing);
	connection->framing = NULL;
	tarn__tls_link_fini(&connection->link);
}

static int begin_securing(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	const struct tarn__channel_options *options = &channel->options;
	if (!*options->tls)
		return TARN_ENOMEM;
	if (tarn__tls_link_init(&connection->link, *options->tls, options->endpoint,
				row_of(channel)->alpn, &options->server->store,
				&connection->pipe.pipe) != 0)
		return TARN_ENOMEM;
	tarn__secure_server_started(options->server, channel->opened_ms);
	wants_tick(channel, channel->opened_ms + TARN__CONNECT_LATE_MS);
	return 0;
}

/*
 * What the last socket needed is freed only here: an answer that was read from it before its end may not
 * have been called back any sooner.
 */
static int on_opened(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	forget_last(connection);
	connection->state = CONNECTING;
	connection->is_broken = false;
	connection->takes_none = false;
	connection->has_refused = false;
	connection->has_keepalive = false;
	connection->unanswered_ms = 0;
	connection->answered = connection->foreign = connection->late = 0;
	/* What the server has answered before it closed is read, whatever is written meanwhile. */
	tarn__socket_pipe_init_mild(&connection->pipe, channel->fd);
	if (is_encrypted(channel))
		return begin_securing(channel);
	connection->framing = tarn__framed_new(&connection->pipe.pipe);
	return connection->framing ? 0 : TARN_ENOMEM;
}

static struct tarn__framing *new_framing(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
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
	const struct connection *connection = connection_of(channel);
	bool wants_write = connection->state == CONNECTING;
	if (connection->state != CONNECTING && is_encrypted(channel))
		wants_write = tarn__tls_wants_write(connection->link.tls);
	else if (connection->framing)
		wants_write |= connection->framing->ops->pending(connection->framing) > 0;
	return wants_write ? EV_READ | EV_WRITE : EV_READ;
}

static void watch(struct tarn__socket_channel *channel)
{
	tarn__socket_channel_watch(channel, events_of(channel));
}

/* ---- messages ----------------------------------------------------------------------------- */

static void note_sent(struct tarn__socket_channel *channel, struct tarn__transaction *transaction)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	struct connection *connection = connection_of(channel);
	tarn__list_remove(&transaction->waiting);
	transaction->is_sent = true;
	transaction->sent_ms = tarn__clock_ms();
	owner->wants_flush(owner->data);
	if (connection->unanswered_ms != 0)
		return;
	connection->unanswered_ms = transaction->sent_ms;
	if (is_encrypted(channel))
		wants_tick(channel, transaction->sent_ms +
					    tarn__secure_server_doubt_ms(channel->options.server));
}

/* Returns false if the message, and all that come after it, have to wait. */
static bool put_message(struct tarn__socket_channel *channel, struct tarn__transaction *transaction)
{
	struct connection *connection = connection_of(channel);
	const struct tarn_exchange *exchange = transaction->exchange;
	int error = TARN_EUNREACHABLE;
	if (!channel->is_lost && !connection->takes_none)
		error = connection->framing->ops->put(connection->framing, exchange->wire,
						      exchange->len, transaction->slot);
	if (error == TARN_EBUSY && is_encrypted(channel))
		return false;
	if (error == 0) {
		note_sent(channel, transaction);
		return true;
	}
	connection->takes_none |= error == TARN_EUNREACHABLE;
	/* It has not been sent, and another connection may take it. */
	tarn__socket_channel_finish(channel, transaction, TARN_EUNREACHABLE, NULL);
	return true;
}

static void put_waiting(struct tarn__socket_channel *channel)
{
	struct tarn__list *waiting = &connection_of(channel)->waiting;
	while (!tarn__list_is_empty(waiting) &&
	       put_message(channel,
			   TARN__CONTAINER(waiting->next, struct tarn__transaction, waiting)))
		;
}

static void send_transaction(struct tarn__socket_channel *channel,
			     struct tarn__transaction *transaction)
{
	struct connection *connection = connection_of(channel);
	bool has_to_wait = !connection->framing || !tarn__list_is_empty(&connection->waiting);
	if (has_to_wait || !put_message(channel, transaction))
		tarn__list_append(&connection->waiting, &transaction->waiting);
}

/* Goes on while the pipe takes octets: TLS takes a record at a time. Then there is room for what waits. */
static void flush_output(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	struct tarn__framing *framing = connection->framing;
	size_t before, left = framing->ops->pending(framing);
	do {
		before = left;
		if (framing->ops->flush(framing) != 0) {
			connection->is_broken = true;
			lose(channel);
			return;
		}
		left = framing->ops->pending(framing);
	} while (left > 0 && left < before && is_encrypted(channel));
	put_waiting(channel);
	watch(channel);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* Messages that nothing asks for, but for those whose question has been canceled. */
static void note_foreign(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	if (connection->late > 0)
		connection->late--;
	else if (is_encrypted(channel) && ++connection->foreign >= FOREIGN_MAX)
		lose(channel);
}

/* Something has come. */
static void note_heard(struct tarn__socket_channel *channel)
{
	bool waits_for_more = is_encrypted(channel) && channel->channel.under_way > 1;
	connection_of(channel)->unanswered_ms = waits_for_more ? tarn__clock_ms() : 0;
}

static void note_answer(struct tarn__socket_channel *channel,
			const struct tarn__transaction *transaction)
{
	struct connection *connection = connection_of(channel);
	connection->answered++;
	note_heard(channel);
	if (!is_encrypted(channel))
		return;
	struct tarn__secure_server *server = channel->options.server;
	tarn__secure_server_answered(server, tarn__clock_ms() - transaction->sent_ms);
	tarn__secure_server_shares(server, connection->answered);
	if (channel->channel.under_way <= 1)
		wants_tick(channel, tarn__clock_ms() + idle_ms(channel));
}

/* RFC 7828 section 3.2.2: for how long the server keeps the connection; 0: it is to be closed soon. */
static void note_keepalive(struct tarn__socket_channel *channel, const struct tarn__framed *framed)
{
	struct connection *connection = connection_of(channel);
	uint16_t units;
	if (!row_of(channel)->has_keepalive ||
	    !tarn__edns_keepalive(framed->message, framed->len, &units))
		return;
	uint32_t span_ms = units * UINT32_C(100);
	if (span_ms > TARN__KEEPALIVE_MAX_MS)
		span_ms = TARN__KEEPALIVE_MAX_MS;
	connection->takes_none |= span_ms == 0;
	connection->has_keepalive = true;
	connection->keepalive_ms = span_ms > TARN__IDLE_MIN_MS ? span_ms : TARN__IDLE_MIN_MS;
}

/* A question of which HTTP says that there is no answer to it. */
static void fail_question(struct tarn__socket_channel *channel, const struct tarn__framed *framed)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	struct tarn__transaction *transaction =
		tarn__transactions_at(&channel->transactions, framed->tag);
	note_heard(channel);
	if (framed->error == TARN_EANSWER)
		owner->answer_failed(owner->data, channel->options.endpoint, framed->error,
				     framed->reason ? framed->reason : "no DNS message",
				     framed->hold_ms);
	if (!transaction)
		return;
	tarn__socket_channel_finish(channel, transaction, framed->error, framed->reason);
	if (framed->error == TARN_EUNREACHABLE && framed->reason)
		transaction->loss = TARN__LOSS_STREAM;
	connection_of(channel)->has_refused |= transaction->loss == TARN__LOSS_CONNECTION;
}

/* What has come in its stream answers another question than that of the stream. */
static void fail_mismatch(struct tarn__socket_channel *channel, const struct tarn__framed *framed)
{
	struct tarn__transaction *transaction =
		framed->has_tag ? tarn__transactions_at(&channel->transactions, framed->tag) : NULL;
	if (transaction)
		tarn__socket_channel_finish(channel, transaction, TARN_EANSWER,
					    "answer to another question");
}

/* Takes the next thing that has been read; returns false if there is none. */
static bool receive(struct tarn__socket_channel *channel)
{
	struct tarn__framing *framing = connection_of(channel)->framing;
	struct tarn__framed framed;
	if (channel->fd < 0 || !framing->ops->next(framing, &framed))
		return false;
	if (!framed.message) {
		fail_question(channel, &framed);
		return true;
	}
	/* RFC 1035 section 4.1.1: a message has a header. */
	if (framed.len < TARN__HEADER_LEN && is_encrypted(channel)) {
		lose(channel);
		return false;
	}
	struct tarn__transaction *transaction =
		tarn__socket_channel_match(channel, framed.message, framed.len);
	if (!transaction) {
		note_foreign(channel);
		fail_mismatch(channel, &framed);
		return true;
	}
	note_keepalive(channel, &framed);
	note_answer(channel, transaction);
	tarn__socket_channel_finish(channel, transaction, 0, NULL);
	return true;
}

/* Calls each back before the next. All of them are taken: no event reports what is left of a stream. */
static void receive_answers(struct tarn__socket_channel *channel)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	while (receive(channel))
		owner->settle(owner->data);
}

/* Reads once. Returns true if octets came. */
static bool read_once(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	struct tarn__framing *framing = connection->framing;
	int read = framing->ops->read(framing);
	bool has_ended = read == TARN__STREAM_END || read == TARN_ESYSTEM;
	connection->is_broken |= read == TARN_ESYSTEM;
	channel->is_lost |= has_ended;
	receive_answers(channel);
	/* RFC 9113 section 6.8: with nothing under way, one that takes nothing has had a GOAWAY. */
	connection->takes_none |=
		channel->channel.under_way == 0 && framing->ops->room(framing) == 0;
	framing->ops->done(framing);
	if (has_ended) {
		learn_end(channel);
		lose(channel);
	}
	return read == TARN__STREAM_READ && !channel->is_lost;
}

/* What TLS has decrypted already no event reports: it is read now, or in the next turn of the loop. */
static void read_answers(struct tarn__socket_channel *channel)
{
	const struct connection *connection = connection_of(channel);
	if (!is_encrypted(channel)) {
		read_once(channel);
		return;
	}
	const struct tarn__pipe *pipe = tarn__tls_pipe(connection->link.tls);
	for (int reads = 0; reads < READS_PER_EVENT; reads++) {
		if (!read_once(channel) || !tarn__pipe_has_more(pipe))
			return;
	}
	ev_feed_event(channel->options.loop, &channel->watcher, EV_READ);
}

/* ---- events ------------------------------------------------------------------------------- */

static void become_open(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	connection->state = OPEN;
	connection->open_ms = tarn__clock_ms();
	channel->loss = TARN__LOSS_CONNECTION;
}

/* The handshake has ended well. */
static void on_secured(struct tarn__socket_channel *channel)
{
	struct connection *connection = connection_of(channel);
	/* RFC 9113 section 3.2. Over DoT a server may be silent about it. */
	if (channel->options.transport == TARN__HTTPS &&
	    !tarn__tls_has_alpn(connection->link.tls)) {
		fail_setup(channel, TARN_EUNREACHABLE, "no HTTP/2", false);
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
	put_waiting(channel);
}

static void secure(struct tarn__socket_channel *channel)
{
	struct tarn__tls_link *link = &connection_of(channel)->link;
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
		if (is_encrypted(channel))
			fail_setup(channel, TARN_EUNREACHABLE, explain(error), false);
		else
			tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
	} else if (is_encrypted(channel)) {
		connection_of(channel)->state = SECURING;
	} else {
		become_open(channel);
	}
}

/* Answers are taken first; then c-ares closes a connection that is lost. */
static void serve(struct tarn__socket_channel *channel, int events)
{
	struct connection *connection = connection_of(channel);
	if (connection->state == CONNECTING && events & EV_WRITE)
		on_writable(channel);
	if (channel->fd >= 0 && connection->state == SECURING)
		secure(channel);
	if (!is_open(channel))
		return;
	/* Right behind the handshake there may be answers. */
	if (events & EV_READ || is_encrypted(channel))
		read_answers(channel);
	if (!channel->is_lost) {
		put_waiting(channel);
		flush_output(channel);
	}
	if (channel->is_lost)
		close_lost(channel);
}

/* ---- time --------------------------------------------------------------------------------- */

static uint64_t silence_ms(const struct tarn__socket_channel *channel)
{
	return is_encrypted(channel) ? tarn__secure_server_dead_ms(channel->options.server)
				     : (uint64_t)SILENCE_MS;
}

static uint64_t setup_ms(const struct tarn__socket_channel *channel)
{
	return is_encrypted(channel) ? (uint64_t)TARN__SETUP_MS : (uint64_t)CONNECT_MS;
}

static bool is_silent_for(const struct tarn__socket_channel *channel, uint64_t span_ms,
			  uint64_t now_ms)
{
	uint64_t unanswered_ms = connection_of(channel)->unanswered_ms;
	return unanswered_ms != 0 && now_ms >= unanswered_ms + span_ms;
}

static bool is_idle(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	return channel->channel.under_way == 0 && is_open(channel) &&
	       now_ms >= idle_since_ms(channel) + idle_ms(channel);
}

/* Returns true if it is of no more use, and nothing is under way on it. */
static bool has_served(const struct tarn__socket_channel *channel)
{
	return is_encrypted(channel) && is_open(channel) && channel->channel.under_way == 0 &&
	       (channel->is_retired || connection_of(channel)->takes_none);
}

/* A set-up that goes on in spite of that is not the only one any more. */
static bool is_late(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	uint64_t span_ms = connection_of(channel)->state == CONNECTING
				   ? (uint64_t)TARN__CONNECT_LATE_MS
				   : (uint64_t)TARN__SETUP_LATE_MS;
	return !is_open(channel) && now_ms >= channel->opened_ms + span_ms;
}

/* When the next of these is to be looked at. */
static uint64_t next_tick_ms(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	const struct connection *connection = connection_of(channel);
	if (connection->state != OPEN) {
		uint64_t late_ms = channel->opened_ms + (connection->state == CONNECTING
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
	return idle_since_ms(channel) + idle_ms(channel);
}

static void wait_on(struct tarn__socket_channel *channel, uint64_t now_ms)
{
	if (is_late(channel, now_ms))
		tarn__secure_server_was_late(channel->options.server);
	wants_tick(channel, next_tick_ms(channel, now_ms));
}

static bool has_timed_out(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	return !is_open(channel) && now_ms >= channel->opened_ms + setup_ms(channel);
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
		if (is_encrypted(channel))
			fail_setup(channel, TARN_ETIMEOUT, "no encrypted connection in time",
				   false);
		else
			close_lost(channel);
	} else if (is_idle(channel, now_ms)) {
		if (is_encrypted(channel))
			tarn__secure_server_kept(channel->options.server);
		close_lost(channel);
	} else {
		tarn__token_tick(&channel->token, now_ms);
		if (is_encrypted(channel))
			wait_on(channel, now_ms);
	}
}

/* ---- the channel -------------------------------------------------------------------------- */

static void connection_flush(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (is_open(channel) && !channel->is_lost) {
		struct tarn__framing *framing = connection_of(channel)->framing;
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
	       connection_of(channel)->answered + under_way >= share;
}

static enum tarn__channel_state connection_state(const struct tarn__channel *base, uint64_t now_ms)
{
	const struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	const struct connection *connection = connection_of(channel);
	if (channel->fd < 0)
		return TARN__CHANNEL_CLOSED;
	if (channel->is_lost || connection->takes_none ||
	    tarn__transactions_are_full(&channel->transactions))
		return TARN__CHANNEL_FULL;
	if (!is_encrypted(channel)) {
		bool is_worn = channel->is_retired || is_silent_for(channel, DOUBT_MS, now_ms);
		return is_worn ? TARN__CHANNEL_WORN : TARN__CHANNEL_OPEN;
	}
	if (channel->is_retired || is_late(channel, now_ms))
		return TARN__CHANNEL_WORN;
	if (connection->state != OPEN)
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
	const struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	struct connection *connection = connection_of(channel);
	if (transaction->is_sent) {
		connection->framing->ops->forget(connection->framing, transaction->slot);
		connection->late += row_of(channel)->has_late_answers;
	}
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
	if (!is_open(channel))
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
	forget_last(connection_of(channel));
	free(connection_of(channel));
}

static struct tarn__channel *connection_new(const struct tarn__channel_options *options)
{
	static const struct tarn__socket_kind kind = {
		.opened = on_opened,
		.watch = watch,
		.send = send_transaction,
		.serve = serve,
		.closing = on_closing,
		.failed = on_failed,
	};
	struct connection *connection = calloc(1, sizeof(*connection));
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

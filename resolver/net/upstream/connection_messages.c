/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/connection_messages.c: messages on a connection. Of an encrypted one none leaves before it is open:
 * each waits in a list, there and whenever the connection takes no more.
 */
#include "config.h"

#include "dns/edns.h"
#include "dns/message.h"
#include "net/clock.h"
#include "net/upstream/connection.h"
#include "net/upstream/secure_server.h"
#include "tarn.h"

enum {
	/* Of TCP: an unused connection is closed: below the 10 s at which servers begin to close them. */
	IDLE_MS = 8000,
	/* Reads per wake-up of what TLS has decrypted; then other connections get their turn. */
	READS_PER_EVENT = 8,
	/* Answers to nothing asked; then the server is taken for faulty, and the connection is closed. */
	FOREIGN_MAX = 3,
};

/* ---- the end of a connection -------------------------------------------------------------- */

/* Nothing is sent on it any more, and what is under way on it is asked again on another one. */
void tarn__connection_lose(struct tarn__socket_channel *channel)
{
	const struct tarn__connection *connection = tarn__connection_of(channel);
	channel->is_lost = true;
	if (!tarn__connection_is_open(channel))
		return;
	if (connection->answered == 0)
		channel->loss = TARN__LOSS_BARREN;
	if (connection->has_refused && connection->takes_none)
		tarn__secure_server_ended(channel->options.server, connection->answered);
}

uint64_t tarn__connection_idle_since_ms(const struct tarn__socket_channel *channel)
{
	uint64_t open_ms = tarn__connection_of(channel)->open_ms;
	uint64_t used_ms = channel->channel.used_ms;
	return used_ms > open_ms ? used_ms : open_ms;
}

uint64_t tarn__connection_idle_ms(const struct tarn__socket_channel *channel)
{
	const struct tarn__connection *connection = tarn__connection_of(channel);
	if (!tarn__connection_is_encrypted(channel))
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
	const struct tarn__connection *connection = tarn__connection_of(channel);
	struct tarn__secure_server *server = channel->options.server;
	if (!tarn__connection_is_encrypted(channel))
		return;
	if (channel->channel.under_way > 0)
		tarn__secure_server_ended(server, connection->answered);
	else if (connection->unanswered_ms == 0 && !connection->takes_none)
		tarn__secure_server_closed(server, tarn__clock_ms() -
							   tarn__connection_idle_since_ms(channel));
}

/* ---- messages ----------------------------------------------------------------------------- */

static void note_sent(struct tarn__socket_channel *channel, struct tarn__transaction *transaction)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	struct tarn__connection *connection = tarn__connection_of(channel);
	tarn__list_remove(&transaction->waiting);
	transaction->is_sent = true;
	transaction->sent_ms = tarn__clock_ms();
	owner->wants_flush(owner->data);
	if (connection->unanswered_ms != 0)
		return;
	connection->unanswered_ms = transaction->sent_ms;
	if (tarn__connection_is_encrypted(channel))
		tarn__connection_wants_tick(
			channel, transaction->sent_ms +
					 tarn__secure_server_doubt_ms(channel->options.server));
}

/* Returns false if the message, and all that come after it, have to wait. */
static bool put_message(struct tarn__socket_channel *channel, struct tarn__transaction *transaction)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	const struct tarn_exchange *exchange = transaction->exchange;
	int error = TARN_EUNREACHABLE;
	if (!channel->is_lost && !connection->takes_none)
		error = connection->framing->ops->put(connection->framing, exchange->wire,
						      exchange->len, transaction->slot);
	if (error == TARN_EBUSY && tarn__connection_is_encrypted(channel))
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

void tarn__connection_put_waiting(struct tarn__socket_channel *channel)
{
	struct tarn__list *waiting = &tarn__connection_of(channel)->waiting;
	while (!tarn__list_is_empty(waiting) &&
	       put_message(channel,
			   TARN__CONTAINER(waiting->next, struct tarn__transaction, waiting)))
		;
}

void tarn__connection_send(struct tarn__socket_channel *channel,
			   struct tarn__transaction *transaction)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	bool has_to_wait = !connection->framing || !tarn__list_is_empty(&connection->waiting);
	if (has_to_wait || !put_message(channel, transaction))
		tarn__list_append(&connection->waiting, &transaction->waiting);
}

/* Goes on while the pipe takes octets: TLS takes a record at a time. Then there is room for what waits. */
void tarn__connection_write(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	struct tarn__framing *framing = connection->framing;
	size_t before, left = framing->ops->pending(framing);
	do {
		before = left;
		if (framing->ops->flush(framing) != 0) {
			connection->is_broken = true;
			tarn__connection_lose(channel);
			return;
		}
		left = framing->ops->pending(framing);
	} while (left > 0 && left < before && tarn__connection_is_encrypted(channel));
	tarn__connection_put_waiting(channel);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* Messages that nothing asks for, but for those whose question has been canceled. */
static void note_foreign(struct tarn__socket_channel *channel)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	if (connection->late > 0)
		connection->late--;
	else if (tarn__connection_is_encrypted(channel) && ++connection->foreign >= FOREIGN_MAX)
		tarn__connection_lose(channel);
}

/* Something has come. */
static void note_heard(struct tarn__socket_channel *channel)
{
	bool waits_for_more =
		tarn__connection_is_encrypted(channel) && channel->channel.under_way > 1;
	tarn__connection_of(channel)->unanswered_ms = waits_for_more ? tarn__clock_ms() : 0;
}

static void note_answer(struct tarn__socket_channel *channel,
			const struct tarn__transaction *transaction)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	connection->answered++;
	note_heard(channel);
	if (!tarn__connection_is_encrypted(channel))
		return;
	struct tarn__secure_server *server = channel->options.server;
	tarn__secure_server_answered(server, tarn__clock_ms() - transaction->sent_ms);
	tarn__secure_server_shares(server, connection->answered);
	if (channel->channel.under_way <= 1)
		tarn__connection_wants_tick(channel,
					    tarn__clock_ms() + tarn__connection_idle_ms(channel));
}

/* RFC 7828 section 3.2.2: for how long the server keeps the connection; 0: it is to be closed soon. */
static void note_keepalive(struct tarn__socket_channel *channel, const struct tarn__framed *framed)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	uint16_t units;
	if (channel->options.transport != TARN__TLS ||
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
	tarn__connection_of(channel)->has_refused |= transaction->loss == TARN__LOSS_CONNECTION;
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
	struct tarn__framing *framing = tarn__connection_of(channel)->framing;
	struct tarn__framed framed;
	if (channel->fd < 0 || !framing->ops->next(framing, &framed))
		return false;
	if (!framed.message) {
		fail_question(channel, &framed);
		return true;
	}
	/* RFC 1035 section 4.1.1: a message has a header. */
	if (framed.len < TARN__HEADER_LEN && tarn__connection_is_encrypted(channel)) {
		tarn__connection_lose(channel);
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
	struct tarn__connection *connection = tarn__connection_of(channel);
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
		tarn__connection_lose(channel);
	}
	return read == TARN__STREAM_READ && !channel->is_lost;
}

/* What TLS has decrypted already no event reports: it is read now, or in the next turn of the loop. */
void tarn__connection_read(struct tarn__socket_channel *channel)
{
	const struct tarn__connection *connection = tarn__connection_of(channel);
	if (!tarn__connection_is_encrypted(channel)) {
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

void tarn__connection_forget(struct tarn__socket_channel *channel,
			     const struct tarn__transaction *transaction)
{
	struct tarn__connection *connection = tarn__connection_of(channel);
	if (!transaction->is_sent)
		return;
	connection->framing->ops->forget(connection->framing, transaction->slot);
	/* Its answer comes, too; HTTP/2 keeps it for itself. */
	connection->late += channel->options.transport != TARN__HTTPS;
}

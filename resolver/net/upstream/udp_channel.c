/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/udp_channel.c: messages over UDP. A socket takes some of them for a short time and is closed
 * with the last answer (RFC 5452 section 9.2).
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "dns/message.h"
#include "dns/query.h"
#include "net/clock.h"
#include "net/upstream/socket_channel.h"
#include "tarn.h"

enum {
	/* Answers called back per wake-up; then other sockets get their turn. */
	ANSWERS_PER_EVENT = 64,
	/* Datagrams that answer nothing, and errors of the network, that are skipped per answer. */
	FOREIGN_PER_READ = 16,
};

struct udp_channel {
	struct tarn__socket_channel base;
	unsigned carried; /* messages sent on this socket */
};

static struct udp_channel *udp_of(const struct tarn__socket_channel *base)
{
	return (struct udp_channel *)base;
}

/* ---- errors of the network ---------------------------------------------------------------- */

/*
 * Fails the transaction that an ICMP message quotes. One that does not quote a whole question can be sent
 * by an attacker who tries all ports, and is ignored (RFC 5927 section 4). Extensions may follow the quoted
 * message (RFC 4884).
 */
static void fail_quoted(struct tarn__socket_channel *channel, const uint8_t *quoted, size_t len)
{
	struct tarn__transaction *transaction =
		tarn__transactions_quoted(&channel->transactions, quoted, len);
	if (transaction)
		tarn__socket_channel_finish(channel, transaction, TARN_EUNREACHABLE, NULL);
	else
		channel->options.stats->foreign++;
}

/* Reads one error off the socket's queue (ip(7), IP_RECVERR). Returns false if there is none. */
static bool read_error(struct tarn__socket_channel *channel)
{
	uint8_t quoted[TARN__QUERY_MAX];
	struct iovec vector = {.iov_base = quoted, .iov_len = sizeof(quoted)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	ssize_t len = recvmsg(channel->fd, &message, MSG_ERRQUEUE);
	if (len < 0)
		return false;
	fail_quoted(channel, quoted, (size_t)len);
	return true;
}

static void read_errors(struct tarn__socket_channel *channel)
{
	for (int i = 0; i < FOREIGN_PER_READ && read_error(channel); i++)
		;
}

/* ---- datagrams ---------------------------------------------------------------------------- */

static bool send_datagram(struct tarn__socket_channel *channel,
			  const struct tarn_exchange *exchange)
{
	for (int tries = 0; tries < 2; tries++) {
		if (send(channel->fd, exchange->wire, exchange->len, MSG_NOSIGNAL) >= 0)
			return true;
		/* As if lost on the way: core/ sends again. */
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			return true;
		/* The error may be that of an earlier message. */
		read_errors(channel);
	}
	return false;
}

static void send_transaction(struct tarn__socket_channel *channel,
			     struct tarn__transaction *transaction)
{
	udp_of(channel)->carried++;
	transaction->is_sent = true;
	if (!send_datagram(channel, transaction->exchange))
		tarn__socket_channel_finish(channel, transaction, TARN_EUNREACHABLE, NULL);
}

/* The next answer; NULL: none now. */
static struct tarn__transaction *receive(struct tarn__socket_channel *channel)
{
	uint8_t *datagram = channel->options.datagram;
	for (int i = 0; i < FOREIGN_PER_READ; i++) {
		ssize_t len = recv(channel->fd, datagram, TARN__MESSAGE_MAX, 0);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return NULL;
		if (len < 0) {
			read_errors(channel);
			continue;
		}
		struct tarn__transaction *transaction =
			tarn__socket_channel_match(channel, datagram, (size_t)len);
		if (transaction)
			return transaction;
	}
	return NULL;
}

/* Calls each back before the next is received. The loop reports what is left. */
static void receive_answers(struct tarn__socket_channel *channel)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	for (int i = 0; channel->fd >= 0 && i < ANSWERS_PER_EVENT; i++) {
		struct tarn__transaction *transaction = receive(channel);
		if (!transaction)
			return;
		tarn__socket_channel_finish(channel, transaction, 0, NULL);
		owner->settle(owner->data);
		if (tarn__transactions_are_none(&channel->transactions))
			return;
	}
}

/* ---- the socket's life -------------------------------------------------------------------- */

static int on_opened(struct tarn__socket_channel *channel)
{
	udp_of(channel)->carried = 0;
	return 0;
}

static void watch(struct tarn__socket_channel *channel)
{
	tarn__socket_channel_watch(channel, EV_READ);
}

static bool has_served(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	return channel->is_retired || udp_of(channel)->carried >= TARN__UDP_USES ||
	       now_ms >= channel->opened_ms + TARN__UDP_LIFE_MS;
}

static bool is_unused(const struct tarn__socket_channel *channel, uint64_t now_ms)
{
	return channel->fd >= 0 && tarn__transactions_are_none(&channel->transactions) &&
	       has_served(channel, now_ms);
}

static void udp_flush(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->is_lost || is_unused(channel, tarn__clock_ms()))
		tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
}

static void serve(struct tarn__socket_channel *channel, int events)
{
	(void)events;
	receive_answers(channel);
	udp_flush(&channel->channel);
}

static void udp_tick(struct tarn__channel *base, uint64_t now_ms)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return;
	if (channel->is_lost || is_unused(channel, now_ms))
		tarn__socket_channel_close(channel, TARN_EUNREACHABLE, NULL);
	else
		tarn__token_tick(&channel->token, now_ms);
}

static enum tarn__channel_state udp_state(const struct tarn__channel *base, uint64_t now_ms)
{
	const struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	if (channel->fd < 0)
		return TARN__CHANNEL_CLOSED;
	if (channel->is_lost || tarn__transactions_are_full(&channel->transactions))
		return TARN__CHANNEL_FULL;
	return has_served(channel, now_ms) ? TARN__CHANNEL_WORN : TARN__CHANNEL_OPEN;
}

static void udp_free(struct tarn__channel *base)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	tarn__socket_channel_fini(channel);
	free(udp_of(channel));
}

static struct tarn__channel *udp_new(const struct tarn__channel_options *options)
{
	static const struct tarn__socket_kind kind = {
		.opened = on_opened,
		.watch = watch,
		.send = send_transaction,
		.serve = serve,
	};
	struct udp_channel *udp = calloc(1, sizeof(*udp));
	if (!udp)
		return NULL;
	if (tarn__socket_channel_init(&udp->base, &tarn__udp_channel, &kind, options) == 0)
		return &udp->base.channel;
	udp_free(&udp->base.channel);
	return NULL;
}

const struct tarn__channel_ops tarn__udp_channel = {
	.create = udp_new,
	.free = udp_free,
	.state = udp_state,
	.send = tarn__socket_channel_send,
	.cancel = tarn__socket_channel_cancel,
	.retire = tarn__socket_channel_retire,
	.flush = udp_flush,
	.tick = udp_tick,
};

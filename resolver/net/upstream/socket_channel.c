/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/socket_channel.c: a channel's socket and the transactions that end with it. */
#include "config.h"

#include "net/upstream/socket_channel.h"

#include <errno.h>
#include <unistd.h>

#include "core/forward/endpoint.h"
#include "net/clock.h"
#include "net/socket.h"
#include "tarn.h"

/* ---- transactions ------------------------------------------------------------------------- */

static void remove_transaction(struct tarn__socket_channel *channel,
			       const struct tarn__transaction *transaction)
{
	tarn__transactions_remove(&channel->transactions, transaction);
	channel->channel.used_ms = tarn__clock_ms();
}

void tarn__socket_channel_finish(struct tarn__socket_channel *channel,
				 struct tarn__transaction *transaction, int error)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	remove_transaction(channel, transaction);
	transaction->error = error;
	transaction->is_finished = true;
	transaction->was_connected = channel->is_connected;
	owner->finished(owner->data, transaction);
}

static void finish_all(struct tarn__socket_channel *channel, int error)
{
	unsigned slot = 0;
	struct tarn__transaction *transaction;
	while ((transaction = tarn__transactions_next(&channel->transactions, &slot)))
		tarn__socket_channel_finish(channel, transaction, error);
}

struct tarn__transaction *tarn__socket_channel_match(struct tarn__socket_channel *channel,
						     const uint8_t *wire, size_t len)
{
	struct tarn__transaction *transaction =
		tarn__transactions_answered(&channel->transactions, wire, len);
	if (!transaction) {
		++*channel->options.foreign;
		return NULL;
	}
	transaction->answer = wire;
	transaction->len = len;
	return transaction;
}

void tarn__socket_channel_send(struct tarn__channel *base, struct tarn__transaction *transaction)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	transaction->channel = base;
	transaction->is_finished = false;
	transaction->is_sent = false;
	transaction->answer = NULL;
	base->used_ms = tarn__clock_ms();
	tarn__transactions_add(&channel->transactions, transaction);
	if (channel->fd >= 0)
		channel->kind->send(channel, transaction);
	else
		tarn__token_start(&channel->token);
}

void tarn__socket_channel_cancel(struct tarn__channel *base, struct tarn__transaction *transaction)
{
	struct tarn__socket_channel *channel = tarn__socket_channel_of(base);
	remove_transaction(channel, transaction);
	channel->options.owner->wants_flush(channel->options.owner->data);
}

void tarn__socket_channel_retire(struct tarn__channel *base)
{
	tarn__socket_channel_of(base)->is_retired = true;
}

/* ---- the socket --------------------------------------------------------------------------- */

void tarn__socket_channel_watch(struct tarn__socket_channel *channel, int events)
{
	ev_io *watcher = &channel->watcher;
	if (ev_is_active(watcher) && watcher->fd == channel->fd &&
	    (watcher->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(channel->options.loop, watcher);
	ev_io_set(watcher, channel->fd, events);
	ev_io_start(channel->options.loop, watcher);
}

static int open_socket(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	int fd = tarn__socket_outgoing(channel->options.endpoint, channel->kind->transport,
				       channel->options.random, *channel->options.ports);
	channel->is_starved = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
					 errno == ENOBUFS);
	if (fd < 0)
		return -1;
	channel->fd = fd;
	channel->is_connected = false;
	channel->is_lost = false;
	channel->is_retired = false;
	channel->opened_ms = tarn__clock_ms();
	channel->kind->opened(channel);
	++*channel->options.sockets;
	return fd;
}

static int connect_socket(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	if (tarn__socket_connect(channel->fd, &channel->options.endpoint->address) == 0)
		channel->is_connected = true;
	else if (errno != EINPROGRESS)
		return -1;
	channel->kind->watch(channel);
	return 0;
}

/* Sends what has waited for the socket. */
static void send_waiting(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	unsigned slot = 0;
	struct tarn__transaction *transaction;
	while ((transaction = tarn__transactions_next(&channel->transactions, &slot))) {
		if (!transaction->is_sent)
			channel->kind->send(channel, transaction);
	}
}

static int close_socket(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	int fd = channel->fd;
	ev_io_stop(channel->options.loop, &channel->watcher);
	channel->fd = -1;
	return close(fd);
}

static void on_failure(void *arg, int error)
{
	struct tarn__socket_channel *channel = arg;
	channel->is_lost = channel->fd >= 0;
	finish_all(channel, channel->is_starved ? TARN_ENOMEM : error);
}

void tarn__socket_channel_close(struct tarn__socket_channel *channel)
{
	channel->is_lost = true;
	tarn__token_close(&channel->token, tarn__transactions_are_none(&channel->transactions));
	finish_all(channel, TARN_EUNREACHABLE);
}

/* All of it happens at one time of the clock. */
static void on_event(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	struct tarn__socket_channel *channel = watcher->data;
	const struct tarn__channel_owner *owner = channel->options.owner;
	tarn__clock_hold();
	channel->kind->serve(channel, events);
	owner->settle(owner->data);
	tarn__clock_release();
}

/* ---- the channel -------------------------------------------------------------------------- */

int tarn__socket_channel_init(struct tarn__socket_channel *channel,
			      const struct tarn__channel_ops *ops,
			      const struct tarn__socket_kind *kind,
			      const struct tarn__channel_options *options)
{
	static const struct tarn__token_owner token_owner = {
		.open = open_socket,
		.connect = connect_socket,
		.opened = send_waiting,
		.close = close_socket,
		.failed = on_failure,
	};
	*channel = (struct tarn__socket_channel){
		.channel = {.ops = ops, .used_ms = tarn__clock_ms()},
		.kind = kind,
		.options = *options,
		.fd = -1,
	};
	ev_init(&channel->watcher, on_event);
	channel->watcher.data = channel;
	return tarn__token_init(&channel->token, &token_owner, channel);
}

void tarn__socket_channel_fini(struct tarn__socket_channel *channel)
{
	tarn__token_fini(&channel->token);
}

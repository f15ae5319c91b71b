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
			       struct tarn__transaction *transaction)
{
	tarn__transactions_remove(&channel->transactions, transaction);
	tarn__list_remove(&transaction->waiting);
	channel->channel.under_way--;
	channel->channel.used_ms = tarn__clock_ms();
}

void tarn__socket_channel_finish(struct tarn__socket_channel *channel,
				 struct tarn__transaction *transaction, int error,
				 const char *fault)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	remove_transaction(channel, transaction);
	transaction->error = error;
	transaction->fault = fault;
	transaction->is_finished = true;
	transaction->loss = error == TARN_EUNREACHABLE ? channel->loss : TARN__LOSS_NONE;
	owner->finished(owner->data, transaction);
}

static void finish_all(struct tarn__socket_channel *channel, int error, const char *fault)
{
	unsigned slot = 0;
	struct tarn__transaction *transaction;
	while ((transaction = tarn__transactions_next(&channel->transactions, &slot)))
		tarn__socket_channel_finish(channel, transaction, error, fault);
}

struct tarn__transaction *tarn__socket_channel_match(struct tarn__socket_channel *channel,
						     const uint8_t *wire, size_t len)
{
	struct tarn__transaction *transaction =
		tarn__transactions_answered(&channel->transactions, wire, len);
	if (!transaction) {
		channel->options.stats->foreign++;
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
	tarn__list_init(&transaction->waiting);
	transaction->sent_ms = base->used_ms = tarn__clock_ms();
	tarn__transactions_add(&channel->transactions, transaction);
	base->under_way++;
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
	struct tarn__carrier_stats *stats = channel->options.stats;
	enum tarn__transport transport = channel->options.transport;
	int fd = tarn__socket_outgoing(channel->options.endpoint, transport,
				       channel->options.random, *channel->options.ports);
	channel->connect_errno = fd < 0 ? errno : 0;
	channel->loss = TARN__LOSS_NONE;
	channel->is_starved = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
					 errno == ENOBUFS);
	if (fd < 0)
		return -1;
	channel->fd = fd;
	channel->is_lost = false;
	channel->is_retired = false;
	channel->opened_ms = tarn__clock_ms();
	if (channel->kind->opened(channel) != 0) {
		channel->is_starved = true;
		channel->fd = -1;
		close(fd);
		return -1;
	}
	stats->sockets++;
	stats->opened[transport]++;
	return fd;
}

static int connect_socket(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	if (tarn__socket_connect(channel->fd, &channel->options.endpoint->address) != 0 &&
	    errno != EINPROGRESS) {
		channel->connect_errno = errno;
		return -1;
	}
	channel->kind->watch(channel);
	return 0;
}

/* Sends what has waited for the socket. A token that replaces another finds messages that wait in the connection. */
static void send_waiting(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	unsigned slot = 0;
	struct tarn__transaction *transaction;
	while ((transaction = tarn__transactions_next(&channel->transactions, &slot))) {
		if (!transaction->is_sent && tarn__list_is_empty(&transaction->waiting))
			channel->kind->send(channel, transaction);
	}
}

static int close_socket(void *arg)
{
	struct tarn__socket_channel *channel = arg;
	int fd = channel->fd;
	if (channel->kind->closing)
		channel->kind->closing(channel);
	ev_io_stop(channel->options.loop, &channel->watcher);
	channel->fd = -1;
	return close(fd);
}

static void on_failure(void *arg, int error)
{
	struct tarn__socket_channel *channel = arg;
	const char *fault = NULL;
	channel->is_lost = channel->fd >= 0;
	if (channel->end) {
		error = channel->end->error;
		fault = channel->end->fault;
	} else if (channel->is_starved) {
		error = TARN_ENOMEM;
	} else if (channel->kind->failed) {
		fault = channel->kind->failed(channel, &error);
	}
	finish_all(channel, error, fault);
}

void tarn__socket_channel_close(struct tarn__socket_channel *channel, int error, const char *fault)
{
	const struct tarn__socket_end end = {.error = error, .fault = fault};
	channel->is_lost = true;
	channel->end = &end;
	tarn__token_close(&channel->token, tarn__transactions_are_none(&channel->transactions));
	channel->end = NULL;
	finish_all(channel, error, fault);
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
	/* Whatever fails, fini finds both in a state that it knows. */
	if (tarn__transactions_init(&channel->transactions,
				    tarn__channel_transactions(options->transport)) != 0)
		return TARN_ENOMEM;
	return tarn__token_init(&channel->token, &token_owner, channel);
}

void tarn__socket_channel_fini(struct tarn__socket_channel *channel)
{
	tarn__token_fini(&channel->token);
	tarn__transactions_fini(&channel->transactions);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/socket_channel.h: what the channels that have one socket share: the socket, which c-ares
 * opens and closes, its watcher, and the transactions that end with it.
 */
#ifndef TARN_NET_UPSTREAM_SOCKET_CHANNEL_H
#define TARN_NET_UPSTREAM_SOCKET_CHANNEL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/transport.h"
#include "net/upstream/cares.h"
#include "net/upstream/channel.h"
#include "net/upstream/transactions.h"

struct tarn__socket_channel;

/* A transport's use of the socket. */
struct tarn__socket_kind {
	enum tarn__transport transport;
	/* The socket is new. */
	void (*opened)(struct tarn__socket_channel *);
	/* It has connected, or begun to: sets the events to wait for. */
	void (*watch)(struct tarn__socket_channel *);
	void (*send)(struct tarn__socket_channel *, struct tarn__transaction *);
	/* An event has come. What it finishes is called back during the call or right after it. */
	void (*serve)(struct tarn__socket_channel *, int events);
};

/* The first member of what a kind of channel needs. */
struct tarn__socket_channel {
	struct tarn__channel channel;
	const struct tarn__socket_kind *kind;
	struct tarn__channel_options options;
	struct tarn__token token;
	ev_io watcher;
	int fd; /* -1: closed */
	bool is_connected; /* of the last socket */
	bool is_lost; /* to be closed; nothing is sent on it any more */
	bool is_starved; /* there was no socket to be had, which is no server's fault */
	bool is_retired; /* takes messages where no other channel can */
	uint64_t opened_ms;
	struct tarn__transactions transactions;
};

static inline struct tarn__socket_channel *
tarn__socket_channel_of(const struct tarn__channel *channel)
{
	return (struct tarn__socket_channel *)channel;
}

/* 0 or TARN_ENOMEM; fini is needed after both. */
int tarn__socket_channel_init(struct tarn__socket_channel *, const struct tarn__channel_ops *,
			      const struct tarn__socket_kind *,
			      const struct tarn__channel_options *);
void tarn__socket_channel_fini(struct tarn__socket_channel *);

/* As the channel's own. */
void tarn__socket_channel_send(struct tarn__channel *, struct tarn__transaction *);
void tarn__socket_channel_cancel(struct tarn__channel *, struct tarn__transaction *);
void tarn__socket_channel_retire(struct tarn__channel *);

void tarn__socket_channel_watch(struct tarn__socket_channel *, int events);

/* The transaction whose answer this is, with the answer; other messages are counted. NULL: none. */
struct tarn__transaction *tarn__socket_channel_match(struct tarn__socket_channel *,
						     const uint8_t *wire, size_t len);
void tarn__socket_channel_finish(struct tarn__socket_channel *, struct tarn__transaction *,
				 int error);

/* Closes the socket; what was under way on it fails. */
void tarn__socket_channel_close(struct tarn__socket_channel *);

#endif

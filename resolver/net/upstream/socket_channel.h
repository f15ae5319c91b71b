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
	/* The socket is new. 0; TARN_ENOMEM: it is closed again, and closing() is not called. */
	int (*opened)(struct tarn__socket_channel *);
	/* It has connected, or begun to: sets the events to wait for. */
	void (*watch)(struct tarn__socket_channel *);
	void (*send)(struct tarn__socket_channel *, struct tarn__transaction *);
	/* An event has come. What it finishes is called back during the call or right after it. */
	void (*serve)(struct tarn__socket_channel *, int events);
	/* The socket is going to be closed. NULL: nothing is to be done. */
	void (*closing)(struct tarn__socket_channel *);
	/*
	 * c-ares has given the socket up, or there is none, for a reason of the network: returns the words for
	 * struct tarn_exchange.fault, and may set another error. NULL: there are none.
	 */
	const char *(*failed)(struct tarn__socket_channel *, int *error);
};

/* What the messages under way end with while their socket is being closed. */
struct tarn__socket_end {
	int error;
	const char *fault;
};

/* The first member of what a kind of channel needs. */
struct tarn__socket_channel {
	struct tarn__channel channel;
	const struct tarn__socket_kind *kind;
	struct tarn__channel_options options;
	struct tarn__token token;
	ev_io watcher;
	int fd; /* -1: closed */
	int connect_errno; /* of the last socket; 0: it has begun to connect */
	/* What of the last socket is lost with it; set by the kind. */
	enum tarn__loss loss;
	bool is_lost; /* to be closed; nothing is sent on it any more */
	bool is_starved; /* there was no socket to be had, which is no server's fault */
	bool is_retired; /* takes messages where no other channel can */
	const struct tarn__socket_end *end; /* NULL: it is not being closed by its owner */
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
				 int error, const char *fault);

/* Closes the socket; what was under way on it fails, with an error and words. */
void tarn__socket_channel_close(struct tarn__socket_channel *, int error, const char *fault);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/connection.h: inside a connection to a server, in the clear or encrypted: connection_channel.c makes
 * and ends it, connection_messages.c has the messages in and out.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_CONNECTION_H
#define TARN_NET_UPSTREAM_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/framing.h"
#include "net/socket_pipe.h"
#include "net/upstream/socket_channel.h"
#include "net/upstream/tls_link.h"

enum tarn__connection_state { TARN__CONNECTING, TARN__SECURING, TARN__OPEN };

struct tarn__connection {
	struct tarn__socket_channel base;
	struct tarn__socket_pipe pipe;
	struct tarn__tls_link link; /* of an encrypted one */
	struct tarn__framing *framing; /* NULL: it has not been open */
	struct tarn__list waiting; /* messages that have not been put */
	enum tarn__connection_state state;
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

static inline struct tarn__connection *
tarn__connection_of(const struct tarn__socket_channel *channel)
{
	return (struct tarn__connection *)channel;
}

static inline bool tarn__connection_is_encrypted(const struct tarn__socket_channel *channel)
{
	return channel->options.server;
}

static inline bool tarn__connection_is_open(const struct tarn__socket_channel *channel)
{
	return channel->fd >= 0 && tarn__connection_of(channel)->state == TARN__OPEN;
}

static inline void tarn__connection_wants_tick(const struct tarn__socket_channel *channel,
					       uint64_t at_ms)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	owner->wants_tick(owner->data, at_ms);
}

/* When the last message was sent or ended, or it has become open; and for how long it is kept from then on. */
uint64_t tarn__connection_idle_since_ms(const struct tarn__socket_channel *);
uint64_t tarn__connection_idle_ms(const struct tarn__socket_channel *);

/* Nothing is sent on it any more, and what is under way on it can be asked again on another one. */
void tarn__connection_lose(struct tarn__socket_channel *);

/* Of struct tarn__socket_kind. */
void tarn__connection_send(struct tarn__socket_channel *, struct tarn__transaction *);
/* Puts what waits, as far as the connection takes it. */
void tarn__connection_put_waiting(struct tarn__socket_channel *);
/* Writes what has been put, and puts what waits. It is lost if that fails. */
void tarn__connection_write(struct tarn__socket_channel *);
/* Reads answers and calls them back. It is lost if it has ended. */
void tarn__connection_read(struct tarn__socket_channel *);
/* The message is not waited for any more. */
void tarn__connection_forget(struct tarn__socket_channel *, const struct tarn__transaction *);

#endif

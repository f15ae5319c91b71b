/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/channel.h: messages to one server over one transport. The carrier chooses a channel;
 * each transport has its own kind behind struct tarn__channel_ops:
 *
 *	udp_channel.c     a socket for some messages and a short time
 *	tcp_channel.c     a connection
 *	socket_channel.c  what both share
 *	transactions.c    the messages that are under way on a channel
 *	cares.c           c-ares, which opens, times out and closes the sockets
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_CHANNEL_H
#define TARN_NET_UPSTREAM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"

struct ev_loop;
struct tarn__channel;
struct tarn__endpoint;
struct tarn__pool;
struct tarn__ports;
struct tarn__random;

enum {
	/* Messages under way on one channel. */
	TARN__CHANNEL_TRANSACTIONS = 64,
	/*
	 * What a UDP socket carries, and how long it takes new messages, where another can be opened.
	 * Opening and closing one costs as much as three messages; scanning for its port takes longer
	 * (decisions/source-ports.md).
	 */
	TARN__UDP_USES = 64,
	TARN__UDP_LIFE_MS = 500,
};

enum tarn__channel_state {
	TARN__CHANNEL_CLOSED, /* no socket; the next message opens one */
	TARN__CHANNEL_OPEN,
	/* Takes messages where no other can: a UDP socket that has served, a connection in doubt. */
	TARN__CHANNEL_WORN,
	TARN__CHANNEL_FULL, /* takes no message until some, or all, of its own have ended */
};

/* An exchange under way: struct tarn_exchange.carrier. */
struct tarn__transaction {
	struct tarn_exchange *exchange; /* NULL: canceled */
	struct tarn__channel *channel;
	struct tarn__pool *pool; /* the owner's own */
	struct tarn__transaction *next;
	bool is_finished;
	bool is_again; /* sent a second time: its connection was lost, or no socket could be opened */
	bool must_share; /* no socket is to be opened for it */
	/* Once finished: the error, or an answer that is valid until the channel reads on. */
	bool was_connected; /* what failed is a connection that had been made */
	int error;
	const uint8_t *answer;
	size_t len;
	/* The channel's own. */
	bool is_sent;
	uint8_t slot;
};

/* What a channel reports to. The functions take note, and call no function of the channel. */
struct tarn__channel_owner {
	void *data;
	/* From within any function below, and from the loop. */
	void (*finished)(void *data, struct tarn__transaction *);
	/* flush() has something to do. */
	void (*wants_flush)(void *data);
	/*
	 * From the loop, outside of c-ares: what has finished can be called back now, and any function of
	 * the channel but free() be called.
	 */
	void (*settle)(void *data);
};

struct tarn__channel_options { /* all pointers are borrowed */
	struct ev_loop *loop;
	const struct tarn__endpoint *endpoint;
	struct tarn__random *random;
	const struct tarn__ports *const *ports; /* as tarn__socket_outgoing() has it; may change */
	uint8_t *datagram; /* TARN__MESSAGE_MAX octets to receive into, shared by channels */
	uint64_t *foreign; /* counts messages that answer nothing */
	uint64_t *sockets; /* counts sockets opened */
	const struct tarn__channel_owner *owner;
};

/* What a kind of channel does; the contracts are those of the functions below. */
struct tarn__channel_ops {
	struct tarn__channel *(*create)(const struct tarn__channel_options *);
	void (*free)(struct tarn__channel *);
	enum tarn__channel_state (*state)(const struct tarn__channel *, uint64_t now_ms);
	void (*send)(struct tarn__channel *, struct tarn__transaction *);
	void (*cancel)(struct tarn__channel *, struct tarn__transaction *);
	void (*retire)(struct tarn__channel *);
	void (*flush)(struct tarn__channel *);
	void (*tick)(struct tarn__channel *, uint64_t now_ms);
};

/* The kinds. */
extern const struct tarn__channel_ops tarn__udp_channel, tarn__tcp_channel;

/* The first member of what a kind needs. */
struct tarn__channel {
	const struct tarn__channel_ops *ops;
	uint64_t used_ms; /* when the last message was sent or ended */
};

static inline uint64_t tarn__channel_used_ms(const struct tarn__channel *channel)
{
	return channel->used_ms;
}

/* Its transactions are finished first, with errors. Not from within settle(). */
static inline void tarn__channel_free(struct tarn__channel *channel)
{
	channel->ops->free(channel);
}

static inline enum tarn__channel_state tarn__channel_state(const struct tarn__channel *channel,
							   uint64_t now_ms)
{
	return channel->ops->state(channel, now_ms);
}

/* The channel is not full. The transaction finishes later, or inside this call. */
static inline void tarn__channel_send(struct tarn__channel *channel,
				      struct tarn__transaction *transaction)
{
	channel->ops->send(channel, transaction);
}

/* Takes an unfinished transaction out of the channel: it does not finish. */
static inline void tarn__channel_cancel(struct tarn__channel *channel,
					struct tarn__transaction *transaction)
{
	channel->ops->cancel(channel, transaction);
}

/* From now on messages take other channels where there are any. */
static inline void tarn__channel_retire(struct tarn__channel *channel)
{
	channel->ops->retire(channel);
}

/* Writes what waits, and closes a socket that has served. */
static inline void tarn__channel_flush(struct tarn__channel *channel)
{
	channel->ops->flush(channel);
}

/* About once per second: times out what is too old, closes what is not used. */
static inline void tarn__channel_tick(struct tarn__channel *channel, uint64_t now_ms)
{
	channel->ops->tick(channel, now_ms);
}

#endif

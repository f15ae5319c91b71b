/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/channel.h: messages to one server over one transport. The carrier chooses a channel;
 * each transport has its own kind behind struct tarn__channel_ops:
 *
 *	udp_channel.c         a socket for some messages and a short time
 *	connection_channel.c  a connection, in the clear or encrypted ...
 *	connection_messages.c ... and the messages on it
 *	socket_channel.c      what both share
 *	transactions.c        the messages that are under way on a channel
 *	tls_link.c            the TLS of a connection
 *	cares.c               c-ares, which opens, times out and closes the sockets
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_CHANNEL_H
#define TARN_NET_UPSTREAM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "core/io.h"
#include "net/upstream/stats.h"

struct ev_loop;
struct tarn__channel;
struct tarn__endpoint;
struct tarn__pool;
struct tarn__ports;
struct tarn__random;
struct tarn__secure_server;
struct tarn__tls_client;

enum {
	/* Messages under way on one channel; on one of an encrypted server, which has few connections. */
	TARN__CHANNEL_TRANSACTIONS = 64,
	TARN__TRANSACTIONS_MAX = 256,
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
	TARN__CHANNEL_OPENING, /* encrypted: messages wait until it is open */
	TARN__CHANNEL_OPEN,
	/* Takes messages where no other can: a UDP socket that has served, a connection in doubt. */
	TARN__CHANNEL_WORN,
	TARN__CHANNEL_FULL, /* takes no message until some, or all, of its own have ended */
};

/* How a connection that ends has served the message that ends with it. */
enum tarn__loss {
	TARN__LOSS_NONE, /* it is the message that has failed, or the connection had not been made */
	TARN__LOSS_CONNECTION, /* it had answered others */
	TARN__LOSS_BARREN, /* it had answered nothing */
	TARN__LOSS_STREAM, /* it goes on: the server has given up the message alone */
};

/* An exchange under way: struct tarn_exchange.carrier. */
struct tarn__transaction {
	struct tarn_exchange *exchange; /* NULL: canceled */
	struct tarn__channel *channel;
	struct tarn__pool *pool; /* the owner's own */
	struct tarn__transaction *next;
	struct tarn__transaction *twin; /* the same exchange on another channel; NULL: none */
	bool is_finished;
	bool must_share; /* no socket is to be opened for it */
	bool was_barren; /* a connection on which it was lost had answered nothing */
	bool was_given_up; /* by the server, alone */
	uint8_t losses; /* times that it was sent in vain: its connection was lost, or there was no socket */
	/* Once finished: the error, or an answer that is valid until the channel reads on. */
	enum tarn__loss loss;
	int error;
	const char *fault; /* struct tarn_exchange.fault; valid as long */
	const uint8_t *answer;
	size_t len;
	/* The channel's own. */
	bool is_sent;
	uint8_t slot;
	uint64_t sent_ms;
	struct tarn__list waiting; /* for its connection */
};

/* What a channel reports to. The functions take note, and call no function of the channel. */
struct tarn__channel_owner {
	void *data;
	/* From within any function below, and from the loop. */
	void (*finished)(void *data, struct tarn__transaction *);
	/* flush() has something to do. */
	void (*wants_flush)(void *data);
	/* tick() has something to do then. */
	void (*wants_tick)(void *data, uint64_t at_ms);
	/*
	 * From the loop, outside of c-ares: what has finished can be called back now, and any function of
	 * the channel but free() be called.
	 */
	void (*settle)(void *data);
	/*
	 * An encrypted server has not been connected to, or has answered a question with what is no DNS
	 * message: with an error and words of exchanges, and whether this machine's clock is the reason. The
	 * functions take note of it in the server.
	 */
	void (*setup_failed)(void *data, const struct tarn__endpoint *, int error,
			     const char *fault, bool is_clock);
	void (*answer_failed)(void *data, const struct tarn__endpoint *, int error,
			      const char *fault, uint32_t hold_ms);
};

struct tarn__channel_options { /* all pointers are borrowed */
	struct ev_loop *loop;
	enum tarn__transport transport;
	const struct tarn__endpoint *endpoint;
	struct tarn__secure_server *server; /* the endpoint's, if it is encrypted */
	struct tarn__tls_client *const *tls; /* may change, and be NULL */
	struct tarn__random *random;
	const struct tarn__ports *const *ports; /* as tarn__socket_outgoing() has it; may change */
	uint8_t *datagram; /* TARN__MESSAGE_MAX octets to receive into, shared by channels */
	struct tarn__carrier_stats *stats;
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
	/* Of encrypted ones; NULL: they have no such function. */
	void (*open)(struct tarn__channel *);
	void (*drop)(struct tarn__channel *);
	bool (*is_silent)(const struct tarn__channel *, uint64_t now_ms);
	struct tarn__transaction *(*next)(const struct tarn__channel *, unsigned *slot);
};

/* The kinds. */
extern const struct tarn__channel_ops tarn__udp_channel, tarn__connection_channel;

/* The first member of what a kind needs. */
struct tarn__channel {
	const struct tarn__channel_ops *ops;
	uint64_t used_ms; /* when the last message was sent or ended */
	unsigned under_way; /* messages */
};

/* Messages under way on a channel at most. */
static inline unsigned tarn__channel_transactions(enum tarn__transport transport)
{
	return tarn__transport_is_encrypted(transport) ? TARN__TRANSACTIONS_MAX
						       : TARN__CHANNEL_TRANSACTIONS;
}

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

/* A connection: makes it, if it is closed, without a message. */
static inline void tarn__channel_open(struct tarn__channel *channel)
{
	channel->ops->open(channel);
}

/* Closes it, whatever its state; what was under way is lost. */
static inline void tarn__channel_drop(struct tarn__channel *channel)
{
	channel->ops->drop(channel);
}

/* Returns true if messages wait on it for so long that they should go out on another one, too. */
static inline bool tarn__channel_is_silent(const struct tarn__channel *channel, uint64_t now_ms)
{
	return channel->ops->is_silent(channel, now_ms);
}

/* A walk over the messages under way, as tarn__transactions_next() has it. */
static inline struct tarn__transaction *tarn__channel_next(const struct tarn__channel *channel,
							   unsigned *slot)
{
	return channel->ops->next(channel, slot);
}

#endif

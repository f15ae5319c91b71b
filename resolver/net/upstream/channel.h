/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/channel.h: one c-ares channel, to one server over one transport, with one socket.
 *
 * c-ares opens the socket, times it out, closes it and reports its failures. It does not get to see
 * the questions: from 1.28 on it parses and rewrites what it sends and receives, and one odd answer
 * makes it fail every other question of the socket; 1.18 damages questions on FORMERR. It is given
 * one query of its own, the token, for as long as the socket is open, and the questions pass beside
 * it:
 *
 *	ares_send(token) --> open_socket(), connect_socket(), send_token(): the socket is there, and
 *	                     the questions that waited for it go out
 *	libev            --> on_event(): answers are read and matched against the questions
 *	ares_process_fd() -> receive_token(): the token is answered, or fails with its socket and
 *	                     takes the questions along
 *
 * Nothing that a server sends is ever parsed by c-ares, all its versions behave the same, and what it
 * costs does not depend on the number of questions.
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
	/* Questions under way on one channel. */
	TARN__CHANNEL_TRANSACTIONS = 64,
	/*
	 * What a UDP socket carries, and how long it takes new questions, where another can be opened.
	 * Opening and closing one costs as much as three questions; scanning for its port takes longer
	 * (decisions/source-ports.md).
	 */
	TARN__UDP_USES = 64,
	TARN__UDP_LIFE_MS = 500,
	/* A connection that has said nothing for that long since it was asked is avoided. */
	TARN__TCP_DOUBT_MS = 200,
};

enum tarn__channel_state {
	TARN__CHANNEL_CLOSED, /* no socket; the next question opens one */
	TARN__CHANNEL_OPEN,
	/* Takes questions where no other can: a UDP socket that has served, a connection in doubt. */
	TARN__CHANNEL_WORN,
	TARN__CHANNEL_FULL, /* takes no question until some, or all, of its own have ended */
};

/* An exchange under way: struct tarn_exchange.carrier. */
struct tarn__transaction {
	struct tarn_exchange *exchange; /* NULL: canceled */
	struct tarn__channel *channel;
	struct tarn__pool *pool; /* the owner's own */
	struct tarn__transaction *next;
	bool is_finished;
	bool is_again; /* sent a second time: its connection was lost, or no socket could be opened */
	bool must_share; /* of those that are open */
	/*
	 * Once finished: the error, or an answer that is valid until the channel goes on reading.
	 */
	bool was_connected; /* its socket was, so that what failed is the connection */
	int error;
	const uint8_t *answer;
	size_t len;
	/* The channel's own. */
	bool is_sent;
	uint8_t slot;
};

/* Whose channel it is. Its functions only take note: they call no function of the channel. */
struct tarn__channel_owner {
	void *data;
	/* From within any function below, and from the loop. */
	void (*finished)(void *data, struct tarn__transaction *);
	/* flush() has something to do. */
	void (*wants_flush)(void *data);
	/*
	 * From the loop, outside of c-ares: now is the time to call back what has finished; here any
	 * function of the channel but free() may be called.
	 */
	void (*settle)(void *data);
};

struct tarn__channel_options { /* all pointers are borrowed */
	struct ev_loop *loop;
	const struct tarn__endpoint *endpoint;
	enum tarn__transport transport;
	struct tarn__random *random;
	const struct tarn__ports *const *ports; /* as tarn__socket_outgoing() has it; may change */
	uint8_t *datagram; /* TARN__MESSAGE_MAX octets to receive into, shared by channels */
	uint64_t *foreign; /* counts messages that answer nothing */
	uint64_t *sockets; /* counts sockets opened */
	const struct tarn__channel_owner *owner;
};

/* NULL: out of memory. */
struct tarn__channel *tarn__channel_new(const struct tarn__channel_options *);
/* Its questions are finished first, with errors. Not from within settle(). */
void tarn__channel_free(struct tarn__channel *);

enum tarn__channel_state tarn__channel_state(const struct tarn__channel *, uint64_t now_ms);
/* When the last question was sent or ended. */
uint64_t tarn__channel_used_ms(const struct tarn__channel *);

/* The channel is not full. The question finishes later, or inside this call. */
void tarn__channel_send(struct tarn__channel *, struct tarn__transaction *);
/* Takes an unfinished question out of the channel: it does not finish. */
void tarn__channel_cancel(struct tarn__channel *, struct tarn__transaction *);
/* From now on questions take other channels where there are any. */
void tarn__channel_retire(struct tarn__channel *);
/* Writes what waits, and closes a UDP socket that has served. */
void tarn__channel_flush(struct tarn__channel *);
/* About once per second: times out what is too old, closes a connection that is not used. */
void tarn__channel_tick(struct tarn__channel *, uint64_t now_ms);

/*
 * Once per process. 0, or TARN_EINVAL where the c-ares that is linked is one that tarn was not made
 * for. *version is set to its name in both cases.
 */
int tarn__channel_library_init(const char **version);
/* NULL, or what is known to be wrong with the c-ares that is linked. */
const char *tarn__channel_library_fault(void);

#endif

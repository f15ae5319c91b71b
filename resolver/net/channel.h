/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/channel.h: one c-ares channel, to one server over one transport, with one socket.
 *
 * c-ares opens, watches over and closes the socket, times questions out and fails them when the
 * socket fails. It does not get to see them: from 1.28 on it parses and rewrites what it sends and
 * receives, and one odd answer makes it fail every other question of the socket; 1.18 damages
 * questions on FORMERR. So each question is sent under a token, a query for a name of eight
 * hexadecimal digits, and the real octets pass beside it in the socket functions:
 *
 *	ares_send(token) --> send_token():      the token's question goes out on the socket as it is
 *	ares_process_fd() --> receive_token():  an answer comes in and is matched against the
 *	                                        questions; c-ares gets an answer to the token
 *
 * Nothing that a server sends is ever parsed by c-ares, and all its versions behave the same.
 */
#ifndef TARN_NET_CHANNEL_H
#define TARN_NET_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/io.h"

struct ev_loop;
struct tarn__channel;
struct tarn__pool;
struct tarn__random;

enum {
	/* Questions under way on one channel; and the most that a UDP socket carries in its life. */
	TARN__CHANNEL_QUESTIONS = 64,
	/* What it carries where there is a choice, so that a port is gone before it is guessed. */
	TARN__UDP_USES = 8,
};

enum tarn__channel_state {
	TARN__CHANNEL_CLOSED, /* no socket; the next question opens one */
	TARN__CHANNEL_OPEN,
	TARN__CHANNEL_WORN, /* UDP: open, but its port has been seen often enough */
	TARN__CHANNEL_FULL, /* takes no question until some, or all, of its own have ended */
};

/* An exchange under way: struct tarn_exchange.carrier. */
struct tarn__question {
	struct tarn_exchange *exchange; /* NULL: canceled */
	struct tarn__channel *channel;
	struct tarn__pool *pool; /* the owner's own */
	struct tarn__question *next;
	bool is_finished;
	bool is_again; /* sent a second time, its first connection having been lost */
	/*
	 * Once finished: the error, or an answer that is valid until the channel goes on reading.
	 */
	bool was_connected; /* its socket was, so that what failed is the connection */
	int error;
	const uint8_t *answer;
	size_t len;
	/* The channel's own. */
	uint32_t token;
	uint16_t token_id; /* in the token's header */
};

/* Whose channel it is. Its functions only take note: they call no function of the channel. */
struct tarn__channel_owner {
	void *data;
	/* From within any function below, and from the loop. */
	void (*finished)(void *data, struct tarn__question *);
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
	const struct tarn__server_config *server;
	enum tarn__transport transport;
	struct tarn__random *random;
	uint8_t *datagram; /* TARN__MESSAGE_MAX octets to receive into, shared by channels */
	uint64_t *foreign; /* counts messages that answer nothing */
	uint64_t *sockets; /* counts sockets opened */
	const struct tarn__channel_owner *owner;
};

/* NULL: out of memory. */
struct tarn__channel *tarn__channel_new(const struct tarn__channel_options *);
/* Its questions are finished first, with errors. Not from within settle(). */
void tarn__channel_free(struct tarn__channel *);

enum tarn__channel_state tarn__channel_state(const struct tarn__channel *);
/* When the last question was sent or ended. */
uint64_t tarn__channel_used_ms(const struct tarn__channel *);

/*
 * The channel is not full. The question finishes later, or inside this call. stays_open: a UDP socket
 * is kept for the next question when this one has ended, for a second or so.
 */
void tarn__channel_send(struct tarn__channel *, struct tarn__question *, bool stays_open);
/* An unfinished question whose exchange is NULL by now: it finishes at the next flush. */
void tarn__channel_cancel(struct tarn__channel *, struct tarn__question *);
/* Writes what waits, and ends what was canceled. */
void tarn__channel_flush(struct tarn__channel *);
/* About once per second: times out what is too old, closes a connection that nobody uses. */
void tarn__channel_tick(struct tarn__channel *, uint64_t now_ms);

/*
 * Once per process. 0, or TARN_EINVAL where the c-ares that is linked is one that tarn was not made
 * for. *version is set to its name in both cases.
 */
int tarn__channel_library_init(const char **version);
/* NULL, or what is known to be wrong with the c-ares that is linked. */
const char *tarn__channel_library_fault(void);

#endif

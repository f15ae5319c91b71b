/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/session.h: a connection to one place that is kept up: made, greeted, watched, and made again.
 *
 *	CONNECTING --opened--> GREETING --accepted--> UP
 *	    |                     |                   |  lost, or silent for 5 s with a command outstanding
 *	    +------ failed -------+-------------------+--> WAITING --100 ms, doubled to 800 ms--> CONNECTING
 *
 * The greeting of a store is AUTH, SELECT, CLIENT SETNAME and PING in one write; that of a listener AUTH, CLIENT
 * SETNAME and SUBSCRIBE. It is up only if the store has answered the last of them: one that is loading its data is not.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_SESSION_H
#define TARN_NET_SECOND_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "net/second/connection.h"

struct ev_loop;
struct tarn__random;
struct tarn__second_config;

struct tarn__second_session;

enum {
	TARN__SECOND_CONNECT_MS = 1000, /* for a connect, and for the answer to a greeting */
	TARN__SECOND_SILENCE_MS = 5000, /* since the oldest command that is not answered */
};

/* Called from the loop; each may free the session. */
struct tarn__second_session_events {
	void (*up)(void *arg);
	/*
	 * An attempt has failed, or what was up is lost: then every command has been ended before. reason is a line,
	 * valid during the call.
	 */
	void (*failed)(void *arg, bool was_up, const char *reason);
	void (*message)(void *arg, const uint8_t *message, size_t len); /* of a listener */
};

struct tarn__second_session_options {
	struct ev_loop *loop;
	const struct tarn__second_config *config; /* for the greeting */
	struct tarn__second_place place;
	const char *channel; /* it is a listener to that; NULL: it is not */
	struct tarn__random *random;
	uint64_t (*now_ms)(void);
	struct tarn__second_session_events events;
	void *arg;
};

/* All is borrowed, but the options themselves, which are copied. It begins to connect. NULL: out of memory. */
struct tarn__second_session *tarn__second_session_new(const struct tarn__second_session_options *);
/* Nothing is called afterwards. NULL is allowed. */
void tarn__second_session_free(struct tarn__second_session *);

bool tarn__second_session_is_up(const struct tarn__second_session *); /* NULL: it is not */

/* As tarn__second_connection_send(); TARN_EUNREACHABLE unless it is up. */
int tarn__second_session_send(struct tarn__second_session *, const struct tarn__second_word *,
			      size_t count, struct tarn__second_command *);
/* As tarn__second_connection_flush(). NULL is allowed. */
bool tarn__second_session_flush(struct tarn__second_session *);

/* What the timer calls: does what is due by now_ms(). */
void tarn__second_session_expire(struct tarn__second_session *);

#endif

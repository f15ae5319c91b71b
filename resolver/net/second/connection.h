/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/connection.h: one connection to a Redis or Valkey, without what is said over it: commands, their
 * replies in order, and a channel's messages. Behind it is libhiredis' asynchronous half (net/second/hiredis.c), whose
 * types stay there.
 *
 *	tarn__second_connection_new() --> opened() --> send(), done() ... --> every done(NULL), closed()
 *
 * All that is called back may free the connection. What a peer sends is bounded before it is kept: see
 * TARN__SECOND_REPLY_MAX.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_CONNECTION_H
#define TARN_NET_SECOND_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "core/second/request.h"
#include "tarn.h"

struct ev_loop;
struct tarn__tls_client;

struct tarn__second_connection;

enum {
	TARN__SECOND_FAULT_MAX =
		160, /* octets of a reason, with NUL: one line of printable ASCII */
	/* A longer text, which a peer may claim to be up to 512 MB, or an array with more items, ends the connection. */
	TARN__SECOND_REPLY_MAX = TARN__SECOND_VALUE_MAX + 1, /* octets */
	TARN__SECOND_ITEMS_MAX = 3,
};

enum tarn__second_reply_kind {
	TARN__SECOND_REPLY_STATUS, /* "OK" */
	TARN__SECOND_REPLY_INTEGER,
	TARN__SECOND_REPLY_TEXT, /* any octets */
	TARN__SECOND_REPLY_NIL,
	TARN__SECOND_REPLY_ARRAY,
	TARN__SECOND_REPLY_ERROR, /* "WRONGTYPE Operation against a key holding ..." */
};

struct tarn__second_reply {
	enum tarn__second_reply_kind kind;
	int64_t integer;
	const char *text; /* of STATUS, TEXT and ERROR */
	size_t len; /* octets of text */
	const struct tarn__second_reply *items; /* of ARRAY; arrays among them are shown empty */
	size_t count;
};

/* A command under way, in its sender's memory until done is called, or the connection freed. */
struct tarn__second_command {
	/* reply is valid during the call; NULL: the connection has ended. */
	void (*done)(struct tarn__second_command *, const struct tarn__second_reply *);
	uint64_t sent_ms; /* for the sender */
	struct tarn__list node; /* the connection's own */
};

struct tarn__second_word {
	const void *octets;
	size_t len;
};

/* Where a connection leads. */
struct tarn__second_place {
	struct tarn_address address;
	const char *path; /* of a Unix socket, instead; NULL: the address */
	struct tarn__tls_client *tls; /* NULL: in the clear */
	const char *name; /* of the certificate; NULL: it has the address */
};

struct tarn__second_connection_events {
	void (*opened)(void *arg); /* commands may be sent */
	void (*closed)(void *arg, const char *reason); /* no call follows; it remains to be freed */
	void (*subscribed)(void *arg);
	void (*message)(void *arg, const uint8_t *message, size_t len); /* of the channel */
};

/*
 * Begins to connect. All is borrowed but the address. NULL: fault has the reason; nothing is called then.
 */
struct tarn__second_connection *
tarn__second_connection_new(struct ev_loop *, const struct tarn__second_place *,
			    const struct tarn__second_connection_events *, void *arg,
			    char fault[TARN__SECOND_FAULT_MAX]);
/* No call follows, also not of a command's done. NULL is allowed. */
void tarn__second_connection_free(struct tarn__second_connection *);

/*
 * Sends a command. Returns the number of its octets, or TARN_ENOMEM, or TARN_EUNREACHABLE: it is ending; then done is
 * not called.
 */
int tarn__second_connection_send(struct tarn__second_connection *, const struct tarn__second_word *,
				 size_t count, struct tarn__second_command *);
/* Subscribes to a channel, after which no command may be sent. 0, or as send(). */
int tarn__second_connection_subscribe(struct tarn__second_connection *, const char *channel);

/*
 * Writes what was sent since the last call, in one piece; to be called before the thread sleeps. Returns true if
 * something was called back.
 */
bool tarn__second_connection_flush(struct tarn__second_connection *);

/* Ends it for a reason of the caller's: every done(NULL) and closed() are called. Not from within a callback. */
void tarn__second_connection_close(struct tarn__second_connection *, const char *reason);

/* The command whose reply comes next; NULL: none is under way. */
struct tarn__second_command *tarn__second_connection_oldest(const struct tarn__second_connection *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/connection.h: a client's connection: its states, its questions and replies, its end.
 * net/listen/places.h decides which clients have one, and for how long.
 *
 * A connection that has a place is in one of three lists, by what it waits for:
 *
 *	idle      nothing is under way
 *	stalled   half a message has come, the client does not read, or it has to close
 *	busy      only answers are outstanding, and perhaps the rest of a message
 *
 * Those of clients that are not on the access list are in a list of their own, strangers.
 *
 * A connection that tarn ends takes no more questions. Those taken are answered, then tarn's half is
 * closed; what the client still sends is read and discarded until it closes its own: octets left unread
 * would reset the connection, and replies on their way would be lost.
 *
 * Thread: one per worker.
 */
#ifndef TARN_NET_LISTEN_CONNECTION_H
#define TARN_NET_LISTEN_CONNECTION_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "dns/message.h"
#include "net/listen/peers.h"
#include "net/socket_pipe.h"
#include "net/stream.h"
#include "net/listen/tcp.h"

struct tarn__resolver;

enum {
	TARN__FRAME_MAX = 2 + TARN__MESSAGE_MAX,
	/* Replies of one read, gathered for one write. */
	TARN__GATHER_SIZE = 1 << 17,
};

/* What the connections of a worker share. Each list is in the order of since_ms. */
struct tarn__connections {
	struct ev_loop *loop;
	struct tarn__resolver *resolver;
	struct tarn__list idle, stalled, busy, strangers;
	struct tarn__list touched; /* those with late replies to write */
	struct tarn__peers peers; /* of those that have places */
	size_t stranger_count;
	struct tarn__tcp_stats stats;
	/* Idle time that is granted, in units of 100 ms (RFC 7828). */
	uint16_t (*keepalive)(const struct tarn__connections *);
	/* A connection has been closed, or could be closed for another. */
	void (*has_room)(struct tarn__connections *);
	uint8_t gather[TARN__GATHER_SIZE];
};

struct tarn__connection {
	struct tarn__list node; /* of all->idle, stalled, busy or strangers */
	struct tarn__list *list;
	struct tarn__list touched; /* of all->touched */
	struct tarn__connections *all;
	struct tarn__peer peer;
	ev_io ready;
	struct tarn__socket_pipe pipe;
	struct tarn__stream stream;
	unsigned in_flight;
	uint64_t since_ms; /* of its last progress, or of a stranger's acceptance */
	bool is_stranger;
	bool has_asked;
	bool is_closed; /* freed with its last late reply */
	bool has_ended; /* the client sends no more */
	bool is_ending; /* no more questions are taken */
	bool is_shut; /* the client has been sent the end of the stream */
};

/* Members that are not zero are set by the caller. */
void tarn__connections_init(struct tarn__connections *);
/* Writes what is queued as far as the sockets take it, and closes all. */
void tarn__connections_fini(struct tarn__connections *);

/* Takes an accepted socket, and closes it if memory is short. */
void tarn__connection_open(struct tarn__connections *, int fd, const struct tarn_address *peer,
			   bool is_stranger);
void tarn__connection_close(struct tarn__connection *);
/* Takes no more questions; those taken are answered. May close it. */
void tarn__connection_end(struct tarn__connection *);

/* The first of a list; NULL: it is empty. */
struct tarn__connection *tarn__connection_first(const struct tarn__list *);

/* As tarn__tcp_flush(). */
bool tarn__connections_flush(struct tarn__connections *);

#endif

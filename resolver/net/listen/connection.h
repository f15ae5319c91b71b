/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/connection.h: a client's connection: what it waits for, its questions and replies, its end. Who
 * gets one, and for how long, is net/listen/tcp.c's.
 *
 * A connection that has a place is in one of three lists, by what it waits for:
 *
 *	idle      nothing is under way
 *	stalled   half a message has come, the client does not read, or it has to close
 *	busy      only our answers are outstanding, and perhaps the rest of a message
 *
 * Those of clients that may not ask are in a list of their own, strangers.
 *
 * A connection that we end takes no more questions. Those that it has taken are answered, then our
 * half is closed; what the client still sends is read and thrown away until it closes its own, since
 * octets left unread would reset the connection, and replies on their way be lost with it.
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
#include "net/pipe.h"
#include "net/stream.h"
#include "net/listen/tcp.h"

struct tarn__resolver;

enum {
	TARN__FRAME_MAX = 2 + TARN__MESSAGE_MAX,
	/* Replies of one read, gathered for one write. */
	TARN__GATHER_SIZE = 1 << 17,
};

/* What the connections of a worker share; each list has those first that were there first. */
struct tarn__connections {
	struct ev_loop *loop;
	struct tarn__resolver *resolver;
	struct tarn__list idle, stalled, busy, strangers;
	struct tarn__list touched; /* have late replies to write */
	struct tarn__peers peers; /* those that have places */
	size_t stranger_count;
	struct tarn__tcp_stats stats;
	/* How long a connection may be idle, in units of 100 ms, as clients are told (RFC 7828). */
	uint16_t (*keepalive)(const struct tarn__connections *);
	/* One has been closed, or might be for another. */
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
	uint64_t since_ms; /* of its last progress, a stranger's acceptance: in the lists' order */
	bool is_stranger;
	bool has_asked;
	bool is_closed; /* lives on for its late replies only */
	bool has_ended; /* the client sends no more */
	bool is_ending; /* no more questions are taken */
	bool is_shut; /* no more replies follow, and the client has been told */
};

/* What else is zero is the caller's to set. */
void tarn__connections_init(struct tarn__connections *);
/* Writes what waits as far as the sockets take it, and closes all. */
void tarn__connections_fini(struct tarn__connections *);

/* Takes an accepted socket, even where memory is too short. */
void tarn__connection_open(struct tarn__connections *, int fd, const struct tarn_address *peer,
			   bool is_stranger);
void tarn__connection_close(struct tarn__connection *);
/* No more questions are taken; those that were are answered. May close it. */
void tarn__connection_end(struct tarn__connection *);

/* The first of one of the lists; NULL: it is empty. */
struct tarn__connection *tarn__connection_first(const struct tarn__list *);

/* As tarn__tcp_flush(). */
bool tarn__connections_flush(struct tarn__connections *);

#endif

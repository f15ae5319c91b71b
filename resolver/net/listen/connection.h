/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/connection.h: a client's connection: its states and its end. net/listen/places.h decides which
 * clients have one, and for how long; net/listen/client_protocol.h, how questions come on it.
 *
 * A connection that has a place is in one of four lists, by what it waits for:
 *
 *	securing  over TLS and HTTPS: it is not open yet (net/listen/securing.h)
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
#include "base/transport.h"
#include "dns/message.h"
#include "net/listen/client_protocol.h"
#include "net/listen/peers.h"
#include "net/socket_pipe.h"
#include "net/stream.h"
#include "net/listen/tcp.h"

struct tarn;
struct tarn__h2_server;
struct tarn__handshake_rate;
struct tarn__resolver;
struct tarn__securing;
struct tarn__tls;

enum {
	TARN__FRAME_MAX = 2 + TARN__MESSAGE_MAX,
	/* Replies of one read, gathered for one write. */
	TARN__GATHER_SIZE = 1 << 17,
};

/* What the connections of a worker share that are of one transport. Each list is in the order of since_ms. */
struct tarn__connections {
	struct tarn *tarn;
	struct ev_loop *loop;
	enum tarn__transport transport;
	const struct tarn__client_protocol *protocol;
	struct tarn__resolver *resolver;
	struct tarn__list securing, idle, stalled, busy, strangers;
	struct tarn__list touched; /* those with late replies to write, or octets to read */
	struct tarn__peers peers; /* of those that have places */
	size_t stranger_count;
	/* When those that wait for their handshake may have their turn; UINT64_MAX: none waits. */
	uint64_t turn_ms;
	struct tarn__handshake_rate *rate; /* of TLS and HTTPS */
	uint64_t next_alert_ms; /* from which a client's alert is logged again */
	struct tarn__tcp_stats stats;
	/* Idle time that is granted, in units of 100 ms (RFC 7828). */
	uint16_t (*keepalive)(const struct tarn__connections *);
	/* A connection has been closed, or could be closed for another. */
	void (*has_room)(struct tarn__connections *);
	/*
	 * A proxy has said whose connection it is: it has the place of that client from now on. Returns false
	 * if the client has none; the connection is to be reset.
	 */
	bool (*readmit)(struct tarn__connection *, const struct tarn_address *client);
	uint8_t gather[TARN__GATHER_SIZE];
};

struct tarn__connection {
	struct tarn__list node; /* of all->securing, idle, stalled, busy or strangers */
	struct tarn__list *list;
	struct tarn__list touched; /* of all->touched */
	struct tarn__connections *all;
	struct tarn__peer peer;
	ev_io ready;
	struct tarn__socket_pipe socket;
	struct tarn__tls *tls; /* on the socket; NULL: it is in the clear, or not begun */
	struct tarn__securing *securing; /* NULL: it is open */
	union {
		struct tarn__stream stream; /* behind lengths */
		struct tarn__client_http *http;
	};
	unsigned in_flight;
	uint64_t since_ms; /* of its last progress, or of a stranger's acceptance */
	bool is_stranger;
	bool has_asked;
	bool is_closed; /* freed with its last late reply */
	bool has_ended; /* the client sends no more */
	bool is_ending; /* no more questions are taken */
	bool is_shut; /* the client has been sent the end of the stream */
	bool is_drained; /* the last read found nothing: an event reports what comes */
};

/* Members that are not zero are set by the caller. */
void tarn__connections_init(struct tarn__connections *);
/* Takes leave of all clients, as far as the sockets take what is queued, and closes all. */
void tarn__connections_fini(struct tarn__connections *);

/*
 * Takes an accepted socket. The connection is in no list until _start(), or tarn__securing_start(). NULL: memory
 * is short, and the socket has been closed.
 */
struct tarn__connection *tarn__connection_new(struct tarn__connections *, int fd,
					      const struct tarn_address *peer, bool is_stranger);
/* It is open: questions are read from now on. TARN_ENOMEM. */
int tarn__connection_start(struct tarn__connection *);
/* The same, and reads what has come already. May close it. */
void tarn__connection_start_late(struct tarn__connection *);

void tarn__connection_close(struct tarn__connection *);
/* Closes it in the words of its protocol. */
void tarn__connection_leave(struct tarn__connection *);
/* What is queued, and what has come, is discarded. */
void tarn__connection_reset(struct tarn__connection *);
/* Takes no more questions; those taken are answered. May close it. */
void tarn__connection_end(struct tarn__connection *);

/* What questions are read from and replies written to: the socket, or TLS on it. */
struct tarn__pipe *tarn__connection_pipe(struct tarn__connection *);

/* For protocols: there are late replies to write. */
void tarn__connection_touch(struct tarn__connection *);
/* For protocols: a question under way has ended. Returns false if its connection is closed, and may be freed. */
bool tarn__connection_is_answered(struct tarn__connection *);

/* Octets of output not yet taken above which no more questions are read. */
enum { TARN__OUTPUT_PAUSE = 1 << 16 };

/* Returns true if it takes questions; pending: octets of output not yet taken. */
static inline bool tarn__connection_is_reading(const struct tarn__connection *connection,
					       size_t pending)
{
	return !connection->is_ending && connection->in_flight < TARN__TCP_IN_FLIGHT &&
	       pending < TARN__OUTPUT_PAUSE;
}

/* The first of a list; NULL: it is empty. */
struct tarn__connection *tarn__connection_first(const struct tarn__list *);

/* As tarn__tcp_flush(). */
bool tarn__connections_flush(struct tarn__connections *);

#endif

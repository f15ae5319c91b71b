/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/tcp.h: questions and replies over TCP (RFC 7766), TLS (RFC 7858) and HTTPS (RFC 8484): any number
 * of questions on one connection, answered as soon as each answer is there. Start here:
 *
 *	tcp.c             listening sockets; when connections are accepted
 *	places.c          which clients have one, and for how long
 *	securing.c        a connection over TLS or HTTPS before it is open; handshake_rate.c, proxy_header.c
 *	connection.c      a connection that is open
 *	client_stream.c   its questions and replies, behind their lengths
 *	client_http.c     the same in requests of HTTP/2
 *
 * Thread: one per worker and transport.
 */
#ifndef TARN_NET_LISTEN_TCP_H
#define TARN_NET_LISTEN_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/transport.h"

struct ev_loop;
struct tarn;
struct tarn_address;
struct tarn__resolver;
struct tarn__tcp;

enum {
	TARN__TCP_CONNECTIONS =
		1024, /* places for connections, per worker, unless there are fewer */
	/* Part of the places that one client has at most: three others have room beside it. */
	TARN__TCP_SHARES = 4,
	TARN__TCP_PER_CLIENT = TARN__TCP_CONNECTIONS / TARN__TCP_SHARES,
	/*
	 * The same over TLS, of some 20 KB each: 5 MB; and over HTTPS, of some 45 KB: 6 MB. They are places
	 * beside those of TCP.
	 */
	TARN__TLS_CONNECTIONS = 256,
	TARN__HTTPS_CONNECTIONS = 128,
	/* Connections of clients that are not on the access list, beside the places. */
	TARN__TCP_STRANGERS = 8,
	TARN__TCP_IN_FLIGHT = 100, /* questions per connection; then no more are read */
	/* Octets of queued late replies that the client does not read; beyond them the connection is reset. */
	TARN__TCP_OUTPUT_MAX = 1 << 18,
};

struct tarn__tcp_stats {
	uint64_t connections; /* open, that have a place */
	uint64_t accepted; /* likewise */
	uint64_t refused; /* of clients with all their places in use */
	uint64_t strangers; /* accepted to be refused: their clients are not on the access list */
	uint64_t idle_closed; /* to make room, or after their time */
	uint64_t stalled_closed; /* half a message, or replies not read, for too long */
	uint64_t reset; /* too many octets not read */
	/* Over TLS and HTTPS: */
	uint64_t handshakes_full, handshakes_resumed; /* finished */
	uint64_t handshakes_rejected; /* by the client's alert */
	uint64_t handshakes_failed; /* not TLS, none that is spoken here, or closed by the client */
	uint64_t handshakes_late; /* not finished in time */
	uint64_t handshakes_refused; /* reset to make room for others */
};

/*
 * Of connections over TARN__TCP, TARN__TLS or TARN__HTTPS. Errors of the system are logged through tarn. NULL: out
 * of memory.
 */
struct tarn__tcp *tarn__tcp_new(struct tarn *tarn, struct ev_loop *, enum tarn__transport);
/* After the resolver's end. Writes what waits as far as the sockets take it. NULL is allowed. */
void tarn__tcp_free(struct tarn__tcp *);

/* Before the first add(). The resolver is borrowed and may be freed before free() is called. */
void tarn__tcp_set_resolver(struct tarn__tcp *, struct tarn__resolver *);

/* As tarn__places_set_count(). */
void tarn__tcp_set_places(struct tarn__tcp *, size_t count);

/* To be called when the access list has changed; see tarn__places_review(). */
void tarn__tcp_review(struct tarn__tcp *);

/* Takes a listening socket, non-blocking. TARN_ENOMEM: it stays the caller's. */
int tarn__tcp_add(struct tarn__tcp *, int fd);
/* Undoes an add(): the socket is the caller's again. */
void tarn__tcp_remove(struct tarn__tcp *, int fd);
/* Closes the listening sockets at this address; connections made by now stay. */
void tarn__tcp_close(struct tarn__tcp *, const struct tarn_address *);

/* Writes late replies and reads on where they made room. Returns true if questions were read. */
bool tarn__tcp_flush(struct tarn__tcp *);

/* Closes what is over time. Returns when it must be called again; UINT64_MAX: no need. */
uint64_t tarn__tcp_expire(struct tarn__tcp *, uint64_t now_ms);

const struct tarn__tcp_stats *tarn__tcp_stats(const struct tarn__tcp *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/tcp.h: questions and replies over TCP (RFC 7766): any number of questions on one connection,
 * answered as soon as each answer is there.
 *
 * Thread: one per worker.
 */
#ifndef TARN_NET_TCP_H
#define TARN_NET_TCP_H

#include <stdbool.h>
#include <stdint.h>

struct ev_loop;
struct tarn;
struct tarn_address;
struct tarn__resolver;
struct tarn__tcp;

enum {
	TARN__TCP_CONNECTIONS = 1024, /* per worker; a new one then closes the oldest idle one */
	TARN__TCP_PER_CLIENT = 256, /* of these; then its own oldest idle one, or none is taken */
	TARN__TCP_IN_FLIGHT = 100, /* questions per connection; then no more are read */
	/* Octets of late replies, come all at once and not yet taken, that end the connection. */
	TARN__TCP_OUTPUT_MAX = 1 << 18,
};

struct tarn__tcp_stats {
	uint64_t connections; /* open */
	uint64_t accepted;
	uint64_t refused; /* of clients with all their places in use */
	uint64_t idle_closed; /* to make room, or after their time */
	uint64_t stalled_closed; /* half a message, or replies not read, for too long */
	uint64_t reset; /* too many octets not read */
};

/* NULL: out of memory. tarn is where complaints are logged. */
struct tarn__tcp *tarn__tcp_new(struct tarn *tarn, struct ev_loop *);
/* After the resolver's end. Writes what waits as far as the sockets take it. NULL is allowed. */
void tarn__tcp_free(struct tarn__tcp *);

/* Before the first add(). The resolver is borrowed and may be gone when free() is called. */
void tarn__tcp_set_resolver(struct tarn__tcp *, struct tarn__resolver *);

/* Takes a listening socket, non-blocking. TARN_ENOMEM: it stays the caller's. */
int tarn__tcp_add(struct tarn__tcp *, int fd);
/* Undoes an add(): the socket is the caller's again. */
void tarn__tcp_remove(struct tarn__tcp *, int fd);
/* Closes the listening sockets at this address; clients who have connected by now stay. */
void tarn__tcp_close(struct tarn__tcp *, const struct tarn_address *);

/* Writes late replies and reads on where they made room. Were there questions among it? */
bool tarn__tcp_flush(struct tarn__tcp *);

/* Closes what is over time. Returns when it must be called again; UINT64_MAX: no need. */
uint64_t tarn__tcp_expire(struct tarn__tcp *, uint64_t now_ms);

const struct tarn__tcp_stats *tarn__tcp_stats(const struct tarn__tcp *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/udp.h: questions and replies over UDP. Questions are taken in batches; those that the cache
 * answers leave in one batch, without an allocation, a lock or a clock reading between.
 *
 * Thread: one per worker.
 */
#ifndef TARN_NET_LISTEN_UDP_H
#define TARN_NET_LISTEN_UDP_H

#include <stdbool.h>
#include <stdint.h>

struct ev_loop;
struct tarn_address;
struct tarn__resolver;
struct tarn__udp;

struct tarn__udp_stats {
	uint64_t too_long; /* longer than any question, dropped */
	uint64_t kept; /* replies that waited for room in the socket's buffer */
	uint64_t dropped; /* replies that the system rejected */
};

/* NULL: out of memory. */
struct tarn__udp *tarn__udp_new(struct ev_loop *);
/* Writes what is queued as far as the sockets take it, and closes them. NULL is allowed. */
void tarn__udp_free(struct tarn__udp *);

/* Before the first add(). The resolver is borrowed and may be freed before free() is called. */
void tarn__udp_set_resolver(struct tarn__udp *, struct tarn__resolver *);

/* Takes a socket that tarn__socket_adopt() has prepared. TARN_ENOMEM: it stays the caller's. */
int tarn__udp_add(struct tarn__udp *, int fd, bool is_wildcard);

/*
 * Closes the sockets at this address. Questions that have come by now are answered, at once or when their
 * answers are there.
 */
void tarn__udp_close(struct tarn__udp *, const struct tarn_address *);

/* Sends late replies: once per turn of the loop. */
void tarn__udp_flush(struct tarn__udp *);

const struct tarn__udp_stats *tarn__udp_stats(const struct tarn__udp *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/places.h: which clients have a connection, and for how long.
 *
 * A connection of a client that is on the access list has one of the worker's places. If none is free, the
 * one that has been idle or stalled for longest makes room; a client that has its share of the places makes
 * room itself. If all are busy, some take no more questions and are closed when they are answered.
 *
 * A client that is not on the access list has no place. One of its questions is refused; there is room for a
 * few such connections, for a second each, and the newest replaces the oldest. Over TLS and HTTPS they are reset
 * as they come: a refusal would cost as much as a thousand answers, and the handshake would have to be waited for.
 *
 * Connections of TLS and HTTPS have places of their own, so that no kind pushes out another; there are fewer of
 * them, for what they take in memory, and they may be idle for longer, for what a handshake costs.
 *
 * The connection of a proxy has a place like that of any client, until its header says whose it is.
 *
 * Thread: one per worker.
 */
#ifndef TARN_NET_LISTEN_PLACES_H
#define TARN_NET_LISTEN_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "net/listen/connection.h"

struct tarn__places {
	struct tarn__connections all;
	size_t count; /* of places */
};

/*
 * has_room is called when a connection has been closed, or could be closed for another. TARN_ENOMEM: as after
 * _fini().
 */
int tarn__places_init(struct tarn__places *, struct tarn *, struct ev_loop *, enum tarn__transport,
		      void (*has_room)(struct tarn__connections *));
void tarn__places_fini(struct tarn__places *);

/*
 * Changes the number of places, 1 at least, from that of TCP, of which TLS and HTTPS have a part; connections
 * beyond it are closed when idle or stalled.
 */
void tarn__places_set_count(struct tarn__places *, size_t count);

/* The time from which one more client can be admitted; UINT64_MAX: when a busy one has been answered. */
uint64_t tarn__places_next_ms(const struct tarn__places *);
/* Takes an accepted socket, and resets it if there is no place for it. */
void tarn__places_admit(struct tarn__places *, int fd, const struct tarn_address *peer);
/* Ends some busy ones, those that have waited for longest; their answers come within 4 seconds. */
void tarn__places_end_some(struct tarn__places *);

/* Ends the connections of clients that are no longer on the access list; their questions are answered. */
void tarn__places_review(struct tarn__places *);

/* Closes those that are over their time. Returns when it must be called again; UINT64_MAX: no need. */
uint64_t tarn__places_expire(struct tarn__places *, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/places.h: which clients have a connection, and for how long.
 *
 * A connection of a client that may ask has one of the worker's places. Where none is free, the one
 * that has been idle or stalled for longest makes room; a client that has its share of them makes room
 * itself. Where all are at work, some take no more questions and are closed when they are answered.
 *
 * A client that may not ask has no place. It is refused one question; there is room for a few of its
 * kind, for a second each, and the newest takes the room of the oldest.
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

/* has_room is called where a connection has been closed, or might be for another. */
void tarn__places_init(struct tarn__places *, struct ev_loop *,
		       void (*has_room)(struct tarn__connections *));
void tarn__places_fini(struct tarn__places *);

/* So many places from now on, 1 at least; those that are too many go when idle or stalled. */
void tarn__places_set_count(struct tarn__places *, size_t count);

/* The time from which one more client can be admitted; UINT64_MAX: once one of those at work is done. */
uint64_t tarn__places_next_ms(const struct tarn__places *);
/* Takes an accepted socket; without a place for it, it is reset. */
void tarn__places_admit(struct tarn__places *, int fd, const struct tarn_address *peer);
/* Ends some of those at work, which have waited for longest, at 4 seconds at most. */
void tarn__places_end_some(struct tarn__places *);

/* Clients that have a place and may not ask any more are answered and closed. */
void tarn__places_review(struct tarn__places *);

/* Closes what is over time. Returns when it must be called again; UINT64_MAX: no need. */
uint64_t tarn__places_expire(struct tarn__places *, uint64_t now_ms);

#endif

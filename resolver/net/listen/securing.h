/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/securing.h: from the acceptance of a connection over TLS or HTTPS to its first question:
 *
 *	the header of the PROXY protocol, from a proxy alone
 *	the ClientHello is to come           it costs no more than its place
 *	it waits for its turn                nothing is read from it
 *	the handshake is under way           TARN__HANDSHAKES of a worker, TARN__HANDSHAKES_PER_CLIENT of a client
 *
 * All of it takes TARN__SECURING_MS at most, whatever comes; then the connection is reset. How often a client
 * has its turn is limited by net/listen/handshake_rate.h. Those that have come last have theirs first: where
 * there are more than can be served, the others have been given up by their clients, or never meant to go on.
 *
 * Where the limit of handshakes is reached, the one that has been under way for longest makes room, after
 * TARN__SECURING_SPARED_MS: clients that do not go on hold up no others for longer than that.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_LISTEN_SECURING_H
#define TARN_NET_LISTEN_SECURING_H

#include <stdbool.h>
#include <stdint.h>

struct tarn__connection;
struct tarn__connections;

enum {
	/* From accept to Finished: two round trips, one lost segment each, and a slow client's arithmetic. */
	TARN__SECURING_MS = 5000,
	TARN__SECURING_SPARED_MS = 1000, /* two round trips of the slowest networks */
	/* Under way at once: some 3 MB, and 40 ms of a processor if all go on in one moment. */
	TARN__HANDSHAKES = 64,
	TARN__HANDSHAKES_PER_CLIENT = 8, /* seven others have as many beside it */
	/* Begun in one turn of the loop: some 3 ms, for which other clients wait. */
	TARN__HANDSHAKES_PER_TURN = 4,
};

/* Takes a new connection to all->securing; a proxy's begins with a header. TARN_ENOMEM. */
int tarn__securing_start(struct tarn__connection *, bool is_of_proxy);

/* Resets one that is not open yet. */
void tarn__securing_reset(struct tarn__connection *);

/*
 * Begins the handshakes whose turn it is, and resets those that are over their time. Returns when it must be
 * called again; UINT64_MAX: no need.
 */
uint64_t tarn__securing_run(struct tarn__connections *, uint64_t now_ms);

#endif

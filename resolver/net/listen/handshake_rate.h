/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/handshake_rate.h: how many TLS handshakes a client may begin in a time, so that one client cannot
 * take a worker's processor with them. A full handshake costs as much as a thousand answers from the cache, a
 * resumed one a quarter of it.
 *
 * A client is that of tarn__address_client(). It is counted in one place of each of two rows, chosen by a keyed
 * hash, and the smaller of the two counts is its count (core/shares.h has the reasons): 16 KiB, whatever the
 * number of clients.
 *
 * Thread: one per worker. Times are given, and do not go back.
 */
#ifndef TARN_NET_LISTEN_HANDSHAKE_RATE_H
#define TARN_NET_LISTEN_HANDSHAKE_RATE_H

#include <stdint.h>

enum {
	/* Of one client: a network behind one address comes back at once after a failure of the link. */
	TARN__HANDSHAKES_BURST = 50,
	TARN__HANDSHAKES_PER_SEC = 10, /* less than a hundredth of a processor */
	TARN__HANDSHAKE_MS = 1000 / TARN__HANDSHAKES_PER_SEC,
	TARN__HANDSHAKE_RESUMED_MS = TARN__HANDSHAKE_MS / 4,
};

struct tarn__handshake_rate;

/* NULL: out of memory. */
struct tarn__handshake_rate *tarn__handshake_rate_new(void);
void tarn__handshake_rate_free(struct tarn__handshake_rate *); /* NULL is allowed */

/* Returns the time from which the client may begin one; it may now if that is not after now_ms. */
uint64_t tarn__handshake_rate_from(const struct tarn__handshake_rate *, uint64_t client);

/* The client begins one: counted as a full one. */
void tarn__handshake_rate_take(struct tarn__handshake_rate *, uint64_t client, uint64_t now_ms);
/* It turns out to be a resumed one. */
void tarn__handshake_rate_give_back(struct tarn__handshake_rate *, uint64_t client);

#endif

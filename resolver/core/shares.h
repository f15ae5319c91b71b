/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/shares.h: each client's share of a resource that all clients use, so that one client cannot take
 * all of it: a count-min sketch of two rows.
 *
 * A client is an IPv4 address or an IPv6 network of 64 bits (tarn__address_client()). It is counted in one
 * place of each row, chosen by a keyed hash; the smaller of the two counts is its count. The count is never
 * too low, and too high only if other clients share both places: with 100 clients for one in 1,700. Which
 * clients share a place cannot be predicted without the key. 16 KiB and O(1), whatever the number of clients.
 *
 * Thread: the resolver's.
 */
#ifndef TARN_CORE_SHARES_H
#define TARN_CORE_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "tarn.h"

enum {
	TARN__SHARES_ROWS = 2,
	TARN__SHARES_PLACES = 4096, /* in a row */
	/*
	 * A client may have this many times what is free. One client gets at most three quarters of the
	 * resource, each of two 43 %, each of three 30 %, with a tenth left free.
	 */
	TARN__SHARES_FACTOR = 3,
};

struct tarn__shares {
	uint16_t counts[TARN__SHARES_ROWS][TARN__SHARES_PLACES];
};

/* A client's places in the rows. */
struct tarn__share {
	uint16_t places[TARN__SHARES_ROWS];
};

struct tarn__share tarn__share_of(const struct tarn_address *client,
				  const uint8_t secret[TARN__SIPHASH_KEY_LEN]);

/* Adds one to the count of the client, or takes one off; at most 65,535 at a time. */
void tarn__shares_add(struct tarn__shares *, struct tarn__share);
void tarn__shares_remove(struct tarn__shares *, struct tarn__share);

size_t tarn__shares_count(const struct tarn__shares *, struct tarn__share);

/* Returns true if the client may have one more while left of the resource are free. */
bool tarn__shares_allow(const struct tarn__shares *, struct tarn__share, size_t left);

#endif

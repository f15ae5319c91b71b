/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/shares.h: how much of what all clients share each of them has, so that one cannot have all.
 *
 * A client is an IPv4 address or an IPv6 network of 64 bits (tarn__address_client()). Each is counted in
 * two places that a secret picks, and has as much as the smaller of the two says: never less than what
 * is true, and more only where both places are another client's, too. With 100 clients that wait this
 * is so for one in 1,700, and nobody can choose whose place to take. 16 KiB, whoever asks; no time
 * depends on how many there are.
 *
 * Thread: as the resolver's.
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
	TARN__SHARES_PLACES = 4096, /* of a row */
	/* A client may have so many times what is left: alone three quarters of all, ... */
	TARN__SHARES_FACTOR =
		3, /* ... of two greedy ones each 43 %, of three 30 %, and a tenth is left. */
};

struct tarn__shares {
	uint16_t counts[TARN__SHARES_ROWS][TARN__SHARES_PLACES];
};

/* Where a client is counted. */
struct tarn__share {
	uint16_t places[TARN__SHARES_ROWS];
};

struct tarn__share tarn__share_of(const struct tarn_address *client,
				  const uint8_t secret[TARN__SIPHASH_KEY_LEN]);

/* One more, or one less than was added; at most 65,535 at a time. */
void tarn__shares_add(struct tarn__shares *, struct tarn__share);
void tarn__shares_remove(struct tarn__shares *, struct tarn__share);

size_t tarn__shares_count(const struct tarn__shares *, struct tarn__share);

/* May that client have one more, with so many left for all? */
bool tarn__shares_allow(const struct tarn__shares *, struct tarn__share, size_t left);

#endif

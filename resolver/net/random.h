/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/random.h: unpredictable octets for ids, ports and letter case (RFC 5452 section 9.2), from the
 * kernel, fetched in pools so that a question costs no system call.
 *
 * Thread: one pool per worker.
 */
#ifndef TARN_NET_RANDOM_H
#define TARN_NET_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* All zero: an empty pool, ready for use. */
struct tarn__random {
	size_t left; /* octets not yet given away: the first ones */
	uint8_t pool[512];
};

/* Never fails: where the kernel has no randomness, the program is aborted. */
void tarn__random_fill(struct tarn__random *, void *out, size_t len);

/* Uniform in 0 … bound - 1; bound is not 0. */
uint32_t tarn__random_below(struct tarn__random *, uint32_t bound);

#endif

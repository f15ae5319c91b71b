/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/backoff.h: the time between attempts to connect: 100 ms, doubled up to 800 ms, each by a quarter less or
 * more, so that machines that have lost the same store do not come back to it in step.
 *
 * Thread: any.
 */
#ifndef TARN_NET_SECOND_BACKOFF_H
#define TARN_NET_SECOND_BACKOFF_H

#include <stdint.h>

enum {
	TARN__BACKOFF_FIRST_MS = 100,
	TARN__BACKOFF_LAST_MS = 800, /* with its quarter: within a second of the store's return */
};

/* All zero: no attempt has failed. */
struct tarn__backoff {
	uint32_t ms;
};

/* How long to wait after an attempt that has failed. random: any number. */
static inline uint32_t tarn__backoff_next(struct tarn__backoff *backoff, uint32_t random)
{
	uint32_t ms = backoff->ms == 0 ? TARN__BACKOFF_FIRST_MS : backoff->ms * 2;
	backoff->ms = ms < TARN__BACKOFF_LAST_MS ? ms : TARN__BACKOFF_LAST_MS;
	return backoff->ms * 3 / 4 + random % (backoff->ms / 2 + 1);
}

static inline void tarn__backoff_reset(struct tarn__backoff *backoff)
{
	backoff->ms = 0;
}

#endif

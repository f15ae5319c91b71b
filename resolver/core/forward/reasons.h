/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/reasons.h: why answers were bogus, in words, for replies that come later: the cache
 * remembers a failure as a number. The last TARN__REASONS_MAX are kept; the number of one that has been
 * displaced still has its code.
 *
 * Thread: any; a lock is taken. No answer that is good comes here.
 */
#ifndef TARN_CORE_FORWARD_REASONS_H
#define TARN_CORE_FORWARD_REASONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dnssec/security.h"

struct tarn__reasons;

enum { TARN__REASONS_MAX = 256 /* 52 KB, from the first one on */ };

/* NULL: out of memory. */
struct tarn__reasons *tarn__reasons_new(void);
void tarn__reasons_free(struct tarn__reasons *);

/* Keeps a reason. Returns an error of a lookup, for which tarn__reasons_is_bogus() is true. */
int tarn__reasons_add(struct tarn__reasons *, const struct tarn__reason *);

/* Returns true if an error of a lookup is that of an answer which was bogus. */
bool tarn__reasons_is_bogus(int error);

/* Returns the code of the extended error of such an error. */
uint16_t tarn__reasons_code(int error);

/* Finds the reason of such an error; without text if it has been displaced. */
void tarn__reasons_find(struct tarn__reasons *, int error, struct tarn__reason *out);

#endif

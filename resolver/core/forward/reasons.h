/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/reasons.h: why answers were bogus, and what was wrong with connections to servers, in words,
 * for replies that come later: the cache remembers a failure as a number. The last TARN__REASONS_MAX are
 * kept; the number of one that has been displaced still has its code.
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

/*
 * Keeps what was wrong with an exchange that ended with an error of struct tarn_exchange: words without
 * addresses, of any octets, of which what is too long is cut. before is what an earlier call for the same server
 * has returned, which is returned again if the words are the same; 0: there was none. Returns an error of a
 * lookup, for which tarn__reasons_is_fault() is true; the error itself if there are no words.
 */
int tarn__reasons_add_fault(struct tarn__reasons *, int error, const char *words, int before);

/* Returns true if an error of a lookup is that of an answer which was bogus. */
bool tarn__reasons_is_bogus(int error);

/* Returns true if an error of a lookup is of tarn__reasons_add_fault(), with words. */
bool tarn__reasons_is_fault(int error);

/* Returns true if it is one of both: it has a code and, as long as it is not displaced, words. */
bool tarn__reasons_has(int error);

/* Returns the code of the extended error of such an error. */
uint16_t tarn__reasons_code(int error);

/* Finds the reason of such an error; without text if it has been displaced. */
void tarn__reasons_find(struct tarn__reasons *, int error, struct tarn__reason *out);

#endif

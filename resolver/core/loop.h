/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/loop.h: finds servers that lead back to us. A server is asked for a random name under
 * "tarn-loop.internal."; when that question comes in, at any worker, it has come in a circle. It is
 * a name that resolvers between do not answer by themselves, as they would one in .invalid.
 *
 * Thread: any; one struct tarn__loops is shared by all workers, with a lock inside that only
 * questions for such names, and changes, take.
 */
#ifndef TARN_CORE_LOOP_H
#define TARN_CORE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/upstream.h"
#include "dns/query.h"

enum {
	TARN__LOOP_LABEL_LEN = 16, /* octets; hexadecimal: 64 random bits, which nobody guesses */
	TARN__LOOP_NAME_LEN = 1 + TARN__LOOP_LABEL_LEN + sizeof("\11tarn-loop\10internal"),
	TARN__LOOP_MS = 5000, /* a name is remembered */
};

struct tarn__loops;

/* NULL: out of memory. */
struct tarn__loops *tarn__loops_new(void);
void tarn__loops_free(struct tarn__loops *);

/* A name to ask a server for, made of random octets. */
void tarn__loops_name(const uint8_t random[TARN__LOOP_LABEL_LEN / 2],
		      uint8_t qname[TARN__LOOP_NAME_LEN]);

/*
 * Waits for the names, one for each of the servers, until TARN__LOOP_MS from now on; what was found
 * before is forgotten. found is called under the lock, on the thread that hears of one.
 */
void tarn__loops_expect(struct tarn__loops *, const struct tarn__upstream *,
			const uint8_t (*qnames)[TARN__LOOP_NAME_LEN], uint64_t now_ms,
			void (*found)(void *arg, size_t index), void *arg);

/* Has the question been in a circle? Then the server that has brought it back is a loop. */
bool tarn__loops_hear(struct tarn__loops *, const struct tarn__query *, uint64_t now_ms);

/* Whether it is worth to ask that: of almost no question. */
static inline bool tarn__loops_may_hear(const struct tarn__query *query)
{
	return query->qname_len == TARN__LOOP_NAME_LEN && query->qname[0] == TARN__LOOP_LABEL_LEN;
}

/* Marks the worker's servers anew if anything has been found, or forgotten, since version *seen; 0: none. */
void tarn__loops_sync(struct tarn__loops *, unsigned *seen, struct tarn__upstream *);

#endif

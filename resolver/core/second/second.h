/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/second.h: one worker's part of the second level of the cache, a store that machines share: when it
 * is asked, and when it is left alone. What is outside is struct tarn_io's second_get, second_put and
 * second_publish; the store is any that knows keys, values and times to live.
 *
 *	miss --> get (core/second/fetch.h) --+--> there in time --> the answer
 *	                                     +--> absent, an error, or the wait is over --> the servers
 *	answer of a server --> put, after the clients have theirs
 *
 *	breaker (core/second/breaker.h): a store that fails or is silent is not asked for a while
 *	epoch: a random number in the store that is part of every key; another one makes all values unreachable
 *	messages (core/second/message.h): names that all machines forget
 *
 * Thread: as the resolver's. The epoch is shared by all workers.
 */
#ifndef TARN_CORE_SECOND_SECOND_H
#define TARN_CORE_SECOND_SECOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/second_config.h"
#include "core/stats.h"

struct tarn_io;
struct tarn__timers;

struct tarn__second;

/* What all workers share: the epoch. NULL: out of memory. */
struct tarn__second_shared;
struct tarn__second_shared *tarn__second_shared_new(void);
void tarn__second_shared_free(struct tarn__second_shared *);

/* All are borrowed. NULL: out of memory. */
struct tarn__second *tarn__second_new(const struct tarn_io *, struct tarn__timers *,
				      struct tarn__second_shared *);
void tarn__second_free(struct tarn__second *);

/*
 * Takes over another configuration; NULL: there is no second level now. What is outstanding is canceled if it
 * is not equal to the one before.
 */
void tarn__second_set_config(struct tarn__second *, struct tarn__second_config *);

/* To be called when the connection has come up, and when it has been lost: no request is outstanding then. */
void tarn__second_connected(struct tarn__second *);
void tarn__second_lost(struct tarn__second *);

const struct tarn__second_counts *tarn__second_counts(const struct tarn__second *);

#endif

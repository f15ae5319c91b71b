/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/second.h: one worker's part of the second level of the cache, a store that machines share:
 * when it is asked, and when it is left alone. What is outside is struct tarn_io's second_get, second_put
 * and second_publish; the store is any that knows keys, values and times to live.
 *
 *	miss --> get (core/second/fetch.h) --+--> there in time --> the answer
 *	                                     +--> absent, an error, or the wait is over --> the servers
 *	answer of a server --> put, in the turn in which the clients have theirs
 *
 *	breaker (core/second/breaker.h): a store that fails or is silent is not asked for a while
 *	epoch (core/second/epoch.h): a random number in the store that is part of every key; another one makes all
 *	                             values unreachable
 *	messages (core/second/message.h): names that all machines forget
 *
 * Thread: as the resolver's. The epoch is in the configuration of the store, which all workers share.
 */
#ifndef TARN_CORE_SECOND_SECOND_H
#define TARN_CORE_SECOND_SECOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/breaker.h"
#include "core/second/second_config.h"
#include "core/stats.h"
#include "dns/query.h"

struct tarn_io;
struct tarn__config;
struct tarn__timers;
struct tarn__zone_config;

struct tarn__second;

enum {
	/* An answer of less would have ended before another machine asks for it. */
	TARN__SECOND_TTL_MIN_SEC = 5,
};

/* What all workers share: the time for which the cache keeps what has expired. NULL: out of memory. */
struct tarn__second_shared;
struct tarn__second_shared *tarn__second_shared_new(uint64_t stale_ms);
void tarn__second_shared_free(struct tarn__second_shared *);

/* What the second level has done by others. Each is called from within its functions, or from the loop. */
struct tarn__second_hooks {
	/* The epoch has changed: nothing that the cache has is valid any more. Once for all workers. */
	void (*forget_all)(void *arg);
	void (*switched)(void *arg, enum tarn__breaker_event);
	void *arg;
};

/* All are borrowed. NULL: out of memory. */
struct tarn__second *tarn__second_new(const struct tarn_io *, struct tarn__timers *,
				      struct tarn__second_shared *,
				      const struct tarn__second_hooks *);
/* Cancels what is outstanding; no lookup has a fetch any more. NULL is allowed. */
void tarn__second_free(struct tarn__second *);

/*
 * Takes over another configuration, and a reference to it; it may have no second level. What is outstanding
 * is canceled if the second level is not the same one as before, and fetches are if their keys would be
 * others: they are done, without a value. Without a connection until the next tarn__second_connected()
 * where it is not the same one.
 */
void tarn__second_set_config(struct tarn__second *, struct tarn__config *);

/*
 * To be called when the connection has come up, and when it has been lost: no request is outstanding then.
 */
void tarn__second_connected(struct tarn__second *);
void tarn__second_lost(struct tarn__second *);

/*
 * Puts a server's answer, of at least TARN__SECOND_TTL_MIN_SEC, unless that is not possible now; zone is
 * the one whose servers were asked.
 */
void tarn__second_put_answer(struct tarn__second *, const struct tarn__zone_config *zone,
			     const struct tarn__key *, const uint8_t *stored, size_t len,
			     uint32_t ttl_sec);

/* The configuration of the store; NULL: there is none. */
const struct tarn__second_config *tarn__second_config(const struct tarn__second *);

const struct tarn__second_counts *tarn__second_counts(const struct tarn__second *);

#endif

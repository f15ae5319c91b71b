/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/fetch.h: what one lookup has under way in the second level.
 *
 *	start --> get --+--> there ------------------------> done, with an answer, or without if it is not taken
 *	                +--> absent, leased, an error -----> done, without
 *	                +--> held: polls after 2, 4, 8 ms... --+--> there -------------> done
 *	                                                       +--> not at the last one --> done, without
 *
 * The wait is the owner's: when it is over the owner says so and asks the servers, and the fetch goes on
 * until it is done or freed.
 *
 * Thread: as core/second/second.h.
 */
#ifndef TARN_CORE_SECOND_FETCH_H
#define TARN_CORE_SECOND_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/saved_answer.h"
#include "core/second/request.h"
#include "dns/query.h"

struct tarn__second;
struct tarn__zone_config;

enum {
	TARN__FETCH_LEASE_MS = 1500, /* of a lease: a holder that fails lets it run out */
	TARN__FETCH_POLL_MS =
		2, /* until the first poll; each time is twice as long as the one before ... */
	TARN__FETCH_POLL_MAX_MS = 16, /* ... up to this */
	TARN__SPARE_FETCHES = 64, /* kept, as a busy worker uses them again: 24 KB */
};

/* An answer of the store. */
struct tarn__fetched {
	struct tarn__saved_answer
		answer; /* with ttl_ms 0: it has expired, and may serve as stale */
	uint8_t *stored; /* answer.len octets, valid during the call */
};

/* done is called at most once, from the loop; the fetch is the owner's to free, perhaps in that call. */
typedef void tarn__fetch_function(void *owner, const struct tarn__fetched *);

struct tarn__fetch {
	struct tarn_second_get get;
	struct tarn__second *second;
	struct tarn__list node; /* of the fetches of the second level */
	struct tarn__timer timer; /* while it polls: of the next poll, or of its end */
	tarn__fetch_function *done; /* NULL for fetched: there is none */
	void *owner;
	struct tarn__key key; /* a view into the owner's */
	uint64_t started_ms, polled_until_ms;
	uint64_t sent_us;
	uint32_t poll_ms; /* the next one; 0: it does not poll */
	uint32_t rtt_ms;
	bool is_sent; /* a get is outstanding */
	bool is_late; /* the owner's wait is over */
	char text[TARN__SECOND_KEY_MAX];
};

struct tarn__fetch_options {
	const struct tarn__zone_config *zone; /* whose servers are to be asked else */
	const struct tarn__key *key; /* borrowed for as long as the fetch */
	uint32_t rtt_ms; /* of the zone's best server; 0: not known */
	tarn__fetch_function *done;
	void *owner;
};

/* Returns NULL if the second level is not asked for that, or not now. */
struct tarn__fetch *tarn__fetch_start(struct tarn__second *, const struct tarn__fetch_options *);

/* Returns the milliseconds from the start after which the owner asks the servers, too. */
uint32_t tarn__fetch_wait_ms(const struct tarn__second *);

/* That time is over, and it is not done. */
void tarn__fetch_is_late(struct tarn__fetch *);

/*
 * The owner has made the value its answer; or has not, since it lives no longer than what was to be
 * refreshed.
 */
void tarn__fetch_was_taken(struct tarn__second *);
void tarn__fetch_was_not_later(struct tarn__second *);

/* Cancels what is outstanding; it is done, without a value. */
void tarn__fetch_cancel(struct tarn__fetch *);

/* Cancels what is outstanding, and keeps the memory for another one. NULL is allowed. */
void tarn__fetch_free(struct tarn__fetch *);

#endif

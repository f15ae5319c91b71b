/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/fetching.h: a lookup and the second level of the cache (core/second/): it is asked before
 * the servers are, and is given their answers.
 *
 *	FETCHING --+--> a good value ------------------> filled
 *	           +--> none, or the wait is over -----> ASKING; the get stays outstanding
 *
 * A good value that comes while the lookup is ASKING, HOLDING or WAITING fills it; one that comes later is
 * dropped. What is looked up ahead of its end takes only a value that lives longer.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_FETCHING_H
#define TARN_CORE_FORWARD_FETCHING_H

#include <stdbool.h>

struct tarn__answer;
struct tarn__fetched;
struct tarn__lookup;

enum {
	/*
	 * A value is to live longer than what is to be refreshed by as much, and by that part of its TTL.
	 */
	TARN__FETCH_LATER_MS = 1000,
	TARN__FETCH_LATER_PERCENT = 5,
};

/*
 * Called with a value that is the answer, in any state; with NULL while FETCHING: the servers are to be
 * asked.
 */
typedef void tarn__fetched_function(struct tarn__lookup *, const struct tarn__fetched *);

/*
 * Asks the second level for a lookup in state NEW. Returns true if that is FETCHING now: done is called
 * from the loop or the lookup's timer, once with NULL at most, and once with a value at most. The forwarder
 * has a second level.
 */
bool tarn__fetching_begin(struct tarn__lookup *, tarn__fetched_function *done);

/* Its wait is over: the servers are asked. */
void tarn__fetching_end_wait(struct tarn__lookup *);

/* Cancels what is outstanding. Without effect if nothing is. */
void tarn__fetching_drop(struct tarn__lookup *);

/* Puts the answer of a server, whose stored form is in the scratch. The forwarder has a second level. */
void tarn__fetching_put(const struct tarn__lookup *, const struct tarn__answer *);

#endif

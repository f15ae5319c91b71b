/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/lookup.h: one lookup under way: a key that the cache does not have, its state, and what has
 * been done for it so far. core/forward/asking.h starts lookups and makes them progress;
 * core/forward/ending.h ends them.
 *
 * Thread: a lookup lives on the thread of the resolver that started it.
 */
#ifndef TARN_CORE_FORWARD_LOOKUP_H
#define TARN_CORE_FORWARD_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/forward/lookup_state.h"
#include "core/forward/select.h"
#include "dns/query.h"

struct rtcache_lookup;
struct tarn__answer;
struct tarn__chain;
struct tarn__checking;
struct tarn__fetch;
struct tarn__fetched;
struct tarn__zone;
struct tarn__forwarder;

enum {
	TARN__LOOKUP_MS =
		5000, /* glibc's stub sends its query again after 5 s: no client waits longer */
};

struct tarn__lookup {
	struct tarn__forwarder *forwarder;
	struct tarn__zone *zone;
	enum tarn__lookup_state state; /* changed by tarn__lookup_move() only */
	struct tarn__list node; /* of the zone's list of that state */
	struct rtcache_lookup *handle;
	struct tarn__key key; /* a view into the handle's */
	struct tarn__key asked; /* the same, with DO and CD as servers are asked */
	struct tarn__timer timer; /* see enum tarn__lookup_state */
	uint64_t deadline_ms;
	struct tarn__list attempts; /* outstanding: core/forward/outstanding.h */
	struct tarn__chain *chain; /* while FOLLOWING; else NULL */
	struct tarn__checking *checking; /* while CHECKING; else NULL */
	struct tarn__fetch *fetch; /* what the second level is asked for; else NULL */
	void (*fetched)(struct tarn__lookup *,
			const struct tarn__fetched *); /* see tarn__fetching_begin() */
	void (*validated)(struct tarn__lookup *, int error, const struct tarn__answer *);
	size_t checked; /* the server that has given the answer which is checked */
	bool is_validated; /* its answer is checked (core/forward/validation.h) */
	size_t suspected; /* the server that has given a bogus answer, while is_second */
	bool is_second; /* it asks again, after a bogus answer ... */
	int bogus_error; /* ... whose reason this is; 0: there was none */
	bool is_indeterminate; /* the chain of trust cannot be had */
	int error; /* the error that it fails with unless an answer comes */
	uint64_t sent_ms; /* its last message; 0: none yet */
	size_t turn; /* see struct tarn__select */
	struct tarn__server_tries *tries; /* one per server: those below, or others, owned */
	struct tarn__server_tries first_tries[];
};

/*
 * Makes a lookup of the zone, in state NEW, with TARN__LOOKUP_MS until its deadline. The timer does not
 * run yet; the handle is the caller's to end. NULL: out of memory.
 */
struct tarn__lookup *tarn__lookup_new(struct tarn__zone *, struct rtcache_lookup *handle,
				      const struct tarn__key *, void (*fire)(struct tarn__timer *));

/*
 * Determines how servers are asked: an answer that is checked is asked for with DO and CD (RFC 4035 section
 * 3.2.1, RFC 6840 section 5.9).
 */
void tarn__lookup_choose_question(struct tarn__lookup *);

/* Frees a lookup in state ENDED, or keeps its memory for another one of the zone. */
void tarn__lookup_free(struct tarn__lookup *);

/* Returns true if the second state may follow the first. */
bool tarn__lookup_can_move(enum tarn__lookup_state, enum tarn__lookup_state);

/* Moves to a state that may follow the present one, to the end of the zone's list of that state. */
void tarn__lookup_move(struct tarn__lookup *, enum tarn__lookup_state);

/*
 * Moves a lookup in state WAITING to another zone, where it waits. The numbers of messages to servers that
 * are in both are kept. Returns false if out of memory: it stays in its own zone.
 */
bool tarn__lookup_join(struct tarn__lookup *, struct tarn__zone *);

/* Returns the input of decisions about its servers; valid while the lookup stays in its zone. */
struct tarn__select tarn__lookup_select(const struct tarn__lookup *);

/* The present time, as the lookup's worker sees it. */
uint64_t tarn__lookup_now_ms(const struct tarn__lookup *);

#endif

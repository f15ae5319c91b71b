/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/checking.h: the check of a message (dnssec/check.h) in a worker: what it needs is found in
 * the cache, or looked up through it; a check whose turn is over goes on in the worker's next one.
 *
 *	tarn__checking_run()  a check that needs nothing more ends in this call, and nothing is allocated
 *	tarn__checking_wait() else the message is kept, and the lookups are started
 *
 * What is known of a name is an entry of the cache like any other, under a key of its own
 * (tarn__key_write_trust()): identical needs of all workers are one lookup (core/forward/trust_lookup.h).
 * Trust of a name waits for trust of names above it only, and nothing waits for a client's question: no
 * cycle can exist.
 *
 * Thread: the worker's.
 */
#ifndef TARN_CORE_FORWARD_CHECKING_H
#define TARN_CORE_FORWARD_CHECKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "dns/query.h"
#include "dnssec/check.h"
#include "rtcache.h"

struct tarn__forwarder;
struct tarn__known_names;

/* A check that waits. */
struct tarn__checking {
	struct tarn__forwarder *forwarder;
	void *extra; /* of the cache's lookups: see rtcache_get() */
	/* What was waited for has come, or cannot be had; the check is to be run again. Called last. */
	void (*resume)(struct tarn__checking *);
	void *owner; /* for resume */
	struct tarn__list node; /* of the worker's checks that wait for a turn */
	int error; /* why a need cannot be had; 0 */
	unsigned waiting; /* needs */
	struct tarn__need {
		struct rtcache_request request;
		bool is_waiting;
		struct tarn__name name;
	} needs[TARN__NEEDS_AT_ONCE];
	struct tarn__known_names *known; /* what the needs came to */
	struct tarn__check check;
	size_t len;
	uint8_t wire[]; /* the message */
};

/* The circumstances of a check. */
struct tarn__checking_how {
	bool is_for_chain, is_end_elsewhere,
		has_unsigned_proofs; /* as in struct tarn__check_input */
};

/*
 * Runs a check: that of checking, or, where that is NULL, the given one, which has been initialised with
 * the worker's turn. The response is of the same message in all calls.
 */
enum tarn__check_step tarn__checking_run(struct tarn__forwarder *, struct tarn__checking *,
					 struct tarn__check *, struct tarn__response *,
					 const struct tarn__checking_how *);

/* Keeps a check and its message, for tarn__checking_wait(). NULL: out of memory. */
struct tarn__checking *tarn__checking_new(struct tarn__forwarder *, void *extra,
					  void (*resume)(struct tarn__checking *),
					  const struct tarn__check *, const uint8_t *wire,
					  size_t len);

/* Cancels what is waited for. NULL is allowed. */
void tarn__checking_free(struct tarn__checking *);

/*
 * After the check has ended with that step: has it resumed, once, when it can go on, or when its error is
 * set; perhaps it is not to wait at all: then false is returned.
 */
bool tarn__checking_wait(struct tarn__checking *, enum tarn__check_step);

/*
 * Reads the message again, as the response to a query for the key. Returns false if that is no good answer.
 */
bool tarn__checking_parse(const struct tarn__checking *, const struct tarn__key *,
			  struct tarn__response *out);

/* The seconds since 1970, and whether they can be right. */
uint32_t tarn__checking_now(const struct tarn__forwarder *, bool *ignores_dates);

/* The next turn of the worker begins: resumes the checks that wait for it. Returns true if there were any. */
bool tarn__checking_turn(struct tarn__forwarder *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/findings.h: what validation, or the second level, has found wrong outside of answers, for
 * the log: once when it begins and once when it is over, whatever number of workers finds it.
 *
 * Thread: any; where all is well no lock is taken.
 */
#ifndef TARN_CORE_FORWARD_FINDINGS_H
#define TARN_CORE_FORWARD_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/breaker.h"
#include "dnssec/security.h"
#include "tarn.h"

struct tarn__endpoint;
struct tarn__findings;

enum {
	TARN__ANCHORS_FOUND_MAX = 8, /* names of anchors that are remembered; others are not told */
	/* Within it nothing is told of a server again: one that changes all the time would fill the log. */
	TARN__FINDING_MS = 600000,
	TARN__FINDING_SECOND_MS = 60000, /* the same for the second level */
};

enum tarn__finding_kind {
	TARN__FINDING_SERVER, /* it is not used for what is validated while there is another one */
	TARN__FINDING_ANCHOR, /* no key of its zone is validated by it */
	TARN__FINDING_CLOCK, /* it cannot be right: dates are not checked */
	TARN__FINDING_SECOND, /* the store of the second level fails or is silent, and is not asked */
};

struct tarn__finding {
	enum tarn__finding_kind kind;
	bool is_over;
	const struct tarn_address *server; /* of SERVER */
	int error; /* of SERVER: TARN_ENOSIGNATURES or TARN_ENODS */
	const uint8_t *zone; /* of ANCHOR: the name in wire form */
	const struct tarn__reason *reason; /* of ANCHOR, unless it is over */
	uint32_t now_sec, floor_sec; /* of CLOCK: since 1970 */
};

/* Runs on any worker's thread, under a lock, and must not call a resolver. */
typedef void tarn__finding_function(void *arg, const struct tarn__finding *);

/* tell may be NULL. NULL: out of memory. */
struct tarn__findings *tarn__findings_new(tarn__finding_function *tell, void *arg);
void tarn__findings_free(struct tarn__findings *);

/*
 * A worker takes it that the server removes signatures, or asks the child zone for its DS: error is which.
 * 0: it does neither.
 */
void tarn__findings_server(struct tarn__findings *, struct tarn__endpoint *, int error,
			   uint64_t now_ms);

/* The keys of a zone that has an anchor are bogus for that reason. NULL: they are validated. */
void tarn__findings_anchor(struct tarn__findings *, const uint8_t *zone, size_t len,
			   const struct tarn__reason *);

/* What has become of the breaker of a worker's second level. */
void tarn__findings_second(struct tarn__findings *, enum tarn__breaker_event, uint64_t now_ms);

/* The wall clock's time, and the earliest that it can be. */
void tarn__findings_clock(struct tarn__findings *, uint32_t now_sec, uint32_t floor_sec);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/limits.h: the work that one message may cause. All is counted before the library is called, also
 * what fails early (CVE-2025-8677). Work is counted in tenths of a unit, which is a verification of P-256:
 * 65 us. docs/decisions/dnssec-limits.md has the reasons and the limits of other validators.
 */
#ifndef TARN_DNSSEC_LIMITS_H
#define TARN_DNSSEC_LIMITS_H

#include <stdbool.h>

enum {
	TARN__TRIES_PER_RRSET =
		4, /* signatures with a key that fits them (CVE-2023-50387, KeyTrap) */
	TARN__KEYS_PER_TAG = 2, /* of one tag and algorithm: two keys collide by chance, no more */
	TARN__TRIES_PER_MESSAGE = 16,
	TARN__FAILED_TRIES_PER_MESSAGE = 4,
	TARN__WORK_PER_MESSAGE = 640, /* tenths: 4 ms */
	TARN__WORK_PER_TURN = 80, /* tenths: half a millisecond, then the worker's loop goes on */
	TARN__DS_MAX = 8, /* considered of a set */
	TARN__TRUST_KEYS_MAX = 32, /* kept of a zone's DNSKEYs */
	TARN__SIGNATURES_MAX = 8, /* looked at of an RRset's */
	TARN__NSEC3_ITERATIONS_MAX = 50, /* RFC 9276 section 3.2: more is insecure */
	TARN__NSEC3_RECORDS_MAX = 8, /* looked at in a message */
	TARN__NSEC3_BLOCKS_MAX = 1000, /* of SHA-1, in a message (CVE-2023-50868): 0.1 ms */
	TARN__NEEDS_MAX = 40, /* zones that the check of one message may ask for */
	TARN__SKEW_SEC = 300, /* before its inception a signature is valid already */
};

/* What one message may still cause. */
struct tarn__budget {
	unsigned tries, failed_tries, work, nsec3_blocks;
	unsigned *turn; /* tenths that are left in the worker's turn; NULL: no turns */
	const char *exceeded; /* the limit that was reached; NULL: none */
};

/* Of a message that has not caused any work. */
struct tarn__budget tarn__budget_new(void);

/*
 * Charges a verification of that many tenths. Returns false, and sets exceeded, if the message may not
 * cause another one.
 */
bool tarn__budget_charge_try(struct tarn__budget *, unsigned tenths);

/* The verification has failed. */
void tarn__budget_charge_failure(struct tarn__budget *);

/* Charges blocks of SHA-1. Returns false, and sets exceeded, if the message may not cause as many. */
bool tarn__budget_charge_blocks(struct tarn__budget *, unsigned blocks);

/* Returns true if the rest of the work has to wait for the worker's next turn. */
static inline bool tarn__budget_is_turn_over(const struct tarn__budget *budget)
{
	return budget->turn && *budget->turn == 0;
}

#endif

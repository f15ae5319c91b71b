/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/check.h: the security status of one response (RFC 4035 section 5): of each RRset of its answer,
 * and of its denial.
 *
 * The check asks nothing and waits for nothing. What it needs to know of zones it reads through struct
 * tarn__known; where that has nothing, it ends with TARN__CHECK_NEEDS and the names, and is called again
 * when more is known. It remembers which RRsets have been verified, so that no signature is verified twice,
 * and nothing that points into the response: another call may be with another copy of the same message.
 *
 *	signed data      the signer's name leads: trust of that zone is needed, of no other
 *	unsigned data    from the deepest name that is known downwards, until a name is insecure; if the owner itself is
 *	                 in a signed zone, a signature is missing: bogus
 *	denial           what the NSEC or NSEC3 RRsets of one zone prove (dnssec/denial_proof.h)
 *
 * docs/decisions/dnssec.md has the reasons.
 */
#ifndef TARN_DNSSEC_CHECK_H
#define TARN_DNSSEC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/response.h"
#include "dnssec/anchors.h"
#include "dnssec/canonical.h"
#include "dnssec/denial_proof.h"
#include "dnssec/limits.h"
#include "dnssec/security.h"
#include "dnssec/trust.h"
#include "dnssec/verify.h"

enum {
	TARN__NEEDS_AT_ONCE =
		4, /* a chain of aliases goes through few zones; more are asked for next */
	TARN__UNDATED_TTL = 60, /* seconds; of what was validated without a clock */
};

/* What is known of names. */
struct tarn__known {
	void *data;
	/* Returns false if nothing is known of the name. The views are valid until the check returns. */
	bool (*find)(void *data, const uint8_t *name, size_t len, struct tarn__trust *out);
};

struct tarn__check_input {
	struct tarn__response *response; /* a good one; TTLs and has_ad are set by the check */
	const struct tarn__anchors *anchors;
	const struct tarn__known *known;
	uint32_t now; /* seconds since 1970 */
	bool ignores_dates; /* the clock cannot be right */
	/*
	 * The response is for the chain of trust: the question is the DS of a name. Only names above it are
	 * needed, signatures of others are skipped, and of an alias the first link counts alone (RFC 4035
	 * section 5.2).
	 */
	bool is_for_chain;
	/* The end of the chain of aliases is asked of other servers: a denial is not expected. */
	bool is_end_elsewhere;
	bool has_unsigned_proofs; /* there were such that are not in the response any more */
	struct tarn__signed_data *data;
};

/* The state of a check. All zeros but for the budget before the first call. */
struct tarn__check {
	struct tarn__budget budget;
	unsigned needs; /* names that were asked for so far */

	/* The result, of TARN__CHECK_DONE. */
	enum tarn__security security;
	struct tarn__reason reason; /* of INSECURE and BOGUS */
	struct tarn__denial_proof denial; /* of a negative response */
	uint32_t
		until; /* seconds since 1970: the first expiration of a signature; 0: there is none */

	/* Of TARN__CHECK_NEEDS. */
	size_t need_count;
	struct tarn__check_need {
		struct tarn__name name;
		bool is_signer; /* its keys are likely to be needed */
	} need[TARN__NEEDS_AT_ONCE];

	/* By the place in response->at. */
	struct tarn__check_rrset {
		uint8_t status; /* 0: not known yet; else enum tarn__security + 1 */
		uint8_t expansion; /* the same: of the proof that there is no closer name */
		uint8_t labels; /* of the RRSIG */
		uint16_t signer_at; /* offset of the signer's name in the message; 0: none */
		uint32_t ttl, expiration;
	} rrsets[TARN__RRSETS_MAX];
	uint8_t denial_status; /* as the statuses above */
	uint8_t verifying; /* the place of progress, plus 1; 0: none */
	struct tarn__verify_progress progress;
};

enum tarn__check_step {
	TARN__CHECK_DONE,
	TARN__CHECK_NEEDS, /* call again when the names are known */
	TARN__CHECK_PAUSED, /* call again in the worker's next turn */
};

/* Begins a check. turn is as in struct tarn__budget. */
void tarn__check_init(struct tarn__check *, unsigned *turn);

/* Returns true if a response has NSEC or NSEC3 records without a signature. */
bool tarn__check_has_unsigned_proofs(const struct tarn__response *);

enum tarn__check_step tarn__check_run(struct tarn__check *, const struct tarn__check_input *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/verify.h: is an RRset signed by a key of a zone? */
#ifndef TARN_DNSSEC_VERIFY_H
#define TARN_DNSSEC_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/rrsets.h"
#include "dnssec/canonical.h"
#include "dnssec/limits.h"
#include "dnssec/security.h"
#include "dnssec/trust.h"

/* What all verifications of a message share. */
struct tarn__verify_context {
	uint32_t now; /* seconds since 1970 */
	bool ignores_dates; /* the clock cannot be right */
	struct tarn__budget *budget;
	struct tarn__signed_data *data; /* room that is used again */
};

/* How far the tries of one RRset are; all zeros at first. */
struct tarn__verify_progress {
	unsigned tried; /* signatures with a key that fits them */
};

enum tarn__verification {
	TARN__VERIFIED,
	TARN__NOT_VERIFIED, /* the reason says why */
	/* The turn is over: to be called again with the same arguments, the time too. */
	TARN__VERIFY_PAUSED,
};

/* Of an RRset that is verified. */
struct tarn__verified {
	unsigned labels; /* of the RRSIG: fewer than the owner's: an expansion of a wildcard */
	uint32_t
		ttl; /* seconds: the original TTL, or until the signature expires (RFC 4035 section 5.3.3) */
	uint32_t expiration; /* seconds since 1970 */
};

/*
 * Tries the signatures of an RRset by the zone with the zone's keys, the cheapest algorithms first, until
 * one is valid (RFC 4035 section 5.3, RFC 6840 sections 5.4, 5.11 and 5.12): of signatures
 * TARN__SIGNATURES_MAX, of keys with one tag and algorithm TARN__KEYS_PER_TAG, TARN__TRIES_PER_RRSET in
 * all. What does not fit is skipped. signatures is the RRset of the RRSIGs; NULL: there are none. Nothing
 * points into the message afterwards.
 */
enum tarn__verification
tarn__rrset_verify(const struct tarn__verify_context *, const struct tarn__rrsets *,
		   const struct tarn__rrset *, const struct tarn__rrset *signatures,
		   const struct tarn__name *zone, const struct tarn__trust *,
		   struct tarn__verify_progress *, struct tarn__verified *, struct tarn__reason *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/rrsig.h: the RDATA of an RRSIG (RFC 4034 section 3.1), and which may be tried (RFC 4035 section
 * 5.3.1).
 */
#ifndef TARN_DNSSEC_RRSIG_H
#define TARN_DNSSEC_RRSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/rrsets.h"
#include "dns/wire.h"

struct tarn__reason;

enum { TARN__RRSIG_FIXED_LEN = 18 /* octets before the signer's name */ };

/* All is a view into the message. */
struct tarn__rrsig {
	uint16_t covered;
	uint8_t algorithm, labels;
	uint32_t original_ttl, expiration, inception; /* the dates are serial numbers (RFC 1982) */
	uint16_t tag;
	const uint8_t *signer; /* not compressed, in any letter case */
	uint16_t signer_len;
	const uint8_t *rdata; /* all of it; the signature is at its end */
	const uint8_t *signature;
	uint16_t signature_len;
};

/* Reads the RDATA that the reader covers. Returns false if it is malformed. */
bool tarn__rrsig_read(struct tarn__reader, struct tarn__rrsig *out);

/*
 * Returns true if the signature may be one of an RRset with that owner: the signer is a name at or above
 * the owner, and the labels are not more than the owner's and not fewer than the signer's (RFC 4035 section
 * 5.3.1); of NSEC, NSEC3, DNSKEY, DS and SOA they are equal to the owner's, since these are never
 * expansions of a wildcard; the signer of a DNSKEY is the owner, of a DS and an NSEC3 a name above it, of
 * the NSEC3 the next one.
 */
bool tarn__rrsig_fits(const struct tarn__rrsig *, const struct tarn__name *owner, uint16_t type);

/*
 * Sets the reason, "no signature of example.com/A by key 34505 is valid: " and why, which has 60 octets at
 * most (dnssec/security.h).
 */
void tarn__rrsig_explain(const struct tarn__rrsig *, const struct tarn__name *owner, uint16_t code,
			 const char *why, struct tarn__reason *);

/* Returns true if the RRset is an expansion of a wildcard (RFC 4035 section 5.3.4). */
bool tarn__rrsig_is_expansion(const struct tarn__rrsig *, const struct tarn__name *owner);

/*
 * Returns true if now, in seconds since 1970, is within the dates; TARN__SKEW_SEC too early is not. Else
 * the reason gets the owner, the type and the date; reason may be NULL.
 */
bool tarn__rrsig_is_current(const struct tarn__rrsig *, uint32_t now,
			    const struct tarn__name *owner, struct tarn__reason *);

/* Returns the seconds from now to the expiration; 0 if it is over. */
uint32_t tarn__rrsig_left_sec(const struct tarn__rrsig *, uint32_t now);

#endif

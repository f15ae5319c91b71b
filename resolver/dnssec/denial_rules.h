/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/denial_rules.h: what denial by NSEC and by NSEC3 have in common: what the types of a name deny of
 * it and of the names below, and the names that a proof is about.
 */
#ifndef TARN_DNSSEC_DENIAL_RULES_H
#define TARN_DNSSEC_DENIAL_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/wire.h"
#include "dnssec/denial_proof.h"

/*
 * Opens the RDATA of an NSEC or NSEC3. Returns false if there are several that differ, of which none proves
 * anything; equal ones are one (RFC 4034 section 6.3).
 */
bool tarn__denial_open(const struct tarn__rrsets *, const struct tarn__rrset *,
		       struct tarn__reader *out);

/* The types of a name, as its NSEC or NSEC3 lists them. A view into the message. */
struct tarn__denial_types {
	const uint8_t *bitmap;
	size_t len;
};

/* Reads all that is left of an RDATA. Returns false if it is no list of types. */
bool tarn__denial_types_read(struct tarn__reader *, struct tarn__denial_types *out);

/*
 * Returns true if the NSEC or NSEC3 may deny names below its owner: the owner is no delegation, seen from
 * the parent, and has no DNAME (RFC 6840 section 4.1, RFC 5155 section 8.3).
 */
bool tarn__denial_types_can_deny_below(const struct tarn__denial_types *);

/* Returns what the types of a name deny of it: DENIED_TYPE or DENIED_NOTHING. */
struct tarn__denial_proof tarn__denial_types_deny(const struct tarn__denial_types *,
						  const struct tarn__name *zone,
						  const struct tarn__name *, uint16_t type);

/*
 * Returns whether the types of a wildcard deny the type of a name that it is expanded to: DENIED_TYPE or
 * DENIED_NOTHING. encloser_at is the place of the closest encloser in the name.
 */
enum tarn__denied tarn__denial_types_deny_expansion(const struct tarn__denial_types *,
						    const struct tarn__name *, size_t encloser_at,
						    uint16_t type);

/* Writes the wildcard at an ancestor of the name: encloser_at is its place in the name, not 0. */
void tarn__denial_wildcard(const struct tarn__name *, size_t encloser_at, struct tarn__name *out);

/*
 * Finds the next closer name (RFC 5155 section 1.3) of a name that a wildcard below an ancestor of that
 * many labels is expanded to: its place in the name. Returns false if the ancestor is not in the zone, or
 * the name not below it.
 */
bool tarn__denial_next_closer(const struct tarn__name *zone, const struct tarn__name *,
			      unsigned labels, size_t *at);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/denial.h: the records of an upstream's message that deny the existence of names and types. */
#ifndef TARN_DNS_DENIAL_H
#define TARN_DNS_DENIAL_H

#include <stdbool.h>

#include "dns/response.h"

enum {
	TARN__NEGATIVE_TTL_MAX = 3600 /* seconds; RFC 2308 section 5 suggests one to three hours */
};

/*
 * Keeps the SOA of a zone that the end of the chain is in, and limits the time that the response may be
 * stored for by its TTL and MINIMUM (RFC 2308 section 5); without an SOA that time is 0. Returns false
 * if the SOA is malformed.
 */
bool tarn__denial_keep_soa(struct tarn__response *);

/*
 * Keeps the NSEC and NSEC3 RRsets of the authority section that are signed for a zone that a name of the
 * chain is in: of a denial, or of an answer made from a wildcard. All others prove nothing.
 */
void tarn__denial_keep_proofs(struct tarn__response *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/nsec3.h: denial by NSEC3 RRsets (RFC 5155 section 8). The others of a set of proofs are ignored.
 */
#ifndef TARN_DNSSEC_NSEC3_H
#define TARN_DNSSEC_NSEC3_H

#include "dnssec/denial_proof.h"

/* As tarn__proofs_deny() and tarn__proofs_allow_expansion(). */
struct tarn__denial_proof tarn__nsec3_deny(const struct tarn__proofs *, const struct tarn__name *,
					   uint16_t type, struct tarn__budget *);
struct tarn__denial_proof tarn__nsec3_allow_expansion(const struct tarn__proofs *,
						      const struct tarn__name *, unsigned labels,
						      struct tarn__budget *);

#endif

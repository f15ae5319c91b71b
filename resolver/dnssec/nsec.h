/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/nsec.h: denial by NSEC RRsets (RFC 4035 section 5.4). The others of a set of proofs are ignored.
 */
#ifndef TARN_DNSSEC_NSEC_H
#define TARN_DNSSEC_NSEC_H

#include "dnssec/denial_proof.h"

/* As tarn__proofs_deny() and tarn__proofs_allow_expansion(). */
struct tarn__denial_proof tarn__nsec_deny(const struct tarn__proofs *, const struct tarn__name *,
					  uint16_t type);
struct tarn__denial_proof tarn__nsec_allow_expansion(const struct tarn__proofs *,
						     const struct tarn__name *, unsigned labels);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/denial_proof.c: NSEC proves, or else NSEC3: a zone that changes from one to the other has both for
 * a time.
 */
#include "dnssec/denial_proof.h"

#include "dnssec/nsec.h"
#include "dnssec/nsec3.h"

struct tarn__denial_proof tarn__proofs_deny(const struct tarn__proofs *proofs,
					    const struct tarn__name *name, uint16_t type,
					    struct tarn__budget *budget)
{
	struct tarn__denial_proof proof = tarn__nsec_deny(proofs, name, type);
	return proof.denied == TARN__DENIED_NOTHING ? tarn__nsec3_deny(proofs, name, type, budget)
						    : proof;
}

struct tarn__denial_proof tarn__proofs_allow_expansion(const struct tarn__proofs *proofs,
						       const struct tarn__name *name,
						       unsigned labels, struct tarn__budget *budget)
{
	struct tarn__denial_proof proof = tarn__nsec_allow_expansion(proofs, name, labels);
	return proof.denied == TARN__DENIED_NOTHING
		       ? tarn__nsec3_allow_expansion(proofs, name, labels, budget)
		       : proof;
}

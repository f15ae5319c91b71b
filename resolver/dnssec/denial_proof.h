/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/denial_proof.h: what a set of NSEC or NSEC3 RRsets proves of a name. The RRsets have been
 * verified, and are of one zone; the caller judges whether what is proved is what was needed.
 */
#ifndef TARN_DNSSEC_DENIAL_PROOF_H
#define TARN_DNSSEC_DENIAL_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/rrsets.h"
#include "dnssec/limits.h"

/* Verified RRsets of type NSEC and NSEC3, all signed by the zone. */
struct tarn__proofs {
	const struct tarn__rrsets *rrsets;
	struct tarn__name zone;
	size_t count;
	uint8_t at[TARN__RRSETS_MAX]; /* places in rrsets->at */
};

enum tarn__denied {
	TARN__DENIED_NOTHING, /* nothing is proved of the name */
	TARN__DENIED_TYPE, /* the name, or the wildcard that is expanded to it, has neither the type nor a CNAME */
	TARN__DENIED_NAME, /* the name does not exist, nor does a wildcard that would be expanded to it */
};

struct tarn__denial_proof {
	enum tarn__denied denied;
	/* DENIED_TYPE: the name is a delegation: it has NS, but no SOA and no DS (RFC 4035 section 5.2). */
	bool is_delegation;
	/*
	 * It leans on an NSEC3 with opt-out that covers the name: there may be an insecure delegation (RFC
	 * 5155 sections 6, 8.6, 8.9 and 9.2). Of DS at the name it proves that there is none: DENIED_TYPE,
	 * whether a wildcard is denied or not. With DENIED_NOTHING no other type is denied, but there may
	 * be an empty non-terminal above insecure delegations: that it has no data may be taken as insecure
	 * (RFC 5155 section 7.1).
	 */
	bool is_opt_out;
	/*
	 * NSEC3 with more iterations than are computed (RFC 9276 section 3.2): to be treated as insecure.
	 */
	bool has_too_many_iterations;
};

/* Returns what is proved of the name and the type. */
struct tarn__denial_proof tarn__proofs_deny(const struct tarn__proofs *, const struct tarn__name *,
					    uint16_t type, struct tarn__budget *);

/*
 * Returns whether an answer that was expanded from a wildcard is the right one: no closer name exists (RFC
 * 4035 section 5.3.4, RFC 5155 section 8.8). labels is the RRSIG's: those of the wildcard without the
 * asterisk. DENIED_NAME: it is proved.
 */
struct tarn__denial_proof tarn__proofs_allow_expansion(const struct tarn__proofs *,
						       const struct tarn__name *, unsigned labels,
						       struct tarn__budget *);

#endif

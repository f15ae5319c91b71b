/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/zone_keys.h: the keys of a zone, by its DS or by trust anchors (RFC 4035 section 5.2). */
#ifndef TARN_DNSSEC_ZONE_KEYS_H
#define TARN_DNSSEC_ZONE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/response.h"
#include "dnssec/anchors.h"
#include "dnssec/verify.h"

/* The records that a key has to match, any of them. All are views. */
struct tarn__entry_points {
	size_t count;
	struct tarn__anchor_record at[TARN__DS_MAX];
	/*
	 * With count 0: why the zone is insecure, an extended error (RFC 4035 section 5.2, RFC 6840 section
	 * 5.2).
	 */
	uint16_t code;
};

/*
 * Takes those that are supported, of a DS set and of an anchor. SHA-1 counts where there is no other digest
 * only (RFC 4509 section 3).
 */
void tarn__entry_points_of_ds(const struct tarn__rrsets *, const struct tarn__rrset *ds,
			      struct tarn__entry_points *out);
void tarn__entry_points_of_anchor(const struct tarn__anchor *, struct tarn__entry_points *out);

/*
 * Verifies the DNSKEY RRset by a key that matches an entry point, and writes what is known of the zone
 * then: trust of TARN__TRUST_KEYS. All zone keys are taken, whether they have the SEP flag or not (RFC 6840
 * section 6.2). *ttl is in seconds. out is used meanwhile, too.
 */
enum tarn__verification tarn__zone_keys_verify(const struct tarn__verify_context *,
					       const struct tarn__response *dnskeys,
					       const struct tarn__entry_points *,
					       struct tarn__verify_progress *,
					       uint8_t out[TARN__TRUST_MAX], size_t *len,
					       uint32_t *ttl, struct tarn__reason *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/dnskey.h: the RDATA of DNSKEY and DS (RFC 4034 sections 2 and 5), and which of them belong
 * together.
 */
#ifndef TARN_DNSSEC_DNSKEY_H
#define TARN_DNSSEC_DNSKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

enum {
	TARN__DNSKEY_ZONE = 0x0100, /* RFC 4034 section 2.1.1 */
	TARN__DNSKEY_REVOKE = 0x0080, /* RFC 5011 section 2.1 */
};

struct tarn__dnskey {
	uint16_t flags;
	uint8_t protocol, algorithm;
	uint16_t tag; /* RFC 4034 appendix B: a hint, several keys may have the same */
	const uint8_t *key; /* a view */
	uint16_t key_len;
	const uint8_t *rdata;
	uint16_t rdata_len;
};

/* Returns false if the RDATA is malformed. */
bool tarn__dnskey_read(const uint8_t *rdata, size_t len, struct tarn__dnskey *out);

/* Returns true if it may sign the data of its zone: a zone key of protocol 3 that is not revoked. */
bool tarn__dnskey_is_zone_key(const struct tarn__dnskey *);

struct tarn__ds {
	uint16_t tag;
	uint8_t algorithm, digest_type;
	const uint8_t *digest; /* a view */
	uint16_t digest_len;
};

bool tarn__ds_read(const uint8_t *rdata, size_t len, struct tarn__ds *out);

/* SHA-1 (1), SHA-256 (2) or SHA-384 (4), and an algorithm that can be verified now. */
bool tarn__ds_has_known_digest(const struct tarn__ds *);
bool tarn__ds_is_supported(const struct tarn__ds *);

/*
 * Returns true if the DS is the key's, whose owner is the zone: tag, algorithm and digest are equal (RFC
 * 4034 section 5.1.4). The hash is computed only if the tag and the algorithm are equal.
 */
bool tarn__ds_is_of(const struct tarn__ds *, const struct tarn__dnskey *, const uint8_t *zone,
		    size_t zone_len);

#endif

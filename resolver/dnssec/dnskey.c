/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/dnskey.c: reading keys and their digests. */
#include "dnssec/dnskey.h"

#include <string.h>

#include "base/octets.h"
#include "crypto/digest.h"
#include "crypto/signature.h"

enum {
	FIXED_LEN = 4, /* before the key of a DNSKEY and the digest of a DS */
	PROTOCOL = 3, /* RFC 4034 section 2.1.2 */
};

/* RFC 4034 appendix B; the formula of algorithm 1 is another one, but that is not supported. */
static uint16_t compute_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)rdata[i] << 8 : rdata[i];
	return (uint16_t)(sum + (sum >> 16));
}

bool tarn__dnskey_read(const uint8_t *rdata, size_t len, struct tarn__dnskey *out)
{
	if (len <= FIXED_LEN || len > UINT16_MAX)
		return false;
	*out = (struct tarn__dnskey){
		.flags = tarn__get16(rdata),
		.protocol = rdata[2],
		.algorithm = rdata[3],
		.tag = compute_tag(rdata, len),
		.key = rdata + FIXED_LEN,
		.key_len = (uint16_t)(len - FIXED_LEN),
		.rdata = rdata,
		.rdata_len = (uint16_t)len,
	};
	return true;
}

bool tarn__dnskey_is_zone_key(const struct tarn__dnskey *key)
{
	return (key->flags & TARN__DNSKEY_ZONE) && !(key->flags & TARN__DNSKEY_REVOKE) &&
	       key->protocol == PROTOCOL;
}

bool tarn__ds_read(const uint8_t *rdata, size_t len, struct tarn__ds *out)
{
	if (len <= FIXED_LEN || len > UINT16_MAX)
		return false;
	*out = (struct tarn__ds){
		.tag = tarn__get16(rdata),
		.algorithm = rdata[2],
		.digest_type = rdata[3],
		.digest = rdata + FIXED_LEN,
		.digest_len = (uint16_t)(len - FIXED_LEN),
	};
	return true;
}

/* IANA's registry of DS digest types. Returns false for those that are not known. */
static bool find_digest(uint8_t type, enum tarn__digest *out)
{
	switch (type) {
	case 1:
		*out = TARN__SHA1;
		return true;
	case 2:
		*out = TARN__SHA256;
		return true;
	case 4:
		*out = TARN__SHA384;
		return true;
	}
	return false;
}

bool tarn__ds_has_known_digest(const struct tarn__ds *ds)
{
	enum tarn__digest digest;
	return find_digest(ds->digest_type, &digest);
}

bool tarn__ds_is_supported(const struct tarn__ds *ds)
{
	return tarn__ds_has_known_digest(ds) && tarn__signature_is_supported(ds->algorithm);
}

bool tarn__ds_is_of(const struct tarn__ds *ds, const struct tarn__dnskey *key, const uint8_t *zone,
		    size_t zone_len)
{
	enum tarn__digest digest;
	if (ds->tag != key->tag || ds->algorithm != key->algorithm ||
	    !find_digest(ds->digest_type, &digest))
		return false;
	uint8_t owner[TARN__NAME_MAX], computed[TARN__DIGEST_MAX];
	tarn__name_fold(owner, zone, zone_len);
	const struct tarn__digest_part parts[] = {{owner, zone_len}, {key->rdata, key->rdata_len}};
	size_t len = tarn__digest_write(digest, parts, 2, computed);
	return len > 0 && len == ds->digest_len && memcmp(computed, ds->digest, len) == 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/rrsig.c: reading an RRSIG, and which may be tried. */
#include "dnssec/rrsig.h"

#include <stdio.h>

#include "dnssec/limits.h"
#include "dnssec/security.h"

bool tarn__rrsig_read(struct tarn__reader reader, struct tarn__rrsig *out)
{
	const uint8_t *fixed = tarn__read_octets(&reader, TARN__RRSIG_FIXED_LEN);
	if (!fixed)
		return false;
	size_t left = tarn__reader_left(&reader);
	const uint8_t *signer = fixed + TARN__RRSIG_FIXED_LEN;
	size_t signer_len = tarn__name_span(signer, left);
	if (signer_len == 0 || signer_len == left)
		return false;
	*out = (struct tarn__rrsig){
		.covered = tarn__get16(fixed),
		.algorithm = fixed[2],
		.labels = fixed[3],
		.original_ttl = tarn__get32(fixed + 4),
		.expiration = tarn__get32(fixed + 8),
		.inception = tarn__get32(fixed + 12),
		.tag = tarn__get16(fixed + 16),
		.signer = signer,
		.signer_len = (uint16_t)signer_len,
		.rdata = fixed,
		.signature = signer + signer_len,
		.signature_len = (uint16_t)(left - signer_len),
	};
	return true;
}

/* Returns the labels without the root and, at the start, an asterisk (RFC 4034 section 3.1.3). */
static unsigned count_labels(const uint8_t *name)
{
	bool is_wildcard = name[0] == 1 && name[1] == '*';
	return tarn__name_labels(name) - is_wildcard;
}

bool tarn__rrsig_is_expansion(const struct tarn__rrsig *rrsig, const struct tarn__name *owner)
{
	return rrsig->labels < count_labels(owner->octets);
}

bool tarn__rrsig_fits(const struct tarn__rrsig *rrsig, const struct tarn__name *owner,
		      uint16_t type)
{
	unsigned labels = count_labels(owner->octets);
	if (!tarn__name_is_within(owner->octets, owner->len, rrsig->signer, rrsig->signer_len) ||
	    rrsig->labels > labels || rrsig->labels < count_labels(rrsig->signer))
		return false;
	switch (type) {
	case TARN__TYPE_RRSIG: /* RFC 4035 section 2.2 */
		return false;
	case TARN__TYPE_NSEC:
	case TARN__TYPE_SOA:
		return rrsig->labels == labels;
	case TARN__TYPE_NSEC3: /* RFC 5155 section 3: a label below the zone */
		return rrsig->labels == labels && owner->len > 1 &&
		       owner->len == 1u + owner->octets[0] + rrsig->signer_len;
	case TARN__TYPE_DNSKEY: /* RFC 4035 section 5.2; then the labels are equal, too */
		return rrsig->signer_len == owner->len;
	case TARN__TYPE_DS: /* RFC 4035 section 2.4: the parent's */
		return rrsig->labels == labels && rrsig->signer_len < owner->len;
	}
	return true;
}

void tarn__rrsig_explain(const struct tarn__rrsig *rrsig, const struct tarn__name *owner,
			 uint16_t code, const char *why, struct tarn__reason *reason)
{
	tarn__reason_set(reason, code, "no signature of %s/%s by key %u is valid: %s",
			 tarn__reason_name(owner->octets).text,
			 tarn__reason_type(rrsig->covered).text, rrsig->tag, why);
}

/* Returns the seconds from one to the other (RFC 1982 section 3.2); negative: the other is before. */
static int32_t seconds_between(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

bool tarn__rrsig_is_current(const struct tarn__rrsig *rrsig, uint32_t now,
			    const struct tarn__name *owner, struct tarn__reason *reason)
{
	uint16_t code;
	char why[64];
	if (seconds_between(rrsig->inception, rrsig->expiration) < 0) {
		code = TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID;
		snprintf(why, sizeof(why), "it expires before its inception");
	} else if (seconds_between(now, rrsig->inception) > TARN__SKEW_SEC) {
		code = TARN__EDE_SIGNATURE_NOT_YET_VALID;
		snprintf(why, sizeof(why), "not before %s",
			 tarn__reason_date(rrsig->inception).text);
	} else if (seconds_between(now, rrsig->expiration) < 0) {
		code = TARN__EDE_SIGNATURE_EXPIRED;
		snprintf(why, sizeof(why), "expired %s", tarn__reason_date(rrsig->expiration).text);
	} else {
		return true;
	}
	if (reason)
		tarn__rrsig_explain(rrsig, owner, code, why, reason);
	return false;
}

uint32_t tarn__rrsig_left_sec(const struct tarn__rrsig *rrsig, uint32_t now)
{
	int32_t left = seconds_between(now, rrsig->expiration);
	return left > 0 ? (uint32_t)left : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/key.c: keyed hashes of questions. */
#include "core/second/key.h"

#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "base/octets.h"
#include "base/siphash.h"
#include "core/config.h"
#include "core/saved_answer.h"
#include "core/second/second_config.h"
#include "dnssec/anchors.h"

/* What is hashed, by its first octet. */
enum hashed { HASHED_QUESTION = 1, HASHED_ZONE, HASHED_ANCHOR };

/* ---- what makes answers differ ------------------------------------------------------------ */

static uint64_t hash_anchor_part(const struct tarn__second_config *second, uint64_t before,
				 unsigned kind, const uint8_t *octets, size_t len)
{
	uint8_t part[12 + UINT8_MAX];
	uint64_t hash = before;
	do {
		size_t chunk = len < UINT8_MAX ? len : UINT8_MAX;
		part[0] = HASHED_ANCHOR;
		tarn__put64_low_first(part + 1, hash);
		part[9] = (uint8_t)kind;
		tarn__put16(part + 10, (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX));
		memcpy(part + 12, octets, chunk);
		hash = tarn__siphash(second->key_hash_key, part, 12 + chunk);
		octets += chunk;
		len -= chunk;
	} while (len > 0);
	return hash;
}

static uint64_t hash_records(const struct tarn__second_config *second, uint64_t name,
			     const struct tarn__anchor *anchor)
{
	uint64_t sum = 0;
	const void *at = anchor->records;
	struct tarn__anchor_record record;
	while (tarn__anchor_next(&at, &record))
		sum += hash_anchor_part(second, name, record.type, record.rdata, record.rdata_len);
	return sum;
}

uint64_t tarn__second_anchors_digest(const struct tarn__second_config *second,
				     const struct tarn__config *config)
{
	uint64_t sum = 0;
	size_t at = 0;
	struct tarn__anchor anchor;
	while (config->anchors && tarn__anchors_next(config->anchors, &at, &anchor)) {
		uint64_t name =
			hash_anchor_part(second, 0, anchor.kind, anchor.name, anchor.name_len);
		sum += name;
		if (anchor.kind == TARN__ANCHOR_POSITIVE)
			sum += hash_records(second, name, &anchor);
	}
	return sum;
}

bool tarn__second_shares(const struct tarn__zone_config *zone, const struct tarn__key *key)
{
	return tarn__saved_has_key(key) && !zone->follows_cnames;
}

/* ---- texts -------------------------------------------------------------------------------- */

static char *write_group(const struct tarn__second_config *second,
			 const struct tarn__zone_config *zone, char *out)
{
	uint8_t octets[1 + TARN__NAME_MAX], hash[8];
	octets[0] = HASHED_ZONE;
	memcpy(octets + 1, zone->name, zone->name_len);
	tarn__put64_low_first(
		hash, tarn__siphash(second->key_hash_key, octets, (size_t)1 + zone->name_len));
	return tarn__base16_write(hash, TARN__SECOND_GROUP_LEN / 2, out);
}

static char *write_hash(const struct tarn__second_config *second,
			const struct tarn__second_view *view, const struct tarn__key *key,
			char *out)
{
	enum { HEAD = 23 };
	uint8_t octets[HEAD + TARN__NAME_MAX], hash[TARN__SIPHASH128_LEN];
	octets[0] = HASHED_QUESTION;
	tarn__put64_low_first(octets + 1, view->epoch);
	tarn__put64_low_first(octets + 9, view->anchors);
	octets[17] = (uint8_t)(view->validates | view->trusts_ad << 1);
	octets[18] = (uint8_t)(key->dnssec_ok | key->checking_disabled << 1);
	tarn__put16(octets + 19, key->qtype);
	tarn__put16(octets + 21, key->qclass);
	/* A key has its name in lower case. */
	memcpy(octets + HEAD, key->qname, key->qname_len);
	tarn__siphash128(second->key_hash_key, octets, (size_t)HEAD + key->qname_len, hash);
	return tarn__base16_write(hash, TARN__SECOND_HASH_LEN / 2, out);
}

static const char prefix[] = "tarn1:", lease_prefix[] = "tarn1:l:";

enum { PREFIX_LEN = sizeof prefix - 1, LEASE_PREFIX_LEN = sizeof lease_prefix - 1 };

_Static_assert(LEASE_PREFIX_LEN + TARN__SECOND_GROUP_LEN + 1 + TARN__SECOND_HASH_LEN <
		       TARN__SECOND_KEY_MAX,
	       "the longest text");

void tarn__second_key_write(const struct tarn__second_config *second,
			    const struct tarn__second_view *view,
			    const struct tarn__zone_config *zone, const struct tarn__key *key,
			    char out[TARN__SECOND_KEY_MAX])
{
	memcpy(out, prefix, PREFIX_LEN);
	char *at = write_group(second, zone, out + PREFIX_LEN);
	*at++ = ':';
	*write_hash(second, view, key, at) = '\0';
}

void tarn__second_lease_write(const char *key, char out[TARN__SECOND_KEY_MAX])
{
	snprintf(out, TARN__SECOND_KEY_MAX, "%s%s", lease_prefix, key + PREFIX_LEN);
}

void tarn__second_epoch_key_write(const struct tarn__second_config *second,
				  char out[TARN__SECOND_KEY_MAX])
{
	snprintf(out, TARN__SECOND_KEY_MAX, "%s%s:epoch", prefix, second->fleet);
}

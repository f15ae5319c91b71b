/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/trust.h: what is known of a name in the chain of trust, as octets: what the cache keeps of a zone.
 * All is valid for the time that the entry lives.
 *
 *	0  1  kind
 *	of TARN__TRUST_KEYS
 *	1  4  until: the seconds since 1970 at which a signature of the chain ends, for display
 *	5  1  how many DS there were: n; 2 * n octets: their tags
 *	...   for each key that may sign the zone's data: algorithm (1), tag (2), octets (2), the key
 *	of TARN__TRUST_INSECURE and TARN__TRUST_BOGUS
 *	1  2  the code of the reason
 *	3     its text
 *	of TARN__TRUST_NO_CUT nothing
 */
#ifndef TARN_DNSSEC_TRUST_H
#define TARN_DNSSEC_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dnssec/security.h"

enum tarn__trust_kind {
	TARN__TRUST_KEYS, /* a signed zone, whose keys are known */
	TARN__TRUST_INSECURE, /* at and below the name all is insecure: proved, or configured */
	TARN__TRUST_NO_CUT, /* the name is no zone's apex, or does not exist */
	TARN__TRUST_BOGUS,
};

enum { TARN__TRUST_MAX = 65535 /* octets */ };

struct tarn__trust_key {
	uint8_t algorithm;
	uint16_t tag;
	const uint8_t *key; /* a view */
	uint16_t key_len;
};

/* What is known, read. All is a view. */
struct tarn__trust {
	enum tarn__trust_kind kind;
	uint32_t until; /* of KEYS */
	unsigned ds_count;
	const uint8_t *ds_tags; /* two octets each */
	const uint8_t *keys, *end; /* for tarn__trust_next_key() */
	uint16_t reason_code; /* of INSECURE and BOGUS; 0: none */
	const char *reason; /* not terminated */
	size_t reason_len;
};

/* Returns false if the octets are none that the functions below write. */
bool tarn__trust_read(const uint8_t *octets, size_t len, struct tarn__trust *out);

/*
 * Returns the key at *at, which is trust->keys at first, and advances *at. Returns false after the last
 * one.
 */
bool tarn__trust_next_key(const struct tarn__trust *, const uint8_t **at,
			  struct tarn__trust_key *out);

/*
 * Writing; out has TARN__TRUST_MAX octets. Each returns the octets written. reason: of INSECURE and BOGUS.
 */
size_t tarn__trust_write_kind(enum tarn__trust_kind, const struct tarn__reason *, uint8_t *out);

struct tarn__trust_writer {
	uint8_t *out;
	size_t len;
	unsigned key_count;
};

void tarn__trust_begin_keys(struct tarn__trust_writer *, uint8_t *out, uint32_t until,
			    const uint16_t *ds_tags, unsigned ds_count);
/* At most TARN__TRUST_KEYS_MAX are kept, and none that has no room. */
void tarn__trust_add_key(struct tarn__trust_writer *, const struct tarn__trust_key *);
/* Returns the octets written. */
size_t tarn__trust_end_keys(const struct tarn__trust_writer *);

#endif

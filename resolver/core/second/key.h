/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/key.h: the texts under which the store of the second level has what machines share. Names are
 * in none of them, and without the secret none can be computed.
 *
 *	tarn1:GROUP:HASH     an answer. GROUP: 8 digits, of the zone whose servers are asked; HASH: 32 digits, of
 *	                     the question and all that makes its answers differ
 *	tarn1:l:GROUP:HASH   its lease
 *	tarn1:FLEET:epoch    the epoch of those who share the secret
 *
 * "tarn1" is the version of these forms and of core/second/value.h.
 *
 * Thread: any; nothing is allocated.
 */
#ifndef TARN_CORE_SECOND_KEY_H
#define TARN_CORE_SECOND_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/request.h"
#include "dns/query.h"

struct tarn__config;
struct tarn__second_config;
struct tarn__zone_config;

enum {
	TARN__SECOND_GROUP_LEN = 8, /* hexadecimal digits */
	TARN__SECOND_HASH_LEN = 32,
};

/* What makes the answers of two machines, or of two times, differ although the question is the same. */
struct tarn__second_view {
	uint64_t epoch;
	uint64_t
		anchors; /* a digest of the trust anchors, negative ones too; 0: nothing is validated */
	bool validates;
	bool trusts_ad; /* AD of servers is kept */
};

/* Returns the digest of a configuration's anchors, in any order. It takes time with their number. */
uint64_t tarn__second_anchors_digest(const struct tarn__second_config *,
				     const struct tarn__config *);

/*
 * Returns true if answers to that question of the zone are shared: not those of the chain of trust, and
 * none of a zone whose aliases are followed out of it, since what they lead to may have been answered here.
 */
bool tarn__second_shares(const struct tarn__zone_config *, const struct tarn__key *);

/* Writes the key of an answer, with NUL; zone is the one whose servers are asked. */
void tarn__second_key_write(const struct tarn__second_config *, const struct tarn__second_view *,
			    const struct tarn__zone_config *zone, const struct tarn__key *,
			    char out[TARN__SECOND_KEY_MAX]);

/* Writes the key of the lease of an answer, from that of the answer. */
void tarn__second_lease_write(const char *key, char out[TARN__SECOND_KEY_MAX]);

/* Writes the key of the epoch. */
void tarn__second_epoch_key_write(const struct tarn__second_config *,
				  char out[TARN__SECOND_KEY_MAX]);

#endif

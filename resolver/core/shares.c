/* SPDX-License-Identifier: BSD-2-Clause */
/* core/shares.c: a count-min sketch with a keyed hash. */
#include "core/shares.h"

#include "base/address.h"

struct tarn__share tarn__share_of(const struct tarn_address *client,
				  const uint8_t secret[TARN__SIPHASH_KEY_LEN])
{
	uint64_t id = tarn__address_client(client);
	uint64_t hash = tarn__siphash(secret, &id, sizeof id);
	return (struct tarn__share){{(uint16_t)(hash % TARN__SHARES_PLACES),
				     (uint16_t)((hash >> 32) % TARN__SHARES_PLACES)}};
}

void tarn__shares_add(struct tarn__shares *shares, struct tarn__share share)
{
	for (size_t i = 0; i < TARN__SHARES_ROWS; i++)
		shares->counts[i][share.places[i]]++;
}

void tarn__shares_remove(struct tarn__shares *shares, struct tarn__share share)
{
	for (size_t i = 0; i < TARN__SHARES_ROWS; i++)
		shares->counts[i][share.places[i]]--;
}

size_t tarn__shares_count(const struct tarn__shares *shares, struct tarn__share share)
{
	uint16_t first = shares->counts[0][share.places[0]];
	uint16_t second = shares->counts[1][share.places[1]];
	return first < second ? first : second;
}

bool tarn__shares_allow(const struct tarn__shares *shares, struct tarn__share share, size_t left)
{
	return tarn__shares_count(shares, share) < TARN__SHARES_FACTOR * left;
}

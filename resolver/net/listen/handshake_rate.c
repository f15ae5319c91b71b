/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/handshake_rate.c: a generic cell rate in a count-min sketch. Each place has the time at which all
 * handshakes that were begun would be paid off, at TARN__HANDSHAKE_MS each.
 */
#include "config.h"

#include "net/listen/handshake_rate.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/siphash.h"
#include "net/random.h"

enum {
	ROWS = 2,
	PLACES = 1024, /* with 100 clients at a time one in 110 shares both of its places */
	/* A client may be that far from having paid when it begins another. */
	DEBT_MS = (TARN__HANDSHAKES_BURST - 1) * TARN__HANDSHAKE_MS,
};

struct tarn__handshake_rate {
	uint8_t secret[TARN__SIPHASH_KEY_LEN];
	uint64_t paid_ms[ROWS][PLACES];
};

struct tarn__handshake_rate *tarn__handshake_rate_new(void)
{
	struct tarn__handshake_rate *rate = calloc(1, sizeof(*rate));
	if (!rate)
		return NULL;
	struct tarn__random random = {0};
	tarn__random_fill(&random, rate->secret, sizeof(rate->secret));
	return rate;
}

void tarn__handshake_rate_free(struct tarn__handshake_rate *rate)
{
	free(rate);
}

static size_t find_place(const struct tarn__handshake_rate *rate, uint64_t client, size_t row)
{
	uint64_t hash = tarn__siphash(rate->secret, &client, sizeof(client));
	return (size_t)(hash >> (32 * row)) % PLACES;
}

uint64_t tarn__handshake_rate_from(const struct tarn__handshake_rate *rate, uint64_t client)
{
	uint64_t paid_ms = UINT64_MAX;
	for (size_t row = 0; row < ROWS; row++) {
		uint64_t row_ms = rate->paid_ms[row][find_place(rate, client, row)];
		if (row_ms < paid_ms)
			paid_ms = row_ms;
	}
	return paid_ms > DEBT_MS ? paid_ms - DEBT_MS : 0;
}

void tarn__handshake_rate_take(struct tarn__handshake_rate *rate, uint64_t client, uint64_t now_ms)
{
	for (size_t row = 0; row < ROWS; row++) {
		uint64_t *paid_ms = &rate->paid_ms[row][find_place(rate, client, row)];
		if (*paid_ms < now_ms)
			*paid_ms = now_ms;
		*paid_ms += TARN__HANDSHAKE_MS;
	}
}

void tarn__handshake_rate_give_back(struct tarn__handshake_rate *rate, uint64_t client)
{
	for (size_t row = 0; row < ROWS; row++)
		rate->paid_ms[row][find_place(rate, client, row)] -=
			TARN__HANDSHAKE_MS - TARN__HANDSHAKE_RESUMED_MS;
}

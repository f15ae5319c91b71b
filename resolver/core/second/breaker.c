/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/breaker.c: what the last gets came to, and pauses. */
#include "core/second/breaker.h"

#include <string.h>

void tarn__breaker_init(struct tarn__breaker *breaker)
{
	memset(breaker, 0, sizeof *breaker);
	breaker->pause_ms = TARN__BREAKER_PAUSE_MS;
}

/*
 * Shorter by up to a quarter, so that machines that have lost a store at the same time come back one by
 * one.
 */
static uint32_t with_jitter(uint32_t pause_ms, uint32_t random)
{
	return pause_ms - random % (pause_ms / 4 + 1);
}

void tarn__breaker_pause(struct tarn__breaker *breaker, uint64_t now_ms, uint32_t random)
{
	breaker->until_ms = now_ms + with_jitter(breaker->pause_ms, random);
	breaker->pause_ms *= 2;
	if (breaker->pause_ms > TARN__BREAKER_PAUSE_MAX_MS)
		breaker->pause_ms = TARN__BREAKER_PAUSE_MAX_MS;
}

static int count_bits(uint8_t bits)
{
	return __builtin_popcount(bits);
}

_Static_assert(TARN__BREAKER_SEEN == 8, "a bit for each in an octet");

bool tarn__breaker_failed(struct tarn__breaker *breaker, uint64_t now_ms, uint32_t random)
{
	if (breaker->is_open)
		return false;
	breaker->bad = (uint8_t)(breaker->bad << 1 | 1);
	if (count_bits(breaker->bad) < TARN__BREAKER_BAD)
		return false;
	breaker->is_open = true;
	tarn__breaker_pause(breaker, now_ms, random);
	return true;
}

bool tarn__breaker_answered(struct tarn__breaker *breaker, bool is_late)
{
	bool was_open = breaker->is_open;
	if (!is_late)
		breaker->pause_ms = TARN__BREAKER_PAUSE_MS;
	/* A late answer to a get was counted as bad when it was not there. */
	if (was_open)
		breaker->bad = 0;
	else if (!is_late)
		breaker->bad = (uint8_t)(breaker->bad << 1);
	breaker->is_open = false;
	return was_open;
}

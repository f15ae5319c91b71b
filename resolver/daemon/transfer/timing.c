/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/timing.c: the timers of an SOA. */
#include "config.h"

#include "daemon/transfer/timing.h"

static uint32_t within(uint32_t sec)
{
	if (sec < TARN__TIMING_MIN)
		return TARN__TIMING_MIN;
	return sec < TARN__TIMING_MAX ? sec : TARN__TIMING_MAX;
}

uint32_t tarn__timing_refresh(const struct tarn__soa *soa)
{
	return within(soa->refresh);
}

uint32_t tarn__timing_retry(const struct tarn__soa *soa, unsigned failures)
{
	if (soa)
		return within(soa->retry);
	uint32_t sec = TARN__TIMING_FIRST;
	while (--failures > 0 && sec < TARN__TIMING_FIRST_MAX)
		sec *= 2;
	return sec < TARN__TIMING_FIRST_MAX ? sec : TARN__TIMING_FIRST_MAX;
}

bool tarn__timing_is_expired(const struct tarn__soa *soa, int64_t confirmed_s, int64_t now_s)
{
	return now_s - confirmed_s > (int64_t)soa->expire;
}

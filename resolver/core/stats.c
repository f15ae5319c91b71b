/* SPDX-License-Identifier: BSD-2-Clause */
/* core/stats.c: names and sums of the counters. */
#include "core/stats.h"

const char *tarn__status_name(enum tarn__status status)
{
	static const char *const names[TARN__STATUSES] = {
		[TARN__STATUS_HIT] = "hit",	    [TARN__STATUS_MISS] = "miss",
		[TARN__STATUS_EXPIRED] = "expired", [TARN__STATUS_LOCK_HIT] = "lock_hit",
		[TARN__STATUS_STALE] = "stale",	    [TARN__STATUS_FAILURE] = "failure",
		[TARN__STATUS_LOCAL] = "local",	    [TARN__STATUS_BLOCKED] = "blocked",
		[TARN__STATUS_REFUSED] = "refused", [TARN__STATUS_INVALID] = "invalid",
		[TARN__STATUS_SHARED] = "shared",
	};
	return names[status];
}

void tarn__latency_add(struct tarn__latency *latency, uint64_t us)
{
	static const uint32_t bounds_ms[] = TARN__LATENCY_BOUNDS_MS;
	enum { BOUNDS = sizeof bounds_ms / sizeof bounds_ms[0] };
	_Static_assert(BOUNDS + 1 == TARN__LATENCY_BUCKETS,
		       "one for each bound, one for longer latencies");
	size_t i = 0;
	while (i < BOUNDS && us > (uint64_t)bounds_ms[i] * 1000)
		i++;
	latency->buckets[i]++;
	latency->sum_us += us;
}

void tarn__stats_add(void *sum, const void *numbers, size_t size)
{
	uint64_t *to = sum;
	const uint64_t *from = numbers;
	for (size_t i = 0; i < size / sizeof *to; i++)
		to[i] += from[i];
}

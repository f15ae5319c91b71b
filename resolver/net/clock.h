/* SPDX-License-Identifier: BSD-2-Clause */
/* net/clock.h: the one clock of net/ and, through struct tarn_io, of core/ and the cache. */
#ifndef TARN_NET_CLOCK_H
#define TARN_NET_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Monotonic milliseconds. Coarse: some 4 ms of grain, but a read of memory and not a system call.
 */
static inline uint64_t tarn__clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif

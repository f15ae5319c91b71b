/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/clock.h: the one clock of net/ and, through struct tarn_io and struct tarn__shared_options, of core/
 * and the cache.
 *
 * Thread: each has its own held time.
 */
#ifndef TARN_NET_CLOCK_H
#define TARN_NET_CLOCK_H

#include <stdint.h>

/*
 * Monotonic milliseconds since the machine was booted, including suspends (CLOCK_BOOTTIME): a TTL runs in
 * real time. No system call, but some 25 ns.
 */
uint64_t tarn__clock_ms(void);

/* Monotonic microseconds without suspends; never held. */
uint64_t tarn__clock_us(void);

/*
 * Between these two tarn__clock_ms() stands still on this thread: around a batch, whose questions came at
 * the same time, and around a turn.
 */
void tarn__clock_hold(void);
void tarn__clock_release(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* net/clock.c: the clock that includes suspends, and the time that is held. */
#include "config.h"

#include "net/clock.h"

#include <time.h>

/*
 * 0: not held. One per thread and not per worker, since the cache's clock has one argument for all threads.
 * Read without a call, in a shared library too.
 */
static _Thread_local uint64_t held_ms __attribute__((tls_model("initial-exec")));

static uint64_t read_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t tarn__clock_ms(void)
{
	return held_ms ? held_ms : read_ms();
}

uint64_t tarn__clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void tarn__clock_hold(void)
{
	held_ms = read_ms();
}

void tarn__clock_release(void)
{
	held_ms = 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/timer.h: timers over one clock that the caller reads: a pairing heap of nodes inside other
 * structures, so that starting a timer cannot fail.
 *
 * start takes O(1), stop O(log n) amortised. A timer may be started again while it runs, and any timer
 * may be started or stopped from within a fire callback.
 */
#ifndef TARN_BASE_TIMER_H
#define TARN_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__timer {
	void (*fire)(struct tarn__timer *); /* is_running is false when it is called */
	uint64_t at_ms;
	struct tarn__timer *child, *next;
	struct tarn__timer *previous; /* elder sibling, or the parent of a first child */
	bool is_running;
};

struct tarn__timers {
	struct tarn__timer *first; /* the root: the earliest */
};

void tarn__timer_start(struct tarn__timers *, struct tarn__timer *, uint64_t at_ms);
void tarn__timer_stop(struct tarn__timers *, struct tarn__timer *);

/* Returns the time at which the earliest timer is due, UINT64_MAX if none runs. */
uint64_t tarn__timers_next_ms(const struct tarn__timers *);

/*
 * Fires the timers that are due at now_ms, in order of time, at most budget of them (a wake-up must
 * end). Returns the number of timers fired.
 */
size_t tarn__timers_run(struct tarn__timers *, uint64_t now_ms, size_t budget);

#endif

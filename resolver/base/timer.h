/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/timer.h: any number of timers over one clock that somebody else reads: a pairing heap of
 * nodes inside other structures, so that starting a timer cannot fail.
 *
 * start and stop are O(1) and O(log n) amortised; a timer may be started again while it runs, and
 * any timer may be started or stopped from within a fire callback.
 */
#ifndef TARN_BASE_TIMER_H
#define TARN_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__timer {
	void (*fire)(struct tarn__timer *); /* not running any more when it is called */
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

/* When the earliest is due; UINT64_MAX: none runs. */
uint64_t tarn__timers_next_ms(const struct tarn__timers *);

/*
 * Fires what is due at now_ms, in order of time, at most budget timers (a wake-up must end);
 * returns how many fired.
 */
size_t tarn__timers_run(struct tarn__timers *, uint64_t now_ms, size_t budget);

#endif

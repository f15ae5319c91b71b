/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/log/log_dedup.h: what was said of late, so that a line is not said again and again. A line is
 * said at once; the same one within the next seconds is counted, and said with its count when they
 * are over. Time is the caller's.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DAEMON_LOG_LOG_DEDUP_H
#define TARN_DAEMON_LOG_LOG_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "tarn.h"

enum {
	TARN__REPEATS = 16, /* different lines that are remembered; others are not held back */
	TARN__REPEATS_MS = 5000,
};

struct tarn__repeat {
	char *line;
	enum tarn_log_level level;
	unsigned long count; /* times it was held back */
	uint64_t until_ms;
};

struct tarn__repeats { /* zeros: nothing was said */
	struct tarn__repeat items[TARN__REPEATS];
};

void tarn__repeats_fini(struct tarn__repeats *);

/* True: to be said now. */
bool tarn__repeats_say(struct tarn__repeats *, uint64_t now_ms, enum tarn_log_level,
		       const char *line);

/*
 * A line whose time is over and that was held back, to be said with its count; valid until the next
 * call. It stays held back for as long again. NULL: there is none.
 */
const struct tarn__repeat *tarn__repeats_take(struct tarn__repeats *, uint64_t now_ms,
					      unsigned long *count_out);

/* When take has the next one; UINT64_MAX: nothing is held back. */
uint64_t tarn__repeats_next_ms(const struct tarn__repeats *);

#endif

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
	TARN__LOG_DEDUP_LINES =
		16, /* different lines that are remembered; others are not held back */
	TARN__LOG_DEDUP_MS = 5000,
};

struct tarn__log_dedup_line {
	char *line;
	enum tarn_log_level level;
	unsigned long count; /* times it was held back */
	uint64_t until_ms;
};

struct tarn__log_dedup { /* zeros: nothing was said */
	struct tarn__log_dedup_line items[TARN__LOG_DEDUP_LINES];
};

void tarn__log_dedup_fini(struct tarn__log_dedup *);

/* True: to be said now. */
bool tarn__log_dedup_admit(struct tarn__log_dedup *, uint64_t now_ms, enum tarn_log_level,
			   const char *line);

/*
 * A line whose time is over and that was held back, to be said with its count; valid until the next
 * call. It stays held back for as long again. NULL: there is none.
 */
const struct tarn__log_dedup_line *tarn__log_dedup_take(struct tarn__log_dedup *, uint64_t now_ms,
							unsigned long *count_out);

/* When take has the next one; UINT64_MAX: nothing is held back. */
uint64_t tarn__log_dedup_next_ms(const struct tarn__log_dedup *);

#endif

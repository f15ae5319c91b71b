/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/log/log_dedup.h: suppresses repeated log lines. The first line is admitted; identical lines within
 * TARN__LOG_DEDUP_MS are counted, and written once with the count after that time. The caller passes the
 * time.
 *
 * Thread: the caller serialises the calls.
 */
#ifndef TARN_DAEMON_LOG_LOG_DEDUP_H
#define TARN_DAEMON_LOG_LOG_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "tarn.h"

enum {
	TARN__LOG_DEDUP_LINES =
		16, /* different lines that are remembered; further ones are not suppressed */
	TARN__LOG_DEDUP_MS = 5000,
};

struct tarn__log_dedup_line {
	char *line;
	enum tarn_log_level level;
	unsigned long count; /* number of times that the line was held back */
	uint64_t until_ms;
};

struct tarn__log_dedup { /* all zeros: no line was written yet */
	struct tarn__log_dedup_line items[TARN__LOG_DEDUP_LINES];
};

void tarn__log_dedup_fini(struct tarn__log_dedup *);

/* Returns true if the line is to be written at once. */
bool tarn__log_dedup_admit(struct tarn__log_dedup *, uint64_t now_ms, enum tarn_log_level,
			   const char *line);

/*
 * Returns a line that was held back and whose time has passed, to be written with its count; NULL: there is
 * none. It is valid until the next call, and the line is suppressed for another period.
 */
const struct tarn__log_dedup_line *tarn__log_dedup_take(struct tarn__log_dedup *, uint64_t now_ms,
							unsigned long *count_out);

/* Returns the time at which take has the next line; UINT64_MAX: no line is held back. */
uint64_t tarn__log_dedup_next_ms(const struct tarn__log_dedup *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/log.h: a log that a test reads again. */

#ifndef TESTS_SUPPORT_LOG_H
#define TESTS_SUPPORT_LOG_H

#include <check.h>
#include <unistd.h>

#include "daemon/log/log.h"

static struct tarn__log test_log;
static int log_pipe[2];

static inline void open_log(void)
{
	ck_assert_int_eq(pipe(log_pipe), 0);
	tarn__log_init(&test_log, log_pipe[1], TARN_LOG_INFO);
}

static inline void close_log(void)
{
	tarn__log_fini(&test_log);
	close(log_pipe[0]);
	close(log_pipe[1]);
}

/* What has been logged since the last call, with "|" behind it. */
static inline const char *logged(void)
{
	static char text[1 << 16];
	ck_assert_int_eq(write(log_pipe[1], "|", 1), 1);
	ssize_t len = read(log_pipe[0], text, sizeof(text) - 1);
	ck_assert_int_gt(len, 0);
	text[len] = '\0';
	return text;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/log.h: one line on stderr for whoever runs tarn.
 *
 * A line never waits: when the reader is slow (a full pipe, a stopped terminal) it is lost, and the
 * next one that gets through is preceded by how many were. Octets that are not printable ASCII are
 * written as \xNN, so nothing from the network can forge a line or drive a terminal.
 *
 * Thread: any, at any time.
 */
#ifndef TARN_DAEMON_LOG_H
#define TARN_DAEMON_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "tarn.h"

/* Below PIPE_BUF, so that a line goes into a pipe whole or not at all. */
enum { TARN__LOG_LINE_MAX = 1024 };

struct tarn__log {
	int fd;
	enum tarn_log_level level; /* lines less urgent than this are not written */
	bool is_journal; /* levels as "<6>", understood by systemd's journal */
	pthread_mutex_t mutex; /* guards what follows */
	unsigned long lost;
};

/* fd is borrowed. */
void tarn__log_init(struct tarn__log *, int fd, enum tarn_log_level level);
void tarn__log_fini(struct tarn__log *);

__attribute__((format(printf, 3, 4))) void tarn__log(struct tarn__log *, enum tarn_log_level,
						     const char *format, ...);

/* The same in the form of struct tarn_options.log; log is the struct tarn__log. */
void tarn__log_line(void *log, enum tarn_log_level, const char *line);

#endif

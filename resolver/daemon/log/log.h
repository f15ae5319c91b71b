/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/log/log.h: log lines on stderr.
 *
 * Writing a line never blocks: if the reader is slow (a full pipe, a stopped terminal), the line is lost,
 * and the next line that is written is preceded by the number of lost lines. Octets other than printable
 * ASCII are written as \xNN, so that data from the network cannot forge a line or control a terminal. Lines
 * of the resolver that repeat within seconds are counted and written once (daemon/log/log_dedup.h); lines
 * of the program itself are caused by its operator and are written each time.
 *
 * Thread: any, unless a function states another.
 */
#ifndef TARN_DAEMON_LOG_LOG_H
#define TARN_DAEMON_LOG_LOG_H

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/log/log_dedup.h"
#include "tarn.h"

/* At most PIPE_BUF octets, which a pipe takes as a whole or not at all. */
enum { TARN__LOG_LINE_MAX = 1024 };

struct tarn__log {
	int fd;
	_Atomic enum tarn_log_level level; /* the least urgent level that is written */
	bool is_journal; /* levels are written as "<6>", which systemd's journal reads */
	uint64_t (*now_ms)(void);
	pthread_mutex_t mutex; /* guards the members after it */
	unsigned long lost;
	struct tarn__log_dedup dedup;
	struct ev_loop *loop; /* NULL: no loop runs */
	ev_async held_back;
	ev_timer due;
};

/* fd is borrowed. */
void tarn__log_init(struct tarn__log *, int fd, enum tarn_log_level level);
/* Writes the lines that were held back. */
void tarn__log_fini(struct tarn__log *);

/*
 * Between start and stop the loop writes held-back lines when their time has come; otherwise they precede
 * the next line.
 *
 * Thread: the loop's.
 */
void tarn__log_start(struct tarn__log *, struct ev_loop *loop);
void tarn__log_stop(struct tarn__log *);

/* Writes the lines that have been held back for long enough. */
void tarn__log_run(struct tarn__log *);

void tarn__log_set_level(struct tarn__log *, enum tarn_log_level);
/* Reads "err", "warning", "info" or "debug". false: another word, and *out is unchanged. */
bool tarn__log_level_parse(const char *name, enum tarn_log_level *out);
const char *tarn__log_level_name(enum tarn_log_level);

__attribute__((format(printf, 3, 4))) void tarn__log(struct tarn__log *, enum tarn_log_level,
						     const char *format, ...);

/*
 * Copies text with octets other than printable ASCII escaped, as much as fits into size octets with NUL;
 * size is at least 5. Returns the length in octets.
 */
size_t tarn__log_escape(const char *text, size_t size, char *out);

/* Logs a line of the resolver. It has the type of struct tarn_options.log; log is a struct tarn__log. */
void tarn__log_line(void *log, enum tarn_log_level, const char *line);

/*
 * Writes text unchanged, at most PIPE_BUF octets, between two lines. Returns the number of octets written,
 * which may be less than len; -1 with errno set, EAGAIN if the write would block.
 */
ssize_t tarn__log_write(struct tarn__log *, const char *text, size_t len);

#endif

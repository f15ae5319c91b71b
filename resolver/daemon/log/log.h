/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/log/log.h: one line on stderr for whoever runs tarn.
 *
 * A line never waits: when the reader is slow (a full pipe, a stopped terminal) it is lost, and the
 * next one that gets through is preceded by how many were. Octets that are not printable ASCII are
 * written as \xNN, so nothing from the network can forge a line or drive a terminal. What the resolver
 * says again within seconds is counted and said once (daemon/log/log_dedup.h); what the program says itself
 * follows from what its operator does, and is said each time.
 *
 * Thread: any, at any time, but for what says otherwise.
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

/* Below PIPE_BUF, so that a line goes into a pipe whole or not at all. */
enum { TARN__LOG_LINE_MAX = 1024 };

struct tarn__log {
	int fd;
	_Atomic enum tarn_log_level level; /* lines less urgent than this are not written */
	bool is_journal; /* levels as "<6>", understood by systemd's journal */
	uint64_t (*now_ms)(void);
	pthread_mutex_t mutex; /* guards what follows */
	unsigned long lost;
	struct tarn__log_dedup dedup;
	struct ev_loop *loop; /* NULL: none */
	ev_async held_back;
	ev_timer due;
};

/* fd is borrowed. */
void tarn__log_init(struct tarn__log *, int fd, enum tarn_log_level level);
/* What was held back is said first. */
void tarn__log_fini(struct tarn__log *);

/*
 * Between these two what was held back is said in time, by this loop; else before the next line.
 * Thread: the loop's.
 */
void tarn__log_start(struct tarn__log *, struct ev_loop *loop);
void tarn__log_stop(struct tarn__log *);

/* Says what was held back long enough. */
void tarn__log_run(struct tarn__log *);

void tarn__log_set_level(struct tarn__log *, enum tarn_log_level);
/* "err", "warning", "info", "debug"; false: none of these, and *out is untouched. */
bool tarn__log_level_parse(const char *name, enum tarn_log_level *out);
const char *tarn__log_level_name(enum tarn_log_level);

__attribute__((format(printf, 3, 4))) void tarn__log(struct tarn__log *, enum tarn_log_level,
						     const char *format, ...);

/*
 * Copies text with octets that are not printable ASCII escaped, as much as fits into size octets with
 * NUL, 5 at least. Returns its length.
 */
size_t tarn__log_escape(const char *text, size_t size, char *out);

/* What the resolver says, in the form of struct tarn_options.log; log is the struct tarn__log. */
void tarn__log_line(void *log, enum tarn_log_level, const char *line);

/*
 * Writes text as it stands, at most PIPE_BUF octets, between two lines. Returns the octets written,
 * which may be fewer; -1 with errno set, EAGAIN where it would wait.
 */
ssize_t tarn__log_write(struct tarn__log *, const char *text, size_t len);

#endif

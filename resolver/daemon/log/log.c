/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines on stderr, written without blocking. */
#include "daemon/log/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/clock.h"

/*
 * systemd names the stream that it has connected as "device:inode"; stderr may have been redirected since.
 */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	uintmax_t device, inode;
	return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	       fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void tarn__log_init(struct tarn__log *log, int fd, enum tarn_log_level level)
{
	*log = (struct tarn__log){
		.fd = fd, .level = level, .is_journal = is_journal(fd), .now_ms = tarn__clock_ms};
	pthread_mutex_init(&log->mutex, NULL);
}

static const struct {
	enum tarn_log_level level;
	const char *name;
} levels[] = {
	{TARN_LOG_ERR, "err"},
	{TARN_LOG_WARNING, "warning"},
	{TARN_LOG_INFO, "info"},
	{TARN_LOG_DEBUG, "debug"},
};

enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

bool tarn__log_level_parse(const char *name, enum tarn_log_level *out)
{
	for (int i = 0; i < LEVELS; i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*out = levels[i].level;
			return true;
		}
	}
	return false;
}

const char *tarn__log_level_name(enum tarn_log_level level)
{
	int i = 0;
	while (i < LEVELS - 1 && levels[i].level < level)
		i++;
	return levels[i].name;
}

void tarn__log_set_level(struct tarn__log *log, enum tarn_log_level level)
{
	atomic_store_explicit(&log->level, level, memory_order_relaxed);
}

static bool is_wanted(struct tarn__log *log, enum tarn_log_level level)
{
	return level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

size_t tarn__log_escape(const char *text, size_t size, char *out)
{
	size_t len = 0;
	for (; *text && len + sizeof("\\xff") <= size; text++) {
		unsigned char octet = (unsigned char)*text;
		if (octet >= 0x20 && octet < 0x7f)
			out[len++] = *text;
		else
			len += (size_t)sprintf(out + len, "\\x%02x", octet);
	}
	out[len] = '\0';
	return len;
}

/* Writes the line with its prefix, escapes and newline into out and returns its length. */
static size_t compose(bool is_for_journal, enum tarn_log_level level, const char *line,
		      char out[TARN__LOG_LINE_MAX])
{
	const char *prefix = level <= TARN_LOG_ERR	 ? "tarn: "
			     : level == TARN_LOG_WARNING ? "tarn: warning: "
			     : level >= TARN_LOG_DEBUG	 ? "tarn: debug: "
							 : "tarn: ";
	int prefix_len =
		is_for_journal ? sprintf(out, "<%d>", (int)level) : sprintf(out, "%s", prefix);
	size_t len = (size_t)prefix_len;
	/* There is still room for the newline. */
	len += tarn__log_escape(line, TARN__LOG_LINE_MAX - 1 - len, out + len);
	out[len++] = '\n';
	return len;
}

/* Writes if poll() reports room. The mutex is held, so that no other thread uses that room. */
static ssize_t write_ready(const struct tarn__log *log, const char *text, size_t len)
{
	struct pollfd ready = {.fd = log->fd, .events = POLLOUT};
	if (poll(&ready, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(log->fd, text, len);
}

static bool write_line(const struct tarn__log *log, enum tarn_log_level level, const char *line)
{
	char text[TARN__LOG_LINE_MAX];
	size_t len = compose(log->is_journal, level, line, text);
	return write_ready(log, text, len) == (ssize_t)len;
}

static void say(struct tarn__log *log, enum tarn_log_level level, const char *line)
{
	if (log->lost > 0) {
		char notice[64];
		snprintf(notice, sizeof(notice), "%lu log lines lost: stderr was not read",
			 log->lost);
		if (write_line(log, TARN_LOG_WARNING, notice))
			log->lost = 0;
	}
	if (log->lost > 0 || !write_line(log, level, line))
		log->lost++;
}

static void say_held_back(struct tarn__log *log, uint64_t now_ms)
{
	const struct tarn__log_dedup_line *repeat;
	unsigned long count;
	while ((repeat = tarn__log_dedup_take(&log->dedup, now_ms, &count))) {
		char line[TARN__LOG_LINE_MAX];
		int len = snprintf(line, sizeof(line), "(again, %lu x) ", count);
		snprintf(line + len, sizeof(line) - (size_t)len, "%s", repeat->line);
		say(log, repeat->level, line);
	}
}

void tarn__log_line(void *arg, enum tarn_log_level level, const char *line)
{
	struct tarn__log *log = arg;
	if (!is_wanted(log, level))
		return;
	pthread_mutex_lock(&log->mutex);
	uint64_t now_ms = log->now_ms();
	say_held_back(log, now_ms);
	bool has_held_back = tarn__log_dedup_next_ms(&log->dedup) != UINT64_MAX;
	if (tarn__log_dedup_admit(&log->dedup, now_ms, level, line))
		say(log, level, line);
	else if (log->loop && !has_held_back)
		ev_async_send(log->loop, &log->held_back);
	pthread_mutex_unlock(&log->mutex);
}

void tarn__log(struct tarn__log *log, enum tarn_log_level level, const char *format, ...)
{
	if (!is_wanted(log, level))
		return;
	char line[TARN__LOG_LINE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pthread_mutex_lock(&log->mutex);
	say(log, level, line);
	pthread_mutex_unlock(&log->mutex);
}

ssize_t tarn__log_write(struct tarn__log *log, const char *text, size_t len)
{
	pthread_mutex_lock(&log->mutex);
	ssize_t written = write_ready(log, text, len);
	pthread_mutex_unlock(&log->mutex);
	return written;
}

/* ---- in time --------------------------------------------------------------------------------- */

void tarn__log_run(struct tarn__log *log)
{
	pthread_mutex_lock(&log->mutex);
	uint64_t now_ms = log->now_ms();
	say_held_back(log, now_ms);
	uint64_t next_ms = tarn__log_dedup_next_ms(&log->dedup);
	if (log->loop && next_ms != UINT64_MAX && !ev_is_active(&log->due)) {
		ev_timer_set(&log->due, (double)(next_ms - now_ms) / 1e3, 0);
		ev_timer_start(log->loop, &log->due);
	}
	pthread_mutex_unlock(&log->mutex);
}

static void on_held_back(struct ev_loop *loop, ev_async *held_back, int events)
{
	(void)loop;
	(void)events;
	tarn__log_run(held_back->data);
}

static void on_due(struct ev_loop *loop, ev_timer *due, int events)
{
	(void)loop;
	(void)events;
	tarn__log_run(due->data);
}

void tarn__log_start(struct tarn__log *log, struct ev_loop *loop)
{
	ev_async_init(&log->held_back, on_held_back);
	ev_timer_init(&log->due, on_due, 0, 0);
	log->held_back.data = log->due.data = log;
	ev_async_start(loop, &log->held_back);
	pthread_mutex_lock(&log->mutex);
	log->loop = loop;
	pthread_mutex_unlock(&log->mutex);
	tarn__log_run(log);
}

void tarn__log_stop(struct tarn__log *log)
{
	pthread_mutex_lock(&log->mutex);
	struct ev_loop *loop = log->loop;
	log->loop = NULL;
	pthread_mutex_unlock(&log->mutex);
	if (!loop)
		return;
	ev_async_stop(loop, &log->held_back);
	ev_timer_stop(loop, &log->due);
}

void tarn__log_fini(struct tarn__log *log)
{
	say_held_back(log, UINT64_MAX);
	tarn__log_dedup_fini(&log->dedup);
	pthread_mutex_destroy(&log->mutex);
}

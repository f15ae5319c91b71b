/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr for whoever runs tarn, without ever waiting for its reader. */
#include "daemon/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd names the stream it connected as "device:inode"; stderr may have been redirected since.
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
	*log = (struct tarn__log){.fd = fd, .level = level, .is_journal = is_journal(fd)};
	pthread_mutex_init(&log->mutex, NULL);
}

void tarn__log_fini(struct tarn__log *log)
{
	pthread_mutex_destroy(&log->mutex);
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
	/* The longest escape, the newline and sprintf's NUL still fit behind the last octet. */
	for (; *line && len + sizeof("\\xff\n") <= TARN__LOG_LINE_MAX; line++) {
		unsigned char octet = (unsigned char)*line;
		if (octet >= 0x20 && octet < 0x7f)
			out[len++] = *line;
		else
			len += (size_t)sprintf(out + len, "\\x%02x", octet);
	}
	out[len++] = '\n';
	return len;
}

/* Only to be called with the mutex held: what poll() promises is then ours to use. */
static bool write_now(const struct tarn__log *log, const char *line, size_t len)
{
	struct pollfd ready = {.fd = log->fd, .events = POLLOUT};
	return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) &&
	       write(log->fd, line, len) == (ssize_t)len;
}

void tarn__log_line(void *arg, enum tarn_log_level level, const char *line)
{
	struct tarn__log *log = arg;
	if (level > log->level)
		return;
	char text[TARN__LOG_LINE_MAX];
	size_t len = compose(log->is_journal, level, line, text);
	pthread_mutex_lock(&log->mutex);
	if (log->lost > 0) {
		char notice[TARN__LOG_LINE_MAX], what[64];
		snprintf(what, sizeof(what), "%lu log lines lost: stderr was not read", log->lost);
		if (write_now(log, notice,
			      compose(log->is_journal, TARN_LOG_WARNING, what, notice)))
			log->lost = 0;
	}
	if (log->lost > 0 || !write_now(log, text, len))
		log->lost++;
	pthread_mutex_unlock(&log->mutex);
}

void tarn__log(struct tarn__log *log, enum tarn_log_level level, const char *format, ...)
{
	char line[TARN__LOG_LINE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tarn__log_line(log, level, line);
}

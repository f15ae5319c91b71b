/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a secret, and leaves no copy of it behind. */
#include "config.h"

#include "daemon/config/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "daemon/system/file.h"

/* Returns NULL, or a text if the contents cannot be used, which may be in buffer. */
static const char *find_fault(const char *text, size_t len, size_t min, size_t max,
			      char buffer[TARN__SECRET_FAULT_MAX])
{
	if (memchr(text, '\0', len))
		return "not text (octet 0)";
	if (len == 0)
		return "empty";
	if (len < min)
		snprintf(buffer, TARN__SECRET_FAULT_MAX, "too short: %zu of %zu octets", len, min);
	else if (len > max)
		snprintf(buffer, TARN__SECRET_FAULT_MAX, "more than %zu octets", max);
	else
		return NULL;
	return buffer;
}

/* Returns a copy of what the file contains. */
static char *take(int fd, size_t min, size_t max, const char **reason,
		  char buffer[TARN__SECRET_FAULT_MAX])
{
	char text[TARN__SECRET_FILE_MAX + 1];
	char *copy = NULL;
	ssize_t got = tarn__read_octets(fd, text, sizeof(text));
	int error = errno;
	if (got >= 0) {
		size_t len = (size_t)got;
		while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
			len--;
		*reason = find_fault(text, len, min, max, buffer);
		error = EINVAL;
		if (!*reason && !(copy = strndup(text, len)))
			error = ENOMEM;
	}
	explicit_bzero(text, sizeof(text));
	errno = error;
	return copy;
}

char *tarn__secret_file_read(const char *path, size_t min, size_t max, bool *is_open,
			     char fault[TARN__SECRET_FAULT_MAX])
{
	struct stat status;
	const char *reason = NULL;
	char *text = NULL, buffer[TARN__SECRET_FAULT_MAX];
	int error = EINVAL;
	/* With O_NONBLOCK neither the open of a pipe waits for a writer, nor a read from it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0) {
		error = errno;
		reason = strerror(error);
	} else if (!(reason = tarn__file_fault(&status))) {
		*is_open = status.st_mode & (S_IROTH | S_IWOTH);
		text = take(fd, min, max, &reason, buffer);
		error = errno;
		if (!text && !reason)
			reason = strerror(error);
	}
	if (fd >= 0)
		close(fd);
	if (!text)
		snprintf(fault, TARN__SECRET_FAULT_MAX, "%s", reason);
	errno = error;
	return text;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads whole files within bounds. */
#include "config.h"

#include "daemon/system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { FIRST_ROOM = 4096 }; /* octets; most files are smaller */

/* /dev/null, which stands for an empty file (Documentation/admin-guide/devices.txt). */
static bool is_null_device(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && major(status->st_rdev) == 1 &&
	       minor(status->st_rdev) == 3;
}

const char *tarn__file_fault(const struct stat *status)
{
	if (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode) || is_null_device(status))
		return NULL;
	return S_ISFIFO(status->st_mode) ? "a pipe" : "a device";
}

/* Polls before it reads: a pipe without a writer would be at its end. A regular file is always ready. */
static ssize_t read_some(int fd, char *text, size_t room, int wait_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int count = poll(&ready, 1, wait_ms);
	if (count > 0)
		return read(fd, text, room);
	if (count == 0)
		errno = ETIMEDOUT;
	return -1;
}

char *tarn__file_read_fd(int fd, size_t len_max, int wait_ms, size_t *out_len)
{
	size_t len = 0, room = FIRST_ROOM;
	char *text = malloc(room + 1);
	while (text) {
		ssize_t got = read_some(fd, text + len, room - len, wait_ms);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (got == 0) {
			text[len] = '\0';
			*out_len = len;
			return text;
		}
		len += (size_t)got;
		if (len > len_max) {
			errno = EFBIG;
			break;
		}
		if (len < room)
			continue;
		room *= 2;
		char *more = realloc(text, room + 1);
		if (!more)
			break;
		text = more;
	}
	int error = errno;
	free(text);
	errno = error;
	return NULL;
}

char *tarn__file_read(const char *path, size_t len_max, size_t *len, const char **fault)
{
	struct stat status;
	char *text = NULL;
	*fault = NULL;
	/* With O_NONBLOCK the open of a pipe does not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &status) == 0) {
		*fault = tarn__file_fault(&status);
		errno = EINVAL;
		if (!*fault)
			text = tarn__file_read_fd(fd, len_max, 0, len);
	}
	int error = errno;
	if (!text && !*fault)
		*fault = strerror(error);
	if (fd >= 0)
		close(fd);
	errno = error;
	return text;
}

bool tarn__file_is_folder(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	strcpy(folder, path);
	*strrchr(folder, '/') = '\0';
	int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int tarn__file_put_in_place(int fd, const char *temporary, const char *path)
{
	if (fsync(fd) < 0 || rename(temporary, path) < 0)
		return -1;
	sync_folder(path);
	return 0;
}

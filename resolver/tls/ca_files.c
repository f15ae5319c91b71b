/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/ca_files.c: reads files of CA certificates, whole and within bounds. */
#include "tls/ca_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"

/* Octets: the bundle of all public CAs has 220,000. */
enum { FILE_MAX = 16 * 1024 * 1024 };

/* Returns the number of certificates, or -1 with errno. */
static int read_fd(int fd, const struct stat *status, struct tarn__ca_reader *reader)
{
	errno = EINVAL;
	if (!S_ISREG(status->st_mode))
		return -1;
	errno = EFBIG;
	if (status->st_size > FILE_MAX)
		return -1;
	char *text = malloc((size_t)status->st_size + 1);
	ssize_t len = text ? tarn__read_octets(fd, text, (size_t)status->st_size) : -1;
	int count = len >= 0 ? reader->take(reader, text, (size_t)len) : -1;
	if (count < 0 && len >= 0)
		errno = EBADMSG;
	free(text);
	return count;
}

/* "5ed36f99.0": eight hexadecimal digits and a number. */
static bool is_hash(const char *name)
{
	enum { DIGITS = 8 };
	return strspn(name, "0123456789abcdef") == DIGITS && name[DIGITS] == '.' &&
	       isdigit((unsigned char)name[DIGITS + 1]);
}

/* A file in it that cannot be read, or has something else, is left out. Returns the number of certificates. */
static int read_folder(const char *path, bool is_by_hash, struct tarn__ca_reader *reader)
{
	int count = 0;
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.' || (is_by_hash && !is_hash(entry->d_name)))
			continue;
		struct stat status;
		int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		int here = fd >= 0 && fstat(fd, &status) == 0 ? read_fd(fd, &status, reader) : -1;
		count += here > 0 ? here : 0;
		if (fd >= 0)
			close(fd);
	}
	if (folder)
		closedir(folder);
	return count;
}

static int refuse(const char *path, const char *reason, char fault[TARN__TLS_FAULT_MAX])
{
	snprintf(fault, TARN__TLS_FAULT_MAX, "%s: %s", path, reason);
	return -1;
}

int tarn__ca_files_read(const char *path, struct tarn__ca_reader *reader,
			char fault[TARN__TLS_FAULT_MAX])
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(path, strerror(errno), fault);
	int count = -1;
	bool is_known = fstat(fd, &status) == 0;
	if (is_known && S_ISDIR(status.st_mode)) {
		count = read_folder(path, true, reader);
		if (count == 0)
			count = read_folder(path, false, reader);
	} else if (is_known) {
		count = read_fd(fd, &status, reader);
	}
	int error = errno;
	close(fd);
	if (count < 0)
		return refuse(path,
			      error == EBADMSG	? "a certificate in it cannot be read"
			      : error == EINVAL ? "not a file"
						: strerror(error),
			      fault);
	return count > 0 ? count : refuse(path, "no certificate in it", fault);
}

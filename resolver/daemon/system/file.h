/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/file.h: whole files, read without waiting for anybody and into bounded memory: whoever puts a
 * pipe, a device or a file of any size in the place of one cannot hold tarn up.
 */
#ifndef TARN_DAEMON_SYSTEM_FILE_H
#define TARN_DAEMON_SYSTEM_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * The file's text, to be freed, followed by NUL; len does not count that one. NULL, with errno and
 * fault, a static text or strerror()'s: it cannot be opened, is not a regular file or /dev/null
 * (EINVAL), or has more than len_max octets (EFBIG).
 */
char *tarn__file_read(const char *path, size_t len_max, size_t *len, const char **fault);

/* The parts of it. NULL, or what it is that is not to be read; a directory fails when it is read. */
const char *tarn__file_fault(const struct stat *);
/*
 * The same of what is open with O_NONBLOCK. Of a pipe it waits for whoever writes, so long at most each time
 * (ETIMEDOUT).
 */
char *tarn__file_read_fd(int fd, size_t len_max, int wait_ms, size_t *len);

#endif

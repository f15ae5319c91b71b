/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/file.h: reads whole files without blocking and into bounded memory, so that a pipe, a
 * device or a huge file in the place of a configuration file cannot stop tarn.
 */
#ifndef TARN_DAEMON_SYSTEM_FILE_H
#define TARN_DAEMON_SYSTEM_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Returns the file's text followed by NUL, to be freed; len excludes the NUL. NULL with errno, and a static
 * text or strerror()'s in fault: the file cannot be opened, is neither a regular file nor /dev/null
 * (EINVAL), or has more than len_max octets (EFBIG).
 */
char *tarn__file_read(const char *path, size_t len_max, size_t *len, const char **fault);

/*
 * Returns NULL, or a text if a file of that status is not to be read. A directory is detected when it is
 * read.
 */
const char *tarn__file_fault(const struct stat *);
/*
 * Reads a descriptor that is open with O_NONBLOCK. For the writer of a pipe it waits at most wait_ms for
 * each part (ETIMEDOUT).
 */
char *tarn__file_read_fd(int fd, size_t len_max, int wait_ms, size_t *len);

#endif

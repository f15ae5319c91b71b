/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/file.h: reads whole files without blocking and into bounded memory, so that a pipe, a
 * device or a huge file in the place of a configuration file cannot stop tarn; puts a new file in the place
 * of an old one.
 */
#ifndef TARN_DAEMON_SYSTEM_FILE_H
#define TARN_DAEMON_SYSTEM_FILE_H

#include <stdbool.h>
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

/* Returns true for a folder, and a symbolic link to one. */
bool tarn__file_is_folder(const char *path);

/*
 * Renames the written file of the descriptor from temporary to path, an absolute path shorter than PATH_MAX
 * in the same folder. What is written, and then the new name, outlive a failure of power; if the folder
 * cannot be synchronized, the old file may be there after it. Returns 0, or -1 with errno.
 */
int tarn__file_put_in_place(int fd, const char *temporary, const char *path);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/secret_file.h: reads a file that has one secret, as text. */
#ifndef TARN_DAEMON_CONFIG_SECRET_FILE_H
#define TARN_DAEMON_CONFIG_SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Octets of a text that says why a file cannot be used, with NUL. */
enum { TARN__SECRET_FAULT_MAX = 128 };

/*
 * Returns the text of the file without the ends of lines behind it, to be freed by tarn__secret_free(); it
 * has min to max octets, at most TARN__SECRET_FILE_MAX. *is_open: others than the file's user and group may
 * read it. NULL: fault says why, and errno is that of the system, or EINVAL for what the file contains.
 */
char *tarn__secret_file_read(const char *path, size_t min, size_t max, bool *is_open,
			     char fault[TARN__SECRET_FAULT_MAX]);

enum { TARN__SECRET_FILE_MAX = 2048 /* octets of a file */ };

#endif

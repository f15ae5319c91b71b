/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/path.h: paths that may be symbolic links. */
#ifndef TARN_DAEMON_SETTINGS_PATH_H
#define TARN_DAEMON_SETTINGS_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Symbolic links that are followed one after the other, at most. */
enum { TARN__PATH_LINKS = 8 };

/*
 * Replaces the path of a symbolic link with its target. Returns false if it is no link, or too
 * long.
 */
bool tarn__path_read_link(char path[PATH_MAX]);

/* Replaces a path with its directory, with the '/' at its end; "./" for a name alone. */
void tarn__path_cut(char path[PATH_MAX]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/path.h: the way to a file that may be a symbolic link. */
#ifndef TARN_DAEMON_SETTINGS_PATH_H
#define TARN_DAEMON_SETTINGS_PATH_H

#include <limits.h>
#include <stdbool.h>

/* More symbolic links one after the other are no use to anybody. */
enum { TARN__PATH_LINKS = 8 };

/* Where the symbolic link leads, in its place. False: it is none, or too long. */
bool tarn__path_read_link(char path[PATH_MAX]);

/* The directory that the path is in, in its place, with its '/'; "./" for a name alone. */
void tarn__path_cut(char path[PATH_MAX]);

#endif

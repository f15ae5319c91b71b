/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/control_file.h: a listening Unix socket and its file. The permissions of the file are set
 * before it has a name; it is replaced or removed only if no other process uses it.
 *
 * Thread: the main thread.
 */
#ifndef TARN_DAEMON_CONTROL_CONTROL_FILE_H
#define TARN_DAEMON_CONTROL_CONTROL_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/system/privileges.h"

struct tarn__control_file {
	int fd;
	char *path; /* NULL: there is none */
	char *group; /* NULL: only the user has access */
	dev_t device; /* with inode: identifies the file, which is removed at the end */
	ino_t inode;
};

/*
 * Listens at path. The owner of the file is that of identity (NULL: the process's user), and the members of
 * group may read and write; NULL: only the user. The file of a tarn that has ended is replaced.
 * TARN_ESYSTEM with errno, and there is no file: EADDRINUSE if a running tarn listens there, ENOENT for a
 * group that does not exist, EEXIST for a file of another kind.
 */
int tarn__control_file_open(const char *path, const char *group,
			    const struct tarn__identity *identity, struct tarn__control_file *);

/* Changes the group of an open one. TARN_ESYSTEM with errno: it has the former group. */
int tarn__control_file_set_group(struct tarn__control_file *, const char *group,
				 const struct tarn__identity *identity);

/* Returns true if the path leads to this socket: the file may have been removed or replaced. */
bool tarn__control_file_is_there(const struct tarn__control_file *);

/* Closes the socket and removes the file, unless it was replaced. Allowed for one without a path. */
void tarn__control_file_close(struct tarn__control_file *);

#endif

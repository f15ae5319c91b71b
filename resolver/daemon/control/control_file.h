/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/control_file.h: a Unix socket that listens, and the file that it is reached by. The file's
 * rights are in place before it has a name; it is replaced or removed only where nobody else has it.
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
	char *group; /* NULL: its user's alone */
	dev_t device; /* of the file that is ours, ... */
	ino_t inode; /* ... to be removed in the end */
};

/*
 * Listens at path. The file is the user's of identity (NULL: ours), and group may read and write, too;
 * NULL: nobody but the user. That of a tarn that has gone is replaced. TARN_ESYSTEM with errno, and
 * there is no file of ours: EADDRINUSE where a tarn listens that is alive, ENOENT for a group that is
 * not there, EEXIST where there is another kind of file.
 */
int tarn__control_file_open(const char *path, const char *group,
			    const struct tarn__identity *identity, struct tarn__control_file *);

/* Gives an open one to another group. TARN_ESYSTEM with errno: it has the one before. */
int tarn__control_file_set_group(struct tarn__control_file *, const char *group,
				 const struct tarn__identity *identity);

/* Does the path of an open one still lead to it? Somebody may have removed or replaced the file. */
bool tarn__control_file_is_there(const struct tarn__control_file *);

/* Removes the file, too, unless another one has taken its place. Allowed for one without a path. */
void tarn__control_file_close(struct tarn__control_file *);

#endif

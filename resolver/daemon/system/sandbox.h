/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/sandbox.h: restricts what the process can do, so that an exploited fault does not give
 * access to the machine. Files: by Landlock, those below the directories that are named and the few that
 * libraries read. System calls: by a seccomp filter. Neither can be undone.
 *
 * Thread: before any other thread is started; Landlock binds the calling thread and the threads that it
 * starts.
 */
#ifndef TARN_DAEMON_SYSTEM_SANDBOX_H
#define TARN_DAEMON_SYSTEM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/log/log.h"

/* A file that is opened later, by its path. */
struct tarn__sandbox_file {
	const char *path;
	bool is_written; /* created, appended to and removed; otherwise read */
};

/* The halves of the sandbox. */
enum { TARN__SANDBOX_FILES = 1, TARN__SANDBOX_CALLS = 2 };

/* Returns false in a build with a sanitizer and under valgrind, which need more than tarn. */
bool tarn__sandbox_is_possible(void);

/*
 * Each path stands for everything in its directory (a file is changed by renaming another one to its name),
 * and for each directory that a symbolic link at the path leads through now. A path that ends in '/' is the
 * directory itself. NULL paths are skipped.
 *
 * Returns the halves that are in force. A half that the kernel or the build lacks is logged and left out.
 */
int tarn__sandbox_enter(const struct tarn__sandbox_file *files, size_t count, struct tarn__log *);

#endif

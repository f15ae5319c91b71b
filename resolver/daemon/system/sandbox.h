/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/sandbox.h: what the kernel lets tarn do from now on, so that a fault in it is not a way
 * into the machine. Files: by Landlock, those below the directories that are named here and the few
 * that libraries read. System calls: by a seccomp filter. Neither can be left again.
 *
 * Thread: before any other thread is started; Landlock binds the caller and those it starts.
 */
#ifndef TARN_DAEMON_SYSTEM_SANDBOX_H
#define TARN_DAEMON_SYSTEM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/log/log.h"

/* Files that are opened later: by their path, whatever is there by then. */
struct tarn__sandbox_file {
	const char *path;
	bool is_written; /* made, appended to and removed; else read */
};

/* Its halves. */
enum { TARN__SANDBOX_FILES = 1, TARN__SANDBOX_CALLS = 2 };

/* False in a build with a sanitizer and under valgrind, which need more than tarn. */
bool tarn__sandbox_is_possible(void);

/*
 * Each path stands for all that is in its directory (a file is changed by putting another in its
 * place), and for each directory that a symbolic link at it leads through now. A path that ends in
 * '/' is the directory. NULL paths count for nothing.
 *
 * Gives the halves that hold. What this kernel or this build lacks is logged and left out.
 */
int tarn__sandbox_enter(const struct tarn__sandbox_file *files, size_t count, struct tarn__log *);

#endif

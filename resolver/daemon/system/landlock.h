/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/landlock.h: the sandbox for files. */
#ifndef TARN_DAEMON_SYSTEM_LANDLOCK_H
#define TARN_DAEMON_SYSTEM_LANDLOCK_H

#include "daemon/system/sandbox.h"

/* See tarn__sandbox_enter(). TARN_ESYSTEM, logged: the kernel or the build lacks Landlock. */
int tarn__landlock_enter(const struct tarn__sandbox_file *files, size_t count, struct tarn__log *);

#endif

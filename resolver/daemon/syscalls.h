/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/syscalls.h: the sandbox's half that is about system calls. */
#ifndef TARN_DAEMON_SYSCALLS_H
#define TARN_DAEMON_SYSCALLS_H

#include "daemon/log.h"

/* Every thread that runs is bound, too. TARN_ESYSTEM, logged: the kernel or the build lacks it. */
int tarn__syscalls_enter(struct tarn__log *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/seccomp.h: the sandbox for system calls. */
#ifndef TARN_DAEMON_SYSTEM_SECCOMP_H
#define TARN_DAEMON_SYSTEM_SECCOMP_H

#include "daemon/log/log.h"

/* Binds all running threads, too. TARN_ESYSTEM, logged: the kernel or the build lacks seccomp. */
int tarn__seccomp_enter(struct tarn__log *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/seccomp.h: the sandbox's half that is about system calls. */
#ifndef TARN_DAEMON_SYSTEM_SECCOMP_H
#define TARN_DAEMON_SYSTEM_SECCOMP_H

#include "daemon/log/log.h"

/* Every thread that runs is bound, too. TARN_ESYSTEM, logged: the kernel or the build lacks it. */
int tarn__seccomp_enter(struct tarn__log *);

#endif

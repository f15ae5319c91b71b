/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/rlimits.h: how much of the system tarn may take, made to fit what it was told to do. */
#ifndef TARN_DAEMON_RLIMITS_H
#define TARN_DAEMON_RLIMITS_H

#include <sys/resource.h>

#include "daemon/log.h"
#include "daemon/settings.h"

/* How many files are open when every client and every server has all that net/ gives them. */
rlim_t tarn__rlimits_files(const struct tarn__settings *);

/*
 * Raises the limit of open files to that: as far as the hard limit allows, and that one too where
 * the process may. What stays missing is logged for who looks for it (debug).
 */
void tarn__rlimits_raise(const struct tarn__settings *, struct tarn__log *);

#endif

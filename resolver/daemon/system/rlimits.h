/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/rlimits.h: how much of the system tarn may take, made to fit what it was told to do; and where
 * that is not to be had, clients' connections made to fit the system.
 *
 * The settings may be those of a reload; workers is how many threads there are.
 */
#ifndef TARN_DAEMON_SYSTEM_RLIMITS_H
#define TARN_DAEMON_SYSTEM_RLIMITS_H

#include <stddef.h>
#include <sys/resource.h>

#include "daemon/log/log.h"
#include "daemon/settings/settings.h"

/* How many files are open when every client and every server has all that net/ gives them. */
rlim_t tarn__rlimits_files(const struct tarn__settings *, size_t workers);

/*
 * Places for TCP connections of clients in each worker (tarn_worker_set_connections()) where so many files
 * may be open: what is left for them by all that needs files to answer anybody at all.
 */
size_t tarn__rlimits_places(const struct tarn__settings *, size_t workers, rlim_t files);

/*
 * Raises the limit of open files to what may be needed: as far as the hard limit allows, and that one
 * too where the process may. Returns the places that there are then, and logs when there are fewer
 * files than may be needed.
 */
size_t tarn__rlimits_fit(const struct tarn__settings *, size_t workers, struct tarn__log *);

#endif

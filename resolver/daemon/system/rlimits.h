/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/rlimits.h: raises the limit of open files to what the settings need, and reduces the
 * connections of clients if the system does not allow it.
 *
 * The settings may be those of a reload; workers is the number of threads.
 */
#ifndef TARN_DAEMON_SYSTEM_RLIMITS_H
#define TARN_DAEMON_SYSTEM_RLIMITS_H

#include <stddef.h>
#include <sys/resource.h>

#include "daemon/log/log.h"
#include "daemon/settings/settings.h"

/* Returns the number of open files if every client and every server uses all that net/ allows. */
rlim_t tarn__rlimits_files(const struct tarn__settings *, size_t workers);

/*
 * Returns the number of places for TCP connections of clients in each worker
 * (tarn_worker_set_connections()) with files as the limit of open files: the files that remain after those
 * that are needed to answer at all.
 */
size_t tarn__rlimits_places(const struct tarn__settings *, size_t workers, rlim_t files);

/*
 * Raises the limit of open files to what may be needed: up to the hard limit, and beyond it if the process
 * may. Returns the number of places for connections then, and logs if there are fewer files than may be
 * needed.
 */
size_t tarn__rlimits_fit(const struct tarn__settings *, size_t workers, struct tarn__log *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/cache_file_commands.h: the command about the file of the cache, and the file's state as JSON.
 *
 * Thread: as daemon/control/commands.h.
 */
#ifndef TARN_DAEMON_CONTROL_CACHE_FILE_COMMANDS_H
#define TARN_DAEMON_CONTROL_CACHE_FILE_COMMANDS_H

#include "daemon/control/task.h"

tarn__command_fn tarn__command_save;

/* Where it is and what was loaded and saved, at that time since 1970. NULL: there is none, or no memory. */
json_t *tarn__control_json_cache_file(struct tarn__cache_file *, int64_t now_s);

#endif

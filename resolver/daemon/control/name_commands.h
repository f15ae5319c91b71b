/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/name_commands.h: the commands about local names and lists. Each is a tarn__command_fn of
 * daemon/control/task.h.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_NAME_COMMANDS_H
#define TARN_DAEMON_CONTROL_NAME_COMMANDS_H

#include "daemon/control/task.h"

tarn__command_fn tarn__command_lists, tarn__command_test, tarn__command_block,
	tarn__command_unblock, tarn__command_pause, tarn__command_resume,
	tarn__command_reload_lists, tarn__command_local;

#endif

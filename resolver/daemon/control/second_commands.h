/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/second_commands.h: the commands about the second level of the cache, as daemon/control/commands.h. */
#ifndef TARN_DAEMON_CONTROL_SECOND_COMMANDS_H
#define TARN_DAEMON_CONTROL_SECOND_COMMANDS_H

#include "daemon/control/task.h"

tarn__command_fn tarn__command_shared;

#endif

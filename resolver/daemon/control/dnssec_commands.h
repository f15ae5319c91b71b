/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/dnssec_commands.h: the commands about the chain of trust. Each is a tarn__command_fn of
 * daemon/control/task.h.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_DNSSEC_COMMANDS_H
#define TARN_DAEMON_CONTROL_DNSSEC_COMMANDS_H

#include "daemon/control/task.h"

tarn__command_fn tarn__command_trust, tarn__command_insecure;

/* Ends the lookup of a task of tarn__command_trust(), if there is one. */
void tarn__command_trust_end(struct tarn__task *);

#endif

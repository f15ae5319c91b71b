/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/commands.h: executes the commands of daemon/control/verbs.h, independently of sockets: a
 * request is a JSON object, and its answers are JSON documents; the last one has "ok" or "error". A long
 * command runs in steps, at the speed at which its answers are read.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_COMMANDS_H
#define TARN_DAEMON_CONTROL_COMMANDS_H

#include <jansson.h>

#include "daemon/control/task.h"

/* Starts a task whose members except answer and context are zero. */
void tarn__task_start(struct tarn__task *, const json_t *request);
/* Executes a step; allowed only while wants_steps is set. */
void tarn__task_step(struct tarn__task *);
/* Ends the task without a further answer. Allowed for one that has ended. */
void tarn__task_end(struct tarn__task *);

#endif

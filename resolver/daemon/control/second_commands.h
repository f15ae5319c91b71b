/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/second_commands.h: the commands about the second level of the cache: shared, and the part of a
 * flush with --fleet that concerns the store and other machines.
 *
 *	connection (1 s at most) --> keys removed, or another epoch --> message --> this machine's cache
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_SECOND_COMMANDS_H
#define TARN_DAEMON_CONTROL_SECOND_COMMANDS_H

#include "daemon/control/task.h"

tarn__command_fn tarn__command_shared;

/*
 * Flushes the name of task->sweep in the store and on other machines; then is called afterwards, also if that has
 * failed. If there is no second level the request is answered with an error, and then is not called.
 */
void tarn__command_fleet(struct tarn__task *, enum tarn__second_message_kind,
			 void (*then)(struct tarn__task *));

/* Answers with what was done there, and was forgotten here. */
void tarn__command_fleet_answer(struct tarn__task *, const struct tarn__forgotten *);

/* Cancels what is under way. */
void tarn__command_fleet_end(struct tarn__task *);

#endif

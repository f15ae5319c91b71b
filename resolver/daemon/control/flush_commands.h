/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/flush_commands.h: the commands that remove entries from the cache, with --fleet from the second
 * level and from the caches of other machines, too:
 *
 *	connection (1 s at most) --> keys removed, or another epoch --> message --> this machine's cache
 *
 * Each is a tarn__command_fn of daemon/control/task.h.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_FLUSH_COMMANDS_H
#define TARN_DAEMON_CONTROL_FLUSH_COMMANDS_H

#include "daemon/control/task.h"

tarn__command_fn tarn__command_flush, tarn__command_flush_tree, tarn__command_flush_negative,
	tarn__command_flush_failed;

/* The error of commands that need a second level. */
extern const char tarn__no_second_level[];

/* A step of a flush that has wanted steps. */
void tarn__command_flush_step(struct tarn__task *, struct tarn__resolver *);

/* Cancels what is under way. */
void tarn__command_flush_end(struct tarn__task *);

#endif

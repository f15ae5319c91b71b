/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/verbs.h: the verbs of tarnctl: one table for tarn, tarnctl, its help and its tests. A
 * request is one line of JSON, {"command": "flush", "arguments": ["a.example"]}, over a Unix stream socket;
 * tarnctl(8) describes the answer.
 */
#ifndef TARN_DAEMON_CONTROL_VERBS_H
#define TARN_DAEMON_CONTROL_VERBS_H

#include <stddef.h>

enum tarn__command_id {
	TARN__COMMAND_STATUS,
	TARN__COMMAND_STATS,
	TARN__COMMAND_UPSTREAMS,
	TARN__COMMAND_SHARED,
	TARN__COMMAND_LOOKUP,
	TARN__COMMAND_EXPLAIN,
	TARN__COMMAND_TRUST,
	TARN__COMMAND_INSECURE,
	TARN__COMMAND_FLUSH,
	TARN__COMMAND_FLUSH_TREE,
	TARN__COMMAND_FLUSH_NEGATIVE,
	TARN__COMMAND_FLUSH_FAILED,
	TARN__COMMAND_DUMP,
	TARN__COMMAND_LOAD,
	TARN__COMMAND_SAVE,
	TARN__COMMAND_LISTS,
	TARN__COMMAND_TEST,
	TARN__COMMAND_BLOCK,
	TARN__COMMAND_UNBLOCK,
	TARN__COMMAND_PAUSE,
	TARN__COMMAND_RESUME,
	TARN__COMMAND_RELOAD_LISTS,
	TARN__COMMAND_LOCAL,
	TARN__COMMAND_LOG,
	TARN__COMMAND_RELOAD,
	TARN__COMMAND_STOP,
	TARN__COMMANDS,
};

struct tarn__command_row {
	const char *name;
	const char *arguments; /* as in the help */
	size_t min, max; /* number of arguments */
	const char *help;
};

extern const struct tarn__command_row tarn__commands[TARN__COMMANDS];

/* Returns the verb's id, TARN__COMMANDS if there is none of that name. */
enum tarn__command_id tarn__command_find(const char *name);

enum {
	/* octets: the longest are a batch of tarnctl load, and a single answer of 64 KiB in it */
	TARN__REQUEST_MAX = 256 * 1024,
};

#endif

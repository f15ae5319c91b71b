/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/verbs.h: what tarn can be told and asked while it runs: one table for tarn, tarnctl, its
 * help and its tests. A request is one line of JSON, {"command": "flush", "arguments": ["a.example"]},
 * over a Unix stream socket; what comes back is described in tarnctl(8).
 */
#ifndef TARN_DAEMON_CONTROL_VERBS_H
#define TARN_DAEMON_CONTROL_VERBS_H

#include <stddef.h>

enum tarn__command_id {
	TARN__COMMAND_STATUS,
	TARN__COMMAND_STATS,
	TARN__COMMAND_UPSTREAMS,
	TARN__COMMAND_LOOKUP,
	TARN__COMMAND_EXPLAIN,
	TARN__COMMAND_FLUSH,
	TARN__COMMAND_FLUSH_TREE,
	TARN__COMMAND_FLUSH_NEGATIVE,
	TARN__COMMAND_FLUSH_FAILED,
	TARN__COMMAND_DUMP,
	TARN__COMMAND_LOAD,
	TARN__COMMAND_LOG,
	TARN__COMMAND_RELOAD,
	TARN__COMMAND_STOP,
	TARN__COMMANDS,
};

struct tarn__command_row {
	const char *name;
	const char *arguments; /* as help shows them */
	size_t min, max; /* of them */
	const char *help;
};

extern const struct tarn__command_row tarn__commands[TARN__COMMANDS];

/* TARN__COMMANDS: there is none of that name. */
enum tarn__command_id tarn__command_find(const char *name);

enum {
	/* A batch of tarnctl load, or one answer of 64 KiB in it, is the longest there is. */
	TARN__REQUEST_MAX = 256 * 1024,
};

#endif

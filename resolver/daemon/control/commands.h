/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/commands.h: what becomes of the commands of daemon/control/verbs.h. Knows no sockets: a request
 * comes as JSON, and answers leave as JSON, one document after the other; the last has "ok" or
 * "error". What takes long is done in steps, as fast as its answers are taken.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_COMMANDS_H
#define TARN_DAEMON_CONTROL_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/admin/dump.h"
#include "core/admin/inspect.h"
#include "daemon/control/verbs.h"
#include "daemon/control/context.h"
#include "tarn.h"

/* A request under way, part of whatever its answers go to. */
struct tarn__task {
	/* Takes a document, which stays the task's. */
	void (*answer)(struct tarn__task *, const json_t *document, bool is_last);
	struct tarn__control_context *context;
	enum tarn__command_id command;
	bool wants_steps; /* call tarn__task_step() when there is time */
	bool has_question; /* under way */
	struct tarn__sweep sweep;
	struct tarn__dump dump;
	struct tarn_request question;
	uint64_t asked_ms;
	char *text; /* of a dump, not yet answered */
	size_t text_len, text_size;
	bool is_short; /* of memory */
};

/* Zeros, but for answer and context, start it. */
void tarn__task_start(struct tarn__task *, const json_t *request);
/* Does some of it; only while it wants_steps. */
void tarn__task_step(struct tarn__task *);
/* Nothing is answered any more. Allowed for one that has ended. */
void tarn__task_end(struct tarn__task *);

#endif

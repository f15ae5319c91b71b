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
#include <stdbool.h>
#include <stddef.h>

#include "core/admin/dump.h"
#include "core/admin/inspect.h"
#include "daemon/control/verbs.h"
#include "daemon/control/context.h"
#include "tarn.h"

/* A request under way, a member of the object that receives its answers. */
struct tarn__task {
	/* Receives a document, which remains the task's. */
	void (*answer)(struct tarn__task *, const json_t *document, bool is_last);
	struct tarn__control_context *context;
	enum tarn__command_id command;
	bool wants_steps; /* tarn__task_step() is to be called */
	bool has_question; /* a question is under way */
	struct tarn__sweep sweep;
	struct tarn__dump dump;
	struct tarn_request question;
	uint64_t asked_ms;
	char *text; /* the text of a dump that has not been passed on */
	size_t text_len, text_size;
	bool is_short; /* out of memory */
};

/* Starts a task whose members except answer and context are zero. */
void tarn__task_start(struct tarn__task *, const json_t *request);
/* Executes a step; allowed only while wants_steps is set. */
void tarn__task_step(struct tarn__task *);
/* Ends the task without a further answer. Allowed for one that has ended. */
void tarn__task_end(struct tarn__task *);

#endif

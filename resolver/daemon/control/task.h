/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/task.h: a request of tarnctl under way, and what the functions of commands have in common:
 * how they read arguments, reach the resolver and answer.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_TASK_H
#define TARN_DAEMON_CONTROL_TASK_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/admin/dump.h"
#include "core/admin/inspect.h"
#include "core/admin/trust_chain.h"
#include "core/second/fleet.h"
#include "daemon/control/context.h"
#include "daemon/control/verbs.h"
#include "dns/message.h"
#include "net/totals.h"
#include "tarn.h"

/* A request under way, a member of the object that receives its answers. */
struct tarn__task {
	/* Receives a document, which remains the task's. */
	void (*answer)(struct tarn__task *, const json_t *document, bool is_last);
	struct tarn__control_context *context;
	enum tarn__command_id command;
	bool wants_steps; /* tarn__task_step() is to be called */
	/* To be called when it wants steps that it did not want when the request was read. */
	void (*wake)(struct tarn__task *);
	bool has_question; /* a question is under way */
	struct tarn__sweep sweep;
	struct tarn__dump dump;
	struct tarn_request question;
	uint64_t asked_ms;
	bool has_trust; /* a chain of trust is looked up */
	struct tarn__trust_chain_lookup trust;
	ev_timer patience; /* with it, or with the fleet */
	bool is_for_fleet; /* a flush on all machines: daemon/control/flush_commands.h */
	bool has_fleet; /* its part outside of this machine has not ended */
	bool has_fleet_started; /* there was a connection */
	uint64_t fleet_until_ms; /* it is given up */
	const char *fleet_fault; /* NULL: it was done */
	struct tarn__fleet_flush fleet;
	void (*fleet_then)(struct tarn__task *); /* its part on this machine */
	uint16_t flush_type; /* 0: all types */
	bool is_long; /* it waits for the disk, not for who reads */
	struct tarn__cache_file_request save;
	char *text; /* the text of a dump that has not been passed on */
	size_t text_len, text_size;
	bool is_short; /* out of memory */
};

/*
 * A function of a command: it answers at once, or has the task want steps. arguments is an array of texts.
 */
typedef void tarn__command_fn(struct tarn__task *, const json_t *arguments);

/* The last answer: the result, which is taken over (NULL: an empty one), or an error. */
void tarn__task_ok(struct tarn__task *, json_t *result);
__attribute__((format(printf, 2, 3))) void tarn__task_fail(struct tarn__task *, const char *format,
							   ...);

/* Returns the argument of that number, from 0 on; NULL: there is none. */
const char *tarn__task_argument(const json_t *arguments, size_t index);

/* Reads a name in wire form. Returns false, and has answered, if it is none. */
bool tarn__task_parse_name(struct tarn__task *, const char *text, uint8_t name[TARN__NAME_MAX],
			   size_t *len);

/* Reads "30s", "5m", "2h" or "1d" in seconds. Returns false, and has answered, if it is none, or longer. */
bool tarn__task_parse_time(struct tarn__task *, const char *text, unsigned days_max, uint64_t *sec);

/* The arguments NAME [TYPE] [CLASS] [CLIENT], as a query. */
struct tarn__task_query {
	struct tarn_address client;
	bool has_client;
	size_t len;
	uint8_t wire[TARN__QUERY_MAX];
};

/*
 * Reads the arguments, with a client's address among them if may_have_client. Returns false, and has
 * answered.
 */
bool tarn__task_parse_query(struct tarn__task *, const json_t *arguments, bool may_have_client,
			    struct tarn__task_query *out);

/* Wakes the resolver until tarn__task_leave(). NULL: out of memory, and the request has been answered. */
struct tarn__resolver *tarn__task_enter(struct tarn__task *);
void tarn__task_leave(struct tarn__task *);

/* Sums up the statistics, to be freed. NULL: out of memory, and the request has been answered. */
struct tarn__totals *tarn__task_collect(struct tarn__task *);

#endif

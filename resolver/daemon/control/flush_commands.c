/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/flush_commands.c: flushes of this machine's cache, and of all that share a second level. */
#include "daemon/control/flush_commands.h"

#include <string.h>

#include "core/config.h"
#include "core/resolver.h"
#include "dns/text.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	/* The first command of tarnctl begins to connect; one flush waits for another. */
	CONNECT_MS = 1000,
	/* Until a store that does not answer is given up; TARN__CONTROL_IDLE_SEC is longer. */
	FLUSH_MS = 3000,
	LOOK_MS = 20, /* between two looks at the connection, and at the time */
	SWEPT_PER_STEP = 1000, /* entries; takes some 0.2 ms */
};

const char tarn__no_second_level[] =
	"there is no second level of the cache (shared in tarn.conf(5))";

/* ---- a flush on all machines -------------------------------------------------------------- */

/* Goes on with this machine's cache. fault is NULL if the store and the message were no problem. */
static void go_on(struct tarn__task *task, const char *fault)
{
	ev_timer_stop(task->context->loop, &task->patience);
	task->has_fleet = false;
	task->fleet_fault = fault;
	task->fleet_then(task);
	if (task->wants_steps)
		task->wake(task);
}

static const char *fault_text(enum tarn__second_result fault)
{
	switch (fault) {
	case TARN__SECOND_CLOSED:
		return "the connection to the store was lost";
	case TARN__SECOND_READ_ONLY:
		return "the store is read-only";
	case TARN__SECOND_ACCESS:
		return "the store does not permit it";
	case TARN__SECOND_LOADING:
		return "the store is not ready";
	default:
		return "the store has answered with an error";
	}
}

static void on_flushed(struct tarn__fleet_flush *flush)
{
	struct tarn__task *task = flush->owner;
	go_on(task, flush->has_failed ? fault_text(flush->fault) : NULL);
}

static const char *start_fault(int error)
{
	switch (error) {
	case TARN_EUNREACHABLE:
		return "there is no connection to the store";
	case TARN_EBUSY:
		return "another flush is under way";
	case TARN_EINVAL:
		return "this machine does not write to the store (read-only)";
	default:
		return tarn_error_text(error);
	}
}

/* Starts it, if it is possible by now, or gives up. */
static void try_to_start(struct tarn__task *task)
{
	struct tarn__resolver *resolver = tarn__task_enter(task);
	if (!resolver) {
		ev_timer_stop(task->context->loop, &task->patience);
		task->has_fleet = false;
		return;
	}
	int error = tarn__resolver_fleet_flush(resolver, &task->fleet);
	tarn__task_leave(task);
	uint64_t now_ms = tarn__clock_ms();
	if (error == 0) {
		task->has_fleet_started = true;
		task->fleet_until_ms = now_ms + FLUSH_MS;
	} else if ((error != TARN_EUNREACHABLE && error != TARN_EBUSY) ||
		   now_ms >= task->fleet_until_ms) {
		go_on(task, start_fault(error));
	}
}

static void cancel(struct tarn__task *task)
{
	struct tarn__resolver *resolver = tarn__task_enter(task);
	if (!resolver)
		return;
	tarn__resolver_fleet_cancel(resolver, &task->fleet);
	tarn__task_leave(task);
}

static void on_look(struct ev_loop *loop, ev_timer *patience, int events)
{
	(void)loop;
	(void)events;
	struct tarn__task *task = patience->data;
	if (!task->has_fleet_started) {
		try_to_start(task);
	} else if (tarn__clock_ms() >= task->fleet_until_ms) {
		cancel(task);
		go_on(task, "the store does not answer");
	}
}

static void flush_fleet(struct tarn__task *task, enum tarn__second_message_kind kind,
			void (*then)(struct tarn__task *))
{
	struct tarn__config *config = tarn__get_config(task->context->tarn);
	bool has_second = config->second;
	tarn__config_put(config);
	if (!has_second) {
		tarn__task_fail(task, "%s", tarn__no_second_level);
		return;
	}
	task->is_for_fleet = task->has_fleet = true;
	task->fleet_then = then;
	task->fleet = (struct tarn__fleet_flush){.done = on_flushed, .owner = task};
	task->fleet.message.kind = kind;
	task->fleet.message.type = task->flush_type;
	task->fleet.message.name_len = task->sweep.name_len;
	memcpy(task->fleet.message.name, task->sweep.name, task->sweep.name_len);
	task->fleet_until_ms = tarn__clock_ms() + CONNECT_MS;
	ev_timer_init(&task->patience, on_look, LOOK_MS / 1000.0, LOOK_MS / 1000.0);
	task->patience.data = task;
	ev_timer_start(task->context->loop, &task->patience);
	try_to_start(task);
}

void tarn__command_flush_end(struct tarn__task *task)
{
	if (!task->has_fleet)
		return;
	task->has_fleet = false;
	ev_timer_stop(task->context->loop, &task->patience);
	if (task->has_fleet_started)
		cancel(task);
}

/* ---- answers ---------------------------------------------------------------------------- */

static void answer_for_fleet(struct tarn__task *task, const struct tarn__forgotten *forgotten)
{
	if (task->fleet_fault) {
		tarn__task_fail(task, "%zu answers were removed here, but not on all machines: %s",
				forgotten->answers, task->fleet_fault);
		return;
	}
	json_t *result = json_pack("{sI sI}", "flushed", (json_int_t)forgotten->answers,
				   "failures_forgotten", (json_int_t)forgotten->failures);
	if (task->fleet.message.epoch == 0)
		json_object_set_new(result, "keys_removed",
				    json_integer((json_int_t)task->fleet.removed));
	else
		json_object_set_new(result, "all_keys_replaced", json_true());
	json_object_set_new(result, "published", json_boolean(task->fleet.is_published));
	tarn__task_ok(task, result);
}

static void answer_forgotten(struct tarn__task *task, const struct tarn__forgotten *forgotten)
{
	/* Failures are in no file. By the message to all machines another thread may have removed the answers. */
	if ((forgotten->answers > 0 || task->is_for_fleet) && task->context->cache_file)
		tarn__cache_file_flushed(task->context->cache_file);
	if (task->is_for_fleet)
		answer_for_fleet(task, forgotten);
	else
		tarn__task_ok(task,
			      json_pack("{sI sI}", "flushed", (json_int_t)forgotten->answers,
					"failures_forgotten", (json_int_t)forgotten->failures));
}

/* ---- this machine's cache ----------------------------------------------------------------- */

static void sweep(struct tarn__task *task, enum tarn__sweep_kind kind)
{
	task->sweep.kind = kind;
	task->wants_steps = true;
}

/* Of a name or one type of it, in a step: while the file of the cache is loaded it has to wait. */
static void forget_name(struct tarn__task *task)
{
	sweep(task, TARN__SWEEP_NAME);
}

static void forget_tree(struct tarn__task *task)
{
	sweep(task, TARN__SWEEP_TREE);
}

/* Counts the arguments before --fleet, which may be the last one. */
static size_t count_before_fleet(const json_t *arguments, bool *is_for_fleet)
{
	size_t count = json_array_size(arguments);
	*is_for_fleet =
		count > 1 && strcmp(tarn__task_argument(arguments, count - 1), "--fleet") == 0;
	return count - *is_for_fleet;
}

void tarn__command_flush(struct tarn__task *task, const json_t *arguments)
{
	bool is_for_fleet;
	size_t count = count_before_fleet(arguments, &is_for_fleet);
	const char *type = tarn__task_argument(arguments, 1);
	if (!tarn__task_parse_name(task, tarn__task_argument(arguments, 0), task->sweep.name,
				   &task->sweep.name_len))
		return;
	if (count > 2)
		tarn__task_fail(task, "usage: flush %s", tarn__commands[task->command].arguments);
	else if (count == 2 &&
		 (!tarn__type_parse(type, &task->flush_type) || task->flush_type == 0))
		tarn__task_fail(task, "%s: not a type", type);
	else if (!is_for_fleet)
		forget_name(task);
	else
		flush_fleet(task, count == 2 ? TARN__SECOND_FORGET_TYPE : TARN__SECOND_FORGET_NAME,
			    forget_name);
}

void tarn__command_flush_tree(struct tarn__task *task, const json_t *arguments)
{
	bool is_for_fleet;
	size_t count = count_before_fleet(arguments, &is_for_fleet);
	if (!tarn__task_parse_name(task, tarn__task_argument(arguments, 0), task->sweep.name,
				   &task->sweep.name_len))
		return;
	if (count > 1)
		tarn__task_fail(task, "usage: flush-tree %s",
				tarn__commands[task->command].arguments);
	else if (is_for_fleet)
		flush_fleet(task, TARN__SECOND_FORGET_TREE, forget_tree);
	else
		forget_tree(task);
}

void tarn__command_flush_negative(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	sweep(task, TARN__SWEEP_NEGATIVE);
}

void tarn__command_flush_failed(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	struct tarn__resolver *resolver = tarn__task_enter(task);
	if (!resolver)
		return;
	rtcache_forget_failures(tarn__resolver_client(resolver));
	tarn__task_leave(task);
	tarn__task_ok(task, NULL);
}

void tarn__command_flush_step(struct tarn__task *task, struct tarn__resolver *resolver)
{
	struct tarn__sweep *sweep = &task->sweep;
	struct rtcache_client *client = tarn__resolver_client(resolver);
	if (task->flush_type != 0) {
		sweep->forgotten =
			tarn__forget(client, sweep->name, sweep->name_len, task->flush_type);
		task->wants_steps = false;
	} else {
		task->wants_steps = tarn__sweep_step(sweep, client, SWEPT_PER_STEP);
	}
	if (!task->wants_steps)
		answer_forgotten(task, &sweep->forgotten);
}

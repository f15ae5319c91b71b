/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/second_commands.c: the commands about the second level of the cache. */
#include "daemon/control/second_commands.h"

#include <string.h>

#include "base/list.h"
#include "core/config.h"
#include "core/resolver.h"
#include "daemon/control/second_json.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	CONNECT_MS = 1000, /* the first command of tarnctl begins to connect */
	/* Until a store that does not answer is given up; TARN__CONTROL_IDLE_SEC is longer. */
	FLUSH_MS = 5000,
	LOOK_MS = 20, /* between two looks at the connection, and at the time */
};

static const char no_second[] = "there is no second level of the cache (shared in tarn.conf(5))";

/* ---- shared ------------------------------------------------------------------------------- */

void tarn__command_shared(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	struct tarn__config *config = tarn__get_config(task->context->tarn);
	struct tarn__totals *totals = config->second ? tarn__task_collect(task) : NULL;
	if (!config->second) {
		tarn__task_fail(task, "%s", no_second);
	} else if (totals) {
		json_t *result = tarn__control_json_store(config->second, totals);
		json_t *counters = tarn__control_json_shared(totals);
		json_object_update(result, counters);
		json_decref(counters);
		tarn__task_ok(task, result);
	}
	tarn__totals_free(totals);
	tarn__config_put(config);
}

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
	} else if (error != TARN_EUNREACHABLE || now_ms >= task->fleet_until_ms) {
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

void tarn__command_fleet(struct tarn__task *task, enum tarn__second_message_kind kind,
			 void (*then)(struct tarn__task *))
{
	struct tarn__config *config = tarn__get_config(task->context->tarn);
	bool has_second = config->second;
	tarn__config_put(config);
	if (!has_second) {
		tarn__task_fail(task, "%s", no_second);
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

void tarn__command_fleet_answer(struct tarn__task *task, const struct tarn__forgotten *forgotten)
{
	if (task->fleet_fault) {
		tarn__task_fail(task, "%zu answers were removed here, and none elsewhere: %s",
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

void tarn__command_fleet_end(struct tarn__task *task)
{
	if (!task->has_fleet)
		return;
	task->has_fleet = false;
	ev_timer_stop(task->context->loop, &task->patience);
	if (task->has_fleet_started)
		cancel(task);
}

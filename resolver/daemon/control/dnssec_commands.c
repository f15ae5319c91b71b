/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/dnssec_commands.c: the commands about the chain of trust. */
#include "daemon/control/dnssec_commands.h"

#include <ev.h>
#include <string.h>

#include "core/config.h"
#include "core/resolver.h"
#include "daemon/control/dnssec_json.h"
#include "dns/text.h"
#include "dnssec/anchors.h"
#include "net/shared.h"

/* Less than TARN__CONTROL_IDLE_SEC: then there is an answer while the connection is there. */
enum { PATIENCE_SEC = 8 };

/* ---- trust ------------------------------------------------------------------------------ */

static void answer(struct tarn__task *task, int error)
{
	const struct tarn__name *name = &task->trust.name;
	struct tarn__resolver *resolver = tarn__task_enter(task);
	char text[TARN__NAME_TEXT_MAX];
	if (!resolver)
		return;
	json_t *result = json_pack("{ss}", "name", tarn__name_format(name->octets, text));
	json_t *trust = tarn__control_json_trust(resolver, name->octets, name->len,
						 task->context->insecure, error);
	json_object_update(result, trust);
	json_decref(trust);
	tarn__task_leave(task);
	tarn__task_ok(task, result);
}

void tarn__command_trust_end(struct tarn__task *task)
{
	if (!task->has_trust)
		return;
	task->has_trust = false;
	ev_timer_stop(task->context->loop, &task->patience);
	if (tarn__task_enter(task)) {
		tarn__trust_chain_cancel(&task->trust);
		tarn__task_leave(task);
	}
}

static void on_done(struct tarn__trust_chain_lookup *lookup, int error)
{
	struct tarn__task *task = lookup->owner;
	task->has_trust = false;
	ev_timer_stop(task->context->loop, &task->patience);
	answer(task, error);
}

static void on_patience_over(struct ev_loop *loop, ev_timer *patience, int events)
{
	(void)loop;
	(void)events;
	struct tarn__task *task = patience->data;
	tarn__command_trust_end(task);
	answer(task, TARN_ETIMEOUT);
}

static void start_patience(struct tarn__task *task)
{
	ev_timer_init(&task->patience, on_patience_over, PATIENCE_SEC, 0);
	task->patience.data = task;
	ev_timer_start(task->context->loop, &task->patience);
}

void tarn__command_trust(struct tarn__task *task, const json_t *arguments)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len;
	if (!tarn__task_parse_name(task, tarn__task_argument(arguments, 0), name, &len))
		return;
	struct tarn__resolver *resolver = tarn__task_enter(task);
	if (!resolver)
		return;
	bool validates = tarn__resolver_config(resolver)->validates;
	int asked = 0;
	task->trust = (struct tarn__trust_chain_lookup){.done = on_done, .owner = task};
	if (validates)
		asked = tarn__trust_chain_ask(&task->trust, resolver, name, len);
	tarn__task_leave(task);
	if (!validates) {
		tarn__task_fail(task, "this tarn does not validate");
	} else if (asked == 1) {
		task->has_trust = true;
		start_patience(task);
	} else {
		answer(task, asked);
	}
}

/* ---- insecure --------------------------------------------------------------------------- */

/* Returns true if what is said of the name has an effect; else false, and has answered. */
static bool is_of_use(struct tarn__task *task, const struct tarn__name *name)
{
	struct tarn__config *config = tarn__get_config(task->context->tarn);
	char text[TARN__NAME_TEXT_MAX];
	bool validates = config->validates, has_anchor = false;
	if (validates) {
		struct tarn__anchor anchor =
			tarn__anchors_find(config->anchors, name->octets, name->len);
		has_anchor = anchor.kind == TARN__ANCHOR_POSITIVE && anchor.name_len == name->len;
	}
	tarn__config_put(config);
	if (!validates)
		tarn__task_fail(task, "this tarn does not validate");
	else if (has_anchor)
		tarn__task_fail(task, "%s: it has a trust anchor",
				tarn__name_format(name->octets, text));
	return validates && !has_anchor;
}

static void take_back(struct tarn__task *task, const struct tarn__name *name)
{
	char text[TARN__NAME_TEXT_MAX];
	int error = tarn__insecure_take_back(task->context->insecure, name);
	tarn__name_format(name->octets, text);
	if (error == TARN_EINVAL)
		tarn__task_fail(task, "%s: nothing was said of it", text);
	else if (error < 0)
		tarn__task_fail(task, "%s", tarn_error_text(error));
	else
		tarn__task_ok(task, json_pack("{ss ss}", "name", text, "until", "now"));
}

static void say(struct tarn__task *task, const struct tarn__name *name, const char *time)
{
	char text[TARN__NAME_TEXT_MAX];
	uint64_t sec;
	if (!tarn__task_parse_time(task, time, TARN__INSECURE_DAYS_MAX, &sec))
		return;
	int error = tarn__insecure_say(task->context->insecure, name, sec);
	tarn__name_format(name->octets, text);
	if (error == TARN_EBUSY)
		tarn__task_fail(task, "too many names: take some back with off");
	else if (error < 0)
		tarn__task_fail(task, "%s", tarn_error_text(error));
	else
		tarn__task_ok(task, json_pack("{ss sI}", "name", text, "left_s", (json_int_t)sec));
}

/* Reads NAME off, NAME TIME or NAME for TIME. Returns the last word; NULL: it is none of these. */
static const char *find_time(const json_t *arguments)
{
	size_t count = json_array_size(arguments);
	bool has_for = count == 3 && strcmp(tarn__task_argument(arguments, 1), "for") == 0;
	return count == 2 || has_for ? tarn__task_argument(arguments, count - 1) : NULL;
}

void tarn__command_insecure(struct tarn__task *task, const json_t *arguments)
{
	const char *time = find_time(arguments);
	struct tarn__name name;
	if (!task->context->insecure)
		tarn__task_fail(task, "this tarn has no names that are insecure for a time");
	else if (json_array_size(arguments) == 0)
		tarn__task_ok(task,
			      json_pack("{so}", "insecure",
					tarn__control_json_insecure(task->context->insecure)));
	else if (!time)
		tarn__task_fail(task, "usage: insecure NAME for TIME, or NAME off");
	else if (!tarn__task_parse_name(task, tarn__task_argument(arguments, 0), name.octets,
					&name.len))
		return;
	else if (strcmp(time, "off") == 0)
		take_back(task, &name);
	else if (name.len == 1)
		tarn__task_fail(task, "the root cannot be insecure: switch validation off instead");
	else if (is_of_use(task, &name))
		say(task, &name, time);
}

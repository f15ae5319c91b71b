/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/dnssec_commands.c: the commands about the chain of trust. */
#include "daemon/control/dnssec_commands.h"

#include <ev.h>

#include "core/config.h"
#include "core/resolver.h"
#include "daemon/control/dnssec_json.h"
#include "dns/text.h"

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
	json_t *trust = tarn__control_json_trust(resolver, name->octets, name->len, error);
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

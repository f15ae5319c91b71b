/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/name_commands.c: the commands about local names and lists. */
#include "daemon/control/name_commands.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/policy/policy.h"
#include "daemon/control/name_json.h"
#include "dns/text.h"

enum { DAYS_MAX = 366 /* longer belongs into the configuration */ };

/* ---- arguments ----------------------------------------------------------------------------- */

/* Returns false, and has answered, if this tarn has no names. */
static bool has_naming(struct tarn__task *task)
{
	if (!task->context->naming)
		tarn__task_fail(task, "this tarn has no lists and local names");
	return task->context->naming;
}

/* Reads the time that it is after a time from now; NULL is never. Returns false, and has answered. */
static bool parse_end(struct tarn__task *task, const char *text, uint64_t *out)
{
	uint64_t sec;
	*out = UINT64_MAX;
	if (!text)
		return true;
	if (!tarn__task_parse_time(task, text, DAYS_MAX, &sec))
		return false;
	*out = (uint64_t)time(NULL) + sec;
	return true;
}

static json_t *describe_end(uint64_t until_s)
{
	if (until_s == UINT64_MAX)
		return json_string("tarn is stopped");
	struct tm parts = {0};
	time_t sec = (time_t)until_s;
	char text[64];
	gmtime_r(&sec, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

static bool parse_name(struct tarn__task *task, const json_t *arguments, struct tarn__name *out)
{
	return tarn__task_parse_name(task, tarn__task_argument(arguments, 0), out->octets,
				     &out->len);
}

/* ---- for a time ---------------------------------------------------------------------------- */

static void take_back(struct tarn__task *task, const struct tarn__name *name)
{
	char text[TARN__NAME_TEXT_MAX];
	int error = tarn__naming_take_back(task->context->naming, name);
	tarn__name_format(name->octets, text);
	if (error == TARN_EINVAL)
		tarn__task_fail(task, "%s: nothing was said of it", text);
	else if (error < 0)
		tarn__task_fail(task, "%s", tarn_error_text(error));
	else
		tarn__task_ok(task, json_pack("{ss ss}", "name", text, "until", "now"));
}

static void say(struct tarn__task *task, const json_t *arguments, bool is_block)
{
	struct tarn__name name;
	uint64_t until_s;
	const char *end = tarn__task_argument(arguments, 1);
	if (!has_naming(task) || !parse_name(task, arguments, &name))
		return;
	if (end && strcmp(end, "0") == 0) {
		take_back(task, &name);
		return;
	}
	if (!parse_end(task, end, &until_s))
		return;
	int error = tarn__naming_say(task->context->naming, &name, is_block, until_s);
	char text[TARN__NAME_TEXT_MAX];
	if (error < 0)
		tarn__task_fail(task, "%s",
				error == TARN_EBUSY
					? "too many names: take some back with the time 0"
					: tarn_error_text(error));
	else
		tarn__task_ok(task,
			      json_pack("{ss so}", "name", tarn__name_format(name.octets, text),
					"until", describe_end(until_s)));
}

void tarn__command_block(struct tarn__task *task, const json_t *arguments)
{
	say(task, arguments, true);
}

void tarn__command_unblock(struct tarn__task *task, const json_t *arguments)
{
	say(task, arguments, false);
}

static void pause_until(struct tarn__task *task, uint64_t until_s)
{
	int error = tarn__naming_pause(task->context->naming, until_s);
	if (error < 0)
		tarn__task_fail(task, "%s", tarn_error_text(error));
	else if (until_s == 0)
		tarn__task_ok(task, NULL);
	else
		tarn__task_ok(task, json_pack("{so}", "until", describe_end(until_s)));
}

void tarn__command_pause(struct tarn__task *task, const json_t *arguments)
{
	uint64_t until_s;
	if (has_naming(task) && parse_end(task, tarn__task_argument(arguments, 0), &until_s))
		pause_until(task, until_s);
}

void tarn__command_resume(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	if (has_naming(task))
		pause_until(task, 0);
}

/* ---- what there is ------------------------------------------------------------------------- */

void tarn__command_lists(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	if (!has_naming(task))
		return;
	struct tarn__totals *totals = tarn__task_collect(task);
	if (!totals)
		return;
	json_t *out = tarn__control_json_lists(task->context->naming, &totals->questions);
	json_t *transfers = tarn__control_json_transfers(task->context->transfers);
	if (transfers)
		json_object_set_new(out, "transfers", transfers);
	tarn__task_ok(task, out);
	tarn__totals_free(totals);
}

void tarn__command_local(struct tarn__task *task, const json_t *arguments)
{
	struct tarn__name name;
	if (!has_naming(task))
		return;
	if (json_array_size(arguments) == 0)
		tarn__task_ok(task, tarn__control_json_local(task->context->naming, NULL, 0));
	else if (parse_name(task, arguments, &name))
		tarn__task_ok(task, tarn__control_json_local(task->context->naming, name.octets,
							     name.len));
}

void tarn__command_reload_lists(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	if (!has_naming(task))
		return;
	tarn__naming_reread(task->context->naming);
	tarn__task_ok(task, NULL);
}

/* The answer is one line. */
void tarn__command_test(struct tarn__task *task, const json_t *arguments)
{
	struct tarn__task_query asked;
	if (!tarn__task_parse_query(task, arguments, true, &asked))
		return;
	struct tarn__resolver *resolver = tarn__task_enter(task);
	if (!resolver)
		return;
	struct tarn__inspected inspected;
	tarn__inspect(resolver, asked.wire, asked.len, asked.has_client ? &asked.client : NULL,
		      &inspected);
	bool is_answers = inspected.answer_action != TARN__POLICY_PASS;
	unsigned stage = is_answers ? inspected.answer_decision.stage : inspected.decision.stage;
	bool is_passed = inspected.action == TARN__POLICY_PASS && !is_answers;
	const char *rule = is_answers ? inspected.answer_explanation : inspected.explanation;
	tarn__task_ok(task, json_pack("{so}", is_passed ? "passes" : tarn__stages[stage]->name,
				      json_string(inspected.parsed == TARN__QUERY_GOOD
							  ? rule
							  : "no question that is answered")));
	tarn__task_leave(task);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/task.c: what the functions of commands have in common. */
#include "daemon/control/task.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/settings/option_types.h"
#include "dns/text.h"
#include "net/shared.h"
#include "net/stats_collector.h"
#include "net/worker.h"

/* ---- answers ---------------------------------------------------------------------------- */

void tarn__task_ok(struct tarn__task *task, json_t *result)
{
	json_t *document = json_pack("{so}", "ok", result ? result : json_object());
	task->answer(task, document, true);
	json_decref(document);
}

__attribute__((format(printf, 2, 3))) void tarn__task_fail(struct tarn__task *task,
							   const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	/* Formatted as a whole: text cut in the middle of a UTF-8 sequence would not be JSON. */
	json_t *document = json_pack("{so}", "error", json_vsprintf(format, arguments));
	va_end(arguments);
	task->answer(task, document, true);
	json_decref(document);
}

/* ---- what requests need ----------------------------------------------------------------- */

struct tarn__resolver *tarn__task_enter(struct tarn__task *task)
{
	struct tarn__resolver *resolver = tarn__own_worker_enter(task->context->own);
	if (!resolver)
		tarn__task_fail(task, "%s", strerror(errno));
	return resolver;
}

void tarn__task_leave(struct tarn__task *task)
{
	tarn__own_worker_leave(task->context->own);
}

const char *tarn__task_argument(const json_t *arguments, size_t index)
{
	return json_string_value(json_array_get(arguments, index));
}

bool tarn__task_parse_name(struct tarn__task *task, const char *text, uint8_t name[TARN__NAME_MAX],
			   size_t *len)
{
	*len = tarn__name_parse(text, name);
	if (*len == 0)
		tarn__task_fail(task, "%s: not a domain name", text);
	return *len > 0;
}

/* Returns the seconds of a unit; 0: there is no such unit. */
static uint64_t unit_sec(const char *unit)
{
	static const struct {
		const char *unit;
		uint64_t sec;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].unit) == 0)
			return units[i].sec;
	}
	return 0;
}

bool tarn__task_parse_time(struct tarn__task *task, const char *text, unsigned days_max,
			   uint64_t *sec)
{
	uint64_t count = 0;
	const char *rest = tarn__number_read(text, &count);
	uint64_t unit = rest ? unit_sec(rest) : 0;
	if (unit == 0 || count == 0 || count > (uint64_t)days_max * 86400 / unit) {
		tarn__task_fail(task, "%s: not a time of up to %u days (30s, 5m, 2h, 1d)", text,
				days_max);
		return false;
	}
	*sec = count * unit;
	return true;
}

bool tarn__task_parse_query(struct tarn__task *task, const json_t *arguments, bool may_have_client,
			    struct tarn__task_query *out)
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn__key key = {.qname = name, .qtype = TARN__TYPE_A, .qclass = TARN__CLASS_IN};
	size_t name_len;
	out->has_client = false;
	if (!tarn__task_parse_name(task, tarn__task_argument(arguments, 0), name, &name_len))
		return false;
	key.qname_len = (uint16_t)name_len;
	for (size_t i = 1; i < json_array_size(arguments); i++) {
		const char *word = tarn__task_argument(arguments, i);
		if (tarn__type_parse(word, &key.qtype) || tarn__class_parse(word, &key.qclass))
			continue;
		if (may_have_client && tarn_address_parse(word, 0, &out->client) == 0) {
			out->has_client = true;
			continue;
		}
		tarn__task_fail(task, "%s: not a type%s", word,
				may_have_client ? ", a class or a client's address" : "");
		return false;
	}
	out->len = tarn__query_write(&key, &(struct tarn__query_options){.edns = true}, out->wire);
	return true;
}

struct tarn__totals *tarn__task_collect(struct tarn__task *task)
{
	enum { PATIENCE_MS = 500 };
	if (!tarn__task_enter(task))
		return NULL;
	tarn__task_leave(task);
	struct tarn__totals *totals =
		tarn__stats_collect(task->context->tarn, task->context->own->worker, PATIENCE_MS);
	if (!totals)
		tarn__task_fail(task, "%s", strerror(ENOMEM));
	return totals;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/commands.c: a function for each command; long ones run in steps. */
#include "daemon/control/commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/resolver.h"
#include "daemon/control/cache_file_commands.h"
#include "daemon/control/certificate_json.h"
#include "daemon/control/dnssec_commands.h"
#include "daemon/control/dnssec_json.h"
#include "daemon/control/flush_commands.h"
#include "daemon/control/json.h"
#include "daemon/control/name_commands.h"
#include "daemon/control/second_json.h"
#include "daemon/telemetry/metrics.h"
#include "dns/text.h"
#include "net/clock.h"
#include "net/shared.h"
#include "net/worker.h"
#include "base/upstream.h"

/* ---- one command each ------------------------------------------------------------------- */

static json_t *describe_addresses(const struct tarn__addresses *list)
{
	json_t *out = json_array();
	for (size_t i = 0; i < list->count; i++) {
		char text[TARN__OVER_TEXT_MAX];
		json_array_append_new(out, json_string(tarn__addresses_format_one(list, i, text)));
	}
	return out;
}

static json_t *describe_servers(const struct tarn__servers *list)
{
	json_t *out = json_array();
	for (size_t i = 0; i < list->count; i++) {
		char text[TARN__UPSTREAM_TEXT_MAX];
		tarn__upstream_format(&list->items[i], &list->traits[i], text);
		json_array_append_new(out, json_string(text));
	}
	return out;
}

static void add_validation(const struct tarn__control_context *context, json_t *out)
{
	struct tarn__config *config = tarn__get_config(context->tarn);
	if (config->validates)
		json_object_set_new(out, "dnssec",
				    tarn__control_json_validated(config, context->insecure));
	tarn__config_put(config);
}

static void add_certificates(const struct tarn__control_context *context, json_t *out)
{
	struct tarn__certificates_state state;
	tarn__certificates_board_read(context->certificates, &state);
	if (state.count > 0)
		json_object_set_new(out, "tls",
				    tarn__control_json_certificates(&state, (uint64_t)time(NULL)));
}

static void add_second(const struct tarn__control_context *context,
		       const struct tarn__totals *totals, json_t *out)
{
	struct tarn__config *config = tarn__get_config(context->tarn);
	if (config->second)
		json_object_set_new(out, "shared",
				    tarn__control_json_store(config->second, totals));
	tarn__config_put(config);
}

static void add_cache_file(const struct tarn__control_context *context, json_t *out)
{
	json_t *file = tarn__control_json_cache_file(context->cache_file, time(NULL));
	if (file)
		json_object_set_new(out, "cache_file", file);
}

static json_t *describe_host(const struct tarn__bootstrap_view *view)
{
	json_t *out = json_pack("{ss}", "name", view->name), *addresses = json_array();
	for (size_t i = 0; i < view->addresses->count; i++) {
		const struct tarn__ip *ip = &view->addresses->items[i];
		char text[INET6_ADDRSTRLEN];
		inet_ntop(ip->len == TARN__IPV6_LEN ? AF_INET6 : AF_INET, ip->octets, text,
			  sizeof(text));
		json_array_append_new(addresses, json_string(text));
	}
	if (json_array_size(addresses) > 0)
		json_object_set(out, "addresses", addresses);
	else
		json_object_set_new(out, "state", json_string("address not known yet"));
	json_decref(addresses);
	if (view->fault)
		json_object_set_new(out, "error", json_string(view->fault));
	return out;
}

/* The names of servers whose addresses are looked up, if there are any. */
static void add_hosts(const struct tarn__control_context *context, json_t *out)
{
	struct tarn__bootstrap_view view;
	json_t *hosts = json_array();
	size_t at = 0;
	while (context->bootstrap && tarn__bootstrap_next(context->bootstrap, &at, &view))
		json_array_append_new(hosts, describe_host(&view));
	if (json_array_size(hosts) > 0)
		json_object_set(out, "bootstrap", hosts);
	json_decref(hosts);
}

static void status(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	const struct tarn__control_context *context = task->context;
	const struct tarn__settings *settings = *context->settings;
	struct tarn__totals *totals = tarn__task_collect(task);
	if (!totals)
		return;
	uint64_t questions = 0;
	for (size_t i = 0; i < TARN__COUNTED_WAYS; i++)
		questions += totals->questions.questions[i];
	json_t *result = json_pack(
		"{ss si sI so si so sI sI sI sI sI ss}", "version", tarn_version(), "process",
		(int)getpid(), "uptime_s",
		(json_int_t)((tarn__clock_ms() - context->started_ms) / 1000), "listens",
		describe_addresses(&settings->bound), "workers", (int)totals->serving, "upstreams",
		describe_servers(&settings->upstreams), "questions", (json_int_t)questions,
		"waiting", (json_int_t)totals->questions.waiting, "cache_octets",
		(json_int_t)totals->cache.bytes, "cache_size_octets",
		(json_int_t)totals->cache.size, "cache_entries", (json_int_t)totals->cache.entries,
		"log_level", tarn__log_level_name(context->log->level));
	add_validation(context, result);
	add_hosts(context, result);
	add_certificates(context, result);
	add_second(context, totals, result);
	add_cache_file(context, result);
	tarn__task_ok(task, result);
	tarn__totals_free(totals);
}

static char *metrics_text(const struct tarn__control_context *context,
			  const struct tarn__totals *totals, const struct tarn__lost *lost,
			  const struct tarn__usage *usage, size_t *len)
{
	const struct tarn__naming *naming = context->naming;
	const struct tarn__name_figures *figures = naming ? &naming->board.figures : NULL;
	struct tarn__transfer_board *board = context->transfers ? &context->transfers->board : NULL;
	struct tarn__metrics_transfers transfers;
	struct tarn__transfer_state *states = tarn__transfer_board_read(board, &transfers.count);
	transfers.states = states;
	struct tarn__certificates_state certificates;
	tarn__certificates_board_read(context->certificates, &certificates);
	struct tarn__cache_file_state cache_file;
	tarn__cache_file_board_read(context->cache_file ? &context->cache_file->board : NULL,
				    &cache_file);
	char *text = tarn__metrics_text(totals, lost, usage, figures, &transfers, &certificates,
					&cache_file, len);
	free(states);
	return text;
}

static void stats(struct tarn__task *task, const json_t *arguments)
{
	const char *word = tarn__task_argument(arguments, 0);
	if (word && strcmp(word, "--prometheus") != 0) {
		tarn__task_fail(task, "%s: not an option of stats (--prometheus)", word);
		return;
	}
	struct tarn__totals *totals = tarn__task_collect(task);
	if (!totals)
		return;
	if (word && !totals->is_whole) {
		tarn__totals_free(totals);
		tarn__task_fail(task, "a thread is too busy to report its statistics");
		return;
	}
	struct tarn__lost lost = tarn__observers_lost(task->context->observers);
	size_t len;
	struct tarn__usage usage = tarn__process_usage(task->context->process);
	char *text = word ? metrics_text(task->context, totals, &lost, &usage, &len) : NULL;
	if (!word) {
		tarn__task_ok(task, tarn__control_json_totals(totals, &lost, &usage));
	} else if (text) {
		json_t *document = json_pack("{ss%}", "text", text, len);
		task->answer(task, document, false);
		json_decref(document);
		tarn__task_ok(task, NULL);
	} else {
		tarn__task_fail(task, "%s", strerror(ENOMEM));
	}
	free(text);
	tarn__totals_free(totals);
}

static void upstreams(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	struct tarn__totals *totals = tarn__task_collect(task);
	if (!totals)
		return;
	tarn__task_ok(task, tarn__control_json_servers(totals, task->context->tarn->shared));
	tarn__totals_free(totals);
}

static void shared(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	struct tarn__config *config = tarn__get_config(task->context->tarn);
	struct tarn__totals *totals = config->second ? tarn__task_collect(task) : NULL;
	if (!config->second) {
		tarn__task_fail(task, "%s", tarn__no_second_level);
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

static void on_answer(struct tarn_request *request, int error, const uint8_t *wire, size_t len)
{
	struct tarn__task *task = request->data;
	task->has_question = false;
	if (error < 0) {
		tarn__task_fail(task, "%s", tarn_error_text(error));
		return;
	}
	json_t *result = tarn__control_json_message(wire, len);
	json_object_set_new(result, "took_ms",
			    json_integer((json_int_t)(tarn__clock_ms() - task->asked_ms)));
	tarn__task_ok(task, result);
}

static void lookup(struct tarn__task *task, const json_t *arguments)
{
	struct tarn__task_query asked;
	if (!tarn__task_parse_query(task, arguments, task->command == TARN__COMMAND_EXPLAIN,
				    &asked) ||
	    !tarn__task_enter(task))
		return;
	task->question = (struct tarn_request){.data = task, .done = on_answer};
	task->asked_ms = tarn__clock_ms();
	int error = tarn_ask(task->context->own->worker, &task->question, asked.wire, asked.len);
	task->has_question = error == 0;
	tarn__task_leave(task);
	if (error < 0)
		tarn__task_fail(task, "%s", tarn_error_text(error));
}

static bool is_forwarded(const struct tarn__inspected *inspected)
{
	return inspected->parsed == TARN__QUERY_GOOD && inspected->action == TARN__POLICY_PASS &&
	       inspected->query.qclass == TARN__CLASS_IN;
}

static void explain(struct tarn__task *task, const json_t *arguments)
{
	struct tarn__task_query asked;
	if (!tarn__task_parse_query(task, arguments, task->command == TARN__COMMAND_EXPLAIN,
				    &asked))
		return;
	struct tarn__totals *totals = tarn__task_collect(task);
	struct tarn__resolver *resolver = totals ? tarn__task_enter(task) : NULL;
	if (!resolver) {
		tarn__totals_free(totals);
		return;
	}
	struct tarn__inspected inspected;
	tarn__inspect(resolver, asked.wire, asked.len, asked.has_client ? &asked.client : NULL,
		      &inspected);
	const struct tarn__config *config = tarn__resolver_config(resolver);
	const struct tarn__query *query = &inspected.query;
	json_t *result = tarn__control_json_inspected(&inspected, config,
						      task->context->tarn->shared, totals);
	if (config->validates && is_forwarded(&inspected))
		json_object_set_new(result, "dnssec",
				    tarn__control_json_trust(resolver, query->qname,
							     query->qname_len,
							     task->context->insecure, 0));
	if (config->second && is_forwarded(&inspected))
		json_object_set_new(result, "second_level",
				    tarn__control_json_second_use(config, query, totals));
	tarn__task_leave(task);
	tarn__task_ok(task, result);
	tarn__totals_free(totals);
}

static void set_log_level(struct tarn__task *task, const json_t *arguments)
{
	enum tarn_log_level level;
	if (!tarn__log_level_parse(tarn__task_argument(arguments, 0), &level)) {
		tarn__task_fail(task, "%s: not a level (err, warning, info, debug)",
				tarn__task_argument(arguments, 0));
		return;
	}
	tarn__log_set_level(task->context->log, level);
	tarn__task_ok(task, NULL);
}

/* Certificates that cannot be used keep nothing else from being reloaded. */
static json_t *describe_reload(const struct tarn__control_context *context)
{
	struct tarn__certificates_state state;
	tarn__certificates_board_read(context->certificates, &state);
	if (!*state.fault)
		return NULL;
	char text[TARN__LOG_LINE_MAX];
	tarn__log_escape(state.fault, sizeof(text), text);
	return json_pack("{so}", "certificates",
			 json_sprintf("%s; clients are shown the former one", text));
}

static void reload(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	struct tarn__diagnostics diagnostics = {0};
	if (task->context->reload(task->context->data, &diagnostics) == 0) {
		tarn__task_ok(task, describe_reload(task->context));
	} else {
		json_t *texts = json_array();
		for (size_t i = 0; i < diagnostics.count; i++) {
			/* A line of the file may have octets that JSON cannot represent. */
			char text[TARN__LOG_LINE_MAX];
			tarn__log_escape(diagnostics.items[i].text, sizeof(text), text);
			json_array_append_new(texts, json_string(text));
		}
		json_t *document = json_pack("{ss so}", "error",
					     "not reloaded: the configuration before goes on",
					     "faults", texts);
		task->answer(task, document, true);
		json_decref(document);
	}
	tarn__diagnostics_fini(&diagnostics);
}

static void stop(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	tarn__task_ok(task, NULL);
	task->context->stop(task->context->data);
}

/* ---- dump and load ---------------------------------------------------------------------- */

static void add_line(void *arg, const char *line, size_t len)
{
	struct tarn__task *task = arg;
	if (task->text_size - task->text_len < len + 1) {
		size_t size = 2 * (task->text_len + len + 1);
		char *text = realloc(task->text, size);
		if (!text) {
			task->is_short = true;
			return;
		}
		task->text = text;
		task->text_size = size;
	}
	memcpy(task->text + task->text_len, line, len);
	task->text[task->text_len + len] = '\n';
	task->text_len += len + 1;
}

static void answer_text(struct tarn__task *task)
{
	if (task->text_len == 0)
		return;
	json_t *document = json_pack("{ss%}", "text", task->text, task->text_len);
	task->text_len = 0;
	task->answer(task, document, false);
	json_decref(document);
}

static void dump(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	char head[TARN__DUMP_HEAD_MAX];
	task->dump = (struct tarn__dump){.put = add_line, .arg = task};
	task->dump.room = malloc(sizeof *task->dump.room);
	if (!task->dump.room) {
		tarn__task_fail(task, "%s", strerror(ENOMEM));
		return;
	}
	tarn__dump_head(time(NULL), head);
	add_line(task, head, strlen(head));
	task->wants_steps = true;
}

/* Loads the lines of a batch; first is the number of the first line. */
static json_t *load_lines(struct tarn__resolver *resolver, const json_t *lines, uint64_t age_sec,
			  json_int_t first, struct tarn__dump_room *room)
{
	json_int_t counts[TARN__LOAD_FAULT + 1] = {0};
	json_t *diagnostics = json_array();
	size_t index;
	const json_t *line;
	json_array_foreach(lines, index, line)
	{
		const char *text = json_string_value(line);
		const char *fault = "not a line of text";
		enum tarn__loaded loaded = TARN__LOAD_FAULT;
		if (text)
			loaded = tarn__dump_load(resolver, room, text, age_sec, &fault);
		counts[loaded]++;
		if (loaded == TARN__LOAD_FAULT)
			json_array_append_new(diagnostics,
					      json_pack("{sI ss}", "line",
							first + (json_int_t)index, "fault", fault));
	}
	return json_pack("{sI sI sI sI sI so}", "loaded", counts[TARN__LOAD_STORED], "known",
			 counts[TARN__LOAD_KNOWN], "ended", counts[TARN__LOAD_ENDED], "full",
			 counts[TARN__LOAD_FULL], "unvalidated", counts[TARN__LOAD_UNVALIDATED],
			 "faults", diagnostics);
}

/* A batch: {"command": "load", "head": the first line of the file, "first": 2, "lines": [...]}. */
static void load(struct tarn__task *task, const json_t *request)
{
	const char *head = json_string_value(json_object_get(request, "head"));
	const json_t *lines = json_object_get(request, "lines");
	int64_t made_sec, now_sec = time(NULL);
	if (!head || tarn__dump_head_read(head, &made_sec) < 0) {
		tarn__task_fail(task, "not a dump of a version that this tarn reads");
		return;
	}
	/* A dump from the future has an unknown age. */
	if (made_sec > now_sec) {
		tarn__task_fail(task, "a dump of the future: the clock may be wrong");
		return;
	}
	struct tarn__dump_room *room = malloc(sizeof *room);
	struct tarn__resolver *resolver = room ? tarn__task_enter(task) : NULL;
	if (resolver) {
		json_t *result =
			load_lines(resolver, lines, (uint64_t)(now_sec - made_sec),
				   json_integer_value(json_object_get(request, "first")), room);
		tarn__task_leave(task);
		tarn__task_ok(task, result);
	} else if (!room) {
		tarn__task_fail(task, "%s", strerror(ENOMEM));
	}
	free(room);
}

/* ---- a task's life ---------------------------------------------------------------------- */

static tarn__command_fn *const handlers[TARN__COMMANDS] = {
	[TARN__COMMAND_STATUS] = status,
	[TARN__COMMAND_STATS] = stats,
	[TARN__COMMAND_UPSTREAMS] = upstreams,
	[TARN__COMMAND_SHARED] = shared,
	[TARN__COMMAND_LOOKUP] = lookup,
	[TARN__COMMAND_EXPLAIN] = explain,
	[TARN__COMMAND_TRUST] = tarn__command_trust,
	[TARN__COMMAND_INSECURE] = tarn__command_insecure,
	[TARN__COMMAND_FLUSH] = tarn__command_flush,
	[TARN__COMMAND_FLUSH_TREE] = tarn__command_flush_tree,
	[TARN__COMMAND_FLUSH_NEGATIVE] = tarn__command_flush_negative,
	[TARN__COMMAND_FLUSH_FAILED] = tarn__command_flush_failed,
	[TARN__COMMAND_DUMP] = dump,
	[TARN__COMMAND_SAVE] = tarn__command_save,
	[TARN__COMMAND_LISTS] = tarn__command_lists,
	[TARN__COMMAND_TEST] = tarn__command_test,
	[TARN__COMMAND_BLOCK] = tarn__command_block,
	[TARN__COMMAND_UNBLOCK] = tarn__command_unblock,
	[TARN__COMMAND_PAUSE] = tarn__command_pause,
	[TARN__COMMAND_RESUME] = tarn__command_resume,
	[TARN__COMMAND_RELOAD_LISTS] = tarn__command_reload_lists,
	[TARN__COMMAND_LOCAL] = tarn__command_local,
	[TARN__COMMAND_LOG] = set_log_level,
	[TARN__COMMAND_RELOAD] = reload,
	[TARN__COMMAND_STOP] = stop,
};

void tarn__task_start(struct tarn__task *task, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "command"));
	const json_t *arguments = json_object_get(request, "arguments");
	if (!name) {
		tarn__task_fail(task,
				"not a request: {\"command\": NAME, \"arguments\": [TEXT, ...]}");
		return;
	}
	task->command = tarn__command_find(name);
	if (task->command == TARN__COMMANDS) {
		tarn__task_fail(task, "%s: unknown command", name);
		return;
	}
	const struct tarn__command_row *row = &tarn__commands[task->command];
	size_t count = json_array_size(arguments), strings = 0;
	while (strings < count && tarn__task_argument(arguments, strings))
		strings++;
	if (count < row->min || count > row->max || strings < count) {
		tarn__task_fail(task, "usage: %s %s", row->name, row->arguments);
		return;
	}
	if (task->command == TARN__COMMAND_LOAD)
		load(task, request);
	else
		handlers[task->command](task, arguments);
}

static void step_dump(struct tarn__task *task, struct tarn__resolver *resolver)
{
	task->wants_steps = tarn__dump_step(&task->dump, resolver);
	if (!task->wants_steps) {
		char end[TARN__DUMP_END_MAX];
		tarn__dump_end(task->dump.count, end);
		add_line(task, end, strlen(end));
	}
	if (task->is_short) {
		task->wants_steps = false;
		tarn__task_fail(task, "%s", strerror(ENOMEM));
		return;
	}
	answer_text(task);
	if (!task->wants_steps)
		tarn__task_ok(task, NULL);
}

/* Returns false while the cache is loaded from its file, which could bring back what a flush removes. */
static bool may_step(const struct tarn__task *task)
{
	return task->command == TARN__COMMAND_DUMP || !task->context->cache_file ||
	       tarn__cache_file_may_flush(task->context->cache_file);
}

void tarn__task_step(struct tarn__task *task)
{
	if (!may_step(task))
		return;
	struct tarn__resolver *resolver = tarn__task_enter(task);
	if (!resolver) {
		task->wants_steps = false;
		return;
	}
	if (task->command == TARN__COMMAND_DUMP)
		step_dump(task, resolver);
	else
		tarn__command_flush_step(task, resolver);
	tarn__task_leave(task);
}

void tarn__task_end(struct tarn__task *task)
{
	if (task->has_question)
		tarn_cancel(task->context->own->worker, &task->question);
	tarn__command_trust_end(task);
	tarn__command_flush_end(task);
	tarn__cache_file_forget(&task->save);
	free(task->dump.room);
	free(task->text);
	*task = (struct tarn__task){
		.answer = task->answer, .wake = task->wake, .context = task->context};
}

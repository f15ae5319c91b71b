/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/name_json.c: local names and lists as JSON. */
#include "daemon/control/name_json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/policy/overrides.h"
#include "dns/rdata_text.h"
#include "dns/text.h"

enum { SECOND_NS = 1000000000 };

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* Text of a file or a configuration, with octets that JSON cannot represent escaped. */
static json_t *text(const char *octets, size_t len)
{
	char copy[TARN__LOG_LINE_MAX], escaped[TARN__LOG_LINE_MAX];
	size_t part = len < sizeof(copy) - 1 ? len : sizeof(copy) - 1;
	for (size_t i = 0; i < part; i++)
		copy[i] = octets[i] != '\0' ? octets[i] : ' ';
	copy[part] = '\0';
	tarn__log_escape(copy, sizeof(escaped), escaped);
	return json_string(escaped);
}

static json_t *plain_text(const char *octets)
{
	return text(octets, strlen(octets));
}

/* Seconds from a time until now, or from now until a time; not below 0. */
static json_int_t since(int64_t time_s)
{
	int64_t now_s = time(NULL);
	return now_s > time_s ? now_s - time_s : 0;
}

static json_int_t until(uint64_t time_s)
{
	uint64_t now_s = (uint64_t)time(NULL);
	return time_s > now_s ? (json_int_t)(time_s - now_s) : 0;
}

/* ---- lists ------------------------------------------------------------------------------- */

/* The answer that the configuration has: rules of a response policy zone have their own. */
static const char *answer_word(const struct tarn__planned_set *set)
{
	if (set->rules.kind == TARN__RULE_SET_ALLOW)
		return "passed";
	if (set->rules.kind == TARN__RULE_SET_BLOCK)
		return tarn__lists_action_name(set->rules.answer);
	if (set->is_disabled)
		return "disabled";
	return set->override != TARN__NAMELIST_DEFAULT ? tarn__lists_action_name(set->override)
						       : "its own";
}

static json_t *describe_groups(const struct tarn__list_plan *plan, uint32_t groups)
{
	json_t *out = json_array();
	if (groups & (1u << TARN__GROUP_DEFAULT))
		json_array_append_new(out, json_string("default"));
	for (size_t i = 0; i < plan->group_count; i++) {
		if (groups & (2u << i))
			json_array_append_new(out, plain_text(plan->groups[i].name));
	}
	return out;
}

static uint64_t sum_answers(const struct tarn__naming *naming, const struct tarn__stats *stats,
			    const char *name)
{
	uint64_t sum = 0;
	for (uint8_t slot = 1; slot < TARN__LIST_SLOTS; slot++) {
		const char *taken = tarn__list_slots_name(&naming->slots, slot);
		if (!taken || strcmp(taken, name) != 0)
			continue;
		for (unsigned i = 0; i < TARN__NAMELIST_ACTIONS; i++)
			sum += stats->lists[slot][i];
	}
	return sum;
}

static json_t *describe_sets(const struct tarn__naming *naming, const struct tarn__stats *stats,
			     const struct tarn__list_state *state)
{
	struct tarn__name_figures *figures = calloc(1, sizeof(*figures));
	json_t *out = json_array();
	if (figures)
		tarn__list_figures_set(figures, state);
	for (size_t i = 0; figures && i < figures->list_count; i++) {
		const struct tarn__planned_set *set = &state->plan->sets[i];
		json_t *row =
			json_pack("{so ss ss so so so}", "list", plain_text(set->rules.name),
				  "kind", tarn__list_kind_word(set->rules.kind), "answer",
				  answer_word(set), "names", number(figures->lists[i].names),
				  "answers", number(sum_answers(naming, stats, set->rules.name)),
				  "faults", number(figures->lists[i].faults));
		if (figures->lists[i].newest_s > 0)
			json_object_set_new(row, "age_s",
					    json_integer(since(figures->lists[i].newest_s)));
		if (set->rules.groups != UINT32_MAX)
			json_object_set_new(row, "groups",
					    describe_groups(state->plan, set->rules.groups));
		json_array_append_new(out, row);
	}
	free(figures);
	return out;
}

static json_t *describe_source(const struct tarn__list_state *state,
			       const struct tarn__namelist_source *source)
{
	json_t *row = json_pack(
		"{so so ss so so so so so so so}", "list",
		plain_text(state->plan->sets[source->set].rules.name), "file",
		text(source->path, source->path_len), "format",
		tarn__namelist_format_word(source->format), "names", number(source->names), "lines",
		number(source->lines), "duplicates", number(source->duplicates), "below_others",
		number(source->below), "invalid", number(source->invalid), "not_for_dns",
		number(source->not_dns), "not_supported", number(source->unsupported));
	if (source->mtime_ns != 0)
		json_object_set_new(row, "age_s",
				    json_integer(since(source->mtime_ns / SECOND_NS)));
	return row;
}

static void add_examples(json_t *examples, const struct tarn__namelist_source *source)
{
	for (unsigned i = 0; i < source->fault_count; i++)
		json_array_append_new(
			examples,
			json_pack("{so sI so}", "file", text(source->path, source->path_len),
				  "line", (json_int_t)source->faults[i].line, "invalid",
				  text(source->faults[i].text, source->faults[i].len)));
}

static void add_files(json_t *out, const struct tarn__list_state *state)
{
	const struct tarn__namelist *list = tarn__rules_list(state->rules);
	json_t *files = json_array(), *examples = json_array();
	for (unsigned i = 0; i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		json_array_append_new(files, describe_source(state, &source));
		add_examples(examples, &source);
	}
	json_object_set_new(out, "files", files);
	if (json_array_size(examples) > 0)
		json_object_set(out, "examples", examples);
	json_decref(examples);
}

static json_t *describe_faults(const struct tarn__list_state *state)
{
	json_t *out = json_array();
	for (size_t i = 0; i < state->fault_count; i++) {
		const struct tarn__list_fault *fault = &state->faults[i];
		json_array_append_new(
			out, json_pack("{so so sI so}", "list", plain_text(fault->set), "file",
				       plain_text(fault->path), "since_s", since(fault->since_s),
				       "fault", plain_text(fault->reason)));
	}
	return out;
}

/* What is not over yet. */
static void add_said(json_t *out, const struct tarn__said *said)
{
	json_t *names = json_array();
	for (size_t i = 0; i < said->count; i++) {
		const struct tarn__override *override = &said->names[i];
		char name[TARN__NAME_TEXT_MAX];
		if (override->until_s <= (uint64_t)time(NULL))
			continue;
		json_t *row =
			json_pack("{ss ss}", "name", tarn__name_format(override->name.octets, name),
				  "said", override->is_block ? "block" : "unblock");
		if (override->until_s != UINT64_MAX)
			json_object_set_new(row, "left_s", json_integer(until(override->until_s)));
		json_array_append_new(names, row);
	}
	if (json_array_size(names) > 0)
		json_object_set(out, "for_a_time", names);
	json_decref(names);
}

static void add_pause(json_t *out, const struct tarn__said *said)
{
	if (said->paused_until_s == UINT64_MAX)
		json_object_set_new(out, "paused", json_string("until tarnctl resume"));
	else if (until(said->paused_until_s) > 0)
		json_object_set_new(out, "paused_s", json_integer(until(said->paused_until_s)));
}

json_t *tarn__control_json_lists(const struct tarn__naming *naming, const struct tarn__stats *stats)
{
	struct tarn__list_state state = tarn__list_keeper_state(naming->lists);
	json_t *out = json_object();
	json_object_set_new(out, "lists", describe_sets(naming, stats, &state));
	if (state.rules) {
		add_files(out, &state);
		json_object_set_new(out, "compiled_octets", number(state.octets));
		json_object_set_new(out, "compiled_ago_s", json_integer(since(state.compiled_s)));
	}
	if (state.fault_count > 0)
		json_object_set_new(out, "cannot_be_read", describe_faults(&state));
	if (state.problem)
		json_object_set_new(out, "problem", plain_text(state.problem));
	if (state.is_compiling)
		json_object_set_new(out, "compiling", json_true());
	add_pause(out, &naming->said);
	add_said(out, &naming->said);
	return out;
}

/* ---- zones by transfer ------------------------------------------------------------------- */

static json_t *describe_transfer(const struct tarn__transfer_state *state)
{
	json_t *row = json_pack("{ss sb}", "list", state->name, "expired", state->is_expired);
	if (state->has_zone) {
		json_object_set_new(row, "serial", number(state->serial));
		json_object_set_new(row, "transferred_ago_s",
				    json_integer(since(state->transferred_s)));
		json_object_set_new(row, "confirmed_ago_s",
				    json_integer(since(state->confirmed_s)));
	}
	json_object_set_new(row, "next_s",
			    json_integer(state->next_s > 0 ? until((uint64_t)state->next_s) : 0));
	if (state->primary[0] != '\0')
		json_object_set_new(row, "primary", plain_text(state->primary));
	for (int i = 0; i < TARN__TRANSFER_RESULTS; i++)
		json_object_set_new(row, tarn__transfer_result_word((enum tarn__transfer_result)i),
				    number(state->results[i]));
	if (state->reason[0] != '\0')
		json_object_set_new(row, "problem", plain_text(state->reason));
	return row;
}

json_t *tarn__control_json_transfers(const struct tarn__transfers *transfers)
{
	if (!transfers || transfers->count == 0)
		return NULL;
	json_t *out = json_array();
	for (size_t i = 0; i < transfers->count; i++) {
		const struct tarn__secondary *secondary = transfers->zones[i].secondary;
		json_array_append_new(out, describe_transfer(tarn__secondary_state(secondary)));
	}
	return out;
}

/* ---- local names ------------------------------------------------------------------------- */

struct rows {
	json_t *rows;
	size_t left; /* records that have no row */
	char *room; /* TARN__RDATA_TEXT_MAX octets */
};

static bool add_record(void *arg, const struct tarn__local_item *item)
{
	struct rows *rows = arg;
	char name[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX];
	if (json_array_size(rows->rows) == TARN__LOCAL_ROWS_MAX) {
		rows->left++;
		return true;
	}
	json_t *row =
		json_pack("{ss ss sI}", "name", tarn__name_format(item->name, name), "type",
			  tarn__type_format(item->type, type), "ttl_s", (json_int_t)item->ttl);
	if (item->end_s != TARN__LEASE_NEVER)
		json_object_set_new(row, "left_s", json_integer(until(item->end_s)));
	if (item->source && item->line > 0)
		json_object_set_new(row, "from",
				    json_sprintf("%s:%u", item->source, (unsigned)item->line));
	else
		json_object_set_new(row, "from",
				    json_string(item->source ? item->source : "built in"));
	if (item->rdata_len > 0)
		json_object_set_new(row, "data",
				    json_string(tarn__rdata_format(item->rdata, 0, item->rdata_len,
								   item->type, rows->room)));
	json_array_append_new(rows->rows, row);
	return true;
}

json_t *tarn__control_json_local(const struct tarn__naming *naming, const uint8_t *name, size_t len)
{
	struct tarn__local_counts counts = {0};
	struct rows rows = {.rows = json_array(), .room = malloc(TARN__RDATA_TEXT_MAX)};
	if (naming->data.local) {
		tarn__local_data_count(naming->data.local, &counts);
		if (rows.room)
			tarn__local_data_walk(naming->data.local, name, len, add_record, &rows);
	}
	json_t *out = json_pack("{so so so}", "names", number(counts.names), "zones",
				number(counts.zones), "octets", number(counts.octets));
	json_object_set_new(out, "records", rows.rows);
	if (rows.left > 0)
		json_object_set_new(out, "records_left_out", number(rows.left));
	free(rows.room);
	return out;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/cache_file_commands.c: the file of the cache. */
#include "daemon/control/cache_file_commands.h"

#include "daemon/log/log.h"

/* Texts may have octets that JSON cannot represent. */
static json_t *text_of(const char *text)
{
	char escaped[TARN__LOG_LINE_MAX];
	tarn__log_escape(text, sizeof(escaped), escaped);
	return json_string(escaped);
}

/* ---- save ---------------------------------------------------------------------------------- */

static void on_saved(struct tarn__cache_file_request *request,
		     const struct tarn__cache_file_state *state, const char *fault)
{
	struct tarn__task *task = TARN__CONTAINER(request, struct tarn__task, save);
	task->is_long = false;
	if (fault)
		tarn__task_fail(task, "not saved: %s", fault);
	else
		tarn__task_ok(task, json_pack("{so sI sI sI}", "file", text_of(state->file),
					      "answers", (json_int_t)state->entries, "octets",
					      (json_int_t)state->octets, "took_ms",
					      (json_int_t)(state->save_us / 1000)));
}

void tarn__command_save(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	if (!task->context->cache_file) {
		tarn__task_fail(task, "this tarn has no file for the cache");
		return;
	}
	task->save = (struct tarn__cache_file_request){.done = on_saved};
	const char *fault = tarn__cache_file_save(task->context->cache_file, &task->save);
	task->is_long = !fault;
	if (fault)
		tarn__task_fail(task, "not saved: %s", fault);
}

/* ---- status -------------------------------------------------------------------------------- */

static void add_loaded(json_t *out, const struct tarn__cache_file_state *state)
{
	const struct tarn__snapshot_counts *loaded = &state->loaded;
	json_t *left_out = json_pack(
		"{sI sI sI sI sI sI}", "known", (json_int_t)loaded->known, "ended",
		(json_int_t)loaded->ended, "of_other_servers", (json_int_t)loaded->elsewhere,
		"faulty", (json_int_t)loaded->faulty, "without_room", (json_int_t)loaded->full,
		"damaged_blocks", (json_int_t)loaded->blocks_damaged);
	json_object_set_new(out, "loaded", json_integer((json_int_t)loaded->loaded));
	json_object_set_new(out, "loaded_stale", json_integer((json_int_t)loaded->loaded_stale));
	json_object_set_new(out, "left_out", left_out);
	json_object_set_new(out, "load_ms", json_integer((json_int_t)(state->load_us / 1000)));
	json_object_set_new(out, "load_work_ms",
			    json_integer((json_int_t)(state->load_work_us / 1000)));
}

json_t *tarn__control_json_cache_file(struct tarn__cache_file *file, int64_t now_s)
{
	struct tarn__cache_file_state state;
	tarn__cache_file_board_read(file ? &file->board : NULL, &state);
	if (state.phase == TARN__CACHE_FILE_NONE)
		return NULL;
	json_t *out = json_pack("{so ss}", "file", text_of(state.file), "state",
				tarn__cache_file_phase_word(state.phase));
	if (state.phase == TARN__CACHE_FILE_LOADING)
		json_object_set_new(out, "read_percent", json_integer(state.loaded_percent));
	if (*state.fault)
		json_object_set_new(out, "error", text_of(state.fault));
	if (state.loaded_percent > 0)
		add_loaded(out, &state);
	if (tarn__cache_file_age_s(&state, now_s) >= 0) {
		json_object_set_new(out, "saved_answers", json_integer((json_int_t)state.entries));
		json_object_set_new(out, "octets", json_integer((json_int_t)state.octets));
		json_object_set_new(
			out, "age_s",
			json_integer((json_int_t)tarn__cache_file_age_s(&state, now_s)));
	}
	json_object_set_new(out, "saves", json_integer((json_int_t)state.saves));
	json_object_set_new(out, "save_failures", json_integer((json_int_t)state.failures));
	return out;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/cache_file.c: the settings; from the start to the end. */
#include "config.h"

#include "daemon/cache_file/phases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"

/* ---- the settings ---------------------------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int tarn__cache_file_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__cache_file *file = data;
	const char *path = settings->cache_file;
	char *copy = NULL;
	if (path && strcmp(path, "none") != 0 && !(copy = strdup(path))) {
		tarn__log(file->log, TARN_LOG_ERR, "%s", tarn_error_text(TARN_ENOMEM));
		return TARN_ENOMEM;
	}
	free(file->wanted.path);
	file->wanted.path = copy;
	file->wanted.interval_ms = settings->save_sec > 0 ? (uint64_t)settings->save_sec * 1000 : 0;
	file->wanted.has_any_root = settings->has_system_upstreams;
	file->wanted.is_confined = settings->is_confined;
	file->wanted.has_second_level = tarn__settings_has_second_level(settings);
	return 0;
}

/* Takes the wanted place. */
static void open_place(struct tarn__cache_file *file)
{
	char fault[TARN__PLACE_FAULT_MAX];
	uint64_t now_ms = tarn__clock_ms();
	snprintf(file->state.file, sizeof(file->state.file), "%s", file->path);
	if (!tarn__place_open(&file->place, file->path, fault)) {
		bool is_out_of_reach = file->is_started && file->wanted.is_confined &&
				       strstr(fault, strerror(EACCES));
		snprintf(file->state.fault, sizeof(file->state.fault), "%s%s", fault,
			 is_out_of_reach ? " (in the sandbox another folder takes a restart)" : "");
		tarn__phase_give_up(file);
		return;
	}
	tarn__save_plan_init(&file->plan, file->wanted.interval_ms, now_ms,
			     tarn__phase_count(file, NULL).lookups, tarn__phase_random(file));
	/* What the cache has got before is in no file yet. */
	if (file->is_started)
		tarn__save_plan_flushed(&file->plan, now_ms);
	tarn__load_phase_begin(file);
}

/* Ends what is under way; what is in the place stays. */
static void close_place(struct tarn__cache_file *file, const char *why)
{
	tarn__load_phase_end(file);
	ev_timer_stop(file->loop, &file->watch);
	tarn__save_phase_end(file, why);
	file->hold_ms = 0;
}

static void wipe(struct tarn__cache_file *file, struct tarn__place *place)
{
	int error = tarn__place_wipe(place);
	if (error == 0)
		tarn__log(file->log, TARN_LOG_INFO, "removed the former cache file %s",
			  place->path);
	else
		tarn__log(file->log, TARN_LOG_ERR, "cannot remove the former cache file %s: %s",
			  place->path, strerror(error));
}

/* Goes to the wanted file. The former one is removed, unless the wanted one cannot be used. */
static void move(struct tarn__cache_file *file)
{
	bool was_in_use = tarn__phase_is_in_use(file);
	struct tarn__place before = file->place;
	char *path = file->wanted.path ? strdup(file->wanted.path) : NULL;
	if (file->wanted.path && !path)
		return;
	close_place(file, "there is another cache file now");
	free(file->path);
	file->path = path;
	file->state = (struct tarn__cache_file_state){0};
	file->place.lock_fd = -1;
	if (file->path)
		open_place(file);
	else
		tarn__phase_publish(file);
	if (!was_in_use)
		return;
	if (!file->path || tarn__phase_is_in_use(file))
		wipe(file, &before);
	tarn__place_close(&before);
}

void tarn__cache_file_settle(void *data)
{
	struct tarn__cache_file *file = data;
	bool is_kept = is_same(file->path, file->wanted.path) &&
		       (!file->path || tarn__phase_is_in_use(file));
	if (!is_kept) {
		move(file);
	} else if (file->path) {
		tarn__save_plan_set_interval(&file->plan, file->wanted.interval_ms,
					     tarn__clock_ms(), tarn__phase_random(file));
		if (file->state.phase == TARN__CACHE_FILE_READY)
			tarn__phase_plan(file);
	}
	tarn__load_phase_watch(file);
	file->is_started = true;
}

/* ---- from start to end ----------------------------------------------------------------------- */

void tarn__cache_file_init(struct tarn__cache_file *file, struct tarn__own_worker *own,
			   struct ev_loop *loop, struct tarn__log *log)
{
	*file = (struct tarn__cache_file){.own = own, .loop = loop, .log = log};
	pthread_mutex_init(&file->board.mutex, NULL);
	tarn__phase_boot_id(&file->random, "/proc/sys/kernel/random/boot_id", file->boot_id);
	file->place.lock_fd = -1;
	tarn__load_phase_init(file);
	tarn__save_phase_init(file);
	ev_async_start(loop, &file->saved);
}

void tarn__cache_file_stop(struct tarn__cache_file *file)
{
	if (!file->loop)
		return;
	tarn__load_phase_look(file);
	/* What is not loaded yet is in the file only. */
	if (file->state.phase >= TARN__CACHE_FILE_READY)
		tarn__save_phase_last(file);
	close_place(file, "tarn is stopped");
	ev_async_stop(file->loop, &file->saved);
	tarn__place_close(&file->place);
	free(file->wanted.path);
	free(file->path);
	pthread_mutex_destroy(&file->board.mutex);
	file->loop = NULL;
}

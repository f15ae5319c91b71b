/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/load_phase.c: how the file is loaded, or not. */
#include "config.h"

#include "daemon/cache_file/phases.h"

#include <inttypes.h>

#include "core/resolver.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	/* A file is at most so many times as large as the cache, which may have been larger, ... */
	SIZE_FACTOR = 64,
	SIZE_MORE = 1024 * 1024, /* ... and an octet count that small caches need more */
	WATCH_SEC = 2, /* between looks whether other machines had names forgotten */
};

/* ---- a load --------------------------------------------------------------------------------- */

static void log_loaded(const struct tarn__cache_file *file)
{
	const struct tarn__snapshot_counts *counts = &file->state.loaded;
	bool is_damaged = counts->blocks_damaged > 0 || counts->faulty > 0 || !counts->is_whole;
	tarn__log(file->log, TARN_LOG_INFO,
		  "loaded %" PRIu64 " answers and %" PRIu64 " stale ones from %s in %" PRIu64
		  " ms; left out %" PRIu64 " ended, %" PRIu64 " of other servers, %" PRIu64
		  " known, %" PRIu64 " without room",
		  counts->loaded, counts->loaded_stale, file->path, file->state.load_us / 1000,
		  counts->ended, counts->elsewhere, counts->known, counts->full);
	if (is_damaged)
		tarn__log(file->log, TARN_LOG_WARNING,
			  "%s is damaged: %" PRIu64 " blocks and %" PRIu64 " answers left out%s",
			  file->path, counts->blocks_damaged, counts->faulty,
			  counts->is_whole ? "" : "; not all of it is there");
}

/* Copies how far it is. */
static void note_loading(struct tarn__cache_file *file)
{
	const struct tarn__loading *loading = &file->loading;
	const struct tarn__snapshot_counts *counts = &loading->reader.counts;
	file->state.loaded = *counts;
	file->state.loaded_percent = tarn__loading_percent(loading);
	file->state.load_us = tarn__clock_us() - loading->begun_us;
	file->state.load_work_us = loading->work_us;
	file->state.saved_s = (int64_t)(loading->reader.saved_ms / 1000);
	file->state.octets = loading->reader.len;
	file->state.entries = tarn__loading_count(counts);
}

void tarn__load_phase_end(struct tarn__cache_file *file)
{
	ev_idle_stop(file->loop, &file->load_steps);
	ev_timer_stop(file->loop, &file->clock);
	if (file->is_loading)
		tarn__loading_end(&file->loading);
	file->is_loading = false;
}

/* It is kept for a while: the next start may come with the right clock. */
static void refuse_for_clock(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_WARNING, "%s is not loaded: %s", file->path,
		  file->state.fault);
	file->hold_ms = tarn__clock_ms() + TARN__CLOCK_HOLD_MS;
	tarn__phase_ready(file);
}

static void wait_for_clock(struct tarn__cache_file *file)
{
	if (file->clock_looks == 0)
		tarn__log(file->log, TARN_LOG_INFO, "%s is loaded when the clock is set: %s",
			  file->path, file->state.fault);
	if (file->clock_looks++ == TARN__CLOCK_WAIT_SEC) {
		refuse_for_clock(file);
		return;
	}
	tarn__phase_set(file, TARN__CACHE_FILE_WAITING);
	tarn__phase_timer(file, &file->clock, 1000);
}

static void refuse(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_WARNING,
		  "%s is not loaded, and replaced by the next save: %s", file->path,
		  file->state.fault);
	tarn__phase_ready(file);
}

static void begin_loading(struct tarn__cache_file *file)
{
	uint64_t size;
	(void)tarn__phase_count(file, &size);
	enum tarn__loading_start start =
		tarn__loading_begin(&file->loading, file->own, &file->place,
				    SIZE_FACTOR * size + SIZE_MORE, file->wanted.has_any_root);
	ev_idle_stop(file->loop, &file->load_steps);
	tarn__phase_set_fault(file, file->loading.fault);
	switch (start) {
	case TARN__LOADING_BEGUN:
		file->is_loading = true;
		ev_idle_start(file->loop, &file->load_steps);
		tarn__phase_set(file, TARN__CACHE_FILE_LOADING);
		break;
	case TARN__LOADING_NOTHING:
		tarn__phase_ready(file);
		break;
	case TARN__LOADING_NOT_YET:
		wait_for_clock(file);
		break;
	case TARN__LOADING_REFUSED:
		refuse(file);
		break;
	case TARN__LOADING_FLUSHED:
		refuse(file);
		/* A start at which the store is out of reach would load it. */
		tarn__cache_file_flushed(file);
		break;
	case TARN__LOADING_FOREIGN:
		tarn__phase_give_up(file);
		break;
	}
}

/* Returns true if other machines have had names forgotten since the last look. */
static bool has_forgotten(struct tarn__cache_file *file)
{
	unsigned forgets = tarn__shared_forgets(file->own->tarn->shared), before = file->forgets;
	file->forgets = forgets;
	return forgets != before;
}

/*
 * What is not loaded yet may have just those names. So may what was loaded into the part of the cache that
 * the other worker was through with.
 */
static void break_off(struct tarn__cache_file *file)
{
	struct tarn__resolver *resolver = tarn__own_worker_enter(file->own);
	tarn__log(file->log, TARN_LOG_INFO, "the rest of %s is not loaded: the cache was flushed",
		  file->path);
	tarn__load_phase_end(file);
	if (resolver) {
		tarn__resolver_forget_all(resolver);
		tarn__own_worker_leave(file->own);
		(void)has_forgotten(file);
	}
	tarn__phase_ready(file);
	tarn__cache_file_flushed(file);
}

static void on_load_steps(struct ev_loop *loop, ev_idle *steps, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = steps->data;
	if (!file->is_loading) {
		begin_loading(file);
		return;
	}
	if (has_forgotten(file)) {
		break_off(file);
		return;
	}
	bool has_more = tarn__loading_slice(&file->loading, TARN__SLICE_US);
	note_loading(file);
	if (has_more) {
		tarn__phase_publish(file);
		return;
	}
	file->state.loaded_percent = 100;
	tarn__load_phase_end(file);
	log_loaded(file);
	tarn__phase_ready(file);
}

static void on_clock(struct ev_loop *loop, ev_timer *clock, int events)
{
	(void)loop;
	(void)events;
	begin_loading(clock->data);
}

static void on_watch(struct ev_loop *loop, ev_timer *watch, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = watch->data;
	if (file->state.phase >= TARN__CACHE_FILE_READY && has_forgotten(file))
		tarn__cache_file_flushed(file);
}

void tarn__load_phase_watch(struct tarn__cache_file *file)
{
	ev_timer_stop(file->loop, &file->watch);
	if (file->wanted.has_second_level && tarn__phase_is_in_use(file))
		ev_timer_again(file->loop, &file->watch);
}

/* It may be long until it is known what is in it. */
static void drop_unread(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_INFO,
		  "%s is removed, and not loaded: the cache was flushed before", file->path);
	tarn__load_phase_end(file);
	tarn__place_remove(&file->place);
	tarn__phase_ready(file);
}

bool tarn__cache_file_may_flush(struct tarn__cache_file *file)
{
	if (file->state.phase == TARN__CACHE_FILE_LOADING)
		return false;
	if (file->state.phase == TARN__CACHE_FILE_WAITING)
		drop_unread(file);
	return true;
}

void tarn__load_phase_look(struct tarn__cache_file *file)
{
	if (!tarn__phase_is_in_use(file) || !has_forgotten(file))
		return;
	if (file->is_loading)
		break_off(file);
	else if (file->state.phase < TARN__CACHE_FILE_READY)
		drop_unread(file);
	tarn__cache_file_flushed(file);
}

void tarn__load_phase_begin(struct tarn__cache_file *file)
{
	(void)has_forgotten(file);
	file->clock_looks = 0;
	tarn__phase_set(file, TARN__CACHE_FILE_LOADING);
	ev_idle_start(file->loop, &file->load_steps);
}

void tarn__load_phase_init(struct tarn__cache_file *file)
{
	ev_idle_init(&file->load_steps, on_load_steps);
	ev_init(&file->clock, on_clock);
	ev_timer_init(&file->watch, on_watch, WATCH_SEC, WATCH_SEC);
	file->load_steps.data = file->clock.data = file->watch.data = file;
}

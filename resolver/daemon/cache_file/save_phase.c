/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/save_phase.c: when a save begins, and what follows it. */
#include "config.h"

#include "daemon/cache_file/phases.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "daemon/cache_file/wall.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	/* A file is at most so many times as large as the cache, ... */
	SIZE_FACTOR = 4,
	SIZE_MORE = 1024 * 1024, /* ... and an octet count that small caches need more */
	STOP_SLICE_US = 10 * 1000, /* at the end there is no other duty */
	DROP_PAUSE_MS = 20, /* until it is looked again whether the cache has stale answers */
	DISK_PAUSE_MS = 5, /* until the writer is looked at again */
	BUSY_PAUSE_MS = 1000, /* until a save that is due is tried, while the file is loaded */
	RETRY_MS = 60 * 1000, /* ... while the clock is wrong */
};

/* ---- the plan ---------------------------------------------------------------------------- */

/* Has the next look at the plan happen in time. */
void tarn__phase_plan(struct tarn__cache_file *file)
{
	uint64_t next_ms = tarn__save_plan_next_ms(&file->plan), now_ms = tarn__clock_ms();
	ev_timer_stop(file->loop, &file->due);
	if (next_ms != UINT64_MAX)
		tarn__phase_timer(file, &file->due, next_ms > now_ms ? next_ms - now_ms : 0);
}

void tarn__phase_ready(struct tarn__cache_file *file)
{
	tarn__phase_set(file, TARN__CACHE_FILE_READY);
	tarn__phase_plan(file);
}

void tarn__cache_file_flushed(struct tarn__cache_file *file)
{
	if (!tarn__phase_is_in_use(file))
		return;
	tarn__save_plan_flushed(&file->plan, tarn__clock_ms());
	if (file->state.phase == TARN__CACHE_FILE_READY)
		tarn__phase_plan(file);
}

/* ---- a save ---------------------------------------------------------------------------------- */

static void answer(struct tarn__cache_file *file, struct tarn__list *requests, const char *fault)
{
	struct tarn__list *node;
	while ((node = tarn__list_take(requests))) {
		struct tarn__cache_file_request *request =
			TARN__CONTAINER(node, struct tarn__cache_file_request, node);
		request->done(request, &file->state, fault);
	}
}

/* Returns false if it cannot begin. */
static bool begin_saving(struct tarn__cache_file *file, bool hottest_first)
{
	uint64_t size;
	file->save_lookups = tarn__phase_count(file, &size).lookups;
	struct tarn__saving_options options = {.place = &file->place,
					       .len_max = SIZE_FACTOR * size + SIZE_MORE,
					       .has_any_root = file->wanted.has_any_root,
					       .hottest_first = hottest_first,
					       .loop = file->loop,
					       .ended = &file->saved};
	memcpy(options.boot_id, file->boot_id, sizeof(options.boot_id));
	tarn__save_plan_begun(&file->plan);
	return tarn__saving_begin(&file->saving, file->own, &options);
}

static void note_failure(struct tarn__cache_file *file)
{
	const char *fault = file->saving.fault;
	file->state.failures++;
	tarn__phase_set_fault(file, fault);
	/* Once until it works again: it is tried as often as ever. */
	tarn__log(file->log, file->has_failed ? TARN_LOG_DEBUG : TARN_LOG_ERR,
		  "cannot save the cache to %s: %s", file->path, fault);
	file->has_failed = true;
}

static void note_success(struct tarn__cache_file *file, enum tarn_log_level level)
{
	const struct tarn__saving *saving = &file->saving;
	file->state.saves++;
	file->state.entries = saving->entries;
	file->state.octets = saving->octets;
	file->state.saved_s = saving->wall_s;
	file->state.save_us = tarn__clock_us() - saving->begun_us;
	tarn__phase_set_fault(file, "");
	tarn__log(file->log, file->has_failed ? TARN_LOG_INFO : level,
		  "saved %" PRIu64 " answers to %s: %" PRIu64 " KiB, %" PRIu64 " ms",
		  saving->entries, file->path, saving->octets / 1024, file->state.save_us / 1000);
	file->has_failed = false;
}

/* Ends the save that has been begun. Returns true if it is on the disk; the state has the fault. */
static bool end_saving(struct tarn__cache_file *file, enum tarn_log_level level)
{
	bool is_saved = file->saving.writer && tarn__saving_end(&file->saving);
	ev_timer_stop(file->loop, &file->pace);
	if (is_saved)
		note_success(file, level);
	else
		note_failure(file);
	tarn__save_plan_ended(&file->plan, is_saved, file->save_lookups, tarn__clock_ms(),
			      tarn__phase_random(file));
	return is_saved;
}

/* It begins with the first slice. */
static void save(struct tarn__cache_file *file)
{
	ev_timer_stop(file->loop, &file->due);
	tarn__phase_set(file, TARN__CACHE_FILE_SAVING);
	tarn__phase_timer(file, &file->pace, 0);
}

static void finish_saving(struct tarn__cache_file *file)
{
	bool is_saved = end_saving(file, TARN_LOG_DEBUG);
	tarn__phase_ready(file);
	answer(file, &file->requests, is_saved ? NULL : file->state.fault);
	if (tarn__list_is_empty(&file->next_requests))
		return;
	struct tarn__list *node;
	while ((node = tarn__list_take(&file->next_requests)))
		tarn__list_append(&file->requests, node);
	save(file);
}

/*
 * An answer of other servers than those that its name has now would be saved as one of these. As long as the
 * cache may have some no save is begun, and one that is under way begins anew. Returns true then.
 */
static bool waits_for_drops(struct tarn__cache_file *file)
{
	bool is_walking = !file->saving.writer || file->saving.snapshot;
	if (!is_walking || !tarn__has_stale_answers(file->own->tarn))
		return false;
	if (file->saving.writer)
		tarn__saving_end(&file->saving);
	tarn__phase_timer(file, &file->pace, DROP_PAUSE_MS);
	return true;
}

static void on_pace(struct ev_loop *loop, ev_timer *pace, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = pace->data;
	if (waits_for_drops(file))
		return;
	if (!file->saving.writer && !begin_saving(file, false)) {
		finish_saving(file);
		return;
	}
	switch (tarn__saving_slice(&file->saving, TARN__SAVE_SLICE_US)) {
	case TARN__SAVING_GOES_ON:
		tarn__phase_timer(file, pace, TARN__SAVE_PAUSE_MS);
		break;
	case TARN__SAVING_WAITS:
		tarn__phase_timer(file, pace, DISK_PAUSE_MS);
		break;
	case TARN__SAVING_WRITES:
		break;
	case TARN__SAVING_OVER:
		finish_saving(file);
		break;
	}
}

/* The thread of a save is done. It may be that of one that has been given up. */
static void on_saved(struct ev_loop *loop, ev_async *saved, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = saved->data;
	if (file->saving.writer && !file->saving.snapshot &&
	    tarn__saving_slice(&file->saving, 0) == TARN__SAVING_OVER)
		finish_saving(file);
}

/* Times that a wrong clock gives would be of no use, and what was flushed must not come back. */
static void put_off(struct tarn__cache_file *file)
{
	if (file->plan.is_flushed)
		tarn__place_remove(&file->place);
	tarn__phase_timer(file, &file->due, RETRY_MS);
}

static void on_due(struct ev_loop *loop, ev_timer *due, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = due->data;
	uint64_t now_ms = tarn__clock_ms();
	struct tarn__save_counts counts = tarn__phase_count(file, NULL);
	if (file->state.phase != TARN__CACHE_FILE_READY)
		tarn__phase_timer(file, due, BUSY_PAUSE_MS);
	else if (!tarn__wall_is_plausible(tarn__wall_ms()))
		put_off(file);
	else if (now_ms < file->hold_ms && !file->plan.is_flushed)
		tarn__phase_timer(file, due, file->hold_ms - now_ms);
	else if (tarn__save_plan_is_due(&file->plan, now_ms, &counts, tarn__phase_random(file)))
		save(file);
	else
		tarn__phase_plan(file);
}

/* ---- requests ------------------------------------------------------------------------------ */

const char *tarn__cache_file_save(struct tarn__cache_file *file,
				  struct tarn__cache_file_request *request)
{
	tarn__list_init(&request->node);
	switch (file->state.phase) {
	case TARN__CACHE_FILE_NONE:
		return "there is no file for the cache (cache { file })";
	case TARN__CACHE_FILE_UNUSABLE:
		return file->state.fault;
	case TARN__CACHE_FILE_WAITING:
	case TARN__CACHE_FILE_LOADING:
		return "the cache is still being loaded from its file";
	case TARN__CACHE_FILE_SAVING:
		tarn__list_append(&file->next_requests, &request->node);
		return NULL;
	default:
		break;
	}
	if (!tarn__wall_is_plausible(tarn__wall_ms()))
		return "the clock is not set";
	tarn__list_append(&file->requests, &request->node);
	save(file);
	return NULL;
}

void tarn__cache_file_forget(struct tarn__cache_file_request *request)
{
	if (request->node.next)
		tarn__list_remove(&request->node);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void sleep_ms(unsigned ms)
{
	nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

/* Walks over the cache. Returns false if time is up before all of it is saved. */
static bool walk_to_the_end(struct tarn__cache_file *file)
{
	uint64_t end_us = tarn__clock_us() + (uint64_t)TARN__SAVE_STOP_MS * 1000;
	for (;;) {
		enum tarn__saving_next next = tarn__saving_slice(&file->saving, STOP_SLICE_US);
		if (next == TARN__SAVING_OVER || next == TARN__SAVING_WRITES)
			return true;
		if (tarn__clock_us() >= end_us)
			return false;
		if (next == TARN__SAVING_WAITS)
			sleep_ms(1);
	}
}

/* Returns true if the file of before is better than one that has been cut so soon. */
static bool is_former_better(const struct tarn__cache_file *file)
{
	int64_t age_s = tarn__cache_file_age_s(&file->state, (int64_t)(tarn__wall_ms() / 1000));
	return age_s >= 0 && age_s <= TARN__SAVE_FORMER_SEC &&
	       file->saving.octets < file->state.octets && !file->plan.is_flushed &&
	       !file->plan.was_flushed;
}

static void save_as_much_as_possible(struct tarn__cache_file *file)
{
	if (begin_saving(file, true) && !walk_to_the_end(file)) {
		if (is_former_better(file)) {
			tarn__saving_end(&file->saving);
			tarn__log(file->log, TARN_LOG_INFO,
				  "%s stays as it is: saving the cache takes too long", file->path);
			return;
		}
		tarn__saving_cut(&file->saving);
	}
	(void)end_saving(file, TARN_LOG_INFO);
}

void tarn__save_phase_last(struct tarn__cache_file *file)
{
	struct tarn__save_counts counts = tarn__phase_count(file, NULL);
	/* One under way that is all but on the disk may be the last one. */
	if (file->saving.writer && !file->saving.snapshot)
		(void)end_saving(file, TARN_LOG_INFO);
	else if (file->saving.writer)
		tarn__saving_end(&file->saving);
	bool is_held = tarn__clock_ms() < file->hold_ms && !file->plan.is_flushed;
	if (is_held || !tarn__save_plan_has_changes(&file->plan, &counts) ||
	    !tarn__wall_is_plausible(tarn__wall_ms()))
		return;
	if (!tarn__own_worker_drop_all(file->own)) {
		tarn__log(file->log, TARN_LOG_WARNING,
			  "the cache is not saved: it has answers of former servers");
		if (file->plan.is_flushed || file->plan.was_flushed)
			tarn__place_remove(&file->place);
		return;
	}
	save_as_much_as_possible(file);
}

void tarn__save_phase_end(struct tarn__cache_file *file, const char *why)
{
	ev_timer_stop(file->loop, &file->due);
	ev_timer_stop(file->loop, &file->pace);
	if (file->saving.writer)
		tarn__saving_end(&file->saving);
	answer(file, &file->requests, why);
	answer(file, &file->next_requests, why);
	file->has_failed = false;
}

void tarn__save_phase_init(struct tarn__cache_file *file)
{
	tarn__list_init(&file->requests);
	tarn__list_init(&file->next_requests);
	ev_init(&file->due, on_due);
	ev_init(&file->pace, on_pace);
	ev_async_init(&file->saved, on_saved);
	file->due.data = file->pace.data = file->saved.data = file;
}

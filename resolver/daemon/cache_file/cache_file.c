/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/cache_file.c: the file in which the cache outlives the process. */
#include "config.h"

#include "daemon/cache_file/cache_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/resolver.h"
#include "daemon/cache_file/wall.h"
#include "net/clock.h"
#include "net/shared.h"
#include "rtcache.h"

enum {
	/* A file is at most so many times as large as the cache, when it is written and read, ... */
	SIZE_FACTOR = 4,
	READ_FACTOR = 64, /* the cache may have been larger */
	SIZE_MORE = 1024 * 1024, /* ... and an octet count that small caches need more */
	STOP_SLICE_US = 10 * 1000, /* at the end there is no other duty */
	DISK_PAUSE_MS = 5, /* until the writer is looked at again */
	BUSY_PAUSE_MS = 1000, /* until a save that is due is tried, while the file is loaded */
	RETRY_MS = 60 * 1000, /* ... while the clock is wrong */
	WATCH_SEC = 2, /* between looks whether other machines had names forgotten */
};

/* ---- the state ------------------------------------------------------------------------------- */

static void publish(struct tarn__cache_file *file)
{
	pthread_mutex_lock(&file->board.mutex);
	file->board.state = file->state;
	pthread_mutex_unlock(&file->board.mutex);
}

static void set_phase(struct tarn__cache_file *file, enum tarn__cache_file_phase phase)
{
	file->state.phase = phase;
	publish(file);
}

static void set_fault(struct tarn__cache_file *file, const char *fault)
{
	snprintf(file->state.fault, sizeof(file->state.fault), "%s", fault);
}

static bool is_in_use(const struct tarn__cache_file *file)
{
	return file->state.phase > TARN__CACHE_FILE_UNUSABLE;
}

static struct tarn__save_counts count(const struct tarn__cache_file *file, uint64_t *size)
{
	struct rtcache_stats stats;
	rtcache_stats_get(tarn__shared_cache(file->own->tarn->shared), &stats);
	if (size)
		*size = stats.size;
	return (struct tarn__save_counts){.lookups = stats.lookups, .entries = stats.entries};
}

static uint32_t random_number(struct tarn__cache_file *file)
{
	return tarn__random_below(&file->random, UINT32_MAX);
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void start_timer(struct tarn__cache_file *file, ev_timer *timer, uint64_t after_ms)
{
	ev_timer_stop(file->loop, timer);
	ev_now_update(file->loop);
	ev_timer_set(timer, (double)after_ms / 1000, 0);
	ev_timer_start(file->loop, timer);
}

/* Has the next look at the plan happen in time. */
static void plan_look(struct tarn__cache_file *file)
{
	uint64_t next_ms = tarn__save_plan_next_ms(&file->plan), now_ms = tarn__clock_ms();
	ev_timer_stop(file->loop, &file->due);
	if (next_ms != UINT64_MAX)
		start_timer(file, &file->due, next_ms > now_ms ? next_ms - now_ms : 0);
}

static void be_ready(struct tarn__cache_file *file)
{
	set_phase(file, TARN__CACHE_FILE_READY);
	plan_look(file);
}

/* ---- saving ---------------------------------------------------------------------------------- */

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
	file->save_lookups = count(file, &size).lookups;
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
	set_fault(file, fault);
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
	set_fault(file, "");
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
			      random_number(file));
	return is_saved;
}

static void finish_saving(struct tarn__cache_file *file);

static void save(struct tarn__cache_file *file)
{
	if (!begin_saving(file, false)) {
		finish_saving(file);
		return;
	}
	set_phase(file, TARN__CACHE_FILE_SAVING);
	start_timer(file, &file->pace, 0);
}

static void finish_saving(struct tarn__cache_file *file)
{
	bool is_saved = end_saving(file, TARN_LOG_DEBUG);
	be_ready(file);
	answer(file, &file->requests, is_saved ? NULL : file->state.fault);
	if (tarn__list_is_empty(&file->next_requests))
		return;
	struct tarn__list *node;
	while ((node = tarn__list_take(&file->next_requests)))
		tarn__list_append(&file->requests, node);
	save(file);
}

static void on_pace(struct ev_loop *loop, ev_timer *pace, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = pace->data;
	switch (tarn__saving_slice(&file->saving, TARN__SLICE_US)) {
	case TARN__SAVING_GOES_ON:
		start_timer(file, pace, TARN__SAVE_PAUSE_MS);
		break;
	case TARN__SAVING_WAITS:
		start_timer(file, pace, DISK_PAUSE_MS);
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
	if (file->saving.writer && tarn__saving_slice(&file->saving, 0) == TARN__SAVING_OVER)
		finish_saving(file);
}

/* Times that a wrong clock gives would be of no use, and what was flushed must not come back. */
static void put_off(struct tarn__cache_file *file)
{
	if (file->plan.is_flushed)
		tarn__place_remove(&file->place);
	start_timer(file, &file->due, RETRY_MS);
}

static void on_due(struct ev_loop *loop, ev_timer *due, int events)
{
	(void)loop;
	(void)events;
	struct tarn__cache_file *file = due->data;
	uint64_t now_ms = tarn__clock_ms();
	struct tarn__save_counts counts = count(file, NULL);
	if (file->state.phase != TARN__CACHE_FILE_READY)
		start_timer(file, due, BUSY_PAUSE_MS);
	else if (!tarn__wall_is_plausible(tarn__wall_ms()))
		put_off(file);
	else if (now_ms < file->hold_ms && !file->plan.is_flushed)
		start_timer(file, due, file->hold_ms - now_ms);
	else if (tarn__save_plan_is_due(&file->plan, now_ms, &counts, random_number(file)))
		save(file);
	else
		plan_look(file);
}

/* ---- loading --------------------------------------------------------------------------------- */

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

static void end_loading(struct tarn__cache_file *file)
{
	ev_idle_stop(file->loop, &file->load_steps);
	ev_timer_stop(file->loop, &file->clock);
	if (file->is_loading)
		tarn__loading_end(&file->loading);
	file->is_loading = false;
}

static void give_up(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_ERR, "cannot use the cache file %s: %s; tarn goes on without",
		  file->path, file->state.fault);
	tarn__place_close(&file->place);
	set_phase(file, TARN__CACHE_FILE_UNUSABLE);
}

/* It is kept for a while: the next start may come with the right clock. */
static void refuse_for_clock(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_WARNING, "%s is not loaded: %s", file->path,
		  file->state.fault);
	file->hold_ms = tarn__clock_ms() + TARN__CLOCK_HOLD_MS;
	be_ready(file);
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
	set_phase(file, TARN__CACHE_FILE_WAITING);
	start_timer(file, &file->clock, 1000);
}

static void refuse(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_WARNING,
		  "%s is not loaded, and replaced by the next save: %s", file->path,
		  file->state.fault);
	be_ready(file);
}

static void begin_loading(struct tarn__cache_file *file)
{
	uint64_t size;
	(void)count(file, &size);
	enum tarn__loading_start start =
		tarn__loading_begin(&file->loading, file->own, &file->place,
				    READ_FACTOR * size + SIZE_MORE, file->wanted.has_any_root);
	ev_idle_stop(file->loop, &file->load_steps);
	set_fault(file, file->loading.fault);
	switch (start) {
	case TARN__LOADING_BEGUN:
		file->is_loading = true;
		ev_idle_start(file->loop, &file->load_steps);
		set_phase(file, TARN__CACHE_FILE_LOADING);
		break;
	case TARN__LOADING_NOTHING:
		be_ready(file);
		break;
	case TARN__LOADING_NOT_YET:
		wait_for_clock(file);
		break;
	case TARN__LOADING_REFUSED:
		refuse(file);
		break;
	case TARN__LOADING_FOREIGN:
		give_up(file);
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

/* What is not loaded yet may have just those names. */
static void break_off(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_INFO, "the rest of %s is not loaded: the cache was flushed",
		  file->path);
	end_loading(file);
	be_ready(file);
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
		publish(file);
		return;
	}
	file->state.loaded_percent = 100;
	end_loading(file);
	log_loaded(file);
	be_ready(file);
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

static void follow_other_machines(struct tarn__cache_file *file)
{
	ev_timer_stop(file->loop, &file->watch);
	if (file->wanted.has_second_level && is_in_use(file))
		ev_timer_again(file->loop, &file->watch);
}

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

/* Takes the wanted place. is_new: there was another before, whose content is in the cache. */
static void open_place(struct tarn__cache_file *file, bool is_new)
{
	char fault[TARN__PLACE_FAULT_MAX];
	uint64_t now_ms = tarn__clock_ms();
	snprintf(file->state.file, sizeof(file->state.file), "%s", file->path);
	if (!tarn__place_open(&file->place, file->path, fault)) {
		snprintf(file->state.fault, sizeof(file->state.fault), "%s%s", fault,
			 is_new && file->wanted.is_confined
				 ? " (in the sandbox another folder takes a restart)"
				 : "");
		give_up(file);
		return;
	}
	(void)has_forgotten(file);
	tarn__save_plan_init(&file->plan, file->wanted.interval_ms, now_ms,
			     count(file, NULL).lookups, random_number(file));
	if (is_new)
		tarn__save_plan_flushed(&file->plan, now_ms);
	set_phase(file, TARN__CACHE_FILE_LOADING);
	ev_idle_start(file->loop, &file->load_steps);
}

/* Ends what is under way; what is in the place stays. */
static void close_place(struct tarn__cache_file *file, const char *why)
{
	end_loading(file);
	ev_timer_stop(file->loop, &file->due);
	ev_timer_stop(file->loop, &file->pace);
	ev_timer_stop(file->loop, &file->watch);
	if (file->saving.writer)
		tarn__saving_end(&file->saving);
	answer(file, &file->requests, why);
	answer(file, &file->next_requests, why);
	file->hold_ms = 0;
	file->clock_looks = 0;
	file->has_failed = false;
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
	bool was_in_use = is_in_use(file);
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
		open_place(file, was_in_use);
	else
		publish(file);
	if (!was_in_use)
		return;
	if (!file->path || is_in_use(file))
		wipe(file, &before);
	tarn__place_close(&before);
}

void tarn__cache_file_settle(void *data)
{
	struct tarn__cache_file *file = data;
	bool is_kept = is_same(file->path, file->wanted.path) && (!file->path || is_in_use(file));
	if (!is_kept) {
		move(file);
	} else if (file->path) {
		tarn__save_plan_set_interval(&file->plan, file->wanted.interval_ms,
					     tarn__clock_ms(), random_number(file));
		if (file->state.phase == TARN__CACHE_FILE_READY)
			plan_look(file);
	}
	follow_other_machines(file);
}

/* ---- requests and flushes -------------------------------------------------------------------- */

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
	if (!begin_saving(file, false)) {
		(void)end_saving(file, TARN_LOG_DEBUG);
		be_ready(file);
		return file->state.fault;
	}
	tarn__list_append(&file->requests, &request->node);
	ev_timer_stop(file->loop, &file->due);
	set_phase(file, TARN__CACHE_FILE_SAVING);
	start_timer(file, &file->pace, 0);
	return NULL;
}

void tarn__cache_file_forget(struct tarn__cache_file_request *request)
{
	if (request->node.next)
		tarn__list_remove(&request->node);
}

bool tarn__cache_file_may_flush(struct tarn__cache_file *file)
{
	if (file->state.phase == TARN__CACHE_FILE_LOADING)
		return false;
	if (file->state.phase == TARN__CACHE_FILE_WAITING) {
		/* It may be a minute until it is known what is in it. */
		tarn__log(file->log, TARN_LOG_INFO,
			  "%s is removed, and not loaded: the cache was flushed before",
			  file->path);
		end_loading(file);
		tarn__place_remove(&file->place);
		be_ready(file);
	}
	return true;
}

void tarn__cache_file_flushed(struct tarn__cache_file *file)
{
	if (!is_in_use(file))
		return;
	tarn__save_plan_flushed(&file->plan, tarn__clock_ms());
	if (file->state.phase == TARN__CACHE_FILE_READY)
		plan_look(file);
}

/* ---- from start to end ----------------------------------------------------------------------- */

/* The kernel's, as 16 octets; zeros where it has none. */
static void read_boot_id(uint8_t out[16])
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	size_t digits = 0;
	for (const char *at = text; *at && digits < 32; at++) {
		if (!isxdigit((unsigned char)*at))
			continue;
		const char digit[] = {*at, '\0'};
		out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | strtoul(digit, NULL, 16));
		digits++;
	}
}

void tarn__cache_file_init(struct tarn__cache_file *file, struct tarn__own_worker *own,
			   struct ev_loop *loop, struct tarn__log *log)
{
	*file = (struct tarn__cache_file){.own = own, .loop = loop, .log = log};
	pthread_mutex_init(&file->board.mutex, NULL);
	read_boot_id(file->boot_id);
	file->place.lock_fd = -1;
	tarn__list_init(&file->requests);
	tarn__list_init(&file->next_requests);
	ev_idle_init(&file->load_steps, on_load_steps);
	ev_init(&file->clock, on_clock);
	ev_init(&file->due, on_due);
	ev_init(&file->pace, on_pace);
	ev_timer_init(&file->watch, on_watch, WATCH_SEC, WATCH_SEC);
	ev_async_init(&file->saved, on_saved);
	file->load_steps.data = file->clock.data = file->due.data = file->pace.data =
		file->watch.data = file->saved.data = file;
	ev_async_start(loop, &file->saved);
}

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

static void save_last(struct tarn__cache_file *file)
{
	struct tarn__save_counts counts = count(file, NULL);
	/* One under way that is all but on the disk may be the last one. */
	if (file->saving.writer && !file->saving.snapshot)
		(void)end_saving(file, TARN_LOG_INFO);
	else if (file->saving.writer)
		tarn__saving_end(&file->saving);
	bool is_held = tarn__clock_ms() < file->hold_ms && !file->plan.is_flushed;
	if (is_held || !tarn__save_plan_has_changes(&file->plan, &counts) ||
	    !tarn__wall_is_plausible(tarn__wall_ms()))
		return;
	save_as_much_as_possible(file);
}

void tarn__cache_file_stop(struct tarn__cache_file *file)
{
	if (!file->loop)
		return;
	/* What is not loaded yet is in the file only. */
	if (file->state.phase >= TARN__CACHE_FILE_READY)
		save_last(file);
	close_place(file, "tarn is stopped");
	ev_async_stop(file->loop, &file->saved);
	tarn__place_close(&file->place);
	free(file->wanted.path);
	free(file->path);
	pthread_mutex_destroy(&file->board.mutex);
	file->loop = NULL;
}

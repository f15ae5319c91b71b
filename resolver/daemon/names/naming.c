/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/naming.c: local names and lists of the running program. */
#include "config.h"

#include "daemon/names/naming.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/names/text_file.h"
#include "net/clock.h"
#include "net/shared.h"

/* Groups of paths that are watched. */
enum { LOCAL = 1 };

/* A file is written in several steps; this is the time in which they end. */
static const double local_burst_sec = 0.1;

/* ---- what the workers have ------------------------------------------------------------------- */

static void apply(struct tarn__naming *naming)
{
	if (tarn__set_policy_data(naming->tarn, &naming->data) < 0)
		tarn__log(naming->log, TARN_LOG_ERR, "names stay as they were: %s",
			  tarn_error_text(TARN_ENOMEM));
}

/* Takes over the reference. */
static void set_local_data(struct tarn__naming *naming, struct tarn__local_data *data)
{
	struct tarn__local_data *old = naming->data.local;
	if (data == old)
		return;
	naming->data.local = data;
	apply(naming);
	tarn__local_data_put(old);
}

/* ---- watching -------------------------------------------------------------------------------- */

struct paths {
	struct tarn__watched_path *items;
	size_t count, room;
};

static void add_path(struct paths *paths, const char *path, unsigned group, bool is_kept_open)
{
	if (paths->count == paths->room) {
		size_t room = 2 * paths->room + 8;
		struct tarn__watched_path *items = realloc(paths->items, room * sizeof(items[0]));
		if (!items)
			return;
		paths->items = items;
		paths->room = room;
	}
	paths->items[paths->count++] = (struct tarn__watched_path){
		.path = path, .groups = group, .is_kept_open = is_kept_open};
}

static void add_local_path(void *arg, const char *path, bool is_lease)
{
	add_path(arg, path, LOCAL, is_lease);
}

static void watch(struct tarn__naming *naming)
{
	struct paths paths = {0};
	if (naming->local)
		tarn__local_files_paths(naming->local, add_local_path, &paths);
	tarn__path_watch_set(&naming->watch, paths.items, paths.count);
	free(paths.items);
}

/* ---- local names ----------------------------------------------------------------------------- */

static void start_timer(struct tarn__naming *naming, ev_timer *timer, double sec)
{
	ev_now_update(naming->loop);
	ev_timer_stop(naming->loop, timer);
	ev_timer_set(timer, sec, 0);
	ev_timer_start(naming->loop, timer);
}

static void wait_for_vanished(struct tarn__naming *naming, uint64_t now_ms)
{
	uint64_t due_ms = tarn__local_files_due_ms(naming->local);
	ev_timer_stop(naming->loop, &naming->local_due);
	if (due_ms != UINT64_MAX)
		start_timer(naming, &naming->local_due,
			    due_ms > now_ms ? (double)(due_ms - now_ms) / 1000 : 0);
}

static void announce_local(const struct tarn__naming *naming, enum tarn_log_level level)
{
	struct tarn__local_counts counts;
	tarn__local_data_count(naming->data.local, &counts);
	tarn__log(naming->log, level, "%zu local names with %zu records", counts.names,
		  counts.records);
}

/*
 * Watches first and reads after that: a change in between is seen, though perhaps twice. The second look is for files
 * that the first one has found.
 */
static void look(struct tarn__naming *naming, bool is_forced, enum tarn_log_level level)
{
	enum { LOOKS = 2 };
	bool has_changed = false;
	uint64_t now_ms = tarn__clock_ms();
	for (int i = 0; i < LOOKS; i++) {
		watch(naming);
		has_changed |= tarn__local_files_look(naming->local, now_ms, is_forced && i == 0);
	}
	wait_for_vanished(naming, now_ms);
	struct tarn__local_data *data = has_changed ? tarn__local_files_build(naming->local) : NULL;
	if (!data)
		return;
	set_local_data(naming, data);
	announce_local(naming, level);
}

static void on_local_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	look(timer->data, false, TARN_LOG_DEBUG);
}

static void on_changed(void *data, unsigned groups)
{
	struct tarn__naming *naming = data;
	if ((groups & LOCAL) && !ev_is_active(&naming->local_burst))
		start_timer(naming, &naming->local_burst, local_burst_sec);
}

/* ---- settings -------------------------------------------------------------------------------- */

static bool has_local(const struct tarn__settings *settings)
{
	return settings->local_hosts.count + settings->local_leases.count +
		       settings->local_zones.count + settings->local_records.count >
	       0;
}

static struct tarn__local_files_options local_options(const struct tarn__settings *settings)
{
	return (struct tarn__local_files_options){
		.hosts = {settings->local_hosts.items, settings->local_hosts.count},
		.leases = {settings->local_leases.items, settings->local_leases.count},
		.zones = {settings->local_zones.items, settings->local_zones.count},
		.records = {settings->local_records.items, settings->local_records.count},
		.domain = settings->local_domain,
		.ttl = settings->local_ttl > 0 ? (uint32_t)settings->local_ttl
					       : TARN__LOCAL_DATA_TTL,
	};
}

static bool are_within_reach(const struct tarn__naming *naming, const struct tarn__names *paths)
{
	bool are = true;
	for (size_t i = 0; i < paths->count; i++) {
		if (!tarn__text_file_is_out_of_reach(paths->items[i]))
			continue;
		tarn__log(naming->log, TARN_LOG_ERR,
			  "cannot read %s: its folder was not configured at the start, and the "
			  "sandbox allows no other: restart tarn",
			  paths->items[i]);
		are = false;
	}
	return are;
}

/* What a reload names is to be read: the sandbox is as it was at the start. */
static int check_reach(const struct tarn__naming *naming, const struct tarn__settings *settings)
{
	if (!naming->is_started || !settings->is_confined)
		return 0;
	bool are = are_within_reach(naming, &settings->local_hosts);
	are &= are_within_reach(naming, &settings->local_leases);
	return are ? 0 : TARN_ESYSTEM;
}

int tarn__naming_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__naming *naming = data;
	int error = check_reach(naming, settings);
	if (error < 0)
		return error;
	struct tarn__local_files *next = NULL;
	if (has_local(settings)) {
		const struct tarn__local_files_options options = local_options(settings);
		next = naming->local && tarn__local_files_has(naming->local, &options)
			       ? naming->local
			       : tarn__local_files_new(&options, naming->log);
		if (!next) {
			tarn__log(naming->log, TARN_LOG_ERR, "no local names: %s",
				  tarn_error_text(TARN_ENOMEM));
			return TARN_ENOMEM;
		}
	}
	if (naming->next_local != naming->local)
		tarn__local_files_free(naming->next_local);
	naming->next_local = next;
	naming->has_next = true;
	return 0;
}

static void start(struct tarn__naming *naming)
{
	naming->is_started = true;
	naming->watch = (struct tarn__path_watch){
		.loop = naming->loop, .changed = on_changed, .data = naming, .log = naming->log};
	ev_timer_init(&naming->local_burst, on_local_timer, 0, 0);
	ev_timer_init(&naming->local_due, on_local_timer, 0, 0);
	naming->local_burst.data = naming->local_due.data = naming;
}

static void settle_local(struct tarn__naming *naming)
{
	bool is_other = naming->next_local != naming->local;
	if (is_other)
		tarn__local_files_free(naming->local);
	naming->local = naming->next_local;
	ev_timer_stop(naming->loop, &naming->local_due);
	ev_timer_stop(naming->loop, &naming->local_burst);
	if (naming->local) {
		look(naming, false, is_other ? TARN_LOG_INFO : TARN_LOG_DEBUG);
	} else {
		set_local_data(naming, NULL);
		watch(naming);
	}
}

void tarn__naming_settle(void *data)
{
	struct tarn__naming *naming = data;
	if (!naming->is_started)
		start(naming);
	if (!naming->has_next)
		return;
	naming->has_next = false;
	settle_local(naming);
	naming->next_local = naming->local;
}

void tarn__naming_reread(struct tarn__naming *naming)
{
	if (naming->local)
		look(naming, true, TARN_LOG_INFO);
}

void tarn__naming_stop(struct tarn__naming *naming)
{
	if (naming->is_started) {
		ev_timer_stop(naming->loop, &naming->local_burst);
		ev_timer_stop(naming->loop, &naming->local_due);
		tarn__path_watch_stop(&naming->watch);
	}
	if (naming->next_local != naming->local)
		tarn__local_files_free(naming->next_local);
	tarn__local_files_free(naming->local);
	tarn__local_data_put(naming->data.local);
	naming->local = naming->next_local = NULL;
	naming->data = (struct tarn__policy_data){0};
	naming->is_started = naming->has_next = false;
}

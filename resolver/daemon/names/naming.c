/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/naming.c: local names and lists of the running program. */
#include "config.h"

#include "daemon/names/naming.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/names/discovery.h"
#include "daemon/names/text_file.h"
#include "net/clock.h"
#include "net/shared.h"

/* Groups of paths that are watched. */
enum { LOCAL = 1, LISTS = 2 };

enum {
	/* A list that is being written all the time is read in between. */
	LIST_BURST_MS = 10000,
	/* At the start questions wait that long for lists: a million names take half a second. */
	LIST_START_MS = 2000,
};

/* A file is written in several steps; these are the times in which they end. */
static const double local_burst_sec = 0.1, list_quiet_sec = 1;

static void start_timer(struct tarn__naming *naming, ev_timer *timer, double sec)
{
	ev_now_update(naming->loop);
	ev_timer_stop(naming->loop, timer);
	ev_timer_set(timer, sec, 0);
	ev_timer_start(naming->loop, timer);
}

/* ---- what the workers have ------------------------------------------------------------------- */

static void set_figures(struct tarn__naming *naming)
{
	struct tarn__local_counts counts = {0};
	struct tarn__list_state lists = tarn__list_keeper_state(naming->lists);
	if (naming->data.local)
		tarn__local_data_count(naming->data.local, &counts);
	pthread_mutex_lock(&naming->board.mutex);
	naming->board.figures.local_names = counts.names;
	tarn__list_figures_set(&naming->board.figures, &lists);
	pthread_mutex_unlock(&naming->board.mutex);
}

static void on_reported(void *data)
{
	set_figures(data);
}

static void apply(struct tarn__naming *naming)
{
	set_figures(naming);
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

/* Takes over the reference. */
static void set_lists(void *data, struct tarn__lists *lists)
{
	struct tarn__naming *naming = data;
	struct tarn__lists *old = naming->data.lists;
	if (lists == old)
		return;
	naming->data.lists = lists;
	apply(naming);
	tarn__lists_put(old);
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

/* The path is copied: it is made for the call. */
static void add_list_path(void *arg, unsigned set, const char *path)
{
	struct paths *paths = arg;
	(void)set;
	size_t count = paths->count;
	char *copy = strdup(path);
	if (copy)
		add_path(paths, copy, LISTS, false);
	if (paths->count == count)
		free(copy);
}

static void watch(struct tarn__naming *naming)
{
	struct paths paths = {0};
	struct tarn__list_state lists = tarn__list_keeper_state(naming->lists);
	if (lists.wanted)
		tarn__list_files(lists.wanted, add_list_path, &paths);
	size_t copied = paths.count;
	if (naming->local)
		tarn__local_files_paths(naming->local, add_local_path, &paths);
	tarn__path_watch_set(&naming->watch, paths.items, paths.count);
	for (size_t i = 0; i < copied; i++)
		free((char *)paths.items[i].path);
	free(paths.items);
}

/* ---- local names ----------------------------------------------------------------------------- */

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
 * Watches first and reads after that: a change in between is seen, though perhaps twice. The second look is
 * for files that the first one has found.
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

/* ---- lists ----------------------------------------------------------------------------------- */

static void on_list_quiet(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__naming *naming = timer->data;
	watch(naming);
	if (naming->lists)
		tarn__list_keeper_refresh(naming->lists, false);
}

static void wait_for_quiet(struct tarn__naming *naming)
{
	uint64_t now_ms = tarn__clock_ms();
	if (!ev_is_active(&naming->list_quiet))
		naming->list_changed_ms = now_ms;
	else if (now_ms - naming->list_changed_ms > LIST_BURST_MS)
		return;
	start_timer(naming, &naming->list_quiet, list_quiet_sec);
}

static void on_changed(void *data, unsigned groups)
{
	struct tarn__naming *naming = data;
	if ((groups & LOCAL) && !ev_is_active(&naming->local_burst))
		start_timer(naming, &naming->local_burst, local_burst_sec);
	if (groups & LISTS)
		wait_for_quiet(naming);
}

/* ---- the operator's words -------------------------------------------------------------------- */

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

/* Puts those in place of the present ones, which are freed. TARN_ENOMEM: nothing has changed. */
static int set_said(struct tarn__naming *naming, const struct tarn__said *said)
{
	struct tarn__overrides *overrides = NULL;
	if (said->count > 0 || said->paused_until_s > 0) {
		overrides = tarn__overrides_new(said->names, said->count, said->paused_until_s);
		if (!overrides)
			return TARN_ENOMEM;
	}
	struct tarn__overrides *old = naming->data.overrides;
	naming->data.overrides = overrides;
	apply(naming);
	tarn__overrides_put(old);
	if (said->names != naming->said.names)
		free(naming->said.names);
	naming->said = *said;
	return 0;
}

static bool is_about(const struct tarn__override *override, const struct tarn__name *name)
{
	return override->name.len == name->len &&
	       tarn__name_is_equal(override->name.octets, name->octets, name->len);
}

/* Copies what was said and is still in force, but for that name, with room for one more. */
static int copy_said(const struct tarn__naming *naming, const struct tarn__name *name,
		     struct tarn__said *out)
{
	const struct tarn__said *said = &naming->said;
	*out = (struct tarn__said){.paused_until_s = said->paused_until_s};
	out->names = calloc(said->count + 1, sizeof(out->names[0]));
	if (!out->names)
		return TARN_ENOMEM;
	for (size_t i = 0; i < said->count; i++) {
		if (said->names[i].until_s > now_s() && !is_about(&said->names[i], name))
			out->names[out->count++] = said->names[i];
	}
	return 0;
}

static int change_said(struct tarn__naming *naming, struct tarn__said *said)
{
	int error = set_said(naming, said);
	if (error < 0)
		free(said->names);
	return error;
}

int tarn__naming_say(struct tarn__naming *naming, const struct tarn__name *name, bool is_block,
		     uint64_t until_s)
{
	struct tarn__said said;
	int error = copy_said(naming, name, &said);
	if (error < 0)
		return error;
	if (said.count == TARN__OVERRIDES_MAX) {
		free(said.names);
		return TARN_EBUSY;
	}
	said.names[said.count++] =
		(struct tarn__override){.is_block = is_block, .until_s = until_s, .name = *name};
	return change_said(naming, &said);
}

int tarn__naming_take_back(struct tarn__naming *naming, const struct tarn__name *name)
{
	struct tarn__said said;
	size_t i = 0;
	while (i < naming->said.count && !is_about(&naming->said.names[i], name))
		i++;
	if (i == naming->said.count)
		return TARN_EINVAL;
	int error = copy_said(naming, name, &said);
	return error < 0 ? error : change_said(naming, &said);
}

int tarn__naming_pause(struct tarn__naming *naming, uint64_t until_s)
{
	struct tarn__said said = naming->said;
	said.paused_until_s = until_s;
	return set_said(naming, &said);
}

/* ---- settings -------------------------------------------------------------------------------- */

static bool has_local(const struct tarn__settings *settings,
		      const struct tarn__discovery *discovery)
{
	return settings->local_hosts.count + settings->local_leases.count +
		       settings->local_zones.count + settings->local_records.count +
		       discovery->count >
	       0;
}

static struct tarn__local_files_options local_options(const struct tarn__settings *settings,
						      const struct tarn__discovery *discovery)
{
	return (struct tarn__local_files_options){
		.hosts = {settings->local_hosts.items, settings->local_hosts.count},
		.leases = {settings->local_leases.items, settings->local_leases.count},
		.zones = {settings->local_zones.items, settings->local_zones.count},
		.records = {settings->local_records.items, settings->local_records.count},
		.own = {(const char *const *)discovery->items, discovery->count},
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
	for (size_t i = 0; i < settings->list_count; i++)
		are &= are_within_reach(naming, &settings->lists[i].files);
	return are ? 0 : TARN_ESYSTEM;
}

/* Makes what the settings want of local names. NULL with *error 0: nothing. */
static struct tarn__local_files *next_local(const struct tarn__naming *naming,
					    const struct tarn__settings *settings, int *error)
{
	struct tarn__discovery discovery;
	*error = tarn__discovery_make(settings, &discovery);
	if (*error < 0 || !has_local(settings, &discovery))
		return NULL;
	const struct tarn__local_files_options options = local_options(settings, &discovery);
	struct tarn__local_files *next = naming->local;
	if (!next || !tarn__local_files_has(next, &options)) {
		next = tarn__local_files_new(&options, naming->log);
		if (!next)
			*error = TARN_ENOMEM;
	}
	tarn__discovery_fini(&discovery);
	return next;
}

static void drop_next(struct tarn__naming *naming)
{
	if (naming->next_local != naming->local)
		tarn__local_files_free(naming->next_local);
	tarn__list_plan_put(naming->next_plan);
	naming->next_local = NULL;
	naming->next_plan = NULL;
	naming->has_next = false;
}

/* The folder stays what it was at the start, and so does the sandbox. */
static int copy_folder(struct tarn__naming *naming, const struct tarn__settings *settings)
{
	if (naming->is_started || naming->folder || settings->list_count == 0 || !settings->state ||
	    strcmp(settings->state, "none") == 0)
		return 0;
	naming->folder = strdup(settings->state);
	return naming->folder ? 0 : TARN_ENOMEM;
}

int tarn__naming_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__naming *naming = data;
	int error = check_reach(naming, settings);
	if (error < 0)
		return error;
	struct tarn__local_files *local = next_local(naming, settings, &error);
	if (error == 0)
		error = copy_folder(naming, settings);
	struct tarn__list_plan *plan = NULL;
	if (settings->list_count > 0 && !(plan = tarn__list_plan_new(settings)))
		error = TARN_ENOMEM;
	if (error < 0) {
		tarn__log(naming->log, TARN_LOG_ERR, "no local names and lists: %s",
			  tarn_error_text(error));
		if (local != naming->local)
			tarn__local_files_free(local);
		tarn__list_plan_put(plan);
		return error;
	}
	drop_next(naming);
	naming->next_local = local;
	naming->next_plan = plan;
	naming->has_next = true;
	return 0;
}

void tarn__naming_init(struct tarn__naming *naming, struct tarn *tarn, struct ev_loop *loop,
		       struct tarn__log *log)
{
	*naming = (struct tarn__naming){.tarn = tarn, .loop = loop, .log = log};
	tarn__figures_init(&naming->board, &naming->slots);
}

static void start(struct tarn__naming *naming)
{
	naming->is_started = true;
	naming->watch = (struct tarn__path_watch){
		.loop = naming->loop, .changed = on_changed, .data = naming, .log = naming->log};
	ev_timer_init(&naming->local_burst, on_local_timer, 0, 0);
	ev_timer_init(&naming->local_due, on_local_timer, 0, 0);
	ev_timer_init(&naming->list_quiet, on_list_quiet, 0, 0);
	naming->local_burst.data = naming->local_due.data = naming->list_quiet.data = naming;
}

static void settle_local(struct tarn__naming *naming)
{
	bool is_other = naming->next_local != naming->local;
	if (is_other)
		tarn__local_files_free(naming->local);
	naming->local = naming->next_local;
	naming->next_local = NULL;
	ev_timer_stop(naming->loop, &naming->local_due);
	ev_timer_stop(naming->loop, &naming->local_burst);
	if (naming->local)
		look(naming, false, is_other ? TARN_LOG_INFO : TARN_LOG_DEBUG);
	else
		set_local_data(naming, NULL);
}

static struct tarn__list_keeper *new_keeper(struct tarn__naming *naming)
{
	return tarn__list_keeper_new(&(struct tarn__list_keeper_options){.loop = naming->loop,
									 .log = naming->log,
									 .slots = &naming->slots,
									 .folder = naming->folder,
									 .changed = set_lists,
									 .reported = on_reported,
									 .data = naming});
}

static void settle_lists(struct tarn__naming *naming)
{
	struct tarn__list_plan *plan = naming->next_plan;
	naming->next_plan = NULL;
	ev_timer_stop(naming->loop, &naming->list_quiet);
	if (!plan) {
		tarn__list_keeper_free(naming->lists);
		naming->lists = NULL;
		set_lists(naming, NULL);
		return;
	}
	if (!naming->lists)
		naming->lists = new_keeper(naming);
	if (naming->lists)
		tarn__list_keeper_set(naming->lists, plan);
	else
		tarn__log(naming->log, TARN_LOG_ERR, "no lists: %s", tarn_error_text(TARN_ENOMEM));
	tarn__list_plan_put(plan);
}

/* Files are watched before they are read. */
void tarn__naming_settle(void *data)
{
	struct tarn__naming *naming = data;
	bool is_first = !naming->is_started;
	if (is_first)
		start(naming);
	if (!naming->has_next)
		return;
	naming->has_next = false;
	settle_lists(naming);
	settle_local(naming);
	watch(naming);
	if (is_first && naming->lists)
		tarn__list_keeper_wait(naming->lists, LIST_START_MS);
}

void tarn__naming_reread(struct tarn__naming *naming)
{
	if (naming->local)
		look(naming, true, TARN_LOG_INFO);
	if (!naming->lists)
		return;
	watch(naming);
	tarn__list_keeper_refresh(naming->lists, true);
}

static void stop_watching(struct tarn__naming *naming)
{
	if (!naming->is_started)
		return;
	ev_timer_stop(naming->loop, &naming->local_burst);
	ev_timer_stop(naming->loop, &naming->local_due);
	ev_timer_stop(naming->loop, &naming->list_quiet);
	tarn__path_watch_stop(&naming->watch);
	naming->is_started = false;
}

void tarn__naming_stop(struct tarn__naming *naming)
{
	if (!naming->tarn)
		return;
	stop_watching(naming);
	drop_next(naming);
	tarn__local_files_free(naming->local);
	tarn__list_keeper_free(naming->lists);
	tarn__local_data_put(naming->data.local);
	tarn__lists_put(naming->data.lists);
	tarn__overrides_put(naming->data.overrides);
	tarn__list_slots_fini(&naming->slots);
	free(naming->said.names);
	free(naming->folder);
	naming->local = NULL;
	naming->lists = NULL;
	naming->folder = NULL;
	naming->said = (struct tarn__said){0};
	naming->data = (struct tarn__policy_data){0};
	tarn__figures_fini(&naming->board);
	naming->tarn = NULL;
}

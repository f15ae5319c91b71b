/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/certificates/certificates.c: certificates of the running program. */
#include "config.h"

#include "daemon/certificates/certificates.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/settings/path.h"
#include "http2/http2.h"
#include "net/clock.h"
#include "net/shared.h"

enum { DAY_SEC = 86400, DATE_MAX = 32 };

static const double quiet_sec = TARN__CERTIFICATES_QUIET_MS / 1000.0;

static uint64_t now_sec(void)
{
	return (uint64_t)time(NULL);
}

static const char *date(uint64_t sec, char out[DATE_MAX])
{
	time_t time = (time_t)sec;
	struct tm parts;
	if (!gmtime_r(&time, &parts) || strftime(out, DATE_MAX, "%Y-%m-%d %H:%M UTC", &parts) == 0)
		strcpy(out, "an unknown date");
	return out;
}

/* ---- the end of a certificate ------------------------------------------------------------------ */

enum tarn__certificate_end tarn__certificate_end_at(uint64_t until_sec, uint64_t now_sec)
{
	if (until_sec <= now_sec)
		return TARN__END_PAST;
	uint64_t left_sec = until_sec - now_sec;
	if (left_sec <= TARN__CERTIFICATES_WARNING_SEC)
		return TARN__END_WARNING;
	return left_sec <= TARN__CERTIFICATES_NOTICE_SEC ? TARN__END_NOTICE : TARN__END_FAR;
}

static void say_end(const struct tarn__certificates *certificates,
		    const struct tarn__certificate_state *state, enum tarn__certificate_end end)
{
	char text[DATE_MAX];
	uint64_t until_sec = state->says.until_sec, now = now_sec();
	if (end == TARN__END_PAST)
		tarn__log(certificates->log, TARN_LOG_ERR,
			  "certificate %s has expired on %s: clients refuse it", state->file,
			  date(until_sec, text));
	else
		tarn__log(certificates->log, TARN_LOG_WARNING,
			  "certificate %s expires within %llu days, on %s", state->file,
			  (unsigned long long)((until_sec - now) / DAY_SEC + 1),
			  date(until_sec, text));
}

/* Says each step once for a certificate. */
static void look_at_ends(struct tarn__certificates *certificates)
{
	const struct tarn__certificates_state *state = &certificates->board.state;
	for (size_t i = 0; i < state->count; i++) {
		uint64_t until_sec = state->items[i].says.until_sec;
		enum tarn__certificate_end end = tarn__certificate_end_at(until_sec, now_sec());
		if (until_sec == 0 || end <= certificates->said[i])
			continue;
		certificates->said[i] = end;
		say_end(certificates, &state->items[i], end);
	}
}

/* ---- the board --------------------------------------------------------------------------------- */

static void describe(const struct tarn__certificates_kept *kept, size_t index,
		     struct tarn__certificate_state *out)
{
	const struct tarn_certificate *pair = &kept->pairs.items[index];
	*out = (struct tarn__certificate_state){0};
	snprintf(out->file, sizeof(out->file), "%s", kept->settings->certificates.items[index]);
	if (!tarn__tls_certificate_read(pair->chain, pair->chain_len, &out->says))
		out->says = (struct tarn__tls_certificate){0};
}

/* Of what is in force now, which has just been taken; is_other: it is not what was in force before. */
static void post_loaded(struct tarn__certificates *certificates, bool is_other)
{
	struct tarn__certificates_board *board = &certificates->board;
	const struct tarn__certificates_kept *now = &certificates->now;
	struct tarn__certificate_state items[TARN__PAIRS_MAX] = {0};
	for (size_t i = 0; i < now->pairs.count; i++)
		describe(now, i, &items[i]);
	pthread_mutex_lock(&board->mutex);
	board->state.count = now->pairs.count;
	memcpy(board->state.items, items, sizeof(items));
	board->state.loaded_s = (int64_t)now_sec();
	board->state.loads += now->pairs.count > 0;
	board->state.fault[0] = '\0';
	pthread_mutex_unlock(&board->mutex);
	if (is_other)
		memset(certificates->said, 0, sizeof(certificates->said));
	look_at_ends(certificates);
}

/* fault is NULL if there is none any more. Returns true if it is another one than before. */
static bool post_fault(struct tarn__certificates *certificates, const char *fault)
{
	struct tarn__certificates_board *board = &certificates->board;
	bool is_new = fault && strcmp(board->state.fault, fault) != 0;
	pthread_mutex_lock(&board->mutex);
	snprintf(board->state.fault, sizeof(board->state.fault), "%s", fault ? fault : "");
	board->state.failures += fault != NULL;
	pthread_mutex_unlock(&board->mutex);
	return is_new;
}

/* ---- taking ------------------------------------------------------------------------------------ */

static int apply(struct tarn__certificates *certificates, const struct tarn__pairs *pairs,
		 const struct tarn__settings *settings, char fault[TARN__PAIR_FAULT_MAX])
{
	size_t faulty = 0;
	char reason[TARN__TLS_FAULT_MAX];
	if (pairs->count == 0)
		return 0;
	int error = tarn__set_certificates(certificates->tarn, pairs->items, pairs->count, &faulty,
					   reason);
	if (error == TARN_EINVAL)
		tarn__pairs_explain(settings, faulty, reason, fault);
	else if (error < 0)
		snprintf(fault, TARN__PAIR_FAULT_MAX, "certificates: %s", tarn_error_text(error));
	return error;
}

/* Reads the files, and has clients shown what is in them. The output gets the pairs. */
static int take(struct tarn__certificates *certificates, const struct tarn__settings *settings,
		struct tarn__pairs *out, char fault[TARN__PAIR_FAULT_MAX])
{
	struct tarn__pairs pairs;
	int error = tarn__pairs_read(settings, certificates->user, &pairs, fault);
	if (error < 0)
		return error;
	if (!tarn__pairs_are_equal(&pairs, &certificates->now.pairs))
		error = apply(certificates, &pairs, settings, fault);
	if (error < 0)
		tarn__pairs_fini(&pairs);
	else
		*out = pairs;
	return error;
}

static void say_loaded(const struct tarn__certificates *certificates)
{
	const struct tarn__certificates_state *state = &certificates->board.state;
	for (size_t i = 0; i < state->count; i++) {
		const struct tarn__tls_certificate *says = &state->items[i].says;
		char text[DATE_MAX];
		tarn__log(certificates->log, TARN_LOG_INFO, "certificate %s for %s, until %s",
			  state->items[i].file, says->names, date(says->until_sec, text));
	}
}

static void warn_of_fault(const struct tarn__certificates *certificates, const char *fault)
{
	tarn__log(certificates->log, TARN_LOG_WARNING, "%s; clients are shown the former one",
		  fault);
}

/* has_changed: the files were reported to have changed. */
static void take_fault(struct tarn__certificates *certificates, int error, bool has_changed,
		       const char *fault)
{
	const struct tarn__certificates_kept *now = &certificates->now;
	bool is_unreadable = error == TARN_ESYSTEM;
	if (is_unreadable &&
	    (!has_changed || tarn__pairs_have_chains(&now->pairs, now->settings))) {
		/* There is nothing new, as far as it shows; root has read them at the start. */
		if (!certificates->has_said_unreadable)
			tarn__log(certificates->log, TARN_LOG_INFO, "%s; a new one takes a restart",
				  fault);
		certificates->has_said_unreadable = true;
	} else if (post_fault(certificates, fault)) {
		warn_of_fault(certificates, fault);
	}
}

/* Looks at the files on its own. */
static void look(struct tarn__certificates *certificates, bool has_changed)
{
	struct tarn__certificates_kept *now = &certificates->now;
	struct tarn__pairs pairs;
	char fault[TARN__PAIR_FAULT_MAX];
	int error = take(certificates, now->settings, &pairs, fault);
	if (error < 0) {
		take_fault(certificates, error, has_changed, fault);
	} else if (tarn__pairs_are_equal(&pairs, &now->pairs)) {
		tarn__pairs_fini(&pairs);
		post_fault(certificates, NULL);
	} else {
		tarn__pairs_fini(&now->pairs);
		now->pairs = pairs;
		post_loaded(certificates, true);
		say_loaded(certificates);
	}
	look_at_ends(certificates);
}

/* ---- watching ---------------------------------------------------------------------------------- */

enum { PATHS_MAX = 4 * TARN__PAIRS_MAX /* of each file, itself and its folder */ };

/*
 * The folder counts as well as the file: where a link in the middle of the path is replaced (..data of
 * Kubernetes), the file's own name does not change.
 */
static size_t add_paths(struct tarn__watched_path *paths, char folders[][PATH_MAX], size_t count,
			const struct tarn__names *files)
{
	for (size_t i = 0; i < files->count && count + 2 <= PATHS_MAX; i++) {
		char *folder = folders[count / 2];
		snprintf(folder, PATH_MAX, "%s", files->items[i]);
		tarn__path_cut(folder);
		paths[count++] = (struct tarn__watched_path){.path = files->items[i], .groups = 1};
		paths[count++] = (struct tarn__watched_path){.path = folder, .groups = 1};
	}
	return count;
}

static void watch(struct tarn__certificates *certificates)
{
	struct tarn__watched_path paths[PATHS_MAX];
	char folders[PATHS_MAX / 2][PATH_MAX];
	const struct tarn__settings *settings = certificates->now.settings;
	size_t count = add_paths(paths, folders, 0, &settings->certificates);
	count = add_paths(paths, folders, count, &settings->keys);
	tarn__path_watch_set(&certificates->watch, paths, count);
}

static void start_quiet(struct tarn__certificates *certificates)
{
	ev_now_update(certificates->loop);
	ev_timer_stop(certificates->loop, &certificates->quiet);
	ev_timer_set(&certificates->quiet, quiet_sec, 0);
	ev_timer_start(certificates->loop, &certificates->quiet);
}

static void on_changed(void *data, unsigned groups)
{
	(void)groups;
	struct tarn__certificates *certificates = data;
	uint64_t now_ms = tarn__clock_ms();
	if (certificates->changed_ms == 0)
		certificates->changed_ms = now_ms;
	else if (now_ms - certificates->changed_ms >= TARN__CERTIFICATES_BURST_MS)
		return;
	start_quiet(certificates);
}

/*
 * Watches first and reads after that: a change in between is seen, though perhaps twice. Without a change what is
 * watched stays: root could watch more than the user can.
 */
static void on_quiet(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__certificates *certificates = timer->data;
	bool has_changed = certificates->changed_ms != 0;
	certificates->changed_ms = 0;
	if (has_changed)
		watch(certificates);
	look(certificates, has_changed);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	look(timer->data, false);
}

static void unfollow(struct tarn__certificates *certificates)
{
	if (!certificates->is_following)
		return;
	tarn__path_watch_stop(&certificates->watch);
	ev_timer_stop(certificates->loop, &certificates->quiet);
	ev_timer_stop(certificates->loop, &certificates->look);
	certificates->is_following = false;
}

/* ---- settings ---------------------------------------------------------------------------------- */

static bool is_same_list(const struct tarn__names *a, const struct tarn__names *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

static bool are_same_files(const struct tarn__settings *a, const struct tarn__settings *b)
{
	return a && is_same_list(&a->certificates, &b->certificates) &&
	       is_same_list(&a->keys, &b->keys);
}

static void forget_before(struct tarn__certificates *certificates)
{
	tarn__pairs_fini(&certificates->before.pairs);
	certificates->before.settings = NULL;
	certificates->has_before = certificates->has_same = false;
}

/* What was in force before the last set() is so again. */
static int restore(struct tarn__certificates *certificates)
{
	struct tarn__certificates_kept *now = &certificates->now, *before = &certificates->before;
	char fault[TARN__PAIR_FAULT_MAX];
	if (certificates->has_same) {
		now->settings = before->settings;
		forget_before(certificates);
		return 0;
	}
	if (apply(certificates, &before->pairs, before->settings, fault) < 0)
		tarn__log(certificates->log, TARN_LOG_ERR, "%s", fault);
	tarn__pairs_fini(&now->pairs);
	*now = *before;
	*before = (struct tarn__certificates_kept){0};
	certificates->has_before = false;
	post_loaded(certificates, true);
	return 0;
}

/* The pairs stay, with other settings. */
static void keep(struct tarn__certificates *certificates, const struct tarn__settings *settings)
{
	certificates->before.settings = certificates->now.settings;
	certificates->has_before = certificates->has_same = true;
	certificates->now.settings = settings;
}

/* Loads what HTTPS needs beside TLS: threads of the sandbox cannot. */
static int load_http2(const struct tarn__settings *settings, char fault[TARN__PAIR_FAULT_MAX])
{
	const char *reason =
		tarn__settings_listens_over(settings, TARN_HTTPS) ? tarn__http2_load() : NULL;
	if (reason)
		snprintf(fault, TARN__PAIR_FAULT_MAX, "DNS over HTTPS: %s", reason);
	return reason ? TARN_ESYSTEM : 0;
}

/* What a reload asks for may need a library, which the sandbox does not let be loaded. */
static void refuse(const struct tarn__certificates *certificates,
		   const struct tarn__settings *settings, const char *fault)
{
	bool is_new = settings->is_confined && certificates->is_started;
	tarn__log(certificates->log, TARN_LOG_ERR, "%s%s", fault,
		  is_new ? " (what was not configured at the start may need a restart)" : "");
}

int tarn__certificates_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__certificates *certificates = data;
	struct tarn__certificates_kept *now = &certificates->now;
	char fault[TARN__PAIR_FAULT_MAX];
	struct tarn__pairs pairs;
	if (certificates->has_before && settings == certificates->before.settings)
		return restore(certificates);
	forget_before(certificates);
	bool are_same = are_same_files(now->settings, settings);
	int error = load_http2(settings, fault);
	if (error < 0) {
		refuse(certificates, settings, fault);
		return error;
	}
	error = take(certificates, settings, &pairs, fault);
	if (error < 0 && !are_same) {
		refuse(certificates, settings, fault);
		return error;
	}
	if (error < 0) {
		post_fault(certificates, fault);
		warn_of_fault(certificates, fault);
		keep(certificates, settings);
		return 0;
	}
	bool is_other = !are_same || !tarn__pairs_are_equal(&pairs, &now->pairs);
	certificates->before = *now;
	certificates->has_before = now->settings != NULL;
	*now = (struct tarn__certificates_kept){.settings = settings, .pairs = pairs};
	post_loaded(certificates, is_other);
	if (is_other)
		say_loaded(certificates);
	return 0;
}

/* A change since the files were read is noticed, too: they are looked at again once they are watched. */
void tarn__certificates_settle(void *data)
{
	struct tarn__certificates *certificates = data;
	forget_before(certificates);
	certificates->is_started = true;
	if (certificates->now.pairs.count == 0) {
		unfollow(certificates);
		return;
	}
	if (!certificates->is_following) {
		ev_timer_set(&certificates->look, TARN__CERTIFICATES_LOOK_SEC,
			     TARN__CERTIFICATES_LOOK_SEC);
		ev_timer_start(certificates->loop, &certificates->look);
		certificates->is_following = true;
	}
	watch(certificates);
	start_quiet(certificates);
}

void tarn__certificates_check(const struct tarn__settings *settings,
			      struct tarn__diagnostics *diagnostics)
{
	struct tarn__pairs pairs;
	char fault[TARN__PAIR_FAULT_MAX];
	if (settings->certificates.count == 0)
		return;
	int error = tarn__pairs_read(settings, NULL, &pairs, fault);
	if (error == 0) {
		error = tarn__pairs_judge(&pairs, settings, fault);
		tarn__pairs_fini(&pairs);
	}
	const struct tarn__origin *origin =
		tarn__settings_origin(settings, &settings->certificates);
	if (error < 0)
		tarn__diagnostics_add(diagnostics, origin->file, origin->line, "%s", fault);
}

/* ---- life -------------------------------------------------------------------------------------- */

void tarn__certificates_init(struct tarn__certificates *certificates, struct tarn *tarn,
			     struct ev_loop *loop, const char *user, struct tarn__log *log)
{
	*certificates = (struct tarn__certificates){
		.tarn = tarn,
		.loop = loop,
		.log = log,
		.user = user,
		.watch = {.loop = loop, .changed = on_changed, .data = certificates, .log = log},
	};
	ev_timer_init(&certificates->quiet, on_quiet, quiet_sec, 0);
	ev_timer_init(&certificates->look, on_look, TARN__CERTIFICATES_LOOK_SEC,
		      TARN__CERTIFICATES_LOOK_SEC);
	certificates->quiet.data = certificates->look.data = certificates;
	pthread_mutex_init(&certificates->board.mutex, NULL);
}

void tarn__certificates_stop(struct tarn__certificates *certificates)
{
	if (!certificates->tarn)
		return;
	unfollow(certificates);
	tarn__pairs_fini(&certificates->now.pairs);
	forget_before(certificates);
	pthread_mutex_destroy(&certificates->board.mutex);
	certificates->tarn = NULL;
}

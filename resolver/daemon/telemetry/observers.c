/* SPDX-License-Identifier: BSD-2-Clause */
/* One observer for each worker, that passes on what it sees. */
#include "config.h"

#include "daemon/telemetry/observers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/observe.h"
#include "daemon/telemetry/dnstap.h"
#include "daemon/telemetry/query_log.h"
#include "net/worker.h"

struct tap {
	struct tarn__observer observer;
	const struct tarn__observer *questions, *dnstap; /* NULL: off */
};

struct tarn__taps {
	struct tarn__workers *workers;
	struct tarn__log *log;
	pthread_mutex_t mutex; /* for who asks what was lost, while one of these is replaced */
	struct tarn__questions *questions; /* NULL: never was on */
	struct tarn__dnstap *dnstap; /* NULL: off */
	struct tarn__dnstap *leaving; /* workers may still use it, though no longer for long */
	uint64_t lost_before; /* by those that dnstap was before */
	char *question_log, *dnstap_path; /* NULL: off */
	size_t count;
	struct tap items[];
};

struct tarn__taps *tarn__taps_new(struct tarn__workers *workers, size_t count,
				  struct tarn__log *log)
{
	struct tarn__taps *taps = calloc(1, sizeof(*taps) + count * sizeof(taps->items[0]));
	if (!taps)
		return NULL;
	taps->workers = workers;
	taps->log = log;
	taps->count = count;
	pthread_mutex_init(&taps->mutex, NULL);
	return taps;
}

/* ---- on the workers' threads ----------------------------------------------------------------- */

static void on_answered(void *data, const struct tarn__answered *answered)
{
	const struct tap *tap = data;
	tap->questions->answered(tap->questions->data, answered);
	tap->dnstap->answered(tap->dnstap->data, answered);
}

static void on_asked_server(void *data, const struct tarn__forwarded *forwarded)
{
	const struct tap *tap = data;
	tap->dnstap->asked_server(tap->dnstap->data, forwarded);
}

static void on_server_answered(void *data, const struct tarn__forwarded *forwarded)
{
	const struct tap *tap = data;
	tap->dnstap->server_answered(tap->dnstap->data, forwarded);
}

/* Who is alone is asked without a detour. */
static void connect_tap(struct tarn_worker *worker, size_t index, void *arg)
{
	struct tarn__taps *taps = arg;
	struct tap *tap = &taps->items[index];
	tap->questions =
		taps->question_log ? tarn__questions_observer(taps->questions, index) : NULL;
	tap->dnstap = taps->dnstap ? tarn__dnstap_observer(taps->dnstap, index) : NULL;
	tap->observer = (struct tarn__observer){.data = tap,
						.answered = on_answered,
						.asked_server = on_asked_server,
						.server_answered = on_server_answered};
	tarn__worker_observe(worker, tap->questions && tap->dnstap ? &tap->observer
				     : tap->questions		   ? tap->questions
								   : tap->dnstap);
}

/* ---- as the settings say --------------------------------------------------------------------- */

static bool is_same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What set() is about to put in the place of what there is. */
struct change {
	char *question_log, *dnstap_path;
	struct tarn__dnstap *dnstap;
};

static int copy_paths(struct change *change, const struct tarn__settings *settings)
{
	if (settings->question_log && !(change->question_log = strdup(settings->question_log)))
		return TARN_ENOMEM;
	if (settings->dnstap && !(change->dnstap_path = strdup(settings->dnstap)))
		return TARN_ENOMEM;
	return 0;
}

static int open_dnstap(struct tarn__taps *taps, struct change *change)
{
	if (!change->dnstap_path || is_same(change->dnstap_path, taps->dnstap_path)) {
		change->dnstap = change->dnstap_path ? taps->dnstap : NULL;
		return 0;
	}
	change->dnstap = tarn__dnstap_new(taps->count, change->dnstap_path, taps->log);
	if (change->dnstap)
		return 0;
	tarn__log(taps->log, TARN_LOG_ERR, "cannot send dnstap to %s: %s", change->dnstap_path,
		  strerror(errno));
	return TARN_ESYSTEM;
}

static int open_question_log(struct tarn__taps *taps, const struct change *change)
{
	const char *path = change->question_log;
	if (!path)
		return 0;
	if (!taps->questions) {
		struct tarn__questions *questions = tarn__questions_new(taps->count, taps->log);
		pthread_mutex_lock(&taps->mutex);
		taps->questions = questions;
		pthread_mutex_unlock(&taps->mutex);
	}
	if (taps->questions && tarn__questions_start(taps->questions, path) == 0)
		return 0;
	if (is_same(path, taps->question_log)) {
		tarn__log(taps->log, TARN_LOG_WARNING,
			  "cannot open %s anew: %s; the question log goes on where it was", path,
			  strerror(errno));
		return 0;
	}
	tarn__log(taps->log, TARN_LOG_ERR, "cannot open the question log %s: %s%s", path,
		  strerror(errno),
		  errno == EACCES ? " (after the start the sandbox lets no other directory in)"
				  : "");
	return TARN_ESYSTEM;
}

/* The workers are still to be told. */
static void replace_dnstap(struct tarn__taps *taps, struct tarn__dnstap *dnstap)
{
	if (dnstap == taps->dnstap)
		return;
	pthread_mutex_lock(&taps->mutex);
	taps->leaving = taps->dnstap;
	taps->dnstap = dnstap;
	pthread_mutex_unlock(&taps->mutex);
}

/* No worker uses it any more: it loses nothing more either. */
static void free_leaving(struct tarn__taps *taps)
{
	struct tarn__dnstap *leaving = taps->leaving;
	if (!leaving)
		return;
	pthread_mutex_lock(&taps->mutex);
	taps->lost_before += tarn__dnstap_lost(leaving);
	taps->leaving = NULL;
	pthread_mutex_unlock(&taps->mutex);
	tarn__dnstap_free(leaving);
}

int tarn__taps_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__taps *taps = data;
	struct change change = {0};
	int error = copy_paths(&change, settings);
	if (error == 0)
		error = open_dnstap(taps, &change);
	if (error == 0)
		error = open_question_log(taps, &change);
	if (error == 0) {
		struct change before = {taps->question_log, taps->dnstap_path, taps->dnstap};
		taps->question_log = change.question_log;
		taps->dnstap_path = change.dnstap_path;
		replace_dnstap(taps, change.dnstap);
		change = before;
		/* No worker waits for what it does not see. */
		if (!before.question_log != !taps->question_log || before.dnstap != taps->dnstap)
			tarn__workers_each(taps->workers, connect_tap, taps);
		if (!taps->question_log && taps->questions)
			tarn__questions_stop(taps->questions);
		free_leaving(taps);
	} else if (change.dnstap != taps->dnstap) {
		tarn__dnstap_free(change.dnstap);
	}
	/* What is no longer there, or will not be. */
	free(change.question_log);
	free(change.dnstap_path);
	return error;
}

struct tarn__lost tarn__taps_lost(struct tarn__taps *taps)
{
	struct tarn__lost lost = {0};
	if (!taps)
		return lost;
	pthread_mutex_lock(&taps->mutex);
	lost.dnstap = taps->lost_before;
	if (taps->questions)
		lost.questions = tarn__questions_lost(taps->questions);
	if (taps->dnstap)
		lost.dnstap += tarn__dnstap_lost(taps->dnstap);
	if (taps->leaving)
		lost.dnstap += tarn__dnstap_lost(taps->leaving);
	pthread_mutex_unlock(&taps->mutex);
	return lost;
}

void tarn__taps_free(struct tarn__taps *taps)
{
	if (!taps)
		return;
	tarn__questions_free(taps->questions);
	tarn__dnstap_free(taps->dnstap);
	pthread_mutex_destroy(&taps->mutex);
	free(taps->question_log);
	free(taps->dnstap_path);
	free(taps);
}

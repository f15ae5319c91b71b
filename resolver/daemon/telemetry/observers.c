/* SPDX-License-Identifier: BSD-2-Clause */
/* One observer for each worker, which calls the query log and dnstap. */
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

struct tee {
	struct tarn__observer observer;
	const struct tarn__observer *query_log, *dnstap; /* NULL: off */
};

struct tarn__observers {
	struct tarn__workers *workers;
	struct tarn__log *log;
	const struct tarn__list_slots *slots;
	/* guards reading of the counters of lost lines and messages while one of these is replaced */
	pthread_mutex_t mutex;
	struct tarn__query_log *query_log; /* NULL: never started */
	struct tarn__dnstap *dnstap; /* NULL: off */
	struct tarn__dnstap *leaving; /* replaced; workers may still use it for a short time */
	uint64_t lost_before; /* lost by former dnstaps */
	char *query_log_path, *dnstap_path; /* NULL: off */
	size_t count;
	struct tee items[];
};

struct tarn__observers *tarn__observers_new(struct tarn__workers *workers, size_t count,
					    struct tarn__log *log,
					    const struct tarn__list_slots *slots)
{
	struct tarn__observers *observers =
		calloc(1, sizeof(*observers) + count * sizeof(observers->items[0]));
	if (!observers)
		return NULL;
	observers->workers = workers;
	observers->log = log;
	observers->slots = slots;
	observers->count = count;
	pthread_mutex_init(&observers->mutex, NULL);
	return observers;
}

/* ---- on the workers' threads ----------------------------------------------------------------- */

static void on_answered(void *data, const struct tarn__answered *answered)
{
	const struct tee *tee = data;
	tee->query_log->answered(tee->query_log->data, answered);
	tee->dnstap->answered(tee->dnstap->data, answered);
}

static void on_asked_server(void *data, const struct tarn__forwarded *forwarded)
{
	const struct tee *tee = data;
	tee->dnstap->asked_server(tee->dnstap->data, forwarded);
}

static void on_server_answered(void *data, const struct tarn__forwarded *forwarded)
{
	const struct tee *tee = data;
	tee->dnstap->server_answered(tee->dnstap->data, forwarded);
}

/* A single observer is called directly. */
static void connect_tee(struct tarn_worker *worker, size_t index, void *arg)
{
	struct tarn__observers *observers = arg;
	struct tee *tee = &observers->items[index];
	tee->query_log = observers->query_log_path
				 ? tarn__query_log_observer(observers->query_log, index)
				 : NULL;
	tee->dnstap = observers->dnstap ? tarn__dnstap_observer(observers->dnstap, index) : NULL;
	tee->observer = (struct tarn__observer){.data = tee,
						.answered = on_answered,
						.asked_server = on_asked_server,
						.server_answered = on_server_answered};
	tarn__worker_observe(worker, tee->query_log && tee->dnstap ? &tee->observer
				     : tee->query_log		   ? tee->query_log
								   : tee->dnstap);
}

/* ---- as the settings say --------------------------------------------------------------------- */

static bool is_same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What set() puts in the place of the present ones. */
struct change {
	char *query_log_path, *dnstap_path;
	struct tarn__dnstap *dnstap;
};

static int copy_paths(struct change *change, const struct tarn__settings *settings)
{
	if (settings->query_log && !(change->query_log_path = strdup(settings->query_log)))
		return TARN_ENOMEM;
	if (settings->dnstap && !(change->dnstap_path = strdup(settings->dnstap)))
		return TARN_ENOMEM;
	return 0;
}

static int open_dnstap(struct tarn__observers *observers, struct change *change)
{
	if (!change->dnstap_path || is_same(change->dnstap_path, observers->dnstap_path)) {
		change->dnstap = change->dnstap_path ? observers->dnstap : NULL;
		return 0;
	}
	change->dnstap = tarn__dnstap_new(observers->count, change->dnstap_path, observers->log);
	if (change->dnstap)
		return 0;
	tarn__log(observers->log, TARN_LOG_ERR, "cannot send dnstap to %s: %s", change->dnstap_path,
		  strerror(errno));
	return TARN_ESYSTEM;
}

static int open_query_log(struct tarn__observers *observers, const struct change *change)
{
	const char *path = change->query_log_path;
	if (!path)
		return 0;
	if (!observers->query_log) {
		struct tarn__query_log *query_log =
			tarn__query_log_new(observers->count, observers->log, observers->slots);
		pthread_mutex_lock(&observers->mutex);
		observers->query_log = query_log;
		pthread_mutex_unlock(&observers->mutex);
	}
	if (observers->query_log && tarn__query_log_start(observers->query_log, path) == 0)
		return 0;
	if (is_same(path, observers->query_log_path)) {
		tarn__log(observers->log, TARN_LOG_WARNING,
			  "cannot open %s again: %s; the query log stays where it was", path,
			  strerror(errno));
		return 0;
	}
	tarn__log(observers->log, TARN_LOG_ERR, "cannot open the query log %s: %s%s", path,
		  strerror(errno),
		  errno == EACCES ? " (after the start the sandbox allows no other directory)"
				  : "");
	return TARN_ESYSTEM;
}

/* The workers still use the former one. */
static void replace_dnstap(struct tarn__observers *observers, struct tarn__dnstap *dnstap)
{
	if (dnstap == observers->dnstap)
		return;
	pthread_mutex_lock(&observers->mutex);
	observers->leaving = observers->dnstap;
	observers->dnstap = dnstap;
	pthread_mutex_unlock(&observers->mutex);
}

/* No worker uses it any more, so its counter is final. */
static void free_leaving(struct tarn__observers *observers)
{
	struct tarn__dnstap *leaving = observers->leaving;
	if (!leaving)
		return;
	pthread_mutex_lock(&observers->mutex);
	observers->lost_before += tarn__dnstap_lost(leaving);
	observers->leaving = NULL;
	pthread_mutex_unlock(&observers->mutex);
	tarn__dnstap_free(leaving);
}

int tarn__observers_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__observers *observers = data;
	struct change change = {0};
	int error = copy_paths(&change, settings);
	if (error == 0)
		error = open_dnstap(observers, &change);
	if (error == 0)
		error = open_query_log(observers, &change);
	if (error == 0) {
		struct change before = {observers->query_log_path, observers->dnstap_path,
					observers->dnstap};
		observers->query_log_path = change.query_log_path;
		observers->dnstap_path = change.dnstap_path;
		replace_dnstap(observers, change.dnstap);
		change = before;
		/* The workers wait only if their observer changes. */
		if (!before.query_log_path != !observers->query_log_path ||
		    before.dnstap != observers->dnstap)
			tarn__workers_each(observers->workers, connect_tee, observers);
		if (!observers->query_log_path && observers->query_log)
			tarn__query_log_stop(observers->query_log);
		free_leaving(observers);
	} else if (change.dnstap != observers->dnstap) {
		tarn__dnstap_free(change.dnstap);
	}
	/* The former ones, or the new ones after an error. */
	free(change.query_log_path);
	free(change.dnstap_path);
	return error;
}

struct tarn__lost tarn__observers_lost(struct tarn__observers *observers)
{
	struct tarn__lost lost = {0};
	if (!observers)
		return lost;
	pthread_mutex_lock(&observers->mutex);
	lost.dnstap = observers->lost_before;
	if (observers->query_log)
		lost.query_log = tarn__query_log_lost(observers->query_log);
	if (observers->dnstap)
		lost.dnstap += tarn__dnstap_lost(observers->dnstap);
	if (observers->leaving)
		lost.dnstap += tarn__dnstap_lost(observers->leaving);
	pthread_mutex_unlock(&observers->mutex);
	return lost;
}

void tarn__observers_free(struct tarn__observers *observers)
{
	if (!observers)
		return;
	tarn__query_log_free(observers->query_log);
	tarn__dnstap_free(observers->dnstap);
	pthread_mutex_destroy(&observers->mutex);
	free(observers->query_log_path);
	free(observers->dnstap_path);
	free(observers);
}

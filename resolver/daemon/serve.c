/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the resolver. The main thread's loop has the signals, the control socket and everything else that
 * belongs to no worker.
 */
#include "daemon/serve.h"

#include <errno.h>
#include <ev.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bootstrap/bootstrap.h"
#include "daemon/cache_file/cache_file.h"
#include "daemon/certificates/certificates.h"
#include "daemon/bootstrap/discovery.h"
#include "daemon/config/validation.h"
#include "daemon/system/confine.h"
#include "daemon/system/file.h"
#include "daemon/control/control.h"
#include "daemon/system/memory.h"
#include "daemon/names/insecure.h"
#include "daemon/names/naming.h"
#include "daemon/telemetry/metrics_http.h"
#include "daemon/system/privileges.h"
#include "daemon/system/process.h"
#include "daemon/reload.h"
#include "daemon/config/resolvconf.h"
#include "daemon/system/rlimits.h"
#include "daemon/telemetry/observers.h"
#include "daemon/threads/workers.h"
#include "daemon/transfer/transfers.h"
#include "net/clock.h"

/* The running program; a member of zero is not open yet. */
struct program {
	struct tarn__settings *settings; /* of the start */
	const struct tarn__identity *identity;
	struct tarn__systemd *systemd;
	struct tarn__log *log;
	struct tarn__process process;
	struct ev_loop *loop;
	ev_signal term, interrupt, hangup;
	struct tarn *tarn;
	struct tarn__workers *workers;
	struct tarn__observers *observers;
	struct tarn__own_worker own; /* of the main thread */
	struct tarn__cache_file cache_file;
	struct tarn__certificates certificates;
	struct tarn__naming naming;
	struct tarn__insecure insecure;
	struct tarn__bootstrap bootstrap;
	struct tarn__discovery discovery;
	struct tarn__transfers transfers;
	struct tarn__metrics_http *metrics;
	struct tarn__control_context context;
	struct tarn__control control;
	struct tarn__reload reload;
};

/* ---- signals and requests ---------------------------------------------------------------------- */

static void on_end(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)events;
	struct program *program = signal->data;
	tarn__log(program->log, TARN_LOG_INFO, "%s: stopping", strsignal(signal->signum));
	ev_break(loop, EVBREAK_ALL);
}

static void on_hangup(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)loop;
	(void)events;
	struct program *program = signal->data;
	tarn__log(program->log, TARN_LOG_INFO, "%s: reloading", strsignal(signal->signum));
	struct tarn__diagnostics diagnostics = {0};
	(void)tarn__reload_run(&program->reload, &diagnostics);
	tarn__diagnostics_fini(&diagnostics);
}

static void on_stop_request(void *data)
{
	struct program *program = data;
	tarn__log(program->log, TARN_LOG_INFO, "tarnctl: stopping");
	ev_break(program->loop, EVBREAK_ALL);
}

static int on_reload_request(void *data, struct tarn__diagnostics *diagnostics)
{
	struct program *program = data;
	return tarn__reload_run(&program->reload, diagnostics);
}

/* Signals are caught before any socket listens, so that an early one ends tarn cleanly. */
static int open_loop(struct program *program)
{
	program->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!program->loop)
		return TARN_ESYSTEM;
	ev_signal_init(&program->term, on_end, SIGTERM);
	ev_signal_init(&program->interrupt, on_end, SIGINT);
	ev_signal_init(&program->hangup, on_hangup, SIGHUP);
	ev_signal *const signals[] = {&program->term, &program->interrupt, &program->hangup};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		signals[i]->data = program;
		ev_signal_start(program->loop, signals[i]);
	}
	return 0;
}

/* Signals are ignored from now on: a second one must not interrupt a clean stop. */
static void close_loop(struct program *program)
{
	if (!program->loop)
		return;
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	ev_signal *const signals[] = {&program->term, &program->interrupt, &program->hangup};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		ev_signal_stop(program->loop, signals[i]);
		signal(signals[i]->signum, SIG_IGN);
	}
	ev_loop_destroy(program->loop);
}

/* ---- from start to end ------------------------------------------------------------------------- */

struct tarn *tarn__serve_resolver(const struct tarn__settings *settings, struct tarn__log *log)
{
	struct tarn_options options;
	struct tarn *tarn = NULL;
	if (tarn__settings_to_options(settings, &options) == 0) {
		options.log = tarn__log_line;
		options.log_arg = log;
		tarn = tarn_new(&options);
		free((struct tarn_forward *)options.forwards);
	}
	if (!tarn)
		tarn__log(log, TARN_LOG_ERR, "cannot start: %s", strerror(errno));
	return tarn;
}

/* Creates what exists in this process only. */
static int make(struct program *program)
{
	const struct tarn__settings *settings = program->settings;
	struct tarn__log *log = program->log;
	size_t places = tarn__rlimits_fit(settings, settings->workers, log);
	program->tarn = tarn__serve_resolver(settings, log);
	if (!program->tarn)
		return TARN_ESYSTEM;
	int error = open_loop(program);
	if (error == 0) {
		program->own =
			(struct tarn__own_worker){.tarn = program->tarn, .loop = program->loop};
		tarn__cache_file_init(&program->cache_file, &program->own, program->loop, log);
		tarn__certificates_init(&program->certificates, program->tarn, program->loop,
					program->identity->name, log);
		tarn__naming_init(&program->naming, program->tarn, program->loop, log);
		tarn__insecure_init(&program->insecure, program->tarn, program->loop, log);
		tarn__bootstrap_init(&program->bootstrap, program->tarn, program->loop, log);
		tarn__discovery_init(&program->discovery, program->tarn, program->loop, log);
		tarn__transfers_init(&program->transfers, program->tarn, program->loop, log);
	}
	if (error < 0 ||
	    !(program->workers = tarn__workers_new(program->tarn, settings->workers)) ||
	    !(program->observers = tarn__observers_new(program->workers, settings->workers, log,
						       &program->naming.slots))) {
		tarn__log(log, TARN_LOG_ERR, "cannot start: %s", strerror(errno));
		return TARN_ESYSTEM;
	}
	tarn__workers_set_places(program->workers, places);
	if (program->identity->is_other)
		tarn__workers_give_to(program->workers, program->identity->uid);
	return 0;
}

/* Without it compiled lists are kept in memory. */
static void make_state_folder(const struct program *program)
{
	const struct tarn__settings *settings = program->settings;
	if (settings->list_count > 0 && settings->state && strcmp(settings->state, "none") != 0)
		(void)tarn__privileges_make_directory(program->identity, settings->state,
						      program->log);
}

/* The cache's file has a folder of its own user, where the folder above is there. */
static void make_cache_folder(const struct program *program)
{
	const char *file = program->settings->cache_file;
	char folder[PATH_MAX];
	if (!file || *file != '/' || snprintf(folder, sizeof(folder), "%s", file) >= PATH_MAX)
		return;
	char *end = strrchr(folder, '/');
	*end = '\0';
	char *above = strrchr(folder, '/');
	if (!above)
		return;
	*above = '\0';
	bool is_there = tarn__file_is_folder(above == folder ? "/" : folder);
	*above = '/';
	if (is_there && !tarn__file_is_folder(folder))
		(void)tarn__privileges_make_directory(program->identity, folder, program->log);
}

/* Opens what is visible from outside, as far as it takes privileges; then drops them. */
static int open_outside(struct program *program, const struct tarn__command_line *command)
{
	struct tarn__log *log = program->log;
	program->context = (struct tarn__control_context){
		.tarn = program->tarn,
		.observers = program->observers,
		.process = &program->process,
		.naming = &program->naming,
		.insecure = &program->insecure,
		.bootstrap = &program->bootstrap,
		.transfers = &program->transfers,
		.certificates = &program->certificates.board,
		.cache_file = &program->cache_file,
		.own = &program->own,
		.loop = program->loop,
		.log = log,
		.settings = &program->reload.settings,
		.started_ms = tarn__clock_ms(),
		.stop = on_stop_request,
		.reload = on_reload_request,
		.data = program,
	};
	program->control =
		(struct tarn__control){.context = &program->context, .identity = program->identity};
	program->reload = (struct tarn__reload){
		.loop = program->loop,
		.command = command,
		.tarn = program->tarn,
		.workers = program->workers,
		.bootstrap = &program->bootstrap,
		.discovery = &program->discovery,
		.systemd = program->systemd,
		.log = log,
		.first = program->settings,
		.settings = program->settings,
		.parts = {{.set = tarn__certificates_set,
			   .settle = tarn__certificates_settle,
			   .data = &program->certificates},
			  {.set = tarn__control_set,
			   .settle = tarn__control_settle,
			   .data = &program->control}},
		.part_count = 2,
		.early_count = 1,
	};
	int error = tarn__reload_open(&program->reload);
	if (error == 0)
		error = tarn__metrics_http_open(&program->settings->metrics, log,
						&program->metrics);
	if (error == 0) {
		make_state_folder(program);
		make_cache_folder(program);
		error = tarn__transfers_prepare(&program->transfers, program->settings,
						program->identity);
	}
	if (error == 0)
		error = tarn__validation_settle(program->settings, log);
	if (error == 0)
		error = tarn__confine(program->settings, program->identity, tarn__resolv_conf, log);
	return error;
}

/* In the sandbox: modules that open files later find out now whether they can. */
static int start(struct program *program)
{
	int error = tarn__observers_set(program->observers, program->settings);
	if (error == 0)
		error = tarn__naming_set(&program->naming, program->settings);
	if (error == 0)
		error = tarn__transfers_set(&program->transfers, program->settings);
	if (error == 0)
		error = tarn__bootstrap_set(&program->bootstrap, program->settings);
	if (error == 0)
		error = tarn__discovery_set(&program->discovery, program->settings);
	if (error == 0)
		error = tarn__cache_file_set(&program->cache_file, program->settings);
	if (error < 0)
		return error;
	tarn__naming_settle(&program->naming);
	tarn__transfers_settle(&program->transfers);
	tarn__bootstrap_settle(&program->bootstrap);
	tarn__discovery_settle(&program->discovery);
	tarn__settings_forget_forwards(program->settings);
	/* Building the seccomp filter takes a quarter of a megabyte in scattered blocks. */
	tarn__memory_trim();
	tarn__memory_leave_start();
	struct tarn__reload *reload = &program->reload;
	reload->parts[reload->part_count++] =
		(struct tarn__part){.set = tarn__observers_set, .data = program->observers};
	reload->parts[reload->part_count++] = (struct tarn__part){
		.set = tarn__naming_set, .settle = tarn__naming_settle, .data = &program->naming};
	reload->parts[reload->part_count++] =
		(struct tarn__part){.set = tarn__transfers_set,
				    .settle = tarn__transfers_settle,
				    .network_changed = tarn__transfers_network_changed,
				    .data = &program->transfers};
	reload->parts[reload->part_count++] =
		(struct tarn__part){.set = tarn__bootstrap_set,
				    .settle = tarn__bootstrap_settle,
				    .network_changed = tarn__bootstrap_network_changed,
				    .data = &program->bootstrap};
	reload->parts[reload->part_count++] =
		(struct tarn__part){.set = tarn__discovery_set,
				    .settle = tarn__discovery_settle,
				    .network_changed = tarn__discovery_network_changed,
				    .data = &program->discovery};
	reload->parts[reload->part_count++] = (struct tarn__part){.set = tarn__cache_file_set,
								  .settle = tarn__cache_file_settle,
								  .data = &program->cache_file};
	error = tarn__workers_start(program->workers);
	if (error < 0) {
		tarn__log(program->log, TARN_LOG_ERR, "cannot start a thread: %s", strerror(errno));
		return error;
	}
	/* It begins when the loop runs, and keeps nobody from being answered. */
	tarn__cache_file_settle(&program->cache_file);
	return tarn__metrics_http_start(
		program->metrics, program->tarn, program->observers, &program->process,
		&(struct tarn__metrics_boards){.names = &program->naming.board,
					       .transfers = &program->transfers.board,
					       .certificates = &program->certificates.board,
					       .cache_file = &program->cache_file.board},
		program->loop);
}

static void run(struct program *program)
{
	tarn__log_start(program->log, program->loop);
	tarn__reload_start(&program->reload);
	ev_run(program->loop, 0);
	tarn__systemd_stopping(program->systemd, "stopping");
	tarn__log_stop(program->log);
}

static void end(struct program *program)
{
	tarn__metrics_http_free(program->metrics);
	tarn__control_close(&program->control);
	tarn__certificates_stop(&program->certificates);
	tarn__reload_stop(&program->reload);
	tarn__workers_free(program->workers);
	tarn__observers_free(program->observers);
	tarn__naming_stop(&program->naming);
	tarn__insecure_stop(&program->insecure);
	tarn__bootstrap_stop(&program->bootstrap);
	tarn__discovery_stop(&program->discovery);
	tarn__transfers_stop(&program->transfers);
	tarn__cache_file_stop(&program->cache_file);
	tarn__own_worker_fini(&program->own);
	close_loop(program);
	tarn_free(program->tarn);
	tarn__process_fini(&program->process);
}

int tarn__serve(const struct tarn__command_line *command, struct tarn__settings *settings,
		const struct tarn__identity *identity, struct tarn__systemd *systemd,
		struct tarn__log *log)
{
	int status = EXIT_FAILURE;
	struct program program = {
		.settings = settings, .identity = identity, .systemd = systemd, .log = log};
	tarn__process_init(&program.process);
	if (make(&program) == 0 && open_outside(&program, command) == 0 && start(&program) == 0) {
		run(&program);
		status = EXIT_SUCCESS;
	}
	end(&program);
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The program tarn: reads what it was told, sets up, runs until a signal ends it. */
#include "daemon/daemon.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/configuration.h"
#include "daemon/confine.h"
#include "daemon/control.h"
#include "daemon/explain.h"
#include "daemon/log.h"
#include "daemon/metrics_http.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "daemon/reload.h"
#include "daemon/resolvconf.h"
#include "daemon/rlimits.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/taps.h"
#include "daemon/workers.h"
#include "net/channel.h"
#include "tarn.h"

enum { EXIT_USAGE = 2 };

/* ---- set-up ---------------------------------------------------------------------------------- */

/* A program started without stderr would log into the first socket it opens. */
static void open_standard_streams(void)
{
	int fd;
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static struct tarn *open_resolver(const struct tarn__settings *settings, struct tarn__log *log)
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

static void print_version(void)
{
	const char *cares = "unknown";
	tarn__channel_library_init(&cares);
	printf("tarn %s\nc-ares %s\nlibev %d.%d\n", tarn_version(), cares, ev_version_major(),
	       ev_version_minor());
}

/* ---- run ------------------------------------------------------------------------------------- */

static void on_end(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)events;
	tarn__log(signal->data, TARN_LOG_INFO, "%s: stopping", strsignal(signal->signum));
	ev_break(loop, EVBREAK_ALL);
}

static void on_hangup(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)loop;
	(void)events;
	struct tarn__reload *reload = signal->data;
	tarn__log(reload->log, TARN_LOG_INFO, "%s: reloading", strsignal(signal->signum));
	struct tarn__faults faults = {0};
	(void)tarn__reload_run(reload, &faults);
	tarn__faults_fini(&faults);
}

/*
 * The main thread's loop: signals, and whatever else is no worker's. Signals are taken before
 * anything listens, so that one that comes early ends tarn as cleanly as any other.
 */
struct control {
	struct ev_loop *loop;
	ev_signal term, interrupt, hangup;
};

static int control_open(struct control *control, struct tarn__reload *reload)
{
	control->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!control->loop)
		return TARN_ESYSTEM;
	ev_signal_init(&control->term, on_end, SIGTERM);
	ev_signal_init(&control->interrupt, on_end, SIGINT);
	ev_signal_init(&control->hangup, on_hangup, SIGHUP);
	ev_signal *const signals[] = {&control->term, &control->interrupt, &control->hangup};
	control->term.data = control->interrupt.data = reload->log;
	control->hangup.data = reload;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		ev_signal_start(control->loop, signals[i]);
	return 0;
}

/* From now on signals do nothing: a second one must not spoil a clean stop. */
static void control_close(struct control *control)
{
	if (!control->loop)
		return;
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	ev_signal *const signals[] = {&control->term, &control->interrupt, &control->hangup};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		ev_signal_stop(control->loop, signals[i]);
		signal(signals[i]->signum, SIG_IGN);
	}
	ev_loop_destroy(control->loop);
}

static void stop(void *data)
{
	const struct tarn__reload *reload = data;
	tarn__log(reload->log, TARN_LOG_INFO, "tarnctl: stopping");
	ev_break(reload->loop, EVBREAK_ALL);
}

static int reload_again(void *data, struct tarn__faults *faults)
{
	return tarn__reload_run(data, faults);
}

/* settings are those of the start. */
static int run(const struct tarn__command *command, struct tarn__settings *settings,
	       struct tarn__service *service, struct tarn__log *log)
{
	int status = EXIT_FAILURE;
	struct control control = {0};
	struct tarn *tarn = NULL;
	struct tarn__workers *workers = NULL;
	struct tarn__taps *taps = NULL;
	struct tarn__identity identity;
	struct tarn__subject subject = {.log = log, .stop = stop, .reload = reload_again};
	struct tarn__control socket = {.subject = &subject, .identity = &identity};
	struct tarn__reload reload = {.command = command,
				      .service = service,
				      .log = log,
				      .settings = settings,
				      .first = settings,
				      .parts = {{tarn__control_set, &socket}},
				      .part_count = 1};
	struct tarn__metrics_http *metrics = NULL;

	if (tarn__privileges_find(settings->user, &identity, log) < 0)
		goto done;
	tarn__rlimits_raise(settings, log);
	tarn = open_resolver(settings, log);
	if (!tarn)
		goto done;
	if (control_open(&control, &reload) < 0 ||
	    !(workers = tarn__workers_new(tarn, settings->workers)) ||
	    !(taps = tarn__taps_new(workers, settings->workers, log))) {
		tarn__log(log, TARN_LOG_ERR, "cannot start: %s", strerror(errno));
		goto done;
	}
	reload.loop = control.loop;
	reload.tarn = tarn;
	reload.workers = workers;
	subject.tarn = tarn;
	subject.loop = control.loop;
	subject.started = ev_now(control.loop);
	subject.data = &reload;
	if (identity.is_other)
		tarn__workers_give_to(workers, identity.uid);
	if (tarn__reload_open(&reload) < 0 ||
	    tarn__metrics_http_open(&settings->metrics, log, &metrics) < 0 ||
	    tarn__confine(settings, &identity, tarn__resolv_conf, log) < 0)
		goto done;
	/* Not before: their threads, and the files that they open, are of the sandbox, too. */
	if (tarn__taps_set(taps, settings) < 0)
		goto done;
	reload.parts[reload.part_count++] = (struct tarn__part){tarn__taps_set, taps};
	if (tarn__workers_start(workers) < 0) {
		tarn__log(log, TARN_LOG_ERR, "cannot start a thread: %s", strerror(errno));
		goto done;
	}
	if (tarn__metrics_http_start(metrics, tarn) < 0)
		goto done;
	tarn__log_start(log, control.loop);
	tarn__reload_start(&reload);
	ev_run(control.loop, 0);
	tarn__service_stopping(service, "stopping");
	tarn__log_stop(log);
	status = EXIT_SUCCESS;
done:
	tarn__metrics_http_free(metrics);
	tarn__control_close(&socket);
	tarn__subject_fini(&subject);
	tarn__reload_stop(&reload);
	tarn__workers_free(workers);
	tarn__taps_free(taps);
	control_close(&control);
	tarn_free(tarn);
	return status;
}

static int complete(struct tarn__settings *settings, struct tarn__log *log)
{
	struct tarn__faults faults = {0};
	int error = tarn__settings_complete(settings, tarn__resolv_conf, &faults, log);
	tarn__faults_log(&faults, log);
	tarn__faults_fini(&faults);
	return error;
}

/* Tarn would ask itself: the command line is wrong, unless it may be the file that says so. */
static int refusal_status(const struct tarn__settings *settings)
{
	bool is_command =
		settings->forward_count == 0 &&
		tarn__settings_origin(settings, &settings->upstreams)->by == TARN__BY_COMMAND_LINE;
	return is_command ? EXIT_USAGE : EXIT_FAILURE;
}

/* Everything short of listening: what this accepts will start. */
static int check(struct tarn__settings *settings, struct tarn__log *log)
{
	if (complete(settings, log) < 0)
		return refusal_status(settings);
	struct tarn *tarn = open_resolver(settings, log);
	if (!tarn)
		return EXIT_FAILURE;
	tarn_free(tarn);
	tarn__explain(settings, stdout);
	return EXIT_SUCCESS;
}

/* The service manager's sockets come first: they count as tarn's own addresses. */
static int serve(const struct tarn__command *command, struct tarn__settings *settings,
		 struct tarn__log *log)
{
	struct tarn__service service;
	if (tarn__service_init(&service, log) < 0)
		return EXIT_FAILURE;
	tarn__service_addresses(&service, &settings->bound);
	int status;
	if (complete(settings, log) < 0) {
		status = refusal_status(settings);
	} else {
		tarn__log_set_level(log, tarn__settings_log_level(settings));
		status = run(command, settings, &service, log);
	}
	tarn__service_fini(&service);
	return status;
}

static int start(const struct tarn__command *command, struct tarn__log *log)
{
	struct tarn__faults faults = {0};
	struct tarn__settings *settings = tarn__configuration_load(command, &faults);
	tarn__faults_log(&faults, log);
	tarn__faults_fini(&faults);
	if (!settings)
		return EXIT_FAILURE;
	int status = command->action == TARN__CHECK ? check(settings, log)
						    : serve(command, settings, log);
	tarn__settings_free(settings);
	return status;
}

static int act(const struct tarn__command *command, struct tarn__log *log)
{
	switch (command->action) {
	case TARN__HELP:
		tarn__options_help(stdout);
		return EXIT_SUCCESS;
	case TARN__VERSION:
		print_version();
		return EXIT_SUCCESS;
	case TARN__CHECK:
	case TARN__RUN:
		break;
	}
	return start(command, log);
}

int tarn__daemon_main(int argc, char **argv)
{
	open_standard_streams();
	signal(SIGPIPE, SIG_IGN);
	/* c-ares would let them change what is asked (RES_OPTIONS=use-vc, ndots, search lists). */
	unsetenv("RES_OPTIONS");
	unsetenv("LOCALDOMAIN");

	struct tarn__log log;
	tarn__log_init(&log, STDERR_FILENO, TARN_LOG_INFO);
	int status = EXIT_USAGE;
	struct tarn__command command;
	char fault[TARN__FAULT_MAX];
	if (tarn__options_parse(argc, argv, &command, fault) < 0) {
		tarn__log(&log, TARN_LOG_ERR, "%s", fault);
	} else {
		status = act(&command, &log);
		tarn__command_fini(&command);
	}
	if (fflush(stdout) != 0 && status == EXIT_SUCCESS) {
		tarn__log(&log, TARN_LOG_ERR, "cannot write: %s", strerror(errno));
		status = EXIT_FAILURE;
	}
	tarn__log_fini(&log);
	return status;
}

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
#include "daemon/explain.h"
#include "daemon/follow.h"
#include "daemon/listeners.h"
#include "daemon/log.h"
#include "daemon/network.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "daemon/rlimits.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/workers.h"
#include "net/channel.h"
#include "net/shared.h"
#include "tarn.h"

static const char resolv_conf[] = "/etc/resolv.conf";

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

static void announce(const struct tarn__settings *settings, struct tarn__log *log)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	for (size_t i = 0; i < settings->own_upstreams.count; i++)
		tarn__log(log, TARN_LOG_INFO, "not forwarding to %s of %s: that is tarn itself",
			  tarn_address_format(&settings->own_upstreams.items[i], text),
			  resolv_conf);
	for (size_t i = 0; i < settings->upstreams.count; i++)
		tarn__log(log, TARN_LOG_INFO, "forwarding to %s%s%s",
			  tarn_address_format(&settings->upstreams.items[i], text),
			  settings->has_system_upstreams ? " of " : "",
			  settings->has_system_upstreams ? resolv_conf : "");
	if (settings->upstreams.count == 0)
		tarn__log(log, TARN_LOG_WARNING,
			  "no upstream server: every question that needs one will fail (name one "
			  "with --upstream or in %s)",
			  resolv_conf);
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

static void on_reload(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)loop;
	(void)events;
	tarn__log(signal->data, TARN_LOG_WARNING, "%s: this version cannot reload",
		  strsignal(signal->signum));
}

/* What the main thread sees change while the workers run. */
struct changes {
	struct tarn *tarn;
	struct tarn__settings *settings;
	struct tarn__log *log;
	struct tarn__follow follow;
	struct tarn__network network;
};

static void on_resolv_conf(void *data)
{
	struct changes *changes = data;
	struct tarn__settings *settings = changes->settings;
	bool has_changed = tarn__settings_reread(settings, resolv_conf, changes->log);
	if (!settings->trust_ad)
		tarn__distrust(changes->tarn);
	if (!has_changed)
		return;
	tarn_set_upstreams(changes->tarn, settings->upstreams.items, settings->upstreams.count);
	tarn__find_loops(changes->tarn);
}

static void on_network(void *data)
{
	struct changes *changes = data;
	tarn__log(changes->log, TARN_LOG_DEBUG, "the network has changed");
	/* A server's interface may be there now, or its address be one of ours. */
	on_resolv_conf(changes);
	tarn_network_changed(changes->tarn);
	tarn__find_loops(changes->tarn);
}

/* What has changed since the start is seen, too: the first reading comes after the first watch. */
static void changes_start(struct changes *changes, struct ev_loop *loop)
{
	tarn__network_start(&changes->network, loop, on_network, changes, changes->log);
	tarn__find_loops(changes->tarn);
	if (!changes->settings->has_system_upstreams)
		return;
	tarn__follow_start(&changes->follow, loop, resolv_conf, on_resolv_conf, changes,
			   changes->log);
	on_resolv_conf(changes);
}

static void changes_stop(struct changes *changes)
{
	tarn__follow_stop(&changes->follow);
	tarn__network_stop(&changes->network);
}

/*
 * The main thread's loop: signals, and whatever else is no worker's. Signals are taken before
 * anything listens, so that one that comes early ends tarn as cleanly as any other.
 */
struct control {
	struct ev_loop *loop;
	ev_signal term, interrupt, hangup;
};

static int control_open(struct control *control, struct tarn__log *log)
{
	control->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!control->loop)
		return TARN_ESYSTEM;
	ev_signal_init(&control->term, on_end, SIGTERM);
	ev_signal_init(&control->interrupt, on_end, SIGINT);
	ev_signal_init(&control->hangup, on_reload, SIGHUP);
	ev_signal *const signals[] = {&control->term, &control->interrupt, &control->hangup};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		signals[i]->data = log;
		ev_signal_start(control->loop, signals[i]);
	}
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

static bool are_turning(void *workers)
{
	return tarn__workers_are_turning(workers);
}

static void tell_ready(const struct tarn__service *service, const struct tarn__settings *settings)
{
	char list[256], status[sizeof(list) + 16];
	tarn__addresses_format(&settings->bound, list, sizeof(list));
	snprintf(status, sizeof(status), "answering on %s", list);
	tarn__service_ready(service, status);
}

static int run(struct tarn__settings *settings, struct tarn__service *service,
	       struct tarn__log *log)
{
	int status = EXIT_FAILURE;
	struct control control = {0};
	struct tarn *tarn = NULL;
	struct tarn__workers *workers = NULL;
	struct changes changes = {.settings = settings, .log = log};
	struct tarn__identity identity;

	if (tarn__privileges_find(settings->user, &identity, log) < 0)
		goto done;
	tarn__rlimits_raise(settings, log);
	tarn = open_resolver(settings, log);
	if (!tarn)
		goto done;
	if (control_open(&control, log) < 0 ||
	    !(workers = tarn__workers_new(tarn, settings->workers))) {
		tarn__log(log, TARN_LOG_ERR, "cannot start: %s", strerror(errno));
		goto done;
	}
	changes.tarn = tarn;
	struct tarn__addresses given = settings->bound, opened;
	if (tarn__listeners_take(workers, service, log) < 0 ||
	    tarn__listeners_open(workers, settings, &opened, log) < 0 ||
	    tarn__confine(settings, &identity, resolv_conf, log) < 0)
		goto done;
	if (tarn__workers_start(workers) < 0) {
		tarn__log(log, TARN_LOG_ERR, "cannot start a thread: %s", strerror(errno));
		goto done;
	}
	announce(settings, log);
	tarn__listeners_announce(&settings->bound, &given, log);
	tarn__log_start(log, control.loop);
	changes_start(&changes, control.loop);
	tarn__service_watch(service, control.loop, are_turning, workers);
	tell_ready(service, settings);
	ev_run(control.loop, 0);
	tarn__service_stopping(service, "stopping");
	changes_stop(&changes);
	tarn__log_stop(log);
	status = EXIT_SUCCESS;
done:
	tarn__workers_free(workers);
	control_close(&control);
	tarn_free(tarn);
	return status;
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
	if (tarn__settings_complete(settings, resolv_conf, log) < 0)
		return refusal_status(settings);
	struct tarn *tarn = open_resolver(settings, log);
	if (!tarn)
		return EXIT_FAILURE;
	tarn_free(tarn);
	tarn__explain(settings, stdout);
	return EXIT_SUCCESS;
}

/* The service manager's sockets come first: they count as tarn's own addresses. */
static int serve(struct tarn__settings *settings, struct tarn__log *log)
{
	struct tarn__service service;
	if (tarn__service_init(&service, log) < 0)
		return EXIT_FAILURE;
	tarn__service_addresses(&service, &settings->bound);
	int status;
	if (tarn__settings_complete(settings, resolv_conf, log) < 0) {
		status = refusal_status(settings);
	} else {
		tarn__log_set_level(log,
				    settings->verbosity > 0 ? TARN_LOG_DEBUG : settings->log_level);
		status = run(settings, &service, log);
	}
	tarn__service_fini(&service);
	return status;
}

static void log_faults(const struct tarn__faults *faults, struct tarn__log *log)
{
	for (size_t i = 0; i < faults->count; i++)
		tarn__log(log, TARN_LOG_ERR, "%s", faults->items[i].text);
	if (faults->lost > 0)
		tarn__log(log, TARN_LOG_ERR, "and %zu faults more", faults->lost);
}

static int start(const struct tarn__command *command, struct tarn__log *log)
{
	struct tarn__faults faults = {0};
	struct tarn__settings *settings = tarn__configuration_load(command, &faults);
	log_faults(&faults, log);
	tarn__faults_fini(&faults);
	if (!settings)
		return EXIT_FAILURE;
	int status = command->action == TARN__CHECK ? check(settings, log) : serve(settings, log);
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

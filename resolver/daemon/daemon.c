/* SPDX-License-Identifier: BSD-2-Clause */
/* The program tarn: reads the configuration, and serves or checks. */
#include "config.h"

#include "daemon/daemon.h"

#include <confuse.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/signature.h"
#include "daemon/certificates/certificates.h"
#include "daemon/bootstrap/bootstrap.h"
#include "daemon/config/configuration.h"
#include "daemon/config/check.h"
#include "daemon/config/command_line.h"
#include "daemon/config/completion.h"
#include "daemon/config/probe.h"
#include "daemon/log/log.h"
#include "daemon/system/memory.h"
#include "daemon/settings/options.h"
#include "daemon/system/privileges.h"
#include "daemon/config/resolvconf.h"
#include "daemon/serve.h"
#include "daemon/system/systemd.h"
#include "daemon/settings/settings.h"
#include "net/shared.h"
#include "net/upstream/cares.h"
#include "tarn.h"

/* The configuration is wrong: another start with the same one would fail as well. */
enum { EXIT_REFUSED = 2 };

/* A program that is started without stderr would log into the first socket that it opens. */
static void open_standard_streams(void)
{
	int fd;
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static const char *get_jansson_version(void)
{
#if JANSSON_VERSION_HEX >= 0x020d00
	return jansson_version_str();
#else
	return JANSSON_VERSION; /* the version at build time: this Jansson cannot report its own */
#endif
}

static void print_version(void)
{
	const char *cares = "unknown";
	tarn__cares_init(&cares);
	printf("tarn %s\nc-ares %s\nlibev %d.%d\n", tarn_version(), cares, ev_version_major(),
	       ev_version_minor());
	printf("libconfuse %s\njansson %s\n", confuse_version, get_jansson_version());
	if (*TARN_BUILT_WITH)
		puts("with " TARN_BUILT_WITH);
	if (*TARN_LEFT_OUT)
		puts("without " TARN_LEFT_OUT);
}

static int complete(struct tarn__settings *settings, struct tarn__log *log)
{
	struct tarn__diagnostics diagnostics = {0};
	int error = tarn__settings_complete(settings, tarn__resolv_conf, &diagnostics, log);
	if (error == 0)
		tarn__certificates_check(settings, &diagnostics);
	if (diagnostics.count > 0 || diagnostics.lost > 0)
		error = TARN_EINVAL;
	tarn__diagnostics_log(&diagnostics, log);
	tarn__diagnostics_fini(&diagnostics);
	return error;
}

static bool is_looking(const struct tarn__bootstrap *bootstrap)
{
	struct tarn__bootstrap_view view;
	size_t at = 0;
	while (tarn__bootstrap_next(bootstrap, &at, &view)) {
		if (view.addresses->count == 0 && !view.fault)
			return true;
	}
	return false;
}

/* Has the resolver know the addresses of servers that are given by name, as far as they are found. */
static void find_addresses(struct tarn__bootstrap *bootstrap, const struct tarn__settings *settings)
{
	if (tarn__bootstrap_set(bootstrap, settings) != 0)
		return;
	tarn__bootstrap_settle(bootstrap);
	while (is_looking(bootstrap))
		ev_run(bootstrap->loop, EVRUN_ONCE);
}

/* Returns true if the servers would do for validation. */
static bool probe(struct tarn *tarn, const struct tarn__settings *settings, struct tarn__log *log)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!loop)
		return false;
	struct tarn__bootstrap bootstrap;
	tarn__bootstrap_init(&bootstrap, tarn, loop, log);
	find_addresses(&bootstrap, settings);
	struct tarn__config *config = tarn__get_config(tarn);
	bool is_good = tarn__probe(config, &settings->resolver.tls, loop, stdout);
	tarn__config_put(config);
	tarn__bootstrap_stop(&bootstrap);
	ev_loop_destroy(loop);
	return is_good;
}

/*
 * Checks everything that depends on the configuration alone, whether users and groups exist, and certificates.
 * Whether addresses and other files are available is found out at the start, since it may change until then.
 */
static int check(struct tarn__settings *settings, bool is_probe, struct tarn__log *log)
{
	if (complete(settings, log) < 0)
		return EXIT_FAILURE;
	struct tarn *tarn = tarn__serve_resolver(settings, log);
	if (!tarn)
		return EXIT_FAILURE;
	tarn__check(settings, stdout);
	bool is_good = !is_probe || probe(tarn, settings, log);
	tarn_free(tarn);
	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The service manager's sockets come first: their addresses count as tarn's own. */
static int serve(const struct tarn__command_line *command, struct tarn__settings *settings,
		 struct tarn__log *log)
{
	struct tarn__systemd systemd;
	if (tarn__systemd_init(&systemd, log) < 0)
		return EXIT_FAILURE;
	tarn__systemd_addresses(&systemd, &settings->bound);
	/* It takes two milliseconds, in which the rest of the start goes on. */
	if (settings->resolver.dnssec.validate)
		tarn__signature_load_ahead();
	int status;
	struct tarn__identity identity;
	if (complete(settings, log) < 0 ||
	    tarn__privileges_find(settings->user, &identity, log) < 0) {
		status = EXIT_REFUSED;
	} else {
		tarn__log_set_level(log, tarn__settings_log_level(settings));
		status = tarn__serve(command, settings, &identity, &systemd, log);
	}
	tarn__systemd_fini(&systemd);
	return status;
}

static int start(const struct tarn__command_line *command, struct tarn__log *log)
{
	struct tarn__diagnostics diagnostics = {0};
	struct tarn__settings *settings = tarn__configuration_load(command, false, &diagnostics);
	tarn__diagnostics_log(&diagnostics, log);
	tarn__diagnostics_fini(&diagnostics);
	bool is_probe = command->action == TARN__PROBE;
	bool is_check = is_probe || command->action == TARN__CHECK;
	if (!settings)
		return is_check ? EXIT_FAILURE : EXIT_REFUSED;
	int status = is_check ? check(settings, is_probe, log) : serve(command, settings, log);
	tarn__settings_free(settings);
	return status;
}

static int act(const struct tarn__command_line *command, struct tarn__log *log)
{
	switch (command->action) {
	case TARN__HELP:
		tarn__command_line_help(stdout);
		return EXIT_SUCCESS;
	case TARN__VERSION:
		print_version();
		return EXIT_SUCCESS;
	case TARN__CHECK:
	case TARN__PROBE:
	case TARN__RUN:
		break;
	}
	return start(command, log);
}

/*
 * Returns why output was lost; NULL: it was not. The reason of a write before the last one is not known any
 * more.
 */
static const char *find_output_error(void)
{
	if (fflush(stdout) != 0)
		return strerror(errno);
	return ferror(stdout) ? "some of it is lost" : NULL;
}

int tarn__daemon_main(int argc, char **argv)
{
	open_standard_streams();
	tarn__memory_init();
	signal(SIGPIPE, SIG_IGN);
	/* c-ares would let it change queries (RES_OPTIONS=use-vc, ndots, search lists). */
	unsetenv("RES_OPTIONS");
	unsetenv("LOCALDOMAIN");

	struct tarn__log log;
	tarn__log_init(&log, STDERR_FILENO, TARN_LOG_INFO);
	int status = EXIT_REFUSED;
	struct tarn__command_line command;
	char fault[TARN__FAULT_MAX];
	if (tarn__command_line_parse(argc, argv, &command, fault) < 0) {
		tarn__log(&log, TARN_LOG_ERR, "%s", fault);
	} else {
		status = act(&command, &log);
		tarn__command_line_fini(&command);
	}
	const char *error = find_output_error();
	if (error && status == EXIT_SUCCESS) {
		tarn__log(&log, TARN_LOG_ERR, "cannot write: %s", error);
		status = EXIT_FAILURE;
	}
	tarn__log_fini(&log);
	return status;
}

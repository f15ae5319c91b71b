/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/reload.h: tarn's settings while it runs: read anew on request, and kept up with what
 * resolv.conf and the network say.
 *
 * A reload reads everything, opens what is new, and only then changes over; where one step fails the
 * steps before it are undone and nothing has changed. Questions under way, clients' connections, the
 * cache and listeners that are in both configurations never notice.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_RELOAD_H
#define TARN_DAEMON_RELOAD_H

#include <ev.h>

#include "daemon/log/diagnostics.h"
#include "daemon/system/file_watch.h"
#include "daemon/log/log.h"
#include "daemon/system/netlink.h"
#include "daemon/settings/options.h"
#include "daemon/system/systemd.h"
#include "daemon/settings/settings.h"
#include "daemon/threads/workers.h"
#include "tarn.h"

/* A module that goes by the settings, beside those that reload.c knows. */
struct tarn__part {
	/*
	 * Does as they say; an error, logged: it goes on by those before. To these it is set again where
	 * a later part refuses: that must not fail, so what they need is kept until the settings are
	 * settled.
	 */
	int (*set)(void *data, const struct tarn__settings *);
	void (*settle)(void *data); /* all have agreed; NULL: it has nothing to give up */
	void *data;
};

enum { TARN__PARTS_MAX = 8 };

struct tarn__reload {
	/* The caller's, before the start. */
	struct ev_loop *loop;
	const struct tarn__command_line *command;
	struct tarn *tarn;
	struct tarn__workers *workers;
	struct tarn__systemd *systemd;
	struct tarn__log *log;
	struct tarn__part parts[TARN__PARTS_MAX];
	size_t part_count;
	const struct tarn__settings *first; /* those of the start, for what stays until the end */
	struct tarn__settings *settings; /* those in force: at the start the same */

	struct tarn__file_watch file_watch;
	struct tarn__netlink netlink;
};

/*
 * Opens the listeners, and has the parts do as the first settings say, before the workers run. An
 * error is logged.
 */
int tarn__reload_open(struct tarn__reload *);

/* The workers run: from now on changes are seen, and the service manager hears that we are there. */
void tarn__reload_start(struct tarn__reload *);
/* Frees settings other than the first. Also without a start. */
void tarn__reload_stop(struct tarn__reload *);

/*
 * Reads the configuration again and goes by it. An error: nothing has changed; diagnostics, zeros before,
 * say why. They are logged, too, and are the caller's to end in any case.
 */
int tarn__reload_run(struct tarn__reload *, struct tarn__diagnostics *);

#endif

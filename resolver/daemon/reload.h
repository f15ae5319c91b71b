/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/reload.h: the settings of the running program: read again on request, and kept up to date with
 * resolv.conf and the network.
 *
 * A reload reads everything, opens what is new, and only then switches over; if a step fails, the steps
 * before it are undone and nothing has changed. It does not affect questions under way, connections of
 * clients, the cache, and listeners that are in both configurations.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_RELOAD_H
#define TARN_DAEMON_RELOAD_H

#include <ev.h>

#include "daemon/bootstrap/bootstrap.h"
#include "daemon/bootstrap/discovery.h"
#include "daemon/log/diagnostics.h"
#include "daemon/system/file_watch.h"
#include "daemon/log/log.h"
#include "daemon/system/netlink.h"
#include "daemon/config/command_line.h"
#include "daemon/system/systemd.h"
#include "daemon/settings/settings.h"
#include "daemon/threads/workers.h"
#include "tarn.h"

/* A module that depends on the settings, beside those that reload.c knows. */
struct tarn__part {
	/*
	 * Applies the settings. An error, logged: the former ones stay in force. If a later part fails, the
	 * former settings are set again; that must not fail, so that what they need is kept until settle.
	 */
	int (*set)(void *data, const struct tarn__settings *);
	void (*settle)(
		void *data); /* all parts have applied them; NULL: the part has nothing to release */
	void *data;
	void (*network_changed)(void *data); /* NULL: it makes no difference */
};

enum { TARN__PARTS_MAX = 12 };

struct tarn__reload {
	/* Set by the caller before the start. */
	struct ev_loop *loop;
	const struct tarn__command_line *command;
	struct tarn *tarn;
	struct tarn__workers *workers;
	struct tarn__bootstrap *bootstrap; /* also one of the parts; NULL: there is none */
	struct tarn__discovery *discovery; /* as well */
	struct tarn__systemd *systemd;
	struct tarn__log *log;
	struct tarn__part parts[TARN__PARTS_MAX];
	size_t part_count;
	size_t early_count; /* of the parts: set before addresses are opened, which need them */
	const struct tarn__settings
		*first; /* the settings of the start, for what a reload cannot change */
	struct tarn__settings *settings; /* the settings in force; at the start the same */

	struct tarn__file_watch file_watch;
	struct tarn__netlink netlink;
};

/*
 * Applies the first settings to the parts, and opens the listeners, before the workers run. An error is
 * logged.
 */
int tarn__reload_open(struct tarn__reload *);

/*
 * To be called when the workers run: changes are noticed from now on, and the service manager is notified.
 */
void tarn__reload_start(struct tarn__reload *);
/* Frees settings other than the first. Allowed without a start. */
void tarn__reload_stop(struct tarn__reload *);

/*
 * Reads the configuration again and applies it. An error: nothing has changed; diagnostics, zeros before,
 * have the reasons. They are logged as well, and the caller ends them in any case.
 */
int tarn__reload_run(struct tarn__reload *, struct tarn__diagnostics *);

#endif

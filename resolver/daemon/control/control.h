/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/control.h: the Unix socket of tarnctl. Access to it gives access to every command: the
 * permissions of the file are the only protection, and they are set before the file has a name.
 * Connections, requests, idle time and unread answers are bounded.
 *
 * Thread: the main thread, on its loop.
 */
#ifndef TARN_DAEMON_CONTROL_CONTROL_H
#define TARN_DAEMON_CONTROL_CONTROL_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "daemon/control/control_file.h"
#include "daemon/system/privileges.h"
#include "daemon/control/context.h"

enum {
	TARN__CONTROL_CONNECTIONS =
		16, /* a further one replaces the one that has been idle for longest */
	TARN__CONTROL_IDLE_SEC = 10, /* without a complete request */
	TARN__CONTROL_STALL_SEC =
		300, /* without an octet of an answer being read: people read slowly */
};

struct tarn__control {
	struct tarn__control_context *context; /* set by the caller before any other call */
	const struct tarn__identity *identity; /* the owner of the file; NULL: the process's user */
	struct tarn__control_file file;
	struct tarn__control_file former; /* while it is moving: the place to return to */
	bool is_moving; /* from tarn__control_open() to tarn__control_settle() */
	ev_io acceptable;
	ev_timer pause; /* runs without a free descriptor */
	ev_idle steps; /* runs while a task wants steps */
	struct tarn__list connections; /* the one that has been idle for longest first */
	size_t count;
};

/*
 * Listens at path, anew if its file was removed; after tarn__control_settle() no longer at the former path.
 * Connections stay. The members of group may use it, too; NULL: only the user. The file of a tarn that has
 * ended is replaced. TARN_ESYSTEM with errno, and nothing has changed: EADDRINUSE if a running tarn listens
 * there, ENOENT for a group that does not exist, EEXIST for a file of another kind.
 */
int tarn__control_open(struct tarn__control *, const char *path, const char *group);

/*
 * The same as the settings require (struct tarn__part). If neither a path nor a group is configured, a
 * failure is only logged. TARN_ESYSTEM, logged: nothing has changed.
 */
int tarn__control_set(void *control, const struct tarn__settings *settings);

/* The settings are final: the former place is given up. */
void tarn__control_settle(void *control);

/* Ends all requests and removes the file. Allowed for an object of zeros. */
void tarn__control_close(struct tarn__control *);

#endif

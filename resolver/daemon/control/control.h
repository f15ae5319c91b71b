/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/control.h: the Unix socket at which tarnctl asks. Whoever may open it may do everything: the
 * rights of the file are all the protection there is, and they are in place before it has a name.
 * Connections, their requests, their idle time and the answers that nobody reads are bounded.
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
	TARN__CONTROL_CONNECTIONS = 16, /* one more takes the place of the idlest */
	TARN__CONTROL_IDLE_SEC = 10, /* without a whole request */
	TARN__CONTROL_STALL_SEC = 300, /* without an octet of an answer taken: people read slowly */
};

struct tarn__control {
	struct tarn__control_context *context; /* the caller's, set before anything else */
	const struct tarn__identity *identity; /* whose the file is to be; NULL: ours */
	struct tarn__control_file file;
	struct tarn__control_file former; /* while it is moving: where it would go back */
	bool is_moving; /* from tarn__control_open() to tarn__control_settle() */
	ev_io acceptable;
	ev_timer pause; /* without a descriptor to spare */
	ev_idle steps; /* while a task wants some */
	struct tarn__list connections; /* idlest first */
	size_t count;
};

/*
 * Listens at path, anew where its file has gone, and, once it is settled, no longer where it did; connections stay. group may read and write, too; NULL:
 * nobody but the user. The file of a tarn that has gone is replaced. TARN_ESYSTEM with errno, and
 * nothing has changed: EADDRINUSE where a tarn listens that is alive, ENOENT for a group that is not
 * there, EEXIST where there is another kind of file.
 */
int tarn__control_open(struct tarn__control *, const char *path, const char *group);

/*
 * The same as settings say (struct tarn__part). Without a word there of a path or a group, a machine
 * where the usual place cannot be had does without. TARN_ESYSTEM, logged: nothing has changed.
 */
int tarn__control_set(void *control, const struct tarn__settings *settings);

/* It will not go back: the place that it had is given up. */
void tarn__control_settle(void *control);

/* Ends all requests and removes the file. Allowed for one of zeros. */
void tarn__control_close(struct tarn__control *);

#endif

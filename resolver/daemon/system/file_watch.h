/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/file_watch.h: reports that a file may have changed: written, replaced, removed or created
 * again, or, if its name is a symbolic link, that the link leads elsewhere. It uses no timer while nothing
 * changes.
 *
 * Thread: the loop's.
 */
#ifndef TARN_DAEMON_SYSTEM_FILE_WATCH_H
#define TARN_DAEMON_SYSTEM_FILE_WATCH_H

#include <ev.h>
#include <limits.h>
#include <stddef.h>

#include "daemon/log/log.h"
#include "daemon/settings/path.h"

/* Each symbolic link on the path takes two watches, and so does the file. */
enum { TARN__FILE_WATCH_MAX = 2 * (TARN__PATH_LINKS + 1) };

struct tarn__inotify_watch {
	int id;
	char name[NAME_MAX + 1]; /* a name in the directory; empty: a watch of a file itself */
};

struct tarn__file_watch {
	struct ev_loop *loop; /* NULL: no file is watched */
	const char *path;
	void (*changed)(void *data);
	void *data;
	struct tarn__log *log;
	ev_io io;
	ev_timer timer;
	size_t watch_count;
	struct tarn__inotify_watch watches[TARN__FILE_WATCH_MAX];
};

/*
 * path is absolute; all pointers are borrowed. changed is called from the loop, once for a burst of
 * changes. A failure to watch is logged and has no other effect.
 */
void tarn__file_watch_start(struct tarn__file_watch *, struct ev_loop *, const char *path,
			    void (*changed)(void *data), void *data, struct tarn__log *);
/* Allowed for an object of zeros. */
void tarn__file_watch_stop(struct tarn__file_watch *);

#endif

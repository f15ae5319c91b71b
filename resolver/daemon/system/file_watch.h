/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/file_watch.h: tells when a file may have changed: written, replaced, removed or come back; and
 * where its name is a symbolic link, when that leads elsewhere. Sleeps in between.
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

/* Each symbolic link on the way takes two, and so does the file. */
enum { TARN__FILE_WATCH_MAX = 2 * (TARN__PATH_LINKS + 1) };

struct tarn__inotify_watch {
	int id;
	char name[NAME_MAX + 1]; /* within the directory; empty: a file, all that befalls it */
};

struct tarn__file_watch {
	struct ev_loop *loop; /* NULL: nothing is followed */
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
 * changes. What cannot be followed is logged, and that is all that becomes of it.
 */
void tarn__file_watch_start(struct tarn__file_watch *, struct ev_loop *, const char *path,
			    void (*changed)(void *data), void *data, struct tarn__log *);
/* Allowed for one of zeros. */
void tarn__file_watch_stop(struct tarn__file_watch *);

#endif

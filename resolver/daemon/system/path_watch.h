/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/path_watch.h: reports that any of several files or folders may have changed, by one inotify(7)
 * descriptor: written, replaced, removed or created again, or, if a name is a symbolic link, that the link
 * leads elsewhere. Of a folder, all files in it count. Changes are reported as they come, without a timer:
 * the caller waits for the end of a burst, calls tarn__path_watch_set() again, since paths may lead
 * elsewhere, and reads after that.
 *
 * Thread: the loop's.
 */
#ifndef TARN_DAEMON_SYSTEM_PATH_WATCH_H
#define TARN_DAEMON_SYSTEM_PATH_WATCH_H

#include <ev.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/log/log.h"

/* Watches; each symbolic link on a path takes two of them, and so does the file. */
enum { TARN__PATH_WATCHES_MAX = 4096 };

struct tarn__watched_path {
	const char *path;
	unsigned groups; /* bits that are given to changed() */
	/* A program keeps it open while it writes: each write counts, not only the end of writing. */
	bool is_kept_open;
};

struct tarn__inotify_watch {
	int id;
	unsigned groups;
	char name[NAME_MAX + 1]; /* in the directory; empty: any, or the watch of a file itself */
};

struct tarn__path_watch {
	/* Set by the caller. */
	struct ev_loop *loop;
	void (*changed)(void *data, unsigned groups);
	void *data;
	struct tarn__log *log;
	/* The rest is zero at first. */
	bool is_open; /* io has a descriptor */
	ev_io io;
	size_t count, room;
	struct tarn__inotify_watch *watches;
};

/*
 * Watches these paths, and no others; without any the descriptor is closed. A path that cannot be watched is
 * logged, and has no other effect. Returns false, logged, if nothing can be watched.
 */
bool tarn__path_watch_set(struct tarn__path_watch *, const struct tarn__watched_path *,
			  size_t count);

/* Allowed for an object of zeros. */
void tarn__path_watch_stop(struct tarn__path_watch *);

#endif

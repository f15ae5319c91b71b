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

#include "daemon/log/log.h"
#include "daemon/system/path_watch.h"

struct tarn__file_watch {
	struct ev_loop *loop; /* NULL: no file is watched */
	const char *path;
	void (*changed)(void *data);
	void *data;
	ev_timer timer;
	struct tarn__path_watch watch;
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

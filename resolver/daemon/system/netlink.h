/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/netlink.h: reports that the links, addresses or routes of this machine have changed. It
 * uses no timer while nothing changes.
 *
 * Thread: the loop's.
 */
#ifndef TARN_DAEMON_SYSTEM_NETLINK_H
#define TARN_DAEMON_SYSTEM_NETLINK_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/log/log.h"

struct tarn__netlink {
	struct ev_loop *loop; /* NULL: not started */
	void (*changed)(void *data);
	void *data;
	ev_io io;
	ev_timer timer;
	bool has_new_route;
	uint64_t addresses; /* a digest of the addresses and their links */
};

/*
 * All pointers are borrowed. changed is called from the loop, once for a burst of changes. If the system
 * does not report changes, that is logged at level debug.
 */
void tarn__netlink_start(struct tarn__netlink *, struct ev_loop *, void (*changed)(void *data),
			 void *data, struct tarn__log *);
/* Allowed for an object of zeros. */
void tarn__netlink_stop(struct tarn__netlink *);

#endif

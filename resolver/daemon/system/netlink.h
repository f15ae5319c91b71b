/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/netlink.h: tells when this machine's way to others has changed: its links, addresses or
 * routes. Sleeps in between.
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
	struct ev_loop *loop; /* NULL: nothing is told */
	void (*changed)(void *data);
	void *data;
	ev_io io;
	ev_timer timer;
	bool has_new_route;
	uint64_t addresses; /* a digest of them and of their links */
};

/*
 * All pointers are borrowed. changed is called from the loop, once for a burst of changes. Where the
 * system does not tell, that is logged for who looks for it.
 */
void tarn__netlink_start(struct tarn__netlink *, struct ev_loop *, void (*changed)(void *data),
			 void *data, struct tarn__log *);
/* Allowed for one of zeros. */
void tarn__netlink_stop(struct tarn__netlink *);

#endif

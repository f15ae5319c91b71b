/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/own_worker.h: the main thread's own worker, through which it has access to the cache. No
 * client asks it, and what it does takes nothing of the turns of those that clients ask.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_THREADS_OWN_WORKER_H
#define TARN_DAEMON_THREADS_OWN_WORKER_H

#include <ev.h>
#include <stdbool.h>

#include "tarn.h"

struct tarn__resolver;

struct tarn__own_worker {
	/* Set by the caller, borrowed. */
	struct tarn *tarn;
	struct ev_loop *loop;
	/* Made when it is first needed. */
	struct tarn_worker *worker;
};

/* Wakes the resolver until tarn__own_worker_leave(). NULL with errno: there is no worker. */
struct tarn__resolver *tarn__own_worker_enter(struct tarn__own_worker *);
void tarn__own_worker_leave(struct tarn__own_worker *);

/*
 * To be called when no other worker is left: has the cache rid of all that is stale for the present
 * configuration. Returns false if it is not.
 */
bool tarn__own_worker_drop_all(struct tarn__own_worker *);

/* Ends the worker, if there is one; no question may be under way. */
void tarn__own_worker_fini(struct tarn__own_worker *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The inbox of a client: requests that other threads have made ready, and the wake-up of its thread. */

#ifndef RTCACHE_INBOX_H
#define RTCACHE_INBOX_H

/*
 * A request is idle while it has no flight; otherwise it has one of three states:
 *
 *	idle      -> WAITING    get finds no answer, and joins or starts a lookup
 *	WAITING   -> READY      the flight ends
 *	WAITING   -> SUCCESSOR  the flight has lost its newest lookup, or has failed under the herd rule
 *	SUCCESSOR -> WAITING    run starts the next lookup
 *	SUCCESSOR -> READY      the flight ends first
 *	READY     -> idle       run calls done
 *	WAITING, SUCCESSOR -> idle  run calls done with a stale value
 *	any       -> idle       cancel
 *
 * WAITING: in the list of waiters of its flight. SUCCESSOR: chosen to start the next lookup, in the
 * inbox of its client. READY: its flight has ended, in the inbox. priv.node is its place in either
 * list.
 *
 * Wake-up: the callback wake runs with no lock held. It is called once for everything that is
 * posted until the client opens its inbox, by the first thread that posts, unless that is the
 * thread of the client itself.
 *
 * Threads: the lock of the inbox guards all of it, and every change of a state to SUCCESSOR or
 * READY. The lock of the shard of the request guards every change of its state.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "list.h"
#include "rtcache.h"

enum rtcache__request_state {
	RTCACHE__WAITING,
	RTCACHE__SUCCESSOR,
	RTCACHE__READY,
};

struct rtcache__inbox {
	pthread_mutex_t lock;
	pthread_cond_t wake_returned;
	struct rtcache__list requests;
	size_t count;
	void (*wake)(void *arg);
	void *wake_arg;
	/* The thread of the client, which is not woken. */
	pthread_t owner;
	/* wake was called, or is about to be, since the inbox was last opened. */
	bool is_woken;
	/* A thread is about to call wake or is in it; it calls it once more if wake_again is set. */
	bool is_waking, wake_again;
	struct rtcache__inbox *next_waking;
};

/* The inboxes whose wake is to be called when the caller has released all locks. */
struct rtcache__wakes {
	struct rtcache__inbox *first;
};

/* The calling thread becomes the owner. */
void rtcache__inbox_init(struct rtcache__inbox *inbox, void (*wake)(void *arg), void *wake_arg);

/* Waits until wake has returned in every thread. The inbox is empty, and nothing is posted anymore. */
void rtcache__inbox_fini(struct rtcache__inbox *inbox);

/* Makes the calling thread the owner. */
void rtcache__inbox_own(struct rtcache__inbox *inbox);

/*
 * Sets the state of a request, puts it into the inbox of its client unless it is there already, and
 * adds the inbox to wakes if its wake is to be called. Under the lock of the shard.
 */
void rtcache__inbox_post(struct rtcache_request *request, enum rtcache__request_state state,
			 struct rtcache__wakes *wakes);

/* Removes a request from the inbox if it is there. */
void rtcache__inbox_unpost(struct rtcache_request *request);

/* Makes the calling thread the owner, allows wake to be called again, and returns the number of requests. */
size_t rtcache__inbox_open(struct rtcache__inbox *inbox);

bool rtcache__inbox_is_empty(struct rtcache__inbox *inbox);

/* Removes and returns the first request, with its state; NULL if the inbox is empty. */
struct rtcache_request *rtcache__inbox_fetch(struct rtcache__inbox *inbox,
					     enum rtcache__request_state *state_out);

/* Returns true if the request is READY, and removes it from the inbox then. */
bool rtcache__inbox_fetch_ready(struct rtcache_request *request);

/* Calls the wake of each inbox. Without any lock. */
void rtcache__wakes_run(struct rtcache__wakes *wakes);

#endif

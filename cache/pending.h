/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests of a client that wait, by the time at which each of them is due. */

#ifndef RTCACHE_PENDING_H
#define RTCACHE_PENDING_H

/*
 * Two lists, each ordered by time, because each of the two intervals is the same for all requests:
 * every pending request by the start of its wait (lock_timeout_ms), and those for which there is a
 * stale value by the time at which they get it (stale_after_ms).
 *
 * Threads: the thread of the client.
 */

#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "rtcache.h"

struct rtcache__pending {
	struct rtcache__list waits;
	struct rtcache__list stale;
	size_t count;
};

void rtcache__pending_init(struct rtcache__pending *pending);

/* Adds a request whose wait began at since_ms. */
void rtcache__pending_add(struct rtcache__pending *pending, struct rtcache_request *request,
			  uint64_t since_ms);

/* Removes a request from both lists. */
void rtcache__pending_remove(struct rtcache__pending *pending, struct rtcache_request *request);

/* Restarts the wait of a request, as begun at since_ms. */
void rtcache__pending_restart(struct rtcache__pending *pending, struct rtcache_request *request,
			      uint64_t since_ms);

/* A pending request gets a stale value at at_ms, which is not earlier than that of any other. */
void rtcache__pending_add_stale(struct rtcache__pending *pending, struct rtcache_request *request,
				uint64_t at_ms);

/* Removes a request from the list of stale values if it is in there. It remains pending. */
void rtcache__pending_remove_stale(struct rtcache_request *request);

/* Returns the request that has waited longest, or NULL. */
static inline struct rtcache_request *
rtcache__pending_oldest(const struct rtcache__pending *pending)
{
	if (!pending->count)
		return NULL;
	return RTCACHE__CONTAINER(pending->waits.next, struct rtcache_request, priv.wait_node);
}

/* Returns the request that is the first to get a stale value, or NULL. */
static inline struct rtcache_request *
rtcache__pending_oldest_stale(const struct rtcache__pending *pending)
{
	if (rtcache__list_is_empty(&pending->stale))
		return NULL;
	return RTCACHE__CONTAINER(pending->stale.next, struct rtcache_request, priv.stale_node);
}

#endif

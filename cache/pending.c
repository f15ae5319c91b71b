/* SPDX-License-Identifier: BSD-2-Clause */
/* The two ordered lists of pending requests. */

#include "pending.h"

void rtcache__pending_init(struct rtcache__pending *pending)
{
	rtcache__list_init(&pending->waits);
	rtcache__list_init(&pending->stale);
	pending->count = 0;
}

static uint64_t since_of(const struct rtcache__list *node)
{
	return RTCACHE__CONTAINER(node, const struct rtcache_request, priv.wait_node)
		->priv.since_ms;
}

/* Most waits begin at the current time, hence the search from the end. */
static void insert_wait(struct rtcache__pending *pending, struct rtcache_request *request,
			uint64_t since_ms)
{
	struct rtcache__list *place = pending->waits.previous;
	request->priv.since_ms = since_ms;
	while (place != &pending->waits && since_of(place) > since_ms)
		place = place->previous;
	rtcache__list_insert(place, &request->priv.wait_node);
}

void rtcache__pending_add(struct rtcache__pending *pending, struct rtcache_request *request,
			  uint64_t since_ms)
{
	insert_wait(pending, request, since_ms);
	pending->count++;
}

void rtcache__pending_remove(struct rtcache__pending *pending, struct rtcache_request *request)
{
	rtcache__list_remove(&request->priv.wait_node);
	pending->count--;
	rtcache__pending_remove_stale(request);
}

void rtcache__pending_restart(struct rtcache__pending *pending, struct rtcache_request *request,
			      uint64_t since_ms)
{
	rtcache__list_remove(&request->priv.wait_node);
	insert_wait(pending, request, since_ms);
}

void rtcache__pending_add_stale(struct rtcache__pending *pending, struct rtcache_request *request,
				uint64_t at_ms)
{
	request->priv.stale_at_ms = at_ms;
	rtcache__list_append(&pending->stale, &request->priv.stale_node);
}

void rtcache__pending_remove_stale(struct rtcache_request *request)
{
	if (rtcache__list_is_linked(&request->priv.stale_node))
		rtcache__list_remove(&request->priv.stale_node);
}

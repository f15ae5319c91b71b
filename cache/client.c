/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's beginning and end, its inbox, and what it keeps of requests under way. */

#include "client.h"

#include <stdlib.h>

#include "flight.h"

#define HELD_ROOM_MIN 16

struct rtcache_client *rtcache_client_new(struct rtcache *cache, void (*wake)(void *arg), void *arg)
{
	struct rtcache_client *client = aligned_alloc(RTCACHE__LINE, sizeof(*client));
	if (!client)
		return NULL;
	*client = (struct rtcache_client){
		.cache = cache,
		.wake = wake,
		.wake_arg = arg,
		.owner = pthread_self(),
	};
	pthread_mutex_init(&client->lock, NULL);
	pthread_cond_init(&client->woken, NULL);
	rtcache__reader_join(&cache->epochs, &client->reader);
	pthread_mutex_lock(&cache->lock);
	client->next = cache->clients;
	cache->clients = client;
	pthread_mutex_unlock(&cache->lock);
	return client;
}

static void end_requests(struct rtcache_client *client)
{
	while (client->oldest) {
		struct rtcache_request *request = client->oldest;
		struct rtcache_value value;
		rtcache_cancel(client, request);
		rtcache__value_none(&value, RTCACHE_MISS, RTCACHE_ECANCELED);
		if (request->done)
			request->done(request, &value);
	}
}

static void leave_cache(struct rtcache_client *client)
{
	struct rtcache *cache = client->cache;
	pthread_mutex_lock(&cache->lock);
	struct rtcache_client **link = &cache->clients;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	for (unsigned i = 0; i < RTCACHE__COUNTS; i++)
		cache->counts[i] += atomic_load_explicit(&client->counts[i], memory_order_relaxed);
	pthread_mutex_unlock(&cache->lock);
}

void rtcache_client_free(struct rtcache_client *client)
{
	if (!client)
		return;
	struct rtcache *cache = client->cache;
	client->closing = true;
	end_requests(client);
	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct rtcache__wakes wakes = {0};
		rtcache__flights_bereave(&cache->shards[i], client, &wakes);
		rtcache__wakes_run(&wakes);
	}
	rtcache_client_park(client);
	rtcache__reader_leave(&cache->epochs, &client->reader);
	leave_cache(client);

	/* Nothing is left that another thread could post; one may still be calling wake. */
	pthread_mutex_lock(&client->lock);
	while (client->is_waking)
		pthread_cond_wait(&client->woken, &client->lock);
	pthread_mutex_unlock(&client->lock);
	pthread_cond_destroy(&client->woken);
	pthread_mutex_destroy(&client->lock);
	free(client->held);
	free(client);
}

static void release_held(struct rtcache_client *client)
{
	while (client->held_count)
		rtcache__flight_unref(client->held[--client->held_count]);
}

static void take_ownership(struct rtcache_client *client)
{
	pthread_mutex_lock(&client->lock);
	client->owner = pthread_self();
	pthread_mutex_unlock(&client->lock);
}

void rtcache_client_park(struct rtcache_client *client)
{
	release_held(client);
	rtcache__reader_offline(&client->reader);
	client->state = RTCACHE__PARKED;
}

void rtcache__client_unpark_slowly(struct rtcache_client *client)
{
	rtcache__reader_online(&client->cache->epochs, &client->reader);
	client->state = RTCACHE__ONLINE;
}

void rtcache_client_unpark(struct rtcache_client *client)
{
	take_ownership(client);
	rtcache__client_enter(client);
}

void rtcache__client_quiet(struct rtcache_client *client)
{
	release_held(client);
	rtcache__client_enter(client);
	rtcache__reader_quiet(&client->cache->epochs, &client->reader);
	client->state = RTCACHE__ONLINE;
}

int rtcache__client_reserve(struct rtcache_client *client)
{
	size_t need = client->held_count + client->pending_count + 1;
	if (need <= client->held_room)
		return 0;
	size_t room = client->held_room ? 2 * client->held_room : HELD_ROOM_MIN;
	struct rtcache__flight **held = realloc(client->held, room * sizeof(*held));
	if (!held)
		return RTCACHE_ENOMEM;
	client->held = held;
	client->held_room = room;
	return 0;
}

void rtcache__client_post(struct rtcache_request *request, enum rtcache__request_state state,
			  struct rtcache__wakes *wakes)
{
	struct rtcache_client *client = request->priv.client;
	pthread_mutex_lock(&client->lock);
	request->priv.state = state;
	if (!request->priv.in_inbox) {
		request->priv.in_inbox = true;
		request->priv.next = NULL;
		request->priv.prev = client->inbox_last;
		if (client->inbox_last)
			client->inbox_last->priv.next = request;
		else
			client->inbox_first = request;
		client->inbox_last = request;
		client->inbox_count++;
	}
	if (client->wake && !client->is_woken && !pthread_equal(client->owner, pthread_self())) {
		client->is_woken = true;
		if (client->is_waking) {
			client->wake_again = true;
		} else {
			client->is_waking = true;
			client->next_waking = wakes->first;
			wakes->first = client;
		}
	}
	pthread_mutex_unlock(&client->lock);
}

static void inbox_remove(struct rtcache_client *client, struct rtcache_request *request)
{
	if (request->priv.prev)
		request->priv.prev->priv.next = request->priv.next;
	else
		client->inbox_first = request->priv.next;
	if (request->priv.next)
		request->priv.next->priv.prev = request->priv.prev;
	else
		client->inbox_last = request->priv.prev;
	request->priv.in_inbox = false;
	client->inbox_count--;
}

void rtcache__client_unpost(struct rtcache_client *client, struct rtcache_request *request)
{
	pthread_mutex_lock(&client->lock);
	if (request->priv.in_inbox)
		inbox_remove(client, request);
	pthread_mutex_unlock(&client->lock);
}

size_t rtcache__client_open_inbox(struct rtcache_client *client)
{
	pthread_mutex_lock(&client->lock);
	client->owner = pthread_self();
	client->is_woken = false;
	size_t count = client->inbox_count;
	pthread_mutex_unlock(&client->lock);
	return count;
}

bool rtcache__client_has_inbox(struct rtcache_client *client)
{
	pthread_mutex_lock(&client->lock);
	bool has = client->inbox_first != NULL;
	pthread_mutex_unlock(&client->lock);
	return has;
}

struct rtcache_request *rtcache__client_fetch(struct rtcache_client *client,
					      enum rtcache__request_state *state_out)
{
	pthread_mutex_lock(&client->lock);
	struct rtcache_request *request = client->inbox_first;
	if (request) {
		inbox_remove(client, request);
		*state_out = request->priv.state;
	}
	pthread_mutex_unlock(&client->lock);
	return request;
}

bool rtcache__client_fetch_ready(struct rtcache_client *client, struct rtcache_request *request)
{
	pthread_mutex_lock(&client->lock);
	bool ready = request->priv.state == RTCACHE__READY;
	if (ready && request->priv.in_inbox)
		inbox_remove(client, request);
	pthread_mutex_unlock(&client->lock);
	return ready;
}

void rtcache__wakes_run(struct rtcache__wakes *wakes)
{
	while (wakes->first) {
		struct rtcache_client *client = wakes->first;
		wakes->first = client->next_waking;
		pthread_mutex_lock(&client->lock);
		do {
			client->wake_again = false;
			pthread_mutex_unlock(&client->lock);
			client->wake(client->wake_arg);
			pthread_mutex_lock(&client->lock);
		} while (client->wake_again);
		client->is_waking = false;
		pthread_cond_broadcast(&client->woken);
		pthread_mutex_unlock(&client->lock);
	}
}

void rtcache__client_track(struct rtcache_client *client, struct rtcache_request *request,
			   uint64_t since_ms)
{
	request->priv.since_ms = since_ms;
	struct rtcache_request *older = client->newest;
	while (older && older->priv.since_ms > since_ms)
		older = older->priv.older;
	struct rtcache_request *newer = older ? older->priv.newer : client->oldest;
	request->priv.older = older;
	request->priv.newer = newer;
	*(older ? &older->priv.newer : &client->oldest) = request;
	*(newer ? &newer->priv.older : &client->newest) = request;
	client->pending_count++;
}

void rtcache__client_track_stale(struct rtcache_client *client, struct rtcache_request *request,
				 uint64_t at_ms)
{
	request->priv.has_stale = true;
	request->priv.stale_at_ms = at_ms;
	request->priv.stale_newer = NULL;
	request->priv.stale_older = client->stale_newest;
	if (client->stale_newest)
		client->stale_newest->priv.stale_newer = request;
	else
		client->stale_oldest = request;
	client->stale_newest = request;
}

void rtcache__client_untrack_stale(struct rtcache_client *client, struct rtcache_request *request)
{
	if (!request->priv.has_stale)
		return;
	struct rtcache_request *older = request->priv.stale_older;
	struct rtcache_request *newer = request->priv.stale_newer;
	*(older ? &older->priv.stale_newer : &client->stale_oldest) = newer;
	*(newer ? &newer->priv.stale_older : &client->stale_newest) = older;
	request->priv.has_stale = false;
}

void rtcache__client_untrack(struct rtcache_client *client, struct rtcache_request *request)
{
	struct rtcache_request *older = request->priv.older;
	struct rtcache_request *newer = request->priv.newer;
	*(older ? &older->priv.newer : &client->oldest) = newer;
	*(newer ? &newer->priv.older : &client->newest) = older;
	client->pending_count--;
}

void rtcache__client_take(struct rtcache_client *client, struct rtcache_request *request,
			  struct rtcache_value *out)
{
	struct rtcache__flight *flight = request->priv.flight;
	enum rtcache_status status = request->priv.status;
	rtcache__client_untrack(client, request);
	rtcache__client_untrack_stale(client, request);
	request->priv.flight = NULL;

	uint64_t now_ms = rtcache__now(client->cache);
	if (flight->error) {
		struct rtcache__entry *entry =
			rtcache__find(flight->shard, flight->hash, flight->key, flight->key_len);
		if (rtcache__is_stale(client->cache, entry, now_ms))
			rtcache__client_give(client, entry, now_ms, out);
		else
			rtcache__value_none(out, status, flight->error);
		rtcache__flight_unref(flight);
	} else {
		uint64_t age_ms = now_ms > flight->ended_ms ? now_ms - flight->ended_ms : 0;
		*out = (struct rtcache_value){
			.data = flight->data,
			.len = flight->len,
			.status = status,
			.age_ms = age_ms,
			.ttl_ms = flight->ttl_ms == RTCACHE_NO_TTL ? RTCACHE_NO_TTL
				  : flight->ttl_ms > age_ms	   ? flight->ttl_ms - age_ms
								   : 0,
		};
		client->held[client->held_count++] = flight;
	}
	rtcache__client_count(client, (enum rtcache__count)out->status);
	if (out->error)
		rtcache__client_count(client, RTCACHE__COUNT_FAILURE);
}

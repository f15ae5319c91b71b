/* SPDX-License-Identifier: BSD-2-Clause */
/* Creating and freeing a client, parking it, and the values that it holds. */

#include "client.h"

#include <stdlib.h>

#define HELD_ROOM_MIN 16

struct rtcache_client *rtcache_client_new(struct rtcache *cache, void (*wake)(void *arg), void *arg)
{
	struct rtcache_client *client = aligned_alloc(RTCACHE__LINE, sizeof(*client));
	if (!client)
		return NULL;
	*client = (struct rtcache_client){.cache = cache};
	rtcache__inbox_init(&client->inbox, wake, arg);
	rtcache__pending_init(&client->pending);
	rtcache__reader_join(&cache->epochs, &client->reader);
	pthread_mutex_lock(&cache->lock);
	client->next = cache->clients;
	cache->clients = client;
	pthread_mutex_unlock(&cache->lock);
	return client;
}

static void cancel_all(struct rtcache_client *client)
{
	struct rtcache_request *request;
	while ((request = rtcache__pending_oldest(&client->pending))) {
		struct rtcache_value value;
		rtcache_cancel(client, request);
		rtcache__value_none(&value, RTCACHE_MISS, RTCACHE_ECANCELED);
		if (request->done)
			request->done(request, &value);
	}
}

/* Hands the lookups of the client over to the requests of other clients that wait for them. */
static void abandon_lookups(const struct rtcache_client *client)
{
	const struct rtcache *cache = client->cache;
	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct rtcache__shard *shard = &cache->shards[i];
		struct rtcache__wakes wakes = {0};
		pthread_mutex_lock(&shard->lock);
		rtcache__flights_forget_client(&shard->flights, client, &wakes);
		pthread_mutex_unlock(&shard->lock);
		rtcache__wakes_run(&wakes);
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
		cache->counts[i] += rtcache__count_read(&client->counts, (enum rtcache__count)i);
	pthread_mutex_unlock(&cache->lock);
}

void rtcache_client_free(struct rtcache_client *client)
{
	if (!client)
		return;
	client->closing = true;
	cancel_all(client);
	abandon_lookups(client);
	rtcache_client_park(client);
	rtcache__reader_leave(&client->cache->epochs, &client->reader);
	leave_cache(client);
	rtcache__inbox_fini(&client->inbox);
	free(client->held);
	free(client);
}

static void release_held(struct rtcache_client *client)
{
	while (client->held_count)
		rtcache__flight_unref(client->held[--client->held_count]);
}

void rtcache_client_park(struct rtcache_client *client)
{
	release_held(client);
	rtcache__reader_offline(&client->reader);
	client->state = RTCACHE__PARKED;
}

void rtcache__client_go_online(struct rtcache_client *client)
{
	rtcache__reader_online(&client->cache->epochs, &client->reader);
	client->state = RTCACHE__ONLINE;
}

void rtcache_client_unpark(struct rtcache_client *client)
{
	rtcache__inbox_own(&client->inbox);
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
	size_t need = client->held_count + client->pending.count + 1;
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

/* Gives the answer of a flight, whose reference becomes the client's. */
static void take_answer(struct rtcache_client *client, struct rtcache__flight *flight,
			enum rtcache_status status, uint64_t now_ms, struct rtcache_value *out)
{
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

/*
 * Gives the error of a flight, or the value of its key: a stale one, or a fresh one that was put or
 * loaded since. Under the herd rule a fresh one may be from the lookup of another waiter, and each
 * gets what its own returned. Drops a reference to the flight.
 */
static void take_error(struct rtcache_client *client, struct rtcache__flight *flight,
		       enum rtcache_status status, uint64_t now_ms, struct rtcache_value *out)
{
	struct rtcache__shard *shard = rtcache__shard_of_flight(flight);
	struct rtcache__entry *entry =
		rtcache__shard_peek(shard, flight->hash, flight->key, flight->key_len);
	bool has_value = client->cache->options.herd
				 ? rtcache__shard_is_stale(shard, entry, now_ms)
				 : rtcache__shard_is_alive(shard, entry, now_ms);
	if (has_value)
		rtcache__client_give(client, entry, now_ms, out);
	else
		rtcache__value_none(out, status, flight->error);
	rtcache__flight_unref(flight);
}

void rtcache__client_take(struct rtcache_client *client, struct rtcache_request *request,
			  struct rtcache_value *out)
{
	struct rtcache__flight *flight = request->priv.flight;
	enum rtcache_status status = request->priv.status;
	rtcache__pending_remove(&client->pending, request);
	request->priv.flight = NULL;

	uint64_t now_ms = rtcache__now(client->cache);
	if (flight->error)
		take_error(client, flight, status, now_ms, out);
	else
		take_answer(client, flight, status, now_ms, out);
	rtcache__client_count_value(client, out);
}

void rtcache_cancel(struct rtcache_client *client, struct rtcache_request *request)
{
	struct rtcache__wakes wakes = {0};
	if (!request->priv.flight)
		return;
	struct rtcache__shard *shard = rtcache__shard_of_flight(request->priv.flight);
	pthread_mutex_lock(&shard->lock);
	rtcache__flight_leave(request, &wakes);
	pthread_mutex_unlock(&shard->lock);
	rtcache__pending_remove(&client->pending, request);
	rtcache__wakes_run(&wakes);
}

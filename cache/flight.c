/* SPDX-License-Identifier: BSD-2-Clause */
/* The flights of a shard, and the end of a lookup. */

#include "flight.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"

#define INDEX_SLOTS_MIN 16

static struct rtcache__flight **slot_of(struct rtcache__shard *shard, uint64_t hash)
{
	return &shard->flights[hash & (shard->flight_slots - 1)];
}

struct rtcache__flight *rtcache__flight_find(struct rtcache__shard *shard, uint64_t hash,
					     const void *key, size_t key_len)
{
	if (!shard->flight_slots)
		return NULL;
	struct rtcache__flight *flight = *slot_of(shard, hash);
	while (flight && (flight->hash != hash || flight->key_len != key_len ||
			  (key_len && memcmp(flight->key, key, key_len) != 0)))
		flight = flight->index_next;
	return flight;
}

/* Twice the slots when each has a flight. Without memory the chains grow longer instead. */
static int grow_index(struct rtcache__shard *shard)
{
	size_t slots = shard->flight_slots ? 2 * shard->flight_slots : INDEX_SLOTS_MIN;
	struct rtcache__flight **old = shard->flights;
	size_t old_slots = shard->flight_slots;
	struct rtcache__flight **flights = calloc(slots, sizeof(struct rtcache__flight *));
	if (!flights)
		return old ? 0 : RTCACHE_ENOMEM;
	shard->flights = flights;
	shard->flight_slots = slots;
	for (size_t i = 0; i < old_slots; i++) {
		while (old[i]) {
			struct rtcache__flight *flight = old[i];
			old[i] = flight->index_next;
			flight->index_next = *slot_of(shard, flight->hash);
			*slot_of(shard, flight->hash) = flight;
		}
	}
	free(old);
	return 0;
}

static void index_remove(struct rtcache__flight *flight)
{
	if (!flight->is_indexed)
		return;
	struct rtcache__flight **link = slot_of(flight->shard, flight->hash);
	while (*link != flight)
		link = &(*link)->index_next;
	*link = flight->index_next;
	flight->is_indexed = false;
	flight->shard->flight_count--;
}

struct rtcache__flight *rtcache__flight_new(struct rtcache *cache, uint64_t hash, const void *key,
					    size_t key_len, bool is_indexed)
{
	struct rtcache__shard *shard = rtcache__shard_of(cache, hash);
	if (is_indexed && shard->flight_count >= shard->flight_slots && grow_index(shard) != 0)
		return NULL;
	struct rtcache__flight *flight = malloc(sizeof(*flight) + key_len);
	if (!flight)
		return NULL;
	*flight = (struct rtcache__flight){
		.cache = cache,
		.shard = shard,
		.hash = hash,
		.is_indexed = is_indexed,
		.key_len = key_len,
		.all_next = shard->all_flights,
	};
	atomic_init(&flight->refs, 1);
	if (key_len)
		memcpy(flight->key, key, key_len);
	if (shard->all_flights)
		shard->all_flights->all_prev = flight;
	shard->all_flights = flight;
	if (is_indexed) {
		flight->index_next = *slot_of(shard, hash);
		*slot_of(shard, hash) = flight;
		shard->flight_count++;
	}
	return flight;
}

void rtcache__flight_unref(struct rtcache__flight *flight)
{
	if (atomic_fetch_sub_explicit(&flight->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(flight->data);
	free(flight);
}

static void ref(struct rtcache__flight *flight)
{
	atomic_fetch_add_explicit(&flight->refs, 1, memory_order_relaxed);
}

/* An ended flight whose last lookup has ended concerns the shard no more. */
static void settle(struct rtcache__flight *flight)
{
	if (!flight->has_ended || flight->lookups)
		return;
	if (flight->all_prev)
		flight->all_prev->all_next = flight->all_next;
	else
		flight->shard->all_flights = flight->all_next;
	if (flight->all_next)
		flight->all_next->all_prev = flight->all_prev;
	rtcache__flight_unref(flight);
}

static void waiter_add(struct rtcache__flight *flight, struct rtcache_request *request)
{
	request->priv.next = NULL;
	request->priv.prev = flight->last;
	if (flight->last)
		flight->last->priv.next = request;
	else
		flight->first = request;
	flight->last = request;
}

static void waiter_remove(struct rtcache__flight *flight, struct rtcache_request *request)
{
	if (request->priv.prev)
		request->priv.prev->priv.next = request->priv.next;
	else
		flight->first = request->priv.next;
	if (request->priv.next)
		request->priv.next->priv.prev = request->priv.prev;
	else
		flight->last = request->priv.prev;
}

void rtcache__flight_join(struct rtcache__flight *flight, struct rtcache_request *request)
{
	if (request->priv.flight != flight) {
		ref(flight);
		request->priv.flight = flight;
	}
	request->priv.state = RTCACHE__WAITING;
	waiter_add(flight, request);
}

/* Nobody holds the flight any more: the next waiter shall, from its own client's run. */
static void find_heir(struct rtcache__flight *flight, struct rtcache__wakes *wakes)
{
	struct rtcache_request *request = flight->first;
	if (request) {
		waiter_remove(flight, request);
		flight->heir = request;
		rtcache__client_post(request, RTCACHE__HEIR, wakes);
	} else if (!flight->lookups) {
		flight->has_ended = true;
		index_remove(flight);
		settle(flight);
	}
}

void rtcache__flight_leave(struct rtcache__flight *flight, struct rtcache_request *request,
			   struct rtcache__wakes *wakes)
{
	if (request->priv.state == RTCACHE__WAITING)
		waiter_remove(flight, request);
	else
		rtcache__client_unpost(request->priv.client, request);
	request->priv.flight = NULL;

	if (flight->heir == request)
		flight->heir = NULL;
	for (struct rtcache_lookup *lookup = flight->lookups; lookup; lookup = lookup->next) {
		if (lookup->leader == request)
			lookup->leader = lookup == flight->newest ? flight->first : NULL;
	}
	if (!flight->has_ended && rtcache__flight_is_orphan(flight))
		find_heir(flight, wakes);
	rtcache__flight_unref(flight);
}

bool rtcache__flight_is_orphan(const struct rtcache__flight *flight)
{
	return !flight->newest && !flight->heir;
}

struct rtcache_lookup *rtcache__flight_look(struct rtcache__flight *flight,
					    struct rtcache_client *client,
					    struct rtcache_request *leader, void *extra,
					    uint64_t ttl_ms, uint64_t now_ms)
{
	struct rtcache_lookup *lookup = &flight->first_lookup;
	if (flight->first_lookup_used) {
		lookup = malloc(sizeof(*lookup));
		if (!lookup)
			return NULL;
	} else {
		flight->begun_ms = now_ms;
	}
	flight->first_lookup_used = true;
	*lookup = (struct rtcache_lookup){
		.flight = flight,
		.next = flight->lookups,
		.client = client,
		.leader = leader,
		.extra = extra,
		.ttl_ms = ttl_ms,
		.is_stored = true,
	};
	flight->lookups = lookup;
	flight->newest = lookup;
	flight->started_ms = now_ms;
	rtcache__client_count(client, RTCACHE__COUNT_LOOKUP);
	return lookup;
}

void rtcache__lookup_start(struct rtcache_lookup *lookup)
{
	const struct rtcache__flight *flight = lookup->flight;
	const struct rtcache_options *options = &flight->cache->options;
	if (options->lookup)
		options->lookup(lookup, flight->key, flight->key_len, lookup->extra, options->arg);
	else
		options->multi_lookup(&lookup, 1, lookup->extra, options->arg);
}

static void lookup_free(struct rtcache_lookup *lookup)
{
	struct rtcache__flight *flight = lookup->flight;
	struct rtcache_lookup **link = &flight->lookups;
	while (*link != lookup)
		link = &(*link)->next;
	*link = lookup->next;
	if (flight->newest == lookup)
		flight->newest = NULL;
	if (lookup != &flight->first_lookup)
		free(lookup);
}

/* In the herd, who waited for a lookup that failed tries it again, unless there is a stale value. */
static bool is_tried_again(const struct rtcache__flight *flight)
{
	if (!flight->cache->options.herd || !flight->error)
		return false;
	const struct rtcache__entry *entry =
		rtcache__shard_find(flight->shard, flight->hash, flight->key, flight->key_len);
	return !rtcache__is_stale(flight->cache, entry, flight->ended_ms);
}

/* What the lookup, or NULL for one of another flight, found is everybody's. */
static void end_flight(struct rtcache__flight *flight, const struct rtcache_lookup *lookup,
		       struct rtcache__wakes *wakes)
{
	bool again = is_tried_again(flight);
	flight->has_ended = true;
	index_remove(flight);
	if (flight->heir) {
		flight->heir->priv.status = RTCACHE_LOCK_HIT;
		rtcache__client_post(flight->heir, RTCACHE__READY, wakes);
		flight->heir = NULL;
	}
	while (flight->first) {
		struct rtcache_request *request = flight->first;
		bool leads = lookup && lookup->leader == request;
		waiter_remove(flight, request);
		if (again && !leads) {
			rtcache__client_post(request, RTCACHE__HEIR, wakes);
			continue;
		}
		if (!leads)
			request->priv.status = RTCACHE_LOCK_HIT;
		rtcache__client_post(request, RTCACHE__READY, wakes);
	}
	for (struct rtcache_lookup *other = flight->lookups; other; other = other->next)
		other->leader = NULL;
}

static void end_with_answer(struct rtcache__flight *flight, const struct rtcache_lookup *lookup,
			    const struct rtcache__new *item, uint64_t now_ms,
			    struct rtcache__wakes *wakes)
{
	if (flight->first || flight->heir) {
		flight->data = malloc(item->len ? item->len : 1);
		if (!flight->data)
			flight->error = RTCACHE_ENOMEM;
		else if (item->len)
			memcpy(flight->data, item->data, item->len);
	}
	flight->len = item->len;
	flight->ttl_ms = item->ttl_ms;
	flight->ended_ms = now_ms;
	end_flight(flight, lookup, wakes);
}

static bool has_fresh(struct rtcache__shard *shard, const struct rtcache__flight *flight,
		      uint64_t now_ms)
{
	const struct rtcache__entry *entry =
		rtcache__shard_find(shard, flight->hash, flight->key, flight->key_len);
	return entry && now_ms < entry->end_ms;
}

void rtcache_fill(struct rtcache_lookup *lookup, const void *data, size_t len, uint64_t ttl_ms)
{
	struct rtcache__flight *flight = lookup->flight;
	struct rtcache__shard *shard = flight->shard;
	struct rtcache__wakes wakes = {0};
	uint64_t now_ms = rtcache__now(flight->cache);
	struct rtcache__new item = {
		.hash = flight->hash,
		.key = flight->key,
		.key_len = flight->key_len,
		.data = data,
		.len = len,
		.ttl_ms = ttl_ms == RTCACHE_NO_TTL ? lookup->ttl_ms : ttl_ms,
	};

	pthread_mutex_lock(&shard->lock);
	bool is_late = flight->has_ended;
	/* What cannot be stored is delivered all the same. */
	if (lookup->is_stored && item.ttl_ms && !(is_late && has_fresh(shard, flight, now_ms)))
		(void)rtcache__shard_store(shard, &item, now_ms, true, NULL);
	rtcache__failure_forget(flight->cache, shard, flight->hash, flight->key, flight->key_len);
	if (is_late) {
		struct rtcache__flight *current =
			rtcache__flight_find(shard, flight->hash, flight->key, flight->key_len);
		if (current) {
			end_with_answer(current, NULL, &item, now_ms, &wakes);
			settle(current);
		}
	} else {
		end_with_answer(flight, lookup, &item, now_ms, &wakes);
	}
	lookup_free(lookup);
	settle(flight);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
}

static void end_with_error(struct rtcache_lookup *lookup, int error, bool is_remembered,
			   unsigned cause)
{
	struct rtcache__flight *flight = lookup->flight;
	struct rtcache__shard *shard = flight->shard;
	struct rtcache__wakes wakes = {0};
	uint64_t now_ms = rtcache__now(flight->cache);
	if (error >= 0)
		error = RTCACHE_EINVAL;

	pthread_mutex_lock(&shard->lock);
	bool holds = flight->newest == lookup || rtcache__flight_is_orphan(flight);
	if (!flight->has_ended && holds) {
		if (is_remembered)
			rtcache__failure_remember(flight->cache, shard, flight->hash, flight->key,
						  flight->key_len, error, cause, now_ms);
		flight->error = error;
		flight->ended_ms = now_ms;
		end_flight(flight, lookup, &wakes);
	}
	lookup_free(lookup);
	settle(flight);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
}

void rtcache_fail(struct rtcache_lookup *lookup, int error)
{
	end_with_error(lookup, error, true, RTCACHE_NO_CAUSE);
}

void rtcache_fail_for(struct rtcache_lookup *lookup, int error, unsigned cause)
{
	end_with_error(lookup, error, true, cause);
}

void rtcache_refuse(struct rtcache_lookup *lookup, int error)
{
	end_with_error(lookup, error, false, RTCACHE_NO_CAUSE);
}

const void *rtcache_lookup_key(const struct rtcache_lookup *lookup, size_t *len)
{
	*len = lookup->flight->key_len;
	return lookup->flight->key;
}

void *rtcache_lookup_extra(const struct rtcache_lookup *lookup)
{
	return lookup->extra;
}

void rtcache__flights_bereave(struct rtcache__shard *shard, struct rtcache_client *client,
			      struct rtcache__wakes *wakes)
{
	pthread_mutex_lock(&shard->lock);
	struct rtcache__flight *next;
	for (struct rtcache__flight *flight = shard->all_flights; flight; flight = next) {
		next = flight->all_next;
		for (struct rtcache_lookup *lookup = flight->lookups; lookup;
		     lookup = lookup->next) {
			if (lookup->client != client)
				continue;
			lookup->client = NULL;
			if (flight->newest == lookup)
				flight->newest = NULL;
		}
		if (!flight->has_ended && rtcache__flight_is_orphan(flight))
			find_heir(flight, wakes);
	}
	pthread_mutex_unlock(&shard->lock);
}

void rtcache__flights_free(struct rtcache__shard *shard)
{
	while (shard->all_flights) {
		struct rtcache__flight *flight = shard->all_flights;
		flight->has_ended = true;
		while (flight->lookups)
			lookup_free(flight->lookups);
		settle(flight);
	}
	free(shard->flights);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of flights, their waiters, and the order in which waiters take over. */

#include "flight.h"

#include <stdlib.h>
#include <string.h>

#define INDEX_SLOTS_MIN 16

void rtcache__flights_init(struct rtcache__flights *flights)
{
	*flights = (struct rtcache__flights){0};
	rtcache__list_init(&flights->all);
}

static struct rtcache__flight **slot_of(const struct rtcache__flights *flights, uint64_t hash)
{
	return &flights->slots[hash & (flights->slot_count - 1)];
}

struct rtcache__flight *rtcache__flight_find(const struct rtcache__flights *flights, uint64_t hash,
					     const void *key, size_t key_len)
{
	if (!flights->slot_count)
		return NULL;
	struct rtcache__flight *flight = *slot_of(flights, hash);
	while (flight && (flight->hash != hash || flight->key_len != key_len ||
			  (key_len && memcmp(flight->key, key, key_len) != 0)))
		flight = flight->index_next;
	return flight;
}

static void index_add(struct rtcache__flights *flights, struct rtcache__flight *flight)
{
	struct rtcache__flight **slot = slot_of(flights, flight->hash);
	flight->index_next = *slot;
	*slot = flight;
}

/* Doubles the slots when there is a flight for each. Without memory the chains become longer. */
static int grow_index(struct rtcache__flights *flights)
{
	size_t slot_count = flights->slot_count ? 2 * flights->slot_count : INDEX_SLOTS_MIN;
	struct rtcache__flight **old = flights->slots;
	size_t old_count = flights->slot_count;
	struct rtcache__flight **slots = calloc(slot_count, sizeof(struct rtcache__flight *));
	if (!slots)
		return old ? 0 : RTCACHE_ENOMEM;
	flights->slots = slots;
	flights->slot_count = slot_count;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct rtcache__flight *flight = old[i];
			old[i] = flight->index_next;
			index_add(flights, flight);
		}
	}
	free(old);
	return 0;
}

static void index_remove(struct rtcache__flight *flight)
{
	if (!flight->is_indexed)
		return;
	struct rtcache__flight **link = slot_of(flight->flights, flight->hash);
	while (*link != flight)
		link = &(*link)->index_next;
	*link = flight->index_next;
	flight->is_indexed = false;
	flight->flights->count--;
}

struct rtcache__flight *rtcache__flight_new(struct rtcache__flights *flights, struct rtcache *cache,
					    uint64_t hash, const void *key, size_t key_len,
					    bool is_indexed)
{
	if (is_indexed && flights->count >= flights->slot_count && grow_index(flights) != 0)
		return NULL;
	struct rtcache__flight *flight = malloc(sizeof(*flight) + key_len);
	if (!flight)
		return NULL;
	*flight = (struct rtcache__flight){
		.flights = flights,
		.cache = cache,
		.hash = hash,
		.is_indexed = is_indexed,
		.key_len = key_len,
	};
	atomic_init(&flight->refs, 1);
	rtcache__list_init(&flight->waiters);
	if (key_len)
		memcpy(flight->key, key, key_len);
	rtcache__list_insert(&flights->all, &flight->node);
	if (is_indexed) {
		index_add(flights, flight);
		flights->count++;
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

/* Removes a flight from the shard if it has ended and so have all of its lookups. */
static void settle(struct rtcache__flight *flight)
{
	if (!flight->has_ended || flight->lookups)
		return;
	rtcache__list_remove(&flight->node);
	rtcache__flight_unref(flight);
}

void rtcache__flight_join(struct rtcache__flight *flight, struct rtcache_request *request)
{
	if (request->priv.flight != flight) {
		ref(flight);
		request->priv.flight = flight;
	}
	request->priv.state = RTCACHE__WAITING;
	rtcache__list_append(&flight->waiters, &request->priv.node);
}

/* Makes the first waiter the successor. A flight without waiters and lookups ends. */
static void choose_successor(struct rtcache__flight *flight, struct rtcache__wakes *wakes)
{
	struct rtcache_request *request = rtcache__flight_first_waiter(flight);
	if (request) {
		rtcache__list_remove(&request->priv.node);
		flight->successor = request;
		rtcache__inbox_post(request, RTCACHE__SUCCESSOR, wakes);
	} else if (!flight->lookups) {
		flight->has_ended = true;
		index_remove(flight);
		settle(flight);
	}
}

void rtcache__flight_leave(struct rtcache_request *request, struct rtcache__wakes *wakes)
{
	struct rtcache__flight *flight = request->priv.flight;
	if (request->priv.state == RTCACHE__WAITING)
		rtcache__list_remove(&request->priv.node);
	else
		rtcache__inbox_unpost(request);
	request->priv.flight = NULL;

	if (flight->successor == request)
		flight->successor = NULL;
	struct rtcache_request *next = rtcache__flight_first_waiter(flight);
	for (struct rtcache_lookup *lookup = flight->lookups; lookup; lookup = lookup->next) {
		if (lookup->leader == request)
			lookup->leader = lookup == flight->newest ? next : NULL;
	}
	if (!flight->has_ended && rtcache__flight_is_orphan(flight))
		choose_successor(flight, wakes);
	rtcache__flight_unref(flight);
}

struct rtcache_lookup *rtcache__lookup_new(struct rtcache__flight *flight,
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
	return lookup;
}

static void drop_lookup(struct rtcache__flight *flight, struct rtcache_lookup *lookup)
{
	struct rtcache_lookup **link = &flight->lookups;
	while (*link != lookup)
		link = &(*link)->next;
	*link = lookup->next;
	if (flight->newest == lookup)
		flight->newest = NULL;
	if (lookup != &flight->first_lookup)
		free(lookup);
}

void rtcache__lookup_free(struct rtcache_lookup *lookup)
{
	struct rtcache__flight *flight = lookup->flight;
	drop_lookup(flight, lookup);
	settle(flight);
}

void rtcache__flight_end(struct rtcache__flight *flight, const struct rtcache_lookup *lookup,
			 bool is_retried, struct rtcache__wakes *wakes)
{
	struct rtcache_request *request = flight->successor;
	flight->has_ended = true;
	index_remove(flight);
	if (request) {
		request->priv.status = RTCACHE_LOCK_HIT;
		rtcache__inbox_post(request, RTCACHE__READY, wakes);
		flight->successor = NULL;
	}
	while ((request = rtcache__flight_first_waiter(flight))) {
		bool leads = lookup && lookup->leader == request;
		rtcache__list_remove(&request->priv.node);
		if (is_retried && !leads) {
			rtcache__inbox_post(request, RTCACHE__SUCCESSOR, wakes);
			continue;
		}
		if (!leads)
			request->priv.status = RTCACHE_LOCK_HIT;
		rtcache__inbox_post(request, RTCACHE__READY, wakes);
	}
	for (struct rtcache_lookup *other = flight->lookups; other; other = other->next)
		other->leader = NULL;
	settle(flight);
}

static void forget_client_of(struct rtcache__flight *flight, const struct rtcache_client *client)
{
	for (struct rtcache_lookup *lookup = flight->lookups; lookup; lookup = lookup->next) {
		if (lookup->client != client)
			continue;
		lookup->client = NULL;
		if (flight->newest == lookup)
			flight->newest = NULL;
	}
}

static struct rtcache__flight *flight_of(struct rtcache__list *node)
{
	return RTCACHE__CONTAINER(node, struct rtcache__flight, node);
}

void rtcache__flights_forget_client(struct rtcache__flights *flights,
				    const struct rtcache_client *client,
				    struct rtcache__wakes *wakes)
{
	struct rtcache__list *next;
	for (struct rtcache__list *node = flights->all.next; node != &flights->all; node = next) {
		struct rtcache__flight *flight = flight_of(node);
		next = node->next;
		forget_client_of(flight, client);
		if (!flight->has_ended && rtcache__flight_is_orphan(flight))
			choose_successor(flight, wakes);
	}
}

void rtcache__flights_fini(struct rtcache__flights *flights)
{
	while (!rtcache__list_is_empty(&flights->all)) {
		struct rtcache__flight *flight = flight_of(flights->all.next);
		flight->has_ended = true;
		while (flight->lookups)
			drop_lookup(flight, flight->lookups);
		settle(flight);
	}
	free(flights->slots);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The start and the end of lookups: an answer is stored, a failure remembered, the flight ended. */

#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "shard.h"

void rtcache__lookup_start(struct rtcache_lookup *lookup)
{
	const struct rtcache__flight *flight = lookup->flight;
	const struct rtcache_options *options = &flight->cache->options;
	if (options->lookup)
		options->lookup(lookup, flight->key, flight->key_len, lookup->extra, options->arg);
	else
		options->multi_lookup(&lookup, 1, lookup->extra, options->arg);
}

void rtcache__lookups_start(const struct rtcache *cache, struct rtcache_lookup *const *lookups,
			    size_t count, void *extra)
{
	const struct rtcache_options *options = &cache->options;
	if (options->multi_lookup) {
		options->multi_lookup(lookups, count, extra, options->arg);
		return;
	}
	for (size_t i = 0; i < count; i++)
		rtcache__lookup_start(lookups[i]);
}

static const struct rtcache__entry *find_entry(const struct rtcache__flight *flight)
{
	return rtcache__shard_find(rtcache__shard_of_flight(flight), flight->hash, flight->key,
				   flight->key_len);
}

/*
 * Under the herd rule, the waiters of a failed lookup look up for themselves, unless there is a
 * stale value.
 */
static bool is_retried(const struct rtcache__flight *flight)
{
	if (!flight->cache->options.herd || !flight->error)
		return false;
	return !rtcache__shard_is_stale(rtcache__shard_of_flight(flight), find_entry(flight),
					flight->ended_ms);
}

/* lookup: the one that has ended, or NULL if it belongs to another flight of the key. */
static void end_with_answer(struct rtcache__flight *flight, const struct rtcache_lookup *lookup,
			    const struct rtcache__new *item, uint64_t now_ms,
			    struct rtcache__wakes *wakes)
{
	if (flight->successor || rtcache__flight_first_waiter(flight)) {
		flight->data = malloc(item->len ? item->len : 1);
		if (!flight->data)
			flight->error = RTCACHE_ENOMEM;
		else if (item->len)
			memcpy(flight->data, item->data, item->len);
	}
	flight->len = item->len;
	flight->ttl_ms = item->ttl_ms;
	flight->ended_ms = now_ms;
	rtcache__flight_end(flight, lookup, is_retried(flight), wakes);
}

/* Returns true if a fresh value was stored since the flight began, which one that is loaded was not. */
static bool has_newer(const struct rtcache__flight *flight, uint64_t now_ms)
{
	const struct rtcache__entry *entry = find_entry(flight);
	return entry && now_ms < entry->end_ms && entry->stored_ms >= flight->begun_ms;
}

/* Stores an answer, unless the flight has ended before and a fresh value is there since. */
static void store(const struct rtcache_lookup *lookup, const struct rtcache__new *item,
		  uint64_t now_ms)
{
	const struct rtcache__flight *flight = lookup->flight;
	if (!lookup->is_stored || !item->ttl_ms)
		return;
	if (flight->has_ended && has_newer(flight, now_ms))
		return;
	/* An answer that cannot be stored is delivered nevertheless. */
	(void)rtcache__shard_store(rtcache__shard_of_flight(flight), item, now_ms, true, NULL);
}

/* Delivers an answer to the flight of the lookup; if that has ended, to the present one of the key. */
static void deliver(struct rtcache_lookup *lookup, const struct rtcache__new *item, uint64_t now_ms,
		    struct rtcache__wakes *wakes)
{
	struct rtcache__flight *flight = lookup->flight;
	if (!flight->has_ended) {
		end_with_answer(flight, lookup, item, now_ms, wakes);
		return;
	}
	struct rtcache__flight *current =
		rtcache__flight_find(flight->flights, flight->hash, flight->key, flight->key_len);
	if (current)
		end_with_answer(current, NULL, item, now_ms, wakes);
}

void rtcache_fill(struct rtcache_lookup *lookup, const void *data, size_t len, uint64_t ttl_ms)
{
	const struct rtcache__flight *flight = lookup->flight;
	struct rtcache__shard *shard = rtcache__shard_of_flight(flight);
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
	store(lookup, &item, now_ms);
	rtcache__failure_forget(flight->cache, shard, flight->hash, flight->key, flight->key_len);
	deliver(lookup, &item, now_ms, &wakes);
	rtcache__lookup_free(lookup);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
}

static void end_with_error(struct rtcache_lookup *lookup, int error, bool is_remembered,
			   unsigned cause)
{
	struct rtcache__flight *flight = lookup->flight;
	struct rtcache__shard *shard = rtcache__shard_of_flight(flight);
	struct rtcache__wakes wakes = {0};
	uint64_t now_ms = rtcache__now(flight->cache);
	if (error >= 0)
		error = RTCACHE_EINVAL;

	pthread_mutex_lock(&shard->lock);
	bool decides = flight->newest == lookup || rtcache__flight_is_orphan(flight);
	if (!flight->has_ended && decides) {
		if (is_remembered)
			rtcache__failure_remember(flight->cache, shard, flight->hash, flight->key,
						  flight->key_len, error, cause, now_ms);
		flight->error = error;
		flight->ended_ms = now_ms;
		rtcache__flight_end(flight, lookup, is_retried(flight), &wakes);
	}
	rtcache__lookup_free(lookup);
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

/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading through: a hit, or a place among those who wait for a lookup. */

#include <stdlib.h>

#include "cache.h"
#include "client.h"
#include "failure.h"
#include "flight.h"

/* Up to so many keys, a multi_get allocates nothing of its own. */
#define MULTI_KEYS 32

/* One key that somebody asks for. */
struct get {
	struct rtcache_client *client;
	struct rtcache_request *request;
	const void *key;
	size_t key_len;
	uint64_t hash;
	uint64_t ttl_ms;
	void *extra;
};

static bool is_too_old(const struct rtcache *cache, const struct rtcache__flight *flight,
		       uint64_t now_ms)
{
	uint64_t max_ms = cache->options.lock_age_ms;
	return max_ms && now_ms > flight->started_ms && now_ms - flight->started_ms > max_ms;
}

/* Of a hit on the entry. What never ends, or not in millions of years, is never due. */
static inline bool is_due_for_refresh(const struct rtcache *cache, struct rtcache__entry *entry,
				      const struct rtcache_value *hit)
{
	uint64_t percent = cache->options.refresh_percent;
	return hit->ttl_ms * (100 - percent) <= hit->age_ms * percent &&
	       hit->ttl_ms <= UINT64_MAX / 100 &&
	       !rtcache__entry_has(entry, RTCACHE__ENTRY_REFRESHED);
}

/*
 * A lookup for the key, unless there is one. leader: who asks for it, or NULL for the background.
 * On success *lookup_out is the lookup to be started, or NULL.
 */
static int take_off(const struct get *get, struct rtcache__flight *flight,
		    struct rtcache_request *leader, uint64_t now_ms, bool is_indexed,
		    struct rtcache_lookup **lookup_out)
{
	struct rtcache *cache = get->client->cache;
	bool is_new = !flight;
	if (is_new)
		flight = rtcache__flight_new(cache, get->hash, get->key, get->key_len, is_indexed);
	if (!flight)
		return RTCACHE_ENOMEM;
	struct rtcache_lookup *lookup =
		rtcache__flight_look(flight, get->client, leader, get->extra, get->ttl_ms, now_ms);
	if (!lookup)
		return RTCACHE_ENOMEM;
	lookup->is_stored = is_indexed;
	if (leader)
		rtcache__flight_join(flight, leader);
	*lookup_out = lookup;
	return 0;
}

/* A lookup that newcomers wait for; one that is too old does not hold them any more. */
static bool holds(const struct rtcache *cache, const struct rtcache__flight *flight,
		  uint64_t now_ms)
{
	return flight && !rtcache__flight_is_orphan(flight) &&
	       (flight->heir || !is_too_old(cache, flight, now_ms));
}

/* In the herd, who is not held goes alone, unless nobody could end the flight. */
static bool goes_alone(const struct rtcache *cache, const struct rtcache__flight *flight)
{
	return cache->options.herd && flight && !rtcache__flight_is_orphan(flight);
}

/* In the background: nobody waits, and if it cannot start, the next one to ask tries again. */
static void look_in_background(const struct get *get, struct rtcache__shard *shard, uint64_t now_ms,
			       struct rtcache_lookup **lookup_out)
{
	const struct rtcache *cache = get->client->cache;
	struct rtcache__flight *flight =
		rtcache__flight_find(shard, get->hash, get->key, get->key_len);
	/* Alone and for nobody, it would be for nothing: it is not stored. */
	if (!holds(cache, flight, now_ms) && !goes_alone(cache, flight))
		(void)take_off(get, flight, NULL, now_ms, true, lookup_out);
}

/* Waits for the flight there is, or takes the lookup into one's own hands. */
static int wait_or_lead(const struct get *get, struct rtcache__shard *shard, uint64_t now_ms,
			struct rtcache_lookup **lookup_out)
{
	const struct rtcache *cache = get->client->cache;
	struct rtcache__flight *flight =
		rtcache__flight_find(shard, get->hash, get->key, get->key_len);
	if (holds(cache, flight, now_ms)) {
		rtcache__flight_join(flight, get->request);
		return 0;
	}
	if (goes_alone(cache, flight))
		return take_off(get, NULL, get->request, now_ms, false, lookup_out);
	return take_off(get, flight, get->request, now_ms, true, lookup_out);
}

/* Whether who has a stale value need not wait for the lookup: others have waited long enough. */
static bool is_slow(const struct get *get, struct rtcache__shard *shard, uint64_t now_ms)
{
	uint64_t after_ms = get->client->cache->options.stale_after_ms;
	if (!after_ms)
		return true;
	const struct rtcache__flight *flight =
		rtcache__flight_find(shard, get->hash, get->key, get->key_len);
	return flight && now_ms >= rtcache__add_ms(flight->begun_ms, after_ms);
}

/*
 * Under the shard's lock: what rtcache_get() returns, with a lookup to be started when the lock is
 * released, or none.
 */
static int ask(const struct get *get, struct rtcache__shard *shard, uint64_t now_ms,
	       struct rtcache_value *out, struct rtcache_lookup **lookup_out)
{
	struct rtcache_client *client = get->client;
	const struct rtcache *cache = client->cache;
	const struct rtcache_options *options = &cache->options;
	struct rtcache_request *request = get->request;
	bool reads_through = rtcache__reads_through(cache);
	struct rtcache__failure failure;

	struct rtcache__entry *entry =
		rtcache__shard_find(shard, get->hash, get->key, get->key_len);
	if (entry && now_ms < entry->end_ms) {
		rtcache__client_give(client, entry, now_ms, out);
		return 1;
	}
	bool has_stale = rtcache__is_stale(cache, entry, now_ms);
	bool has_failed = rtcache__failure_find(cache, shard, get->hash, get->key, get->key_len,
						now_ms, &failure);
	if (has_stale && (has_failed || !reads_through || is_slow(get, shard, now_ms))) {
		if (!has_failed && reads_through)
			look_in_background(get, shard, now_ms, lookup_out);
		rtcache__client_give(client, entry, now_ms, out);
		return 1;
	}
	enum rtcache_status status = entry ? RTCACHE_EXPIRED : RTCACHE_MISS;
	if (has_failed) {
		rtcache__value_none(out, status, failure.error);
		return 1;
	}
	if (!reads_through)
		return RTCACHE_ENOTSUP;

	request->priv.client = client;
	request->priv.in_inbox = false;
	request->priv.has_stale = false;
	request->priv.status = (unsigned char)status;
	request->priv.extra = get->extra;
	request->priv.ttl_ms = get->ttl_ms;
	int error = wait_or_lead(get, shard, now_ms, lookup_out);
	if (error)
		return error;
	rtcache__client_track(client, request, now_ms);
	if (has_stale)
		rtcache__client_track_stale(client, request,
					    rtcache__add_ms(now_ms, options->stale_after_ms));
	return 0;
}

static int ask_slowly(const struct get *get, struct rtcache_value *out,
		      struct rtcache_lookup **lookup_out)
{
	struct rtcache_client *client = get->client;
	struct rtcache *cache = client->cache;
	*lookup_out = NULL;
	get->request->priv.flight = NULL;
	if (client->closing)
		return RTCACHE_ECANCELED;
	if (get->key_len > RTCACHE_KEY_MAX)
		return RTCACHE_EINVAL;
	int error = rtcache__client_reserve(client);
	if (error)
		return error;
	struct rtcache__shard *shard = rtcache__shard_of(cache, get->hash);
	uint64_t now_ms = rtcache__now(cache);
	pthread_mutex_lock(&shard->lock);
	int rc = ask(get, shard, now_ms, out, lookup_out);
	pthread_mutex_unlock(&shard->lock);
	if (rc == 1) {
		rtcache__client_count(client, (enum rtcache__count)out->status);
		if (out->error)
			rtcache__client_count(client, RTCACHE__COUNT_FAILURE);
	}
	return rc;
}

/* One lookup behind the hits of each entry, however it ends. */
static struct rtcache_lookup *refresh(const struct get *get, struct rtcache__entry *entry)
{
	struct rtcache *cache = get->client->cache;
	struct rtcache__shard *shard = rtcache__shard_of(cache, get->hash);
	struct rtcache_lookup *lookup = NULL;
	struct rtcache__failure failure;
	uint64_t now_ms = rtcache__now(cache);
	if (!rtcache__reads_through(cache) || get->client->closing)
		return NULL;
	pthread_mutex_lock(&shard->lock);
	if (!rtcache__entry_has(entry, RTCACHE__ENTRY_REFRESHED)) {
		rtcache__entry_mark(entry, RTCACHE__ENTRY_REFRESHED, true);
		if (!rtcache__failure_find(cache, shard, get->hash, get->key, get->key_len, now_ms,
					   &failure))
			look_in_background(get, shard, now_ms, &lookup);
	}
	pthread_mutex_unlock(&shard->lock);
	return lookup;
}

/*
 * The way most go: no lock, nothing written but the client's own lines and what it was asked to
 * fill. Returns the entry where a lookup behind the hit may be due.
 */
static inline __attribute__((always_inline)) bool
get_quickly(struct rtcache_client *client, struct rtcache_request *request, const void *key,
	    size_t key_len, uint64_t hash, struct rtcache_value *out,
	    struct rtcache__entry **entry_out)
{
	const struct rtcache *cache = client->cache;
	const struct rtcache__shard *shard = rtcache__shard_of(cache, hash);
	uint64_t shape;
	struct rtcache__entry *entry =
		rtcache__table_find(&shard->table, hash, key, key_len, &shape);
	if (!entry)
		return false;
	uint64_t now_ms = rtcache__now(cache);
	if (now_ms >= entry->end_ms)
		return false;
	client->state = RTCACHE__HOLDING;
	rtcache__entry_use(entry);
	rtcache__entry_describe_fresh(entry, now_ms, out);
	rtcache__client_count(client, RTCACHE__COUNT_HIT);
	request->priv.flight = NULL;
	*entry_out = entry;
	return true;
}

static __attribute__((noinline)) int get_slowly(struct get get, struct rtcache_value *out)
{
	struct rtcache_lookup *lookup;
	int rc = ask_slowly(&get, out, &lookup);
	if (!lookup)
		return rc;
	rtcache__lookup_start(lookup);
	if (rc == 0 && rtcache__client_fetch_ready(get.client, get.request)) {
		rtcache__client_take(get.client, get.request, out);
		return 1;
	}
	return rc;
}

static __attribute__((noinline)) void refresh_slowly(struct get get, struct rtcache__entry *entry)
{
	struct rtcache_lookup *lookup = refresh(&get, entry);
	if (lookup)
		rtcache__lookup_start(lookup);
}

int rtcache_get(struct rtcache_client *client, struct rtcache_request *request, const void *key,
		size_t key_len, uint64_t ttl_ms, void *extra, struct rtcache_value *out)
{
	if (!key && key_len)
		return RTCACHE_EINVAL;
	rtcache__client_enter(client);
	uint64_t hash = rtcache__key_hash(client->cache, key, key_len);
	struct rtcache__entry *entry;
	bool hit = get_quickly(client, request, key, key_len, hash, out, &entry);
	if (hit && !is_due_for_refresh(client->cache, entry, out))
		return 1;
	struct get get = {
		.client = client,
		.request = request,
		.key = key,
		.key_len = key_len,
		.hash = hash,
		.ttl_ms = ttl_ms,
		.extra = extra,
	};
	if (!hit)
		return get_slowly(get, out);
	refresh_slowly(get, entry);
	return 1;
}

static void start_all(const struct rtcache *cache, struct rtcache_lookup *const *lookups,
		      size_t count, void *extra)
{
	const struct rtcache_options *options = &cache->options;
	if (count && options->multi_lookup) {
		options->multi_lookup(lookups, count, extra, options->arg);
		return;
	}
	for (size_t i = 0; i < count; i++)
		rtcache__lookup_start(lookups[i]);
}

static bool get_one_of_many(struct get *get, struct rtcache_value *out,
			    struct rtcache_lookup **lookup_out)
{
	struct rtcache_client *client = get->client;
	struct rtcache__entry *entry;
	int rc = RTCACHE_EINVAL;
	*lookup_out = NULL;
	if (get->key || !get->key_len) {
		get->hash = rtcache__key_hash(client->cache, get->key, get->key_len);
		if (get_quickly(client, get->request, get->key, get->key_len, get->hash, out,
				&entry)) {
			if (is_due_for_refresh(client->cache, entry, out))
				*lookup_out = refresh(get, entry);
			return true;
		}
		rc = ask_slowly(get, out, lookup_out);
	}
	if (rc < 0) {
		get->request->priv.flight = NULL;
		rtcache__value_none(out, RTCACHE_MISS, rc);
	}
	return rc != 0;
}

size_t rtcache_multi_get(struct rtcache_client *client, struct rtcache_request *const *requests,
			 const struct rtcache_key *keys, size_t count, uint64_t ttl_ms, void *extra,
			 struct rtcache_value *out, bool *ready_out)
{
	struct rtcache_lookup *few[MULTI_KEYS];
	struct rtcache_lookup **lookups = few;
	rtcache__client_enter(client);
	if (count > MULTI_KEYS)
		lookups = malloc(count * sizeof(struct rtcache_lookup *));
	if (!lookups) {
		for (size_t i = 0; i < count; i++) {
			rtcache__value_none(&out[i], RTCACHE_MISS, RTCACHE_ENOMEM);
			ready_out[i] = true;
		}
		return count;
	}

	size_t lookup_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct get get = {
			.client = client,
			.request = requests[i],
			.key = keys[i].data,
			.key_len = keys[i].len,
			.ttl_ms = ttl_ms,
			.extra = extra,
		};
		ready_out[i] = get_one_of_many(&get, &out[i], &lookups[lookup_count]);
		lookup_count += lookups[lookup_count] != NULL;
	}
	start_all(client->cache, lookups, lookup_count, extra);
	if (lookups != few)
		free(lookups);

	size_t ready = 0;
	for (size_t i = 0; i < count; i++) {
		if (!ready_out[i] && rtcache__client_fetch_ready(client, requests[i])) {
			rtcache__client_take(client, requests[i], &out[i]);
			ready_out[i] = true;
		}
		ready += ready_out[i];
	}
	return ready;
}

void rtcache_cancel(struct rtcache_client *client, struct rtcache_request *request)
{
	struct rtcache__flight *flight = request->priv.flight;
	struct rtcache__wakes wakes = {0};
	if (!flight)
		return;
	struct rtcache__shard *shard = flight->shard;
	pthread_mutex_lock(&shard->lock);
	rtcache__flight_leave(flight, request, &wakes);
	pthread_mutex_unlock(&shard->lock);
	rtcache__client_untrack(client, request);
	rtcache__client_untrack_stale(client, request);
	rtcache__wakes_run(&wakes);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading through: rtcache_get() and rtcache_multi_get(). */

#include <stdlib.h>

#include "cache.h"
#include "client.h"
#include "lookup.h"
#include "miss.h"

/* The number of keys up to which rtcache_multi_get() allocates nothing itself. */
#define MULTI_KEYS 32

/* Returns true if a hit is in the last part of its life, and its entry was not refreshed before. */
static inline bool is_due_for_refresh(const struct rtcache *cache, struct rtcache__entry *entry,
				      const struct rtcache_value *hit)
{
	/* Without an overflow: what lives for millions of years is never due. */
	return hit->ttl_ms * cache->fresh_percent <= hit->age_ms * cache->options.refresh_percent &&
	       hit->ttl_ms <= UINT64_MAX / 100 &&
	       !rtcache__entry_has(entry, RTCACHE__ENTRY_REFRESHED);
}

/*
 * The path of most gets. It takes no lock and writes only memory of the client and of the caller,
 * and the use counter until that is full. Returns true, with out filled and *entry_out set, if
 * there is a fresh entry; it may be due for a refresh.
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
	rtcache__count(&client->counts, RTCACHE__COUNT_HIT);
	request->priv.flight = NULL;
	*entry_out = entry;
	return true;
}

/* Fills out and returns true if the lookup of the request has ended inside its callback. */
static bool take_if_ready(struct rtcache_client *client, struct rtcache_request *request,
			  struct rtcache_value *out)
{
	if (!rtcache__inbox_fetch_ready(request))
		return false;
	rtcache__client_take(client, request, out);
	return true;
}

static __attribute__((noinline)) int get_slowly(struct rtcache__get get, struct rtcache_value *out)
{
	struct rtcache_lookup *lookup;
	int rc = rtcache__miss(&get, out, &lookup);
	if (!lookup)
		return rc;
	rtcache__lookup_start(lookup);
	if (rc == 0 && take_if_ready(get.client, get.request, out))
		return 1;
	return rc;
}

static __attribute__((noinline)) void refresh(struct rtcache__get get, struct rtcache__entry *entry)
{
	struct rtcache_lookup *lookup = rtcache__refresh(&get, entry);
	if (lookup)
		rtcache__lookup_start(lookup);
}

int rtcache_get(struct rtcache_client *client, struct rtcache_request *request, const void *key,
		size_t key_len, uint64_t ttl_ms, void *extra, struct rtcache_value *out)
{
	if (!key && key_len) {
		request->priv.flight = NULL;
		return RTCACHE_EINVAL;
	}
	rtcache__client_enter(client);
	uint64_t hash = rtcache__key_hash(client->cache, key, key_len);
	struct rtcache__entry *entry;
	bool hit = get_quickly(client, request, key, key_len, hash, out, &entry);
	if (hit && !is_due_for_refresh(client->cache, entry, out))
		return 1;
	struct rtcache__get get = {
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
	refresh(get, entry);
	return 1;
}

static bool get_one_of_many(struct rtcache__get *get, struct rtcache_value *out,
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
				*lookup_out = rtcache__refresh(get, entry);
			return true;
		}
		rc = rtcache__miss(get, out, lookup_out);
	}
	if (rc < 0) {
		get->request->priv.flight = NULL;
		rtcache__value_none(out, RTCACHE_MISS, rc);
	}
	return rc != 0;
}

static size_t refuse_all(struct rtcache_request *const *requests, size_t count,
			 struct rtcache_value *out, bool *ready_out)
{
	for (size_t i = 0; i < count; i++) {
		requests[i]->priv.flight = NULL;
		rtcache__value_none(&out[i], RTCACHE_MISS, RTCACHE_ENOMEM);
		ready_out[i] = true;
	}
	return count;
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
	if (!lookups)
		return refuse_all(requests, count, out, ready_out);

	size_t lookup_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct rtcache__get get = {
			.client = client,
			.request = requests[i],
			.key = keys[i].data,
			.key_len = keys[i].len,
			.ttl_ms = ttl_ms,
			.extra = extra,
		};
		ready_out[i] = get_one_of_many(&get, &out[i], &lookups[lookup_count]);
		lookup_count += !!lookups[lookup_count];
	}
	if (lookup_count)
		rtcache__lookups_start(client->cache, lookups, lookup_count, extra);
	if (lookups != few)
		free(lookups);

	size_t ready = 0;
	for (size_t i = 0; i < count; i++) {
		if (!ready_out[i])
			ready_out[i] = take_if_ready(client, requests[i], &out[i]);
		ready += ready_out[i];
	}
	return ready;
}

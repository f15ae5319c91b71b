/* SPDX-License-Identifier: BSD-2-Clause */
/* The store without lookups: peek, put, load, remove, and forgetting failures. */

#include "cache.h"
#include "client.h"
#include "failure.h"
#include "shard.h"

static bool is_valid(const void *data, size_t len)
{
	return data || !len;
}

int rtcache_peek(struct rtcache_client *client, const void *key, size_t key_len, bool stale,
		 struct rtcache_value *out)
{
	const struct rtcache *cache = client->cache;
	if (!is_valid(key, key_len))
		return RTCACHE_EINVAL;
	rtcache__client_enter(client);
	uint64_t hash = rtcache__key_hash(cache, key, key_len);
	struct rtcache__shard *shard = rtcache__shard_of(cache, hash);
	struct rtcache__entry *entry = rtcache__shard_peek(shard, hash, key, key_len);
	uint64_t now_ms = rtcache__now(cache);
	bool found = stale ? rtcache__shard_is_alive(shard, entry, now_ms)
			   : entry && now_ms < entry->end_ms;
	if (found)
		rtcache__client_give(client, entry, now_ms, out);
	else
		rtcache__value_none(out, entry ? RTCACHE_EXPIRED : RTCACHE_MISS, 0);
	rtcache__count(&client->counts, (enum rtcache__count)out->status);
	return found;
}

size_t rtcache_multi_peek(struct rtcache_client *client, const struct rtcache_key *keys,
			  size_t count, struct rtcache_value *out)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		int rc = rtcache_peek(client, keys[i].data, keys[i].len, false, &out[i]);
		if (rc < 0)
			rtcache__value_none(&out[i], RTCACHE_MISS, rc);
		found += rc == 1;
	}
	return found;
}

static int put(struct rtcache_client *client, const void *key, size_t key_len, const void *data,
	       size_t len, uint64_t ttl_ms, bool force)
{
	const struct rtcache *cache = client->cache;
	if (!is_valid(key, key_len) || key_len > RTCACHE_KEY_MAX || !is_valid(data, len))
		return RTCACHE_EINVAL;
	rtcache__client_enter(client);
	struct rtcache__new item = {
		.hash = rtcache__key_hash(cache, key, key_len),
		.key = key,
		.key_len = key_len,
		.data = data,
		.len = len,
		.ttl_ms = ttl_ms,
	};
	struct rtcache__shard *shard = rtcache__shard_of(cache, item.hash);
	uint64_t now_ms = rtcache__now(cache);
	int error = 0;
	pthread_mutex_lock(&shard->lock);
	if (ttl_ms)
		error = rtcache__shard_store(shard, &item, now_ms, force,
					     rtcache__client_idle_reader(client));
	else
		(void)rtcache__shard_remove(shard, item.hash, key, key_len);
	pthread_mutex_unlock(&shard->lock);
	return error;
}

int rtcache_put(struct rtcache_client *client, const void *key, size_t key_len, const void *data,
		size_t len, uint64_t ttl_ms)
{
	return put(client, key, key_len, data, len, ttl_ms, false);
}

int rtcache_force_put(struct rtcache_client *client, const void *key, size_t key_len,
		      const void *data, size_t len, uint64_t ttl_ms)
{
	return put(client, key, key_len, data, len, ttl_ms, true);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Fills out, but for the hash. Returns 0, or the error with which the item is refused. */
static int check_loaded(const struct rtcache *cache, const struct rtcache_item *item,
			struct rtcache__new *out)
{
	const struct rtcache_value *value = &item->value;
	uint64_t stale_ms = value->ttl_ms ? 0 : value->stale_ms;
	if (!is_valid(item->key, item->key_len) || item->key_len > RTCACHE_KEY_MAX ||
	    !is_valid(value->data, value->len) || value->error)
		return RTCACHE_EINVAL;
	if (!value->ttl_ms && stale_ms >= least(cache->options.stale_ms, RTCACHE__CLOCK_AHEAD_MS))
		return RTCACHE_EREFUSED;
	*out = (struct rtcache__new){
		.key = item->key,
		.key_len = item->key_len,
		.data = value->data,
		.len = value->len,
		.ttl_ms = value->ttl_ms,
		/* It was stored before it expired. */
		.age_ms = value->age_ms > stale_ms ? value->age_ms : stale_ms,
		.stale_ms = stale_ms,
		.uses = (uint8_t)least(item->uses, RTCACHE__USES_MAX),
		.flags = item->is_main ? RTCACHE__ENTRY_MAIN : 0,
	};
	out->age_ms = least(out->age_ms, RTCACHE__CLOCK_AHEAD_MS);
	return 0;
}

int rtcache_load(struct rtcache_client *client, const struct rtcache_item *item)
{
	const struct rtcache *cache = client->cache;
	struct rtcache__new loaded;
	int error = check_loaded(cache, item, &loaded);
	if (error)
		return error;
	rtcache__client_enter(client);
	loaded.hash = rtcache__key_hash(cache, loaded.key, loaded.key_len);
	struct rtcache__shard *shard = rtcache__shard_of(cache, loaded.hash);
	uint64_t now_ms = rtcache__now(cache);
	pthread_mutex_lock(&shard->lock);
	error = rtcache__shard_load(shard, &loaded, now_ms, rtcache__client_idle_reader(client));
	pthread_mutex_unlock(&shard->lock);
	return error;
}

bool rtcache_remove(struct rtcache_client *client, const void *key, size_t key_len)
{
	struct rtcache *cache = client->cache;
	if (!is_valid(key, key_len))
		return false;
	uint64_t hash = rtcache__key_hash(cache, key, key_len);
	struct rtcache__shard *shard = rtcache__shard_of(cache, hash);
	pthread_mutex_lock(&shard->lock);
	bool removed = rtcache__shard_remove(shard, hash, key, key_len);
	rtcache__failure_forget(cache, shard, hash, key, key_len);
	pthread_mutex_unlock(&shard->lock);
	return removed;
}

void rtcache_forget_failures(struct rtcache_client *client)
{
	rtcache__failures_forget(client->cache);
}

void rtcache_forget_cause(struct rtcache_client *client, unsigned cause)
{
	rtcache__failures_forget_cause(client->cache, cause);
}

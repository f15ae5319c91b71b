/* SPDX-License-Identifier: BSD-2-Clause */
/* Inspection, which does not count as a use: a walk over all entries, and the state of one key. */

#include "cache.h"
#include "client.h"
#include "failure.h"
#include "flight.h"
#include "shard.h"

/* A cursor is a shard in the high half and a bucket in the low half. Buckets are added at the end only. */
#define CURSOR_SHARD_SHIFT 32

/* No chain is this long: with 4 entries per bucket, the maximum, the probability is below 10^-50. */
#define CHAIN_MAX 64

static void describe(const struct rtcache__shard *shard, struct rtcache__entry *entry,
		     uint64_t now_ms, struct rtcache_item *out)
{
	size_t size = rtcache__entry_size(entry->key_len, entry->len);
	*out = (struct rtcache_item){
		.key = entry->key,
		.key_len = entry->key_len,
		.bytes = (size_t)rtcache__arena_units_for(size) * RTCACHE__UNIT,
		.uses = atomic_load_explicit(&entry->uses, memory_order_relaxed),
		.is_main = rtcache__entry_has(entry, RTCACHE__ENTRY_MAIN),
	};
	if (rtcache__entry_has(entry, RTCACHE__ENTRY_FAILURE)) {
		rtcache__value_none(&out->value, RTCACHE_MISS, rtcache__failure_read(entry).error);
		return;
	}
	rtcache__entry_describe(entry, now_ms, &out->value);
	if (out->value.status == RTCACHE_STALE && !rtcache__shard_is_stale(shard, entry, now_ms))
		out->value.status = RTCACHE_EXPIRED;
}

/*
 * Returns the number of entries of the bucket. They remain readable after the lock is released,
 * because the client is online. A failure that is past its time is left out: its entry remains only
 * for the time of the next failure.
 */
static size_t read_bucket(const struct rtcache *cache, struct rtcache__shard *shard,
			  uint32_t bucket, uint64_t now_ms,
			  struct rtcache__entry *entries[CHAIN_MAX])
{
	size_t count = 0;
	pthread_mutex_lock(&shard->lock);
	uint32_t ref = atomic_load_explicit(rtcache__table_head(&shard->table, bucket),
					    memory_order_relaxed);
	while (ref && count < CHAIN_MAX) {
		struct rtcache__entry *entry = rtcache__entry_at(shard->table.base, ref);
		if (!rtcache__entry_has(entry, RTCACHE__ENTRY_FAILURE) ||
		    !rtcache__failure_is_over(cache, shard, entry, now_ms))
			entries[count++] = entry;
		ref = atomic_load_explicit(&entry->next, memory_order_relaxed);
	}
	pthread_mutex_unlock(&shard->lock);
	return count;
}

bool rtcache_walk(struct rtcache_client *client, uint64_t *cursor, size_t count,
		  void (*visit)(const struct rtcache_item *item, void *arg), void *arg)
{
	const struct rtcache *cache = client->cache;
	uint32_t index = (uint32_t)(*cursor >> CURSOR_SHARD_SHIFT);
	uint32_t bucket = (uint32_t)*cursor;
	uint64_t now_ms = rtcache__now(cache);
	rtcache__client_enter(client);
	client->state = RTCACHE__HOLDING;
	/* An empty bucket counts as an entry, so that the work of a call is bounded in an empty cache. */
	for (size_t done = 0; done < count && index < cache->shard_count;) {
		struct rtcache__shard *shard = &cache->shards[index];
		struct rtcache__entry *entries[CHAIN_MAX];
		if (bucket >= rtcache__table_buckets(&shard->table)) {
			bucket = 0;
			index++;
			continue;
		}
		size_t found = read_bucket(cache, shard, bucket++, now_ms, entries);
		for (size_t i = 0; i < found; i++) {
			struct rtcache_item item;
			describe(shard, entries[i], now_ms, &item);
			visit(&item, arg);
		}
		done += found ? found : 1;
	}
	*cursor = (uint64_t)index << CURSOR_SHARD_SHIFT | bucket;
	return index < cache->shard_count;
}

static void describe_flight(const struct rtcache__flight *flight, uint64_t now_ms,
			    struct rtcache_state *out)
{
	for (const struct rtcache_lookup *lookup = flight->lookups; lookup; lookup = lookup->next)
		out->lookups++;
	const struct rtcache__list *waiters = &flight->waiters;
	for (const struct rtcache__list *node = waiters->next; node != waiters; node = node->next)
		out->waiters++;
	out->waiters += !!flight->successor;
	/* The lookup may have started after the clock was read. */
	if (now_ms > flight->started_ms)
		out->lookup_age_ms = now_ms - flight->started_ms;
}

int rtcache_inspect(struct rtcache_client *client, const void *key, size_t key_len,
		    struct rtcache_state *out)
{
	const struct rtcache *cache = client->cache;
	struct rtcache__failure failure;
	if (!key && key_len)
		return RTCACHE_EINVAL;
	rtcache__client_enter(client);
	client->state = RTCACHE__HOLDING;
	*out = (struct rtcache_state){0};
	uint64_t now_ms = rtcache__now(cache);
	uint64_t hash = rtcache__key_hash(cache, key, key_len);
	struct rtcache__shard *shard = rtcache__shard_of(cache, hash);

	pthread_mutex_lock(&shard->lock);
	struct rtcache__entry *entry = rtcache__shard_find(shard, hash, key, key_len);
	if (entry) {
		out->is_stored = true;
		describe(shard, entry, now_ms, &out->item);
	}
	if (rtcache__failure_find(cache, shard, hash, key, key_len, now_ms, &failure)) {
		out->failure = failure.error;
		out->failure_left_ms = failure.until_ms - now_ms;
	}
	const struct rtcache__flight *flight =
		rtcache__flight_find(&shard->flights, hash, key, key_len);
	if (flight)
		describe_flight(flight, now_ms, out);
	pthread_mutex_unlock(&shard->lock);
	return 0;
}

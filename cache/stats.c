/* SPDX-License-Identifier: BSD-2-Clause */
/* The sums of the counters of clients and shards. */

#include "cache.h"
#include "client.h"
#include "shard.h"

static void sum_clients(struct rtcache *cache, uint64_t sums[RTCACHE__COUNTS])
{
	pthread_mutex_lock(&cache->lock);
	for (unsigned i = 0; i < RTCACHE__COUNTS; i++) {
		sums[i] = cache->counts[i];
		for (const struct rtcache_client *c = cache->clients; c; c = c->next)
			sums[i] += rtcache__count_read(&c->counts, (enum rtcache__count)i);
	}
	pthread_mutex_unlock(&cache->lock);
}

void rtcache_stats_get(struct rtcache *cache, struct rtcache_stats *out)
{
	uint64_t sums[RTCACHE__COUNTS];
	sum_clients(cache, sums);
	*out = (struct rtcache_stats){
		.hits = sums[RTCACHE__COUNT_HIT],
		.misses = sums[RTCACHE__COUNT_MISS],
		.expired = sums[RTCACHE__COUNT_EXPIRED],
		.lock_hits = sums[RTCACHE__COUNT_LOCK_HIT],
		.stale = sums[RTCACHE__COUNT_STALE],
		.failures = sums[RTCACHE__COUNT_FAILURE],
		.lookups = sums[RTCACHE__COUNT_LOOKUP],
		.size = cache->memory_len,
	};
	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct rtcache__shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		out->refused += shard->stats.refused;
		out->evicted += shard->stats.evicted;
		out->swept += shard->stats.swept;
		out->entries += shard->stats.entries;
		out->bytes += rtcache__shard_bytes(shard);
		out->in_flight += shard->flights.count;
		pthread_mutex_unlock(&shard->lock);
	}
}

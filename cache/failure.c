/* SPDX-License-Identifier: BSD-2-Clause */
/* Storing and reading failures. */

#include "failure.h"

#include <string.h>

/* The bits that are inverted; not the top ones, which select the shard whose lock is held. */
#define OTHER_HASH UINT64_C(0x005a96c35a3c69a5)

static struct rtcache__entry *find_entry(struct rtcache__shard *shard, uint64_t hash,
					 const void *key, size_t key_len)
{
	return rtcache__shard_find(shard, hash ^ OTHER_HASH, key, key_len);
}

struct rtcache__failure rtcache__failure_read(struct rtcache__entry *entry)
{
	struct rtcache__failure failure;
	memcpy(&failure, rtcache__entry_value(entry), sizeof(failure));
	return failure;
}

static bool remembers(const struct rtcache_options *options)
{
	return options->failure_ms || options->stale_failure_ms;
}

static unsigned generation(const struct rtcache *cache)
{
	return atomic_load_explicit(&cache->failure_generation, memory_order_relaxed);
}

/* Returns the failure of the entry, with its time extended if the key has a stale value. */
static struct rtcache__failure read_extended(const struct rtcache *cache,
					     struct rtcache__shard *shard,
					     struct rtcache__entry *entry, uint64_t now_ms)
{
	struct rtcache__failure failure = rtcache__failure_read(entry);
	uint64_t least_ms = cache->options.stale_failure_ms;
	if (least_ms <= failure.span_ms)
		return failure;
	const struct rtcache__entry *value =
		rtcache__shard_find(shard, entry->hash ^ OTHER_HASH, entry->key, entry->key_len);
	if (rtcache__shard_is_stale(shard, value, now_ms))
		failure.until_ms = rtcache__add_ms(failure.until_ms, least_ms - failure.span_ms);
	return failure;
}

static unsigned cause_generation(const struct rtcache *cache, unsigned cause)
{
	return atomic_load_explicit(&cache->cause_generations[cause % RTCACHE__CAUSES],
				    memory_order_relaxed);
}

static bool is_forgotten(const struct rtcache *cache, const struct rtcache__failure *failure)
{
	return failure->generation != generation(cache) ||
	       (failure->cause != RTCACHE_NO_CAUSE &&
		failure->cause_generation != cause_generation(cache, failure->cause));
}

static bool is_over(const struct rtcache *cache, const struct rtcache__failure *failure,
		    uint64_t now_ms)
{
	return now_ms >= failure->until_ms || is_forgotten(cache, failure);
}

bool rtcache__failure_is_over(const struct rtcache *cache, struct rtcache__shard *shard,
			      struct rtcache__entry *entry, uint64_t now_ms)
{
	struct rtcache__failure failure = read_extended(cache, shard, entry, now_ms);
	return is_over(cache, &failure, now_ms);
}

bool rtcache__failure_find(const struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			   const void *key, size_t key_len, uint64_t now_ms,
			   struct rtcache__failure *out)
{
	if (!remembers(&cache->options))
		return false;
	struct rtcache__entry *entry = find_entry(shard, hash, key, key_len);
	if (!entry)
		return false;
	struct rtcache__failure failure = read_extended(cache, shard, entry, now_ms);
	if (is_over(cache, &failure, now_ms))
		return false;
	*out = failure;
	return true;
}

/* Returns the time of the failure that follows one of span_ms. */
static uint64_t next_span(const struct rtcache_options *options, uint64_t span_ms)
{
	uint64_t max_ms = options->failure_max_ms;
	if (max_ms < options->failure_ms)
		max_ms = options->failure_ms;
	return span_ms > max_ms / 2 ? max_ms : 2 * span_ms;
}

/* Returns the time of a failure at now_ms: doubled if the last one was not long ago. */
static uint64_t span_of(const struct rtcache *cache, struct rtcache__shard *shard,
			struct rtcache__entry *last_entry, uint64_t now_ms)
{
	const struct rtcache_options *options = &cache->options;
	if (!last_entry)
		return options->failure_ms;
	struct rtcache__failure last = read_extended(cache, shard, last_entry, now_ms);
	uint64_t next_ms = next_span(options, last.span_ms);
	if (now_ms >= rtcache__add_ms(last.until_ms, next_ms) || is_forgotten(cache, &last))
		return options->failure_ms;
	return next_ms;
}

/* The entry outlives the failure by the time in which a further failure lasts longer. */
static uint64_t ttl_of(const struct rtcache_options *options, uint64_t span_ms)
{
	uint64_t longest_ms =
		span_ms > options->stale_failure_ms ? span_ms : options->stale_failure_ms;
	return rtcache__add_ms(longest_ms, next_span(options, span_ms));
}

void rtcache__failure_remember(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			       const void *key, size_t key_len, int error, unsigned cause,
			       uint64_t now_ms)
{
	if (!remembers(&cache->options))
		return;
	struct rtcache__entry *last = find_entry(shard, hash, key, key_len);
	uint64_t span_ms = span_of(cache, shard, last, now_ms);
	struct rtcache__failure failure = {
		.until_ms = rtcache__add_ms(now_ms, span_ms),
		.span_ms = span_ms,
		.error = error,
		.cause = cause,
		.generation = generation(cache),
		.cause_generation = cause_generation(cache, cause),
	};
	struct rtcache__new item = {
		.hash = hash ^ OTHER_HASH,
		.key = key,
		.key_len = key_len,
		.data = &failure,
		.len = sizeof(failure),
		.ttl_ms = ttl_of(&cache->options, span_ms),
		.flags = RTCACHE__ENTRY_FAILURE,
	};
	/* If there is no room, the key is looked up again. */
	(void)rtcache__shard_store(shard, &item, now_ms, true, NULL);
}

void rtcache__failure_forget(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			     const void *key, size_t key_len)
{
	if (remembers(&cache->options))
		(void)rtcache__shard_remove(shard, hash ^ OTHER_HASH, key, key_len);
}

void rtcache__failures_forget(struct rtcache *cache)
{
	atomic_fetch_add_explicit(&cache->failure_generation, 1, memory_order_relaxed);
}

void rtcache__failures_forget_cause(struct rtcache *cache, unsigned cause)
{
	atomic_fetch_add_explicit(&cache->cause_generations[cause % RTCACHE__CAUSES], 1,
				  memory_order_relaxed);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures as entries under a hash of their own. */

#include "failure.h"

#include <string.h>

/* Not the top bits: they name the shard whose lock is held. */
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

bool rtcache__failure_find(struct rtcache__shard *shard, uint64_t hash, const void *key,
			   size_t key_len, uint64_t now_ms, struct rtcache__failure *out)
{
	struct rtcache__entry *entry = find_entry(shard, hash, key, key_len);
	if (!entry)
		return false;
	struct rtcache__failure failure = rtcache__failure_read(entry);
	if (now_ms >= failure.until_ms)
		return false;
	*out = failure;
	return true;
}

static uint64_t next_span(const struct rtcache_options *options, uint64_t span_ms)
{
	uint64_t max_ms = options->failure_max_ms;
	if (max_ms < options->failure_ms)
		max_ms = options->failure_ms;
	return span_ms > max_ms / 2 ? max_ms : 2 * span_ms;
}

void rtcache__failure_remember(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			       const void *key, size_t key_len, int error, uint64_t now_ms)
{
	const struct rtcache_options *options = &cache->options;
	if (!options->failure_ms)
		return;
	uint64_t span_ms = options->failure_ms;
	struct rtcache__entry *entry = find_entry(shard, hash, key, key_len);
	if (entry && now_ms < entry->end_ms)
		span_ms = next_span(options, rtcache__failure_read(entry).span_ms);

	struct rtcache__failure failure = {
		.until_ms = rtcache__add_ms(now_ms, span_ms),
		.span_ms = span_ms,
		.error = error,
	};
	struct rtcache__new item = {
		.hash = hash ^ OTHER_HASH,
		.key = key,
		.key_len = key_len,
		.data = &failure,
		.len = sizeof(failure),
		.ttl_ms = rtcache__add_ms(span_ms, next_span(options, span_ms)),
		.flags = RTCACHE__ENTRY_FAILURE,
	};
	/* Where there is no room, the key is simply looked up again. */
	(void)rtcache__shard_store(shard, &item, now_ms, true, NULL);
}

void rtcache__failure_forget(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			     const void *key, size_t key_len)
{
	if (cache->options.failure_ms)
		(void)rtcache__shard_remove(shard, hash ^ OTHER_HASH, key, key_len);
}

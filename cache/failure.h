/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembered failures of lookups: for how long a key is not looked up again. */

#ifndef RTCACHE_FAILURE_H
#define RTCACHE_FAILURE_H

/*
 * A failure is stored as an entry of the shard, under the hash of the key with some bits inverted.
 * It exists beside the value of the key, which may be stale, and is not found in its place. The
 * entry outlives the time of the failure, so that the next failure is known not to be the first.
 *
 * Threads: the lock of the shard, except for rtcache__failure_read() and rtcache__failures_forget*().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "entry.h"
#include "shard.h"

struct rtcache__failure {
	/* Until then the key is not looked up. */
	uint64_t until_ms;
	/* The time from the failure to until_ms, without the extension for a stale value. */
	uint64_t span_ms;
	int error;
	unsigned cause;
	/* The generations of failures, and of the cause, when it was stored. */
	unsigned generation;
	unsigned cause_generation;
};

/* Returns the content of an entry that is marked RTCACHE__ENTRY_FAILURE. */
struct rtcache__failure rtcache__failure_read(struct rtcache__entry *entry);

/* Returns true if the failure of such an entry is past its time, or forgotten. */
bool rtcache__failure_is_over(const struct rtcache *cache, struct rtcache__shard *shard,
			      struct rtcache__entry *entry, uint64_t now_ms);

/*
 * Returns true if a failure of the key is remembered, is not past its time, which is extended while
 * the key has a stale value, and is not forgotten.
 */
bool rtcache__failure_find(const struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			   const void *key, size_t key_len, uint64_t now_ms,
			   struct rtcache__failure *out);

/* Stores a failure of the key, if failures are remembered and there is room. */
void rtcache__failure_remember(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			       const void *key, size_t key_len, int error, unsigned cause,
			       uint64_t now_ms);

/* Removes the failure of the key. */
void rtcache__failure_forget(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			     const void *key, size_t key_len);

/* Invalidate all failures, and those of a cause, modulo RTCACHE__CAUSES. Any thread, without a lock. */
void rtcache__failures_forget(struct rtcache *cache);
void rtcache__failures_forget_cause(struct rtcache *cache, unsigned cause);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Failed lookups remembered: for how long a key is not looked up again. */

#ifndef RTCACHE_FAILURE_H
#define RTCACHE_FAILURE_H

/*
 * A failure is an entry of the shard like any other, found under the key's hash with some bits
 * turned over, so that it lies beside the key's value, stale perhaps, and never in front of it. It
 * lives on after its time, to know that the next failure is not the first.
 *
 * Threads: under the shard's lock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "shard.h"

struct rtcache__failure {
	uint64_t until_ms;
	/* From the failure on; the next failure's is twice that. */
	uint64_t span_ms;
	int error;
	unsigned generation;
	unsigned cause;
	/* Of the cause, when it was remembered. */
	unsigned cause_generation;
};

/* What an entry marked as failure says. */
struct rtcache__failure rtcache__failure_read(struct rtcache__entry *entry);

/* Whether that is nothing to anybody any more. Under the shard's lock. */
bool rtcache__failure_is_over(const struct rtcache *cache, struct rtcache__shard *shard,
			      struct rtcache__entry *entry, uint64_t now_ms);

/* Whether the key has failed and its time has not passed, which may be longer while it has a stale
 * value; unless that is forgotten. */
bool rtcache__failure_find(const struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			   const void *key, size_t key_len, uint64_t now_ms,
			   struct rtcache__failure *out);

void rtcache__failure_remember(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			       const void *key, size_t key_len, int error, unsigned cause,
			       uint64_t now_ms);
void rtcache__failure_forget(struct rtcache *cache, struct rtcache__shard *shard, uint64_t hash,
			     const void *key, size_t key_len);

#endif

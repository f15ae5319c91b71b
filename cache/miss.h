/* SPDX-License-Identifier: BSD-2-Clause */
/* A get that finds no fresh entry without the lock, or one that is to be refreshed. */

#ifndef RTCACHE_MISS_H
#define RTCACHE_MISS_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "entry.h"
#include "flight.h"
#include "rtcache.h"

/* The arguments of rtcache_get(). */
struct rtcache__get {
	struct rtcache_client *client;
	struct rtcache_request *request;
	const void *key;
	size_t key_len;
	uint64_t hash;
	uint64_t ttl_ms;
	void *extra;
};

/*
 * Returns what rtcache_get() returns. *lookup_out is a lookup that the caller must start, or NULL.
 * It may be in the background, with any return value.
 */
int rtcache__miss(const struct rtcache__get *get, struct rtcache_value *out,
		  struct rtcache_lookup **lookup_out);

/*
 * Returns a lookup in the background that the caller must start, or NULL: at most one for each
 * entry, whether it succeeds or not.
 */
struct rtcache_lookup *rtcache__refresh(const struct rtcache__get *get,
					struct rtcache__entry *entry);

#endif

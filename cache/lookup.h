/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of lookups. Their end is in rtcache.h: rtcache_fill(), rtcache_fail() and the like. */

#ifndef RTCACHE_LOOKUP_H
#define RTCACHE_LOOKUP_H

#include <stddef.h>

#include "cache.h"
#include "flight.h"
#include "rtcache.h"

/* Calls the lookup callback, inside which the lookup may end. Without any lock. */
void rtcache__lookup_start(struct rtcache_lookup *lookup);

/* The same for one or more lookups, which one rtcache_multi_get() with that extra has created. */
void rtcache__lookups_start(const struct rtcache *cache, struct rtcache_lookup *const *lookups,
			    size_t count, void *extra);

#endif

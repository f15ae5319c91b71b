/* SPDX-License-Identifier: BSD-2-Clause */
/* What is counted, by each client for itself. */

#ifndef RTCACHE_STATS_H
#define RTCACHE_STATS_H

#include "rtcache.h"

/* The first ones are the statuses: how a get or a peek was answered. */
enum rtcache__count {
	RTCACHE__COUNT_HIT = RTCACHE_HIT,
	RTCACHE__COUNT_MISS = RTCACHE_MISS,
	RTCACHE__COUNT_EXPIRED = RTCACHE_EXPIRED,
	RTCACHE__COUNT_LOCK_HIT = RTCACHE_LOCK_HIT,
	RTCACHE__COUNT_STALE = RTCACHE_STALE,
	RTCACHE__COUNT_FAILURE,
	RTCACHE__COUNT_LOOKUP,
	RTCACHE__COUNTS,
};

#endif

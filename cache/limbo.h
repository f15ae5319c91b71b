/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries that are out of the table, until no reader can hold them. */

#ifndef RTCACHE_LIMBO_H
#define RTCACHE_LIMBO_H

/*
 * An entry that was removed from the table goes to the open part. When the pending part is empty,
 * the open part becomes the pending one, and its epoch is closed (epoch.h). When that epoch has
 * passed, the memory of the pending part is returned to the arena. The entries are linked by newer.
 *
 * Threads: the lock of the shard.
 */

#include <stdint.h>

#include "arena.h"
#include "epoch.h"

struct rtcache__limbo_part {
	uint32_t first;
	uint32_t units;
};

struct rtcache__limbo {
	struct rtcache__arena *arena;
	struct rtcache__epochs *epochs;
	struct rtcache__limbo_part open;
	struct rtcache__limbo_part pending;
	uint64_t pending_epoch;
};

/* arena and epochs are borrowed until the end. */
void rtcache__limbo_init(struct rtcache__limbo *limbo, struct rtcache__arena *arena,
			 struct rtcache__epochs *epochs);

/* Takes an entry that is in the table and the queues no more. */
void rtcache__limbo_add(struct rtcache__limbo *limbo, uint32_t ref);

/*
 * Frees what no reader can hold. reader is the online reader of the calling thread if it holds no
 * value, and is announced as such; otherwise NULL.
 */
void rtcache__limbo_reclaim(struct rtcache__limbo *limbo, struct rtcache__reader *reader);

/* Returns the units of all entries in it. */
static inline uint32_t rtcache__limbo_units(const struct rtcache__limbo *limbo)
{
	return limbo->open.units + limbo->pending.units;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* S3-FIFO: the order in which the entries of a shard are evicted. */

#ifndef RTCACHE_S3FIFO_H
#define RTCACHE_S3FIFO_H

/*
 * A new entry enters the small queue, which has a tenth of the weight. At the old end of the small
 * queue, an entry moves to the main queue if it was used more than once; otherwise it is the
 * victim. At the old end of the main queue, an entry that was used moves to the new end with one
 * use less; otherwise it is the victim. There is no ghost queue: the shard compares the popularity
 * of the victim and the new entry (shard.h) instead, and may demote the victim to the new end of
 * the small queue, without uses.
 *
 * Weight is units of the arena, with the slack of the blocks.
 *
 * Threads: the lock of the shard.
 */

#include <stdint.h>

#include "arena.h"
#include "queue.h"

struct rtcache__s3fifo {
	const struct rtcache__arena *arena;
	struct rtcache__queue small;
	struct rtcache__queue main;
};

/* arena is borrowed until the end. */
void rtcache__s3fifo_init(struct rtcache__s3fifo *queues, const struct rtcache__arena *arena);

/* Adds a new entry, which is not marked as RTCACHE__ENTRY_MAIN. */
void rtcache__s3fifo_add(struct rtcache__s3fifo *queues, uint32_t ref);

/*
 * Adds an entry that is loaded with its uses: to the main queue if it is marked as
 * RTCACHE__ENTRY_MAIN, or was used so often that it would move there, otherwise to the small queue.
 */
void rtcache__s3fifo_load(struct rtcache__s3fifo *queues, uint32_t ref);

void rtcache__s3fifo_remove(struct rtcache__s3fifo *queues, uint32_t ref);

/* Puts a new entry in the place of another, whose uses it takes over. */
void rtcache__s3fifo_replace(struct rtcache__s3fifo *queues, uint32_t old_ref, uint32_t ref);

/* Moves an entry to the new end of the small queue, without uses. */
void rtcache__s3fifo_demote(struct rtcache__s3fifo *queues, uint32_t ref);

/*
 * Returns the entry to evict first, which remains in its queue; 0 if there is none. A dead entry,
 * which expired stale_ms ago or earlier, is evicted whatever its uses.
 */
uint32_t rtcache__s3fifo_victim(struct rtcache__s3fifo *queues, uint64_t stale_ms, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* An allocator inside memory of a fixed size. */

#ifndef RTCACHE_ARENA_H
#define RTCACHE_ARENA_H

/*
 * Two-level segregated fit (TLSF): free blocks are in lists by size, 16 for each power of two, which
 * two bitmaps index. Adjacent free blocks are joined. Every operation takes constant time.
 *
 * A reference to a block is its distance from the base in units of 8 octets, in 32 bits; 0 is no
 * block. The first 32 bits of a block belong to the arena, the rest to its user.
 *
 * The arena can be shortened at its end, where the table of the shard grows downward.
 *
 * Threads: the lock of the shard.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTCACHE__UNIT 8

/* 2^27 units are 1 GiB. */
#define RTCACHE__ARENA_UNITS_MAX (UINT32_C(1) << 27)
#define RTCACHE__ARENA_LEVELS 25
#define RTCACHE__ARENA_SLOTS 16

struct rtcache__arena {
	unsigned char *base;
	/* The unit after the last block, and the last block. */
	uint32_t end;
	uint32_t last;
	uint32_t free_units;
	uint32_t level_map;
	uint16_t slot_maps[RTCACHE__ARENA_LEVELS];
	uint32_t heads[RTCACHE__ARENA_LEVELS][RTCACHE__ARENA_SLOTS];
};

/* base is aligned to a unit. units is between 8 and RTCACHE__ARENA_UNITS_MAX. */
void rtcache__arena_init(struct rtcache__arena *arena, void *base, uint32_t units);

/* Returns a block of at least len octets, its first 4 included; 0 if there is none. */
uint32_t rtcache__arena_alloc(struct rtcache__arena *arena, size_t len);
void rtcache__arena_free(struct rtcache__arena *arena, uint32_t ref);

/*
 * Removes units from the end. Returns false, unchanged, if the last block is not free or would have
 * less than 2 units left.
 */
bool rtcache__arena_shrink(struct rtcache__arena *arena, uint32_t units);

/* Returns the units of a block, which may be one more than its length needs. */
uint32_t rtcache__arena_units(const struct rtcache__arena *arena, uint32_t ref);

/* Returns the units that len octets need. */
static inline uint32_t rtcache__arena_units_for(size_t len)
{
	return (uint32_t)((len + RTCACHE__UNIT - 1) / RTCACHE__UNIT);
}

static inline void *rtcache__arena_at(unsigned char *base, uint32_t ref)
{
	return base + (size_t)ref * RTCACHE__UNIT;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* An allocator inside a fixed piece of memory: what is full cannot grow. */

#ifndef RTCACHE_ARENA_H
#define RTCACHE_ARENA_H

/*
 * Two-level segregated fit: free blocks hang in lists by size, 16 to each power of two, found
 * through two bitmaps; neighbours that are free are one block. Everything takes constant time.
 *
 * A block is known by its distance from the base in units of 8 octets, which fits 32 bits. Its
 * first 32 bits belong to the arena, the rest to whoever has it. 0 is no block.
 *
 * The arena can give its end away: the table of a shard grows downward into it.
 *
 * Threads: none by itself; the shard's lock guards it.
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
	/* The unit behind the last block. */
	uint32_t end;
	uint32_t last;
	uint32_t free_units;
	uint32_t level_map;
	uint16_t slot_maps[RTCACHE__ARENA_LEVELS];
	uint32_t heads[RTCACHE__ARENA_LEVELS][RTCACHE__ARENA_SLOTS];
};

/* base is aligned to a unit; units at least 8. */
void rtcache__arena_init(struct rtcache__arena *arena, void *base, uint32_t units);

/* A block of at least len octets, its first 4 included; 0 if there is none. */
uint32_t rtcache__arena_alloc(struct rtcache__arena *arena, size_t len);
void rtcache__arena_free(struct rtcache__arena *arena, uint32_t ref);

/* Gives units away at the end, if the last block is free and longer than that. */
bool rtcache__arena_shrink(struct rtcache__arena *arena, uint32_t units);

/* The block's whole size. */
uint32_t rtcache__arena_units(const struct rtcache__arena *arena, uint32_t ref);

/* What a block of len octets takes at least. */
static inline uint32_t rtcache__arena_units_for(size_t len)
{
	return (uint32_t)((len + RTCACHE__UNIT - 1) / RTCACHE__UNIT);
}

static inline void *rtcache__arena_at(unsigned char *base, uint32_t ref)
{
	return base + (size_t)ref * RTCACHE__UNIT;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The free lists of the arena; splitting and joining blocks. */

#include "arena.h"

#include <assert.h>
#include <string.h>

/* The first word of each block: its units above two marks. */
#define MARK_FREE 1u
#define MARK_PREV_FREE 2u
#define MARK_BITS 2

/* A free block has the word, two links, and its units again in the last 4 octets. */
#define MIN_UNITS 2u

/* The number of blocks of its own size class that an allocation tries before a larger class. */
#define OWN_CLASS_TRIES 4

struct free_block {
	uint32_t word;
	uint32_t next;
	uint32_t prev;
};

struct size_class {
	unsigned level;
	unsigned slot;
};

static struct free_block *block_at(const struct rtcache__arena *arena, uint32_t ref)
{
	return rtcache__arena_at(arena->base, ref);
}

static uint32_t units_of(const struct free_block *block)
{
	return block->word >> MARK_BITS;
}

static uint32_t *tail_of(const struct rtcache__arena *arena, uint32_t ref, uint32_t units)
{
	return (uint32_t *)rtcache__arena_at(arena->base, ref + units) - 1;
}

/* Returns the class of a size. Below 32 units each size has a class of its own. */
static struct size_class class_of(uint32_t units)
{
	if (units < RTCACHE__ARENA_SLOTS)
		return (struct size_class){0, units};
	unsigned top = 31 - (unsigned)__builtin_clz(units);
	return (struct size_class){top - 3, (units >> (top - 4)) & (RTCACHE__ARENA_SLOTS - 1)};
}

static void list_add(struct rtcache__arena *arena, uint32_t ref, uint32_t units)
{
	struct size_class class = class_of(units);
	uint32_t *head = &arena->heads[class.level][class.slot];
	struct free_block *block = block_at(arena, ref);
	block->next = *head;
	block->prev = 0;
	if (*head)
		block_at(arena, *head)->prev = ref;
	*head = ref;
	arena->slot_maps[class.level] |= (uint16_t)(1u << class.slot);
	arena->level_map |= 1u << class.level;
}

static void list_remove(struct rtcache__arena *arena, uint32_t ref, uint32_t units)
{
	const struct free_block *block = block_at(arena, ref);
	if (block->next)
		block_at(arena, block->next)->prev = block->prev;
	if (block->prev) {
		block_at(arena, block->prev)->next = block->next;
		return;
	}
	struct size_class class = class_of(units);
	arena->heads[class.level][class.slot] = block->next;
	if (block->next)
		return;
	arena->slot_maps[class.level] &= (uint16_t) ~(1u << class.slot);
	if (!arena->slot_maps[class.level])
		arena->level_map &= ~(1u << class.level);
}

/* Makes [ref, ref + units) a free block. The adjacent blocks are not free. */
static void make_free(struct rtcache__arena *arena, uint32_t ref, uint32_t units)
{
	block_at(arena, ref)->word = units << MARK_BITS | MARK_FREE;
	*tail_of(arena, ref, units) = units;
	block_at(arena, ref + units)->word |= MARK_PREV_FREE;
	list_add(arena, ref, units);
	arena->free_units += units;
}

static void make_used(struct rtcache__arena *arena, uint32_t ref, uint32_t units)
{
	list_remove(arena, ref, units);
	arena->free_units -= units;
	block_at(arena, ref)->word &= ~MARK_FREE;
	block_at(arena, ref + units)->word &= ~MARK_PREV_FREE;
}

void rtcache__arena_init(struct rtcache__arena *arena, void *base, uint32_t units)
{
	assert(units >= 8 && units <= RTCACHE__ARENA_UNITS_MAX);
	memset(arena, 0, sizeof(*arena));
	arena->base = base;
	arena->end = units - 1;
	arena->last = 1;
	block_at(arena, arena->end)->word = 0;
	make_free(arena, 1, arena->end - 1);
}

static uint32_t find_block(const struct rtcache__arena *arena, uint32_t units)
{
	struct size_class class = class_of(units);
	uint32_t ref = arena->heads[class.level][class.slot];
	for (unsigned i = 0; ref && i < OWN_CLASS_TRIES; i++) {
		if (units_of(block_at(arena, ref)) >= units)
			return ref;
		ref = block_at(arena, ref)->next;
	}

	/* Every block of a higher class is large enough. */
	unsigned level = class.level;
	unsigned slots = arena->slot_maps[level] & ~((2u << class.slot) - 1);
	if (!slots) {
		unsigned levels = arena->level_map & ~((2u << level) - 1);
		if (!levels)
			return 0;
		level = (unsigned)__builtin_ctz(levels);
		slots = arena->slot_maps[level];
	}
	return arena->heads[level][__builtin_ctz(slots)];
}

uint32_t rtcache__arena_alloc(struct rtcache__arena *arena, size_t len)
{
	if (len > (size_t)arena->end * RTCACHE__UNIT)
		return 0;
	uint32_t want = rtcache__arena_units_for(len);
	if (want < MIN_UNITS)
		want = MIN_UNITS;
	uint32_t ref = find_block(arena, want);
	if (!ref)
		return 0;

	struct free_block *block = block_at(arena, ref);
	uint32_t units = units_of(block);
	make_used(arena, ref, units);
	if (units - want >= MIN_UNITS) {
		block->word = want << MARK_BITS | (block->word & MARK_PREV_FREE);
		block_at(arena, ref + want)->word = 0;
		make_free(arena, ref + want, units - want);
		if (arena->last == ref)
			arena->last = ref + want;
	}
	return ref;
}

void rtcache__arena_free(struct rtcache__arena *arena, uint32_t ref)
{
	struct free_block *block = block_at(arena, ref);
	assert(!(block->word & MARK_FREE));
	uint32_t units = units_of(block);
	uint32_t next = ref + units;
	uint32_t start = ref;
	if (block_at(arena, next)->word & MARK_FREE) {
		uint32_t next_units = units_of(block_at(arena, next));
		make_used(arena, next, next_units);
		units += next_units;
	}
	if (block->word & MARK_PREV_FREE) {
		uint32_t prev_units = *((uint32_t *)block - 1);
		start = ref - prev_units;
		make_used(arena, start, prev_units);
		units += prev_units;
	}
	if (start + units == arena->end)
		arena->last = start;
	make_free(arena, start, units);
}

bool rtcache__arena_shrink(struct rtcache__arena *arena, uint32_t units)
{
	struct free_block *block = block_at(arena, arena->last);
	uint32_t have = units_of(block);
	if (!(block->word & MARK_FREE) || have < units + MIN_UNITS)
		return false;
	make_used(arena, arena->last, have);
	arena->end -= units;
	block_at(arena, arena->end)->word = 0;
	make_free(arena, arena->last, have - units);
	return true;
}

uint32_t rtcache__arena_units(const struct rtcache__arena *arena, uint32_t ref)
{
	return units_of(block_at(arena, ref));
}

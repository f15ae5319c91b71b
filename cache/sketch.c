/* SPDX-License-Identifier: BSD-2-Clause */
/* Count-min with conservative update: only the smallest counters of a key are incremented. */

#include "sketch.h"

#define ROWS 4
#define ROW_WORDS (RTCACHE__SKETCH_WORDS / ROWS)
#define COUNTER_MAX 15u

struct counter {
	unsigned word;
	unsigned shift;
};

/* 8 bits of the mixed hash select one of the 256 counters of a row. */
static struct counter counter_of(uint64_t mixed, unsigned row)
{
	unsigned index = (unsigned)(mixed >> (32 + 8 * row)) & 255;
	return (struct counter){row * ROW_WORDS + index / 16, index % 16 * 4};
}

/* The low bits of the hash select the sketch, and the top ones the shard: all bits are mixed. */
static uint64_t mix(uint64_t hash)
{
	return (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
}

unsigned rtcache__sketch_count(const struct rtcache__sketch *sketch, uint64_t hash)
{
	uint64_t mixed = mix(hash);
	unsigned least = COUNTER_MAX;
	for (unsigned row = 0; row < ROWS; row++) {
		struct counter c = counter_of(mixed, row);
		unsigned count = (unsigned)(sketch->words[c.word] >> c.shift) & COUNTER_MAX;
		if (count < least)
			least = count;
	}
	return least;
}

unsigned rtcache__sketch_add(struct rtcache__sketch *sketch, uint64_t hash)
{
	unsigned least = rtcache__sketch_count(sketch, hash);
	if (least == COUNTER_MAX)
		return least;
	uint64_t mixed = mix(hash);
	for (unsigned row = 0; row < ROWS; row++) {
		struct counter c = counter_of(mixed, row);
		if (((sketch->words[c.word] >> c.shift) & COUNTER_MAX) == least)
			sketch->words[c.word] += UINT64_C(1) << c.shift;
	}
	return least + 1;
}

void rtcache__sketch_age(struct rtcache__sketch *sketch)
{
	for (unsigned i = 0; i < RTCACHE__SKETCH_WORDS; i++)
		sketch->words[i] = sketch->words[i] >> 1 & UINT64_C(0x7777777777777777);
}

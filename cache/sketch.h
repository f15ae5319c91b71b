/* SPDX-License-Identifier: BSD-2-Clause */
/* How often a key was put recently: a count-min sketch of 4-bit counters that age. */

#ifndef RTCACHE_SKETCH_H
#define RTCACHE_SKETCH_H

#include <stdint.h>

/* 4 rows of 256 counters, for 64 buckets of the table. */
#define RTCACHE__SKETCH_WORDS 64

struct rtcache__sketch {
	uint64_t words[RTCACHE__SKETCH_WORDS];
};

/*
 * Both return how often the key was counted, at most 15; less with age, and too much with
 * collisions. rtcache__sketch_add() counts it first.
 */
unsigned rtcache__sketch_add(struct rtcache__sketch *sketch, uint64_t hash);
unsigned rtcache__sketch_count(const struct rtcache__sketch *sketch, uint64_t hash);

/* Halves all counters. */
void rtcache__sketch_age(struct rtcache__sketch *sketch);

#endif

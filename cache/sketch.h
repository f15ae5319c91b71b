/* SPDX-License-Identifier: BSD-2-Clause */
/* How often a key was put lately: a count-min sketch of four-bit counters that ages. */

#ifndef RTCACHE_SKETCH_H
#define RTCACHE_SKETCH_H

#include <stdint.h>

/* Four rows of 256 counters, for 64 buckets of the table. */
#define RTCACHE__SKETCH_WORDS 64

struct rtcache__sketch {
	uint64_t words[RTCACHE__SKETCH_WORDS];
};

/* Counts the key and says how often it has been counted, about, at most 15. */
unsigned rtcache__sketch_add(struct rtcache__sketch *sketch, uint64_t hash);
unsigned rtcache__sketch_count(const struct rtcache__sketch *sketch, uint64_t hash);

/* Forgets half of it. */
void rtcache__sketch_age(struct rtcache__sketch *sketch);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash of a key: XXH3, seeded once per cache so that nobody outside can choose collisions. */

#ifndef RTCACHE_HASH_H
#define RTCACHE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Who needs which bits of a hash: the shard the top ones, the table the low ones. */
#define RTCACHE__HASH_SHARD_BITS 6

uint64_t rtcache__hash(uint64_t seed, const void *key, size_t len);

/* From the kernel's randomness. 0, or -1 with errno set. */
int rtcache__hash_seed(uint64_t *seed);

#endif

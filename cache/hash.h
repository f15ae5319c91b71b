/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash of a key: XXH3, with a random seed per cache, so that collisions cannot be chosen. */

#ifndef RTCACHE_HASH_H
#define RTCACHE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The top bits of a hash select the shard. The low bits select the bucket of the table. */
#define RTCACHE__HASH_SHARD_BITS 6

uint64_t rtcache__hash(uint64_t seed, const void *key, size_t len);

/* Fills seed from getrandom(). Returns 0, or -1 with errno set. */
int rtcache__hash_seed(uint64_t *seed);

#endif

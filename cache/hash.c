/* SPDX-License-Identifier: BSD-2-Clause */
/* The only file that includes xxHash. */

#include "hash.h"

#include <errno.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t rtcache__hash(uint64_t seed, const void *key, size_t len)
{
	return XXH3_64bits_withSeed(key, len, seed);
}

int rtcache__hash_seed(uint64_t *seed)
{
	ssize_t n;
	do
		n = getrandom(seed, sizeof(*seed), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*seed) ? 0 : -1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Creating and freeing the cache. */

#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SIZE_DEFAULT ((size_t)16 << 20)

/* Enough shards that threads rarely contend, and each large enough for a good hit ratio. */
#define SHARDS_PER_PROCESSOR 4
#define SHARD_SIZE_MIN ((size_t)64 << 10)
#define SHARD_SIZE_MAX ((size_t)RTCACHE__ARENA_UNITS_MAX * RTCACHE__UNIT)

static uint64_t clock_ms(void *arg)
{
	struct timespec now;
	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Returns a power of two. */
static unsigned choose_shards(size_t size)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = SHARDS_PER_PROCESSOR * (size_t)(processors > 0 ? processors : 1);
	unsigned shards = 1;
	while (shards < RTCACHE__SHARDS_MAX &&
	       (size / shards > SHARD_SIZE_MAX ||
		(shards < wanted && size / shards >= 2 * SHARD_SIZE_MIN)))
		shards *= 2;
	return shards;
}

static int map_memory(struct rtcache *cache, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = size < page ? page : size / page * page;
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	/* Unused memory must not become resident in huge pages. */
	(void)madvise(memory, len, MADV_NOHUGEPAGE);
	/* Keys and values are confidential: a core dump does not contain them. */
	(void)madvise(memory, len, MADV_DONTDUMP);
	cache->memory = memory;
	cache->memory_len = len;
	return 0;
}

static void init_shards(struct rtcache *cache)
{
	uint32_t units = (uint32_t)(cache->memory_len / cache->shard_count / RTCACHE__UNIT);
	for (unsigned i = 0; i < cache->shard_count; i++)
		rtcache__shard_init(&cache->shards[i], &cache->epochs,
				    (unsigned char *)cache->memory +
					    (size_t)i * units * RTCACHE__UNIT,
				    units, cache->options.stale_ms);
}

static bool are_valid(const struct rtcache_options *options)
{
	return options->refresh_percent <= 100 &&
	       options->size / RTCACHE__SHARDS_MAX <= SHARD_SIZE_MAX;
}

/* Copies the options, with defaults filled in. */
static void set_options(struct rtcache *cache, const struct rtcache_options *options)
{
	*cache = (struct rtcache){
		.fresh_percent = 100 - options->refresh_percent,
		.options = *options,
	};
	if (!cache->options.now_ms)
		cache->options.now_ms = clock_ms;
	if (!cache->options.size)
		cache->options.size = SIZE_DEFAULT;
	cache->shard_count = choose_shards(cache->options.size);
	cache->shard_shift = 32 - (unsigned)__builtin_ctz(cache->shard_count);
}

/* Returns 0, or -1 with errno set. */
static int allocate(struct rtcache *cache)
{
	cache->shards = aligned_alloc(RTCACHE__LINE, cache->shard_count * sizeof(*cache->shards));
	if (!cache->shards || rtcache__hash_seed(&cache->seed) != 0)
		return -1;
	return map_memory(cache, cache->options.size);
}

struct rtcache *rtcache_new(const struct rtcache_options *options)
{
	static const struct rtcache_options defaults;
	if (!options)
		options = &defaults;
	if (!are_valid(options)) {
		errno = EINVAL;
		return NULL;
	}
	struct rtcache *cache = aligned_alloc(RTCACHE__LINE, sizeof(*cache));
	if (!cache)
		return NULL;
	set_options(cache, options);
	if (allocate(cache) != 0) {
		int error = errno;
		free(cache->shards);
		free(cache);
		errno = error;
		return NULL;
	}
	rtcache__epochs_init(&cache->epochs);
	pthread_mutex_init(&cache->lock, NULL);
	init_shards(cache);
	return cache;
}

void rtcache_spread_refreshes(struct rtcache *cache, bool spread)
{
	atomic_store_explicit(&cache->spreads_refreshes, spread, memory_order_relaxed);
}

void rtcache_free(struct rtcache *cache)
{
	if (!cache)
		return;
	for (unsigned i = 0; i < cache->shard_count; i++)
		rtcache__shard_fini(&cache->shards[i]);
	pthread_mutex_destroy(&cache->lock);
	rtcache__epochs_fini(&cache->epochs);
	munmap(cache->memory, cache->memory_len);
	free(cache->shards);
	free(cache);
}

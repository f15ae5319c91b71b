/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache's beginning and end, and the texts of its codes. */

#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "flight.h"

#define SIZE_DEFAULT ((size_t)16 << 20)

/* Enough that two threads seldom meet, not so many that a share is too small to be a good cache. */
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

/* A power of two. */
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
	/* Memory that is not used yet must not become resident two megabytes at a time. */
	(void)madvise(memory, len, MADV_NOHUGEPAGE);
	/* What was asked is nobody's business who reads a core dump. */
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

static int check_options(const struct rtcache_options *options)
{
	if (options->refresh_percent > 100)
		return EINVAL;
	if (options->size / RTCACHE__SHARDS_MAX > SHARD_SIZE_MAX)
		return EINVAL;
	return 0;
}

struct rtcache *rtcache_new(const struct rtcache_options *options)
{
	static const struct rtcache_options defaults;
	if (!options)
		options = &defaults;
	int error = check_options(options);
	if (error) {
		errno = error;
		return NULL;
	}
	struct rtcache *cache = aligned_alloc(RTCACHE__LINE, sizeof(*cache));
	if (!cache)
		return NULL;
	*cache = (struct rtcache){.options = *options};
	if (!cache->options.now_ms)
		cache->options.now_ms = clock_ms;
	if (!cache->options.size)
		cache->options.size = SIZE_DEFAULT;
	cache->shard_count = choose_shards(cache->options.size);
	cache->shard_shift = 32 - (unsigned)__builtin_ctz(cache->shard_count);

	cache->shards = aligned_alloc(RTCACHE__LINE, cache->shard_count * sizeof(*cache->shards));
	if (!cache->shards)
		goto failed;
	if (rtcache__hash_seed(&cache->seed) != 0 || map_memory(cache, cache->options.size) != 0)
		goto failed;
	rtcache__epochs_init(&cache->epochs);
	pthread_mutex_init(&cache->lock, NULL);
	init_shards(cache);
	return cache;

failed:
	error = errno;
	free(cache->shards);
	free(cache);
	errno = error;
	return NULL;
}

void rtcache_free(struct rtcache *cache)
{
	if (!cache)
		return;
	for (unsigned i = 0; i < cache->shard_count; i++) {
		rtcache__flights_free(&cache->shards[i]);
		rtcache__shard_fini(&cache->shards[i]);
	}
	pthread_mutex_destroy(&cache->lock);
	rtcache__epochs_fini(&cache->epochs);
	munmap(cache->memory, cache->memory_len);
	free(cache->shards);
	free(cache);
}

const char *rtcache_error_text(int error)
{
	switch (error) {
#define ERROR_TEXT(name, code, text)                                                               \
	case code:                                                                                 \
		return text;
		RTCACHE_ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
	default:
		return "unknown error";
	}
}

const char *rtcache_error_name(int error)
{
	switch (error) {
#define ERROR_NAME(name, code, text)                                                               \
	case code:                                                                                 \
		return #name;
		RTCACHE_ERRORS(ERROR_NAME)
#undef ERROR_NAME
	default:
		return "unknown";
	}
}

const char *rtcache_status_name(enum rtcache_status status)
{
	switch (status) {
	case RTCACHE_HIT:
		return "hit";
	case RTCACHE_MISS:
		return "miss";
	case RTCACHE_EXPIRED:
		return "expired";
	case RTCACHE_LOCK_HIT:
		return "lock_hit";
	case RTCACHE_STALE:
		return "stale";
	}
	return "unknown";
}

bool rtcache_status_is_hit(enum rtcache_status status)
{
	return status == RTCACHE_HIT || status == RTCACHE_LOCK_HIT || status == RTCACHE_STALE;
}

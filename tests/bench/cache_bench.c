/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures librtcache: hit ratios, speed with one and two threads, memory, loading; prints them beside reference values.
 */

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache_model.h"
#include "rtcache.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)

/* Gets between two runs of a client: as in a loop that takes 64 packets at once. */
#define RUN_EVERY 64

#define VALUE_MAX 4096

static unsigned char value_bytes[VALUE_MAX];

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t zero_clock(void *arg)
{
	(void)arg;
	return 0;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct rtcache *open_cache(size_t size)
{
	struct rtcache *cache =
		rtcache_new(&(struct rtcache_options){.size = size, .now_ms = zero_clock});
	if (!cache)
		fail("rtcache_new");
	return cache;
}

static struct rtcache_client *open_client(struct rtcache *cache)
{
	struct rtcache_client *client = rtcache_client_new(cache, NULL, NULL);
	if (!client)
		fail("rtcache_client_new");
	return client;
}

static uint64_t entries_of(struct rtcache *cache)
{
	struct rtcache_stats stats;
	rtcache_stats_get(cache, &stats);
	return stats.entries;
}

/* Returns the number of entries of 8-byte keys and such values that a full cache of that size holds. */
static uint64_t entries_held(size_t size, size_t value_len)
{
	struct rtcache *cache = open_cache(size);
	struct rtcache_client *client = open_client(cache);
	uint64_t puts = 2 * size / (value_len + 8);
	for (uint64_t key = 0; key < puts; key++)
		rtcache_force_put(client, &key, sizeof(key), value_bytes, value_len,
				  RTCACHE_NO_TTL);
	uint64_t held = entries_of(cache);
	rtcache_client_free(client);
	rtcache_free(cache);
	return held;
}

/*
 * Returns the size, for values of that length, with which the cache holds exactly the given number of entries:
 * the other policies count entries.
 */
static size_t size_for(uint32_t capacity, size_t value_len)
{
	enum { PAGE = 4096, STEPS = 6 };
	size_t size = (size_t)capacity * (value_len + 80) + 2 * PAGE;
	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t held = entries_held(size, value_len);
		if (held <= capacity && held + held / 500 >= capacity)
			return size;
		size = (size_t)((double)size * capacity / (double)held) / PAGE * PAGE;
	}
	while (entries_held(size, value_len) > capacity)
		size -= PAGE;
	return size;
}

struct ratio {
	double ours;
	double lru;
	double s3fifo;
};

/* The three policies side by side. */
struct race {
	struct rtcache *cache;
	struct rtcache_client *client;
	struct bench_lru *lru;
	struct bench_s3fifo *s3fifo;
	size_t value_len;
	bool force;
	uint64_t hits, lru_hits, s3fifo_hits, accesses;
};

/* get, then put on a miss. The models have numbers as keys. */
static void race_access(struct race *race, uint64_t key, uint32_t number, bool counts)
{
	struct rtcache_value value;
	bool hit = rtcache_peek(race->client, &key, sizeof(key), false, &value) == 1;
	rtcache_client_run(race->client);
	if (!hit)
		(race->force ? rtcache_force_put : rtcache_put)(race->client, &key, sizeof(key),
								value_bytes, race->value_len,
								RTCACHE_NO_TTL);
	bool lru_hit = bench_lru_access(race->lru, number);
	bool s3fifo_hit = bench_s3fifo_access(race->s3fifo, number);
	if (!counts)
		return;
	race->hits += hit;
	race->lru_hits += lru_hit;
	race->s3fifo_hits += s3fifo_hit;
	race->accesses++;
}

/*
 * flood: never-repeated keys between two accesses, in the second half, and only that half counts then. The
 * models' numbers for them repeat only after many more than fit.
 */
static struct ratio measure_ratio(const struct bench_zipf *zipf, uint32_t capacity,
				  uint64_t accesses, unsigned flood, size_t value_len, bool force)
{
	uint32_t flood_numbers = flood ? 40 * capacity : 0;
	struct race race = {
		.cache = open_cache(size_for(capacity, value_len)),
		.lru = bench_lru_new(zipf->count + flood_numbers, capacity),
		.s3fifo = bench_s3fifo_new(zipf->count + flood_numbers, capacity),
		.value_len = value_len,
		.force = force,
	};
	race.client = open_client(race.cache);
	struct bench_random random = {SEED};
	uint64_t flood_key = UINT64_C(1) << 40;
	for (uint64_t i = 0; i < accesses; i++) {
		bool is_flooded = flood && i >= accesses / 2;
		uint32_t key = bench_zipf_next(zipf, &random);
		race_access(&race, key, key, is_flooded || !flood);
		for (unsigned f = 0; is_flooded && f < flood; f++, flood_key++)
			race_access(&race, flood_key,
				    zipf->count + (uint32_t)(flood_key % flood_numbers), false);
	}
	double percent = 100.0 / (double)race.accesses;
	struct ratio ratio = {percent * (double)race.hits, percent * (double)race.lru_hits,
			      percent * (double)race.s3fifo_hits};
	bench_lru_free(race.lru);
	bench_s3fifo_free(race.s3fifo);
	rtcache_client_free(race.client);
	rtcache_free(race.cache);
	return ratio;
}

struct ratio_aim {
	double percent;
	/* TinyUFO's figure; 0: not measured. */
	double tinyufo;
};

static void print_ratios(uint32_t keys, uint64_t accesses, double skew,
			 const struct ratio_aim *aims, unsigned count, size_t value_len)
{
	struct bench_zipf zipf = bench_zipf_new(keys, skew);
	printf("\nhit ratio %%, Zipf %.1f over %u keys, %llu accesses, get then put on a miss\n"
	       "  capacity   put   force_put   TinyUFO      LRU   S3-FIFO\n",
	       skew, keys, (unsigned long long)accesses);
	for (unsigned i = 0; i < count; i++) {
		uint32_t capacity = (uint32_t)lround(keys * aims[i].percent / 100);
		struct ratio put = measure_ratio(&zipf, capacity, accesses, 0, value_len, false);
		struct ratio force = measure_ratio(&zipf, capacity, accesses, 0, value_len, true);
		printf("  %6.1f %%  %5.1f       %5.1f     %5.1f    %5.1f     %5.1f\n",
		       aims[i].percent, put.ours, force.ours, aims[i].tinyufo, put.lru, put.s3fifo);
		fflush(stdout);
	}
	bench_zipf_free(&zipf);
}

static void bench_ratios(void)
{
	static const struct ratio_aim small[] = {
		{0.5, 45.0}, {1, 52.2}, {5, 68.8}, {10, 75.9}, {25, 85.3}};
	static const struct ratio_aim flat[] = {{0.5, 28.9}, {5, 49.4}, {25, 70.4}};
	static const struct ratio_aim steep[] = {{0.5, 88.4}, {5, 94.3}, {25, 96.8}};
	static const struct ratio_aim large[] = {
		{0.5, 62.3}, {1, 67.0}, {5, 77.6}, {10, 82.1}, {25, 87.8}};
	/* Values of a page, so that sizes, which are whole pages, hold exactly as many. */
	print_ratios(10000, 5000000, 1.0, small, 5, 4000);
	print_ratios(1000000, 20000000, 1.0, large, 5, 0);
	print_ratios(1000000, 20000000, 0.8, flat, 3, 0);
	print_ratios(1000000, 20000000, 1.2, steep, 3, 0);
}

static void bench_flood(void)
{
	enum { KEYS = 100000, CAPACITY = 10000, ACCESSES = 4000000 };
	struct bench_zipf zipf = bench_zipf_new(KEYS, 1.0);
	printf("\nhit ratio %%, Zipf 1.0 over %d keys, capacity %d, never-repeated keys from half "
	       "time on\n"
	       "                     put   force_put      LRU   S3-FIFO\n",
	       KEYS, CAPACITY);
	for (unsigned flood = 0; flood <= 10; flood += 10) {
		struct ratio put = measure_ratio(&zipf, CAPACITY, ACCESSES, flood, 0, false);
		struct ratio force = measure_ratio(&zipf, CAPACITY, ACCESSES, flood, 0, true);
		printf("  %2u per access   %5.1f       %5.1f    %5.1f     %5.1f\n", flood, put.ours,
		       force.ours, put.lru, put.s3fifo);
	}
	bench_zipf_free(&zipf);
}

struct worker {
	pthread_t thread;
	struct rtcache *cache;
	const uint64_t *keys;
	uint32_t key_count;
	bool puts;
	bool reads_through;
	uint64_t operations;
	atomic_bool *go, *stop;
};

static void no_answer(struct rtcache_request *request, const struct rtcache_value *value)
{
	(void)request;
	(void)value;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct rtcache_client *client = open_client(worker->cache);
	struct rtcache_request request = {.done = no_answer};
	struct rtcache_value value;
	uint64_t done = 0;
	uint32_t next = 0;
	while (!atomic_load(worker->go))
		;
	while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
		for (unsigned i = 0; i < RUN_EVERY; i++) {
			const uint64_t *key = &worker->keys[next];
			next = next + 1 == worker->key_count ? 0 : next + 1;
			int rc = worker->reads_through
					 ? rtcache_get(client, &request, key, sizeof(*key),
						       RTCACHE_NO_TTL, NULL, &value)
					 : rtcache_peek(client, key, sizeof(*key), false, &value);
			if (rc != 1 && worker->puts)
				rtcache_put(client, key, sizeof(*key), NULL, 0, RTCACHE_NO_TTL);
		}
		done += RUN_EVERY;
		rtcache_client_run(client);
	}
	rtcache_client_free(client);
	worker->operations = done;
	return NULL;
}

/* Millions of operations a second. Each thread begins at another place of the keys. */
static double run_workers(struct rtcache *cache, const uint64_t *keys, uint32_t key_count,
			  unsigned threads, bool puts, bool reads_through)
{
	struct worker workers[2];
	atomic_bool go = false;
	atomic_bool stop = false;
	for (unsigned i = 0; i < threads; i++) {
		workers[i] = (struct worker){.cache = cache,
					     .keys = keys,
					     .key_count = key_count,
					     .puts = puts,
					     .reads_through = reads_through,
					     .go = &go,
					     .stop = &stop};
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			fail("pthread_create");
	}
	double start = seconds();
	atomic_store(&go, true);
	usleep(400000);
	atomic_store(&stop, true);
	uint64_t total = 0;
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		total += workers[i].operations;
	}
	return (double)total / (seconds() - start) / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

#define ROUNDS 7

/*
 * One and two threads in turn; the medians, the median of the ratios, and the best round: other guests may use
 * the shared caches of the processor for seconds.
 */
static void print_speed(const char *what, const char *tinyufo, struct rtcache *cache,
			const uint64_t *keys, uint32_t key_count, bool puts, bool reads_through)
{
	double one[ROUNDS], two[ROUNDS], scale[ROUNDS];
	for (unsigned i = 0; i < ROUNDS; i++) {
		one[i] = run_workers(cache, keys, key_count, 1, puts, reads_through);
		two[i] = run_workers(cache, keys, key_count, 2, puts, reads_through);
		scale[i] = two[i] / one[i];
	}
	qsort(one, ROUNDS, sizeof(*one), compare_doubles);
	qsort(two, ROUNDS, sizeof(*two), compare_doubles);
	qsort(scale, ROUNDS, sizeof(*scale), compare_doubles);
	printf("  %-29s %6.1f   %6.1f   %4.2f x  %6.1f ns %6.1f ns   %s\n", what, one[ROUNDS / 2],
	       two[ROUNDS / 2], scale[ROUNDS / 2], 1e3 / one[ROUNDS / 2], 1e3 / one[ROUNDS - 1],
	       tinyufo);
	fflush(stdout);
}

static uint64_t *make_keys(uint32_t count, uint32_t distinct, bool zipf_law)
{
	uint64_t *keys = malloc(count * sizeof(*keys));
	if (!keys)
		fail("malloc");
	struct bench_random random = {SEED};
	struct bench_zipf zipf = bench_zipf_new(distinct, 1.0);
	for (uint32_t i = 0; i < count; i++)
		keys[i] = zipf_law ? bench_zipf_next(&zipf, &random)
				   : (bench_random_next(&random) >> 32) * distinct >> 32;
	bench_zipf_free(&zipf);
	return keys;
}

static void put_all(struct rtcache *cache, uint64_t count)
{
	struct rtcache_client *client = open_client(cache);
	for (uint64_t key = 0; key < count; key++)
		rtcache_force_put(client, &key, sizeof(key), NULL, 0, RTCACHE_NO_TTL);
	rtcache_client_free(client);
}

static void bench_speed(void)
{
	enum { SEQUENCE = 1000000 };
	printf("\nmillion operations a second\n"
	       "  %-29s 1 thread  2 threads scaling  1 thread, best      TinyUFO\n",
	       "");
	struct rtcache *cache = open_cache(64 << 20);
	put_all(cache, 100000);
	uint64_t *one = make_keys(1000, 1, false);
	uint64_t *hot = make_keys(SEQUENCE, 100, false);
	uint64_t *many = make_keys(SEQUENCE, 100000, false);
	uint64_t *mixed = make_keys(SEQUENCE, 100000, true);
	print_speed("peek, one key", "43, 86", cache, one, 1000, false, false);
	print_speed("peek, 100 keys", "44, 88", cache, hot, SEQUENCE, false, false);
	print_speed("peek, 100,000 keys", "18-36, 36-72", cache, many, SEQUENCE, false, false);
	print_speed("get, 100 keys", "17.5 (57 ns)", cache, hot, SEQUENCE, false, true);
	print_speed("get, 100,000 keys", "12.5 (80 ns)", cache, many, SEQUENCE, false, true);
	rtcache_free(cache);
	cache = open_cache(size_for(5000, 0));
	print_speed("peek and put, Zipf 1.0, 5 %", "7, 9-11; LRU in a mutex 45, 5-10", cache, mixed,
		    SEQUENCE, true, false);
	rtcache_free(cache);
	free(one);
	free(hot);
	free(many);
	free(mixed);
}

static size_t resident_bytes(void)
{
	unsigned long total, resident;
	FILE *file = fopen("/proc/self/statm", "r");
	if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
		fail("/proc/self/statm");
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* In a process of its own, so that only the cache grows. */
static void print_memory(const char *what, size_t size, uint64_t count, size_t key_len,
			 size_t value_len, const char *others)
{
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		unsigned char key[64] = {0};
		size_t before = resident_bytes();
		struct rtcache *cache = open_cache(size);
		struct rtcache_client *client = open_client(cache);
		for (uint64_t i = 0; i < count; i++) {
			memcpy(key, &i, sizeof(i));
			rtcache_force_put(client, key, key_len, value_bytes, value_len,
					  RTCACHE_NO_TTL);
		}
		size_t after = resident_bytes();
		uint64_t entries = entries_of(cache);
		printf("  %-46s %5.1f   %s\n", what, (double)(after - before) / (double)entries,
		       others);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void bench_memory(void)
{
	printf("\nresident bytes per entry, everything counted\n");
	print_memory("8-byte keys, no value, half full", 128 << 20, 1000000, 8, 0,
		     "TinyUFO 228 (fast), 85 (compact), without the keys");
	print_memory("8-byte keys, no value, overfull", 16 << 20, 1000000, 8, 0, "");
	print_memory("40-byte keys, 80-byte values, half full", 256 << 20, 600000, 40, 80, "");
	print_memory("40-byte keys, 80-byte values, overfull", 16 << 20, 600000, 40, 80, "");
	print_memory("25-byte keys, 40-byte values (a DNS answer)", 128 << 20, 400000, 25, 40,
		     "BIND 338, unbound 655, kresd 236");

	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		struct bench_random random = {SEED};
		size_t before = resident_bytes();
		struct rtcache *cache = open_cache(64 << 20);
		size_t idle = resident_bytes();
		struct rtcache_client *client = open_client(cache);
		uint64_t failed = 0;
		for (uint64_t i = 0; i < 10000000; i++) {
			uint64_t key = bench_random_next(&random) % 2000000;
			size_t len = bench_random_next(&random) % 400;
			if (i % 100 == 0)
				len *= 10;
			failed += rtcache_force_put(client, &key, sizeof(key), value_bytes, len,
						    RTCACHE_NO_TTL) != 0;
			if (i % RUN_EVERY == 0)
				rtcache_client_run(client);
		}
		struct rtcache_stats stats;
		rtcache_stats_get(cache, &stats);
		printf("\na cache of 64 MiB\n  resident when new %.2f MiB; after 10 M puts of 0 to "
		       "4,000 bytes %.2f MiB;\n  %.1f %% of it in use, %llu puts failed\n",
		       (double)(idle - before) / 1048576,
		       (double)(resident_bytes() - before) / 1048576,
		       100.0 * (double)stats.bytes / (double)stats.size,
		       (unsigned long long)failed);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

enum { LOADS = 1000000, LOAD_KEY = 25, LOAD_VALUE = 100 };

/* Loads items, the size of a DNS answer each. Returns the number that was stored. */
static uint64_t load_all(struct rtcache *cache, uint64_t count)
{
	unsigned char key[LOAD_KEY] = {0};
	uint64_t stored = 0;
	struct rtcache_client *client = open_client(cache);
	struct rtcache_item item = {.key = key,
				    .key_len = sizeof(key),
				    .value = {.data = value_bytes, .len = LOAD_VALUE}};
	for (uint64_t i = 0; i < count; i++) {
		memcpy(key, &i, sizeof(i));
		item.uses = i % 4;
		item.value.age_ms = i % 100000;
		item.value.ttl_ms = 1 + i % 300000;
		stored += rtcache_load(client, &item) == 0;
		if (i % RUN_EVERY == 0)
			rtcache_client_run(client);
	}
	rtcache_client_free(client);
	return stored;
}

static void print_load(const char *what, struct rtcache *cache)
{
	struct timespec before, after;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	uint64_t stored = load_all(cache, LOADS);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	printf("  %-46s %5.3f   %7llu\n", what,
	       (double)(after.tv_sec - before.tv_sec) +
		       (double)(after.tv_nsec - before.tv_nsec) / 1e9,
	       (unsigned long long)stored);
	fflush(stdout);
}

static void remove_all(struct rtcache *cache)
{
	unsigned char key[LOAD_KEY] = {0};
	struct rtcache_client *client = open_client(cache);
	for (uint64_t i = 0; i < LOADS; i++) {
		memcpy(key, &i, sizeof(i));
		rtcache_remove(client, key, sizeof(key));
		rtcache_client_run(client);
	}
	rtcache_client_free(client);
}

static void bench_load(void)
{
	printf("\nrtcache_load() of a million items, 25-byte keys, 100-byte values: s of CPU, "
	       "stored\n");
	struct rtcache *cache = open_cache(512 << 20);
	print_load("into a new cache", cache);
	print_load("again: all are known", cache);
	remove_all(cache);
	print_load("its tables grown, its memory resident", cache);
	rtcache_free(cache);
	cache = open_cache(16 << 20);
	print_load("into a cache that is soon full", cache);
	rtcache_free(cache);
}

static void print_machine(void)
{
	char line[256];
	struct utsname system;
	FILE *file = fopen("/proc/cpuinfo", "r");
	uname(&system);
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) == 0 && colon) {
			printf("%ld x%s", sysconf(_SC_NPROCESSORS_ONLN), colon + 1);
			break;
		}
	}
	if (file)
		fclose(file);
	printf("%s %s, compiler %s\n", system.sysname, system.release, __VERSION__);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {{"ratio", bench_ratios},
		     {"flood", bench_flood},
		     {"speed", bench_speed},
		     {"memory", bench_memory},
		     {"load", bench_load}};
	print_machine();
	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (argc < 2 || strcmp(argv[1], parts[i].name) == 0)
			parts[i].run();
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache that outlives its process: rtcache_saving FILE [KEY=VALUE]... loads what FILE has, if there is one,
 * stores the values for an hour, prints all, and saves it.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rtcache.h>

enum { HOUR_MS = 3600000, KEY_MAX = 1000, VALUE_MAX = 100000, STEP = 32 };

/* Ages and times to live mean nothing later: in the file there is the wall clock, in ms since 1970. */
struct record {
	uint32_t key_len, len;
	uint64_t stored_ms, end_ms;
	uint8_t uses, is_main;
};

struct saver {
	FILE *file;
	uint64_t wall_ms;
};

static uint64_t wall_clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void save_item(const struct rtcache_item *item, void *arg)
{
	const struct saver *saver = arg;
	const struct rtcache_value *value = &item->value;
	struct record record;
	/* Remembered failures, and what is too old to be stale, are not kept. */
	if (value->error || value->status == RTCACHE_EXPIRED)
		return;
	if (item->key_len > KEY_MAX || value->len > VALUE_MAX)
		return;
	memset(&record, 0, sizeof(record));
	record.key_len = (uint32_t)item->key_len;
	record.len = (uint32_t)value->len;
	record.stored_ms = saver->wall_ms - value->age_ms;
	record.end_ms = value->ttl_ms == RTCACHE_NO_TTL
				? RTCACHE_NO_TTL
				: saver->wall_ms + value->ttl_ms - value->stale_ms;
	record.uses = (uint8_t)item->uses;
	record.is_main = item->is_main;
	fwrite(&record, sizeof(record), 1, saver->file);
	fwrite(item->key, 1, item->key_len, saver->file);
	fwrite(value->data, 1, value->len, saver->file);
}

/* A server does one step in each turn of its loop, and renames the file at the end. */
static int save(struct rtcache_client *client, const char *name)
{
	struct saver saver = {.file = fopen(name, "wb")};
	uint64_t cursor = 0;
	bool has_more;
	if (!saver.file)
		return -1;
	do {
		saver.wall_ms = wall_clock_ms();
		has_more = rtcache_walk(client, &cursor, STEP, save_item, &saver);
		rtcache_client_run(client);
	} while (has_more);
	bool failed = ferror(saver.file);
	return fclose(saver.file) != 0 || failed ? -1 : 0;
}

static void load_item(struct rtcache_client *client, const struct record *record, const void *key,
		      const void *data)
{
	uint64_t now_ms = wall_clock_ms();
	struct rtcache_item item = {
		.key = key,
		.key_len = record->key_len,
		.value = {.data = data, .len = record->len},
		.uses = record->uses,
		.is_main = record->is_main,
	};
	/* Stored in the future, the wall clock went back: how old it is, is not known. */
	if (now_ms < record->stored_ms)
		return;
	item.value.age_ms = now_ms - record->stored_ms;
	if (record->end_ms == RTCACHE_NO_TTL)
		item.value.ttl_ms = RTCACHE_NO_TTL;
	else if (record->end_ms > now_ms)
		item.value.ttl_ms = record->end_ms - now_ms;
	else
		item.value.stale_ms = now_ms - record->end_ms;
	/* Refused if the cache has a better one, if it is too stale, or if there is no room. */
	(void)rtcache_load(client, &item);
}

/* Lengths from a file are not trusted. A server checks the values, too. */
static void load(struct rtcache_client *client, const char *name)
{
	static char key[KEY_MAX], data[VALUE_MAX];
	struct record record;
	FILE *file = fopen(name, "rb");
	if (!file)
		return;
	while (fread(&record, sizeof(record), 1, file) == 1 && record.key_len <= KEY_MAX &&
	       record.len <= VALUE_MAX && fread(key, 1, record.key_len, file) == record.key_len &&
	       fread(data, 1, record.len, file) == record.len) {
		load_item(client, &record, key, data);
		rtcache_client_run(client);
	}
	fclose(file);
}

static void print_item(const struct rtcache_item *item, void *arg)
{
	const struct rtcache_value *value = &item->value;
	(void)arg;
	printf("%.*s=%.*s (%s, %s)\n", (int)item->key_len, (const char *)item->key, (int)value->len,
	       (const char *)value->data, rtcache_status_name(value->status),
	       value->age_ms + value->ttl_ms <= HOUR_MS ? "an hour in all" : "too long");
}

int main(int argc, char **argv)
{
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){.stale_ms = HOUR_MS});
	struct rtcache_client *client = cache ? rtcache_client_new(cache, NULL, NULL) : NULL;
	uint64_t cursor = 0;
	if (!client || argc < 2)
		return EXIT_FAILURE;
	load(client, argv[1]);
	for (int i = 2; i < argc; i++) {
		size_t key_len = strcspn(argv[i], "=");
		const char *value = argv[i] + key_len + (argv[i][key_len] == '=');
		rtcache_put(client, argv[i], key_len, value, strlen(value), HOUR_MS);
	}
	while (rtcache_walk(client, &cursor, STEP, print_item, NULL))
		;
	int failed = save(client, argv[1]);
	rtcache_client_free(client);
	rtcache_free(cache);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache on a virtual clock, whose lookups are kept for the test to end, and callers that get from it.
 */

#ifndef TESTS_SUPPORT_CACHE_WORLD_H
#define TESTS_SUPPORT_CACHE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "rtcache.h"
#include "support/unit.h"

#define WORLD_LOOKUPS 64

struct world {
	uint64_t now_ms;
	struct rtcache *cache;
	struct rtcache_client *client;
	/* Every lookup so far, in the order they were started. */
	struct rtcache_lookup *lookups[WORLD_LOOKUPS];
	unsigned lookup_count;
	unsigned multi_count;
	/* If set, lookups end inside the callback with this answer or this error. */
	const char *answer;
	int error;
	void *extra;
	/* Called once, when the cache next asks for the time. */
	void (*on_clock)(struct world *world);
};

struct caller {
	struct rtcache_request request;
	/* The client of the last get. */
	struct rtcache_client *client;
	unsigned done_count;
	int rc;
	struct rtcache_value value;
	char text[32];
};

static inline uint64_t world_now(void *arg)
{
	struct world *world = arg;
	void (*on_clock)(struct world * world) = world->on_clock;
	if (on_clock) {
		world->on_clock = NULL;
		on_clock(world);
	}
	return world->now_ms;
}

static inline void world_note(struct world *world, struct rtcache_lookup *lookup, void *extra)
{
	ck_assert_uint_lt(world->lookup_count, WORLD_LOOKUPS);
	world->lookups[world->lookup_count++] = lookup;
	world->extra = extra;
	if (world->answer)
		rtcache_fill(lookup, world->answer, strlen(world->answer), RTCACHE_NO_TTL);
	else if (world->error)
		rtcache_fail(lookup, world->error);
}

static inline void world_lookup(struct rtcache_lookup *lookup, const void *key, size_t key_len,
				void *extra, void *arg)
{
	size_t len;
	ck_assert_ptr_eq(rtcache_lookup_key(lookup, &len), key);
	ck_assert_uint_eq(len, key_len);
	ck_assert_ptr_eq(rtcache_lookup_extra(lookup), extra);
	world_note(arg, lookup, extra);
}

static inline void world_multi_lookup(struct rtcache_lookup *const *lookups, size_t count,
				      void *extra, void *arg)
{
	struct world *world = arg;
	world->multi_count++;
	for (size_t i = 0; i < count; i++)
		world_note(world, lookups[i], extra);
}

/* The clock starts at 1000; the clock and the callbacks of options are replaced. */
static inline void world_open(struct world *world, struct rtcache_options options)
{
	*world = (struct world){.now_ms = 1000};
	options.now_ms = world_now;
	options.lookup = world_lookup;
	options.arg = world;
	world->cache = rtcache_new(&options);
	ck_assert_ptr_nonnull(world->cache);
	world->client = rtcache_client_new(world->cache, NULL, NULL);
	ck_assert_ptr_nonnull(world->client);
}

static inline void world_close(struct world *world)
{
	rtcache_client_free(world->client);
	rtcache_free(world->cache);
}

static inline void world_run(struct world *world, uint64_t later_ms)
{
	world->now_ms += later_ms;
	rtcache_client_run(world->client);
}

static inline void world_fill(struct world *world, unsigned lookup, const char *text)
{
	ck_assert_uint_lt(lookup, world->lookup_count);
	rtcache_fill(world->lookups[lookup], text, strlen(text), RTCACHE_NO_TTL);
}

static inline void caller_note(struct caller *caller, const struct rtcache_value *value)
{
	caller->value = *value;
	ck_assert(!value->data == (value->len == 0 && !value->data));
	ck_assert_uint_lt(value->len, sizeof(caller->text));
	memset(caller->text, 0, sizeof(caller->text));
	if (value->data)
		memcpy(caller->text, value->data, value->len);
}

static inline void caller_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct caller *caller = request->data;
	caller->done_count++;
	caller_note(caller, value);
}

static inline int caller_get_by(struct caller *caller, struct rtcache_client *client,
				const char *key)
{
	struct rtcache_value value;
	*caller = (struct caller){
		.request = {.data = caller, .done = caller_done},
		.client = client,
	};
	caller->rc = rtcache_get(client, &caller->request, key, strlen(key), RTCACHE_NO_TTL, caller,
				 &value);
	if (caller->rc == 1)
		caller_note(caller, &value);
	return caller->rc;
}

static inline int caller_get(struct caller *caller, struct world *world, const char *key)
{
	return caller_get_by(caller, world->client, key);
}

static inline void expect_value(const struct caller *caller, enum rtcache_status status,
				const char *text)
{
	ck_assert_int_eq(caller->value.error, 0);
	ck_assert_str_eq(rtcache_status_name(caller->value.status), rtcache_status_name(status));
	ck_assert_str_eq(caller->text, text);
}

static inline void expect_error(const struct caller *caller, enum rtcache_status status, int error)
{
	ck_assert_int_eq(caller->value.error, error);
	ck_assert_ptr_null(caller->value.data);
	ck_assert_str_eq(rtcache_status_name(caller->value.status), rtcache_status_name(status));
}

static inline int put_text(struct rtcache_client *client, const char *key, const char *text,
			   uint64_t ttl_ms)
{
	return rtcache_put(client, key, strlen(key), text, strlen(text), ttl_ms);
}

static inline int peek_text(struct rtcache_client *client, const char *key, bool stale,
			    struct rtcache_value *value)
{
	return rtcache_peek(client, key, strlen(key), stale, value);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second level: two machines, each with a cache, share a store. A lookup asks the store first and, if that
 * has nothing or says nothing for 5 ms, the origin. Store, origin and time are simulated.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rtcache.h>

enum {
	LIFE_MS = 60000,
	LIVES = 20,
	STORE_MS = 1, /* the time in which the store replies */
	WAIT_MS = 5, /* the longest wait for it */
	ORIGIN_MS = 20, /* the time in which the origin answers */
	NEVER_MS = -1,
};

struct machine {
	struct rtcache *cache;
	struct rtcache_client *client;
	struct ask *asks;
};

/* A lookup that is under way. It is ended once: by the store or by the origin, whichever is first. */
struct ask {
	struct ask *next;
	struct rtcache_lookup *lookup; /* NULL: it has ended */
	int64_t store_at_ms, wait_until_ms, origin_at_ms; /* NEVER_MS: nothing is outstanding */
};

static int64_t now_ms = 1000;
static bool store_is_silent;
static int64_t store_end_ms; /* the store has one value, until then */
static unsigned origin_count, store_count;

static uint64_t read_clock(void *arg)
{
	(void)arg;
	return (uint64_t)now_ms;
}

/* The lookup callback sends a question to the store, and returns. */
static void ask_store(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
		      void *arg)
{
	struct machine *machine = arg;
	struct ask *ask = malloc(sizeof(*ask));
	(void)key;
	(void)key_len;
	(void)extra;
	if (!ask) {
		rtcache_refuse(lookup, RTCACHE_ENOMEM);
		return;
	}
	*ask = (struct ask){
		.next = machine->asks,
		.lookup = lookup,
		.store_at_ms = store_is_silent ? NEVER_MS : now_ms + STORE_MS,
		.wait_until_ms = now_ms + WAIT_MS,
		.origin_at_ms = NEVER_MS,
	};
	machine->asks = ask;
}

static void end(struct ask *ask, const char *value, int64_t end_ms)
{
	rtcache_fill(ask->lookup, value, strlen(value), (uint64_t)(end_ms - now_ms));
	ask->lookup = NULL;
}

static void ask_origin(struct ask *ask)
{
	ask->wait_until_ms = NEVER_MS;
	if (ask->origin_at_ms == NEVER_MS)
		ask->origin_at_ms = now_ms + ORIGIN_MS;
}

/* A refresh takes what ends later than the value in the cache: somebody else has refreshed it. */
static bool is_later(const struct machine *machine, const struct ask *ask, int64_t end_ms)
{
	struct rtcache_state state;
	size_t key_len;
	const void *key = rtcache_lookup_key(ask->lookup, &key_len);
	rtcache_inspect(machine->client, key, key_len, &state);
	return end_ms > now_ms + (int64_t)state.item.value.ttl_ms;
}

static void store_replied(struct machine *machine, struct ask *ask)
{
	ask->store_at_ms = NEVER_MS;
	if (!ask->lookup)
		return; /* the origin was first */
	if (is_later(machine, ask, store_end_ms)) {
		store_count++;
		end(ask, "from the store", store_end_ms);
	} else {
		ask_origin(ask);
	}
}

static void origin_replied(struct ask *ask)
{
	ask->origin_at_ms = NEVER_MS;
	origin_count++;
	if (ask->lookup)
		end(ask, "from the origin", now_ms + LIFE_MS);
	/* The requests have been served; now the store. */
	if (!store_is_silent)
		store_end_ms = now_ms + LIFE_MS;
}

/* What the event loop of a machine does. */
static void turn(struct machine *machine)
{
	for (struct ask **link = &machine->asks; *link;) {
		struct ask *ask = *link;
		if (ask->store_at_ms == now_ms)
			store_replied(machine, ask);
		if (ask->lookup && ask->wait_until_ms == now_ms)
			ask_origin(ask);
		if (ask->origin_at_ms == now_ms)
			origin_replied(ask);
		if (ask->lookup || ask->store_at_ms != NEVER_MS || ask->origin_at_ms != NEVER_MS) {
			link = &ask->next;
			continue;
		}
		*link = ask->next;
		free(ask);
	}
	rtcache_client_run(machine->client);
}

static void pass(struct machine machines[2], int64_t ms)
{
	while (ms--) {
		now_ms++;
		turn(&machines[0]);
		turn(&machines[1]);
	}
}

static void print(struct rtcache_request *request, const struct rtcache_value *value)
{
	printf("%s: %.*s, at %lld ms\n", (const char *)request->data, (int)value->len,
	       (const char *)value->data, (long long)now_ms);
}

static void get(struct machine *machine, struct rtcache_request *request)
{
	struct rtcache_value value;
	if (rtcache_get(machine->client, request, "key", 3, RTCACHE_NO_TTL, NULL, &value) == 1 &&
	    request->done)
		request->done(request, &value);
}

static int open_machine(struct machine *machine)
{
	machine->cache = rtcache_new(&(struct rtcache_options){
		.now_ms = read_clock, .lookup = ask_store, .refresh_percent = 10, .arg = machine});
	machine->client = machine->cache ? rtcache_client_new(machine->cache, NULL, NULL) : NULL;
	if (!machine->client)
		return -1;
	/* Without this all machines refresh a value in the same moment, and find nothing in the store. */
	rtcache_spread_refreshes(machine->cache, true);
	return 0;
}

int main(void)
{
	static struct machine machines[2];
	struct rtcache_request one = {.data = "one", .done = print};
	struct rtcache_request two = {.data = "two", .done = print};
	struct rtcache_request silent = {0};
	if (open_machine(&machines[0]) != 0 || open_machine(&machines[1]) != 0)
		return EXIT_FAILURE;

	get(&machines[0], &one);
	pass(machines, 100);
	get(&machines[1], &two);
	pass(machines, 100);
	rtcache_remove(machines[1].client, "key", 3);
	store_is_silent = true;
	get(&machines[1], &two);
	pass(machines, 100);
	store_is_silent = false;

	origin_count = 0;
	for (int i = 0; i < LIVES * LIFE_MS / 10; i++) {
		get(&machines[0], &silent);
		get(&machines[1], &silent);
		pass(machines, 10);
	}
	/* Each looks once in a life; that both ask the origin is the exception. */
	printf("%d lives: %s\n", LIVES,
	       origin_count <= LIVES + 8 ? "one question each" : "too many questions");
	pass(machines, 2 * ORIGIN_MS);
	for (int i = 0; i < 2; i++) {
		rtcache_client_free(machines[i].client);
		rtcache_free(machines[i].cache);
	}
	return EXIT_SUCCESS;
}

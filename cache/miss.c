/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing between a stale value, a remembered failure, joining a flight, and a lookup. */

#include "miss.h"

#include "cache.h"
#include "failure.h"
#include "shard.h"

/* A get, with what is found under the lock of the shard. */
struct miss {
	const struct rtcache__get *get;
	struct rtcache *cache;
	struct rtcache__shard *shard;
	struct rtcache__flight *flight;
	uint64_t now_ms;
	/* The lookup to be started when the lock is released, or NULL. */
	struct rtcache_lookup *lookup;
};

static bool is_too_old(const struct miss *miss)
{
	uint64_t max_ms = miss->cache->options.lock_age_ms;
	uint64_t started_ms = miss->flight->started_ms;
	return max_ms && miss->now_ms > started_ms && miss->now_ms - started_ms > max_ms;
}

/* Returns true if the flight can be joined: its newest lookup is not too old. */
static bool can_join(const struct miss *miss)
{
	const struct rtcache__flight *flight = miss->flight;
	return flight && !rtcache__flight_is_orphan(flight) &&
	       (flight->successor || !is_too_old(miss));
}

/*
 * Returns true if a request that cannot join the flight looks up for itself, as the herd rule
 * demands if the flight still has a lookup.
 */
static bool goes_alone(const struct miss *miss)
{
	return miss->cache->options.herd && miss->flight &&
	       !rtcache__flight_is_orphan(miss->flight);
}

/*
 * Adds a lookup to the flight, or to a new one if flight is NULL. leader joins the flight; NULL in
 * the background. Returns 0 or RTCACHE_ENOMEM.
 */
static int add_lookup(struct miss *miss, struct rtcache__flight *flight,
		      struct rtcache_request *leader, bool is_indexed)
{
	const struct rtcache__get *get = miss->get;
	if (!flight)
		flight = rtcache__flight_new(&miss->shard->flights, miss->cache, get->hash,
					     get->key, get->key_len, is_indexed);
	if (!flight)
		return RTCACHE_ENOMEM;
	struct rtcache_lookup *lookup = rtcache__lookup_new(flight, get->client, leader, get->extra,
							    get->ttl_ms, miss->now_ms);
	if (!lookup)
		return RTCACHE_ENOMEM;
	rtcache__count(&get->client->counts, RTCACHE__COUNT_LOOKUP);
	lookup->is_stored = is_indexed;
	if (leader)
		rtcache__flight_join(flight, leader);
	miss->lookup = lookup;
	return 0;
}

/*
 * Adds a lookup in the background, if none is under way. If that fails, the next get tries again.
 * One that goes alone would be useless: its answer is not stored.
 */
static void look_in_background(struct miss *miss)
{
	if (!can_join(miss) && !goes_alone(miss))
		(void)add_lookup(miss, miss->flight, NULL, true);
}

/* Joins the flight, or adds a lookup. Returns 0 or RTCACHE_ENOMEM. */
static int join_or_lead(struct miss *miss)
{
	struct rtcache_request *request = miss->get->request;
	if (can_join(miss)) {
		rtcache__flight_join(miss->flight, request);
		return 0;
	}
	if (goes_alone(miss))
		return add_lookup(miss, NULL, request, false);
	return add_lookup(miss, miss->flight, request, true);
}

/* Returns true if the stale value is given without waiting for the lookup. */
static bool is_slow(const struct miss *miss)
{
	uint64_t after_ms = miss->cache->options.stale_after_ms;
	if (!after_ms)
		return true;
	return miss->flight && miss->now_ms >= rtcache__add_ms(miss->flight->begun_ms, after_ms);
}

/* Makes the request pending, with the status that it gets if it leads to the end. */
static int wait_for_lookup(struct miss *miss, enum rtcache_status status)
{
	const struct rtcache__get *get = miss->get;
	struct rtcache__pending *pending = &get->client->pending;
	struct rtcache_request *request = get->request;
	request->priv.inbox = &get->client->inbox;
	request->priv.node = (struct rtcache__list){0};
	request->priv.stale_node = (struct rtcache__list){0};
	request->priv.status = (unsigned char)status;
	request->priv.extra = get->extra;
	request->priv.ttl_ms = get->ttl_ms;
	int error = join_or_lead(miss);
	if (error)
		return error;
	rtcache__pending_add(pending, request, miss->now_ms);
	/* A stale value that is not there yet may be loaded during the lookup. */
	if (miss->cache->options.stale_ms)
		rtcache__pending_add_stale(
			pending, request,
			rtcache__add_ms(miss->now_ms, miss->cache->options.stale_after_ms));
	return 0;
}

static struct rtcache__flight *find_flight(const struct rtcache__shard *shard,
					   const struct rtcache__get *get)
{
	return rtcache__flight_find(&shard->flights, get->hash, get->key, get->key_len);
}

static bool find_failure(const struct miss *miss, struct rtcache__failure *out)
{
	const struct rtcache__get *get = miss->get;
	return rtcache__failure_find(miss->cache, miss->shard, get->hash, get->key, get->key_len,
				     miss->now_ms, out);
}

/* Under the lock of the shard. */
static int answer_or_wait(struct miss *miss, struct rtcache_value *out)
{
	const struct rtcache__get *get = miss->get;
	bool reads_through = rtcache__reads_through(miss->cache);
	struct rtcache__failure failure;

	struct rtcache__entry *entry =
		rtcache__shard_find(miss->shard, get->hash, get->key, get->key_len);
	if (entry && miss->now_ms < entry->end_ms) {
		rtcache__client_give(get->client, entry, miss->now_ms, out);
		return 1;
	}
	bool has_stale = rtcache__shard_is_stale(miss->shard, entry, miss->now_ms);
	bool has_failed = find_failure(miss, &failure);
	miss->flight = find_flight(miss->shard, get);
	if (has_stale && (has_failed || !reads_through || is_slow(miss))) {
		if (!has_failed && reads_through)
			look_in_background(miss);
		rtcache__client_give(get->client, entry, miss->now_ms, out);
		return 1;
	}
	enum rtcache_status status = entry ? RTCACHE_EXPIRED : RTCACHE_MISS;
	if (has_failed) {
		rtcache__value_none(out, status, failure.error);
		return 1;
	}
	return reads_through ? wait_for_lookup(miss, status) : RTCACHE_ENOTSUP;
}

/* Returns 0, or the error with which the get is refused. */
static int check(const struct rtcache__get *get)
{
	if (get->client->closing)
		return RTCACHE_ECANCELED;
	if (get->key_len > RTCACHE_KEY_MAX)
		return RTCACHE_EINVAL;
	return rtcache__client_reserve(get->client);
}

int rtcache__miss(const struct rtcache__get *get, struct rtcache_value *out,
		  struct rtcache_lookup **lookup_out)
{
	struct rtcache *cache = get->client->cache;
	*lookup_out = NULL;
	get->request->priv.flight = NULL;
	int error = check(get);
	if (error)
		return error;
	struct miss miss = {
		.get = get,
		.cache = cache,
		.shard = rtcache__shard_of(cache, get->hash),
		.now_ms = rtcache__now(cache),
	};
	pthread_mutex_lock(&miss.shard->lock);
	int rc = answer_or_wait(&miss, out);
	pthread_mutex_unlock(&miss.shard->lock);
	*lookup_out = miss.lookup;
	if (rc == 1)
		rtcache__client_count_value(get->client, out);
	return rc;
}

/*
 * Returns true if the entry, which is in the last part of its life, is to be refreshed later in it:
 * with rtcache_spread_refreshes(), from a moment on that depends on the key, on when the value was
 * stored, and on the random seed of the cache.
 */
static bool is_early(const struct rtcache *cache, const struct rtcache__entry *entry,
		     uint64_t now_ms)
{
	if (!atomic_load_explicit(&cache->spreads_refreshes, memory_order_relaxed))
		return false;
	uint64_t percent = cache->options.refresh_percent;
	uint64_t life_ms = entry->end_ms - entry->stored_ms;
	uint64_t part_ms = life_ms / 100 * percent + life_ms % 100 * percent / 100;
	if (part_ms == 0 || now_ms >= entry->end_ms)
		return false;
	const uint64_t drawn_by[] = {entry->hash, entry->stored_ms};
	uint64_t ttl_ms = 1 + rtcache__hash(cache->seed, drawn_by, sizeof(drawn_by)) % part_ms;
	return entry->end_ms - now_ms > ttl_ms;
}

struct rtcache_lookup *rtcache__refresh(const struct rtcache__get *get,
					struct rtcache__entry *entry)
{
	struct rtcache *cache = get->client->cache;
	struct rtcache__failure failure;
	if (!rtcache__reads_through(cache) || get->client->closing)
		return NULL;
	struct miss miss = {
		.get = get,
		.cache = cache,
		.shard = rtcache__shard_of(cache, get->hash),
		.now_ms = rtcache__now(cache),
	};
	if (is_early(cache, entry, miss.now_ms))
		return NULL;
	pthread_mutex_lock(&miss.shard->lock);
	if (!rtcache__entry_has(entry, RTCACHE__ENTRY_REFRESHED)) {
		rtcache__entry_mark(entry, RTCACHE__ENTRY_REFRESHED, true);
		miss.flight = find_flight(miss.shard, get);
		if (!find_failure(&miss, &failure))
			look_in_background(&miss);
	}
	pthread_mutex_unlock(&miss.shard->lock);
	return miss.lookup;
}

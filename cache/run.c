/* SPDX-License-Identifier: BSD-2-Clause */
/* rtcache_client_run(): requests that are ready or due, and a part of the sweep. */

#include "cache.h"
#include "client.h"
#include "flight.h"
#include "lookup.h"
#include "shard.h"

/*
 * A run sweeps this many buckets of one shard, and not more often than this. A dead entry lingers:
 * until its memory is needed it lets a get return RTCACHE_EXPIRED, and costs nothing.
 */
#define SWEEP_BUCKETS 64
#define SWEEP_EVERY_MS 10
#define SWEEP_LINGER_MS 60000

static void call_back(struct rtcache_client *client, struct rtcache_request *request)
{
	struct rtcache_value value;
	rtcache__client_take(client, request, &value);
	if (request->done)
		request->done(request, &value);
}

static void give_up(struct rtcache_client *client, struct rtcache_request *request, int error)
{
	struct rtcache_value value;
	rtcache_cancel(client, request);
	rtcache__value_none(&value, request->priv.status, error);
	if (request->done)
		request->done(request, &value);
}

/* Adds a lookup to the flight, which the request leads. NULL: out of memory. Under the lock. */
static struct rtcache_lookup *lead(struct rtcache_client *client, struct rtcache__flight *flight,
				   struct rtcache_request *request, uint64_t now_ms)
{
	struct rtcache_lookup *lookup = rtcache__lookup_new(
		flight, client, request, request->priv.extra, request->priv.ttl_ms, now_ms);
	if (lookup)
		rtcache__count(&client->counts, RTCACHE__COUNT_LOOKUP);
	return lookup;
}

/* Moves the request to a flight of its own, which it leads. NULL: out of memory. Under the lock. */
static struct rtcache_lookup *lead_alone(struct rtcache_client *client,
					 struct rtcache_request *request, bool is_stored,
					 uint64_t now_ms, struct rtcache__wakes *wakes)
{
	const struct rtcache__flight *old = request->priv.flight;
	struct rtcache__flight *flight = rtcache__flight_new(old->flights, client->cache, old->hash,
							     old->key, old->key_len, false);
	if (!flight)
		return NULL;
	struct rtcache_lookup *lookup = lead(client, flight, request, now_ms);
	lookup->is_stored = is_stored;
	rtcache__flight_leave(request, wakes);
	rtcache__flight_join(flight, request);
	return lookup;
}

/* Starts the lookup that the request leads. NULL: it fails, out of memory. */
static void start(struct rtcache_client *client, struct rtcache_request *request,
		  struct rtcache_lookup *lookup, uint64_t now_ms)
{
	if (!lookup) {
		give_up(client, request, RTCACHE_ENOMEM);
		return;
	}
	rtcache__pending_restart(&client->pending, request, now_ms);
	rtcache__lookup_start(lookup);
}

/* Adds the lookup of a successor, to a flight of its own if its flight has ended. Under the lock. */
static struct rtcache_lookup *lead_as_successor(struct rtcache_client *client,
						struct rtcache_request *request, uint64_t now_ms,
						struct rtcache__wakes *wakes)
{
	struct rtcache__flight *flight = request->priv.flight;
	if (flight->has_ended)
		return lead_alone(client, request, true, now_ms, wakes);
	struct rtcache_lookup *lookup = lead(client, flight, request, now_ms);
	if (lookup) {
		flight->successor = NULL;
		rtcache__flight_join(flight, request);
	}
	return lookup;
}

static void take_over(struct rtcache_client *client, struct rtcache_request *request,
		      uint64_t now_ms)
{
	struct rtcache__shard *shard = rtcache__shard_of_flight(request->priv.flight);
	struct rtcache__wakes wakes = {0};
	pthread_mutex_lock(&shard->lock);
	if (request->priv.state == RTCACHE__READY) {
		/* The flight has ended since, and the request is in the inbox again. */
		pthread_mutex_unlock(&shard->lock);
		return;
	}
	struct rtcache_lookup *lookup = lead_as_successor(client, request, now_ms, &wakes);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
	start(client, request, lookup, now_ms);
}

/* Requests that arrive in the meantime wait for the next run. */
static void empty_inbox(struct rtcache_client *client)
{
	size_t count = rtcache__inbox_open(&client->inbox);
	while (count--) {
		enum rtcache__request_state state;
		struct rtcache_request *request = rtcache__inbox_fetch(&client->inbox, &state);
		if (!request)
			return;
		if (state == RTCACHE__READY)
			call_back(client, request);
		else
			take_over(client, request, rtcache__now(client->cache));
	}
}

/* Removes a request from its flight, and returns true, unless it is READY. */
static bool leave_unready(struct rtcache_request *request)
{
	struct rtcache__shard *shard = rtcache__shard_of_flight(request->priv.flight);
	struct rtcache__wakes wakes = {0};
	pthread_mutex_lock(&shard->lock);
	bool leaves = request->priv.state != RTCACHE__READY;
	if (leaves)
		rtcache__flight_leave(request, &wakes);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
	return leaves;
}

/*
 * Calls done with the stale value of the key, or the fresh one if it was put or loaded since, if
 * that still exists and the request is not READY.
 */
static void give_stale(struct rtcache_client *client, struct rtcache_request *request,
		       uint64_t now_ms)
{
	const struct rtcache__flight *flight = request->priv.flight;
	struct rtcache__shard *shard = rtcache__shard_of_flight(flight);
	rtcache__pending_remove_stale(request);
	struct rtcache__entry *entry =
		rtcache__shard_peek(shard, flight->hash, flight->key, flight->key_len);
	if (!rtcache__shard_is_alive(shard, entry, now_ms) || !leave_unready(request))
		return;
	struct rtcache_value value;
	rtcache__pending_remove(&client->pending, request);
	rtcache__client_give(client, entry, now_ms, &value);
	rtcache__client_count_value(client, &value);
	if (request->done)
		request->done(request, &value);
}

static void give_stale_to_due(struct rtcache_client *client, uint64_t now_ms)
{
	struct rtcache_request *request;
	while ((request = rtcache__pending_oldest_stale(&client->pending)) &&
	       request->priv.stale_at_ms <= now_ms)
		give_stale(client, request, now_ms);
}

/* Returns true if the newest lookup has timed out and the request may start another one. */
static bool may_start_over(const struct rtcache__flight *flight,
			   const struct rtcache_request *request, uint64_t now_ms)
{
	const struct rtcache_options *options = &flight->cache->options;
	if (request->priv.state != RTCACHE__WAITING || flight->successor)
		return false;
	bool leads = flight->newest && flight->newest->leader == request;
	if (leads && (options->herd || !rtcache__flight_is_alone(flight, request)))
		return false;
	/* Another thread may have started it after this one read the clock. */
	return now_ms > flight->started_ms &&
	       now_ms - flight->started_ms >= options->lock_timeout_ms;
}

/*
 * Returns the start of the wait that the request begins: that of the newest lookup if this began
 * after the present wait, otherwise the current time.
 */
static uint64_t next_wait(const struct rtcache__flight *flight,
			  const struct rtcache_request *request, uint64_t now_ms)
{
	if (flight->started_ms > request->priv.since_ms && flight->started_ms < now_ms)
		return flight->started_ms;
	return now_ms;
}

static void end_wait(struct rtcache_client *client, struct rtcache_request *request,
		     uint64_t now_ms)
{
	struct rtcache__flight *flight = request->priv.flight;
	struct rtcache__shard *shard = rtcache__shard_of_flight(flight);
	struct rtcache__wakes wakes = {0};
	pthread_mutex_lock(&shard->lock);
	if (!may_start_over(flight, request, now_ms)) {
		uint64_t since_ms = next_wait(flight, request, now_ms);
		pthread_mutex_unlock(&shard->lock);
		rtcache__pending_restart(&client->pending, request, since_ms);
		return;
	}
	struct rtcache_lookup *lookup = client->cache->options.herd
						? lead_alone(client, request, false, now_ms, &wakes)
						: lead(client, flight, request, now_ms);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
	start(client, request, lookup, now_ms);
}

static void end_waits_due(struct rtcache_client *client, uint64_t now_ms)
{
	uint64_t timeout_ms = client->cache->options.lock_timeout_ms;
	struct rtcache_request *request;
	if (!timeout_ms)
		return;
	while ((request = rtcache__pending_oldest(&client->pending)) &&
	       now_ms - request->priv.since_ms >= timeout_ms && now_ms > request->priv.since_ms)
		end_wait(client, request, now_ms);
}

static void sweep(struct rtcache_client *client, uint64_t now_ms)
{
	const struct rtcache *cache = client->cache;
	if (now_ms < client->next_sweep_ms)
		return;
	client->next_sweep_ms = now_ms + SWEEP_EVERY_MS;
	struct rtcache__shard *shard = &cache->shards[client->sweep_shard++ % cache->shard_count];
	pthread_mutex_lock(&shard->lock);
	(void)rtcache__shard_sweep(shard, SWEEP_BUCKETS, now_ms, SWEEP_LINGER_MS);
	rtcache__limbo_reclaim(&shard->limbo, rtcache__client_idle_reader(client));
	pthread_mutex_unlock(&shard->lock);
}

void rtcache_client_run(struct rtcache_client *client)
{
	rtcache__client_quiet(client);
	empty_inbox(client);
	uint64_t now_ms = rtcache__now(client->cache);
	if (client->pending.count) {
		give_stale_to_due(client, now_ms);
		end_waits_due(client, now_ms);
		/* The lookups that were started here may have ended inside their callback. */
		empty_inbox(client);
	}
	sweep(client, now_ms);
}

/* Returns the time on the cache's clock. */
static uint64_t next_due(const struct rtcache_client *client, const struct rtcache_request *oldest)
{
	uint64_t timeout_ms = client->cache->options.lock_timeout_ms;
	uint64_t next_ms = UINT64_MAX;
	if (timeout_ms)
		next_ms = rtcache__add_ms(oldest->priv.since_ms, timeout_ms);
	const struct rtcache_request *stale = rtcache__pending_oldest_stale(&client->pending);
	if (stale && stale->priv.stale_at_ms < next_ms)
		next_ms = stale->priv.stale_at_ms;
	return next_ms;
}

uint64_t rtcache_client_next_ms(struct rtcache_client *client)
{
	const struct rtcache *cache = client->cache;
	const struct rtcache_request *oldest = rtcache__pending_oldest(&client->pending);
	if (!oldest)
		return UINT64_MAX;
	uint64_t next_ms = rtcache__inbox_is_empty(&client->inbox) ? next_due(client, oldest)
								   : rtcache__now(cache);
	return next_ms == UINT64_MAX ? next_ms : next_ms - RTCACHE__CLOCK_AHEAD_MS;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's turn: what is ready is called back, what is due is done. */

#include "client.h"
#include "flight.h"

/*
 * A sweep looks at this many buckets, of one shard after another, and not more often than this.
 * What is dead is left for a while: it tells who asks that there was something, and costs nothing
 * until the room is needed.
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

/* Under the shard's lock: the request leads a new lookup of its flight. */
static struct rtcache_lookup *lead(struct rtcache_client *client, struct rtcache__flight *flight,
				   struct rtcache_request *request, uint64_t now_ms)
{
	return rtcache__flight_look(flight, client, request, request->priv.extra,
				    request->priv.ttl_ms, now_ms);
}

/* Under the shard's lock: from its flight, ended or not, to one of its own. */
static struct rtcache_lookup *lead_alone(struct rtcache_client *client,
					 struct rtcache_request *request, bool is_stored,
					 uint64_t now_ms, struct rtcache__wakes *wakes)
{
	struct rtcache__flight *old = request->priv.flight;
	struct rtcache__flight *flight =
		rtcache__flight_new(client->cache, old->hash, old->key, old->key_len, false);
	if (!flight)
		return NULL;
	struct rtcache_lookup *lookup = lead(client, flight, request, now_ms);
	lookup->is_stored = is_stored;
	rtcache__flight_leave(old, request, wakes);
	rtcache__flight_join(flight, request);
	return lookup;
}

static void give_up(struct rtcache_client *client, struct rtcache_request *request, int error)
{
	struct rtcache_value value;
	rtcache_cancel(client, request);
	rtcache__value_none(&value, request->priv.status, error);
	if (request->done)
		request->done(request, &value);
}

static void start_over(struct rtcache_client *client, struct rtcache_request *request,
		       struct rtcache_lookup *lookup, uint64_t now_ms)
{
	if (!lookup) {
		give_up(client, request, RTCACHE_ENOMEM);
		return;
	}
	rtcache__client_untrack(client, request);
	rtcache__client_track(client, request, now_ms);
	rtcache__lookup_start(lookup);
}

/* The heir of a flight takes it over; one of a flight that has failed, in the herd, goes alone. */
static void inherit(struct rtcache_client *client, struct rtcache_request *request, uint64_t now_ms)
{
	struct rtcache__flight *flight = request->priv.flight;
	struct rtcache__shard *shard = flight->shard;
	struct rtcache__wakes wakes = {0};
	struct rtcache_lookup *lookup;
	pthread_mutex_lock(&shard->lock);
	if (request->priv.state == RTCACHE__READY) {
		/* It came to an end in between, and the request is in the inbox again. */
		pthread_mutex_unlock(&shard->lock);
		return;
	}
	if (flight->has_ended) {
		lookup = lead_alone(client, request, true, now_ms, &wakes);
	} else {
		lookup = lead(client, flight, request, now_ms);
		if (lookup) {
			flight->heir = NULL;
			rtcache__flight_join(flight, request);
		}
	}
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
	start_over(client, request, lookup, now_ms);
}

/* Those that are in the inbox now; what comes meanwhile waits for the next turn. */
static void empty_inbox(struct rtcache_client *client, size_t count)
{
	while (count--) {
		enum rtcache__request_state state;
		struct rtcache_request *request = rtcache__client_fetch(client, &state);
		if (!request)
			return;
		if (state == RTCACHE__READY)
			call_back(client, request);
		else
			inherit(client, request, rtcache__now(client->cache));
	}
}

/* Takes a request that still waits out of its flight. */
static bool leave_waiting(struct rtcache_request *request)
{
	struct rtcache__flight *flight = request->priv.flight;
	struct rtcache__shard *shard = flight->shard;
	struct rtcache__wakes wakes = {0};
	pthread_mutex_lock(&shard->lock);
	bool waits = request->priv.state != RTCACHE__READY;
	if (waits)
		rtcache__flight_leave(flight, request, &wakes);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
	return waits;
}

static void give_stale(struct rtcache_client *client, struct rtcache_request *request,
		       uint64_t now_ms)
{
	const struct rtcache__flight *flight = request->priv.flight;
	rtcache__client_untrack_stale(client, request);
	struct rtcache__entry *entry =
		rtcache__find(flight->shard, flight->hash, flight->key, flight->key_len);
	if (!rtcache__is_stale(client->cache, entry, now_ms) || !leave_waiting(request))
		return;
	struct rtcache_value value;
	rtcache__client_untrack(client, request);
	rtcache__client_give(client, entry, now_ms, &value);
	rtcache__client_count(client, RTCACHE__COUNT_STALE);
	if (request->done)
		request->done(request, &value);
}

static void give_stale_to_all_due(struct rtcache_client *client, uint64_t now_ms)
{
	while (client->stale_oldest && client->stale_oldest->priv.stale_at_ms <= now_ms)
		give_stale(client, client->stale_oldest, now_ms);
}

/* Has it waited long enough for the lookup that holds its flight, and may it start another? */
static bool may_start_over(const struct rtcache__flight *flight,
			   const struct rtcache_request *request, uint64_t now_ms)
{
	const struct rtcache_options *options = &flight->cache->options;
	if (request->priv.state != RTCACHE__WAITING || flight->heir)
		return false;
	bool leads = flight->newest && flight->newest->leader == request;
	bool is_alone = flight->first == request && flight->last == request;
	if (leads && (options->herd || !is_alone))
		return false;
	/* Another thread may have started it after this one has read its clock. */
	return now_ms > flight->started_ms &&
	       now_ms - flight->started_ms >= options->lock_timeout_ms;
}

static void end_wait(struct rtcache_client *client, struct rtcache_request *request,
		     uint64_t now_ms)
{
	struct rtcache__flight *flight = request->priv.flight;
	struct rtcache__shard *shard = flight->shard;
	struct rtcache__wakes wakes = {0};
	pthread_mutex_lock(&shard->lock);
	if (!may_start_over(flight, request, now_ms)) {
		/* It waits on: for a lookup that began later than the wait, or for its own. */
		uint64_t since_ms = now_ms;
		if (flight->started_ms > request->priv.since_ms && flight->started_ms < now_ms)
			since_ms = flight->started_ms;
		pthread_mutex_unlock(&shard->lock);
		rtcache__client_untrack(client, request);
		rtcache__client_track(client, request, since_ms);
		return;
	}
	struct rtcache_lookup *lookup = client->cache->options.herd
						? lead_alone(client, request, false, now_ms, &wakes)
						: lead(client, flight, request, now_ms);
	pthread_mutex_unlock(&shard->lock);
	rtcache__wakes_run(&wakes);
	start_over(client, request, lookup, now_ms);
}

static void end_waits_due(struct rtcache_client *client, uint64_t now_ms)
{
	uint64_t timeout_ms = client->cache->options.lock_timeout_ms;
	if (!timeout_ms)
		return;
	while (client->oldest && now_ms - client->oldest->priv.since_ms >= timeout_ms &&
	       now_ms > client->oldest->priv.since_ms)
		end_wait(client, client->oldest, now_ms);
}

static void sweep(struct rtcache_client *client, uint64_t now_ms)
{
	struct rtcache *cache = client->cache;
	if (now_ms < client->next_sweep_ms)
		return;
	client->next_sweep_ms = now_ms + SWEEP_EVERY_MS;
	struct rtcache__shard *shard = &cache->shards[client->sweep_shard++ % cache->shard_count];
	pthread_mutex_lock(&shard->lock);
	(void)rtcache__shard_sweep(shard, SWEEP_BUCKETS, now_ms, SWEEP_LINGER_MS);
	rtcache__shard_reclaim(shard, rtcache__client_idle_reader(client));
	pthread_mutex_unlock(&shard->lock);
}

void rtcache_client_run(struct rtcache_client *client)
{
	rtcache__client_quiet(client);
	empty_inbox(client, rtcache__client_open_inbox(client));
	uint64_t now_ms = rtcache__now(client->cache);
	if (client->oldest) {
		give_stale_to_all_due(client, now_ms);
		end_waits_due(client, now_ms);
		/* What the lookups started here have ended at once. */
		empty_inbox(client, rtcache__client_open_inbox(client));
	}
	sweep(client, now_ms);
}

uint64_t rtcache_client_next_ms(struct rtcache_client *client)
{
	uint64_t timeout_ms = client->cache->options.lock_timeout_ms;
	uint64_t next_ms = UINT64_MAX;
	if (!client->oldest)
		return next_ms;
	if (rtcache__client_has_inbox(client))
		return rtcache__now(client->cache);
	if (timeout_ms)
		next_ms = rtcache__add_ms(client->oldest->priv.since_ms, timeout_ms);
	if (client->stale_oldest && client->stale_oldest->priv.stale_at_ms < next_ms)
		next_ms = client->stale_oldest->priv.stale_at_ms;
	return next_ms;
}

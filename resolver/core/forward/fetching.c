/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/fetching.c: a lookup and the second level of the cache. */
#include "core/forward/fetching.h"

#include "core/forward/attempt.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"
#include "core/second/fetch.h"
#include "core/second/second.h"
#include "dns/answer.h"
#include "rtcache.h"

/* ---- what comes --------------------------------------------------------------------------- */

/* The cache's entry of the lookup's key. Returns false if there is none that is fresh. */
static bool find_fresh(const struct tarn__lookup *lookup, struct rtcache_state *out)
{
	size_t len;
	const void *key = rtcache_lookup_key(lookup->handle, &len);
	return rtcache_inspect(lookup->forwarder->client, key, len, out) == 0 && out->is_stored &&
	       out->item.value.status == RTCACHE_HIT;
}

/* Returns true if it lives so much longer than what is in the cache that this is worth its place. */
static bool is_later(const struct tarn__lookup *lookup, const struct tarn__saved_answer *answer)
{
	struct rtcache_state state;
	if (!find_fresh(lookup, &state))
		return true;
	uint64_t margin_ms = (answer->age_ms + answer->ttl_ms) * TARN__FETCH_LATER_PERCENT / 100;
	if (margin_ms < TARN__FETCH_LATER_MS)
		margin_ms = TARN__FETCH_LATER_MS;
	return answer->ttl_ms > state.item.value.ttl_ms + margin_ms;
}

/* For when no server answers (RFC 8767). The servers are asked all the same. */
static void keep_stale(const struct tarn__lookup *lookup, const struct tarn__fetched *fetched)
{
	size_t len;
	const void *key = rtcache_lookup_key(lookup->handle, &len);
	const struct rtcache_item item = {
		.key = key,
		.key_len = len,
		.value = {.data = fetched->stored,
			  .len = fetched->answer.len,
			  .status = RTCACHE_STALE,
			  .age_ms = fetched->answer.age_ms,
			  .stale_ms = fetched->answer.ended_ms},
	};
	(void)rtcache_load(lookup->forwarder->client, &item);
}

/* Returns true if the value is the answer. */
static bool take(struct tarn__lookup *lookup, const struct tarn__fetched *fetched)
{
	tarn__stored_set_answer_source(fetched->stored, TARN__ANSWER_SOURCE_SHARED);
	if (fetched->answer.ttl_ms == 0) {
		keep_stale(lookup, fetched);
		return false;
	}
	if (!is_later(lookup, &fetched->answer)) {
		tarn__fetch_was_not_later(lookup->forwarder->second);
		return false;
	}
	tarn__fetch_was_taken(lookup->forwarder->second);
	return true;
}

static bool is_waiting_for_servers(const struct tarn__lookup *lookup)
{
	return lookup->state == TARN__LOOKUP_ASKING || lookup->state == TARN__LOOKUP_HOLDING ||
	       lookup->state == TARN__LOOKUP_WAITING;
}

static void on_fetched(void *owner, const struct tarn__fetched *fetched)
{
	struct tarn__lookup *lookup = owner;
	bool is_fetching = lookup->state == TARN__LOOKUP_FETCHING;
	bool is_wanted = is_fetching || is_waiting_for_servers(lookup);
	tarn__fetching_drop(lookup);
	if (fetched && is_wanted && take(lookup, fetched))
		lookup->fetched(lookup, fetched);
	else if (is_fetching)
		lookup->fetched(lookup, NULL);
}

/* ---- asking ------------------------------------------------------------------------------- */

/* The round trip of the server that answers fastest; 0: none has answered yet. */
static uint32_t best_rtt_ms(const struct tarn__zone *zone)
{
	uint32_t best = 0;
	for (size_t i = 0; i < zone->server_count; i++) {
		uint32_t rtt = zone->servers[i]->srtt_ms;
		if (rtt > 0 && !tarn__server_is_dead(zone->servers[i]) && (best == 0 || rtt < best))
			best = rtt;
	}
	return best;
}

bool tarn__fetching_begin(struct tarn__lookup *lookup, tarn__fetched_function *done)
{
	const struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__second *second = forwarder->second;
	lookup->fetch = tarn__fetch_start(
		second, &(struct tarn__fetch_options){.zone = lookup->zone->config,
						      .key = &lookup->key,
						      .rtt_ms = best_rtt_ms(lookup->zone),
						      .done = on_fetched,
						      .owner = lookup});
	if (!lookup->fetch)
		return false;
	lookup->fetched = done;
	tarn__lookup_move(lookup, TARN__LOOKUP_FETCHING);
	tarn__timer_start(forwarder->timers, &lookup->timer,
			  tarn__lookup_now_ms(lookup) + tarn__fetch_wait_ms(second));
	return true;
}

void tarn__fetching_end_wait(struct tarn__lookup *lookup)
{
	tarn__fetch_is_late(lookup->fetch);
	lookup->fetched(lookup, NULL);
}

void tarn__fetching_drop(struct tarn__lookup *lookup)
{
	tarn__fetch_free(lookup->fetch);
	lookup->fetch = NULL;
}

/* ---- answers of servers ------------------------------------------------------------------- */

void tarn__fetching_put(const struct tarn__lookup *lookup, const struct tarn__answer *answer)
{
	const struct tarn__forwarder *forwarder = lookup->forwarder;
	tarn__second_put_answer(forwarder->second, lookup->zone->config, &lookup->key,
				forwarder->scratch->stored, answer->len, answer->ttl);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/second.c: the connection, the configuration, and puts. */
#include "core/second/second.h"

#include <stdlib.h>

#include "core/config.h"
#include "core/second/epoch.h"
#include "core/second/fetch.h"
#include "core/second/health.h"
#include "core/second/second_state.h"
#include "core/second/value.h"
#include "dnssec/anchors.h"

/* The timers have changed outside of tarn__resolver_run(). */
static void wake(const struct tarn__second *second)
{
	second->io->wake_at(second->io->data, tarn__second_now_ms(second));
}

/* ---- the connection ----------------------------------------------------------------------- */

void tarn__second_connected(struct tarn__second *second)
{
	if (!tarn__second_store(second))
		return;
	second->is_connected = true;
	second->counts.connected_now = 1;
	tarn__epoch_read(second);
	wake(second);
}

/*
 * All that was outstanding has ended; what the breaker has seen was of a store that may be another one now.
 */
static void forget_connection(struct tarn__second *second)
{
	second->is_connected = false;
	second->counts.connected_now = 0;
	tarn__epoch_stop(second);
	tarn__health_forget(second);
}

void tarn__second_lost(struct tarn__second *second)
{
	forget_connection(second);
	wake(second);
}

/* ---- the configuration -------------------------------------------------------------------- */

/* They are done, without a value. */
static void cancel_fetches(struct tarn__second *second)
{
	struct tarn__list all;
	tarn__list_init(&all);
	while (!tarn__list_is_empty(&second->fetches))
		tarn__list_move(second->fetches.next, &all);
	while (!tarn__list_is_empty(&all))
		tarn__fetch_cancel(TARN__CONTAINER(all.next, struct tarn__fetch, node));
}

/* Returns true if the view has become another one. The digest depends on the secret, too. */
static bool set_view(struct tarn__second *second, bool is_other_store)
{
	const struct tarn__config *config = second->config;
	const struct tarn__second_view before = second->view;
	second->view.validates = config->validates;
	second->view.trusts_ad = config->trust_ad;
	if (config->anchors != second->anchors || is_other_store)
		second->view.anchors = tarn__second_anchors_digest(config->second, config);
	if (config->anchors != second->anchors) {
		tarn__anchors_free(second->anchors);
		second->anchors = config->anchors ? tarn__anchors_get(config->anchors) : NULL;
	}
	return second->view.validates != before.validates ||
	       second->view.trusts_ad != before.trusts_ad || second->view.anchors != before.anchors;
}

void tarn__second_set_config(struct tarn__second *second, struct tarn__config *config)
{
	struct tarn__config *old = second->config;
	bool is_other_store = (old ? old->second : NULL) != config->second;
	if (is_other_store)
		forget_connection(second);
	second->config = tarn__config_get(config);
	if (config->second)
		tarn__second_epoch_key_write(config->second, second->epoch_key);
	if ((config->second && set_view(second, is_other_store)) || is_other_store)
		cancel_fetches(second);
	tarn__config_put(old);
	wake(second);
}

/* ---- puts --------------------------------------------------------------------------------- */

static void on_put(void *arg, enum tarn__second_result result)
{
	struct tarn__second *second = arg;
	second->counts.put_results[result]++;
}

static int put(struct tarn__second *second, const char *key, const struct tarn__key *question,
	       const uint8_t *stored, size_t len, uint32_t ttl_sec)
{
	const struct tarn__second_config *store = tarn__second_store(second);
	uint64_t ttl_ms = (uint64_t)ttl_sec * 1000, now = second->io->wall_ms(second->io->data);
	uint64_t stale_ms = store->keeps_stale ? second->shared->stale_ms : 0;
	uint8_t verdict;
	size_t message_len = tarn__saved_write(question, stored, len,
					       second->value + TARN__SECOND_VALUE_HEAD, &verdict);
	const struct tarn__saved_times times = {.arrival_ms = now, .end_ms = now + ttl_ms};
	size_t value_len =
		tarn__second_value_write(store, key, &times, verdict, message_len, second->value);
	const struct tarn_second_put what = {.done = on_put,
					     .arg = second,
					     .key = key,
					     .value = second->value,
					     .len = value_len,
					     .ttl_ms = ttl_ms + stale_ms};
	int error = second->io->second_put(second->io->data, &what);
	if (error == 0)
		second->counts.octets_put += value_len;
	return error;
}

void tarn__second_put_answer(struct tarn__second *second, const struct tarn__zone_config *zone,
			     const struct tarn__key *key, const uint8_t *stored, size_t len,
			     uint32_t ttl_sec)
{
	const struct tarn__second_config *store = tarn__second_store(second);
	char text[TARN__SECOND_KEY_MAX];
	if (!store || store->is_read_only || ttl_sec < TARN__SECOND_TTL_MIN_SEC ||
	    !tarn__second_shares(zone, key))
		return;
	bool is_possible = tarn__second_is_up(second) && !second->breaker.is_open &&
			   tarn__second_key_of(second, zone, key, text);
	if (is_possible && put(second, text, key, stored, len, ttl_sec) == 0)
		second->counts.puts++;
	else
		second->counts.put_skipped++;
}

/* ---- one per worker ----------------------------------------------------------------------- */

struct tarn__second_shared *tarn__second_shared_new(uint64_t stale_ms)
{
	struct tarn__second_shared *shared = calloc(1, sizeof *shared);
	if (!shared)
		return NULL;
	shared->stale_ms = stale_ms;
	return shared;
}

void tarn__second_shared_free(struct tarn__second_shared *shared)
{
	free(shared);
}

struct tarn__second *tarn__second_new(const struct tarn_io *io, struct tarn__timers *timers,
				      struct tarn__second_shared *shared,
				      const struct tarn__second_hooks *hooks)
{
	struct tarn__second *second = calloc(1, sizeof *second);
	if (!second)
		return NULL;
	second->io = io;
	second->timers = timers;
	second->shared = shared;
	second->hooks = *hooks;
	second->pause.fire = tarn__health_on_pause_end;
	second->epoch_timer.fire = tarn__epoch_on_timer;
	tarn__breaker_init(&second->breaker);
	tarn__list_init(&second->fetches);
	tarn__list_init(&second->spares);
	return second;
}

void tarn__second_free(struct tarn__second *second)
{
	if (!second)
		return;
	forget_connection(second);
	struct tarn__list *spare;
	while ((spare = tarn__list_take(&second->spares)))
		free(TARN__CONTAINER(spare, struct tarn__fetch, node));
	tarn__anchors_free(second->anchors);
	tarn__config_put(second->config);
	free(second);
}

const struct tarn__second_config *tarn__second_config(const struct tarn__second *second)
{
	return tarn__second_store(second);
}

const struct tarn__second_counts *tarn__second_counts(const struct tarn__second *second)
{
	return &second->counts;
}

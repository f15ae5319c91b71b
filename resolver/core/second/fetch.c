/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/fetch.c: a get, the polls that may follow it, and the value that comes. */
#include "core/second/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/second/health.h"
#include "core/second/second_state.h"
#include "core/second/value.h"
#include "base/base16.h"

/* ---- memory ------------------------------------------------------------------------------- */

static struct tarn__fetch *take_spare(struct tarn__second *second)
{
	struct tarn__list *spare = tarn__list_take(&second->spares);
	if (!spare)
		return malloc(sizeof(struct tarn__fetch));
	second->spare_count--;
	return TARN__CONTAINER(spare, struct tarn__fetch, node);
}

/* Cancels what is outstanding. */
static void stop(struct tarn__fetch *fetch)
{
	struct tarn__second *second = fetch->second;
	if (fetch->is_sent)
		second->io->second_cancel(second->io->data, &fetch->get);
	fetch->is_sent = false;
	tarn__timer_stop(second->timers, &fetch->timer);
	tarn__list_remove(&fetch->node);
}

void tarn__fetch_free(struct tarn__fetch *fetch)
{
	if (!fetch)
		return;
	struct tarn__second *second = fetch->second;
	stop(fetch);
	if (second->spare_count >= TARN__SPARE_FETCHES) {
		free(fetch);
		return;
	}
	tarn__list_append(&second->spares, &fetch->node);
	second->spare_count++;
}

/* ---- its end ------------------------------------------------------------------------------ */

/* The fetch may not exist any more afterwards. */
static void end(struct tarn__fetch *fetch, const struct tarn__fetched *fetched)
{
	stop(fetch);
	fetch->done(fetch->owner, fetched);
}

void tarn__fetch_cancel(struct tarn__fetch *fetch)
{
	end(fetch, NULL);
}

static enum tarn__second_rejection rejection_of(enum tarn__saved_fault fault)
{
	return fault == TARN__SAVED_FUTURE ? TARN__SECOND_FUTURE : TARN__SECOND_ANSWER;
}

/* Returns true if the value may be an answer, or a stale one. */
static bool read_value(const struct tarn__fetch *fetch, const uint8_t *octets, size_t len,
		       struct tarn__saved_answer *out)
{
	struct tarn__second *second = fetch->second;
	const struct tarn__second_config *store = tarn__second_store(second);
	struct tarn__second_value value;
	if (!tarn__second_value_read(store, fetch->text, octets, len, &value)) {
		second->counts.rejected[TARN__SECOND_TAG]++;
		return false;
	}
	enum tarn__saved_fault fault = tarn__saved_read(
		second->config, &fetch->key, value.message, value.message_len, &value.times,
		second->io->wall_ms(second->io->data), value.verdict, true, &second->room, out);
	if (fault != TARN__SAVED_GOOD) {
		second->counts.rejected[rejection_of(fault)]++;
		return false;
	}
	if (out->ttl_ms > 0)
		return true;
	second->counts.rejected[TARN__SECOND_ENDED]++;
	return store->keeps_stale;
}

static void take_value(struct tarn__fetch *fetch, const uint8_t *octets, size_t len)
{
	struct tarn__second *second = fetch->second;
	struct tarn__fetched fetched = {.stored = second->room.stored};
	second->counts.octets_got += len;
	bool is_good = read_value(fetch, octets, len, &fetched.answer);
	end(fetch, is_good ? &fetched : NULL);
}

void tarn__fetch_was_taken(struct tarn__second *second)
{
	second->counts.taken++;
}

void tarn__fetch_was_not_later(struct tarn__second *second)
{
	second->counts.not_later++;
}

/* ---- gets --------------------------------------------------------------------------------- */

static void on_get(struct tarn_second_get *, enum tarn__second_result, const uint8_t *, size_t);

static int send_get(struct tarn__fetch *fetch, const char *lease, const char *holder)
{
	struct tarn__second *second = fetch->second;
	const struct tarn_io *io = second->io;
	fetch->get = (struct tarn_second_get){.done = on_get,
					      .key = fetch->text,
					      .lease = lease,
					      .holder = holder,
					      .lease_ms = TARN__FETCH_LEASE_MS,
					      .from_primary = fetch->poll_ms > 0};
	fetch->sent_us = io->now_us(io->data);
	int error = io->second_get(io->data, &fetch->get);
	fetch->is_sent = error == 0;
	second->counts.gets += fetch->is_sent;
	return error;
}

/* The first get, which takes the lease as well where there are leases. */
static int send_first(struct tarn__fetch *fetch)
{
	const struct tarn_io *io = fetch->second->io;
	char lease[TARN__SECOND_KEY_MAX], holder[TARN__SECOND_LEASE_LEN + 1];
	uint8_t mark[TARN__SECOND_LEASE_LEN / 2];
	if (!tarn__second_store(fetch->second)->has_leases)
		return send_get(fetch, NULL, NULL);
	io->random(io->data, mark, sizeof mark);
	*tarn__base16_write(mark, sizeof mark, holder) = '\0';
	tarn__second_lease_write(fetch->text, lease);
	return send_get(fetch, lease, holder);
}

static void poll_later(struct tarn__fetch *fetch)
{
	uint64_t now = tarn__second_now_ms(fetch->second);
	uint64_t at = now + fetch->poll_ms;
	fetch->poll_ms = fetch->poll_ms < TARN__FETCH_POLL_MAX_MS ? 2 * fetch->poll_ms
								  : TARN__FETCH_POLL_MAX_MS;
	tarn__timer_start(fetch->second->timers, &fetch->timer,
			  at < fetch->polled_until_ms ? at : fetch->polled_until_ms);
}

/*
 * Another machine asks the servers: for its answer is waited no longer than these would need, and not
 * beyond the wait.
 */
static void begin_polls(struct tarn__fetch *fetch)
{
	struct tarn__second *second = fetch->second;
	uint64_t now = tarn__second_now_ms(second);
	fetch->polled_until_ms = fetch->started_ms + tarn__second_store(second)->wait_ms;
	if (fetch->rtt_ms > 0 && now + fetch->rtt_ms * 3 / 2 < fetch->polled_until_ms)
		fetch->polled_until_ms = now + fetch->rtt_ms * 3 / 2;
	second->counts.leases_held++;
	fetch->poll_ms = TARN__FETCH_POLL_MS;
	poll_later(fetch);
}

static void give_up_polling(struct tarn__fetch *fetch)
{
	fetch->second->counts.lease_waits_in_vain++;
	end(fetch, NULL);
}

static void on_poll(struct tarn__timer *timer)
{
	struct tarn__fetch *fetch = TARN__CONTAINER(timer, struct tarn__fetch, timer);
	if (send_get(fetch, NULL, NULL) != 0)
		give_up_polling(fetch);
}

/* There is no value yet, and another machine is to provide it. */
static bool goes_on_polling(struct tarn__fetch *fetch, enum tarn__second_result result)
{
	if (fetch->is_late)
		return false;
	bool is_first = result == TARN__SECOND_HELD && fetch->poll_ms == 0;
	bool is_polled = result == TARN__SECOND_ABSENT && fetch->poll_ms > 0;
	if (is_first)
		begin_polls(fetch);
	else if (is_polled && tarn__second_now_ms(fetch->second) < fetch->polled_until_ms)
		poll_later(fetch);
	else if (is_polled)
		give_up_polling(fetch);
	return is_first || is_polled;
}

/*
 * A value of another type says nothing of the store, and the end of the connection is reported by itself.
 */
static void report(struct tarn__fetch *fetch, enum tarn__second_result result)
{
	bool is_bad = tarn__second_is_failure(result) && result != TARN__SECOND_TYPE &&
		      result != TARN__SECOND_CLOSED;
	if (!is_bad && result != TARN__SECOND_CLOSED)
		tarn__health_answered(fetch->second, fetch->is_late);
	else if (is_bad && !fetch->is_late)
		tarn__health_failed(fetch->second);
}

static void on_get(struct tarn_second_get *get, enum tarn__second_result result,
		   const uint8_t *value, size_t len)
{
	struct tarn__fetch *fetch = TARN__CONTAINER(get, struct tarn__fetch, get);
	struct tarn__second *second = fetch->second;
	fetch->is_sent = false;
	second->counts.results[result]++;
	if (result != TARN__SECOND_CLOSED)
		tarn__latency_add(&second->counts.latency,
				  second->io->now_us(second->io->data) - fetch->sent_us);
	report(fetch, result);
	if (result == TARN__SECOND_THERE)
		take_value(fetch, value, len);
	else if (!goes_on_polling(fetch, result))
		end(fetch, NULL);
}

/* ---- its start ---------------------------------------------------------------------------- */

uint32_t tarn__fetch_wait_ms(const struct tarn__second *second)
{
	return tarn__second_store(second)->wait_ms;
}

void tarn__fetch_is_late(struct tarn__fetch *fetch)
{
	struct tarn__second *second = fetch->second;
	fetch->is_late = true;
	if (fetch->poll_ms > 0) {
		second->counts.lease_waits_in_vain++;
		tarn__timer_stop(second->timers, &fetch->timer);
		return;
	}
	second->counts.late++;
	tarn__health_failed(second);
}

/* Returns true if it can be asked now; counts why not. */
static bool can_ask(struct tarn__second *second)
{
	if (!tarn__second_is_up(second))
		second->counts.skipped_closed++;
	else if (second->breaker.is_open)
		second->counts.skipped_breaker++;
	else
		return true;
	return false;
}

struct tarn__fetch *tarn__fetch_start(struct tarn__second *second,
				      const struct tarn__fetch_options *options)
{
	if (!tarn__second_store(second) || !tarn__second_shares(options->zone, options->key) ||
	    !can_ask(second))
		return NULL;
	struct tarn__fetch *fetch = take_spare(second);
	if (!fetch)
		return NULL;
	*fetch = (struct tarn__fetch){.second = second,
				      .timer = {.fire = on_poll},
				      .done = options->done,
				      .owner = options->owner,
				      .key = *options->key,
				      .started_ms = tarn__second_now_ms(second),
				      .rtt_ms = options->rtt_ms};
	tarn__list_init(&fetch->node);
	int error = TARN_EUNREACHABLE;
	if (tarn__second_key_of(second, options->zone, options->key, fetch->text))
		error = send_first(fetch);
	if (error == 0) {
		tarn__list_append(&second->fetches, &fetch->node);
		return fetch;
	}
	if (error == TARN_EUNREACHABLE)
		second->counts.skipped_closed++;
	else
		second->counts.skipped_busy++;
	tarn__fetch_free(fetch);
	return NULL;
}

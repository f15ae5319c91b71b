/* SPDX-License-Identifier: BSD-2-Clause */
/* net/worker.c: one loop's part of a tarn. */
#include "config.h"

#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/resolver.h"
#include "core/second/second_config.h"
#include "net/clock.h"
#include "net/listen/tcp.h"
#include "net/listen/udp.h"
#include "net/second/link.h"
#include "net/upstream/carrier.h"

enum {
	/*
	 * Rounds of one turn: answers lead to messages and these, at times, to answers. The rest is done in
	 * the next turn, at once, so that the host's own events are not starved.
	 */
	ROUNDS_PER_TURN = 8,
};

/* ---- the outside of core/ ----------------------------------------------------------------- */

static uint64_t io_now_ms(void *data)
{
	(void)data;
	return tarn__clock_ms();
}

static uint64_t io_now_us(void *data)
{
	(void)data;
	return tarn__clock_us();
}

static uint32_t io_wall_sec(void *data)
{
	(void)data;
	/* Not ev_now(): after a suspend it is behind by up to half a second. */
	struct timespec now;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint32_t)(uint64_t)now.tv_sec;
}

static uint64_t io_wall_ms(void *data)
{
	(void)data;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void io_random(void *data, void *out, size_t len)
{
	struct tarn_worker *worker = data;
	tarn__random_fill(&worker->random, out, len);
}

static int io_send(void *data, struct tarn_exchange *exchange)
{
	struct tarn_worker *worker = data;
	return tarn__carrier_send(worker->carrier, exchange);
}

static void io_cancel(void *data, struct tarn_exchange *exchange)
{
	struct tarn_worker *worker = data;
	tarn__carrier_cancel(worker->carrier, exchange);
}

static void io_close(void *data, struct tarn__endpoint *endpoint)
{
	struct tarn_worker *worker = data;
	tarn__carrier_close(worker->carrier, endpoint);
}

static void io_wake_others(void *data)
{
	struct tarn_worker *worker = data;
	tarn__mailbox_wake_others(&worker->tarn->mailbox, &worker->member.subscriber);
}

static void io_wake_at(void *data, uint64_t at_ms)
{
	struct tarn_worker *worker = data;
	worker->wake_ms = at_ms;
}

static int io_second_get(void *data, struct tarn_second_get *get)
{
	struct tarn_worker *worker = data;
	return worker->second ? tarn__second_link_get(worker->second, get) : TARN_EUNREACHABLE;
}

static void io_second_cancel(void *data, struct tarn_second_get *get)
{
	struct tarn_worker *worker = data;
	if (worker->second)
		tarn__second_link_cancel(worker->second, get);
}

static int io_second_put(void *data, const struct tarn_second_put *put)
{
	struct tarn_worker *worker = data;
	return worker->second ? tarn__second_link_put(worker->second, put) : TARN_EUNREACHABLE;
}

static int io_second_publish(void *data, const struct tarn_second_publication *publication)
{
	struct tarn_worker *worker = data;
	return worker->second ? tarn__second_link_publish(worker->second, publication)
			      : TARN_EUNREACHABLE;
}

/* ---- the second level --------------------------------------------------------------------- */

static void on_second_connected(void *arg)
{
	struct tarn_worker *worker = arg;
	tarn__resolver_second_connected(worker->resolver);
}

static void on_second_lost(void *arg)
{
	struct tarn_worker *worker = arg;
	tarn__resolver_second_lost(worker->resolver);
}

static void on_second_message(void *arg, const uint8_t *message, size_t len)
{
	struct tarn_worker *worker = arg;
	tarn__resolver_second_message(worker->resolver, message, len);
}

static void on_second_report(void *arg, bool is_fault, const char *line)
{
	const struct tarn_worker *worker = arg;
	tarn__report_second(worker->tarn, is_fault, line);
}

/* Closes the link, if there is one. */
static void close_second(struct tarn_worker *worker)
{
	tarn__second_link_free(worker->second);
	tarn__second_config_put(worker->second_config);
	worker->second = NULL;
	worker->second_config = NULL;
}

/* One of the workers hears what all machines are to forget. */
static void review_listening(struct tarn_worker *worker)
{
	if (worker->second)
		tarn__second_link_listen(worker->second,
					 tarn__listens(worker->tarn, &worker->member));
}

/* After the resolver has taken over the configuration: it has nothing outstanding over the link before. */
static void set_second(struct tarn_worker *worker, struct tarn__second_config *config)
{
	const struct tarn__second_events events = {.connected = on_second_connected,
						   .lost = on_second_lost,
						   .message = on_second_message,
						   .report = on_second_report,
						   .arg = worker};
	if (config == worker->second_config && (worker->second || !config))
		return;
	close_second(worker);
	if (!config)
		return;
	worker->second_config = tarn__second_config_get(config);
	worker->second = tarn__second_link_new(worker->loop, config, &events);
}

/* ---- updates ------------------------------------------------------------------------------ */

static void review_clients(struct tarn_worker *worker)
{
	tarn__tcp_review(worker->tcp);
	if (worker->tls)
		tarn__tcp_review(worker->tls);
	if (worker->https)
		tarn__tcp_review(worker->https);
}

/* What fails for want of memory is tried again at the next turn. */
static void take_updates(struct tarn_worker *worker)
{
	struct tarn__updates updates;
	tarn__get_updates(worker->tarn, &updates);
	/* A collection that begins after this is an update not seen yet. */
	tarn__stats_collector_add(worker->tarn->stats_collector, &worker->contributor);
	bool is_other = updates.config != worker->member.config;
	if (is_other && tarn__resolver_set_config(worker->resolver, updates.config) != 0) {
		tarn__config_put(updates.config);
		return;
	}
	if (is_other) {
		set_second(worker, updates.config->second);
		tarn__carrier_set_config(worker->carrier, updates.config);
	}
	tarn__applied(worker->tarn, &worker->member, updates.config);
	review_listening(worker);
	if (is_other)
		review_clients(worker);
	bool is_elsewhere = updates.networks != worker->seen.networks;
	if (is_elsewhere) {
		tarn__carrier_network_changed(worker->carrier);
		tarn__resolver_network_changed(worker->resolver);
	}
	if (is_other || is_elsewhere)
		tarn__carrier_open_ahead(worker->carrier);
	worker->seen.networks = updates.networks;
	if (updates.forward_loops != worker->seen.forward_loops &&
	    tarn__takes_forward_loops(worker->tarn, &worker->member))
		tarn__resolver_probe_forward_loops(worker->resolver, tarn__report_forward_loop,
						   worker->tarn);
	worker->seen.forward_loops = updates.forward_loops;
	worker->seen.count = updates.count;
}

/* Clears the cache of a part of what is stale. Returns true if more is left. */
static bool drop(struct tarn_worker *worker)
{
	struct tarn__stale_configs *stale_configs = &worker->member.stale_configs;
	if (tarn__resolver_drop(worker->resolver, stale_configs->configs, stale_configs->count,
				&worker->drop_cursor))
		return true;
	tarn__dropped(worker->tarn, &worker->member);
	worker->drop_cursor = 0;
	/* There may have been another change meanwhile. */
	tarn__applied(worker->tarn, &worker->member, tarn__config_get(worker->member.config));
	return stale_configs->count > 0;
}

/* ---- a server that takes no more ---------------------------------------------------------- */

static void on_full(void *arg, const struct tarn__endpoint *endpoint, size_t count)
{
	const struct tarn_worker *worker = arg;
	char text[TARN_ADDRESS_TEXT_MAX];
	tarn__report(worker->tarn, TARN_LOG_WARNING,
		     "%s: %zu questions are under way; more are not sent until some have ended",
		     tarn_address_format(&endpoint->address, text), count);
}

/* ---- a server that cannot be asked -------------------------------------------------------- */

static void on_fault(void *arg, const struct tarn__carrier_fault *fault)
{
	const struct tarn_worker *worker = arg;
	tarn__report_fault(worker->tarn, fault->endpoint, fault->fault, fault->is_clock);
}

/* ---- a turn of the loop ------------------------------------------------------------------- */

/*
 * Before anything that has arrived is read: what was sent before a suspend shows nothing about servers and
 * round trips, and the sockets may lead nowhere.
 */
static void look_at_clock(struct tarn_worker *worker)
{
	if (!tarn__alarm_is_overslept(&worker->alarm))
		return;
	tarn__alarm_clear(&worker->alarm);
	tarn__carrier_network_changed(worker->carrier);
	tarn__resolver_overslept(worker->resolver);
	tarn__carrier_open_ahead(worker->carrier);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* As tarn__tcp_flush(). */
static bool flush_clients(struct tarn_worker *worker)
{
	bool has_more = tarn__tcp_flush(worker->tcp);
	if (worker->tls)
		has_more |= tarn__tcp_flush(worker->tls);
	if (worker->https)
		has_more |= tarn__tcp_flush(worker->https);
	return has_more;
}

/* As tarn__tcp_expire(). */
static uint64_t expire_clients(struct tarn_worker *worker, uint64_t now_ms)
{
	uint64_t next_ms = tarn__tcp_expire(worker->tcp, now_ms);
	if (worker->tls)
		next_ms = earlier(next_ms, tarn__tcp_expire(worker->tls, now_ms));
	if (worker->https)
		next_ms = earlier(next_ms, tarn__tcp_expire(worker->https, now_ms));
	if (!worker->tls && !worker->https)
		return next_ms;
	if (worker->rotation_ms <= now_ms)
		worker->rotation_ms = tarn__rotate_ticket_keys(worker->tarn, now_ms);
	return earlier(next_ms, worker->rotation_ms);
}

static void take_turn(struct tarn_worker *worker)
{
	look_at_clock(worker);
	if (tarn__mailbox_count(&worker->tarn->mailbox) != worker->seen.count)
		take_updates(worker);
	uint64_t now_ms = tarn__clock_ms();
	bool is_dropping = worker->member.stale_configs.count > 0 && drop(worker);
	uint64_t next_ms = 0;
	for (int round = 0; round < ROUNDS_PER_TURN && next_ms == 0; round++) {
		next_ms = tarn__carrier_run(worker->carrier, now_ms);
		tarn__resolver_run(worker->resolver);
		bool has_more = tarn__asks_run(&worker->asks);
		has_more |= flush_clients(worker);
		has_more |= tarn__second_link_flush(worker->second);
		if (has_more)
			next_ms = 0;
	}
	tarn__udp_flush(worker->udp);
	if (is_dropping)
		ev_idle_start(worker->loop, &worker->idle);
	else
		ev_idle_stop(worker->loop, &worker->idle);
	next_ms = earlier(next_ms, worker->wake_ms);
	next_ms = earlier(next_ms, expire_clients(worker, now_ms));
	tarn__alarm_set(&worker->alarm, next_ms, now_ms);
}

/* All of a turn happens at one time of the clock. */
static void turn(struct tarn_worker *worker)
{
	tarn__clock_hold();
	take_turn(worker);
	tarn__clock_release();
}

static void park(struct tarn_worker *worker)
{
	if (!worker->is_parked)
		tarn__resolver_park(worker->resolver);
	worker->is_parked = true;
}

static void unpark(struct tarn_worker *worker)
{
	if (worker->is_parked)
		tarn__resolver_unpark(worker->resolver);
	worker->is_parked = false;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	(void)loop;
	(void)events;
	struct tarn_worker *worker = prepare->data;
	unpark(worker);
	turn(worker);
	park(worker);
}

static void on_check(struct ev_loop *loop, ev_check *check, int events)
{
	(void)loop;
	(void)events;
	struct tarn_worker *worker = check->data;
	unpark(worker);
	look_at_clock(worker);
}

/* The next step of work that is done in steps is done by the turn that follows. */
static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
	(void)loop;
	(void)idle;
	(void)events;
}

/* A wake-up from another thread, or fed by tarn__worker_leave(), possibly after this turn's prepare. */
static void on_wake(struct ev_loop *loop, ev_async *wake, int events)
{
	(void)loop;
	(void)events;
	struct tarn_worker *worker = wake->data;
	unpark(worker);
	turn(worker);
	if (worker->was_parked)
		park(worker);
	worker->was_parked = false;
}

static void wake(void *arg)
{
	struct tarn_worker *worker = arg;
	ev_async_send(worker->loop, &worker->wake);
}

static void wake_subscriber(struct tarn__subscriber *subscriber)
{
	wake(TARN__CONTAINER(subscriber, struct tarn_worker, member.subscriber));
}

void tarn__worker_enter(struct tarn_worker *worker)
{
	worker->was_parked |= worker->is_parked;
	unpark(worker);
}

void tarn__worker_leave(struct tarn_worker *worker)
{
	ev_feed_event(worker->loop, &worker->wake, EV_ASYNC);
}

bool tarn__worker_drop_all(struct tarn_worker *worker)
{
	take_updates(worker);
	while (worker->member.stale_configs.count > 0 && drop(worker))
		;
	return !tarn__has_stale_answers(worker->tarn);
}

void tarn__worker_serves(struct tarn_worker *worker)
{
	worker->is_serving = true;
	tarn__serves(worker->tarn, &worker->member);
}

void tarn__worker_observe(struct tarn_worker *worker, const struct tarn__observer *observer)
{
	tarn__resolver_observe(worker->resolver, observer);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void contribute(struct tarn__contributor *contributor, struct tarn__totals *totals)
{
	const struct tarn_worker *worker =
		TARN__CONTAINER(contributor, struct tarn_worker, contributor);
	struct tarn__stats questions;
	tarn__resolver_stats(worker->resolver, &questions);
	tarn__stats_add(&totals->questions, &questions, sizeof(questions));
	tarn__stats_add(&totals->udp, tarn__udp_stats(worker->udp), sizeof(totals->udp));
	tarn__stats_add(&totals->tcp, tarn__tcp_stats(worker->tcp), sizeof(totals->tcp));
	if (worker->tls)
		tarn__stats_add(&totals->tls, tarn__tcp_stats(worker->tls), sizeof(totals->tls));
	if (worker->https)
		tarn__stats_add(&totals->https, tarn__tcp_stats(worker->https),
				sizeof(totals->https));
	tarn__stats_add(&totals->carrier, tarn__carrier_stats(worker->carrier),
			sizeof(totals->carrier));
	tarn__totals_add_servers(totals, worker->resolver, tarn__clock_ms());
	totals->workers++;
	totals->serving += worker->is_serving;
}

struct tarn__totals *tarn__stats_collect(struct tarn *tarn, struct tarn_worker *own,
					 unsigned timeout_ms)
{
	struct tarn__totals *totals = tarn__stats_collector_collect(
		tarn->stats_collector, own ? &own->contributor : NULL, timeout_ms);
	if (totals)
		rtcache_stats_get(tarn__shared_cache(tarn->shared), &totals->cache);
	return totals;
}

/* ---- a worker's life ---------------------------------------------------------------------- */

/*
 * check runs before the host's own check watchers and prepare after its prepare watchers, so that these
 * find the thread awake.
 */
static void start_watchers(struct tarn_worker *worker)
{
	ev_idle_init(&worker->idle, on_idle);
	ev_set_priority(&worker->idle, EV_MINPRI);
	ev_prepare_init(&worker->prepare, on_prepare);
	ev_set_priority(&worker->prepare, EV_MINPRI);
	ev_check_init(&worker->check, on_check);
	ev_set_priority(&worker->check, EV_MAXPRI);
	ev_async_init(&worker->wake, on_wake);
	worker->prepare.data = worker->check.data = worker->wake.data = worker;
	ev_prepare_start(worker->loop, &worker->prepare);
	ev_check_start(worker->loop, &worker->check);
	ev_async_start(worker->loop, &worker->wake);
	tarn__alarm_init(&worker->alarm, worker->loop);
}

static void stop_watchers(struct tarn_worker *worker)
{
	ev_idle_stop(worker->loop, &worker->idle);
	ev_prepare_stop(worker->loop, &worker->prepare);
	ev_check_stop(worker->loop, &worker->check);
	ev_async_stop(worker->loop, &worker->wake);
	tarn__alarm_fini(&worker->alarm);
}

struct tarn_worker *tarn_worker_new(struct tarn *tarn, struct ev_loop *loop)
{
	struct tarn_worker *worker = calloc(1, sizeof(*worker));
	if (!worker)
		return NULL;
	worker->tarn = tarn;
	worker->loop = loop;
	worker->io = (struct tarn_io){
		.data = worker,
		.now_ms = io_now_ms,
		.now_us = io_now_us,
		.wall_sec = io_wall_sec,
		.wall_ms = io_wall_ms,
		.random = io_random,
		.send = io_send,
		.cancel = io_cancel,
		.close = io_close,
		.wake_at = io_wake_at,
		.wake_others = io_wake_others,
		.second_get = io_second_get,
		.second_cancel = io_second_cancel,
		.second_put = io_second_put,
		.second_publish = io_second_publish,
	};
	worker->wake_ms = UINT64_MAX;
	tarn__list_init(&worker->member.node);
	tarn__list_init(&worker->member.subscriber.node);
	worker->member.subscriber.wake = wake_subscriber;
	worker->contributor.add = contribute;
	tarn__asks_init(&worker->asks);
	worker->member.config = tarn__get_config(tarn);
	worker->carrier = tarn__carrier_new(loop, worker->member.config, &worker->random);
	if (worker->carrier) {
		tarn__carrier_on_full(worker->carrier, on_full, worker);
		tarn__carrier_on_fault(worker->carrier, on_fault, worker);
	}
	worker->udp = tarn__udp_new(loop);
	worker->tcp = tarn__tcp_new(tarn, loop, TARN__TCP);
	start_watchers(worker);
	if (worker->carrier && worker->udp && worker->tcp)
		worker->resolver = tarn__resolver_new(tarn->shared, worker->member.config,
						      &worker->io, wake, worker);
	if (!worker->resolver) {
		tarn_worker_free(worker);
		errno = ENOMEM;
		return NULL;
	}
	tarn__udp_set_resolver(worker->udp, worker->resolver);
	tarn__tcp_set_resolver(worker->tcp, worker->resolver);
	set_second(worker, worker->member.config->second);
	tarn__join(tarn, &worker->member);
	tarn__stats_collector_join(tarn->stats_collector, &worker->contributor);
	take_updates(worker);
	tarn__carrier_open_ahead(worker->carrier);
	return worker;
}

/* The resolver ends first: it answers what is under way, through all that is freed after it. */
void tarn_worker_free(struct tarn_worker *worker)
{
	if (!worker)
		return;
	worker->asks.is_ending = true;
	tarn__leave(worker->tarn, &worker->member);
	if (worker->resolver) {
		unpark(worker);
		while (worker->member.stale_configs.count > 0 && drop(worker))
			;
		tarn__resolver_end(worker->resolver);
		tarn__asks_run(&worker->asks);
		tarn__stats_collector_leave(worker->tarn->stats_collector, &worker->contributor);
	}
	stop_watchers(worker);
	tarn__resolver_free(worker->resolver);
	close_second(worker);
	tarn__carrier_free(worker->carrier);
	tarn__tcp_free(worker->tcp);
	tarn__tcp_free(worker->tls);
	tarn__tcp_free(worker->https);
	tarn__udp_free(worker->udp);
	tarn__config_put(worker->member.config);
	free(worker);
}

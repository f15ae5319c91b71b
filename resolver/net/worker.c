/* SPDX-License-Identifier: BSD-2-Clause */
/* net/worker.c: one loop's part of a tarn. */
#include "config.h"

#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/resolver.h"
#include "net/upstream/carrier.h"
#include "net/clock.h"
#include "net/socket.h"
#include "net/shared.h"
#include "net/listen/tcp.h"
#include "net/stats_collector.h"
#include "net/listen/udp.h"

enum {
	/*
	 * Rounds of one turn: answers make questions and these, at times, answers. What is left
	 * after so many has the next turn, at once, so that the host's own events are not starved.
	 */
	ROUNDS_PER_TURN = 8,
	/*
	 * A loop that wakes up so long after its timer was due has been suspended with its machine, or
	 * stopped: clients' deadlines are missed by half, and a server that was asked before would be
	 * found silent twice over (TARN__SILENCE_MS).
	 */
	OVERSLEPT_MS = 2000,
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
	/* Not ev_now(): after a suspend it is behind for up to half a second. */
	struct timespec now;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint32_t)(uint64_t)now.tv_sec;
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
	tarn__wake_others(worker->tarn, worker);
}

static void io_wake_at(void *data, uint64_t at_ms)
{
	struct tarn_worker *worker = data;
	worker->wake_ms = at_ms;
}

/* ---- updates ------------------------------------------------------------------------------ */

/* What memory was too short for is tried again at the next turn. */
static void take_updates(struct tarn_worker *worker)
{
	struct tarn__updates updates;
	tarn__get_updates(worker->tarn, &updates);
	/* What begins to be collected from now on is updates that have not been seen. */
	tarn__stats_collector_add(worker);
	bool is_other = updates.config != worker->config;
	if (is_other && tarn__resolver_set_config(worker->resolver, updates.config) != 0) {
		tarn__config_put(updates.config);
		return;
	}
	if (is_other)
		tarn__carrier_set_config(worker->carrier, updates.config);
	tarn__applied(worker->tarn, worker, updates.config);
	if (is_other)
		tarn__tcp_review(worker->tcp);
	if (updates.networks != worker->seen.networks) {
		tarn__carrier_network_changed(worker->carrier);
		tarn__resolver_network_changed(worker->resolver);
	}
	worker->seen.networks = updates.networks;
	if (updates.forward_loops != worker->seen.forward_loops &&
	    tarn__takes_forward_loops(worker->tarn, worker))
		tarn__resolver_probe_forward_loops(worker->resolver, tarn__report_forward_loop,
						   worker->tarn);
	worker->seen.forward_loops = updates.forward_loops;
	worker->seen.count = updates.count;
}

/* Clears the cache of some of what is stale. Is there more? */
static bool drop(struct tarn_worker *worker)
{
	struct tarn__stale_configs *stale_configs = &worker->stale_configs;
	if (tarn__resolver_drop(worker->resolver, stale_configs->configs, stale_configs->count,
				&worker->drop_cursor))
		return true;
	tarn__stale_configs_fini(stale_configs);
	worker->drop_cursor = 0;
	/* There may have been another change meanwhile. */
	tarn__applied(worker->tarn, worker, tarn__config_get(worker->config));
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

/* ---- a turn of the loop ------------------------------------------------------------------- */

/*
 * The loop's clock stands still in a suspend, ours does not: what is due then waits for the turn that
 * on_resume() brings about. An early wake-up finds nothing due and sets the timer anew.
 */
static void set_timer(struct tarn_worker *worker, uint64_t at_ms, uint64_t now_ms)
{
	/* What is due is due now, however long it has been: nothing has been overslept by that. */
	if (at_ms < now_ms)
		at_ms = now_ms;
	if (at_ms == worker->timer_ms && ev_is_active(&worker->timer))
		return;
	worker->timer_ms = at_ms;
	if (at_ms == UINT64_MAX) {
		ev_timer_stop(worker->loop, &worker->timer);
		return;
	}
	ev_now_update(worker->loop);
	worker->timer.repeat = (double)(at_ms - now_ms) / 1000 + 0.001;
	ev_timer_again(worker->loop, &worker->timer);
}

static void stop_timer(struct tarn_worker *worker)
{
	worker->timer_ms = UINT64_MAX;
	ev_timer_stop(worker->loop, &worker->timer);
}

/*
 * Before anything that has arrived is looked at: what was asked before the worker overslept says
 * nothing about servers and round trips, and the sockets of then may lead nowhere.
 */
static void look_at_clock(struct tarn_worker *worker)
{
	if (worker->timer_ms == UINT64_MAX)
		return;
	if (tarn__clock_ms() < worker->timer_ms + OVERSLEPT_MS)
		return;
	stop_timer(worker);
	tarn__carrier_network_changed(worker->carrier);
	tarn__resolver_overslept(worker->resolver);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void take_turn(struct tarn_worker *worker)
{
	look_at_clock(worker);
	if (tarn__has_updates(worker->tarn, worker->seen.count))
		take_updates(worker);
	uint64_t now_ms = tarn__clock_ms();
	bool is_dropping = worker->stale_configs.count > 0 && drop(worker);
	uint64_t next_ms = 0;
	for (int round = 0; round < ROUNDS_PER_TURN && next_ms == 0; round++) {
		next_ms = tarn__carrier_run(worker->carrier, now_ms);
		tarn__resolver_run(worker->resolver);
		bool has_more = tarn__asks_run(worker);
		has_more |= tarn__tcp_flush(worker->tcp);
		if (has_more)
			next_ms = 0;
	}
	tarn__udp_flush(worker->udp);
	if (is_dropping)
		ev_idle_start(worker->loop, &worker->idle);
	else
		ev_idle_stop(worker->loop, &worker->idle);
	next_ms = earlier(next_ms, worker->wake_ms);
	next_ms = earlier(next_ms, tarn__tcp_expire(worker->tcp, now_ms));
	set_timer(worker, next_ms, now_ms);
}

/* All of a turn happens at one time. */
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

/* The work is done by the turn that follows. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	stop_timer(timer->data);
}

/*
 * The machine was suspended, or its wall clock set. What the timer waits for may be due by now, or is
 * nearer than it knows: the turn that follows sets it anew.
 */
static void on_resume(struct ev_loop *loop, ev_io *resume, int events)
{
	(void)loop;
	(void)events;
	uint64_t count;
	(void)!read(resume->fd, &count, sizeof(count));
	stop_timer(resume->data);
}

/* The same: that of the next step of what takes many, as soon as there is nothing else to do. */
static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
	(void)loop;
	(void)idle;
	(void)events;
}

/* Another thread's wake-up; or fed by tarn__worker_leave(), perhaps after this turn's prepare. */
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

void tarn__worker_wake(struct tarn_worker *worker)
{
	ev_async_send(worker->loop, &worker->wake);
}

static void wake(void *arg)
{
	tarn__worker_wake(arg);
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

void tarn__worker_observe(struct tarn_worker *worker, const struct tarn__observer *observer)
{
	tarn__resolver_observe(worker->resolver, observer);
}

/* ---- a worker's life ---------------------------------------------------------------------- */

/*
 * A timer that ends decades from now and is canceled when the wall clock jumps, as it does at the end
 * of a suspend (see timerfd_create(2)). Without it the loop's timer wakes the worker later.
 */
static void start_resume(struct tarn_worker *worker)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	ev_io_init(&worker->resume, on_resume, fd, EV_READ);
	if (fd < 0)
		return;
	const struct itimerspec far = {.it_value.tv_sec = INT32_MAX};
	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
	worker->resume.data = worker;
	ev_io_start(worker->loop, &worker->resume);
}

static void stop_resume(struct tarn_worker *worker)
{
	if (!ev_is_active(&worker->resume))
		return;
	ev_io_stop(worker->loop, &worker->resume);
	close(worker->resume.fd);
}

/* check comes before and prepare after the host's own, so that these find the thread awake. */
static void start_watchers(struct tarn_worker *worker)
{
	ev_timer_init(&worker->timer, on_timer, 0, 0);
	ev_idle_init(&worker->idle, on_idle);
	ev_set_priority(&worker->idle, EV_MINPRI);
	ev_prepare_init(&worker->prepare, on_prepare);
	ev_set_priority(&worker->prepare, EV_MINPRI);
	ev_check_init(&worker->check, on_check);
	ev_set_priority(&worker->check, EV_MAXPRI);
	ev_async_init(&worker->wake, on_wake);
	worker->timer.data = worker->prepare.data = worker;
	worker->check.data = worker->wake.data = worker;
	ev_prepare_start(worker->loop, &worker->prepare);
	ev_check_start(worker->loop, &worker->check);
	ev_async_start(worker->loop, &worker->wake);
	start_resume(worker);
}

static void stop_watchers(struct tarn_worker *worker)
{
	ev_timer_stop(worker->loop, &worker->timer);
	ev_idle_stop(worker->loop, &worker->idle);
	ev_prepare_stop(worker->loop, &worker->prepare);
	ev_check_stop(worker->loop, &worker->check);
	ev_async_stop(worker->loop, &worker->wake);
	stop_resume(worker);
}

struct tarn_worker *tarn_worker_new(struct tarn *tarn, struct ev_loop *loop)
{
	struct tarn_worker *worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		return NULL;
	worker->tarn = tarn;
	worker->loop = loop;
	worker->io = (struct tarn_io){
		.data = worker,
		.now_ms = io_now_ms,
		.now_us = io_now_us,
		.wall_sec = io_wall_sec,
		.random = io_random,
		.send = io_send,
		.cancel = io_cancel,
		.close = io_close,
		.wake_at = io_wake_at,
		.wake_others = io_wake_others,
	};
	worker->wake_ms = worker->timer_ms = UINT64_MAX;
	tarn__list_init(&worker->node);
	tarn__list_init(&worker->answered);
	struct tarn__shared *shared = tarn__get_shared(tarn);
	worker->config = tarn__get_config(tarn);
	worker->carrier = tarn__carrier_new(loop, worker->config, &worker->random);
	if (worker->carrier != NULL)
		tarn__carrier_on_full(worker->carrier, on_full, worker);
	worker->udp = tarn__udp_new(loop);
	worker->tcp = tarn__tcp_new(tarn, loop);
	start_watchers(worker);
	if (worker->carrier != NULL && worker->udp != NULL && worker->tcp != NULL)
		worker->resolver =
			tarn__resolver_new(shared, worker->config, &worker->io, wake, worker);
	if (worker->resolver == NULL) {
		tarn_worker_free(worker);
		errno = ENOMEM;
		return NULL;
	}
	tarn__udp_set_resolver(worker->udp, worker->resolver);
	tarn__tcp_set_resolver(worker->tcp, worker->resolver);
	tarn__join(tarn, worker);
	tarn__stats_collector_join(worker);
	take_updates(worker);
	return worker;
}

/* The resolver goes first: it answers everybody, through all that is freed after it. */
void tarn_worker_free(struct tarn_worker *worker)
{
	if (worker == NULL)
		return;
	worker->is_ending = true;
	tarn__leave(worker->tarn, worker);
	if (worker->resolver != NULL) {
		unpark(worker);
		while (worker->stale_configs.count > 0 && drop(worker))
			;
		tarn__resolver_end(worker->resolver);
		tarn__asks_run(worker);
		tarn__stats_collector_leave(worker);
	}
	stop_watchers(worker);
	tarn__resolver_free(worker->resolver);
	tarn__carrier_free(worker->carrier);
	tarn__tcp_free(worker->tcp);
	tarn__udp_free(worker->udp);
	tarn__config_put(worker->config);
	free(worker);
}

/* ---- listening ---------------------------------------------------------------------------- */

int tarn_worker_serve(struct tarn_worker *worker, int fd)
{
	int type;
	bool is_wildcard;
	int error = tarn__socket_adopt(fd, &type, &is_wildcard);
	if (error != 0)
		return error;
	error = type == SOCK_DGRAM ? tarn__udp_add(worker->udp, fd, is_wildcard)
				   : tarn__tcp_add(worker->tcp, fd);
	worker->is_serving |= error == 0;
	return error;
}

int tarn_worker_listen(struct tarn_worker *worker, struct tarn_address *address)
{
	struct tarn_address bound = *address;
	int udp, tcp;
	int error = tarn__socket_open_pair(&bound, &udp, &tcp);
	if (error != 0)
		return error;
	error = tarn_worker_serve(worker, tcp);
	if (error == 0) {
		error = tarn_worker_serve(worker, udp);
		if (error != 0)
			tarn__tcp_remove(worker->tcp, tcp);
	}
	if (error == 0) {
		*address = bound;
		return 0;
	}
	int reason = errno;
	close(udp);
	close(tcp);
	errno = reason;
	return error;
}

void tarn_worker_unlisten(struct tarn_worker *worker, const struct tarn_address *address)
{
	tarn__worker_enter(worker);
	tarn__udp_close(worker->udp, address);
	tarn__tcp_close(worker->tcp, address);
	tarn__worker_leave(worker);
}

void tarn_worker_set_connections(struct tarn_worker *worker, size_t count)
{
	tarn__worker_enter(worker);
	tarn__tcp_set_places(worker->tcp, count > 0 ? count : 1);
	tarn__worker_leave(worker);
}

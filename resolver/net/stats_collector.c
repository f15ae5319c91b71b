/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/stats_collector.c: a collection begins with the numbers of workers that were freed, stays open until
 * each of the others has added its own at a turn, and is closed by who has begun it.
 */
#include "net/stats_collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "core/resolver.h"
#include "dns/text.h"
#include "net/clock.h"
#include "net/shared.h"
#include "net/worker.h"

/* One under way, in the memory of who waits for it. */
struct collection {
	struct tarn__list node; /* of collections->open */
	uint64_t number;
	size_t missing; /* workers */
	struct tarn__totals *totals;
	struct tarn__totals gone; /* the servers of workers that were gone before */
};

struct tarn__stats_collector {
	pthread_mutex_t mutex;
	pthread_cond_t added;
	uint64_t since_sec;
	uint64_t begun;
	size_t workers;
	struct tarn__list open;
	struct tarn__totals gone; /* what workers that were freed have counted */
};

/* ---- servers ------------------------------------------------------------------------------ */

static bool is_server(const struct tarn__server_totals *server, const char *zone,
		      const struct tarn_address *address)
{
	return tarn_address_is_equal(&server->address, address) && strcmp(server->zone, zone) == 0;
}

/* hint is where it probably is. */
static struct tarn__server_totals *find_server(struct tarn__totals *totals, size_t hint,
					       const char *zone, const struct tarn_address *address)
{
	if (hint < totals->server_count && is_server(&totals->servers[hint], zone, address))
		return &totals->servers[hint];
	for (size_t i = 0; i < totals->server_count; i++) {
		if (is_server(&totals->servers[i], zone, address))
			return &totals->servers[i];
	}
	return NULL;
}

/* NULL: memory is too short for it, and it is left out. */
static struct tarn__server_totals *add_server(struct tarn__totals *totals, const char *zone,
					      const struct tarn_address *address)
{
	size_t count = totals->server_count;
	/* There is room for the next power of two. */
	if ((count & (count - 1)) == 0) {
		size_t room = count > 0 ? 2 * count : 1;
		struct tarn__server_totals *servers =
			realloc(totals->servers, room * sizeof(*servers));
		if (servers == NULL)
			return NULL;
		totals->servers = servers;
	}
	char *own_zone = strdup(zone);
	if (own_zone == NULL)
		return NULL;
	struct tarn__server_totals *server = &totals->servers[totals->server_count++];
	*server = (struct tarn__server_totals){
		.address = *address, .zone = own_zone, .answered_ago_ms = UINT64_MAX};
	return server;
}

static struct tarn__server_totals *have_server(struct tarn__totals *totals, size_t hint,
					       const char *zone, const struct tarn_address *address)
{
	struct tarn__server_totals *server = find_server(totals, hint, zone, address);
	return server != NULL ? server : add_server(totals, zone, address);
}

static void drop_servers(struct tarn__totals *totals)
{
	for (size_t i = 0; i < totals->server_count; i++)
		free((char *)totals->servers[i].zone);
	free(totals->servers);
	totals->servers = NULL;
	totals->server_count = 0;
}

static void add_counts(struct tarn__server_totals *to, const struct tarn__server_counts *counts)
{
	tarn__stats_add(&to->counts, counts, sizeof(*counts));
}

/* ---- a worker's numbers ------------------------------------------------------------------- */

struct adding {
	struct tarn__totals *totals;
	size_t index; /* of the server, in the worker's list */
	uint64_t now_ms;
};

static void add_state(struct tarn__server_totals *to, const struct tarn__server *server,
		      uint64_t now_ms)
{
	to->is_over_tcp |= tarn__server_transport(server) == TARN__TCP;
	to->is_forward_loop |= server->is_forward_loop;
	to->is_dead |= atomic_load(&server->endpoint->health.is_dead);
	to->dead += tarn__server_is_dead(server);
	to->is_plain |= tarn__server_is_plain(server, now_ms);
	to->no_0x20 |= server->endpoint->traits.no_mixed_case;
	to->drops_cookies |= server->endpoint->traits.no_cookies;
	to->drops_cookies |=
		tarn__fallback_begin(&server->fallback, now_ms) == TARN__FULLNESS_COOKIELESS;
	to->no_0x20 |= tarn__quirk_is_known(&server->no_0x20, now_ms);
	to->bad_cookies |= tarn__quirk_is_known(&server->bad_cookies, now_ms);
	uint64_t ago_ms = now_ms - server->answered_ms;
	if (server->answered_ms == 0 || ago_ms >= to->answered_ago_ms)
		return;
	to->answered_ago_ms = ago_ms;
	to->srtt_ms = server->srtt_ms;
	to->rttvar_ms = server->rttvar_ms;
}

static void on_server(void *arg, const uint8_t *zone, const struct tarn__server *server)
{
	struct adding *adding = arg;
	char text[TARN__NAME_TEXT_MAX];
	struct tarn__server_totals *to = have_server(
		adding->totals, adding->index++, tarn__name_format(zone, text), &server->endpoint->address);
	if (to == NULL)
		return;
	add_counts(to, &server->counts);
	add_state(to, server, adding->now_ms);
}

static void add_worker(struct tarn__totals *totals, const struct tarn_worker *worker)
{
	struct tarn__stats questions;
	tarn__resolver_stats(worker->resolver, &questions);
	tarn__stats_add(&totals->questions, &questions, sizeof(questions));
	tarn__stats_add(&totals->udp, tarn__udp_stats(worker->udp), sizeof(totals->udp));
	tarn__stats_add(&totals->tcp, tarn__tcp_stats(worker->tcp), sizeof(totals->tcp));
	tarn__stats_add(&totals->carrier, tarn__carrier_stats(worker->carrier),
			sizeof(totals->carrier));
	struct adding adding = {.totals = totals, .now_ms = tarn__clock_ms()};
	tarn__resolver_servers(worker->resolver, on_server, &adding);
	totals->workers++;
	totals->serving += worker->is_serving;
}

/* Of what a worker had leaves what it has counted: nothing of it is any more. */
static void forget_state(struct tarn__totals *totals)
{
	totals->workers = totals->serving = 0;
	totals->questions.waiting = 0;
	totals->questions.lookups = 0;
	totals->tcp.connections = 0;
	totals->carrier.channels = 0;
	for (size_t i = 0; i < totals->server_count; i++) {
		struct tarn__server_totals *server = &totals->servers[i];
		*server = (struct tarn__server_totals){.address = server->address,
						       .zone = server->zone,
						       .answered_ago_ms = UINT64_MAX,
						       .counts = server->counts};
	}
}

/* ---- collections -------------------------------------------------------------------------- */

struct tarn__stats_collector *tarn__stats_collector_new(void)
{
	struct tarn__stats_collector *all = calloc(1, sizeof(*all));
	if (all == NULL)
		return NULL;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&all->added, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&all->mutex, NULL);
	all->since_sec = (uint64_t)time(NULL);
	tarn__list_init(&all->open);
	return all;
}

void tarn__stats_collector_free(struct tarn__stats_collector *all)
{
	if (all == NULL)
		return;
	drop_servers(&all->gone);
	pthread_cond_destroy(&all->added);
	pthread_mutex_destroy(&all->mutex);
	free(all);
}

/* With the mutex held: to all that it has not been added to yet. */
static void add_to_open(struct tarn__stats_collector *all, struct tarn_worker *worker)
{
	for (struct tarn__list *node = all->open.next; node != &all->open; node = node->next) {
		struct collection *collection = TARN__CONTAINER(node, struct collection, node);
		if (collection->number <= worker->collected)
			continue;
		add_worker(collection->totals, worker);
		if (--collection->missing == 0)
			pthread_cond_broadcast(&all->added);
	}
	worker->collected = all->begun;
}

void tarn__stats_collector_join(struct tarn_worker *worker)
{
	struct tarn__stats_collector *all = tarn__get_stats_collector(worker->tarn);
	pthread_mutex_lock(&all->mutex);
	all->workers++;
	worker->collected = all->begun;
	pthread_mutex_unlock(&all->mutex);
}

void tarn__stats_collector_leave(struct tarn_worker *worker)
{
	struct tarn__stats_collector *all = tarn__get_stats_collector(worker->tarn);
	pthread_mutex_lock(&all->mutex);
	all->workers--;
	add_to_open(all, worker);
	add_worker(&all->gone, worker);
	forget_state(&all->gone);
	pthread_mutex_unlock(&all->mutex);
}

void tarn__stats_collector_add(struct tarn_worker *worker)
{
	struct tarn__stats_collector *all = tarn__get_stats_collector(worker->tarn);
	pthread_mutex_lock(&all->mutex);
	add_to_open(all, worker);
	pthread_mutex_unlock(&all->mutex);
}

/* With the mutex held, as for all below. */
static void begin(struct tarn__stats_collector *all, struct collection *collection)
{
	const struct tarn__totals *gone = &all->gone;
	struct tarn__totals *totals = collection->totals;
	totals->since_sec = all->since_sec;
	totals->questions = gone->questions;
	totals->udp = gone->udp;
	totals->tcp = gone->tcp;
	totals->carrier = gone->carrier;
	for (size_t i = 0; i < gone->server_count; i++) {
		const struct tarn__server_totals *from = &gone->servers[i];
		struct tarn__server_totals *to =
			add_server(&collection->gone, from->zone, &from->address);
		if (to != NULL)
			add_counts(to, &from->counts);
	}
	collection->number = ++all->begun;
	collection->missing = all->workers;
	tarn__list_append(&all->open, &collection->node);
}

static void wait_for_all(struct tarn__stats_collector *all, const struct collection *collection,
			 const struct timespec *until)
{
	while (collection->missing > 0 &&
	       pthread_cond_timedwait(&all->added, &all->mutex, until) != ETIMEDOUT)
		continue;
}

/* Servers that no worker asks any more are forgotten. */
static void forget_servers(struct tarn__totals *gone, struct tarn__totals *totals)
{
	size_t kept = 0;
	for (size_t i = 0; i < gone->server_count; i++) {
		struct tarn__server_totals *server = &gone->servers[i];
		if (find_server(totals, i, server->zone, &server->address) != NULL)
			gone->servers[kept++] = *server;
		else
			free((char *)server->zone);
	}
	gone->server_count = kept;
}

static void end(struct tarn__stats_collector *all, struct collection *collection)
{
	struct tarn__totals *totals = collection->totals, *gone = &collection->gone;
	tarn__list_remove(&collection->node);
	for (size_t i = 0; i < gone->server_count; i++) {
		const struct tarn__server_totals *from = &gone->servers[i];
		struct tarn__server_totals *to = find_server(totals, i, from->zone, &from->address);
		if (to != NULL)
			add_counts(to, &from->counts);
	}
	drop_servers(gone);
	totals->is_whole = collection->missing == 0;
	if (totals->workers > 0 && totals->is_whole)
		forget_servers(&all->gone, totals);
}

static struct timespec after_ms(unsigned ms)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += (long)(ms % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

struct tarn__totals *tarn__stats_collect(struct tarn *tarn, struct tarn_worker *own,
					 unsigned timeout_ms)
{
	struct tarn__stats_collector *all = tarn__get_stats_collector(tarn);
	struct timespec until = after_ms(timeout_ms);
	struct collection collection = {.totals = calloc(1, sizeof(*collection.totals))};
	if (collection.totals == NULL)
		return NULL;
	pthread_mutex_lock(&all->mutex);
	begin(all, &collection);
	if (own != NULL)
		add_to_open(all, own);
	pthread_mutex_unlock(&all->mutex);
	tarn__call_workers(tarn);
	rtcache_stats_get(tarn__shared_cache(tarn__get_shared(tarn)), &collection.totals->cache);
	pthread_mutex_lock(&all->mutex);
	wait_for_all(all, &collection, &until);
	end(all, &collection);
	pthread_mutex_unlock(&all->mutex);
	return collection.totals;
}

void tarn__totals_free(struct tarn__totals *totals)
{
	if (totals == NULL)
		return;
	drop_servers(totals);
	free(totals);
}

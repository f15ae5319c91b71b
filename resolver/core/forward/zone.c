/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/zone.c: the servers of a zone, and the lookups that wait for them. */
#include "core/forward/zone.h"

#include <stdlib.h>

#include "core/forward/forward_loop.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"
#include "core/forward/reasons.h"
#include "core/forward/select.h"
#include "rtcache.h"

enum {
	/* What has waited goes out in batches, so that a server that is back stays: 12,800/s. */
	RELEASE_BATCH = 64,
	RELEASE_MS = 5,
};

static uint64_t now_ms(const struct tarn__forwarder *forwarder)
{
	return forwarder->io->now_ms(forwarder->io->data);
}

enum tarn__servers_state tarn__zone_state(const struct tarn__zone *zone)
{
	return tarn__select_state(zone->servers, zone->server_count);
}

int tarn__zone_error(const struct tarn__zone *zone)
{
	switch (tarn__zone_state(zone)) {
	case TARN__SERVERS_NONE:
		return zone->server_count > 0 ? TARN_ELOOP : TARN_ENOSERVER;
	case TARN__SERVERS_DOWN:
		for (size_t i = 0; i < zone->server_count; i++)
			if (zone->servers[i]->fault != 0)
				return zone->servers[i]->fault;
		return TARN_ETIMEOUT;
	case TARN__SERVERS_UP:
		break;
	}
	return TARN_ETIMEOUT;
}

/* ---- lookups ---------------------------------------------------------------------------- */

static struct tarn__lookup *first(const struct tarn__list *list)
{
	return TARN__CONTAINER(list->next, struct tarn__lookup, node);
}

void tarn__zone_move(struct tarn__zone *zone, enum tarn__lookup_state from,
		     enum tarn__lookup_state to)
{
	while (!tarn__list_is_empty(&zone->lookups[from]))
		tarn__lookup_move(first(&zone->lookups[from]), to);
}

void tarn__zone_release(struct tarn__zone *zone, uint64_t wait_ms)
{
	struct tarn__forwarder *forwarder = zone->forwarder;
	bool are_waiting = !tarn__list_is_empty(&zone->lookups[TARN__LOOKUP_WAITING]);
	bool has_work = zone->is_down || are_waiting;
	if (!has_work || tarn__zone_state(zone) == TARN__SERVERS_DOWN)
		return;
	/* What failed meanwhile is not to fail for as long as that is remembered. */
	if (zone->is_down) {
		rtcache_forget_cause(forwarder->client, zone->outage);
		rtcache_forget_cause(forwarder->client, TARN__CAUSE_NETWORK);
	}
	zone->is_down = false;
	if (are_waiting && !zone->release.is_running)
		tarn__timer_start(forwarder->timers, &zone->release, now_ms(forwarder) + wait_ms);
}

static void on_release(struct tarn__timer *timer)
{
	struct tarn__zone *zone = TARN__CONTAINER(timer, struct tarn__zone, release);
	const struct tarn__list *waiting = &zone->lookups[TARN__LOOKUP_WAITING];
	for (int i = 0; i < RELEASE_BATCH && !tarn__list_is_empty(waiting) &&
			tarn__zone_state(zone) != TARN__SERVERS_DOWN;
	     i++)
		zone->forwarder->restart(first(waiting));
	tarn__zone_release(zone, RELEASE_MS);
}

/* ---- reports of servers ----------------------------------------------------------------- */

/* While it is dead it is queried again, whatever keeps it from being queried now. */
void tarn__zone_look_for_loop(struct tarn__zone *zone, struct tarn__server *server)
{
	const struct tarn__forwarder *forwarder = zone->forwarder;
	const struct tarn_io *io = forwarder->io;
	uint8_t random[TARN__FORWARD_LOOP_LABEL_LEN / 2], qname[TARN__NAME_MAX];
	io->random(io->data, random, sizeof random);
	if (!tarn__server_has_address(server))
		return;
	size_t len = tarn__forward_loops_expect(forwarder->forward_loops, forwarder->config,
						zone->config, server->endpoint, random,
						now_ms(forwarder), qname);
	if (len == 0)
		return;
	const struct tarn__key key = {.qname = qname,
				      .qname_len = (uint16_t)len,
				      .qtype = TARN__TYPE_TXT,
				      .qclass = TARN__CLASS_IN};
	tarn__probe_send(&zone->probes, server, &key);
}

/* Other workers may have taken the server for dead, too. */
static void tell_of_recovery(struct tarn__forwarder *forwarder)
{
	atomic_fetch_add(&forwarder->config->recoveries, 1);
	forwarder->io->wake_others(forwarder->io->data);
}

static void mend(struct tarn__zone *zone, struct tarn__server *server)
{
	if (server->fault != 0)
		rtcache_forget_cause(zone->forwarder->client, TARN__CAUSE_NETWORK);
	server->fault = 0;
}

void tarn__zone_answered(struct tarn__zone *zone, struct tarn__server *server, bool has_recovered)
{
	mend(zone, server);
	if (has_recovered) {
		tell_of_recovery(zone->forwarder);
		tarn__zone_look_for_loop(zone, server);
	}
	if (server->is_doubted)
		tarn__zone_move(zone, TARN__LOOKUP_HOLDING, TARN__LOOKUP_WAITING);
	server->is_doubted = false;
	tarn__zone_release(zone, 0);
}

void tarn__zone_failed(struct tarn__zone *zone, struct tarn__server *server)
{
	bool was_dead = tarn__server_is_dead(server);
	tarn__server_failed(server, now_ms(zone->forwarder));
	if (was_dead || !tarn__server_is_dead(server))
		return;
	tarn__probes_want(&zone->probes);
	if (tarn__zone_state(zone) != TARN__SERVERS_DOWN)
		return;
	/* Whatever they have sent: they ask on when a server is back. */
	zone->is_down = true;
	tarn__zone_move(zone, TARN__LOOKUP_HOLDING, TARN__LOOKUP_WAITING);
	tarn__zone_move(zone, TARN__LOOKUP_ASKING, TARN__LOOKUP_WAITING);
}

int tarn__zone_fault(struct tarn__zone *zone, struct tarn__server *server, int error,
		     const char *words)
{
	/* A lack of memory is not the server's failure; that of time is charged by itself. */
	if (!tarn__server_is_encrypted(server) || error == TARN_ENOMEM || error == TARN_ETIMEOUT)
		return error;
	server->fault =
		tarn__reasons_add_fault(zone->forwarder->reasons, error, words, server->fault);
	return server->fault;
}

void tarn__zone_usable(struct tarn__zone *zone, struct tarn__server *server)
{
	if (tarn__server_was_usable(server))
		rtcache_forget_cause(zone->forwarder->client, zone->trouble);
}

static struct tarn__zone *zone_of(struct tarn__probes *probes)
{
	return TARN__CONTAINER(probes, struct tarn__zone, probes);
}

static void on_probe_answered(struct tarn__probes *probes, struct tarn__server *server,
			      bool has_recovered)
{
	tarn__zone_answered(zone_of(probes), server, has_recovered);
}

static void on_probe_useful(struct tarn__probes *probes, struct tarn__server *server)
{
	tarn__zone_usable(zone_of(probes), server);
}

/* It may not have led back when it was queried before, or not have been there, or the query was lost. */
static void on_dead_probed(struct tarn__probes *probes, struct tarn__server *server)
{
	tarn__zone_look_for_loop(zone_of(probes), server);
}

static void on_probe_failed(struct tarn__probes *probes, struct tarn__server *server, int error,
			    const char *words)
{
	tarn__zone_fault(zone_of(probes), server, error, words);
}

static const struct tarn__probe_events probe_events = {
	.failed = on_probe_failed,
	.answered = on_probe_answered,
	.useful = on_probe_useful,
	.asked = on_dead_probed,
};

/* ---- zones ------------------------------------------------------------------------------ */

/* Equal in all workers and configurations. A collision gives no advantage to the owner of a zone's name. */
static unsigned hash_zone(const struct tarn__zone_config *zone)
{
	unsigned hash = 0;
	for (size_t i = 0; i < zone->name_len; i++)
		hash = hash * 31 + zone->name[i];
	return hash;
}

struct tarn__zone *tarn__zone_new(struct tarn__forwarder *forwarder,
				  struct tarn__zone_config *config, const struct tarn__zone *old)
{
	size_t count = config->endpoint_count;
	struct tarn__zone *zone = calloc(1, sizeof *zone + count * sizeof zone->servers[0]);
	if (!zone)
		return NULL;
	if (tarn__servers_init(zone->servers, config, forwarder->cookie_secret,
			       old ? old->servers : NULL, old ? old->server_count : 0) != 0) {
		free(zone);
		return NULL;
	}
	zone->server_count = count;
	zone->config = tarn__zone_config_get(config);
	zone->forwarder = forwarder;
	zone->release.fire = on_release;
	for (int i = 0; i < TARN__LOOKUP_STATES; i++)
		tarn__list_init(&zone->lookups[i]);
	tarn__list_init(&zone->spares);
	zone->outage = TARN__CAUSE_ZONES + 2 * (hash_zone(config) & INT16_MAX);
	zone->trouble = zone->outage + 1;
	tarn__probes_init(&zone->probes, forwarder->io, forwarder->timers, zone->servers, config,
			  &probe_events);
	zone->is_down = old && tarn__zone_state(zone) == TARN__SERVERS_DOWN;
	return zone;
}

void tarn__zone_free(struct tarn__zone *zone)
{
	if (!zone)
		return;
	tarn__probes_stop(&zone->probes);
	tarn__timer_stop(zone->forwarder->timers, &zone->release);
	struct tarn__list *spare;
	while ((spare = tarn__list_take(&zone->spares)))
		free(TARN__CONTAINER(spare, struct tarn__lookup, node));
	tarn__servers_fini(zone->servers, zone->server_count, zone->forwarder->io);
	tarn__zone_config_put(zone->config);
	free(zone);
}

struct tarn__zone *tarn__zone_find(const struct tarn__forwarder *forwarder, const uint8_t *qname,
				   size_t len, uint16_t qtype)
{
	size_t index = tarn__config_find_zone(forwarder->config, qname, len, qtype);
	return index == TARN__ZONE_NONE ? NULL : forwarder->zones[index];
}

bool tarn__zone_has_room(const struct tarn__zone *zone, size_t taken, size_t left)
{
	return left > (zone->forwarder->config->zone_count > 1 ? taken : 0);
}

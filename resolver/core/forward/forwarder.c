/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/forwarder.c: the lookups of one worker, and changes of servers and network. */
#include "core/forward/forwarder.h"

#include <stdlib.h>

#include "core/config_anchors.h"
#include "core/forward/asking.h"
#include "core/forward/attempt.h"
#include "core/forward/ending.h"
#include "core/forward/forward_loop.h"
#include "core/forward/lookup.h"
#include "core/forward/trust_lookup.h"
#include "dnssec/limits.h"
#include "rtcache.h"

static struct tarn__lookup *first(const struct tarn__list *list)
{
	return TARN__CONTAINER(list->next, struct tarn__lookup, node);
}

/* ---- servers that lead back to this resolver -------------------------------------------- */

void tarn__forwarder_learn_of_forward_loops(struct tarn__forwarder *forwarder)
{
	if (!tarn__forward_loops_have_changed(forwarder->forward_loops,
					      &forwarder->forward_loops_seen))
		return;
	for (size_t i = 0; i < forwarder->config->zone_count; i++) {
		tarn__forward_loops_mark(forwarder->forward_loops, forwarder->config->zones[i],
					 forwarder->zones[i]->servers);
		/* Lookups that wait for a server that leads back fail at once. */
		tarn__zone_release(forwarder->zones[i], 0);
	}
}

void tarn__forwarder_look_for_forward_loop(struct tarn__forwarder *forwarder, size_t number)
{
	struct tarn__zone **zone = forwarder->zones;
	for (; number >= (*zone)->server_count; zone++)
		number -= (*zone)->server_count;
	tarn__zone_look_for_loop(*zone, (*zone)->servers[number]);
}

/* ---- servers that recover in another worker --------------------------------------------- */

static void take_recovery(const struct tarn__forwarder *forwarder, struct tarn__server *server)
{
	if (tarn__server_is_dead(server) && !atomic_load(&server->endpoint->health.is_dead))
		tarn__server_recovered(server, forwarder->io->now_ms(forwarder->io->data));
}

void tarn__forwarder_take_recoveries(struct tarn__forwarder *forwarder)
{
	forwarder->recoveries_seen = atomic_load(&forwarder->config->recoveries);
	for (size_t i = 0; i < forwarder->config->zone_count; i++) {
		struct tarn__zone *zone = forwarder->zones[i];
		for (size_t j = 0; j < zone->server_count; j++)
			take_recovery(forwarder, zone->servers[j]);
		tarn__zone_release(zone, 0);
	}
}

/* ---- zones ------------------------------------------------------------------------------ */

void tarn__forwarder_want(struct tarn__forwarder *forwarder, const uint8_t *qname, size_t len,
			  uint16_t qtype)
{
	struct tarn__zone *zone = tarn__zone_find(forwarder, qname, len, qtype);
	if (zone)
		tarn__probes_want(&zone->probes);
}

int tarn__forwarder_init(struct tarn__forwarder *forwarder, const struct tarn_io *io,
			 struct tarn__timers *timers, struct rtcache_client *client,
			 struct tarn__config *config,
			 const uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN],
			 struct tarn__forward_loops *forward_loops,
			 struct tarn__answer_sources *answer_sources)
{
	*forwarder = (struct tarn__forwarder){.io = io,
					      .timers = timers,
					      .client = client,
					      .cookie_secret = cookie_secret,
					      .config = tarn__config_get(config),
					      .forward_loops = forward_loops,
					      .answer_sources = answer_sources,
					      .restart = tarn__lookup_restart};
	tarn__list_init(&forwarder->spare_attempts);
	tarn__list_init(&forwarder->paused);
	tarn__list_init(&forwarder->trust_lookups);
	forwarder->turn_work = TARN__WORK_PER_TURN;
	forwarder->recoveries_seen = config->recoveries;
	forwarder->scratch = malloc(sizeof *forwarder->scratch);
	forwarder->zones = calloc(config->zone_count, sizeof forwarder->zones[0]);
	bool has_all = forwarder->scratch && forwarder->zones;
	for (size_t i = 0; i < config->zone_count && has_all; i++) {
		forwarder->zones[i] = tarn__zone_new(forwarder, config->zones[i], NULL);
		has_all = forwarder->zones[i];
	}
	if (has_all)
		return 0;
	tarn__forwarder_fini(forwarder);
	return TARN_ENOMEM;
}

/* Ends the lookups of a zone. The end of one may move others. */
static void cancel_all(struct tarn__zone *zone)
{
	for (int i = 0; zone->count > 0; i = (i + 1) % TARN__LOOKUP_STATES) {
		while (!tarn__list_is_empty(&zone->lookups[i]))
			tarn__lookup_fail(first(&zone->lookups[i]), TARN_ECANCELED);
	}
}

void tarn__forwarder_fini(struct tarn__forwarder *forwarder)
{
	tarn__trust_lookups_cancel(forwarder);
	for (size_t i = 0; forwarder->zones && i < forwarder->config->zone_count; i++) {
		struct tarn__zone *zone = forwarder->zones[i];
		if (!zone)
			continue;
		cancel_all(zone);
		tarn__zone_free(zone);
	}
	struct tarn__list *spare;
	while ((spare = tarn__list_take(&forwarder->spare_attempts)))
		free(TARN__CONTAINER(spare, struct tarn__attempt, node));
	tarn__signed_data_free(&forwarder->signed_data);
	free(forwarder->zones);
	free(forwarder->scratch);
	tarn__config_put(forwarder->config);
}

/* ---- other servers, another network ----------------------------------------------------- */

/* The order in which lookups are restarted that did not wait for the same: those that wait come first. */
static const enum tarn__lookup_state live_states[] = {
	TARN__LOOKUP_WAITING,  TARN__LOOKUP_HOLDING,  TARN__LOOKUP_ASKING,
	TARN__LOOKUP_FETCHING, TARN__LOOKUP_CHECKING, TARN__LOOKUP_FOLLOWING};

enum { LIVE_STATES = sizeof live_states / sizeof live_states[0] };

/* Cancels what a zone has outstanding; all its lookups wait. */
static void recall_all(struct tarn__zone *zone)
{
	struct tarn__list recalled;
	tarn__list_init(&recalled);
	tarn__probes_stop(&zone->probes);
	for (size_t i = 0; i < LIVE_STATES; i++) {
		struct tarn__list *list = &zone->lookups[live_states[i]];
		while (!tarn__list_is_empty(list))
			tarn__list_move(list->next, &recalled);
	}
	while (!tarn__list_is_empty(&recalled))
		tarn__lookup_recall(first(&recalled));
}

static void resume(struct tarn__forwarder *forwarder)
{
	rtcache_forget_failures(forwarder->client);
	for (size_t i = 0; i < forwarder->config->zone_count; i++) {
		struct tarn__zone *zone = forwarder->zones[i];
		tarn__zone_release(zone, 0);
		if (zone->count > 0)
			tarn__probes_want(&zone->probes);
	}
	/* The timers have changed outside of tarn__resolver_run(). */
	forwarder->io->wake_at(forwarder->io->data, forwarder->io->now_ms(forwarder->io->data));
}

/* Returns the zone that the lookup's name belongs to; NULL: none. */
static struct tarn__zone *zone_of(const struct tarn__lookup *lookup)
{
	const struct tarn__key *key = &lookup->key;
	return tarn__zone_find(lookup->forwarder, key->qname, key->qname_len, key->qtype);
}

/* Recalls the lookups of a zone's list whose names do not belong to the zone, and takes them out. */
static void take_strays(struct tarn__zone *zone, struct tarn__list *from, struct tarn__list *strays)
{
	struct tarn__list *next;
	for (struct tarn__list *node = from->next; node != from; node = next) {
		next = node->next;
		struct tarn__lookup *lookup = TARN__CONTAINER(node, struct tarn__lookup, node);
		if (zone_of(lookup) == zone)
			continue;
		tarn__lookup_recall(lookup);
		tarn__list_move(&lookup->node, strays);
	}
}

/* Has a lookup that has been taken out of a zone wait in the one that its name belongs to. */
static void settle_stray(struct tarn__lookup *lookup)
{
	struct tarn__zone *zone = zone_of(lookup);
	if (!zone)
		tarn__lookup_fail(lookup, TARN_ENOSERVER);
	else if (!tarn__lookup_join(lookup, zone))
		tarn__lookup_fail(lookup, TARN_ENOMEM);
}

/* Finds the worker's zone of that name; NULL: there is none. */
static struct tarn__zone **find_namesake(const struct tarn__forwarder *forwarder,
					 const struct tarn__zone_config *config)
{
	size_t index = tarn__config_zone_of(forwarder->config, config->name, config->name_len);
	return index == TARN__ZONE_NONE ? NULL : &forwarder->zones[index];
}

/* Makes zones for those of the configuration that are new or have changed. Undone where memory is short. */
static int make_zones(struct tarn__forwarder *forwarder, const struct tarn__config *config,
		      struct tarn__zone **zones)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		struct tarn__zone **old = find_namesake(forwarder, config->zones[i]);
		if (old && (*old)->config == config->zones[i])
			continue;
		zones[i] = tarn__zone_new(forwarder, config->zones[i], old ? *old : NULL);
		if (zones[i])
			continue;
		while (i-- > 0)
			tarn__zone_free(zones[i]);
		return TARN_ENOMEM;
	}
	return 0;
}

/* Moves the zones that have not changed out of the worker's array. What is left there has ended. */
static void move_zones(struct tarn__forwarder *forwarder, const struct tarn__config *config,
		       struct tarn__zone **zones)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		if (zones[i])
			continue;
		struct tarn__zone **old = find_namesake(forwarder, config->zones[i]);
		zones[i] = *old;
		*old = NULL;
	}
}

static bool is_name_of(const struct tarn__zone *zone, const uint8_t *qname, size_t len,
		       uint16_t qtype)
{
	return len > 0 && tarn__zone_find(zone->forwarder, qname, len, qtype) == zone;
}

/* Forgets the names to probe its servers with that belong to another zone with this configuration. */
static void forget_names_of_others(struct tarn__zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++) {
		struct tarn__example *example = &zone->servers[i]->example;
		if (!is_name_of(zone, example->qname, example->qname_len, example->qtype))
			example->qname_len = 0;
	}
	struct tarn__probes *probes = &zone->probes;
	if (!is_name_of(zone, probes->suggested, probes->suggested_len, TARN__TYPE_A))
		probes->suggested_len = 0;
}

static void take_all_strays(struct tarn__zone *zone, struct tarn__list *strays)
{
	for (size_t i = 0; i < LIVE_STATES; i++)
		take_strays(zone, &zone->lookups[live_states[i]], strays);
}

/* Moves all lookups of zones that have ended, and strays of the others. Returns true if there were any. */
static bool move_lookups(struct tarn__forwarder *forwarder, struct tarn__zone *const *old_zones,
			 size_t old_count)
{
	struct tarn__list strays;
	tarn__list_init(&strays);
	for (size_t i = 0; i < old_count; i++) {
		if (!old_zones[i])
			continue;
		recall_all(old_zones[i]);
		take_all_strays(old_zones[i], &strays);
	}
	for (size_t i = 0; i < forwarder->config->zone_count; i++)
		take_all_strays(forwarder->zones[i], &strays);
	bool has_moved = !tarn__list_is_empty(&strays);
	while (!tarn__list_is_empty(&strays))
		settle_stray(first(&strays));
	return has_moved;
}

/* Other trust anchors: what is being checked is asked for again, and the chain of trust begins anew. */
static bool change_anchors(struct tarn__forwarder *forwarder, const struct tarn__config *old)
{
	if (tarn__config_has_same_anchors(forwarder->config, old)) {
		tarn__trust_lookups_renew(forwarder);
		return false;
	}
	for (size_t i = 0; i < forwarder->config->zone_count; i++) {
		struct tarn__list *checking = &forwarder->zones[i]->lookups[TARN__LOOKUP_CHECKING];
		while (!tarn__list_is_empty(checking))
			tarn__lookup_recall(first(checking));
	}
	tarn__trust_lookups_restart(forwarder);
	return true;
}

int tarn__forwarder_set_config(struct tarn__forwarder *forwarder, struct tarn__config *config)
{
	struct tarn__zone **zones = calloc(config->zone_count, sizeof zones[0]);
	if (!zones)
		return TARN_ENOMEM;
	if (make_zones(forwarder, config, zones) != 0) {
		free(zones);
		return TARN_ENOMEM;
	}
	move_zones(forwarder, config, zones);
	struct tarn__config *old = forwarder->config;
	struct tarn__zone **old_zones = forwarder->zones;
	size_t old_count = old->zone_count;
	forwarder->config = tarn__config_get(config);
	forwarder->zones = zones;
	forwarder->forward_loops_seen = 0;
	tarn__forwarder_take_recoveries(forwarder);
	for (size_t i = 0; i < config->zone_count; i++)
		forget_names_of_others(zones[i]);
	bool has_changed = move_lookups(forwarder, old_zones, old_count);
	has_changed |= config->zone_count != old_count;
	has_changed |= change_anchors(forwarder, old);
	for (size_t i = 0; i < old_count; i++) {
		has_changed |= old_zones[i] != NULL;
		tarn__zone_free(old_zones[i]);
	}
	free(old_zones);
	tarn__config_put(old);
	if (has_changed)
		resume(forwarder);
	return 0;
}

/*
 * What is outstanding stays: most changes leave the routes to the servers as they were. What is lost on an
 * old route is sent again once the server has answered a probe, which is sent at once.
 */
static void look_around(struct tarn__zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++) {
		struct tarn__server *server = zone->servers[i];
		bool is_worth_it = tarn__server_is_dead(server) || zone->count > 0;
		tarn__server_forget(server);
		server->is_doubted = zone->count > 0;
		if (is_worth_it && tarn__server_has_address(server))
			tarn__probe_now(&zone->probes, server);
	}
	if (zone->is_down)
		rtcache_forget_cause(zone->forwarder->client, zone->outage);
	zone->is_down = false;
	tarn__zone_move(zone, TARN__LOOKUP_WAITING, TARN__LOOKUP_HOLDING);
	tarn__zone_move(zone, TARN__LOOKUP_ASKING, TARN__LOOKUP_HOLDING);
}

void tarn__forwarder_network_changed(struct tarn__forwarder *forwarder)
{
	rtcache_forget_cause(forwarder->client, TARN__CAUSE_NETWORK);
	for (size_t i = 0; i < forwarder->config->zone_count; i++)
		look_around(forwarder->zones[i]);
	/* The timers have changed outside of tarn__resolver_run(). */
	forwarder->io->wake_at(forwarder->io->data, forwarder->io->now_ms(forwarder->io->data));
}

/* What is outstanding would count as hours of silence, and its answers as hours late. */
static void start_over(struct tarn__zone *zone)
{
	const struct tarn__list *waiting = &zone->lookups[TARN__LOOKUP_WAITING];
	recall_all(zone);
	for (struct tarn__list *node = waiting->next; node != waiting; node = node->next)
		/* As if nothing had been sent: the suspend is no silence to remember. */
		TARN__CONTAINER(node, struct tarn__lookup, node)->sent_ms = 0;
	for (size_t i = 0; i < zone->server_count; i++) {
		struct tarn__server *server = zone->servers[i];
		bool was_dead = tarn__server_is_dead(server);
		tarn__server_forget(server);
		if (was_dead && tarn__server_has_address(server))
			tarn__probe_now(&zone->probes, server);
	}
}

void tarn__forwarder_overslept(struct tarn__forwarder *forwarder)
{
	for (size_t i = 0; i < forwarder->config->zone_count; i++)
		start_over(forwarder->zones[i]);
	resume(forwarder);
}

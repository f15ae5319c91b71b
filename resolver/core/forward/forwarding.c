/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/forwarding.c: the lookups of one worker, and changes of servers and network. */
#include "core/forward/forwarding.h"

#include <stdlib.h>

#include "core/forward/asking.h"
#include "core/forward/attempt.h"
#include "core/forward/ending.h"
#include "core/forward/forward_loop.h"
#include "core/forward/lookup.h"
#include "rtcache.h"

static struct tarn__lookup *first(const struct tarn__list *list)
{
	return TARN__CONTAINER(list->next, struct tarn__lookup, node);
}

/* ---- servers that lead back to this resolver -------------------------------------------- */

void tarn__lookups_learn_of_forward_loops(struct tarn__lookups *all)
{
	if (!tarn__forward_loops_have_changed(all->forward_loops, &all->forward_loops_seen))
		return;
	for (size_t i = 0; i < all->config->zone_count; i++) {
		tarn__forward_loops_mark(all->forward_loops, all->config->zones[i],
					 all->groups[i]->servers);
		/* Lookups that wait for a server that leads back fail at once. */
		tarn__forwarding_release(all->groups[i], 0);
	}
}

void tarn__lookups_look_for_forward_loop(struct tarn__lookups *all, size_t number)
{
	struct tarn__forwarding **group = all->groups;
	for (; number >= (*group)->server_count; group++)
		number -= (*group)->server_count;
	tarn__forwarding_look_for_loop(*group, (*group)->servers[number]);
}

/* ---- servers that recover in another worker --------------------------------------------- */

static void take_recovery(const struct tarn__lookups *all, struct tarn__server *server)
{
	if (tarn__server_is_dead(server) && !atomic_load(&server->endpoint->health.is_dead))
		tarn__server_recovered(server, all->io->now_ms(all->io->data));
}

void tarn__lookups_take_recoveries(struct tarn__lookups *all)
{
	all->recoveries_seen = atomic_load(&all->config->recoveries);
	for (size_t i = 0; i < all->config->zone_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		for (size_t j = 0; j < group->server_count; j++)
			take_recovery(all, group->servers[j]);
		tarn__forwarding_release(group, 0);
	}
}

/* ---- groups ----------------------------------------------------------------------------- */

void tarn__lookups_want(struct tarn__lookups *all, const uint8_t *qname, size_t len, uint16_t qtype)
{
	struct tarn__forwarding *group = tarn__forwarding_find(all, qname, len, qtype);
	if (group)
		tarn__probes_want(&group->probes);
}

int tarn__lookups_init(struct tarn__lookups *all, const struct tarn_io *io,
		       struct tarn__timers *timers, struct rtcache_client *client,
		       struct tarn__config *config,
		       const uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN],
		       struct tarn__forward_loops *forward_loops,
		       struct tarn__answer_sources *answer_sources)
{
	*all = (struct tarn__lookups){.io = io,
				      .timers = timers,
				      .client = client,
				      .cookie_secret = cookie_secret,
				      .config = tarn__config_get(config),
				      .forward_loops = forward_loops,
				      .answer_sources = answer_sources,
				      .restart = tarn__lookup_restart};
	tarn__list_init(&all->spare_attempts);
	all->recoveries_seen = config->recoveries;
	all->scratch = malloc(sizeof *all->scratch);
	all->groups = calloc(config->zone_count, sizeof all->groups[0]);
	bool has_all = all->scratch && all->groups;
	for (size_t i = 0; i < config->zone_count && has_all; i++) {
		all->groups[i] = tarn__forwarding_new(all, config->zones[i], NULL);
		has_all = all->groups[i];
	}
	if (has_all)
		return 0;
	tarn__lookups_fini(all);
	return TARN_ENOMEM;
}

/* Ends the lookups of a group. The end of one may move others. */
static void cancel_all(struct tarn__forwarding *group)
{
	for (int i = 0; group->count > 0; i = (i + 1) % TARN__LOOKUP_STATES) {
		while (!tarn__list_is_empty(&group->lookups[i]))
			tarn__lookup_fail(first(&group->lookups[i]), TARN_ECANCELED);
	}
}

void tarn__lookups_fini(struct tarn__lookups *all)
{
	for (size_t i = 0; all->groups && i < all->config->zone_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		if (!group)
			continue;
		cancel_all(group);
		tarn__forwarding_free(group);
	}
	struct tarn__list *spare;
	while ((spare = tarn__list_take(&all->spare_attempts)))
		free(TARN__CONTAINER(spare, struct tarn__attempt, node));
	free(all->groups);
	free(all->scratch);
	tarn__config_put(all->config);
}

/* ---- other servers, another network ----------------------------------------------------- */

/* The order in which lookups are restarted that did not wait for the same: those that wait come first. */
static const enum tarn__lookup_state live_states[] = {TARN__LOOKUP_WAITING, TARN__LOOKUP_HOLDING,
						      TARN__LOOKUP_ASKING, TARN__LOOKUP_FOLLOWING};

enum { LIVE_STATES = sizeof live_states / sizeof live_states[0] };

/* Cancels what a group has outstanding; all its lookups wait. */
static void recall_all(struct tarn__forwarding *group)
{
	struct tarn__list recalled;
	tarn__list_init(&recalled);
	tarn__probes_stop(&group->probes);
	for (size_t i = 0; i < LIVE_STATES; i++) {
		struct tarn__list *list = &group->lookups[live_states[i]];
		while (!tarn__list_is_empty(list))
			tarn__list_move(list->next, &recalled);
	}
	while (!tarn__list_is_empty(&recalled))
		tarn__lookup_recall(first(&recalled));
}

static void resume(struct tarn__lookups *all)
{
	rtcache_forget_failures(all->client);
	for (size_t i = 0; i < all->config->zone_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		tarn__forwarding_release(group, 0);
		if (group->count > 0)
			tarn__probes_want(&group->probes);
	}
	/* The timers have changed outside of tarn__resolver_run(). */
	all->io->wake_at(all->io->data, all->io->now_ms(all->io->data));
}

/* Where it belongs now. */
static struct tarn__forwarding *group_of(const struct tarn__lookup *lookup)
{
	const struct tarn__key *key = &lookup->key;
	return tarn__forwarding_find(lookup->all, key->qname, key->qname_len, key->qtype);
}

/* Recalls the lookups of a group's list whose names do not belong to the group, and takes them out. */
static void take_strays(struct tarn__forwarding *group, struct tarn__list *from,
			struct tarn__list *strays)
{
	struct tarn__list *next;
	for (struct tarn__list *node = from->next; node != from; node = next) {
		next = node->next;
		struct tarn__lookup *lookup = TARN__CONTAINER(node, struct tarn__lookup, node);
		if (group_of(lookup) == group)
			continue;
		tarn__lookup_recall(lookup);
		tarn__list_move(&lookup->node, strays);
	}
}

/* Has a lookup that has been taken out of a group wait in that of its name. */
static void settle_stray(struct tarn__lookup *lookup)
{
	struct tarn__forwarding *group = group_of(lookup);
	if (!group)
		tarn__lookup_fail(lookup, TARN_ENOSERVER);
	else if (!tarn__lookup_join(lookup, group))
		tarn__lookup_fail(lookup, TARN_ENOMEM);
}

/* The group of now of that zone's name; NULL: there is none. */
static struct tarn__forwarding *find_namesake(const struct tarn__lookups *all,
					      const struct tarn__zone_config *zone)
{
	size_t index = tarn__config_zone_of(all->config, zone->name, zone->name_len);
	return index == TARN__GROUP_NONE ? NULL : all->groups[index];
}

/* Leaves out groups whose zone is the same as before. On failure what was made is freed. */
static int make_groups(struct tarn__lookups *all, const struct tarn__config *config,
		       struct tarn__forwarding **groups)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct tarn__forwarding *old = find_namesake(all, config->zones[i]);
		if (old && old->config == config->zones[i])
			continue;
		groups[i] = tarn__forwarding_new(all, config->zones[i], old);
		if (groups[i])
			continue;
		while (i-- > 0)
			tarn__forwarding_free(groups[i]);
		return TARN_ENOMEM;
	}
	return 0;
}

/* Moves the groups that were left out from those of now; the ones that remain there have ended. */
static void move_groups(struct tarn__lookups *all, const struct tarn__config *config,
			struct tarn__forwarding **groups)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		if (groups[i])
			continue;
		const struct tarn__zone_config *zone = config->zones[i];
		size_t index = tarn__config_zone_of(all->config, zone->name, zone->name_len);
		groups[i] = all->groups[index];
		all->groups[index] = NULL;
	}
}

static bool is_name_of(const struct tarn__forwarding *group, const uint8_t *qname, size_t len,
		       uint16_t qtype)
{
	return len > 0 && tarn__forwarding_find(group->all, qname, len, qtype) == group;
}

/* What its servers are probed with must be theirs still: a name may be another zone's by now. */
static void forget_names_of_others(struct tarn__forwarding *group)
{
	for (size_t i = 0; i < group->server_count; i++) {
		struct tarn__example *example = &group->servers[i]->example;
		if (!is_name_of(group, example->qname, example->qname_len, example->qtype))
			example->qname_len = 0;
	}
	struct tarn__probes *probes = &group->probes;
	if (!is_name_of(group, probes->suggested, probes->suggested_len, TARN__TYPE_A))
		probes->suggested_len = 0;
}

static void take_all_strays(struct tarn__forwarding *group, struct tarn__list *strays)
{
	for (size_t i = 0; i < LIVE_STATES; i++)
		take_strays(group, &group->lookups[live_states[i]], strays);
}

/* Moves the lookups to the groups that their names belong to now, old ones' all. Returns true if any was. */
static bool move_lookups(struct tarn__lookups *all, struct tarn__forwarding *const *old_groups,
			 size_t old_count)
{
	struct tarn__list strays;
	tarn__list_init(&strays);
	for (size_t i = 0; i < old_count; i++) {
		if (!old_groups[i])
			continue;
		recall_all(old_groups[i]);
		take_all_strays(old_groups[i], &strays);
	}
	for (size_t i = 0; i < all->config->zone_count; i++)
		take_all_strays(all->groups[i], &strays);
	bool has_moved = !tarn__list_is_empty(&strays);
	while (!tarn__list_is_empty(&strays))
		settle_stray(first(&strays));
	return has_moved;
}

int tarn__lookups_set_config(struct tarn__lookups *all, struct tarn__config *config)
{
	struct tarn__forwarding **groups = calloc(config->zone_count, sizeof groups[0]);
	if (!groups)
		return TARN_ENOMEM;
	if (make_groups(all, config, groups) != 0) {
		free(groups);
		return TARN_ENOMEM;
	}
	move_groups(all, config, groups);
	struct tarn__config *old = all->config;
	struct tarn__forwarding **old_groups = all->groups;
	size_t old_count = old->zone_count;
	all->config = tarn__config_get(config);
	all->groups = groups;
	all->forward_loops_seen = 0;
	tarn__lookups_take_recoveries(all);
	for (size_t i = 0; i < config->zone_count; i++)
		forget_names_of_others(groups[i]);
	bool has_changed = move_lookups(all, old_groups, old_count);
	has_changed |= config->zone_count != old_count;
	for (size_t i = 0; i < old_count; i++) {
		has_changed |= old_groups[i] != NULL;
		tarn__forwarding_free(old_groups[i]);
	}
	free(old_groups);
	tarn__config_put(old);
	if (has_changed)
		resume(all);
	return 0;
}

/*
 * What is outstanding stays: most changes leave the way to the servers as it was. What is lost on an
 * old way is sent again once a server has answered something, which it is asked for at once.
 */
static void look_around(struct tarn__forwarding *group)
{
	for (size_t i = 0; i < group->server_count; i++) {
		struct tarn__server *server = group->servers[i];
		bool is_worth_it = tarn__server_is_dead(server) || group->count > 0;
		tarn__server_forget(server);
		server->is_doubted = group->count > 0;
		if (is_worth_it)
			tarn__probe_now(&group->probes, server);
	}
	if (group->is_down)
		rtcache_forget_cause(group->all->client, group->outage);
	group->is_down = false;
	tarn__forwarding_move(group, TARN__LOOKUP_WAITING, TARN__LOOKUP_HOLDING);
	tarn__forwarding_move(group, TARN__LOOKUP_ASKING, TARN__LOOKUP_HOLDING);
}

void tarn__lookups_network_changed(struct tarn__lookups *all)
{
	rtcache_forget_cause(all->client, TARN__CAUSE_NETWORK);
	for (size_t i = 0; i < all->config->zone_count; i++)
		look_around(all->groups[i]);
	/* The timers have changed outside of tarn__resolver_run(). */
	all->io->wake_at(all->io->data, all->io->now_ms(all->io->data));
}

/* What is outstanding would be hours of silence, and its answers hours late. */
static void start_over(struct tarn__forwarding *group)
{
	const struct tarn__list *waiting = &group->lookups[TARN__LOOKUP_WAITING];
	recall_all(group);
	for (struct tarn__list *node = waiting->next; node != waiting; node = node->next)
		/* No server has been silent for as long as it takes to remember that. */
		TARN__CONTAINER(node, struct tarn__lookup, node)->sent_ms = 0;
	for (size_t i = 0; i < group->server_count; i++) {
		struct tarn__server *server = group->servers[i];
		bool was_dead = tarn__server_is_dead(server);
		tarn__server_forget(server);
		if (was_dead)
			tarn__probe_now(&group->probes, server);
	}
}

void tarn__lookups_overslept(struct tarn__lookups *all)
{
	for (size_t i = 0; i < all->config->zone_count; i++)
		start_over(all->groups[i]);
	resume(all);
}

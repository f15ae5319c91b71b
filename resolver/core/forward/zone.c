/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/zone.c: the servers of a zone, and the lookups that wait for them. */
#include "core/forward/zone.h"

#include <stdlib.h>

#include "core/forward/forward_loop.h"
#include "core/forward/forwarding.h"
#include "core/forward/lookup.h"
#include "core/forward/select.h"
#include "rtcache.h"

enum {
	/* What has waited goes out in batches, so that a server that is back stays: 12,800/s. */
	RELEASE_BATCH = 64,
	RELEASE_MS = 5,
};

static uint64_t now_ms(const struct tarn__lookups *all)
{
	return all->io->now_ms(all->io->data);
}

enum tarn__upstream_state tarn__forwarding_state(const struct tarn__forwarding *group)
{
	return tarn__select_state(group->servers, group->server_count);
}

/* ---- lookups ---------------------------------------------------------------------------- */

static struct tarn__lookup *first(const struct tarn__list *list)
{
	return TARN__CONTAINER(list->next, struct tarn__lookup, node);
}

void tarn__forwarding_move(struct tarn__forwarding *group, enum tarn__lookup_state from,
			   enum tarn__lookup_state to)
{
	while (!tarn__list_is_empty(&group->lookups[from]))
		tarn__lookup_move(first(&group->lookups[from]), to);
}

void tarn__forwarding_release(struct tarn__forwarding *group, uint64_t wait_ms)
{
	struct tarn__lookups *all = group->all;
	bool are_waiting = !tarn__list_is_empty(&group->lookups[TARN__LOOKUP_WAITING]);
	bool has_work = group->is_down || are_waiting;
	if (!has_work || tarn__forwarding_state(group) == TARN__UPSTREAM_DOWN)
		return;
	/* What failed meanwhile is not to fail for as long as that is remembered. */
	if (group->is_down) {
		rtcache_forget_cause(all->client, group->outage);
		rtcache_forget_cause(all->client, TARN__CAUSE_NETWORK);
	}
	group->is_down = false;
	if (are_waiting && !group->release.is_running)
		tarn__timer_start(all->timers, &group->release, now_ms(all) + wait_ms);
}

static void on_release(struct tarn__timer *timer)
{
	struct tarn__forwarding *group = TARN__CONTAINER(timer, struct tarn__forwarding, release);
	const struct tarn__list *waiting = &group->lookups[TARN__LOOKUP_WAITING];
	for (int i = 0; i < RELEASE_BATCH && !tarn__list_is_empty(waiting) &&
			tarn__forwarding_state(group) != TARN__UPSTREAM_DOWN;
	     i++)
		group->all->restart(first(waiting));
	tarn__forwarding_release(group, RELEASE_MS);
}

/* ---- reports of servers ----------------------------------------------------------------- */

/* While it is dead it is queried again, whatever keeps it from being queried now. */
void tarn__forwarding_look_for_loop(struct tarn__forwarding *group, struct tarn__server *server)
{
	const struct tarn__lookups *all = group->all;
	const struct tarn_io *io = all->io;
	uint8_t random[TARN__FORWARD_LOOP_LABEL_LEN / 2], qname[TARN__NAME_MAX];
	io->random(io->data, random, sizeof random);
	size_t len = tarn__forward_loops_expect(all->forward_loops, all->config, group->config,
						server->endpoint, random, now_ms(all), qname);
	if (len == 0)
		return;
	const struct tarn__key key = {.qname = qname,
				      .qname_len = (uint16_t)len,
				      .qtype = TARN__TYPE_TXT,
				      .qclass = TARN__CLASS_IN};
	tarn__probe_send(&group->probes, server, &key, false);
}

/* Other workers may have taken the server for dead, too. */
static void tell_of_recovery(struct tarn__lookups *all)
{
	atomic_fetch_add(&all->config->recoveries, 1);
	all->io->wake_others(all->io->data);
}

void tarn__forwarding_answered(struct tarn__forwarding *group, struct tarn__server *server,
			       bool has_recovered)
{
	if (has_recovered) {
		tell_of_recovery(group->all);
		tarn__forwarding_look_for_loop(group, server);
	}
	if (server->is_doubted)
		tarn__forwarding_move(group, TARN__LOOKUP_HOLDING, TARN__LOOKUP_WAITING);
	server->is_doubted = false;
	tarn__forwarding_release(group, 0);
}

void tarn__forwarding_failed(struct tarn__forwarding *group, struct tarn__server *server)
{
	bool was_dead = tarn__server_is_dead(server);
	tarn__server_failed(server, now_ms(group->all));
	if (was_dead || !tarn__server_is_dead(server))
		return;
	tarn__probes_want(&group->probes);
	if (tarn__forwarding_state(group) != TARN__UPSTREAM_DOWN)
		return;
	/* Whatever they have sent: they ask on when a server is back. */
	group->is_down = true;
	tarn__forwarding_move(group, TARN__LOOKUP_HOLDING, TARN__LOOKUP_WAITING);
	tarn__forwarding_move(group, TARN__LOOKUP_ASKING, TARN__LOOKUP_WAITING);
}

void tarn__forwarding_usable(struct tarn__forwarding *group, struct tarn__server *server)
{
	if (tarn__server_was_usable(server))
		rtcache_forget_cause(group->all->client, group->trouble);
}

static struct tarn__forwarding *group_of(struct tarn__probes *probes)
{
	return TARN__CONTAINER(probes, struct tarn__forwarding, probes);
}

static void on_probe_answered(struct tarn__probes *probes, struct tarn__server *server,
			      bool has_recovered)
{
	tarn__forwarding_answered(group_of(probes), server, has_recovered);
}

static void on_probe_useful(struct tarn__probes *probes, struct tarn__server *server)
{
	tarn__forwarding_usable(group_of(probes), server);
}

/* It may not have led back when it was queried before, or not have been there, or the query was lost. */
static void on_dead_probed(struct tarn__probes *probes, struct tarn__server *server)
{
	tarn__forwarding_look_for_loop(group_of(probes), server);
}

static const struct tarn__probe_events probe_events = {
	.answered = on_probe_answered,
	.useful = on_probe_useful,
	.asked = on_dead_probed,
};

/* ---- zones ------------------------------------------------------------------------------ */

/* Equal in all workers and configurations. A collision gains nothing for who chooses a zone's name. */
static unsigned hash_zone(const struct tarn__zone_config *zone)
{
	unsigned hash = 0;
	for (size_t i = 0; i < zone->name_len; i++)
		hash = hash * 31 + zone->name[i];
	return hash;
}

struct tarn__forwarding *tarn__forwarding_new(struct tarn__lookups *all,
					      struct tarn__zone_config *config,
					      const struct tarn__forwarding *old)
{
	size_t count = config->endpoint_count;
	struct tarn__forwarding *group =
		calloc(1, sizeof *group + count * sizeof group->servers[0]);
	if (!group)
		return NULL;
	if (tarn__servers_init(group->servers, config, all->cookie_secret,
			       old ? old->servers : NULL, old ? old->server_count : 0) != 0) {
		free(group);
		return NULL;
	}
	group->server_count = count;
	group->config = tarn__zone_config_get(config);
	group->all = all;
	group->release.fire = on_release;
	for (int i = 0; i < TARN__LOOKUP_STATES; i++)
		tarn__list_init(&group->lookups[i]);
	tarn__list_init(&group->spares);
	group->outage = TARN__CAUSE_ZONES + 2 * (hash_zone(config) & INT16_MAX);
	group->trouble = group->outage + 1;
	tarn__probes_init(&group->probes, all->io, all->timers, group->servers, config,
			  &probe_events);
	group->is_down = old && tarn__forwarding_state(group) == TARN__UPSTREAM_DOWN;
	return group;
}

void tarn__forwarding_free(struct tarn__forwarding *group)
{
	if (!group)
		return;
	tarn__probes_stop(&group->probes);
	tarn__timer_stop(group->all->timers, &group->release);
	struct tarn__list *spare;
	while ((spare = tarn__list_take(&group->spares)))
		free(TARN__CONTAINER(spare, struct tarn__lookup, node));
	tarn__servers_fini(group->servers, group->server_count, group->all->io);
	tarn__zone_config_put(group->config);
	free(group);
}

struct tarn__forwarding *tarn__forwarding_find(const struct tarn__lookups *all,
					       const uint8_t *qname, size_t len, uint16_t qtype)
{
	size_t index = tarn__config_find_zone(all->config, qname, len, qtype);
	return index == TARN__GROUP_NONE ? NULL : all->groups[index];
}

bool tarn__forwarding_has_room(const struct tarn__forwarding *group, size_t taken, size_t left)
{
	return left > (group->all->config->zone_count > 1 ? taken : 0);
}

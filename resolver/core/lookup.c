/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/lookup.c: asking the upstream servers for one key.
 *
 *	start --> its name is known not to exist --> fill, end
 *	  |
 *	  v
 *	ask the best server --> its patience ends --> ask the next, too
 *	  |                     (all asked: the first again, up to TARN__SENDS_MAX)
 *	  v
 *	an answer (core/attempt.c):
 *	  good                    --> fill, end
 *	  truncated or broken     --> the same server over TCP
 *	  perhaps a forger's      --> likewise; where TCP cannot be had, once more over UDP
 *	  no to EDNS, to a cookie --> the same server in another way
 *	  else                    --> that server is done; ask the next at once
 *	nothing left and nothing outstanding, or the time is over --> fail, end
 *
 *	all servers are dead --> wait --> one is healed, there are others --> as at the start
 *	                              \-> the time is over --> fail, end
 *
 * An upstream's extended errors (RFC 8914) are about its own lookup: they are not kept, a client is
 * told ours.
 */
#include "core/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/attempt.h"
#include "core/denial.h"
#include "core/observe.h"
#include "core/origins.h"
#include "dns/answer.h"
#include "dns/query.h"
#include "rtcache.h"

enum {
	/* What has waited goes out in batches, so that a server that is back stays: 12,800/s. */
	RELEASE_BATCH = 64,
	RELEASE_MS = 5,
};

struct lookup {
	struct tarn__lookups *all;
	struct tarn__forwarding *group;
	struct tarn__list node; /* of group->running or group->waiting */
	struct rtcache_lookup *handle;
	struct tarn__key key; /* a view into the handle's */
	struct tarn__timer timer; /* patience, silence, or the deadline */
	uint64_t deadline_ms;
	struct tarn__list attempts; /* outstanding */
	int error; /* what to fail with if nothing better comes */
	bool is_denied; /* its name is in the cache as one that does not exist */
	bool has_waited; /* for a server to come back */
	size_t turn; /* see tarn__upstream_choose() */
	struct tarn__tries *tries; /* one per server: those below, or more of them, owned */
	size_t tries_room;
	struct tarn__tries first_tries[];
};

static void on_answer(struct tarn_exchange *, int error, const uint8_t *wire, size_t len);
static void on_timer(struct tarn__timer *);
static void on_release(struct tarn__timer *);
static void on_probe_answered(struct tarn__probes *, bool has_healed);

/* ---- groups ----------------------------------------------------------------------------- */

static struct tarn__forwarding *make_group(struct tarn__lookups *all,
					   const struct tarn__config *config, size_t index)
{
	struct tarn__forwarding *group = calloc(1, sizeof *group);
	if (!group)
		return NULL;
	group->upstream = tarn__upstream_new(config, index, all->cookie_secret);
	if (!group->upstream) {
		free(group);
		return NULL;
	}
	group->all = all;
	group->release.fire = on_release;
	tarn__list_init(&group->running);
	tarn__list_init(&group->waiting);
	tarn__probes_init(&group->probes, all->io, all->timers, group->upstream, on_probe_answered);
	return group;
}

/* It has no lookups any more. NULL is allowed. */
static void free_group(struct tarn__forwarding *group)
{
	if (!group)
		return;
	tarn__probes_stop(&group->probes);
	tarn__timer_stop(group->all->timers, &group->release);
	tarn__upstream_free(group->upstream);
	free(group);
}

/* The group that a name goes to; NULL: to none, it is never forwarded. */
static struct tarn__forwarding *find_group(const struct tarn__lookups *all, const uint8_t *qname,
					   size_t len)
{
	size_t index = tarn__config_find_group(all->config, qname, len);
	return index == TARN__GROUP_NONE ? NULL : all->groups[index];
}

int tarn__lookups_init(struct tarn__lookups *all, const struct tarn_io *io,
		       struct tarn__timers *timers, struct rtcache_client *client,
		       struct tarn__config *config,
		       const uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN],
		       struct tarn__origins *origins)
{
	*all = (struct tarn__lookups){.io = io,
				      .timers = timers,
				      .client = client,
				      .cookie_secret = cookie_secret,
				      .config = tarn__config_get(config),
				      .origins = origins};
	all->heals_seen = config->heals;
	all->scratch = malloc(sizeof *all->scratch);
	all->groups = calloc(config->group_count, sizeof all->groups[0]);
	bool has_all = all->scratch && all->groups;
	for (size_t i = 0; i < config->group_count && has_all; i++) {
		all->groups[i] = make_group(all, config, i);
		has_all = all->groups[i];
	}
	if (has_all)
		return 0;
	tarn__lookups_fini(all);
	return TARN_ENOMEM;
}

static uint64_t now_ms(const struct lookup *lookup)
{
	return lookup->all->io->now_ms(lookup->all->io->data);
}

static struct lookup *first(const struct tarn__list *list)
{
	return TARN__CONTAINER(list->next, struct lookup, node);
}

static void move(struct lookup *lookup, struct tarn__list *list)
{
	tarn__list_remove(&lookup->node);
	tarn__list_append(list, &lookup->node);
}

/* Whatever they have sent: they are asked anew when a server is back. */
static void have_all_wait(struct tarn__forwarding *group)
{
	while (!tarn__list_is_empty(&group->running))
		move(first(&group->running), &group->waiting);
}

static void charge_server(struct lookup *lookup, struct tarn__server *server)
{
	struct tarn__forwarding *group = lookup->group;
	bool was_dead = tarn__server_is_dead(server);
	tarn__server_failed(server, now_ms(lookup));
	if (was_dead || !tarn__server_is_dead(server))
		return;
	tarn__probes_want(&group->probes);
	if (tarn__upstream_state(group->upstream) == TARN__UPSTREAM_DOWN) {
		group->is_down = true;
		have_all_wait(group);
	}
}

static void charge_silence(const struct tarn__attempt *attempt)
{
	struct lookup *lookup = attempt->owner;
	attempt->tries->charged_ms = now_ms(lookup);
	charge_server(lookup, attempt->server);
}

/* Has the server said anything, to anybody, since it was asked? Then it is slow at this name. */
static bool is_silent(const struct tarn__attempt *attempt)
{
	return attempt->server->answered_ms <= attempt->sent_ms;
}

static void drop_attempt(struct tarn__attempt *attempt)
{
	tarn__list_remove(&attempt->node);
	free(attempt);
}

static void cancel_attempt(struct tarn__attempt *attempt)
{
	const struct lookup *lookup = attempt->owner;
	const struct tarn_io *io = lookup->all->io;
	io->cancel(io->data, &attempt->exchange);
	drop_attempt(attempt);
}

/* The server's place in its group. */
static size_t index_of(const struct tarn__attempt *attempt)
{
	const struct lookup *lookup = attempt->owner;
	return (size_t)(attempt->server - lookup->group->upstream->servers);
}

/* A server has spoken: what else it was sent is waited for no longer. */
static void cancel_attempts(struct lookup *lookup, size_t index)
{
	struct tarn__list *next;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = next) {
		next = node->next;
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		if (index_of(attempt) == index)
			cancel_attempt(attempt);
	}
}

/*
 * Takes the lookup apart; the caller has ended, or will end, its handle. Whoever was asked, has said
 * nothing and has used up its patience counts as failed.
 */
static void stop(struct lookup *lookup)
{
	uint64_t now = now_ms(lookup);
	while (!tarn__list_is_empty(&lookup->attempts)) {
		struct tarn__attempt *attempt =
			TARN__CONTAINER(lookup->attempts.next, struct tarn__attempt, node);
		if (attempt->tries->charged_ms == 0 && is_silent(attempt) &&
		    now >= attempt->sent_ms + attempt->patience_ms)
			charge_silence(attempt);
		cancel_attempt(attempt);
	}
	tarn__timer_stop(lookup->all->timers, &lookup->timer);
	tarn__list_remove(&lookup->node);
	lookup->group->count--;
	lookup->all->count--;
	if (lookup->tries != lookup->first_tries)
		free(lookup->tries);
	free(lookup);
}

/*
 * RFC 9520 section 3.2: what went wrong upstream is remembered; our own trouble is not the key's. Nor
 * is it that a server has come back too late.
 */
static bool is_to_forget(const struct lookup *lookup, int error)
{
	return lookup->has_waited || error == TARN_EBUSY || error == TARN_ENOMEM ||
	       error == TARN_ECANCELED || error == TARN_ENOSERVER || error == TARN_ELOOP;
}

static void fail(struct lookup *lookup, int error)
{
	struct rtcache_lookup *handle = lookup->handle;
	bool forget = is_to_forget(lookup, error);
	stop(lookup);
	if (forget)
		rtcache_refuse(handle, error);
	else
		rtcache_fail(handle, error);
}

void tarn__lookups_fini(struct tarn__lookups *all)
{
	for (size_t i = 0; all->groups && i < all->config->group_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		if (!group)
			continue;
		have_all_wait(group);
		while (!tarn__list_is_empty(&group->waiting))
			fail(first(&group->waiting), TARN_ECANCELED);
		free_group(group);
	}
	free(all->groups);
	free(all->scratch);
	tarn__config_put(all->config);
}

static void show_asked(const struct lookup *lookup, const struct tarn__attempt *attempt)
{
	const struct tarn__observer *observer = lookup->all->observer;
	if (!observer || !observer->asked_server)
		return;
	const struct tarn_exchange *exchange = &attempt->exchange;
	observer->asked_server(observer->data,
			       &(struct tarn__forwarded){.server = exchange->server,
							 .transport = exchange->transport,
							 .wire = exchange->wire,
							 .len = exchange->len});
}

static void show_answer(const struct lookup *lookup, const struct tarn__attempt *attempt,
			const uint8_t *wire, size_t len)
{
	const struct tarn__observer *observer = lookup->all->observer;
	if (!observer || !observer->server_answered)
		return;
	const struct tarn_exchange *exchange = &attempt->exchange;
	observer->server_answered(
		observer->data,
		&(struct tarn__forwarded){.server = exchange->server,
					  .transport = exchange->transport,
					  .wire = wire,
					  .len = len,
					  .latency_ms = now_ms(lookup) - attempt->sent_ms});
}

/* 0, or why that server cannot be asked now. */
static int ask(struct lookup *lookup, size_t index, enum tarn__transport transport,
	       uint64_t patience_ms)
{
	struct tarn__tries *tries = &lookup->tries[index];
	uint8_t *sends = transport == TARN__UDP ? &tries->sends : &tries->tcp_sends;
	if (*sends >= TARN__SENDS_MAX)
		return TARN_EANSWER;
	const struct tarn_io *io = lookup->all->io;
	struct tarn__upstream *upstream = lookup->group->upstream;
	struct tarn__server *server = &upstream->servers[index];
	struct tarn__attempt *attempt = malloc(sizeof *attempt);
	if (!attempt)
		return TARN_ENOMEM;
	*attempt = (struct tarn__attempt){
		.exchange = {.done = on_answer,
			     .server = &server->address,
			     .server_index = upstream->first + index,
			     .transport = transport,
			     .wire = attempt->wire},
		.owner = lookup,
		.key = &lookup->key,
		.server = server,
		.tries = tries,
		.sent_ms = now_ms(lookup),
		.patience_ms = patience_ms,
	};
	tarn__attempt_write(attempt, io, lookup->all->config->trust_ad);
	++*sends;
	tarn__list_append(&lookup->attempts, &attempt->node);
	int error = io->send(io->data, &attempt->exchange);
	if (error < 0) {
		drop_attempt(attempt);
		return error;
	}
	server->counts.asked++;
	show_asked(lookup, attempt);
	move(lookup, &lookup->group->running);
	return 0;
}

/* Until when to wait now: for an answer, but not beyond the end of the lookup. */
static void wait_until(struct lookup *lookup, uint64_t at_ms)
{
	tarn__timer_start(lookup->all->timers, &lookup->timer,
			  at_ms < lookup->deadline_ms ? at_ms : lookup->deadline_ms);
}

static void wait_for(struct lookup *lookup, uint64_t patience_ms)
{
	wait_until(lookup, now_ms(lookup) + patience_ms);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Every TARN__SILENCE_MS that a server which was asked says nothing, to anybody, is one failure of
 * it. Returns when the next one is due.
 */
static uint64_t charge_silent(struct lookup *lookup)
{
	uint64_t now = now_ms(lookup);
	uint64_t next = UINT64_MAX;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		uint64_t since = later(later(attempt->sent_ms, attempt->tries->charged_ms),
				       attempt->server->answered_ms);
		if (now >= since + TARN__SILENCE_MS) {
			charge_silence(attempt);
			since = now;
		}
		if (since + TARN__SILENCE_MS < next)
			next = since + TARN__SILENCE_MS;
	}
	return next;
}

/* Nobody is left to be asked: waits for those that were, or for a server to come back. */
static void rest(struct lookup *lookup)
{
	struct tarn__forwarding *group = lookup->group;
	bool is_down = tarn__upstream_state(group->upstream) == TARN__UPSTREAM_DOWN;
	move(lookup, is_down ? &group->waiting : &group->running);
	if (is_down)
		wait_until(lookup, lookup->deadline_ms);
	else if (tarn__list_is_empty(&lookup->attempts))
		fail(lookup, lookup->error);
	else
		wait_until(lookup, charge_silent(lookup));
}

/*
 * Asks the next server that can be asked, or all of them. Where none is left and nothing is to be
 * waited for, the lookup has failed and is gone.
 */
static void advance(struct lookup *lookup)
{
	struct tarn__upstream *upstream = lookup->group->upstream;
	uint64_t longest = 0;
	unsigned sends = 0;
	for (;;) {
		int index = tarn__upstream_choose(upstream, lookup->tries, lookup->turn);
		if (index < 0)
			break;
		struct tarn__tries *tries = &lookup->tries[index];
		if (longest > 0 && tries->sends > sends)
			break;
		sends = tries->sends;
		uint64_t patience =
			tarn__upstream_patience_ms(&upstream->servers[index], sends + 1U);
		int error = ask(lookup, (size_t)index, TARN__UDP, patience);
		if (error < 0) {
			tries->is_done = true;
			lookup->error = error;
			continue;
		}
		longest = later(longest, patience);
		if (upstream->policy != TARN_PARALLEL)
			break;
	}
	if (longest > 0)
		wait_for(lookup, longest);
	else
		rest(lookup);
}

/*
 * A client asks, so that dead servers are probed. One that questions have left alone for
 * TARN__HOLD_MS is asked beside the others: it may answer this, even if it does not answer probes.
 */
static void try_dead(struct lookup *lookup)
{
	struct tarn__upstream *upstream = lookup->group->upstream;
	uint64_t now = now_ms(lookup);
	for (size_t i = 0; i < upstream->count; i++) {
		struct tarn__server *server = &upstream->servers[i];
		if (!tarn__server_is_dead(server))
			continue;
		tarn__probes_want(&lookup->group->probes);
		if (now < server->held_until_ms)
			continue;
		server->held_until_ms = now + TARN__HOLD_MS;
		ask(lookup, i, TARN__UDP, TARN__PATIENCE_MAX_MS);
	}
}

static void start(struct lookup *lookup)
{
	struct tarn__upstream *upstream = lookup->group->upstream;
	if (tarn__upstream_state(upstream) != TARN__UPSTREAM_NONE)
		lookup->error = TARN_ETIMEOUT;
	else
		lookup->error = upstream->count > 0 ? TARN_ELOOP : TARN_ENOSERVER;
	lookup->turn = upstream->turn++;
	try_dead(lookup);
	advance(lookup);
}

static void on_timer(struct tarn__timer *timer)
{
	struct lookup *lookup = TARN__CONTAINER(timer, struct lookup, timer);
	charge_silent(lookup);
	if (now_ms(lookup) >= lookup->deadline_ms)
		fail(lookup, lookup->error);
	else
		advance(lookup);
}

/* ---- those that wait -------------------------------------------------------------------- */

static void release(struct tarn__forwarding *group, uint64_t wait_ms)
{
	struct tarn__lookups *all = group->all;
	bool has_work = group->is_down || !tarn__list_is_empty(&group->waiting);
	if (!has_work || tarn__upstream_state(group->upstream) == TARN__UPSTREAM_DOWN)
		return;
	/* What failed meanwhile is not to fail for as long as that is remembered. */
	if (group->is_down)
		rtcache_forget_failures(all->client);
	group->is_down = false;
	if (!tarn__list_is_empty(&group->waiting) && !group->release.is_running)
		tarn__timer_start(all->timers, &group->release,
				  all->io->now_ms(all->io->data) + wait_ms);
}

static void on_release(struct tarn__timer *timer)
{
	struct tarn__forwarding *group = TARN__CONTAINER(timer, struct tarn__forwarding, release);
	struct tarn__upstream *upstream = group->upstream;
	for (int i = 0; i < RELEASE_BATCH && !tarn__list_is_empty(&group->waiting) &&
			tarn__upstream_state(upstream) != TARN__UPSTREAM_DOWN;
	     i++) {
		struct lookup *lookup = first(&group->waiting);
		memset(lookup->tries, 0, upstream->count * sizeof lookup->tries[0]);
		lookup->has_waited = true;
		move(lookup, &group->running);
		start(lookup);
	}
	release(group, RELEASE_MS);
}

/* Other workers may have taken the server for dead, too. */
static void tell_of_heal(struct tarn__lookups *all)
{
	atomic_fetch_add(&all->config->heals, 1);
	all->io->wake_others(all->io->data);
}

void tarn__lookups_take_heals(struct tarn__lookups *all)
{
	all->heals_seen = atomic_load(&all->config->heals);
	for (size_t i = 0; i < all->config->group_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		struct tarn__upstream *upstream = group->upstream;
		for (size_t j = 0; j < upstream->count; j++) {
			struct tarn__server *server = &upstream->servers[j];
			if (tarn__server_is_dead(server) && !atomic_load(&server->health->is_dead))
				server->failures = 0;
		}
		release(group, 0);
	}
}

void tarn__lookups_want(struct tarn__lookups *all, const uint8_t *qname, size_t len)
{
	struct tarn__forwarding *group = find_group(all, qname, len);
	if (group)
		tarn__probes_want(&group->probes);
}

static void on_probe_answered(struct tarn__probes *probes, bool has_healed)
{
	struct tarn__forwarding *group = TARN__CONTAINER(probes, struct tarn__forwarding, probes);
	if (has_healed)
		tell_of_heal(group->all);
	release(group, 0);
}

/* Cancels all that a lookup has outstanding. */
static void recall(struct lookup *lookup)
{
	while (!tarn__list_is_empty(&lookup->attempts))
		cancel_attempt(TARN__CONTAINER(lookup->attempts.next, struct tarn__attempt, node));
	wait_until(lookup, lookup->deadline_ms);
}

/* Likewise for all of a group, and has every lookup wait, those that run behind the others. */
static void recall_all(struct tarn__forwarding *group)
{
	tarn__probes_stop(&group->probes);
	have_all_wait(group);
	for (struct tarn__list *node = group->waiting.next; node != &group->waiting;
	     node = node->next)
		recall(TARN__CONTAINER(node, struct lookup, node));
}

static void resume(struct tarn__lookups *all)
{
	rtcache_forget_failures(all->client);
	for (size_t i = 0; i < all->config->group_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		release(group, 0);
		if (group->count > 0)
			tarn__probes_want(&group->probes);
	}
	/* The timers have changed outside of tarn__resolver_run(). */
	all->io->wake_at(all->io->data, all->io->now_ms(all->io->data));
}

/* ---- other servers, another network ----------------------------------------------------- */

static bool have_tries(struct lookup *lookup, size_t count)
{
	if (count <= lookup->tries_room)
		return true;
	struct tarn__tries *tries = malloc(count * sizeof *tries);
	if (!tries)
		return false;
	if (lookup->tries != lookup->first_tries)
		free(lookup->tries);
	lookup->tries = tries;
	lookup->tries_room = count;
	return true;
}

/* Recalls the lookups of a group's list whose names do not belong to the group, and takes them out. */
static void take_strays(struct tarn__lookups *all, struct tarn__forwarding *group,
			struct tarn__list *from, struct tarn__list *strays)
{
	struct tarn__list *next;
	for (struct tarn__list *node = from->next; node != from; node = next) {
		next = node->next;
		struct lookup *lookup = TARN__CONTAINER(node, struct lookup, node);
		if (find_group(all, lookup->key.qname, lookup->key.qname_len) == group)
			continue;
		recall(lookup);
		move(lookup, strays);
	}
}

/* Has a lookup that has been taken out of a group wait in that of its name. */
static void settle_stray(struct lookup *lookup)
{
	const struct tarn__key *key = &lookup->key;
	struct tarn__forwarding *group = find_group(lookup->all, key->qname, key->qname_len);
	if (!group || !have_tries(lookup, group->upstream->count)) {
		fail(lookup, group ? TARN_ENOMEM : TARN_ENOSERVER);
		return;
	}
	lookup->group->count--;
	group->count++;
	lookup->group = group;
	move(lookup, &group->waiting);
}

static void move_attempts(const struct lookup *lookup)
{
	size_t first_server = lookup->group->upstream->first;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		attempt->exchange.server_index = first_server + index_of(attempt);
	}
}

/* A group that stays as it is, but for its servers' place in the configuration's list. */
static void move_group(struct tarn__forwarding *group, const struct tarn__config *config,
		       size_t index)
{
	tarn__upstream_move(group->upstream, config, index);
	tarn__probes_move(&group->probes);
	struct tarn__list *const lists[] = {&group->running, &group->waiting};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		for (struct tarn__list *node = lists[i]->next; node != lists[i]; node = node->next)
			move_attempts(TARN__CONTAINER(node, struct lookup, node));
	}
}

/* Is that group of the first configuration one of the other's, too? */
static bool is_kept(const struct tarn__config *config, struct tarn__forwarding *const *groups,
		    size_t index, const struct tarn__config *other,
		    struct tarn__forwarding *const *other_groups)
{
	const struct tarn__group *group = &config->groups[index];
	size_t there = tarn__config_group_of(other, group->zone, group->zone_len);
	return there != TARN__GROUP_NONE && groups[index] == other_groups[there];
}

/* The groups of another configuration: those that stay as they are, and new ones for the others. */
static struct tarn__forwarding **make_groups(struct tarn__lookups *all,
					     const struct tarn__config *config)
{
	const struct tarn__config *old = all->config;
	struct tarn__forwarding **groups = calloc(config->group_count, sizeof groups[0]);
	if (!groups)
		return NULL;
	for (size_t i = 0; i < config->group_count; i++) {
		const struct tarn__group *group = &config->groups[i];
		size_t before = tarn__config_group_of(old, group->zone, group->zone_len);
		if (before != TARN__GROUP_NONE &&
		    tarn__config_group_is_equal(config, i, old, before)) {
			groups[i] = all->groups[before];
			continue;
		}
		groups[i] = make_group(all, config, i);
		if (!groups[i]) {
			while (i-- > 0) {
				if (!is_kept(config, groups, i, old, all->groups))
					free_group(groups[i]);
			}
			free(groups);
			return NULL;
		}
		if (before == TARN__GROUP_NONE)
			continue;
		struct tarn__upstream *upstream = groups[i]->upstream;
		tarn__upstream_keep(upstream, config, all->groups[before]->upstream, old);
		groups[i]->is_down = tarn__upstream_state(upstream) == TARN__UPSTREAM_DOWN;
	}
	return groups;
}

int tarn__lookups_set_config(struct tarn__lookups *all, struct tarn__config *config,
			     void (*switched)(void *arg), void *arg)
{
	struct tarn__forwarding **groups = make_groups(all, config);
	if (!groups)
		return TARN_ENOMEM;
	struct tarn__config *old = all->config;
	struct tarn__forwarding **old_groups = all->groups;
	size_t old_group_count = old->group_count;
	all->config = tarn__config_get(config);
	all->groups = groups;
	all->heals_seen = config->heals;
	for (size_t i = 0; i < config->group_count; i++) {
		if (is_kept(config, groups, i, old, old_groups))
			move_group(groups[i], config, i);
	}
	struct tarn__list strays;
	tarn__list_init(&strays);
	for (size_t i = 0; i < old->group_count; i++) {
		struct tarn__forwarding *group = old_groups[i];
		if (!is_kept(old, old_groups, i, config, groups))
			recall_all(group);
		take_strays(all, group, &group->waiting, &strays);
		take_strays(all, group, &group->running, &strays);
	}
	bool has_changed = !tarn__list_is_empty(&strays);
	switched(arg);
	while (!tarn__list_is_empty(&strays))
		settle_stray(first(&strays));
	for (size_t i = 0; i < old->group_count; i++) {
		if (is_kept(old, old_groups, i, config, groups))
			continue;
		has_changed = true;
		free_group(old_groups[i]);
	}
	free(old_groups);
	tarn__config_put(old);
	if (has_changed || config->group_count != old_group_count)
		resume(all);
	return 0;
}

void tarn__lookups_network_changed(struct tarn__lookups *all)
{
	for (size_t i = 0; i < all->config->group_count; i++) {
		struct tarn__forwarding *group = all->groups[i];
		struct tarn__upstream *upstream = group->upstream;
		recall_all(group);
		for (size_t j = 0; j < upstream->count; j++) {
			struct tarn__server *server = &upstream->servers[j];
			bool was_dead = tarn__server_is_dead(server);
			tarn__server_forget(server);
			if (was_dead)
				tarn__probe_now(&group->probes, j);
		}
	}
	resume(all);
}

/* ---- answers ---------------------------------------------------------------------------- */

/* Is an answer of that server outstanding? */
static bool is_asked(const struct lookup *lookup, size_t index)
{
	for (const struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		if (index_of(TARN__CONTAINER(node, struct tarn__attempt, node)) == index)
			return true;
	}
	return false;
}

/* This server has had its say and was no help. */
static void give_up_server(struct lookup *lookup, size_t index, int error)
{
	lookup->tries[index].is_done = true;
	lookup->error = error;
	int next = tarn__upstream_choose(lookup->group->upstream, lookup->tries, lookup->turn);
	/* One that has been asked already has its patience, which runs. */
	if (next < 0 || !is_asked(lookup, (size_t)next))
		advance(lookup);
}

/* The same question to the same server once more; another server if that fails. */
static void ask_again(struct lookup *lookup, size_t index, enum tarn__transport transport)
{
	int error = ask(lookup, index, transport, TARN__PATIENCE_MAX_MS);
	/* TCP was to tell what to believe, but UDP is all there is. */
	if (error < 0 && transport == TARN__TCP && lookup->tries[index].is_disbelieved)
		error = ask(lookup, index, TARN__UDP, TARN__PATIENCE_MAX_MS);
	if (error < 0)
		give_up_server(lookup, index, error);
	else
		wait_for(lookup, TARN__PATIENCE_MAX_MS);
}

static void on_error(struct tarn__attempt *attempt, int error)
{
	struct lookup *lookup = attempt->owner;
	size_t index = index_of(attempt);
	bool over_tcp = attempt->exchange.transport == TARN__TCP;
	if (over_tcp && lookup->tries[index].is_disbelieved) {
		drop_attempt(attempt);
		ask_again(lookup, index, TARN__UDP);
		return;
	}
	/* Memory that is short is no fault of the server's. */
	if (error != TARN_ENOMEM)
		charge_server(lookup, attempt->server);
	drop_attempt(attempt);
	cancel_attempts(lookup, index);
	give_up_server(lookup, index, error);
}

static uint8_t origin_number(const struct tarn__lookups *all, struct tarn__server *server)
{
	if (server->origin == TARN__ORIGIN_UNKNOWN)
		server->origin = tarn__origins_number(all->origins, &server->address);
	return server->origin;
}

static void fill(struct lookup *lookup, struct tarn__server *server,
		 const struct tarn__answer *answer)
{
	const struct tarn__lookups *all = lookup->all;
	uint8_t *stored = all->scratch->stored;
	tarn__stored_set_origin(stored, origin_number(all, server));
	/* Trust may begin later: it does not reach back. */
	if (!all->config->trust_ad)
		tarn__stored_clear_ad(stored);
	uint64_t ttl_ms = (uint64_t)answer->ttl * 1000;
	if (answer->is_whole_name && ttl_ms > 0)
		tarn__denial_put(all->client, &lookup->key, stored, answer->len, ttl_ms);
	else if (lookup->is_denied)
		tarn__denial_remove(all->client, &lookup->key);
	struct rtcache_lookup *handle = lookup->handle;
	stop(lookup);
	rtcache_fill(handle, stored, answer->len, ttl_ms);
}

static void on_answer(struct tarn_exchange *exchange, int error, const uint8_t *wire, size_t len)
{
	struct tarn__attempt *attempt = TARN__CONTAINER(exchange, struct tarn__attempt, exchange);
	if (error < 0) {
		on_error(attempt, error);
		return;
	}
	struct lookup *lookup = attempt->owner;
	struct tarn__lookups *all = lookup->all;
	struct tarn__server *server = attempt->server;
	size_t index = index_of(attempt);
	enum tarn__transport transport = exchange->transport;
	struct tarn__forwarding *group = lookup->group;
	const struct tarn__health *health = attempt->server->health;
	bool was_dead = atomic_load_explicit(&health->is_dead, memory_order_relaxed);
	struct tarn__answer answer;
	show_answer(lookup, attempt, wire, len);
	enum tarn__outcome outcome =
		tarn__attempt_judge(attempt, wire, len, now_ms(lookup), all->scratch, &answer);
	drop_attempt(attempt);
	if (was_dead && !atomic_load(&health->is_dead))
		tell_of_heal(all);
	release(group, 0);
	if (outcome == TARN__OUTCOME_GOOD) {
		fill(lookup, server, &answer);
		return;
	}
	cancel_attempts(lookup, index);
	switch (outcome) {
	case TARN__OUTCOME_AGAIN:
		ask_again(lookup, index, transport);
		break;
	case TARN__OUTCOME_TCP:
		ask_again(lookup, index, TARN__TCP);
		break;
	default:
		server->counts.useless++;
		give_up_server(lookup, index, TARN_EANSWER);
	}
}

/*
 * What is known of the key's name may answer it. Not where the key itself is still fresh: then this
 * is a look ahead, and what it would find is as old.
 */
static bool fill_from_denial(struct tarn__lookups *all, struct rtcache_lookup *handle,
			     const struct tarn__key *key, bool *is_denied)
{
	struct rtcache_value value;
	*is_denied = tarn__denial_find(all->client, key, &value);
	if (!*is_denied)
		return false;
	size_t key_len;
	const void *octets = rtcache_lookup_key(handle, &key_len);
	struct rtcache_state state;
	if (rtcache_inspect(all->client, octets, key_len, &state) == 0 && state.is_stored &&
	    state.item.value.status == RTCACHE_HIT)
		return false;
	uint8_t *stored = all->scratch->stored;
	memcpy(stored, value.data, value.len);
	tarn__stored_age(stored, value.len, (uint32_t)(value.age_ms / 1000));
	rtcache_fill(handle, stored, value.len, value.ttl_ms);
	return true;
}

static bool has_room(const struct tarn__forwarding *group)
{
	const struct tarn__lookups *all = group->all;
	size_t room = TARN__LOOKUPS_MAX - all->count;
	return room > (all->config->group_count > 1 ? group->count : 0);
}

void tarn__lookup_start(struct tarn__lookups *all, struct rtcache_lookup *handle, const void *key,
			size_t key_len)
{
	struct tarn__key question;
	bool is_denied;
	all->started++;
	if (!tarn__key_read(key, key_len, &question)) {
		rtcache_refuse(handle, TARN_EINVAL);
		return;
	}
	if (fill_from_denial(all, handle, &question, &is_denied))
		return;
	struct tarn__forwarding *group = find_group(all, question.qname, question.qname_len);
	if (!group || !has_room(group)) {
		rtcache_refuse(handle, group ? TARN_EBUSY : TARN_ENOSERVER);
		return;
	}
	size_t server_count = group->upstream->count;
	struct lookup *lookup =
		calloc(1, sizeof *lookup + server_count * sizeof lookup->first_tries[0]);
	if (!lookup) {
		rtcache_refuse(handle, TARN_ENOMEM);
		return;
	}
	lookup->all = all;
	lookup->group = group;
	lookup->handle = handle;
	lookup->key = question;
	lookup->is_denied = is_denied;
	lookup->tries = lookup->first_tries;
	lookup->tries_room = server_count;
	lookup->timer.fire = on_timer;
	lookup->deadline_ms = all->io->now_ms(all->io->data) + TARN__LOOKUP_MS;
	tarn__list_init(&lookup->attempts);
	tarn__list_append(&group->running, &lookup->node);
	group->count++;
	all->count++;
	start(lookup);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/lookup.c: asking the upstream servers for one key.
 *
 *	start --> its name is known not to exist --> fill, end
 *	  |
 *	  v
 *	ask the best server --> its patience ends --> ask the next, too
 *	  |                     (all asked: the first again, up to TARN__SENDS_MAX, of which the
 *	  |                     last is kept until that server has answered something since)
 *	  v
 *	an answer (core/forward/attempt.c):
 *	  good                    --> fill, end; or its chain goes on elsewhere (core/forward/cname.c)
 *	  truncated or broken     --> the same server over TCP
 *	  perhaps a forger's      --> likewise; where TCP cannot be had, once more over UDP
 *	  no to EDNS, to a cookie --> the same server in another way
 *	  else                    --> that server is done; ask the next at once
 *	nothing left and nothing outstanding:
 *	  an error was said to mixed case --> that server once more, in lower case
 *	  else, or the time is over       --> fail, end
 *
 *	all servers are dead --> wait --> one is healed, there are others --> ask on
 *	                              \-> the time is over --> fail, end
 *
 * Those that wait, those that keep a message, and those whose servers another configuration takes
 * away, core/forward/forwarding.c starts again. TARN__SENDS_MAX is a lookup's own from its start to its end
 * (RFC 9520 section 3.1).
 *
 * An upstream's extended errors (RFC 8914) are about its own lookup: they are not kept, a client is
 * told ours.
 */
#include "core/forward/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/forward/attempt.h"
#include "core/forward/nxdomain.h"
#include "core/forward/cname.h"
#include "core/forward/forwarding.h"
#include "core/io.h"
#include "core/forward/answer_source.h"
#include "dns/answer.h"
#include "rtcache.h"

static void on_answer(struct tarn_exchange *, int error, const uint8_t *wire, size_t len);

static uint64_t now_ms(const struct tarn__lookup *lookup)
{
	return lookup->all->io->now_ms(lookup->all->io->data);
}

static void charge_server(struct tarn__lookup *lookup, struct tarn__server *server)
{
	bool was_dead = tarn__server_is_dead(server);
	tarn__server_failed(server, now_ms(lookup));
	if (!was_dead && tarn__server_is_dead(server))
		tarn__forwarding_died(lookup->group);
}

/*
 * A server may answer addresses only: may it be asked for that of the key's name? The same question
 * once more would tell nothing, and the name of a DS may be another group's.
 */
static bool has_other_address(const struct tarn__lookup *lookup)
{
	const struct tarn__key *key = &lookup->key;
	return key->qtype != TARN__TYPE_A &&
	       tarn__forwarding_find(lookup->all, key->qname, key->qname_len, TARN__TYPE_A) ==
		       lookup->group;
}

static void charge_silence(const struct tarn__attempt *attempt)
{
	struct tarn__lookup *lookup = attempt->owner;
	attempt->tries->charged_ms = now_ms(lookup);
	tarn__attempt_unheard(attempt);
	if (attempt->server->answered_ms == 0 && has_other_address(lookup))
		tarn__probes_suggest(&lookup->group->probes, &lookup->key);
	if (tarn__server_answers(attempt->server, lookup->key.qtype))
		charge_server(lookup, attempt->server);
}

/* Has the server said anything, to anybody, since it was asked? Then it is slow at this name. */
static bool is_silent(const struct tarn__attempt *attempt)
{
	return attempt->server->spoken_ms <= attempt->sent_ms;
}

static struct tarn__attempt *take_attempt(struct tarn__lookups *all)
{
	struct tarn__list *spare = tarn__list_take(&all->spare_attempts);
	if (!spare)
		return malloc(sizeof(struct tarn__attempt));
	all->spare_attempt_count--;
	return TARN__CONTAINER(spare, struct tarn__attempt, node);
}

static void drop_attempt(struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	struct tarn__lookups *all = lookup->all;
	tarn__list_remove(&attempt->node);
	if (all->spare_attempt_count >= TARN__SPARE_ATTEMPTS) {
		free(attempt);
		return;
	}
	tarn__list_append(&all->spare_attempts, &attempt->node);
	all->spare_attempt_count++;
}

static void cancel_attempt(struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	const struct tarn_io *io = lookup->all->io;
	io->cancel(io->data, &attempt->exchange);
	drop_attempt(attempt);
}

/* The server's place in its group. */
static size_t index_of(const struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	return (size_t)(attempt->tries - lookup->tries);
}

/* A server has spoken: what else it was sent is waited for no longer. */
static void cancel_attempts(struct tarn__lookup *lookup, size_t index)
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

/* Zeros, with tries for the servers of the group. NULL: out of memory. */
static struct tarn__lookup *take_lookup(struct tarn__forwarding *group)
{
	size_t count = group->upstream->count;
	size_t size = sizeof(struct tarn__lookup) + count * sizeof(struct tarn__tries);
	struct tarn__list *spare = tarn__list_take(&group->spares);
	if (!spare)
		return calloc(1, size);
	group->spare_count--;
	return memset(TARN__CONTAINER(spare, struct tarn__lookup, node), 0, size);
}

/* Keeps it for a lookup of its group to come, or frees it. One that has joined its group has less room. */
static void put_lookup(struct tarn__lookup *lookup)
{
	struct tarn__forwarding *group = lookup->group;
	bool has_joined = lookup->tries != lookup->first_tries;
	if (has_joined)
		free(lookup->tries);
	if (has_joined || group->spare_count >= TARN__SPARE_LOOKUPS) {
		free(lookup);
		return;
	}
	tarn__list_append(&group->spares, &lookup->node);
	group->spare_count++;
}

/*
 * Takes the lookup apart; the caller has ended, or will end, its handle. Whoever was asked, has said
 * nothing and has used up its patience counts as failed.
 */
static void stop(struct tarn__lookup *lookup)
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
	tarn__chain_drop(lookup);
	tarn__timer_stop(lookup->all->timers, &lookup->timer);
	tarn__list_remove(&lookup->node);
	lookup->group->count--;
	lookup->all->count--;
	put_lookup(lookup);
}

/*
 * RFC 9520 section 3.2: what went wrong upstream is remembered; our own trouble is not the key's.
 * What an outage has made fail is forgotten with it; that a name is not answered by a server that
 * answers others is the name's, if there was time enough.
 */
enum memory { FORGET, REMEMBER, REMEMBER_CAUSE };

static enum memory how_to_remember(const struct tarn__lookup *lookup, int error, unsigned *cause)
{
	const struct tarn__forwarding *group = lookup->group;
	/* What is wrong with the end of a chain is remembered of that. */
	if (lookup->chain)
		return FORGET;
	switch (error) {
	case TARN_EUNREACHABLE:
		*cause = TARN__CAUSE_NETWORK;
		return REMEMBER_CAUSE;
	case TARN_EANSWER:
		*cause = group->trouble;
		return REMEMBER_CAUSE;
	case TARN_ETIMEOUT:
		*cause = group->outage;
		if (group->is_down)
			return REMEMBER_CAUSE;
		return lookup->sent_ms > 0 && now_ms(lookup) >= lookup->sent_ms + TARN__SILENCE_MS
			       ? REMEMBER
			       : FORGET;
	default:
		return FORGET;
	}
}

void tarn__lookup_fail(struct tarn__lookup *lookup, int error)
{
	struct rtcache_lookup *handle = lookup->handle;
	unsigned cause = 0;
	enum memory memory = how_to_remember(lookup, error, &cause);
	stop(lookup);
	if (memory == REMEMBER_CAUSE)
		rtcache_fail_for(handle, error, cause);
	else if (memory == REMEMBER)
		rtcache_fail(handle, error);
	else
		rtcache_refuse(handle, error);
}

/* Leaves the place of the lookup's oldest message to that server for a new one. */
static bool give_up_earlier(const struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		struct tarn__attempt *earlier = TARN__CONTAINER(node, struct tarn__attempt, node);
		if (earlier == attempt || earlier->server != attempt->server)
			continue;
		cancel_attempt(earlier);
		return true;
	}
	return false;
}

/* How each server is asked first. */
static void choose_transports(const struct tarn__upstream *upstream, struct tarn__tries *tries)
{
	for (size_t i = 0; i < upstream->count; i++)
		tries[i].is_over_tcp = tarn__server_transport(upstream->servers[i]) == TARN__TCP;
}

/* 0, or why that server cannot be asked now. */
static int ask(struct tarn__lookup *lookup, size_t index, uint64_t patience_ms)
{
	struct tarn__tries *tries = &lookup->tries[index];
	enum tarn__transport transport = tries->is_over_tcp ? TARN__TCP : TARN__UDP;
	uint8_t *sends = tries->is_over_tcp ? &tries->tcp_sends : &tries->sends;
	if (*sends >= TARN__SENDS_MAX)
		return TARN_EANSWER;
	const struct tarn_io *io = lookup->all->io;
	struct tarn__upstream *upstream = lookup->group->upstream;
	struct tarn__server *server = upstream->servers[index];
	struct tarn__attempt *attempt = take_attempt(lookup->all);
	if (!attempt)
		return TARN_ENOMEM;
	*attempt = (struct tarn__attempt){
		.exchange = {.done = on_answer,
			     .endpoint = server->endpoint,
			     .transport = transport,
			     .rank = *sends > 0 ? TARN__RANK_RESEND : TARN__RANK_FIRST,
			     .wire = attempt->wire},
		.owner = lookup,
		.key = &lookup->key,
		.server = server,
		.tries = tries,
		.sent_ms = now_ms(lookup),
		/* That another server is quicker than a connection says nothing of the one. */
		.patience_ms = tries->is_over_tcp ? TARN__PATIENCE_MAX_MS : patience_ms,
	};
	tarn__attempt_write(attempt, io, lookup->all->config->trust_ad);
	tarn__list_append(&lookup->attempts, &attempt->node);
	int error = io->send(io->data, &attempt->exchange);
	if (error == TARN_EBUSY && give_up_earlier(attempt)) {
		attempt->exchange.rank = TARN__RANK_FIRST;
		error = io->send(io->data, &attempt->exchange);
	}
	if (error < 0) {
		server->counts.unsent++;
		drop_attempt(attempt);
		return error;
	}
	++*sends;
	tries->sent_ms = lookup->sent_ms = attempt->sent_ms;
	tarn__attempt_sent(attempt);
	server->counts.asked++;
	tarn__attempt_show(attempt, lookup->all->observer);
	tarn__list_move(&lookup->node, &lookup->group->running);
	return 0;
}

/* Until when to wait now: for an answer, but not beyond the end of the lookup. */
static void wait_until(struct tarn__lookup *lookup, uint64_t at_ms)
{
	tarn__timer_start(lookup->all->timers, &lookup->timer,
			  at_ms < lookup->deadline_ms ? at_ms : lookup->deadline_ms);
}

static void wait_for(struct tarn__lookup *lookup, uint64_t patience_ms)
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
static uint64_t charge_silent(struct tarn__lookup *lookup)
{
	uint64_t now = now_ms(lookup);
	uint64_t next = UINT64_MAX;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		uint64_t since = later(later(attempt->sent_ms, attempt->tries->charged_ms),
				       attempt->server->spoken_ms);
		if (now >= since + TARN__SILENCE_MS) {
			charge_silence(attempt);
			since = now;
		}
		if (since + TARN__SILENCE_MS < next)
			next = since + TARN__SILENCE_MS;
	}
	return next;
}

/* Before it fails: a server that has said no to mixed case may know the name in lower case. */
static bool ask_in_lower_case(struct tarn__lookup *lookup)
{
	bool has_asked = false;
	for (size_t i = 0; i < lookup->group->upstream->count; i++) {
		struct tarn__tries *tries = &lookup->tries[i];
		if (!tries->wants_lower_case || tries->is_lower_case)
			continue;
		tries->is_lower_case = true;
		tries->is_over_tcp = false;
		has_asked |= ask(lookup, i, TARN__PATIENCE_MAX_MS) == 0;
	}
	return has_asked;
}

/* No server is left to be asked: waits for those that were, or for one to come back. */
static void rest(struct tarn__lookup *lookup)
{
	struct tarn__forwarding *group = lookup->group;
	uint64_t next = charge_silent(lookup);
	if (tarn__upstream_state(group->upstream) == TARN__UPSTREAM_DOWN) {
		tarn__list_move(&lookup->node, &group->waiting);
		wait_until(lookup, lookup->deadline_ms);
	} else if (tarn__upstream_doubt(group->upstream, lookup->tries)) {
		tarn__list_move(&lookup->node, &group->kept);
		tarn__probes_want(&group->probes);
		wait_until(lookup, next);
	} else if (tarn__list_is_empty(&lookup->attempts) && !ask_in_lower_case(lookup)) {
		tarn__lookup_fail(lookup, lookup->error);
	} else {
		tarn__list_move(&lookup->node, &group->running);
		wait_until(lookup, charge_silent(lookup));
	}
}

/* How long a server may take for its next answer before the next one is asked too. */
static uint64_t patience_with(const struct tarn__lookup *lookup, size_t index)
{
	const struct tarn__server *server = lookup->group->upstream->servers[index];
	const struct tarn__tries *tries = &lookup->tries[index];
	if (!tries->is_over_tcp)
		return tarn__upstream_patience_ms(server, tries->sends + 1U);
	/* A connection takes a round trip more. */
	return later(2 * tarn__upstream_patience_ms(server, tries->tcp_sends + 1U),
		     TARN__PATIENCE_TCP_MS);
}

/*
 * Asks the next server that can be asked, or all of them. Where none is left and nothing is to be
 * waited for, the lookup has failed and is gone.
 */
static void advance(struct tarn__lookup *lookup)
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
		/* Where TCP says nothing about what was not believed, UDP is all there is. */
		tries->is_over_tcp = tries->is_over_tcp && !tries->is_rejected;
		uint64_t patience = patience_with(lookup, (size_t)index);
		int error = ask(lookup, (size_t)index, patience);
		/* One that is sent again gives way; what it repeats is still waited for. */
		if (error == TARN_EBUSY && !tarn__list_is_empty(&lookup->attempts)) {
			longest = TARN__PATIENCE_MAX_MS;
			break;
		}
		if (error < 0) {
			tries->is_done = true;
			lookup->error = error;
			continue;
		}
		longest = later(longest, patience);
		if (upstream->selection != TARN_SELECTION_PARALLEL)
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
static void try_dead(struct tarn__lookup *lookup)
{
	struct tarn__upstream *upstream = lookup->group->upstream;
	uint64_t now = now_ms(lookup);
	for (size_t i = 0; i < upstream->count; i++) {
		struct tarn__server *server = upstream->servers[i];
		if (!tarn__server_is_dead(server))
			continue;
		tarn__probes_want(&lookup->group->probes);
		if (now < server->held_until_ms || !tarn__upstream_may_try(upstream, i))
			continue;
		server->held_until_ms = now + TARN__HOLD_MS;
		ask(lookup, i, TARN__PATIENCE_MAX_MS);
	}
}

static void start(struct tarn__lookup *lookup)
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
	struct tarn__lookup *lookup = TARN__CONTAINER(timer, struct tarn__lookup, timer);
	charge_silent(lookup);
	if (now_ms(lookup) >= lookup->deadline_ms)
		tarn__lookup_fail(lookup, lookup->error);
	else
		advance(lookup);
}

/* ---- what its group has it do ----------------------------------------------------------- */

void tarn__lookup_restart(struct tarn__lookup *lookup)
{
	struct tarn__forwarding *group = lookup->group;
	for (size_t i = 0; i < group->upstream->count; i++) {
		struct tarn__tries *tries = &lookup->tries[i];
		tries->is_done = tries->is_done && !tries->is_unreachable;
		/* That was no silence. */
		if (tries->is_unreachable)
			tries->silences = 0;
		tries->is_unreachable = false;
	}
	tarn__list_move(&lookup->node, &group->running);
	/* A chain is being followed: its end is waited for, and none of these servers. */
	if (!lookup->chain)
		start(lookup);
}

void tarn__lookup_recall(struct tarn__lookup *lookup)
{
	while (!tarn__list_is_empty(&lookup->attempts)) {
		struct tarn__attempt *attempt =
			TARN__CONTAINER(lookup->attempts.next, struct tarn__attempt, node);
		/* What is not waited for any more has not met with silence. */
		attempt->tries->silences = 0;
		cancel_attempt(attempt);
	}
	tarn__chain_drop(lookup);
	wait_until(lookup, lookup->deadline_ms);
}

static const struct tarn__tries *find_tries(const struct tarn__lookup *lookup,
					    const struct tarn_address *server)
{
	const struct tarn__upstream *upstream = lookup->group->upstream;
	for (size_t i = 0; i < upstream->count; i++) {
		if (tarn_address_is_equal(&upstream->servers[i]->endpoint->address, server))
			return &lookup->tries[i];
	}
	return NULL;
}

bool tarn__lookup_join(struct tarn__lookup *lookup, struct tarn__forwarding *group)
{
	const struct tarn__upstream *upstream = group->upstream;
	struct tarn__tries *tries = calloc(upstream->count + 1, sizeof *tries);
	if (!tries)
		return false;
	for (size_t i = 0; i < upstream->count; i++) {
		const struct tarn__tries *before =
			find_tries(lookup, &upstream->servers[i]->endpoint->address);
		if (!before)
			continue;
		tries[i].sends = before->sends;
		tries[i].tcp_sends = before->tcp_sends;
		tries[i].sent_ms = before->sent_ms;
	}
	choose_transports(upstream, tries);
	if (lookup->tries != lookup->first_tries)
		free(lookup->tries);
	lookup->tries = tries;
	lookup->group->count--;
	group->count++;
	lookup->group = group;
	tarn__list_move(&lookup->node, &group->waiting);
	return true;
}

/* ---- answers ---------------------------------------------------------------------------- */

/* Is an answer of that server outstanding? */
static bool is_asked(const struct tarn__lookup *lookup, size_t index)
{
	for (const struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		if (index_of(TARN__CONTAINER(node, struct tarn__attempt, node)) == index)
			return true;
	}
	return false;
}

/* This server has had its say and was no help. */
static void give_up_server(struct tarn__lookup *lookup, size_t index, int error)
{
	lookup->tries[index].is_done = true;
	lookup->tries[index].is_unreachable = error == TARN_EUNREACHABLE;
	lookup->error = error;
	int next = tarn__upstream_choose(lookup->group->upstream, lookup->tries, lookup->turn);
	/* One that has been asked already has its patience, which runs. */
	if (next < 0 || !is_asked(lookup, (size_t)next))
		advance(lookup);
}

/* The same question to the same server once more; another server if that fails. */
static void ask_again(struct tarn__lookup *lookup, size_t index, enum tarn__transport transport)
{
	struct tarn__tries *tries = &lookup->tries[index];
	tries->is_over_tcp = transport == TARN__TCP;
	uint64_t patience =
		tries->is_over_tcp ? patience_with(lookup, index) : TARN__PATIENCE_MAX_MS;
	int error = ask(lookup, index, TARN__PATIENCE_MAX_MS);
	/* TCP was to tell what to believe, but UDP is all there is. */
	if (error < 0 && tries->is_over_tcp && tries->is_rejected) {
		tries->is_over_tcp = false;
		error = ask(lookup, index, TARN__PATIENCE_MAX_MS);
	}
	if (error < 0)
		give_up_server(lookup, index, error);
	else
		wait_for(lookup, patience);
}

static void on_error(struct tarn__attempt *attempt, int error)
{
	struct tarn__lookup *lookup = attempt->owner;
	size_t index = index_of(attempt);
	bool over_tcp = attempt->exchange.transport == TARN__TCP;
	if (over_tcp && lookup->tries[index].is_rejected) {
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

/* Once: who has none now, since there are too many, would ask for it under a lock each time. */
static uint8_t origin_number(const struct tarn__lookups *all, struct tarn__server *server)
{
	if (!server->has_answer_source)
		server->answer_source = tarn__answer_sources_number(all->answer_sources,
								    &server->endpoint->address);
	server->has_answer_source = true;
	return server->answer_source;
}

static void fill(struct tarn__lookup *lookup, struct tarn__server *server,
		 const struct tarn__answer *answer)
{
	const struct tarn__lookups *all = lookup->all;
	uint8_t *stored = all->scratch->stored;
	tarn__stored_set_answer_source(stored, origin_number(all, server));
	/* Trust may begin later: it does not reach back. */
	if (!all->config->trust_ad)
		tarn__stored_clear_ad(stored);
	if (!tarn__chain_follow(lookup, answer))
		tarn__lookup_fill(lookup, answer);
}

void tarn__lookup_fill(struct tarn__lookup *lookup, const struct tarn__answer *answer)
{
	const struct tarn__lookups *all = lookup->all;
	const uint8_t *stored = all->scratch->stored;
	uint64_t ttl_ms = (uint64_t)answer->ttl * 1000;
	if (!answer->is_whole_name)
		tarn__nxdomain_end(all->client, &lookup->key);
	else if (ttl_ms > 0)
		tarn__nxdomain_put(all->client, &lookup->key, stored, answer->len, ttl_ms);
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
	struct tarn__lookup *lookup = attempt->owner;
	struct tarn__lookups *all = lookup->all;
	struct tarn__server *server = attempt->server;
	size_t index = index_of(attempt);
	enum tarn__transport transport = exchange->transport;
	const struct tarn__health *health = &attempt->server->endpoint->health;
	bool was_dead = atomic_load_explicit(&health->is_dead, memory_order_relaxed);
	struct tarn__answer answer;
	tarn__attempt_show_answer(attempt, wire, len, now_ms(lookup), all->observer);
	enum tarn__next_step next_step =
		tarn__attempt_judge(attempt, wire, len, now_ms(lookup), all->scratch, &answer);
	drop_attempt(attempt);
	tarn__forwarding_answered(lookup->group, server,
				  was_dead && !atomic_load(&health->is_dead));
	if (next_step == TARN__NEXT_ACCEPT) {
		tarn__server_learn(server, &lookup->key, now_ms(lookup));
		if (tarn__server_was_usable(server))
			tarn__forwarding_recovered(lookup->group);
		fill(lookup, server, &answer);
		return;
	}
	cancel_attempts(lookup, index);
	switch (next_step) {
	case TARN__NEXT_RETRY:
		ask_again(lookup, index, transport);
		break;
	case TARN__NEXT_TCP:
		ask_again(lookup, index, TARN__TCP);
		break;
	default:
		/* Once for a question, in mixed case and in lower case. */
		if (!lookup->tries[index].is_lower_case)
			tarn__server_was_unusable(server);
		give_up_server(lookup, index, TARN_EANSWER);
	}
}

/* ---- a new one -------------------------------------------------------------------------- */

void tarn__lookup_start(struct tarn__lookups *all, struct rtcache_lookup *handle, const void *key,
			size_t key_len)
{
	struct tarn__key question;
	all->started++;
	if (!tarn__key_read(key, key_len, &question)) {
		rtcache_refuse(handle, TARN_EINVAL);
		return;
	}
	if (tarn__nxdomain_fill(all->client, handle, &question, all->scratch->stored))
		return;
	struct tarn__forwarding *group =
		tarn__forwarding_find(all, question.qname, question.qname_len, question.qtype);
	if (!group ||
	    !tarn__forwarding_has_room(group, group->count, TARN__LOOKUPS_MAX - all->count)) {
		rtcache_refuse(handle, group ? TARN_EBUSY : TARN_ENOSERVER);
		return;
	}
	struct tarn__lookup *lookup = take_lookup(group);
	if (!lookup) {
		rtcache_refuse(handle, TARN_ENOMEM);
		return;
	}
	lookup->all = all;
	lookup->group = group;
	lookup->handle = handle;
	lookup->key = question;
	lookup->tries = lookup->first_tries;
	choose_transports(group->upstream, lookup->tries);
	lookup->timer.fire = on_timer;
	lookup->deadline_ms = all->io->now_ms(all->io->data) + TARN__LOOKUP_MS;
	tarn__list_init(&lookup->attempts);
	tarn__list_append(&group->running, &lookup->node);
	group->count++;
	all->count++;
	start(lookup);
}

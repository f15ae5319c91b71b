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
 * An upstream's extended errors (RFC 8914) are about its own lookup: they are not kept, a client is
 * told ours.
 */
#include "core/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/attempt.h"
#include "core/denial.h"
#include "core/resolver.h"
#include "dns/answer.h"
#include "dns/query.h"
#include "rtcache.h"

struct lookup {
	struct tarn__lookups *all;
	struct tarn__list node; /* of all->running */
	struct rtcache_lookup *handle;
	struct tarn__key key; /* a view into the handle's */
	struct tarn__timer timer; /* patience, or the deadline */
	uint64_t deadline_ms;
	struct tarn__list attempts; /* outstanding */
	int error; /* what to fail with if nothing better comes */
	bool is_denied; /* its name is in the cache as one that does not exist */
	struct tarn__tries tries[]; /* one per server */
};

static void on_answer(struct tarn_exchange *, int error, const uint8_t *wire, size_t len);
static void on_timer(struct tarn__timer *);

int tarn__lookups_init(struct tarn__lookups *all, const struct tarn_io *io,
		       struct tarn__timers *timers, struct rtcache_client *client,
		       const struct tarn__config *config)
{
	*all = (struct tarn__lookups){
		.io = io, .timers = timers, .client = client, .wants_ad = config->trust_ad};
	tarn__list_init(&all->running);
	all->upstream =
		tarn__upstream_new(config->servers, config->server_count, config->cookie_secret);
	all->scratch = malloc(sizeof *all->scratch);
	if (all->upstream && all->scratch)
		return 0;
	tarn__lookups_fini(all);
	return TARN_ENOMEM;
}

static uint64_t now_ms(const struct lookup *lookup)
{
	return lookup->all->io->now_ms(lookup->all->io->data);
}

/* One question that goes unanswered is one failure, however often it was sent. */
static void charge_server(struct tarn__attempt *attempt, uint64_t now)
{
	if (!attempt->tries->has_failed)
		tarn__server_failed(attempt->server, now);
	attempt->tries->has_failed = true;
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

/* A server has spoken: what else it was sent is waited for no longer. */
static void cancel_attempts(struct lookup *lookup, size_t index)
{
	struct tarn__list *next;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = next) {
		next = node->next;
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		if (attempt->exchange.server_index == index)
			cancel_attempt(attempt);
	}
}

/*
 * Takes the lookup apart; the caller has ended, or will end, its handle. Whoever was asked and has
 * used up its patience counts as failed.
 */
static void stop(struct lookup *lookup)
{
	uint64_t now = now_ms(lookup);
	while (!tarn__list_is_empty(&lookup->attempts)) {
		struct tarn__attempt *attempt =
			TARN__CONTAINER(lookup->attempts.next, struct tarn__attempt, node);
		if (now >= attempt->sent_ms + attempt->patience_ms)
			charge_server(attempt, now);
		cancel_attempt(attempt);
	}
	tarn__timer_stop(lookup->all->timers, &lookup->timer);
	tarn__list_remove(&lookup->node);
	lookup->all->count--;
	free(lookup);
}

/* RFC 9520 section 3.2: what went wrong upstream is remembered; our own trouble is not the key's. */
static bool is_ours(int error)
{
	return error == TARN_EBUSY || error == TARN_ENOMEM || error == TARN_ECANCELED ||
	       error == TARN_ENOSERVER;
}

static void fail(struct lookup *lookup, int error)
{
	struct rtcache_lookup *handle = lookup->handle;
	stop(lookup);
	if (is_ours(error))
		rtcache_refuse(handle, error);
	else
		rtcache_fail(handle, error);
}

void tarn__lookups_fini(struct tarn__lookups *all)
{
	while (!tarn__list_is_empty(&all->running))
		fail(TARN__CONTAINER(all->running.next, struct lookup, node), TARN_ECANCELED);
	tarn__upstream_free(all->upstream);
	free(all->scratch);
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
	struct tarn__server *server = &lookup->all->upstream->servers[index];
	struct tarn__attempt *attempt = malloc(sizeof *attempt);
	if (!attempt)
		return TARN_ENOMEM;
	*attempt = (struct tarn__attempt){
		.exchange = {.done = on_answer,
			     .server = server->address,
			     .server_index = index,
			     .transport = transport,
			     .wire = attempt->wire},
		.owner = lookup,
		.key = &lookup->key,
		.server = server,
		.tries = tries,
		.sent_ms = now_ms(lookup),
		.patience_ms = patience_ms,
	};
	tarn__attempt_write(attempt, io, lookup->all->wants_ad);
	++*sends;
	tarn__list_append(&lookup->attempts, &attempt->node);
	int error = io->send(io->data, &attempt->exchange);
	if (error < 0)
		drop_attempt(attempt);
	return error;
}

/* Until when to wait now: for an answer, but not beyond the end of the lookup. */
static void wait_for(struct lookup *lookup, uint64_t patience_ms)
{
	uint64_t until = now_ms(lookup) + patience_ms;
	if (until > lookup->deadline_ms)
		until = lookup->deadline_ms;
	tarn__timer_start(lookup->all->timers, &lookup->timer, until);
}

/*
 * Asks the next server that can be asked. Where none is left it waits for those that were; and
 * where nothing is outstanding either, the lookup has failed and is gone.
 */
static void advance(struct lookup *lookup)
{
	struct tarn__upstream *upstream = lookup->all->upstream;
	for (;;) {
		int index = tarn__upstream_choose(upstream, lookup->tries, now_ms(lookup));
		if (index < 0)
			break;
		struct tarn__tries *tries = &lookup->tries[index];
		uint64_t patience =
			tarn__upstream_patience_ms(&upstream->servers[index], tries->sends + 1U);
		int error = ask(lookup, (size_t)index, TARN__UDP, patience);
		if (error == 0) {
			wait_for(lookup, patience);
			return;
		}
		tries->is_done = true;
		lookup->error = error;
	}
	if (tarn__list_is_empty(&lookup->attempts))
		fail(lookup, lookup->error);
	else
		tarn__timer_start(lookup->all->timers, &lookup->timer, lookup->deadline_ms);
}

static void on_timer(struct tarn__timer *timer)
{
	struct lookup *lookup = TARN__CONTAINER(timer, struct lookup, timer);
	if (now_ms(lookup) >= lookup->deadline_ms)
		fail(lookup, lookup->error);
	else
		advance(lookup);
}

/* This server has had its say and was no help. */
static void give_up_server(struct lookup *lookup, size_t index, int error)
{
	lookup->tries[index].is_done = true;
	lookup->error = error;
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
	size_t index = attempt->exchange.server_index;
	bool over_tcp = attempt->exchange.transport == TARN__TCP;
	if (over_tcp && lookup->tries[index].is_disbelieved) {
		drop_attempt(attempt);
		ask_again(lookup, index, TARN__UDP);
		return;
	}
	charge_server(attempt, now_ms(lookup));
	drop_attempt(attempt);
	cancel_attempts(lookup, index);
	give_up_server(lookup, index, error);
}

static void fill(struct lookup *lookup, const struct tarn__answer *answer)
{
	const struct tarn__lookups *all = lookup->all;
	const uint8_t *stored = all->scratch->stored;
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
	size_t index = exchange->server_index;
	enum tarn__transport transport = exchange->transport;
	struct tarn__answer answer;
	enum tarn__outcome outcome = tarn__attempt_judge(attempt, wire, len, now_ms(lookup),
							 lookup->all->scratch, &answer);
	drop_attempt(attempt);
	if (outcome == TARN__OUTCOME_GOOD) {
		fill(lookup, &answer);
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
	if (all->count >= TARN__LOOKUPS_MAX) {
		rtcache_refuse(handle, TARN_EBUSY);
		return;
	}
	struct lookup *lookup =
		calloc(1, sizeof *lookup + all->upstream->count * sizeof lookup->tries[0]);
	if (!lookup) {
		rtcache_refuse(handle, TARN_ENOMEM);
		return;
	}
	lookup->all = all;
	lookup->handle = handle;
	lookup->key = question;
	lookup->is_denied = is_denied;
	lookup->timer.fire = on_timer;
	lookup->error = all->upstream->count > 0 ? TARN_ETIMEOUT : TARN_ENOSERVER;
	lookup->deadline_ms = all->io->now_ms(all->io->data) + TARN__LOOKUP_MS;
	tarn__list_init(&lookup->attempts);
	tarn__list_append(&all->running, &lookup->node);
	all->count++;
	advance(lookup);
}

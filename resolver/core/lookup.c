/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/lookup.c: asking the upstream servers for one key.
 *
 *	start --> ask the best server --> its patience ends --> ask the next, too
 *	              |                        (all asked: the first again, up to TARN__SENDS_MAX)
 *	              v
 *	          an answer: good       --> fill, end
 *	                     truncated, foreign, broken over UDP
 *	                                --> the same server over TCP
 *	                     FORMERR or NOTIMP without OPT
 *	                                --> the same server without EDNS
 *	                     else       --> that server is done; ask the next at once
 *	          nothing left and nothing outstanding, or the time is over
 *	                                --> fail, end
 */
#include "core/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/query.h"
#include "rtcache.h"

struct attempt;

struct lookup {
	struct tarn__lookups *all;
	struct tarn__list node; /* of all->running */
	struct rtcache_lookup *handle;
	struct tarn__key key;
	struct tarn__timer timer; /* patience, or the deadline */
	uint64_t deadline_ms;
	struct tarn__list attempts; /* outstanding */
	int error; /* what to fail with if nothing better comes */
	uint8_t key_octets[TARN__KEY_MAX];
	struct tarn__tries tries[]; /* one per server */
};

struct attempt {
	struct tarn_exchange exchange;
	struct lookup *lookup;
	struct tarn__list node; /* of lookup->attempts */
	uint64_t sent_ms;
	uint64_t patience_ms;
	bool has_edns;
	uint8_t wire[];
};

static void on_answer(struct tarn_exchange *, int error, const uint8_t *wire, size_t len);
static void on_timer(struct tarn__timer *);

int tarn__lookups_init(struct tarn__lookups *all, const struct tarn_io *io,
		       struct tarn__timers *timers, const struct tarn_address *addresses,
		       size_t count)
{
	*all = (struct tarn__lookups){.io = io, .timers = timers};
	tarn__list_init(&all->running);
	all->upstream = tarn__upstream_new(addresses, count);
	all->stored = malloc(TARN__STORED_MAX);
	if (all->upstream && all->stored)
		return 0;
	tarn__lookups_fini(all);
	return TARN_ENOMEM;
}

static uint64_t now_ms(const struct lookup *lookup)
{
	return lookup->all->io->now_ms(lookup->all->io->data);
}

static struct tarn__server *server_of(const struct attempt *attempt)
{
	return &attempt->lookup->all->upstream->servers[attempt->exchange.server_index];
}

/* One question that goes unanswered is one failure, however often it was sent. */
static void charge_server(struct attempt *attempt, uint64_t now)
{
	struct tarn__tries *tries = &attempt->lookup->tries[attempt->exchange.server_index];
	if (!tries->has_failed)
		tarn__server_failed(server_of(attempt), now);
	tries->has_failed = true;
}

static void drop_attempt(struct attempt *attempt)
{
	tarn__list_remove(&attempt->node);
	free(attempt);
}

static void cancel_attempt(struct attempt *attempt)
{
	const struct tarn_io *io = attempt->lookup->all->io;
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
		struct attempt *attempt = TARN__CONTAINER(node, struct attempt, node);
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
		struct attempt *attempt =
			TARN__CONTAINER(lookup->attempts.next, struct attempt, node);
		if (now >= attempt->sent_ms + attempt->patience_ms)
			charge_server(attempt, now);
		cancel_attempt(attempt);
	}
	tarn__timer_stop(lookup->all->timers, &lookup->timer);
	tarn__list_remove(&lookup->node);
	lookup->all->count--;
	free(lookup);
}

static void fail(struct lookup *lookup, int error)
{
	struct rtcache_lookup *handle = lookup->handle;
	stop(lookup);
	rtcache_fail(handle, error);
}

void tarn__lookups_fini(struct tarn__lookups *all)
{
	while (!tarn__list_is_empty(&all->running))
		fail(TARN__CONTAINER(all->running.next, struct lookup, node), TARN_ECANCELED);
	tarn__upstream_free(all->upstream);
	free(all->stored);
}

/* 0, or why that server cannot be asked now. */
static int ask(struct lookup *lookup, size_t index, enum tarn__transport transport, bool edns,
	       uint64_t patience_ms)
{
	const struct tarn_io *io = lookup->all->io;
	struct attempt *attempt = malloc(sizeof *attempt + TARN__ASK_MAX);
	if (!attempt)
		return TARN_ENOMEM;
	/* RFC 5452 section 9.2: every message has an id of its own that nobody can guess. */
	uint16_t id;
	io->random(io->data, &id, sizeof id);
	*attempt = (struct attempt){
		.exchange = {.done = on_answer,
			     .server = lookup->all->upstream->servers[index].address,
			     .server_index = index,
			     .transport = transport,
			     .wire = attempt->wire},
		.lookup = lookup,
		.sent_ms = now_ms(lookup),
		.patience_ms = patience_ms,
		.has_edns = edns,
	};
	/* After the assignment above, which writes the padding that wire begins in. */
	struct tarn__ask message = {.id = id, .edns = edns};
	attempt->exchange.len = tarn__ask_write(&lookup->key, &message, attempt->wire);
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
		tries->sends++;
		uint64_t patience =
			tarn__upstream_patience_ms(&upstream->servers[index], tries->sends);
		int error = ask(lookup, (size_t)index, TARN__UDP, true, patience);
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

/* The same question to the same server in another way; for ever another server if that fails. */
static void ask_differently(struct lookup *lookup, size_t index, enum tarn__transport transport,
			    bool edns)
{
	int error = ask(lookup, index, transport, edns, TARN__PATIENCE_MAX_MS);
	if (error < 0)
		give_up_server(lookup, index, error);
	else
		wait_for(lookup, TARN__PATIENCE_MAX_MS);
}

/* RFC 6891 section 7: a server that does not know EDNS says so without an OPT. */
static bool is_edns_refusal(const struct tarn__answer *answer)
{
	return answer->verdict == TARN__ANSWER_FAILED && !answer->has_opt &&
	       (answer->rcode == TARN__FORMERR || answer->rcode == TARN__NOTIMP);
}

static void on_answer(struct tarn_exchange *exchange, int error, const uint8_t *wire, size_t len)
{
	struct attempt *attempt = TARN__CONTAINER(exchange, struct attempt, exchange);
	struct lookup *lookup = attempt->lookup;
	size_t index = exchange->server_index;
	bool over_udp = exchange->transport == TARN__UDP;
	bool had_edns = attempt->has_edns;
	uint64_t now = now_ms(lookup);

	if (error < 0) {
		charge_server(attempt, now);
		drop_attempt(attempt);
		cancel_attempts(lookup, index);
		give_up_server(lookup, index, error);
		return;
	}
	uint8_t *stored = lookup->all->stored;
	struct tarn__answer answer;
	tarn__answer_read(wire, len, exchange->wire, exchange->len, &lookup->key, false, stored,
			  &answer);
	if (answer.verdict != TARN__ANSWER_FOREIGN)
		tarn__server_answered(server_of(attempt), now - attempt->sent_ms);
	drop_attempt(attempt);

	if (answer.verdict == TARN__ANSWER_GOOD) {
		struct rtcache_lookup *handle = lookup->handle;
		stop(lookup);
		rtcache_fill(handle, stored, answer.len, (uint64_t)answer.ttl * 1000);
		return;
	}
	cancel_attempts(lookup, index);
	if (had_edns && is_edns_refusal(&answer)) {
		ask_differently(lookup, index, over_udp ? TARN__UDP : TARN__TCP, false);
	} else if (over_udp && answer.verdict != TARN__ANSWER_FAILED) {
		/* Truncated; or somebody off the path sends what the server would not. */
		ask_differently(lookup, index, TARN__TCP, had_edns);
	} else {
		give_up_server(lookup, index, TARN_EANSWER);
	}
}

void tarn__lookup_start(struct tarn__lookups *all, struct rtcache_lookup *handle, const void *key,
			size_t key_len)
{
	if (all->count >= TARN__LOOKUPS_MAX) {
		rtcache_fail(handle, TARN_EBUSY);
		return;
	}
	struct lookup *lookup =
		calloc(1, sizeof *lookup + all->upstream->count * sizeof lookup->tries[0]);
	if (!lookup) {
		rtcache_fail(handle, TARN_ENOMEM);
		return;
	}
	lookup->all = all;
	lookup->handle = handle;
	lookup->timer.fire = on_timer;
	lookup->error = all->upstream->count > 0 ? TARN_ETIMEOUT : TARN_ENOSERVER;
	lookup->deadline_ms = all->io->now_ms(all->io->data) + TARN__LOOKUP_MS;
	tarn__list_init(&lookup->attempts);
	tarn__list_append(&all->running, &lookup->node);
	all->count++;
	if (key_len <= sizeof lookup->key_octets) {
		memcpy(lookup->key_octets, key, key_len);
		if (tarn__key_read(lookup->key_octets, key_len, &lookup->key)) {
			advance(lookup);
			return;
		}
	}
	fail(lookup, TARN_EINVAL);
}

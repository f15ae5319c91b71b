/* SPDX-License-Identifier: BSD-2-Clause */
/* core/resolver.c: a question's life: a hit is answered at once, a miss waits in the cache. */
#include "core/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/denial.h"
#include "core/list.h"
#include "core/lookup.h"
#include "core/loop.h"
#include "core/policy.h"
#include "core/respond.h"
#include "core/timer.h"
#include "dns/query.h"
#include "rtcache.h"

/* How the cache deals with time: serve-stale (RFC 8767 section 5), failures (RFC 9520). */
enum {
	STALE_MS = 86400000, /* RFC 8767 suggests one to three days */
	STALE_AFTER_MS = 1800, /* the client response timer */
	STALE_FAILURE_MS = 30000, /* the failure recheck timer */
	FAILURE_MS = 5000, /* RFC 9520 section 3.2: at least 1 s ... */
	FAILURE_MAX_MS = 60000, /* ... at most 5 min; doubling in between */
	REFRESH_PERCENT = 10, /* of its life an answer is looked up ahead of time */
};

enum {
	CLIENT_MS = 4000, /* every client has an answer by then: stubs give up at 5 s */
	PENDING_MAX = 20000, /* questions that wait in one worker; some 16 MiB */
	TIMERS_PER_RUN = 1000, /* so that a wake-up ends; the rest is due at once */
	DROPS_PER_RUN = 256, /* entries looked at, likewise */
};

struct tarn__shared {
	uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN];
	struct rtcache *cache;
	struct tarn__loops *loops;
};

/* A question that waits for its answer. */
struct pending {
	struct rtcache_request request; /* data is the resolver */
	struct tarn__list node; /* of resolver->waiting */
	struct tarn__timer deadline;
	struct tarn__query query;
	struct tarn__asker asker; /* its pointers, and the query's, lead to the copies below */
	struct tarn_address client;
	_Alignas(max_align_t) uint8_t route[TARN__ROUTE_MAX];
	uint8_t cookie[TARN__COOKIE_MAX];
	uint8_t qname[TARN__NAME_MAX];
};

struct tarn__resolver {
	struct tarn__shared *shared;
	const struct tarn_io *io;
	struct rtcache_client *client;
	struct tarn__timers timers;
	struct tarn__lookups lookups;
	unsigned loops_seen; /* see tarn__loops_have_news() */
	struct tarn__list waiting;
	size_t waiting_count;
	struct pending *spare; /* the next question's, if it has to wait */
	uint8_t *reply; /* TARN__MESSAGE_MAX octets, for late answers */
};

/* ---- shared by all workers -------------------------------------------------------------- */

/* What any worker has found. */
static void learn_of_loops(struct tarn__resolver *resolver)
{
	struct tarn__loops *loops = resolver->shared->loops;
	const struct tarn__lookups *lookups = &resolver->lookups;
	if (!tarn__loops_have_news(loops, &resolver->loops_seen))
		return;
	for (size_t i = 0; i < lookups->config->group_count; i++)
		tarn__loops_mark(loops, lookups->config, i, lookups->groups[i]->upstream);
}

static void on_lookup(struct rtcache_lookup *handle, const void *key, size_t key_len, void *extra,
		      void *arg)
{
	(void)arg;
	struct tarn__resolver *resolver = extra;
	learn_of_loops(resolver);
	tarn__lookup_start(&resolver->lookups, handle, key, key_len);
}

struct tarn__shared *tarn__shared_new(const struct tarn__shared_options *options)
{
	struct tarn__shared *shared = calloc(1, sizeof *shared);
	if (!shared)
		return NULL;
	memcpy(shared->cookie_secret, options->cookie_secret, sizeof shared->cookie_secret);
	shared->loops = tarn__loops_new();
	if (!shared->loops)
		goto failed;
	shared->cache = rtcache_new(&(struct rtcache_options){
		.size = options->cache_size,
		.stale_ms = STALE_MS,
		.stale_after_ms = STALE_AFTER_MS,
		.stale_failure_ms = STALE_FAILURE_MS,
		.failure_ms = FAILURE_MS,
		.failure_max_ms = FAILURE_MAX_MS,
		.refresh_percent = REFRESH_PERCENT,
		.now_ms = options->now_ms,
		.lookup = on_lookup,
		.arg = options->now_arg,
	});
	if (shared->cache)
		return shared;
failed:;
	int saved = errno;
	tarn__shared_free(shared);
	errno = saved;
	return NULL;
}

void tarn__shared_free(struct tarn__shared *shared)
{
	if (!shared)
		return;
	rtcache_free(shared->cache);
	tarn__loops_free(shared->loops);
	free(shared);
}

/* ---- questions that wait ---------------------------------------------------------------- */

static struct pending *take_spare(struct tarn__resolver *resolver)
{
	struct pending *pending = resolver->spare;
	resolver->spare = NULL;
	return pending;
}

static bool have_spare(struct tarn__resolver *resolver)
{
	if (!resolver->spare && resolver->waiting_count < PENDING_MAX)
		resolver->spare = calloc(1, sizeof *resolver->spare);
	return resolver->spare;
}

static struct tarn__respondent respondent(const struct tarn__resolver *resolver,
					  const struct tarn__asker *asker,
					  const struct tarn__query *query)
{
	return (struct tarn__respondent){.config = resolver->lookups.config,
					 .cookie_secret = resolver->shared->cookie_secret,
					 .io = resolver->io,
					 .asker = asker,
					 .query = query};
}

/* Takes the question out of the resolver, answers it and frees it. */
static void finish(struct tarn__resolver *resolver, struct pending *pending, size_t reply_len)
{
	tarn__timer_stop(&resolver->timers, &pending->deadline);
	tarn__list_remove(&pending->node);
	resolver->waiting_count--;
	const struct tarn__asker *asker = &pending->asker;
	asker->answer(asker->owner, asker->route, resolver->reply, reply_len);
	if (resolver->spare)
		free(pending);
	else
		resolver->spare = pending;
}

static void on_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct pending *pending = TARN__CONTAINER(request, struct pending, request);
	struct tarn__resolver *resolver = request->data;
	struct tarn__respondent to = respondent(resolver, &pending->asker, &pending->query);
	finish(resolver, pending, tarn__respond_value(&to, value, resolver->reply));
}

/* The lookup goes on and fills the cache for the next who asks. */
static void on_deadline(struct tarn__timer *timer)
{
	struct pending *pending = TARN__CONTAINER(timer, struct pending, deadline);
	struct tarn__resolver *resolver = pending->request.data;
	rtcache_cancel(resolver->client, &pending->request);
	struct tarn__respondent to = respondent(resolver, &pending->asker, &pending->query);
	finish(resolver, pending,
	       tarn__respond_failure(&to, TARN_ETIMEOUT, false, resolver->reply));
}

static void wait(struct tarn__resolver *resolver, const struct tarn__asker *asker,
		 const struct tarn__query *query)
{
	struct pending *pending = take_spare(resolver);
	pending->query = *query;
	memcpy(pending->qname, query->qname, query->qname_len);
	pending->query.qname = pending->qname;
	if (query->cookie) {
		memcpy(pending->cookie, query->cookie, query->cookie_len);
		pending->query.cookie = pending->cookie;
	}
	pending->asker = *asker;
	memcpy(pending->route, asker->route, asker->route_len);
	pending->asker.route = pending->route;
	if (asker->client) {
		pending->client = *asker->client;
		pending->asker.client = &pending->client;
	}
	tarn__list_append(&resolver->waiting, &pending->node);
	resolver->waiting_count++;
	pending->deadline.fire = on_deadline;
	tarn__timer_start(&resolver->timers, &pending->deadline,
			  resolver->io->now_ms(resolver->io->data) + CLIENT_MS);
}

/* ---- the way of a question -------------------------------------------------------------- */

/* RFC 1034 section 4.3.1: who does not desire recursion gets what is in the cache, or REFUSED. */
static size_t answer_from_cache(struct tarn__resolver *resolver, const struct tarn__respondent *to,
				const uint8_t *octets, size_t len, uint8_t *reply)
{
	struct rtcache_value value;
	if (rtcache_peek(resolver->client, octets, len, false, &value) == 1)
		return tarn__respond_value(to, &value, reply);
	struct tarn__key key;
	if (tarn__key_read(octets, len, &key) && tarn__denial_find(resolver->client, &key, &value))
		return tarn__respond_value(to, &value, reply);
	return tarn__respond_not_cached(to, reply);
}

long tarn__resolver_ask(struct tarn__resolver *resolver, const struct tarn__asker *asker,
			const uint8_t *wire, size_t len, uint8_t *reply)
{
	struct tarn__query query;
	int verdict = tarn__query_parse(wire, len, &query);
	if (verdict == TARN__QUERY_DROP)
		return TARN__ASK_DROP;
	const struct tarn__respondent to = respondent(resolver, asker, &query);
	if (verdict != TARN__QUERY_GOOD)
		return (long)tarn__respond_rcode(&to, (uint16_t)verdict, reply);
	if (tarn__loops_may_hear(&query) &&
	    tarn__loops_hear(resolver->shared->loops, &query,
			     resolver->io->now_ms(resolver->io->data)))
		return (long)tarn__respond_rcode(&to, TARN__REFUSED, reply);
	struct tarn__policy_answer answer;
	enum tarn__ruling ruling = tarn__policy_apply(resolver->lookups.config->policy, &query,
						      asker->client, &answer);
	if (ruling != TARN__POLICY_PASS)
		return (long)tarn__respond_policy(&to, ruling, &answer, reply);
	uint8_t key[TARN__KEY_MAX];
	size_t key_len = tarn__key_write(&query, key);
	if (!(query.flags & TARN__FLAG_RD))
		return (long)answer_from_cache(resolver, &to, key, key_len, reply);

	if (!have_spare(resolver))
		return (long)tarn__respond_failure(&to, TARN_EBUSY, false, reply);
	struct rtcache_request *request = &resolver->spare->request;
	request->data = resolver;
	request->done = on_done;
	struct rtcache_value value;
	uint64_t started = resolver->lookups.started;
	int got = rtcache_get(resolver->client, request, key, key_len, 0, resolver, &value);
	if (got < 0)
		return (long)tarn__respond_failure(&to, got, false, reply);
	if (got == 0) {
		wait(resolver, asker, &query);
		return TARN__ASK_LATER;
	}
	/* Without a lookup the failure is an earlier one's. */
	bool is_cached = resolver->lookups.started == started;
	if (is_cached && (!value.data || value.status == RTCACHE_STALE))
		tarn__lookups_want(&resolver->lookups, query.qname, query.qname_len);
	if (value.data)
		return (long)tarn__respond_value(&to, &value, reply);
	return (long)tarn__respond_failure(&to, value.error, is_cached, reply);
}

/* ---- one per worker --------------------------------------------------------------------- */

struct tarn__resolver *tarn__resolver_new(struct tarn__shared *shared, struct tarn__config *config,
					  const struct tarn_io *io, void (*wake)(void *arg),
					  void *wake_arg)
{
	struct tarn__resolver *resolver = calloc(1, sizeof *resolver);
	if (!resolver)
		return NULL;
	resolver->shared = shared;
	resolver->io = io;
	tarn__list_init(&resolver->waiting);
	resolver->client = rtcache_client_new(shared->cache, wake, wake_arg);
	resolver->reply = malloc(TARN__MESSAGE_MAX);
	if (resolver->client && resolver->reply &&
	    tarn__lookups_init(&resolver->lookups, io, &resolver->timers, resolver->client, config,
			       shared->cookie_secret) == 0)
		return resolver;
	rtcache_client_free(resolver->client);
	free(resolver->reply);
	free(resolver);
	return NULL;
}

void tarn__resolver_free(struct tarn__resolver *resolver)
{
	if (!resolver)
		return;
	/*
	 * The client first: it ends this worker's requests, and other workers that wait for lookups
	 * of this one start their own instead of sharing the failure that comes next.
	 */
	rtcache_client_free(resolver->client);
	tarn__lookups_fini(&resolver->lookups);
	free(resolver->spare);
	free(resolver->reply);
	free(resolver);
}

struct rtcache_client *tarn__resolver_client(struct tarn__resolver *resolver)
{
	return resolver->client;
}

const struct tarn__config *tarn__resolver_config(const struct tarn__resolver *resolver)
{
	return resolver->lookups.config;
}

void tarn__resolver_run(struct tarn__resolver *resolver)
{
	const struct tarn_io *io = resolver->io;
	learn_of_loops(resolver);
	if (tarn__lookups_have_heals(&resolver->lookups))
		tarn__lookups_take_heals(&resolver->lookups);
	rtcache_client_run(resolver->client);
	if (tarn__timers_run(&resolver->timers, io->now_ms(io->data), TIMERS_PER_RUN) > 0)
		rtcache_client_run(resolver->client);
	uint64_t next = tarn__timers_next_ms(&resolver->timers);
	uint64_t cache_next = rtcache_client_next_ms(resolver->client);
	io->wake_at(io->data, next < cache_next ? next : cache_next);
}

/* ---- another configuration, another network --------------------------------------------- */

int tarn__resolver_set_config(struct tarn__resolver *resolver, struct tarn__config *config,
			      void (*switched)(void *arg), void *arg)
{
	int error = tarn__lookups_set_config(&resolver->lookups, config, switched, arg);
	if (error == 0)
		resolver->loops_seen = 0;
	return error;
}

struct drop {
	struct tarn__resolver *resolver;
	struct tarn__config *const *before;
	size_t count;
};

static void drop_item(const struct rtcache_item *item, void *arg)
{
	const struct drop *drop = arg;
	struct tarn__key key;
	if (!tarn__key_read(item->key, item->key_len, &key))
		return;
	for (size_t i = 0; i < drop->count; i++) {
		if (!tarn__config_moves(drop->before[i], drop->resolver->lookups.config, key.qname,
					key.qname_len))
			continue;
		rtcache_remove(drop->resolver->client, item->key, item->key_len);
		return;
	}
}

bool tarn__resolver_drop(struct tarn__resolver *resolver, struct tarn__config *const *before,
			 size_t count, uint64_t *cursor)
{
	struct drop drop = {.resolver = resolver, .before = before, .count = count};
	return rtcache_walk(resolver->client, cursor, DROPS_PER_RUN, drop_item, &drop);
}

void tarn__resolver_network_changed(struct tarn__resolver *resolver)
{
	tarn__lookups_network_changed(&resolver->lookups);
}

/* Asks the servers of a group for their names. Where memory is short some are not asked. */
static int ask_for_loops(struct tarn__forwarding *forwarding, const struct tarn__group *group,
			 const uint8_t (*labels)[TARN__LOOP_LABEL_LEN])
{
	int error = 0;
	for (size_t i = 0; i < group->count; i++) {
		uint8_t qname[TARN__NAME_MAX];
		struct tarn__key key = {
			.qname = qname, .qtype = TARN__TYPE_TXT, .qclass = TARN__CLASS_IN};
		key.qname_len = (uint16_t)tarn__loops_name(labels[group->first + i], group, qname);
		/* A server that cannot be reached leads nowhere. */
		if (key.qname_len > 0 &&
		    tarn__probe_send(&forwarding->probes, i, &key, false) == TARN_ENOMEM)
			error = TARN_ENOMEM;
	}
	return error;
}

int tarn__resolver_probe_loops(struct tarn__resolver *resolver, tarn__loop_function *found,
			       void *arg)
{
	const struct tarn_io *io = resolver->io;
	const struct tarn__lookups *lookups = &resolver->lookups;
	struct tarn__config *config = lookups->config;
	uint8_t labels[TARN__SERVERS_ALL_MAX][TARN__LOOP_LABEL_LEN];
	for (size_t i = 0; i < config->server_count; i++) {
		uint8_t random[TARN__LOOP_LABEL_LEN / 2];
		io->random(io->data, random, sizeof random);
		tarn__loops_label(random, labels[i]);
	}
	int error = tarn__loops_expect(resolver->shared->loops, config, labels,
				       io->now_ms(io->data), found, arg);
	for (size_t i = 0; i < config->group_count && error == 0; i++)
		error = ask_for_loops(lookups->groups[i], &config->groups[i], labels);
	io->wake_at(io->data, io->now_ms(io->data));
	return error;
}

void tarn__resolver_park(struct tarn__resolver *resolver)
{
	rtcache_client_park(resolver->client);
}

void tarn__resolver_unpark(struct tarn__resolver *resolver)
{
	rtcache_client_unpark(resolver->client);
}

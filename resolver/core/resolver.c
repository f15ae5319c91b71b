/* SPDX-License-Identifier: BSD-2-Clause */
/* core/resolver.c: a question's life: a hit is answered at once, a miss waits in the cache. */
#include "core/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "core/lookup.h"
#include "core/timer.h"
#include "dns/answer.h"
#include "dns/query.h"
#include "rtcache.h"

enum {
	CLIENT_MS = 4000, /* every client has an answer by then: stubs give up at 5 s */
	PENDING_MAX = 20000, /* questions that wait in one worker; some 14 MiB */
	TIMERS_PER_RUN = 1000, /* so that a wake-up ends; the rest is due at once */
};

struct tarn__shared {
	struct tarn__config config;
	struct rtcache *cache;
};

/* A question that waits for its answer. */
struct pending {
	struct rtcache_request request; /* data is the resolver */
	struct tarn__list node; /* of resolver->waiting */
	struct tarn__timer deadline;
	struct tarn__query query;
	enum tarn__transport transport;
	void (*answer)(void *owner, const void *route, const uint8_t *reply, size_t len);
	void *owner;
	_Alignas(max_align_t) uint8_t route[TARN__ROUTE_MAX];
	uint8_t qname[TARN__NAME_MAX];
};

struct tarn__resolver {
	struct tarn__shared *shared;
	const struct tarn_io *io;
	struct rtcache_client *client;
	struct tarn__timers timers;
	struct tarn__lookups lookups;
	struct tarn__list waiting;
	size_t waiting_count;
	struct pending *spare; /* the next question's, if it has to wait */
	uint8_t *reply; /* TARN__MESSAGE_MAX octets, for late answers */
};

/* ---- shared by all workers -------------------------------------------------------------- */

static void on_lookup(struct rtcache_lookup *handle, const void *key, size_t key_len, void *extra,
		      void *arg)
{
	(void)arg;
	struct tarn__resolver *resolver = extra;
	tarn__lookup_start(&resolver->lookups, handle, key, key_len);
}

struct tarn__shared *tarn__shared_new(const struct tarn__config *config)
{
	if (config->server_count > TARN__SERVERS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	struct tarn__shared *shared = calloc(1, sizeof *shared);
	if (!shared)
		return NULL;
	shared->config = *config;
	size_t servers_size = config->server_count * sizeof config->servers[0];
	shared->config.servers = malloc(servers_size + 1);
	if (!shared->config.servers)
		goto failed;
	if (servers_size > 0)
		memcpy(shared->config.servers, config->servers, servers_size);
	shared->cache = rtcache_new(&(struct rtcache_options){
		.size = config->cache_size,
		.now_ms = config->now_ms,
		.lookup = on_lookup,
		.arg = config->now_arg,
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
	free(shared->config.servers);
	free(shared);
}

const struct tarn__config *tarn__shared_config(const struct tarn__shared *shared)
{
	return &shared->config;
}

/* ---- answers ---------------------------------------------------------------------------- */

/* Why a lookup failed, for the client (RFC 8914 section 4). */
static struct tarn__ede explain(int error)
{
	switch (error) {
	case TARN_ETIMEOUT:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "no upstream server answered in time"};
	case TARN_EANSWER:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "the upstream servers answered with errors only"};
	case TARN_ENOSERVER:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "no upstream server is configured"};
	case TARN_EUNREACHABLE:
		return (struct tarn__ede){TARN__EDE_NETWORK_ERROR,
					  "the upstream servers cannot be reached"};
	case TARN_EBUSY:
		return (struct tarn__ede){TARN__EDE_NOT_READY, "too many questions under way"};
	case TARN_ECANCELED:
	case RTCACHE_ECANCELED:
		return (struct tarn__ede){TARN__EDE_NOT_READY, "the resolver is stopping"};
	default:
		return (struct tarn__ede){TARN__EDE_NOT_READY, "the resolver is out of memory"};
	}
}

static size_t write_failure(const struct tarn__query *query, int error, uint8_t *reply)
{
	struct tarn__options options = {.ede_count = 1, .ede = {explain(error)}};
	return tarn__reply_error(query, TARN__SERVFAIL, &options, reply);
}

static size_t write_answer(const struct tarn__query *query, enum tarn__transport transport,
			   const struct rtcache_value *value, uint8_t *reply)
{
	if (!value->data)
		return write_failure(query, value->error, reply);
	struct tarn__reply how = {
		.limit = transport == TARN__UDP ? tarn__reply_limit(query) : TARN__MESSAGE_MAX,
		.age_sec = (uint32_t)(value->age_ms / 1000),
	};
	return tarn__reply_stored(query, value->data, value->len, &how, reply);
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

/* Takes the question out of the resolver, answers it and frees it. */
static void finish(struct tarn__resolver *resolver, struct pending *pending, size_t reply_len)
{
	tarn__timer_stop(&resolver->timers, &pending->deadline);
	tarn__list_remove(&pending->node);
	resolver->waiting_count--;
	pending->answer(pending->owner, pending->route, resolver->reply, reply_len);
	if (resolver->spare)
		free(pending);
	else
		resolver->spare = pending;
}

static void on_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct pending *pending = TARN__CONTAINER(request, struct pending, request);
	struct tarn__resolver *resolver = request->data;
	finish(resolver, pending,
	       write_answer(&pending->query, pending->transport, value, resolver->reply));
}

/* The lookup goes on and fills the cache for the next who asks. */
static void on_deadline(struct tarn__timer *timer)
{
	struct pending *pending = TARN__CONTAINER(timer, struct pending, deadline);
	struct tarn__resolver *resolver = pending->request.data;
	rtcache_cancel(resolver->client, &pending->request);
	finish(resolver, pending, write_failure(&pending->query, TARN_ETIMEOUT, resolver->reply));
}

static void wait(struct tarn__resolver *resolver, const struct tarn__asker *asker,
		 const struct tarn__query *query)
{
	struct pending *pending = take_spare(resolver);
	pending->query = *query;
	memcpy(pending->qname, query->qname, query->qname_len);
	pending->query.qname = pending->qname;
	pending->transport = asker->transport;
	pending->answer = asker->answer;
	pending->owner = asker->owner;
	memcpy(pending->route, asker->route, asker->route_len);
	tarn__list_append(&resolver->waiting, &pending->node);
	resolver->waiting_count++;
	pending->deadline.fire = on_deadline;
	tarn__timer_start(&resolver->timers, &pending->deadline,
			  resolver->io->now_ms(resolver->io->data) + CLIENT_MS);
}

/* ---- the way of a question -------------------------------------------------------------- */

/* RFC 1034 section 4.3.1: who does not desire recursion gets what is in the cache, or REFUSED. */
static size_t answer_from_cache(struct tarn__resolver *resolver, const struct tarn__asker *asker,
				const struct tarn__query *query, const uint8_t *key, size_t key_len,
				uint8_t *reply)
{
	struct rtcache_value value;
	if (rtcache_peek(resolver->client, key, key_len, false, &value) == 1)
		return write_answer(query, asker->transport, &value, reply);
	return tarn__reply_error(query, TARN__REFUSED, NULL, reply);
}

long tarn__resolver_ask(struct tarn__resolver *resolver, const struct tarn__asker *asker,
			const uint8_t *wire, size_t len, uint8_t *reply)
{
	struct tarn__query query;
	int verdict = tarn__query_parse(wire, len, &query);
	if (verdict == TARN__QUERY_DROP)
		return TARN__ASK_DROP;
	if (verdict != TARN__QUERY_GOOD)
		return (long)tarn__reply_error(&query, (uint16_t)verdict, NULL, reply);
	uint8_t key[TARN__KEY_MAX];
	size_t key_len = tarn__key_write(&query, key);
	if (!(query.flags & TARN__FLAG_RD))
		return (long)answer_from_cache(resolver, asker, &query, key, key_len, reply);

	if (!have_spare(resolver))
		return (long)write_failure(&query, TARN_EBUSY, reply);
	struct rtcache_request *request = &resolver->spare->request;
	request->data = resolver;
	request->done = on_done;
	struct rtcache_value value;
	int got = rtcache_get(resolver->client, request, key, key_len, 0, resolver, &value);
	if (got == 1)
		return (long)write_answer(&query, asker->transport, &value, reply);
	if (got < 0)
		return (long)write_failure(&query, got, reply);
	wait(resolver, asker, &query);
	return TARN__ASK_LATER;
}

/* ---- one per worker --------------------------------------------------------------------- */

struct tarn__resolver *tarn__resolver_new(struct tarn__shared *shared, const struct tarn_io *io,
					  void (*wake)(void *arg), void *wake_arg)
{
	struct tarn__resolver *resolver = calloc(1, sizeof *resolver);
	if (!resolver)
		return NULL;
	resolver->shared = shared;
	resolver->io = io;
	tarn__list_init(&resolver->waiting);
	if (tarn__lookups_init(&resolver->lookups, io, &resolver->timers, shared->config.servers,
			       shared->config.server_count) < 0) {
		free(resolver);
		return NULL;
	}
	resolver->reply = malloc(TARN__MESSAGE_MAX);
	resolver->client = rtcache_client_new(shared->cache, wake, wake_arg);
	if (resolver->reply && resolver->client)
		return resolver;
	tarn__resolver_free(resolver);
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
	if (resolver->client)
		rtcache_client_free(resolver->client);
	tarn__lookups_fini(&resolver->lookups);
	free(resolver->spare);
	free(resolver->reply);
	free(resolver);
}

void tarn__resolver_run(struct tarn__resolver *resolver)
{
	const struct tarn_io *io = resolver->io;
	rtcache_client_run(resolver->client);
	if (tarn__timers_run(&resolver->timers, io->now_ms(io->data), TIMERS_PER_RUN) > 0)
		rtcache_client_run(resolver->client);
	uint64_t next = tarn__timers_next_ms(&resolver->timers);
	uint64_t cache_next = rtcache_client_next_ms(resolver->client);
	io->wake_at(io->data, next < cache_next ? next : cache_next);
}

void tarn__resolver_park(struct tarn__resolver *resolver)
{
	rtcache_client_park(resolver->client);
}

void tarn__resolver_unpark(struct tarn__resolver *resolver)
{
	rtcache_client_unpark(resolver->client);
}

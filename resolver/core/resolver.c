/* SPDX-License-Identifier: BSD-2-Clause */
/* core/resolver.c: a question's life: a hit is answered at once, a miss waits in the cache. */
#include "core/resolver.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_anchors.h"
#include "core/detour.h"
#include "core/forward/attempt.h"
#include "core/forward/nxdomain.h"
#include "core/forward/asking.h"
#include "core/forward/checking.h"
#include "core/forward/forward_loop.h"
#include "core/forward/reasons.h"
#include "core/observe.h"
#include "core/forward/answer_source.h"
#include "core/policy/answer.h"
#include "core/policy/dns64.h"
#include "core/policy/policy.h"
#include "core/resolver_state.h"
#include "core/respond.h"
#include "core/second/second.h"
#include "dns/notify.h"
#include "dns/reply.h"
#include "dns/stored.h"
#include "dns/query.h"
#include "rtcache.h"

/* Times of the cache: serve-stale (RFC 8767 section 5), failures (RFC 9520). */
enum {
	STALE_FAILURE_MS = 30000, /* the failure recheck timer */
	REFRESH_PERCENT = 10, /* of an answer's life: a hit in this last part starts a lookup */
};

enum {
	TIMERS_PER_RUN = 1000, /* bounds the time of a wake-up; the rest is due at once */
	DROPS_PER_RUN = 256, /* entries, for the same reason */
	/* Servers that are tested for a forwarding loop per LOOKS_MS; each takes some 75 KB for 10 s. */
	LOOKS_AT_ONCE = 16,
	LOOKS_MS = 1000,
	SPARES_MAX = 64, /* 53 KB: a busy worker uses them again */
};

/* A question that waits for its answer. */
struct pending {
	struct rtcache_request request; /* data is the resolver */
	struct tarn__list node; /* of resolver->waiting */
	struct tarn__zone *zone; /* of the name that is asked for; NULL: it has no servers now */
	struct tarn__share share; /* of its client, if there is one */
	struct tarn__timer deadline;
	uint64_t asked_us;
	struct tarn__detour *detour; /* NULL: the answer is that to the question itself */
	struct tarn__query query;
	struct tarn__client_request
		client_request; /* its pointers, and the query's, refer to the copies below */
	struct tarn_address client;
	_Alignas(max_align_t) uint8_t route[TARN__ROUTE_MAX];
	uint8_t cookie[TARN__COOKIE_MAX];
	uint8_t qname[TARN__NAME_MAX];
};

_Static_assert(TARN__PENDING_MAX <= UINT16_MAX, "core/shares.h counts no further");
_Static_assert((int)TARN__COOKIE_SECRET_LEN == (int)TARN__SIPHASH_KEY_LEN,
	       "it is the secret of the shares, too");
_Static_assert(sizeof(struct pending) <= TARN__PENDING_SIZE, "resolver.h says so");

/* How the reply to a question was made. */
struct outcome {
	enum tarn__status status;
	const uint8_t *stored; /* the stored form sent; NULL: none */
	bool is_composed; /* the reply is made of it, and of more */
	bool is_bogus; /* a failure, of validation */
	uint8_t list_slot; /* of the list that decided; 0: none */
};

/* ---- shared by all workers -------------------------------------------------------------- */

/*
 * Returns true if the client may have one more waiting question, or lookup, while left of them are free for
 * all clients.
 */
static bool has_share(const struct tarn__resolver *resolver,
		      const struct tarn__client_request *client_request, size_t left)
{
	/* The usual case: so few wait that no client can have more than its share. */
	if (!client_request->client || resolver->waiting_count < TARN__SHARES_FACTOR * left)
		return true;
	struct tarn__share share =
		tarn__share_of(client_request->client, resolver->shared->cookie_secret);
	return tarn__shares_allow(&resolver->shares, share, left);
}

/* A cached NXDOMAIN of the name is still used as the answer. */
static void refuse_lookup(struct tarn__forwarder *all, struct rtcache_lookup *handle,
			  const void *key, size_t key_len)
{
	struct tarn__key question;
	all->started++;
	if (!tarn__key_read(key, key_len, &question) ||
	    !tarn__nxdomain_fill(all->client, handle, &question, all->scratch->stored))
		rtcache_refuse(handle, TARN_EBUSY);
}

static void on_lookup(struct rtcache_lookup *handle, const void *key, size_t key_len, void *extra,
		      void *arg)
{
	(void)arg;
	struct tarn__resolver *resolver = extra;
	struct tarn__forwarder *all = &resolver->forwarder;
	tarn__forwarder_learn_of_forward_loops(all);
	/* Without a client request, the lookup is taken over from a worker that has ended. */
	if (resolver->client_request &&
	    !has_share(resolver, resolver->client_request, TARN__LOOKUPS_MAX - all->count))
		refuse_lookup(all, handle, key, key_len);
	else
		tarn__lookup_start(all, handle, key, key_len);
}

static uint64_t stale_ms(int32_t stale_sec)
{
	if (stale_sec < 0)
		return 0;
	return 1000 * (uint64_t)(stale_sec > 0 ? stale_sec : TARN_STALE_SEC_DEFAULT);
}

static uint64_t failure_ms(int32_t sec, int32_t default_sec)
{
	return 1000 * (uint64_t)(sec > 0 ? sec : default_sec);
}

struct tarn__shared *tarn__shared_new(const struct tarn__shared_options *options)
{
	const struct tarn_options *public = options->options;
	struct tarn__shared *shared = calloc(1, sizeof *shared);
	if (!shared)
		return NULL;
	memcpy(shared->cookie_secret, options->cookie_secret, sizeof shared->cookie_secret);
	shared->forward_loops = tarn__forward_loops_new();
	shared->answer_sources = tarn__answer_sources_new();
	shared->reasons = tarn__reasons_new();
	shared->findings = tarn__findings_new(options->found, options->found_arg);
	shared->second = tarn__second_shared_new(stale_ms(public->stale_sec));
	if (!shared->forward_loops || !shared->answer_sources || !shared->reasons ||
	    !shared->findings || !shared->second)
		goto failed;
	shared->cache = rtcache_new(&(struct rtcache_options){
		.size = public->cache_size > 0 ? public->cache_size : TARN_CACHE_SIZE_DEFAULT,
		.stale_ms = stale_ms(public->stale_sec),
		.stale_after_ms = TARN__STALE_AFTER_MS,
		.stale_failure_ms = STALE_FAILURE_MS,
		.failure_ms = failure_ms(public->failure_sec, TARN_FAILURE_SEC_DEFAULT),
		/* The cache takes the larger of both. */
		.failure_max_ms = failure_ms(public->failure_max_sec, TARN_FAILURE_MAX_SEC_DEFAULT),
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
	tarn__forward_loops_free(shared->forward_loops);
	tarn__answer_sources_free(shared->answer_sources);
	tarn__reasons_free(shared->reasons);
	tarn__findings_free(shared->findings);
	tarn__second_shared_free(shared->second);
	free(shared);
}

struct rtcache *tarn__shared_cache(struct tarn__shared *shared)
{
	return shared->cache;
}

void tarn__shared_set_notify_taker(struct tarn__shared *shared,
				   const struct tarn__notify_taker *taker)
{
	atomic_store_explicit(&shared->notify_taker, taker, memory_order_release);
}

const struct tarn_address *tarn__shared_answer_source(const struct tarn__shared *shared,
						      const uint8_t *stored)
{
	return tarn__answer_sources_find(shared->answer_sources,
					 tarn__stored_answer_source(stored));
}

struct tarn__reasons *tarn__shared_reasons(const struct tarn__shared *shared)
{
	return shared->reasons;
}

/* ---- counters and observers ------------------------------------------------------------- */

static void count_question(struct tarn__stats *stats,
			   const struct tarn__client_request *client_request)
{
	size_t way = client_request->client ? (size_t)client_request->transport : TARN__COUNTED_OWN;
	stats->questions[way]++;
}

static void count_type(struct tarn__stats *stats, uint16_t type)
{
	enum { OTHER_TYPES = TARN__COUNTED_TYPES - 1 };
	stats->types[type < OTHER_TYPES ? type : OTHER_TYPES]++;
}

/* A stale answer may have had its signatures expire. */
static enum tarn__answered_security find_security(const struct tarn__resolver *resolver,
						  const struct outcome *outcome)
{
	if (!resolver->forwarder.config->validates)
		return TARN__ANSWERED_UNCHECKED;
	if (outcome->is_bogus)
		return TARN__ANSWERED_BOGUS;
	if (!outcome->stored || outcome->is_composed || outcome->status == TARN__STATUS_STALE)
		return TARN__ANSWERED_UNCHECKED;
	if (tarn__stored_has_ad(outcome->stored))
		return TARN__ANSWERED_SECURE;
	return tarn__stored_remark(outcome->stored) == TARN__REMARK_NONE ? TARN__ANSWERED_UNCHECKED
									 : TARN__ANSWERED_INSECURE;
}

__attribute__((noinline)) static void show_reply(const struct tarn__resolver *resolver,
						 const struct tarn__reply_context *to,
						 const struct outcome *outcome, uint16_t rcode,
						 uint64_t latency_us, const uint8_t *reply,
						 size_t len)
{
	const struct tarn__observer *observer = resolver->forwarder.observer;
	const struct tarn_address *upstream = NULL;
	if (outcome->stored)
		upstream = tarn__shared_answer_source(resolver->shared, outcome->stored);
	if (observer->answered)
		observer->answered(
			observer->data,
			&(struct tarn__answered){.client = to->client_request->client,
						 .transport = to->client_request->transport,
						 .query = to->query,
						 .reply = reply,
						 .reply_len = len,
						 .rcode = rcode,
						 .status = outcome->status,
						 .security = find_security(resolver, outcome),
						 .list_slot = outcome->list_slot,
						 .latency_ms = latency_us / 1000,
						 .upstream = upstream});
}

static inline void count_reply(struct tarn__resolver *resolver,
			       const struct tarn__reply_context *to, const struct outcome *outcome,
			       uint16_t rcode, uint64_t latency_us, const uint8_t *reply,
			       size_t len)
{
	resolver->stats.rcodes[rcode]++;
	resolver->stats.statuses[outcome->status]++;
	if (resolver->forwarder.observer)
		show_reply(resolver, to, outcome, rcode, latency_us, reply, len);
}

/* A question that gets no reply, by the policy's word. */
static void count_drop(struct tarn__resolver *resolver, const struct outcome *outcome)
{
	resolver->stats.statuses[outcome->status]++;
	resolver->stats.dropped++;
}

static uint16_t reply_rcode(const uint8_t *reply)
{
	return reply[3] & TARN__FLAG_RCODE;
}

_Static_assert((int)TARN__STATUS_HIT == (int)RTCACHE_HIT &&
		       (int)TARN__STATUS_MISS == (int)RTCACHE_MISS &&
		       (int)TARN__STATUS_EXPIRED == (int)RTCACHE_EXPIRED &&
		       (int)TARN__STATUS_LOCK_HIT == (int)RTCACHE_LOCK_HIT &&
		       (int)TARN__STATUS_STALE == (int)RTCACHE_STALE,
	       "the cache's come first");

static struct outcome failure_outcome(int error)
{
	return (struct outcome){.status = TARN__STATUS_FAILURE,
				.is_bogus = tarn__reasons_is_bogus(error)};
}

static struct outcome value_outcome(const struct rtcache_value *value)
{
	if (!value->data)
		return failure_outcome(value->error);
	enum tarn__status status = (enum tarn__status)value->status;
	bool is_own = status == TARN__STATUS_MISS || status == TARN__STATUS_EXPIRED;
	if (is_own && tarn__stored_answer_source(value->data) == TARN__ANSWER_SOURCE_SHARED)
		status = TARN__STATUS_SHARED;
	return (struct outcome){.status = status, .stored = value->data};
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
	if (resolver->spare)
		return true;
	struct tarn__list *spare = tarn__list_take(&resolver->spares);
	if (!spare) {
		resolver->spare = calloc(1, sizeof *resolver->spare);
		return resolver->spare;
	}
	resolver->spare_count--;
	resolver->spare = TARN__CONTAINER(spare, struct pending, node);
	return true;
}

/* Keeps it for a later question, or frees it. */
static void put_spare(struct tarn__resolver *resolver, struct pending *pending)
{
	tarn__detour_free(pending->detour);
	pending->detour = NULL;
	if (resolver->spare_count >= SPARES_MAX) {
		free(pending);
		return;
	}
	tarn__list_append(&resolver->spares, &pending->node);
	resolver->spare_count++;
}

static struct tarn__reply_context reply_context(const struct tarn__resolver *resolver,
						const struct tarn__client_request *client_request,
						const struct tarn__query *query)
{
	return (struct tarn__reply_context){.config = resolver->forwarder.config,
					    .cookie_secret = resolver->shared->cookie_secret,
					    .reasons = resolver->shared->reasons,
					    .io = resolver->io,
					    .client_request = client_request,
					    .query = query};
}

/* Returns true if one more question of that zone may wait. zone may be NULL. */
static bool has_room(const struct tarn__resolver *resolver,
		     const struct tarn__client_request *client_request,
		     const struct tarn__zone *zone)
{
	size_t left = TARN__PENDING_MAX - resolver->waiting_count;
	if (!has_share(resolver, client_request, left))
		return false;
	return zone ? tarn__zone_has_room(zone, zone->clients, left) : left > 0;
}

static void set_zone(struct pending *pending, struct tarn__zone *zone)
{
	pending->zone = zone;
	if (zone)
		zone->clients++;
}

/* The query that a question waits for. Valid as long as its detour is unchanged. */
static void awaited_query(const struct pending *pending, struct tarn__query *out)
{
	*out = pending->query;
	if (pending->detour)
		tarn__detour_query(pending->detour, &pending->query, out);
}

/* It waits for an answer of another zone now. */
static void move_to_zone(const struct tarn__resolver *resolver, struct pending *pending,
			 const struct tarn__query *query)
{
	if (pending->zone)
		pending->zone->clients--;
	set_zone(pending, tarn__zone_find(&resolver->forwarder, query->qname, query->qname_len,
					  query->qtype));
}

/* Removes the question from the resolver, answers it, and keeps its memory or frees it. */
static void finish(struct tarn__resolver *resolver, struct pending *pending,
		   const struct tarn__reply_context *to, struct outcome outcome, size_t reply_len)
{
	uint64_t latency_us = resolver->io->now_us(resolver->io->data) - pending->asked_us;
	tarn__latency_add(&resolver->stats.latencies[outcome.status], latency_us);
	if (reply_len == TARN__RESOLVE_DROP)
		count_drop(resolver, &outcome);
	else
		count_reply(resolver, to, &outcome, reply_rcode(resolver->reply), latency_us,
			    resolver->reply, reply_len);
	tarn__timer_stop(&resolver->timers, &pending->deadline);
	tarn__list_remove(&pending->node);
	resolver->waiting_count--;
	if (pending->zone)
		pending->zone->clients--;
	if (pending->client_request.client)
		tarn__shares_remove(&resolver->shares, pending->share);
	const struct tarn__client_request *client_request = &pending->client_request;
	client_request->answer(client_request->owner, client_request->route, resolver->reply,
			       reply_len);
	put_spare(resolver, pending);
}

static bool end_unanswered(struct tarn__resolver *, struct pending *,
			   const struct tarn__reply_context *, struct outcome *, size_t *len);

/* The lookup continues and fills the cache for later questions. */
static void on_deadline(struct tarn__timer *timer)
{
	struct pending *pending = TARN__CONTAINER(timer, struct pending, deadline);
	struct tarn__resolver *resolver = pending->request.data;
	rtcache_cancel(resolver->client, &pending->request);
	struct tarn__reply_context to =
		reply_context(resolver, &pending->client_request, &pending->query);
	struct outcome outcome = {.status = TARN__STATUS_FAILURE};
	size_t len;
	if (!end_unanswered(resolver, pending, &to, &outcome, &len))
		len = tarn__respond_failure(
			&to, pending->zone ? tarn__zone_error(pending->zone) : TARN_ETIMEOUT, false,
			resolver->reply);
	finish(resolver, pending, &to, outcome, len);
}

/*
 * The client's query waits; asked is the query that is asked for it, the same one without a detour. Returns
 * false if there are too many. The lookup continues then, as after a client's deadline.
 */
static bool wait(struct tarn__resolver *resolver, const struct tarn__client_request *client_request,
		 const struct tarn__query *query, const struct tarn__query *asked)
{
	struct tarn__zone *zone =
		tarn__zone_find(&resolver->forwarder, asked->qname, asked->qname_len, asked->qtype);
	if (!has_room(resolver, client_request, zone)) {
		rtcache_cancel(resolver->client, &resolver->spare->request);
		return false;
	}
	struct pending *pending = take_spare(resolver);
	set_zone(pending, zone);
	pending->query = *query;
	memcpy(pending->qname, query->qname, query->qname_len);
	pending->query.qname = pending->qname;
	if (query->cookie) {
		memcpy(pending->cookie, query->cookie, query->cookie_len);
		pending->query.cookie = pending->cookie;
	}
	pending->client_request = *client_request;
	memcpy(pending->route, client_request->route, client_request->route_len);
	pending->client_request.route = pending->route;
	if (client_request->client) {
		pending->client = *client_request->client;
		pending->client_request.client = &pending->client;
		pending->share = tarn__share_of(&pending->client, resolver->shared->cookie_secret);
		tarn__shares_add(&resolver->shares, pending->share);
	}
	tarn__list_append(&resolver->waiting, &pending->node);
	resolver->waiting_count++;
	pending->asked_us = resolver->io->now_us(resolver->io->data);
	pending->deadline.fire = on_deadline;
	tarn__timer_start(&resolver->timers, &pending->deadline,
			  resolver->io->now_ms(resolver->io->data) + TARN__CLIENT_MS);
	return true;
}

/* ---- answering a message ---------------------------------------------------------------- */

/* What a lookup finds at once it has found in the cache. */
static struct outcome cached_outcome(const struct rtcache_value *value)
{
	bool is_stale = value->status == RTCACHE_STALE;
	return (struct outcome){.status = is_stale ? TARN__STATUS_STALE : TARN__STATUS_HIT,
				.stored = value->data};
}

static void on_done(struct rtcache_request *, const struct rtcache_value *);

/* As rtcache_get(). *is_cached: no lookup was started for it, so that a failure is an earlier one's. */
static inline int ask_cache(struct tarn__resolver *resolver, const struct tarn__reply_context *to,
			    const struct tarn__query *query, struct rtcache_request *request,
			    struct rtcache_value *value, bool *is_cached)
{
	uint8_t key[TARN__KEY_MAX];
	size_t key_len = tarn__key_write(query, key);
	request->data = resolver;
	request->done = on_done;
	uint64_t started = resolver->forwarder.started;
	resolver->client_request = to->client_request;
	int got = rtcache_get(resolver->client, request, key, key_len, 0, resolver, value);
	resolver->client_request = NULL;
	*is_cached = resolver->forwarder.started == started;
	if (got > 0 && *is_cached && (!value->data || value->status == RTCACHE_STALE))
		tarn__forwarder_want(&resolver->forwarder, query->qname, query->qname_len,
				     query->qtype);
	return got;
}

/*
 * Returns true if an answer is not simply sent: the policy has to look at it, or it may need another one.
 */
static inline bool is_looked_at(const struct tarn__resolver *resolver,
				const struct tarn__reply_context *to,
				const struct rtcache_value *value)
{
	const struct tarn__policy *policy = resolver->forwarder.config->policy;
	if (!policy->takes_answers)
		return false;
	if (value->data ? !tarn__policy_knows_answer(policy, value->data) : policy->rules_wait)
		return true;
	return policy->dns64 && tarn__dns64_applies(policy, to->query, to->client_request->client);
}

bool tarn__resolver_serves(const struct tarn__resolver *resolver, const struct tarn_address *client)
{
	struct tarn__decision unused;
	return tarn__policy_admit(resolver->forwarder.config->policy, client, &unused) ==
	       TARN__POLICY_PASS;
}

static inline enum tarn__policy_action apply_stages(const struct tarn__resolver *resolver,
						    const struct tarn__query *query,
						    const struct tarn_address *client,
						    bool is_rules_target,
						    struct tarn__decision *decision)
{
	decision->io = resolver->io;
	decision->room = resolver->forwarder.scratch->decided;
	decision->is_rules_target = is_rules_target;
	return tarn__policy_apply(resolver->forwarder.config->policy, query, client, decision);
}

enum tarn__policy_action tarn__resolver_decide(const struct tarn__resolver *resolver,
					       const struct tarn__query *query,
					       const struct tarn_address *client,
					       struct tarn__decision *decision)
{
	return apply_stages(resolver, query, client, false, decision);
}

/* Over TCP nothing has to be truncated. */
static inline enum tarn__policy_action over(const struct tarn__reply_context *to,
					    enum tarn__policy_action action)
{
	bool is_stream = tarn__transport_is_stream(to->client_request->transport);
	return action == TARN__POLICY_TRUNCATE && is_stream ? TARN__POLICY_PASS : action;
}

static inline enum tarn__policy_action decide(const struct tarn__resolver *resolver,
					      const struct tarn__reply_context *to,
					      const struct tarn__query *query, bool is_rules_target,
					      struct tarn__decision *decision)
{
	return over(to, apply_stages(resolver, query, to->client_request->client, is_rules_target,
				     decision));
}

static void count_decision(struct tarn__stats *stats, const struct tarn__decision *decision)
{
	stats->stages[decision->stage]++;
	if (decision->is_block)
		stats->lists[decision->list_slot][decision->list_action]++;
}

static struct outcome decision_outcome(enum tarn__policy_action action,
				       const struct tarn__decision *decision)
{
	if (decision->is_block)
		return (struct outcome){.status = TARN__STATUS_BLOCKED,
					.list_slot = decision->list_slot};
	return (struct outcome){.status = action == TARN__POLICY_REFUSE ? TARN__STATUS_REFUSED
									: TARN__STATUS_LOCAL};
}

/* Returns the length of the reply, or TARN__RESOLVE_DROP. */
static size_t answer_decision(struct tarn__resolver *resolver, const struct tarn__reply_context *to,
			      enum tarn__policy_action action,
			      const struct tarn__decision *decision, size_t message_len,
			      uint8_t *reply, struct outcome *outcome)
{
	count_decision(&resolver->stats, decision);
	*outcome = decision_outcome(action, decision);
	return tarn__respond_decision(to, action, decision, message_len, reply);
}

/* ---- questions that take more than one answer ------------------------------------------- */

/* A client's question on its way: core/detour.h. */
struct walk {
	struct tarn__resolver *resolver;
	const struct tarn__reply_context *to;
	struct pending *pending; /* NULL: it has not waited yet */
	struct tarn__detour *detour; /* NULL: the question itself is asked for */
	size_t message_len; /* of the client's message */
	uint8_t *reply;
	struct outcome *outcome;
	bool is_cached; /* no lookup was started for the current query */
};

enum { GO_ON = -2 /* as a length: the next query is asked for */ };

static struct tarn__detour_buffers detour_buffers(const struct walk *walk)
{
	struct tarn__scratch *scratch = walk->resolver->forwarder.scratch;
	return (struct tarn__detour_buffers){.message = scratch->message, .other = scratch->stored};
}

static const struct tarn__policy *policy_of(const struct tarn__resolver *resolver)
{
	return resolver->forwarder.config->policy;
}

static void current_query(const struct walk *walk, struct tarn__query *out)
{
	*out = *walk->to->query;
	if (walk->detour)
		tarn__detour_query(walk->detour, walk->to->query, out);
}

static long fail_walk(struct walk *walk, int error)
{
	*walk->outcome = failure_outcome(error);
	return (long)tarn__respond_failure(walk->to, error, walk->is_cached, walk->reply);
}

/* Returns true if there is a detour; memory may run out. */
static bool have_detour(struct walk *walk)
{
	if (!walk->detour)
		walk->detour = tarn__detour_new(walk->to->query);
	return walk->detour;
}

/* The chain of the decision is kept, and its end is the next to be asked for. */
static long follow(struct walk *walk, const struct tarn__decision *decision)
{
	struct tarn__detour_buffers buffers = detour_buffers(walk);
	int error = TARN_ENOMEM;
	if (have_detour(walk))
		error = tarn__detour_follow(&walk->detour, walk->to->query, decision, &buffers);
	return error == 0 ? GO_ON : fail_walk(walk, error);
}

static void add_error(struct tarn__options *options, struct tarn__ede error)
{
	if (options->ede_count < TARN__EDE_COUNT_MAX)
		options->ede[options->ede_count++] = error;
}

/* The extended errors of the whole way. decision is NULL unless the last answer is the policy's. */
static struct tarn__options walk_errors(const struct walk *walk,
					const struct tarn__detour_part *last,
					const struct tarn__decision *decision)
{
	struct tarn__options errors = tarn__detour_errors(walk->detour);
	for (unsigned i = 0; decision && i < decision->options.ede_count; i++)
		add_error(&errors, decision->options.ede[i]);
	if (last->stale_ttl > 0)
		add_error(&errors,
			  (struct tarn__ede){tarn__respond_stale_error(last->stored), NULL});
	return errors;
}

/* Ends with the answer to the current query; a decision on it, or NULL, has extended errors. */
static long end_with(struct walk *walk, const struct tarn__detour_part *last,
		     const struct tarn__decision *decision)
{
	struct tarn__resolver *resolver = walk->resolver;
	const struct tarn__dns64 *dns64 = policy_of(resolver)->dns64;
	struct tarn__detour_buffers buffers = detour_buffers(walk);
	struct tarn__decision whole = {.room = resolver->forwarder.scratch->decided};
	size_t len = tarn__detour_finish(walk->detour, walk->to->query, last,
					 dns64 ? dns64->prefixes : NULL,
					 dns64 ? dns64->prefix_count : 0, &buffers, whole.room);
	struct tarn__detour_part without = tarn__detour_without(walk->detour);
	if (len == 0 && without.len > 0) {
		last = &without;
		len = tarn__detour_finish(walk->detour, walk->to->query, last, NULL, 0, &buffers,
					  whole.room);
	}
	if (len == 0)
		return fail_walk(walk, TARN_EANSWER);
	walk->outcome->is_composed = true;
	tarn__decision_stored(&whole, whole.room, len);
	whole.is_authoritative = tarn__detour_is_authoritative(walk->detour);
	whole.options = walk_errors(walk, last, decision);
	return (long)tarn__respond_decision(walk->to, TARN__POLICY_ANSWER, &whole,
					    walk->message_len, walk->reply);
}

/* A decision of the policy on the current query or on its answer. */
static long take_decision(struct walk *walk, enum tarn__policy_action action,
			  const struct tarn__decision *decision)
{
	switch (action) {
	case TARN__POLICY_FOLLOW:
		count_decision(&walk->resolver->stats, decision);
		return follow(walk, decision);
	case TARN__POLICY_ANSWER:
		if (!walk->detour)
			break;
		count_decision(&walk->resolver->stats, decision);
		*walk->outcome = decision_outcome(action, decision);
		return end_with(walk,
				&(struct tarn__detour_part){.stored = decision->stored,
							    .len = decision->stored_len},
				decision);
	default:
		break;
	}
	return (long)answer_decision(walk->resolver, walk->to, action, decision, walk->message_len,
				     walk->reply, walk->outcome);
}

/* The query for A takes the place of that for AAAA. */
static long synthesise(struct walk *walk, const struct tarn__detour_part *without, uint32_t ttl_max)
{
	if (have_detour(walk) && tarn__detour_synthesise(walk->detour, without, ttl_max) == 0)
		return GO_ON;
	return fail_walk(walk, TARN_ENOMEM);
}

/* Returns true if the current query is for the target of a rule's CNAME. */
static bool is_rules_target(const struct walk *walk)
{
	return walk->detour && tarn__detour_is_rules_target(walk->detour);
}

/* What has waited for the answer to the current query, which there will not be. */
static enum tarn__policy_action decide_unanswered(const struct walk *walk,
						  const struct tarn__query *query,
						  struct tarn__decision *decision)
{
	const struct tarn__resolver *resolver = walk->resolver;
	*decision = (struct tarn__decision){.io = resolver->io,
					    .room = resolver->forwarder.scratch->decided};
	if (is_rules_target(walk) || tarn__detour_is_synthesis(walk->detour))
		return TARN__POLICY_PASS;
	return over(walk->to,
		    tarn__policy_apply_unanswered(policy_of(resolver), query,
						  walk->to->client_request->client, decision));
}

/* A failure is as good as an answer without AAAA records (RFC 6147 section 5.1.2). */
static long take_failure(struct walk *walk, const struct tarn__query *query, int error)
{
	*walk->outcome = (struct outcome){.status = TARN__STATUS_FAILURE};
	if (error == RTCACHE_ECANCELED)
		return fail_walk(walk, error);
	struct tarn__decision decision;
	enum tarn__policy_action action = decide_unanswered(walk, query, &decision);
	if (action != TARN__POLICY_PASS)
		return take_decision(walk, action, &decision);
	if (tarn__detour_is_synthesis(walk->detour)) {
		struct tarn__detour_part without = tarn__detour_without(walk->detour);
		return without.len > 0 ? end_with(walk, &without, NULL) : fail_walk(walk, error);
	}
	if (tarn__dns64_applies(policy_of(walk->resolver), query, walk->to->client_request->client))
		return synthesise(walk, NULL, TARN__DNS64_TTL);
	return fail_walk(walk, error);
}

static struct tarn__detour_part part_of(const struct rtcache_value *value)
{
	return (struct tarn__detour_part){
		.stored = value->data,
		.len = value->len,
		.age_sec = (uint32_t)(value->age_ms / 1000),
		.stale_ttl = value->status == RTCACHE_STALE ? TARN__STALE_TTL : 0,
	};
}

static enum tarn__policy_action look_at(const struct walk *walk, const struct tarn__query *query,
					const struct tarn__detour_part *part,
					struct tarn__decision *decision)
{
	const struct tarn__policy *policy = policy_of(walk->resolver);
	if (tarn__policy_knows_answer(policy, part->stored))
		return TARN__POLICY_PASS;
	struct tarn__detour_buffers buffers = detour_buffers(walk);
	return tarn__policy_apply_answer(
		policy,
		&(struct tarn__answer_view){
			.query = query,
			.client = walk->to->client_request->client,
			.stored = part->stored,
			.stored_len = part->len,
			.age_sec = part->age_sec,
			.stale_ttl = part->stale_ttl,
			.is_stream = tarn__transport_is_stream(walk->to->client_request->transport),
			.is_rules_target = is_rules_target(walk),
			.message = buffers.message,
			.other = buffers.other},
		decision);
}

/* What the policy has left of an answer. */
static struct tarn__detour_part left_of(const struct tarn__detour_part *part,
					enum tarn__policy_action action,
					const struct tarn__decision *decision)
{
	if (action != TARN__POLICY_ANSWER)
		return *part;
	return (struct tarn__detour_part){.stored = decision->stored, .len = decision->stored_len};
}

/* Returns true if DNS64 is for the query, and its answer is no other than a server's, filtered or not. */
static bool may_lack_ipv6(const struct walk *walk, const struct tarn__query *query,
			  enum tarn__policy_action action, const struct tarn__decision *decision)
{
	bool is_servers = action == TARN__POLICY_PASS ||
			  (action == TARN__POLICY_ANSWER && !decision->is_block);
	return is_servers && tarn__dns64_applies(policy_of(walk->resolver), query,
						 walk->to->client_request->client);
}

static long end_with_value(struct walk *walk, const struct tarn__detour_part *part,
			   const struct rtcache_value *value)
{
	return walk->detour ? end_with(walk, part, NULL)
			    : (long)tarn__respond_value(walk->to, value, walk->reply);
}

enum tarn__policy_action tarn__resolver_decide_answer(const struct tarn__resolver *resolver,
						      const struct tarn__query *query,
						      const struct tarn_address *client,
						      const struct rtcache_value *value,
						      struct tarn__decision *decision)
{
	const struct tarn__policy *policy = resolver->forwarder.config->policy;
	struct tarn__scratch *scratch = resolver->forwarder.scratch;
	*decision = (struct tarn__decision){.io = resolver->io, .room = scratch->decided};
	if (policy->generation == 0)
		return TARN__POLICY_PASS;
	const struct tarn__detour_part part = part_of(value);
	return tarn__policy_apply_answer(policy,
					 &(struct tarn__answer_view){.query = query,
								     .client = client,
								     .stored = part.stored,
								     .stored_len = part.len,
								     .age_sec = part.age_sec,
								     .stale_ttl = part.stale_ttl,
								     .message = scratch->message,
								     .other = scratch->stored},
					 decision);
}

/* The answer to the current query. Returns the length of the reply, TARN__RESOLVE_DROP or GO_ON. */
static long take_value(struct walk *walk, const struct rtcache_value *value)
{
	struct tarn__query query;
	current_query(walk, &query);
	if (!value->data)
		return take_failure(walk, &query, value->error);
	const struct tarn__detour_part part = part_of(value);
	struct tarn__decision decision = {.io = walk->resolver->io,
					  .room = walk->resolver->forwarder.scratch->decided};
	enum tarn__policy_action action = look_at(walk, &query, &part, &decision);
	const struct tarn__detour_part left = left_of(&part, action, &decision);
	uint32_t ttl_max;
	/* RFC 8767 section 4: a stale answer has a TTL of its own. */
	if (may_lack_ipv6(walk, &query, action, &decision) &&
	    tarn__dns64_lacks_ipv6(left.stored, left.len, left.age_sec, &ttl_max))
		return synthesise(walk, &left, left.stale_ttl > 0 ? left.stale_ttl : ttl_max);
	if (action == TARN__POLICY_PASS)
		return end_with_value(walk, &part, value);
	if (part.stale_ttl > 0 && !decision.is_block)
		tarn__decision_add_error(&decision, tarn__respond_stale_error(part.stored), NULL);
	return take_decision(walk, action, &decision);
}

/* Asks the cache for the current query. Returns TARN__RESOLVE_PENDING if it waits, or as take_value(). */
static long ask_current(struct walk *walk)
{
	struct tarn__resolver *resolver = walk->resolver;
	struct tarn__query query;
	struct rtcache_value value;
	current_query(walk, &query);
	if (!walk->pending && !have_spare(resolver))
		return fail_walk(walk, TARN_ENOMEM);
	struct rtcache_request *request =
		walk->pending ? &walk->pending->request : &resolver->spare->request;
	bool is_cached;
	int got = ask_cache(resolver, walk->to, &query, request, &value, &is_cached);
	if (got == 0 && walk->pending) {
		move_to_zone(resolver, walk->pending, &query);
		return TARN__RESOLVE_PENDING;
	}
	if (got == 0) {
		struct pending *spare = resolver->spare;
		if (!wait(resolver, walk->to->client_request, walk->to->query, &query))
			return fail_walk(walk, TARN_EBUSY);
		walk->pending = spare;
		return TARN__RESOLVE_PENDING;
	}
	if (got < 0)
		return fail_walk(walk, got);
	*walk->outcome = cached_outcome(&value);
	walk->is_cached = is_cached;
	return take_value(walk, &value);
}

/* Asks for one query after the other, until there is a reply or one has to be waited for. */
static long walk_on(struct walk *walk)
{
	long len = GO_ON;
	while (len == GO_ON) {
		struct tarn__query query;
		current_query(walk, &query);
		struct tarn__decision decision;
		enum tarn__policy_action action = TARN__POLICY_PASS;
		if (!tarn__detour_is_synthesis(walk->detour))
			action = decide(walk->resolver, walk->to, &query, is_rules_target(walk),
					&decision);
		if (action == TARN__POLICY_PASS)
			len = ask_current(walk);
		else
			len = take_decision(walk, action, &decision);
	}
	return len;
}

/* What is not kept for a question that waits is freed. */
static long end_walk(struct walk *walk, long len)
{
	if (len != TARN__RESOLVE_PENDING) {
		tarn__detour_free(walk->detour);
		walk->detour = NULL;
	}
	return len;
}

static long walk_from_value(struct walk *walk, const struct rtcache_value *value)
{
	long len = take_value(walk, value);
	return end_walk(walk, len == GO_ON ? walk_on(walk) : len);
}

/* Keeps the detour of a question that waits now. */
static long keep_walk(struct walk *walk, long len)
{
	if (len == TARN__RESOLVE_PENDING)
		walk->pending->detour = walk->detour;
	return len;
}

static long walk_from_answer(struct tarn__resolver *resolver, const struct tarn__reply_context *to,
			     const struct rtcache_value *value, size_t message_len, uint8_t *reply,
			     struct outcome *outcome)
{
	struct walk walk = {.resolver = resolver,
			    .to = to,
			    .message_len = message_len,
			    .reply = reply,
			    .outcome = outcome};
	*outcome = cached_outcome(value);
	return keep_walk(&walk, walk_from_value(&walk, value));
}

/* RD=0: what is known is the answer, so that the target of a CNAME is not asked for. */
static long walk_from_decision(struct tarn__resolver *resolver,
			       const struct tarn__reply_context *to,
			       const struct tarn__decision *decision, size_t message_len,
			       uint8_t *reply, struct outcome *outcome)
{
	struct walk walk = {.resolver = resolver,
			    .to = to,
			    .message_len = message_len,
			    .reply = reply,
			    .outcome = outcome};
	if (!(to->query->flags & TARN__FLAG_RD))
		return (long)answer_decision(resolver, to, TARN__POLICY_ANSWER, decision,
					     message_len, reply, outcome);
	long len = take_decision(&walk, TARN__POLICY_FOLLOW, decision);
	return keep_walk(&walk, end_walk(&walk, len == GO_ON ? walk_on(&walk) : len));
}

/*
 * Replies what the policy has to say without an answer, and sets *len to its length or TARN__RESOLVE_DROP.
 * Returns false if that is nothing, or takes another question.
 */
static bool end_unanswered(struct tarn__resolver *resolver, struct pending *pending,
			   const struct tarn__reply_context *to, struct outcome *outcome,
			   size_t *len)
{
	struct walk walk = {.resolver = resolver,
			    .to = to,
			    .pending = pending,
			    .detour = pending->detour,
			    .message_len = TARN__UDP_MIN,
			    .reply = resolver->reply,
			    .outcome = outcome};
	struct tarn__query query;
	struct tarn__decision decision;
	current_query(&walk, &query);
	enum tarn__policy_action action = decide_unanswered(&walk, &query, &decision);
	if (action == TARN__POLICY_PASS || action == TARN__POLICY_FOLLOW)
		return false;
	*len = (size_t)take_decision(&walk, action, &decision);
	return true;
}

static void on_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct pending *pending = TARN__CONTAINER(request, struct pending, request);
	struct tarn__resolver *resolver = request->data;
	struct tarn__reply_context to =
		reply_context(resolver, &pending->client_request, &pending->query);
	struct outcome outcome = value_outcome(value);
	if (!pending->detour && !is_looked_at(resolver, &to, value)) {
		size_t len = tarn__respond_value(&to, value, resolver->reply);
		finish(resolver, pending, &to, outcome, len);
		return;
	}
	struct walk walk = {.resolver = resolver,
			    .to = &to,
			    .pending = pending,
			    .detour = pending->detour,
			    .message_len = TARN__UDP_MIN,
			    .reply = resolver->reply,
			    .outcome = &outcome};
	pending->detour = NULL;
	long len = walk_from_value(&walk, value);
	if (len == TARN__RESOLVE_PENDING)
		pending->detour = walk.detour;
	else
		finish(resolver, pending, &to, outcome, (size_t)len);
}

/* Finds the answer to the query, or NXDOMAIN for its name. */
static bool find_cached(struct tarn__resolver *resolver, const struct tarn__query *query,
			struct rtcache_value *value)
{
	uint8_t octets[TARN__KEY_MAX];
	struct tarn__key key;
	size_t len = tarn__key_write(query, octets);
	if (rtcache_peek(resolver->client, octets, len, false, value) == 1)
		return true;
	return tarn__key_read(octets, len, &key) &&
	       tarn__nxdomain_find(resolver->client, &key, value);
}

/* What the policy makes of an answer without asking for another. */
static long answer_found(struct walk *walk, const struct rtcache_value *value)
{
	const struct tarn__detour_part part = part_of(value);
	struct tarn__decision decision = {.io = walk->resolver->io,
					  .room = walk->resolver->forwarder.scratch->decided};
	*walk->outcome = value_outcome(value);
	enum tarn__policy_action action = look_at(walk, walk->to->query, &part, &decision);
	if (action == TARN__POLICY_PASS)
		return (long)tarn__respond_value(walk->to, value, walk->reply);
	if (action == TARN__POLICY_FOLLOW)
		action = TARN__POLICY_ANSWER;
	return (long)answer_decision(walk->resolver, walk->to, action, &decision, walk->message_len,
				     walk->reply, walk->outcome);
}

/*
 * A lookup is not desired (RFC 1034 section 4.3.1: the client gets what is there, or REFUSED), or there is
 * no memory to wait for it.
 */
static long answer_without_lookup(struct tarn__resolver *resolver,
				  const struct tarn__reply_context *to, bool is_desired,
				  size_t message_len, uint8_t *reply, struct outcome *outcome)
{
	struct walk walk = {.resolver = resolver,
			    .to = to,
			    .message_len = message_len,
			    .reply = reply,
			    .outcome = outcome};
	struct rtcache_value value;
	if (find_cached(resolver, to->query, &value))
		return answer_found(&walk, &value);
	outcome->status = is_desired ? TARN__STATUS_FAILURE : TARN__STATUS_REFUSED;
	return (long)(is_desired ? tarn__respond_failure(to, TARN_EBUSY, false, reply)
				 : tarn__respond_not_cached(to, reply));
}

static enum tarn__status rcode_status(uint16_t rcode)
{
	switch (rcode) {
	case TARN__NOERROR:
		return TARN__STATUS_LOCAL;
	case TARN__REFUSED:
		return TARN__STATUS_REFUSED;
	default:
		return TARN__STATUS_INVALID;
	}
}

/* Answers with that RCODE; for a client that is not on the access list, REFUSED with a header alone. */
static size_t answer_fault(struct tarn__resolver *resolver, const struct tarn__reply_context *to,
			   size_t message_len, uint16_t rcode, uint8_t *reply,
			   struct outcome *outcome)
{
	struct tarn__decision decision;
	enum tarn__policy_action action = tarn__policy_admit(resolver->forwarder.config->policy,
							     to->client_request->client, &decision);
	if (action == TARN__POLICY_PASS) {
		outcome->status = rcode_status(rcode);
		return tarn__respond_rcode(to, rcode, reply);
	}
	struct tarn__query header = *to->query;
	header.qname = NULL;
	header.has_opt = false;
	struct tarn__reply_context to_stranger = *to;
	to_stranger.query = &header;
	return answer_decision(resolver, &to_stranger, action, &decision, message_len, reply,
			       outcome);
}

/* As tarn__resolver_resolve(). The way of every hit: the call would cost more than what is counted. */
__attribute__((always_inline)) static inline long
answer_at_once(struct tarn__resolver *resolver, const struct tarn__reply_context *to,
	       size_t message_len, uint8_t *reply, struct outcome *outcome)
{
	const struct tarn__query *query = to->query;
	if (tarn__forward_loops_may_hear(query) &&
	    tarn__forward_loops_hear(resolver->shared->forward_loops, query,
				     resolver->io->now_ms(resolver->io->data)))
		return (long)answer_fault(resolver, to, message_len, TARN__REFUSED, reply, outcome);
	struct tarn__decision decision;
	enum tarn__policy_action action = decide(resolver, to, query, false, &decision);
	if (action == TARN__POLICY_FOLLOW)
		return walk_from_decision(resolver, to, &decision, message_len, reply, outcome);
	if (action != TARN__POLICY_PASS)
		return (long)answer_decision(resolver, to, action, &decision, message_len, reply,
					     outcome);
	bool is_desired = query->flags & TARN__FLAG_RD;
	if (!is_desired || !have_spare(resolver))
		return answer_without_lookup(resolver, to, is_desired, message_len, reply, outcome);
	struct rtcache_value value;
	bool is_cached;
	int got = ask_cache(resolver, to, query, &resolver->spare->request, &value, &is_cached);
	if (got == 0 && wait(resolver, to->client_request, query, query))
		return TARN__RESOLVE_PENDING;
	if (got == 0)
		got = TARN_EBUSY;
	if (got < 0) {
		outcome->status = TARN__STATUS_FAILURE;
		return (long)tarn__respond_failure(to, got, false, reply);
	}
	if (is_looked_at(resolver, to, &value))
		return walk_from_answer(resolver, to, &value, message_len, reply, outcome);
	if (!value.data) {
		*outcome = failure_outcome(value.error);
		return (long)tarn__respond_failure(to, value.error, is_cached, reply);
	}
	*outcome = cached_outcome(&value);
	return (long)tarn__respond_value(to, &value, reply);
}

/* Returns the length of the reply; 0: the message is none of a changed zone, or not taken. */
static size_t take_notify(const struct tarn__resolver *resolver,
			  const struct tarn__reply_context *to, const uint8_t *wire, size_t len,
			  uint8_t *reply, struct outcome *outcome)
{
	const struct tarn_address *from = to->client_request->client;
	if (!from || !tarn__notify_is_meant(to->query->flags))
		return 0;
	const struct tarn__notify_taker *taker =
		atomic_load_explicit(&resolver->shared->notify_taker, memory_order_acquire);
	outcome->status = TARN__STATUS_LOCAL;
	return taker ? taker->take(taker->data, from, wire, len, reply) : 0;
}

/* A message that is no question to be answered. */
static size_t answer_invalid(struct tarn__resolver *resolver, const struct tarn__reply_context *to,
			     const uint8_t *wire, size_t len, uint16_t rcode, uint8_t *reply)
{
	struct outcome outcome = {0};
	size_t reply_len = take_notify(resolver, to, wire, len, reply, &outcome);
	if (reply_len > 0)
		rcode = TARN__NOERROR;
	else
		reply_len = answer_fault(resolver, to, len, rcode, reply, &outcome);
	if (outcome.status == TARN__STATUS_REFUSED)
		rcode = TARN__REFUSED;
	count_reply(resolver, to, &outcome, rcode, 0, reply, reply_len);
	return reply_len;
}

long tarn__resolver_resolve(struct tarn__resolver *resolver,
			    const struct tarn__client_request *client_request, const uint8_t *wire,
			    size_t len, uint8_t *reply)
{
	struct tarn__query query;
	int parsed = tarn__query_parse(wire, len, &query);
	if (parsed == TARN__QUERY_DROP) {
		resolver->stats.dropped++;
		return TARN__RESOLVE_DROP;
	}
	count_question(&resolver->stats, client_request);
	const struct tarn__reply_context to = reply_context(resolver, client_request, &query);
	struct outcome outcome = {0};
	if (parsed != TARN__QUERY_GOOD) {
		if (query.qname)
			count_type(&resolver->stats, query.qtype);
		return (long)answer_invalid(resolver, &to, wire, len, (uint16_t)parsed, reply);
	}
	count_type(&resolver->stats, query.qtype);
	long reply_len = answer_at_once(resolver, &to, len, reply, &outcome);
	if (reply_len == TARN__RESOLVE_PENDING)
		return reply_len;
	if (reply_len == TARN__RESOLVE_DROP)
		count_drop(resolver, &outcome);
	else
		count_reply(resolver, &to, &outcome, reply_rcode(reply), 0, reply,
			    (size_t)reply_len);
	return reply_len;
}

/* ---- forwarding loops ------------------------------------------------------------------- */

/* Tests the next servers, and sets the timer for those after them. */
static void look(struct tarn__resolver *resolver)
{
	struct tarn__timer *timer = &resolver->looks;
	const struct tarn_io *io = resolver->io;
	size_t server_count = resolver->forwarder.config->server_count;
	for (int i = 0; i < LOOKS_AT_ONCE && resolver->looked < server_count; i++)
		tarn__forwarder_look_for_forward_loop(&resolver->forwarder, resolver->looked++);
	if (resolver->looked < server_count)
		tarn__timer_start(&resolver->timers, timer, io->now_ms(io->data) + LOOKS_MS);
}

static void begin_looks(struct tarn__resolver *resolver)
{
	const struct tarn_io *io = resolver->io;
	struct tarn__config *config = resolver->forwarder.config;
	tarn__forward_loops_begin(resolver->shared->forward_loops, config, resolver->found,
				  resolver->found_arg);
	resolver->looked = 0;
	resolver->looked_number = config->number;
	resolver->look_again_ms = io->now_ms(io->data) + TARN__FORWARD_LOOP_MS;
	resolver->is_to_look_again = false;
	look(resolver);
}

static void on_looks(struct tarn__timer *timer)
{
	struct tarn__resolver *resolver = TARN__CONTAINER(timer, struct tarn__resolver, looks);
	if (resolver->is_to_look_again)
		begin_looks(resolver);
	else
		look(resolver);
}

void tarn__resolver_probe_forward_loops(struct tarn__resolver *resolver,
					tarn__forward_loop_function *found, void *arg)
{
	const struct tarn_io *io = resolver->io;
	resolver->found = found;
	resolver->found_arg = arg;
	/* If the network changes all the time, a test after each change would find no more. */
	resolver->is_to_look_again =
		resolver->forwarder.config->number == resolver->looked_number &&
		io->now_ms(io->data) < resolver->look_again_ms;
	if (resolver->is_to_look_again)
		tarn__timer_start(&resolver->timers, &resolver->looks, resolver->look_again_ms);
	else
		begin_looks(resolver);
	io->wake_at(io->data, io->now_ms(io->data));
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
	resolver->looks.fire = on_looks;
	resolver->fleet.io = io;
	tarn__list_init(&resolver->waiting);
	tarn__list_init(&resolver->spares);
	resolver->client = rtcache_client_new(shared->cache, wake, wake_arg);
	resolver->reply = malloc(TARN__MESSAGE_MAX);
	if (resolver->client && resolver->reply &&
	    tarn__forwarder_init(&resolver->forwarder, io, &resolver->timers, resolver->client,
				 config, shared->cookie_secret, shared->forward_loops,
				 shared->answer_sources) == 0) {
		resolver->forwarder.extra = resolver;
		resolver->forwarder.reasons = shared->reasons;
		resolver->forwarder.findings = shared->findings;
		if (tarn__resolver_have_second(resolver, config) == 0) {
			tarn__resolver_set_second(resolver, config);
			return resolver;
		}
		tarn__forwarder_fini(&resolver->forwarder);
	}
	rtcache_client_free(resolver->client);
	free(resolver->reply);
	free(resolver);
	return NULL;
}

void tarn__resolver_end(struct tarn__resolver *resolver)
{
	/* What was to be forgotten is: other workers, and a file, have the cache further on. */
	while (resolver->client && tarn__resolver_sweep(resolver))
		;
	/*
	 * The client first: that ends this worker's requests, and other workers that wait for its lookups
	 * start their own instead of sharing the failure that follows.
	 */
	resolver->forwarder.is_ending = true;
	rtcache_client_free(resolver->client);
	resolver->client = NULL;
}

void tarn__resolver_free(struct tarn__resolver *resolver)
{
	if (!resolver)
		return;
	tarn__resolver_end(resolver);
	tarn__forwarder_fini(&resolver->forwarder);
	tarn__second_free(resolver->forwarder.second);
	free(resolver->spare);
	struct tarn__list *spare;
	while ((spare = tarn__list_take(&resolver->spares)))
		free(TARN__CONTAINER(spare, struct pending, node));
	free(resolver->reply);
	free(resolver);
}

struct rtcache_client *tarn__resolver_client(struct tarn__resolver *resolver)
{
	return resolver->client;
}

const struct tarn__config *tarn__resolver_config(const struct tarn__resolver *resolver)
{
	return resolver->forwarder.config;
}

uint64_t tarn__resolver_wall_ms(const struct tarn__resolver *resolver)
{
	return resolver->forwarder.io->wall_ms(resolver->forwarder.io->data);
}

void tarn__resolver_run(struct tarn__resolver *resolver)
{
	const struct tarn_io *io = resolver->io;
	tarn__forwarder_learn_of_forward_loops(&resolver->forwarder);
	if (tarn__forwarder_have_recoveries(&resolver->forwarder))
		tarn__forwarder_take_recoveries(&resolver->forwarder);
	rtcache_client_run(resolver->client);
	if (tarn__timers_run(&resolver->timers, io->now_ms(io->data), TIMERS_PER_RUN) > 0)
		rtcache_client_run(resolver->client);
	/* What ends in the next turn of checks is delivered. */
	if (resolver->forwarder.config->validates && tarn__checking_turn(&resolver->forwarder))
		rtcache_client_run(resolver->client);
	uint64_t next = tarn__timers_next_ms(&resolver->timers);
	bool sweeps = tarn__resolver_sweep(resolver);
	if (sweeps || !tarn__list_is_empty(&resolver->forwarder.paused))
		next = 0;
	uint64_t cache_next = rtcache_client_next_ms(resolver->client);
	io->wake_at(io->data, next < cache_next ? next : cache_next);
}

/* ---- observers and statistics ----------------------------------------------------------- */

void tarn__resolver_observe(struct tarn__resolver *resolver, const struct tarn__observer *observer)
{
	resolver->forwarder.observer = observer;
}

void tarn__resolver_stats(const struct tarn__resolver *resolver, struct tarn__stats *out)
{
	*out = resolver->stats;
	out->waiting = resolver->waiting_count;
	out->lookups = resolver->forwarder.count;
	out->lookups_started = resolver->forwarder.started;
	out->trust_lookups = resolver->forwarder.trust_lookup_count;
	out->validation = resolver->forwarder.validation;
	tarn__resolver_count_second(resolver, &out->second);
}

void tarn__resolver_servers(const struct tarn__resolver *resolver,
			    void (*show)(void *arg, const uint8_t *zone,
					 const struct tarn__server *),
			    void *arg)
{
	const struct tarn__forwarder *forwarder = &resolver->forwarder;
	for (size_t i = 0; i < forwarder->config->zone_count; i++) {
		const struct tarn__zone *zone = forwarder->zones[i];
		for (size_t j = 0; j < zone->server_count; j++)
			show(arg, zone->config->name, zone->servers[j]);
	}
}

/* ---- changes of the configuration and the network --------------------------------------- */

/* Assigns each waiting question to the zone that its name is in now. */
static void assign_zones(struct tarn__resolver *resolver)
{
	const struct tarn__forwarder *forwarder = &resolver->forwarder;
	for (size_t i = 0; i < forwarder->config->zone_count; i++)
		forwarder->zones[i]->clients = 0;
	for (struct tarn__list *node = resolver->waiting.next; node != &resolver->waiting;
	     node = node->next) {
		struct pending *pending = TARN__CONTAINER(node, struct pending, node);
		struct tarn__query query;
		awaited_query(pending, &query);
		set_zone(pending,
			 tarn__zone_find(forwarder, query.qname, query.qname_len, query.qtype));
	}
}

int tarn__resolver_set_config(struct tarn__resolver *resolver, struct tarn__config *config)
{
	tarn__fleet_end(&resolver->fleet);
	int error = tarn__resolver_have_second(resolver, config);
	if (error == 0)
		error = tarn__forwarder_set_config(&resolver->forwarder, config);
	if (error != 0)
		return error;
	tarn__resolver_set_second(resolver, config);
	if (config->number != resolver->looked_number)
		resolver->looked_number = 0;
	assign_zones(resolver);
	return 0;
}

struct drop {
	struct tarn__resolver *resolver;
	struct tarn__config *const *before;
	size_t count;
};

/*
 * What is known of a zone comes from the servers of its DS and those of its DNSKEY, or from its own anchor.
 */
static bool has_moved(const struct drop *drop, const struct tarn__config *before,
		      const struct tarn__key *key)
{
	const struct tarn__config *now = drop->resolver->forwarder.config;
	return tarn__config_moves(before, now, key->qname, key->qname_len, key->qtype) ||
	       (key->is_trust &&
		tarn__config_moves(before, now, key->qname, key->qname_len, TARN__TYPE_DNSKEY));
}

/*
 * Returns true for an answer that has been checked and goes through an alias: the anchor of its end may be
 * another one now.
 */
static bool is_checked_alias(const struct rtcache_value *value)
{
	if (!value->data || (!tarn__stored_has_ad(value->data) &&
			     tarn__stored_remark(value->data) == TARN__REMARK_NONE))
		return false;
	const struct tarn__stored stored = tarn__stored_open(value->data, value->len);
	if (stored.answer_count == 0)
		return false;
	uint16_t type = tarn__stored_type(stored.records, tarn__stored_ttl_at(&stored, 0));
	return type == TARN__TYPE_CNAME || type == TARN__TYPE_DNAME;
}

static bool has_changed(const struct drop *drop, const struct tarn__config *before,
			const struct rtcache_item *item, const struct tarn__key *key)
{
	if (has_moved(drop, before, key))
		return true;
	return !tarn__config_has_same_anchors(before, drop->resolver->forwarder.config) &&
	       !key->is_trust && is_checked_alias(&item->value);
}

static void drop_item(const struct rtcache_item *item, void *arg)
{
	const struct drop *drop = arg;
	struct tarn__key key;
	if (!tarn__key_read(item->key, item->key_len, &key))
		return;
	for (size_t i = 0; i < drop->count; i++) {
		if (!has_changed(drop, drop->before[i], item, &key))
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
	tarn__forwarder_network_changed(&resolver->forwarder);
}

void tarn__resolver_overslept(struct tarn__resolver *resolver)
{
	tarn__forwarder_overslept(&resolver->forwarder);
}

void tarn__resolver_park(struct tarn__resolver *resolver)
{
	rtcache_client_park(resolver->client);
}

void tarn__resolver_unpark(struct tarn__resolver *resolver)
{
	rtcache_client_unpark(resolver->client);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/resolver.h: a question's life, from a client's message to its reply: policy, key, cache,
 * lookup, answer. Start here to read core/.
 *
 *	message --> tarn__resolver_resolve --> a stage of the policy decides: core/policy/
 *	                               \-> hit:  the reply (core/respond.c), at once, nothing allocated
 *	                               \-> miss: a pending query waits in the cache; its lookup
 *	                                   callback (core/forward/asking.c) asks the servers that
 *	                                   core/forward/select.c chooses, through struct tarn_io; the
 *	                                   answer goes out from tarn__resolver_run()
 *
 * Thread: one struct tarn__resolver per worker; the struct tarn__shared behind it is shared.
 */
#ifndef TARN_CORE_RESOLVER_H
#define TARN_CORE_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/io.h"
#include "core/forward/forward_loop.h"
#include "core/policy/decision.h"
#include "dns/cookie.h"
#include "tarn.h"

struct rtcache;
struct rtcache_client;
struct tarn__observer;
struct tarn__server;
struct tarn__stats;

/* ---- shared by all workers -------------------------------------------------------------- */

/* What stays as it is for good. */
struct tarn__shared_options {
	const struct tarn_options *options; /* borrowed for the call */
	uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN];
	/* The cache's clock: struct rtcache_options.now_ms and its arg. NULL: its own. */
	uint64_t (*now_ms)(void *arg);
	void *now_arg;
};

/* What a client waits for at most, in milliseconds; a lookup goes on and fills the cache. */
enum {
	TARN__STALE_AFTER_MS =
		1800, /* for a stale answer: RFC 8767 section 5, client response timer */
	TARN__CLIENT_MS = 4000, /* for SERVFAIL: stub resolvers give up at 5 s */
};

struct tarn__shared;

/* NULL with errno set. */
struct tarn__shared *tarn__shared_new(const struct tarn__shared_options *);
void tarn__shared_free(struct tarn__shared *);
struct rtcache *tarn__shared_cache(struct tarn__shared *);
/*
 * The server whose answer a stored form is (dns/answer.h); NULL: nobody's, or not known. What it
 * points at lives as long as the shared. Any thread.
 */
const struct tarn_address *tarn__shared_answer_source(const struct tarn__shared *,
						      const uint8_t *stored);

/* ---- one per worker --------------------------------------------------------------------- */

struct tarn__resolver;

/*
 * wake is called from other threads when tarn__resolver_run() has something to do; io is borrowed
 * and outlives the resolver; the configuration gets a reference more. NULL: out of memory.
 */
struct tarn__resolver *tarn__resolver_new(struct tarn__shared *, struct tarn__config *,
					  const struct tarn_io *io, void (*wake)(void *arg),
					  void *wake_arg);
/* tarn__resolver_end() first, where that has not been called. */
void tarn__resolver_free(struct tarn__resolver *);
/* Answers every pending query (SERVFAIL). After it the resolver is good for its numbers only. */
void tarn__resolver_end(struct tarn__resolver *);

/* For core/admin/inspect.h and core/admin/dump.h. */
struct rtcache_client *tarn__resolver_client(struct tarn__resolver *);
const struct tarn__config *tarn__resolver_config(const struct tarn__resolver *);

/* Answers what is done or due, starts what must be started, and sets io's timer anew. */
void tarn__resolver_run(struct tarn__resolver *);

/* Around the time that the thread sleeps in its loop (rtcache_client_park and _unpark). */
void tarn__resolver_park(struct tarn__resolver *);
void tarn__resolver_unpark(struct tarn__resolver *);

/*
 * Takes another configuration, and a reference to it. Zones that are equal in both (the same
 * struct tarn__zone_config) stay as they are, with all that is under way. Of the others exchanges are
 * canceled and lookups asked anew, within their old deadlines; what is known of an endpoint that is in both
 * is kept, and the others are closed (struct tarn_io). 0, or TARN_ENOMEM: nothing has changed.
 */
int tarn__resolver_set_config(struct tarn__resolver *, struct tarn__config *);

/*
 * Takes out of the cache, some at each call, what any of these configurations may have put there that
 * the servers of now were not asked for: for one worker, after all have taken the one of now over.
 * *cursor is 0 at first. Is there more?
 */
bool tarn__resolver_drop(struct tarn__resolver *, struct tarn__config *const *before, size_t count,
			 uint64_t *cursor);

/*
 * The network is another one: failures and round trips are forgotten, servers that were dead are
 * probed at once, lookups under way are asked anew.
 */
void tarn__resolver_network_changed(struct tarn__resolver *);

/*
 * The worker has not run for a while in which it should have: the machine was suspended. Failures and round
 * trips are forgotten, lookups take back what is outstanding and ask on, those whose time was over meanwhile
 * fail without being remembered. To be called before anything that has arrived since is looked at.
 */
void tarn__resolver_overslept(struct tarn__resolver *);

/*
 * Finds the servers that lead back to us: each is asked for a random name, sixteen a second, and
 * found is called when such a question reaches a worker of the same struct tarn__shared within 5 s,
 * once per server of a configuration. No worker asks that server any more. Such a one may not have been there, or the
 * question be lost: it dies as soon as it is asked in earnest, and who is dead is asked again, every
 * 5 s while it is probed and when it is healed. What an earlier call has found is forgotten: for one
 * worker to call, for all of them, at the start and after every change. found runs on any worker's
 * thread, under a lock, and calls nothing of a resolver; it and arg live as long as the shared.
 */
void tarn__resolver_probe_forward_loops(struct tarn__resolver *, tarn__forward_loop_function *found,
					void *arg);

/* ---- looking on ------------------------------------------------------------------------- */

/* Borrowed; NULL: nobody looks on any more. */
void tarn__resolver_observe(struct tarn__resolver *, const struct tarn__observer *);

/* What has been counted so far. */
void tarn__resolver_stats(const struct tarn__resolver *, struct tarn__stats *out);

/* Shows all servers, in the order of the configuration, each with its zone's name in wire form. */
void tarn__resolver_servers(const struct tarn__resolver *,
			    void (*show)(void *arg, const uint8_t *zone,
					 const struct tarn__server *),
			    void *arg);

/* ---- a client's question ---------------------------------------------------------------- */

/* Octets of a route that core/ will keep for a late answer. */
enum {
	TARN__ROUTE_MAX = 112,
	TARN__PENDING_MAX = 20000, /* questions that wait in one worker ... */
	TARN__PENDING_SIZE = 832, /* ... and how much memory each takes at most */
};

/* Where a question came from and how its answer goes back. */
struct tarn__client_request {
	enum tarn__transport transport;
	/*
	 * Called for a late answer: exactly once, from tarn__resolver_run() or _free(). route is
	 * core's copy of the octets below; reply is valid during the call.
	 */
	void (*answer)(void *owner, const void *route, const uint8_t *reply, size_t len);
	void *owner;
	/* Who asks; copied if the answer is late. NULL: the program itself. */
	const struct tarn_address *client;
	/* TCP: how long the connection may be idle, in units of 100 ms (RFC 7828). */
	uint16_t keepalive;
	const void *route; /* copied only if the answer is late */
	size_t route_len; /* at most TARN__ROUTE_MAX */
};

/* Returns false if all that the client asks is refused. */
bool tarn__resolver_serves(const struct tarn__resolver *, const struct tarn_address *client);

/*
 * Applies the policy to a good query: tarn__policy_apply(). The decision is valid until the resolver is called
 * again. Nothing is counted.
 */
enum tarn__policy_action tarn__resolver_decide(const struct tarn__resolver *,
					       const struct tarn__query *,
					       const struct tarn_address *client,
					       struct tarn__decision *);

/* What tarn__resolver_resolve() returns beside a length. */
enum { TARN__RESOLVE_DROP = 0, TARN__RESOLVE_PENDING = -1 };

/*
 * Takes a client's message (any octets). > 0: the reply stands in reply, that long; nothing is
 * allocated on a hit. TARN__RESOLVE_DROP: no reply is due. TARN__RESOLVE_PENDING: client_request->answer will be
 * called. reply has room for TARN__UDP_MAX octets (UDP) or TARN__MESSAGE_MAX (TCP).
 */
long tarn__resolver_resolve(struct tarn__resolver *, const struct tarn__client_request *,
			    const uint8_t *wire, size_t len, uint8_t *reply);

#endif

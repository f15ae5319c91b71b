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
#include "core/forward/findings.h"
#include "core/forward/forward_loop.h"
#include "core/policy/decision.h"
#include "dns/cookie.h"
#include "tarn.h"

struct rtcache;
struct rtcache_client;
struct rtcache_value;
struct tarn__fleet_flush;
struct tarn__observer;
struct tarn__reasons;
struct tarn__server;
struct tarn__stats;

/* ---- shared by all workers -------------------------------------------------------------- */

/* What does not change with a configuration. */
struct tarn__shared_options {
	const struct tarn_options *options; /* borrowed for the call */
	uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN];
	/* The cache's clock: struct rtcache_options.now_ms and its arg. NULL: its own. */
	uint64_t (*now_ms)(void *arg);
	void *now_arg;
	/* Called for what validation finds; NULL: it is not told. */
	tarn__finding_function *found;
	void *found_arg;
};

/* Upper limits of a client's wait, in milliseconds; the lookup continues and fills the cache. */
enum {
	TARN__STALE_AFTER_MS =
		1800, /* until a stale answer: RFC 8767 section 5, client response timer */
	TARN__CLIENT_MS = 4000, /* until SERVFAIL: stub resolvers give up at 5 s */
};

struct tarn__shared;

/*
 * What takes messages that a zone has changed (RFC 1996), on the thread of any worker: it must not block,
 * and must not call a resolver. It writes the reply, of at most TARN__UDP_MAX octets, and returns its
 * length; 0: the message is not for it, and is answered as any other of that opcode.
 */
struct tarn__notify_taker {
	size_t (*take)(void *data, const struct tarn_address *from, const uint8_t *message,
		       size_t len, uint8_t *reply);
	void *data;
};

/* Returns NULL with errno set on failure. */
struct tarn__shared *tarn__shared_new(const struct tarn__shared_options *);
void tarn__shared_free(struct tarn__shared *);
struct rtcache *tarn__shared_cache(struct tarn__shared *);
/*
 * A number that changes when the cache begins to forget names, for a message of the second level or for another
 * epoch, and when it has. Any thread.
 */
unsigned tarn__shared_forgets(struct tarn__shared *);
/* Sets the taker, which is borrowed as long as there are resolvers. Any thread. */
void tarn__shared_set_notify_taker(struct tarn__shared *, const struct tarn__notify_taker *);
/*
 * Returns the server that gave the answer of a stored form (dns/stored.h); NULL: none, or unknown. The
 * address is valid as long as the shared. Any thread.
 */
const struct tarn_address *tarn__shared_answer_source(const struct tarn__shared *,
						      const uint8_t *stored);

/* The reasons of failures that are those of bogus answers. Any thread. */
struct tarn__reasons *tarn__shared_reasons(const struct tarn__shared *);

/* ---- one per worker --------------------------------------------------------------------- */

struct tarn__resolver;

/*
 * wake is called from other threads when tarn__resolver_run() must be called; io is borrowed and outlives
 * the resolver; the resolver takes a reference of its own to the configuration. Returns NULL if out of
 * memory.
 */
struct tarn__resolver *tarn__resolver_new(struct tarn__shared *, struct tarn__config *,
					  const struct tarn_io *io, void (*wake)(void *arg),
					  void *wake_arg);
/* Calls tarn__resolver_end() first, unless that has been called. NULL is allowed. */
void tarn__resolver_free(struct tarn__resolver *);
/*
 * Answers every pending query with SERVFAIL. After it only _stats(), _servers() and _free() may be called.
 */
void tarn__resolver_end(struct tarn__resolver *);

/* For core/admin/. */
struct rtcache_client *tarn__resolver_client(struct tarn__resolver *);
const struct tarn__config *tarn__resolver_config(const struct tarn__resolver *);
/* Milliseconds since 1970: struct tarn_io.wall_ms. */
uint64_t tarn__resolver_wall_ms(const struct tarn__resolver *);

/* Answers queries that are complete or at their deadline, runs due timers, and sets io's timer. */
void tarn__resolver_run(struct tarn__resolver *);

/* Before and after the thread sleeps in its loop (rtcache_client_park() and _unpark()). */
void tarn__resolver_park(struct tarn__resolver *);
void tarn__resolver_unpark(struct tarn__resolver *);

/*
 * Replaces the configuration, and takes a reference to the new one. Zones that are equal in both (the same
 * struct tarn__zone_config) stay as they are, with all that is under way. In the other zones exchanges are
 * canceled and lookups are sent again, within their old deadlines; the state of an endpoint that is in both
 * is kept, and other endpoints are closed (struct tarn_io). Returns 0, or TARN_ENOMEM: nothing has changed.
 */
int tarn__resolver_set_config(struct tarn__resolver *, struct tarn__config *);

/*
 * Removes the entries from the cache whose names had other servers in any of these earlier configurations
 * than they have now. One worker calls it, after all workers have taken over the present configuration.
 * Each call takes one step; *cursor is 0 at first. Returns true if there are more steps.
 */
bool tarn__resolver_drop(struct tarn__resolver *, struct tarn__config *const *before, size_t count,
			 uint64_t *cursor);

/*
 * To be called after a change of the network. Failures and round trips are forgotten, and servers that were
 * dead, or whose zone has lookups under way, are probed at once. Outstanding messages stay; when a server
 * answers, the lookups send once more, over new sockets.
 */
void tarn__resolver_network_changed(struct tarn__resolver *);

/*
 * To be called when the worker did not run at the time that it had set, because the machine was suspended,
 * and before anything is read that has arrived since. Failures and round trips are forgotten. Lookups
 * cancel their outstanding messages and continue; those whose deadline has passed fail, and their failures
 * are not remembered.
 */
void tarn__resolver_overslept(struct tarn__resolver *);

/*
 * Finds the servers that forward to tarn itself. Each server is queried for a random name, sixteen servers
 * a second. found is called when such a query reaches a worker of the same struct tarn__shared within 5 s,
 * once per server of a configuration; no worker uses that server any more. A server may have been down, or
 * the query lost. Such a server dies after the first questions that it gets, and a dead server is queried
 * again, every 5 s while it is probed and when it recovers.
 *
 * Results of an earlier call are forgotten. One worker calls it for all of them, at the start and after
 * every change. found runs on any worker's thread, under a lock, and must not call a resolver; found and
 * arg are valid as long as the shared.
 */
void tarn__resolver_probe_forward_loops(struct tarn__resolver *, tarn__forward_loop_function *found,
					void *arg);

/*
 * To be called when the connection to the second level has come up and when it has been lost, and for messages of
 * its channel, of any octets.
 */
void tarn__resolver_second_connected(struct tarn__resolver *);
void tarn__resolver_second_lost(struct tarn__resolver *);
void tarn__resolver_second_message(struct tarn__resolver *, const uint8_t *message, size_t len);

/* Has the cache forget everything, in steps of tarn__resolver_run(); counted by tarn__shared_forgets(). */
void tarn__resolver_forget_all(struct tarn__resolver *);

/*
 * A flush for all machines that share the second level, and its end: core/second/fleet.h. TARN_EUNREACHABLE as well
 * if there is no second level.
 */
int tarn__resolver_fleet_flush(struct tarn__resolver *, struct tarn__fleet_flush *);
void tarn__resolver_fleet_cancel(struct tarn__resolver *, struct tarn__fleet_flush *);

/* ---- observers and statistics ----------------------------------------------------------- */

/* Sets the observer, which is borrowed; NULL: none from now on. */
void tarn__resolver_observe(struct tarn__resolver *, const struct tarn__observer *);

/* Copies the counters. */
void tarn__resolver_stats(const struct tarn__resolver *, struct tarn__stats *out);

/* Calls show for each server, in the order of the configuration, with its zone's name in wire form. */
void tarn__resolver_servers(const struct tarn__resolver *,
			    void (*show)(void *arg, const uint8_t *zone,
					 const struct tarn__server *),
			    void *arg);

/* ---- a client's question ---------------------------------------------------------------- */

/* TARN__ROUTE_MAX: octets of a route that core/ copies for a late answer. */
enum {
	TARN__ROUTE_MAX = 112,
	TARN__PENDING_MAX = 20000, /* questions that wait in one worker */
	TARN__PENDING_SIZE = 832, /* octets of memory that each takes at most */
};

/* Where a question came from and how its answer goes back. */
struct tarn__client_request {
	enum tarn__transport transport;
	/*
	 * Called for a late answer: exactly once, from tarn__resolver_run() or _free(). route is
	 * core's copy of the octets below; reply is valid during the call. len is 0 if no reply is due,
	 * which is so for no question of the program itself.
	 */
	void (*answer)(void *owner, const void *route, const uint8_t *reply, size_t len);
	void *owner;
	/* The client's address; copied if the answer is late. NULL: the program itself. */
	const struct tarn_address *client;
	/* TCP: how long the connection may be idle, in units of 100 ms (RFC 7828). */
	uint16_t keepalive;
	const void *route; /* copied only if the answer is late */
	size_t route_len; /* at most TARN__ROUTE_MAX */
};

/* Returns false if the client is not on the access list: all of its questions are refused. */
bool tarn__resolver_serves(const struct tarn__resolver *, const struct tarn_address *client);

/*
 * Applies the policy to a good query: tarn__policy_apply(). The decision is valid until the resolver is
 * called again. Nothing is counted.
 */
enum tarn__policy_action tarn__resolver_decide(const struct tarn__resolver *,
					       const struct tarn__query *,
					       const struct tarn_address *client,
					       struct tarn__decision *);

/*
 * The same for an answer in the cache: tarn__policy_apply_answer(). TARN__POLICY_PASS: it stays as it is.
 */
enum tarn__policy_action tarn__resolver_decide_answer(const struct tarn__resolver *,
						      const struct tarn__query *,
						      const struct tarn_address *client,
						      const struct rtcache_value *,
						      struct tarn__decision *);

/* What tarn__resolver_resolve() returns beside a length. */
enum { TARN__RESOLVE_DROP = 0, TARN__RESOLVE_PENDING = -1 };

/*
 * Handles a client's message (any octets). Returns the length of the reply, which is written to reply;
 * TARN__RESOLVE_DROP: there is no reply; TARN__RESOLVE_PENDING: client_request->answer will be called.
 * Nothing is allocated on a hit. reply has room for TARN__UDP_MAX octets (UDP) or TARN__MESSAGE_MAX (TCP).
 */
long tarn__resolver_resolve(struct tarn__resolver *, const struct tarn__client_request *,
			    const uint8_t *wire, size_t len, uint8_t *reply);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/resolver.h: a question's life, from a client's message to its reply: policy, key, cache,
 * lookup, answer. Start here to read core/.
 *
 *	message --> tarn__resolver_ask --> refused, or an answer of our own: core/policy.c
 *	                               \-> hit:  the reply (core/respond.c), at once, nothing allocated
 *	                               \-> miss: a pending query waits in the cache; its lookup
 *	                                   callback (core/lookup.c) asks the servers that
 *	                                   core/upstream.c chooses, through struct tarn_io; the
 *	                                   answer goes out from tarn__resolver_run()
 *
 * Thread: one struct tarn__resolver per worker; the struct tarn__shared behind it is shared.
 */
#ifndef TARN_CORE_RESOLVER_H
#define TARN_CORE_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "dns/cookie.h"
#include "tarn.h"

struct rtcache;
struct tarn__policy;

/* ---- shared by all workers -------------------------------------------------------------- */

/* What a resolver may need to know; immutable once made. */
struct tarn__config {
	size_t cache_size;
	struct tarn_address *servers; /* owned */
	size_t server_count;
	/* Their word on what they validated is taken: AD is asked for and passed on (RFC 6840). */
	bool trust_ad;
	struct tarn__policy *policy; /* owned; NULL: every question passes */
	uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN];
	/* The cache's clock: struct rtcache_options.now_ms and its arg. NULL: its own. */
	uint64_t (*now_ms)(void *arg);
	void *now_arg;
};

struct tarn__shared;

/* Copies the configuration; takes the policy, even on failure. NULL with errno set. */
struct tarn__shared *tarn__shared_new(const struct tarn__config *);
void tarn__shared_free(struct tarn__shared *);
const struct tarn__config *tarn__shared_config(const struct tarn__shared *);

/* ---- one per worker --------------------------------------------------------------------- */

struct tarn__resolver;

/*
 * wake is called from other threads when tarn__resolver_run() has something to do; io is borrowed
 * and outlives the resolver. NULL: out of memory.
 */
struct tarn__resolver *tarn__resolver_new(struct tarn__shared *, const struct tarn_io *io,
					  void (*wake)(void *arg), void *wake_arg);
/* Every pending query is answered (SERVFAIL) first. */
void tarn__resolver_free(struct tarn__resolver *);

/* Answers what is done or due, starts what must be started, and sets io's timer anew. */
void tarn__resolver_run(struct tarn__resolver *);

/* Around the time that the thread sleeps in its loop (rtcache_client_park and _unpark). */
void tarn__resolver_park(struct tarn__resolver *);
void tarn__resolver_unpark(struct tarn__resolver *);

/* ---- a client's question ---------------------------------------------------------------- */

/* Octets of a route that core/ will keep for a late answer. */
enum { TARN__ROUTE_MAX = 96 };

/* Where a question came from and how its answer goes back. */
struct tarn__asker {
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

/* What tarn__resolver_ask() returns beside a length. */
enum { TARN__ASK_DROP = 0, TARN__ASK_LATER = -1 };

/*
 * Takes a client's message (any octets). > 0: the reply stands in reply, that long; nothing is
 * allocated on a hit. TARN__ASK_DROP: no reply is due. TARN__ASK_LATER: asker->answer will be
 * called. reply has room for TARN__UDP_MAX octets (UDP) or TARN__MESSAGE_MAX (TCP).
 */
long tarn__resolver_ask(struct tarn__resolver *, const struct tarn__asker *, const uint8_t *wire,
			size_t len, uint8_t *reply);

#endif

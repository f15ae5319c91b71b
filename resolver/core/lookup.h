/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/lookup.h: one lookup under way: a key that the cache does not have, and the servers that are
 * being asked for it.
 *
 * The best server is asked first; the next one too when the first has not answered within its
 * patience; the first good answer wins and ends the lookup. SERVFAIL, REFUSED and the like only
 * count when nothing better came. While all servers are dead it waits for one to be healed; then all
 * that wait are asked, a few at a time. Every lookup ends within TARN__LOOKUP_MS, whether anybody still
 * waits for it or not: by rtcache_fill(); by rtcache_fail(), when the upstream is at fault; or by
 * rtcache_refuse(), when we are.
 *
 * Thread: a lookup lives on the thread of the resolver that started it.
 */
#ifndef TARN_CORE_LOOKUP_H
#define TARN_CORE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "core/list.h"
#include "core/probe.h"
#include "core/timer.h"
#include "core/upstream.h"

struct rtcache_client;
struct rtcache_lookup;
struct tarn__observer;
struct tarn__origins;
struct tarn__scratch;

enum {
	TARN__LOOKUP_MS = 5000, /* glibc's stub asks anew after 5 s: nobody waits for longer */
	/*
	 * Under way in one worker. Of several groups each may have as many as there is room for then,
	 * so that one whose servers are silent leaves room for the others.
	 */
	TARN__LOOKUPS_MAX = 10000,
};

/* The lookups of one group. What goes wrong with its servers is no other's business. */
struct tarn__forwarding {
	struct tarn__lookups *all;
	struct tarn__upstream *upstream; /* owned */
	struct tarn__probes probes;
	struct tarn__list running;
	struct tarn__list waiting; /* for a server to ask; oldest first */
	size_t count; /* of both */
	struct tarn__timer release; /* of those that wait */
	bool is_down; /* all servers are dead, or none has been healed since */
};

/* What the lookups of one worker share. */
struct tarn__lookups {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct rtcache_client *client;
	const uint8_t *cookie_secret;
	struct tarn__config *config; /* a reference */
	struct tarn__forwarding **groups; /* the configuration's, in its order */
	unsigned heals_seen; /* of config->heals */
	size_t count;
	uint64_t started; /* ever, those that ended at once included */
	struct tarn__origins *origins;
	const struct tarn__observer *observer; /* NULL: nobody looks on */
	struct tarn__scratch *scratch; /* owned */
};

/* All are borrowed; the configuration gets a reference more. 0 or TARN_ENOMEM. */
int tarn__lookups_init(struct tarn__lookups *, const struct tarn_io *io, struct tarn__timers *,
		       struct rtcache_client *, struct tarn__config *,
		       const uint8_t cookie_secret[TARN__COOKIE_SECRET_LEN],
		       struct tarn__origins *);
/* Lookups still running fail with TARN_ECANCELED. */
void tarn__lookups_fini(struct tarn__lookups *);

/* As tarn__resolver_set_config() and tarn__resolver_network_changed(). */
int tarn__lookups_set_config(struct tarn__lookups *, struct tarn__config *,
			     void (*switched)(void *arg), void *arg);
void tarn__lookups_network_changed(struct tarn__lookups *);

/* Another worker has heard from a server that was dead. */
static inline bool tarn__lookups_have_heals(const struct tarn__lookups *all)
{
	return atomic_load_explicit(&all->config->heals, memory_order_relaxed) != all->heals_seen;
}
void tarn__lookups_take_heals(struct tarn__lookups *);

/* A client asks for a name, and had something else than an answer of now. */
void tarn__lookups_want(struct tarn__lookups *, const uint8_t *qname, size_t len);

/*
 * Starts the lookup of a key; ends handle exactly once, perhaps before it returns: with the stored
 * form of an answer, or with TARN_ETIMEOUT (nobody answered in time), TARN_EUNREACHABLE (the
 * network refused everything), TARN_EANSWER (only useless answers came), TARN_ENOSERVER,
 * TARN_EBUSY, TARN_ENOMEM or TARN_ECANCELED.
 */
void tarn__lookup_start(struct tarn__lookups *, struct rtcache_lookup *handle, const void *key,
			size_t key_len);

#endif

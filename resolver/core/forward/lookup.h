/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/lookup.h: one lookup under way: a key that the cache does not have, and the servers that are
 * being asked for it. Which these are, and when it is to wait, core/forward/forwarding.h knows.
 *
 * The best server is asked first; the next one too when the first has not answered within its
 * patience; the first good answer wins and ends the lookup. SERVFAIL, REFUSED and the like only
 * count when nothing better came. While all servers are dead it waits for one to be healed. Every
 * lookup ends within TARN__LOOKUP_MS, whether anybody still waits for it or not: by rtcache_fill();
 * by rtcache_fail(), when the upstream is at fault; or by rtcache_refuse(), when we are.
 *
 * Thread: a lookup lives on the thread of the resolver that started it.
 */
#ifndef TARN_CORE_FORWARD_LOOKUP_H
#define TARN_CORE_FORWARD_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/forward/upstream.h"
#include "dns/query.h"

struct rtcache_lookup;
struct tarn__answer;
struct tarn__chain;
struct tarn__forwarding;
struct tarn__lookups;

enum {
	TARN__LOOKUP_MS = 5000, /* glibc's stub asks anew after 5 s: nobody waits for longer */
};

struct tarn__lookup {
	struct tarn__lookups *all;
	struct tarn__forwarding *group;
	struct tarn__list node; /* of group->running, ->kept or ->waiting */
	struct rtcache_lookup *handle;
	struct tarn__key key; /* a view into the handle's */
	struct tarn__timer timer; /* patience, silence, or the deadline */
	uint64_t deadline_ms;
	struct tarn__list attempts; /* outstanding */
	struct tarn__chain *chain; /* a chain that leads on; NULL: none */
	int error; /* what to fail with if nothing better comes */
	uint64_t sent_ms; /* its last message; 0: none yet */
	size_t turn; /* see tarn__upstream_choose() */
	struct tarn__tries *tries; /* one per server: those below, or others, owned */
	struct tarn__tries first_tries[];
};

/*
 * Starts the lookup of a key; ends handle exactly once, perhaps before it returns: with the stored
 * form of an answer, or with TARN_ETIMEOUT (nobody answered in time), TARN_EUNREACHABLE (the
 * network refused everything), TARN_EANSWER (only unusable answers came), TARN_ENOSERVER,
 * TARN_EBUSY, TARN_ENOMEM or TARN_ECANCELED.
 */
void tarn__lookup_start(struct tarn__lookups *, struct rtcache_lookup *handle, const void *key,
			size_t key_len);

/* Ends it with that answer, whose stored form is in the scratch. */
void tarn__lookup_fill(struct tarn__lookup *, const struct tarn__answer *);

/* Ends it with that error, which is remembered of its key where the upstream is at fault. */
void tarn__lookup_fail(struct tarn__lookup *, int error);

/* Cancels all that it has outstanding: it waits for its deadline, or to be started again. */
void tarn__lookup_recall(struct tarn__lookup *);

/*
 * Has it wait in another group; servers that are in both have had the messages they had. false: out of
 * memory, it stays in its own.
 */
bool tarn__lookup_join(struct tarn__lookup *, struct tarn__forwarding *);

/*
 * A server may be asked that could not: asks on, beside what is outstanding, with the messages that
 * are left. May end it.
 */
void tarn__lookup_restart(struct tarn__lookup *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/lookup.h: one lookup under way: a key that the cache does not have, and the servers that are
 * being asked for it.
 *
 * The best server is asked first; the next one too when the first has not answered within its
 * patience; the first good answer wins and ends the lookup. SERVFAIL, REFUSED and the like only
 * count when nothing better came. Every lookup ends within TARN__LOOKUP_MS, whether anybody still
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
#include "core/timer.h"
#include "core/upstream.h"

struct rtcache_client;
struct rtcache_lookup;
struct tarn__config;
struct tarn__scratch;

enum {
	TARN__LOOKUP_MS = 5000, /* glibc's stub asks anew after 5 s: nobody waits for longer */
	TARN__LOOKUPS_MAX = 10000, /* under way in one worker */
};

/* What the lookups of one worker share. */
struct tarn__lookups {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct rtcache_client *client;
	struct tarn__upstream *upstream; /* owned */
	struct tarn__list running;
	size_t count;
	uint64_t started; /* ever, those that ended at once included */
	bool wants_ad;
	struct tarn__scratch *scratch; /* owned */
};

/* All are borrowed, the configuration's servers too. 0 or TARN_ENOMEM. */
int tarn__lookups_init(struct tarn__lookups *, const struct tarn_io *io, struct tarn__timers *,
		       struct rtcache_client *, const struct tarn__config *);
/* Lookups still running fail with TARN_ECANCELED. */
void tarn__lookups_fini(struct tarn__lookups *);

/*
 * Starts the lookup of a key; ends handle exactly once, perhaps before it returns: with the stored
 * form of an answer, or with TARN_ETIMEOUT (nobody answered in time), TARN_EUNREACHABLE (the
 * network refused everything), TARN_EANSWER (only useless answers came), TARN_ENOSERVER,
 * TARN_EBUSY, TARN_ENOMEM or TARN_ECANCELED.
 */
void tarn__lookup_start(struct tarn__lookups *, struct rtcache_lookup *handle, const void *key,
			size_t key_len);

#endif

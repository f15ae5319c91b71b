/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/nxdomain.h: names that do not exist. NXDOMAIN applies to a name and class, whatever the type
 * (RFC 2308 section 5): such an answer is stored a second time, under the key of its name, which has type
 * 0. It is looked up before a lookup is started. See docs/decisions/nxdomain.md.
 *
 * Thread: the client's.
 */
#ifndef TARN_CORE_FORWARD_NXDOMAIN_H
#define TARN_CORE_FORWARD_NXDOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"
#include "rtcache.h"

/*
 * Returns true if NXDOMAIN for the name covers the type. It does not cover a DS, which belongs to the
 * parent zone, whose servers may be others than the name's (core/zone_index.h). For such a key
 * the functions below do nothing.
 */
bool tarn__nxdomain_is_for(uint16_t qtype);

/* Returns true if the key's name is known not to exist; *out is the stored form of NXDOMAIN then. */
bool tarn__nxdomain_find(struct rtcache_client *, const struct tarn__key *,
			 struct rtcache_value *out);

/* Returns true likewise, and does not count as a use of it. */
bool tarn__nxdomain_is_known(struct rtcache_client *, const struct tarn__key *);

/*
 * If there is NXDOMAIN of the key's name, ends the lookup of the key with it and returns true. It does not if
 * the key itself is still fresh: then the lookup is a prefetch, and the NXDOMAIN is as old. stored is room
 * for a stored form.
 */
bool tarn__nxdomain_fill(struct rtcache_client *, struct rtcache_lookup *, const struct tarn__key *,
			 uint8_t *stored);

/* Stores NXDOMAIN of the name. If the cache has no room, another type will be asked for upstream. */
void tarn__nxdomain_put(struct rtcache_client *, const struct tarn__key *, const uint8_t *stored,
			size_t len, uint64_t ttl_ms);

/* The same as rtcache_load(): the key of the item is that of NXDOMAIN for one type. */
void tarn__nxdomain_load(struct rtcache_client *, const struct tarn__key *,
			 const struct rtcache_item *);

/*
 * An answer has come that shows that the name exists: NXDOMAIN of the name is removed, even if it came
 * later, while the answer was under way.
 */
void tarn__nxdomain_end(struct rtcache_client *, const struct tarn__key *);

#endif

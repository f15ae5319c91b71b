/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/nxdomain.h: names that do not exist. NXDOMAIN holds for a name and class, whatever the type
 * (RFC 2308 section 5): such an answer is stored once more, under the key of its name, which has
 * type 0. Whoever starts a lookup looks there first. See docs/decisions/nxdomain.md.
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
 * Is a type denied with its name? A DS is not: it is the parent zone's, whose servers may be others than
 * the name's, and know nothing of it (core/zones.h). For such a key the functions below do nothing.
 */
bool tarn__nxdomain_is_for(uint16_t qtype);

/* Is the key's name known not to exist? Then *out is filled, with the stored form of NXDOMAIN. */
bool tarn__nxdomain_find(struct rtcache_client *, const struct tarn__key *,
			 struct rtcache_value *out);

/*
 * Ends a lookup of the key with that, if it may answer it. Not where the key itself is still fresh:
 * then this is a look ahead, and what it would find is as old. stored is room for a stored form.
 */
bool tarn__nxdomain_fill(struct rtcache_client *, struct rtcache_lookup *, const struct tarn__key *,
			 uint8_t *stored);

/* Where there is no room for it, the next type is asked for. */
void tarn__nxdomain_put(struct rtcache_client *, const struct tarn__key *, const uint8_t *stored,
			size_t len, uint64_t ttl_ms);

/*
 * An answer has come by which the name exists: a denial ends, whenever it came. It may have come while the
 * answer was under way.
 */
void tarn__nxdomain_end(struct rtcache_client *, const struct tarn__key *);

#endif

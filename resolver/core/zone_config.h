/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/zone_config.h: a zone with upstream servers of its own, or the root, as a snapshot (core/config.h)
 * holds it. Snapshots share a zone that is equal in both: a worker knows by the pointer that nothing of it
 * has changed.
 *
 * Thread: built by one, then immutable and counted; any.
 */
#ifndef TARN_CORE_ZONE_CONFIG_H
#define TARN_CORE_ZONE_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/forward/endpoint.h"
#include "dns/wire.h"
#include "tarn.h"

enum {
	TARN__SERVERS_MAX = 64, /* of one zone */
	TARN__DIGEST_NONE = 1, /* the digest of a zone without servers */
};

struct tarn__zone_config {
	atomic_uint references;
	/* In lower case, in wire form; of a network with several zones the first of its own. */
	uint16_t name_len;
	uint8_t name[TARN__NAME_MAX];
	enum tarn_selection selection;
	bool follows_cnames; /* out of the zone */
	/* Of the endpoints, in any order, and of follows_cnames: equal digests give equal answers. */
	uint64_t digest;
	size_t endpoint_count; /* 0 in the root only */
	struct tarn__endpoint *endpoints[]; /* in the configured order; a reference to each */
};

/*
 * The servers and all but the zone's name, which is empty, are taken from the section; section->zone is not
 * read. One reference, the caller's. NULL: out of memory.
 */
struct tarn__zone_config *tarn__zone_config_new(const struct tarn_forward *section);

/* One reference more, and one less; the last one frees it. NULL is allowed for the latter. */
struct tarn__zone_config *tarn__zone_config_get(struct tarn__zone_config *);
void tarn__zone_config_put(struct tarn__zone_config *);

/*
 * Returns the zone with the endpoints of before that are equal to its own in place of these, each of them
 * once; or before itself, with a reference more and the zone's put, where all is equal. The zone is not
 * shared yet, and has the name of before.
 */
struct tarn__zone_config *tarn__zone_config_take_over(struct tarn__zone_config *,
						      struct tarn__zone_config *before);

#endif

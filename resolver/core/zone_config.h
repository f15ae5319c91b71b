/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/zone_config.h: a zone with upstream servers of its own, or the root, as a snapshot (core/config.h)
 * holds it. Snapshots share a zone that is equal in both: a worker compares the pointers to find out that
 * it has not changed.
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
	/* In lower case, in wire form; for a network with several zones the first name that only it has. */
	uint16_t name_len;
	uint8_t name[TARN__NAME_MAX];
	enum tarn_selection selection;
	bool follows_cnames; /* out of the zone */
	/* Some of its names have a trust anchor: answers of its servers are validated. */
	bool is_validated;
	/*
	 * Of the endpoints as configured, in any order, and of follows_cnames: equal digests give equal
	 * answers.
	 */
	uint64_t digest;
	size_t endpoint_count; /* 0 in the root only */
	struct tarn__endpoint *endpoints[]; /* in the configured order; a reference to each */
};

/*
 * Makes a zone of the section, which has TARN__SERVERS_MAX servers at most; the zone's name is empty, and
 * section->zone is not read. The caller has the one reference. Returns NULL if out of memory.
 */
struct tarn__zone_config *tarn__zone_config_new(const struct tarn_forward *section);

/*
 * Gives the zone the name of before, and all else that a section's servers and selection leave open, its
 * digest among it. It must not be shared yet.
 */
void tarn__zone_config_follow(struct tarn__zone_config *, const struct tarn__zone_config *before);

/* Takes a reference, and drops one; dropping the last one frees it. put accepts NULL. */
struct tarn__zone_config *tarn__zone_config_get(struct tarn__zone_config *);
void tarn__zone_config_put(struct tarn__zone_config *);

/*
 * Replaces the zone's endpoints by equal ones of before, each of which is used once, and returns the zone.
 * If all is equal, drops the reference to the zone and returns before, with a reference more. The zone must
 * not be shared yet, and has the name of before.
 */
struct tarn__zone_config *tarn__zone_config_take_over(struct tarn__zone_config *,
						      struct tarn__zone_config *before);

#endif

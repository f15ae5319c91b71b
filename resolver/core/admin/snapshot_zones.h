/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/snapshot_zones.h: what makes answers of one configuration those of another one, too: the servers of a
 * name, whether their answers are checked, and the anchor at which that starts, as numbers that are the same in
 * every process.
 *
 * Thread: any, one at a time.
 */
#ifndef TARN_CORE_ADMIN_SNAPSHOT_ZONES_H
#define TARN_CORE_ADMIN_SNAPSHOT_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/admin/snapshot_form.h"
#include "dns/query.h"

struct tarn__config;

struct tarn__snapshot_zones {
	struct tarn__config *config; /* a reference */
	struct tarn__snapshot_identities identities;
	const uint8_t **anchor_names; /* of the anchors, in the order of their identities */
};

/* The zone and the anchor of a question, as in an entry. */
struct tarn__snapshot_place {
	uint16_t zone, anchor;
};

/*
 * has_any_root: the root is the same whichever servers it has. Takes a reference to the configuration. Returns
 * false if out of memory, or if there are more zones or anchors than a header has room for; there is nothing to
 * free then.
 */
bool tarn__snapshot_zones_init(struct tarn__snapshot_zones *, const struct tarn__config *,
			       bool has_any_root);
void tarn__snapshot_zones_fini(struct tarn__snapshot_zones *); /* zeros are allowed */

/*
 * Makes it that of another configuration, unless it is of that one. Returns false as above: it is zero then.
 */
bool tarn__snapshot_zones_follow(struct tarn__snapshot_zones *, const struct tarn__config *,
				 bool has_any_root);

/* Returns false if the name is never forwarded. */
bool tarn__snapshot_zones_find(const struct tarn__snapshot_zones *, const struct tarn__key *,
			       struct tarn__snapshot_place *);

/* Returns true if both places exist, and answers of the one are answers of the other. */
bool tarn__snapshot_is_same_place(const struct tarn__snapshot_identities *,
				  const struct tarn__snapshot_place *,
				  const struct tarn__snapshot_identities *,
				  const struct tarn__snapshot_place *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot_zones.c: the identities of zones and of anchors. */
#include "core/admin/snapshot_zones.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "core/config.h"
#include "core/config_anchors.h"

/* Instead of the digest of the root's servers, if they do not count. */
enum { ANY_SERVERS = 0 };

enum { IS_VALIDATED = 1, TRUSTS_AD = 2 };

static uint64_t identify_zone(const struct tarn__config *config, size_t index, bool has_any_root)
{
	enum { FLAGS_AT = 8, NAME_AT = 9 };
	const struct tarn__zone_config *zone = config->zones[index];
	uint8_t octets[NAME_AT + TARN__NAME_MAX];
	tarn__put64(octets, index == 0 && has_any_root ? ANY_SERVERS : zone->digest);
	octets[FLAGS_AT] = (uint8_t)((zone->is_validated ? IS_VALIDATED : 0) |
				     (config->trust_ad ? TRUSTS_AD : 0));
	memcpy(octets + NAME_AT, zone->name, zone->name_len);
	return tarn__snapshot_hash(octets, NAME_AT + (size_t)zone->name_len, 0);
}

/* The order of the records is of no meaning. */
static uint64_t identify_anchor(const struct tarn__anchor *anchor)
{
	struct tarn__anchor_record record;
	uint64_t identity = tarn__snapshot_hash(anchor->name, anchor->name_len, 0);
	for (const void *at = anchor->records; tarn__anchor_next(&at, &record);)
		identity += tarn__snapshot_hash(record.rdata, record.rdata_len, record.type);
	return identity;
}

/* Returns the next anchor at which chains of trust start. */
static bool next_positive(const struct tarn__config *config, size_t *at, struct tarn__anchor *out)
{
	while (config->anchors && tarn__anchors_next(config->anchors, at, out)) {
		if (out->kind == TARN__ANCHOR_POSITIVE)
			return true;
	}
	return false;
}

static size_t count_anchors(const struct tarn__config *config)
{
	struct tarn__anchor anchor;
	size_t count = 0;
	for (size_t at = 0; next_positive(config, &at, &anchor);)
		count++;
	return count;
}

static bool allocate(struct tarn__snapshot_zones *zones, size_t zone_count, size_t anchor_count)
{
	struct tarn__snapshot_identities *identities = &zones->identities;
	if (zone_count >= TARN__ZONE_NONE || anchor_count >= UINT16_MAX)
		return false;
	identities->zones = malloc((zone_count + anchor_count + 1) * sizeof identities->zones[0]);
	zones->anchor_names = malloc((anchor_count + 1) * sizeof zones->anchor_names[0]);
	if (!identities->zones || !zones->anchor_names)
		return false;
	identities->zone_count = zone_count;
	identities->anchor_count = anchor_count;
	identities->anchors = identities->zones + zone_count;
	return true;
}

bool tarn__snapshot_zones_init(struct tarn__snapshot_zones *zones,
			       const struct tarn__config *config, bool has_any_root)
{
	*zones = (struct tarn__snapshot_zones){0};
	if (!allocate(zones, config->zone_count, count_anchors(config))) {
		tarn__snapshot_zones_fini(zones);
		return false;
	}
	/* Of what is immutable the references are not. */
	zones->config = tarn__config_get((struct tarn__config *)(uintptr_t)config);
	for (size_t i = 0; i < config->zone_count; i++)
		zones->identities.zones[i] = identify_zone(config, i, has_any_root);
	struct tarn__anchor anchor;
	size_t count = 0;
	for (size_t at = 0; next_positive(config, &at, &anchor); count++) {
		zones->identities.anchors[count] = identify_anchor(&anchor);
		zones->anchor_names[count] = anchor.name;
	}
	return true;
}

void tarn__snapshot_zones_fini(struct tarn__snapshot_zones *zones)
{
	tarn__config_put(zones->config);
	tarn__snapshot_identities_free(&zones->identities);
	free(zones->anchor_names);
	*zones = (struct tarn__snapshot_zones){0};
}

bool tarn__snapshot_zones_follow(struct tarn__snapshot_zones *zones,
				 const struct tarn__config *config, bool has_any_root)
{
	if (zones->config == config)
		return true;
	tarn__snapshot_zones_fini(zones);
	return tarn__snapshot_zones_init(zones, config, has_any_root);
}

/* Returns 1 + the index of the anchor, which is most often the only one; 0: it is not positive. */
static uint16_t find_anchor(const struct tarn__snapshot_zones *zones, const struct tarn__key *key)
{
	struct tarn__anchor anchor =
		tarn__config_find_anchor(zones->config, key->qname, key->qname_len, key->qtype);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return 0;
	size_t i = 0;
	while (i < zones->identities.anchor_count && zones->anchor_names[i] != anchor.name)
		i++;
	return (uint16_t)(i < zones->identities.anchor_count ? i + 1 : 0);
}

bool tarn__snapshot_zones_find(const struct tarn__snapshot_zones *zones,
			       const struct tarn__key *key, struct tarn__snapshot_place *out)
{
	const struct tarn__config *config = zones->config;
	size_t zone = tarn__config_find_zone(config, key->qname, key->qname_len, key->qtype);
	if (zone == TARN__ZONE_NONE)
		return false;
	bool is_checked = config->zones[zone]->is_validated && !key->checking_disabled;
	out->zone = (uint16_t)zone;
	out->anchor = is_checked ? find_anchor(zones, key) : 0;
	return true;
}

static uint64_t anchor_of(const struct tarn__snapshot_identities *identities, uint16_t anchor)
{
	return anchor > 0 ? identities->anchors[anchor - 1] : 0;
}

bool tarn__snapshot_is_same_place(const struct tarn__snapshot_identities *a,
				  const struct tarn__snapshot_place *of_a,
				  const struct tarn__snapshot_identities *b,
				  const struct tarn__snapshot_place *of_b)
{
	return of_a->zone < a->zone_count && of_b->zone < b->zone_count &&
	       of_a->anchor <= a->anchor_count && of_b->anchor <= b->anchor_count &&
	       a->zones[of_a->zone] == b->zones[of_b->zone] &&
	       anchor_of(a, of_a->anchor) == anchor_of(b, of_b->anchor);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/zone_config.c: the zones of snapshots, and what the next snapshot takes over of them. */
#include "core/zone_config.h"

#include <stdlib.h>
#include <string.h>

/* Sets the digest apart from that of the same servers where chains end at the zone's border. */
enum { FOLLOWS_DIGEST = 2 };

/* A server with a name may have several addresses, one endpoint each: it counts once. */
static void add_digest(struct tarn__zone_config *zone, uint64_t *digests, uint64_t digest)
{
	for (size_t i = 0; i + 1 < zone->endpoint_count; i++) {
		if (digests[i] == digest) {
			digest = 0;
			break;
		}
	}
	digests[zone->endpoint_count - 1] = digest;
	zone->digest += digest;
}

struct tarn__zone_config *tarn__zone_config_new(const struct tarn_forward *section)
{
	uint64_t digests[TARN__SERVERS_MAX];
	size_t count = section->upstream_count;
	struct tarn__zone_config *zone = calloc(1, sizeof *zone + count * sizeof(void *));
	if (!zone)
		return NULL;
	atomic_init(&zone->references, 1);
	zone->selection = section->selection;
	zone->follows_cnames = section->follow_cnames;
	zone->digest = TARN__DIGEST_NONE;
	for (size_t i = 0; i < count; i++) {
		struct tarn__endpoint *endpoint = tarn__endpoint_new(
			&section->upstreams[i], section->traits ? &section->traits[i] : NULL,
			&section->source);
		if (!endpoint) {
			tarn__zone_config_put(zone);
			return NULL;
		}
		zone->endpoints[zone->endpoint_count++] = endpoint;
		add_digest(zone, digests, tarn__endpoint_digest(endpoint));
	}
	zone->digest ^= section->follow_cnames ? FOLLOWS_DIGEST : 0;
	return zone;
}

void tarn__zone_config_follow(struct tarn__zone_config *zone,
			      const struct tarn__zone_config *before)
{
	zone->name_len = before->name_len;
	memcpy(zone->name, before->name, before->name_len);
	zone->follows_cnames = before->follows_cnames;
	zone->is_validated = before->is_validated;
	zone->digest = before->digest;
}

struct tarn__zone_config *tarn__zone_config_get(struct tarn__zone_config *zone)
{
	atomic_fetch_add_explicit(&zone->references, 1, memory_order_relaxed);
	return zone;
}

void tarn__zone_config_put(struct tarn__zone_config *zone)
{
	if (!zone || atomic_fetch_sub_explicit(&zone->references, 1, memory_order_acq_rel) > 1)
		return;
	while (zone->endpoint_count > 0)
		tarn__endpoint_put(zone->endpoints[--zone->endpoint_count]);
	free(zone);
}

/* The first endpoint of before that is equal to this one and not taken yet; NULL: there is none. */
static struct tarn__endpoint *take(const struct tarn__zone_config *before,
				   const struct tarn__endpoint *endpoint, uint64_t *taken)
{
	for (size_t i = 0; i < before->endpoint_count; i++) {
		uint64_t bit = UINT64_C(1) << i;
		if (*taken & bit || !tarn__endpoint_is_equal(before->endpoints[i], endpoint))
			continue;
		*taken |= bit;
		return before->endpoints[i];
	}
	return NULL;
}

_Static_assert(TARN__SERVERS_MAX <= 64, "a bit for each of a zone");

/* Returns true if nothing differs. Equal endpoints are the same objects. */
static bool is_equal(const struct tarn__zone_config *a, const struct tarn__zone_config *b)
{
	if (a->selection != b->selection || a->follows_cnames != b->follows_cnames ||
	    a->is_validated != b->is_validated || a->endpoint_count != b->endpoint_count)
		return false;
	for (size_t i = 0; i < a->endpoint_count; i++) {
		if (a->endpoints[i] != b->endpoints[i])
			return false;
	}
	return true;
}

struct tarn__zone_config *tarn__zone_config_take_over(struct tarn__zone_config *zone,
						      struct tarn__zone_config *before)
{
	if (zone == before)
		return zone;
	uint64_t taken = 0;
	for (size_t i = 0; i < zone->endpoint_count; i++) {
		struct tarn__endpoint *equal = take(before, zone->endpoints[i], &taken);
		if (!equal)
			continue;
		struct tarn__endpoint *own = zone->endpoints[i];
		zone->endpoints[i] = tarn__endpoint_get(equal);
		tarn__endpoint_put(own);
	}
	if (is_equal(zone, before)) {
		tarn__zone_config_put(zone);
		return tarn__zone_config_get(before);
	}
	/* Workers cancel their probes with the other exchanges of a zone that has changed. */
	for (size_t i = 0; i < zone->endpoint_count; i++)
		atomic_store(&zone->endpoints[i]->health.probe_at_ms, 0);
	return zone;
}

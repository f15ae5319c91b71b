/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/zone_index.c: an open hash of zones' names. A name's suffixes are looked for from the shortest on;
 * the hash of one is a step on the way to the hash of the next.
 */
#include "core/zone_index.h"

#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/name.h"
#include "tarn.h"

enum { SLOTS_MIN = 16 };

struct slot {
	uint32_t hash;
	uint32_t name; /* where it stands in names, behind its length; 0: the slot is empty */
	uint16_t value;
	uint16_t len;
};

struct tarn__zone_index {
	size_t count;
	unsigned labels_max; /* of a zone */
	size_t slot_count; /* a power of two, at least twice count */
	struct slot *slots;
	size_t names_len, names_room;
	uint8_t *names; /* in lower case, one behind the other; the first octet is unused */
};

struct tarn__zone_index *tarn__zone_index_new(void)
{
	struct tarn__zone_index *zones = calloc(1, sizeof *zones);
	if (!zones)
		return NULL;
	zones->names_len = 1;
	zones->slot_count = SLOTS_MIN;
	zones->slots = calloc(SLOTS_MIN, sizeof *zones->slots);
	if (zones->slots)
		return zones;
	free(zones);
	return NULL;
}

void tarn__zone_index_free(struct tarn__zone_index *zones)
{
	if (!zones)
		return;
	free(zones->slots);
	free(zones->names);
	free(zones);
}

/* Returns the slot of the name, or the empty one where it belongs. */
static struct slot *find_slot(const struct tarn__zone_index *zones, uint32_t hash,
			      const uint8_t *name, size_t len)
{
	for (size_t i = hash;; i++) {
		struct slot *slot = &zones->slots[i & (zones->slot_count - 1)];
		if (slot->name == 0 || (slot->hash == hash && slot->len == len &&
					tarn__name_is_equal(zones->names + slot->name, name, len)))
			return slot;
	}
}

static bool have_slots(struct tarn__zone_index *zones)
{
	if (2 * (zones->count + 1) <= zones->slot_count)
		return true;
	size_t old_count = zones->slot_count;
	struct slot *old = zones->slots;
	struct slot *slots = calloc(2 * old_count, sizeof *slots);
	if (!slots)
		return false;
	zones->slots = slots;
	zones->slot_count = 2 * old_count;
	for (size_t i = 0; i < old_count; i++) {
		const struct slot *slot = &old[i];
		if (slot->name != 0)
			*find_slot(zones, slot->hash, zones->names + slot->name, slot->len) = *slot;
	}
	free(old);
	return true;
}

static bool have_names(struct tarn__zone_index *zones, size_t len)
{
	if (zones->names_room - zones->names_len >= len && zones->names)
		return true;
	size_t room = 2 * zones->names_room + TARN__NAME_MAX + 1;
	uint8_t *names = room <= UINT32_MAX ? realloc(zones->names, room) : NULL;
	if (!names)
		return false;
	zones->names = names;
	zones->names_room = room;
	return true;
}

int tarn__zone_index_add(struct tarn__zone_index *zones, const uint8_t *name, size_t len,
			 uint16_t value)
{
	if (!have_slots(zones) || !have_names(zones, len))
		return TARN_ENOMEM;
	uint32_t hash = tarn__name_hash(name, len);
	struct slot *slot = find_slot(zones, hash, name, len);
	if (slot->name != 0)
		return TARN_EINVAL;
	*slot = (struct slot){.hash = hash,
			      .name = (uint32_t)zones->names_len,
			      .value = value,
			      .len = (uint16_t)len};
	tarn__name_fold(zones->names + zones->names_len, name, len);
	zones->names_len += len;
	zones->count++;
	unsigned labels = tarn__name_labels(name);
	if (labels > zones->labels_max)
		zones->labels_max = labels;
	return 0;
}

bool tarn__zone_index_have(const struct tarn__zone_index *zones, uint16_t value)
{
	for (size_t i = 0; i < zones->slot_count; i++) {
		if (zones->slots[i].name != 0 && zones->slots[i].value == value)
			return true;
	}
	return false;
}

bool tarn__zone_index_find(const struct tarn__zone_index *zones, const uint8_t *name, size_t len,
			   struct tarn__zone_match *out)
{
	uint8_t starts[TARN__LABELS_MAX + 1]; /* of the labels, the root's too */
	unsigned count = 0;
	for (size_t at = 0; name[at] != 0; at += 1 + name[at])
		starts[count++] = (uint8_t)at;
	starts[count] = (uint8_t)(len - 1);
	const struct slot *best = NULL;
	uint32_t hash = TARN__NAME_HASH_START;
	size_t at = len;
	for (unsigned labels = 0; labels <= zones->labels_max && labels <= count; labels++) {
		size_t start = starts[count - labels];
		while (at > start)
			hash = tarn__name_hash_step(hash, name[--at]);
		const struct slot *slot = find_slot(zones, hash, name + start, len - start);
		if (slot->name != 0)
			best = slot;
	}
	if (!best)
		return false;
	*out = (struct tarn__zone_match){.len = best->len, .value = best->value};
	return true;
}

bool tarn__zone_index_find_for(const struct tarn__zone_index *zones, const uint8_t *name,
			       size_t len, uint16_t type, struct tarn__zone_match *out)
{
	/* The root has no parent. */
	size_t label_len = type == TARN__TYPE_DS && name[0] != 0 ? 1 + (size_t)name[0] : 0;
	return tarn__zone_index_find(zones, name + label_len, len - label_len, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/changes.c: changes in one block of memory, found by a table of their places in it. A
 * record is the same whatever its TTL (RFC 2181 section 5): one with another TTL is removed and added.
 */
#include "config.h"

#include "daemon/transfer/changes.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLOTS_MIN = 1024, /* a power of two */
	BLOCK_MIN = 16384, /* octets */
	ALIGNMENT = 8,
};

struct item {
	uint64_t hash;
	uint32_t ttl;
	uint32_t rdata_len;
	uint16_t type, class;
	uint16_t owner_len;
	bool was_removed; /* by the first word: it has to be in the zone */
	bool is_added; /* by the last one */
	bool is_found; /* in the zone */
	uint8_t octets[]; /* owner, RDATA */
};

struct tarn__changes {
	uint8_t key[TARN__SIPHASH_KEY_LEN];
	uint8_t *block;
	size_t len, room;
	uint32_t *slots; /* places in the block, in units of ALIGNMENT, from 1; 0: none */
	size_t slot_count, item_count;
};

struct tarn__changes *tarn__changes_new(const uint8_t key[TARN__SIPHASH_KEY_LEN])
{
	struct tarn__changes *changes = calloc(1, sizeof(*changes));
	if (!changes)
		return NULL;
	memcpy(changes->key, key, sizeof(changes->key));
	changes->slots = calloc(SLOTS_MIN, sizeof(changes->slots[0]));
	changes->slot_count = SLOTS_MIN;
	if (changes->slots)
		return changes;
	free(changes);
	return NULL;
}

void tarn__changes_free(struct tarn__changes *changes)
{
	if (!changes)
		return;
	free(changes->block);
	free(changes->slots);
	free(changes);
}

static struct item *item_at(const struct tarn__changes *changes, uint32_t place)
{
	return (struct item *)(void *)(changes->block + (size_t)(place - 1) * ALIGNMENT);
}

static uint64_t hash_of(const struct tarn__changes *changes, const struct tarn__zone_record *record)
{
	return tarn__siphash(changes->key, record->owner, record->owner_len) +
	       3 * tarn__siphash(changes->key, record->rdata, record->rdata_len) + record->type;
}

static bool is_same(const struct item *item, uint64_t hash, const struct tarn__zone_record *record)
{
	return item->hash == hash && item->type == record->type &&
	       item->owner_len == record->owner_len && item->rdata_len == record->rdata_len &&
	       memcmp(item->octets, record->owner, record->owner_len) == 0 &&
	       memcmp(item->octets + item->owner_len, record->rdata, record->rdata_len) == 0;
}

/* Returns the slot of the record, or the free one where it would be. */
static uint32_t *find_slot(const struct tarn__changes *changes, uint64_t hash,
			   const struct tarn__zone_record *record)
{
	size_t mask = changes->slot_count - 1;
	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		uint32_t *slot = &changes->slots[i];
		if (*slot == 0 || is_same(item_at(changes, *slot), hash, record))
			return slot;
	}
}

/* ---- noting ---------------------------------------------------------------------------------- */

static size_t item_size(size_t owner_len, size_t rdata_len)
{
	size_t size = sizeof(struct item) + owner_len + rdata_len;
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static bool make_room(struct tarn__changes *changes, size_t size)
{
	if (changes->room - changes->len >= size)
		return true;
	size_t room = 2 * changes->room + BLOCK_MIN;
	if (room < changes->len + size)
		room = changes->len + size;
	uint8_t *block = realloc(changes->block, room);
	if (!block)
		return false;
	changes->block = block;
	changes->room = room;
	return true;
}

/* Of the slots half are free at least. */
static bool make_slots(struct tarn__changes *changes)
{
	if (2 * (changes->item_count + 1) <= changes->slot_count)
		return true;
	size_t count = 2 * changes->slot_count;
	uint32_t *slots = calloc(count, sizeof(slots[0]));
	if (!slots)
		return false;
	for (size_t i = 0; i < changes->slot_count; i++) {
		uint32_t place = changes->slots[i];
		if (place == 0)
			continue;
		size_t j = (size_t)item_at(changes, place)->hash & (count - 1);
		while (slots[j] != 0)
			j = (j + 1) & (count - 1);
		slots[j] = place;
	}
	free(changes->slots);
	changes->slots = slots;
	changes->slot_count = count;
	return true;
}

static struct item *add_item(struct tarn__changes *changes, uint64_t hash,
			     const struct tarn__zone_record *record)
{
	size_t size = item_size(record->owner_len, record->rdata_len);
	if (size > TARN__CHANGES_MAX - changes->len || !make_room(changes, size) ||
	    !make_slots(changes))
		return NULL;
	uint32_t place = (uint32_t)(changes->len / ALIGNMENT + 1);
	*find_slot(changes, hash, record) = place;
	struct item *item = item_at(changes, place);
	*item = (struct item){.hash = hash,
			      .type = record->type,
			      .class = record->class,
			      .owner_len = (uint16_t)record->owner_len,
			      .rdata_len = (uint32_t)record->rdata_len};
	memcpy(item->octets, record->owner, record->owner_len);
	if (record->rdata_len > 0)
		memcpy(item->octets + record->owner_len, record->rdata, record->rdata_len);
	changes->len += size;
	changes->item_count++;
	return item;
}

bool tarn__changes_note(struct tarn__changes *changes, bool is_added,
			const struct tarn__zone_record *record)
{
	uint64_t hash = hash_of(changes, record);
	uint32_t place = *find_slot(changes, hash, record);
	struct item *item = place > 0 ? item_at(changes, place) : add_item(changes, hash, record);
	if (!item)
		return false;
	if (place == 0)
		item->was_removed = !is_added;
	item->is_added = is_added;
	item->ttl = record->ttl;
	return true;
}

/* ---- applying -------------------------------------------------------------------------------- */

bool tarn__changes_keep(struct tarn__changes *changes, const struct tarn__zone_record *record)
{
	uint32_t place = *find_slot(changes, hash_of(changes, record), record);
	if (place == 0)
		return true;
	item_at(changes, place)->is_found = true;
	return false;
}

static struct item *next_item(const struct tarn__changes *changes, size_t *at)
{
	if (*at == changes->len)
		return NULL;
	struct item *item = item_at(changes, (uint32_t)(*at / ALIGNMENT + 1));
	*at += item_size(item->owner_len, item->rdata_len);
	return item;
}

bool tarn__changes_fit(const struct tarn__changes *changes)
{
	size_t at = 0;
	for (const struct item *item; (item = next_item(changes, &at));) {
		if (item->was_removed && !item->is_found)
			return false;
	}
	return true;
}

bool tarn__changes_added(const struct tarn__changes *changes,
			 bool (*fn)(void *arg, const struct tarn__zone_record *), void *arg)
{
	size_t at = 0;
	for (const struct item *item; (item = next_item(changes, &at));) {
		const struct tarn__zone_record record = {.owner = item->octets,
							 .owner_len = item->owner_len,
							 .type = item->type,
							 .class = item->class,
							 .ttl = item->ttl,
							 .rdata = item->octets + item->owner_len,
							 .rdata_len = item->rdata_len};
		if (item->is_added && !fn(arg, &record))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot_form.c: header, heads, entries and trailer as octets. It is the one file here with xxHash. */
#include "core/admin/snapshot_form.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "core/admin/snapshot.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	MAGIC_LEN = 8,
	VERSION_AT = 8,
	ZONES_AT = 10,
	ANCHORS_AT = 12,
	ZERO_AT = 14,
	WALL_AT = 16,
	BOOT_ID_AT = 24,
	EPOCH_AT = 40,
	MORE_ZEROS_AT = 57,
	IDENTITIES_AT = 64,
	HASH_LEN = 8,
	HASHED_AT = TARN__SNAPSHOT_MAGIC_LEN + HASH_LEN, /* of a block and the trailer */
};

static const char magic[MAGIC_LEN + 1] = "tarncach";

/* No text has the first octet, and no name of a host the second. */
const uint8_t tarn__snapshot_magic[TARN__SNAPSHOT_MAGIC_LEN] = {0xf5, 0x0d, 't', 'b'};
static const uint8_t trailer_magic[TARN__SNAPSHOT_MAGIC_LEN] = {0xf5, 0x0d, 't', 'e'};

uint64_t tarn__snapshot_hash(const void *octets, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(octets, len, seed);
}

/* ---- header ----------------------------------------------------------------------------- */

static size_t header_len(size_t identity_count)
{
	return IDENTITIES_AT + 8 * identity_count + HASH_LEN;
}

size_t tarn__snapshot_header_write(struct tarn__snapshot_header *header,
				   const struct tarn__snapshot_identities *identities,
				   uint8_t **out)
{
	size_t len = header_len(identities->zone_count + identities->anchor_count);
	uint8_t *octets = calloc(1, len);
	if (!octets)
		return 0;
	memcpy(octets, magic, MAGIC_LEN);
	tarn__put16(octets + VERSION_AT, TARN__SNAPSHOT_VERSION_NUMBER);
	tarn__put16(octets + ZONES_AT, (uint16_t)identities->zone_count);
	tarn__put16(octets + ANCHORS_AT, (uint16_t)identities->anchor_count);
	tarn__put64(octets + WALL_AT, header->wall_ms);
	memcpy(octets + BOOT_ID_AT, header->boot_id, TARN__SNAPSHOT_BOOT_ID_LEN);
	memcpy(octets + EPOCH_AT, header->epoch, TARN__SNAPSHOT_EPOCH_LEN);
	uint8_t *at = octets + IDENTITIES_AT;
	for (size_t i = 0; i < identities->zone_count; i++, at += 8)
		tarn__put64(at, identities->zones[i]);
	for (size_t i = 0; i < identities->anchor_count; i++, at += 8)
		tarn__put64(at, identities->anchors[i]);
	header->seed = tarn__snapshot_hash(octets, len - HASH_LEN, 0);
	tarn__put64(at, header->seed);
	header->len = len;
	*out = octets;
	return len;
}

static bool has_zeros(const uint8_t *octets)
{
	static const uint8_t zeros[IDENTITIES_AT - MORE_ZEROS_AT];
	return tarn__get16(octets + ZERO_AT) == 0 &&
	       memcmp(octets + MORE_ZEROS_AT, zeros, sizeof zeros) == 0;
}

/* octets are a whole header. */
static bool read_header(const uint8_t *octets, size_t len, struct tarn__snapshot_header *header)
{
	header->len = len;
	header->seed = tarn__get64(octets + len - HASH_LEN);
	header->wall_ms = tarn__get64(octets + WALL_AT);
	memcpy(header->boot_id, octets + BOOT_ID_AT, TARN__SNAPSHOT_BOOT_ID_LEN);
	memcpy(header->epoch, octets + EPOCH_AT, TARN__SNAPSHOT_EPOCH_LEN);
	return header->seed == tarn__snapshot_hash(octets, len - HASH_LEN, 0) && has_zeros(octets);
}

static bool read_identities(const uint8_t *octets, const struct tarn__snapshot_header *header,
			    struct tarn__snapshot_identities *out)
{
	size_t count = (size_t)header->zone_count + header->anchor_count;
	out->zones = malloc((count + 1) * sizeof out->zones[0]);
	if (!out->zones)
		return false;
	for (size_t i = 0; i < count; i++)
		out->zones[i] = tarn__get64(octets + IDENTITIES_AT + 8 * i);
	out->zone_count = header->zone_count;
	out->anchor_count = header->anchor_count;
	out->anchors = out->zones + out->zone_count;
	return true;
}

enum tarn__snapshot_header_fault
tarn__snapshot_header_read(const uint8_t *octets, size_t len, struct tarn__snapshot_header *header,
			   struct tarn__snapshot_identities *identities)
{
	uint8_t fixed[IDENTITIES_AT];
	*identities = (struct tarn__snapshot_identities){0};
	if (len < TARN__SNAPSHOT_HEADER_MIN)
		return TARN__SNAPSHOT_HEADER_NONE;
	memcpy(fixed, octets, sizeof fixed);
	if (memcmp(fixed, magic, MAGIC_LEN) != 0)
		return TARN__SNAPSHOT_HEADER_NONE;
	if (tarn__get16(fixed + VERSION_AT) != TARN__SNAPSHOT_VERSION_NUMBER)
		return TARN__SNAPSHOT_HEADER_VERSION;
	header->zone_count = tarn__get16(fixed + ZONES_AT);
	header->anchor_count = tarn__get16(fixed + ANCHORS_AT);
	size_t whole = header_len((size_t)header->zone_count + header->anchor_count);
	if (whole > len)
		return TARN__SNAPSHOT_HEADER_NONE;
	uint8_t *copy = malloc(whole);
	if (!copy)
		return TARN__SNAPSHOT_HEADER_MEMORY;
	memcpy(copy, octets, whole);
	enum tarn__snapshot_header_fault fault = TARN__SNAPSHOT_HEADER_GOOD;
	if (!read_header(copy, whole, header))
		fault = TARN__SNAPSHOT_HEADER_NONE;
	else if (!read_identities(copy, header, identities))
		fault = TARN__SNAPSHOT_HEADER_MEMORY;
	free(copy);
	return fault;
}

void tarn__snapshot_identities_free(struct tarn__snapshot_identities *identities)
{
	free(identities->zones);
	*identities = (struct tarn__snapshot_identities){0};
}

/* ---- blocks and trailer ----------------------------------------------------------------- */

static void seal(uint8_t *octets, size_t len, uint64_t seed, const uint8_t *with_magic)
{
	memcpy(octets, with_magic, TARN__SNAPSHOT_MAGIC_LEN);
	tarn__put64(octets + TARN__SNAPSHOT_MAGIC_LEN,
		    tarn__snapshot_hash(octets + HASHED_AT, len - HASHED_AT, seed));
}

static bool checks(const uint8_t *octets, size_t len, uint64_t seed)
{
	return tarn__get64(octets + TARN__SNAPSHOT_MAGIC_LEN) ==
	       tarn__snapshot_hash(octets + HASHED_AT, len - HASHED_AT, seed);
}

void tarn__snapshot_block_seal(uint8_t *octets, uint64_t seed,
			       const struct tarn__snapshot_block *block)
{
	tarn__put32(octets + HASHED_AT, block->len);
	tarn__put16(octets + HASHED_AT + 4, block->count);
	octets[HASHED_AT + 6] = block->heat;
	octets[HASHED_AT + 7] = 0;
	seal(octets, TARN__SNAPSHOT_BLOCK_HEAD + (size_t)block->len, seed, tarn__snapshot_magic);
}

bool tarn__snapshot_block_read(const uint8_t head[TARN__SNAPSHOT_BLOCK_HEAD],
			       struct tarn__snapshot_block *block)
{
	block->len = tarn__get32(head + HASHED_AT);
	block->count = tarn__get16(head + HASHED_AT + 4);
	block->heat = head[HASHED_AT + 6];
	return memcmp(head, tarn__snapshot_magic, TARN__SNAPSHOT_MAGIC_LEN) == 0 &&
	       block->len <= TARN__BLOCK_MAX - TARN__SNAPSHOT_BLOCK_HEAD &&
	       block->heat < TARN__SNAPSHOT_HEATS && head[HASHED_AT + 7] == 0;
}

bool tarn__snapshot_block_checks(const uint8_t *octets, uint64_t seed,
				 const struct tarn__snapshot_block *block)
{
	return checks(octets, TARN__SNAPSHOT_BLOCK_HEAD + (size_t)block->len, seed);
}

void tarn__snapshot_trailer_write(uint8_t out[TARN__SNAPSHOT_TRAILER_LEN], uint64_t seed,
				  const struct tarn__snapshot_trailer *trailer)
{
	tarn__put32(out + HASHED_AT, trailer->blocks);
	tarn__put64(out + HASHED_AT + 4, trailer->entries);
	seal(out, TARN__SNAPSHOT_TRAILER_LEN, seed, trailer_magic);
}

bool tarn__snapshot_trailer_read(const uint8_t octets[TARN__SNAPSHOT_TRAILER_LEN], uint64_t seed,
				 struct tarn__snapshot_trailer *trailer)
{
	trailer->blocks = tarn__get32(octets + HASHED_AT);
	trailer->entries = tarn__get64(octets + HASHED_AT + 4);
	return memcmp(octets, trailer_magic, TARN__SNAPSHOT_MAGIC_LEN) == 0 &&
	       checks(octets, TARN__SNAPSHOT_TRAILER_LEN, seed);
}

/* ---- entries ---------------------------------------------------------------------------- */

enum { HAS_NAME = 1, IS_MAIN = 2, USES_SHIFT = 2, USES_MAX = 3, VERDICT = 0xf0 };

size_t tarn__snapshot_entry_write(uint8_t *out, const struct tarn__snapshot_entry *entry)
{
	tarn__put16(out, entry->message_len);
	tarn__put16(out + 2, entry->zone);
	tarn__put16(out + 4, entry->anchor);
	out[6] = (uint8_t)((entry->verdict & VERDICT) | entry->uses << USES_SHIFT |
			   (entry->is_main ? IS_MAIN : 0) | (entry->has_name ? HAS_NAME : 0));
	out[7] = (uint8_t)(entry->key_len - TARN__SNAPSHOT_KEY_REST);
	tarn__put64(out + 8, entry->arrival_ms);
	tarn__put32(out + 16, entry->life_ms);
	memcpy(out + TARN__SNAPSHOT_ENTRY_HEAD, entry->key, entry->key_len);
	memcpy(out + TARN__SNAPSHOT_ENTRY_HEAD + entry->key_len, entry->message,
	       entry->message_len);
	return tarn__snapshot_entry_len(entry->key_len, entry->message_len);
}

size_t tarn__snapshot_entry_read(const uint8_t *octets, size_t len,
				 struct tarn__snapshot_entry *entry)
{
	if (len < TARN__SNAPSHOT_ENTRY_HEAD)
		return 0;
	entry->message_len = tarn__get16(octets);
	entry->zone = tarn__get16(octets + 2);
	entry->anchor = tarn__get16(octets + 4);
	entry->verdict = octets[6] & VERDICT;
	entry->uses = octets[6] >> USES_SHIFT & USES_MAX;
	entry->is_main = octets[6] & IS_MAIN;
	entry->has_name = octets[6] & HAS_NAME;
	entry->key_len = (uint16_t)(octets[7] + TARN__SNAPSHOT_KEY_REST);
	entry->arrival_ms = tarn__get64(octets + 8);
	entry->life_ms = tarn__get32(octets + 16);
	entry->key = octets + TARN__SNAPSHOT_ENTRY_HEAD;
	entry->message = entry->key + entry->key_len;
	size_t whole = tarn__snapshot_entry_len(entry->key_len, entry->message_len);
	return whole <= len ? whole : 0;
}

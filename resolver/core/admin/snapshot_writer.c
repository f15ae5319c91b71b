/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/snapshot_writer.c: from entries of the cache to the blocks of a file. There is an open block for
 * each heat, so that a reader finds the hottest first.
 */
#include <stdlib.h>
#include <string.h>

#include "core/admin/snapshot.h"
#include "core/admin/snapshot_form.h"
#include "core/admin/snapshot_zones.h"
#include "core/forward/nxdomain.h"
#include "core/resolver.h"
#include "core/saved_answer.h"
#include "core/second/epoch.h"
#include "rtcache.h"

enum { STEP = 32 /* entries: some 4 KB, but for answers of unusual size */ };

/* Which entries a walk over the cache takes. */
enum walk { WALK_ALL, WALK_HOT, WALK_COLD };

struct open_block {
	struct tarn__snapshot_block head;
	uint8_t octets[TARN__BLOCK_MAX];
};

struct tarn__snapshot_writer {
	struct tarn__snapshot_options options;
	/* Of the header, and of the present configuration if that is another one. */
	struct tarn__snapshot_zones zones, present;
	uint64_t seed;
	enum walk walk;
	uint64_t cursor;
	bool is_over; /* nothing more is put */
	struct tarn__snapshot_trailer done;
	struct open_block blocks[TARN__SNAPSHOT_HEATS];
	/* For the visit of an entry. */
	struct rtcache_client *client;
	const struct tarn__config *config;
	uint64_t now_ms; /* since 1970 */
	uint8_t message[TARN__MESSAGE_MAX];
};

/* ---- beginning -------------------------------------------------------------------------- */

static void put(struct tarn__snapshot_writer *writer, const uint8_t *octets, size_t len)
{
	if (!writer->is_over && !writer->options.put(writer->options.arg, octets, len))
		writer->is_over = true;
}

_Static_assert((int)TARN__SNAPSHOT_EPOCH_LEN == (int)TARN__SECOND_EPOCH_LEN,
	       "it is as in the store");

/* Returns false if out of memory. */
static bool put_header(struct tarn__snapshot_writer *writer)
{
	struct tarn__snapshot_header header = {.wall_ms = writer->options.wall_ms};
	uint8_t *octets;
	memcpy(header.boot_id, writer->options.boot_id, sizeof header.boot_id);
	tarn__epoch_save(writer->zones.config->second, header.epoch);
	size_t len = tarn__snapshot_header_write(&header, &writer->zones.identities, &octets);
	if (len == 0)
		return false;
	writer->seed = header.seed;
	put(writer, octets, len);
	free(octets);
	return true;
}

struct tarn__snapshot_writer *
tarn__snapshot_writer_new(struct tarn__resolver *resolver,
			  const struct tarn__snapshot_options *options)
{
	struct tarn__snapshot_writer *writer = malloc(sizeof *writer);
	if (!writer)
		return NULL;
	writer->options = *options;
	writer->present = (struct tarn__snapshot_zones){0};
	writer->walk = options->hottest_first ? WALK_HOT : WALK_ALL;
	writer->cursor = 0;
	writer->is_over = false;
	writer->done = (struct tarn__snapshot_trailer){0};
	for (uint8_t heat = 0; heat < TARN__SNAPSHOT_HEATS; heat++)
		writer->blocks[heat].head = (struct tarn__snapshot_block){.heat = heat};
	if (!tarn__snapshot_zones_init(&writer->zones, tarn__resolver_config(resolver),
				       options->has_any_root)) {
		free(writer);
		return NULL;
	}
	if (put_header(writer))
		return writer;
	tarn__snapshot_writer_free(writer);
	return NULL;
}

void tarn__snapshot_writer_free(struct tarn__snapshot_writer *writer)
{
	if (!writer)
		return;
	tarn__snapshot_zones_fini(&writer->zones);
	tarn__snapshot_zones_fini(&writer->present);
	free(writer);
}

/* ---- blocks ----------------------------------------------------------------------------- */

static void flush(struct tarn__snapshot_writer *writer, struct open_block *block)
{
	if (block->head.count == 0)
		return;
	tarn__snapshot_block_seal(block->octets, writer->seed, &block->head);
	put(writer, block->octets, TARN__SNAPSHOT_BLOCK_HEAD + (size_t)block->head.len);
	if (!writer->is_over) {
		writer->done.blocks++;
		writer->done.entries += block->head.count;
	}
	block->head.len = 0;
	block->head.count = 0;
}

_Static_assert((size_t)TARN__SNAPSHOT_BLOCK_HEAD + TARN__SNAPSHOT_ENTRY_HEAD + TARN__KEY_MAX +
			       TARN__MESSAGE_MAX <=
		       TARN__BLOCK_MAX,
	       "each entry fits into a block of its own");

static void add(struct tarn__snapshot_writer *writer, unsigned heat,
		const struct tarn__snapshot_entry *entry)
{
	struct open_block *block = &writer->blocks[heat];
	size_t len = tarn__snapshot_entry_len(entry->key_len, entry->message_len);
	if (TARN__SNAPSHOT_BLOCK_HEAD + (size_t)block->head.len + len > TARN__SNAPSHOT_BLOCK_FULL)
		flush(writer, block);
	uint8_t *out = block->octets + TARN__SNAPSHOT_BLOCK_HEAD + block->head.len;
	block->head.len += (uint32_t)tarn__snapshot_entry_write(out, entry);
	block->head.count++;
}

/* ---- entries ---------------------------------------------------------------------------- */

/* An entry of the main queue has been used before (S3-FIFO), if not since. */
static unsigned heat_of(const struct rtcache_item *item)
{
	unsigned uses = item->is_main && item->uses == 0 ? 1 : item->uses;
	return uses < TARN__SNAPSHOT_HEATS ? uses : TARN__SNAPSHOT_HEATS - 1;
}

static bool is_of_walk(const struct tarn__snapshot_writer *writer, unsigned heat)
{
	return writer->walk == WALK_ALL || (heat > 0) == (writer->walk == WALK_HOT);
}

/* Returns false if its life cannot be that of an answer. */
static bool set_times(const struct tarn__snapshot_writer *writer, const struct rtcache_value *value,
		      struct tarn__snapshot_entry *entry)
{
	if (value->age_ms > writer->now_ms || value->ttl_ms > UINT32_MAX ||
	    value->stale_ms > value->age_ms)
		return false;
	uint64_t life_ms = value->age_ms - value->stale_ms + value->ttl_ms;
	entry->arrival_ms = writer->now_ms - value->age_ms;
	entry->life_ms = (uint32_t)life_ms;
	return life_ms <= UINT32_MAX;
}

/*
 * The configuration may have changed since the header was written: an answer of before, which is still there, may
 * be one of other servers than those of the name now.
 */
static bool set_place(const struct tarn__snapshot_writer *writer, const struct tarn__key *key,
		      struct tarn__snapshot_entry *entry)
{
	struct tarn__snapshot_place place, present;
	if (!tarn__snapshot_zones_find(&writer->zones, key, &place))
		return false;
	entry->zone = place.zone;
	entry->anchor = place.anchor;
	return writer->config == writer->zones.config ||
	       (tarn__snapshot_zones_find(&writer->present, key, &present) &&
		tarn__snapshot_is_same_place(&writer->zones.identities, &place,
					     &writer->present.identities, &present));
}

static bool has_name_entry(const struct tarn__snapshot_writer *writer, const struct tarn__key *key,
			   const struct rtcache_value *value)
{
	return value->status == RTCACHE_HIT && tarn__stored_rcode(value->data) == TARN__NXDOMAIN &&
	       tarn__nxdomain_is_known(writer->client, key);
}

static void on_item(const struct rtcache_item *item, void *arg)
{
	struct tarn__snapshot_writer *writer = arg;
	const struct rtcache_value *value = &item->value;
	struct tarn__snapshot_entry entry = {.key = item->key,
					     .key_len = (uint16_t)item->key_len,
					     .uses = (uint8_t)(item->uses & 3),
					     .is_main = item->is_main};
	struct tarn__key key;
	unsigned heat = heat_of(item);
	bool is_answer = value->status == RTCACHE_HIT || value->status == RTCACHE_STALE;
	if (!is_answer || !is_of_walk(writer, heat) ||
	    !tarn__key_read(item->key, item->key_len, &key) || !tarn__saved_has_key(&key) ||
	    !set_times(writer, value, &entry) || !set_place(writer, &key, &entry))
		return;
	entry.message = writer->message;
	entry.message_len = (uint16_t)tarn__saved_write(&key, value->data, value->len,
							writer->message, &entry.verdict);
	entry.has_name = has_name_entry(writer, &key, value);
	add(writer, heat, &entry);
}

/* ---- steps ------------------------------------------------------------------------------ */

/* Returns false if out of memory. */
static bool take_config(struct tarn__snapshot_writer *writer, struct tarn__resolver *resolver)
{
	writer->config = tarn__resolver_config(resolver);
	return writer->config == writer->zones.config ||
	       tarn__snapshot_zones_follow(&writer->present, writer->config,
					   writer->options.has_any_root);
}

bool tarn__snapshot_step(struct tarn__snapshot_writer *writer, struct tarn__resolver *resolver)
{
	if (!writer->is_over && !take_config(writer, resolver))
		writer->is_over = true;
	if (writer->is_over)
		return false;
	writer->client = tarn__resolver_client(resolver);
	writer->now_ms = tarn__resolver_wall_ms(resolver);
	if (rtcache_walk(writer->client, &writer->cursor, STEP, on_item, writer))
		return !writer->is_over;
	if (writer->is_over || writer->walk != WALK_HOT)
		return false;
	writer->walk = WALK_COLD;
	writer->cursor = 0;
	return true;
}

uint64_t tarn__snapshot_end(struct tarn__snapshot_writer *writer)
{
	uint8_t octets[TARN__SNAPSHOT_TRAILER_LEN];
	for (size_t heat = TARN__SNAPSHOT_HEATS; heat-- > 0;)
		flush(writer, &writer->blocks[heat]);
	tarn__snapshot_trailer_write(octets, writer->seed, &writer->done);
	put(writer, octets, sizeof octets);
	writer->is_over = true;
	return writer->done.entries;
}

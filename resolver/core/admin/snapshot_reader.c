/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/snapshot_reader.c: from the blocks of a file to entries of the cache. The file may be damaged, and
 * may change while it is read: all is copied first, and the copy checked and used.
 *
 * There is a pass over the file for each heat, from the hottest on. A pass steps from head to head and reads the
 * blocks of its heat:
 *
 *	1. Where no head is, the next magic is looked for.
 *	2. A block whose hash does not fit may have a wrong length. What is between its head and the end that it
 *	   gives is searched for whole blocks of any heat: the other passes step over it.
 */
#include "config.h"

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

/* What a step may do, in the time of an entry. */
enum {
	STEP = 32,
	COST_HEAD = 1,
	COST_BLOCK = 8, /* copied, and its hash */
	COST_SEARCH = 8, /* of SEARCH_LEN octets */
	SEARCH_LEN = 16384,
};

_Static_assert((int)SEARCH_LEN <= (int)TARN__BLOCK_MAX, "the copy of a block has room for it");

struct tarn__snapshot_loading {
	struct tarn__snapshot_identities identities; /* of the file */
	struct tarn__snapshot_zones zones; /* of the present configuration */
	uint64_t seed;
	size_t begin, end; /* where the blocks are */
	size_t searched_to; /* rule 2 applies up to it; 0: not at present */
	size_t head_at; /* of the last block that was stepped over; 0: none in this pass */
	bool has_trailer;
	struct tarn__snapshot_trailer trailer, done;
	/* The present block; left: the entries that have not been taken. */
	struct tarn__snapshot_block block;
	size_t block_at;
	uint16_t left;
	struct tarn__saved_room room;
	uint8_t octets[TARN__BLOCK_MAX];
};

const char *tarn__snapshot_fault_text(enum tarn__snapshot_fault fault)
{
	switch (fault) {
	case TARN__SNAPSHOT_GOOD:
		return "a snapshot of the cache";
	case TARN__SNAPSHOT_NONE:
		return "not a snapshot of the cache, or its header is damaged";
	case TARN__SNAPSHOT_VERSION:
		return "a snapshot of another version";
	case TARN__SNAPSHOT_CLOCK:
		return "saved in the future: the clock went back";
	case TARN__SNAPSHOT_EPOCH:
		return "saved before all that machines share was flushed";
	case TARN__SNAPSHOT_MEMORY:
		break;
	}
	return "out of memory";
}

/* ---- octets ----------------------------------------------------------------------------- */

/* Reads octets that the file has. Returns false if it has them no more. */
static bool fetch(const struct tarn__snapshot_reader *reader, size_t at, uint8_t *out, size_t len)
{
	if (!reader->octets)
		return reader->read(reader->arg, at, out, len);
	memcpy(out, reader->octets + at, len);
	return true;
}

/* Copies what is there of len octets, before the trailer. Returns their number. */
static size_t copy(const struct tarn__snapshot_reader *reader, size_t at, uint8_t *out, size_t len)
{
	size_t left = reader->loading->end - at;
	if (len > left)
		len = left;
	return fetch(reader, at, out, len) ? len : 0;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void read_trailer(struct tarn__snapshot_reader *reader,
			 struct tarn__snapshot_loading *loading)
{
	uint8_t octets[TARN__SNAPSHOT_TRAILER_LEN];
	loading->end = reader->len;
	if (reader->len < loading->begin + sizeof octets)
		return;
	loading->has_trailer =
		fetch(reader, reader->len - sizeof octets, octets, sizeof octets) &&
		tarn__snapshot_trailer_read(octets, loading->seed, &loading->trailer);
	if (!loading->has_trailer)
		return;
	loading->end -= sizeof octets;
	reader->entries = loading->trailer.entries;
}

/* Reads the header of the first octets of the file, at most so many. */
static enum tarn__snapshot_header_fault read_header_within(struct tarn__snapshot_reader *reader,
							   uint8_t *octets, size_t len,
							   struct tarn__snapshot_header *header)
{
	if (len > reader->len)
		len = reader->len;
	if (!fetch(reader, 0, octets, len))
		return TARN__SNAPSHOT_HEADER_NONE;
	return tarn__snapshot_header_read(octets, len, header, &reader->loading->identities);
}

/* Few have more zones than a block has room for. */
static enum tarn__snapshot_header_fault find_header(struct tarn__snapshot_reader *reader,
						    struct tarn__snapshot_header *header)
{
	enum tarn__snapshot_header_fault fault =
		read_header_within(reader, reader->loading->octets, TARN__BLOCK_MAX, header);
	if (fault != TARN__SNAPSHOT_HEADER_NONE || reader->len <= TARN__BLOCK_MAX)
		return fault;
	uint8_t *octets = malloc(TARN__SNAPSHOT_HEADER_MAX);
	if (!octets)
		return TARN__SNAPSHOT_HEADER_MEMORY;
	fault = read_header_within(reader, octets, TARN__SNAPSHOT_HEADER_MAX, header);
	free(octets);
	return fault;
}

static enum tarn__snapshot_fault read_header(struct tarn__snapshot_reader *reader,
					     struct tarn__snapshot_loading *loading,
					     struct tarn__second_config *second, uint64_t wall_ms)
{
	struct tarn__snapshot_header header;
	switch (find_header(reader, &header)) {
	case TARN__SNAPSHOT_HEADER_NONE:
		return TARN__SNAPSHOT_NONE;
	case TARN__SNAPSHOT_HEADER_VERSION:
		return TARN__SNAPSHOT_VERSION;
	case TARN__SNAPSHOT_HEADER_MEMORY:
		return TARN__SNAPSHOT_MEMORY;
	case TARN__SNAPSHOT_HEADER_GOOD:
		break;
	}
	uint64_t behind_ms = header.wall_ms > wall_ms ? header.wall_ms - wall_ms : 0;
	if (behind_ms > TARN__SNAPSHOT_BEHIND_MS)
		return TARN__SNAPSHOT_CLOCK;
	reader->saved_ms = header.wall_ms;
	reader->offset_ms = behind_ms;
	loading->seed = header.seed;
	loading->begin = header.len;
	return tarn__epoch_resume(second, header.epoch) ? TARN__SNAPSHOT_GOOD
							: TARN__SNAPSHOT_EPOCH;
}

enum tarn__snapshot_fault tarn__snapshot_open(struct tarn__snapshot_reader *reader,
					      struct tarn__resolver *resolver, uint64_t wall_ms)
{
	struct tarn__snapshot_loading *loading = calloc(1, sizeof *loading);
	if (!loading)
		return TARN__SNAPSHOT_MEMORY;
	reader->loading = loading;
	const struct tarn__config *config = tarn__resolver_config(resolver);
	enum tarn__snapshot_fault fault = read_header(reader, loading, config->second, wall_ms);
	if (fault == TARN__SNAPSHOT_GOOD &&
	    !tarn__snapshot_zones_init(&loading->zones, config, reader->has_any_root))
		fault = TARN__SNAPSHOT_MEMORY;
	if (fault != TARN__SNAPSHOT_GOOD) {
		tarn__snapshot_close(reader);
		return fault;
	}
	read_trailer(reader, loading);
	reader->pass = TARN__SNAPSHOT_HEATS - 1;
	reader->at = loading->begin;
	return TARN__SNAPSHOT_GOOD;
}

void tarn__snapshot_close(struct tarn__snapshot_reader *reader)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	if (!loading)
		return;
	tarn__snapshot_identities_free(&loading->identities);
	tarn__snapshot_zones_fini(&loading->zones);
	free(loading);
	reader->loading = NULL;
}

/* ---- entries ---------------------------------------------------------------------------- */

/* An entry, on its way into the cache. */
struct loaded {
	struct tarn__snapshot_entry entry;
	struct tarn__key key;
	struct tarn__saved_answer answer;
};

/* Returns true if the name's servers and anchor are those of then. */
static bool is_at_home(const struct tarn__snapshot_loading *loading, const struct loaded *loaded)
{
	const struct tarn__snapshot_place then = {.zone = loaded->entry.zone,
						  .anchor = loaded->entry.anchor};
	struct tarn__snapshot_place now;
	return tarn__snapshot_zones_find(&loading->zones, &loaded->key, &now) &&
	       tarn__snapshot_is_same_place(&loading->identities, &then, &loading->zones.identities,
					    &now);
}

static enum tarn__saved_fault read_answer(struct tarn__snapshot_loading *loading,
					  struct loaded *loaded, uint64_t now_ms)
{
	const struct tarn__snapshot_entry *entry = &loaded->entry;
	const struct tarn__saved_times times = {.arrival_ms = entry->arrival_ms,
						.end_ms = entry->arrival_ms + entry->life_ms};
	return tarn__saved_read_unaged(loading->zones.config, &loaded->key, entry->message,
				       entry->message_len, &times, now_ms, entry->verdict, true,
				       &loading->room, &loaded->answer);
}

/* Returns the counter of what has become of it. */
static uint64_t *store(struct tarn__snapshot_reader *reader, struct rtcache_client *client,
		       const struct loaded *loaded)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	const struct tarn__saved_answer *answer = &loaded->answer;
	bool is_fresh = answer->ttl_ms > 0;
	const struct rtcache_item item = {
		.key = loaded->entry.key,
		.key_len = loaded->entry.key_len,
		.value = {.data = loading->room.stored,
			  .len = answer->len,
			  .status = is_fresh ? RTCACHE_HIT : RTCACHE_STALE,
			  .age_ms = answer->age_ms,
			  .ttl_ms = answer->ttl_ms,
			  .stale_ms = answer->ended_ms},
		.uses = loaded->entry.uses,
		.is_main = loaded->entry.is_main,
	};
	tarn__stored_set_answer_source(loading->room.stored, TARN__ANSWER_SOURCE_FILE);
	struct rtcache_state known;
	switch (rtcache_load(client, &item)) {
	case 0:
		break;
	case RTCACHE_EREFUSED:
		if (is_fresh)
			return &reader->counts.known;
		return rtcache_inspect(client, item.key, item.key_len, &known) == 0 &&
				       known.is_stored
			       ? &reader->counts.known
			       : &reader->counts.ended;
	default:
		return &reader->counts.full;
	}
	if (is_fresh && answer->is_whole_name && loaded->entry.has_name)
		tarn__nxdomain_load(client, &loaded->key, &item);
	return is_fresh ? &reader->counts.loaded : &reader->counts.loaded_stale;
}

/* Returns the counter of what has become of it. */
static uint64_t *load_entry(struct tarn__snapshot_reader *reader, struct rtcache_client *client,
			    struct loaded *loaded, uint64_t now_ms)
{
	struct tarn__snapshot_counts *counts = &reader->counts;
	if (!tarn__key_read(loaded->entry.key, loaded->entry.key_len, &loaded->key))
		return &counts->faulty;
	if (!is_at_home(reader->loading, loaded))
		return &counts->elsewhere;
	if (read_answer(reader->loading, loaded, now_ms) != TARN__SAVED_GOOD)
		return &counts->faulty;
	return store(reader, client, loaded);
}

/* Takes the next entry of the present block. */
static void take_entry(struct tarn__snapshot_reader *reader, struct rtcache_client *client,
		       uint64_t now_ms)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	struct loaded loaded;
	size_t end = TARN__SNAPSHOT_BLOCK_HEAD + (size_t)loading->block.len;
	size_t len = tarn__snapshot_entry_read(loading->octets + loading->block_at,
					       end - loading->block_at, &loaded.entry);
	if (len == 0) {
		reader->counts.faulty += loading->left;
		loading->left = 0;
		return;
	}
	loading->block_at += len;
	loading->left--;
	++*load_entry(reader, client, &loaded, now_ms);
}

/* ---- blocks ----------------------------------------------------------------------------- */

/* Reads the head of a block that is whole. Returns false if there is none. */
static bool read_head(const struct tarn__snapshot_reader *reader, size_t at,
		      struct tarn__snapshot_block *out)
{
	uint8_t head[TARN__SNAPSHOT_BLOCK_HEAD];
	return copy(reader, at, head, sizeof head) == sizeof head &&
	       tarn__snapshot_block_read(head, out) &&
	       out->len <= reader->loading->end - at - sizeof head;
}

/* Copies a block, whose head may have changed since it was read. Returns true if it checks. */
static bool copy_block(const struct tarn__snapshot_reader *reader, size_t at,
		       struct tarn__snapshot_block *block)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	size_t len = TARN__SNAPSHOT_BLOCK_HEAD + (size_t)block->len;
	const struct tarn__snapshot_block read = *block;
	return copy(reader, at, loading->octets, len) == len &&
	       tarn__snapshot_block_read(loading->octets, block) && block->len == read.len &&
	       tarn__snapshot_block_checks(loading->octets, loading->seed, block);
}

/* Goes on to the next magic behind at, or as far as a step goes. */
static void search(struct tarn__snapshot_reader *reader)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	size_t at = reader->at + 1;
	size_t left = at < loading->end ? loading->end - at : 0;
	size_t len = left > 0 ? copy(reader, at, loading->octets, SEARCH_LEN) : 0;
	const uint8_t *found =
		memmem(loading->octets, len, tarn__snapshot_magic, TARN__SNAPSHOT_MAGIC_LEN);
	if (found)
		reader->at = at + (size_t)(found - loading->octets);
	else if (left <= SEARCH_LEN)
		reader->at = loading->end;
	else if (len == 0)
		/* The disk has failed there, or the file has been cut. */
		reader->at = at + SEARCH_LEN;
	else
		/* A magic may begin in the last octets. */
		reader->at = at + len - TARN__SNAPSHOT_MAGIC_LEN;
}

/*
 * No head is at the place. It counts once, in the first pass, unless the block before it is what is damaged, which
 * counts in its own pass.
 */
static void count_lost_head(struct tarn__snapshot_reader *reader)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	struct tarn__snapshot_block before;
	if (reader->pass != TARN__SNAPSHOT_HEATS - 1 || loading->head_at == SIZE_MAX)
		return;
	bool is_before_good =
		loading->head_at == 0 || (read_head(reader, loading->head_at, &before) &&
					  copy_block(reader, loading->head_at, &before));
	reader->counts.blocks_damaged += is_before_good;
	/* Until a head is found again. */
	loading->head_at = SIZE_MAX;
}

static void begin_block(struct tarn__snapshot_loading *loading,
			const struct tarn__snapshot_block *block)
{
	loading->block = *block;
	loading->block_at = TARN__SNAPSHOT_BLOCK_HEAD;
	loading->left = block->count;
	loading->done.blocks++;
	loading->done.entries += block->count;
}

/* At a head. Returns what that has cost. */
static unsigned take_block(struct tarn__snapshot_reader *reader, struct tarn__snapshot_block *block)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	size_t len = TARN__SNAPSHOT_BLOCK_HEAD + (size_t)block->len;
	bool is_searching = reader->at < loading->searched_to;
	if (block->heat != reader->pass && !is_searching) {
		loading->head_at = reader->at;
		reader->at += len;
		return COST_HEAD;
	}
	if (copy_block(reader, reader->at, block)) {
		begin_block(loading, block);
		loading->head_at = reader->at;
		reader->at += len;
		return COST_BLOCK;
	}
	if (!is_searching) {
		reader->counts.blocks_damaged++;
		loading->searched_to = reader->at + len;
	}
	search(reader);
	return COST_BLOCK + COST_SEARCH;
}

/* Takes the next block of the pass, or a step towards it. Returns what that has cost; 0: there is none. */
static unsigned next_block(struct tarn__snapshot_reader *reader)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	struct tarn__snapshot_block block;
	if (reader->at >= loading->end) {
		if (reader->pass == 0)
			return 0;
		reader->pass--;
		reader->at = loading->begin;
		loading->head_at = 0;
		loading->searched_to = 0;
		return COST_HEAD;
	}
	if (read_head(reader, reader->at, &block))
		return take_block(reader, &block);
	if (reader->at >= loading->searched_to)
		count_lost_head(reader);
	search(reader);
	return COST_SEARCH;
}

/* ---- steps ------------------------------------------------------------------------------ */

/* The clock may go back further while the file is read. */
static uint64_t now_of(const struct tarn__snapshot_reader *reader, uint64_t wall_ms)
{
	uint64_t now_ms = wall_ms + reader->offset_ms;
	return now_ms > reader->saved_ms ? now_ms : reader->saved_ms;
}

static void finish(struct tarn__snapshot_reader *reader)
{
	const struct tarn__snapshot_loading *loading = reader->loading;
	reader->counts.is_whole = loading->has_trailer &&
				  loading->trailer.blocks == loading->done.blocks &&
				  loading->trailer.entries == loading->done.entries;
}

bool tarn__snapshot_load_step(struct tarn__snapshot_reader *reader, struct tarn__resolver *resolver,
			      uint64_t wall_ms)
{
	struct tarn__snapshot_loading *loading = reader->loading;
	if (!loading ||
	    !tarn__snapshot_zones_follow(&loading->zones, tarn__resolver_config(resolver),
					 reader->has_any_root))
		return false;
	struct rtcache_client *client = tarn__resolver_client(resolver);
	uint64_t now_ms = now_of(reader, wall_ms);
	for (unsigned cost = 0; cost < STEP;) {
		if (loading->left > 0) {
			take_entry(reader, client, now_ms);
			cost++;
			continue;
		}
		unsigned more = next_block(reader);
		if (more == 0) {
			finish(reader);
			return false;
		}
		cost += more;
	}
	return true;
}

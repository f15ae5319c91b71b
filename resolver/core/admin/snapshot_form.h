/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/snapshot_form.h: the octets of a snapshot (core/admin/snapshot.h): header, heads of blocks and
 * entries, and trailer. docs/decisions/warm-start.md has the reasons. Numbers are in network order:
 *
 *	header	0  8  "tarncach"
 *		8  2  version
 *		10 2  zones: z
 *		12 2  anchors: a
 *		14 2  zero
 *		16 8  wall clock: milliseconds since 1970
 *		24 16 boot id
 *		40 17 the epoch of the second level, as its store has it (core/second/value.h); zeros: none
 *		57 7  zero
 *		64 8(z + a)  identities of zones, then of anchors
 *		.. 8  XXH3 (64 bits) of all before it: the seed of the hashes that follow
 *	block	0  4  magic
 *		4  8  XXH3 of what follows
 *		12 4  octets of the entries
 *		16 2  entries
 *		18 1  heat of all of them, 0 to 3: the uses of each, and 1 at least in the main queue
 *		19 1  zero
 *		20 .. entries
 *	entry	0  2  octets of the message
 *		2  2  the zone, as an index into the header's
 *		4  2  1 + the index of the anchor at which the answer's chain of trust starts; 0: none
 *		6  1  AD and remark as in octet 0 of a stored form; 4 x uses, 0 to 3; 2: it is in the main queue;
 *		      1: NXDOMAIN, and the name had an entry of its own
 *		7  1  octets of the name
 *		8  8  arrival: milliseconds since 1970
 *		16 4  life: milliseconds
 *		20 .. key (dns/query.h): name, type, flags; message
 *	trailer	0  4  magic
 *		4  8  XXH3 of what follows
 *		12 4  blocks
 *		16 8  entries
 */
#ifndef TARN_CORE_ADMIN_SNAPSHOT_FORM_H
#define TARN_CORE_ADMIN_SNAPSHOT_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"

enum {
	TARN__SNAPSHOT_VERSION_NUMBER = 2,
	TARN__SNAPSHOT_BOOT_ID_LEN = 16,
	TARN__SNAPSHOT_EPOCH_LEN = 17,
	TARN__SNAPSHOT_HEADER_MIN = 72, /* without identities */
	TARN__SNAPSHOT_HEADER_MAX = 72 + 2 * 65535 * 8, /* with all of them */
	TARN__SNAPSHOT_MAGIC_LEN = 4,
	TARN__SNAPSHOT_BLOCK_HEAD = 20,
	TARN__SNAPSHOT_ENTRY_HEAD = 20,
	TARN__SNAPSHOT_KEY_REST = 3, /* octets of a key behind its name */
	TARN__SNAPSHOT_TRAILER_LEN = 24,
	TARN__SNAPSHOT_HEATS = 4,
	/* A block is not begun anew below this; a longer one has one entry. */
	TARN__SNAPSHOT_BLOCK_FULL = 65536,
};

/* Of blocks. */
extern const uint8_t tarn__snapshot_magic[TARN__SNAPSHOT_MAGIC_LEN];

/* ---- header ----------------------------------------------------------------------------- */

struct tarn__snapshot_header {
	uint64_t wall_ms;
	uint8_t boot_id[TARN__SNAPSHOT_BOOT_ID_LEN];
	uint8_t epoch[TARN__SNAPSHOT_EPOCH_LEN];
	uint16_t zone_count, anchor_count;
	uint64_t seed; /* of the hashes that follow: the header's own hash */
	size_t len; /* octets */
};

/* Identities of zones, and of anchors. */
struct tarn__snapshot_identities {
	size_t zone_count, anchor_count;
	uint64_t *zones, *anchors; /* one allocation, at zones */
};

/* Returns the octets of the header, which are written to *out, to be freed; 0: out of memory. */
size_t tarn__snapshot_header_write(struct tarn__snapshot_header *,
				   const struct tarn__snapshot_identities *, uint8_t **out);

enum tarn__snapshot_header_fault {
	TARN__SNAPSHOT_HEADER_GOOD,
	TARN__SNAPSHOT_HEADER_NONE, /* it is none, or damaged */
	TARN__SNAPSHOT_HEADER_VERSION, /* another one */
	TARN__SNAPSHOT_HEADER_MEMORY,
};

/* Reads a header at the start of any octets, which may change meanwhile. The identities are to be freed. */
enum tarn__snapshot_header_fault tarn__snapshot_header_read(const uint8_t *octets, size_t len,
							    struct tarn__snapshot_header *,
							    struct tarn__snapshot_identities *);

void tarn__snapshot_identities_free(struct tarn__snapshot_identities *);

/* ---- blocks and trailer ----------------------------------------------------------------- */

struct tarn__snapshot_block {
	uint32_t len; /* of the entries */
	uint16_t count;
	uint8_t heat;
};

/* Writes the head of a block whose entries are behind it. */
void tarn__snapshot_block_seal(uint8_t *octets, uint64_t seed, const struct tarn__snapshot_block *);

/* Reads a head. Returns false if it cannot be one. Its hash is not checked. */
bool tarn__snapshot_block_read(const uint8_t head[TARN__SNAPSHOT_BLOCK_HEAD],
			       struct tarn__snapshot_block *);

/* Returns true if the hash of a whole block fits. */
bool tarn__snapshot_block_checks(const uint8_t *octets, uint64_t seed,
				 const struct tarn__snapshot_block *);

struct tarn__snapshot_trailer {
	uint32_t blocks;
	uint64_t entries;
};

void tarn__snapshot_trailer_write(uint8_t out[TARN__SNAPSHOT_TRAILER_LEN], uint64_t seed,
				  const struct tarn__snapshot_trailer *);
bool tarn__snapshot_trailer_read(const uint8_t octets[TARN__SNAPSHOT_TRAILER_LEN], uint64_t seed,
				 struct tarn__snapshot_trailer *);

/* ---- entries ---------------------------------------------------------------------------- */

struct tarn__snapshot_entry {
	uint16_t zone, anchor;
	uint8_t verdict; /* AD and remark */
	uint8_t uses; /* 0 to 3 */
	bool is_main; /* as in struct rtcache_item */
	bool has_name; /* NXDOMAIN: the name had an entry, core/forward/nxdomain.h */
	uint64_t arrival_ms;
	uint32_t life_ms;
	const uint8_t *key, *message; /* views */
	uint16_t key_len, message_len;
};

/* Returns the octets that it has. */
static inline size_t tarn__snapshot_entry_len(size_t key_len, size_t message_len)
{
	return TARN__SNAPSHOT_ENTRY_HEAD + key_len + message_len;
}

/* Returns the octets written. The key is of class IN. */
size_t tarn__snapshot_entry_write(uint8_t *out, const struct tarn__snapshot_entry *);

/* Returns the octets read; 0: len octets have no whole entry. Keys and messages are not checked. */
size_t tarn__snapshot_entry_read(const uint8_t *octets, size_t len, struct tarn__snapshot_entry *);

/* ---- the hash --------------------------------------------------------------------------- */

uint64_t tarn__snapshot_hash(const void *octets, size_t len, uint64_t seed);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_form.h: the form of a compiled list of names, as dns/namelist.h reads it and
 * dns/namelist_compile.h writes it.
 *
 * Sections, in this order, each begun at a multiple of TARN__NAMELIST_LINE octets:
 *
 *	head       struct tarn__namelist_head; its numbers, and those up to "more index", are in the machine's
 *	           order of octets
 *	rows       TARN__NAMELIST_ROW_LEN octets each
 *	filter     piece_count pieces of segment_len * (segment_count + 2) octets: binary fuse filters
 *	salts      8 octets for each piece, a part of its hash function
 *	buckets    struct tarn__namelist_bucket
 *	more index struct tarn__namelist_index, in the order of hash and row
 *	more       what the index points to, in network order
 *	sources    one behind the other, in network order
 *	checksum   8 octets, of all before
 *
 * The hash of a name is computed label by label from the root's side. Its upper 32 bits choose the piece and
 * the bucket, which thus lie in the order of the hashes; the lower 32 are the tag.
 */
#ifndef TARN_DNS_NAMELIST_FORM_H
#define TARN_DNS_NAMELIST_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/octets.h"
#include "dns/name.h"
#include "dns/namelist.h"

#define TARN__NAMELIST_MAGIC "tarnlist"

enum {
	TARN__NAMELIST_VERSION = 1,
	TARN__NAMELIST_ORDER = 0x01020304,
	TARN__NAMELIST_LINE = 64, /* octets of a line of the processor's cache */
	TARN__NAMELIST_ROW_LEN = 8,
	TARN__NAMELIST_BUCKET_ROOM = 12, /* what a line holds */
	TARN__NAMELIST_WALK_MAX = 32, /* buckets of one lookup: a name may have 255 entries */
	TARN__NAMELIST_CHECKSUM_LEN = 8,
	TARN__NAMELIST_SLACK = 8, /* octets behind a name that is hashed */
};

/* Flags of a row, and of what few rules have. */
enum {
	TARN__NAMELIST_ROW_IMPORTANT = 1,
	TARN__NAMELIST_ROW_MORE = 2,
	TARN__NAMELIST_ROW_ZONE = 4,
	TARN__NAMELIST_MORE_NEGATED = 1,
	TARN__NAMELIST_MORE_RECORD = 2,
};

struct tarn__namelist_head {
	char magic[8];
	uint32_t version;
	uint32_t order;
	uint64_t len; /* of all sections */
	uint64_t seed;
	uint64_t digest;
	uint32_t name_count;
	uint32_t entry_count;
	uint32_t row_count;
	uint32_t source_count;
	uint32_t labels_min;
	uint32_t labels_max; /* less than labels_min: there are no names */
	uint32_t piece_count; /* at least 1 */
	uint32_t segment_len; /* a power of two */
	uint32_t
		segment_count; /* of the first of the three places of a name; there are two more segments */
	uint32_t bucket_count; /* that a hash can choose; at least 1 */
	uint32_t bucket_total;
	uint32_t walk; /* the most buckets that an entry may be searched for in */
	uint32_t more_count;
	uint32_t unused;
	uint64_t more_len;
	uint64_t sources_len;
};

struct tarn__namelist_bucket {
	uint32_t tags[TARN__NAMELIST_BUCKET_ROOM];
	uint8_t rows[TARN__NAMELIST_BUCKET_ROOM];
	uint8_t count;
	uint8_t goes_on; /* 1: entries that belong here may be in the next bucket */
	uint8_t unused[2];
};

struct tarn__namelist_index {
	uint64_t hash;
	uint32_t at; /* in section more */
	uint8_t row;
	uint8_t unused[3];
};

/* Where the sections begin. */
struct tarn__namelist_layout {
	uint64_t rows, filter, salts, buckets, more_index, more, sources, checksum, end;
};

/* Computes the sections from the numbers of the head, which are within the limits of dns/namelist.h. */
void tarn__namelist_lay_out(const struct tarn__namelist_head *, struct tarn__namelist_layout *out);

/*
 * The checksum of octets that come in pieces of a multiple of 8. Four sums run side by side: one of them would wait for
 * each of its multiplications. Starts as zeros.
 */
struct tarn__namelist_sum {
	uint64_t lanes[4];
	unsigned next; /* lane */
};

void tarn__namelist_sum_add(struct tarn__namelist_sum *, const uint8_t *octets, size_t len);
uint64_t tarn__namelist_sum_end(const struct tarn__namelist_sum *);

/* Writes the right checksum at the end of a list whose octets have been changed; for tests. */
void tarn__namelist_seal(uint8_t *octets, size_t len);

/* A product of 128 bits, its halves combined. */
static inline uint64_t tarn__namelist_mix(uint64_t a)
{
	const uint64_t factor = 0xd6e8feb86659fd93;
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 product = (unsigned __int128)a * factor;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t a_low = (uint32_t)a, a_high = a >> 32;
	uint64_t low = (uint32_t)factor, high = factor >> 32;
	uint64_t middle = a_high * low + (a_low * low >> 32);
	uint64_t other = a_low * high + (uint32_t)middle;
	return a * factor ^ (a_high * high + (middle >> 32) + (other >> 32));
#endif
}

/*
 * The hash of a label before a suffix, from the suffix's. label is in lower case, and TARN__NAMELIST_SLACK
 * octets behind it can be read.
 */
static inline uint64_t tarn__namelist_hash_step(uint64_t hash, const uint8_t *label)
{
	unsigned left = 1u + label[0];
	for (; left > 8; left -= 8, label += 8)
		hash = tarn__namelist_mix(hash ^ tarn__get64_low_first(label));
	uint64_t last = tarn__get64_low_first(label) & UINT64_MAX >> (64 - 8 * left);
	return tarn__namelist_mix(hash ^ last);
}

/* A name in lower case, and where its labels begin. */
struct tarn__namelist_name {
	uint8_t folded[TARN__NAME_MAX + TARN__NAMELIST_SLACK];
	uint8_t starts[TARN__LABELS_MAX + 1]; /* the last one is the root's */
	unsigned count; /* of labels, the root not counted */
};

static inline void tarn__namelist_name_init(struct tarn__namelist_name *out, const uint8_t *name,
					    size_t len)
{
	tarn__name_fold(out->folded, name, len);
	memset(out->folded + len, 0, TARN__NAMELIST_SLACK);
	out->count = 0;
	size_t at = 0;
	for (; out->folded[at] != 0; at += 1 + (size_t)out->folded[at])
		out->starts[out->count++] = (uint8_t)at;
	out->starts[out->count] = (uint8_t)at;
}

/* The hash of the suffix of so many labels, from that of one label less. */
static inline uint64_t tarn__namelist_name_step(const struct tarn__namelist_name *name,
						uint64_t hash, unsigned labels)
{
	return tarn__namelist_hash_step(hash, name->folded + name->starts[name->count - labels]);
}

/* A number below count, in the order of the hashes. */
static inline uint32_t tarn__namelist_place(uint64_t hash, uint32_t count)
{
	return (uint32_t)((hash >> 32) * count >> 32);
}

static inline struct tarn__namelist_piece tarn__namelist_piece_of(uint32_t segment_len,
								  uint32_t segment_count)
{
	return (struct tarn__namelist_piece){.span = segment_len * segment_count,
					     .second = segment_len,
					     .third = 2 * segment_len,
					     .mask = segment_len - 1};
}

/* The three places of a name. */
static inline void tarn__namelist_filter_places(uint64_t hash, uint64_t salt,
						const struct tarn__namelist_piece *piece,
						uint32_t out[3])
{
	uint64_t bits = (hash ^ salt) * UINT64_C(0xc2b2ae3d27d4eb4f);
	out[0] = tarn__namelist_place(bits, piece->span);
	out[1] = (out[0] + piece->second) ^ ((uint32_t)(bits >> 34) & piece->mask);
	out[2] = (out[0] + piece->third) ^ ((uint32_t)(bits >> 18) & piece->mask);
}

/* What the octets at the three places add up to, without carry. */
static inline uint8_t tarn__namelist_filter_value(uint64_t hash)
{
	return (uint8_t)(hash >> 32);
}

static inline uint32_t tarn__namelist_tag(uint64_t hash)
{
	return (uint32_t)hash;
}

#endif

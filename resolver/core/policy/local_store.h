/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local_store.h: how local data lies in memory; local_build.c writes it, local_data.c reads it.
 *
 * One block of memory. A name is a node; the items of a node follow each other, and so do its octets. An open
 * hash of names has an octet of each hash apart from the numbers of the nodes: eight of them are
 * compared at once, and of a name that is not there nothing else is read. The items are about 34 octets for
 * a name with one address and its PTR.
 *
 *	octets   names in wire form and lower case; paths with NUL; of items what does not fit into them:
 *	           IPv6 address            16 octets
 *	           lease                   8 of its end, the address
 *	           record                  4 of its TTL, 2 of the length of the RDATA, the RDATA
 *	items    grouped by type within a node. The item of a zone that is ours has type 0 and is the first.
 *	slots    of names: tags and nodes; of addresses: items of type A or AAAA, of which PTRs are made
 */
#ifndef TARN_CORE_POLICY_LOCAL_STORE_H
#define TARN_CORE_POLICY_LOCAL_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/address.h"
#include "base/octets.h"
#include "dns/name.h"
#include "dns/type.h"

enum {
	/* Of a node: the upper bits of its name. */
	TARN__NODE_ZONE = 1 << 28, /* the zone is ours */
	TARN__NODE_WILDCARD = 1 << 29, /* "*" is below it */
	TARN__NODE_PARENT =
		1 << 30, /* other names are below it, in a zone or below a wildcard's parent */
	TARN__NODE_NAME = TARN__NODE_ZONE - 1,
	/* Of an item. */
	TARN__ITEM_PTR = 1, /* a PTR may be made of the address */
	TARN__ITEM_LEASE = 2,
	TARN__ITEM_RECORD = 4, /* a record as it was given */
	TARN__TYPE_ZONE = 0, /* no type of DNS */

	TARN__LOCAL_TAGS_AT_ONCE = 8,
	TARN__LOCAL_TAG_NONE = 0, /* the slot is empty */
	TARN__LOCAL_LEASE_HEAD = 8,
	TARN__LOCAL_RECORD_HEAD = 6,
	TARN__LOCAL_SLOT_NONE = INT32_MAX,
	TARN__LOCAL_SKETCH_BITS = 512,
};

struct tarn__local_node {
	uint32_t name; /* in octets; TARN__NODE_... */
	uint32_t first; /* item; the next node's is behind the last one */
};

struct tarn__local_entry {
	uint32_t line;
	uint32_t value; /* an IPv4 address, or where in octets the rest is */
	uint16_t type;
	uint8_t source;
	uint8_t flags; /* TARN__ITEM_... */
};

struct tarn__local_origin {
	uint32_t path; /* in octets */
	uint32_t ttl; /* seconds */
};

struct tarn__local_data {
	atomic_uint references;
	uint32_t ttl; /* seconds, of what is denied in a zone */
	/* A bit for each number of labels that a zone or wildcard's parent has, see tarn__local_depth(). */
	uint64_t suffix_depths;
	/* A bit for each of their hashes, see tarn__local_bit(). */
	uint64_t suffix_filter;
	/*
	 * A bit for each name, and one for each top label of a zone or wildcard's parent:
	 * tarn__local_sketch().
	 */
	uint64_t names[TARN__LOCAL_SKETCH_BITS / 64];
	uint64_t tops;
	size_t node_count, item_count, slot_count, address_slot_count;
	size_t name_count, address_count, zone_count; /* see struct tarn__local_counts */
	size_t size; /* octets of all */
	struct tarn__local_origin *origins;
	struct tarn__local_node *nodes; /* one more than node_count */
	struct tarn__local_entry *items;
	uint32_t *slots; /* nodes */
	uint32_t *address_slots; /* items, or TARN__LOCAL_SLOT_NONE */
	uint8_t *tags; /* the first ones stand behind the last one again */
	uint8_t *octets; /* TARN__NAME_MAX zeros behind */
};

/* ---- hashing ---------------------------------------------------------------------------- */

/* Spreads a hash of 32 bits, whose upper bits are the slot and whose lower bits the tag. */
static inline uint64_t tarn__local_spread(uint32_t hash)
{
	return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t tarn__local_bit(uint32_t hash)
{
	return UINT64_C(1) << (tarn__local_spread(hash) >> 58);
}

static inline size_t tarn__local_slot(uint64_t spread, size_t slot_count)
{
	return (size_t)((spread >> 32) * slot_count >> 32);
}

static inline uint8_t tarn__local_tag(uint64_t spread)
{
	uint8_t tag = (uint8_t)(spread >> 24);
	return tag != TARN__LOCAL_TAG_NONE ? tag : 1;
}

static inline size_t tarn__local_address_slot(const struct tarn__ip *ip, size_t slot_count)
{
	uint64_t sum = ip->len;
	for (unsigned i = 0; i < sizeof ip->octets; i += 4)
		sum = (sum ^ tarn__get32(ip->octets + i)) * UINT64_C(0x9e3779b97f4a7c15);
	return tarn__local_slot(sum ^ sum >> 32, slot_count);
}

/* Returns the bit of a number of labels; all great ones have the last. */
static inline uint64_t tarn__local_depth(unsigned labels)
{
	return UINT64_C(1) << (labels < 63 ? labels : 63);
}

/*
 * Returns the bit of a name of two octets and more, by its length and its first and last letters: most names of
 * queries are told from those of a few hosts without a hash of all their octets.
 */
static inline unsigned tarn__local_sketch(const uint8_t *name, size_t len)
{
	unsigned first = tarn__fold(name[1]), last = tarn__fold(name[len - 2]);
	return ((unsigned)len * 37 + first * 11 + last * 101 + name[0] * 71) %
	       TARN__LOCAL_SKETCH_BITS;
}

/* Returns the bit of a top label, which begins with its length. */
static inline uint64_t tarn__local_top(const uint8_t *label)
{
	return UINT64_C(1) << ((label[0] * 7u + tarn__fold(label[1])) % 64);
}

/* Returns the last label but the root's; of the root itself, that. */
static inline const uint8_t *tarn__local_top_label(const uint8_t *name)
{
	const uint8_t *last = name;
	for (; *name != 0; name += 1 + *name)
		last = name;
	return last;
}

/* ---- items ------------------------------------------------------------------------------ */

static inline struct tarn__ip tarn__local_address(const uint8_t *octets,
						  const struct tarn__local_entry *entry)
{
	struct tarn__ip ip = {.len = entry->type == TARN__TYPE_A ? TARN__IPV4_LEN : TARN__IPV6_LEN};
	bool is_lease = entry->flags & TARN__ITEM_LEASE;
	if (ip.len == TARN__IPV4_LEN && !is_lease)
		tarn__put32(ip.octets, entry->value);
	else
		memcpy(ip.octets, octets + entry->value + (is_lease ? TARN__LOCAL_LEASE_HEAD : 0),
		       ip.len);
	return ip;
}

/* Seconds since 1970; TARN__LEASE_NEVER. */
static inline uint64_t tarn__local_end(const uint8_t *octets, const struct tarn__local_entry *entry)
{
	if (!(entry->flags & TARN__ITEM_LEASE))
		return UINT64_MAX;
	const uint8_t *end = octets + entry->value;
	return (uint64_t)tarn__get32(end) << 32 | tarn__get32(end + 4);
}

#endif

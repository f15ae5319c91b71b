/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local_draft.h: what a builder of local data has: names in an open hash, each with a list of
 * its items. local_builder.c takes them, local_build.c makes the data.
 */
#ifndef TARN_CORE_POLICY_LOCAL_DRAFT_H
#define TARN_CORE_POLICY_LOCAL_DRAFT_H

#include "core/policy/local_data.h"
#include "core/policy/local_store.h"

enum { TARN__DRAFT_NONE = INT32_MAX };

struct tarn__draft_node {
	uint32_t hash;
	uint32_t name; /* in octets */
	uint32_t first, last; /* items */
	bool is_zone, is_parent, has_wildcard, has_cname, is_full;
};

struct tarn__draft_item {
	struct tarn__local_entry entry;
	uint32_t next; /* of the same node */
	uint32_t set_len; /* what it takes of TARN__LOCAL_SET_MAX */
	uint32_t placed; /* its number in the data; TARN__DRAFT_NONE: another one counts */
};

/* The name of a lease, whose label or labels stand in octets before the domain or the root. */
struct tarn__draft_lease {
	uint32_t name, whole; /* as the client has it; with the domain, or the same */
	uint32_t value, line;
	uint64_t start_s, end_s;
	uint16_t type;
	uint8_t source;
	bool makes_ptr;
};

struct tarn__draft_source {
	struct tarn__local_origin origin;
	bool makes_ptr;
};

struct tarn__local_builder {
	struct tarn__local_options options;
	uint8_t domain[TARN__NAME_MAX];
	struct tarn__draft_source *sources;
	uint8_t *octets;
	struct tarn__draft_node *nodes;
	struct tarn__draft_item *items;
	struct tarn__draft_lease *leases;
	uint32_t *slots; /* nodes, TARN__DRAFT_NONE */
	size_t source_count, octet_count, node_count, item_count, lease_count, slot_count;
	size_t source_room, octet_room, node_room, item_room, lease_room;
	size_t zone_count;
	uint64_t suffix_depths, suffix_filter;
};

/* Returns the node of a name, which is in lower case; NULL: there is none. */
struct tarn__draft_node *tarn__draft_find_node(const struct tarn__local_builder *,
					       const uint8_t *name, size_t len);

/* Finds or makes the node of a name, which is in lower case and not in the builder's octets. */
enum tarn__local_result tarn__draft_take_name(struct tarn__local_builder *, const uint8_t *name,
					      size_t len, struct tarn__draft_node **out);

/*
 * Adds an item to a node, unless an equal one is there; its set would become too long; or the node had such a
 * set before, so that very many records of one name take no time. len is that of its RDATA.
 */
enum tarn__local_result tarn__draft_add_item(struct tarn__local_builder *,
					     struct tarn__draft_node *,
					     const struct tarn__local_entry *, size_t len);

/* Adds an address to a name. Of the entry the type and the value are set here. */
enum tarn__local_result tarn__draft_add_address(struct tarn__local_builder *, const uint8_t *name,
						size_t len, const struct tarn__ip *,
						struct tarn__local_entry *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local_build.c: makes local data of a draft. The names of leases are compared with all others;
 * what exists between zones or wildcards and the names below them becomes nodes without items (RFC 4592
 * section 2.2.2); and all is copied into one block of its size (core/policy/local_store.h).
 */
#include "core/policy/local_data.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/local_draft.h"
#include "core/reverse.h"
#include "dns/name.h"

/* ---- leases ----------------------------------------------------------------------------- */

/* Returns true if the name is that of something else than a lease. */
static bool is_taken(const struct tarn__local_builder *builder, uint32_t at)
{
	const uint8_t *name = builder->octets + at;
	const struct tarn__draft_node *node =
		tarn__draft_find_node(builder, name, tarn__name_span(name, TARN__NAME_MAX));
	for (uint32_t i = node ? node->first : TARN__DRAFT_NONE; i != TARN__DRAFT_NONE;
	     i = builder->items[i].next) {
		if (!(builder->items[i].entry.flags & TARN__ITEM_LEASE))
			return true;
	}
	return false;
}

/* Returns true if the lease began later; where that is not known of both, if it ends later, or as late. */
static bool is_newer(const struct tarn__draft_lease *lease, const struct tarn__draft_lease *other)
{
	if (lease->start_s > 0 && other->start_s > 0 && lease->start_s != other->start_s)
		return lease->start_s > other->start_s;
	return lease->end_s >= other->end_s;
}

/* The item of a lease has its number for the octets of its set, which no other needs. */
static enum tarn__local_result put_lease(struct tarn__local_builder *builder, uint32_t number,
					 uint32_t name_at, bool makes_ptr)
{
	const struct tarn__draft_lease *lease = &builder->leases[number];
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_span(builder->octets + name_at, TARN__NAME_MAX);
	memcpy(name, builder->octets + name_at, len);
	struct tarn__draft_node *node;
	enum tarn__local_result result = tarn__draft_take_name(builder, name, len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	const struct tarn__local_entry entry = {
		.line = lease->line,
		.value = lease->value,
		.type = lease->type,
		.source = lease->source,
		.flags = (uint8_t)(TARN__ITEM_LEASE | (makes_ptr ? TARN__ITEM_PTR : 0)),
	};
	for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
		struct tarn__draft_item *item = &builder->items[i];
		if (item->entry.type != lease->type)
			continue;
		if (is_newer(lease, &builder->leases[item->set_len])) {
			item->entry = entry;
			item->set_len = number;
		}
		return TARN__LOCAL_TAKEN;
	}
	result = tarn__draft_add_item(builder, node, &entry, 0);
	if (result == TARN__LOCAL_TAKEN)
		builder->items[builder->item_count - 1].set_len = number;
	return result;
}

/* Returns false if memory is short. */
static bool put_leases(struct tarn__local_builder *builder)
{
	for (uint32_t i = 0; i < builder->lease_count; i++) {
		const struct tarn__draft_lease *lease = &builder->leases[i];
		if (is_taken(builder, lease->name) || is_taken(builder, lease->whole))
			continue;
		uint32_t name = lease->name, whole = lease->whole;
		bool makes_ptr = lease->makes_ptr;
		if (put_lease(builder, i, whole, makes_ptr) == TARN__LOCAL_NO_MEMORY)
			return false;
		if (name != whole && put_lease(builder, i, name, false) == TARN__LOCAL_NO_MEMORY)
			return false;
	}
	return true;
}

/* ---- what exists without a record ------------------------------------------------------- */

/* Makes nodes of the names between the topmost zone or wildcard's parent above the name and the name. */
static enum tarn__local_result take_between(struct tarn__local_builder *builder,
					    const uint8_t *name, size_t len)
{
	size_t starts[TARN__LABELS_MAX + 1], count = 0;
	for (size_t at = 0; name[at] != 0; at += 1 + name[at])
		starts[count++] = at;
	starts[count] = len - 1;
	bool is_inside = false;
	for (size_t i = count; i > 0; i--) {
		struct tarn__draft_node *node;
		const uint8_t *above = name + starts[i];
		if (is_inside) {
			enum tarn__local_result result =
				tarn__draft_take_name(builder, above, len - starts[i], &node);
			if (result != TARN__LOCAL_TAKEN)
				return result;
			node->is_parent = true;
			continue;
		}
		if (!(builder->suffix_depths & tarn__local_depth((unsigned)(count - i))))
			continue;
		node = tarn__draft_find_node(builder, above, len - starts[i]);
		is_inside = node && (node->is_zone || node->has_wildcard);
	}
	return TARN__LOCAL_TAKEN;
}

/* Returns false if memory is short. Where there are too many names already, some are not known to exist. */
static bool take_empty_names(struct tarn__local_builder *builder)
{
	uint8_t name[TARN__NAME_MAX];
	for (size_t i = 0, count = builder->node_count; i < count; i++) {
		const uint8_t *octets = builder->octets + builder->nodes[i].name;
		size_t len = tarn__name_span(octets, TARN__NAME_MAX);
		memcpy(name, octets, len);
		if (take_between(builder, name, len) == TARN__LOCAL_NO_MEMORY)
			return false;
	}
	for (size_t i = 0; i < builder->item_count; i++) {
		const struct tarn__local_entry *entry = &builder->items[i].entry;
		if (!(entry->flags & TARN__ITEM_PTR))
			continue;
		struct tarn__ip ip = tarn__local_address(builder->octets, entry);
		size_t len = tarn__reverse_name(&ip, name);
		if (take_between(builder, name, len) == TARN__LOCAL_NO_MEMORY)
			return false;
	}
	return true;
}

/* ---- copying ---------------------------------------------------------------------------- */

/* Makes the one block. The parts with the greatest alignment are the first. */
static struct tarn__local_data *new_data(const struct tarn__local_builder *builder,
					 size_t address_count)
{
	size_t slot_count =
		builder->node_count + builder->node_count / 3 + TARN__LOCAL_TAGS_AT_ONCE;
	size_t address_slots = address_count + address_count / 3 + 1;
	size_t sizes[] = {
		sizeof(struct tarn__local_data),
		builder->source_count * sizeof(struct tarn__local_origin),
		(builder->node_count + 1) * sizeof(struct tarn__local_node),
		builder->item_count * sizeof(struct tarn__local_entry),
		slot_count * sizeof(uint32_t),
		address_slots * sizeof(uint32_t),
		slot_count + TARN__LOCAL_TAGS_AT_ONCE,
		builder->octet_count + TARN__NAME_MAX,
	};
	enum { PARTS = sizeof sizes / sizeof sizes[0] };
	size_t at[PARTS], size = 0;
	for (unsigned i = 0; i < PARTS; i++) {
		at[i] = size;
		size += sizes[i];
	}
	uint8_t *block = calloc(1, size);
	if (!block)
		return NULL;
	struct tarn__local_data *data = (void *)block;
	data->size = size;
	data->origins = (void *)(block + at[1]);
	data->nodes = (void *)(block + at[2]);
	data->items = (void *)(block + at[3]);
	data->slots = (void *)(block + at[4]);
	data->address_slots = (void *)(block + at[5]);
	data->tags = block + at[6];
	data->octets = block + at[7];
	data->slot_count = slot_count;
	data->address_slot_count = address_slots;
	for (size_t i = 0; i < address_slots; i++)
		data->address_slots[i] = TARN__LOCAL_SLOT_NONE;
	return data;
}

static void put_tag(struct tarn__local_data *data, uint32_t hash, uint32_t node)
{
	uint64_t spread = tarn__local_spread(hash);
	size_t at = tarn__local_slot(spread, data->slot_count);
	while (data->tags[at] != TARN__LOCAL_TAG_NONE)
		at = at + 1 == data->slot_count ? 0 : at + 1;
	data->tags[at] = tarn__local_tag(spread);
	data->slots[at] = node;
	if (at < TARN__LOCAL_TAGS_AT_ONCE)
		data->tags[data->slot_count + at] = data->tags[at];
}

/* Returns true if the node has a record of the type as it was given. */
static bool has_record(const struct tarn__local_builder *builder,
		       const struct tarn__draft_node *node, uint16_t type)
{
	for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
		const struct tarn__local_entry *entry = &builder->items[i].entry;
		if (entry->flags & TARN__ITEM_RECORD && entry->type == type)
			return true;
	}
	return false;
}

/* Copies a node's items of one type that have not been copied, and marks those that do not count. */
static void copy_set(struct tarn__local_builder *builder, const struct tarn__draft_node *node,
		     uint16_t type, struct tarn__local_data *data)
{
	bool records_only =
		type != TARN__TYPE_ZONE && (node->has_cname || has_record(builder, node, type));
	for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
		struct tarn__draft_item *item = &builder->items[i];
		if (item->entry.type != type ||
		    (records_only && !(item->entry.flags & TARN__ITEM_RECORD)))
			continue;
		item->placed = (uint32_t)data->item_count;
		data->items[data->item_count++] = item->entry;
	}
}

/* Returns true if the item is the first one of its type in the node. */
static bool is_first(const struct tarn__local_builder *builder, const struct tarn__draft_node *node,
		     uint32_t number)
{
	uint16_t type = builder->items[number].entry.type;
	for (uint32_t i = node->first; i != number; i = builder->items[i].next) {
		if (builder->items[i].entry.type == type)
			return false;
	}
	return true;
}

/* The names that are asked for in vain are told by these bits; begins_own: names below it may be ours. */
static void put_sketch(struct tarn__local_data *data, const uint8_t *name, bool begins_own)
{
	size_t len = tarn__name_span(name, TARN__NAME_MAX);
	if (begins_own)
		data->tops |= len > 1 ? tarn__local_top(tarn__local_top_label(name)) : UINT64_MAX;
	if (len > 1) {
		unsigned bit = tarn__local_sketch(name, len);
		data->names[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

static void copy_node(struct tarn__local_builder *builder, const struct tarn__draft_node *node,
		      struct tarn__local_data *data)
{
	uint32_t flags = (node->is_zone ? TARN__NODE_ZONE : 0) |
			 (node->has_wildcard ? TARN__NODE_WILDCARD : 0) |
			 (node->is_parent ? TARN__NODE_PARENT : 0);
	uint32_t number = (uint32_t)data->node_count++;
	data->nodes[number] =
		(struct tarn__local_node){node->name | flags, (uint32_t)data->item_count};
	put_tag(data, node->hash, number);
	put_sketch(data, data->octets + node->name, node->is_zone || node->has_wildcard);
	if (node->is_zone)
		copy_set(builder, node, TARN__TYPE_ZONE, data);
	for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
		uint16_t type = builder->items[i].entry.type;
		if (type != TARN__TYPE_ZONE && is_first(builder, node, i))
			copy_set(builder, node, type, data);
	}
	size_t own = data->item_count - data->nodes[number].first;
	data->name_count += own > (node->is_zone ? 1 : 0);
}

/* The first item of an address has its PTR. */
static void put_address(struct tarn__local_data *data, const struct tarn__local_entry *entry,
			uint32_t number)
{
	struct tarn__ip ip = tarn__local_address(data->octets, entry);
	size_t at = tarn__local_address_slot(&ip, data->address_slot_count);
	while (data->address_slots[at] != TARN__LOCAL_SLOT_NONE) {
		struct tarn__ip other =
			tarn__local_address(data->octets, &data->items[data->address_slots[at]]);
		if (tarn__ip_is_equal(&ip, &other))
			return;
		at = at + 1 == data->address_slot_count ? 0 : at + 1;
	}
	data->address_slots[at] = number;
	data->address_count++;
}

static void copy_all(struct tarn__local_builder *builder, struct tarn__local_data *data)
{
	memcpy(data->octets, builder->octets, builder->octet_count);
	for (size_t i = 0; i < builder->source_count; i++)
		data->origins[i] = builder->sources[i].origin;
	for (size_t i = 0; i < builder->node_count; i++)
		copy_node(builder, &builder->nodes[i], data);
	data->nodes[data->node_count].first = (uint32_t)data->item_count;
	for (size_t i = 0; i < builder->item_count; i++) {
		const struct tarn__draft_item *item = &builder->items[i];
		if (item->placed != TARN__DRAFT_NONE && item->entry.flags & TARN__ITEM_PTR)
			put_address(data, &item->entry, item->placed);
	}
}

/* Adds ip6-localhost and ip6-loopback where nothing gives them. Returns false if memory is short. */
static bool add_built_in(struct tarn__local_builder *builder)
{
	static const char *const names[] = {"ip6-localhost", "ip6-loopback"};
	const struct tarn__local_source source = {.path = "built in", .ttl = builder->options.ttl};
	struct tarn__hosts_entry host = {.address = {TARN__IPV6_LEN, {[15] = 1}}};
	int number = -1;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t len = tarn__host_name_parse(names[i], strlen(names[i]), host.name);
		const struct tarn__draft_node *node =
			tarn__draft_find_node(builder, host.name, len);
		if (node && node->first != TARN__DRAFT_NONE)
			continue;
		if (number < 0)
			number = tarn__local_builder_add_source(builder, &source);
		if (number < 0)
			return number != TARN_ENOMEM;
		const struct tarn__local_entry entry = {.source = (uint8_t)number};
		struct tarn__local_entry copy = entry;
		if (tarn__draft_add_address(builder, host.name, len, &host.address, &copy) ==
		    TARN__LOCAL_NO_MEMORY)
			return false;
	}
	return true;
}

struct tarn__local_data *tarn__local_builder_build(struct tarn__local_builder *builder)
{
	if (!add_built_in(builder) || !put_leases(builder) ||
	    (builder->suffix_depths != 0 && !take_empty_names(builder)))
		return NULL;
	size_t address_count = 0;
	for (size_t i = 0; i < builder->item_count; i++)
		address_count += (builder->items[i].entry.flags & TARN__ITEM_PTR) != 0;
	struct tarn__local_data *data = new_data(builder, address_count);
	if (!data)
		return NULL;
	atomic_init(&data->references, 1);
	data->ttl = builder->options.ttl;
	data->suffix_depths = builder->suffix_depths;
	data->suffix_filter = builder->suffix_filter;
	data->zone_count = builder->zone_count;
	copy_all(builder, data);
	return data;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local_builder.c: builds local data. Names are put into an open hash as they come, and each has a list
 * of its items. When all is there, the names of leases are compared with these; what exists between zones or
 * wildcards and the names below them becomes nodes without items (RFC 4592 section 2.2.2); and all is copied
 * into one block of its size (core/policy/local_store.h).
 */
#include "core/policy/local_data.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/local_store.h"
#include "core/reverse.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/rrsets.h"

enum { NONE = INT32_MAX, SLOTS_MIN = 64, OWN_FIELDS_LEN = 12 /* with a pointer for the owner */ };

struct node {
	uint32_t hash;
	uint32_t name; /* in octets */
	uint32_t first, last; /* items */
	bool is_zone, is_parent, has_wildcard, has_cname, is_full;
};

struct item {
	struct tarn__local_entry entry;
	uint32_t next; /* of the same node */
	uint32_t set_len; /* what it takes of TARN__LOCAL_SET_MAX */
	uint32_t placed; /* its number in the data; NONE: another one counts */
};

/* The name of a lease, whose label or labels stand in octets before the domain or the root. */
struct lease {
	uint32_t name, whole; /* as the client has it; with the domain, or the same */
	uint32_t value, line;
	uint64_t start_s, end_s;
	uint16_t type;
	uint8_t source;
};

struct source {
	struct tarn__local_origin origin;
	bool makes_ptr;
};

struct tarn__local_builder {
	struct tarn__local_options options;
	uint8_t domain[TARN__NAME_MAX];
	struct source *sources;
	uint8_t *octets;
	struct node *nodes;
	struct item *items;
	struct lease *leases;
	uint32_t *slots; /* nodes, NONE */
	size_t source_count, octet_count, node_count, item_count, lease_count, slot_count;
	size_t source_room, octet_room, node_room, item_room, lease_room;
	size_t zone_count;
	uint64_t suffix_depths, suffix_filter;
};

static const char *const result_texts[] = {
#define TEXT(name, text) [TARN__LOCAL_##name] = text,
	TARN__LOCAL_RESULTS(TEXT)
#undef TEXT
};

const char *tarn__local_result_text(enum tarn__local_result result)
{
	return result_texts[result];
}

/* ---- memory ----------------------------------------------------------------------------- */

/* Makes room for more elements. Returns false if memory is short. */
static bool have_room(void **array, size_t *room, size_t count, size_t more, size_t size)
{
	if (*room - count >= more)
		return true;
	size_t wanted = *room + *room / 2 + more + 16;
	void *moved = realloc(*array, wanted * size);
	if (!moved)
		return false;
	*array = moved;
	*room = wanted;
	return true;
}

#define HAVE_ROOM(builder, array, noun, more)                                                      \
	have_room((void **)&(builder)->array, &(builder)->noun##_room, (builder)->noun##_count,    \
		  more, sizeof *(builder)->array)

/* Copies octets behind those that are there; sets *at to where. */
static enum tarn__local_result keep(struct tarn__local_builder *builder, const void *octets,
				    size_t len, uint32_t *at)
{
	if (len > TARN__LOCAL_OCTETS_MAX - builder->octet_count)
		return TARN__LOCAL_DATA_IS_FULL;
	if (!HAVE_ROOM(builder, octets, octet, len))
		return TARN__LOCAL_NO_MEMORY;
	*at = (uint32_t)builder->octet_count;
	if (len > 0)
		memcpy(builder->octets + builder->octet_count, octets, len);
	builder->octet_count += len;
	return TARN__LOCAL_TAKEN;
}

static uint32_t limit_ttl(uint32_t ttl)
{
	return ttl > TARN__TTL_MAX ? TARN__TTL_MAX : ttl;
}

struct tarn__local_builder *tarn__local_builder_new(const struct tarn__local_options *options)
{
	struct tarn__local_builder *builder = calloc(1, sizeof *builder);
	if (!builder)
		return NULL;
	builder->options = *options;
	if (options->domain) {
		tarn__name_fold(builder->domain, options->domain, options->domain_len);
		builder->options.domain = builder->domain;
	}
	builder->slots = malloc(SLOTS_MIN * sizeof *builder->slots);
	if (!builder->slots) {
		free(builder);
		return NULL;
	}
	for (builder->slot_count = 0; builder->slot_count < SLOTS_MIN; builder->slot_count++)
		builder->slots[builder->slot_count] = NONE;
	return builder;
}

void tarn__local_builder_free(struct tarn__local_builder *builder)
{
	if (!builder)
		return;
	free(builder->sources);
	free(builder->octets);
	free(builder->nodes);
	free(builder->items);
	free(builder->leases);
	free(builder->slots);
	free(builder);
}

int tarn__local_builder_add_source(struct tarn__local_builder *builder,
				   const struct tarn__local_source *source)
{
	uint32_t path;
	if (builder->source_count == TARN__LOCAL_SOURCES_MAX)
		return TARN_EBUSY;
	if (!HAVE_ROOM(builder, sources, source, 1))
		return TARN_ENOMEM;
	enum tarn__local_result result =
		keep(builder, source->path, strlen(source->path) + 1, &path);
	if (result != TARN__LOCAL_TAKEN)
		return result == TARN__LOCAL_NO_MEMORY ? TARN_ENOMEM : TARN_EBUSY;
	builder->sources[builder->source_count] =
		(struct source){{path, limit_ttl(source->ttl)}, source->makes_ptr};
	return (int)builder->source_count++;
}

/* ---- names ------------------------------------------------------------------------------ */

static struct node *find_name(const struct tarn__local_builder *builder, uint32_t hash,
			      const uint8_t *name, size_t len, size_t *slot)
{
	size_t mask = builder->slot_count - 1;
	for (size_t i = tarn__local_spread(hash) >> 32;; i++) {
		uint32_t number = builder->slots[i & mask];
		*slot = i & mask;
		if (number == NONE)
			return NULL;
		struct node *node = &builder->nodes[number];
		/* An equal hash of a longer name has to have its octets: a name's end is part of it. */
		if (node->hash == hash && builder->octet_count - node->name >= len &&
		    memcmp(builder->octets + node->name, name, len) == 0)
			return node;
	}
}

static struct node *find_node(const struct tarn__local_builder *builder, const uint8_t *name,
			      size_t len)
{
	size_t slot;
	return find_name(builder, tarn__name_hash(name, len), name, len, &slot);
}

static bool have_slots(struct tarn__local_builder *builder)
{
	if (2 * (builder->node_count + 1) <= builder->slot_count)
		return true;
	size_t count = 2 * builder->slot_count;
	uint32_t *slots = malloc(count * sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; i < count; i++)
		slots[i] = NONE;
	for (uint32_t number = 0; number < builder->node_count; number++) {
		size_t at = tarn__local_spread(builder->nodes[number].hash) >> 32;
		while (slots[at & (count - 1)] != NONE)
			at++;
		slots[at & (count - 1)] = number;
	}
	free(builder->slots);
	builder->slots = slots;
	builder->slot_count = count;
	return true;
}

/* Finds or makes the node of a name, which is in lower case. */
static enum tarn__local_result take_name(struct tarn__local_builder *builder, const uint8_t *name,
					 size_t len, struct node **out)
{
	size_t slot;
	uint32_t hash = tarn__name_hash(name, len), at;
	*out = find_name(builder, hash, name, len, &slot);
	if (*out)
		return TARN__LOCAL_TAKEN;
	if (builder->node_count == TARN__LOCAL_NAMES_MAX)
		return TARN__LOCAL_DATA_IS_FULL;
	if (!have_slots(builder) || !HAVE_ROOM(builder, nodes, node, 1))
		return TARN__LOCAL_NO_MEMORY;
	enum tarn__local_result result = keep(builder, name, len, &at);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	find_name(builder, hash, name, len, &slot);
	builder->slots[slot] = (uint32_t)builder->node_count;
	*out = &builder->nodes[builder->node_count++];
	**out = (struct node){.hash = hash, .name = at, .first = NONE, .last = NONE};
	return TARN__LOCAL_TAKEN;
}

static unsigned count_labels(const uint8_t *name)
{
	unsigned count = 0;
	for (; *name != 0; name += 1 + *name)
		count++;
	return count;
}

static bool is_dotless(const uint8_t *name)
{
	return *name != 0 && name[1 + *name] == 0;
}

/* RFC 6761 section 6.3: these are the loopback addresses whatever a file says. */
static bool is_localhost(const uint8_t *name, size_t len)
{
	static const uint8_t localhost[] = "\11localhost";
	return tarn__name_is_within(name, len, localhost, sizeof localhost);
}

/* Writes the name with the domain behind it. Returns its octets; 0: it is too long, or there is no domain. */
static size_t add_domain(const struct tarn__local_builder *builder, const uint8_t *name, size_t len,
			 uint8_t out[TARN__NAME_MAX])
{
	size_t domain_len = builder->options.domain_len;
	if (!builder->options.domain || len - 1 + domain_len > TARN__NAME_MAX)
		return 0;
	memcpy(out, name, len - 1);
	memcpy(out + len - 1, builder->domain, domain_len);
	return len - 1 + domain_len;
}

/* ---- items ------------------------------------------------------------------------------ */

/* Returns true if two items of one type say the same. */
static bool is_equal(const struct tarn__local_builder *builder, const struct item *item,
		     const struct tarn__local_entry *entry, size_t len)
{
	if (item->entry.type != entry->type || item->set_len != len + OWN_FIELDS_LEN ||
	    (item->entry.flags ^ entry->flags) & TARN__ITEM_RECORD)
		return false;
	bool is_record = entry->flags & TARN__ITEM_RECORD;
	if (!is_record && entry->type == TARN__TYPE_A)
		return item->entry.value == entry->value;
	size_t head = is_record ? TARN__LOCAL_RECORD_HEAD : 0;
	return memcmp(builder->octets + item->entry.value + head,
		      builder->octets + entry->value + head, len) == 0;
}

/*
 * Adds an item to a node, unless an equal one is there; its set would become too long; or the node had such a
 * set before, so that very many records of one name take no time. len is that of its RDATA.
 */
static enum tarn__local_result add_item(struct tarn__local_builder *builder, struct node *node,
					const struct tarn__local_entry *entry, size_t len)
{
	size_t set_len = len + OWN_FIELDS_LEN;
	if (node->is_full)
		return TARN__LOCAL_SET_IS_FULL;
	for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
		struct item *item = &builder->items[i];
		if (is_equal(builder, item, entry, len)) {
			item->entry.flags |= entry->flags;
			return TARN__LOCAL_KNOWN;
		}
		if (item->entry.type == entry->type)
			set_len += item->set_len;
	}
	node->is_full = set_len > TARN__LOCAL_SET_MAX;
	if (node->is_full)
		return TARN__LOCAL_SET_IS_FULL;
	if (builder->item_count == TARN__LOCAL_RECORDS_MAX)
		return TARN__LOCAL_DATA_IS_FULL;
	if (!HAVE_ROOM(builder, items, item, 1))
		return TARN__LOCAL_NO_MEMORY;
	uint32_t number = (uint32_t)builder->item_count++;
	builder->items[number] = (struct item){.entry = *entry,
					       .next = NONE,
					       .placed = NONE,
					       .set_len = (uint32_t)(len + OWN_FIELDS_LEN)};
	if (node->first == NONE)
		node->first = number;
	else
		builder->items[node->last].next = number;
	node->last = number;
	return TARN__LOCAL_TAKEN;
}

/* ---- hosts ------------------------------------------------------------------------------ */

/* Returns true for addresses that stand for no host in particular: lists of names to block are full of them. */
static bool is_sink(const struct tarn__ip *ip)
{
	static const struct tarn__ip sinks[] = {
		{TARN__IPV4_LEN, {0}},
		{TARN__IPV4_LEN, {127, 0, 0, 1}},
		{TARN__IPV6_LEN, {0}},
		{TARN__IPV6_LEN, {[15] = 1}},
	};
	for (size_t i = 0; i < sizeof sinks / sizeof sinks[0]; i++) {
		if (tarn__ip_is_equal(ip, &sinks[i]))
			return true;
	}
	return false;
}

static enum tarn__local_result add_address(struct tarn__local_builder *builder, const uint8_t *name,
					   size_t len, const struct tarn__ip *ip,
					   struct tarn__local_entry *entry)
{
	struct node *node;
	enum tarn__local_result result = take_name(builder, name, len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	if (ip->len == TARN__IPV4_LEN) {
		entry->type = TARN__TYPE_A;
		entry->value = tarn__get32(ip->octets);
		return add_item(builder, node, entry, ip->len);
	}
	entry->type = TARN__TYPE_AAAA;
	size_t before = builder->octet_count;
	result = keep(builder, ip->octets, ip->len, &entry->value);
	if (result == TARN__LOCAL_TAKEN)
		result = add_item(builder, node, entry, ip->len);
	if (result != TARN__LOCAL_TAKEN && builder->octet_count == before + ip->len)
		builder->octet_count = before;
	return result;
}

enum tarn__local_result tarn__local_builder_add_host(struct tarn__local_builder *builder,
						     unsigned source,
						     const struct tarn__hosts_entry *host)
{
	if (is_localhost(host->name, host->name_len))
		return TARN__LOCAL_LEFT_OUT;
	uint8_t whole[TARN__NAME_MAX];
	size_t whole_len =
		is_dotless(host->name) ? add_domain(builder, host->name, host->name_len, whole) : 0;
	bool makes_ptr = host->is_canonical && !host->has_scope &&
			 builder->sources[source].makes_ptr && !is_sink(&host->address);
	uint8_t flags = makes_ptr ? TARN__ITEM_PTR : 0;
	struct tarn__local_entry entry = {
		.line = host->line, .source = (uint8_t)source, .flags = whole_len > 0 ? 0 : flags};
	enum tarn__local_result result =
		add_address(builder, host->name, host->name_len, &host->address, &entry);
	if (whole_len == 0 || result == TARN__LOCAL_NO_MEMORY)
		return result;
	entry.flags = flags;
	return add_address(builder, whole, whole_len, &host->address, &entry);
}

/* ---- records and zones ------------------------------------------------------------------ */

static bool is_rdata(const struct tarn__local_record *record)
{
	if (record->type == TARN__TYPE_ZONE || record->rdata_len > UINT16_MAX)
		return false;
	struct tarn__reader reader = {.wire = record->rdata, .end = record->rdata_len};
	struct tarn__rdata rdata = tarn__rdata_open(&reader, record->type);
	struct tarn__rdata_part part;
	while (tarn__rdata_next(&rdata, &part))
		;
	return !rdata.reader.failed;
}

/* The zone or the wildcard's parent begins to matter for names below it. */
static void note_suffix(struct tarn__local_builder *builder, const struct node *node)
{
	const uint8_t *name = builder->octets + node->name;
	builder->suffix_depths |= tarn__local_depth(count_labels(name));
	builder->suffix_filter |= tarn__local_bit(node->hash);
}

/* A wildcard's parent is a node. */
static enum tarn__local_result take_parent(struct tarn__local_builder *builder,
					   const uint8_t *owner, size_t len)
{
	struct node *parent;
	if (owner[0] != 1 || owner[1] != '*')
		return TARN__LOCAL_TAKEN;
	enum tarn__local_result result = take_name(builder, owner + 2, len - 2, &parent);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	parent->has_wildcard = true;
	note_suffix(builder, parent);
	return TARN__LOCAL_TAKEN;
}

/* RFC 2181 section 10.1. Hosts files and leases give way. */
static bool is_alone(const struct tarn__local_builder *builder, const struct node *node,
		     uint16_t type)
{
	bool is_cname = type == TARN__TYPE_CNAME;
	for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
		const struct tarn__local_entry *entry = &builder->items[i].entry;
		if (entry->flags & TARN__ITEM_RECORD &&
		    (is_cname || entry->type == TARN__TYPE_CNAME))
			return true;
	}
	return false;
}

static enum tarn__local_result keep_record(struct tarn__local_builder *builder,
					   const struct tarn__local_record *record, uint32_t *at)
{
	uint8_t head[TARN__LOCAL_RECORD_HEAD];
	uint32_t rdata_at;
	tarn__put32(head, limit_ttl(record->ttl));
	tarn__put16(head + 4, (uint16_t)record->rdata_len);
	enum tarn__local_result result = keep(builder, head, sizeof head, at);
	return result == TARN__LOCAL_TAKEN
		       ? keep(builder, record->rdata, record->rdata_len, &rdata_at)
		       : result;
}

enum tarn__local_result tarn__local_builder_add_record(struct tarn__local_builder *builder,
						       unsigned source,
						       const struct tarn__local_record *record)
{
	uint8_t owner[TARN__NAME_MAX];
	struct node *node;
	tarn__name_fold(owner, record->owner, record->owner_len);
	if (is_localhost(owner, record->owner_len))
		return TARN__LOCAL_LEFT_OUT;
	if (!is_rdata(record))
		return TARN__LOCAL_BAD_RDATA;
	struct tarn__local_entry entry = {.line = record->line,
					  .type = record->type,
					  .source = (uint8_t)source,
					  .flags = TARN__ITEM_RECORD};
	enum tarn__local_result result = keep_record(builder, record, &entry.value);
	if (result == TARN__LOCAL_TAKEN)
		result = take_parent(builder, owner, record->owner_len);
	if (result == TARN__LOCAL_TAKEN)
		result = take_name(builder, owner, record->owner_len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	if (is_alone(builder, node, record->type)) {
		for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
			if (is_equal(builder, &builder->items[i], &entry, record->rdata_len))
				return TARN__LOCAL_KNOWN;
		}
		return TARN__LOCAL_CNAME_IS_ALONE;
	}
	result = add_item(builder, node, &entry, record->rdata_len);
	node->has_cname |= result == TARN__LOCAL_TAKEN && record->type == TARN__TYPE_CNAME;
	return result;
}

enum tarn__local_result tarn__local_builder_add_zone(struct tarn__local_builder *builder,
						     unsigned source, uint32_t line,
						     const uint8_t *name, size_t len)
{
	uint8_t folded[TARN__NAME_MAX];
	struct node *node;
	tarn__name_fold(folded, name, len);
	if (builder->zone_count == TARN__LOCAL_ZONES_MAX)
		return TARN__LOCAL_DATA_IS_FULL;
	enum tarn__local_result result = take_name(builder, folded, len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	if (node->is_zone)
		return TARN__LOCAL_KNOWN;
	const struct tarn__local_entry entry = {
		.line = line, .type = TARN__TYPE_ZONE, .source = (uint8_t)source};
	result = add_item(builder, node, &entry, 0);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	node->is_zone = true;
	builder->zone_count++;
	note_suffix(builder, node);
	return TARN__LOCAL_TAKEN;
}

/* ---- leases ----------------------------------------------------------------------------- */

/* Returns true for a label of letters, digits and inner hyphens that no other client looks for. */
static bool is_clients_label(const uint8_t *label)
{
	static const char *const reserved[] = {"\4wpad", "\6isatap", "\11localhost"};
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		if (memcmp(label, reserved[i], 1 + (size_t)*reserved[i]) == 0)
			return false;
	}
	return label[1] != '-' && label[*label] != '-' && !memchr(label + 1, '_', *label);
}

static bool is_clients_name(const uint8_t *name)
{
	bool has_letter = false;
	for (; *name != 0; name += 1 + *name) {
		if (!is_clients_label(name))
			return false;
		for (unsigned i = 1; i <= *name; i++)
			has_letter |= name[i] >= 'a';
	}
	return has_letter;
}

/* Reads what a client calls itself. Returns the octets of the name in wire form; 0: it is not valid. */
static size_t read_clients_name(const char *text, uint8_t out[TARN__NAME_MAX])
{
	char copy[TARN__NAME_MAX];
	while (*text == ' ' || *text == '\t')
		text++;
	size_t len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len > sizeof copy)
		return 0;
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)(text[i] == ' ' || text[i] == '\t' ? '-' : text[i]);
	return tarn__host_name_parse(copy, len, out);
}

/*
 * Sets the lease's names: of one label it is the name itself and the name in the domain; of more it is the name in
 * the domain alone.
 */
static enum tarn__local_result set_names(struct tarn__local_builder *builder, const char *text,
					 struct lease *lease)
{
	uint8_t name[TARN__NAME_MAX], whole[TARN__NAME_MAX];
	const uint8_t *domain = builder->options.domain;
	size_t domain_len = builder->options.domain_len;
	size_t len = text ? read_clients_name(text, name) : 0;
	if (len == 0)
		return TARN__LOCAL_BAD_NAME;
	if (domain && tarn__name_is_within(name, len, domain, domain_len)) {
		len -= domain_len - 1;
		name[len - 1] = 0;
	} else if (!is_dotless(name)) {
		return TARN__LOCAL_BAD_NAME;
	}
	if (len == 1 || !is_clients_name(name))
		return TARN__LOCAL_BAD_NAME;
	size_t whole_len = add_domain(builder, name, len, whole);
	if (domain && whole_len == 0)
		return TARN__LOCAL_BAD_NAME;
	enum tarn__local_result result = TARN__LOCAL_TAKEN;
	if (whole_len > 0)
		result = keep(builder, whole, whole_len, &lease->whole);
	lease->name = lease->whole;
	if (result == TARN__LOCAL_TAKEN && is_dotless(name))
		result = keep(builder, name, len, &lease->name);
	if (whole_len == 0)
		lease->whole = lease->name;
	return result;
}

enum tarn__local_result tarn__local_builder_add_lease(struct tarn__local_builder *builder,
						      unsigned source, const struct tarn__lease *in)
{
	struct lease lease = {.line = in->line,
			      .start_s = in->start_s,
			      .end_s = in->end_s,
			      .source = (uint8_t)source};
	uint8_t octets[TARN__LOCAL_LEASE_HEAD + TARN__IPV6_LEN];
	if (builder->lease_count == TARN__LOCAL_NAMES_MAX)
		return TARN__LOCAL_DATA_IS_FULL;
	if (!HAVE_ROOM(builder, leases, lease, 1))
		return TARN__LOCAL_NO_MEMORY;
	enum tarn__local_result result = set_names(builder, in->name, &lease);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	lease.type = in->address.len == TARN__IPV4_LEN ? TARN__TYPE_A : TARN__TYPE_AAAA;
	tarn__put32(octets, (uint32_t)(in->end_s >> 32));
	tarn__put32(octets + 4, (uint32_t)in->end_s);
	memcpy(octets + TARN__LOCAL_LEASE_HEAD, in->address.octets, in->address.len);
	result = keep(builder, octets, TARN__LOCAL_LEASE_HEAD + (size_t)in->address.len,
		      &lease.value);
	if (result == TARN__LOCAL_TAKEN)
		builder->leases[builder->lease_count++] = lease;
	return result;
}

/* Returns true if the name is that of something else than a lease. */
static bool is_taken(const struct tarn__local_builder *builder, uint32_t at)
{
	const uint8_t *name = builder->octets + at;
	const struct node *node = find_node(builder, name, tarn__name_span(name, TARN__NAME_MAX));
	for (uint32_t i = node ? node->first : NONE; i != NONE; i = builder->items[i].next) {
		if (!(builder->items[i].entry.flags & TARN__ITEM_LEASE))
			return true;
	}
	return false;
}

/* Returns true if the lease began later; where that is not known of both, if it ends later, or as late. */
static bool is_newer(const struct lease *lease, const struct lease *other)
{
	if (lease->start_s > 0 && other->start_s > 0 && lease->start_s != other->start_s)
		return lease->start_s > other->start_s;
	return lease->end_s >= other->end_s;
}

/* The item of a lease has its number for the octets of its set, which no other needs. */
static enum tarn__local_result put_lease(struct tarn__local_builder *builder, uint32_t number,
					 uint32_t name_at, bool makes_ptr)
{
	const struct lease *lease = &builder->leases[number];
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_span(builder->octets + name_at, TARN__NAME_MAX);
	memcpy(name, builder->octets + name_at, len);
	struct node *node;
	enum tarn__local_result result = take_name(builder, name, len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	const struct tarn__local_entry entry = {
		.line = lease->line,
		.value = lease->value,
		.type = lease->type,
		.source = lease->source,
		.flags = (uint8_t)(TARN__ITEM_LEASE | (makes_ptr ? TARN__ITEM_PTR : 0)),
	};
	for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
		struct item *item = &builder->items[i];
		if (item->entry.type != lease->type)
			continue;
		if (is_newer(lease, &builder->leases[item->set_len])) {
			item->entry = entry;
			item->set_len = number;
		}
		return TARN__LOCAL_TAKEN;
	}
	result = add_item(builder, node, &entry, 0);
	if (result == TARN__LOCAL_TAKEN)
		builder->items[builder->item_count - 1].set_len = number;
	return result;
}

/* Returns false if memory is short. */
static bool put_leases(struct tarn__local_builder *builder)
{
	for (uint32_t i = 0; i < builder->lease_count; i++) {
		const struct lease *lease = &builder->leases[i];
		if (is_taken(builder, lease->name) || is_taken(builder, lease->whole))
			continue;
		struct tarn__local_entry entry = {
			.value = lease->value, .type = lease->type, .flags = TARN__ITEM_LEASE};
		struct tarn__ip ip = tarn__local_address(builder->octets, &entry);
		bool makes_ptr = builder->sources[lease->source].makes_ptr && !is_sink(&ip);
		uint32_t name = lease->name, whole = lease->whole;
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
		struct node *node;
		const uint8_t *above = name + starts[i];
		if (is_inside) {
			enum tarn__local_result result =
				take_name(builder, above, len - starts[i], &node);
			if (result != TARN__LOCAL_TAKEN)
				return result;
			node->is_parent = true;
			continue;
		}
		if (!(builder->suffix_depths & tarn__local_depth((unsigned)(count - i))))
			continue;
		node = find_node(builder, above, len - starts[i]);
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
static bool has_record(const struct tarn__local_builder *builder, const struct node *node,
		       uint16_t type)
{
	for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
		const struct tarn__local_entry *entry = &builder->items[i].entry;
		if (entry->flags & TARN__ITEM_RECORD && entry->type == type)
			return true;
	}
	return false;
}

/* Copies a node's items of one type that have not been copied, and marks those that do not count. */
static void copy_set(struct tarn__local_builder *builder, const struct node *node, uint16_t type,
		     struct tarn__local_data *data)
{
	bool records_only =
		type != TARN__TYPE_ZONE && (node->has_cname || has_record(builder, node, type));
	for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
		struct item *item = &builder->items[i];
		if (item->entry.type != type ||
		    (records_only && !(item->entry.flags & TARN__ITEM_RECORD)))
			continue;
		item->placed = (uint32_t)data->item_count;
		data->items[data->item_count++] = item->entry;
	}
}

/* Returns true if the item is the first one of its type in the node. */
static bool is_first(const struct tarn__local_builder *builder, const struct node *node,
		     uint32_t number)
{
	uint16_t type = builder->items[number].entry.type;
	for (uint32_t i = node->first; i != number; i = builder->items[i].next) {
		if (builder->items[i].entry.type == type)
			return false;
	}
	return true;
}

static void copy_node(struct tarn__local_builder *builder, const struct node *node,
		      struct tarn__local_data *data)
{
	uint32_t flags = (node->is_zone ? TARN__NODE_ZONE : 0) |
			 (node->has_wildcard ? TARN__NODE_WILDCARD : 0) |
			 (node->is_parent ? TARN__NODE_PARENT : 0);
	uint32_t number = (uint32_t)data->node_count++;
	data->nodes[number] =
		(struct tarn__local_node){node->name | flags, (uint32_t)data->item_count};
	put_tag(data, node->hash, number);
	if (node->is_zone)
		copy_set(builder, node, TARN__TYPE_ZONE, data);
	for (uint32_t i = node->first; i != NONE; i = builder->items[i].next) {
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
		const struct item *item = &builder->items[i];
		if (item->placed != NONE && item->entry.flags & TARN__ITEM_PTR)
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
		const struct node *node = find_node(builder, host.name, len);
		if (node && node->first != NONE)
			continue;
		if (number < 0)
			number = tarn__local_builder_add_source(builder, &source);
		if (number < 0)
			return number != TARN_ENOMEM;
		const struct tarn__local_entry entry = {.source = (uint8_t)number};
		struct tarn__local_entry copy = entry;
		if (add_address(builder, host.name, len, &host.address, &copy) ==
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
	data->ttl = limit_ttl(builder->options.ttl);
	data->suffix_depths = builder->suffix_depths;
	data->suffix_filter = builder->suffix_filter;
	data->zone_count = builder->zone_count;
	copy_all(builder, data);
	return data;
}

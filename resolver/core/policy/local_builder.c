/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/local_builder.c: takes what local data is built of (core/policy/local_draft.h). */
#include "core/policy/local_data.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/local_draft.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/rrsets.h"

enum { SLOTS_MIN = 64, OWN_FIELDS_LEN = 12 /* with a pointer for the owner */ };

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
	builder->options.ttl = limit_ttl(options->ttl);
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
		builder->slots[builder->slot_count] = TARN__DRAFT_NONE;
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
		(struct tarn__draft_source){{path, limit_ttl(source->ttl)}, source->makes_ptr};
	return (int)builder->source_count++;
}

/* ---- names ------------------------------------------------------------------------------ */

static struct tarn__draft_node *find_name(const struct tarn__local_builder *builder, uint32_t hash,
					  const uint8_t *name, size_t len, size_t *slot)
{
	size_t mask = builder->slot_count - 1;
	for (size_t i = tarn__local_spread(hash) >> 32;; i++) {
		uint32_t number = builder->slots[i & mask];
		*slot = i & mask;
		if (number == TARN__DRAFT_NONE)
			return NULL;
		struct tarn__draft_node *node = &builder->nodes[number];
		/* An equal hash of a longer name has to have its octets: a name's end is part of it. */
		if (node->hash == hash && builder->octet_count - node->name >= len &&
		    memcmp(builder->octets + node->name, name, len) == 0)
			return node;
	}
}

struct tarn__draft_node *tarn__draft_find_node(const struct tarn__local_builder *builder,
					       const uint8_t *name, size_t len)
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
		slots[i] = TARN__DRAFT_NONE;
	for (uint32_t number = 0; number < builder->node_count; number++) {
		size_t at = tarn__local_spread(builder->nodes[number].hash) >> 32;
		while (slots[at & (count - 1)] != TARN__DRAFT_NONE)
			at++;
		slots[at & (count - 1)] = number;
	}
	free(builder->slots);
	builder->slots = slots;
	builder->slot_count = count;
	return true;
}

enum tarn__local_result tarn__draft_take_name(struct tarn__local_builder *builder,
					      const uint8_t *name, size_t len,
					      struct tarn__draft_node **out)
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
	**out = (struct tarn__draft_node){
		.hash = hash, .name = at, .first = TARN__DRAFT_NONE, .last = TARN__DRAFT_NONE};
	return TARN__LOCAL_TAKEN;
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
static bool is_equal(const struct tarn__local_builder *builder, const struct tarn__draft_item *item,
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

enum tarn__local_result tarn__draft_add_item(struct tarn__local_builder *builder,
					     struct tarn__draft_node *node,
					     const struct tarn__local_entry *entry, size_t len)
{
	size_t set_len = len + OWN_FIELDS_LEN;
	if (node->is_full)
		return TARN__LOCAL_SET_IS_FULL;
	for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
		struct tarn__draft_item *item = &builder->items[i];
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
	builder->items[number] =
		(struct tarn__draft_item){.entry = *entry,
					  .next = TARN__DRAFT_NONE,
					  .placed = TARN__DRAFT_NONE,
					  .set_len = (uint32_t)(len + OWN_FIELDS_LEN)};
	if (node->first == TARN__DRAFT_NONE)
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

enum tarn__local_result tarn__draft_add_address(struct tarn__local_builder *builder,
						const uint8_t *name, size_t len,
						const struct tarn__ip *ip,
						struct tarn__local_entry *entry)
{
	struct tarn__draft_node *node;
	enum tarn__local_result result = tarn__draft_take_name(builder, name, len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	if (ip->len == TARN__IPV4_LEN) {
		entry->type = TARN__TYPE_A;
		entry->value = tarn__get32(ip->octets);
		return tarn__draft_add_item(builder, node, entry, ip->len);
	}
	entry->type = TARN__TYPE_AAAA;
	size_t before = builder->octet_count;
	result = keep(builder, ip->octets, ip->len, &entry->value);
	if (result == TARN__LOCAL_TAKEN)
		result = tarn__draft_add_item(builder, node, entry, ip->len);
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
	enum tarn__local_result result = tarn__draft_add_address(
		builder, host->name, host->name_len, &host->address, &entry);
	if (whole_len == 0 || result == TARN__LOCAL_NO_MEMORY)
		return result;
	entry.flags = flags;
	return tarn__draft_add_address(builder, whole, whole_len, &host->address, &entry);
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
static void note_suffix(struct tarn__local_builder *builder, const struct tarn__draft_node *node)
{
	const uint8_t *name = builder->octets + node->name;
	builder->suffix_depths |= tarn__local_depth(tarn__name_labels(name));
	builder->suffix_filter |= tarn__local_bit(node->hash);
}

/* A wildcard's parent is a node. */
static enum tarn__local_result take_parent(struct tarn__local_builder *builder,
					   const uint8_t *owner, size_t len)
{
	struct tarn__draft_node *parent;
	if (owner[0] != 1 || owner[1] != '*')
		return TARN__LOCAL_TAKEN;
	enum tarn__local_result result =
		tarn__draft_take_name(builder, owner + 2, len - 2, &parent);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	parent->has_wildcard = true;
	note_suffix(builder, parent);
	return TARN__LOCAL_TAKEN;
}

/* RFC 2181 section 10.1. Hosts files and leases give way. */
static bool is_alone(const struct tarn__local_builder *builder, const struct tarn__draft_node *node,
		     uint16_t type)
{
	bool is_cname = type == TARN__TYPE_CNAME;
	for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
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
	struct tarn__draft_node *node;
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
		result = tarn__draft_take_name(builder, owner, record->owner_len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	if (is_alone(builder, node, record->type)) {
		for (uint32_t i = node->first; i != TARN__DRAFT_NONE; i = builder->items[i].next) {
			if (is_equal(builder, &builder->items[i], &entry, record->rdata_len))
				return TARN__LOCAL_KNOWN;
		}
		return TARN__LOCAL_CNAME_IS_ALONE;
	}
	result = tarn__draft_add_item(builder, node, &entry, record->rdata_len);
	node->has_cname |= result == TARN__LOCAL_TAKEN && record->type == TARN__TYPE_CNAME;
	return result;
}

enum tarn__local_result tarn__local_builder_add_zone(struct tarn__local_builder *builder,
						     unsigned source, uint32_t line,
						     const uint8_t *name, size_t len)
{
	uint8_t folded[TARN__NAME_MAX];
	struct tarn__draft_node *node;
	tarn__name_fold(folded, name, len);
	if (builder->zone_count == TARN__LOCAL_ZONES_MAX)
		return TARN__LOCAL_DATA_IS_FULL;
	enum tarn__local_result result = tarn__draft_take_name(builder, folded, len, &node);
	if (result != TARN__LOCAL_TAKEN)
		return result;
	if (node->is_zone)
		return TARN__LOCAL_KNOWN;
	const struct tarn__local_entry entry = {
		.line = line, .type = TARN__TYPE_ZONE, .source = (uint8_t)source};
	result = tarn__draft_add_item(builder, node, &entry, 0);
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
 * Sets the lease's names: of one label it is the name itself and the name in the domain; of more it is the
 * name in the domain alone.
 */
static enum tarn__local_result set_names(struct tarn__local_builder *builder, const char *text,
					 struct tarn__draft_lease *lease)
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
	struct tarn__draft_lease lease = {.line = in->line,
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
	lease.makes_ptr = builder->sources[source].makes_ptr && !is_sink(&in->address);
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

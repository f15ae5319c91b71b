/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local_data.c: answers from local data.
 *
 * A name is looked up as a whole first; most are not there, and for them that is all unless there are
 * zones or wildcards, whose depth then bounds the search. Reverse names of addresses are not stored: the
 * address is read from the name and looked up.
 */
#include "core/policy/local_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/base16.h"
#include "core/policy/local_store.h"
#include "core/reverse.h"
#include "dns/local.h"
#include "dns/name.h"
#include "dns/pack.h"
#include "dns/wire.h"

/* Of what most names do not reach: its registers would cost the others time. */
#define NOT_INLINED __attribute__((noinline)) static

struct tarn__local_data *tarn__local_data_get(struct tarn__local_data *data)
{
	atomic_fetch_add_explicit(&data->references, 1, memory_order_relaxed);
	return data;
}

void tarn__local_data_put(struct tarn__local_data *data)
{
	if (data && atomic_fetch_sub_explicit(&data->references, 1, memory_order_acq_rel) == 1)
		free(data);
}

void tarn__local_data_count(const struct tarn__local_data *data, struct tarn__local_counts *out)
{
	*out = (struct tarn__local_counts){
		.names = data->name_count,
		.records = data->item_count - data->zone_count,
		.addresses = data->address_count,
		.zones = data->zone_count,
		.octets = data->size,
	};
}

/* ---- names ------------------------------------------------------------------------------ */

/* Returns the top bit of each octet of the word that is 0. */
static uint64_t zero_octets(uint64_t word)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	return ~(((word & low) + low) | word | low);
}

static bool is_named(const struct tarn__local_data *data, const struct tarn__local_node *node,
		     const uint8_t *name, size_t len)
{
	/* An equal part of a longer name would have its end, too. */
	return tarn__name_is_equal(data->octets + (node->name & TARN__NODE_NAME), name, len);
}

static const struct tarn__local_node *find_node(const struct tarn__local_data *data, uint32_t hash,
						const uint8_t *name, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t spread = tarn__local_spread(hash);
	size_t at = tarn__local_slot(spread, data->slot_count);
	for (;;) {
		uint64_t tags = tarn__get64_low_first(data->tags + at);
		uint64_t empty = zero_octets(tags);
		uint64_t equal = zero_octets(tags ^ tarn__local_tag(spread) * ones);
		/* Those before the first empty one. */
		for (equal &= empty ? (empty & -empty) - 1 : UINT64_MAX; equal != 0;
		     equal &= equal - 1) {
			size_t slot = at + (size_t)__builtin_ctzll(equal) / 8;
			slot -= slot >= data->slot_count ? data->slot_count : 0;
			const struct tarn__local_node *node = &data->nodes[data->slots[slot]];
			if (is_named(data, node, name, len))
				return node;
		}
		if (empty)
			return NULL;
		at += TARN__LOCAL_TAGS_AT_ONCE;
		at -= at >= data->slot_count ? data->slot_count : 0;
	}
}

static bool is_zone(const struct tarn__local_node *node)
{
	return node->name & TARN__NODE_ZONE;
}

/* The first item that is a record, and what follows the last one. */
static uint32_t first_item(const struct tarn__local_node *node)
{
	return node->first + (is_zone(node) ? 1 : 0);
}

static uint32_t end_of_items(const struct tarn__local_node *node)
{
	return node[1].first;
}

static bool is_live(const struct tarn__local_data *data, const struct tarn__local_entry *entry,
		    uint64_t now_s)
{
	return tarn__local_end(data->octets, entry) > now_s;
}

static bool has_records(const struct tarn__local_data *data, const struct tarn__local_node *node,
			uint64_t now_s)
{
	for (uint32_t i = first_item(node); i < end_of_items(node); i++) {
		if (is_live(data, &data->items[i], now_s))
			return true;
	}
	return false;
}

/* ---- the zone and the closest name above ------------------------------------------------ */

/* The name and type that are looked up. The suffixes are filled in only where some may matter. */
struct question {
	const uint8_t *name;
	size_t len;
	uint16_t type;
	uint64_t now_s;
	unsigned label_count;
	uint8_t starts[TARN__LABELS_MAX + 1]; /* of the labels, and of the root's */
	uint32_t hashes[TARN__NAME_MAX]; /* of the name from each octet on */
};

/* Returns the hash of the name; those of its suffixes are steps of it. */
static uint32_t hash_suffixes(struct question *question)
{
	const uint8_t *name = question->name;
	uint32_t hash = TARN__NAME_HASH_START;
	/* At each octet: to see where labels begin would take longer. */
	for (size_t at = question->len; at-- > 0;) {
		hash = tarn__name_hash_step(hash, name[at]);
		question->hashes[at] = hash;
	}
	unsigned count = 0;
	for (size_t at = 0; name[at] != 0; at += 1 + name[at])
		question->starts[count++] = (uint8_t)at;
	question->starts[count] = (uint8_t)(question->len - 1);
	question->label_count = count;
	return hash;
}

struct place {
	const struct tarn__local_node *zone, *encloser; /* NULL: there is none */
	size_t zone_len, encloser_len;
	uint32_t encloser_hash;
};

/* Returns false for the name of a lease that has ended. */
static bool exists(const struct tarn__local_data *data, const struct tarn__local_node *node,
		   uint64_t now_s)
{
	const uint32_t flags = TARN__NODE_ZONE | TARN__NODE_WILDCARD | TARN__NODE_PARENT;
	return node->name & flags || has_records(data, node, now_s);
}

/* Returns true if what is below the node's name depends on it. */
static bool begins_own(const struct tarn__local_node *node)
{
	return node->name & (TARN__NODE_ZONE | TARN__NODE_WILDCARD);
}

/*
 * Between the topmost zone or wildcard's parent and a name every name is a node: the search ends with the
 * first that is none.
 */
static void find_place(const struct tarn__local_data *data, const struct question *question,
		       struct place *out)
{
	uint64_t depths = data->suffix_depths;
	*out = (struct place){NULL, NULL, 0, 0, 0};
	for (unsigned labels = 0; depths != 0 && labels <= question->label_count; labels++) {
		if (!out->encloser && !(depths & tarn__local_depth(labels)))
			continue;
		size_t start = question->starts[question->label_count - labels];
		uint32_t hash = question->hashes[start];
		size_t len = question->len - start;
		const struct tarn__local_node *node =
			find_node(data, hash, question->name + start, len);
		bool is_there = node && exists(data, node, question->now_s);
		if (!is_there && out->encloser)
			return;
		if (!is_there || (!out->encloser && !begins_own(node)))
			continue;
		out->encloser = node;
		out->encloser_len = len;
		out->encloser_hash = hash;
		if (is_zone(node)) {
			out->zone = node;
			out->zone_len = len;
		}
	}
}

/* Returns false if the name is certainly in no zone that is ours and below no wildcard's parent. */
static bool is_above_known(const struct tarn__local_data *data, const struct question *question)
{
	uint64_t depths = data->suffix_depths;
	if (depths == 0)
		return false;
	for (unsigned labels = 0; labels <= question->label_count; labels++) {
		size_t start = question->starts[question->label_count - labels];
		if (depths & tarn__local_depth(labels) &&
		    data->suffix_filter & tarn__local_bit(question->hashes[start]))
			return true;
	}
	return false;
}

/* Finds "*" below the closest encloser of a name that is longer (RFC 4592 section 3.3.1). */
static const struct tarn__local_node *find_wildcard(const struct tarn__local_data *data,
						    const struct question *question,
						    const struct place *place)
{
	uint8_t name[TARN__NAME_MAX] = {1, '*'};
	size_t len = place->encloser_len;
	if (!place->encloser || !(place->encloser->name & TARN__NODE_WILDCARD) ||
	    len == question->len)
		return NULL;
	uint32_t hash = tarn__name_hash_step(place->encloser_hash, '*');
	memcpy(name + 2, question->name + question->len - len, len);
	return find_node(data, tarn__name_hash_step(hash, 1), name, 2 + len);
}

/* ---- reverse names ---------------------------------------------------------------------- */

static bool ends_in_arpa(const uint8_t *qname, size_t len)
{
	enum { TAIL_LEN = 6 }; /* the label and the root */
	const uint32_t arpa = (uint32_t)'a' << 24 | 'r' << 16 | 'p' << 8 | 'a';
	return len >= TAIL_LEN && (tarn__get32(qname + len - 5) | 0x20202020) == arpa &&
	       qname[len - TAIL_LEN] == 4;
}

/* Reads the address whose reverse name that is. Returns false if it is none, or of a part of an address. */
static bool read_reverse(const uint8_t *qname, size_t len, struct tarn__ip *out)
{
	static const uint8_t ipv4[] = "\7in-addr\4arpa", ipv6[] = "\3ip6\4arpa";
	enum { IPV6_NAME_LEN = 4 * TARN__IPV6_LEN };
	*out = (struct tarn__ip){.len = TARN__IPV4_LEN};
	if (len == IPV6_NAME_LEN + sizeof ipv6 &&
	    tarn__name_is_equal(qname + IPV6_NAME_LEN, ipv6, sizeof ipv6)) {
		out->len = TARN__IPV6_LEN;
		for (unsigned i = 0; i < 2 * TARN__IPV6_LEN; i++) {
			int digit = tarn__base16_digit((char)tarn__fold(qname[2 * i + 1]));
			if (qname[2 * i] != 1 || digit < 0)
				return false;
			out->octets[TARN__IPV6_LEN - 1 - i / 2] |=
				(uint8_t)(i % 2 == 0 ? digit : digit << 4);
		}
		return true;
	}
	for (unsigned i = 0; i < TARN__IPV4_LEN; i++) {
		int octet = *qname == 0 ? -1 : tarn__reverse_octet(qname);
		if (octet < 0)
			return false;
		out->octets[TARN__IPV4_LEN - 1 - i] = (uint8_t)octet;
		len -= 1 + (size_t)*qname;
		qname += 1 + *qname;
	}
	return len == sizeof ipv4 && tarn__name_is_equal(qname, ipv4, sizeof ipv4);
}

/* Returns the item of which the PTR of an address is made; TARN__LOCAL_NO_ITEM: there is none. */
static uint32_t find_address(const struct tarn__local_data *data, const struct tarn__ip *ip,
			     uint64_t now_s)
{
	size_t at = tarn__local_address_slot(ip, data->address_slot_count);
	for (;;) {
		uint32_t number = data->address_slots[at];
		if (number == TARN__LOCAL_SLOT_NONE)
			return TARN__LOCAL_NO_ITEM;
		const struct tarn__local_entry *entry = &data->items[number];
		struct tarn__ip found = tarn__local_address(data->octets, entry);
		if (tarn__ip_is_equal(ip, &found))
			return is_live(data, entry, now_s) ? number : TARN__LOCAL_NO_ITEM;
		at = at + 1 == data->address_slot_count ? 0 : at + 1;
	}
}

NOT_INLINED uint32_t find_ptr(const struct tarn__local_data *data, const uint8_t *qname, size_t len,
			      uint64_t now_s)
{
	struct tarn__ip ip;
	if (!read_reverse(qname, len, &ip))
		return TARN__LOCAL_NO_ITEM;
	return find_address(data, &ip, now_s);
}

/* Returns the node that an item is of: nodes are in the order of their items. */
static const struct tarn__local_node *node_of(const struct tarn__local_data *data, uint32_t item)
{
	size_t low = 0, high = data->node_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (data->nodes[middle].first <= item)
			low = middle;
		else
			high = middle;
	}
	return &data->nodes[low];
}

/* ---- what is found ---------------------------------------------------------------------- */

/* Returns the TTL of an item in seconds. */
static uint32_t ttl_of(const struct tarn__local_data *data, const struct tarn__local_entry *entry,
		       uint64_t now_s)
{
	if (entry->flags & TARN__ITEM_RECORD)
		return tarn__get32(data->octets + entry->value);
	uint32_t ttl = data->origins[entry->source].ttl;
	uint64_t end_s = tarn__local_end(data->octets, entry);
	bool is_limited = end_s != TARN__LEASE_NEVER && end_s > now_s && end_s - now_s < ttl;
	return is_limited ? (uint32_t)(end_s - now_s) : ttl;
}

/* The RDATA of a record as it was given. */
static const uint8_t *record_rdata(const struct tarn__local_data *data,
				   const struct tarn__local_entry *entry, size_t *len)
{
	const uint8_t *octets = data->octets + entry->value;
	*len = tarn__get16(octets + 4);
	return octets + TARN__LOCAL_RECORD_HEAD;
}

static void set_source(struct tarn__local_found *found, uint32_t item)
{
	const struct tarn__local_entry *entry = &found->data->items[item];
	found->source =
		(const char *)found->data->octets + found->data->origins[entry->source].path;
	found->line = entry->line;
}

static enum tarn__local_kind set_items(struct tarn__local_found *found, enum tarn__local_kind kind,
				       uint16_t type, uint32_t first, uint32_t end)
{
	const struct tarn__local_data *data = found->data;
	found->kind = kind;
	found->type = type;
	found->first = first;
	found->end = end;
	found->ttl = ttl_of(data, &data->items[first], found->now_s);
	/* RFC 2181 section 5.2: the records of a set have one TTL. */
	for (uint32_t i = first + 1; i < end; i++) {
		uint32_t ttl = ttl_of(data, &data->items[i], found->now_s);
		found->ttl = ttl < found->ttl ? ttl : found->ttl;
	}
	set_source(found, first);
	return kind;
}

/* An SOA that was given for the zone takes the place of the one that is made (RFC 2308 section 3). */
static void set_soa(struct tarn__local_found *found, const struct tarn__local_node *zone)
{
	const struct tarn__local_data *data = found->data;
	for (uint32_t i = first_item(zone); i < end_of_items(zone); i++) {
		const struct tarn__local_entry *entry = &data->items[i];
		if (entry->type != TARN__TYPE_SOA)
			continue;
		size_t len;
		const uint8_t *rdata = record_rdata(data, entry, &len);
		uint32_t ttl = ttl_of(data, entry, found->now_s);
		uint32_t minimum = tarn__get32(rdata + len - 4);
		found->ttl = minimum < ttl ? minimum : ttl;
		found->soa = i;
		return;
	}
}

/* Sets a denial, with the SOA of the zone that is ours or, if there is none, of the name itself. */
static enum tarn__local_kind set_denial(struct tarn__local_found *found, enum tarn__local_kind kind,
					const struct place *place, size_t qname_len)
{
	found->kind = kind;
	found->zone_len = (uint16_t)(place->zone ? place->zone_len : qname_len);
	if (place->zone)
		set_soa(found, place->zone);
	return kind;
}

static void set_by_zone(struct tarn__local_found *found, const struct tarn__local_node *zone)
{
	found->ttl = found->data->ttl;
	set_source(found, zone->first);
}

/* Returns false for those types of a lease's name without a dot that may be a top level domain's. */
static bool is_clients_type(const struct tarn__local_entry *entry, const uint8_t *qname,
			    uint16_t qtype)
{
	bool is_dotless = *qname != 0 && qname[1 + *qname] == 0;
	bool is_of_zone = qtype == TARN__TYPE_NS || qtype == TARN__TYPE_SOA ||
			  qtype == TARN__TYPE_DS || qtype == TARN__TYPE_DNSKEY;
	return !(entry->flags & TARN__ITEM_LEASE) || !is_dotless || !is_of_zone;
}

/* Finds the items of the type that are live. Returns false if there are none. */
static bool find_set(const struct tarn__local_data *data, const struct tarn__local_node *node,
		     uint16_t qtype, uint64_t now_s, uint32_t *first, uint32_t *end)
{
	uint32_t i = first_item(node), stop = end_of_items(node);
	while (i < stop && ((qtype != TARN__TYPE_ANY && data->items[i].type != qtype) ||
			    !is_live(data, &data->items[i], now_s)))
		i++;
	if (i == stop)
		return false;
	*first = i;
	while (i < stop && data->items[i].type == data->items[*first].type)
		i++;
	*end = i;
	return true;
}

static enum tarn__local_kind set_cname(struct tarn__local_found *found, uint32_t item)
{
	size_t len;
	found->target = record_rdata(found->data, &found->data->items[item], &len);
	found->target_len = (uint16_t)len;
	return set_items(found, TARN__LOCAL_CNAME, TARN__TYPE_CNAME, item, item + 1);
}

/* The answer of a node that has records, for the name itself or, of a wildcard, for another one. */
static enum tarn__local_kind answer(struct tarn__local_found *found,
				    const struct tarn__local_node *node,
				    const struct question *question)
{
	const struct tarn__local_data *data = found->data;
	const uint8_t *qname = question->name;
	size_t len = question->len;
	uint16_t qtype = question->type;
	uint32_t first, end;
	if (!is_clients_type(&data->items[first_item(node)], qname, qtype))
		return TARN__LOCAL_NONE;
	if (find_set(data, node, qtype, found->now_s, &first, &end))
		return set_items(found, TARN__LOCAL_RECORDS, data->items[first].type, first, end);
	if (data->items[first_item(node)].type == TARN__TYPE_CNAME)
		return set_cname(found, first_item(node));
	if (qtype == TARN__TYPE_PTR && ends_in_arpa(qname, len) && !found->is_by_wildcard) {
		first = find_ptr(data, qname, len, found->now_s);
		if (first != TARN__LOCAL_NO_ITEM)
			return set_items(found, TARN__LOCAL_RECORDS, TARN__TYPE_PTR, first,
					 first + 1);
	}
	struct place place;
	find_place(data, question, &place);
	if (place.encloser == node && is_zone(node) && qtype == TARN__TYPE_SOA) {
		set_by_zone(found, node);
		return set_denial(found, TARN__LOCAL_RECORDS, &place, len);
	}
	/* Its TTL is that of what is there. */
	find_set(data, node, TARN__TYPE_ANY, found->now_s, &first, &end);
	set_items(found, TARN__LOCAL_NODATA, 0, first, end);
	return set_denial(found, TARN__LOCAL_NODATA, &place, len);
}

/* A reverse name of which nothing else than the address is known. */
static enum tarn__local_kind answer_ptr(struct tarn__local_found *found, uint32_t item,
					const struct question *question)
{
	set_items(found, TARN__LOCAL_RECORDS, TARN__TYPE_PTR, item, item + 1);
	if (question->type == TARN__TYPE_PTR || question->type == TARN__TYPE_ANY)
		return TARN__LOCAL_RECORDS;
	struct place place;
	find_place(found->data, question, &place);
	return set_denial(found, TARN__LOCAL_NODATA, &place, question->len);
}

/* A name without records of its own: of a wildcard, or of a zone that is ours. */
static enum tarn__local_kind answer_above(struct tarn__local_found *found,
					  const struct place *place,
					  const struct question *question)
{
	const struct tarn__local_node *wildcard = find_wildcard(found->data, question, place);
	if (wildcard && has_records(found->data, wildcard, found->now_s)) {
		found->is_by_wildcard = true;
		return answer(found, wildcard, question);
	}
	if (!place->zone)
		return TARN__LOCAL_NONE;
	found->is_by_zone = true;
	set_by_zone(found, place->zone);
	if (place->encloser_len < question->len)
		return set_denial(found, TARN__LOCAL_NXDOMAIN, place, question->len);
	/* The apex, or a name that exists since there are names below it. */
	bool is_soa = place->zone == place->encloser &&
		      (question->type == TARN__TYPE_SOA || question->type == TARN__TYPE_ANY);
	found->type = is_soa ? TARN__TYPE_SOA : question->type;
	return set_denial(found, is_soa ? TARN__LOCAL_RECORDS : TARN__LOCAL_NODATA, place,
			  question->len);
}

NOT_INLINED enum tarn__local_kind find_own(struct tarn__local_found *found,
					   const struct tarn__local_node *node,
					   const struct question *question)
{
	const struct tarn__local_data *data = found->data;
	if (node && has_records(data, node, found->now_s))
		return answer(found, node, question);
	if (ends_in_arpa(question->name, question->len)) {
		uint32_t ptr = find_ptr(data, question->name, question->len, found->now_s);
		if (ptr != TARN__LOCAL_NO_ITEM)
			return answer_ptr(found, ptr, question);
	}
	struct place place;
	find_place(data, question, &place);
	return answer_above(found, &place, question);
}

bool tarn__local_data_may_have(const struct tarn__local_data *data, const uint8_t *qname,
			       size_t len)
{
	if (len == 1)
		return true;
	unsigned bit = tarn__local_sketch(qname, len);
	if (data->names[bit / 64] >> bit % 64 & 1)
		return true;
	if (data->address_count > 0 && ends_in_arpa(qname, len))
		return true;
	return data->tops != 0 && data->tops & tarn__local_top(tarn__local_top_label(qname));
}

enum tarn__local_kind tarn__local_data_find(const struct tarn__local_data *data,
					    const uint8_t *qname, size_t len, uint16_t qtype,
					    uint64_t now_s, struct tarn__local_found *out)
{
	if (!data)
		return TARN__LOCAL_NONE;
	struct question question;
	question.name = qname;
	question.len = len;
	question.type = qtype;
	question.now_s = now_s;
	uint32_t hash =
		data->suffix_depths != 0 ? hash_suffixes(&question) : tarn__name_hash(qname, len);
	const struct tarn__local_node *node = find_node(data, hash, qname, len);
	if (!node && !is_above_known(data, &question) && !ends_in_arpa(qname, len))
		return TARN__LOCAL_NONE;
	struct tarn__local_found found = {
		.data = data, .now_s = now_s, .soa = TARN__LOCAL_NO_ITEM, .type = qtype};
	enum tarn__local_kind kind = find_own(&found, node, &question);
	if (kind == TARN__LOCAL_NONE)
		return kind;
	found.kind = kind;
	*out = found;
	return kind;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Returns the name of the node that an item is of. */
static const uint8_t *name_of(const struct tarn__local_data *data, uint32_t item, size_t *len)
{
	const uint8_t *name = data->octets + (node_of(data, item)->name & TARN__NODE_NAME);
	*len = tarn__name_span(name, TARN__NAME_MAX);
	return name;
}

static void pack_item(struct tarn__packer *packer, const struct tarn__local_found *found,
		      uint32_t item)
{
	const struct tarn__local_data *data = found->data;
	const struct tarn__local_entry *entry = &data->items[item];
	size_t len;
	if (entry->flags & TARN__ITEM_RECORD) {
		struct tarn__reader rdata = {.wire = record_rdata(data, entry, &len)};
		rdata.end = len;
		tarn__pack_rdata(packer, &rdata, entry->type);
	} else if (found->type == TARN__TYPE_PTR) {
		const uint8_t *name = name_of(data, item, &len);
		tarn__pack_rdata_name(packer, name, len);
	} else {
		struct tarn__ip ip = tarn__local_address(data->octets, entry);
		tarn__pack_octets(packer, ip.octets, ip.len);
	}
}

/* A PTR is made of the item of an address. */
static uint16_t type_of(const struct tarn__local_found *found,
			const struct tarn__local_entry *entry)
{
	bool is_made = !(entry->flags & TARN__ITEM_RECORD) && found->type == TARN__TYPE_PTR;
	return is_made ? TARN__TYPE_PTR : entry->type;
}

static size_t write_items(const struct tarn__local_found *found, const struct tarn__query *query,
			  const struct tarn__stored_head *head, size_t owner_len, uint32_t first,
			  uint32_t end, uint8_t *out)
{
	const size_t room = TARN__MESSAGE_MAX - TARN__HEADER_LEN - 4 - (size_t)query->qname_len;
	const uint8_t *owner = query->qname + query->qname_len - owner_len;
	struct tarn__stored_writer writer;
	tarn__stored_begin(&writer, out, room, head, query->qname, query->qname_len);
	for (uint32_t i = first; i < end; i++) {
		const struct tarn__local_entry *entry = &found->data->items[i];
		tarn__stored_begin_record(&writer, owner, owner_len, type_of(found, entry),
					  query->qclass,
					  found->ttl | (i == first ? 0 : TARN__STORED_SAME_RRSET));
		pack_item(&writer.packer, found, i);
		tarn__stored_end_record(&writer);
	}
	return tarn__stored_end(&writer);
}

static size_t write_denial(const struct tarn__local_found *found, const struct tarn__query *query,
			   uint8_t *out)
{
	uint16_t rcode = found->kind == TARN__LOCAL_NXDOMAIN ? TARN__NXDOMAIN : TARN__NOERROR;
	if (found->soa == TARN__LOCAL_NO_ITEM)
		return tarn__local_negative(query, rcode, found->zone_len, found->ttl, out);
	const struct tarn__stored_head head = {.rcode = rcode, .authority_count = 1};
	return write_items(found, query, &head, found->zone_len, found->soa, found->soa + 1, out);
}

size_t tarn__local_data_write(const struct tarn__local_found *found,
			      const struct tarn__query *query, uint8_t out[TARN__STORED_MAX])
{
	if (found->kind != TARN__LOCAL_RECORDS && found->kind != TARN__LOCAL_CNAME)
		return write_denial(found, query, out);
	if (found->first == found->end)
		return tarn__local_soa(query, found->ttl, out);
	const struct tarn__stored_head head = {
		.rcode = TARN__NOERROR, .answer_count = (uint16_t)(found->end - found->first)};
	return write_items(found, query, &head, query->qname_len, found->first, found->end, out);
}

/* ---- what there is ---------------------------------------------------------------------- */

struct walk {
	const struct tarn__local_data *data;
	tarn__local_item_fn *fn;
	void *arg;
};

static bool give_item(const struct walk *walk, const uint8_t *name, size_t name_len, uint16_t type,
		      uint32_t number)
{
	const struct tarn__local_data *data = walk->data;
	const struct tarn__local_entry *entry = &data->items[number];
	struct tarn__ip ip;
	struct tarn__local_item item = {
		.name = name,
		.name_len = name_len,
		.type = type,
		.ttl = ttl_of(data, entry, 0),
		.end_s = tarn__local_end(data->octets, entry),
		.source = (const char *)data->octets + data->origins[entry->source].path,
		.line = entry->line,
	};
	if (entry->type == TARN__TYPE_ZONE) {
		item.type = TARN__TYPE_SOA;
		item.ttl = data->ttl;
	} else if (entry->flags & TARN__ITEM_RECORD) {
		item.rdata = record_rdata(data, entry, &item.rdata_len);
	} else if (type == TARN__TYPE_PTR) {
		item.rdata = name_of(data, number, &item.rdata_len);
	} else {
		ip = tarn__local_address(data->octets, entry);
		item.rdata = ip.octets;
		item.rdata_len = ip.len;
	}
	return walk->fn(walk->arg, &item);
}

static bool walk_node(const struct walk *walk, const struct tarn__local_node *node)
{
	const uint8_t *name = walk->data->octets + (node->name & TARN__NODE_NAME);
	size_t len = tarn__name_span(name, TARN__NAME_MAX);
	for (uint32_t i = node->first; i < end_of_items(node); i++) {
		if (!give_item(walk, name, len, walk->data->items[i].type, i))
			return false;
	}
	return true;
}

/* The PTR of an address, unless records have taken its place. */
static bool walk_address(const struct walk *walk, uint32_t item)
{
	uint8_t name[TARN__NAME_MAX];
	const struct tarn__local_data *data = walk->data;
	struct tarn__ip ip = tarn__local_address(data->octets, &data->items[item]);
	size_t len = tarn__reverse_name(&ip, name);
	const struct tarn__local_node *node =
		find_node(data, tarn__name_hash(name, len), name, len);
	for (uint32_t i = node ? first_item(node) : 0; node && i < end_of_items(node); i++) {
		if (data->items[i].type == TARN__TYPE_PTR ||
		    data->items[i].type == TARN__TYPE_CNAME)
			return true;
	}
	return give_item(walk, name, len, TARN__TYPE_PTR, item);
}

static void walk_name(const struct walk *walk, const uint8_t *name, size_t len)
{
	const struct tarn__local_data *data = walk->data;
	const struct tarn__local_node *node =
		find_node(data, tarn__name_hash(name, len), name, len);
	if (node && !walk_node(walk, node))
		return;
	uint32_t item =
		ends_in_arpa(name, len) ? find_ptr(data, name, len, 0) : TARN__LOCAL_NO_ITEM;
	if (item != TARN__LOCAL_NO_ITEM)
		walk_address(walk, item);
}

void tarn__local_data_walk(const struct tarn__local_data *data, const uint8_t *name,
			   size_t name_len, tarn__local_item_fn *fn, void *arg)
{
	const struct walk walk = {data, fn, arg};
	if (!data)
		return;
	if (name) {
		walk_name(&walk, name, name_len);
		return;
	}
	for (size_t i = 0; i < data->node_count; i++) {
		if (!walk_node(&walk, &data->nodes[i]))
			return;
	}
	for (size_t i = 0; i < data->address_slot_count; i++) {
		uint32_t item = data->address_slots[i];
		if (item != TARN__LOCAL_SLOT_NONE && !walk_address(&walk, item))
			return;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_items.c: what few rules have, while a list is compiled. */
#include "dns/namelist_items.h"

#include "base/octets.h"

enum {
	MORE_MAX = 1 << 30 /* octets of all items: far above what lists have, and within 32 bits */
};

/* Where an item begins, and a hash of all that its rule says, its list not counted. */
struct item {
	struct tarn__namelist_index index;
	uint64_t digest;
};

void tarn__namelist_items_fini(struct tarn__namelist_items *items)
{
	tarn__octets_clear(&items->more);
	tarn__octets_clear(&items->items);
}

static size_t count_items(const struct tarn__namelist_items *items)
{
	return items->items.len / sizeof(struct item);
}

static struct item item_at(const struct tarn__namelist_items *items, size_t i)
{
	struct item item;
	memcpy(&item, items->items.octets + i * sizeof item, sizeof item);
	return item;
}

static int put16(struct tarn__octets *out, uint16_t value)
{
	uint8_t octets[2];
	tarn__put16(octets, value);
	return tarn__octets_append(out, octets, sizeof octets);
}

static int put_more(struct tarn__octets *out, const struct tarn__namelist_rule *rule)
{
	enum { NUMBERS_LEN = 64 }; /* at most, of all but the texts */
	const struct tarn__namelist_more *more = rule->more;
	uint8_t flags = 0;
	flags |= more->is_types_negated ? TARN__NAMELIST_MORE_NEGATED : 0;
	flags |= more->has_record ? TARN__NAMELIST_MORE_RECORD : 0;
	int error = tarn__octets_reserve(out, NUMBERS_LEN + rule->name_len + more->denied_len +
						      more->rdata_len);
	if (error != 0)
		return error;
	tarn__octets_append(out, (uint8_t[]){flags, (uint8_t)rule->name_len}, 2);
	tarn__octets_append(out, rule->name, rule->name_len);
	tarn__octets_append(out, &more->type_count, 1);
	for (unsigned i = 0; i < more->type_count; i++)
		put16(out, more->types[i]);
	put16(out, (uint16_t)more->denied_len);
	tarn__octets_append(out, more->denied, more->denied_len);
	put16(out, more->type);
	put16(out, (uint16_t)(more->ttl >> 16));
	put16(out, (uint16_t)more->ttl);
	put16(out, more->rdata_len);
	return tarn__octets_append(out, more->rdata, more->rdata_len);
}

static uint64_t digest_rule(const struct tarn__namelist_items *items, uint64_t hash,
			    const struct tarn__namelist_row *row, size_t at)
{
	uint64_t digest = hash;
	const uint8_t numbers[] = {row->set, row->kind, row->reach, row->action, row->is_important};
	for (size_t i = 0; i < sizeof numbers; i++)
		digest = tarn__namelist_mix(digest ^ numbers[i]) + 1;
	for (; at < items->more.len; at++)
		digest = tarn__namelist_mix(digest ^ items->more.octets[at]) + 1;
	return digest;
}

int tarn__namelist_items_add(struct tarn__namelist_items *items,
			     const struct tarn__namelist_rule *rule, uint64_t hash, uint8_t number,
			     const struct tarn__namelist_row *row)
{
	size_t at = items->more.len;
	if (at > MORE_MAX)
		return TARN__NAMELIST_FULL;
	int error = put_more(&items->more, rule);
	if (error != 0)
		return error;
	struct item item = {.index = {.hash = hash, .at = (uint32_t)at, .row = number}};
	item.digest = digest_rule(items, hash, row, at);
	return tarn__octets_append(&items->items, &item, sizeof item);
}

static int compare_index(const void *a, const void *b)
{
	const struct tarn__namelist_index *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int compare_digests(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static bool is_among(const struct tarn__octets *digests, uint64_t digest)
{
	return digests->len > 0 && bsearch(&digest, digests->octets, digests->len / sizeof digest,
					   sizeof digest, compare_digests);
}

/* Gathers the digests of the items that remove others. */
static int find_removals(const struct tarn__namelist_items *items,
			 const struct tarn__pile_row rows[], struct tarn__octets *out)
{
	int error = 0;
	for (size_t i = 0; i < count_items(items) && error == 0; i++) {
		struct item item = item_at(items, i);
		if (rows[item.index.row].is_removal)
			error = tarn__octets_append(out, &item.digest, sizeof item.digest);
	}
	if (out->len > 0)
		qsort(out->octets, out->len / sizeof(uint64_t), sizeof(uint64_t), compare_digests);
	return error;
}

int tarn__namelist_items_reduce(struct tarn__namelist_items *items,
				const struct tarn__pile_row rows[], uint32_t *count)
{
	struct tarn__octets removals = {0};
	int error = find_removals(items, rows, &removals);
	size_t len = 0;
	/* An index takes less room than its item, and is written over it or one before. */
	for (size_t i = 0; i < count_items(items) && error == 0; i++) {
		struct item item = item_at(items, i);
		if (rows[item.index.row].is_removal || is_among(&removals, item.digest))
			continue;
		memcpy(items->items.octets + len, &item.index, sizeof item.index);
		len += sizeof item.index;
	}
	tarn__octets_clear(&removals);
	*count = (uint32_t)(len / sizeof(struct tarn__namelist_index));
	if (*count > 0)
		qsort(items->items.octets, *count, sizeof(struct tarn__namelist_index),
		      compare_index);
	return error;
}

const struct tarn__namelist_index *
tarn__namelist_items_index(const struct tarn__namelist_items *items)
{
	return (const void *)items->items.octets;
}

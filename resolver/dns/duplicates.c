/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/duplicates.c: records that stand in an RRset more than once. */
#include "dns/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "dns/name.h"
#include "dns/rdata.h"

enum { FEW = 4 /* records that are sooner compared than sorted */ };

struct entry {
	uint64_t hash;
	uint16_t number;
};

static struct tarn__rdata open_rdata(const struct tarn__rrsets *rrsets, uint16_t type,
				     uint16_t number)
{
	struct tarn__reader reader = tarn__rrsets_rdata(rrsets, number);
	return tarn__rdata_open(&reader, type);
}

static uint64_t hash_more(uint64_t hash, const void *octets, size_t len)
{
	/* The key is no secret: a collision made on purpose leaves duplicates, and does nothing else. */
	static const uint8_t key[TARN__SIPHASH_KEY_LEN];
	return (hash ^ tarn__siphash(key, octets, len)) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Returns false if the RDATA is malformed. */
static bool hash_rdata(const struct tarn__rrsets *rrsets, uint16_t type, uint16_t number,
		       uint64_t *hash)
{
	struct tarn__rdata rdata = open_rdata(rrsets, type, number);
	struct tarn__rdata_part part;
	*hash = 0;
	while (tarn__rdata_next(&rdata, &part)) {
		if (part.is_name)
			tarn__name_fold(part.name, part.name, part.len);
		*hash = hash_more(*hash, part.octets, part.len);
	}
	return !rdata.reader.failed;
}

static bool is_well_formed(const struct tarn__rrsets *rrsets, uint16_t type, uint16_t number)
{
	struct tarn__rdata rdata = open_rdata(rrsets, type, number);
	struct tarn__rdata_part part;
	while (tarn__rdata_next(&rdata, &part))
		;
	return !rdata.reader.failed;
}

static bool is_same_part(const struct tarn__rdata_part *a, const struct tarn__rdata_part *b)
{
	return a->len == b->len && (a->is_name ? tarn__name_is_equal(a->octets, b->octets, a->len)
					       : memcmp(a->octets, b->octets, a->len) == 0);
}

/* Both are well formed. */
static bool is_same_rdata(const struct tarn__rrsets *rrsets, uint16_t type, uint16_t a_number,
			  uint16_t b_number)
{
	struct tarn__rdata a = open_rdata(rrsets, type, a_number);
	struct tarn__rdata b = open_rdata(rrsets, type, b_number);
	struct tarn__rdata_part a_part, b_part;
	for (;;) {
		bool has_a = tarn__rdata_next(&a, &a_part);
		bool has_b = tarn__rdata_next(&b, &b_part);
		if (!has_a || !has_b)
			return has_a == has_b;
		if (!is_same_part(&a_part, &b_part))
			return false;
	}
}

/* Orders by hash, then as in the message. */
static int compare_entries(const void *a_entry, const void *b_entry)
{
	const struct entry *a = a_entry, *b = b_entry;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

/* Marks a record: no TYPE stands at this offset. */
enum { DROPPED = 0 };

/* Lists the records of an RRset in the order of their hashes. Returns false if one is malformed. */
static bool list_entries(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			 struct entry *entries)
{
	uint16_t number = rrset->first;
	for (size_t i = 0; i < rrset->count; i++) {
		entries[i].number = number;
		if (!hash_rdata(rrsets, rrset->type, number, &entries[i].hash))
			return false;
		number = rrsets->records[number].next;
	}
	qsort(entries, rrset->count, sizeof entries[0], compare_entries);
	return true;
}

/* Takes the dropped records out of the list. The first record is never dropped. */
static void relink(struct tarn__rrsets *rrsets, struct tarn__rrset *rrset)
{
	rrset->count = 1;
	rrset->last = rrset->first;
	for (uint16_t i = rrsets->records[rrset->first].next; i != TARN__NO_RECORD;
	     i = rrsets->records[i].next) {
		if (rrsets->records[i].type_at == DROPPED)
			continue;
		rrsets->records[rrset->last].next = i;
		rrset->last = i;
		rrset->count++;
	}
	rrsets->records[rrset->last].next = TARN__NO_RECORD;
}

static bool drop(struct tarn__rrsets *rrsets, struct tarn__rrset *rrset)
{
	struct entry entries[TARN__RECORDS_MAX];
	if (!list_entries(rrsets, rrset, entries))
		return false;
	size_t kept = 0;
	bool has_dropped = false;
	for (size_t i = 1; i < rrset->count; i++) {
		if (entries[i].hash == entries[kept].hash &&
		    is_same_rdata(rrsets, rrset->type, entries[kept].number, entries[i].number)) {
			rrsets->records[entries[i].number].type_at = DROPPED;
			has_dropped = true;
		} else {
			kept = i;
		}
	}
	if (has_dropped)
		relink(rrsets, rrset);
	return true;
}

/* The same for a few records, each compared with those before it. */
static bool drop_few(struct tarn__rrsets *rrsets, struct tarn__rrset *rrset)
{
	uint16_t kept[FEW];
	size_t kept_count = 0;
	bool has_dropped = false;
	uint16_t number = rrset->first;
	for (size_t i = 0; i < rrset->count; i++) {
		size_t same = 0;
		if (!is_well_formed(rrsets, rrset->type, number))
			return false;
		while (same < kept_count && !is_same_rdata(rrsets, rrset->type, kept[same], number))
			same++;
		if (same == kept_count)
			kept[kept_count++] = number;
		else
			rrsets->records[number].type_at = DROPPED;
		has_dropped |= rrsets->records[number].type_at == DROPPED;
		number = rrsets->records[number].next;
	}
	if (has_dropped)
		relink(rrsets, rrset);
	return true;
}

bool tarn__duplicates_drop(struct tarn__rrsets *rrsets, struct tarn__rrset *rrset)
{
	if (rrset->made)
		return true;
	if (rrset->count == 1)
		return is_well_formed(rrsets, rrset->type, rrset->first);
	return rrset->count <= FEW ? drop_few(rrsets, rrset) : drop(rrsets, rrset);
}

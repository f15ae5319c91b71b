/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/duplicates.c: records that stand in an RRset more than once. */
#include "dns/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "base/siphash.h"

struct entry {
	uint64_t hash;
	uint16_t number;
};

/* ---- RDATA, piece by piece -------------------------------------------------------------- */

/* What of an RDATA has been taken. */
struct rdata {
	struct tarn__reader reader;
	struct tarn__rdata_form form;
};

static struct rdata open_rdata(const struct tarn__rrsets *rrsets, uint16_t type, uint16_t number)
{
	return (struct rdata){.reader = tarn__rrsets_rdata(rrsets, number),
			      .form = tarn__rdata_form(type)};
}

/* The next of the octets that are compared as they are. false: names come next. */
static bool take_octets(struct rdata *rdata, const uint8_t **octets, size_t *len)
{
	struct tarn__reader *reader = &rdata->reader;
	struct tarn__rdata_form *form = &rdata->form;
	if (form->octets > 0) {
		*len = form->octets;
		form->octets = 0;
	} else if (form->strings > 0) {
		form->strings--;
		*len = tarn__reader_left(reader) > 0 ? 1 + (size_t)reader->wire[reader->at] : 1;
	} else {
		return false;
	}
	*octets = tarn__read_octets(reader, *len);
	return *octets;
}

static bool take_name(struct rdata *rdata, struct tarn__name *name)
{
	if (rdata->form.names == 0)
		return false;
	rdata->form.names--;
	name->len = tarn__name_read(&rdata->reader, name->octets);
	return name->len > 0;
}

/* ---- comparing -------------------------------------------------------------------------- */

static uint64_t hash_more(uint64_t hash, const void *octets, size_t len)
{
	/* Nothing depends on it that somebody could not know: duplicates are found all the same. */
	static const uint8_t key[TARN__SIPHASH_KEY_LEN];
	return (hash ^ tarn__siphash(key, octets, len)) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t hash_rdata(const struct tarn__rrsets *rrsets, uint16_t type, uint16_t number)
{
	struct rdata rdata = open_rdata(rrsets, type, number);
	struct tarn__name name;
	const uint8_t *octets;
	size_t len;
	uint64_t hash = 0;
	while (take_octets(&rdata, &octets, &len))
		hash = hash_more(hash, octets, len);
	while (take_name(&rdata, &name)) {
		tarn__name_fold(name.octets, name.octets, name.len);
		hash = hash_more(hash, name.octets, name.len);
	}
	return hash_more(hash, rdata.reader.wire + rdata.reader.at,
			 tarn__reader_left(&rdata.reader));
}

static bool is_same_rdata(const struct tarn__rrsets *rrsets, uint16_t type, uint16_t a_number,
			  uint16_t b_number)
{
	struct rdata a = open_rdata(rrsets, type, a_number);
	struct rdata b = open_rdata(rrsets, type, b_number);
	struct tarn__name a_name, b_name;
	const uint8_t *a_octets, *b_octets;
	size_t a_len, b_len;
	while (take_octets(&a, &a_octets, &a_len) && take_octets(&b, &b_octets, &b_len)) {
		if (a_len != b_len || memcmp(a_octets, b_octets, a_len) != 0)
			return false;
	}
	while (take_name(&a, &a_name) && take_name(&b, &b_name)) {
		if (a_name.len != b_name.len ||
		    !tarn__name_is_equal(a_name.octets, b_name.octets, a_name.len))
			return false;
	}
	size_t left = tarn__reader_left(&a.reader);
	return !a.reader.failed && !b.reader.failed && left == tarn__reader_left(&b.reader) &&
	       memcmp(a.reader.wire + a.reader.at, b.reader.wire + b.reader.at, left) == 0;
}

/* By hash, and then as they came. */
static int compare_entries(const void *a_entry, const void *b_entry)
{
	const struct entry *a = a_entry, *b = b_entry;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

/* ---- dropping --------------------------------------------------------------------------- */

/* Where no record's TYPE can stand. */
enum { DROPPED = 0 };

static size_t list_entries(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			   struct entry *entries)
{
	size_t count = 0;
	for (uint16_t i = rrset->first; i != TARN__NO_RECORD; i = rrsets->records[i].next)
		entries[count++] =
			(struct entry){.hash = hash_rdata(rrsets, rrset->type, i), .number = i};
	qsort(entries, count, sizeof entries[0], compare_entries);
	return count;
}

/* Takes what has been dropped out of the list. The first record has not been. */
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

void tarn__duplicates_drop(struct tarn__rrsets *rrsets, struct tarn__rrset *rrset)
{
	if (rrset->count < 2)
		return;
	struct entry entries[TARN__RECORDS_MAX];
	size_t count = list_entries(rrsets, rrset, entries);
	size_t kept = 0;
	bool has_dropped = false;
	for (size_t i = 1; i < count; i++) {
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
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/canonical.c: the order of names, and RRsets as they are signed. */
#include "dnssec/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/rdata.h"
#include "dnssec/rrsig.h"

/* ---- order ------------------------------------------------------------------------------ */

/* Lists where the labels before the root start. Returns their number. */
static unsigned list_labels(const uint8_t *name, size_t len, uint8_t starts[TARN__LABELS_MAX])
{
	unsigned count = 0;
	for (size_t at = 0; at < len && name[at] != 0 && count < TARN__LABELS_MAX;
	     at += 1 + name[at])
		starts[count++] = (uint8_t)at;
	return count;
}

/* An octet that is absent sorts before one of zero (RFC 4034 section 6.1). */
static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	size_t len = a[0] < b[0] ? a[0] : b[0];
	for (size_t i = 1; i <= len; i++) {
		int difference = tarn__fold(a[i]) - tarn__fold(b[i]);
		if (difference != 0)
			return difference;
	}
	return a[0] - b[0];
}

int tarn__canonical_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	uint8_t a_starts[TARN__LABELS_MAX], b_starts[TARN__LABELS_MAX];
	unsigned a_left = list_labels(a, a_len, a_starts);
	unsigned b_left = list_labels(b, b_len, b_starts);
	while (a_left > 0 && b_left > 0) {
		int order = compare_labels(a + a_starts[--a_left], b + b_starts[--b_left]);
		if (order != 0)
			return order;
	}
	return (int)a_left - (int)b_left;
}

/* ---- signed data ------------------------------------------------------------------------ */

/* The canonical RDATA of a record. */
struct item {
	const uint8_t *octets;
	size_t len;
};

static struct tarn__rdata open_rdata(const struct tarn__rrsets *rrsets,
				     const struct tarn__rrset *rrset, uint16_t number)
{
	struct tarn__reader reader = tarn__rrsets_rdata(rrsets, number);
	return tarn__rdata_open(&reader, rrset->type);
}

/* Returns the octets of the canonical RDATA of all records, up to the first that is malformed. */
static size_t measure_rdata(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset)
{
	size_t len = 0;
	for (uint16_t i = rrset->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		struct tarn__rdata rdata = open_rdata(rrsets, rrset, i);
		struct tarn__rdata_part part;
		while (tarn__rdata_next(&rdata, &part))
			len += part.len;
		if (rdata.reader.failed)
			break;
	}
	return len;
}

/* Returns the octets at most of the signed data; an owner becomes no longer by being a wildcard. */
static size_t limit_len(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			size_t rdata_len)
{
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, rrset, &owner);
	return TARN__RRSIG_FIXED_LEN + TARN__NAME_MAX +
	       rrset->count * (owner.len + TARN__RECORD_FIXED_LEN) + rdata_len;
}

size_t tarn__signed_data_len_max(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset)
{
	return limit_len(rrsets, rrset, measure_rdata(rrsets, rrset));
}

/* Writes the canonical RDATA of a record. Returns its end; NULL: it is malformed. */
static uint8_t *write_rdata(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			    uint16_t number, uint8_t *out)
{
	struct tarn__rdata rdata = open_rdata(rrsets, rrset, number);
	struct tarn__rdata_part part;
	while (tarn__rdata_next(&rdata, &part)) {
		if (part.is_name)
			tarn__name_fold(out, part.octets, part.len);
		else
			memcpy(out, part.octets, part.len);
		out += part.len;
	}
	return rdata.reader.failed ? NULL : out;
}

/* Shorter first if one is the start of the other (RFC 4034 section 6.3). */
static int compare_items(const void *a_item, const void *b_item)
{
	const struct item *a = a_item, *b = b_item;
	int order = memcmp(a->octets, b->octets, a->len < b->len ? a->len : b->len);
	if (order != 0)
		return order;
	return (a->len > b->len) - (a->len < b->len);
}

/*
 * Writes the canonical RDATA of all records to out, and lists it in its order. Returns false if one is
 * malformed, also if it is too long for an RDLENGTH once its names are written out.
 */
static bool list_items(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
		       uint8_t *out, struct item *items)
{
	size_t count = 0;
	for (uint16_t i = rrset->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		uint8_t *end = write_rdata(rrsets, rrset, i, out);
		if (!end || end - out > UINT16_MAX)
			return false;
		items[count++] = (struct item){out, (size_t)(end - out)};
		out = end;
	}
	qsort(items, count, sizeof(*items), compare_items);
	return true;
}

/* Writes the owner as it is signed (RFC 4035 section 5.3.2). */
static void write_owner(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			const struct tarn__rrsig *rrsig, struct tarn__name *out)
{
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, rrset, &owner);
	const uint8_t *from = owner.octets, *end = owner.octets + owner.len;
	out->len = 0;
	if (tarn__rrsig_is_expansion(rrsig, &owner)) {
		for (unsigned i = tarn__name_labels(from); i > rrsig->labels; i--)
			from += 1 + *from;
		out->octets[out->len++] = 1;
		out->octets[out->len++] = '*';
	}
	tarn__name_fold(out->octets + out->len, from, (size_t)(end - from));
	out->len += (size_t)(end - from);
}

static uint8_t *write_octets(uint8_t *out, const void *octets, size_t len)
{
	memcpy(out, octets, len);
	return out + len;
}

/* Writes the records, equal ones once. Returns their end. */
static uint8_t *write_records(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			      const struct tarn__rrsig *rrsig, const struct item *items,
			      uint8_t *out)
{
	struct tarn__name owner;
	write_owner(rrsets, rrset, rrsig, &owner);
	/* TYPE, CLASS, TTL and RDLENGTH; the first two are those of any record. */
	uint8_t fixed[TARN__RECORD_FIXED_LEN];
	memcpy(fixed, rrsets->wire + rrsets->records[rrset->first].type_at, 4);
	tarn__put32(fixed + 4, rrsig->original_ttl);
	for (size_t i = 0; i < rrset->count; i++) {
		if (i > 0 && compare_items(&items[i - 1], &items[i]) == 0)
			continue;
		tarn__put16(fixed + 8, (uint16_t)items[i].len);
		out = write_octets(out, owner.octets, owner.len);
		out = write_octets(out, fixed, sizeof(fixed));
		out = write_octets(out, items[i].octets, items[i].len);
	}
	return out;
}

/* What is there is lost. Returns false if memory is short. */
static bool reserve(struct tarn__signed_data *data, size_t room)
{
	data->len = 0;
	if (data->room >= room)
		return true;
	tarn__signed_data_free(data);
	data->octets = malloc(room);
	if (!data->octets)
		return false;
	data->room = room;
	return true;
}

bool tarn__signed_data_write(struct tarn__signed_data *data, const struct tarn__rrsets *rrsets,
			     const struct tarn__rrset *rrset, const struct tarn__rrsig *rrsig)
{
	if (rrset->made)
		return false;
	/* One allocation has the signed data, then the RDATA before it is in order, then the items. */
	const size_t alignment = sizeof(struct item);
	size_t rdata_len = measure_rdata(rrsets, rrset);
	size_t rdata_at = limit_len(rrsets, rrset, rdata_len);
	size_t items_at = (rdata_at + rdata_len + alignment - 1) / alignment * alignment;
	if (!reserve(data, items_at + rrset->count * sizeof(struct item)))
		return false;
	struct item *items = (void *)(data->octets + items_at);
	if (!list_items(rrsets, rrset, data->octets + rdata_at, items))
		return false;
	uint8_t *end = write_octets(data->octets, rrsig->rdata, TARN__RRSIG_FIXED_LEN);
	tarn__name_fold(end, rrsig->signer, rrsig->signer_len);
	end = write_records(rrsets, rrset, rrsig, items, end + rrsig->signer_len);
	data->len = (size_t)(end - data->octets);
	return true;
}

void tarn__signed_data_free(struct tarn__signed_data *data)
{
	free(data->octets);
	*data = (struct tarn__signed_data){0};
}

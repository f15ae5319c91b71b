/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/pack.c: records with compressed names. */
#include "dns/pack.h"

#include <string.h>

#include "dns/name.h"
#include "dns/rdata.h"

/* The offset of each label of a name, and the hash of the name from there on. */
struct suffixes {
	size_t count; /* the root not counted */
	uint8_t at[TARN__LABELS_MAX];
	uint32_t hash[TARN__LABELS_MAX];
};

static void find_suffixes(struct suffixes *out, const uint8_t *name, size_t len)
{
	out->count = 0;
	for (size_t at = 0; name[at] != 0; at += 1 + name[at])
		out->at[out->count++] = (uint8_t)at;
	uint32_t hash = TARN__NAME_HASH_START;
	size_t at = len;
	for (size_t i = out->count; i-- > 0;) {
		while (at > out->at[i])
			hash = tarn__name_hash_step(hash, name[--at]);
		out->hash[i] = hash;
	}
}

static void remember(struct tarn__packer *packer, uint32_t hash, size_t at, bool is_constant)
{
	if (at > TARN__POINTER_MAX || packer->name_count == TARN__PACK_NAMES_MAX)
		return;
	packer->names[packer->name_count].hash = hash;
	packer->names[packer->name_count].at = (uint16_t)at;
	packer->names[packer->name_count++].is_constant = is_constant;
}

void tarn__pack_start(struct tarn__packer *packer, uint8_t *wire, size_t room, const uint8_t *qname,
		      size_t qname_len)
{
	packer->wire = wire;
	packer->len = 0;
	packer->room = room;
	packer->failed = false;
	packer->qname = qname;
	packer->qname_len = qname_len;
	packer->base = TARN__HEADER_LEN + qname_len + 4;
	packer->name_count = 0;
}

void tarn__pack_octets(struct tarn__packer *packer, const void *octets, size_t len)
{
	if (len > packer->room - packer->len) {
		packer->failed = true;
		return;
	}
	memcpy(packer->wire + packer->len, octets, len);
	packer->len += len;
}

void tarn__pack16(struct tarn__packer *packer, uint16_t value)
{
	uint8_t octets[2];
	tarn__put16(octets, value);
	tarn__pack_octets(packer, octets, sizeof(octets));
}

void tarn__pack32(struct tarn__packer *packer, uint32_t value)
{
	uint8_t octets[4];
	tarn__put32(octets, value);
	tarn__pack_octets(packer, octets, sizeof(octets));
}

/* Returns true if the name equals the one that was written at offset at. */
static bool stands_at(const struct tarn__packer *packer, size_t at, const uint8_t *name,
		      bool to_the_letter)
{
	for (;;) {
		const uint8_t *label = at < packer->base ? packer->qname + (at - TARN__HEADER_LEN)
							 : packer->wire + (at - packer->base);
		if (*label > TARN__LABEL_MAX) {
			at = tarn__get16(label) & TARN__POINTER_MAX;
			continue;
		}
		size_t len = 1 + (size_t)*label;
		if (*label != *name || (to_the_letter ? memcmp(label, name, len) != 0
						      : !tarn__name_is_equal(label, name, len)))
			return false;
		if (*label == 0)
			return true;
		at += len;
		name += len;
	}
}

/*
 * Returns the place in packer->names of an equal name; name_count if there is none. Only the first with
 * the same hash is compared, so that collisions made on purpose cost no time.
 */
static size_t find_name(const struct tarn__packer *packer, uint32_t hash, const uint8_t *name,
			bool is_rdata)
{
	for (size_t i = 0; i < packer->name_count; i++) {
		if (packer->names[i].hash == hash && (packer->names[i].is_constant || !is_rdata))
			return stands_at(packer, packer->names[i].at, name, is_rdata)
				       ? i
				       : packer->name_count;
	}
	return packer->name_count;
}

static void remember_qname(struct tarn__packer *packer)
{
	struct suffixes suffixes;
	find_suffixes(&suffixes, packer->qname, packer->qname_len);
	for (size_t i = 0; i < suffixes.count; i++)
		remember(packer, suffixes.hash[i], TARN__HEADER_LEN + suffixes.at[i], false);
}

static void pack_name(struct tarn__packer *packer, const uint8_t *name, size_t len, bool is_rdata)
{
	if (packer->name_count == 0)
		remember_qname(packer);
	struct suffixes suffixes;
	find_suffixes(&suffixes, name, len);

	/* The longest suffix that was written before. */
	size_t known = 0, found = packer->name_count;
	for (; known < suffixes.count; known++) {
		found = find_name(packer, suffixes.hash[known], name + suffixes.at[known],
				  is_rdata);
		if (found < packer->name_count)
			break;
	}

	size_t start = packer->base + packer->len;
	bool is_constant = true;
	if (known == suffixes.count) {
		tarn__pack_octets(packer, name, len);
	} else {
		is_constant = packer->names[found].is_constant;
		tarn__pack_octets(packer, name, suffixes.at[known]);
		tarn__pack16(packer, TARN__POINTER | packer->names[found].at);
	}
	if (packer->failed)
		return;
	for (size_t i = 0; i < known; i++)
		remember(packer, suffixes.hash[i], start + suffixes.at[i], is_constant);
}

void tarn__pack_owner(struct tarn__packer *packer, const uint8_t *name, size_t len)
{
	/* Most answers know no other owner than the question's. */
	if (len == packer->qname_len && len > 1 &&
	    (name == packer->qname || tarn__name_is_equal(name, packer->qname, len)))
		tarn__pack16(packer, TARN__POINTER | TARN__HEADER_LEN);
	else
		pack_name(packer, name, len, false);
}

void tarn__pack_rdata_name(struct tarn__packer *packer, const uint8_t *name, size_t len)
{
	pack_name(packer, name, len, true);
}

void tarn__pack_rdata(struct tarn__packer *packer, const struct tarn__reader *reader, uint16_t type)
{
	struct tarn__rdata rdata = tarn__rdata_open(reader, type);
	struct tarn__rdata_part part;
	while (tarn__rdata_next(&rdata, &part)) {
		if (part.can_compress)
			tarn__pack_rdata_name(packer, part.octets, part.len);
		else
			tarn__pack_octets(packer, part.octets, part.len);
	}
}

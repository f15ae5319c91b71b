/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/denial_rules.c: what types deny. */
#include "dnssec/denial_rules.h"

#include <string.h>

#include "dns/type.h"
#include "dns/type_bitmap.h"

bool tarn__denial_open(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
		       struct tarn__reader *out)
{
	struct tarn__reader first = tarn__rrsets_rdata(rrsets, rrset->first);
	size_t len = tarn__reader_left(&first);
	for (uint16_t number = rrset->first; number != rrset->last;) {
		number = rrsets->records[number].next;
		struct tarn__reader other = tarn__rrsets_rdata(rrsets, number);
		if (tarn__reader_left(&other) != len ||
		    memcmp(rrsets->wire + other.at, rrsets->wire + first.at, len) != 0)
			return false;
	}
	*out = first;
	return true;
}

static bool has(const struct tarn__denial_types *types, uint16_t type)
{
	return tarn__type_bitmap_has(types->bitmap, types->len, type);
}

/* The parent's side of a zone cut: what is known there of the name is its DS (RFC 6840 section 4.1). */
static bool is_delegation(const struct tarn__denial_types *types)
{
	return has(types, TARN__TYPE_NS) && !has(types, TARN__TYPE_SOA);
}

bool tarn__denial_types_read(struct tarn__reader *rdata, struct tarn__denial_types *out)
{
	out->len = tarn__reader_left(rdata);
	out->bitmap = tarn__read_octets(rdata, out->len);
	return out->bitmap && tarn__type_bitmap_is_valid(out->bitmap, out->len);
}

bool tarn__denial_types_can_deny_below(const struct tarn__denial_types *types)
{
	return !is_delegation(types) && !has(types, TARN__TYPE_DNAME);
}

/* RFC 4035 section 5.4; RFC 6840 section 4.3: a CNAME answers for any type. */
static bool has_no(const struct tarn__denial_types *types, uint16_t type)
{
	/*
	 * A type that is not one of data, ANY for instance, is in no bitmap: only no types at all deny it.
	 */
	if (!tarn__type_is_data(type))
		return types->len == 0;
	return !has(types, type) && !has(types, TARN__TYPE_CNAME);
}

struct tarn__denial_proof tarn__denial_types_deny(const struct tarn__denial_types *types,
						  const struct tarn__name *zone,
						  const struct tarn__name *name, uint16_t type)
{
	struct tarn__denial_proof proof = {.denied = TARN__DENIED_NOTHING};
	if (!has_no(types, type))
		return proof;
	/*
	 * RFC 4035 section 3.1.4.1: a DS is the parent's, so that what the zone itself or another child
	 * says of its apex proves nothing (RFC 6840 section 4.4). The root has no parent.
	 */
	bool is_apex = has(types, TARN__TYPE_SOA) || name->len == zone->len;
	if (type == TARN__TYPE_DS && is_apex && name->len > 1)
		return proof;
	if (is_delegation(types) && type != TARN__TYPE_DS)
		return proof;
	proof.denied = TARN__DENIED_TYPE;
	proof.is_delegation = is_delegation(types);
	return proof;
}

/*
 * Delegations and DNAMEs at a wildcard have no defined meaning (RFC 4592 sections 4.2 and 4.4, RFC 6672
 * section 3.3): such a wildcard makes no zone cut, and a DNAME may be one of any name between.
 */
enum tarn__denied tarn__denial_types_deny_expansion(const struct tarn__denial_types *types,
						    const struct tarn__name *name,
						    size_t encloser_at, uint16_t type)
{
	bool is_child = encloser_at == 1 + (size_t)name->octets[0];
	bool is_denied = has_no(types, type) && (is_child || !has(types, TARN__TYPE_DNAME)) &&
			 (type == TARN__TYPE_DS || !is_delegation(types));
	return is_denied ? TARN__DENIED_TYPE : TARN__DENIED_NOTHING;
}

void tarn__denial_wildcard(const struct tarn__name *name, size_t encloser_at,
			   struct tarn__name *out)
{
	/* At least as many octets are before the encloser: a label. */
	size_t len = name->len - encloser_at;
	out->len = 2 + len;
	out->octets[0] = 1;
	out->octets[1] = '*';
	memcpy(out->octets + 2, name->octets + encloser_at, len);
}

bool tarn__denial_next_closer(const struct tarn__name *zone, const struct tarn__name *name,
			      unsigned labels, size_t *at)
{
	unsigned count = tarn__name_labels(name->octets);
	/*
	 * The leading asterisk of a wildcard is not counted: asked for itself it is not expanded (RFC 4035
	 * 5.3.1).
	 */
	bool is_wildcard = name->octets[0] == 1 && name->octets[1] == '*';
	if (labels >= count - is_wildcard || labels < tarn__name_labels(zone->octets) ||
	    !tarn__name_is_within(name->octets, name->len, zone->octets, zone->len))
		return false;
	size_t next = 0;
	for (; count > labels + 1; count--)
		next += 1 + (size_t)name->octets[next];
	*at = next;
	return true;
}

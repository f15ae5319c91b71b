/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/nsec.c: an NSEC says that no name is between its owner and its next name in canonical order, and
 * which types the owner has. A name that it covers does not exist, unless the next name is below: then it
 * is an empty non-terminal. Of what does not exist the closest encloser is the longest ancestor that it
 * shares with the owner or the next name, since both exist.
 */
#include "dnssec/nsec.h"

#include "dns/type.h"
#include "dnssec/canonical.h"
#include "dnssec/denial_rules.h"

struct nsec {
	struct tarn__name owner;
	const uint8_t *next;
	size_t next_len;
	struct tarn__denial_types types;
};

static bool is_within(const uint8_t *name, size_t len, const struct tarn__name *apex)
{
	return tarn__name_is_within(name, len, apex->octets, apex->len);
}

/* What is not within the zone, or has a next name that is not, proves nothing. */
static bool read_nsec(const struct tarn__proofs *proofs, size_t i, struct nsec *out)
{
	const struct tarn__rrset *rrset = &proofs->rrsets->at[proofs->at[i]];
	struct tarn__reader rdata;
	if (rrset->type != TARN__TYPE_NSEC || !tarn__denial_open(proofs->rrsets, rrset, &rdata))
		return false;
	out->next_len = tarn__name_span(rdata.wire + rdata.at, tarn__reader_left(&rdata));
	if (out->next_len == 0)
		return false;
	out->next = tarn__read_octets(&rdata, out->next_len);
	tarn__rrset_owner(proofs->rrsets, rrset, &out->owner);
	return tarn__denial_types_read(&rdata, &out->types) &&
	       is_within(out->owner.octets, out->owner.len, &proofs->zone) &&
	       is_within(out->next, out->next_len, &proofs->zone);
}

static bool find_owner(const struct tarn__proofs *proofs, const struct tarn__name *name,
		       struct nsec *out)
{
	for (size_t i = 0; i < proofs->count; i++) {
		if (read_nsec(proofs, i, out) && out->owner.len == name->len &&
		    tarn__name_is_equal(out->owner.octets, name->octets, name->len))
			return true;
	}
	return false;
}

/*
 * RFC 4034 section 4.1.1: the next name of the last NSEC is the apex, all others are behind their owners.
 */
static bool covers(const struct nsec *nsec, const struct tarn__name *zone,
		   const struct tarn__name *name)
{
	if (tarn__canonical_compare(nsec->owner.octets, nsec->owner.len, name->octets, name->len) >=
	    0)
		return false;
	if (nsec->next_len != zone->len &&
	    tarn__canonical_compare(name->octets, name->len, nsec->next, nsec->next_len) >= 0)
		return false;
	return tarn__denial_types_can_deny_below(&nsec->types) ||
	       !is_within(name->octets, name->len, &nsec->owner);
}

static bool find_cover(const struct tarn__proofs *proofs, const struct tarn__name *name,
		       struct nsec *out)
{
	for (size_t i = 0; i < proofs->count; i++) {
		if (read_nsec(proofs, i, out) && covers(out, &proofs->zone, name))
			return true;
	}
	return false;
}

/* Of a name that is covered: it exists if the next name is below. */
static bool is_empty_non_terminal(const struct nsec *cover, const struct tarn__name *name)
{
	return is_within(cover->next, cover->next_len, name);
}

/* Returns the place in a name of the longest ancestor that it shares with another name. */
static size_t shared_at(const struct tarn__name *name, const uint8_t *other, size_t other_len)
{
	size_t at = 0;
	while (!tarn__name_is_within(other, other_len, name->octets + at, name->len - at))
		at += 1 + (size_t)name->octets[at];
	return at;
}

static size_t closest_encloser_at(const struct nsec *cover, const struct tarn__name *name)
{
	size_t owner = shared_at(name, cover->owner.octets, cover->owner.len);
	size_t next = shared_at(name, cover->next, cover->next_len);
	return owner < next ? owner : next;
}

struct tarn__denial_proof tarn__nsec_deny(const struct tarn__proofs *proofs,
					  const struct tarn__name *name, uint16_t type)
{
	struct tarn__denial_proof proof = {.denied = TARN__DENIED_NOTHING};
	struct nsec nsec;
	if (!is_within(name->octets, name->len, &proofs->zone))
		return proof;
	if (find_owner(proofs, name, &nsec))
		return tarn__denial_types_deny(&nsec.types, &proofs->zone, name, type);
	if (!find_cover(proofs, name, &nsec))
		return proof;
	if (is_empty_non_terminal(&nsec, name)) {
		proof.denied = TARN__DENIED_TYPE;
		return proof;
	}
	/*
	 * RFC 4035 section 3.1.3.2: what the wildcard at the closest encloser is expanded to is denied too.
	 */
	size_t encloser_at = closest_encloser_at(&nsec, name);
	struct tarn__name wildcard;
	tarn__denial_wildcard(name, encloser_at, &wildcard);
	if (find_owner(proofs, &wildcard, &nsec))
		proof.denied =
			tarn__denial_types_deny_expansion(&nsec.types, name, encloser_at, type);
	else if (find_cover(proofs, &wildcard, &nsec))
		proof.denied = is_empty_non_terminal(&nsec, &wildcard) ? TARN__DENIED_TYPE
								       : TARN__DENIED_NAME;
	return proof;
}

struct tarn__denial_proof tarn__nsec_allow_expansion(const struct tarn__proofs *proofs,
						     const struct tarn__name *name, unsigned labels)
{
	struct tarn__denial_proof proof = {.denied = TARN__DENIED_NOTHING};
	struct nsec nsec;
	size_t next_closer;
	if (!tarn__denial_next_closer(&proofs->zone, name, labels, &next_closer) ||
	    !find_cover(proofs, name, &nsec))
		return proof;
	/* A wildcard is expanded to what has its parent as closest encloser (RFC 4592 section 3.3.1). */
	size_t parent_at = next_closer + 1 + name->octets[next_closer];
	if (closest_encloser_at(&nsec, name) == parent_at)
		proof.denied = TARN__DENIED_NAME;
	return proof;
}

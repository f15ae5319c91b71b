/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/aliases.c: the chain of CNAMEs and DNAMEs.
 *
 * Where the RFCs leave the choice:
 *	- Two different CNAMEs or DNAMEs at one owner, if the chain meets them, are malformed.
 *	- So is a DNAME that makes too long a name; the server should have answered YXDOMAIN.
 *
 * Each link is compared with TARN__RRSETS_MAX RRsets at most.
 */
#include "dns/aliases.h"

#include <string.h>

bool tarn__alias_target(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			struct tarn__name *out)
{
	if (rrset->made) {
		*out = *tarn__rrset_made_target(rrsets, rrset);
		return true;
	}
	for (uint16_t i = rrset->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		struct tarn__reader rdata = tarn__rrsets_rdata(rrsets, i);
		struct tarn__name target;
		target.len = tarn__name_read(&rdata, target.octets);
		if (target.len == 0 || rdata.at != rdata.end)
			return false;
		if (i == rrset->first)
			*out = target;
		else if (out->len != target.len ||
			 !tarn__name_is_equal(out->octets, target.octets, target.len))
			return false;
	}
	return true;
}

static struct tarn__rrset *find_dname(struct tarn__response *response)
{
	return tarn__response_find_above_end(response, TARN__SECTION_ANSWER, TARN__TYPE_DNAME,
					     false);
}

/* Keeps the DNAME that a CNAME was made from, if there is one. Returns false if it is malformed. */
static bool keep_dname(struct tarn__response *response, struct tarn__rrset *cname)
{
	struct tarn__rrset *dname = find_dname(response);
	struct tarn__name target;
	if (!dname)
		return true;
	if (!tarn__alias_target(&response->rrsets, dname, &target))
		return false;
	/* RFC 6672 section 3.1: the TTL of the CNAME is that of the DNAME. */
	tarn__rrset_limit_ttl(cname, dname->ttl);
	response->link_count += !dname->is_kept;
	tarn__response_keep(response, dname, TARN__ROLE_LINK);
	return true;
}

bool tarn__aliases_substitute(const struct tarn__rrsets *rrsets, const struct tarn__rrset *dname,
			      const struct tarn__name *name, struct tarn__name *out)
{
	struct tarn__name owner, target;
	tarn__rrset_owner(rrsets, dname, &owner);
	if (!tarn__alias_target(rrsets, dname, &target))
		return false;
	size_t kept_len = name->len - owner.len;
	if (kept_len + target.len > TARN__NAME_MAX)
		return false;
	out->len = kept_len + target.len;
	memcpy(out->octets, name->octets, kept_len);
	memcpy(out->octets + kept_len, target.octets, target.len);
	return true;
}

/*
 * Makes the CNAME of the chain's end from the DNAME above it (RFC 6672 section 3.1). *out is NULL if there
 * is no DNAME. Returns false if it is malformed, makes too long a name, or is one too many.
 */
static bool make_cname(struct tarn__response *response, struct tarn__rrset **out)
{
	struct tarn__rrset *dname = find_dname(response);
	*out = NULL;
	if (!dname)
		return true;
	struct tarn__name made;
	if (!tarn__aliases_substitute(&response->rrsets, dname, &response->end, &made))
		return false;
	*out = tarn__rrset_make_cname(&response->rrsets, &response->end, &made, dname->ttl);
	return *out;
}

/* Keeps the RRsets of the answer section at the chain's end: all, or all signatures. */
static bool keep_all(struct tarn__response *response, uint16_t qtype)
{
	bool has_any = false;
	for (size_t i = 0; i < response->rrsets.count; i++) {
		struct tarn__rrset *rrset = &response->rrsets.at[i];
		if (rrset->section == TARN__SECTION_ANSWER &&
		    (qtype == TARN__TYPE_ANY || rrset->type == qtype) &&
		    tarn__rrset_is_owned_by(&response->rrsets, rrset, &response->end)) {
			tarn__response_keep(response, rrset, TARN__ROLE_DATA);
			has_any = true;
		}
	}
	return has_any;
}

/* Keeps a CNAME and goes on to its target. Returns false if it is malformed or one too many. */
static bool follow(struct tarn__response *response, struct tarn__rrset *cname)
{
	bool is_loop = cname->is_kept;
	tarn__response_keep(response, cname, TARN__ROLE_LINK);
	return !is_loop && ++response->link_count <= TARN__CHAIN_MAX &&
	       tarn__alias_target(&response->rrsets, cname, &response->end);
}

bool tarn__aliases_follow(struct tarn__response *response, bool *has_data)
{
	uint16_t qtype = response->key->qtype;
	response->end.len = response->key->qname_len;
	memcpy(response->end.octets, response->key->qname, response->end.len);
	response->link_count = 0;
	for (;;) {
		if (qtype == TARN__TYPE_ANY || qtype == TARN__TYPE_RRSIG) {
			*has_data = keep_all(response, qtype);
			if (*has_data || qtype == TARN__TYPE_ANY)
				return true;
		}
		struct tarn__rrset *rrset =
			tarn__rrset_find_answer(&response->rrsets, &response->end, qtype);
		if (!rrset && !make_cname(response, &rrset))
			return false;
		*has_data = rrset && rrset->type == qtype;
		if (!rrset)
			return true;
		if (rrset->type == TARN__TYPE_CNAME && !keep_dname(response, rrset))
			return false;
		if (*has_data) {
			tarn__response_keep(response, rrset, TARN__ROLE_DATA);
			return true;
		}
		if (!follow(response, rrset))
			return false;
	}
}

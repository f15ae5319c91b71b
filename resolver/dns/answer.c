/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/answer.c: an upstream's message, judged and made into the stored form.
 *
 *	1. Is it ours? Header and question against what was asked.
 *	2. Every record is read, and sorted into RRsets (dns/rrsets.h).
 *	3. The chain of CNAMEs is followed from qname, in whatever order it came, and a CNAME is made
 *	   where there is but a DNAME; the RRsets that answer the question are put into a list, in the
 *	   order of the reply.
 *	4. TTLs are evened out, what is there twice is dropped, and the list is written.
 *
 * Where the RFCs leave the choice:
 *	- Two different CNAMEs or DNAMEs at one owner, where the chain meets them: BROKEN.
 *	- NXDOMAIN beside records that answer the question: BROKEN.
 *	- NOERROR with no more than NS records, a referral, is no answer to a stub: FAILED.
 *	- An A or AAAA whose RDATA has the wrong length: BROKEN.
 *	- An SOA that is not above the name denied is dropped, and the answer not stored.
 *	- A DNAME that makes too long a name: BROKEN; the server should have said YXDOMAIN.
 *	- An NSEC or NSEC3 without a signature, or signed for another zone, proves nothing: dropped.
 *
 * Work is bounded: each link of a chain is compared with TARN__RRSETS_MAX RRsets at most.
 */
#include "dns/answer.h"

#include <string.h>

#include "dns/duplicates.h"
#include "dns/match.h"
#include "dns/name.h"
#include "dns/pack.h"
#include "dns/record.h"
#include "dns/rrsets.h"
#include "dns/stored.h"
#include "dns/wire.h"

struct reading {
	struct tarn__rrsets rrsets;
	const struct tarn__key *key;
	struct tarn__name end; /* of the chain: qname, or the last CNAME's target */
	unsigned link_count; /* CNAMEs and DNAMEs on the way there */
	uint16_t kept_count[TARN__SECTION_ADDITIONAL]; /* records */
	size_t kept_rrsets;
	uint8_t kept[TARN__RRSETS_MAX]; /* in the order of the reply */
};

/* ---- 1. is it ours? --------------------------------------------------------------------- */

/* GOOD: it is, as far as header and question tell. */
static enum tarn__answer_class compare(const uint8_t *wire, size_t len, const uint8_t *asked,
				       size_t asked_len, bool exact_case)
{
	switch (tarn__match(wire, len, asked, asked_len)) {
	case TARN__MATCH_NONE:
		return TARN__ANSWER_FOREIGN;
	case TARN__MATCH_SPELLING:
		return exact_case ? TARN__ANSWER_MISSPELT : TARN__ANSWER_GOOD;
	case TARN__MATCH_EXACT:
	case TARN__MATCH_HEADER:
		break;
	}
	return TARN__ANSWER_GOOD;
}

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- 3. what answers -------------------------------------------------------------------- */

static void keep_rrset(struct reading *reading, struct tarn__rrset *rrset)
{
	if (rrset->is_kept)
		return;
	rrset->is_kept = true;
	reading->kept[reading->kept_rrsets++] = (uint8_t)(rrset - reading->rrsets.at);
	reading->kept_count[rrset->section] += rrset->count;
}

static struct tarn__rrset *find_signatures(struct reading *reading, const struct tarn__rrset *rrset)
{
	struct tarn__name owner;
	tarn__rrset_owner(&reading->rrsets, rrset, &owner);
	return tarn__rrset_find(&reading->rrsets, rrset->section, &owner, TARN__TYPE_RRSIG,
				rrset->type);
}

/* With its signatures where the client has asked for them (RFC 4035 section 3.2.1). */
static void keep(struct reading *reading, struct tarn__rrset *rrset)
{
	keep_rrset(reading, rrset);
	struct tarn__rrset *signatures =
		reading->key->dnssec_ok ? find_signatures(reading, rrset) : NULL;
	if (signatures)
		keep_rrset(reading, signatures);
}

/* The RRsets of the answer section at a name: of any type, or all signatures. */
static size_t keep_all(struct reading *reading, const struct tarn__name *name, uint16_t qtype)
{
	size_t count = 0;
	for (size_t i = 0; i < reading->rrsets.count; i++) {
		struct tarn__rrset *rrset = &reading->rrsets.at[i];
		if (rrset->section == TARN__SECTION_ANSWER &&
		    (qtype == TARN__TYPE_ANY || rrset->type == qtype) &&
		    tarn__rrset_is_owned_by(&reading->rrsets, rrset, name)) {
			keep_rrset(reading, rrset);
			count++;
		}
	}
	return count;
}

/* Reads the one target of a CNAME or DNAME; false: it is malformed, or there are several. */
static bool read_target(const struct reading *reading, const struct tarn__rrset *rrset,
			struct tarn__name *out)
{
	if (rrset->made) {
		*out = reading->rrsets.made[rrset->made - 1].target;
		return true;
	}
	for (uint16_t i = rrset->first; i != TARN__NO_RECORD; i = reading->rrsets.records[i].next) {
		struct tarn__reader rdata = tarn__rrsets_rdata(&reading->rrsets, i);
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

/*
 * The RRset of a type whose owner is above the name at the chain's end, or is that name; where
 * there are several, the one nearest to it.
 */
static struct tarn__rrset *find_above_end(struct reading *reading, enum tarn__section section,
					  uint16_t type, bool or_at_end)
{
	const struct tarn__name *end = &reading->end;
	struct tarn__rrset *found = NULL;
	size_t found_len = 0;
	for (size_t i = 0; i < reading->rrsets.count; i++) {
		struct tarn__rrset *rrset = &reading->rrsets.at[i];
		if (rrset->type != type || rrset->section != section)
			continue;
		struct tarn__name owner;
		tarn__rrset_owner(&reading->rrsets, rrset, &owner);
		if (owner.len > found_len && (or_at_end || owner.len < end->len) &&
		    tarn__name_is_within(end->octets, end->len, owner.octets, owner.len)) {
			found = rrset;
			found_len = owner.len;
		}
	}
	return found;
}

/* Keeps the DNAME that a CNAME was made of, if it was. false: the DNAME is malformed. */
static bool keep_dname(struct reading *reading, struct tarn__rrset *cname)
{
	struct tarn__rrset *dname =
		find_above_end(reading, TARN__SECTION_ANSWER, TARN__TYPE_DNAME, false);
	struct tarn__name target;
	if (!dname)
		return true;
	if (!read_target(reading, dname, &target))
		return false;
	/* RFC 6672 section 3.1: the CNAME has its DNAME's TTL. */
	cname->ttl = min32(cname->ttl, dname->ttl);
	reading->link_count += !dname->is_kept;
	keep(reading, dname);
	return true;
}

/*
 * Makes the CNAME of the chain's end where there is a DNAME above it (RFC 6672 section 3.1); *out
 * is NULL where there is none. false: the DNAME is malformed, makes too long a name, or one too
 * many.
 */
static bool make_cname(struct reading *reading, struct tarn__rrset **out)
{
	struct tarn__rrset *dname =
		find_above_end(reading, TARN__SECTION_ANSWER, TARN__TYPE_DNAME, false);
	*out = NULL;
	if (!dname)
		return true;
	struct tarn__name owner, target, made;
	tarn__rrset_owner(&reading->rrsets, dname, &owner);
	if (!read_target(reading, dname, &target))
		return false;
	const struct tarn__name *end = &reading->end;
	size_t kept_len = end->len - owner.len;
	if (kept_len + target.len > TARN__NAME_MAX)
		return false;
	made.len = kept_len + target.len;
	memcpy(made.octets, end->octets, kept_len);
	memcpy(made.octets + kept_len, target.octets, target.len);
	*out = tarn__rrset_make_cname(&reading->rrsets, end, &made, dname->ttl);
	return *out;
}

/*
 * Follows the chain from qname and keeps its links and the RRset at its end. *has_end says whether
 * there is one. false: the chain loops, is too long or is malformed.
 */
static bool keep_chain(struct reading *reading, bool *has_end)
{
	uint16_t qtype = reading->key->qtype;
	struct tarn__name *name = &reading->end;
	name->len = reading->key->qname_len;
	memcpy(name->octets, reading->key->qname, name->len);

	for (;;) {
		if (qtype == TARN__TYPE_ANY || qtype == TARN__TYPE_RRSIG) {
			*has_end = keep_all(reading, name, qtype) > 0;
			if (*has_end || qtype == TARN__TYPE_ANY)
				return true;
		}
		struct tarn__rrset *rrset =
			tarn__rrset_find(&reading->rrsets, TARN__SECTION_ANSWER, name, qtype, 0);
		if (!rrset)
			rrset = tarn__rrset_find(&reading->rrsets, TARN__SECTION_ANSWER, name,
						 TARN__TYPE_CNAME, 0);
		if (!rrset && !make_cname(reading, &rrset))
			return false;
		*has_end = rrset && rrset->type == qtype;
		if (!rrset)
			return true;
		if (rrset->type == TARN__TYPE_CNAME && !keep_dname(reading, rrset))
			return false;
		bool is_loop = rrset->is_kept;
		keep(reading, rrset);
		if (*has_end)
			return true;
		if (is_loop || ++reading->link_count > TARN__CHAIN_MAX ||
		    !read_target(reading, rrset, name))
			return false;
	}
}

/* RFC 2308 section 5: how long the SOA says that something does not exist. false: malformed. */
static bool read_negative_ttl(const struct reading *reading, struct tarn__rrset *soa)
{
	for (uint16_t i = soa->first; i != TARN__NO_RECORD; i = reading->rrsets.records[i].next) {
		struct tarn__reader rdata = tarn__rrsets_rdata(&reading->rrsets, i);
		uint8_t name[TARN__NAME_MAX];
		tarn__name_read(&rdata, name);
		tarn__name_read(&rdata, name);
		const uint8_t *numbers = tarn__read_octets(&rdata, 20);
		if (!numbers)
			return false;
		soa->ttl = min32(soa->ttl, tarn__ttl_read(tarn__get32(numbers + 16)));
	}
	soa->ttl = min32(soa->ttl, TARN__NEGATIVE_TTL_MAX);
	return true;
}

static bool has_authority_of(const struct reading *reading, uint16_t type)
{
	for (size_t i = 0; i < reading->rrsets.count; i++) {
		if (reading->rrsets.at[i].type == type &&
		    reading->rrsets.at[i].section == TARN__SECTION_AUTHORITY)
			return true;
	}
	return false;
}

/* Is the zone that signed an RRset one that a name of the chain is in? */
static bool is_signed_for_chain(struct reading *reading, const struct tarn__rrset *rrset)
{
	const struct tarn__rrset *signatures = find_signatures(reading, rrset);
	if (!signatures)
		return false;
	/* RFC 4034 section 3.1.7: the signer's name is not compressed. */
	struct tarn__reader rdata = tarn__rrsets_rdata(&reading->rrsets, signatures->first);
	tarn__read_octets(&rdata, 18);
	const uint8_t *signer = rdata.wire + rdata.at;
	size_t signer_len = tarn__name_span(signer, tarn__reader_left(&rdata));
	if (signer_len == 0)
		return false;
	struct tarn__name name = reading->end;
	bool is_for = tarn__name_is_within(name.octets, name.len, signer, signer_len);
	for (size_t i = 0; i < reading->kept_rrsets && !is_for; i++) {
		const struct tarn__rrset *kept = &reading->rrsets.at[reading->kept[i]];
		if (kept->section != TARN__SECTION_ANSWER)
			continue;
		tarn__rrset_owner(&reading->rrsets, kept, &name);
		is_for = tarn__name_is_within(name.octets, name.len, signer, signer_len);
	}
	return is_for;
}

/* Proofs of what does not exist: for a negative answer, or one made from a wildcard. */
static void keep_proofs(struct reading *reading)
{
	for (size_t i = 0; i < reading->rrsets.count; i++) {
		struct tarn__rrset *rrset = &reading->rrsets.at[i];
		bool is_proof = rrset->type == TARN__TYPE_NSEC || rrset->type == TARN__TYPE_NSEC3;
		if (rrset->section == TARN__SECTION_AUTHORITY && is_proof &&
		    is_signed_for_chain(reading, rrset))
			keep(reading, rrset);
	}
}

/* Only of what is kept: the rest may be a message full of records. */
static void drop_duplicates(struct reading *reading)
{
	for (size_t i = 0; i < reading->kept_rrsets; i++) {
		struct tarn__rrset *rrset = &reading->rrsets.at[reading->kept[i]];
		uint16_t count = rrset->count;
		tarn__duplicates_drop(&reading->rrsets, rrset);
		reading->kept_count[rrset->section] -= count - rrset->count;
	}
}

/* ---- 4. the stored form ----------------------------------------------------------------- */

static void pack_rest(struct tarn__packer *packer, struct tarn__reader *rdata, size_t len)
{
	const uint8_t *octets = tarn__read_octets(rdata, len);
	if (octets)
		tarn__pack_octets(packer, octets, len);
}

/* false: what stands in the RDATA does not end where the RDATA does. */
static bool pack_rdata(struct tarn__packer *packer, struct tarn__reader *rdata, uint16_t type)
{
	const struct tarn__rdata_form form = tarn__rdata_form(type);
	pack_rest(packer, rdata, form.octets);
	for (unsigned i = 0; i < form.strings; i++) {
		uint8_t len = tarn__read8(rdata);
		tarn__pack_octets(packer, &len, 1);
		pack_rest(packer, rdata, len);
	}
	for (unsigned i = 0; i < form.names; i++) {
		struct tarn__name name;
		name.len = tarn__name_read(rdata, name.octets);
		if (name.len > 0 && form.can_compress)
			tarn__pack_rdata_name(packer, name.octets, name.len);
		else
			tarn__pack_octets(packer, name.octets, name.len);
	}
	size_t left = tarn__reader_left(rdata);
	pack_rest(packer, rdata, left);
	return !rdata->failed && (form.rest == TARN__RDATA_ANY || left == (size_t)form.rest);
}

/* false: see pack_rdata(). number is TARN__NO_RECORD for an RRset that was made here. */
static bool pack_record(struct tarn__packer *packer, const struct reading *reading,
			const struct tarn__rrset *rrset, uint16_t number)
{
	size_t start = packer->len;
	tarn__pack16(packer, 0);
	if (rrset->made) {
		const struct tarn__name *target = &reading->rrsets.made[rrset->made - 1].target;
		tarn__pack_rdata_name(packer, target->octets, target->len);
	} else {
		struct tarn__reader rdata = tarn__rrsets_rdata(&reading->rrsets, number);
		if (!pack_rdata(packer, &rdata, rrset->type))
			return false;
	}
	if (!packer->failed)
		tarn__put16(packer->wire + start, (uint16_t)(packer->len - start - 2));
	return true;
}

/* Writes an RRset's records and, to offsets, where their TTLs stand; returns the offsets' end. */
static uint8_t *pack_rrset(struct tarn__packer *packer, const struct reading *reading,
			   const struct tarn__rrset *rrset, uint8_t *offsets)
{
	struct tarn__name owner;
	tarn__rrset_owner(&reading->rrsets, rrset, &owner);
	uint16_t number = rrset->first;
	for (unsigned i = 0; i < rrset->count && !packer->failed; i++) {
		tarn__pack_owner(packer, owner.octets, owner.len);
		tarn__pack16(packer, rrset->type);
		tarn__pack16(packer, reading->key->qclass);
		tarn__put16(offsets, (uint16_t)packer->len);
		offsets += 2;
		tarn__pack32(packer, rrset->ttl | (i == 0 ? 0 : TARN__STORED_SAME_RRSET));
		if (!pack_record(packer, reading, rrset, number))
			packer->failed = true;
		if (!rrset->made)
			number = reading->rrsets.records[number].next;
	}
	return offsets;
}

/* Returns the stored form's length; 0: something in RDATA is malformed, or it is too long. */
static size_t write_stored(const struct reading *reading, uint8_t head, uint8_t *out)
{
	const struct tarn__key *key = reading->key;
	uint8_t *offsets = out + TARN__STORED_HEAD_LEN;
	size_t count = reading->kept_count[TARN__SECTION_ANSWER] +
		       reading->kept_count[TARN__SECTION_AUTHORITY];
	uint8_t *records = offsets + 2 * count;
	out[0] = head;
	out[TARN__STORED_ANSWER_SOURCE_AT] = TARN__ANSWER_SOURCE_UNKNOWN;
	tarn__put16(out + TARN__STORED_ANSWERS_AT, reading->kept_count[TARN__SECTION_ANSWER]);
	tarn__put16(out + TARN__STORED_AUTHORITIES_AT,
		    reading->kept_count[TARN__SECTION_AUTHORITY]);

	struct tarn__packer packer;
	tarn__pack_start(&packer, records,
			 TARN__MESSAGE_MAX - TARN__HEADER_LEN - 4 - (size_t)key->qname_len,
			 key->qname, key->qname_len);
	for (size_t i = 0; i < reading->kept_rrsets && !packer.failed; i++)
		offsets = pack_rrset(&packer, reading, &reading->rrsets.at[reading->kept[i]],
				     offsets);
	return packer.failed ? 0 : (size_t)(records - out) + packer.len;
}

/* Steps 3 and 4, for NOERROR and NXDOMAIN. */
static enum tarn__answer_class make_stored(struct reading *reading, uint8_t head, uint8_t *out,
					   struct tarn__answer *answer)
{
	bool is_nxdomain = answer->rcode == TARN__NXDOMAIN;
	bool has_end;
	if (!keep_chain(reading, &has_end) || (has_end && is_nxdomain))
		return TARN__ANSWER_BROKEN;

	struct tarn__rrset *soa = NULL;
	if (!has_end) {
		/* An SOA from elsewhere says nothing about this name. */
		soa = find_above_end(reading, TARN__SECTION_AUTHORITY, TARN__TYPE_SOA, true);
		if (soa && !read_negative_ttl(reading, soa))
			return TARN__ANSWER_BROKEN;
		if (soa)
			keep(reading, soa);
		else if (!is_nxdomain && reading->kept_rrsets == 0 &&
			 has_authority_of(reading, TARN__TYPE_NS))
			return TARN__ANSWER_FAILED;
	}
	if (reading->key->dnssec_ok)
		keep_proofs(reading);
	drop_duplicates(reading);

	answer->len = write_stored(reading, head, out);
	if (answer->len == 0)
		return TARN__ANSWER_BROKEN;
	answer->is_negative = !has_end;
	if (!has_end && reading->link_count > 0) {
		answer->end_len = (uint16_t)reading->end.len;
		memcpy(answer->end, reading->end.octets, reading->end.len);
	}
	answer->is_whole_name = is_nxdomain && reading->link_count == 0;
	/* RFC 2308 section 5: a denial without an SOA is not to be cached. */
	answer->ttl = has_end ? TARN__TTL_MAX : soa ? TARN__NEGATIVE_TTL_MAX : 0;
	for (size_t i = 0; i < reading->kept_rrsets; i++)
		answer->ttl = min32(answer->ttl, reading->rrsets.at[reading->kept[i]].ttl);
	return TARN__ANSWER_GOOD;
}

static enum tarn__answer_class judge(const uint8_t *wire, size_t len, const uint8_t *asked,
				     size_t asked_len, const struct tarn__key *key, bool exact_case,
				     uint8_t *out, struct tarn__answer *answer)
{
	if (len < TARN__HEADER_LEN || len > TARN__MESSAGE_MAX ||
	    asked_len < TARN__HEADER_LEN + (size_t)key->qname_len + 4)
		return TARN__ANSWER_FOREIGN;
	enum tarn__answer_class answer_class = compare(wire, len, asked, asked_len, exact_case);
	if (answer_class != TARN__ANSWER_GOOD)
		return answer_class;

	struct reading reading;
	reading.key = key;
	reading.link_count = 0;
	reading.kept_count[TARN__SECTION_ANSWER] = reading.kept_count[TARN__SECTION_AUTHORITY] = 0;
	reading.kept_rrsets = 0;
	size_t records_at = TARN__HEADER_LEN;
	if (tarn__get16(wire + 4) == 1)
		records_at += (size_t)key->qname_len + 4;
	struct tarn__rrsets *rrsets = &reading.rrsets;
	bool is_whole = tarn__rrsets_read(rrsets, wire, len, records_at, key->qclass);
	answer->has_opt = rrsets->has_opt;
	if (rrsets->has_opt) {
		answer->cookie_len = rrsets->cookie_len;
		answer->cookie = rrsets->cookie;
	}
	uint16_t flags = tarn__get16(wire + 2);
	answer->rcode = (flags & TARN__FLAG_RCODE) | (uint16_t)(rrsets->rcode_high << 4);
	if (flags & TARN__FLAG_TC)
		return TARN__ANSWER_TRUNCATED;
	if (answer->rcode != TARN__NOERROR && answer->rcode != TARN__NXDOMAIN)
		return TARN__ANSWER_FAILED;
	if (!is_whole)
		return TARN__ANSWER_BROKEN;
	uint8_t head = (uint8_t)answer->rcode;
	if (flags & TARN__FLAG_AD)
		head |= TARN__STORED_AD;
	return make_stored(&reading, head, out, answer);
}

void tarn__answer_read(const uint8_t *wire, size_t len, const uint8_t *asked, size_t asked_len,
		       const struct tarn__key *key, bool exact_case, uint8_t out[TARN__STORED_MAX],
		       struct tarn__answer *answer)
{
	*answer = (struct tarn__answer){0};
	answer->answer_class = judge(wire, len, asked, asked_len, key, exact_case, out, answer);
	if (answer->answer_class == TARN__ANSWER_BROKEN)
		answer->rcode = TARN__NOERROR;
}

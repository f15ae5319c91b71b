/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/denial.c: SOA, NSEC and NSEC3. */
#include "dns/denial.h"

/* Limits the TTL of an SOA RRset by MINIMUM (RFC 2308 section 5). Returns false if it is malformed. */
static bool limit_by_minimum(const struct tarn__rrsets *rrsets, struct tarn__rrset *soa)
{
	for (uint16_t i = soa->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		struct tarn__reader rdata = tarn__rrsets_rdata(rrsets, i);
		uint8_t name[TARN__NAME_MAX];
		tarn__name_read(&rdata, name);
		tarn__name_read(&rdata, name);
		const uint8_t *numbers = tarn__read_octets(&rdata, 20);
		if (!numbers)
			return false;
		tarn__rrset_limit_ttl(soa, tarn__ttl_read(tarn__get32(numbers + 16)));
	}
	tarn__rrset_limit_ttl(soa, TARN__NEGATIVE_TTL_MAX);
	return true;
}

bool tarn__denial_keep_soa(struct tarn__response *response)
{
	struct tarn__rrset *soa = tarn__response_find_above_end(response, TARN__SECTION_AUTHORITY,
								TARN__TYPE_SOA, true);
	response->ttl_max = soa ? TARN__NEGATIVE_TTL_MAX : 0;
	if (!soa)
		return true;
	tarn__response_keep(response, soa, TARN__ROLE_SOA);
	return limit_by_minimum(&response->rrsets, soa);
}

/* Reads the signer's name of the first of some RRSIGs. Returns NULL if it is malformed. */
static const uint8_t *read_signer(const struct tarn__rrsets *rrsets,
				  const struct tarn__rrset *signatures, size_t *len)
{
	struct tarn__reader rdata = tarn__rrsets_rdata(rrsets, signatures->first);
	tarn__read_octets(&rdata, 18);
	const uint8_t *signer = rdata.wire + rdata.at;
	/* RFC 4034 section 3.1.7: it is not compressed. */
	*len = tarn__name_span(signer, tarn__reader_left(&rdata));
	return *len > 0 ? signer : NULL;
}

/* Returns true if a name of the chain is in a zone. */
static bool has_name_within(struct tarn__response *response, const uint8_t *zone, size_t zone_len)
{
	struct tarn__name name = response->end;
	bool is_within = tarn__name_is_within(name.octets, name.len, zone, zone_len);
	for (size_t i = 0; i < response->count && !is_within; i++) {
		const struct tarn__rrset *rrset = tarn__response_rrset(response, i);
		if (rrset->section != TARN__SECTION_ANSWER)
			continue;
		tarn__rrset_owner(&response->rrsets, rrset, &name);
		is_within = tarn__name_is_within(name.octets, name.len, zone, zone_len);
	}
	return is_within;
}

static bool is_proof(struct tarn__response *response, const struct tarn__rrset *rrset)
{
	if (rrset->section != TARN__SECTION_AUTHORITY ||
	    (rrset->type != TARN__TYPE_NSEC && rrset->type != TARN__TYPE_NSEC3))
		return false;
	const struct tarn__rrset *signatures =
		tarn__rrset_find_signatures(&response->rrsets, rrset);
	if (!signatures)
		return false;
	size_t signer_len;
	const uint8_t *signer = read_signer(&response->rrsets, signatures, &signer_len);
	return signer && has_name_within(response, signer, signer_len);
}

void tarn__denial_keep_proofs(struct tarn__response *response)
{
	for (size_t i = 0; i < response->rrsets.count; i++) {
		struct tarn__rrset *rrset = &response->rrsets.at[i];
		if (is_proof(response, rrset))
			tarn__response_keep(response, rrset, TARN__ROLE_PROOF);
	}
}

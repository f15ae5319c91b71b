/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/response.c: the RRsets of a response. */
#include "dns/response.h"

_Static_assert((int)TARN__RRSETS_MAX <= (int)TARN__NO_RRSET, "an RRset's place fits into an octet");

int tarn__response_find(const struct tarn__response *response, enum tarn__role role)
{
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].role == role)
			return (int)i;
	}
	return -1;
}

void tarn__response_keep(struct tarn__response *response, struct tarn__rrset *rrset,
			 enum tarn__role role)
{
	if (rrset->is_kept)
		return;
	rrset->is_kept = true;
	response->at[response->count++] = (struct tarn__response_rrset){
		.role = (uint8_t)role,
		.rrset = (uint8_t)(rrset - response->rrsets.at),
		.signatures = TARN__NO_RRSET,
	};
}

struct tarn__rrset *tarn__response_find_above_end(struct tarn__response *response,
						  enum tarn__section section, uint16_t type,
						  bool or_at_end)
{
	const struct tarn__name *end = &response->end;
	struct tarn__rrset *found = NULL;
	size_t found_len = 0;
	for (size_t i = 0; i < response->rrsets.count; i++) {
		struct tarn__rrset *rrset = &response->rrsets.at[i];
		if (rrset->type != type || rrset->section != section)
			continue;
		struct tarn__name owner;
		tarn__rrset_owner(&response->rrsets, rrset, &owner);
		if (owner.len > found_len && (or_at_end || owner.len < end->len) &&
		    tarn__name_is_within(end->octets, end->len, owner.octets, owner.len)) {
			found = rrset;
			found_len = owner.len;
		}
	}
	return found;
}

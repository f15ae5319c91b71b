/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/answer.c: an upstream's message is read.
 *
 *	1. Header and question are compared with the query (dns/match.h).
 *	2. All records are read and sorted into RRsets (dns/rrsets.h).
 *	3. The RRsets that answer are kept: the chain from QNAME and what is at its end (dns/aliases.h), the
 *	   SOA of a denial and the proofs (dns/denial.h).
 *	4. Their signatures are found, their RDATA is checked, and duplicates are dropped.
 *
 * Where the RFCs leave the choice, beside those of dns/aliases.c:
 *	- NXDOMAIN with records of the type asked for: BROKEN.
 *	- NOERROR with no more than NS records, a referral, does not answer a stub: FAILED.
 *	- An SOA that is not at or above the name denied is dropped, and the answer not stored.
 */
#include "dns/answer.h"

#include <string.h>

#include "dns/aliases.h"
#include "dns/denial.h"
#include "dns/duplicates.h"
#include "dns/match.h"

/* Returns GOOD if header and question are those of a response to the query. */
static enum tarn__answer_class classify_match(enum tarn__match match, bool exact_case)
{
	switch (match) {
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

static bool is_referral(const struct tarn__response *response)
{
	if (response->rcode == TARN__NXDOMAIN || response->count > 0)
		return false;
	for (size_t i = 0; i < response->rrsets.count; i++) {
		if (response->rrsets.at[i].type == TARN__TYPE_NS &&
		    response->rrsets.at[i].section == TARN__SECTION_AUTHORITY)
			return true;
	}
	return false;
}

/* RRSIGs that were asked for are data, and belong to no RRset. */
static void attach_signatures(struct tarn__response *response)
{
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__rrset *signatures = tarn__rrset_find_signatures(
			&response->rrsets, tarn__response_rrset(response, i));
		if (signatures && !signatures->is_kept)
			response->at[i].signatures = (uint8_t)(signatures - response->rrsets.at);
	}
}

/*
 * Of what is kept only: the rest may be a message full of records. The RDATA of signatures is opaque here.
 * Returns false if other RDATA is malformed.
 */
static bool normalise(struct tarn__response *response)
{
	struct tarn__rrsets *rrsets = &response->rrsets;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__response_rrset *it = &response->at[i];
		struct tarn__rrset *rrset = &rrsets->at[it->rrset];
		/* The target of a link has been read. */
		bool is_done = it->role == TARN__ROLE_LINK && rrset->count == 1;
		if (!is_done && !tarn__duplicates_drop(rrsets, rrset))
			return false;
		if (it->signatures != TARN__NO_RRSET)
			(void)tarn__duplicates_drop(rrsets, &rrsets->at[it->signatures]);
	}
	return true;
}

/* Steps 3 and 4, for NOERROR and NXDOMAIN. */
static enum tarn__answer_class keep_answer(struct tarn__response *response)
{
	bool has_data;
	response->count = 0;
	response->ttl_max = TARN__TTL_MAX;
	if (!tarn__aliases_follow(response, &has_data) ||
	    (has_data && response->rcode == TARN__NXDOMAIN))
		return TARN__ANSWER_BROKEN;
	response->is_negative = !has_data;
	if (!has_data && !tarn__denial_keep_soa(response))
		return TARN__ANSWER_BROKEN;
	if (is_referral(response))
		return TARN__ANSWER_FAILED;
	tarn__denial_keep_proofs(response);
	attach_signatures(response);
	return normalise(response) ? TARN__ANSWER_GOOD : TARN__ANSWER_BROKEN;
}

static enum tarn__answer_class read_message(const uint8_t *wire, size_t len, size_t records_at,
					    struct tarn__response *response)
{
	struct tarn__rrsets *rrsets = &response->rrsets;
	bool is_whole = tarn__rrsets_read(rrsets, wire, len, records_at, response->key->qclass);
	response->has_opt = rrsets->has_opt;
	if (rrsets->has_opt) {
		response->cookie_len = rrsets->cookie_len;
		response->cookie = rrsets->cookie;
	}
	uint16_t flags = tarn__get16(wire + 2);
	response->has_ad = flags & TARN__FLAG_AD;
	response->rcode = (flags & TARN__FLAG_RCODE) | (uint16_t)(rrsets->rcode_high << 4);
	if (flags & TARN__FLAG_TC)
		return TARN__ANSWER_TRUNCATED;
	if (response->rcode != TARN__NOERROR && response->rcode != TARN__NXDOMAIN)
		return TARN__ANSWER_FAILED;
	return is_whole ? keep_answer(response) : TARN__ANSWER_BROKEN;
}

static void begin(struct tarn__response *out, const struct tarn__key *key)
{
	/* The arrays are not cleared: their lengths are in the counts. */
	out->rcode = TARN__NOERROR;
	out->has_opt = false;
	out->cookie_len = 0;
	out->cookie = NULL;
	out->key = key;
	out->answer_class = TARN__ANSWER_FOREIGN;
}

/* Header and question have been compared, with that result. */
static void read_matched(const uint8_t *wire, size_t len, enum tarn__answer_class matched,
			 struct tarn__response *out)
{
	out->answer_class = matched;
	if (matched != TARN__ANSWER_GOOD)
		return;
	bool has_question = tarn__get16(wire + 4) == 1;
	size_t question_len = has_question ? (size_t)out->key->qname_len + 4 : 0;
	out->answer_class = read_message(wire, len, TARN__HEADER_LEN + question_len, out);
	if (out->answer_class == TARN__ANSWER_BROKEN)
		out->rcode = TARN__NOERROR;
}

void tarn__answer_parse(const uint8_t *wire, size_t len, const uint8_t *asked, size_t asked_len,
			const struct tarn__key *key, bool exact_case, struct tarn__response *out)
{
	begin(out, key);
	if (len > TARN__MESSAGE_MAX || asked_len < TARN__HEADER_LEN + (size_t)key->qname_len + 4)
		return;
	enum tarn__match match = tarn__match(wire, len, asked, asked_len);
	read_matched(wire, len, classify_match(match, exact_case), out);
}

void tarn__answer_parse_kept(const uint8_t *wire, size_t len, const struct tarn__key *key,
			     struct tarn__response *out)
{
	begin(out, key);
	if (len <= TARN__MESSAGE_MAX)
		read_matched(wire, len, classify_match(tarn__match_key(wire, len, key), false),
			     out);
}

void tarn__answer_write(const struct tarn__response *response, bool dnssec_ok,
			uint8_t out[TARN__STORED_MAX], struct tarn__answer *answer)
{
	answer->len = tarn__stored_write(response, dnssec_ok, out, &answer->ttl);
	if (answer->len == 0) {
		answer->answer_class = TARN__ANSWER_BROKEN;
		answer->rcode = TARN__NOERROR;
		return;
	}
	answer->is_negative = response->is_negative;
	answer->is_whole_name = response->rcode == TARN__NXDOMAIN && response->link_count == 0;
	if (response->is_negative && response->link_count > 0) {
		answer->end_len = (uint16_t)response->end.len;
		memcpy(answer->end, response->end.octets, response->end.len);
	}
}

void tarn__answer_classify(const struct tarn__response *response, struct tarn__answer *answer)
{
	*answer = (struct tarn__answer){
		.answer_class = response->answer_class,
		.rcode = response->rcode,
		.has_opt = response->has_opt,
		.cookie_len = response->cookie_len,
		.cookie = response->cookie,
	};
}

void tarn__answer_read(const uint8_t *wire, size_t len, const uint8_t *asked, size_t asked_len,
		       const struct tarn__key *key, bool exact_case, uint8_t out[TARN__STORED_MAX],
		       struct tarn__answer *answer)
{
	struct tarn__response response;
	tarn__answer_parse(wire, len, asked, asked_len, key, exact_case, &response);
	tarn__answer_classify(&response, answer);
	if (response.answer_class == TARN__ANSWER_GOOD)
		tarn__answer_write(&response, key->dnssec_ok, out, answer);
}

size_t tarn__answer_store(const struct tarn__query *query, const uint8_t *wire, size_t len,
			  uint8_t out[TARN__STORED_MAX])
{
	uint8_t octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	struct tarn__key key;
	struct tarn__answer answer;
	if (len < TARN__HEADER_LEN || !tarn__key_read(octets, tarn__key_write(query, octets), &key))
		return 0;
	const struct tarn__query_options options = {.id = tarn__get16(wire)};
	size_t asked_len = tarn__query_write(&key, &options, asked);
	tarn__answer_read(wire, len, asked, asked_len, &key, false, out, &answer);
	return answer.answer_class == TARN__ANSWER_GOOD ? answer.len : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/stored.c: the stored form of an answer. */
#include "dns/stored.h"

#include <string.h>

#include "dns/wire.h"

/* ---- reading and changing --------------------------------------------------------------- */

void tarn__stored_set_generation(const uint8_t *octets, uint16_t generation)
{
	/* The memory is the cache's, which gives it out as const. */
	uint8_t *at = (uint8_t *)(uintptr_t)(octets + TARN__STORED_GENERATION_AT);
	__atomic_store_n(at, (uint8_t)(generation >> 8), __ATOMIC_RELAXED);
	__atomic_store_n(at + 1, (uint8_t)generation, __ATOMIC_RELAXED);
}

bool tarn__stored_is_negative(const uint8_t *octets, size_t len)
{
	if (tarn__stored_rcode(octets) == TARN__NXDOMAIN)
		return true;
	/* A denial is stored with its SOA, and no other answer has one in its authority section. */
	struct tarn__stored stored = tarn__stored_open(octets, len);
	for (unsigned i = stored.answer_count; i < tarn__stored_count(&stored); i++) {
		if (tarn__stored_type(stored.records, tarn__stored_ttl_at(&stored, i)) ==
		    TARN__TYPE_SOA)
			return true;
	}
	return false;
}

void tarn__stored_copy(uint8_t *out, const uint8_t *octets, size_t len)
{
	enum { REST_AT = TARN__STORED_GENERATION_AT + 2 };
	memcpy(out, octets, TARN__STORED_GENERATION_AT);
	tarn__put16(out + TARN__STORED_GENERATION_AT, 0);
	memcpy(out + REST_AT, octets + REST_AT, len - REST_AT);
}

void tarn__stored_clear_ad(uint8_t *octets)
{
	octets[0] &= (uint8_t)~TARN__STORED_AD;
}

void tarn__stored_set_remark(uint8_t *octets, enum tarn__remark remark)
{
	octets[0] = (uint8_t)((octets[0] & ((1 << TARN__STORED_REMARK_SHIFT) - 1)) |
			      remark << TARN__STORED_REMARK_SHIFT);
}

void tarn__stored_set_answer_source(uint8_t *octets, uint8_t answer_source)
{
	octets[TARN__STORED_ANSWER_SOURCE_AT] = answer_source;
}

void tarn__stored_age(uint8_t *octets, size_t len, uint32_t age_sec)
{
	struct tarn__stored stored = tarn__stored_open(octets, len);
	uint8_t *records = octets + (stored.records - octets);
	for (unsigned i = 0; i < tarn__stored_count(&stored); i++) {
		size_t at = tarn__stored_ttl_at(&stored, i);
		uint32_t ttl = tarn__stored_ttl(records, at);
		uint32_t mark = tarn__get32(records + at) & TARN__STORED_SAME_RRSET;
		tarn__put32(records + at, mark | (ttl > age_sec ? ttl - age_sec : 0));
	}
}

/* Returns a TTL within the limits. */
static uint32_t limit_ttl(const struct tarn__ttl_limits *limits, bool is_negative, uint32_t ttl)
{
	uint32_t max = limits->max;
	if (is_negative && limits->negative_max < max)
		max = limits->negative_max;
	if (!is_negative && ttl > 0 && ttl < limits->min)
		ttl = limits->min;
	return ttl < max ? ttl : max;
}

uint32_t tarn__stored_limit_ttl(uint8_t *octets, size_t len, const struct tarn__ttl_limits *limits,
				uint32_t ttl)
{
	bool is_negative = tarn__stored_is_negative(octets, len);
	struct tarn__stored stored = tarn__stored_open(octets, len);
	uint8_t *records = octets + (stored.records - octets);
	for (unsigned i = 0; i < tarn__stored_count(&stored); i++) {
		size_t at = tarn__stored_ttl_at(&stored, i);
		uint32_t mark = tarn__get32(records + at) & TARN__STORED_SAME_RRSET;
		tarn__put32(records + at,
			    mark | limit_ttl(limits, is_negative, tarn__stored_ttl(records, at)));
	}
	return limit_ttl(limits, is_negative, ttl);
}

/* ---- writing, record by record ---------------------------------------------------------- */

void tarn__stored_begin(struct tarn__stored_writer *writer, uint8_t *out, size_t room,
			const struct tarn__stored_head *head, const uint8_t *qname,
			size_t qname_len)
{
	size_t count = (size_t)head->answer_count + head->authority_count;
	out[0] = (uint8_t)(head->rcode | (head->has_ad ? TARN__STORED_AD : 0));
	out[TARN__STORED_ANSWER_SOURCE_AT] = TARN__ANSWER_SOURCE_UNKNOWN;
	tarn__put16(out + TARN__STORED_ANSWERS_AT, head->answer_count);
	tarn__put16(out + TARN__STORED_AUTHORITIES_AT, head->authority_count);
	tarn__put16(out + TARN__STORED_GENERATION_AT, 0);
	writer->out = out;
	writer->offset = out + TARN__STORED_HEAD_LEN;
	tarn__pack_start(&writer->packer, writer->offset + 2 * count, room, qname, qname_len);
}

void tarn__stored_begin_record(struct tarn__stored_writer *writer, const uint8_t *owner,
			       size_t owner_len, uint16_t type, uint16_t class, uint32_t ttl_field)
{
	struct tarn__packer *packer = &writer->packer;
	tarn__pack_owner(packer, owner, owner_len);
	tarn__pack16(packer, type);
	tarn__pack16(packer, class);
	tarn__put16(writer->offset, (uint16_t)packer->len);
	writer->offset += 2;
	tarn__pack32(packer, ttl_field);
	tarn__pack16(packer, 0);
	writer->rdata_at = packer->len;
}

void tarn__stored_end_record(struct tarn__stored_writer *writer)
{
	const struct tarn__packer *packer = &writer->packer;
	if (!packer->failed)
		tarn__put16(packer->wire + writer->rdata_at - 2,
			    (uint16_t)(packer->len - writer->rdata_at));
}

size_t tarn__stored_end(const struct tarn__stored_writer *writer)
{
	const struct tarn__packer *packer = &writer->packer;
	return packer->failed ? 0 : (size_t)(packer->wire - writer->out) + packer->len;
}

/* ---- writing a response ----------------------------------------------------------------- */

/* number is TARN__NO_RECORD for an RRset that was made here. */
static void pack_rdata(struct tarn__packer *packer, const struct tarn__rrsets *rrsets,
		       const struct tarn__rrset *rrset, uint16_t number)
{
	if (rrset->made) {
		const struct tarn__name *target = tarn__rrset_made_target(rrsets, rrset);
		tarn__pack_rdata_name(packer, target->octets, target->len);
		return;
	}
	struct tarn__reader reader = tarn__rrsets_rdata(rrsets, number);
	tarn__pack_rdata(packer, &reader, rrset->type);
}

static void write_rrset(struct tarn__stored_writer *writer, const struct tarn__response *response,
			unsigned index)
{
	const struct tarn__rrsets *rrsets = &response->rrsets;
	const struct tarn__rrset *rrset = &rrsets->at[index];
	const uint8_t *owner = response->key->qname;
	size_t owner_len = response->key->qname_len;
	struct tarn__name other;
	if (!tarn__rrset_is_at_question(rrsets, rrset)) {
		tarn__rrset_owner(rrsets, rrset, &other);
		owner = other.octets;
		owner_len = other.len;
	}
	uint16_t number = rrset->first;
	for (unsigned i = 0; i < rrset->count && !writer->packer.failed; i++) {
		tarn__stored_begin_record(writer, owner, owner_len, rrset->type,
					  response->key->qclass,
					  rrset->ttl | (i == 0 ? 0 : TARN__STORED_SAME_RRSET));
		pack_rdata(&writer->packer, rrsets, rrset, number);
		tarn__stored_end_record(writer);
		if (!rrset->made)
			number = rrsets->records[number].next;
	}
}

/* The RRsets of a response that are for clients with DO or without, in the order of a reply. */
struct selection {
	size_t count;
	uint8_t at[TARN__RRSETS_MAX];
};

static void select_rrsets(const struct tarn__response *response, bool dnssec_ok,
			  struct selection *out)
{
	out->count = 0;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__response_rrset *it = &response->at[i];
		if (!dnssec_ok && it->role == TARN__ROLE_PROOF)
			continue;
		out->at[out->count++] = it->rrset;
		if (dnssec_ok && it->signatures != TARN__NO_RRSET)
			out->at[out->count++] = it->signatures;
	}
}

/* Returns the least of the TTLs, and adds the records to the counts of the head. */
static uint32_t survey(const struct tarn__response *response, const struct selection *selection,
		       struct tarn__stored_head *head)
{
	uint32_t ttl = response->ttl_max;
	for (size_t i = 0; i < selection->count; i++) {
		const struct tarn__rrset *rrset = &response->rrsets.at[selection->at[i]];
		ttl = rrset->ttl < ttl ? rrset->ttl : ttl;
		if (rrset->section == TARN__SECTION_ANSWER)
			head->answer_count += rrset->count;
		else
			head->authority_count += rrset->count;
	}
	return ttl;
}

size_t tarn__stored_write(const struct tarn__response *response, bool dnssec_ok,
			  uint8_t out[TARN__STORED_MAX], uint32_t *ttl)
{
	const struct tarn__key *key = response->key;
	struct tarn__stored_head head = {.rcode = response->rcode, .has_ad = response->has_ad};
	struct selection selection;
	select_rrsets(response, dnssec_ok, &selection);
	uint32_t least = survey(response, &selection, &head);

	struct tarn__stored_writer writer;
	tarn__stored_begin(&writer, out,
			   TARN__MESSAGE_MAX - TARN__HEADER_LEN - 4 - (size_t)key->qname_len, &head,
			   key->qname, key->qname_len);
	for (size_t i = 0; i < selection.count && !writer.packer.failed; i++)
		write_rrset(&writer, response, selection.at[i]);
	size_t len = tarn__stored_end(&writer);
	if (len > 0)
		*ttl = least;
	return len;
}

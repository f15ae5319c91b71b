/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rrsets.c: records into RRsets. */
#include "dns/rrsets.h"

#include <string.h>

#include "dns/cookie.h"
#include "dns/edns.h"

struct tarn__reader tarn__rrsets_rdata(const struct tarn__rrsets *rrsets, uint16_t number)
{
	size_t at = rrsets->records[number].type_at + TARN__RECORD_FIXED_LEN;
	return (struct tarn__reader){
		.wire = rrsets->wire,
		.at = at,
		.end = at + tarn__get16(rrsets->wire + at - 2),
	};
}

/* ---- owners ----------------------------------------------------------------------------- */

/* Returns true if the name at that offset, which has been read before, is a pointer to QNAME. */
static bool is_question_at(const struct tarn__rrsets *rrsets, size_t at)
{
	return rrsets->question_len > 0 &&
	       tarn__get16(rrsets->wire + at) == (TARN__POINTER | TARN__HEADER_LEN);
}

static bool is_question(const struct tarn__rrsets *rrsets, const uint8_t *name, size_t len)
{
	return len == rrsets->question_len &&
	       tarn__name_is_equal(rrsets->wire + TARN__HEADER_LEN, name, len);
}

bool tarn__rrset_is_at_question(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset)
{
	return !rrset->made && is_question_at(rrsets, rrset->owner_at);
}

void tarn__rrset_owner(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
		       struct tarn__name *out)
{
	if (rrset->made) {
		*out = rrsets->made[rrset->made - 1].owner;
		return;
	}
	if (is_question_at(rrsets, rrset->owner_at)) {
		out->len = rrsets->question_len;
		memcpy(out->octets, rrsets->wire + TARN__HEADER_LEN, out->len);
		return;
	}
	/* The name has been read before, so it is well formed. */
	struct tarn__reader reader = {
		.wire = rrsets->wire, .at = rrset->owner_at, .end = rrsets->len};
	out->len = tarn__name_read(&reader, out->octets);
}

static bool owner_is(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
		     const uint8_t *name, size_t len)
{
	if (tarn__rrset_is_at_question(rrsets, rrset))
		return is_question(rrsets, name, len);
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, rrset, &owner);
	return owner.len == len && tarn__name_is_equal(owner.octets, name, len);
}

bool tarn__rrset_is_owned_by(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			     const struct tarn__name *name)
{
	return owner_is(rrsets, rrset, name->octets, name->len);
}

/* Returns true if the RRset, which has the hash of the record's owner, has that owner. */
static bool has_owner_of(const struct tarn__rrsets *rrsets, const struct tarn__rrset *rrset,
			 const struct tarn__record *record)
{
	if (!is_question_at(rrsets, record->owner_at))
		return owner_is(rrsets, rrset, record->owner, record->owner_len);
	return tarn__rrset_is_at_question(rrsets, rrset) ||
	       owner_is(rrsets, rrset, rrsets->wire + TARN__HEADER_LEN, rrsets->question_len);
}

static uint32_t hash_owner(const struct tarn__rrsets *rrsets, const struct tarn__record *record)
{
	return is_question_at(rrsets, record->owner_at)
		       ? rrsets->question_hash
		       : tarn__name_hash(record->owner, record->owner_len);
}

/* Returns the RRset of a record, a new one if it is the first. NULL: there are too many. */
static struct tarn__rrset *rrset_of(struct tarn__rrsets *rrsets, enum tarn__section section,
				    const struct tarn__record *record)
{
	uint32_t hash = hash_owner(rrsets, record);
	uint16_t covered = 0;
	if (record->type == TARN__TYPE_RRSIG && record->rdata_len >= 2)
		covered = tarn__get16(record->rdata);

	/* Backwards: most often it is the last one. */
	for (size_t i = rrsets->count; i-- > 0;) {
		struct tarn__rrset *rrset = &rrsets->at[i];
		if (rrset->owner_hash == hash && rrset->type == record->type &&
		    rrset->covered == covered && rrset->section == section)
			/* Two owners with one hash are an attack: the message is refused. */
			return has_owner_of(rrsets, rrset, record) ? rrset : NULL;
	}
	if (rrsets->count == TARN__RRSETS_MAX)
		return NULL;
	struct tarn__rrset *rrset = &rrsets->at[rrsets->count++];
	*rrset = (struct tarn__rrset){
		.section = section,
		.type = record->type,
		.covered = covered,
		.owner_hash = hash,
		.owner_at = (uint16_t)record->owner_at,
		.ttl = TARN__TTL_MAX,
		.first = TARN__NO_RECORD,
	};
	return rrset;
}

static bool add_record(struct tarn__rrsets *rrsets, enum tarn__section section,
		       const struct tarn__record *record)
{
	struct tarn__rrset *rrset = rrset_of(rrsets, section, record);
	if (!rrset)
		return false;
	uint16_t number = (uint16_t)rrsets->record_count++;
	rrsets->records[number].type_at = (uint16_t)record->type_at;
	rrsets->records[number].next = TARN__NO_RECORD;
	if (rrset->first == TARN__NO_RECORD)
		rrset->first = number;
	else
		rrsets->records[rrset->last].next = number;
	rrset->last = number;
	rrset->count++;
	tarn__rrset_limit_ttl(rrset, tarn__ttl_read(record->ttl));
	return true;
}

/* The first COOKIE counts (RFC 7873 section 5.3). Returns false if the options do not fill the OPT. */
static bool read_options(struct tarn__rrsets *rrsets, const struct tarn__record *opt)
{
	struct tarn__reader options = {.wire = opt->rdata, .end = opt->rdata_len};
	struct tarn__option option;
	while (tarn__option_read(&options, &option)) {
		if (option.code == TARN__OPTION_COOKIE && !rrsets->cookie &&
		    tarn__cookie_len_is_valid(option.len)) {
			rrsets->cookie = option.data;
			rrsets->cookie_len = (uint8_t)option.len;
		}
	}
	return !options.failed;
}

/* RFC 6891 section 6.1.1: at most one, in the additional section, owned by the root. */
static bool add_opt(struct tarn__rrsets *rrsets, enum tarn__section section,
		    const struct tarn__record *record)
{
	if (section != TARN__SECTION_ADDITIONAL || record->owner_len != 1 || rrsets->has_opt ||
	    !read_options(rrsets, record))
		return false;
	rrsets->has_opt = true;
	rrsets->rcode_high = (uint8_t)(record->ttl >> 24);
	return true;
}

/* A name that is a pointer to QNAME is not written out. */
static bool read_record(const struct tarn__rrsets *rrsets, struct tarn__reader *reader,
			struct tarn__record *out)
{
	if (tarn__reader_left(reader) < 2 || !is_question_at(rrsets, reader->at))
		return tarn__record_read(reader, out);
	out->owner_at = reader->at;
	out->owner_len = rrsets->question_len;
	reader->at += 2;
	return tarn__record_read_fixed(reader, out);
}

static void take_question(struct tarn__rrsets *rrsets, size_t records_at)
{
	const uint8_t *qname = rrsets->wire + TARN__HEADER_LEN;
	rrsets->question_len = 0;
	rrsets->question_hash = 0;
	if (records_at <= TARN__HEADER_LEN || records_at > rrsets->len)
		return;
	size_t len = tarn__name_span(qname, records_at - TARN__HEADER_LEN);
	if (len > 0 && len + 4 == records_at - TARN__HEADER_LEN) {
		rrsets->question_len = len;
		rrsets->question_hash = tarn__name_hash(qname, len);
	}
}

bool tarn__rrsets_read(struct tarn__rrsets *rrsets, const uint8_t *wire, size_t len,
		       size_t records_at, uint16_t class)
{
	/* The arrays are not cleared: their lengths are in the counts. */
	rrsets->wire = wire;
	rrsets->len = len;
	rrsets->has_opt = false;
	rrsets->rcode_high = 0;
	rrsets->cookie_len = 0;
	rrsets->cookie = NULL;
	rrsets->count = 0;
	rrsets->record_count = 0;
	rrsets->made_count = 0;

	take_question(rrsets, records_at);
	struct tarn__reader reader = {.wire = wire, .end = len};
	tarn__read_octets(&reader, records_at);
	for (enum tarn__section section = 0; section < TARN__SECTION_COUNT; section++) {
		unsigned count = tarn__get16(wire + 6 + 2 * section);
		for (; count > 0; count--) {
			struct tarn__record record;
			bool good = read_record(rrsets, &reader, &record);
			if (good && record.type == TARN__TYPE_OPT)
				good = add_opt(rrsets, section, &record);
			else if (good && section != TARN__SECTION_ADDITIONAL &&
				 record.class == class)
				good = add_record(rrsets, section, &record);
			if (!good)
				return false;
		}
	}
	return true;
}

struct tarn__rrset *tarn__rrset_find_answer(struct tarn__rrsets *rrsets,
					    const struct tarn__name *name, uint16_t qtype)
{
	uint32_t hash = is_question(rrsets, name->octets, name->len)
				? rrsets->question_hash
				: tarn__name_hash(name->octets, name->len);
	struct tarn__rrset *cname = NULL;
	for (size_t i = 0; i < rrsets->count; i++) {
		struct tarn__rrset *rrset = &rrsets->at[i];
		bool is_wanted =
			rrset->type == qtype || (rrset->type == TARN__TYPE_CNAME && !cname);
		if (!is_wanted || rrset->owner_hash != hash ||
		    rrset->section != TARN__SECTION_ANSWER ||
		    !tarn__rrset_is_owned_by(rrsets, rrset, name))
			continue;
		if (rrset->type == qtype)
			return rrset;
		cname = rrset;
	}
	return cname;
}

struct tarn__rrset *tarn__rrset_find_signatures(struct tarn__rrsets *rrsets,
						const struct tarn__rrset *rrset)
{
	struct tarn__name owner;
	for (size_t i = 0; i < rrsets->count; i++) {
		struct tarn__rrset *it = &rrsets->at[i];
		if (it->type != TARN__TYPE_RRSIG || it->covered != rrset->type ||
		    it->owner_hash != rrset->owner_hash || it->section != rrset->section)
			continue;
		tarn__rrset_owner(rrsets, rrset, &owner);
		if (tarn__rrset_is_owned_by(rrsets, it, &owner))
			return it;
	}
	return NULL;
}

void tarn__rrset_truncate(struct tarn__rrsets *rrsets, struct tarn__rrset *rrset, unsigned count)
{
	if (rrset->count <= count || count == 0)
		return;
	uint16_t last = rrset->first;
	for (unsigned i = 1; i < count; i++)
		last = rrsets->records[last].next;
	rrsets->records[last].next = TARN__NO_RECORD;
	rrset->last = last;
	rrset->count = (uint16_t)count;
}

struct tarn__rrset *tarn__rrset_make_cname(struct tarn__rrsets *rrsets,
					   const struct tarn__name *owner,
					   const struct tarn__name *target, uint32_t ttl)
{
	if (rrsets->made_count == TARN__CNAMES_MADE_MAX || rrsets->count == TARN__RRSETS_MAX)
		return NULL;
	rrsets->made[rrsets->made_count].owner = *owner;
	rrsets->made[rrsets->made_count].target = *target;
	struct tarn__rrset *rrset = &rrsets->at[rrsets->count++];
	*rrset = (struct tarn__rrset){
		.section = TARN__SECTION_ANSWER,
		.type = TARN__TYPE_CNAME,
		.owner_hash = tarn__name_hash(owner->octets, owner->len),
		.made = (uint8_t)++rrsets->made_count,
		.ttl = ttl,
		.first = TARN__NO_RECORD,
		.count = 1,
	};
	return rrset;
}

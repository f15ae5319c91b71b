/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/answer.c: an upstream's message, judged and made into the stored form.
 *
 *	1. Is it ours? Header and question against what was asked.
 *	2. Every record is read; those of the answer and authority sections are sorted into RRsets.
 *	3. The chain of CNAMEs is followed from qname, in whatever order it came; the RRsets that
 *	   answer the question are put into a list, in the order of the reply.
 *	4. TTLs are evened out and the list is written.
 *
 * Where the RFCs leave the choice:
 *	- Two different CNAMEs or DNAMEs at one owner, where the chain meets them: BROKEN.
 *	- NXDOMAIN beside records that answer the question: BROKEN.
 *	- NOERROR with no more than NS records, a referral, is no answer to a stub: FAILED.
 *	- An A or AAAA whose RDATA has the wrong length: BROKEN.
 *	- An SOA that is not above the name denied is dropped, and the answer not stored.
 *	- A DNAME without its CNAME leads nowhere: making the CNAME is the server's part.
 *
 * Work is bounded: each record and each link of a chain is compared with RRSETS_MAX RRsets at most.
 */
#include "dns/answer.h"

#include <string.h>

#include "dns/edns.h"
#include "dns/name.h"
#include "dns/pack.h"
#include "dns/record.h"
#include "dns/stored.h"
#include "dns/wire.h"

enum {
	RECORDS_MAX = (TARN__MESSAGE_MAX - TARN__HEADER_LEN) / TARN__RECORD_MIN,
	/* An honest answer to ANY has a few dozen. */
	RRSETS_MAX = 128,
	NO_RECORD = UINT16_MAX,
};

enum section { ANSWER, AUTHORITY, ADDITIONAL, SECTION_COUNT };

/* A name on its way through the functions below. */
struct name {
	size_t len;
	uint8_t octets[TARN__NAME_MAX];
};

struct rrset {
	enum section section;
	uint16_t type, covered; /* covered: the type that an RRSIG signs; else 0 */
	uint32_t owner_hash;
	uint16_t owner_at; /* in the message */
	bool is_kept;
	uint32_t ttl;
	uint16_t first, last, count; /* its records, linked by struct link */
};

struct link {
	uint16_t type_at, next;
};

struct reading {
	const uint8_t *wire;
	size_t len;
	const struct tarn__key *key;

	bool has_opt;
	uint8_t rcode_high;

	struct name end; /* of the chain: qname, or the last CNAME's target */
	unsigned link_count; /* CNAMEs and DNAMEs on the way there */
	uint16_t kept_count[ADDITIONAL]; /* records */
	size_t kept_rrsets;
	uint8_t kept[RRSETS_MAX]; /* in the order of the reply */

	size_t rrset_count;
	struct rrset rrsets[RRSETS_MAX];
	size_t record_count;
	struct link records[RECORDS_MAX];
};

/* ---- 1. is it ours? --------------------------------------------------------------------- */

/* RFC 5452 section 9.1 */
static bool is_ours(const uint8_t *wire, size_t len, const uint8_t *asked, size_t qname_len,
		    bool exact_case)
{
	uint16_t flags = tarn__get16(wire + 2);
	if (memcmp(wire, asked, 2) != 0 || !(flags & TARN__FLAG_QR) || flags & TARN__FLAG_OPCODE)
		return false;
	unsigned question_count = tarn__get16(wire + 4);
	/* A server that could not read the question may leave it out, of an error only. */
	if (question_count == 0) {
		unsigned rcode = flags & TARN__FLAG_RCODE;
		return rcode == TARN__FORMERR || rcode == TARN__SERVFAIL || rcode == TARN__NOTIMP ||
		       rcode == TARN__REFUSED;
	}
	const uint8_t *question = wire + TARN__HEADER_LEN;
	const uint8_t *question_asked = asked + TARN__HEADER_LEN;
	if (question_count != 1 || len < TARN__HEADER_LEN + qname_len + 4 ||
	    memcmp(question + qname_len, question_asked + qname_len, 4) != 0)
		return false;
	return exact_case ? memcmp(question, question_asked, qname_len) == 0
			  : tarn__name_is_equal(question, question_asked, qname_len);
}

/* ---- 2. RRsets -------------------------------------------------------------------------- */

/* Expands a name that was read once before, and hence is well formed. */
static void load_name(const struct reading *reading, size_t at, struct name *out)
{
	struct tarn__reader reader = {.wire = reading->wire, .at = at, .end = reading->len};
	out->len = tarn__name_read(&reader, out->octets);
}

/* A cursor over the RDATA of a record that was read once before. */
static struct tarn__reader open_rdata(const struct reading *reading, uint16_t number)
{
	size_t at = reading->records[number].type_at + TARN__RECORD_FIXED_LEN;
	return (struct tarn__reader){
		.wire = reading->wire,
		.at = at,
		.end = at + tarn__get16(reading->wire + at - 2),
	};
}

static bool owner_is(const struct reading *reading, const struct rrset *rrset, const uint8_t *name,
		     size_t len)
{
	struct name owner;
	load_name(reading, rrset->owner_at, &owner);
	return owner.len == len && tarn__name_is_equal(owner.octets, name, len);
}

/* RFC 2181 section 8; above the cap it is capped. */
static uint32_t ttl_read(uint32_t ttl)
{
	if (ttl > INT32_MAX)
		return 0;
	return ttl < TARN__TTL_MAX ? ttl : TARN__TTL_MAX;
}

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Finds a record's RRset or makes one. NULL: there are too many. */
static struct rrset *rrset_of(struct reading *reading, enum section section,
			      const struct tarn__record *record)
{
	uint32_t hash = tarn__name_hash(record->owner, record->owner_len);
	uint16_t covered = 0;
	if (record->type == TARN__TYPE_RRSIG && record->rdata_len >= 2)
		covered = tarn__get16(record->rdata);

	/* Backwards: the RRset wanted is most often the last one. */
	for (size_t i = reading->rrset_count; i-- > 0;) {
		struct rrset *rrset = &reading->rrsets[i];
		if (rrset->owner_hash == hash && rrset->type == record->type &&
		    rrset->covered == covered && rrset->section == section)
			/* Two owners with one hash are no accident: such an answer is refused. */
			return owner_is(reading, rrset, record->owner, record->owner_len) ? rrset
											  : NULL;
	}
	if (reading->rrset_count == RRSETS_MAX)
		return NULL;
	struct rrset *rrset = &reading->rrsets[reading->rrset_count++];
	*rrset = (struct rrset){
		.section = section,
		.type = record->type,
		.covered = covered,
		.owner_hash = hash,
		.owner_at = (uint16_t)record->owner_at,
		.ttl = TARN__TTL_MAX,
		.first = NO_RECORD,
	};
	return rrset;
}

static bool add_record(struct reading *reading, enum section section,
		       const struct tarn__record *record)
{
	struct rrset *rrset = rrset_of(reading, section, record);
	if (!rrset)
		return false;
	uint16_t number = (uint16_t)reading->record_count++;
	reading->records[number] =
		(struct link){.type_at = (uint16_t)record->type_at, .next = NO_RECORD};
	if (rrset->first == NO_RECORD)
		rrset->first = number;
	else
		reading->records[rrset->last].next = number;
	rrset->last = number;
	rrset->count++;
	/* RFC 2181 section 5.2: the lowest for all of an RRset. */
	rrset->ttl = min32(rrset->ttl, ttl_read(record->ttl));
	return true;
}

/* RFC 6891 section 6.1.1: at most one, in the additional section, the root's. */
static bool add_opt(struct reading *reading, enum section section,
		    const struct tarn__record *record)
{
	if (section != ADDITIONAL || record->owner_len != 1 || reading->has_opt ||
	    !tarn__options_are_valid(record->rdata, record->rdata_len))
		return false;
	reading->has_opt = true;
	reading->rcode_high = (uint8_t)(record->ttl >> 24);
	return true;
}

/* Reads all sections; false: something is malformed. What stands in RDATA is not looked at yet. */
static bool read_records(struct reading *reading)
{
	struct tarn__reader reader = {
		.wire = reading->wire,
		.at = TARN__HEADER_LEN,
		.end = reading->len,
	};
	if (tarn__get16(reading->wire + 4) == 1)
		tarn__read_octets(&reader, (size_t)reading->key->qname_len + 4);
	for (enum section section = ANSWER; section < SECTION_COUNT; section++) {
		unsigned count = tarn__get16(reading->wire + 6 + 2 * section);
		for (; count > 0; count--) {
			struct tarn__record record;
			bool good = tarn__record_read(&reader, &record);
			if (good && record.type == TARN__TYPE_OPT)
				good = add_opt(reading, section, &record);
			else if (good && section != ADDITIONAL &&
				 record.class == reading->key->qclass)
				good = add_record(reading, section, &record);
			if (!good)
				return false;
		}
	}
	return true;
}

static struct rrset *find_rrset(struct reading *reading, enum section section, const uint8_t *name,
				size_t len, uint16_t type, uint16_t covered)
{
	uint32_t hash = tarn__name_hash(name, len);
	for (size_t i = 0; i < reading->rrset_count; i++) {
		struct rrset *rrset = &reading->rrsets[i];
		if (rrset->owner_hash == hash && rrset->type == type && rrset->covered == covered &&
		    rrset->section == section && owner_is(reading, rrset, name, len))
			return rrset;
	}
	return NULL;
}

/* ---- 3. what answers -------------------------------------------------------------------- */

static void keep_rrset(struct reading *reading, struct rrset *rrset)
{
	if (rrset->is_kept)
		return;
	rrset->is_kept = true;
	reading->kept[reading->kept_rrsets++] = (uint8_t)(rrset - reading->rrsets);
	reading->kept_count[rrset->section] += rrset->count;
}

/* With its signatures where the client has asked for them (RFC 4035 section 3.2.1). */
static void keep(struct reading *reading, struct rrset *rrset)
{
	keep_rrset(reading, rrset);
	if (!reading->key->dnssec_ok)
		return;
	struct name owner;
	load_name(reading, rrset->owner_at, &owner);
	struct rrset *signatures = find_rrset(reading, rrset->section, owner.octets, owner.len,
					      TARN__TYPE_RRSIG, rrset->type);
	if (signatures)
		keep_rrset(reading, signatures);
}

/* The RRsets of the answer section at a name: of any type, or all signatures. */
static size_t keep_all(struct reading *reading, const struct name *name, uint16_t qtype)
{
	size_t count = 0;
	for (size_t i = 0; i < reading->rrset_count; i++) {
		struct rrset *rrset = &reading->rrsets[i];
		if (rrset->section == ANSWER && (qtype == TARN__TYPE_ANY || rrset->type == qtype) &&
		    owner_is(reading, rrset, name->octets, name->len)) {
			keep_rrset(reading, rrset);
			count++;
		}
	}
	return count;
}

/* Reads the one target of a CNAME or DNAME; false: it is malformed, or there are several. */
static bool read_target(const struct reading *reading, const struct rrset *rrset, struct name *out)
{
	for (uint16_t i = rrset->first; i != NO_RECORD; i = reading->records[i].next) {
		struct tarn__reader rdata = open_rdata(reading, i);
		struct name target;
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

/* The first RRset of a type whose owner is above the name at the chain's end, or is that name. */
static struct rrset *find_above_end(struct reading *reading, enum section section, uint16_t type,
				    bool or_at_end)
{
	const struct name *end = &reading->end;
	for (size_t i = 0; i < reading->rrset_count; i++) {
		struct rrset *rrset = &reading->rrsets[i];
		if (rrset->type != type || rrset->section != section)
			continue;
		struct name owner;
		load_name(reading, rrset->owner_at, &owner);
		if ((or_at_end || owner.len < end->len) &&
		    tarn__name_is_within(end->octets, end->len, owner.octets, owner.len))
			return rrset;
	}
	return NULL;
}

/* Keeps the DNAME that a CNAME was made of, if it was. false: the DNAME is malformed. */
static bool keep_dname(struct reading *reading, struct rrset *cname)
{
	struct rrset *dname = find_above_end(reading, ANSWER, TARN__TYPE_DNAME, false);
	struct name target;
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
 * Follows the chain from qname and keeps its links and the RRset at its end. *has_end says whether
 * there is one. false: the chain loops, is too long or is malformed.
 */
static bool keep_chain(struct reading *reading, bool *has_end)
{
	uint16_t qtype = reading->key->qtype;
	struct name *name = &reading->end;
	name->len = reading->key->qname_len;
	memcpy(name->octets, reading->key->qname, name->len);

	for (;;) {
		if (qtype == TARN__TYPE_ANY || qtype == TARN__TYPE_RRSIG) {
			*has_end = keep_all(reading, name, qtype) > 0;
			if (*has_end || qtype == TARN__TYPE_ANY)
				return true;
		}
		struct rrset *rrset =
			find_rrset(reading, ANSWER, name->octets, name->len, qtype, 0);
		*has_end = rrset;
		if (!rrset)
			rrset = find_rrset(reading, ANSWER, name->octets, name->len,
					   TARN__TYPE_CNAME, 0);
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
static bool read_negative_ttl(const struct reading *reading, struct rrset *soa)
{
	for (uint16_t i = soa->first; i != NO_RECORD; i = reading->records[i].next) {
		struct tarn__reader rdata = open_rdata(reading, i);
		uint8_t name[TARN__NAME_MAX];
		tarn__name_read(&rdata, name);
		tarn__name_read(&rdata, name);
		const uint8_t *numbers = tarn__read_octets(&rdata, 20);
		if (!numbers)
			return false;
		soa->ttl = min32(soa->ttl, ttl_read(tarn__get32(numbers + 16)));
	}
	soa->ttl = min32(soa->ttl, TARN__NEGATIVE_TTL_MAX);
	return true;
}

static bool has_authority_of(const struct reading *reading, uint16_t type)
{
	for (size_t i = 0; i < reading->rrset_count; i++) {
		if (reading->rrsets[i].type == type && reading->rrsets[i].section == AUTHORITY)
			return true;
	}
	return false;
}

/* Proofs of what does not exist: for a negative answer, or one made from a wildcard. */
static void keep_proofs(struct reading *reading)
{
	for (size_t i = 0; i < reading->rrset_count; i++) {
		struct rrset *rrset = &reading->rrsets[i];
		if (rrset->section == AUTHORITY &&
		    (rrset->type == TARN__TYPE_NSEC || rrset->type == TARN__TYPE_NSEC3))
			keep(reading, rrset);
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
		struct name name;
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

/* Writes an RRset's records and, to offsets, where their TTLs stand; returns the offsets' end. */
static uint8_t *pack_rrset(struct tarn__packer *packer, const struct reading *reading,
			   const struct rrset *rrset, uint8_t *offsets)
{
	struct name owner;
	load_name(reading, rrset->owner_at, &owner);
	for (uint16_t i = rrset->first; i != NO_RECORD; i = reading->records[i].next) {
		tarn__pack_owner(packer, owner.octets, owner.len);
		tarn__pack16(packer, rrset->type);
		tarn__pack16(packer, reading->key->qclass);
		tarn__put16(offsets, (uint16_t)packer->len);
		offsets += 2;
		tarn__pack32(packer,
			     rrset->ttl | (i == rrset->first ? 0 : TARN__STORED_SAME_RRSET));
		size_t rdata_len_at = packer->len;
		tarn__pack16(packer, 0);
		struct tarn__reader rdata = open_rdata(reading, i);
		if (!pack_rdata(packer, &rdata, rrset->type))
			packer->failed = true;
		if (packer->failed)
			break;
		tarn__put16(packer->wire + rdata_len_at,
			    (uint16_t)(packer->len - rdata_len_at - 2));
	}
	return offsets;
}

/* Returns the stored form's length; 0: something in RDATA is malformed, or it is too long. */
static size_t write_stored(const struct reading *reading, uint8_t head, uint8_t *out)
{
	const struct tarn__key *key = reading->key;
	uint8_t *offsets = out + TARN__STORED_HEAD_LEN;
	size_t count = reading->kept_count[ANSWER] + reading->kept_count[AUTHORITY];
	uint8_t *records = offsets + 2 * count;
	out[0] = head;
	tarn__put16(out + 1, reading->kept_count[ANSWER]);
	tarn__put16(out + 3, reading->kept_count[AUTHORITY]);

	struct tarn__packer packer;
	tarn__pack_start(&packer, records,
			 TARN__MESSAGE_MAX - TARN__HEADER_LEN - 4 - (size_t)key->qname_len,
			 key->qname, key->qname_len);
	for (size_t i = 0; i < reading->kept_rrsets && !packer.failed; i++)
		offsets = pack_rrset(&packer, reading, &reading->rrsets[reading->kept[i]], offsets);
	return packer.failed ? 0 : (size_t)(records - out) + packer.len;
}

/* Steps 3 and 4, for NOERROR and NXDOMAIN. */
static enum tarn__verdict make_stored(struct reading *reading, uint8_t head, uint8_t *out,
				      struct tarn__answer *answer)
{
	bool is_nxdomain = answer->rcode == TARN__NXDOMAIN;
	bool has_end;
	if (!keep_chain(reading, &has_end) || (has_end && is_nxdomain))
		return TARN__ANSWER_BROKEN;

	struct rrset *soa = NULL;
	if (!has_end) {
		/* An SOA from elsewhere says nothing about this name. */
		soa = find_above_end(reading, AUTHORITY, TARN__TYPE_SOA, true);
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

	answer->len = write_stored(reading, head, out);
	if (answer->len == 0)
		return TARN__ANSWER_BROKEN;
	answer->is_negative = !has_end;
	/* RFC 2308 section 5: a denial without an SOA is not to be cached. */
	answer->ttl = has_end ? TARN__TTL_MAX : soa ? TARN__NEGATIVE_TTL_MAX : 0;
	for (size_t i = 0; i < reading->kept_rrsets; i++)
		answer->ttl = min32(answer->ttl, reading->rrsets[reading->kept[i]].ttl);
	return TARN__ANSWER_GOOD;
}

static enum tarn__verdict judge(const uint8_t *wire, size_t len, const uint8_t *asked,
				size_t asked_len, const struct tarn__key *key, bool exact_case,
				uint8_t *out, struct tarn__answer *answer)
{
	if (len < TARN__HEADER_LEN || len > TARN__MESSAGE_MAX ||
	    asked_len < TARN__HEADER_LEN + (size_t)key->qname_len + 4 ||
	    !is_ours(wire, len, asked, key->qname_len, exact_case))
		return TARN__ANSWER_FOREIGN;
	uint16_t flags = tarn__get16(wire + 2);
	answer->rcode = flags & TARN__FLAG_RCODE;
	if (flags & TARN__FLAG_TC)
		return TARN__ANSWER_TRUNCATED;

	struct reading reading;
	reading.wire = wire;
	reading.len = len;
	reading.key = key;
	reading.has_opt = false;
	reading.rcode_high = 0;
	reading.link_count = 0;
	reading.kept_count[ANSWER] = reading.kept_count[AUTHORITY] = 0;
	reading.kept_rrsets = 0;
	reading.rrset_count = 0;
	reading.record_count = 0;
	bool is_whole = read_records(&reading);
	answer->has_opt = reading.has_opt;
	answer->rcode |= (uint16_t)(reading.rcode_high << 4);
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
	answer->verdict = judge(wire, len, asked, asked_len, key, exact_case, out, answer);
	if (answer->verdict == TARN__ANSWER_BROKEN)
		answer->rcode = TARN__NOERROR;
}

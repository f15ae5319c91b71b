/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/anchors.c: an open hash of the anchors' names. A name's suffixes are looked for from the shortest
 * on; the hash of one is a step on the way to the hash of the next.
 */
#include "dnssec/anchors.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "crypto/signature.h"
#include "dns/message.h"
#include "dns/zonefile.h"
#include "dnssec/dnskey.h"
#include "tarn.h"

enum {
	SLOTS_MIN = 16,
	HEAD_LEN = 4, /* octets: type and length of a record, before its RDATA */
	END_LEN = 2, /* octets: a type of 0, behind the last record */
};

/* What is known of a name. */
struct owner {
	uint32_t hash;
	bool is_negative; /* it may be positive as well, and then counts as that */
	uint8_t *records; /* NULL: there are none */
	size_t records_len; /* without the end */
	size_t name_len;
	uint8_t name[]; /* in lower case */
};

struct tarn__anchors {
	atomic_uint references;
	struct owner **owners; /* in the order in which they were added */
	size_t count, room;
	size_t slot_count; /* a power of two, at least twice count */
	uint32_t *slots; /* an index into owners and 1; 0: the slot is empty */
	unsigned labels_max; /* of an owner */
	size_t record_count, negative_count;
};

struct tarn__anchors *tarn__anchors_new(void)
{
	struct tarn__anchors *anchors = calloc(1, sizeof(*anchors));
	if (!anchors)
		return NULL;
	atomic_init(&anchors->references, 1);
	anchors->slot_count = SLOTS_MIN;
	anchors->slots = calloc(SLOTS_MIN, sizeof(anchors->slots[0]));
	if (anchors->slots)
		return anchors;
	free(anchors);
	return NULL;
}

struct tarn__anchors *tarn__anchors_get(struct tarn__anchors *anchors)
{
	atomic_fetch_add_explicit(&anchors->references, 1, memory_order_relaxed);
	return anchors;
}

void tarn__anchors_free(struct tarn__anchors *anchors)
{
	if (!anchors ||
	    atomic_fetch_sub_explicit(&anchors->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < anchors->count; i++) {
		free(anchors->owners[i]->records);
		free(anchors->owners[i]);
	}
	free(anchors->owners);
	free(anchors->slots);
	free(anchors);
}

/* ---- names -------------------------------------------------------------------------------- */

/* Returns the slot of the name, or the empty one where it belongs. */
static uint32_t *find_slot(const struct tarn__anchors *anchors, uint32_t hash, const uint8_t *name,
			   size_t len)
{
	for (size_t i = hash;; i++) {
		uint32_t *slot = &anchors->slots[i & (anchors->slot_count - 1)];
		if (*slot == 0)
			return slot;
		const struct owner *owner = anchors->owners[*slot - 1];
		if (owner->hash == hash && owner->name_len == len &&
		    tarn__name_is_equal(owner->name, name, len))
			return slot;
	}
}

static struct owner *find_owner(const struct tarn__anchors *anchors, uint32_t hash,
				const uint8_t *name, size_t len)
{
	uint32_t slot = *find_slot(anchors, hash, name, len);
	return slot != 0 ? anchors->owners[slot - 1] : NULL;
}

static bool have_slots(struct tarn__anchors *anchors)
{
	if (2 * (anchors->count + 1) <= anchors->slot_count)
		return true;
	uint32_t *slots = calloc(2 * anchors->slot_count, sizeof(slots[0]));
	if (!slots)
		return false;
	free(anchors->slots);
	anchors->slots = slots;
	anchors->slot_count *= 2;
	for (size_t i = 0; i < anchors->count; i++) {
		const struct owner *owner = anchors->owners[i];
		*find_slot(anchors, owner->hash, owner->name, owner->name_len) = (uint32_t)(i + 1);
	}
	return true;
}

static bool have_room(struct tarn__anchors *anchors)
{
	if (anchors->count < anchors->room)
		return true;
	size_t room = anchors->room > 0 ? 2 * anchors->room : SLOTS_MIN / 2;
	struct owner **owners = realloc(anchors->owners, room * sizeof(owners[0]));
	if (!owners)
		return false;
	anchors->owners = owners;
	anchors->room = room;
	return true;
}

/* Returns what is known of the name, which is nothing if it is new. NULL: out of memory. */
static struct owner *add_owner(struct tarn__anchors *anchors, const uint8_t *name, size_t len)
{
	uint32_t hash = tarn__name_hash(name, len);
	struct owner *owner = find_owner(anchors, hash, name, len);
	if (owner)
		return owner;
	if (!have_slots(anchors) || !have_room(anchors))
		return NULL;
	owner = calloc(1, sizeof(*owner) + len);
	if (!owner)
		return NULL;
	owner->hash = hash;
	owner->name_len = len;
	tarn__name_fold(owner->name, name, len);
	*find_slot(anchors, hash, name, len) = (uint32_t)(anchors->count + 1);
	anchors->owners[anchors->count++] = owner;
	unsigned labels = tarn__name_labels(name);
	if (labels > anchors->labels_max)
		anchors->labels_max = labels;
	return owner;
}

static struct tarn__anchor anchor_of(const struct owner *owner)
{
	return (struct tarn__anchor){
		.kind = owner->records ? TARN__ANCHOR_POSITIVE : TARN__ANCHOR_NEGATIVE,
		.name = owner->name,
		.name_len = owner->name_len,
		.records = owner->records,
	};
}

struct tarn__anchor tarn__anchors_find(const struct tarn__anchors *anchors, const uint8_t *name,
				       size_t len)
{
	uint8_t starts[TARN__LABELS_MAX + 1]; /* of the labels, the root's too */
	unsigned count = 0;
	for (size_t at = 0; name[at] != 0; at += 1 + name[at])
		starts[count++] = (uint8_t)at;
	starts[count] = (uint8_t)(len - 1);
	const struct owner *best = NULL;
	uint32_t hash = TARN__NAME_HASH_START;
	size_t at = len;
	for (unsigned labels = 0; labels <= anchors->labels_max && labels <= count; labels++) {
		size_t start = starts[count - labels];
		while (at > start)
			hash = tarn__name_hash_step(hash, name[--at]);
		const struct owner *owner = find_owner(anchors, hash, name + start, len - start);
		if (owner)
			best = owner;
	}
	return best ? anchor_of(best) : (struct tarn__anchor){.kind = TARN__ANCHOR_NONE};
}

bool tarn__anchors_next(const struct tarn__anchors *anchors, size_t *at, struct tarn__anchor *out)
{
	if (*at == anchors->count)
		return false;
	*out = anchor_of(anchors->owners[(*at)++]);
	return true;
}

size_t tarn__anchors_count(const struct tarn__anchors *anchors)
{
	return anchors->record_count;
}

/* ---- records ------------------------------------------------------------------------------ */

bool tarn__anchor_next(const void **at, struct tarn__anchor_record *out)
{
	const uint8_t *record = *at;
	if (!record || tarn__get16(record) == 0)
		return false;
	*out = (struct tarn__anchor_record){.type = tarn__get16(record),
					    .rdata = record + HEAD_LEN,
					    .rdata_len = tarn__get16(record + 2)};
	*at = record + HEAD_LEN + out->rdata_len;
	return true;
}

bool tarn__anchor_record_is_supported(const struct tarn__anchor_record *record)
{
	struct tarn__ds ds;
	struct tarn__dnskey key;
	if (record->type == TARN__TYPE_DS)
		return tarn__ds_read(record->rdata, record->rdata_len, &ds) &&
		       tarn__ds_is_supported(&ds);
	return tarn__dnskey_read(record->rdata, record->rdata_len, &key) &&
	       tarn__signature_is_supported(key.algorithm) &&
	       tarn__signature_key_is_valid(key.algorithm, key.key, key.key_len);
}

bool tarn__anchor_is_supported(const struct tarn__anchor *anchor)
{
	struct tarn__anchor_record record;
	for (const void *at = anchor->records; tarn__anchor_next(&at, &record);) {
		if (tarn__anchor_record_is_supported(&record))
			return true;
	}
	return false;
}

static bool has_record(const void *records, const struct tarn__anchor_record *record)
{
	struct tarn__anchor_record other;
	while (tarn__anchor_next(&records, &other)) {
		if (other.type == record->type && other.rdata_len == record->rdata_len &&
		    memcmp(other.rdata, record->rdata, record->rdata_len) == 0)
			return true;
	}
	return false;
}

static int add_record(struct tarn__anchors *anchors, const uint8_t *name, size_t len,
		      const struct tarn__anchor_record *record)
{
	struct owner *owner = add_owner(anchors, name, len);
	if (!owner)
		return TARN_ENOMEM;
	if (has_record(owner->records, record))
		return 0;
	size_t record_len = HEAD_LEN + record->rdata_len;
	uint8_t *records = realloc(owner->records, owner->records_len + record_len + END_LEN);
	if (!records)
		return TARN_ENOMEM;
	uint8_t *out = records + owner->records_len;
	tarn__put16(out, record->type);
	tarn__put16(out + 2, record->rdata_len);
	memcpy(out + HEAD_LEN, record->rdata, record->rdata_len);
	tarn__put16(out + record_len, 0);
	owner->records = records;
	owner->records_len += record_len;
	anchors->record_count++;
	return 0;
}

/* Each of the records is there once. */
static bool has_same_records(const void *a, const void *b)
{
	struct tarn__anchor_record record;
	size_t count = 0;
	for (const void *at = a; tarn__anchor_next(&at, &record); count++) {
		if (!has_record(b, &record))
			return false;
	}
	while (tarn__anchor_next(&b, &record))
		count--;
	return count == 0;
}

bool tarn__anchor_is_alike(const struct tarn__anchor *a, const struct tarn__anchor *b)
{
	bool is_positive = a->kind == TARN__ANCHOR_POSITIVE;
	if (is_positive != (b->kind == TARN__ANCHOR_POSITIVE))
		return false;
	return !is_positive ||
	       (a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0 &&
		has_same_records(a->records, b->records));
}

bool tarn__anchors_are_equal(const struct tarn__anchors *a, const struct tarn__anchors *b)
{
	if (a->count != b->count || a->record_count != b->record_count ||
	    a->negative_count != b->negative_count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct owner *own = a->owners[i];
		const struct owner *other = find_owner(b, own->hash, own->name, own->name_len);
		if (!other || own->is_negative != other->is_negative ||
		    !has_same_records(own->records, other->records))
			return false;
	}
	return true;
}

int tarn__anchors_add_negative(struct tarn__anchors *anchors, const uint8_t *name, size_t len)
{
	if (len <= 1)
		return TARN_EINVAL;
	struct owner *owner = find_owner(anchors, tarn__name_hash(name, len), name, len);
	if (owner && owner->is_negative)
		return 0;
	if (anchors->negative_count == TARN__NEGATIVE_ANCHORS_MAX)
		return TARN_EINVAL;
	owner = add_owner(anchors, name, len);
	if (!owner)
		return TARN_ENOMEM;
	owner->is_negative = true;
	anchors->negative_count++;
	return 0;
}

/* ---- text --------------------------------------------------------------------------------- */

/* A text that is being read. */
struct text {
	struct tarn__anchors *read; /* what it has */
	size_t room; /* for so many */
	bool is_short_of_memory;
	unsigned line; /* of the first fault; 0: there is none so far */
	char *fault; /* of TARN__ANCHORS_FAULT_MAX octets */
};

static void on_fault(void *arg, unsigned line, const char *reason)
{
	struct text *text = arg;
	if (text->line > 0)
		return;
	text->line = line;
	snprintf(text->fault, TARN__ANCHORS_FAULT_MAX, "%s", reason);
}

static const char *find_ds_fault(const uint8_t *rdata, size_t len)
{
	/*
	 * By digest type: RFC 3658 section 2.4, RFC 4509 section 2.2, RFC 5933 section 5, RFC 6605 section
	 * 2.
	 */
	static const uint8_t digest_lens[] = {0, 20, 32, 32, 48};
	enum { DS_HEAD_LEN = 4, TYPES = sizeof(digest_lens) };
	if (len <= DS_HEAD_LEN)
		return "DS: no digest";
	uint8_t type = rdata[3];
	if (type > 0 && type < TYPES && len != (size_t)DS_HEAD_LEN + digest_lens[type])
		return "DS: the digest has not the length of its type";
	return NULL;
}

static const char *find_dnskey_fault(const uint8_t *rdata, size_t len)
{
	enum { DNSKEY_HEAD_LEN = 4, PROTOCOL = 3 };
	if (len <= DNSKEY_HEAD_LEN)
		return "DNSKEY: no key";
	uint16_t flags = tarn__get16(rdata);
	if (!(flags & TARN__DNSKEY_ZONE))
		return "DNSKEY: not a zone key, by its flags";
	if (flags & TARN__DNSKEY_REVOKE)
		return "DNSKEY: revoked, by its flags";
	if (rdata[2] != PROTOCOL) /* RFC 4034 section 2.1.2 */
		return "DNSKEY: the protocol is not 3";
	return NULL;
}

static const char *find_fault(const struct tarn__zone_record *record)
{
	if (record->class != TARN__CLASS_IN)
		return "not of class IN";
	if (record->type == TARN__TYPE_DS)
		return find_ds_fault(record->rdata, record->rdata_len);
	if (record->type == TARN__TYPE_DNSKEY)
		return find_dnskey_fault(record->rdata, record->rdata_len);
	return "neither DS nor DNSKEY";
}

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	struct text *text = arg;
	const char *fault = find_fault(record);
	if (!fault && text->read->record_count == text->room)
		fault = "too many anchors (1024 at most)";
	if (fault) {
		on_fault(text, record->line, fault);
		return;
	}
	const struct tarn__anchor_record anchor = {.type = record->type,
						   .rdata = record->rdata,
						   .rdata_len = (uint16_t)record->rdata_len};
	if (add_record(text->read, record->owner, record->owner_len, &anchor) != 0)
		text->is_short_of_memory = true;
}

_Static_assert(TARN__ANCHORS_MAX == 1024, "the text above has it");

static int read_text(struct text *text, const char *octets, size_t len)
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	static const uint8_t root[] = {0};
	struct tarn__zonefile *reader = malloc(sizeof(*reader));
	if (!reader)
		return TARN_ENOMEM;
	tarn__zonefile_init(reader, root, sizeof(root), 0, &callbacks, text);
	tarn__zonefile_feed(reader, octets, len);
	tarn__zonefile_end(reader);
	free(reader);
	if (text->is_short_of_memory)
		return TARN_ENOMEM;
	return text->line > 0 ? TARN_EINVAL : 0;
}

static int add_all(struct tarn__anchors *anchors, const struct tarn__anchors *read)
{
	int error = 0;
	for (size_t i = 0; i < read->count && error == 0; i++) {
		const struct owner *owner = read->owners[i];
		const void *at = owner->records;
		struct tarn__anchor_record record;
		while (error == 0 && tarn__anchor_next(&at, &record))
			error = add_record(anchors, owner->name, owner->name_len, &record);
	}
	return error;
}

int tarn__anchors_add_text(struct tarn__anchors *anchors, const char *text, size_t len,
			   unsigned *line, char fault[TARN__ANCHORS_FAULT_MAX])
{
	char reason[TARN__ANCHORS_FAULT_MAX];
	struct text state = {.read = tarn__anchors_new(),
			     .room = TARN__ANCHORS_MAX - anchors->record_count,
			     .fault = reason};
	int error = state.read ? read_text(&state, text, len) : TARN_ENOMEM;
	if (error == 0)
		error = add_all(anchors, state.read);
	tarn__anchors_free(state.read);
	if (error == TARN_EINVAL) {
		*line = state.line;
		memcpy(fault, reason, sizeof(reason));
	}
	return error;
}

struct tarn__anchors *tarn__anchors_copy(const struct tarn__anchors *from)
{
	struct tarn__anchors *copy = tarn__anchors_new();
	int error = copy ? add_all(copy, from) : TARN_ENOMEM;
	for (size_t i = 0; i < from->count && error == 0; i++) {
		const struct owner *owner = from->owners[i];
		if (owner->is_negative)
			error = tarn__anchors_add_negative(copy, owner->name, owner->name_len);
	}
	if (error == 0)
		return copy;
	tarn__anchors_free(copy);
	return NULL;
}

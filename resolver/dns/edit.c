/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/edit.c: messages made of records of others. */
#include "dns/edit.h"

#include <string.h>

#include "dns/name.h"
#include "dns/rdata.h"

enum { COUNTS_AT = 6 /* of the sections behind the question */ };

static void put(struct tarn__editor *editor, const void *octets, size_t len)
{
	if (len > TARN__MESSAGE_MAX - editor->len) {
		editor->failed = true;
		return;
	}
	if (len > 0)
		memcpy(editor->out + editor->len, octets, len);
	editor->len += len;
}

static void put16(struct tarn__editor *editor, uint16_t number)
{
	uint8_t octets[2];
	tarn__put16(octets, number);
	put(editor, octets, sizeof octets);
}

void tarn__edit_begin(struct tarn__editor *editor, uint8_t out[TARN__MESSAGE_MAX], uint16_t flags,
		      const uint8_t *qname, size_t qname_len, uint16_t qtype, uint16_t qclass)
{
	*editor = (struct tarn__editor){.out = out};
	put16(editor, 0);
	put16(editor, flags | TARN__FLAG_QR);
	put16(editor, 1);
	for (unsigned section = 0; section < TARN__SECTION_COUNT; section++)
		put16(editor, 0);
	put(editor, qname, qname_len);
	put16(editor, qtype);
	put16(editor, qclass);
}

/* Counts the record that begins at rdata_at, less its fixed part, in its section. */
static void end_record(struct tarn__editor *editor, enum tarn__section section, size_t rdata_at)
{
	size_t len = editor->len - rdata_at;
	editor->failed |= len > UINT16_MAX;
	if (editor->failed)
		return;
	tarn__put16(editor->out + rdata_at - 2, (uint16_t)len);
	uint8_t *count = editor->out + COUNTS_AT + 2 * section;
	tarn__put16(count, (uint16_t)(tarn__get16(count) + 1));
}

void tarn__edit_put(struct tarn__editor *editor, enum tarn__section section,
		    const struct tarn__name *owner, uint16_t type, uint16_t class, uint32_t ttl,
		    const void *rdata, size_t rdata_len)
{
	put(editor, owner->octets, owner->len);
	put16(editor, type);
	put16(editor, class);
	put16(editor, (uint16_t)(ttl >> 16));
	put16(editor, (uint16_t)ttl);
	put16(editor, 0);
	size_t rdata_at = editor->len;
	put(editor, rdata, rdata_len);
	end_record(editor, section, rdata_at);
}

/* Names are written in full: a pointer would lead elsewhere. */
static void put_rdata(struct tarn__editor *editor, const struct tarn__reader *reader, uint16_t type)
{
	struct tarn__rdata rdata = tarn__rdata_open(reader, type);
	struct tarn__rdata_part part;
	while (tarn__rdata_next(&rdata, &part))
		put(editor, part.octets, part.len);
	editor->failed |= rdata.reader.failed;
}

void tarn__edit_copy(struct tarn__editor *editor, enum tarn__section section, const uint8_t *wire,
		     const struct tarn__record *record)
{
	put(editor, record->owner, record->owner_len);
	put(editor, wire + record->type_at, TARN__RECORD_FIXED_LEN);
	size_t rdata_at = editor->len, at = (size_t)(record->rdata - wire);
	struct tarn__reader rdata = {.wire = wire, .at = at, .end = at + record->rdata_len};
	put_rdata(editor, &rdata, record->type);
	end_record(editor, section, rdata_at);
}

struct tarn__reader tarn__edit_open(const uint8_t *wire, size_t len)
{
	struct tarn__reader reader = {.wire = wire, .end = len};
	uint8_t name[TARN__NAME_MAX];
	tarn__read_octets(&reader, TARN__HEADER_LEN);
	if (reader.failed || tarn__get16(wire + 4) != 1) {
		tarn__reader_fail(&reader);
		return reader;
	}
	tarn__name_read(&reader, name);
	tarn__read_octets(&reader, 4);
	return reader;
}

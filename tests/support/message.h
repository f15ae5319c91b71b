/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/message.h: DNS messages for the unit tests: written from text, and read back into text
 * to be compared.
 *
 * write_query() and answer_query() are for tests that need some query and some answer. Any other message
 * is put together in a struct message: put_header(), put_question(), put_records(), put_opt().
 *
 * Text is one record a line, "OWNER TTL TYPE RDATA", and a line "--" before the next section. RDATA
 * is as in a master file for A, TXT (one string), SRV, MX and the types of one name. An SOA is
 * "MNAME RNAME MINIMUM" and an RRSIG its type covered, and its key tag where there are several, the
 * rest being fixed; an NSEC is its next name. Other types are in hexadecimal.
 */
#ifndef TESTS_SUPPORT_MESSAGE_H
#define TESTS_SUPPORT_MESSAGE_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "base/octets.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/text.h"

struct message {
	size_t len;
	uint8_t wire[TARN__MESSAGE_MAX];
};

/* ---- writing ---------------------------------------------------------------------------- */

static inline void put_octets(struct message *message, const void *octets, size_t len)
{
	ck_assert_uint_le(len, sizeof(message->wire) - message->len);
	if (len > 0)
		memcpy(message->wire + message->len, octets, len);
	message->len += len;
}

static inline void put8(struct message *message, unsigned value)
{
	put_octets(message, (uint8_t[]){(uint8_t)value}, 1);
}

static inline void put16(struct message *message, unsigned value)
{
	put8(message, value >> 8 & 0xff);
	put8(message, value & 0xff);
}

static inline void put32(struct message *message, uint32_t value)
{
	put16(message, value >> 16);
	put16(message, value & 0xffff);
}

static inline void put_name(struct message *message, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_msg(len > 0, "not a name: %s", text);
	put_octets(message, name, len);
}

static inline void put_header(struct message *message, unsigned id, unsigned flags)
{
	message->len = 0;
	put16(message, id);
	put16(message, flags);
	put32(message, 0);
	put32(message, 0);
}

static inline void count_one(struct message *message, unsigned section)
{
	uint8_t *count = message->wire + 4 + 2 * section;
	tarn__put16(count, tarn__get16(count) + 1);
}

static inline void put_question(struct message *message, const char *name, unsigned type)
{
	put_name(message, name);
	put16(message, type);
	put16(message, TARN__CLASS_IN);
	count_one(message, 0);
}

static inline void put_opt(struct message *message, unsigned size, uint32_t ttl,
			   const void *options, size_t len)
{
	put8(message, 0);
	put16(message, TARN__TYPE_OPT);
	put16(message, size);
	put32(message, ttl);
	put16(message, (unsigned)len);
	put_octets(message, options, len);
	count_one(message, 3);
}

static inline void put_rdata(struct message *message, uint16_t type, const char *text)
{
	unsigned numbers[4];
	char names[2][256];
	switch (type) {
	case TARN__TYPE_A:
		ck_assert_int_eq(sscanf(text, "%u.%u.%u.%u", &numbers[0], &numbers[1], &numbers[2],
					&numbers[3]),
				 4);
		for (unsigned i = 0; i < 4; i++)
			put8(message, numbers[i]);
		return;
	case TARN__TYPE_TXT:
		put8(message, (unsigned)strlen(text));
		put_octets(message, text, strlen(text));
		return;
	case TARN__TYPE_NS:
	case TARN__TYPE_CNAME:
	case TARN__TYPE_PTR:
	case TARN__TYPE_DNAME:
		put_name(message, text);
		return;
	case TARN__TYPE_MX:
		ck_assert_int_eq(sscanf(text, "%u %255s", &numbers[0], names[0]), 2);
		put16(message, numbers[0]);
		put_name(message, names[0]);
		return;
	case TARN__TYPE_SRV:
		ck_assert_int_eq(sscanf(text, "%u %u %u %255s", &numbers[0], &numbers[1],
					&numbers[2], names[0]),
				 4);
		for (unsigned i = 0; i < 3; i++)
			put16(message, numbers[i]);
		put_name(message, names[0]);
		return;
	case TARN__TYPE_SOA:
		ck_assert_int_eq(sscanf(text, "%255s %255s %u", names[0], names[1], &numbers[0]),
				 3);
		put_name(message, names[0]);
		put_name(message, names[1]);
		for (uint32_t i = 1; i <= 4; i++)
			put32(message, i);
		put32(message, numbers[0]);
		return;
	case TARN__TYPE_RRSIG: {
		uint16_t covered;
		char word[TARN__WORD_MAX];
		unsigned tag = 7;
		ck_assert_int_ge(sscanf(text, "%15s %u", word, &tag), 1);
		ck_assert(tarn__type_parse(word, &covered));
		put16(message, covered);
		put_octets(message, "\x08\x02\0\0\0\x3c\0\0\0\2\0\0\0\1", 14);
		put16(message, tag);
		put_name(message, "example.");
		put_octets(message, "signature", 9);
		return;
	}
	case TARN__TYPE_NSEC:
		put_name(message, text);
		put_octets(message, "\0\1\x40", 3);
		return;
	}
	uint8_t octets[512];
	put_octets(message, octets, tarn__base16_read(text, octets, sizeof(octets)));
}

static inline void put_record(struct message *message, unsigned section, const char *line)
{
	char owner[256], type_text[TARN__WORD_MAX], rdata[1024] = "";
	unsigned ttl;
	ck_assert_int_ge(sscanf(line, "%255s %u %15s %1023[^\n]", owner, &ttl, type_text, rdata),
			 3);
	uint16_t type;
	ck_assert_msg(tarn__type_parse(type_text, &type), "not a type: %s", type_text);
	put_name(message, owner);
	put16(message, type);
	put16(message, TARN__CLASS_IN);
	put32(message, ttl);
	put16(message, 0);
	size_t rdata_at = message->len;
	put_rdata(message, type, rdata);
	tarn__put16(message->wire + rdata_at - 2, (uint16_t)(message->len - rdata_at));
	count_one(message, section);
}

/* Records of the sections from answer on. */
static inline void put_records(struct message *message, const char *text)
{
	unsigned section = 1;
	while (*text) {
		if (strncmp(text, "--", 2) == 0)
			section++;
		else
			put_record(message, section, text);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

/*
 * Writes a query with one question and RD set. Returns its length. Some tests write 100,000 of them, and an
 * assertion of Check is a system call even if it holds.
 */
static inline size_t write_query(uint8_t *out, uint16_t id, const char *name, unsigned type)
{
	memset(out, 0, TARN__HEADER_LEN);
	tarn__put16(out, id);
	tarn__put16(out + 2, TARN__FLAG_RD);
	tarn__put16(out + 4, 1);
	uint8_t qname[TARN__NAME_MAX];
	size_t qname_len = tarn__name_parse(name, qname);
	if (qname_len == 0)
		ck_abort_msg("not a name: %s", name);
	memcpy(out + TARN__HEADER_LEN, qname, qname_len);
	uint8_t *end = out + TARN__HEADER_LEN + qname_len;
	tarn__put16(end, (uint16_t)type);
	tarn__put16(end + 2, TARN__CLASS_IN);
	return TARN__HEADER_LEN + qname_len + 4;
}

/*
 * Turns a query into its response in place, with one A record that lives for ttl seconds if rcode is
 * NOERROR, and without any record otherwise: an OPT is dropped. Returns the length of the response.
 */
static inline size_t answer_query(uint8_t *wire, unsigned rcode, uint32_t ttl)
{
	static const uint8_t record[] = {
		0xc0, TARN__HEADER_LEN, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1};
	size_t at = TARN__HEADER_LEN;
	while (wire[at] != 0)
		at += 1 + (size_t)wire[at];
	at += 1 + 4;
	tarn__put16(wire + 2, (uint16_t)(TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | rcode));
	memset(wire + 6, 0, 6);
	if (rcode != TARN__NOERROR)
		return at;
	wire[7] = 1;
	memcpy(wire + at, record, sizeof(record));
	tarn__put32(wire + at + 6, ttl);
	return at + sizeof(record);
}

/* ---- reading ---------------------------------------------------------------------------- */

struct text {
	size_t len;
	char octets[256 * 1024];
};

#define ADD_TEXT(text, ...)                                                                        \
	((text)->len += (size_t)snprintf((text)->octets + (text)->len,                             \
					 sizeof((text)->octets) - (text)->len, __VA_ARGS__))

static inline void add_name(struct text *text, struct tarn__reader *reader, const char *after)
{
	uint8_t name[TARN__NAME_MAX];
	char name_text[TARN__NAME_TEXT_MAX];
	ck_assert_uint_gt(tarn__name_read(reader, name), 0);
	ADD_TEXT(text, "%s%s", tarn__name_format(name, name_text), after);
}

static inline void add_rdata(struct text *text, struct tarn__reader *reader, uint16_t type)
{
	char word[TARN__WORD_MAX];
	switch (type) {
	case TARN__TYPE_A: {
		const uint8_t *a = tarn__read_octets(reader, 4);
		ck_assert_ptr_nonnull(a);
		ADD_TEXT(text, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
		break;
	}
	case TARN__TYPE_TXT: {
		unsigned len = tarn__read8(reader);
		const uint8_t *string = tarn__read_octets(reader, len);
		ck_assert_ptr_nonnull(string);
		ADD_TEXT(text, "%.*s", (int)len, (const char *)string);
		break;
	}
	case TARN__TYPE_NS:
	case TARN__TYPE_CNAME:
	case TARN__TYPE_PTR:
	case TARN__TYPE_DNAME:
		add_name(text, reader, "");
		break;
	case TARN__TYPE_MX:
		ADD_TEXT(text, "%u ", tarn__read16(reader));
		add_name(text, reader, "");
		break;
	case TARN__TYPE_SRV:
		for (unsigned i = 0; i < 3; i++)
			ADD_TEXT(text, "%u ", tarn__read16(reader));
		add_name(text, reader, "");
		break;
	case TARN__TYPE_SOA: {
		add_name(text, reader, " ");
		add_name(text, reader, " ");
		const uint8_t *numbers = tarn__read_octets(reader, 20);
		ck_assert_ptr_nonnull(numbers);
		for (uint32_t i = 0; i < 4; i++)
			ck_assert_uint_eq(tarn__get32(numbers + 4 * i), i + 1);
		ADD_TEXT(text, "%u", tarn__get32(numbers + 16));
		break;
	}
	case TARN__TYPE_RRSIG:
		ADD_TEXT(text, "%s", tarn__type_format(tarn__read16(reader), word));
		reader->at = reader->end;
		break;
	case TARN__TYPE_NSEC:
		add_name(text, reader, "");
		reader->at = reader->end;
		break;
	default:
		for (; tarn__reader_left(reader) > 0; text->len += 2)
			*tarn__base16_write(tarn__read_octets(reader, 1), 1,
					    text->octets + text->len) = '\0';
	}
	ck_assert(!reader->failed);
	ck_assert_uint_eq(reader->at, reader->end);
}

/*
 * Returns the records of a message with one question at most, as text; OPT is left out. Fails if the message
 * has octets beside its header, question and records.
 */
static inline const char *read_records(struct text *text, const uint8_t *wire, size_t len)
{
	text->len = 0;
	text->octets[0] = '\0';
	ck_assert_uint_ge(len, TARN__HEADER_LEN);
	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	if (tarn__get16(wire + 4) > 0) {
		uint8_t name[TARN__NAME_MAX];
		ck_assert_uint_gt(tarn__name_read(&reader, name), 0);
		ck_assert_ptr_nonnull(tarn__read_octets(&reader, 4));
	}
	unsigned pending = 0; /* section marks to write before the next record */
	for (unsigned section = 1; section <= 3; section++) {
		for (unsigned i = tarn__get16(wire + 4 + 2 * section); i > 0; i--) {
			struct tarn__record record;
			ck_assert(tarn__record_read(&reader, &record));
			if (record.type == TARN__TYPE_OPT)
				continue;
			for (; pending > 0; pending--)
				ADD_TEXT(text, "--\n");
			char owner[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX];
			ADD_TEXT(text, "%s %u %s ", tarn__name_format(record.owner, owner),
				 record.ttl, tarn__type_format(record.type, type));
			struct tarn__reader rdata = {
				.wire = wire,
				.at = reader.at - record.rdata_len,
				.end = reader.at,
			};
			add_rdata(text, &rdata, record.type);
			ADD_TEXT(text, "\n");
		}
		pending++;
	}
	ck_assert_uint_eq(reader.at, len);
	return text->octets;
}

#endif

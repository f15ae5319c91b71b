/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/saying.c: the messages of servers, octet by octet. */
#include "saying.h"

#include <string.h>

#include "dns/denial.h"
#include "dns/edns.h"
#include "dns/message.h"
#include "dns/name.h"

enum { OPT_LEN = 11, OPTION_COOKIE = 10 };

/* ---- what was asked --------------------------------------------------------------------- */

static size_t name_len(const uint8_t *name)
{
	size_t len = 0;
	while (name[len] != 0)
		len += 1U + name[len];
	return len + 1;
}

struct asked asked_read(const uint8_t *wire, size_t len, bool over_udp)
{
	struct asked asked = {.wire = wire, .len = len, .over_udp = over_udp};
	asked.name_len = name_len(wire + TARN__HEADER_LEN);
	asked.question_end = TARN__HEADER_LEN + asked.name_len + 4;
	asked.type = tarn__get16(wire + asked.question_end - 4);
	for (size_t i = 0; i < asked.name_len; i++)
		asked.is_mixed |= (uint8_t)(wire[TARN__HEADER_LEN + i] - 'A') < 26;
	asked.has_opt = len >= asked.question_end + OPT_LEN;
	const uint8_t *options = wire + asked.question_end + OPT_LEN;
	if (asked.has_opt && wire + len >= options + 4 + COOKIE_CLIENT_LEN &&
	    tarn__get16(options) == OPTION_COOKIE)
		asked.cookie = options + 4;
	return asked;
}

/* ---- records ---------------------------------------------------------------------------- */

struct writer {
	uint8_t *wire;
	size_t at;
	uint32_t serial, ttl;
	enum mark mark;
	uint16_t class;
};

enum section { ANSWER = 6, AUTHORITY = 8, ADDITIONAL = 10 };

static void put_octets(struct writer *writer, const void *octets, size_t len)
{
	memcpy(writer->wire + writer->at, octets, len);
	writer->at += len;
}

static void put16(struct writer *writer, uint16_t value)
{
	tarn__put16(writer->wire + writer->at, value);
	writer->at += 2;
}

static void put32(struct writer *writer, uint32_t value)
{
	tarn__put32(writer->wire + writer->at, value);
	writer->at += 4;
}

static const uint8_t at_question[] = {0xc0, TARN__HEADER_LEN};
static const uint8_t alias[] = "\5alias\3net";
static const uint8_t elsewhere[] = "\4else\5where\3org";

/* Returns where RDLENGTH stands. */
static size_t begin_record(struct writer *writer, enum section section, const void *owner,
			   size_t owner_len, uint16_t type)
{
	tarn__put16(writer->wire + section, (uint16_t)(tarn__get16(writer->wire + section) + 1));
	put_octets(writer, owner, owner_len);
	put16(writer, type);
	put16(writer, writer->class);
	put32(writer, writer->ttl);
	put16(writer, 0);
	return writer->at - 2;
}

static void end_record(struct writer *writer, size_t len_at)
{
	tarn__put16(writer->wire + len_at, (uint16_t)(writer->at - len_at - 2));
}

static void put_mark(struct writer *writer)
{
	put32(writer, (uint32_t)writer->mark << 24 | writer->serial);
}

/* An address or a text with the mark, and a number so that several are a set. */
static void put_record(struct writer *writer, enum section section, const void *owner,
		       size_t owner_len, uint16_t type, uint8_t number)
{
	size_t len_at = begin_record(writer, section, owner, owner_len, type);
	static const uint8_t prefix[] = {0x26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	if (type == TARN__TYPE_AAAA) {
		put_octets(writer, prefix, sizeof prefix);
		put_octets(writer, &number, 1);
	} else if (type != TARN__TYPE_A) {
		put_octets(writer, (uint8_t[]){5, number}, 2);
	}
	put_mark(writer);
	end_record(writer, len_at);
}

static void put_name_record(struct writer *writer, enum section section, const void *owner,
			    size_t owner_len, uint16_t type, const void *target, size_t target_len)
{
	size_t len_at = begin_record(writer, section, owner, owner_len, type);
	put_octets(writer, target, target_len);
	end_record(writer, len_at);
}

static void put_soa(struct writer *writer, const void *owner, size_t owner_len)
{
	size_t len_at = begin_record(writer, AUTHORITY, owner, owner_len, TARN__TYPE_SOA);
	put_octets(writer, "\0", 2);
	put_mark(writer);
	for (int i = 0; i < 3; i++)
		put32(writer, 3600);
	put32(writer, writer->ttl);
	end_record(writer, len_at);
}

bool saying_find_mark(uint16_t type, const uint8_t *rdata, size_t len, enum mark *mark,
		      uint32_t *serial)
{
	size_t at;
	if (type == TARN__TYPE_A && len == 4)
		at = 0;
	else if (type == TARN__TYPE_AAAA && len == 16)
		at = 12;
	else if (type == TARN__TYPE_TXT && len == 6)
		at = 2;
	else if (type == TARN__TYPE_SOA && len == 22)
		at = 2;
	else
		return false;
	uint32_t value = tarn__get32(rdata + at);
	*mark = (enum mark)(value >> 24);
	*serial = value & 0xffffff;
	return *mark == MARK_TRUE || *mark == MARK_FORGED;
}

/* ---- messages --------------------------------------------------------------------------- */

static void begin(struct writer *writer, const struct asked *asked, uint16_t rcode)
{
	memset(writer->wire, 0, TARN__HEADER_LEN);
	memcpy(writer->wire, asked->wire, 2);
	tarn__put16(writer->wire + 2, (uint16_t)(TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA |
						 (rcode & TARN__FLAG_RCODE)));
	tarn__put16(writer->wire + 4, 1);
	writer->at = TARN__HEADER_LEN;
	put_octets(writer, asked->wire + TARN__HEADER_LEN, asked->question_end - TARN__HEADER_LEN);
}

static void put_opt(struct writer *writer, const struct asked *asked, uint16_t rcode,
		    enum saying saying, bool server_cookie)
{
	if (!asked->has_opt || saying == SAY_FORMERR_PLAIN)
		return;
	tarn__put16(writer->wire + ADDITIONAL,
		    (uint16_t)(tarn__get16(writer->wire + ADDITIONAL) + 1));
	put_octets(writer, "\0\0\51\4\320", 5);
	put32(writer, (uint32_t)(rcode >> 4) << 24);
	bool has_cookie = asked->cookie && server_cookie && saying != SAY_NO_COOKIE;
	if (asked->cookie && saying == SAY_WRONG_COOKIE)
		has_cookie = true;
	put16(writer, has_cookie ? 4 + 2 * COOKIE_CLIENT_LEN : 0);
	if (!has_cookie)
		return;
	put16(writer, OPTION_COOKIE);
	put16(writer, 2 * COOKIE_CLIENT_LEN);
	put_octets(writer, asked->cookie, COOKIE_CLIENT_LEN);
	writer->wire[writer->at - 1] ^= saying == SAY_WRONG_COOKIE;
	put_octets(writer, "\1\2\3\4\5\6\7\10", COOKIE_CLIENT_LEN);
}

static void put_others(struct writer *writer, const struct asked *asked)
{
	struct writer forged = *writer;
	forged.mark = MARK_FORGED;
	put_record(&forged, ANSWER, elsewhere, sizeof elsewhere, asked->type, 1);
	put_record(&forged, ANSWER, alias, sizeof alias, asked->type, 1);
	put_soa(&forged, elsewhere, sizeof elsewhere);
	put_record(&forged, ADDITIONAL, at_question, sizeof at_question, TARN__TYPE_AAAA, 9);
	put_record(&forged, ADDITIONAL, at_question, sizeof at_question, TARN__TYPE_A, 9);
	put_record(&forged, ADDITIONAL, elsewhere, sizeof elsewhere, TARN__TYPE_TXT, 1);
	writer->at = forged.at;
}

static void put_alias(struct writer *writer, const struct asked *asked)
{
	put_name_record(writer, ANSWER, at_question, sizeof at_question, TARN__TYPE_CNAME, alias,
			sizeof alias);
	put_record(writer, ANSWER, alias, sizeof alias, asked->type, 1);
}

static void put_two_aliases(struct writer *writer, const struct asked *asked)
{
	put_alias(writer, asked);
	put_name_record(writer, ANSWER, at_question, sizeof at_question, TARN__TYPE_CNAME,
			elsewhere, sizeof elsewhere);
}

static void put_records(struct writer *writer, const struct asked *asked, const void *owner,
			size_t owner_len)
{
	for (uint8_t i = 0; i <= writer->serial % 2; i++)
		/* Two equal records of a set would be one. */
		if (asked->type != TARN__TYPE_A || i == 0)
			put_record(writer, ANSWER, owner, owner_len, asked->type, i);
}

static void put_body(struct writer *writer, const struct asked *asked, enum saying saying)
{
	switch (saying) {
	case SAY_ALIAS:
		put_alias(writer, asked);
		break;
	case SAY_NODATA:
	case SAY_NXDOMAIN:
		put_soa(writer, "", 1);
		break;
	case SAY_NXDOMAIN_ALONE:
	case SAY_HEADER:
		break;
	case SAY_REFERRAL:
		put_name_record(writer, AUTHORITY, at_question, sizeof at_question, TARN__TYPE_NS,
				elsewhere, sizeof elsewhere);
		put_record(writer, ADDITIONAL, elsewhere, sizeof elsewhere, TARN__TYPE_A, 1);
		break;
	case SAY_OTHER_OWNER:
		put_records(writer, asked, elsewhere, sizeof elsewhere);
		break;
	case SAY_TWO_ALIASES:
		put_two_aliases(writer, asked);
		break;
	case SAY_NXDOMAIN_AND_RECORDS:
		put_records(writer, asked, at_question, sizeof at_question);
		put_soa(writer, "", 1);
		break;
	case SAY_SOA_FROM_ELSEWHERE:
		put_soa(writer, elsewhere, sizeof elsewhere);
		break;
	default:
		put_records(writer, asked, at_question, sizeof at_question);
	}
	if (saying == SAY_RECORDS_AND_OTHERS)
		put_others(writer, asked);
}

static uint16_t rcode_of(enum saying saying)
{
	switch (saying) {
	case SAY_NXDOMAIN:
	case SAY_NXDOMAIN_ALONE:
	case SAY_NXDOMAIN_AND_RECORDS:
	case SAY_SOA_FROM_ELSEWHERE:
		return TARN__NXDOMAIN;
	case SAY_SERVFAIL:
	case SAY_HEADER:
		return TARN__SERVFAIL;
	case SAY_REFUSED:
		return TARN__REFUSED;
	case SAY_FORMERR:
	case SAY_FORMERR_PLAIN:
		return TARN__FORMERR;
	case SAY_NOTIMP:
		return TARN__NOTIMP;
	case SAY_BADVERS:
		return TARN__BADVERS;
	case SAY_BADCOOKIE:
		return TARN__BADCOOKIE;
	default:
		return TARN__NOERROR;
	}
}

/* Changes the case of the name's first letter. Returns false if it has none. */
static bool change_case(uint8_t *name, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if ((uint8_t)((name[i] | 0x20) - 'a') < 26) {
			name[i] ^= 0x20;
			return true;
		}
	}
	return false;
}

/* Nothing more is written behind it: the message may be truncated here. */
static void spoil(struct said *out, const struct asked *asked, enum saying saying)
{
	uint8_t *wire = out->wire, *name = wire + TARN__HEADER_LEN;
	switch (saying) {
	case SAY_TRUNCATED:
		wire[2] |= TARN__FLAG_TC >> 8;
		break;
	case SAY_WRONG_ID:
		wire[1] ^= 1;
		break;
	case SAY_WRONG_NAME:
		name[1] = name[1] == '_' ? '-' : '_';
		break;
	case SAY_WRONG_TYPE:
		wire[asked->question_end - 3] ^= 1;
		break;
	case SAY_QUERY:
		wire[2] &= (uint8_t) ~(TARN__FLAG_QR >> 8);
		break;
	case SAY_OPCODE:
		wire[2] |= 4 << 3;
		break;
	case SAY_WRONG_CASE:
		change_case(name, asked->name_len);
		break;
	case SAY_HEADER:
		out->len = TARN__HEADER_LEN;
		memset(wire + 4, 0, 8);
		break;
	default:
		break;
	}
}

/* The question goes, what is behind it moves up. */
static void drop_question(struct said *out, const struct asked *asked)
{
	size_t len = asked->question_end - TARN__HEADER_LEN;
	memmove(out->wire + TARN__HEADER_LEN, out->wire + asked->question_end,
		out->len - asked->question_end);
	tarn__put16(out->wire + 4, 0);
	out->len -= len;
}

static enum mark mark_of(const struct asked *asked, enum saying saying)
{
	if (saying <= SAY_TRUE_LAST || saying == SAY_NO_COOKIE)
		return MARK_TRUE;
	if (saying == SAY_WRONG_CASE)
		return asked->is_mixed ? MARK_FORGED : MARK_TRUE;
	if (saying == SAY_WRONG_COOKIE)
		return asked->over_udp && asked->cookie ? MARK_FORGED : MARK_TRUE;
	return MARK_FORGED;
}

static uint32_t kept_ttl(uint32_t ttl, bool is_denial)
{
	if (ttl & UINT32_C(0x80000000))
		return 0;
	uint32_t max = is_denial ? TARN__NEGATIVE_TTL_MAX : TARN__TTL_MAX;
	return ttl < max ? ttl : max;
}

void say(const struct asked *asked, enum saying saying, uint32_t serial, uint32_t ttl,
	 bool server_cookie, struct said *out)
{
	/* All set bits of BADVERS are in the OPT's part of the rcode. */
	if (saying == SAY_BADVERS && !asked->has_opt)
		saying = SAY_RECORDS;
	*out = (struct said){.mark = mark_of(asked, saying)};
	out->is_taken = saying <= SAY_TRUE_LAST;
	out->may_be_taken = out->mark == MARK_TRUE || saying == SAY_SOA_FROM_ELSEWHERE ||
			    saying == SAY_OTHER_OWNER || saying == SAY_OTHER_CLASS;
	out->is_nxdomain = saying == SAY_NXDOMAIN || saying == SAY_NXDOMAIN_ALONE;
	out->is_denial = out->is_nxdomain || saying == SAY_NODATA;
	out->ttl = saying == SAY_NXDOMAIN_ALONE ? 0 : kept_ttl(ttl, out->is_denial);
	struct writer writer = {.wire = out->wire,
				.serial = serial,
				.ttl = ttl,
				.mark = out->mark,
				.class = TARN__CLASS_IN};
	if (saying == SAY_OTHER_CLASS)
		writer.class = TARN__CLASS_CH;
	begin(&writer, asked, rcode_of(saying));
	put_body(&writer, asked, saying);
	put_opt(&writer, asked, rcode_of(saying), saying, server_cookie);
	out->len = writer.at;
	spoil(out, asked, saying);
	if (saying == SAY_NO_QUESTION)
		drop_question(out, asked);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/match.c: header and question of a response compared with those of the query. */
#include "dns/match.h"

#include <stdbool.h>
#include <string.h>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/query.h"

static bool may_lack_question(unsigned rcode)
{
	switch (rcode) {
	case TARN__FORMERR:
	case TARN__SERVFAIL:
	case TARN__NOTIMP:
	case TARN__REFUSED:
		return true;
	}
	return false;
}

enum { FIXED_LEN = 4 /* QTYPE and QCLASS */ };

/* room: octets of the response from the question on. fixed: QTYPE and QCLASS that were asked for. */
static enum tarn__match compare_questions(const uint8_t *question, size_t room, const uint8_t *name,
					  size_t name_len, const uint8_t *fixed)
{
	if (room < name_len + FIXED_LEN || memcmp(question + name_len, fixed, FIXED_LEN) != 0 ||
	    !tarn__name_is_equal(question, name, name_len))
		return TARN__MATCH_NONE;
	return memcmp(question, name, name_len) == 0 ? TARN__MATCH_EXACT : TARN__MATCH_SPELLING;
}

/* The id, and that the query has a question, have been compared. */
static enum tarn__match compare(const uint8_t *wire, size_t len, const uint8_t *name,
				size_t name_len, const uint8_t *fixed)
{
	uint16_t flags = tarn__get16(wire + 2);
	if (!(flags & TARN__FLAG_QR) || flags & TARN__FLAG_OPCODE)
		return TARN__MATCH_NONE;
	switch (tarn__get16(wire + 4)) {
	case 0:
		return may_lack_question(flags & TARN__FLAG_RCODE) ? TARN__MATCH_HEADER
								   : TARN__MATCH_NONE;
	case 1:
		return compare_questions(wire + TARN__HEADER_LEN, len - TARN__HEADER_LEN, name,
					 name_len, fixed);
	}
	return TARN__MATCH_NONE;
}

enum tarn__match tarn__match(const uint8_t *wire, size_t len, const uint8_t *asked,
			     size_t asked_len)
{
	if (len < TARN__HEADER_LEN || asked_len < TARN__HEADER_LEN || memcmp(wire, asked, 2) != 0)
		return TARN__MATCH_NONE;
	const uint8_t *question = asked + TARN__HEADER_LEN;
	size_t room = asked_len - TARN__HEADER_LEN;
	size_t name_len = tarn__name_span(question, room);
	if (name_len == 0 || room < name_len + FIXED_LEN)
		return TARN__MATCH_NONE;
	return compare(wire, len, question, name_len, question + name_len);
}

enum tarn__match tarn__match_key(const uint8_t *wire, size_t len, const struct tarn__key *key)
{
	uint8_t fixed[FIXED_LEN];
	if (len < TARN__HEADER_LEN || tarn__get16(wire) != 0)
		return TARN__MATCH_NONE;
	tarn__put16(fixed, key->qtype);
	tarn__put16(fixed + 2, key->qclass);
	return compare(wire, len, key->qname, key->qname_len, fixed);
}

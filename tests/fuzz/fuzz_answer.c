/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_answer.c: from any message of an upstream, the stored form makes replies that are well
 * formed and keep their limits; and such a reply, sent as an answer, is stored as the same.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/answer.h"
#include "dns/cookie.h"
#include "dns/denial.h"
#include "dns/match.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/reply.h"

static uint8_t stored[TARN__STORED_MAX], again[TARN__STORED_MAX];
static uint8_t reply[TARN__MESSAGE_MAX];

static void check_reply(const struct tarn__query *query, size_t stored_len, size_t limit)
{
	size_t len =
		tarn__reply_stored(query, stored, stored_len,
				   &(struct tarn__reply){.limit = limit, .age_sec = 10}, reply);
	fuzz_check(len <= limit);
	struct tarn__reader reader = {.wire = reply, .end = len};
	reader.at = TARN__HEADER_LEN + (size_t)query->qname_len + 4;
	unsigned count = tarn__get16(reply + 6) + tarn__get16(reply + 8);
	for (unsigned i = 0; i < count; i++) {
		struct tarn__record record;
		fuzz_check(tarn__record_read(&reader, &record));
		fuzz_check(record.ttl <= TARN__TTL_MAX - 10 && record.type != TARN__TYPE_OPT);
	}
	fuzz_check(tarn__reader_left(&reader) >= query->has_opt * 11U);
	fuzz_check(query->has_opt || tarn__reader_left(&reader) == 0);
}

static bool is_same(const struct tarn__record *a, const struct tarn__record *b)
{
	return a->type == b->type && a->owner_len == b->owner_len && a->rdata_len == b->rdata_len &&
	       tarn__name_is_equal(a->owner, b->owner, a->owner_len) &&
	       memcmp(a->rdata, b->rdata, a->rdata_len) == 0;
}

/* No section of the reply has a record twice. Of long ones the first records are compared. */
static void check_sets(size_t at, size_t len)
{
	static struct tarn__record records[32];
	struct tarn__reader reader = {.wire = reply, .at = at, .end = len};
	for (unsigned section = 0; section < 2; section++) {
		unsigned count = tarn__get16(reply + 6 + 2 * section);
		for (unsigned i = 0; i < count; i++) {
			struct tarn__record *record = &records[i < 32 ? i : 31];
			fuzz_check(tarn__record_read(&reader, record));
			for (unsigned j = 0; j < i && i < 32; j++)
				fuzz_check(!is_same(record, &records[j]));
		}
	}
}

/* The question asked is the message's own; its Z flag stands for DO, its AA for exact case. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__query query = {.flags = TARN__FLAG_AD};
	if (len < TARN__HEADER_LEN)
		return 0;
	query.qname = data + TARN__HEADER_LEN;
	query.qname_len = (uint16_t)tarn__name_span(query.qname, len - TARN__HEADER_LEN);
	if (query.qname_len == 0 || len < TARN__HEADER_LEN + (size_t)query.qname_len + 4)
		return 0;
	query.qtype = tarn__get16(query.qname + query.qname_len);
	query.qclass = tarn__get16(query.qname + query.qname_len + 2);
	query.dnssec_ok = data[3] & TARN__FLAG_Z;

	uint8_t octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	struct tarn__key key;
	fuzz_check(tarn__key_read(octets, tarn__key_write(&query, octets), &key));
	size_t asked_len = tarn__query_write(
		&key, &(struct tarn__query_options){.id = tarn__get16(data)}, asked);
	struct tarn__answer answer, second;
	bool exact_case = tarn__get16(data + 2) & TARN__FLAG_AA;
	tarn__answer_read(data, len, asked, asked_len, &key, exact_case, stored, &answer);
	fuzz_check((answer.answer_class == TARN__ANSWER_FOREIGN) ==
		   (tarn__match(data, len, asked, asked_len) == TARN__MATCH_NONE));
	if (answer.cookie)
		fuzz_check(answer.cookie + answer.cookie_len <= data + len &&
			   tarn__cookie_len_is_valid(answer.cookie_len));
	if (answer.answer_class != TARN__ANSWER_GOOD)
		return 0;
	fuzz_check(!exact_case || memcmp(query.qname, key.qname, key.qname_len) == 0);
	fuzz_check(answer.ttl <= (answer.is_negative ? TARN__NEGATIVE_TTL_MAX : TARN__TTL_MAX));
	for (size_t limit = TARN__UDP_MIN; limit <= TARN__MESSAGE_MAX; limit += limit / 2) {
		query.has_opt = !query.has_opt;
		check_reply(&query, answer.len, limit);
	}

	query.has_opt = false;
	query.id = tarn__get16(data);
	size_t reply_len = tarn__reply_stored(
		&query, stored, answer.len,
		&(struct tarn__reply){.limit = TARN__MESSAGE_MAX, .trust_ad = true}, reply);
	check_sets(TARN__HEADER_LEN + (size_t)query.qname_len + 4, reply_len);
	tarn__answer_read(reply, reply_len, asked, asked_len, &key, false, again, &second);
	fuzz_check(second.answer_class == TARN__ANSWER_GOOD && second.ttl == answer.ttl);
	fuzz_check(second.len == answer.len && memcmp(stored, again, second.len) == 0);
	return 0;
}

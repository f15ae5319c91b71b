/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_local.c: a local answer to any question is one that an upstream could have sent,
 * and has the same stored form.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/answer.h"
#include "dns/denial.h"
#include "dns/local.h"
#include "dns/reply.h"

static void check(const struct tarn__query *query, const uint8_t *stored, size_t len,
		  bool is_negative)
{
	static uint8_t reply[TARN__MESSAGE_MAX], again[TARN__STORED_MAX];
	uint8_t octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	struct tarn__key key;
	struct tarn__answer answer;
	fuzz_check(tarn__key_read(octets, tarn__key_write(query, octets), &key));
	size_t asked_len =
		tarn__query_write(&key, &(struct tarn__query_options){.id = query->id}, asked);
	size_t reply_len = tarn__reply_stored(query, stored, len,
					      &(struct tarn__reply){.limit = TARN__UDP_MAX}, reply);
	tarn__answer_read(reply, reply_len, asked, asked_len, &key, false, again, &answer);
	fuzz_check(answer.answer_class == TARN__ANSWER_GOOD && answer.is_negative == is_negative);
	fuzz_check(answer.len == len && memcmp(stored, again, len) == 0);
}

/* A question, and behind it RDATA; its id selects the name above qname that is denied. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__query query;
	uint8_t stored[TARN__LOCAL_MAX];
	if (tarn__query_parse(data, len, &query) != TARN__QUERY_GOOD)
		return 0;
	query.has_opt = false;
	size_t at = 0;
	for (unsigned i = 0; i < query.id && query.qname[at] != 0; i++)
		at += 1 + query.qname[at];
	uint16_t rcode = query.flags & TARN__FLAG_AD ? TARN__NXDOMAIN : TARN__NOERROR;
	size_t stored_len = tarn__local_negative(&query, rcode, query.qname_len - at,
						 TARN__NEGATIVE_TTL_MAX, stored);
	check(&query, stored, stored_len, true);

	query.qtype = 65280;
	const uint8_t *rdata = query.qname + query.qname_len + 4;
	size_t rdata_len = (size_t)(data + len - rdata);
	if (rdata_len > TARN__LOCAL_RDATA_MAX)
		rdata_len = TARN__LOCAL_RDATA_MAX;
	stored_len = tarn__local_record(&query, 65280, TARN__TTL_MAX, rdata, rdata_len, stored);
	check(&query, stored, stored_len, false);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_query.c: the reply to any message of a client is well formed and has its cookie,
 * and its key reads back.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/name.h"
#include "dns/reply.h"

static void check_key(const struct tarn__query *query)
{
	uint8_t octets[TARN__KEY_MAX], query_options[TARN__QUERY_MAX];
	struct tarn__key key;
	fuzz_check(tarn__key_read(octets, tarn__key_write(query, octets), &key));
	fuzz_check(key.qname_len == query->qname_len && key.qtype == query->qtype);
	fuzz_check(tarn__name_is_equal(key.qname, query->qname, key.qname_len));
	fuzz_check(key.dnssec_ok == query->dnssec_ok);

	struct tarn__query upstream;
	const struct tarn__query_options how = {.id = query->id,
						.edns = query->has_opt,
						.cookie = query->cookie,
						.cookie_len = query->cookie_len};
	size_t len = tarn__query_write(&key, &how, query_options);
	fuzz_check(tarn__query_parse(query_options, len, &upstream) == TARN__QUERY_GOOD);
	fuzz_check(upstream.has_opt == query->has_opt && upstream.qtype == query->qtype);
	fuzz_check(upstream.cookie_len == query->cookie_len);
}

/* A client off the access list gets no more octets than it sent: the question, if it is good, or a header. */
static void check_refusal(struct tarn__query query, bool is_good,
			  const struct tarn__options *options, size_t len)
{
	uint8_t reply[TARN__UDP_MIN];
	query.qname = is_good ? query.qname : NULL;
	query.has_opt = is_good && query.has_opt;
	size_t limit = len < sizeof(reply) ? len : sizeof(reply);
	fuzz_check(tarn__reply_error(&query, TARN__REFUSED, options, limit, reply) <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__query query, again;
	uint8_t reply[TARN__UDP_MIN];
	int parsed = tarn__query_parse(data, len, &query);
	if (parsed == TARN__QUERY_DROP)
		return 0;
	if (parsed == TARN__QUERY_GOOD) {
		check_key(&query);
		/* A question, an OPT and a signature. */
		fuzz_check(tarn__get16(data + 4) == 1 && tarn__get32(data + 6) == 0);
		fuzz_check(tarn__get16(data + 10) <= query.has_opt + 1);
	}
	const struct tarn__options options = {
		.cookie = query.cookie,
		.cookie_len = query.cookie_len,
		.has_keepalive = query.wants_keepalive,
		.ede_count = 1,
		.ede = {{.code = TARN__EDE_NETWORK_ERROR, .text = "text"}},
	};
	check_refusal(query, parsed == TARN__QUERY_GOOD, &options, len);
	size_t reply_len =
		tarn__reply_error(&query, (uint16_t)parsed, &options, TARN__UDP_MIN, reply);
	fuzz_check(reply_len <= sizeof(reply));
	fuzz_check(tarn__query_parse(reply, reply_len, &again) == TARN__QUERY_DROP);
	reply[2] &= 0x7f; /* not a response any more: it can be parsed as a question */
	parsed = tarn__query_parse(reply, reply_len, &again);
	fuzz_check(again.id == query.id && again.has_opt == query.has_opt);
	fuzz_check(!again.qname == !query.qname && again.cookie_len == query.cookie_len);
	fuzz_check(again.qname ? again.qtype == query.qtype : parsed != TARN__QUERY_GOOD);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_reply.c: replies to clients, from the stored form and without it. */
#include "dns/reply.h"
#include "dns/cookie.h"

#include "dns/answer.h"
#include "support/message.h"
#include "support/unit.h"

enum {
	RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA,
	QUESTION_END = TARN__HEADER_LEN + 17, /* www.example. */
};

static struct message question, message;
static struct tarn__query query;
static uint8_t stored[TARN__STORED_MAX];
static size_t stored_len;
static struct tarn__reply how;
static uint8_t reply[TARN__MESSAGE_MAX];
static size_t reply_len;
static struct text text;

static void set_up(void)
{
	how = (struct tarn__reply){.limit = TARN__UDP_MAX};
}

/* The client's question; opt_ttl < 0: without OPT. */
static void ask(const char *name, unsigned type, unsigned flags, int64_t opt_ttl)
{
	put_header(&question, 0xbeef, flags);
	put_question(&question, name, type);
	if (opt_ttl >= 0)
		put_opt(&question, 4096, (uint32_t)opt_ttl, NULL, 0);
	tarn__query_parse(question.wire, question.len, &query);
}

/* Stores what an upstream answers to the client's question. */
static void store(unsigned flags, const char *records)
{
	uint8_t key_octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	struct tarn__key key;
	ck_assert(tarn__key_read(key_octets, tarn__key_write(&query, key_octets), &key));
	size_t asked_len = tarn__query_write(
		&key, &(struct tarn__query_options){.id = 1, .edns = true}, asked);
	put_header(&message, 1, RESPONSE | flags);
	put_octets(&message, asked + TARN__HEADER_LEN, (size_t)key.qname_len + 4);
	count_one(&message, 0);
	put_records(&message, records);
	struct tarn__answer answer;
	tarn__answer_read(message.wire, message.len, asked, asked_len, &key, true, stored, &answer);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	stored_len = answer.len;
}

/* In room of just the limit, so that a sanitizer sees a write past it. */
static const char *replied(void)
{
	uint8_t *out = malloc(how.limit);
	ck_assert_ptr_nonnull(out);
	reply_len = tarn__reply_stored(&query, stored, stored_len, &how, out);
	ck_assert_uint_le(reply_len, how.limit);
	memcpy(reply, out, reply_len);
	free(out);
	return read_records(&text, reply, reply_len);
}

static void fail_within(size_t limit, uint16_t rcode, const struct tarn__options *options)
{
	uint8_t *out = malloc(TARN__UDP_MIN);
	ck_assert_ptr_nonnull(out);
	reply_len = tarn__reply_error(&query, rcode, options, limit, out);
	ck_assert_uint_le(reply_len, TARN__UDP_MIN);
	memcpy(reply, out, reply_len);
	free(out);
	ck_assert_str_eq(read_records(&text, reply, reply_len), "");
}

static void fail_with(uint16_t rcode, const struct tarn__options *options)
{
	fail_within(TARN__UDP_MIN, rcode, options);
}

static uint16_t flags(void)
{
	return tarn__get16(reply + 2);
}

/* The OPT of a reply, with options of len octets; NULL: there is none. */
static const uint8_t *opt(size_t options_len)
{
	if (tarn__get16(reply + 10) == 0)
		return NULL;
	ck_assert_uint_eq(tarn__get16(reply + 10), 1);
	const uint8_t *octets = reply + reply_len - 11 - options_len;
	ck_assert_uint_eq(octets[0], 0);
	ck_assert_uint_eq(tarn__get16(octets + 1), TARN__TYPE_OPT);
	ck_assert_uint_eq(tarn__get16(octets + 9), options_len);
	return octets;
}

/* A chain of two links and an RRset of 30 records, of more than 512 octets. */
static void store_chain(void)
{
	ask("www.example.", TARN__TYPE_A, TARN__FLAG_RD, 0);
	static char records[2048];
	int len =
		snprintf(records, sizeof(records),
			 "www.example. 60 CNAME a.example.\na.example. 60 CNAME b.example.test.\n");
	for (int i = 0; i < 30; i++)
		len += snprintf(records + len, sizeof(records) - (size_t)len,
				"b.example.test. 60 A 192.0.2.%d\n", i);
	store(0, records);
}

static unsigned answer_count(void)
{
	return tarn__get16(reply + 6);
}

/* ---- header and question ---------------------------------------------------------------- */

START_TEST(reply_is_to_the_client_as_it_asked)
{
	ask("wWw.eXample.", TARN__TYPE_A, TARN__FLAG_RD, -1);
	store(0, "www.example. 300 A 192.0.2.1\nwww.example. 300 A 192.0.2.2");
	ck_assert_str_eq(replied(), "wWw.eXample. 300 A 192.0.2.1\nwWw.eXample. 300 A 192.0.2.2\n");
	ck_assert_uint_eq(tarn__get16(reply), 0xbeef);
	ck_assert_uint_eq(flags(), RESPONSE);
	ck_assert_mem_eq(reply + TARN__HEADER_LEN, question.wire + TARN__HEADER_LEN, 17);
	ck_assert_uint_eq(tarn__get16(reply + 4), 1);
	ck_assert_uint_eq(tarn__get16(reply + 10), 0);
}
END_TEST

START_TEST(names_in_rdata_do_not_take_the_clients_spelling)
{
	ask("WWW.EXAMPLE.", TARN__TYPE_MX, 0, -1);
	store(0, "www.example. 60 MX 1 a.Example.\nwww.example. 60 MX 2 b.example.\n"
		 "www.example. 60 MX 3 c.Example.\n");
	ck_assert_str_eq(replied(), "WWW.EXAMPLE. 60 MX 1 a.Example.\n"
				    "WWW.EXAMPLE. 60 MX 2 b.example.\n"
				    "WWW.EXAMPLE. 60 MX 3 c.Example.\n");
}
END_TEST

static const struct {
	unsigned asked, replied;
} copied_flags[] = {
	{0, TARN__FLAG_QR | TARN__FLAG_RA},
	{TARN__FLAG_RD, TARN__FLAG_QR | TARN__FLAG_RA | TARN__FLAG_RD},
	{TARN__FLAG_CD, TARN__FLAG_QR | TARN__FLAG_RA | TARN__FLAG_CD},
	{TARN__FLAG_AA | TARN__FLAG_TC | TARN__FLAG_RA | TARN__FLAG_Z | 0xf,
	 TARN__FLAG_QR | TARN__FLAG_RA},
};

START_TEST(rd_and_cd_are_copied_and_no_other_flag)
{
	ask("www.example.", TARN__TYPE_A, copied_flags[_i].asked, -1);
	store(TARN__FLAG_AA, "www.example. 300 A 192.0.2.1");
	replied();
	ck_assert_uint_eq(flags(), copied_flags[_i].replied);
	fail_with(TARN__SERVFAIL, NULL);
	ck_assert_uint_eq(flags(), copied_flags[_i].replied | TARN__SERVFAIL);
}
END_TEST

START_TEST(aa_is_for_our_own_data)
{
	ask("www.example.", TARN__TYPE_A, TARN__FLAG_RD, -1);
	store(0, "www.example. 300 A 192.0.2.1");
	how.is_authoritative = true;
	replied();
	ck_assert_uint_eq(flags(), RESPONSE | TARN__FLAG_AA);
}
END_TEST

START_TEST(rcode_is_the_stored_one)
{
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(TARN__NXDOMAIN, "--\nexample. 60 SOA ns. root. 60");
	ck_assert_uint_eq(tarn__stored_rcode(stored), TARN__NXDOMAIN);
	ck_assert_str_eq(replied(), "--\nexample. 60 SOA ns. root. 60\n");
	ck_assert_uint_eq(flags() & TARN__FLAG_RCODE, TARN__NXDOMAIN);
}
END_TEST

static const struct {
	bool is_authentic, trust, do_asked, ad_asked, expected;
} ad_cases[] = {
	{true, true, false, true, true},   {true, true, true, false, true},
	{true, true, true, true, true},	   {true, true, false, false, false},
	{true, false, true, true, false},  {false, true, true, true, false},
	{false, false, true, true, false},
};

/* RFC 6840 section 5.7 */
START_TEST(ad_is_for_those_who_ask_of_an_upstream_that_is_trusted)
{
	ask("www.example.", TARN__TYPE_A, ad_cases[_i].ad_asked ? TARN__FLAG_AD : 0,
	    ad_cases[_i].do_asked ? 0x8000 : 0);
	store(ad_cases[_i].is_authentic ? TARN__FLAG_AD : 0, "www.example. 300 A 192.0.2.1");
	how.trust_ad = ad_cases[_i].trust;
	replied();
	ck_assert_int_eq((flags() & TARN__FLAG_AD) != 0, ad_cases[_i].expected);
}
END_TEST

/* ---- TTLs ------------------------------------------------------------------------------- */

static const struct {
	uint32_t age_sec, ttl;
} ages[] = {{0, 300}, {1, 299}, {299, 1}, {300, 0}, {301, 0}, {UINT32_MAX, 0}};

START_TEST(ttl_counts_down_to_0)
{
	ask("www.example.", TARN__TYPE_A, 0, -1);
	store(0, "www.example. 900 CNAME a.example.\na.example. 300 A 192.0.2.1\n"
		 "a.example. 300 A 192.0.2.2\n");
	how.age_sec = ages[_i].age_sec;
	char expected[256];
	uint32_t ttl = ages[_i].ttl, cname_ttl = 900 > how.age_sec ? 900 - how.age_sec : 0;
	snprintf(expected, sizeof(expected),
		 "www.example. %u CNAME a.example.\na.example. %u A 192.0.2.1\n"
		 "a.example. %u A 192.0.2.2\n",
		 cname_ttl, ttl, ttl);
	ck_assert_str_eq(replied(), expected);
}
END_TEST

/* RFC 8767 section 5.11 */
START_TEST(stale_answer_has_the_stale_ttl)
{
	ask("www.example.", TARN__TYPE_A, 0, -1);
	store(0, "www.example. 900 CNAME a.example.\na.example. 3 A 192.0.2.1\n");
	how.age_sec = 1000;
	how.stale_ttl = 30;
	ck_assert_str_eq(replied(),
			 "www.example. 30 CNAME a.example.\na.example. 30 A 192.0.2.1\n");
}
END_TEST

/* As if it had been stored that much earlier, cuts between RRsets included. */
START_TEST(stored_form_can_be_made_older)
{
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(0, "www.example. 900 CNAME a.example.\na.example. 300 A 192.0.2.1\n"
		 "a.example. 300 A 192.0.2.2\n");
	tarn__stored_age(stored, stored_len, 100);
	ck_assert_str_eq(replied(), "www.example. 800 CNAME a.example.\n"
				    "a.example. 200 A 192.0.2.1\na.example. 200 A 192.0.2.2\n");
	tarn__stored_age(stored, stored_len, 200);
	ck_assert_str_eq(replied(), "www.example. 600 CNAME a.example.\n"
				    "a.example. 0 A 192.0.2.1\na.example. 0 A 192.0.2.2\n");
	tarn__stored_age(stored, stored_len, UINT32_MAX);
	ck_assert_str_eq(replied(), "www.example. 0 CNAME a.example.\n"
				    "a.example. 0 A 192.0.2.1\na.example. 0 A 192.0.2.2\n");
}
END_TEST

START_TEST(stored_form_made_older_is_cut_between_the_same_rrsets)
{
	store_chain();
	uint8_t before[2 * TARN__UDP_MIN];
	how.limit = TARN__UDP_MIN;
	replied();
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, TARN__FLAG_TC);
	size_t before_len = reply_len;
	memcpy(before, reply, before_len);
	tarn__stored_age(stored, stored_len, 0);
	replied();
	ck_assert_uint_eq(reply_len, before_len);
	ck_assert_mem_eq(reply, before, before_len);
}
END_TEST

START_TEST(denial_can_be_made_older)
{
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(TARN__NXDOMAIN, "--\nexample. 60 SOA ns. root. 60");
	tarn__stored_age(stored, stored_len, 59);
	ck_assert_str_eq(replied(), "--\nexample. 1 SOA ns. root. 60\n");
}
END_TEST

/* ---- OPT -------------------------------------------------------------------------------- */

START_TEST(opt_is_sent_to_those_who_sent_one)
{
	ask("www.example.", TARN__TYPE_A, 0, 0x00007fff);
	store(0, "www.example. 300 A 192.0.2.1");
	replied();
	ck_assert_ptr_nonnull(opt(0));
	ck_assert_uint_eq(tarn__get16(opt(0) + 3), TARN__UDP_MAX);
	/* No extended rcode, version 0, no DO and no unknown flag. */
	ck_assert_uint_eq(tarn__get32(opt(0) + 5), 0);
	fail_with(TARN__REFUSED, NULL);
	ck_assert_ptr_nonnull(opt(0));
	ask("www.example.", TARN__TYPE_A, 0, -1);
	replied();
	ck_assert_ptr_null(opt(0));
	fail_with(TARN__REFUSED, NULL);
	ck_assert_ptr_null(opt(0));
}
END_TEST

START_TEST(options_of_an_error_keep_its_limit)
{
	static const uint8_t cookie[TARN__COOKIE_LEN];
	struct tarn__options options = {.cookie = cookie,
					.cookie_len = sizeof cookie,
					.ede_count = 1,
					.ede = {{.code = TARN__EDE_PROHIBITED}}};
	ask("www.example.", TARN__TYPE_A, 0, 0);
	fail_with(TARN__REFUSED, NULL);
	size_t bare = reply_len;
	for (size_t limit = 0; limit < bare + 60; limit++) {
		fail_within(limit, TARN__REFUSED, &options);
		size_t room = limit > bare ? limit - bare : 0;
		size_t cookie_len = room >= 28 ? 28 : 0;
		ck_assert_uint_eq(reply_len, bare + cookie_len + (room >= cookie_len + 6 ? 6 : 0));
	}
}
END_TEST

/* RFC 3225 */
START_TEST(do_is_copied)
{
	ask("www.example.", TARN__TYPE_A, 0, 0x8000);
	store(0, "www.example. 300 A 192.0.2.1");
	replied();
	ck_assert_uint_eq(tarn__get32(opt(0) + 5), 0x8000);
	fail_with(TARN__SERVFAIL, NULL);
	ck_assert_uint_eq(tarn__get32(opt(0) + 5), 0x8000);
}
END_TEST

/* RFC 8914 */
START_TEST(extended_error_is_sent_to_those_who_sent_an_opt)
{
	const struct tarn__options options = {.ede_count = 1,
					      .ede = {{.code = TARN__EDE_STALE, .text = "old"}}};
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(0, "www.example. 300 A 192.0.2.1");
	how.options = options;
	replied();
	ck_assert_mem_eq(opt(9) + 11, "\0\17\0\5\0\3old", 9);
	fail_with(TARN__SERVFAIL, &options);
	ck_assert_mem_eq(opt(9) + 11, "\0\17\0\5\0\3old", 9);
	fail_with(TARN__SERVFAIL,
		  &(struct tarn__options){.ede_count = 1,
					  .ede = {{.code = TARN__EDE_NETWORK_ERROR}}});
	ck_assert_mem_eq(opt(6) + 11, "\0\17\0\2\0\27", 6);
	ask("www.example.", TARN__TYPE_A, 0, -1);
	replied();
	ck_assert_ptr_null(opt(0));
	fail_with(TARN__SERVFAIL, &options);
	ck_assert_ptr_null(opt(0));
}
END_TEST

START_TEST(extended_error_that_does_not_fit_is_left_out)
{
	static char long_text[600];
	ask("www.example.", TARN__TYPE_A, 0, 0);
	size_t room = TARN__UDP_MIN - QUESTION_END - 11 - 6;
	memset(long_text, 'x', room);
	fail_with(TARN__SERVFAIL,
		  &(struct tarn__options){.ede_count = 1, .ede = {{.code = 0, .text = long_text}}});
	ck_assert_uint_eq(reply_len, TARN__UDP_MIN);
	ck_assert_ptr_nonnull(opt(6 + room));
	long_text[room] = 'x';
	fail_with(TARN__SERVFAIL,
		  &(struct tarn__options){.ede_count = 1, .ede = {{.code = 0, .text = long_text}}});
	ck_assert_ptr_nonnull(opt(0));
}
END_TEST

static const uint8_t cookie[40] = "client's cookie, and a server's of 32 oc";

/* RFC 7873 section 5.2 */
START_TEST(cookie_is_sent_with_every_reply)
{
	const struct tarn__options options = {.cookie = cookie, .cookie_len = 24};
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(0, "www.example. 300 A 192.0.2.1");
	how.options = options;
	replied();
	ck_assert_mem_eq(opt(28) + 11, "\0\12\0\30", 4);
	ck_assert_mem_eq(opt(28) + 15, cookie, 24);
	fail_with(TARN__REFUSED, &options);
	ck_assert_mem_eq(opt(28) + 15, cookie, 24);
	ask("www.example.", TARN__TYPE_A, 0, -1);
	replied();
	ck_assert_ptr_null(opt(0));
}
END_TEST

/* RFC 7828 section 3.1: units of 100 ms. */
START_TEST(keepalive_is_sent_where_there_is_one)
{
	const struct tarn__options options = {.has_keepalive = true, .keepalive = 300};
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(0, "www.example. 300 A 192.0.2.1");
	how.options = options;
	replied();
	ck_assert_mem_eq(opt(6) + 11, "\0\13\0\2\1\x2c", 6);
	fail_with(TARN__SERVFAIL, &(struct tarn__options){.has_keepalive = true});
	ck_assert_mem_eq(opt(6) + 11, "\0\13\0\2\0\0", 6);
}
END_TEST

/* RFC 8467 section 4.1. Loop: records of the answer, each of 27 octets with the repeated name. */
START_TEST(reply_is_padded_to_468_octets)
{
	char records[4096];
	int len = 0;
	ask("www.example.", TARN__TYPE_A, TARN__FLAG_RD, 0);
	for (int i = 0; i <= _i; i++)
		len += snprintf(records + len, sizeof(records) - (size_t)len,
				"www.example. 60 A 192.0.2.%d\n", i);
	store(0, records);
	how.limit = TARN__MESSAGE_MAX;
	replied();
	size_t bare_len = reply_len;
	how.options.padding = TARN__PADDING_REPLY;
	replied();
	ck_assert_uint_eq(reply_len % TARN__PADDING_REPLY, 0);
	ck_assert_uint_ge(reply_len, bare_len + 4);
	ck_assert_uint_lt(reply_len, bare_len + 4 + TARN__PADDING_REPLY);
	ck_assert_uint_eq(answer_count(), (unsigned)_i + 1);
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, 0);
	opt(reply_len - bare_len);
}
END_TEST

START_TEST(padding_gives_way_to_records_and_to_the_limit)
{
	store_chain();
	how.limit = 600;
	how.options.padding = TARN__PADDING_REPLY;
	replied();
	ck_assert_uint_le(reply_len, 600);
	how.options.padding = 0;
	unsigned padded_count = answer_count();
	replied();
	ck_assert_uint_eq(answer_count(), padded_count);
}
END_TEST

START_TEST(padding_is_not_sent_to_those_without_opt)
{
	ask("www.example.", TARN__TYPE_A, TARN__FLAG_RD, -1);
	store(0, "www.example. 60 A 192.0.2.1");
	how.options.padding = TARN__PADDING_REPLY;
	replied();
	ck_assert_ptr_null(opt(0));
	ck_assert_uint_lt(reply_len, TARN__PADDING_REPLY);
}
END_TEST

START_TEST(error_is_padded)
{
	ask("www.example.", TARN__TYPE_A, TARN__FLAG_RD, 0);
	fail_with(TARN__SERVFAIL, &(struct tarn__options){.padding = TARN__PADDING_REPLY,
							  .ede_count = 1,
							  .ede = {{TARN__EDE_NETWORK_ERROR, "x"}}});
	ck_assert_uint_eq(reply_len, TARN__PADDING_REPLY);
	opt(reply_len - QUESTION_END - 11);
}
END_TEST

/* ---- errors ----------------------------------------------------------------------------- */

START_TEST(error_repeats_the_question)
{
	ask("wWw.example.", TARN__TYPE_AXFR, TARN__FLAG_RD, -1);
	fail_with(TARN__REFUSED, NULL);
	ck_assert_uint_eq(reply_len, QUESTION_END);
	ck_assert_mem_eq(reply + TARN__HEADER_LEN, question.wire + TARN__HEADER_LEN, 17);
	ck_assert_uint_eq(flags(), RESPONSE | TARN__REFUSED);
}
END_TEST

START_TEST(error_without_a_readable_question_is_a_header)
{
	put_header(&question, 0xbeef, 0);
	question.wire[5] = 1;
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__FORMERR);
	fail_with(TARN__FORMERR, NULL);
	ck_assert_uint_eq(reply_len, TARN__HEADER_LEN);
	ck_assert_uint_eq(tarn__get16(reply + 4), 0);
	ck_assert_uint_eq(tarn__get16(reply), 0xbeef);
}
END_TEST

/* RFC 7873 section 5.4 */
START_TEST(question_for_a_cookie_alone_is_answered_with_one)
{
	put_header(&question, 0xbeef, 0);
	put_opt(&question, 1232, 0, "\0\12\0\10client's", 12);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__NOERROR);
	fail_with(TARN__NOERROR, &(struct tarn__options){.cookie = cookie, .cookie_len = 24});
	ck_assert_uint_eq(reply_len, TARN__HEADER_LEN + 11 + 28);
	ck_assert_uint_eq(flags(), TARN__FLAG_QR | TARN__FLAG_RA);
	ck_assert_uint_eq(tarn__get16(reply + 4), 0);
	ck_assert_mem_eq(opt(28) + 15, cookie, 24);
}
END_TEST

/* The other bits of the header are that opcode's. Loop: opcodes. */
START_TEST(opcode_is_copied_and_no_flag_of_queries)
{
	ask("example.", TARN__TYPE_SOA, (unsigned)_i << 11 | 0x07f0, -1);
	fail_with(TARN__NOTIMP, NULL);
	ck_assert_uint_eq(flags(), TARN__FLAG_QR | (unsigned)_i << 11 | TARN__NOTIMP);
}
END_TEST

START_TEST(upper_bits_of_the_rcode_travel_in_opt)
{
	ask("www.example.", TARN__TYPE_A, 0, 0x00010000);
	fail_with(TARN__BADVERS, NULL);
	ck_assert_uint_eq(tarn__get16(reply + 4), 1);
	ck_assert_uint_eq(flags() & TARN__FLAG_RCODE, 0);
	ck_assert_uint_eq(tarn__get32(opt(0) + 5), 0x01000000);
	/* Without OPT they cannot: better another error than none. */
	ask("www.example.", TARN__TYPE_A, 0, -1);
	fail_with(TARN__BADVERS, NULL);
	ck_assert_uint_eq(flags() & TARN__FLAG_RCODE, TARN__SERVFAIL);
}
END_TEST

START_TEST(longest_name_fits_into_an_error)
{
	char name[256];
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	ask(name, TARN__TYPE_A, 0, 0);
	ck_assert_uint_eq(query.qname_len, TARN__NAME_MAX);
	fail_with(TARN__SERVFAIL, NULL);
	ck_assert_uint_eq(reply_len, TARN__HEADER_LEN + 255 + 4 + 11);
	fail_with(TARN__SERVFAIL,
		  &(struct tarn__options){.cookie = cookie, .cookie_len = sizeof(cookie)});
	ck_assert_uint_eq(reply_len, TARN__HEADER_LEN + 255 + 4 + 11 + 44);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

static const struct {
	unsigned offered;
	size_t limit;
} limits[] = {{0, 512},	    {511, 512},	  {513, 513},	{1231, 1231},
	      {1232, 1232}, {1233, 1232}, {65535, 1232}};

START_TEST(limit_is_the_clients_size_and_ours_at_most)
{
	put_header(&question, 1, 0);
	put_question(&question, "www.example.", TARN__TYPE_A);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	ck_assert_uint_eq(tarn__reply_limit(&query), TARN__UDP_MIN);
	put_opt(&question, limits[_i].offered, 0, NULL, 0);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	ck_assert_uint_eq(tarn__reply_limit(&query), limits[_i].limit);
}
END_TEST

START_TEST(reply_is_cut_between_rrsets_with_tc)
{
	store_chain();
	how.limit = TARN__MESSAGE_MAX;
	replied();
	size_t whole = reply_len;
	ck_assert_uint_eq(answer_count(), 32);
	ck_assert_uint_eq(flags(), RESPONSE);

	how.limit = whole;
	replied();
	ck_assert_uint_eq(answer_count(), 32);
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, 0);

	how.limit = whole - 1;
	ck_assert_str_eq(replied(), "www.example. 60 CNAME a.example.\n"
				    "a.example. 60 CNAME b.example.test.\n");
	ck_assert_uint_eq(flags(), RESPONSE | TARN__FLAG_TC);
	ck_assert_ptr_nonnull(opt(0));
	ck_assert_mem_eq(reply + TARN__HEADER_LEN, question.wire + TARN__HEADER_LEN, 17);
}
END_TEST

START_TEST(answer_that_does_not_fit_at_all_leaves_question_and_opt)
{
	static char records[32 * 64];
	ask("www.example.", TARN__TYPE_A, TARN__FLAG_RD, 0);
	int len = 0;
	for (int i = 0; i < 31; i++)
		len += snprintf(records + len, sizeof(records) - (size_t)len,
				"www.example. 60 A 192.0.2.%d\n", i);
	store(0, records);
	how.limit = TARN__UDP_MIN;
	ck_assert_str_eq(replied(), "");
	ck_assert_uint_eq(flags(), RESPONSE | TARN__FLAG_TC);
	ck_assert_uint_eq(reply_len, QUESTION_END + 11);
}
END_TEST

START_TEST(without_opt_there_is_room_for_its_octets)
{
	char record[1024] = "www.example. 60 TYPE65280 ";
	size_t start = strlen(record), rdata_len = TARN__UDP_MIN - QUESTION_END - 12;
	memset(record + start, '5', 2 * rdata_len);
	ask("www.example.", 65280, 0, 0);
	store(0, record);
	how.limit = TARN__UDP_MIN;
	replied();
	ck_assert_uint_eq(answer_count(), 0);
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, TARN__FLAG_TC);
	ask("www.example.", 65280, 0, -1);
	replied();
	ck_assert_uint_eq(reply_len, TARN__UDP_MIN);
	ck_assert_uint_eq(answer_count(), 1);
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, 0);
}
END_TEST

START_TEST(extended_error_gives_way_to_records)
{
	store_chain();
	how.limit = TARN__MESSAGE_MAX;
	replied();
	how.limit = reply_len + 8;
	how.options = (struct tarn__options){.ede_count = 1,
					     .ede = {{.code = TARN__EDE_STALE, .text = "old"}}};
	replied();
	ck_assert_uint_eq(answer_count(), 32);
	ck_assert_ptr_nonnull(opt(0));
	how.limit++;
	replied();
	ck_assert_uint_eq(answer_count(), 32);
	ck_assert_ptr_nonnull(opt(9));
}
END_TEST

/* The cookie first, then the records, then keepalive, then the extended error. */
START_TEST(options_give_way_in_their_order)
{
	store_chain();
	how.limit = TARN__MESSAGE_MAX;
	replied();
	size_t plain = reply_len;
	how.options = (struct tarn__options){.cookie = cookie,
					     .cookie_len = sizeof(cookie),
					     .has_keepalive = true,
					     .ede_count = 1,
					     .ede = {{.code = TARN__EDE_STALE, .text = "old"}}};
	for (size_t limit = plain; limit < plain + 70; limit++) {
		how.limit = limit;
		replied();
		bool is_whole = limit >= plain + 44;
		ck_assert_uint_eq(answer_count(), is_whole ? 32 : 2);
		ck_assert_int_eq((flags() & TARN__FLAG_TC) == 0, is_whole);
		size_t options_len = 44 + 6 + 9;
		if (is_whole && limit < plain + options_len)
			options_len = limit < plain + 44 + 6 ? 44 : 44 + 6;
		ck_assert_mem_eq(opt(options_len) + 15, cookie, sizeof(cookie));
	}
}
END_TEST

/*
 * RFC 4035 section 3.1.1: a signature or a proof that does not fit is missed, too, and no RRset is without
 * its signatures.
 */
START_TEST(proofs_that_do_not_fit_are_cut_with_tc)
{
	ask("www.example.", TARN__TYPE_A, 0, 0x8000);
	char records[2048] = "www.example. 60 CNAME a.test.\nwww.example. 60 RRSIG CNAME\n--\n"
			     "test. 60 SOA ns.test. root.test. 60\ntest. 60 RRSIG SOA\n"
			     "w.test. 60 NSEC x.test.\n";
	store(TARN__NXDOMAIN, records);
	how.limit = TARN__MESSAGE_MAX;
	replied();
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, 0);
	/* Signatures enough to fill more than 512 octets. */
	size_t len = strlen(records);
	for (int i = 0; i < 8; i++)
		len += (size_t)snprintf(records + len, sizeof(records) - len,
					"w.test. 60 RRSIG NSEC %d\n", i);
	store(TARN__NXDOMAIN, records);
	how.limit = TARN__UDP_MIN;
	ck_assert_str_eq(replied(),
			 "www.example. 60 CNAME a.test.\nwww.example. 60 RRSIG CNAME\n--\n"
			 "test. 60 SOA ns.test. root.test. 60\ntest. 60 RRSIG SOA\n");
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, TARN__FLAG_TC);
	ck_assert_uint_eq(flags() & TARN__FLAG_RCODE, TARN__NXDOMAIN);
	ck_assert_uint_eq(tarn__get16(reply + 6), 2);
	ck_assert_uint_eq(tarn__get16(reply + 8), 2);
}
END_TEST

/* Every limit: never longer, whole RRsets only, and TC if and only if something is missing. */
START_TEST(reply_keeps_every_limit)
{
	store_chain();
	for (size_t limit = TARN__UDP_MIN; limit <= TARN__UDP_MAX; limit++) {
		how.limit = limit;
		replied();
		unsigned count = answer_count();
		ck_assert(count == 0 || count == 1 || count == 2 || count == 32);
		ck_assert_int_eq((flags() & TARN__FLAG_TC) != 0, count < 32);
	}
}
END_TEST

START_TEST(longest_answer_leaves_room_for_opt)
{
	ask("www.example.", 65280, 0, 0);
	uint8_t key_octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	struct tarn__key key;
	ck_assert(tarn__key_read(key_octets, tarn__key_write(&query, key_octets), &key));
	size_t asked_len = tarn__query_write(
		&key, &(struct tarn__query_options){.id = 1, .edns = false}, asked);
	put_header(&message, 1, RESPONSE);
	put_octets(&message, asked + TARN__HEADER_LEN, 17);
	count_one(&message, 0);
	put_octets(&message, "\xc0\x0c\xff\0\0\1\0\0\0\5", 10);
	put16(&message, (unsigned)(TARN__MESSAGE_MAX - message.len - 2));
	while (message.len < TARN__MESSAGE_MAX)
		put8(&message, 0x55);
	count_one(&message, 1);
	struct tarn__answer answer;
	tarn__answer_read(message.wire, message.len, asked, asked_len, &key, true, stored, &answer);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	stored_len = answer.len;
	how.limit = TARN__MESSAGE_MAX;
	ck_assert_str_eq(replied(), "");
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, TARN__FLAG_TC);
	ask("www.example.", 65280, 0, -1);
	replied();
	ck_assert_uint_eq(reply_len, TARN__MESSAGE_MAX);
	ck_assert_uint_eq(flags() & TARN__FLAG_TC, 0);
}
END_TEST

/* ---- rotation --------------------------------------------------------------------------- */

static const char in_order[] = "www.example. 300 CNAME a.example.\n"
			       "a.example. 300 A 192.0.2.1\n"
			       "a.example. 300 A 192.0.2.2\n"
			       "a.example. 300 A 192.0.2.3\n";

static void store_addresses(void)
{
	ask("www.example.", TARN__TYPE_A, 0, 0);
	store(0, in_order);
}

START_TEST(addresses_are_as_they_came)
{
	store_addresses();
	for (int i = 0; i < 10; i++)
		ck_assert_str_eq(replied(), in_order);
}
END_TEST

static const struct {
	uint32_t rotation;
	const char *order;
} rotations[] = {
	{1, "123"},
	{UINT32_MAX / 3, "123"},
	{UINT32_MAX / 3 + 1, "231"},
	{UINT32_MAX / 2, "231"},
	{UINT32_MAX / 3 * 2 + 2, "312"},
	{UINT32_MAX, "312"},
};

/* The chain stays in front, and everything in its place. */
START_TEST(addresses_begin_anywhere)
{
	store_addresses();
	how.rotation = rotations[_i].rotation;
	how.age_sec = 100;
	const char *order = rotations[_i].order;
	char expected[256];
	snprintf(expected, sizeof(expected),
		 "www.example. 200 CNAME a.example.\na.example. 200 A 192.0.2.%c\n"
		 "a.example. 200 A 192.0.2.%c\na.example. 200 A 192.0.2.%c\n",
		 order[0], order[1], order[2]);
	ck_assert_str_eq(replied(), expected);
	/* What is stored is as it was. */
	how = (struct tarn__reply){.limit = TARN__UDP_MAX};
	ck_assert_str_eq(replied(), in_order);
}
END_TEST

START_TEST(every_address_is_first_as_often)
{
	ask("www.example.", TARN__TYPE_AAAA, 0, -1);
	store(0, "www.example. 300 AAAA 20010db8000000000000000000000001\nwww.example. 300 AAAA "
		 "20010db8000000000000000000000002\n"
		 "www.example. 300 AAAA 20010db8000000000000000000000003\nwww.example. 300 AAAA "
		 "20010db8000000000000000000000004\n");
	unsigned first[5] = {0};
	for (uint32_t i = 0; i < 256; i++) {
		how.rotation = i << 24 | 1;
		replied();
		first[reply[QUESTION_END + 12 + 15]]++;
	}
	for (int i = 1; i <= 4; i++)
		ck_assert_uint_eq(first[i], 64);
}
END_TEST

/* RFC 4034 section 6.3: the signer has put them in an order of its own. */
START_TEST(signatures_stay_where_they_are)
{
	ask("www.example.", TARN__TYPE_A, 0, 0x8000);
	store(0, "www.example. 60 CNAME a.test.\nwww.example. 60 RRSIG CNAME\n"
		 "a.test. 60 A 192.0.2.1\na.test. 60 A 192.0.2.2\na.test. 60 RRSIG A\n");
	how.rotation = UINT32_MAX;
	ck_assert_str_eq(replied(), "www.example. 60 CNAME a.test.\nwww.example. 60 RRSIG CNAME\n"
				    "a.test. 60 A 192.0.2.2\na.test. 60 A 192.0.2.1\n"
				    "a.test. 60 RRSIG A\n");
}
END_TEST

/* Other types, and what is alone, have no order to be changed. */
static const char *const unmoved[] = {
	"www.example. 300 A 192.0.2.1\n",
	"www.example. 300 MX 10 a.example.\nwww.example. 300 MX 20 b.example.\n",
	"www.example. 300 NS a.example.\nwww.example. 300 NS b.example.\n",
};

START_TEST(what_is_no_address_stays)
{
	static const unsigned types[] = {TARN__TYPE_A, TARN__TYPE_MX, TARN__TYPE_NS};
	ask("www.example.", types[_i], 0, -1);
	store(0, unmoved[_i]);
	how.rotation = UINT32_MAX;
	ck_assert_str_eq(replied(), unmoved[_i]);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tcase = add_case(suite, "header");
	tcase_add_test(tcase, reply_is_to_the_client_as_it_asked);
	tcase_add_test(tcase, names_in_rdata_do_not_take_the_clients_spelling);
	tcase_add_loop_test(tcase, rd_and_cd_are_copied_and_no_other_flag, 0, COUNT(copied_flags));
	tcase_add_test(tcase, aa_is_for_our_own_data);
	tcase_add_test(tcase, rcode_is_the_stored_one);
	tcase_add_loop_test(tcase, ad_is_for_those_who_ask_of_an_upstream_that_is_trusted, 0,
			    COUNT(ad_cases));
	tcase = add_case(suite, "ttl");
	tcase_add_loop_test(tcase, ttl_counts_down_to_0, 0, COUNT(ages));
	tcase_add_test(tcase, stale_answer_has_the_stale_ttl);
	tcase_add_test(tcase, stored_form_can_be_made_older);
	tcase_add_test(tcase, stored_form_made_older_is_cut_between_the_same_rrsets);
	tcase_add_test(tcase, denial_can_be_made_older);
	tcase = add_case(suite, "opt");
	tcase_add_test(tcase, opt_is_sent_to_those_who_sent_one);
	tcase_add_test(tcase, options_of_an_error_keep_its_limit);
	tcase_add_test(tcase, do_is_copied);
	tcase_add_test(tcase, extended_error_is_sent_to_those_who_sent_an_opt);
	tcase_add_test(tcase, extended_error_that_does_not_fit_is_left_out);
	tcase_add_test(tcase, cookie_is_sent_with_every_reply);
	tcase_add_test(tcase, keepalive_is_sent_where_there_is_one);
	tcase_add_loop_test(tcase, reply_is_padded_to_468_octets, 0, 60);
	tcase_add_test(tcase, padding_gives_way_to_records_and_to_the_limit);
	tcase_add_test(tcase, padding_is_not_sent_to_those_without_opt);
	tcase_add_test(tcase, error_is_padded);
	tcase = add_case(suite, "error");
	tcase_add_test(tcase, error_repeats_the_question);
	tcase_add_test(tcase, error_without_a_readable_question_is_a_header);
	tcase_add_test(tcase, question_for_a_cookie_alone_is_answered_with_one);
	tcase_add_loop_test(tcase, opcode_is_copied_and_no_flag_of_queries, 1, 16);
	tcase_add_test(tcase, upper_bits_of_the_rcode_travel_in_opt);
	tcase_add_test(tcase, longest_name_fits_into_an_error);
	tcase = add_case(suite, "limit");
	tcase_add_loop_test(tcase, limit_is_the_clients_size_and_ours_at_most, 0, COUNT(limits));
	tcase_add_test(tcase, reply_is_cut_between_rrsets_with_tc);
	tcase_add_test(tcase, answer_that_does_not_fit_at_all_leaves_question_and_opt);
	tcase_add_test(tcase, without_opt_there_is_room_for_its_octets);
	tcase_add_test(tcase, extended_error_gives_way_to_records);
	tcase_add_test(tcase, options_give_way_in_their_order);
	tcase_add_test(tcase, proofs_that_do_not_fit_are_cut_with_tc);
	tcase_add_test(tcase, reply_keeps_every_limit);
	tcase_add_test(tcase, longest_answer_leaves_room_for_opt);
	tcase = add_case(suite, "rotation");
	tcase_add_test(tcase, addresses_are_as_they_came);
	tcase_add_loop_test(tcase, addresses_begin_anywhere, 0, COUNT(rotations));
	tcase_add_test(tcase, every_address_is_first_as_often);
	tcase_add_test(tcase, signatures_stay_where_they_are);
	tcase_add_loop_test(tcase, what_is_no_address_stays, 0, COUNT(unmoved));
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_local.c: local answers, as a client gets them. */
#include "dns/local.h"

#include "dns/reply.h"
#include "support/message.h"
#include "support/unit.h"

static struct message question;
static struct tarn__query query;
static uint8_t stored[TARN__LOCAL_MAX];
static uint8_t reply[TARN__UDP_MAX];
static struct text text;

static void ask(const char *name, unsigned type, unsigned class)
{
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, name, type);
	tarn__put16(question.wire + question.len - 2, (uint16_t) class);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
}

static const char *replied(size_t stored_len, uint32_t age_sec)
{
	ck_assert_uint_le(stored_len, TARN__LOCAL_MAX);
	const struct tarn__reply how = {.limit = TARN__UDP_MAX, .age_sec = age_sec};
	size_t len = tarn__reply_stored(&query, stored, stored_len, &how, reply);
	return read_records(&text, reply, len);
}

static unsigned rcode(void)
{
	return tarn__get16(reply + 2) & TARN__FLAG_RCODE;
}

/* An SOA's numbers, which message.h wants to be 1, 2, 3 and 4: they are checked apart. */
static const char *denied(uint16_t code, const char *zone, uint32_t ttl)
{
	static const uint8_t numbers[] = "\0\0\0\1\0\0\x0e\x10\0\0\4\xb0\0\x09\x3a\x80";
	static const uint8_t one_to_four[] = "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4";
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__local_negative(&query, code, tarn__name_parse(zone, name), ttl, stored);
	ck_assert_mem_eq(stored + len - 20, numbers, 16);
	memcpy(stored + len - 20, one_to_four, 16);
	return replied(len, 0);
}

/* RFC 6303 section 3 */
START_TEST(denial_has_the_soa_of_its_zone)
{
	ask("1.0.0.10.in-addr.arpa.", TARN__TYPE_PTR, TARN__CLASS_IN);
	ck_assert_str_eq(denied(TARN__NXDOMAIN, "10.in-addr.arpa.", 10800),
			 "--\n10.in-addr.arpa. 10800 SOA 10.in-addr.arpa. nobody.invalid. 10800\n");
	ck_assert_uint_eq(rcode(), TARN__NXDOMAIN);
	ask("10.in-addr.arpa.", TARN__TYPE_A, TARN__CLASS_IN);
	ck_assert_str_eq(denied(TARN__NOERROR, "10.in-addr.arpa.", 60),
			 "--\n10.in-addr.arpa. 60 SOA 10.in-addr.arpa. nobody.invalid. 60\n");
	ck_assert_uint_eq(rcode(), TARN__NOERROR);
}
END_TEST

START_TEST(denial_takes_the_clients_spelling_for_the_owner_alone)
{
	ask("a.InVaLiD.", TARN__TYPE_A, TARN__CLASS_IN);
	ck_assert_str_eq(denied(TARN__NXDOMAIN, "invalid.", 60),
			 "--\nInVaLiD. 60 SOA invalid. nobody.invalid. 60\n");
}
END_TEST

START_TEST(soa_is_answered_where_it_is_asked_for)
{
	static const uint8_t one_to_four[] = "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4";
	ask("LAN.", TARN__TYPE_SOA, TARN__CLASS_IN);
	size_t len = tarn__local_soa(&query, 60, stored);
	memcpy(stored + len - 20, one_to_four, 16);
	ck_assert_str_eq(replied(len, 0), "LAN. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_uint_eq(rcode(), TARN__NOERROR);
}
END_TEST

START_TEST(names_of_a_denial_are_compressed)
{
	uint8_t name[TARN__NAME_MAX];
	ask("a.invalid.", TARN__TYPE_A, TARN__CLASS_IN);
	size_t len = tarn__local_negative(&query, TARN__NXDOMAIN,
					  tarn__name_parse("invalid.", name), 60, stored);
	/* Head and offset; owner, fixed fields; "invalid.", "nobody" and a pointer; numbers. */
	ck_assert_uint_eq(len, 10 + 2 + 10 + 9 + (7 + 2) + 20);
}
END_TEST

START_TEST(root_can_be_denied)
{
	ask(".", TARN__TYPE_A, TARN__CLASS_IN);
	ck_assert_str_eq(denied(TARN__NOERROR, ".", 60), "--\n. 60 SOA . nobody.invalid. 60\n");
}
END_TEST

START_TEST(record_is_the_questions)
{
	ask("LocalHost.", TARN__TYPE_A, TARN__CLASS_IN);
	size_t len = tarn__local_record(&query, TARN__TYPE_A, 10800, "\x7f\0\0\1", 4, stored);
	ck_assert_str_eq(replied(len, 0), "LocalHost. 10800 A 127.0.0.1\n");
	ck_assert_uint_eq(rcode(), TARN__NOERROR);
	ck_assert_str_eq(replied(len, 800), "LocalHost. 10000 A 127.0.0.1\n");
}
END_TEST

START_TEST(record_has_the_class_of_the_question)
{
	ask("version.bind.", TARN__TYPE_TXT, TARN__CLASS_CH);
	size_t len = tarn__local_record(&query, TARN__TYPE_TXT, 0, "\4tarn", 5, stored);
	ck_assert_str_eq(replied(len, 0), "version.bind. 0 TXT tarn\n");
	ck_assert_uint_eq(tarn__get16(reply + TARN__HEADER_LEN + 18 + 4), TARN__CLASS_CH);
}
END_TEST

/* The longest name, in as short labels as there are, with the longest of everything else. */
START_TEST(longest_answers_fit)
{
	static const uint8_t rdata[TARN__LOCAL_RDATA_MAX] = {255};
	char name[256];
	for (unsigned i = 0; i < 254; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	name[254] = '\0';
	ask(name, TARN__TYPE_TXT, TARN__CLASS_IN);
	ck_assert_uint_eq(query.qname_len, TARN__NAME_MAX);
	uint8_t *out = malloc(TARN__LOCAL_MAX);
	ck_assert_ptr_nonnull(out);
	size_t len = tarn__local_record(&query, TARN__TYPE_TXT, 1, rdata, sizeof(rdata), out);
	ck_assert_uint_eq(len, 10 + 2 + 10 + sizeof(rdata));
	len = tarn__local_negative(&query, TARN__NXDOMAIN, query.qname_len, 1, out);
	memcpy(stored, out, len);
	free(out);
	char expected[1024];
	snprintf(expected, sizeof(expected), "--\n%s 1 SOA %s nobody.invalid. 1\n", name, name);
	memcpy(stored + len - 20, "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 16);
	ck_assert_str_eq(replied(len, 0), expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local");
	TCase *tcase = tcase_create("local");
	tcase_add_test(tcase, denial_has_the_soa_of_its_zone);
	tcase_add_test(tcase, denial_takes_the_clients_spelling_for_the_owner_alone);
	tcase_add_test(tcase, soa_is_answered_where_it_is_asked_for);
	tcase_add_test(tcase, names_of_a_denial_are_compressed);
	tcase_add_test(tcase, root_can_be_denied);
	tcase_add_test(tcase, record_is_the_questions);
	tcase_add_test(tcase, record_has_the_class_of_the_question);
	tcase_add_test(tcase, longest_answers_fit);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/join.c: a chain and what is at its end, in one message. */
#include "dns/join.h"

#include "support/message.h"
#include "support/unit.h"

enum { ID = 0x4711, RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA };

static struct message chain, last;
static uint8_t out[TARN__MESSAGE_MAX];
static size_t len;

static void put_answer(struct message *message, const char *name, unsigned flags,
		       const char *records)
{
	put_header(message, ID, RESPONSE | flags);
	put_question(message, name, TARN__TYPE_A);
	put_records(message, records);
}

/* The records of both, as text. */
static const char *join(const char *chain_records, unsigned rcode, const char *last_records)
{
	static struct text text;
	put_answer(&chain, "www.example.", 0, chain_records);
	put_answer(&last, "a.test.", rcode, last_records);
	len = tarn__answers_join(chain.wire, chain.len, last.wire, last.len, out);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(tarn__get16(out + 2) & TARN__FLAG_RCODE, rcode);
	ck_assert_mem_eq(out, chain.wire, 2);
	ck_assert_mem_eq(out + TARN__HEADER_LEN, chain.wire + TARN__HEADER_LEN, 17);
	return read_records(&text, out, len);
}

START_TEST(answers_stand_one_behind_the_other)
{
	ck_assert_str_eq(join("www.example. 30 CNAME a.test.", 0,
			      "a.test. 20 CNAME b.test.\nb.test. 10 A 192.0.2.1"),
			 "www.example. 30 CNAME a.test.\na.test. 20 CNAME b.test.\n"
			 "b.test. 10 A 192.0.2.1\n");
}
END_TEST

/* RFC 6604 section 3 */
START_TEST(rcode_and_soa_are_those_of_the_end)
{
	ck_assert_str_eq(join("www.example. 30 CNAME a.test.\n--\nexample. 60 SOA ns. root. 60\n"
			      "a.example. 60 NSEC b.example.",
			      TARN__NXDOMAIN, "--\ntest. 15 SOA ns. root. 15"),
			 "www.example. 30 CNAME a.test.\n--\na.example. 60 NSEC b.example.\n"
			 "test. 15 SOA ns. root. 15\n");
}
END_TEST

START_TEST(names_that_were_compressed_are_written_out)
{
	put_answer(&chain, "www.example.", 0, "");
	put_octets(&chain, "\xc0\x0c\0\5\0\1\0\0\0\36\0\4\1b\xc0\x10", 16);
	count_one(&chain, 1);
	put_answer(&last, "b.example.", 0, "");
	put_octets(&last, "\xc0\x0c\0\2\0\1\0\0\0\36\0\4\1n\xc0\x0e", 16);
	count_one(&last, 1);
	put_octets(&last, "\xc0\x0c\0\43\0\1\0\0\0\36\0\16\0\1\0\2\1a\1b\1c\1r\xc0\x0e", 26);
	count_one(&last, 1);
	len = tarn__answers_join(chain.wire, chain.len, last.wire, last.len, out);
	static struct text text;
	ck_assert_str_eq(read_records(&text, out, len),
			 "www.example. 30 CNAME b.example.\nb.example. 30 NS n.example.\n"
			 "b.example. 30 NAPTR 00010002016101620163017207"
			 "6578616d706c6500\n");
}
END_TEST

START_TEST(ad_is_that_of_both)
{
	for (unsigned i = 0; i < 4; i++) {
		put_answer(&chain, "www.example.", i & 1 ? TARN__FLAG_AD : 0,
			   "www.example. 30 CNAME a.test.");
		put_answer(&last, "a.test.", i & 2 ? TARN__FLAG_AD : 0, "a.test. 30 A 192.0.2.1");
		ck_assert_uint_gt(
			tarn__answers_join(chain.wire, chain.len, last.wire, last.len, out), 0);
		ck_assert_uint_eq(!!(tarn__get16(out + 2) & TARN__FLAG_AD), i == 3);
	}
}
END_TEST

START_TEST(additional_records_are_left_out)
{
	ck_assert_str_eq(join("www.example. 30 CNAME a.test.\n--\n--\nx. 1 A 192.0.2.9", 0,
			      "a.test. 10 A 192.0.2.1\n--\n--\nx. 1 A 192.0.2.9"),
			 "www.example. 30 CNAME a.test.\na.test. 10 A 192.0.2.1\n");
}
END_TEST

START_TEST(every_cut_is_refused)
{
	put_answer(&chain, "www.example.", 0, "www.example. 30 CNAME a.test.");
	put_answer(&last, "a.test.", 0, "a.test. 10 SRV 1 2 3 b.test.\n--\ntest. 5 NS ns.test.");
	for (size_t i = 0; i < chain.len; i++)
		ck_assert_uint_eq(tarn__answers_join(chain.wire, i, last.wire, last.len, out), 0);
	for (size_t i = 0; i < last.len; i++)
		ck_assert_uint_eq(tarn__answers_join(chain.wire, chain.len, last.wire, i, out), 0);
}
END_TEST

START_TEST(message_without_one_question_is_refused)
{
	put_answer(&chain, "www.example.", 0, "www.example. 30 CNAME a.test.");
	for (unsigned count = 0; count <= 2; count += 2) {
		put_answer(&last, "a.test.", 0, "");
		last.wire[5] = (uint8_t)count;
		ck_assert_uint_eq(
			tarn__answers_join(chain.wire, chain.len, last.wire, last.len, out), 0);
		ck_assert_uint_eq(
			tarn__answers_join(last.wire, last.len, chain.wire, chain.len, out), 0);
	}
}
END_TEST

/* Loop: octets too many. */
START_TEST(what_is_too_long_together_is_refused)
{
	put_answer(&chain, "www.example.", 0, "www.example. 30 CNAME a.test.");
	put_answer(&last, "a.test.", 0, "");
	size_t room = TARN__MESSAGE_MAX - chain.len - 8 - 10;
	put_name(&last, "a.test.");
	put16(&last, 65280);
	put16(&last, TARN__CLASS_IN);
	put32(&last, 60);
	put16(&last, (unsigned)(room + (size_t)_i));
	for (size_t i = 0; i < room + (size_t)_i; i++)
		put8(&last, 0x55);
	count_one(&last, 1);
	len = tarn__answers_join(chain.wire, chain.len, last.wire, last.len, out);
	ck_assert_uint_eq(len, _i == 0 ? TARN__MESSAGE_MAX : 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("join");
	TCase *tcase = tcase_create("join");
	tcase_add_test(tcase, answers_stand_one_behind_the_other);
	tcase_add_test(tcase, rcode_and_soa_are_those_of_the_end);
	tcase_add_test(tcase, names_that_were_compressed_are_written_out);
	tcase_add_test(tcase, ad_is_that_of_both);
	tcase_add_test(tcase, additional_records_are_left_out);
	tcase_add_test(tcase, every_cut_is_refused);
	tcase_add_test(tcase, message_without_one_question_is_refused);
	tcase_add_loop_test(tcase, what_is_too_long_together_is_refused, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/ttl.c: TTLs of a whole message. How long answers are kept: tests/unit/http2/test_h2_server.c, too. */
#include "dns/ttl.h"

#include <string.h>

#include "base/octets.h"
#include "dns/message.h"
#include "support/unit.h"

/* www.example. A: two addresses, of 300 and 60 seconds, and an OPT with DO. */
static const uint8_t positive[] = {
	0,   0,	  0x81, 0x80, 0,   1,	0, 2, 0, 0,    0,  1,	 3,  'w', 'w',	'w', 7, 'e',
	'x', 'a', 'm',	'p',  'l', 'e', 0, 0, 1, 0,    1,  0xc0, 12, 0,	  1,	0,   1, 0,
	0,   1,	  44,	0,    4,   192, 0, 2, 1, 0xc0, 12, 0,	 1,  0,	  1,	0,   0, 0,
	60,  0,	  4,	192,  0,   2,	2, 0, 0, 41,   4,  208,	 0,  0,	  0x80, 0,   0, 0};
enum { FIRST_AT = 35, SECOND_AT = 51, OPT_AT = 66 };

/* NXDOMAIN of the name "a.", with the SOA of "." for 900 seconds, and MINIMUM 86400. */
static const uint8_t negative[] = {0, 0,  0x81, 0x83, 0, 1, 0,	 0, 0, 1, 0, 0, 1,    'a',
				   0, 0,  1,	0,    1, 0, 0,	 6, 0, 1, 0, 0, 3,    0x84,
				   0, 26, 1,	'b',  0, 1, 'c', 0, 0, 0, 0, 1, 0,    0,
				   0, 2,  0,	0,    0, 3, 0,	 0, 0, 4, 0, 1, 0x51, 0x80};
enum { SOA_TTL_AT = 24, MINIMUM_AT = 52 };

START_TEST(age_is_taken_off_all_but_opt)
{
	uint8_t message[sizeof(positive)];
	memcpy(message, positive, sizeof(message));
	ck_assert(tarn__ttl_age(message, sizeof(message), 100));
	ck_assert_uint_eq(tarn__get32(message + FIRST_AT), 200);
	ck_assert_uint_eq(tarn__get32(message + SECOND_AT), 0);
	ck_assert_uint_eq(tarn__get32(message + OPT_AT), 0x8000);
	ck_assert(tarn__ttl_age(message, sizeof(message), UINT32_MAX));
	ck_assert_uint_eq(tarn__get32(message + FIRST_AT), 0);
}
END_TEST

START_TEST(message_that_is_cut_is_malformed)
{
	uint8_t message[sizeof(positive)];
	for (size_t len = 0; len < sizeof(positive); len++) {
		memcpy(message, positive, sizeof(message));
		ck_assert(!tarn__ttl_age(message, len, 1));
		ck_assert_uint_eq(tarn__ttl_least(message, len), 0);
	}
}
END_TEST

START_TEST(least_ttl_is_that_of_all_records_but_opt)
{
	uint8_t message[sizeof(positive)];
	memcpy(message, positive, sizeof(message));
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 60);
	tarn__put32(message + SECOND_AT, 301);
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 300);
	tarn__put32(message + FIRST_AT, 0x80000000); /* RFC 2181 section 8 */
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 0);
}
END_TEST

START_TEST(negative_answer_is_kept_by_its_soa)
{
	uint8_t message[sizeof(negative)];
	memcpy(message, negative, sizeof(message));
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 900);
	tarn__put32(message + MINIMUM_AT, 30); /* RFC 2308 section 5 */
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 30);
	message[3] = 0x80; /* NODATA */
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 30);
	message[21] = 2; /* NS: a referral */
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 0);
}
END_TEST

START_TEST(errors_are_not_kept)
{
	uint8_t message[sizeof(positive)];
	for (uint8_t rcode = 1; rcode < 16; rcode++) {
		memcpy(message, positive, sizeof(message));
		message[3] = 0x80 | rcode;
		ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 0);
	}
	message[3] = 0x80;
	message[OPT_AT] = 1; /* BADVERS and others (RFC 6891 section 6.1.3) */
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 0);
	message[OPT_AT] = 0;
	message[2] = 0x83; /* TC */
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 0);
	message[2] = 0x81;
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 60);
}
END_TEST

/* Names are skipped: a pointer to anywhere is one, a label of another kind is none. */
START_TEST(names_are_skipped)
{
	uint8_t message[sizeof(positive)];
	memcpy(message, positive, sizeof(message));
	message[30] = 255;
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 60);
	message[29] = 0x80;
	ck_assert_uint_eq(tarn__ttl_least(message, sizeof(message)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ttl");
	TCase *tcase = tcase_create("ttl");
	tcase_add_test(tcase, age_is_taken_off_all_but_opt);
	tcase_add_test(tcase, message_that_is_cut_is_malformed);
	tcase_add_test(tcase, least_ttl_is_that_of_all_records_but_opt);
	tcase_add_test(tcase, negative_answer_is_kept_by_its_soa);
	tcase_add_test(tcase, errors_are_not_kept);
	tcase_add_test(tcase, names_are_skipped);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

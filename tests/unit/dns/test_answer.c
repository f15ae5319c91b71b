/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/answer.c: how an upstream's message is judged. What is kept of it: test_answer_kept.c. */
#include "support/answer.h"
#include "dns/stored.h"

/* ---- matching the query ------------------------------------------------------------------ */

START_TEST(answer_to_the_question_is_good)
{
	ck_assert_int_eq(judge_records(0, "www.example. 300 A 192.0.2.1"), TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "www.example. 300 A 192.0.2.1\n");
	ck_assert_uint_eq(answer.ttl, 300);
	ck_assert(!answer.is_negative);
	ck_assert(!answer.has_opt);
}
END_TEST

START_TEST(message_shorter_than_header_and_question_is_foreign)
{
	start(RESPONSE);
	for (size_t len = 0; len < message.len; len++)
		ck_assert_int_eq(judge_octets(message.wire, len, true), TARN__ANSWER_FOREIGN);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
}
END_TEST

/* RFC 5452 section 9.1: every bit of id, QR, opcode and question. */
START_TEST(any_difference_in_what_was_asked_is_foreign)
{
	judge_records(0, "www.example. 300 A 192.0.2.1");
	for (size_t at = 0; at < TARN__HEADER_LEN + 17; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bool is_flags = at == 3 || (at == 2 && bit < 3);
			bool is_count = at >= 4 && at < TARN__HEADER_LEN;
			bool is_case = bit == 5 && at > TARN__HEADER_LEN &&
				       message.wire[at] >= 'a' && message.wire[at] <= 'z';
			if (is_flags || is_count)
				continue;
			message.wire[at] ^= 1U << bit;
			ck_assert_int_eq(judge(),
					 is_case ? TARN__ANSWER_MISSPELT : TARN__ANSWER_FOREIGN);
			ck_assert_uint_eq(answer.rcode, 0);
			message.wire[at] ^= 1U << bit;
		}
	}
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
}
END_TEST

START_TEST(spelling_counts_only_where_it_was_mixed)
{
	judge_records(0, "www.example. 300 A 192.0.2.1");
	message.wire[TARN__HEADER_LEN + 1] = 'W';
	ck_assert_int_eq(judge_octets(message.wire, message.len, true), TARN__ANSWER_MISSPELT);
	ck_assert_int_eq(judge_octets(message.wire, message.len, false), TARN__ANSWER_GOOD);
	asked[TARN__HEADER_LEN + 1] = 'W';
	ck_assert_int_eq(judge_octets(message.wire, message.len, true), TARN__ANSWER_GOOD);
}
END_TEST

START_TEST(two_questions_are_foreign)
{
	start(RESPONSE);
	put_question(&message, "www.example.", TARN__TYPE_A);
	ck_assert_int_eq(judge(), TARN__ANSWER_FOREIGN);
}
END_TEST

/* Loop: rcodes. */
START_TEST(question_may_be_left_out_of_an_error_only)
{
	put_header(&message, ID, RESPONSE | (unsigned)_i);
	bool may = _i == TARN__FORMERR || _i == TARN__SERVFAIL || _i == TARN__NOTIMP ||
		   _i == TARN__REFUSED;
	ck_assert_int_eq(judge(), may ? TARN__ANSWER_FAILED : TARN__ANSWER_FOREIGN);
	ck_assert_uint_eq(answer.rcode, may ? _i : 0);
}
END_TEST

/* ---- rcode, TC, OPT --------------------------------------------------------------------- */

START_TEST(truncated_answer_is_truncated_whatever_follows)
{
	start(RESPONSE | TARN__FLAG_TC);
	ck_assert_int_eq(judge(), TARN__ANSWER_TRUNCATED);
	message.wire[7] = 200;
	put_octets(&message, "\xff\xff\xff", 3);
	ck_assert_int_eq(judge(), TARN__ANSWER_TRUNCATED);
}
END_TEST

/* Loop: rcodes. */
START_TEST(rcode_other_than_noerror_and_nxdomain_has_failed)
{
	enum tarn__answer_class answer_class =
		judge_records((unsigned)_i, "--\nexample. 60 SOA ns. root. 60");
	bool is_answer = _i == TARN__NOERROR || _i == TARN__NXDOMAIN;
	ck_assert_int_eq(answer_class, is_answer ? TARN__ANSWER_GOOD : TARN__ANSWER_FAILED);
	ck_assert_uint_eq(answer.rcode, _i);
}
END_TEST

START_TEST(opt_adds_the_upper_bits_of_the_rcode)
{
	start(RESPONSE);
	put_opt(&message, 1232, 0x01000000, NULL, 0);
	ck_assert_int_eq(judge(), TARN__ANSWER_FAILED);
	ck_assert_uint_eq(answer.rcode, TARN__BADVERS);
	ck_assert(answer.has_opt);
}
END_TEST

START_TEST(error_counts_even_where_its_records_are_rubbish)
{
	start(RESPONSE | TARN__SERVFAIL);
	message.wire[7] = 1;
	ck_assert_int_eq(judge(), TARN__ANSWER_FAILED);
	ck_assert_uint_eq(answer.rcode, TARN__SERVFAIL);
	ck_assert(!answer.has_opt);
}
END_TEST

START_TEST(opt_is_never_kept)
{
	start(RESPONSE);
	put_records(&message, "www.example. 300 A 192.0.2.1");
	put_opt(&message, 1232, 0, "\0\x0a\0\0", 4);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert(answer.has_opt);
	size_t len = answer.len;
	judge_records(0, "www.example. 300 A 192.0.2.1");
	ck_assert_uint_eq(answer.len, len);
}
END_TEST

/* ---- COOKIE ----------------------------------------------------------------------------- */

/* RFC 7873 section 5.3. Loop: octets of the cookie. */
START_TEST(cookie_has_8_or_16_to_40_octets_or_is_none)
{
	uint8_t option[4 + 256] = {0, TARN__OPTION_COOKIE, 0, (uint8_t)_i};
	memcpy(option + 4, "cookies!", 8);
	start(RESPONSE);
	put_records(&message, "www.example. 300 A 192.0.2.1");
	put_opt(&message, 1232, 0, option, 4 + (size_t)_i);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	bool is_valid = _i == 8 || (_i >= 16 && _i <= 40);
	ck_assert_uint_eq(answer.cookie_len, is_valid ? _i : 0);
	ck_assert_ptr_eq(answer.cookie, is_valid ? message.wire + message.len - _i : NULL);
}
END_TEST

START_TEST(first_cookie_counts)
{
	start(RESPONSE);
	put_opt(&message, 1232, 0, "\0\3\0\0\0\12\0\10cookies!\0\12\0\10another!", 28);
	judge();
	ck_assert_uint_eq(answer.cookie_len, 8);
	ck_assert_mem_eq(answer.cookie, "cookies!", 8);
}
END_TEST

/* RFC 7873 section 5.3: BADCOOKIE brings the cookie to use next. */
START_TEST(error_and_truncated_answer_have_their_cookie)
{
	start(RESPONSE | (TARN__BADCOOKIE & 0xf));
	put_opt(&message, 1232, (uint32_t)(TARN__BADCOOKIE >> 4) << 24, "\0\12\0\10cookies!", 12);
	ck_assert_int_eq(judge(), TARN__ANSWER_FAILED);
	ck_assert_uint_eq(answer.rcode, TARN__BADCOOKIE);
	ck_assert_uint_eq(answer.cookie_len, 8);
	message.wire[2] |= TARN__FLAG_TC >> 8;
	ck_assert_int_eq(judge(), TARN__ANSWER_TRUNCATED);
	ck_assert_uint_eq(answer.cookie_len, 8);
}
END_TEST

START_TEST(malformed_opt_has_no_cookie)
{
	start(RESPONSE | TARN__SERVFAIL);
	put_opt(&message, 1232, 0, "\0\12\0\10cookies!\0\1\0\2x", 17);
	ck_assert_int_eq(judge(), TARN__ANSWER_FAILED);
	ck_assert(!answer.has_opt);
	ck_assert_ptr_null(answer.cookie);
}
END_TEST

/* ---- OPT, malformed --------------------------------------------------------------------- */

static void put_two_opts(void)
{
	put_opt(&message, 1232, 0, NULL, 0);
	put_opt(&message, 1232, 0, NULL, 0);
}

static void put_opt_with_a_bad_option(void)
{
	put_opt(&message, 1232, 0, "\0\x0a\0\2x", 5);
}

static void put_opt_of_a_name(void)
{
	put_record(&message, 3, "example. 0 OPT");
}

static void put_opt_in_the_answer_section(void)
{
	put_record(&message, 1, ". 0 OPT");
}

static void put_opt_in_the_authority_section(void)
{
	put_record(&message, 2, ". 0 OPT");
}

static void (*const bad_opts[])(void) = {put_two_opts, put_opt_with_a_bad_option, put_opt_of_a_name,
					 put_opt_in_the_answer_section,
					 put_opt_in_the_authority_section};

START_TEST(bad_opt_breaks_the_answer)
{
	start(RESPONSE);
	bad_opts[_i]();
	ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
}
END_TEST

/* ---- malformed -------------------------------------------------------------------------- */

START_TEST(every_cut_of_an_answer_is_broken)
{
	start(RESPONSE);
	put_records(&message, "www.example. 300 CNAME a.example.\na.example. 60 A 192.0.2.1\n--\n"
			      "example. 60 NS ns.example.\n--\nns.example. 60 A 192.0.2.53");
	put_opt(&message, 1232, 0, "\0\x0a\0\0", 4);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	for (size_t len = TARN__HEADER_LEN + 17; len < message.len; len++)
		ck_assert_int_eq(judge_octets(message.wire, len, true), TARN__ANSWER_BROKEN);
}
END_TEST

static const struct {
	uint16_t type;
	const char *rdata;
	size_t len;
} bad_rdata[] = {
#define RDATA(type, literal)                                                                       \
	{                                                                                          \
		type, literal, sizeof(literal) - 1                                                 \
	}
	RDATA(TARN__TYPE_A, "\1\2\3"),
	RDATA(TARN__TYPE_A, "\1\2\3\4\5"),
	RDATA(TARN__TYPE_AAAA, "\1\2\3\4"),
	RDATA(TARN__TYPE_CNAME, ""),
	RDATA(TARN__TYPE_CNAME, "\1a\0x"),
	RDATA(TARN__TYPE_CNAME, "\1a"),
	RDATA(TARN__TYPE_NS, "\xc0\xff"),
	RDATA(TARN__TYPE_NS, "\xc0\0"),
	RDATA(TARN__TYPE_PTR, "\x40"),
	RDATA(TARN__TYPE_MX, "\0"),
	RDATA(TARN__TYPE_MX, "\0\1"),
	RDATA(TARN__TYPE_MX, "\0\1\0x"),
	RDATA(TARN__TYPE_SOA, "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0"),
	RDATA(TARN__TYPE_SOA, "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1x"),
	RDATA(TARN__TYPE_SRV, "\0\1\0\1\0"),
	RDATA(TARN__TYPE_SRV, "\0\1\0\1\0\1\0x"),
	RDATA(TARN__TYPE_NAPTR, "\0\1\0\1\1a\1b\1"),
	RDATA(TARN__TYPE_NAPTR, "\0\1\0\1\1a\1b\1c"),
	RDATA(TARN__TYPE_DNAME, "\1a"),
	RDATA(TARN__TYPE_SIG, "\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0"),
#undef RDATA
};

START_TEST(rdata_that_does_not_fill_its_length_breaks_the_answer)
{
	ask("www.example.", bad_rdata[_i].type, false);
	start(RESPONSE);
	put_raw(1, "www.example.", bad_rdata[_i].type, bad_rdata[_i].rdata, bad_rdata[_i].len);
	ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
	ck_assert_uint_eq(answer.rcode, 0);
}
END_TEST

START_TEST(link_that_is_malformed_breaks_the_answer)
{
	start(RESPONSE);
	put_raw(1, "www.example.", TARN__TYPE_CNAME, "\1a", 2);
	ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
	start(RESPONSE);
	put_record(&message, 1, "www.example. 60 CNAME www.a.");
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	put_raw(1, "example.", TARN__TYPE_DNAME, "\1a\0x", 4);
	ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
}
END_TEST

START_TEST(soa_that_is_malformed_breaks_a_denial)
{
	static const char soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
	for (size_t len = 0; len < sizeof(soa) - 1; len++) {
		start(RESPONSE | TARN__NXDOMAIN);
		put_raw(2, "example.", TARN__TYPE_SOA, soa, len);
		ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
	}
	start(RESPONSE | TARN__NXDOMAIN);
	put_raw(2, "example.", TARN__TYPE_SOA, soa, sizeof(soa) - 1);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert_uint_eq(answer.ttl, 5);
}
END_TEST

START_TEST(signature_too_short_for_a_type_signs_nothing)
{
	ask("www.example.", TARN__TYPE_A, true);
	start(RESPONSE);
	put_record(&message, 1, "www.example. 60 A 192.0.2.1");
	put_raw(1, "www.example.", TARN__TYPE_RRSIG, "\0", 1);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "www.example. 60 A 192.0.2.1\n");
}
END_TEST

/* RFC 4034 section 3.1.7 */
START_TEST(proof_needs_a_signers_name_in_full)
{
	static const char rdata[] = "\0\x2f\x08\2\0\0\0\x3c\0\0\0\2\0\0\0\1\0\7";
	static const struct {
		const char *octets;
		size_t len;
		const char *kept;
	} signers[] = {
		{"", 0, ""},
		{"\xc0\x10", 2, ""},
		{"\7exampl", 7, ""},
		{"\7example", 9,
		 "--\nvvv.example. 60 NSEC xxx.example.\nvvv.example. 60 RRSIG NSEC\n"},
	};
	ask("www.example.", TARN__TYPE_A, true);
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		char octets[32];
		memcpy(octets, rdata, 18);
		memcpy(octets + 18, signers[i].octets, signers[i].len);
		start(RESPONSE | TARN__NXDOMAIN);
		put_record(&message, 2, "vvv.example. 60 NSEC xxx.example.");
		put_raw(2, "vvv.example.", TARN__TYPE_RRSIG, octets, 18 + signers[i].len);
		ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
		ck_assert_str_eq(kept(), signers[i].kept);
	}
}
END_TEST

START_TEST(name_in_rdata_ends_within_it_even_where_the_message_goes_on)
{
	ask("www.example.", TARN__TYPE_NS, false);
	start(RESPONSE);
	put_octets(&message, "\xc0\x0c\0\2\0\1\0\0\0\5\0\1\2ns\0", 16);
	message.wire[7] = 1;
	ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

/* A record of the question's name that takes len octets. */
static void put_filler(size_t len)
{
	put_octets(&message, "\xc0\x0c\xff\0\0\1\0\0\0\5", 10);
	put16(&message, (unsigned)len - 12);
	for (size_t i = 12; i < len; i++)
		put8(&message, 0x55);
	count_one(&message, 1);
}

/* Loop: octets of the reply. Its DNAME comes compressed, and so the message is 11 octets shorter.
 */
START_TEST(reply_longer_than_a_message_is_broken)
{
	ask("www.example.", TARN__TYPE_ANY, false);
	start(RESPONSE);
	put_octets(&message, "\xc0\x0c\0\x27\0\1\0\0\0\5\0\2\xc0\x0c", 14);
	count_one(&message, 1);
	put_filler(40000);
	put_filler((size_t)_i - 11 - message.len);
	ck_assert_int_eq(judge(),
			 _i <= TARN__MESSAGE_MAX ? TARN__ANSWER_GOOD : TARN__ANSWER_BROKEN);
	if (_i <= TARN__MESSAGE_MAX)
		ck_assert_uint_eq(answer.len, TARN__STORED_HEAD_LEN + 2 * 3 + (size_t)_i -
						      TARN__HEADER_LEN - 17);
}
END_TEST

/* Loop: octets of RDATA; without any, all records are one. */
START_TEST(most_records_a_message_can_hold_are_read)
{
	ask(".", 65280, false);
	start(RESPONSE);
	unsigned count = 0;
	for (; message.len + 11 + (size_t)_i <= TARN__MESSAGE_MAX; count++) {
		put_octets(&message, "\0\xff\0\0\1\0\0\0\5", 9);
		put16(&message, (unsigned)_i);
		put_octets(&message, (uint8_t[]){(uint8_t)count, (uint8_t)(count >> 8)},
			   (size_t)_i);
	}
	tarn__put16(message.wire + 6, (uint16_t)count);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	const unsigned different[] = {1, 256, count};
	ck_assert_uint_eq(tarn__stored_open(stored, answer.len).answer_count, different[_i]);
	/* One more does not fit into the message, although the count includes it. */
	tarn__put16(message.wire + 6, (uint16_t)(count + 1));
	ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
}
END_TEST

START_TEST(name_that_is_compressed_is_the_same)
{
	ask("www.example.", TARN__TYPE_NS, false);
	start(RESPONSE);
	put_raw(1, "www.example.", TARN__TYPE_NS, "\2ns\3www\7example\0", 16);
	put_raw(1, "www.example.", TARN__TYPE_NS, "\2ns\xc0\x0c", 5);
	put_raw(1, "www.example.", TARN__TYPE_NS, "\2NS\xc0\x0c", 5);
	put_raw(1, "www.example.", TARN__TYPE_NS, "\2ns\xc0\x10", 5);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "www.example. 60 NS ns.www.example.\n"
				 "www.example. 60 NS ns.example.\n");
}
END_TEST

START_TEST(malformed_record_is_nobodys_duplicate)
{
	for (size_t i = 0; i < sizeof bad_rdata / sizeof bad_rdata[0]; i++) {
		ask("www.example.", bad_rdata[i].type, false);
		start(RESPONSE);
		for (int copies = 0; copies < 2; copies++)
			put_raw(1, "www.example.", bad_rdata[i].type, bad_rdata[i].rdata,
				bad_rdata[i].len);
		ck_assert_int_eq(judge(), TARN__ANSWER_BROKEN);
	}
}
END_TEST

/* Loop: RRsets; 128 are as many as an answer may have. */
START_TEST(rrsets_are_bounded)
{
	start(RESPONSE);
	for (int i = 0; i < _i; i++) {
		char line[64];
		snprintf(line, sizeof(line), "www.example. 60 TYPE%d 00", 1000 + i);
		put_record(&message, 1, line);
	}
	ck_assert_int_eq(judge(), _i <= 128 ? TARN__ANSWER_GOOD : TARN__ANSWER_BROKEN);
}
END_TEST

/* tarn__name_hash() is the same for both, which does not happen by accident. */
START_TEST(owners_made_to_collide_break_the_answer)
{
	ck_assert_int_eq(judge_records(0, "www.example. 60 A 192.0.2.1\n"
					  "onhdmmtn.example. 60 A 192.0.2.1\n"
					  "qdelbeql.example. 60 A 192.0.2.1\n"),
			 TARN__ANSWER_GOOD);
	ck_assert_int_eq(judge_records(0, "www.example. 60 A 192.0.2.1\n"
					  "onhdmmtn.example. 60 A 192.0.2.1\n"
					  "qdelbeqk.example. 60 A 192.0.2.1\n"),
			 TARN__ANSWER_BROKEN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tcase = add_case(suite, "ours");
	tcase_add_test(tcase, answer_to_the_question_is_good);
	tcase_add_test(tcase, message_shorter_than_header_and_question_is_foreign);
	tcase_add_test(tcase, any_difference_in_what_was_asked_is_foreign);
	tcase_add_test(tcase, spelling_counts_only_where_it_was_mixed);
	tcase_add_test(tcase, two_questions_are_foreign);
	tcase_add_loop_test(tcase, question_may_be_left_out_of_an_error_only, 0, 16);
	tcase = add_case(suite, "rcode");
	tcase_add_test(tcase, truncated_answer_is_truncated_whatever_follows);
	tcase_add_loop_test(tcase, rcode_other_than_noerror_and_nxdomain_has_failed, 0, 16);
	tcase_add_test(tcase, opt_adds_the_upper_bits_of_the_rcode);
	tcase_add_test(tcase, error_counts_even_where_its_records_are_rubbish);
	tcase_add_test(tcase, opt_is_never_kept);
	tcase_add_loop_test(tcase, bad_opt_breaks_the_answer, 0, COUNT(bad_opts));
	tcase = add_case(suite, "cookie");
	tcase_add_loop_test(tcase, cookie_has_8_or_16_to_40_octets_or_is_none, 0, 64);
	tcase_add_test(tcase, first_cookie_counts);
	tcase_add_test(tcase, error_and_truncated_answer_have_their_cookie);
	tcase_add_test(tcase, malformed_opt_has_no_cookie);
	tcase = add_case(suite, "malformed");
	tcase_add_test(tcase, every_cut_of_an_answer_is_broken);
	tcase_add_loop_test(tcase, rdata_that_does_not_fill_its_length_breaks_the_answer, 0,
			    COUNT(bad_rdata));
	tcase_add_test(tcase, link_that_is_malformed_breaks_the_answer);
	tcase_add_test(tcase, soa_that_is_malformed_breaks_a_denial);
	tcase_add_test(tcase, signature_too_short_for_a_type_signs_nothing);
	tcase_add_test(tcase, proof_needs_a_signers_name_in_full);
	tcase_add_test(tcase, name_in_rdata_ends_within_it_even_where_the_message_goes_on);
	tcase = add_case(suite, "limits");
	tcase_add_loop_test(tcase, reply_longer_than_a_message_is_broken, TARN__MESSAGE_MAX - 1,
			    TARN__MESSAGE_MAX + 3);
	tcase_add_loop_test(tcase, most_records_a_message_can_hold_are_read, 0, 3);
	tcase_add_test(tcase, name_that_is_compressed_is_the_same);
	tcase_add_test(tcase, malformed_record_is_nobodys_duplicate);
	tcase_add_loop_test(tcase, rrsets_are_bounded, 127, 130);
	tcase_add_test(tcase, owners_made_to_collide_break_the_answer);
	return unit_run(suite);
}

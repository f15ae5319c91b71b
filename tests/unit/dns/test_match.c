/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/match.c: what counts as an answer to what was asked. */
#include "dns/match.h"

#include "dns/query.h"
#include "support/message.h"
#include "support/unit.h"

enum { ID = 0x4711, RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA };

static struct message asked, answer;

static void set_up(void)
{
	put_header(&asked, ID, TARN__FLAG_RD);
	put_question(&asked, "www.example.", TARN__TYPE_A);
	put_opt(&asked, 1232, 0, NULL, 0);
	put_header(&answer, ID, RESPONSE);
	put_question(&answer, "www.example.", TARN__TYPE_A);
}

/* The octets stand at the end of a block of their own, so that reading past them is seen. */
static enum tarn__match match_octets(const uint8_t *wire, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, wire, len);
	enum tarn__match match = tarn__match(copy, len, asked.wire, asked.len);
	free(copy);
	return match;
}

static enum tarn__match match(void)
{
	return match_octets(answer.wire, answer.len);
}

START_TEST(question_repeated_to_the_letter_is_exact)
{
	ck_assert_int_eq(match(), TARN__MATCH_EXACT);
	put_octets(&answer, "rubbish", 7);
	ck_assert_int_eq(match(), TARN__MATCH_EXACT);
}
END_TEST

START_TEST(letters_of_the_other_case_are_told_apart)
{
	answer.wire[TARN__HEADER_LEN + 1] = 'W';
	ck_assert_int_eq(match(), TARN__MATCH_SPELLING);
}
END_TEST

START_TEST(message_shorter_than_header_and_question_matches_nothing)
{
	for (size_t len = 0; len < answer.len; len++)
		ck_assert_int_eq(match_octets(answer.wire, len), TARN__MATCH_NONE);
}
END_TEST

/* Every bit of id, QR, opcode and question. */
START_TEST(any_other_difference_matches_nothing)
{
	for (size_t at = 0; at < answer.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bool is_flag = (at == 2 && bit < 3) || at == 3;
			bool is_count = at >= 6 && at < TARN__HEADER_LEN;
			bool is_case = at > TARN__HEADER_LEN && bit == 5 && answer.wire[at] >= 'a';
			if (is_flag || is_count || is_case)
				continue;
			answer.wire[at] ^= 1U << bit;
			ck_assert_msg(match() == TARN__MATCH_NONE, "octet %zu, bit %u", at, bit);
			answer.wire[at] ^= 1U << bit;
		}
	}
}
END_TEST

/* Loop: rcodes. */
START_TEST(only_an_error_of_who_could_not_read_may_lack_the_question)
{
	put_header(&answer, ID, RESPONSE | (unsigned)_i);
	bool may = _i == TARN__FORMERR || _i == TARN__SERVFAIL || _i == TARN__NOTIMP ||
		   _i == TARN__REFUSED;
	ck_assert_int_eq(match(), may ? TARN__MATCH_HEADER : TARN__MATCH_NONE);
	answer.wire[1] ^= 1;
	ck_assert_int_eq(match(), TARN__MATCH_NONE);
}
END_TEST

START_TEST(what_asks_no_question_is_answered_by_nothing)
{
	put_header(&answer, ID, RESPONSE | TARN__SERVFAIL);
	for (; asked.len > 0; asked.len--) {
		if (asked.len < TARN__HEADER_LEN + 17)
			ck_assert_int_eq(match(), TARN__MATCH_NONE);
		else
			ck_assert_int_eq(match(), TARN__MATCH_HEADER);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("match");
	TCase *tcase = tcase_create("match");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, question_repeated_to_the_letter_is_exact);
	tcase_add_test(tcase, letters_of_the_other_case_are_told_apart);
	tcase_add_test(tcase, message_shorter_than_header_and_question_matches_nothing);
	tcase_add_test(tcase, any_other_difference_matches_nothing);
	tcase_add_loop_test(tcase, only_an_error_of_who_could_not_read_may_lack_the_question, 0,
			    16);
	tcase_add_test(tcase, what_asks_no_question_is_answered_by_nothing);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

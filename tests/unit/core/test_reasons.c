/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_reasons.c: what errors say of lookups that have failed. */
#include "core/forward/reasons.h"

#include <string.h>

#include "support/unit.h"
#include "tarn.h"

static struct tarn__reasons *reasons;
static struct tarn__reason found;

static void set_up(void)
{
	reasons = tarn__reasons_new();
	ck_assert_ptr_nonnull(reasons);
}

static void tear_down(void)
{
	tarn__reasons_free(reasons);
}

static const char *text_of(int error)
{
	tarn__reasons_find(reasons, error, &found);
	return found.text;
}

static int add_fault(int error, const char *words)
{
	return tarn__reasons_add_fault(reasons, error, words, 0);
}

static int add_bogus(void)
{
	return tarn__reasons_add(
		reasons, &(struct tarn__reason){.code = TARN__EDE_BOGUS, .text = "no key fits"});
}

START_TEST(fault_is_told_in_its_words)
{
	static const int errors[] = {TARN_ECERTIFICATE, TARN_ETLS, TARN_EUNREACHABLE};
	for (size_t i = 0; i < 3; i++) {
		int error = add_fault(errors[i], "certificate is for other.example");
		ck_assert(tarn__reasons_has(error));
		ck_assert(tarn__reasons_is_fault(error));
		ck_assert(!tarn__reasons_is_bogus(error));
		ck_assert_str_eq(text_of(error), "certificate is for other.example");
		ck_assert_uint_eq(found.code, TARN__EDE_NETWORK_ERROR);
	}
	ck_assert_str_eq(text_of(add_fault(TARN_EANSWER, "HTTP status 503")), "HTTP status 503");
	ck_assert_uint_eq(found.code, TARN__EDE_NO_REACHABLE_AUTHORITY);
}
END_TEST

START_TEST(bogus_answer_is_no_fault)
{
	int error = add_bogus();
	ck_assert(tarn__reasons_has(error));
	ck_assert(tarn__reasons_is_bogus(error));
	ck_assert(!tarn__reasons_is_fault(error));
	ck_assert_str_eq(text_of(error), "no key fits");
}
END_TEST

START_TEST(error_without_words_stays_as_it_is)
{
	static const int errors[] = {TARN_ECERTIFICATE, TARN_ETLS, TARN_EUNREACHABLE,
				     TARN_ETIMEOUT};
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(add_fault(errors[i], NULL), errors[i]);
		ck_assert_int_eq(add_fault(errors[i], ""), errors[i]);
		ck_assert(!tarn__reasons_has(errors[i]));
		ck_assert(!tarn__reasons_is_fault(errors[i]));
		ck_assert(!tarn__reasons_is_bogus(errors[i]));
	}
}
END_TEST

/* What is in a certificate may be anything. */
START_TEST(words_are_graphic_and_bounded)
{
	char words[2 * TARN__REASON_TEXT_MAX];
	memset(words, 'x', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	words[0] = '\n';
	words[1] = '\x7f';
	words[2] = '\xff';
	words[3] = ' ';
	const char *text = text_of(add_fault(TARN_ETLS, words));
	ck_assert_uint_eq(strlen(text), TARN__REASON_TEXT_MAX);
	ck_assert_mem_eq(text, "??? xx", 6);
}
END_TEST

START_TEST(same_words_of_a_server_are_kept_once)
{
	int first = add_fault(TARN_ECERTIFICATE, "expired");
	ck_assert_int_eq(tarn__reasons_add_fault(reasons, TARN_ECERTIFICATE, "expired", first),
			 first);
	int other = tarn__reasons_add_fault(reasons, TARN_ECERTIFICATE, "not valid yet", first);
	ck_assert_int_ne(other, first);
	ck_assert_str_eq(text_of(first), "expired");
	/* Nor is it the same with another code, or after an error without words. */
	ck_assert_int_ne(tarn__reasons_add_fault(reasons, TARN_EANSWER, "expired", first), first);
	ck_assert_str_eq(text_of(tarn__reasons_add_fault(reasons, TARN_ETLS, "expired", TARN_ETLS)),
			 "expired");
}
END_TEST

START_TEST(displaced_fault_has_its_code)
{
	int fault = add_fault(TARN_ETLS, "the connection was reset");
	for (int i = 0; i < TARN__REASONS_MAX; i++)
		add_bogus();
	ck_assert_str_eq(text_of(fault), "");
	ck_assert_uint_eq(found.code, TARN__EDE_NETWORK_ERROR);
	ck_assert(tarn__reasons_is_fault(fault));
	/* Then the same words are kept anew. */
	int next = tarn__reasons_add_fault(reasons, TARN_ETLS, "the connection was reset", fault);
	ck_assert_str_eq(text_of(next), "the connection was reset");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reasons");
	TCase *tcase = tcase_create("reasons");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, fault_is_told_in_its_words);
	tcase_add_test(tcase, bogus_answer_is_no_fault);
	tcase_add_test(tcase, error_without_words_stays_as_it_is);
	tcase_add_test(tcase, words_are_graphic_and_bounded);
	tcase_add_test(tcase, same_words_of_a_server_are_kept_once);
	tcase_add_test(tcase, displaced_fault_has_its_code);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_security.c: which reason is told, and how it reads. */
#include "dnssec/security.h"

#include <string.h>

#include "dns/name.h"
#include "dns/text.h"
#include "support/unit.h"

/* In the order of precedence; the last two are equal. */
static const uint16_t codes[] = {
	TARN__EDE_SIGNATURE_NOT_YET_VALID,
	TARN__EDE_SIGNATURE_EXPIRED,
	TARN__EDE_NO_ZONE_KEY,
	TARN__EDE_DNSKEY_MISSING,
	TARN__EDE_RRSIGS_MISSING,
	TARN__EDE_NSEC_MISSING,
	TARN__EDE_BOGUS,
};

enum { CODES = sizeof(codes) / sizeof(codes[0]) };

START_TEST(the_reason_with_precedence_stays)
{
	for (size_t i = 0; i < CODES; i++) {
		for (size_t j = i + 1; j < CODES; j++) {
			struct tarn__reason reason = {0}, other = {0};
			tarn__reason_set(&reason, codes[i], "first");
			tarn__reason_set(&reason, codes[j], "second");
			ck_assert_uint_eq(reason.code, codes[i]);
			ck_assert_str_eq(reason.text, "first");
			tarn__reason_set(&other, codes[j], "first");
			tarn__reason_set(&other, codes[i], "second");
			ck_assert_uint_eq(other.code, codes[i]);
			ck_assert_str_eq(other.text, "second");
		}
	}
}
END_TEST

START_TEST(of_equal_reasons_the_last_one_is_told)
{
	struct tarn__reason reason = {0};
	tarn__reason_set(&reason, TARN__EDE_BOGUS, "first");
	tarn__reason_set(&reason, TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID, "second");
	ck_assert_uint_eq(reason.code, TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID);
	tarn__reason_set(&reason, TARN__EDE_BOGUS, "third");
	ck_assert_uint_eq(reason.code, TARN__EDE_BOGUS);
	ck_assert_str_eq(reason.text, "third");
}
END_TEST

START_TEST(no_reason_replaces_none)
{
	struct tarn__reason reason = {0};
	tarn__reason_set(&reason, TARN__EDE_BOGUS, "first");
	tarn__reason_set(&reason, 0, "second");
	ck_assert_uint_eq(reason.code, TARN__EDE_BOGUS);
}
END_TEST

START_TEST(a_long_text_is_cut)
{
	struct tarn__reason reason = {0};
	char text[TARN__REASON_TEXT_MAX + 2];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tarn__reason_set(&reason, TARN__EDE_BOGUS, "%s", text + 1);
	ck_assert_uint_eq(strlen(reason.text), TARN__REASON_TEXT_MAX);
	tarn__reason_set(&reason, TARN__EDE_BOGUS, "%s", text);
	ck_assert_uint_eq(strlen(reason.text), TARN__REASON_TEXT_MAX);
	tarn__reason_set(&reason, TARN__EDE_BOGUS, "short");
	ck_assert_str_eq(reason.text, "short");
}
END_TEST

#define X20 "xxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *name, *text;
} names[] = {
	{"www.example.com.", "www.example.com"},
	{".", "."},
	{"a\\.b.\\000\\010\"x.", "a\\.b.\\000\\010\\\"x"},
	/* 80 octets, and one more */
	{X20 X20 "." X20 X20 "." /* 82 */, X20 X20 "." X20 "xxxxxxxxxxxxxxxxxxx..."},
	{X20 X20 "." X20 "xxxxxxxxxxxxxxxxxxx.", X20 X20 "." X20 "xxxxxxxxxxxxxxxxxxx"},
};

START_TEST(a_name_is_graphic_and_not_long)
{
	uint8_t name[TARN__NAME_MAX];
	ck_assert_uint_gt(tarn__name_parse(names[_i].name, name), 0);
	ck_assert_str_eq(tarn__reason_name(name).text, names[_i].text);
}
END_TEST

START_TEST(the_longest_name_has_room)
{
	uint8_t name[TARN__NAME_MAX];
	memset(name, 0xff, sizeof(name));
	name[0] = name[64] = name[128] = 63;
	name[192] = 61;
	name[254] = 0;
	struct tarn__reason_name text = tarn__reason_name(name);
	ck_assert_uint_eq(strlen(text.text), TARN__REASON_NAME_MAX + 3);
	ck_assert_str_eq(text.text + TARN__REASON_NAME_MAX, "...");
}
END_TEST

START_TEST(a_type_is_its_mnemonic)
{
	ck_assert_str_eq(tarn__reason_type(TARN__TYPE_NSEC3PARAM).text, "NSEC3PARAM");
	ck_assert_str_eq(tarn__reason_type(65280).text, "TYPE65280");
}
END_TEST

START_TEST(a_date_is_written_out)
{
	ck_assert_str_eq(tarn__reason_date(0).text, "1970-01-01 00:00:00");
	ck_assert_str_eq(tarn__reason_date(1793534399).text, "2026-11-01 11:59:59");
	ck_assert_str_eq(tarn__reason_date(UINT32_MAX).text, "2106-02-07 06:28:15");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security");
	TCase *tcase = tcase_create("security");
	tcase_add_test(tcase, the_reason_with_precedence_stays);
	tcase_add_test(tcase, of_equal_reasons_the_last_one_is_told);
	tcase_add_test(tcase, no_reason_replaces_none);
	tcase_add_test(tcase, a_long_text_is_cut);
	tcase_add_loop_test(tcase, a_name_is_graphic_and_not_long, 0,
			    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, the_longest_name_has_room);
	tcase_add_test(tcase, a_type_is_its_mnemonic);
	tcase_add_test(tcase, a_date_is_written_out);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/base/test_base32.c: octets in base 32. */
#include "base/base32.h"

#include <ctype.h>
#include <string.h>

#include "support/unit.h"

/* RFC 4648 section 10, without the padding. */
static const struct {
	const char *octets, *text;
} forms[] = {
	{"f", "co"},	     {"fo", "cpng"},	    {"foo", "cpnmu"},
	{"foob", "cpnmuog"}, {"fooba", "cpnmuoj1"}, {"foobar", "cpnmuoj1e8"},
};

START_TEST(octets_are_written_and_read)
{
	char text[16];
	uint8_t octets[8];
	size_t len = strlen(forms[_i].octets);
	*tarn__base32_write((const uint8_t *)forms[_i].octets, len, text) = '\0';
	ck_assert_str_eq(text, forms[_i].text);
	size_t text_len = strlen(text);
	ck_assert_uint_eq(tarn__base32_read(text, text_len, octets, len), len);
	ck_assert_int_eq(memcmp(octets, forms[_i].octets, len), 0);
	ck_assert_uint_eq(tarn__base32_read(text, text_len, octets, len - 1), 0);
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	ck_assert_uint_eq(tarn__base32_read(text, text_len, octets, sizeof(octets)), len);
	ck_assert_int_eq(memcmp(octets, forms[_i].octets, len), 0);
}
END_TEST

START_TEST(every_octet_reads_back)
{
	uint8_t octets[256], again[256];
	char text[8 * 52];
	for (unsigned i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	size_t text_len = (size_t)(tarn__base32_write(octets, 256, text) - text);
	ck_assert_uint_eq(text_len, 410);
	ck_assert_uint_eq(tarn__base32_read(text, text_len, again, sizeof(again)), 256);
	ck_assert_mem_eq(again, octets, 256);
}
END_TEST

static const char *const bad[] = {"",	"c",   "cp",	"cpn",	"cpnmuo", "cpnmuoj1c", "cw",
				  "c ", "co=", "c\x80", "cpnh", "c/",	  "c:"};

START_TEST(what_is_no_base_32_is_refused)
{
	uint8_t octets[16];
	ck_assert_uint_eq(tarn__base32_read(bad[_i], strlen(bad[_i]), octets, sizeof(octets)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base32");
	TCase *tcase = tcase_create("base32");
	tcase_add_loop_test(tcase, octets_are_written_and_read, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tcase, every_octet_reads_back);
	tcase_add_loop_test(tcase, what_is_no_base_32_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

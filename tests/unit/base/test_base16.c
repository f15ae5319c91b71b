/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/base/test_base16.c: octets as hexadecimal digits. */
#include "base/base16.h"

#include <string.h>

#include "support/unit.h"

START_TEST(octets_read_back)
{
	char text[2 * 256 + 1];
	uint8_t octets[256], read[256];
	for (unsigned i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	char *end = tarn__base16_write(octets, sizeof(octets), text);
	ck_assert_ptr_eq(end, text + 512);
	*end = '\0';
	ck_assert_int_eq(strncmp(text, "000102", 6), 0);
	ck_assert_str_eq(text + 508, "feff");
	ck_assert_uint_eq(tarn__base16_read(text, read, sizeof(read)), 256);
	ck_assert_mem_eq(read, octets, sizeof(octets));
	ck_assert_uint_eq(tarn__base16_read(text, read, 255), 0);
}
END_TEST

START_TEST(digit_is_in_lower_case)
{
	for (unsigned digit = 0; digit < 256; digit++) {
		const char *digits = "0123456789abcdef";
		const char *at = digit ? strchr(digits, (int)digit) : NULL;
		ck_assert_int_eq(tarn__base16_digit((char)digit), at ? at - digits : -1);
	}
}
END_TEST

static const char *const bad[] = {"", "0", "000", "0g", "g0", "0A", "00 00", "0x", "00\n"};

START_TEST(what_is_no_base_16_is_refused)
{
	uint8_t octets[8];
	ck_assert_uint_eq(tarn__base16_read(bad[_i], octets, sizeof(octets)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base16");
	TCase *tcase = tcase_create("base16");
	tcase_add_test(tcase, octets_read_back);
	tcase_add_test(tcase, digit_is_in_lower_case);
	tcase_add_loop_test(tcase, what_is_no_base_16_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_type.c: the rows of the record types. */
#include "dns/type.h"

#include <stdbool.h>
#include <string.h>

#include "support/unit.h"

static const struct {
	uint16_t number;
	const char *mnemonic;
} rows[] = {
#define X(number, identifier, mnemonic, fields) {number, mnemonic},
	TARN__TYPES(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(row_is_found_by_number_and_by_mnemonic)
{
	ck_assert_str_eq(tarn__type_mnemonic(rows[_i].number), rows[_i].mnemonic);
	ck_assert_uint_eq(tarn__type_find(rows[_i].mnemonic), rows[_i].number);
}
END_TEST

START_TEST(rows_are_in_the_order_of_their_numbers)
{
	for (size_t i = 1; i < COUNT(rows); i++)
		ck_assert_uint_lt(rows[i - 1].number, rows[i].number);
}
END_TEST

START_TEST(mnemonic_has_any_case)
{
	ck_assert_uint_eq(tarn__type_find("aaaa"), TARN__TYPE_AAAA);
	ck_assert_uint_eq(tarn__type_find("Nsap-Ptr"), 23);
	ck_assert_uint_eq(tarn__type_find(""), 0);
	ck_assert_uint_eq(tarn__type_find("TYPE1"), 0);
}
END_TEST

START_TEST(type_without_a_row_is_octets)
{
	static const uint16_t none[] = {0, 31, 32, 127, 263, 65535};
	for (size_t i = 0; i < COUNT(none); i++) {
		ck_assert_ptr_null(tarn__type_mnemonic(none[i]));
		ck_assert_str_eq(tarn__type_fields(none[i]), "o");
	}
}
END_TEST

/* Only known fields; those that take all that is left are the last. */
START_TEST(fields_can_be_read)
{
	for (unsigned type = 0; type < 512; type++) {
		const char *fields = tarn__type_fields((uint16_t)type);
		ck_assert_uint_gt(strlen(fields), 0);
		ck_assert_uint_eq(strspn(fields, "46bhwdTynNmsclvStxXYpo"), strlen(fields));
		const char *last = strpbrk(fields, "StxXYpo");
		ck_assert(!last || last[1] == '\0');
	}
}
END_TEST

/* RFC 3597 section 4 */
START_TEST(only_types_of_rfc_1035_can_be_compressed)
{
	static const uint16_t old[] = {2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15};
	size_t next = 0;
	for (unsigned type = 0; type < 512; type++) {
		bool is_old = next < COUNT(old) && type == old[next];
		const char *fields = tarn__type_fields((uint16_t)type);
		next += is_old;
		ck_assert_int_eq(strchr(fields, 'N') != NULL, is_old);
		ck_assert(!is_old || !strchr(fields, 'n'));
	}
}
END_TEST

START_TEST(names_are_expanded_in_the_types_that_rfc_3597_lists)
{
	static const uint16_t listed[] = {2,  3,  4,  5,  6,  7,  8,  9,  12, 14, 15,
					  17, 18, 21, 24, 26, 30, 33, 35, 36, 39};
	size_t next = 0;
	for (unsigned type = 0; type < 512; type++) {
		bool is_listed = next < COUNT(listed) && type == listed[next];
		next += is_listed;
		ck_assert_int_eq(strpbrk(tarn__type_fields((uint16_t)type), "nN") != NULL,
				 is_listed);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("type");
	TCase *tcase = tcase_create("type");
	tcase_add_loop_test(tcase, row_is_found_by_number_and_by_mnemonic, 0, COUNT(rows));
	tcase_add_test(tcase, rows_are_in_the_order_of_their_numbers);
	tcase_add_test(tcase, mnemonic_has_any_case);
	tcase_add_test(tcase, type_without_a_row_is_octets);
	tcase_add_test(tcase, fields_can_be_read);
	tcase_add_test(tcase, only_types_of_rfc_1035_can_be_compressed);
	tcase_add_test(tcase, names_are_expanded_in_the_types_that_rfc_3597_lists);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

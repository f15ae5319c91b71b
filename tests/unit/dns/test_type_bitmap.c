/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_type_bitmap.c: the types that a name has, as NSEC and NSEC3 list them. */
#include "dns/type_bitmap.h"

#include <string.h>

#include "dns/text.h"
#include "support/unit.h"

static struct tarn__type_set set;
static uint8_t bitmap[TARN__TYPE_BITMAP_MAX];

START_TEST(types_are_written_in_windows)
{
	static const uint8_t expected[] = {0, 1, 0x40, 1, 1, 0x40, 255, 32};
	tarn__type_set_add(&set, 65535);
	tarn__type_set_add(&set, 1);
	tarn__type_set_add(&set, 257);
	ck_assert_uint_eq(tarn__type_bitmap_write(&set, bitmap), 3 + 3 + 34);
	ck_assert_mem_eq(bitmap, expected, sizeof(expected));
	ck_assert_uint_eq(bitmap[39], 1);
	char text[3 * TARN__WORD_MAX];
	*tarn__type_bitmap_format(bitmap, 40, text) = '\0';
	ck_assert_str_eq(text, "A CAA TYPE65535");
}
END_TEST

START_TEST(no_types_are_no_octets)
{
	ck_assert_uint_eq(tarn__type_bitmap_write(&set, bitmap), 0);
	ck_assert(tarn__type_bitmap_is_valid(bitmap, 0));
}
END_TEST

START_TEST(all_types_fill_all_windows)
{
	memset(&set, 0xff, sizeof(set));
	ck_assert_uint_eq(tarn__type_bitmap_write(&set, bitmap), TARN__TYPE_BITMAP_MAX);
	ck_assert_uint_eq(bitmap[TARN__TYPE_BITMAP_MAX - 1], 0xff);
}
END_TEST

/* Loop: types in the list. */
START_TEST(list_of_1024_types_is_the_longest)
{
	for (unsigned type = 0; type < (unsigned)_i; type++)
		tarn__type_set_add(&set, (uint16_t)type);
	size_t len = tarn__type_bitmap_write(&set, bitmap);
	ck_assert_int_eq(tarn__type_bitmap_is_valid(bitmap, len),
			 _i <= TARN__TYPE_BITMAP_TYPES_MAX);
}
END_TEST

START_TEST(list_has_what_was_put_in)
{
	static const uint16_t types[] = {1, 7, 8, 255, 256, 511, 512, 65280, 65535};
	enum { COUNT = sizeof(types) / sizeof(types[0]) };
	for (size_t i = 0; i < COUNT; i++)
		tarn__type_set_add(&set, types[i]);
	size_t len = tarn__type_bitmap_write(&set, bitmap);
	size_t next = 0;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool expected = next < COUNT && types[next] == type;
		if (tarn__type_bitmap_has(bitmap, len, (uint16_t)type) != expected)
			ck_abort_msg("type %u", type);
		next += expected;
	}
}
END_TEST

#define BITMAP(literal, types)                                                                     \
	{                                                                                          \
		literal, sizeof(literal) - 1, types                                                \
	}

static const struct {
	const char *octets;
	size_t len;
	unsigned types; /* before what is malformed */
} bad[] = {
	BITMAP("\0", 0),
	BITMAP("\0\0", 0),
	BITMAP("\0\2\1", 0),
	BITMAP("\0\1\0", 0),
	BITMAP("\0\2\1\0", 1),
	BITMAP("\0\1\1\0\1\1", 1),
	BITMAP("\1\1\1\0\1\1", 2),
	BITMAP("\0\1\1\1", 1),
	BITMAP("\0\41"
	       "012345678901234567890123456789012",
	       110),
};

START_TEST(what_is_never_written_is_not_valid)
{
	ck_assert(!tarn__type_bitmap_is_valid((const uint8_t *)bad[_i].octets, bad[_i].len));
}
END_TEST

START_TEST(what_is_malformed_is_not_read)
{
	/* A copy of the exact size: a sanitizer sees what is read behind it. */
	uint8_t *octets = malloc(bad[_i].len);
	memcpy(octets, bad[_i].octets, bad[_i].len);
	unsigned count = 0;
	for (unsigned type = 0; type <= UINT16_MAX; type++)
		count += tarn__type_bitmap_has(octets, bad[_i].len, (uint16_t)type);
	free(octets);
	ck_assert_uint_eq(count, bad[_i].types);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("type_bitmap");
	TCase *tcase = tcase_create("type_bitmap");
	tcase_add_test(tcase, types_are_written_in_windows);
	tcase_add_test(tcase, no_types_are_no_octets);
	tcase_add_test(tcase, all_types_fill_all_windows);
	tcase_add_test(tcase, list_has_what_was_put_in);
	tcase_add_loop_test(tcase, list_of_1024_types_is_the_longest, 1023, 1026);
	tcase_add_loop_test(tcase, what_is_never_written_is_not_valid, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(tcase, what_is_malformed_is_not_read, 0, sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_wire.c: the cursor reads up to the end and not an octet further. */
#include "dns/wire.h"

#include "support/unit.h"

static const uint8_t octets[] = {0x12, 0x34, 0x56};

static struct tarn__reader reader_at(size_t at)
{
	return (struct tarn__reader){.wire = octets, .at = at, .end = sizeof(octets)};
}

START_TEST(numbers_are_in_network_order)
{
	struct tarn__reader reader = reader_at(0);
	ck_assert_uint_eq(tarn__read16(&reader), 0x1234);
	ck_assert_uint_eq(tarn__read8(&reader), 0x56);
	ck_assert(!reader.failed);
	ck_assert_uint_eq(tarn__reader_left(&reader), 0);
}
END_TEST

START_TEST(the_last_octet_can_be_read)
{
	struct tarn__reader reader = reader_at(0);
	ck_assert_ptr_eq(tarn__read_octets(&reader, 3), octets);
	ck_assert(!reader.failed);
}
END_TEST

START_TEST(one_octet_past_the_end_fails)
{
	struct tarn__reader reader = reader_at(0);
	ck_assert_ptr_null(tarn__read_octets(&reader, 4));
	ck_assert(reader.failed);
	reader = reader_at(2);
	ck_assert_uint_eq(tarn__read16(&reader), 0);
	ck_assert(reader.failed);
}
END_TEST

START_TEST(a_length_that_would_wrap_around_fails)
{
	struct tarn__reader reader = reader_at(1);
	ck_assert_ptr_null(tarn__read_octets(&reader, SIZE_MAX));
	ck_assert(reader.failed);
}
END_TEST

START_TEST(nothing_can_be_read_after_a_failure)
{
	struct tarn__reader reader = reader_at(0);
	tarn__reader_fail(&reader);
	ck_assert_uint_eq(tarn__read8(&reader), 0);
	ck_assert_uint_eq(tarn__reader_left(&reader), 0);
	ck_assert(reader.failed);
}
END_TEST

START_TEST(reading_nothing_at_the_end_is_no_failure)
{
	struct tarn__reader reader = reader_at(3);
	ck_assert_ptr_nonnull(tarn__read_octets(&reader, 0));
	ck_assert(!reader.failed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire");
	TCase *tcase = tcase_create("reader");
	tcase_add_test(tcase, numbers_are_in_network_order);
	tcase_add_test(tcase, the_last_octet_can_be_read);
	tcase_add_test(tcase, one_octet_past_the_end_fails);
	tcase_add_test(tcase, a_length_that_would_wrap_around_fails);
	tcase_add_test(tcase, nothing_can_be_read_after_a_failure);
	tcase_add_test(tcase, reading_nothing_at_the_end_is_no_failure);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_record.c: a record is read to its last octet. */
#include "dns/record.h"

#include <string.h>

#include "support/unit.h"

enum { AT = TARN__HEADER_LEN };

/* "a. 258 IN MX 1 b." behind a header. */
static const uint8_t wire[] = "\0\0\0\0\0\0\0\0\0\0\0\0\1a\0\0\17\0\1\0\0\1\2\0\5\0\1\1b\0";
enum { END = sizeof(wire) - 1 };

START_TEST(record_is_read)
{
	struct tarn__reader reader = {.wire = wire, .at = AT, .end = END};
	struct tarn__record record;
	ck_assert(tarn__record_read(&reader, &record));
	ck_assert_uint_eq(record.owner_at, AT);
	ck_assert_uint_eq(record.owner_len, 3);
	ck_assert_mem_eq(record.owner, "\1a\0", 3);
	ck_assert_uint_eq(record.type_at, AT + 3);
	ck_assert_uint_eq(record.type, TARN__TYPE_MX);
	ck_assert_uint_eq(record.class, TARN__CLASS_IN);
	ck_assert_uint_eq(record.ttl, 258);
	ck_assert_uint_eq(record.rdata_len, 5);
	ck_assert_mem_eq(record.rdata, "\0\1\1b\0", 5);
	ck_assert_uint_eq(reader.at, END);
}
END_TEST

START_TEST(every_cut_of_a_record_fails)
{
	for (size_t end = AT; end < END; end++) {
		struct tarn__reader reader = {.wire = wire, .at = AT, .end = end};
		struct tarn__record record;
		ck_assert(!tarn__record_read(&reader, &record));
		ck_assert(reader.failed);
	}
}
END_TEST

START_TEST(shortest_record_has_11_octets)
{
	static const uint8_t shortest[TARN__RECORD_MIN] = {0};
	struct tarn__reader reader = {.wire = shortest, .end = sizeof(shortest)};
	struct tarn__record record;
	ck_assert(tarn__record_read(&reader, &record));
	ck_assert_uint_eq(record.rdata_len, 0);
	ck_assert_uint_eq(tarn__reader_left(&reader), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");
	tcase_add_test(tcase, record_is_read);
	tcase_add_test(tcase, every_cut_of_a_record_fails);
	tcase_add_test(tcase, shortest_record_has_11_octets);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

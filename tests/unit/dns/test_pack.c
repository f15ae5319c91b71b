/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_pack.c: names are compressed where that is allowed, and read back the same. */
#include "dns/pack.h"

#include "support/message.h"
#include "support/unit.h"

enum { BASE = TARN__HEADER_LEN + 17 }; /* www.example. */

static uint8_t qname[TARN__NAME_MAX];
static size_t qname_len;
static uint8_t records[TARN__MESSAGE_MAX];
static struct tarn__packer packer;

static void set_up(void)
{
	qname_len = tarn__name_parse("www.example.", qname);
	tarn__pack_start(&packer, records, sizeof(records) - BASE, qname, qname_len);
}

/* Packs a name, reads it back below a question spelt in its own way, and returns its octets. */
static size_t pack(void (*pack_name)(struct tarn__packer *, const uint8_t *, size_t),
		   const char *text, const char *expected)
{
	static uint8_t message[2 * TARN__MESSAGE_MAX];
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name), start = packer.len;
	ck_assert_uint_gt(len, 0);
	pack_name(&packer, name, len);
	ck_assert(!packer.failed);

	memcpy(message + TARN__HEADER_LEN, "\3wWw\7exAMple\0", 13);
	memcpy(message + BASE, records, packer.len);
	struct tarn__reader reader = {
		.wire = message, .at = BASE + start, .end = BASE + packer.len};
	char read[TARN__NAME_TEXT_MAX];
	ck_assert_uint_gt(tarn__name_read(&reader, name), 0);
	ck_assert_uint_eq(reader.at, reader.end);
	ck_assert_str_eq(tarn__name_format(name, read), expected);
	return packer.len - start;
}

static size_t owner(const char *text, const char *expected)
{
	return pack(tarn__pack_owner, text, expected);
}

static size_t in_rdata(const char *text)
{
	return pack(tarn__pack_rdata_name, text, text);
}

START_TEST(owner_is_a_pointer_into_the_question)
{
	ck_assert_uint_eq(owner("www.example.", "wWw.exAMple."), 2);
	ck_assert_uint_eq(owner("WWW.example.", "wWw.exAMple."), 2);
	ck_assert_uint_eq(owner("example.", "exAMple."), 2);
	ck_assert_uint_eq(owner("a.example.", "a.exAMple."), 4);
	ck_assert_mem_eq(records, "\xc0\x0c\xc0\x0c\xc0\x10\1a\xc0\x10", 10);
}
END_TEST

START_TEST(root_is_not_compressed)
{
	ck_assert_uint_eq(owner(".", "."), 1);
	ck_assert_uint_eq(in_rdata("."), 1);
}
END_TEST

START_TEST(owner_points_at_what_was_written_before)
{
	ck_assert_uint_eq(owner("a.test.", "a.test."), 8);
	ck_assert_uint_eq(owner("A.test.", "a.test."), 2);
	ck_assert_uint_eq(owner("b.test.", "b.test."), 4);
	ck_assert_uint_eq(owner("c.b.test.", "c.b.test."), 4);
	ck_assert_uint_eq(in_rdata("b.test."), 2);
}
END_TEST

START_TEST(name_in_rdata_never_depends_on_the_question)
{
	ck_assert_uint_eq(in_rdata("www.example."), 13);
	ck_assert_uint_eq(in_rdata("www.example."), 2);
	ck_assert_uint_eq(in_rdata("a.example."), 4);
}
END_TEST

START_TEST(name_in_rdata_does_not_reach_the_question_over_an_owner)
{
	owner("a.example.", "a.exAMple.");
	ck_assert_uint_eq(in_rdata("a.example."), 11);
	owner("b.a.example.", "b.a.exAMple.");
	ck_assert_uint_eq(in_rdata("b.a.example."), 4);
}
END_TEST

START_TEST(name_in_rdata_keeps_its_letters)
{
	ck_assert_uint_eq(in_rdata("a.test."), 8);
	ck_assert_uint_eq(in_rdata("A.test."), 4);
	ck_assert_uint_eq(in_rdata("a.Test."), 8);
	ck_assert_uint_eq(owner("A.TEST.", "a.test."), 2);
}
END_TEST

/* Loop: octets before the name; a pointer reaches 0x3fff. */
START_TEST(pointer_reaches_14_bits)
{
	static const uint8_t filler[TARN__POINTER_MAX];
	tarn__pack_octets(&packer, filler, (size_t)_i - BASE);
	ck_assert_uint_eq(in_rdata("test."), 6);
	ck_assert_uint_eq(in_rdata("test."), _i <= TARN__POINTER_MAX ? 2 : 6);
}
END_TEST

START_TEST(names_beyond_what_is_remembered_are_written_in_full)
{
	char name[32];
	for (int i = 0; i < 2 * TARN__PACK_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.", i);
		in_rdata(name);
	}
	ck_assert_uint_eq(in_rdata("n0."), 2);
	ck_assert_uint_eq(in_rdata(name), strlen(name) + 1);
}
END_TEST

/* tarn__name_hash() is the same for both. */
START_TEST(names_made_to_collide_are_written_in_full)
{
	ck_assert_uint_eq(in_rdata("onhdmmtn.example."), 18);
	ck_assert_uint_eq(in_rdata("qdelbeqk.example."), 11);
	ck_assert_uint_eq(in_rdata("qdelbeqk.example."), 11);
}
END_TEST

START_TEST(what_does_not_fit_fails)
{
	uint8_t small[8];
	memset(small, 0x55, sizeof(small));
	tarn__pack_start(&packer, small, 7, qname, qname_len);
	tarn__pack32(&packer, 0);
	tarn__pack16(&packer, 0);
	ck_assert(!packer.failed);
	tarn__pack16(&packer, 0);
	ck_assert(packer.failed);
	ck_assert_uint_eq(packer.len, 6);
	tarn__pack_owner(&packer, (const uint8_t *)"\1a", 3);
	ck_assert_uint_eq(small[7], 0x55);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pack");
	TCase *tcase = tcase_create("names");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, owner_is_a_pointer_into_the_question);
	tcase_add_test(tcase, root_is_not_compressed);
	tcase_add_test(tcase, owner_points_at_what_was_written_before);
	tcase_add_test(tcase, name_in_rdata_never_depends_on_the_question);
	tcase_add_test(tcase, name_in_rdata_does_not_reach_the_question_over_an_owner);
	tcase_add_test(tcase, name_in_rdata_keeps_its_letters);
	tcase_add_loop_test(tcase, pointer_reaches_14_bits, TARN__POINTER_MAX,
			    TARN__POINTER_MAX + 2);
	tcase_add_test(tcase, names_beyond_what_is_remembered_are_written_in_full);
	tcase_add_test(tcase, names_made_to_collide_are_written_in_full);
	tcase_add_test(tcase, what_does_not_fit_fails);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

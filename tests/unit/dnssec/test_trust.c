/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_trust.c: what is known of a name is read as it was written, and nothing else is
 * read.
 */
#include "dnssec/trust.h"

#include <string.h>

#include "dns/message.h"
#include "dnssec/limits.h"
#include "support/unit.h"

static uint8_t octets[TARN__TRUST_MAX];
static struct tarn__trust trust;

/* A key whose octets are all its tag. */
static struct tarn__trust_key make_key(uint16_t tag, uint16_t len)
{
	static uint8_t key[UINT16_MAX];
	memset(key, tag, sizeof(key));
	return (struct tarn__trust_key){.algorithm = 13, .tag = tag, .key = key, .key_len = len};
}

/* Keys of 64 octets with the tags from 1. */
static size_t write_keys(unsigned count, unsigned ds_count)
{
	static const uint16_t tags[300] = {20326, 38696};
	struct tarn__trust_writer writer;
	tarn__trust_begin_keys(&writer, octets, 1893456000, tags, ds_count);
	for (unsigned i = 1; i <= count; i++) {
		struct tarn__trust_key key = make_key((uint16_t)i, 64);
		tarn__trust_add_key(&writer, &key);
	}
	return tarn__trust_end_keys(&writer);
}

static void check_keys(unsigned count)
{
	const uint8_t *at = trust.keys;
	struct tarn__trust_key key;
	for (unsigned i = 1; i <= count; i++) {
		struct tarn__trust_key written = make_key((uint16_t)i, 64);
		ck_assert(tarn__trust_next_key(&trust, &at, &key));
		ck_assert_uint_eq(key.algorithm, 13);
		ck_assert_uint_eq(key.tag, i);
		ck_assert_uint_eq(key.key_len, 64);
		ck_assert_mem_eq(key.key, written.key, 64);
	}
	ck_assert(!tarn__trust_next_key(&trust, &at, &key));
	ck_assert_ptr_eq(at, trust.end);
}

START_TEST(keys_are_read_as_they_were_written)
{
	size_t len = write_keys(3, 2);
	ck_assert(tarn__trust_read(octets, len, &trust));
	ck_assert_int_eq(trust.kind, TARN__TRUST_KEYS);
	ck_assert_uint_eq(trust.until, 1893456000);
	ck_assert_uint_eq(trust.ds_count, 2);
	ck_assert_uint_eq(tarn__get16(trust.ds_tags), 20326);
	ck_assert_uint_eq(tarn__get16(trust.ds_tags + 2), 38696);
	ck_assert_uint_eq(trust.reason_code, 0);
	ck_assert_uint_eq(trust.reason_len, 0);
	check_keys(3);
}
END_TEST

START_TEST(no_key_and_no_ds_can_be_written)
{
	ck_assert(tarn__trust_read(octets, write_keys(0, 0), &trust));
	check_keys(0);
}
END_TEST

START_TEST(so_many_keys_are_kept)
{
	ck_assert(tarn__trust_read(octets, write_keys(TARN__TRUST_KEYS_MAX + 5, 1), &trust));
	check_keys(TARN__TRUST_KEYS_MAX);
}
END_TEST

START_TEST(so_many_tags_are_kept)
{
	ck_assert(tarn__trust_read(octets, write_keys(1, 300), &trust));
	ck_assert_uint_eq(trust.ds_count, 255);
	check_keys(1);
}
END_TEST

START_TEST(a_key_without_room_is_not_kept)
{
	struct tarn__trust_writer writer;
	tarn__trust_begin_keys(&writer, octets, 0, NULL, 0);
	/* The head has 6 octets, and 5 are before each key. */
	struct tarn__trust_key keys[] = {make_key(1, 64), make_key(2, TARN__TRUST_MAX - 6 - 69 - 4),
					 make_key(3, TARN__TRUST_MAX - 6 - 69 - 5), make_key(4, 1)};
	for (size_t i = 0; i < 4; i++)
		tarn__trust_add_key(&writer, &keys[i]);
	ck_assert_uint_eq(tarn__trust_end_keys(&writer), TARN__TRUST_MAX);
	ck_assert(tarn__trust_read(octets, TARN__TRUST_MAX, &trust));
	const uint8_t *at = trust.keys;
	struct tarn__trust_key key;
	ck_assert(tarn__trust_next_key(&trust, &at, &key));
	ck_assert(tarn__trust_next_key(&trust, &at, &key));
	ck_assert_uint_eq(key.tag, 3);
	ck_assert(!tarn__trust_next_key(&trust, &at, &key));
}
END_TEST

START_TEST(a_part_of_keys_is_not_read)
{
	size_t len = write_keys(3, 2);
	unsigned count = 0;
	for (size_t part = 0; part < len; part++)
		count += tarn__trust_read(octets, part, &trust);
	/* Those that end where a key does. */
	ck_assert_uint_eq(count, 3);
	octets[len] = 0;
	ck_assert(!tarn__trust_read(octets, len + 1, &trust));
}
END_TEST

START_TEST(too_many_keys_are_not_read)
{
	size_t len = write_keys(TARN__TRUST_KEYS_MAX, 0);
	ck_assert(tarn__trust_read(octets, len, &trust));
	memset(octets + len, 0, 5);
	ck_assert(!tarn__trust_read(octets, len + 5, &trust));
}
END_TEST

START_TEST(reasons_are_read_as_they_were_written)
{
	static const enum tarn__trust_kind kinds[] = {TARN__TRUST_INSECURE, TARN__TRUST_BOGUS};
	for (size_t i = 0; i < 2; i++) {
		struct tarn__reason reason = {0};
		tarn__reason_set(&reason, TARN__EDE_UNSUPPORTED_ALGORITHM, "algorithm 5");
		ck_assert(tarn__trust_read(
			octets, tarn__trust_write_kind(kinds[i], &reason, octets), &trust));
		ck_assert_int_eq(trust.kind, kinds[i]);
		ck_assert_uint_eq(trust.reason_code, TARN__EDE_UNSUPPORTED_ALGORITHM);
		ck_assert_uint_eq(trust.reason_len, 11);
		ck_assert_mem_eq(trust.reason, "algorithm 5", 11);
		check_keys(0);
	}
}
END_TEST

START_TEST(a_reason_may_be_none_or_as_long_as_can_be)
{
	struct tarn__reason reason = {0};
	ck_assert(tarn__trust_read(
		octets, tarn__trust_write_kind(TARN__TRUST_INSECURE, &reason, octets), &trust));
	ck_assert_uint_eq(trust.reason_code, 0);
	ck_assert_uint_eq(trust.reason_len, 0);

	memset(reason.text, 'x', TARN__REASON_TEXT_MAX);
	size_t len = tarn__trust_write_kind(TARN__TRUST_INSECURE, &reason, octets);
	ck_assert(tarn__trust_read(octets, len, &trust));
	ck_assert_uint_eq(trust.reason_len, TARN__REASON_TEXT_MAX);
	octets[len] = 'x';
	ck_assert(!tarn__trust_read(octets, len + 1, &trust));
	for (size_t part = 0; part < 3; part++)
		ck_assert(!tarn__trust_read(octets, part, &trust));
}
END_TEST

START_TEST(no_cut_is_one_octet)
{
	ck_assert_uint_eq(tarn__trust_write_kind(TARN__TRUST_NO_CUT, NULL, octets), 1);
	ck_assert(tarn__trust_read(octets, 1, &trust));
	ck_assert_int_eq(trust.kind, TARN__TRUST_NO_CUT);
	check_keys(0);
	ck_assert(!tarn__trust_read(octets, 2, &trust));
}
END_TEST

START_TEST(other_kinds_are_not_read)
{
	for (unsigned kind = TARN__TRUST_BOGUS + 1; kind <= UINT8_MAX; kind++) {
		memset(octets, 0, 8);
		octets[0] = (uint8_t)kind;
		for (size_t len = 1; len <= 8; len++)
			ck_assert(!tarn__trust_read(octets, len, &trust));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tcase = tcase_create("trust");
	tcase_add_test(tcase, keys_are_read_as_they_were_written);
	tcase_add_test(tcase, no_key_and_no_ds_can_be_written);
	tcase_add_test(tcase, so_many_keys_are_kept);
	tcase_add_test(tcase, so_many_tags_are_kept);
	tcase_add_test(tcase, a_key_without_room_is_not_kept);
	tcase_add_test(tcase, a_part_of_keys_is_not_read);
	tcase_add_test(tcase, too_many_keys_are_not_read);
	tcase_add_test(tcase, reasons_are_read_as_they_were_written);
	tcase_add_test(tcase, a_reason_may_be_none_or_as_long_as_can_be);
	tcase_add_test(tcase, no_cut_is_one_octet);
	tcase_add_test(tcase, other_kinds_are_not_read);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

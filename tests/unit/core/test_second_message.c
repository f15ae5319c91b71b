/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/message.c: only messages of those who have the secret are read, and only for a minute. */
#include "core/second/message.h"

#include <string.h>

#include "base/octets.h"
#include "base/siphash.h"
#include "core/second/second_config.h"
#include "dns/name.h"
#include "dns/text.h"
#include "support/unit.h"

static const uint64_t now_ms = UINT64_C(1800000000123);

static struct tarn__second_config config = {.tag_hash_key = "sixteen octets!"};
static struct tarn__second_message message, out;
static uint8_t octets[TARN__SECOND_MESSAGE_MAX + 16];
static size_t len;

static void write_message(enum tarn__second_message_kind kind, const char *name)
{
	message = (struct tarn__second_message){
		.kind = kind, .wall_ms = now_ms, .type = 28, .epoch = UINT64_C(0x1122334455667788)};
	message.name_len = tarn__name_parse(name, message.name);
	ck_assert_uint_gt(message.name_len, 0);
	len = tarn__second_message_write(&config, &message, octets);
}

static bool read_message(void)
{
	return tarn__second_message_read(&config, octets, len, now_ms, &out);
}

/* Gives what was changed a tag that fits. */
static void tag(void)
{
	uint8_t hashed[1 + sizeof(octets)] = {'m'};
	memcpy(hashed + 1, octets, len - 8);
	uint64_t hash = tarn__siphash(config.tag_hash_key, hashed, 1 + len - 8);
	tarn__put32(octets + len - 8, (uint32_t)(hash >> 32));
	tarn__put32(octets + len - 4, (uint32_t)hash);
}

static void set_up(void)
{
	memset(&out, 0, sizeof(out));
	write_message(TARN__SECOND_FORGET_NAME, "www.example.");
}

START_TEST(message_is_read_as_it_was_written)
{
	enum tarn__second_message_kind kind = (enum tarn__second_message_kind)_i;
	write_message(kind, "WWW.Example.");
	ck_assert(read_message());
	ck_assert_int_eq(out.kind, kind);
	ck_assert_uint_eq(out.wall_ms, now_ms);
	ck_assert_uint_eq(out.epoch, message.epoch);
	ck_assert_uint_eq(out.type, kind == TARN__SECOND_FORGET_TYPE ? 28 : 0);
	ck_assert_uint_eq(out.name_len, message.name_len);
	ck_assert_mem_eq(out.name, "\3www\7example", 13);
}
END_TEST

START_TEST(shortest_and_longest_names_fit)
{
	write_message(TARN__SECOND_FORGET_TREE, ".");
	ck_assert(read_message());
	ck_assert_uint_eq(out.name_len, 1);
	char text[4 * 64 + 1] = "";
	for (int i = 0; i < 127; i++)
		strcat(text, "a.");
	write_message(TARN__SECOND_FORGET_NAME, text);
	ck_assert_uint_eq(len, TARN__SECOND_MESSAGE_MAX);
	ck_assert(read_message());
	ck_assert_uint_eq(out.name_len, TARN__NAME_MAX);
	len++;
	ck_assert(!read_message());
}
END_TEST

START_TEST(flipped_bit_is_found)
{
	for (size_t bit = 0; bit < 8 * len; bit++) {
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(!read_message(), "bit %zu", bit);
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert(read_message());
}
END_TEST

START_TEST(part_of_a_message_is_none)
{
	size_t whole = len;
	for (len = 0; len < whole; len++)
		ck_assert_msg(!read_message(), "%zu octets", len);
	for (len = whole + 1; len <= whole + 8; len++)
		ck_assert_msg(!read_message(), "%zu octets", len);
}
END_TEST

START_TEST(another_secret_has_other_tags)
{
	struct tarn__second_config other = {.tag_hash_key = "another secret!"};
	ck_assert(!tarn__second_message_read(&other, octets, len, now_ms, &out));
	/* A value's hash has another beginning. */
	uint64_t hash = tarn__siphash(config.tag_hash_key, octets, len - 8);
	tarn__put32(octets + len - 8, (uint32_t)(hash >> 32));
	tarn__put32(octets + len - 4, (uint32_t)hash);
	ck_assert(!read_message());
}
END_TEST

START_TEST(message_is_obeyed_for_a_minute)
{
	static const struct {
		int64_t later_ms;
		bool is_obeyed;
	} cases[] = {
		{0, true},
		{60000, true},
		{60001, false},
		{-60000, true},
		{-60001, false},
		{INT64_C(86400000), false},
		{-(int64_t)now_ms, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t then_ms = (uint64_t)((int64_t)now_ms + cases[i].later_ms);
		ck_assert_msg(tarn__second_message_read(&config, octets, len, then_ms, &out) ==
				      cases[i].is_obeyed,
			      "%lld ms", (long long)cases[i].later_ms);
	}
	ck_assert(!tarn__second_message_read(&config, octets, len, UINT64_MAX, &out));
}
END_TEST

/* As one who has the secret and another version of tarn may write it. */
START_TEST(unknown_form_is_refused)
{
	static const struct {
		size_t at;
		uint8_t octet;
	} changes[] = {
		{0, 0},
		{0, 2},
		{1, 0},
		{1, 4},
		{1, 255},
		{18, 1},
		{19, 1},
		{20, 64},
		{20, 4},
		{20, 0xc0},
		{20, 2},
		{24, 0},
		{1, TARN__SECOND_FORGET_TYPE},
	};
	tag();
	ck_assert(read_message());
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t before = octets[changes[i].at];
		octets[changes[i].at] = changes[i].octet;
		tag();
		ck_assert_msg(!read_message(), "change %zu", i);
		octets[changes[i].at] = before;
	}
	ck_assert_uint_eq(out.epoch, message.epoch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second_message");
	TCase *tcase = tcase_create("second_message");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, message_is_read_as_it_was_written, TARN__SECOND_FORGET_NAME,
			    TARN__SECOND_FORGET_TREE + 1);
	tcase_add_test(tcase, shortest_and_longest_names_fit);
	tcase_add_test(tcase, flipped_bit_is_found);
	tcase_add_test(tcase, part_of_a_message_is_none);
	tcase_add_test(tcase, another_secret_has_other_tags);
	tcase_add_test(tcase, message_is_obeyed_for_a_minute);
	tcase_add_test(tcase, unknown_form_is_refused);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/key.c, core/second/value.c: what makes keys differ; values that were damaged, moved or
 * forged.
 */
#include "core/second/value.h"

#include <stdlib.h>
#include <string.h>

#include "core/zone_config.h"
#include "core/second/key.h"
#include "core/second/second_config.h"
#include "dns/text.h"
#include "support/unit.h"

static struct tarn__second_config *ours, *theirs;

static struct tarn__second_config *make_config(const char *secret)
{
	const char *fault;
	struct tarn__second_config *config = tarn__second_config_new(
		&(struct tarn_second_level){
			.socket = "/store", .secret = secret, .secret_len = strlen(secret)},
		&fault);
	ck_assert_ptr_nonnull(config);
	return config;
}

static void set_up(void)
{
	ours = make_config("0123456789abcdef");
	theirs = make_config("0123456789abcdeg");
}

static void tear_down(void)
{
	tarn__second_config_put(ours);
	tarn__second_config_put(theirs);
}

/* ---- keys --------------------------------------------------------------------------------- */

/* Writes a key of "www.example.", A, IN, asked of the root's servers, but for what is changed. */
struct question {
	const struct tarn__second_config *config;
	const char *name, *zone;
	uint16_t type, class;
	bool dnssec_ok, checking_disabled;
	struct tarn__second_view view;
};

static struct question question(void)
{
	return (struct question){.config = ours,
				 .name = "www.example.",
				 .zone = ".",
				 .type = TARN__TYPE_A,
				 .class = TARN__CLASS_IN,
				 .view = {.epoch = 1}};
}

static void write_key(const struct question *question, char out[TARN__SECOND_KEY_MAX])
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn__zone_config *zone = calloc(1, sizeof *zone);
	const struct tarn__key key = {.qname = name,
				      .qname_len = (uint16_t)tarn__name_parse(question->name, name),
				      .qtype = question->type,
				      .qclass = question->class,
				      .dnssec_ok = question->dnssec_ok,
				      .checking_disabled = question->checking_disabled};
	zone->name_len = (uint16_t)tarn__name_parse(question->zone, zone->name);
	tarn__second_key_write(question->config, &question->view, zone, &key, out);
	free(zone);
}

START_TEST(key_shows_its_version_and_no_name)
{
	char key[TARN__SECOND_KEY_MAX], lease[TARN__SECOND_KEY_MAX], epoch[TARN__SECOND_KEY_MAX];
	struct question it = question();
	write_key(&it, key);
	ck_assert_uint_eq(strlen(key), 6 + 8 + 1 + 32);
	ck_assert_int_eq(strncmp(key, "tarn1:", 6), 0);
	ck_assert_uint_eq(strspn(key + 6, "0123456789abcdef"), 8);
	ck_assert_int_eq(key[14], ':');
	ck_assert_uint_eq(strspn(key + 15, "0123456789abcdef"), 32);
	tarn__second_lease_write(key, lease);
	ck_assert_int_eq(strncmp(lease, "tarn1:l:", 8), 0);
	ck_assert_str_eq(lease + 8, key + 6);
	tarn__second_epoch_key_write(ours, epoch);
	ck_assert_str_eq(epoch + 14, ":epoch");
	ck_assert_int_eq(strncmp(epoch + 6, ours->fleet, 8), 0);
}
END_TEST

static void change(struct question *it, int what)
{
	switch (what) {
	case 0:
		it->name = "www.exbmple.";
		break;
	case 1:
		it->type = TARN__TYPE_AAAA;
		break;
	case 2:
		it->class = TARN__CLASS_CH;
		break;
	case 3:
		it->dnssec_ok = true;
		break;
	case 4:
		it->checking_disabled = true;
		break;
	case 5:
		it->view.epoch = 2;
		break;
	case 6:
		it->view.anchors = 1;
		break;
	case 7:
		it->view.validates = true;
		break;
	case 8:
		it->view.trusts_ad = true;
		break;
	case 9:
		it->zone = "example.";
		break;
	case 10:
		it->config = theirs;
		break;
	default:
		break;
	}
}

enum { CHANGES = 11 };

START_TEST(everything_that_makes_answers_differ_is_in_the_key)
{
	char keys[CHANGES + 1][TARN__SECOND_KEY_MAX];
	for (int i = 0; i <= CHANGES; i++) {
		struct question it = question();
		change(&it, i);
		write_key(&it, keys[i]);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(keys[i], keys[j]);
	}
	char again[TARN__SECOND_KEY_MAX];
	struct question it = question();
	write_key(&it, again);
	ck_assert_str_eq(again, keys[CHANGES]);
}
END_TEST

START_TEST(longest_name_has_a_key)
{
	char name[TARN__NAME_MAX + 1], key[TARN__SECOND_KEY_MAX];
	for (size_t i = 0; i < 253; i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	name[253] = '\0';
	struct question it = question();
	it.name = it.zone = name;
	write_key(&it, key);
	ck_assert_uint_eq(strlen(key), 47);
}
END_TEST

/* ---- values ------------------------------------------------------------------------------- */

static const char key_text[] = "tarn1:01234567:0123456789abcdef0123456789abcdef";
static uint8_t value[TARN__SECOND_VALUE_MAX];

static size_t write_value(size_t message_len)
{
	for (size_t i = 0; i < message_len; i++)
		value[TARN__SECOND_VALUE_HEAD + i] = (uint8_t)(i * 7);
	const struct tarn__saved_times times = {.arrival_ms = 1796040000123,
						.end_ms = 1796040060123};
	return tarn__second_value_write(ours, key_text, &times, TARN__VERDICT_AD, message_len,
					value);
}

static bool reads(const struct tarn__second_config *config, const char *key, size_t len)
{
	struct tarn__second_value out;
	return tarn__second_value_read(config, key, value, len, &out);
}

START_TEST(value_is_read_as_it_was_written)
{
	struct tarn__second_value out;
	size_t len = write_value(100);
	ck_assert_uint_eq(len, 18 + 100 + 8);
	ck_assert(tarn__second_value_read(ours, key_text, value, len, &out));
	ck_assert_uint_eq(out.times.arrival_ms, 1796040000123);
	ck_assert_uint_eq(out.times.end_ms, 1796040060123);
	ck_assert_uint_eq(out.verdict, TARN__VERDICT_AD);
	ck_assert_uint_eq(out.message_len, 100);
	ck_assert_ptr_eq(out.message, value + 18);
}
END_TEST

START_TEST(no_flipped_bit_is_believed)
{
	size_t len = write_value(60);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!reads(ours, key_text, len));
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert(reads(ours, key_text, len));
}
END_TEST

START_TEST(nothing_that_is_shorter_or_longer_is_believed)
{
	size_t len = write_value(60);
	for (size_t shorter = 0; shorter < len; shorter++)
		ck_assert(!reads(ours, key_text, shorter));
	ck_assert(!reads(ours, key_text, len + 1));
	ck_assert(!tarn__second_value_read(ours, key_text, NULL, 0, NULL));
	/* A message without a header, and the longest one. */
	ck_assert(!reads(ours, key_text, write_value(TARN__HEADER_LEN - 1)));
	ck_assert(reads(ours, key_text, write_value(TARN__HEADER_LEN)));
	ck_assert(reads(ours, key_text, write_value(TARN__MESSAGE_MAX)));
}
END_TEST

START_TEST(value_of_another_key_or_another_secret_is_not_believed)
{
	char other[sizeof key_text];
	size_t len = write_value(60);
	ck_assert(!reads(theirs, key_text, len));
	for (size_t i = 0; i < sizeof key_text - 1; i++) {
		memcpy(other, key_text, sizeof other);
		other[i] ^= 1;
		ck_assert(!reads(ours, other, len));
	}
}
END_TEST

START_TEST(epoch_is_believed_like_a_value)
{
	uint8_t octets[TARN__SECOND_EPOCH_LEN];
	uint64_t epoch = 1;
	tarn__second_epoch_write(ours, key_text, 0x0123456789abcdef, octets);
	ck_assert(tarn__second_epoch_read(ours, key_text, octets, sizeof octets, &epoch));
	ck_assert_uint_eq(epoch, 0x0123456789abcdef);
	for (size_t bit = 0; bit < 8 * sizeof octets; bit++) {
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!tarn__second_epoch_read(ours, key_text, octets, sizeof octets, &epoch));
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert(!tarn__second_epoch_read(ours, key_text, octets, sizeof octets - 1, &epoch));
	ck_assert(!tarn__second_epoch_read(theirs, key_text, octets, sizeof octets, &epoch));
	ck_assert(!tarn__second_epoch_read(ours, "tarn1", octets, sizeof octets, &epoch));
	/* No epoch is 0: that is one that is not known. */
	tarn__second_epoch_write(ours, key_text, 0, octets);
	ck_assert(!tarn__second_epoch_read(ours, key_text, octets, sizeof octets, &epoch));
	ck_assert_uint_eq(epoch, 0x0123456789abcdef);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second_value");
	TCase *tcase = tcase_create("second_value");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, key_shows_its_version_and_no_name);
	tcase_add_test(tcase, everything_that_makes_answers_differ_is_in_the_key);
	tcase_add_test(tcase, longest_name_has_a_key);
	tcase_add_test(tcase, value_is_read_as_it_was_written);
	tcase_add_test(tcase, no_flipped_bit_is_believed);
	tcase_add_test(tcase, nothing_that_is_shorter_or_longer_is_believed);
	tcase_add_test(tcase, value_of_another_key_or_another_secret_is_not_believed);
	tcase_add_test(tcase, epoch_is_believed_like_a_value);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

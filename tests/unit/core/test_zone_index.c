/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_zone_index.c: which zone a name is in. */
#include "core/zone_index.h"

#include <stdio.h>
#include <string.h>

#include "dns/text.h"
#include "dns/wire.h"
#include "tarn.h"
#include "support/unit.h"

static struct tarn__zone_index *zones;

static void set_up(void)
{
	zones = tarn__zone_index_new();
	ck_assert_ptr_nonnull(zones);
}

static void tear_down(void)
{
	tarn__zone_index_free(zones);
}

static int add(const char *text, uint16_t value)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__zone_index_add(zones, name, len, value);
}

/* The number of the zone that the name is in; -1: it is in none. */
static int find(const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	struct tarn__zone_match zone;
	if (!tarn__zone_index_find(zones, name, len, &zone))
		return -1;
	ck_assert_uint_le(zone.len, len);
	return zone.value;
}

static int find_for(const char *text, uint16_t type)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	struct tarn__zone_match zone;
	return tarn__zone_index_find_for(zones, name, len, type, &zone) ? zone.value : -1;
}

START_TEST(no_name_is_in_no_zone)
{
	ck_assert_int_eq(find("."), -1);
	ck_assert_int_eq(find("www.example.com"), -1);
	ck_assert(!tarn__zone_index_have(zones, 0));
	tarn__zone_index_free(NULL);
}
END_TEST

START_TEST(longest_zone_counts)
{
	ck_assert_int_eq(add("example.com", 1), 0);
	ck_assert_int_eq(add("a.b.example.com", 2), 0);
	ck_assert_int_eq(add("com", 3), 0);
	ck_assert_int_eq(find("example.com"), 1);
	ck_assert_int_eq(find("www.example.com"), 1);
	ck_assert_int_eq(find("b.example.com"), 1);
	ck_assert_int_eq(find("a.b.example.com"), 2);
	ck_assert_int_eq(find("x.y.z.a.b.example.com"), 2);
	ck_assert_int_eq(find("example.org"), -1);
	ck_assert_int_eq(find("notexample.com"), 3);
	ck_assert_int_eq(find("com"), 3);
	ck_assert_int_eq(find("."), -1);
	ck_assert(tarn__zone_index_have(zones, 2));
	ck_assert(!tarn__zone_index_have(zones, 0));
}
END_TEST

START_TEST(zone_is_told_by_its_length)
{
	ck_assert_int_eq(add("example.com", 1), 0);
	struct tarn__zone_match zone;
	ck_assert(tarn__zone_index_find(zones, (const uint8_t *)"\3www\7example\3com", 17, &zone));
	ck_assert_uint_eq(zone.len, 13);
}
END_TEST

START_TEST(letters_are_the_same_in_either_case)
{
	ck_assert_int_eq(add("Example.COM", 1), 0);
	ck_assert_int_eq(find("WWW.eXAMPLE.com"), 1);
	ck_assert_int_eq(add("example.com", 2), TARN_EINVAL);
	ck_assert_int_eq(find("example.com"), 1);
	/* No letters. */
	ck_assert_int_eq(add("[.com", 3), 0);
	ck_assert_int_eq(find("{.com"), -1);
}
END_TEST

START_TEST(octets_within_a_label_are_no_zone)
{
	ck_assert_int_eq(add("com", 1), 0);
	/* One label, whose end looks like "com" and the root. */
	ck_assert_int_eq(find("a\\003com"), -1);
}
END_TEST

START_TEST(longest_names_are_found)
{
	char text[2 * 127 + 1];
	for (size_t i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 2);
	text[2 * 127] = '\0';
	ck_assert_int_eq(add(text, 7), 0);
	ck_assert_int_eq(find(text), 7);
	ck_assert_int_eq(find(text + 2), -1);
	ck_assert_int_eq(add("a", 8), 0);
	ck_assert_int_eq(find(text + 2), 8);
}
END_TEST

START_TEST(many_zones_are_told_apart)
{
	enum { COUNT = 60000 };
	char text[64];
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text, "n%u.list%u.example", i, i % 7);
		ck_assert_int_eq(add(text, (uint16_t)i), 0);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text, "www.n%u.list%u.example", i, i % 7);
		ck_assert_int_eq(find(text), (int)i);
		snprintf(text, sizeof text, "www.n%u.list%u.example", i, i % 7 + 1);
		ck_assert_int_eq(find(text), -1);
	}
	ck_assert_int_eq(find("list1.example"), -1);
}
END_TEST

START_TEST(ds_is_in_the_zone_above)
{
	ck_assert_int_eq(add("example.com", 1), 0);
	ck_assert_int_eq(add("sub.example.com", 2), 0);
	ck_assert_int_eq(find_for("sub.example.com", TARN__TYPE_DS), 1);
	ck_assert_int_eq(find_for("sub.example.com", TARN__TYPE_SOA), 2);
	ck_assert_int_eq(find_for("a.sub.example.com", TARN__TYPE_DS), 2);
	ck_assert_int_eq(find_for("example.com", TARN__TYPE_DS), -1);
	ck_assert_int_eq(find_for(".", TARN__TYPE_DS), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zones");
	TCase *tcase = tcase_create("zones");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, no_name_is_in_no_zone);
	tcase_add_test(tcase, ds_is_in_the_zone_above);
	tcase_add_test(tcase, longest_zone_counts);
	tcase_add_test(tcase, zone_is_told_by_its_length);
	tcase_add_test(tcase, letters_are_the_same_in_either_case);
	tcase_add_test(tcase, octets_within_a_label_are_no_zone);
	tcase_add_test(tcase, longest_names_are_found);
	tcase_add_test(tcase, many_zones_are_told_apart);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

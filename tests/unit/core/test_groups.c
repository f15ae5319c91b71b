/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/groups.c: the group of a client, by its network and the time. */
#include "core/policy/groups.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/unit.h"

enum { SUNDAY = 1 << 0, FRIDAY = 1 << 5, SATURDAY = 1 << 6 };

static struct tarn__groups *groups;

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void set_up(void)
{
	groups = NULL;
	set_zone("UTC0");
}

static void tear_down(void)
{
	tarn__groups_free(groups);
}

static struct tarn_network make_network(const char *text)
{
	struct tarn_network network;
	ck_assert_msg(tarn_network_parse(text, &network) == 0, "%s", text);
	return network;
}

static const char *name_at(const char *client, uint64_t now_s)
{
	struct tarn_address address;
	if (client)
		ck_assert_int_eq(tarn_address_parse(client, 53, &address), 0);
	return tarn__groups_name(groups, tarn__groups_bit(groups, client ? &address : NULL, now_s));
}

/* 29 November 2026 was a Sunday. */
static uint64_t at(uint64_t day, unsigned hour, unsigned minute)
{
	return UINT64_C(1795910400) + 86400 * (day - 29) + 3600 * hour + 60 * minute;
}

static void make(const struct tarn__group *from, size_t count)
{
	tarn__groups_free(groups);
	groups = tarn__groups_new(from, count);
	ck_assert_ptr_nonnull(groups);
}

/* One group, of 198.51.100.0/24, with these times. */
static void make_timed(uint16_t begin, uint16_t end, uint8_t days)
{
	static struct tarn_network network;
	network = make_network("198.51.100.0/24");
	make(&(struct tarn__group){.name = "kids",
				   .clients = &network,
				   .client_count = 1,
				   .begin = begin,
				   .end = end,
				   .days = days},
	     1);
}

static bool is_kid(uint64_t now_s)
{
	return strcmp(name_at("198.51.100.7", now_s), "kids") == 0;
}

/* ---- networks --------------------------------------------------------------------------- */

START_TEST(longest_network_decides)
{
	struct tarn_network wide[] = {make_network("198.51.100.0/24"),
				      make_network("2001:db8::/32")};
	struct tarn_network narrow[] = {make_network("198.51.100.64/26"),
					make_network("2001:db8:1::/48")};
	struct tarn_network one[] = {make_network("198.51.100.70")};
	make((struct tarn__group[]){{.name = "wide", .clients = wide, .client_count = 2},
				    {.name = "narrow", .clients = narrow, .client_count = 2},
				    {.name = "one", .clients = one, .client_count = 1}},
	     3);
	ck_assert_str_eq(name_at("198.51.100.63", 0), "wide");
	ck_assert_str_eq(name_at("198.51.100.64", 0), "narrow");
	ck_assert_str_eq(name_at("198.51.100.70", 0), "one");
	ck_assert_str_eq(name_at("198.51.100.127", 0), "narrow");
	ck_assert_str_eq(name_at("198.51.100.128", 0), "wide");
	ck_assert_str_eq(name_at("2001:db8:1::7", 0), "narrow");
	ck_assert_str_eq(name_at("2001:db8:2::7", 0), "wide");
	/* Loopback, the program itself and all others. */
	ck_assert_str_eq(name_at("127.0.0.1", 0), "default");
	ck_assert_str_eq(name_at("203.0.113.1", 0), "default");
	ck_assert_str_eq(name_at(NULL, 0), "default");
}
END_TEST

/* RFC 4291 section 2.5.5.2 */
START_TEST(ipv4_mapped_client_is_an_ipv4_client)
{
	struct tarn_network ipv4 = make_network("198.51.100.0/24");
	struct tarn_network mapped = make_network("::ffff:203.0.113.0/120");
	struct tarn_network everything = make_network("::/0");
	make((struct tarn__group[]){{.name = "ipv4", .clients = &ipv4, .client_count = 1},
				    {.name = "mapped", .clients = &mapped, .client_count = 1},
				    {.name = "ipv6", .clients = &everything, .client_count = 1}},
	     3);
	ck_assert_str_eq(name_at("::ffff:198.51.100.7", 0), "ipv4");
	ck_assert_str_eq(name_at("203.0.113.7", 0), "mapped");
	ck_assert_str_eq(name_at("::ffff:203.0.113.7", 0), "mapped");
	ck_assert_str_eq(name_at("2001:db8::1", 0), "ipv6");
	ck_assert_str_eq(name_at("::ffff:192.0.2.1", 0), "default");
}
END_TEST

START_TEST(first_of_equal_networks_counts)
{
	struct tarn_network network = make_network("198.51.100.0/24");
	make((struct tarn__group[]){{.name = "a", .clients = &network, .client_count = 1},
				    {.name = "b", .clients = &network, .client_count = 1}},
	     2);
	ck_assert_str_eq(name_at("198.51.100.7", 0), "a");
}
END_TEST

/* 32 in all: a bit each. */
START_TEST(groups_are_bounded)
{
	struct tarn__group many[TARN__GROUP_COUNT_MAX];
	struct tarn_network networks[TARN__GROUP_COUNT_MAX];
	char names[TARN__GROUP_COUNT_MAX][8];
	for (unsigned i = 0; i < TARN__GROUP_COUNT_MAX; i++) {
		char text[32];
		snprintf(text, sizeof text, "198.51.100.%u", i);
		networks[i] = make_network(text);
		snprintf(names[i], sizeof names[i], "g%u", i);
		many[i] = (struct tarn__group){
			.name = names[i], .clients = &networks[i], .client_count = 1};
	}
	make(many, TARN__GROUP_COUNT_MAX);
	struct tarn_address client;
	ck_assert_int_eq(tarn_address_parse("198.51.100.30", 53, &client), 0);
	ck_assert_uint_eq(tarn__groups_bit(groups, &client, 0), UINT32_C(1) << 31);
	ck_assert_str_eq(name_at("198.51.100.30", 0), "g30");
	ck_assert_str_eq(name_at("198.51.100.31", 0), "default");
}
END_TEST

START_TEST(long_name_is_cut)
{
	make(&(struct tarn__group){.name = "a name of more than thirty-one octets"}, 1);
	ck_assert_uint_eq(strlen(tarn__groups_name(groups, 2)), TARN__GROUP_NAME_MAX);
}
END_TEST

/* ---- times ------------------------------------------------------------------------------ */

START_TEST(group_without_hours_is_there_always)
{
	make_timed(0, 0, 0);
	for (unsigned hour = 0; hour < 24; hour++)
		ck_assert(is_kid(at(29, hour, 30)));
}
END_TEST

START_TEST(hours_begin_and_end_on_the_minute)
{
	make_timed(9 * 60, 17 * 60 + 30, 0);
	ck_assert(!is_kid(at(29, 8, 59) + 59));
	ck_assert(is_kid(at(29, 9, 0)));
	ck_assert(is_kid(at(29, 17, 29) + 59));
	ck_assert(!is_kid(at(29, 17, 30)));
}
END_TEST

START_TEST(hours_may_go_over_midnight)
{
	make_timed(21 * 60, 7 * 60, 0);
	ck_assert(!is_kid(at(28, 20, 59)));
	ck_assert(is_kid(at(28, 21, 0)));
	ck_assert(is_kid(at(28, 23, 59)));
	ck_assert(is_kid(at(29, 0, 0)));
	ck_assert(is_kid(at(29, 6, 59)));
	ck_assert(!is_kid(at(29, 7, 0)));
}
END_TEST

/* The days are those on which the hours begin: Saturday's last into Sunday, over the end of the week. */
START_TEST(days_are_those_of_the_beginning)
{
	make_timed(21 * 60, 7 * 60, SATURDAY);
	ck_assert(!is_kid(at(27, 22, 0)));
	ck_assert(!is_kid(at(28, 6, 0)));
	ck_assert(is_kid(at(28, 22, 0)));
	ck_assert(is_kid(at(29, 6, 0)));
	ck_assert(!is_kid(at(29, 22, 0)));
	ck_assert(!is_kid(at(30, 6, 0)));
	make_timed(9 * 60, 17 * 60, FRIDAY | SUNDAY);
	ck_assert(is_kid(at(27, 12, 0)));
	ck_assert(!is_kid(at(28, 12, 0)));
	ck_assert(is_kid(at(29, 12, 0)));
}
END_TEST

/* 25 October 2026, 01:00 UTC: 03:00 becomes 02:00. 29 March 2026: 02:00 becomes 03:00. */
START_TEST(hours_are_local_and_change_with_daylight_saving_time)
{
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	make_timed(21 * 60, 22 * 60, 0);
	const uint64_t summer = 1792872000 /* 24 October, 20:00 UTC */;
	ck_assert(!is_kid(summer - 3600 - 60));
	ck_assert(is_kid(summer - 3600));
	ck_assert(!is_kid(summer));
	const uint64_t winter = summer + 86400;
	ck_assert(!is_kid(winter - 60));
	ck_assert(is_kid(winter));
	ck_assert(!is_kid(winter + 3600));
	/* An hour that comes twice counts twice, one that is left out not at all. */
	make_timed(2 * 60, 3 * 60, 0);
	const uint64_t back = 1792886400 /* 25 October, 00:00 UTC */;
	ck_assert(is_kid(back) && is_kid(back + 3600));
	ck_assert(!is_kid(back - 60) && !is_kid(back + 7200));
	const uint64_t forth = 1774746000 /* 29 March, 01:00 UTC */;
	ck_assert(!is_kid(forth - 60) && !is_kid(forth));
}
END_TEST

/* A clock that steps is followed; a machine without one begins on a Thursday. */
START_TEST(any_order_of_times_is_right)
{
	make_timed(9 * 60, 17 * 60, FRIDAY);
	ck_assert(is_kid(at(27, 12, 0)));
	ck_assert(!is_kid(at(26, 12, 0)));
	ck_assert(is_kid(at(27, 12, 0)));
	make_timed(0, 60, 1 << 4);
	ck_assert(is_kid(0));
	ck_assert(!is_kid(3600));
	ck_assert(is_kid(59));
}
END_TEST

/* Outside of its hours a client is of "default", not of a wider group. */
START_TEST(out_of_hours_is_default)
{
	struct tarn_network wide = make_network("198.51.100.0/24");
	struct tarn_network narrow = make_network("198.51.100.64/26");
	make((struct tarn__group[]){{.name = "wide", .clients = &wide, .client_count = 1},
				    {.name = "narrow",
				     .clients = &narrow,
				     .client_count = 1,
				     .begin = 60,
				     .end = 120}},
	     2);
	ck_assert_str_eq(name_at("198.51.100.70", at(29, 1, 0)), "narrow");
	ck_assert_str_eq(name_at("198.51.100.70", at(29, 2, 0)), "default");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("groups");
	TCase *tcase = tcase_create("groups");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, longest_network_decides);
	tcase_add_test(tcase, ipv4_mapped_client_is_an_ipv4_client);
	tcase_add_test(tcase, first_of_equal_networks_counts);
	tcase_add_test(tcase, groups_are_bounded);
	tcase_add_test(tcase, long_name_is_cut);
	tcase_add_test(tcase, group_without_hours_is_there_always);
	tcase_add_test(tcase, hours_begin_and_end_on_the_minute);
	tcase_add_test(tcase, hours_may_go_over_midnight);
	tcase_add_test(tcase, days_are_those_of_the_beginning);
	tcase_add_test(tcase, hours_are_local_and_change_with_daylight_saving_time);
	tcase_add_test(tcase, any_order_of_times_is_right);
	tcase_add_test(tcase, out_of_hours_is_default);
	return unit_run(suite);
}

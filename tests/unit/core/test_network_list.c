/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/network_list.c: which network an address is in. */
#include "core/policy/network_list.h"

#include "support/unit.h"

static struct tarn__network_list *networks;

static void set_up(void)
{
	networks = NULL;
}

static void tear_down(void)
{
	tarn__network_list_free(networks);
}

static void make(const char *const *texts, size_t count)
{
	struct tarn_network from[8];
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(tarn_network_parse(texts[i], &from[i]), 0);
	networks = tarn__network_list_copy(from, count);
	ck_assert_ptr_nonnull(networks);
}

#define MAKE(...)                                                                                  \
	make((const char *const[]){__VA_ARGS__},                                                   \
	     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static int find(const char *text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(text, 53, &address), 0);
	int found = tarn__network_list_find(networks, &address);
	ck_assert_int_eq(tarn__network_list_cover(networks, &address), found >= 0);
	return found;
}

START_TEST(empty_list_has_no_address)
{
	networks = tarn__network_list_new(0);
	ck_assert_int_eq(find("192.0.2.1"), -1);
	ck_assert_int_eq(find("::"), -1);
}
END_TEST

START_TEST(longest_prefix_is_found)
{
	MAKE("0.0.0.0/0", "192.0.2.0/24", "192.0.2.128/25", "::/0", "2001:db8::/32");
	ck_assert_int_eq(find("203.0.113.1"), 0);
	ck_assert_int_eq(find("192.0.2.127"), 1);
	ck_assert_int_eq(find("192.0.2.128"), 2);
	ck_assert_int_eq(find("2001:db9::"), 3);
	ck_assert_int_eq(find("2001:db8::"), 4);
}
END_TEST

START_TEST(first_of_equal_ones_is_found)
{
	MAKE("192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/23");
	ck_assert_int_eq(find("192.0.2.1"), 0);
}
END_TEST

/*
 * An address that holds an IPv4 address is that; a prefix of IPv4 does not cover IPv6, and the other way
 * round.
 */
START_TEST(families_do_not_mix)
{
	MAKE("0.0.0.0/0");
	ck_assert_int_eq(find("::ffff:192.0.2.1"), 0);
	ck_assert_int_eq(find("::192.0.2.1"), -1);
	ck_assert_int_eq(find("2001:db8::1"), -1);
	tarn__network_list_free(networks);
	MAKE("::/0", "::ffff:192.0.2.0/120");
	ck_assert_int_eq(find("198.51.100.1"), -1);
	ck_assert_int_eq(find("192.0.2.1"), 1);
	ck_assert_int_eq(find("::ffff:192.0.2.1"), 1);
}
END_TEST

START_TEST(prefix_of_too_many_bits_is_one_address)
{
	struct tarn_network network;
	ck_assert_int_eq(tarn_network_parse("192.0.2.1", &network), 0);
	network.prefix_len = 1000;
	networks = tarn__network_list_copy(&network, 1);
	ck_assert_int_eq(find("192.0.2.1"), 0);
	ck_assert_int_eq(find("192.0.2.0"), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("networks");
	TCase *tcase = tcase_create("networks");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, empty_list_has_no_address);
	tcase_add_test(tcase, longest_prefix_is_found);
	tcase_add_test(tcase, first_of_equal_ones_is_found);
	tcase_add_test(tcase, families_do_not_mix);
	tcase_add_test(tcase, prefix_of_too_many_bits_is_one_address);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_access.c: which addresses may ask. */
#include "core/policy/access.h"

#include "support/unit.h"

enum { NETWORKS_MAX = 8 };

static struct tarn__network_list *access;

static void set_up(void)
{
	access = NULL;
}

static void tear_down(void)
{
	tarn__network_list_free(access);
}

static struct tarn_address address_of(const char *text)
{
	struct tarn_address address;
	ck_assert_msg(tarn_address_parse(text, 53, &address) == 0, "not an address: %s", text);
	return address;
}

static void allow(const char *const *texts, size_t count)
{
	struct tarn_network networks[NETWORKS_MAX];
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(tarn_network_parse(texts[i], &networks[i]), 0);
	tarn__network_list_free(access);
	access = tarn__access_new(networks, count);
	ck_assert_ptr_nonnull(access);
}

#define ALLOW(...)                                                                                 \
	allow((const char *const[]){__VA_ARGS__},                                                  \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static bool is_allowed(const char *text)
{
	struct tarn_address address = address_of(text);
	return tarn__network_list_cover(access, &address);
}

static const struct {
	const char *text;
	bool is_allowed;
} addresses[] = {
	{"127.0.0.1", true},
	{"127.255.255.255", true},
	{"126.255.255.255", false},
	{"128.0.0.0", false},
	{"::1", true},
	{"::2", false},
	{"::", false},
	{"10.0.0.0", true},
	{"10.255.255.255", true},
	{"9.255.255.255", false},
	{"11.0.0.0", false},
	{"172.15.255.255", false},
	{"172.16.0.0", true},
	{"172.31.255.255", true},
	{"172.32.0.0", false},
	{"192.167.255.255", false},
	{"192.168.0.0", true},
	{"192.168.255.255", true},
	{"192.169.0.0", false},
	{"100.63.255.255", false},
	{"100.64.0.0", true},
	{"100.127.255.255", true},
	{"100.128.0.0", false},
	{"169.253.255.255", false},
	{"169.254.0.0", true},
	{"169.255.0.0", false},
	{"fbff:ffff::1", false},
	{"fc00::1", true},
	{"fdff:ffff::1", true},
	{"fe00::1", false},
	{"fe7f:ffff::1", false},
	{"fe80::1%lo", true},
	{"febf:ffff::1", true},
	{"fec0::1", false},
	{"0.0.0.0", false},
	{"192.0.2.1", false},
	{"203.0.113.7", false},
	{"8.8.8.8", false},
	{"2001:db8::1", false},
	{"2606:4700::1111", false},
	{"ff02::1", false},
	/* IPv4-mapped, as a socket of both families gives it */
	{"::ffff:127.0.0.1", true},
	{"::ffff:10.1.2.3", true},
	{"::ffff:203.0.113.7", false},
	/* neither mapped nor compatible ones pass for an IPv4 address */
	{"::fffe:10.1.2.3", false},
	{"::10.1.2.3", false},
	{"::127.0.0.1", false},
	{"64:ff9b::10.1.2.3", false},
	{"a01:203::", false},
};

START_TEST(without_a_list_only_local_networks_may_ask)
{
	access = tarn__access_new(NULL, 0);
	ck_assert_ptr_nonnull(access);
	ck_assert_msg(is_allowed(addresses[_i].text) == addresses[_i].is_allowed, "%s",
		      addresses[_i].text);
}
END_TEST

START_TEST(list_takes_the_place_of_the_private_networks)
{
	ALLOW("203.0.113.0/24", "2001:db8::/33");
	ck_assert(is_allowed("203.0.113.0"));
	ck_assert(is_allowed("203.0.113.255"));
	ck_assert(!is_allowed("203.0.112.255"));
	ck_assert(!is_allowed("203.0.114.0"));
	ck_assert(is_allowed("2001:db8:7fff::1"));
	ck_assert(!is_allowed("2001:db8:8000::1"));
	ck_assert(!is_allowed("10.0.0.1"));
	ck_assert(!is_allowed("fe80::1"));
}
END_TEST

START_TEST(loopback_is_always_allowed)
{
	ALLOW("203.0.113.7");
	ck_assert(is_allowed("127.0.0.53"));
	ck_assert(is_allowed("::ffff:127.0.0.53"));
	ck_assert(is_allowed("::1"));
	ck_assert(is_allowed("203.0.113.7"));
	ck_assert(!is_allowed("203.0.113.6"));
}
END_TEST

START_TEST(port_does_not_matter)
{
	ALLOW("203.0.113.7", "2001:db8::7");
	ck_assert(is_allowed("203.0.113.7:1"));
	ck_assert(is_allowed("203.0.113.7:65535"));
	ck_assert(is_allowed("[2001:db8::7]:1"));
	ck_assert(!is_allowed("[2001:db8::6]:1"));
}
END_TEST

START_TEST(ipv4_mapped_client_is_of_an_ipv4_network)
{
	ALLOW("203.0.113.0/25");
	ck_assert(is_allowed("::ffff:203.0.113.127"));
	ck_assert(!is_allowed("::ffff:203.0.113.128"));
}
END_TEST

START_TEST(ipv4_mapped_network_is_an_ipv4_network)
{
	ALLOW("::ffff:203.0.113.0/121");
	ck_assert(is_allowed("203.0.113.127"));
	ck_assert(is_allowed("::ffff:203.0.113.127"));
	ck_assert(!is_allowed("203.0.113.128"));
	ALLOW("::ffff:0:0/96");
	ck_assert(is_allowed("8.8.8.8"));
	ck_assert(!is_allowed("2001:db8::1"));
}
END_TEST

START_TEST(everybody_of_a_family_may_be_allowed)
{
	ALLOW("0.0.0.0/0");
	ck_assert(is_allowed("8.8.8.8"));
	ck_assert(is_allowed("::ffff:8.8.8.8"));
	ck_assert(!is_allowed("2001:db8::1"));
	ALLOW("::/0");
	ck_assert(is_allowed("2001:db8::1"));
	ck_assert(!is_allowed("8.8.8.8"));
	ck_assert(!is_allowed("::ffff:8.8.8.8"));
	ALLOW("0.0.0.0/0", "::/0");
	ck_assert(is_allowed("8.8.8.8"));
	ck_assert(is_allowed("2001:db8::1"));
}
END_TEST

START_TEST(prefix_of_too_many_bits_is_one_address)
{
	struct tarn_network networks[] = {
		{.address = address_of("203.0.113.7"), .prefix_len = 128},
		{.address = address_of("2001:db8::7"), .prefix_len = 4096},
	};
	access = tarn__access_new(networks, 2);
	ck_assert_ptr_nonnull(access);
	ck_assert(is_allowed("203.0.113.7"));
	ck_assert(!is_allowed("203.0.113.6"));
	ck_assert(is_allowed("2001:db8::7"));
	ck_assert(!is_allowed("2001:db8::6"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_create("access");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, without_a_list_only_local_networks_may_ask, 0,
			    sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_test(tcase, list_takes_the_place_of_the_private_networks);
	tcase_add_test(tcase, loopback_is_always_allowed);
	tcase_add_test(tcase, port_does_not_matter);
	tcase_add_test(tcase, ipv4_mapped_client_is_of_an_ipv4_network);
	tcase_add_test(tcase, ipv4_mapped_network_is_an_ipv4_network);
	tcase_add_test(tcase, everybody_of_a_family_may_be_allowed);
	tcase_add_test(tcase, prefix_of_too_many_bits_is_one_address);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* base/address.c and base/error.c: addresses, networks and errors in words. */

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "support/unit.h"

static const struct {
	const char *text, *formatted;
} good[] = {
	{"192.0.2.1", "192.0.2.1:53"},
	{"192.0.2.1:5300", "192.0.2.1:5300"},
	{"192.0.2.1@5300", "192.0.2.1:5300"},
	{"192.0.2.1:0", "192.0.2.1:0"},
	{"0.0.0.0:65535", "0.0.0.0:65535"},
	{"::", "[::]:53"},
	{"2001:DB8::1", "[2001:db8::1]:53"},
	{"[2001:db8::1]", "[2001:db8::1]:53"},
	{"[2001:db8::1]:5300", "[2001:db8::1]:5300"},
	{"[2001:db8::1]@5300", "[2001:db8::1]:5300"},
	{"2001:db8::1@5300", "[2001:db8::1]:5300"},
	{"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:53"},
	{"2001:db8::1:53", "[2001:db8::1:53]:53"}, /* not a port: an address may end like this */
	{"fe80::1%lo", "[fe80::1%lo]:53"},
	{"fe80::1%lo@5300", "[fe80::1%lo]:5300"},
	{"[fe80::1%lo]:5300", "[fe80::1%lo]:5300"},
	{"fe80::1%1", "[fe80::1%lo]:53"},
	{"fe80::1%4000000000", "[fe80::1%4000000000]:53"},
	{"fe80::1%no-such-if", "[fe80::1%no-such-if]:53"},
	{"fe80::1%fifteen.letters@5300", "[fe80::1%fifteen.letters]:5300"},
	{"1111:2222:3333:4444:5555:6666:7777:8888", "[1111:2222:3333:4444:5555:6666:7777:8888]:53"},
};

START_TEST(address_is_read_and_written)
{
	struct tarn_address address;
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_int_eq(tarn_address_parse(good[_i].text, 53, &address), 0);
	ck_assert_str_eq(tarn_address_format(&address, text), good[_i].formatted);
	struct tarn_address again;
	ck_assert_int_eq(tarn_address_parse(text, 1, &again), 0);
	ck_assert(tarn_address_is_equal(&address, &again));
}
END_TEST

static const struct {
	const char *text;
	int error;
} bad[] = {
	{"", TARN_EADDRESS},
	{"localhost", TARN_EADDRESS},
	{"192.0.2", TARN_EADDRESS},
	{"192.0.2.1.1", TARN_EADDRESS},
	{"192.0.2.256", TARN_EADDRESS},
	{" 192.0.2.1", TARN_EADDRESS},
	{"192.0.2.1 ", TARN_EADDRESS},
	{"[192.0.2.1]:53", TARN_EADDRESS},
	{"192.0.2.1%lo", TARN_EADDRESS},
	{":53", TARN_EADDRESS},
	{"@53", TARN_EADDRESS},
	{"[]:53", TARN_EADDRESS},
	{"[::1", TARN_EADDRESS},
	{"[::1]53", TARN_EADDRESS},
	{"[::1] :53", TARN_EADDRESS},
	{"::1]", TARN_EADDRESS},
	{":::1", TARN_EADDRESS},
	{"1111:2222:3333:4444:5555:6666:7777:8888:9999", TARN_EADDRESS},
	{"1111111111111111111111111111111111111111111111111111111111", TARN_EADDRESS},
	{"192.0.2.1:", TARN_EPORT},
	{"192.0.2.1@", TARN_EPORT},
	{"[::1]:", TARN_EPORT},
	{"192.0.2.1:65536", TARN_EPORT},
	{"192.0.2.1:99999", TARN_EPORT},
	{"192.0.2.1:4294967349", TARN_EPORT},
	{"192.0.2.1:-1", TARN_EPORT},
	{"192.0.2.1:+53", TARN_EPORT},
	{"192.0.2.1: 53", TARN_EPORT},
	{"192.0.2.1:domain", TARN_EPORT},
	{"192.0.2.1@53@53", TARN_EPORT},
	{"fe80::1%", TARN_ESCOPE},
	{"fe80::1%no/interface", TARN_ESCOPE},
	{"fe80::1%no interface", TARN_ESCOPE},
	{"fe80::1%..", TARN_ESCOPE},
	{"fe80::1%sixteen-letters.", TARN_ESCOPE},
	{"fe80::1%0", TARN_ESCOPE},
	{"fe80::1%a-name-longer-than-any-interface", TARN_ESCOPE},
};

START_TEST(what_is_no_address_is_refused_and_leaves_the_output)
{
	struct tarn_address address, before;
	memset(&before, 0x5a, sizeof(before));
	address = before;
	ck_assert_int_eq(tarn_address_parse(bad[_i].text, 53, &address), bad[_i].error);
	ck_assert_mem_eq(&address, &before, sizeof(address));
}
END_TEST

START_TEST(addresses_are_equal_with_port_and_scope)
{
	static const char *const texts[] = {"192.0.2.1:1", "192.0.2.1:2",  "192.0.2.2:1",
					    "[::1]:1",	   "[::1]:2",	   "[::2]:1",
					    "[fe80::1]:1", "[fe80::1%1]:1"};
	enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
	struct tarn_address addresses[COUNT];
	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(tarn_address_parse(texts[i], 0, &addresses[i]), 0);
	for (int i = 0; i < COUNT; i++) {
		for (int j = 0; j < COUNT; j++)
			ck_assert_int_eq(tarn_address_is_equal(&addresses[i], &addresses[j]),
					 i == j);
	}
}
END_TEST

/* Of interfaces that are not there, too; lo has the number 1. */
START_TEST(interfaces_are_equal_by_name_and_else_by_number)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
	} cases[] = {
		{"fe80::1%nowhere0", "fe80::1%nowhere0", true},
		{"fe80::1%nowhere0", "fe80::1%nowhere1", false},
		{"fe80::1%nowhere0", "fe80::1", false},
		{"fe80::1%nowhere0", "fe80::1%1", false},
		{"fe80::1%lo", "fe80::1%1", true},
		{"fe80::1%lo", "fe80::1%2", false},
		{"fe80::1%lo", "fe80::1", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tarn_address a, b;
		ck_assert_int_eq(tarn_address_parse(cases[i].a, 53, &a), 0);
		ck_assert_int_eq(tarn_address_parse(cases[i].b, 53, &b), 0);
		ck_assert_int_eq(tarn_address_is_equal(&a, &b), cases[i].is_equal);
		ck_assert_int_eq(tarn_address_is_equal(&b, &a), cases[i].is_equal);
	}
}
END_TEST

/* What a socket was bound to keeps its number, whatever has the name now. */
START_TEST(number_that_is_known_counts_before_the_name)
{
	struct tarn_address bound, local;
	ck_assert_int_eq(tarn_address_parse("fe80::1%lo", 53, &bound), 0);
	bound.in6.sin6_scope_id = 7;
	ck_assert_int_eq(tarn_address_parse("fe80::1%7", 53, &local), 0);
	ck_assert(tarn_address_is_equal(&bound, &local));
}
END_TEST

START_TEST(longest_address_has_room)
{
	struct tarn_address address;
	char text[TARN_ADDRESS_TEXT_MAX + 1];
	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(tarn_address_parse("1111:2222:3333:4444:5555:6666:255.255.255.255%"
					    "4294967295@65535",
					    0, &address),
			 0);
	tarn_address_format(&address, text);
	ck_assert_str_eq(text, "[1111:2222:3333:4444:5555:6666:ffff:ffff%4294967295]:65535");
	ck_assert_int_eq(text[TARN_ADDRESS_TEXT_MAX], 'x');
}
END_TEST

static const struct {
	const char *text, *address;
	unsigned prefix_len;
} networks[] = {
	{"192.0.2.0/24", "192.0.2.0:0", 24},
	{"192.0.2.1", "192.0.2.1:0", 32},
	{"192.0.2.1/32", "192.0.2.1:0", 32},
	{"0.0.0.0/0", "0.0.0.0:0", 0},
	{"128.0.0.0/1", "128.0.0.0:0", 1},
	{"172.16.0.0/12", "172.16.0.0:0", 12},
	{"192.0.2.254/31", "192.0.2.254:0", 31},
	{"10.0.0.0/008", "10.0.0.0:0", 8},
	{"::/0", "[::]:0", 0},
	{"fc00::/7", "[fc00::]:0", 7},
	{"FE80::/10", "[fe80::]:0", 10},
	{"2001:db8::/32", "[2001:db8::]:0", 32},
	{"2001:db8::1", "[2001:db8::1]:0", 128},
	{"2001:db8::2/127", "[2001:db8::2]:0", 127},
	{"::ffff:192.0.2.0/120", "[::ffff:192.0.2.0]:0", 120},
	{"1111:2222:3333:4444:5555:6666:255.255.255.255/128",
	 "[1111:2222:3333:4444:5555:6666:ffff:ffff]:0", 128},
};

START_TEST(network_is_read)
{
	struct tarn_network network;
	char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_int_eq(tarn_network_parse(networks[_i].text, &network), 0);
	ck_assert_str_eq(tarn_address_format(&network.address, text), networks[_i].address);
	ck_assert_uint_eq(network.prefix_len, networks[_i].prefix_len);
}
END_TEST

static const struct {
	const char *text;
	int error;
} no_networks[] = {
	{"", TARN_EADDRESS},
	{"/", TARN_EADDRESS},
	{"/8", TARN_EADDRESS},
	{"localhost", TARN_EADDRESS},
	{"10/8", TARN_EADDRESS},
	{"10.0.0.0:53/8", TARN_EADDRESS},
	{"10.0.0.0@53", TARN_EADDRESS},
	{"[::]/0", TARN_EADDRESS},
	{"fe80::%lo/10", TARN_EADDRESS},
	{" 10.0.0.0/8", TARN_EADDRESS},
	{"10.0.0.0 /8", TARN_EADDRESS},
	{"1111:2222:3333:4444:5555:6666:7777:8888:9999/128", TARN_EADDRESS},
	{"1111111111111111111111111111111111111111111111111111111111/8", TARN_EADDRESS},
	{"10.0.0.0/", TARN_EPREFIX},
	{"10.0.0.0/33", TARN_EPREFIX},
	{"10.0.0.0/-8", TARN_EPREFIX},
	{"10.0.0.0/+8", TARN_EPREFIX},
	{"10.0.0.0/ 8", TARN_EPREFIX},
	{"10.0.0.0/8 ", TARN_EPREFIX},
	{"10.0.0.0/8/8", TARN_EPREFIX},
	{"10.0.0.0/0x8", TARN_EPREFIX},
	{"10.0.0.0/255.0.0.0", TARN_EPREFIX},
	{"10.0.0.0/4294967304", TARN_EPREFIX},
	{"::/129", TARN_EPREFIX},
	/* bits behind the prefix */
	{"10.0.0.1/31", TARN_EPREFIX},
	{"10.0.0.1/8", TARN_EPREFIX},
	{"172.16.0.0/11", TARN_EPREFIX},
	{"128.0.0.0/0", TARN_EPREFIX},
	{"::1/127", TARN_EPREFIX},
	{"::1/0", TARN_EPREFIX},
	{"fe00::/6", TARN_EPREFIX},
};

START_TEST(what_is_no_network_is_refused_and_leaves_the_output)
{
	struct tarn_network network, before;
	memset(&before, 0x5a, sizeof(before));
	network = before;
	ck_assert_int_eq(tarn_network_parse(no_networks[_i].text, &network), no_networks[_i].error);
	ck_assert_mem_eq(&network, &before, sizeof(network));
}
END_TEST

static const struct {
	const char *text;
	uint8_t len, octets[16];
} octets[] = {
	{"203.0.113.7", 4, {203, 0, 113, 7}},
	{"::ffff:203.0.113.7", 4, {203, 0, 113, 7}},
	{"2001:db8::7", 16, {0x20, 0x01, 0x0d, 0xb8, [15] = 7}},
	{"::fffe:203.0.113.7", 16, {[10] = 0xff, 0xfe, 203, 0, 113, 7}},
	{"1::ffff:203.0.113.7", 16, {[1] = 1, [10] = 0xff, 0xff, 203, 0, 113, 7}},
};

START_TEST(octets_of_an_address_are_four_or_sixteen)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(octets[_i].text, 53, &address), 0);
	size_t len;
	const uint8_t *got = tarn__address_octets(&address, &len);
	ck_assert_uint_eq(len, octets[_i].len);
	ck_assert_mem_eq(got, octets[_i].octets, len);
}
END_TEST

START_TEST(every_error_has_a_text_of_its_own)
{
#define TEXT(name, code, text) {name, #name},
	static const struct {
		int code;
		const char *name;
	} errors[] = {TARN_ERRORS(TEXT)};
	enum { COUNT = sizeof(errors) / sizeof(errors[0]) };
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_lt(errors[i].code, 0);
		ck_assert_str_ne(tarn_error_text(errors[i].code), "unknown error");
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(tarn_error_text(errors[i].code),
					 tarn_error_text(errors[j].code));
	}
	ck_assert_str_eq(tarn_error_text(0), "unknown error");
	ck_assert_str_eq(tarn_error_text(1), "unknown error");
}
END_TEST

START_TEST(version_has_three_numbers)
{
	unsigned major, minor, patch;
	ck_assert_int_eq(sscanf(tarn_version(), "%u.%u.%u", &major, &minor, &patch), 3);
}
END_TEST

START_TEST(address_alone_is_read)
{
	static const struct {
		const char *text;
		struct tarn__ip ip;
	} ips[] = {
		{"0.0.0.0", {TARN__IPV4_LEN, {0}}},
		{"255.10.0.1", {TARN__IPV4_LEN, {255, 10, 0, 1}}},
		{"::", {TARN__IPV6_LEN, {0}}},
		{"2001:db8::1", {TARN__IPV6_LEN, {0x20, 1, 0x0d, 0xb8, [15] = 1}}},
		{"::ffff:1.2.3.4", {TARN__IPV6_LEN, {[10] = 0xff, 0xff, 1, 2, 3, 4}}},
	};
	static const char *const none[] = {
		"",
		"1",
		"1.2.3",
		"1.2.3.",
		"1.2.3.4.",
		"1.2.3.4.5",
		"01.2.3.4",
		"1.2.3.256",
		"1.2.3.1000000000000",
		"1..2.3",
		".1.2.3",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4:53",
		"[::1]",
		"::1%eth0",
		":::",
		"1:2",
		"x",
		"0000:0000:0000:0000:0000:0000:255.255.255.2555555",
	};
	struct tarn__ip ip;
	for (size_t i = 0; i < sizeof ips / sizeof ips[0]; i++) {
		ck_assert(tarn__ip_parse(ips[i].text, strlen(ips[i].text), &ip));
		ck_assert(tarn__ip_is_equal(&ip, &ips[i].ip));
		for (size_t j = 0; j < i; j++)
			ck_assert(!tarn__ip_is_equal(&ip, &ips[j].ip));
	}
	const struct tarn__ip before = ip;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		ck_assert_msg(!tarn__ip_parse(none[i], strlen(none[i]), &ip), "%s", none[i]);
	ck_assert(!tarn__ip_parse("::1\0", 4, &ip));
	ck_assert(tarn__ip_is_equal(&ip, &before));
	/* The text need not end there. */
	ck_assert(tarn__ip_parse("1.2.3.45", 7, &ip));
	ck_assert_uint_eq(ip.octets[3], 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = tcase_create("address");
	tcase_add_loop_test(tcase, address_is_read_and_written, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tcase, what_is_no_address_is_refused_and_leaves_the_output, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, addresses_are_equal_with_port_and_scope);
	tcase_add_test(tcase, interfaces_are_equal_by_name_and_else_by_number);
	tcase_add_test(tcase, number_that_is_known_counts_before_the_name);
	tcase_add_test(tcase, longest_address_has_room);
	tcase_add_loop_test(tcase, network_is_read, 0, sizeof(networks) / sizeof(networks[0]));
	tcase_add_loop_test(tcase, what_is_no_network_is_refused_and_leaves_the_output, 0,
			    sizeof(no_networks) / sizeof(no_networks[0]));
	tcase_add_loop_test(tcase, octets_of_an_address_are_four_or_sixteen, 0,
			    sizeof(octets) / sizeof(octets[0]));
	tcase_add_test(tcase, address_alone_is_read);
	tcase_add_test(tcase, every_error_has_a_text_of_its_own);
	tcase_add_test(tcase, version_has_three_numbers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

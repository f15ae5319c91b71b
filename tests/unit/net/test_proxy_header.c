/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/proxy_header.c: the header of the PROXY protocol. */

#include "net/listen/proxy_header.h"

#include <string.h>

#include "dns/message.h"
#include "support/unit.h"

enum { LOCAL = 0x20, PROXY = 0x21, IPV4 = 0x11, IPV6 = 0x21, IPV4_LEN = 12, IPV6_LEN = 36 };

static uint8_t header[TARN__PROXY_HEADER_MAX + 1];
static struct tarn_address client;

/* 192.0.2.1:4711 for IPv4, 2001:db8::1:4711 for IPv6, to zeros; then rest octets of a TLV. */
static size_t write_header(uint8_t command, uint8_t family, size_t len)
{
	static const uint8_t signature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
					    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
	memset(header, 0, sizeof(header));
	memcpy(header, signature, sizeof(signature));
	header[12] = command;
	header[13] = family;
	tarn__put16(header + 14, (uint16_t)len);
	if (family == IPV4) {
		memcpy(header + 16, "\xc0\x00\x02\x01", 4);
		tarn__put16(header + 24, 4711);
	} else if (family == IPV6) {
		memcpy(header + 16, "\x20\x01\x0d\xb8", 4);
		header[31] = 1;
		tarn__put16(header + 48, 4711);
	}
	return TARN__PROXY_HEADER_MIN + len;
}

static void expect_client(const char *text)
{
	char found[TARN_ADDRESS_TEXT_MAX];
	ck_assert_str_eq(tarn_address_format(&client, found), text);
}

static void expect_error(size_t len)
{
	client.sa.sa_family = AF_UNIX;
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), TARN_EINVAL);
	ck_assert_int_eq(client.sa.sa_family, AF_UNIX);
}

START_TEST(client_over_ipv4_is_read)
{
	size_t len = write_header(PROXY, IPV4, IPV4_LEN);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	expect_client("192.0.2.1:4711");
}
END_TEST

START_TEST(client_over_ipv6_is_read)
{
	size_t len = write_header(PROXY, IPV6, IPV6_LEN);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	expect_client("[2001:db8::1]:4711");
}
END_TEST

START_TEST(octets_that_are_to_come_are_known)
{
	size_t len = write_header(PROXY, IPV6, IPV6_LEN + 10);
	for (size_t have = 0; have < len; have++) {
		size_t known = have < TARN__PROXY_HEADER_MIN ? TARN__PROXY_HEADER_MIN : len;
		ck_assert_int_eq(tarn__proxy_header_read(header, have, &client),
				 (long)(known - have));
	}
}
END_TEST

START_TEST(tlvs_are_skipped)
{
	size_t len = write_header(PROXY, IPV4, IPV4_LEN + 100);
	memset(header + TARN__PROXY_HEADER_MIN + IPV4_LEN, 0xff, 100);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	expect_client("192.0.2.1:4711");
}
END_TEST

START_TEST(longest_header_is_read_and_a_longer_one_is_not)
{
	size_t len = write_header(PROXY, IPV4, TARN__PROXY_HEADER_MAX - TARN__PROXY_HEADER_MIN);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	write_header(PROXY, IPV4, TARN__PROXY_HEADER_MAX - TARN__PROXY_HEADER_MIN + 1);
	expect_error(TARN__PROXY_HEADER_MIN);
}
END_TEST

START_TEST(proxy_that_speaks_for_itself_names_no_client)
{
	size_t len = write_header(LOCAL, IPV4, IPV4_LEN);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	ck_assert_int_eq(client.sa.sa_family, AF_UNSPEC);
	len = write_header(LOCAL, 0, 0);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	ck_assert_int_eq(client.sa.sa_family, AF_UNSPEC);
}
END_TEST

START_TEST(unknown_family_names_no_client)
{
	size_t len = write_header(PROXY, 0, 20);
	ck_assert_int_eq(tarn__proxy_header_read(header, len, &client), 0);
	ck_assert_int_eq(client.sa.sa_family, AF_UNSPEC);
}
END_TEST

START_TEST(first_octet_that_is_wrong_ends_it)
{
	for (size_t i = 0; i < 12; i++) {
		write_header(PROXY, IPV4, IPV4_LEN);
		header[i] ^= 1;
		expect_error(i + 1);
	}
}
END_TEST

START_TEST(other_versions_commands_and_families_are_errors)
{
	static const uint8_t rows[][2] = {
		{0x11, IPV4}, /* version 1 */
		{0x31, IPV4},  {0x22, IPV4}, /* no command */
		{PROXY, 0x12}, /* datagrams */
		{PROXY, 0x22}, {PROXY, 0x31}, /* UNIX */
		{PROXY, 0x41}, {PROXY, 0x10},
	};
	expect_error(write_header(rows[_i][0], rows[_i][1], IPV6_LEN));
}
END_TEST

START_TEST(addresses_that_are_cut_are_an_error)
{
	expect_error(write_header(PROXY, IPV4, IPV4_LEN - 1));
	expect_error(write_header(PROXY, IPV6, IPV6_LEN - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_header");
	TCase *tcase = tcase_create("proxy_header");
	tcase_add_test(tcase, client_over_ipv4_is_read);
	tcase_add_test(tcase, client_over_ipv6_is_read);
	tcase_add_test(tcase, octets_that_are_to_come_are_known);
	tcase_add_test(tcase, tlvs_are_skipped);
	tcase_add_test(tcase, longest_header_is_read_and_a_longer_one_is_not);
	tcase_add_test(tcase, proxy_that_speaks_for_itself_names_no_client);
	tcase_add_test(tcase, unknown_family_names_no_client);
	tcase_add_test(tcase, first_octet_that_is_wrong_ends_it);
	tcase_add_loop_test(tcase, other_versions_commands_and_families_are_errors, 0, 8);
	tcase_add_test(tcase, addresses_that_are_cut_are_an_error);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

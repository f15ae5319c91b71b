/* SPDX-License-Identifier: BSD-2-Clause */
/* net/address.c and net/error.c: addresses and errors in words. */

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "tarn.h"
#include "unit.h"

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
	{"fe80::1%no-such-if", TARN_ESCOPE},
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

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = tcase_create("address");
	tcase_add_loop_test(tcase, address_is_read_and_written, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tcase, what_is_no_address_is_refused_and_leaves_the_output, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, addresses_are_equal_with_port_and_scope);
	tcase_add_test(tcase, longest_address_has_room);
	tcase_add_test(tcase, every_error_has_a_text_of_its_own);
	tcase_add_test(tcase, version_has_three_numbers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

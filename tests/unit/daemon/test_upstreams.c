/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/upstreams.c: an upstream server as people write it. */

#include "daemon/settings/upstreams.h"

#include <stddef.h>
#include <string.h>

#include "base/traits.h"
#include "support/unit.h"

static const struct {
	const char *text, *written; /* NULL: the same */
	struct tarn_traits traits;
} good[] = {
	{"192.0.2.1", "192.0.2.1:53", {.transport = TARN_UDP}},
	{"[2001:db8::1]:5300", NULL, {.transport = TARN_UDP}},
	{"udp://192.0.2.1", "192.0.2.1:53", {.transport = TARN_UDP}},
	{"tcp://2001:db8::1@5300", "tcp://[2001:db8::1]:5300", {.transport = TARN_TCP}},
	{"192.0.2.1:53 no-mixed-case", NULL, {.no_mixed_case = true}},
	{"192.0.2.1:53 no-cookies", NULL, {.no_cookies = true}},
	{"192.0.2.1:53 no-edns", NULL, {.no_edns = true}},
	{"tcp://192.0.2.1 \t no-edns  no-mixed-case no-edns ",
	 "tcp://192.0.2.1:53 no-mixed-case no-edns",
	 {.transport = TARN_TCP, .no_mixed_case = true, .no_edns = true}},
	{"tcp://[2001:db8:1111:2222:3333:4444:5555:6666]:65535 no-mixed-case no-cookies no-edns",
	 NULL,
	 {.transport = TARN_TCP, .no_mixed_case = true, .no_cookies = true, .no_edns = true}},
};

START_TEST(what_is_read_is_written_again)
{
	struct tarn_address address, again;
	struct tarn_traits traits, same;
	char text[TARN__UPSTREAM_TEXT_MAX];
	ck_assert_ptr_null(tarn__upstream_parse(good[_i].text, &address, &traits));
	ck_assert(tarn__traits_is_equal(&traits, &good[_i].traits));
	tarn__upstream_format(&address, &traits, text);
	ck_assert_str_eq(text, good[_i].written ? good[_i].written : good[_i].text);
	ck_assert_ptr_null(tarn__upstream_parse(text, &again, &same));
	ck_assert(tarn_address_is_equal(&address, &again));
	ck_assert(tarn__traits_is_equal(&traits, &same));
}
END_TEST

static const struct {
	const char *text, *fault;
} bad[] = {
	{"", "not an IP address"},
	{"no-edns", "not an IP address"},
	{"tcp://", "not an IP address"},
	{"tcp://dns.example", "not an IP address"},
	{"tcp:192.0.2.1", "not an IP address"},
	{"tcp://tcp://192.0.2.1", "not an IP address"},
	{"192.0.2.1:0", "not a port (1 to 65535)"},
	{"TCP://192.0.2.1", "unknown scheme (udp:// or tcp://)"},
	{"://192.0.2.1", "unknown scheme (udp:// or tcp://)"},
	{"sctp://192.0.2.1", "unknown scheme (udp:// or tcp://)"},
	{"tls://192.0.2.1", "DNS over TLS is not built in (udp:// or tcp://)"},
	{"https://192.0.2.1/dns-query", "DNS over HTTPS is not built in (udp:// or tcp://)"},
	{"quic://192.0.2.1", "DNS over QUIC is not built in (udp:// or tcp://)"},
	{"192.0.2.1 no-cookie", "after the address come no-mixed-case, no-cookies, no-edns alone"},
	{"192.0.2.1 no-edns,no-cookies",
	 "after the address come no-mixed-case, no-cookies, no-edns alone"},
	{"192.0.2.1 192.0.2.2", "after the address come no-mixed-case, no-cookies, no-edns alone"},
};

START_TEST(fault_is_named_and_nothing_is_taken)
{
	struct tarn_address address;
	struct tarn_traits traits = {.no_cookies = true};
	memset(&address, 0x55, sizeof(address));
	ck_assert_str_eq(tarn__upstream_parse(bad[_i].text, &address, &traits), bad[_i].fault);
	ck_assert(traits.no_cookies);
	ck_assert_int_eq(address.sa.sa_family, 0x5555);
}
END_TEST

/* Of any length. */
START_TEST(long_text_is_no_address)
{
	char text[4096];
	struct tarn_address address;
	struct tarn_traits traits;
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_str_eq(tarn__upstream_parse(text, &address, &traits), "not an IP address");
}
END_TEST

static bool are_equal(struct tarn_traits a, struct tarn_traits b)
{
	return tarn__traits_is_equal(&a, &b);
}

START_TEST(each_trait_makes_a_difference)
{
	struct tarn_traits none = {.transport = TARN_UDP};
	ck_assert(are_equal(none, none));
	ck_assert(!are_equal(none, (struct tarn_traits){.transport = TARN_TCP}));
	ck_assert(!are_equal(none, (struct tarn_traits){.no_mixed_case = true}));
	ck_assert(!are_equal(none, (struct tarn_traits){.no_cookies = true}));
	ck_assert(!are_equal(none, (struct tarn_traits){.no_edns = true}));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upstreams");
	TCase *tcase = tcase_create("text");
	tcase_add_loop_test(tcase, what_is_read_is_written_again, 0,
			    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tcase, fault_is_named_and_nothing_is_taken, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, long_text_is_no_address);
	tcase_add_test(tcase, each_trait_makes_a_difference);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

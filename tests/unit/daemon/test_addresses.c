/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/addresses.c: the list's bound, and which servers are tarn itself. */

#include "daemon/settings/addresses.h"

#include <string.h>

#include "support/unit.h"

static struct tarn_address address_of(const char *text)
{
	struct tarn_address out;
	ck_assert_int_eq(tarn_address_parse(text, 53, &out), 0);
	return out;
}

START_TEST(an_address_is_added_once)
{
	struct tarn__addresses list = {0};
	struct tarn_address address = address_of("192.0.2.1");
	ck_assert_int_eq(tarn__addresses_add(&list, &address), 0);
	ck_assert_int_eq(tarn__addresses_add(&list, &address), 0);
	ck_assert_uint_eq(list.count, 1);
	address = address_of("192.0.2.1:54");
	ck_assert_int_eq(tarn__addresses_add(&list, &address), 0);
	ck_assert_uint_eq(list.count, 2);
}
END_TEST

START_TEST(a_full_list_refuses_new_addresses_only)
{
	struct tarn__addresses list = {0};
	struct tarn_address address = address_of("192.0.2.1");
	for (unsigned i = 0; i < TARN__ADDRESSES_MAX; i++) {
		tarn_address_set_port(&address, (uint16_t)(1000 + i));
		ck_assert_int_eq(tarn__addresses_add(&list, &address), 0);
	}
	ck_assert_int_eq(tarn__addresses_add(&list, &address), 0);
	tarn_address_set_port(&address, 999);
	ck_assert_int_eq(tarn__addresses_add(&list, &address), TARN_EINVAL);
	ck_assert_uint_eq(list.count, TARN__ADDRESSES_MAX);
}
END_TEST

static const struct {
	const char *listen, *server;
	bool is_self;
} cases[] = {
	{"127.0.0.1", "127.0.0.1", true},
	{"127.0.0.1", "127.0.0.1:54", false},
	{"127.0.0.1", "127.0.0.53", false},
	{"127.0.0.1", "192.0.2.1", false},
	{"127.0.0.1", "::1", false},
	{"127.0.0.1", "0.0.0.0", true},
	{"192.0.2.1", "0.0.0.0", false},
	{"127.0.0.1", "::ffff:127.0.0.1", true},
	{"0.0.0.0", "127.0.0.1", true},
	{"0.0.0.0", "127.0.0.53", true},
	{"0.0.0.0", "127.0.0.1:5300", false},
	{"0.0.0.0:5300", "127.0.0.1:5300", true},
	{"0.0.0.0", "192.0.2.1", false},
	{"0.0.0.0", "::1", false},
	{"0.0.0.0", "::ffff:127.0.0.1", true},
	{"::1", "::1", true},
	{"::", "::1", true},
	{"::", "2001:db8::1", false},
	{"::", "127.0.0.1", false},
	{"::1", "::", true},
};

START_TEST(a_server_that_is_tarn_itself_is_recognised)
{
	struct tarn__addresses listens = {0};
	struct tarn_address listen = address_of(cases[_i].listen);
	struct tarn_address server = address_of(cases[_i].server);
	tarn__addresses_add(&listens, &listen);
	ck_assert_msg(tarn__addresses_has_self(&listens, &server) == cases[_i].is_self,
		      "listening on %s, asking %s", cases[_i].listen, cases[_i].server);
}
END_TEST

START_TEST(transport_is_a_part_of_the_text)
{
	struct tarn__addresses listens = {0};
	struct tarn_address first = address_of("192.0.2.1"), second = address_of("[::1]:853");
	char text[TARN__OVER_TEXT_MAX], all[80];
	tarn__addresses_add(&listens, &first);
	ck_assert_int_eq(tarn__addresses_add_over(&listens, &second, TARN_TLS), 0);
	ck_assert_int_eq(tarn__addresses_add_over(&listens, &second, TARN_HTTPS), 0);
	ck_assert_uint_eq(listens.count, 2);
	ck_assert_str_eq(tarn__addresses_format_one(&listens, 1, text), "tls://[::1]:853");
	tarn__addresses_format(&listens, all, sizeof(all));
	ck_assert_str_eq(all, "192.0.2.1:53, tls://[::1]:853");
}
END_TEST

START_TEST(any_of_several_listeners_counts)
{
	struct tarn__addresses listens = {0};
	struct tarn_address first = address_of("192.0.2.1"), second = address_of("[::1]:5300");
	tarn__addresses_add(&listens, &first);
	tarn__addresses_add(&listens, &second);
	ck_assert(tarn__addresses_has_self(&listens, &second));
}
END_TEST

static const struct {
	const char *one, *other;
	bool do_overlap;
} pairs[] = {
	{"127.0.0.1", "127.0.0.1", true},
	{"127.0.0.1", "127.0.0.1:54", false},
	{"127.0.0.1", "127.0.0.2", false},
	{"127.0.0.1", "0.0.0.0", true},
	{"127.0.0.1", "0.0.0.0:54", false},
	{"127.0.0.1", "::", false},
	{"::1", "::", true},
	{"::1", "2001:db8::1", false},
};

START_TEST(sockets_overlap_where_one_address_is_all_addresses)
{
	struct tarn_address one = address_of(pairs[_i].one), other = address_of(pairs[_i].other);
	ck_assert(tarn__addresses_overlap(&one, &other) == pairs[_i].do_overlap);
	ck_assert(tarn__addresses_overlap(&other, &one) == pairs[_i].do_overlap);
}
END_TEST

START_TEST(list_is_written_as_far_as_it_fits)
{
	struct tarn__addresses list = {0};
	char text[40];
	tarn__addresses_format(&list, text, sizeof(text));
	ck_assert_str_eq(text, "");
	struct tarn_address first = address_of("192.0.2.1"), second = address_of("2001:db8::1");
	tarn__addresses_add(&list, &first);
	tarn__addresses_add(&list, &second);
	tarn__addresses_format(&list, text, sizeof(text));
	ck_assert_str_eq(text, "192.0.2.1:53, [2001:db8::1]:53");
	for (size_t size = 8; size < sizeof("192.0.2.1:53, [2001:db8::1]:53 ..."); size++) {
		memset(text, 'x', sizeof(text));
		tarn__addresses_format(&list, text, size);
		ck_assert_uint_lt(strlen(text), size);
		ck_assert_str_eq(text + strlen(text) - 4, " ...");
	}
}
END_TEST

static const struct {
	const char *first, *second;
	bool are;
} loopbacks[] = {
	{"127.0.0.1", "::1", true},	    {"127.0.0.53:5300", "127.1.2.3", true},
	{"::ffff:127.0.0.1", "::1", true},  {"127.0.0.1", "192.0.2.1", false},
	{"0.0.0.0", "127.0.0.1", false},    {"127.0.0.1", "::", false},
	{"::1", "::ffff:192.0.2.1", false},
};

START_TEST(loopback_addresses_are_known)
{
	struct tarn__addresses list = {0};
	ck_assert(tarn__addresses_are_loopback(&list));
	struct tarn_address first = address_of(loopbacks[_i].first);
	struct tarn_address second = address_of(loopbacks[_i].second);
	tarn__addresses_add(&list, &first);
	tarn__addresses_add(&list, &second);
	ck_assert(tarn__addresses_are_loopback(&list) == loopbacks[_i].are);
}
END_TEST

START_TEST(port_in_a_text_is_seen)
{
	static const char *const with[] = {"192.0.2.1:0", "192.0.2.1@1", "[::1]:2", "::1@65535"};
	static const char *const without[] = {"192.0.2.1", "::1", "[::1]", "fe80::1%lo"};
	for (size_t i = 0; i < 4; i++) {
		ck_assert(tarn__address_has_port(with[i]));
		ck_assert(!tarn__address_has_port(without[i]));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("addresses");
	TCase *tcase = tcase_create("list");
	tcase_add_test(tcase, an_address_is_added_once);
	tcase_add_test(tcase, a_full_list_refuses_new_addresses_only);
	tcase_add_loop_test(tcase, a_server_that_is_tarn_itself_is_recognised, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, transport_is_a_part_of_the_text);
	tcase_add_test(tcase, any_of_several_listeners_counts);
	tcase_add_loop_test(tcase, sockets_overlap_where_one_address_is_all_addresses, 0,
			    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tcase, list_is_written_as_far_as_it_fits);
	tcase_add_loop_test(tcase, loopback_addresses_are_known, 0,
			    sizeof(loopbacks) / sizeof(loopbacks[0]));
	tcase_add_test(tcase, port_in_a_text_is_seen);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/discovery.c: which records lead clients to encrypted listeners. */
#include "config.h"

#include "daemon/names/discovery.h"

#include <string.h>

#include "daemon/settings/option_types.h"
#include "support/unit.h"

static struct tarn__settings settings;
static struct tarn__discovery discovery;

static void set_up(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.listen_name = "dns.home.example";
}

static void tear_down(void)
{
	tarn__discovery_fini(&discovery);
}

static void bind_to(const char *text, enum tarn_transport transport)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(text, 53, &address), 0);
	ck_assert_int_eq(tarn__addresses_add_over(&settings.bound, &address, transport), 0);
}

static void make(void)
{
	tarn__discovery_fini(&discovery);
	ck_assert_int_eq(tarn__discovery_make(&settings, &discovery), 0);
}

static void check_record(size_t index, const char *rest)
{
	char expected[512];
	snprintf(expected, sizeof(expected), "_dns.resolver.arpa. 300 IN SVCB %s", rest);
	ck_assert_uint_gt(discovery.count, index);
	ck_assert_str_eq(discovery.items[index], expected);
}

START_TEST(each_transport_has_a_record)
{
	bind_to("192.0.2.1:53", TARN_UDP);
	bind_to("192.0.2.1:853", TARN_TLS);
	bind_to("192.0.2.1:443", TARN_HTTPS);
	make();
	ck_assert_uint_eq(discovery.count, 2);
	check_record(0, "1 dns.home.example alpn=dot ipv4hint=192.0.2.1");
	check_record(1, "2 dns.home.example alpn=h2 ipv4hint=192.0.2.1 "
			"dohpath=\"/dns-query{?dns}\"");
}
END_TEST

START_TEST(without_a_name_or_an_encrypted_listener_there_is_none)
{
	bind_to("192.0.2.1:53", TARN_UDP);
	make();
	ck_assert_uint_eq(discovery.count, 0);
	bind_to("192.0.2.1:853", TARN_TLS);
	settings.listen_name = NULL;
	make();
	ck_assert_uint_eq(discovery.count, 0);
}
END_TEST

START_TEST(addresses_of_one_port_are_hints_of_one_record)
{
	bind_to("192.0.2.1:853", TARN_TLS);
	bind_to("[2001:db8::1]:853", TARN_TLS);
	bind_to("192.0.2.2:853", TARN_TLS);
	bind_to("192.0.2.3:8853", TARN_TLS);
	make();
	ck_assert_uint_eq(discovery.count, 2);
	check_record(0, "1 dns.home.example alpn=dot ipv4hint=192.0.2.1,192.0.2.2 "
			"ipv6hint=2001:db8::1");
	check_record(1, "2 dns.home.example alpn=dot port=8853 ipv4hint=192.0.2.3");
}
END_TEST

START_TEST(path_and_port_are_those_of_the_settings)
{
	settings.resolver.https_path = "/q";
	bind_to("192.0.2.1:8443", TARN_HTTPS);
	make();
	check_record(0, "1 dns.home.example alpn=h2 port=8443 ipv4hint=192.0.2.1 "
			"dohpath=\"/q{?dns}\"");
}
END_TEST

START_TEST(wildcards_and_scopes_are_no_hints)
{
	bind_to("0.0.0.0:853", TARN_TLS);
	bind_to("[::]:853", TARN_TLS);
	bind_to("[fe80::1%lo]:853", TARN_TLS);
	make();
	ck_assert_uint_eq(discovery.count, 1);
	check_record(0, "1 dns.home.example alpn=dot");
}
END_TEST

START_TEST(loopback_is_a_hint_where_there_is_nothing_else)
{
	bind_to("127.0.0.1:53", TARN_UDP);
	bind_to("127.0.0.1:853", TARN_TLS);
	make();
	check_record(0, "1 dns.home.example alpn=dot ipv4hint=127.0.0.1");
	bind_to("192.0.2.1:853", TARN_TLS);
	make();
	check_record(0, "1 dns.home.example alpn=dot ipv4hint=192.0.2.1");
}
END_TEST

START_TEST(records_are_bounded_and_are_records)
{
	for (unsigned port = 8000; port < 8000 + 2 * TARN__DISCOVERY_MAX; port++) {
		char text[32];
		snprintf(text, sizeof(text), "192.0.2.1:%u", port);
		bind_to(text, TARN_HTTPS);
	}
	make();
	ck_assert_uint_eq(discovery.count, TARN__DISCOVERY_MAX);
	for (size_t i = 0; i < discovery.count; i++) {
		struct tarn__texts texts = {0};
		char fault[TARN__FAULT_MAX];
		ck_assert_int_eq(
			tarn__option_type_records.parse(NULL, &texts, discovery.items[i], fault),
			0);
		tarn__option_type_records.reset(&texts);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("discovery");
	TCase *tcase = tcase_create("discovery");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_transport_has_a_record);
	tcase_add_test(tcase, without_a_name_or_an_encrypted_listener_there_is_none);
	tcase_add_test(tcase, addresses_of_one_port_are_hints_of_one_record);
	tcase_add_test(tcase, path_and_port_are_those_of_the_settings);
	tcase_add_test(tcase, wildcards_and_scopes_are_no_hints);
	tcase_add_test(tcase, loopback_is_a_hint_where_there_is_nothing_else);
	tcase_add_test(tcase, records_are_bounded_and_are_records);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

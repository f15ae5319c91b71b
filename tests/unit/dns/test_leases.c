/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_leases.c: leases of dnsmasq, Kea and ISC dhcpd, however they come. */
#include "dns/leases.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/unit.h"

/* Leases as "LINE ADDRESS NAME START END CLIENT", or "LINE ADDRESS over"; faults as "LINE: TEXT". */
static struct {
	size_t len;
	char text[64 * 1024];
} got;

static struct tarn__leases leases;

#define ADD(...)                                                                                   \
	(got.len += (size_t)snprintf(got.text + got.len, sizeof got.text - got.len, __VA_ARGS__))

static void on_lease(void *arg, const struct tarn__lease *lease)
{
	char address[INET6_ADDRSTRLEN];
	ck_assert_ptr_eq(arg, &got);
	inet_ntop(lease->address.len == TARN__IPV4_LEN ? AF_INET : AF_INET6, lease->address.octets,
		  address, sizeof address);
	ADD("%u %s ", lease->line, address);
	if (lease->is_over) {
		ADD("over\n");
		return;
	}
	ADD("%s %" PRIu64, lease->name ? lease->name : "-", lease->start_s);
	if (lease->end_s == TARN__LEASE_NEVER)
		ADD(" never");
	else
		ADD(" %" PRIu64, lease->end_s);
	ADD(" %s\n", lease->client ? lease->client : "-");
}

static void on_fault(void *arg, uint32_t line, const char *text)
{
	ck_assert_ptr_eq(arg, &got);
	ADD("%u: %s\n", line, text);
}

static void start(void)
{
	got.len = 0;
	got.text[0] = '\0';
	tarn__leases_start(&leases, on_lease, on_fault, &got);
}

static void feed(const char *text)
{
	tarn__leases_feed(&leases, text, strlen(text));
}

static const char *read_in_parts(const char *octets, size_t len, size_t part)
{
	start();
	for (size_t at = 0; at < len; at += part)
		tarn__leases_feed(&leases, octets + at, len - at < part ? len - at : part);
	tarn__leases_end(&leases);
	return got.text;
}

static const char *read_text(const char *text)
{
	return read_in_parts(text, strlen(text), strlen(text) + 1);
}

static const char *form(void)
{
	return tarn__lease_form_name(leases.form);
}

/* ---- dnsmasq ---------------------------------------------------------------------------- */

START_TEST(b14_dnsmasq_has_a_lease_on_each_line)
{
	ck_assert_str_eq(
		read_text("1795700000 52:54:00:12:34:56 192.168.1.5 laptop 01:52:54:00:12:34:56\n"
			  "0 52:54:00:12:34:57 192.168.1.6 * *\n"
			  "duid 00:01:00:01:2a\n"
			  "1795700001 305419896 2001:db8::5 laptop 00:01:00:01:2b\n"
			  "1795700002 T305419896 2001:db8::6 * *\n"),
		"1 192.168.1.5 laptop 0 1795700000 52:54:00:12:34:56\n"
		"2 192.168.1.6 - 0 never 52:54:00:12:34:57\n"
		"4 2001:db8::5 laptop 0 1795700001 00:01:00:01:2b\n"
		"5 2001:db8::6 - 0 1795700002 -\n");
	ck_assert_str_eq(form(), "dnsmasq");
}
END_TEST

START_TEST(b14_dnsmasq_may_begin_with_its_own_id)
{
	ck_assert_str_eq(read_text("duid 00:01\n5 1 2001:db8::5 a 00:01\n"),
			 "2 2001:db8::5 a 0 5 00:01\n");
	ck_assert_str_eq(form(), "dnsmasq");
}
END_TEST

START_TEST(b14_dnsmasq_lines_that_are_broken_are_faults)
{
	ck_assert_str_eq(read_text("5 m 192.0.2.1 a *\n5 m 192.0.2 a *\n5 m 192.0.2.1 a\nx m "
				   "192.0.2.1 a *\n99999999999999999999999 m 192.0.2.1 a *\n\n"),
			 "1 192.0.2.1 a 0 5 m\n2: not a lease of dnsmasq's\n"
			 "3: not a lease of dnsmasq's\n4: not a lease of dnsmasq's\n"
			 "5: not a lease of dnsmasq's\n");
}
END_TEST

/* ---- Kea -------------------------------------------------------------------------------- */

#define KEA4                                                                                       \
	"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,"     \
	"state,user_context,pool_id\n"
#define KEA6                                                                                       \
	"address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,"   \
	"fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id\n"

START_TEST(b14_kea_names_its_columns)
{
	ck_assert_str_eq(read_text(KEA4 "192.0.2.5,52:54:00:00:00:05,01:52,3600,10000,1,0,0,"
					"pc.lan,0,,0\n"
					"192.0.2.6,,01:53,3600,10001,1,0,0,,0,,0\n"),
			 "2 192.0.2.5 pc.lan 6400 10000 52:54:00:00:00:05\n"
			 "3 192.0.2.6 - 6401 10001 01:53\n");
	ck_assert_str_eq(form(), "Kea");
	ck_assert_str_eq(read_text("address,state,hostname,expire\n192.0.2.5,0,pc,77\n"),
			 "2 192.0.2.5 pc 0 77 -\n");
}
END_TEST

START_TEST(b14_kea_has_state_0_for_leases_that_hold)
{
	ck_assert_str_eq(read_text(KEA4 "192.0.2.5,a,,60,100,1,0,0,pc,0,,0\n"
					"192.0.2.5,a,,60,100,1,0,0,pc,1,,0\n"
					"192.0.2.6,a,,60,100,1,0,0,pc,2,,0\n"
					"192.0.2.7,a,,0,100,1,0,0,pc,0,,0\n"
					"192.0.2.8,a,,4294967295,100,1,0,0,pc,0,,0\n"),
			 "2 192.0.2.5 pc 40 100 a\n3 192.0.2.5 over\n4 192.0.2.6 over\n"
			 "5 192.0.2.7 over\n6 192.0.2.8 pc 0 never a\n");
}
END_TEST

START_TEST(b14_kea_writes_commas_as_numbers)
{
	ck_assert_str_eq(read_text(KEA4 "192.0.2.5,a,,60,100,1,0,0,a&#x2cb&#x2C&#x2,0,,0\n"
					"192.0.2.6,a,,60,100,1,0,0,a&#x0ab,0,,0\n"),
			 "2 192.0.2.5 a,b,&#x2 40 100 a\n"
			 /* A name with a control character is none. */
			 "3 192.0.2.6 - 40 100 a\n");
}
END_TEST

START_TEST(b14_kea_prefixes_are_no_addresses)
{
	ck_assert_str_eq(read_text(KEA6
				   "2001:db8::5,00:01,60,100,1,30,0,7,128,0,0,pc,52:54,0,,,,0\n"
				   "2001:db8:1::,00:01,60,100,1,30,2,7,56,0,0,pc,52:54,0,,,,0\n"),
			 "2 2001:db8::5 pc 40 100 52:54\n");
}
END_TEST

START_TEST(b14_kea_client_cannot_name_columns)
{
	ck_assert_str_eq(read_text(KEA4 "192.0.2.5,a,,60,100,1,0,0,address,0,,0\n"
					"192.0.2.6,a,,60,100,1,0,0,pc,0,,0\n"),
			 "2 192.0.2.5 address 40 100 a\n3 192.0.2.6 pc 40 100 a\n");
}
END_TEST

START_TEST(b14_kea_lines_that_are_broken_are_faults)
{
	ck_assert_str_eq(read_text(KEA4 "192.0.2,a,,60,100,1,0,0,pc,0,,0\n192.0.2.5\n"
					"192.0.2.5,a,,60,x,1,0,0,pc,0,,0\n\n"
					"192.0.2.5,a,,x,5,1,0,0,pc,0,,0\n"),
			 "2: not a lease of Kea's\n3: not a lease of Kea's\n"
			 "4: not a lease of Kea's\n6: not a lease of Kea's\n");
}
END_TEST

/* ---- ISC dhcpd -------------------------------------------------------------------------- */

START_TEST(b14_isc_has_blocks)
{
	ck_assert_str_eq(read_text("# The format of this file is documented in dhcpd.leases(5).\n"
				   "authoring-byte-order little-endian;\n"
				   "\n"
				   "server-duid \"\\000\\001{;\\\"\";\n"
				   "\n"
				   "lease 192.0.2.5 {\n"
				   "  starts 4 2026/11/26 10:00:00;\n"
				   "  ends 4 2026/11/26 22:00:00; # in UTC\n"
				   "  cltt 4 2026/11/26 10:00:00;\n"
				   "  binding state active;\n"
				   "  next binding state free;\n"
				   "  rewind binding state free;\n"
				   "  hardware ethernet 52:54:00:12:34:56;\n"
				   "  uid \"\\001RT\\000\";\n"
				   "  set vendor-class-identifier = \"MSFT 5.0; } {\";\n"
				   "  on expiry { log (\"gone\"); }\n"
				   "  client-hostname \"Bob's \\\"PC\\\"\";\n"
				   "}\n"),
			 "6 192.0.2.5 Bob's \"PC\" 1795687200 1795730400 52:54:00:12:34:56\n");
	ck_assert_str_eq(form(), "ISC dhcpd");
}
END_TEST

START_TEST(b14_isc_lease_holds_while_its_binding_is_active)
{
	ck_assert_str_eq(read_text("lease 192.0.2.5 { ends never; binding state active; }\n"
				   "lease 192.0.2.5 { ends epoch 99; binding state free; }\n"
				   "lease 192.0.2.6 { ends epoch 99; }\n"
				   "lease 192.0.2.7 { ends epoch 99; binding state backup; }"),
			 "1 192.0.2.5 - 0 never -\n2 192.0.2.5 over\n3 192.0.2.6 - 0 99 -\n"
			 "4 192.0.2.7 over\n");
}
END_TEST

START_TEST(b14_isc_writes_ipv6_within_associations)
{
	ck_assert_str_eq(read_text("ia-na \"\\001\\002\" {\n"
				   "  cltt 4 2026/11/26 10:00:00;\n"
				   "  iaaddr 2001:db8::5 {\n"
				   "    binding state active;\n"
				   "    preferred-life 375;\n"
				   "    ends epoch 1795687200;\n"
				   "  }\n"
				   "}\n"),
			 "3 2001:db8::5 - 0 1795687200 -\n");
}
END_TEST

START_TEST(b14_isc_dates_are_utc)
{
	static const struct {
		const char *date;
		uint64_t seconds;
	} dates[] = {
		{"4 1970/01/01 00:00:00", 0},	       {"2 2000/02/29 23:59:59", 951868799},
		{"3 2000/03/01 00:00:00", 951868800},  {"1 2100/03/01 00:00:00", 4107542400},
		{"5 2038/01/19 03:14:08", 2147483648}, {"0 9999/12/31 23:59:60", 253402300800},
	};
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		char text[128], expected[128];
		snprintf(text, sizeof text, "lease 192.0.2.5 { ends %s; }", dates[i].date);
		snprintf(expected, sizeof expected, "1 192.0.2.5 - 0 %" PRIu64 " -\n",
			 dates[i].seconds);
		ck_assert_str_eq(read_text(text), expected);
	}
	static const char *const none[] = {
		"",
		"4",
		"4 2026/11",
		"4 2026/13/01 00:00:00",
		"4 2026/11/26 24:00:00",
		"4 1969/01/01 00:00:00",
		"4 2026/11/26",
		"epoch x",
		"soon",
		"4 20260/1/1 00:00:00",
		"4 2026/0/1 00:00:00",
	};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		char text[128];
		snprintf(text, sizeof text, "lease 192.0.2.5 { ends %s; }", none[i]);
		ck_assert_str_eq(read_text(text), "1: not a date\n1 192.0.2.5 over\n");
	}
}
END_TEST

/* A lease without its end is one that ended long ago. */
START_TEST(b14_isc_that_is_broken_goes_on_with_the_next_block)
{
	ck_assert_str_eq(read_text("lease nowhere { ends never; }\n}\n"
				   "lease 192.0.2.5 { client-hostname \"open;\n ends epoch 7; }\n"
				   "lease 192.0.2.6 { ends never; }\n"),
			 "1: not an address\n2: a '}' too many\n"
			 "3 192.0.2.5 - 0 0 -\n5 192.0.2.6 - 0 never -\n");
	static char text[2 * TARN__LINE_MAX];
	memset(text, 'x', sizeof text);
	memcpy(text, "lease 192.0.2.5 {\n", 18);
	memcpy(text + 18 + TARN__LEASE_STATEMENT_MAX, ";\nclient-hostname \"a\"; }", 25);
	ck_assert_str_eq(read_text(text), "1 192.0.2.5 a 0 0 -\n");
	memset(text + 18, 'x', TARN__LEASE_STATEMENT_MAX + 1);
	memcpy(text + 19 + TARN__LEASE_STATEMENT_MAX, ";\nclient-hostname \"a\"; }", 25);
	ck_assert_str_eq(read_text(text), "2: too long a statement\n1 192.0.2.5 a 0 0 -\n");
}
END_TEST

/* ---- all -------------------------------------------------------------------------------- */

START_TEST(b14_form_is_that_of_the_first_line)
{
	ck_assert_str_eq(read_text(""), "");
	ck_assert_str_eq(form(), "unknown");
	ck_assert_str_eq(read_text("# only a comment\n\n"), "");
	ck_assert_str_eq(form(), "unknown");
	ck_assert_str_eq(read_text("hello there\n5 m 192.0.2.1 a *\n"),
			 "1: not leases of a known form\n2 192.0.2.1 a 0 5 m\n");
	ck_assert_str_eq(form(), "dnsmasq");
}
END_TEST

START_TEST(b14_what_is_appended_is_read_alone)
{
	start();
	feed(KEA4 "192.0.2.5,a,,60,100,1,0,0,pc,0,,0\n192.0.2.6,a,,60,1");
	ck_assert_str_eq(got.text, "2 192.0.2.5 pc 40 100 a\n");
	feed("00,1,0,0,tv,0,,0\n");
	ck_assert_str_eq(got.text, "2 192.0.2.5 pc 40 100 a\n3 192.0.2.6 tv 40 100 a\n");
	feed("192.0.2.5,a,,60,100,1,0,0,pc,2,,0\n");
	ck_assert_str_eq(got.text, "2 192.0.2.5 pc 40 100 a\n3 192.0.2.6 tv 40 100 a\n"
				   "4 192.0.2.5 over\n");
	start();
	feed("lease 192.0.2.5 {\n  ends never;\n");
	ck_assert_str_eq(got.text, "");
	feed("  client-hostname \"pc\";\n}\n");
	ck_assert_str_eq(got.text, "1 192.0.2.5 pc 0 never -\n");
}
END_TEST

START_TEST(names_and_ids_are_bounded)
{
	char text[2048], long_word[400];
	memset(long_word, 'n', sizeof long_word);
	snprintf(text, sizeof text, "5 %.300s 192.0.2.1 %.255s *\n5 m 192.0.2.1 %.256s *\n",
		 long_word, long_word, long_word);
	char expected[2048];
	snprintf(expected, sizeof expected, "1 192.0.2.1 %.255s 0 5 %.255s\n2 192.0.2.1 - 0 5 m\n",
		 long_word, long_word);
	ck_assert_str_eq(read_text(text), expected);
}
END_TEST

START_TEST(property_text_is_the_same_in_any_parts)
{
	static const char dnsmasq[] = "duid 00:01\n5 m 192.0.2.1 a *\r\n6 m 192.0.2.2 b c\nx\n"
				      "7 m 192.0.2.3 c *";
	static const char kea[] = "\xef\xbb\xbf" KEA4 "192.0.2.5,a,,60,100,1,0,0,a&#x2cb,0,,0\r\n"
				  "192.0.2.6,a,,60,100,1,0,0,tv,1,,0\nbroken\n";
	static const char isc[] =
		"# c\nlease 192.0.2.5 {\n ends epoch 5; # }\n client-hostname \"a\\\"b\"; }\n"
		"lease 192.0.2.6 { ends\n never\n ; uid \"\\001;\"; } }";
	static const char unknown[] = "???\n\n5 m 192.0.2.1 a *\n";
	static const char *const texts[] = {dnsmasq, kea, isc, unknown};
	const char *text = texts[_i];
	char expected[1024];
	strcpy(expected, read_text(text));
	ck_assert_str_ne(expected, "");
	for (size_t part = 1; part < strlen(text); part++)
		ck_assert_str_eq(read_in_parts(text, strlen(text), part), expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("leases");
	TCase *tcase = tcase_create("leases");
	tcase_add_test(tcase, b14_dnsmasq_has_a_lease_on_each_line);
	tcase_add_test(tcase, b14_dnsmasq_may_begin_with_its_own_id);
	tcase_add_test(tcase, b14_dnsmasq_lines_that_are_broken_are_faults);
	tcase_add_test(tcase, b14_kea_names_its_columns);
	tcase_add_test(tcase, b14_kea_has_state_0_for_leases_that_hold);
	tcase_add_test(tcase, b14_kea_writes_commas_as_numbers);
	tcase_add_test(tcase, b14_kea_prefixes_are_no_addresses);
	tcase_add_test(tcase, b14_kea_client_cannot_name_columns);
	tcase_add_test(tcase, b14_kea_lines_that_are_broken_are_faults);
	tcase_add_test(tcase, b14_isc_has_blocks);
	tcase_add_test(tcase, b14_isc_lease_holds_while_its_binding_is_active);
	tcase_add_test(tcase, b14_isc_writes_ipv6_within_associations);
	tcase_add_test(tcase, b14_isc_dates_are_utc);
	tcase_add_test(tcase, b14_isc_that_is_broken_goes_on_with_the_next_block);
	tcase_add_test(tcase, b14_form_is_that_of_the_first_line);
	tcase_add_test(tcase, b14_what_is_appended_is_read_alone);
	tcase_add_test(tcase, names_and_ids_are_bounded);
	tcase_add_loop_test(tcase, property_text_is_the_same_in_any_parts, 0, 4);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/resolvconf.c: which lines name a server. */

#include "config.h"

#include "daemon/config/resolvconf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

static struct tarn__log quiet;

static void setup(void)
{
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
}

static void teardown(void)
{
	tarn__log_fini(&quiet);
}

static struct tarn__resolvconf read_text(const char *text, size_t len)
{
	struct tarn__resolvconf out = {0};
	char *copy = calloc(len + 1, 1);
	memcpy(copy, text, len);
	tarn__resolvconf_read(copy, len, &out, &quiet);
	free(copy);
	return out;
}

/* The servers found, as "a b c". */
static const char *servers_of(const char *text)
{
	static char out[1024];
	struct tarn__addresses list = read_text(text, strlen(text)).servers;
	out[0] = '\0';
	for (size_t i = 0; i < list.count; i++) {
		char one[TARN_ADDRESS_TEXT_MAX];
		strcat(out, i > 0 ? " " : "");
		strcat(out, tarn_address_format(&list.items[i], one));
	}
	return out;
}

START_TEST(nameserver_lines_give_their_addresses_in_order)
{
	ck_assert_str_eq(servers_of("nameserver 192.0.2.2\nnameserver 192.0.2.1\n"),
			 "192.0.2.2:53 192.0.2.1:53");
}
END_TEST

START_TEST(more_than_three_servers_are_taken)
{
	ck_assert_str_eq(servers_of("nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
				    "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"),
			 "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 192.0.2.4:53");
}
END_TEST

START_TEST(a_server_named_twice_is_taken_once)
{
	ck_assert_str_eq(servers_of("nameserver 192.0.2.1\nnameserver 192.0.2.1\n"),
			 "192.0.2.1:53");
}
END_TEST

START_TEST(ipv6_addresses_are_taken)
{
	ck_assert_str_eq(servers_of("nameserver 2001:db8::1\n"), "[2001:db8::1]:53");
}
END_TEST

START_TEST(an_interface_need_not_be_there)
{
	ck_assert_str_eq(servers_of("nameserver fe80::1%nowhere0\n"), "[fe80::1%nowhere0]:53");
}
END_TEST

START_TEST(a_scope_is_kept)
{
	static const char text[] = "nameserver fe80::1%lo\n";
	struct tarn__addresses list = read_text(text, strlen(text)).servers;
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0].interface, "lo");
}
END_TEST

START_TEST(comments_and_other_keywords_are_skipped)
{
	ck_assert_str_eq(servers_of("# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n"
				    "search example\noptions rotate\n\n"
				    "nameservers 192.0.2.3\nnameserver\n nameserver 192.0.2.4\n"),
			 "");
}
END_TEST

START_TEST(what_follows_the_address_is_skipped)
{
	ck_assert_str_eq(servers_of("nameserver\t192.0.2.1 # the router\n"
				    "nameserver 192.0.2.2;the other\nnameserver 192.0.2.3\r\n"),
			 "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53");
}
END_TEST

START_TEST(the_last_line_needs_no_newline)
{
	ck_assert_str_eq(servers_of("nameserver 192.0.2.1"), "192.0.2.1:53");
}
END_TEST

START_TEST(a_line_without_an_address_does_not_hide_the_next)
{
	ck_assert_str_eq(servers_of("nameserver router.example\nnameserver 192.0.2.1:0\n"
				    "nameserver 192.0.2.1\n"),
			 "192.0.2.1:53");
}
END_TEST

START_TEST(an_overlong_line_is_one_line)
{
	char text[2048];
	memset(text, ' ', sizeof(text));
	memcpy(text + 255, "nameserver 192.0.2.9", strlen("nameserver 192.0.2.9"));
	snprintf(text + 1000, sizeof(text) - 1000, "\nnameserver 192.0.2.1\n");
	ck_assert_str_eq(servers_of(text), "192.0.2.1:53");
}
END_TEST

START_TEST(octets_of_any_kind_are_no_server)
{
	static const char text[] =
		"nameserver \0 192.0.2.1\nnameserver \xff\xfe\n\0\0\nnameserver ";
	ck_assert_uint_eq(read_text(text, sizeof(text) - 1).servers.count, 0);
}
END_TEST

START_TEST(a_nul_ends_its_line_and_no_other)
{
	static const char text[] =
		"search a\0b\nnameserver 192.0.2.1\n\0\nnameserver 192.0.2.2\0x\n"
		"nameserver 192.0.2.3\n#\0";
	struct tarn__addresses list = read_text(text, sizeof(text) - 1).servers;
	ck_assert_uint_eq(list.count, 3);
	static const char options[] = "options \0 trust-ad\n";
	ck_assert(!read_text(options, sizeof(options) - 1).trust_ad);
}
END_TEST

START_TEST(a_line_of_any_length_is_read_whole)
{
	enum { LEN = 100000 };
	char *text = malloc(LEN + 64);
	memset(text, 'x', LEN);
	memcpy(text, "options ", 8);
	strcpy(text + LEN, " trust-ad\nnameserver 192.0.2.1\n");
	struct tarn__resolvconf found = read_text(text, strlen(text));
	ck_assert(found.trust_ad);
	ck_assert_uint_eq(found.servers.count, 1);
	free(text);
}
END_TEST

/* RFC 6840 section 5.7, as glibc has it: the word alone, anywhere in the options. */
START_TEST(trust_ad_is_an_option_of_its_own)
{
	static const char *const with[] = {"options trust-ad\n", "options edns0 trust-ad rotate",
					   "nameserver 192.0.2.1\noptions\ttrust-ad\r\n"};
	static const char *const without[] = {"options trust-adx\n", "options ndots:1\n",
					      "trust-ad\n", "optionstrust-ad\n"};
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		ck_assert_msg(read_text(with[i], strlen(with[i])).trust_ad, "%s", with[i]);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		ck_assert_msg(!read_text(without[i], strlen(without[i])).trust_ad, "%s",
			      without[i]);
}
END_TEST

/* As glibc has it: for all servers, wherever it stands. */
START_TEST(use_vc_makes_all_servers_tcps)
{
	static const char with[] = "nameserver 192.0.2.1\noptions edns0 use-vc\n"
				   "nameserver 192.0.2.2\n";
	static const char without[] = "nameserver 192.0.2.1\noptions use-vcx\nuse-vc\n";
	struct tarn__resolvconf found = read_text(with, strlen(with));
	ck_assert(found.use_vc);
	ck_assert_uint_eq(found.servers.count, 2);
	ck_assert(found.use_vc);
	found = read_text(without, strlen(without));
	ck_assert(!found.use_vc);
	ck_assert(!found.use_vc);
}
END_TEST

START_TEST(the_list_ends_at_its_bound)
{
	char text[8192];
	size_t len = 0;
	for (int i = 0; i <= TARN__ADDRESSES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "nameserver 192.0.2.%d\n",
					i + 1);
	ck_assert_uint_eq(read_text(text, len).servers.count, TARN__ADDRESSES_MAX);
}
END_TEST

START_TEST(a_bad_line_is_logged_with_its_number)
{
	int ends[2];
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	struct tarn__log log;
	tarn__log_init(&log, ends[1], TARN_LOG_INFO);
	char text[] = "search example\nnameserver router\n";
	struct tarn__resolvconf out = {0};
	tarn__resolvconf_read(text, strlen(text), &out, &log);
	close(ends[1]);
	char line[256] = "";
	ck_assert_int_gt(read(ends[0], line, sizeof(line) - 1), 0);
	ck_assert_str_eq(line, "tarn: warning: resolv.conf line 2: nameserver router: not an IP "
			       "address\n");
	close(ends[0]);
	tarn__log_fini(&log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolvconf");
	TCase *tcase = tcase_create("read");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nameserver_lines_give_their_addresses_in_order);
	tcase_add_test(tcase, more_than_three_servers_are_taken);
	tcase_add_test(tcase, a_server_named_twice_is_taken_once);
	tcase_add_test(tcase, ipv6_addresses_are_taken);
	tcase_add_test(tcase, an_interface_need_not_be_there);
	tcase_add_test(tcase, a_scope_is_kept);
	tcase_add_test(tcase, comments_and_other_keywords_are_skipped);
	tcase_add_test(tcase, what_follows_the_address_is_skipped);
	tcase_add_test(tcase, the_last_line_needs_no_newline);
	tcase_add_test(tcase, a_line_without_an_address_does_not_hide_the_next);
	tcase_add_test(tcase, an_overlong_line_is_one_line);
	tcase_add_test(tcase, octets_of_any_kind_are_no_server);
	tcase_add_test(tcase, a_nul_ends_its_line_and_no_other);
	tcase_add_test(tcase, a_line_of_any_length_is_read_whole);
	tcase_add_test(tcase, trust_ad_is_an_option_of_its_own);
	tcase_add_test(tcase, use_vc_makes_all_servers_tcps);
	tcase_add_test(tcase, the_list_ends_at_its_bound);
	tcase_add_test(tcase, a_bad_line_is_logged_with_its_number);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

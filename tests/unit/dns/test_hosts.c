/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_hosts.c: what hosts(5) text says, however it comes. */
#include "dns/hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dns/name.h"
#include "dns/text.h"
#include "support/unit.h"

/* Entries as "LINE ADDRESS NAME", with "%" for a scope and "!" for a canonical name; faults as "LINE: TEXT". */
static struct {
	size_t len;
	char text[64 * 1024];
} got;

#define ADD(...)                                                                                   \
	(got.len += (size_t)snprintf(got.text + got.len, sizeof got.text - got.len, __VA_ARGS__))

static void on_entry(void *arg, const struct tarn__hosts_entry *entry)
{
	char address[INET6_ADDRSTRLEN], name[TARN__NAME_TEXT_MAX];
	ck_assert_ptr_eq(arg, &got);
	ck_assert_uint_eq(tarn__name_span(entry->name, entry->name_len), entry->name_len);
	inet_ntop(entry->address.len == TARN__IPV4_LEN ? AF_INET : AF_INET6, entry->address.octets,
		  address, sizeof address);
	ADD("%u %s%s %s%s\n", entry->line, address, entry->has_scope ? "%" : "",
	    tarn__name_format(entry->name, name), entry->is_canonical ? "!" : "");
}

static void on_fault(void *arg, uint32_t line, const char *text)
{
	ck_assert_ptr_eq(arg, &got);
	ADD("%u: %s\n", line, text);
}

/* Reads the octets in parts of that many. */
static const char *read_in_parts(const char *octets, size_t len, size_t part)
{
	static struct tarn__hosts hosts;
	got.len = 0;
	got.text[0] = '\0';
	tarn__hosts_start(&hosts, on_entry, on_fault, &got);
	for (size_t at = 0; at < len; at += part)
		tarn__hosts_feed(&hosts, octets + at, len - at < part ? len - at : part);
	tarn__hosts_end(&hosts);
	return got.text;
}

static const char *read_text(const char *text)
{
	return read_in_parts(text, strlen(text), strlen(text) + 1);
}

START_TEST(b2_line_has_an_address_a_canonical_name_and_aliases)
{
	ck_assert_str_eq(read_text("192.0.2.1\tnas.lan  NAS files # the big one\n"
				   "\n"
				   "2001:db8::1 nas.lan\n"),
			 "1 192.0.2.1 nas.lan.!\n1 192.0.2.1 nas.\n1 192.0.2.1 files.\n"
			 "3 2001:db8::1 nas.lan.!\n");
}
END_TEST

START_TEST(b2_ends_of_lines_and_marks_do_not_matter)
{
	static const char expected[] = "1 192.0.2.1 a.!\n2 192.0.2.2 b.!\n";
	ck_assert_str_eq(read_text("192.0.2.1 a\r\n192.0.2.2 b\r\n"), expected);
	ck_assert_str_eq(read_text("192.0.2.1 a\n192.0.2.2 b"), expected);
	ck_assert_str_eq(read_text("\xef\xbb\xbf"
				   "192.0.2.1 a\n192.0.2.2 b\n"),
			 expected);
	ck_assert_str_eq(read_text("192.0.2.1 a#b\n192.0.2.2 b#\n"), expected);
	ck_assert_str_eq(read_text(""), "");
	ck_assert_str_eq(read_text("# nothing\n   \n#"), "");
	/* Elsewhere than at the start the mark is part of a word. */
	ck_assert_str_eq(read_text("192.0.2.1 a\n\xef\xbb\xbf"
				   "192.0.2.2 b\n"),
			 "1 192.0.2.1 a.!\n2: not an address\n");
}
END_TEST

START_TEST(b2_scope_is_told)
{
	ck_assert_str_eq(read_text("fe80::1%eth0 router\nfe80::1% a\n192.0.2.1%eth0 b\n"),
			 "1 fe80::1% router.!\n2: not an address\n3: not an address\n");
}
END_TEST

START_TEST(b2_bad_addresses_and_names_are_faults_of_their_lines)
{
	ck_assert_str_eq(read_text("192.0.2 a\n192.0.2.256 a\n192.0.02.1 a\nnas 192.0.2.1\n"
				   "192.0.2.1. a\n1.2.3.4.5 a\n::g a\n"),
			 "1: not an address\n2: not an address\n3: not an address\n"
			 "4: not an address\n5: not an address\n6: not an address\n"
			 "7: not an address\n");
	ck_assert_str_eq(read_text("192.0.2.1 a..b *.c d/e f\\032 .g good. \xc3\xa4 h\n"),
			 "1: not a host's name\n1: not a host's name\n1: not a host's name\n"
			 "1: not a host's name\n1: not a host's name\n1 192.0.2.1 good.!\n"
			 "1: not a host's name\n1 192.0.2.1 h.\n");
	/* An address alone says nothing. */
	ck_assert_str_eq(read_text("192.0.2.1\n"), "");
}
END_TEST

START_TEST(b2_addresses_and_names_that_are_no_hosts_are_passed_over)
{
	ck_assert_str_eq(read_text("ff00::0 ip6-mcastprefix\nff02::1 ip6-allnodes\n"
				   "255.255.255.255 broadcasthost\n"
				   "0.0.0.0 0.0.0.0 12 ads.example\n"),
			 "4 0.0.0.0 ads.example.!\n");
}
END_TEST

START_TEST(b2_octets_of_any_kind_are_read)
{
	static const char octets[] = "192.0.2.1 a\0b\n\0\0\n192.0.2.1\0 c\n192.0.2.2 d\n";
	ck_assert_str_eq(read_in_parts(octets, sizeof octets - 1, sizeof octets),
			 "1: not a host's name\n2: not an address\n3: not an address\n"
			 "4 192.0.2.2 d.!\n");
}
END_TEST

/* Writes "192.0.2.1 a", blanks up to len octets, the tail and LF. Returns its octets. */
static size_t long_line(char *out, size_t len, const char *tail)
{
	memset(out, ' ', len);
	memcpy(out, "192.0.2.1 a", 11);
	memcpy(out + len, tail, strlen(tail));
	out[len + strlen(tail)] = '\n';
	return len + strlen(tail) + 1;
}

START_TEST(b2_line_has_4096_octets_at_most)
{
	static char text[3 * TARN__LINE_MAX];
	size_t len = long_line(text, TARN__LINE_MAX, "");
	ck_assert_str_eq(read_in_parts(text, len, len), "1 192.0.2.1 a.!\n");
	len = long_line(text, TARN__LINE_MAX, "b");
	memcpy(text + len, "192.0.2.2 c\n", 12);
	for (size_t part = 1; part < 5000; part += 997)
		ck_assert_str_eq(read_in_parts(text, len + 12, part),
				 "1: too long a line\n2 192.0.2.2 c.!\n");
	/* What is behind its comment is not missed. */
	len = long_line(text, 100, "#");
	memset(text + len - 1, 'x', 2 * TARN__LINE_MAX);
	text[len - 1 + 2 * TARN__LINE_MAX] = '\n';
	for (size_t part = 1; part < 5000; part += 997)
		ck_assert_str_eq(read_in_parts(text, len + 2 * TARN__LINE_MAX, part),
				 "1 192.0.2.1 a.!\n");
}
END_TEST

START_TEST(names_are_bounded)
{
	uint8_t name[TARN__NAME_MAX];
	char text[300];
	memset(text, 'a', sizeof text);
	ck_assert_uint_eq(tarn__host_name_parse(text, 63, name), 65);
	ck_assert_uint_eq(tarn__host_name_parse(text, 64, name), 0);
	for (size_t i = 63; i < sizeof text; i += 64)
		text[i] = '.';
	ck_assert_uint_eq(tarn__host_name_parse(text, 253, name), 255);
	ck_assert_uint_eq(tarn__host_name_parse(text, 254, name), 0);
	ck_assert_uint_eq(tarn__host_name_parse("", 0, name), 0);
	ck_assert_uint_eq(tarn__host_name_parse(".", 1, name), 0);
	ck_assert_uint_eq(tarn__host_name_parse("A_b-.Z9.", 8, name), 9);
	ck_assert_mem_eq(name, "\4a_b-\2z9", 9);
}
END_TEST

/* The seed is the case's number. */
START_TEST(property_text_is_the_same_in_any_parts)
{
	static const char *const pieces[] = {
		"192.0.2.1",	   " ",	  "\t",		  "\n", "\r\n",	     "#", "nas", ".lan",
		"fe80::1%eth0",	   "::1", "\xef\xbb\xbf", "\r", "256.1.1.1", "*", "-",	 "\n\n",
		"255.255.255.255", "x\n",
	};
	static char text[16 * 1024], expected[sizeof got.text];
	size_t len = 0;
	uint32_t random = (uint32_t)_i + 1;
	for (unsigned i = 0; i < 500; i++) {
		random = random * 1664525 + 1013904223;
		const char *piece = pieces[(random >> 16) % (sizeof pieces / sizeof pieces[0])];
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	strcpy(expected, read_in_parts(text, len, len));
	static const size_t parts[] = {1, 2, 3, 7, 64, 1000};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		ck_assert_str_eq(read_in_parts(text, len, parts[i]), expected);
}
END_TEST

START_TEST(faults_need_no_reader)
{
	static struct tarn__hosts hosts;
	got.len = 0;
	tarn__hosts_start(&hosts, on_entry, NULL, &got);
	tarn__hosts_feed(&hosts, "nothing\n192.0.2.1 a..b c\n", 25);
	tarn__hosts_feed(&hosts, NULL, 0);
	tarn__hosts_end(&hosts);
	tarn__hosts_end(&hosts);
	ck_assert_str_eq(got.text, "2 192.0.2.1 c.!\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hosts");
	TCase *tcase = tcase_create("hosts");
	tcase_add_test(tcase, b2_line_has_an_address_a_canonical_name_and_aliases);
	tcase_add_test(tcase, b2_ends_of_lines_and_marks_do_not_matter);
	tcase_add_test(tcase, b2_scope_is_told);
	tcase_add_test(tcase, b2_bad_addresses_and_names_are_faults_of_their_lines);
	tcase_add_test(tcase, b2_addresses_and_names_that_are_no_hosts_are_passed_over);
	tcase_add_test(tcase, b2_octets_of_any_kind_are_read);
	tcase_add_test(tcase, b2_line_has_4096_octets_at_most);
	tcase_add_test(tcase, names_are_bounded);
	tcase_add_loop_test(tcase, property_text_is_the_same_in_any_parts, 0, 50);
	tcase_add_test(tcase, faults_need_no_reader);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

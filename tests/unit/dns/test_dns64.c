/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/dns64.c: addresses within prefixes, AAAA records made of A records, and reverse names. */
#include "dns/dns64.h"

#include <arpa/inet.h>

#include "support/message.h"
#include "support/unit.h"

enum { RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA };

static struct message message;
static struct text text;
static uint8_t out[TARN__MESSAGE_MAX];

static void read_ipv6(const char *ipv6, uint8_t octets[16])
{
	ck_assert_int_eq(inet_pton(AF_INET6, ipv6, octets), 1);
}

static struct tarn__dns64_prefix make_prefix(const char *ipv6, unsigned len)
{
	struct tarn__dns64_prefix prefix = {.len = (uint8_t)len};
	read_ipv6(ipv6, prefix.octets);
	return prefix;
}

/* ---- addresses -------------------------------------------------------------------------- */

static const uint8_t ipv4[4] = {192, 0, 2, 33};

/* RFC 6052 section 2.4 */
static const struct {
	const char *prefix;
	unsigned len;
	const char *address;
} vectors[] = {
	{"2001:db8::", 32, "2001:db8:c000:221::"},
	{"2001:db8:100::", 40, "2001:db8:1c0:2:21::"},
	{"2001:db8:122::", 48, "2001:db8:122:c000:2:2100::"},
	{"2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::"},
	{"2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100::"},
	{"2001:db8:122:344::", 96, "2001:db8:122:344::192.0.2.33"},
};

START_TEST(address_is_put_in_and_taken_out)
{
	struct tarn__dns64_prefix prefix = make_prefix(vectors[_i].prefix, vectors[_i].len);
	uint8_t expected[16], made[16], taken[4];
	read_ipv6(vectors[_i].address, expected);
	ck_assert(tarn__dns64_is_valid(&prefix));
	tarn__dns64_embed(&prefix, ipv4, made);
	ck_assert_mem_eq(made, expected, 16);
	ck_assert(tarn__dns64_extract(&prefix, made, taken));
	ck_assert_mem_eq(taken, ipv4, 4);
}
END_TEST

/* RFC 6052 section 2.2: bits 64 to 71 are zero, whatever the address. */
START_TEST(u_octet_is_zero)
{
	static const uint8_t ones[4] = {255, 255, 255, 255};
	struct tarn__dns64_prefix prefix = make_prefix(vectors[_i].prefix, vectors[_i].len);
	uint8_t made[16], taken[4];
	tarn__dns64_embed(&prefix, ones, made);
	ck_assert_uint_eq(made[8], 0);
	ck_assert(tarn__dns64_extract(&prefix, made, taken));
	ck_assert_mem_eq(taken, ones, 4);
}
END_TEST

START_TEST(address_of_another_prefix_is_not_within)
{
	struct tarn__dns64_prefix prefix = make_prefix(vectors[_i].prefix, vectors[_i].len);
	uint8_t made[16], taken[4];
	tarn__dns64_embed(&prefix, ipv4, made);
	for (unsigned bit = 0; bit < vectors[_i].len; bit++) {
		uint8_t other[16];
		memcpy(other, made, sizeof other);
		other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		ck_assert(!tarn__dns64_extract(&prefix, other, taken));
	}
}
END_TEST

/* RFC 6052 section 2.2: the bits behind the IPv4 address are ignored. */
START_TEST(suffix_is_ignored)
{
	struct tarn__dns64_prefix prefix = make_prefix("2001:db8::", 32);
	uint8_t made[16], taken[4];
	tarn__dns64_embed(&prefix, ipv4, made);
	made[15] = made[9] = 0xff;
	ck_assert(tarn__dns64_extract(&prefix, made, taken));
	ck_assert_mem_eq(taken, ipv4, 4);
}
END_TEST

START_TEST(prefixes_have_one_of_six_lengths)
{
	unsigned valid = 0;
	for (unsigned len = 0; len <= 128; len++) {
		struct tarn__dns64_prefix prefix = make_prefix("2001:db8::", len);
		valid += tarn__dns64_is_valid(&prefix);
	}
	ck_assert_uint_eq(valid, 6);
}
END_TEST

START_TEST(octets_behind_a_prefix_are_zero)
{
	for (unsigned octet = vectors[_i].len / 8; octet < 16; octet++) {
		struct tarn__dns64_prefix prefix = make_prefix(vectors[_i].prefix, vectors[_i].len);
		prefix.octets[octet] = 1;
		ck_assert(!tarn__dns64_is_valid(&prefix));
	}
}
END_TEST

START_TEST(u_octet_of_a_prefix_is_zero)
{
	struct tarn__dns64_prefix prefix = make_prefix("2001:db8:1:2:100::", 96);
	ck_assert(!tarn__dns64_is_valid(&prefix));
	prefix = make_prefix("2001:db8:1:2:1::", 96);
	ck_assert(tarn__dns64_is_valid(&prefix));
}
END_TEST

START_TEST(one_prefix_is_well_known)
{
	static const struct {
		const char *prefix;
		unsigned len;
		bool is_well_known;
	} rows[] = {{"64:ff9b::", 96, true},
		    {"64:ff9b::", 64, false},
		    {"64:ff9b:1::", 96, false},
		    {"2001:db8::", 96, false}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tarn__dns64_prefix prefix = make_prefix(rows[i].prefix, rows[i].len);
		ck_assert_int_eq(tarn__dns64_is_well_known(&prefix), rows[i].is_well_known);
	}
}
END_TEST

/* ---- answers ---------------------------------------------------------------------------- */

static void start(unsigned flags, const char *records)
{
	put_header(&message, 0x1234, RESPONSE | flags);
	put_question(&message, "www.example.", TARN__TYPE_A);
	put_records(&message, records);
}

static size_t synthesise(const struct tarn__dns64_prefix *prefixes, size_t count, uint32_t ttl_max)
{
	/* A copy of its own length, so that a sanitizer sees what is read behind it. */
	uint8_t *copy = malloc(message.len);
	memcpy(copy, message.wire, message.len);
	size_t len = tarn__dns64_synthesise(copy, message.len, prefixes, count, ttl_max, out);
	free(copy);
	return len;
}

static const char *made(const char *records, uint32_t ttl_max)
{
	struct tarn__dns64_prefix prefixes[] = {make_prefix("64:ff9b::", 96),
						make_prefix("2001:db8::", 32)};
	start(0, records);
	size_t len = synthesise(prefixes, 2, ttl_max);
	return len > 0 ? read_records(&text, out, len) : "";
}

/* RFC 6147 section 5.1.5, 5.1.7 */
START_TEST(chain_stays_and_each_address_is_put_into_each_prefix)
{
	ck_assert_str_eq(made("www.example. 30 CNAME a.example.\na.example. 900 A 192.0.2.33\n"
			      "a.example. 500 A 198.51.100.1\n",
			      600),
			 "www.example. 30 CNAME a.example.\n"
			 "a.example. 600 AAAA 0064ff9b0000000000000000c0000221\n"
			 "a.example. 600 AAAA 20010db8c00002210000000000000000\n"
			 "a.example. 500 AAAA 0064ff9b0000000000000000c6336401\n"
			 "a.example. 500 AAAA 20010db8c63364010000000000000000\n");
}
END_TEST

START_TEST(other_records_and_sections_are_left_out)
{
	ck_assert_str_eq(made("example. 30 DNAME test.\nwww.example. 30 CNAME www.test.\n"
			      "www.test. 30 RRSIG A\nwww.test. 30 TXT t\n"
			      "www.test. 30 A 192.0.2.33\n--\ntest. 30 NS ns.test.\n--\n"
			      "ns.test. 30 A 192.0.2.34\n",
			      600),
			 "example. 30 DNAME test.\nwww.example. 30 CNAME www.test.\n"
			 "www.test. 30 AAAA 0064ff9b0000000000000000c0000221\n"
			 "www.test. 30 AAAA 20010db8c00002210000000000000000\n");
}
END_TEST

/* RFC 6052 section 3.1 */
START_TEST(private_addresses_are_not_put_into_the_well_known_prefix)
{
	ck_assert_str_eq(made("www.example. 30 A 192.168.1.1\n", 600),
			 "www.example. 30 AAAA 20010db8c0a801010000000000000000\n");
	struct tarn__dns64_prefix well_known = make_prefix("64:ff9b::", 96);
	ck_assert_uint_eq(synthesise(&well_known, 1, 600), 0);
}
END_TEST

START_TEST(answer_is_to_a_query_for_aaaa_without_ad)
{
	struct tarn__dns64_prefix prefix = make_prefix("2001:db8::", 32);
	start(TARN__FLAG_AA | TARN__FLAG_AD | TARN__FLAG_CD, "www.example. 30 A 192.0.2.33\n");
	size_t len = synthesise(&prefix, 1, 600);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(tarn__get16(out + 2), RESPONSE | TARN__FLAG_CD);
	ck_assert_mem_eq(out + TARN__HEADER_LEN, "\3www\7example\0\0\x1c\0\1", 17);
}
END_TEST

START_TEST(without_addresses_nothing_is_made)
{
	ck_assert_str_eq(made("", 600), "");
	ck_assert_str_eq(made("www.example. 30 CNAME a.example.\n", 600), "");
	start(0, "www.example. 30 A 192.0.2.33\n");
	ck_assert_uint_eq(synthesise(NULL, 0, 600), 0);
}
END_TEST

START_TEST(what_is_cut_short_makes_nothing)
{
	struct tarn__dns64_prefix prefix = make_prefix("2001:db8::", 32);
	start(0, "www.example. 30 CNAME a.example.\na.example. 30 A 192.0.2.33\n");
	for (size_t len = message.len; message.len > 0;) {
		message.len = --len;
		ck_assert_uint_eq(synthesise(&prefix, 1, 600), 0);
	}
}
END_TEST

/* An address of another length is none. */
START_TEST(malformed_address_is_left_out)
{
	ck_assert_str_eq(made("", 0), "");
	struct tarn__dns64_prefix prefix = make_prefix("2001:db8::", 32);
	start(0, "www.example. 30 A 192.0.2.33\n");
	put_octets(&message, "\xc0\x0c\0\1\0\1\0\0\0\36\0\3\1\2\3", 15);
	count_one(&message, 1);
	put_octets(&message, "\xc0\x0c\0\1\0\1\0\0\0\36\0\0", 12);
	count_one(&message, 1);
	size_t len = synthesise(&prefix, 1, 600);
	ck_assert_str_eq(read_records(&text, out, len),
			 "www.example. 30 AAAA 20010db8c00002210000000000000000\n");
}
END_TEST

/* 4,091 A records fit into a message; as AAAA with their names in full they do not. */
START_TEST(answer_that_does_not_fit_is_none)
{
	struct tarn__dns64_prefix prefix = make_prefix("2001:db8::", 32);
	start(0, "");
	while (message.len + 16 <= TARN__MESSAGE_MAX) {
		put_octets(&message, "\xc0\x0c\0\1\0\1\0\0\0\36\0\4\1\2\3\4", 16);
		count_one(&message, 1);
	}
	ck_assert_uint_eq(synthesise(&prefix, 1, 600), 0);
}
END_TEST

/* ---- reverse names ---------------------------------------------------------------------- */

static bool read_reverse(const char *name_text, uint8_t ipv6[16])
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(name_text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__dns64_read_reverse(name, len, ipv6);
}

#define ZEROS "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

START_TEST(reverse_name_of_32_nibbles_is_an_address)
{
	uint8_t read[16], expected[16];
	ck_assert(read_reverse("F.e.1." ZEROS "b.9.f.F.4.6.0.0.iP6.aRPa.", read));
	read_ipv6("64:ff9b::1ef", expected);
	ck_assert_mem_eq(read, expected, 16);
}
END_TEST

START_TEST(other_names_are_no_address)
{
	static const char *const names[] = {
		"e.1." ZEROS "b.9.f.f.4.6.0.0.ip6.arpa.",
		"0.f.e.1." ZEROS "b.9.f.f.4.6.0.0.ip6.arpa.",
		"f.e.1." ZEROS "b.9.f.g.4.6.0.0.ip6.arpa.",
		"f.e.1." ZEROS "b.9.f.f.4.6.0.0.ip6.arpb.",
		"f.e.1." ZEROS "b.9.f.f.4.6.00.ip6.arpa.",
		"ip6.arpa.",
		".",
	};
	uint8_t ipv6[16];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_msg(!read_reverse(names[i], ipv6), "%s", names[i]);
}
END_TEST

START_TEST(reverse_name_of_an_ipv4_address_is_written)
{
	static const struct {
		uint8_t address[4];
		const char *name;
	} rows[] = {{{192, 0, 2, 33}, "33.2.0.192.in-addr.arpa."},
		    {{255, 255, 255, 255}, "255.255.255.255.in-addr.arpa."},
		    {{0, 0, 0, 0}, "0.0.0.0.in-addr.arpa."}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t name[TARN__NAME_MAX];
		char name_text[TARN__NAME_TEXT_MAX];
		size_t len = tarn__dns64_write_reverse(rows[i].address, name);
		ck_assert_uint_eq(tarn__name_span(name, len), len);
		ck_assert_str_eq(tarn__name_format(name, name_text), rows[i].name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns64");
	TCase *tcase = tcase_create("dns64");
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, address_is_put_in_and_taken_out, 0, 6);
	tcase_add_loop_test(tcase, u_octet_is_zero, 0, 6);
	tcase_add_loop_test(tcase, address_of_another_prefix_is_not_within, 0, 6);
	tcase_add_test(tcase, suffix_is_ignored);
	tcase_add_test(tcase, prefixes_have_one_of_six_lengths);
	tcase_add_loop_test(tcase, octets_behind_a_prefix_are_zero, 0, 6);
	tcase_add_test(tcase, u_octet_of_a_prefix_is_zero);
	tcase_add_test(tcase, one_prefix_is_well_known);
	tcase_add_test(tcase, chain_stays_and_each_address_is_put_into_each_prefix);
	tcase_add_test(tcase, other_records_and_sections_are_left_out);
	tcase_add_test(tcase, private_addresses_are_not_put_into_the_well_known_prefix);
	tcase_add_test(tcase, answer_is_to_a_query_for_aaaa_without_ad);
	tcase_add_test(tcase, without_addresses_nothing_is_made);
	tcase_add_test(tcase, what_is_cut_short_makes_nothing);
	tcase_add_test(tcase, malformed_address_is_left_out);
	tcase_add_test(tcase, answer_that_does_not_fit_is_none);
	tcase_add_test(tcase, reverse_name_of_32_nibbles_is_an_address);
	tcase_add_test(tcase, other_names_are_no_address);
	tcase_add_test(tcase, reverse_name_of_an_ipv4_address_is_written);
	return unit_run(suite);
}

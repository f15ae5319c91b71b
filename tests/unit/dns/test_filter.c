/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/filter.c: addresses that are not global, and records and hints that are taken out of messages. */
#include "dns/filter.h"

#include <arpa/inet.h>

#include "support/message.h"
#include "support/unit.h"

enum { RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA };

/* ---- addresses -------------------------------------------------------------------------- */

static bool is_private(const char *address)
{
	uint8_t octets[16];
	if (inet_pton(AF_INET, address, octets) == 1)
		return tarn__address_is_private4(octets);
	ck_assert_int_eq(inet_pton(AF_INET6, address, octets), 1);
	return tarn__address_is_private6(octets);
}

/* The first and the last address of a network, and those beside it; NULL: there is none. */
static const struct {
	const char *before, *first, *last, *after;
} networks[] = {
	{NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
	{"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
	{"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
	{"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
	{"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
	{"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
	{"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
	{NULL, "::", "::1", "::2"},
	{"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	 "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"},
	{"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	 "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	{NULL, "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::"},
};

START_TEST(private_networks_end_where_they_should)
{
	ck_assert(is_private(networks[_i].first));
	ck_assert(is_private(networks[_i].last));
	ck_assert(!networks[_i].before || !is_private(networks[_i].before));
	ck_assert(!networks[_i].after || !is_private(networks[_i].after));
}
END_TEST

static const char *within(const char *prefix, const char *ipv4)
{
	static char text[64];
	snprintf(text, sizeof text, "%s%s", prefix, ipv4);
	return text;
}

/* ::ffff:0:0/96 and 64:ff9b::/96 have what the IPv4 address is. */
START_TEST(address_with_an_ipv4_address_is_what_that_is)
{
	static const char *const prefixes[] = {"::ffff:", "64:ff9b::"};
	if (strchr(networks[_i].first, ':'))
		return;
	for (size_t i = 0; i < 2; i++) {
		ck_assert(is_private(within(prefixes[i], networks[_i].first)));
		ck_assert(is_private(within(prefixes[i], networks[_i].last)));
		ck_assert(!networks[_i].before ||
			  !is_private(within(prefixes[i], networks[_i].before)));
		ck_assert(!is_private(within(prefixes[i], networks[_i].after)));
	}
}
END_TEST

START_TEST(other_addresses_are_global)
{
	static const char *const addresses[] = {
		/* Documentation networks (RFC 5737, RFC 3849). */
		"192.0.2.1",
		"198.51.100.1",
		"203.0.113.1",
		"2001:db8::1",
		"::ffff:192.0.2.1",
		"64:ff9b::203.0.113.1",
		"8.8.8.8",
		"224.0.0.251",
		"255.255.255.255",
		"2001:4860:4860::8888",
		"ff02::fb",
		/* Beside ::ffff:0:0/96 and 64:ff9b::/96. */
		"::fffe:10.0.0.1",
		"::1:0:0:10.0.0.1",
		"64:ff9b:1::10.0.0.1",
		"64:ff9b::1:10.0.0.1",
	};
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		ck_assert_msg(!is_private(addresses[i]), "%s", addresses[i]);
}
END_TEST

/* ---- messages --------------------------------------------------------------------------- */

static struct message message;
static struct text text;
static struct tarn__filter filter;
static struct tarn__filtered filtered;
static uint8_t out[TARN__MESSAGE_MAX];
static size_t out_len;
static const char *exempt;

/* Private addresses are bad, unless the owner is exempt. */
static bool is_bad(void *arg, const struct tarn__record *record, const uint8_t *address, size_t len)
{
	ck_assert_ptr_eq(arg, &filter);
	uint8_t name[TARN__NAME_MAX];
	if (exempt && tarn__name_parse(exempt, name) == record->owner_len &&
	    tarn__name_is_equal(name, record->owner, record->owner_len))
		return false;
	ck_assert(len == 4 || len == 16);
	return len == 4 ? tarn__address_is_private4(address) : tarn__address_is_private6(address);
}

static void set_up(void)
{
	exempt = NULL;
	filter = (struct tarn__filter){.is_bad_address = is_bad, .arg = &filter};
}

static void start(unsigned flags, const char *records)
{
	put_header(&message, 0, RESPONSE | flags);
	put_question(&message, "www.example.", TARN__TYPE_A);
	put_records(&message, records);
}

/* The message is in memory of its own length, so that a sanitizer sees what is read behind it. */
static void apply_to(size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, message.wire, len);
	struct tarn__filtered counted = tarn__filter_count(&filter, copy, len);
	out_len = tarn__filter_apply(&filter, copy, len, out, &filtered);
	free(copy);
	if (out_len > 0)
		ck_assert_mem_eq(&counted, &filtered, sizeof counted);
}

static const char *apply(void)
{
	apply_to(message.len);
	return out_len > 0 ? read_records(&text, out, out_len) : "";
}

static const char *left_of(const char *records)
{
	start(0, records);
	return apply();
}

START_TEST(bad_addresses_are_taken_out)
{
	ck_assert_str_eq(left_of("www.example. 30 CNAME a.example.\na.example. 30 A 10.0.0.1\n"
				 "a.example. 30 A 192.0.2.1\n"
				 "a.example. 30 AAAA fd000000000000000000000000000001\n"
				 "a.example. 30 AAAA 20010db8000000000000000000000001\n--\n"
				 "example. 60 NS ns.example.\n"),
			 "www.example. 30 CNAME a.example.\na.example. 30 A 192.0.2.1\n"
			 "a.example. 30 AAAA 20010db8000000000000000000000001\n--\n"
			 "example. 60 NS ns.example.\n");
	ck_assert_uint_eq(filtered.addresses, 2);
	ck_assert_uint_eq(filtered.addresses_left, 2);
	ck_assert_uint_eq(filtered.hints + filtered.records, 0);
}
END_TEST

START_TEST(owner_decides_too)
{
	exempt = "a.example.";
	ck_assert_str_eq(left_of("a.example. 30 A 10.0.0.1\nb.example. 30 A 10.0.0.1\n"),
			 "a.example. 30 A 10.0.0.1\n");
}
END_TEST

START_TEST(all_addresses_may_be_bad)
{
	ck_assert_str_eq(left_of("www.example. 30 A 10.0.0.1\n"), "");
	ck_assert_uint_gt(out_len, 0);
	ck_assert_uint_eq(filtered.addresses, 1);
	ck_assert_uint_eq(filtered.addresses_left, 0);
}
END_TEST

START_TEST(without_a_function_no_address_is_bad)
{
	filter = (struct tarn__filter){0};
	const char *records = "www.example. 30 A 10.0.0.1\n"
			      "www.example. 30 HTTPS 0001000004000400\n";
	ck_assert_str_eq(left_of(records), records);
	ck_assert_uint_eq(filtered.addresses_left, 1);
}
END_TEST

/* AD is not set, the additional section is left out, the rest of the head stays. */
START_TEST(head_and_sections_stay)
{
	start(TARN__FLAG_AD | TARN__FLAG_CD | TARN__NXDOMAIN,
	      "--\nexample. 60 SOA ns. root. 60\n--\nns. 60 A 10.0.0.1\n");
	ck_assert_str_eq(apply(), "--\nexample. 60 SOA ns. root. 60\n");
	ck_assert_uint_eq(tarn__get16(out + 2), RESPONSE | TARN__FLAG_CD | TARN__NXDOMAIN);
	ck_assert_mem_eq(out + TARN__HEADER_LEN, message.wire + TARN__HEADER_LEN, 17);
}
END_TEST

/* Addresses of the authority section are not what was asked for. */
START_TEST(only_the_answer_section_is_looked_at)
{
	ck_assert_str_eq(left_of("--\nwww.example. 30 A 10.0.0.1\n"),
			 "--\nwww.example. 30 A 10.0.0.1\n");
	ck_assert_uint_eq(filtered.addresses, 0);
}
END_TEST

START_TEST(signatures_of_what_may_change_are_left_out)
{
	ck_assert_str_eq(left_of("www.example. 30 CNAME a.example.\nwww.example. 30 RRSIG CNAME\n"
				 "a.example. 30 A 192.0.2.1\na.example. 30 RRSIG A\n"
				 "a.example. 30 RRSIG AAAA\na.example. 30 RRSIG HTTPS\n"
				 "a.example. 30 RRSIG SVCB\na.example. 30 RRSIG MX\n"),
			 "www.example. 30 CNAME a.example.\nwww.example. 30 RRSIG CNAME\n"
			 "a.example. 30 A 192.0.2.1\na.example. 30 RRSIG MX\n");
}
END_TEST

START_TEST(address_of_another_length_is_none)
{
	static const char *const rdata[] = {"\0\0", "\0\3\12\0\0", "\0\5\12\0\0\1\0"};
	for (size_t i = 0; i < 3; i++) {
		start(0, "");
		put_octets(&message, "\xc0\x0c\0\1\0\1\0\0\0\36", 10);
		put_octets(&message, rdata[i], 2u + (size_t)rdata[i][1]);
		count_one(&message, 1);
		apply_to(message.len);
		ck_assert_uint_eq(filtered.addresses + filtered.addresses_left, 0);
	}
}
END_TEST

START_TEST(message_cut_short_is_refused)
{
	start(0, "www.example. 30 A 192.0.2.1\nwww.example. 30 A 10.0.0.1\n--\n"
		 "example. 60 SOA ns. root. 60\n");
	for (size_t len = 0; len < message.len; len++) {
		apply_to(len);
		ck_assert_uint_eq(out_len, 0);
	}
	apply_to(message.len);
	ck_assert_uint_gt(out_len, 0);
}
END_TEST

/* ---- hints ------------------------------------------------------------------------------ */

#define HEAD "www.example. 30 HTTPS 000100"
#define ALPN                                                                                       \
	"0001000302"                                                                               \
	"6832"
#define PORT "000300020050"
#define ECH "00050001aa"
#define KEY7 "00070001bb"

/* RDATA before and after; NULL: the record is gone. */
static const struct {
	const char *before, *after;
	unsigned hints, records;
	bool no4, no6;
} services[] = {
	/* In the middle, at the beginning, at the end, alone. */
	{ALPN "000400080a000001c0000201" KEY7, ALPN "00040004c0000201" KEY7, 1, 0, 0, 0},
	{ALPN "000400080a0000010a000002" KEY7, ALPN KEY7, 2, 0, 0, 0},
	{"000400040a000001" KEY7, KEY7, 1, 0, 0, 0},
	{ALPN "000400040a000001", ALPN, 1, 0, 0, 0},
	{"000400040a000001", "", 1, 0, 0, 0},
	/* The first, the middle and the last address of three. */
	{"0004000c0a000001c0000201c0000202", "00040008c0000201c0000202", 1, 0, 0, 0},
	{"0004000cc00002010a000001c0000202", "00040008c0000201c0000202", 1, 0, 0, 0},
	{"0004000cc0000201c00002020a000001", "00040008c0000201c0000202", 1, 0, 0, 0},
	/* Both families. */
	{"000400040a000001" ECH "00060010fd000000000000000000000000000001", ECH, 2, 0, 0, 0},
	{ECH "00060020fd00000000000000000000000000000120010db8000000000000000000000001" KEY7,
	 ECH "0006001020010db8000000000000000000000001" KEY7, 1, 0, 0, 0},
	/* Nothing is bad. */
	{ALPN "00040004c0000201", ALPN "00040004c0000201", 0, 0, 0, 0},
	{"", "", 0, 0, 0, 0},
	/* "mandatory" names what is gone, what is left, and something else. */
	{"000000020004"
	 "000400040a000001",
	 NULL, 1, 1, 0, 0},
	{"000000040001"
	 "0004" ALPN "000400040a000001",
	 NULL, 1, 1, 0, 0},
	{"000000020004"
	 "000400080a000001c0000201",
	 "000000020004"
	 "00040004c0000201",
	 1, 0, 0, 0},
	{"000000020001" ALPN "000400040a000001", "000000020001" ALPN, 1, 0, 0, 0},
	{"000000020006"
	 "00060010fd000000000000000000000000000001",
	 NULL, 1, 1, 0, 0},
	/* All hints of a family. */
	{"00040004c0000201"
	 "0006001020010db8000000000000000000000001",
	 "0006001020010db8000000000000000000000001", 1, 0, 1, 0},
	{"00040004c0000201"
	 "0006001020010db8000000000000000000000001",
	 "00040004c0000201", 1, 0, 0, 1},
	{ALPN "00040004c0000201"
	      "0006001020010db8000000000000000000000001",
	 ALPN, 2, 0, 1, 1},
	/* Malformed: a hint of no, or of half an address; keys that do not ascend; cut short. */
	{"00040000", NULL, 0, 1, 0, 0},
	{"000400030a0000", NULL, 0, 1, 0, 0},
	{"000400050a00000101", NULL, 0, 1, 0, 0},
	{"0006000420010db8", NULL, 0, 1, 0, 0},
	{"000400040a000001"
	 "00040004c0000201",
	 NULL, 0, 1, 0, 0},
	{PORT ALPN, NULL, 0, 1, 0, 0},
	{"000400040a000001"
	 "0007",
	 NULL, 0, 1, 0, 0},
	{"000400040a000001"
	 "000700",
	 NULL, 0, 1, 0, 0},
	{"000400040a000001"
	 "00070002bb",
	 NULL, 0, 1, 0, 0},
	{"000400080a000001", NULL, 0, 1, 0, 0},
};

START_TEST(hints_are_taken_out)
{
	char before[256], after[256] = "";
	snprintf(before, sizeof before, HEAD "%s\n", services[_i].before);
	if (services[_i].after)
		snprintf(after, sizeof after, HEAD "%s\n", services[_i].after);
	filter.has_no_ipv4hint = services[_i].no4;
	filter.has_no_ipv6hint = services[_i].no6;
	ck_assert_str_eq(left_of(before), after);
	ck_assert_uint_gt(out_len, 0);
	ck_assert_uint_eq(filtered.records, services[_i].records);
	ck_assert_uint_eq(filtered.records_left, 1 - services[_i].records);
	ck_assert_uint_eq(filtered.hints, services[_i].hints);
	ck_assert_uint_eq(filtered.addresses + filtered.addresses_left, 0);
}
END_TEST

START_TEST(svcb_is_as_https)
{
	ck_assert_str_eq(left_of("www.example. 30 SVCB 00010161000004000"
				 "40a000001\n"),
			 "www.example. 30 SVCB 0001016100\n");
}
END_TEST

/* Neither a priority nor a target, or half of them. */
START_TEST(service_without_a_target_is_taken_out)
{
	static const char *const rdata[] = {"", "00", "0001", "000103616263"};
	for (size_t i = 0; i < 4; i++) {
		char record[64];
		snprintf(record, sizeof record, "www.example. 30 HTTPS %s\n", rdata[i]);
		start(0, record);
		apply_to(message.len);
		ck_assert_uint_eq(filtered.records, 1);
	}
}
END_TEST

/* A service of 65,535 octets less the message's other octets: nothing is written behind the buffers. */
START_TEST(longest_service_is_edited)
{
	start(0, "");
	put_octets(&message, "\xc0\x0c\0\101\0\1\0\0\0\36", 10);
	/* The owner is written in full. */
	size_t len = (TARN__MESSAGE_MAX - message.len - 2 - 7 - 11) / 4 * 4;
	put16(&message, (unsigned)(7 + len));
	put_octets(&message, "\0\1\0\0\4", 5);
	put16(&message, (unsigned)len);
	while (len > 0) {
		put_octets(&message, len > 4 ? "\300\0\2\1" : "\12\0\0\1", 4);
		len -= 4;
	}
	count_one(&message, 1);
	apply_to(message.len);
	ck_assert_uint_eq(filtered.hints, 1);
	ck_assert_uint_gt(out_len, 65000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, private_networks_end_where_they_should, 0, 11);
	tcase_add_loop_test(tcase, address_with_an_ipv4_address_is_what_that_is, 0, 11);
	tcase_add_test(tcase, other_addresses_are_global);
	tcase_add_test(tcase, bad_addresses_are_taken_out);
	tcase_add_test(tcase, owner_decides_too);
	tcase_add_test(tcase, all_addresses_may_be_bad);
	tcase_add_test(tcase, without_a_function_no_address_is_bad);
	tcase_add_test(tcase, head_and_sections_stay);
	tcase_add_test(tcase, only_the_answer_section_is_looked_at);
	tcase_add_test(tcase, signatures_of_what_may_change_are_left_out);
	tcase_add_test(tcase, address_of_another_length_is_none);
	tcase_add_test(tcase, message_cut_short_is_refused);
	tcase_add_loop_test(tcase, hints_are_taken_out, 0, sizeof services / sizeof services[0]);
	tcase_add_test(tcase, svcb_is_as_https);
	tcase_add_test(tcase, service_without_a_target_is_taken_out);
	tcase_add_test(tcase, longest_service_is_edited);
	return unit_run(suite);
}

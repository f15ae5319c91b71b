/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_reverse.c: the reverse zones of networks. */
#include "core/reverse.h"

#include "dns/text.h"
#include "support/unit.h"

static struct tarn_network parse(const char *text)
{
	struct tarn_network network;
	ck_assert_msg(tarn_network_parse(text, &network) == 0, "%s", text);
	return network;
}

static const struct {
	const char *network;
	size_t count;
	const char *first, *last;
} cases[] = {
	{"10.0.0.0/8", 1, "10.in-addr.arpa.", "10.in-addr.arpa."},
	{"172.16.0.0/12", 16, "16.172.in-addr.arpa.", "31.172.in-addr.arpa."},
	{"192.168.0.0/16", 1, "168.192.in-addr.arpa.", "168.192.in-addr.arpa."},
	{"192.0.2.0/24", 1, "2.0.192.in-addr.arpa.", "2.0.192.in-addr.arpa."},
	{"192.0.2.0/23", 2, "2.0.192.in-addr.arpa.", "3.0.192.in-addr.arpa."},
	{"192.0.2.255", 1, "255.2.0.192.in-addr.arpa.", "255.2.0.192.in-addr.arpa."},
	{"128.0.0.0/1", 128, "128.in-addr.arpa.", "255.in-addr.arpa."},
	{"fd00::/8", 1, "d.f.ip6.arpa.", "d.f.ip6.arpa."},
	{"fc00::/7", 2, "c.f.ip6.arpa.", "d.f.ip6.arpa."},
	{"2001:db8::/32", 1, "8.b.d.0.1.0.0.2.ip6.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa."},
	{"2001:db8:80::/41", 8, "8.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	 "f.0.0.8.b.d.0.1.0.0.2.ip6.arpa."},
	{"8000::/1", 8, "8.ip6.arpa.", "f.ip6.arpa."},
	{"::1", 1, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
	 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."},
	/* None: everything, and what RFC 2317 is about. */
	{"0.0.0.0/0", 0, NULL, NULL},
	{"::/0", 0, NULL, NULL},
	{"192.0.2.0/25", 0, NULL, NULL},
	{"192.0.2.254/31", 0, NULL, NULL},
};

static void check_zone(const struct tarn_network *network, size_t index, const char *expected)
{
	uint8_t name[TARN__NAME_MAX], again[TARN__NAME_MAX];
	size_t len = tarn__reverse_zone(network, index, name);
	char text[TARN__NAME_TEXT_MAX];
	ck_assert_str_eq(tarn__name_format(name, text), expected);
	ck_assert_uint_eq(tarn__name_parse(expected, again), len);
}

START_TEST(network_has_its_reverse_zones)
{
	struct tarn_network network = parse(cases[_i].network);
	size_t count = tarn__reverse_count(&network);
	ck_assert_uint_eq(count, cases[_i].count);
	if (count == 0)
		return;
	check_zone(&network, 0, cases[_i].first);
	check_zone(&network, count - 1, cases[_i].last);
}
END_TEST

START_TEST(address_has_its_reverse_name)
{
	static const struct {
		const char *address, *name;
	} names[] = {
		{"192.0.2.1", "1.2.0.192.in-addr.arpa."},
		{"0.0.0.0", "0.0.0.0.in-addr.arpa."},
		{"2001:db8::a5", "5.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
				 "ip6.arpa."},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		uint8_t name[TARN__NAME_MAX], again[TARN__NAME_MAX];
		char text[TARN__NAME_TEXT_MAX];
		struct tarn__ip ip;
		ck_assert(tarn__ip_parse(names[i].address, strlen(names[i].address), &ip));
		size_t len = tarn__reverse_name(&ip, name);
		ck_assert_str_eq(tarn__name_format(name, text), names[i].name);
		ck_assert_uint_eq(tarn__name_parse(names[i].name, again), len);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reverse");
	TCase *tcase = tcase_create("reverse");
	tcase_add_test(tcase, address_has_its_reverse_name);
	tcase_add_loop_test(tcase, network_has_its_reverse_zones, 0,
			    sizeof cases / sizeof cases[0]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

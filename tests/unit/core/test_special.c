/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_special.c: which names are special, and which only look like it. */
#include "core/policy/special.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/text.h"
#include "support/unit.h"

#define NONE TARN__SPECIAL_NONE
#define LOCALHOST TARN__SPECIAL_LOCALHOST
#define MISSING TARN__SPECIAL_MISSING
#define EMPTY TARN__SPECIAL_EMPTY
#define LOCAL TARN__SPECIAL_LOCAL
#define LOOPBACK TARN__SPECIAL_LOOPBACK
#define RESOLVER TARN__SPECIAL_RESOLVER

/* In memory of its own, so that a sanitizer sees a read past either end. */
static struct tarn__special find(const char *text)
{
	uint8_t wire[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, wire);
	ck_assert_msg(len > 0, "not a name: %s", text);
	uint8_t *name = malloc(len);
	ck_assert_ptr_nonnull(name);
	memcpy(name, wire, len);
	struct tarn__special special = tarn__special_find(name, len);
	free(name);
	return special;
}

/* zone is the apex, NULL for none. */
static void check(const char *text, enum tarn__special_kind kind, const char *zone)
{
	struct tarn__special special = find(text);
	ck_assert_msg(special.kind == kind, "%s is of kind %d", text, (int)special.kind);
	if (!zone)
		return;
	uint8_t apex[TARN__NAME_MAX];
	ck_assert_msg(special.zone_len == tarn__name_parse(zone, apex), "%s: zone of %zu octets",
		      text, special.zone_len);
}

static const struct {
	const char *zone;
	enum tarn__special_kind kind;
} zones[] = {
	{"localhost.", LOCALHOST},
	{"invalid.", MISSING},
	{"test.", LOCAL},
	{"onion.", MISSING},
	{"alt.", MISSING},
	{"local.", LOCAL},
	{"home.arpa.", EMPTY},
	{"resolver.arpa.", RESOLVER},
	/* RFC 6303 section 4.1 */
	{"10.in-addr.arpa.", EMPTY},
	{"16.172.in-addr.arpa.", EMPTY},
	{"17.172.in-addr.arpa.", EMPTY},
	{"24.172.in-addr.arpa.", EMPTY},
	{"31.172.in-addr.arpa.", EMPTY},
	{"168.192.in-addr.arpa.", EMPTY},
	/* section 4.2 */
	{"0.in-addr.arpa.", EMPTY},
	{"127.in-addr.arpa.", LOOPBACK},
	{"254.169.in-addr.arpa.", EMPTY},
	{"2.0.192.in-addr.arpa.", EMPTY},
	{"100.51.198.in-addr.arpa.", EMPTY},
	{"113.0.203.in-addr.arpa.", EMPTY},
	{"255.255.255.255.in-addr.arpa.", EMPTY},
	/* RFC 7793 */
	{"64.100.in-addr.arpa.", EMPTY},
	{"65.100.in-addr.arpa.", EMPTY},
	{"127.100.in-addr.arpa.", EMPTY},
	/* RFC 6303 sections 4.3 to 4.6 */
	{"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", EMPTY},
	{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", LOOPBACK},
	{"d.f.ip6.arpa.", EMPTY},
	{"8.e.f.ip6.arpa.", EMPTY},
	{"9.e.f.ip6.arpa.", EMPTY},
	{"a.e.f.ip6.arpa.", EMPTY},
	{"b.e.f.ip6.arpa.", EMPTY},
	{"8.b.d.0.1.0.0.2.ip6.arpa.", EMPTY},
};

START_TEST(apex_of_every_zone_is_found)
{
	check(zones[_i].zone, zones[_i].kind, zones[_i].zone);
}
END_TEST

START_TEST(every_name_below_is_in_the_zone)
{
	static const char *const labels[] = {
		"a",	"1", "01",    "256",	   "4294967296", "0",
		"_tcp", "*", "\\000", "\\255\\.x", "a.b.c.d.e",	 "0-127",
	};
	char name[256];
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		snprintf(name, sizeof(name), "%s.%s", labels[i], zones[_i].zone);
		check(name, zones[_i].kind, zones[_i].zone);
	}
}
END_TEST

START_TEST(spelling_does_not_matter)
{
	char name[256];
	snprintf(name, sizeof(name), "a.%s", zones[_i].zone);
	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	check(name, zones[_i].kind, zones[_i].zone);
	for (char *p = name; *p; p += p[1] ? 2 : 1)
		*p = (char)tolower((unsigned char)*p);
	check(name, zones[_i].kind, zones[_i].zone);
}
END_TEST

START_TEST(longest_name_is_in_the_zone)
{
	char name[TARN__NAME_TEXT_MAX] = "";
	uint8_t wire[TARN__NAME_MAX];
	size_t zone_len = tarn__name_parse(zones[_i].zone, wire);
	for (size_t len = zone_len; len + 2 <= TARN__NAME_MAX; len += 2)
		strcat(name, "1.");
	strcat(name, zones[_i].zone);
	check(name, zones[_i].kind, zones[_i].zone);
}
END_TEST

static const char *const ordinary[] = {
	".",
	"a.",
	"com.",
	"www.example.com.",
	"example.",
	"example.com.",
	"example.net.",
	"example.org.",
	"arpa.",
	"a.arpa.",
	"in-addr.arpa.",
	"ip6.arpa.",
	"ipv4only.arpa.",
	"as112.arpa.",
	"home.",
	"resolver.",
	"in-addr.",
	"10.in-addr.",
	"home.arpa.example.",
	"resolver.arpa.example.",
	"10.in-addr.arpa.example.",
	"localhost.example.",
	"test.example.",
	/* as long as the last label of a special name, or ending like it */
	"aaaaaaaaa.",
	"mylocalhost.",
	"xinvalid.",
	"valid.",
	"latest.",
	"est.",
	"bunion.",
	"salt.",
	"xalt.",
	"vocal.",
	"glocal.",
	"carpa.",
	"10.in-addr.carpa.",
	"home.carpa.",
	"myhome.arpa.",
	"xresolver.arpa.",
	"xip6.arpa.",
	"d.f.xip6.arpa.",
	"10.xin-addr.arpa.",
	"10.in_addr.arpa.",
	/* octets within a label that look like labels */
	"x\\005local.",
	"x\\009localhost.",
	"x\\007invalid.",
	"x\\004test.",
	"x\\005onion.",
	"x\\003alt.",
	"#alt.",
	"x#alt.",
	"x\\004home\\004arpa.",
	"x\\004home.arpa.",
	"10\\007in-addr.arpa.",
	"x\\00210\\007in-addr\\004arpa.",
	"local\\000.",
	/* octets that differ from the right ones as upper from lower case */
	"in\\013addr.arpa.",
	"10.in\\013addr.arpa.",
	"1\\016.in-addr.arpa.",
	"\\016.e.f.ip6.arpa.",
	/* public addresses, and above the zones */
	"8.8.8.8.in-addr.arpa.",
	"11.in-addr.arpa.",
	"1.in-addr.arpa.",
	"100.in-addr.arpa.",
	"126.in-addr.arpa.",
	"128.in-addr.arpa.",
	"169.in-addr.arpa.",
	"172.in-addr.arpa.",
	"192.in-addr.arpa.",
	"198.in-addr.arpa.",
	"203.in-addr.arpa.",
	"255.in-addr.arpa.",
	"255.255.in-addr.arpa.",
	"255.255.255.in-addr.arpa.",
	"254.255.255.255.in-addr.arpa.",
	"0.192.in-addr.arpa.",
	"1.0.192.in-addr.arpa.",
	"51.198.in-addr.arpa.",
	"99.51.198.in-addr.arpa.",
	"0.203.in-addr.arpa.",
	"112.0.203.in-addr.arpa.",
	"15.172.in-addr.arpa.",
	"32.172.in-addr.arpa.",
	"167.192.in-addr.arpa.",
	"253.169.in-addr.arpa.",
	"63.100.in-addr.arpa.",
	"128.100.in-addr.arpa.",
	"f.ip6.arpa.",
	"c.f.ip6.arpa.",
	"e.f.ip6.arpa.",
	"7.e.f.ip6.arpa.",
	"c.e.f.ip6.arpa.",
	"0.ip6.arpa.",
	"2.ip6.arpa.",
	"b.d.0.1.0.0.2.ip6.arpa.",
	"9.b.d.0.1.0.0.2.ip6.arpa.",
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
	"2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
	/* spelt as no address is */
	"010.in-addr.arpa.",
	"00.in-addr.arpa.",
	"0x0a.in-addr.arpa.",
	"a.in-addr.arpa.",
	"266.in-addr.arpa.",
	"65546.in-addr.arpa.",
	"4294967306.in-addr.arpa.",
	"10x.in-addr.arpa.",
	"016.172.in-addr.arpa.",
	"df.ip6.arpa.",
	"0d.f.ip6.arpa.",
	"d0.f.ip6.arpa.",
	"d.f0.ip6.arpa.",
	"1010.in-addr.arpa.",
	"d.0f.ip6.arpa.",
	"g.f.ip6.arpa.",
	"d.\\006.ip6.arpa.",
};

START_TEST(ordinary_name_is_none)
{
	check(ordinary[_i], NONE, NULL);
	struct tarn__special special = find(ordinary[_i]);
	ck_assert_uint_eq(special.zone_len, 0);
}
END_TEST

START_TEST(every_reverse_zone_is_in_the_list_of_its_rfc)
{
	static const struct {
		unsigned first, second_from, second_to; /* of two octets */
	} two[] = {
		{172, 16, 31},
		{192, 168, 168},
		{169, 254, 254},
		{100, 64, 127},
	};
	char name[64];
	unsigned count = 0;
	for (unsigned first = 0; first <= 255; first++) {
		bool is_whole = first == 10 || first == 0 || first == 127;
		snprintf(name, sizeof(name), "%u.in-addr.arpa.", first);
		enum tarn__special_kind kind = first == 127 ? LOOPBACK : EMPTY;
		check(name, is_whole ? kind : NONE, is_whole ? name : NULL);
		count += is_whole;
		for (unsigned second = 0; !is_whole && second <= 255; second++) {
			bool is_listed = false;
			for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
				is_listed |= two[i].first == first &&
					     two[i].second_from <= second &&
					     second <= two[i].second_to;
			snprintf(name, sizeof(name), "%u.%u.in-addr.arpa.", second, first);
			check(name, is_listed ? EMPTY : NONE, is_listed ? name : NULL);
			count += is_listed;
		}
	}
	ck_assert_uint_eq(count, 3 + 16 + 1 + 1 + 64);
}
END_TEST

START_TEST(ipv6_zone_begins_at_its_last_nibble)
{
	char name[128];
	for (unsigned i = 0; i < 4096; i++) {
		snprintf(name, sizeof(name), "%x.%x.%x.ip6.arpa.", i & 15, i >> 4 & 15, i >> 8);
		if (i >> 4 == 0xfd)
			check(name, EMPTY, "d.f.ip6.arpa.");
		else if (i >= 0xfe8 && i <= 0xfeb)
			check(name, EMPTY, name);
		else
			check(name, NONE, NULL);
	}
}
END_TEST

/* What is called back with them. */
struct walk {
	unsigned count, stop_at;
};

static int check_walked(void *arg, const uint8_t *name, size_t len)
{
	struct walk *walk = arg;
	struct tarn__special special = tarn__special_find(name, len);
	ck_assert_uint_eq(tarn__name_span(name, len), len);
	ck_assert_int_ne(special.kind, NONE);
	ck_assert_uint_eq(special.zone_len, len);
	return ++walk->count == walk->stop_at ? 7 : 0;
}

START_TEST(walk_has_every_zone)
{
	struct walk walk = {0};
	ck_assert_int_eq(tarn__special_walk(check_walked, &walk), 0);
	/* Six of one label, two below arpa., those of IPv4 and of IPv6. */
	ck_assert_uint_eq(walk.count, 6 + 2 + 3 + 16 + 1 + 1 + 64 + 3 + 1 + 8);
}
END_TEST

START_TEST(walk_ends_when_it_is_told)
{
	static const unsigned stops[] = {1, 8, 9, 20, 97, 98, 105};
	struct walk walk = {.stop_at = stops[_i]};
	ck_assert_int_eq(tarn__special_walk(check_walked, &walk), 7);
	ck_assert_uint_eq(walk.count, stops[_i]);
}
END_TEST

int main(void)
{
	enum {
		ZONES = sizeof(zones) / sizeof(zones[0]),
		ORDINARY = sizeof(ordinary) / sizeof(ordinary[0]),
	};
	Suite *suite = suite_create("special");
	TCase *tcase = tcase_create("special");
	tcase_add_loop_test(tcase, apex_of_every_zone_is_found, 0, ZONES);
	tcase_add_loop_test(tcase, every_name_below_is_in_the_zone, 0, ZONES);
	tcase_add_loop_test(tcase, spelling_does_not_matter, 0, ZONES);
	tcase_add_loop_test(tcase, longest_name_is_in_the_zone, 0, ZONES);
	tcase_add_loop_test(tcase, ordinary_name_is_none, 0, ORDINARY);
	tcase_add_test(tcase, every_reverse_zone_is_in_the_list_of_its_rfc);
	tcase_add_test(tcase, ipv6_zone_begins_at_its_last_nibble);
	tcase_add_test(tcase, walk_has_every_zone);
	tcase_add_loop_test(tcase, walk_ends_when_it_is_told, 0, 7);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

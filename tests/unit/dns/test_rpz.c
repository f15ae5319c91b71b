/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rpz.c: records of a response policy zone as rules. */
#include "dns/rpz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/rpz_prefix.h"
#include "dns/text.h"
#include "dns/type.h"
#include "dns/zonefile.h"
#include "support/unit.h"

enum { TTL_MAX = 60 };

static struct tarn__zonefile *reader;
static struct tarn__rpz_rule rule;
static char name[TARN__NAME_TEXT_MAX];

static void set_up(void)
{
	reader = malloc(sizeof(*reader));
	ck_assert_ptr_nonnull(reader);
}

static void tear_down(void)
{
	free(reader);
}

/* Reads a record of the zone "rpz.example". */
static enum tarn__rpz_result read_record(const char *text)
{
	uint8_t apex[TARN__NAME_MAX];
	size_t len = tarn__name_parse("rpz.example", apex);
	struct tarn__zone_record record;
	char fault[TARN__ZONE_FAULT_MAX];
	memset(&rule, 0, sizeof(rule));
	ck_assert_msg(tarn__zone_record_parse(reader, text, apex, len, 300, &record, fault), "%s",
		      fault);
	enum tarn__rpz_result result = tarn__rpz_read(&record, apex, len, TTL_MAX, &rule);
	if (result == TARN__RPZ_RULE) {
		ck_assert_uint_eq(tarn__name_span(rule.rule.name, TARN__NAME_MAX),
				  rule.rule.name_len);
		tarn__name_format(rule.rule.name, name);
	}
	return result;
}

static const struct {
	const char *text, *name;
	enum tarn__namelist_reach reach;
	enum tarn__namelist_action action;
} rules[] = {
	{"bad.example CNAME .", "bad.example.", TARN__NAMELIST_SELF, TARN__NAMELIST_NXDOMAIN},
	{"*.bad.example CNAME .", "bad.example.", TARN__NAMELIST_BELOW, TARN__NAMELIST_NXDOMAIN},
	{"bad.example.rpz.example. CNAME .", "bad.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_NXDOMAIN},
	{"bad.example.RPZ.Example. CNAME .", "bad.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_NXDOMAIN},
	{"* CNAME .", ".", TARN__NAMELIST_BELOW, TARN__NAMELIST_NXDOMAIN},
	{"zip CNAME *.", "zip.", TARN__NAMELIST_SELF, TARN__NAMELIST_NODATA},
	{"ok.example CNAME rpz-passthru.", "ok.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_PASSTHRU},
	{"ok.example CNAME RPZ-PassThru.", "ok.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_PASSTHRU},
	{"ok.example CNAME ok.example.", "ok.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_PASSTHRU},
	{"*.ok.example CNAME *.ok.example.", "ok.example.", TARN__NAMELIST_BELOW,
	 TARN__NAMELIST_PASSTHRU},
	{"x.example CNAME rpz-drop.", "x.example.", TARN__NAMELIST_SELF, TARN__NAMELIST_DROP},
	{"x.example CNAME rpz-tcp-only.", "x.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_TCP_ONLY},
	{"x.example CNAME garden.example.", "x.example.", TARN__NAMELIST_SELF, TARN__NAMELIST_DATA},
	{"x.example CNAME *.garden.example.", "x.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_DATA},
	{"x.example CNAME rpz-drop.example.", "x.example.", TARN__NAMELIST_SELF,
	 TARN__NAMELIST_DATA},
	{"x.example A 192.0.2.1", "x.example.", TARN__NAMELIST_SELF, TARN__NAMELIST_DATA},
	{"*.x.example TXT \"a\"", "x.example.", TARN__NAMELIST_BELOW, TARN__NAMELIST_DATA},
	/* A label within the name that is no trigger's. */
	{"rpz-ip.example CNAME .", "rpz-ip.example.", TARN__NAMELIST_SELF, TARN__NAMELIST_NXDOMAIN},
};

START_TEST(record_is_a_rule)
{
	ck_assert_int_eq(read_record(rules[_i].text), TARN__RPZ_RULE);
	ck_assert_str_eq(name, rules[_i].name);
	ck_assert_int_eq(rule.rule.reach, rules[_i].reach);
	ck_assert_int_eq(rule.rule.action, rules[_i].action);
	ck_assert_int_eq(rule.rule.kind, TARN__NAMELIST_BLOCK);
	ck_assert(!rule.rule.is_removal && !rule.rule.is_important && !rule.rule.is_prefix);
	ck_assert_int_eq(rule.rule.more != NULL, rules[_i].action == TARN__NAMELIST_DATA);
}
END_TEST

static const struct {
	const char *text;
	enum tarn__rpz_result result;
} others[] = {
	{"@ SOA . . 1 2 3 4 5", TARN__RPZ_NOTHING},
	{"@ NS ns.example.", TARN__RPZ_NOTHING},
	{"x.example DS 1 8 2 ABCD", TARN__RPZ_NOTHING},
	{"@ TXT \"of the zone\"", TARN__RPZ_UNSUPPORTED},
	{"x.example NS ns.example.", TARN__RPZ_UNSUPPORTED},
	{"x.example DNAME y.example.", TARN__RPZ_UNSUPPORTED},
	{"x.example CNAME rpz-other.", TARN__RPZ_UNSUPPORTED},
	/* No prefix, or not as it is to be written. */
	{"rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"rpz-client-ip CNAME .", TARN__RPZ_INVALID},
	{"24.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"*.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"24.1.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"31.1.2.0.192.rpz-client-ip CNAME .", TARN__RPZ_INVALID},
	{"0.0.0.0.0.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"33.1.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"032.1.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.01.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.256.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.a.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.1.1.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"4294967328.1.2.0.192.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"129.zz.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.zz.1.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.zz.0db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.zz.0.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.0.zz.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.zz.zz.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.0.0.0.0.0.0.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"128.1.2.3.4.5.6.7.8.9.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"128.1.2.3.4.5.6.7.zz.8.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"128.1.2.3.4.5.6.zz.8.rpz-ip CNAME .", TARN__RPZ_INVALID}, /* one word is no run */
	{"128.1.zz.1.0.0.0.0.1.rpz-ip CNAME .", TARN__RPZ_INVALID}, /* not the longest */
	{"128.1.zz.1.1.0.0.1.rpz-ip CNAME .", TARN__RPZ_INVALID}, /* the second of two */
	{"32.zzz.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.g.db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	{"32.zz.\\000db8.2001.rpz-ip CNAME .", TARN__RPZ_INVALID},
	/* NS and DNAME are no answers. */
	{"24.0.2.0.192.rpz-ip NS ns.example.", TARN__RPZ_UNSUPPORTED},
	{"24.0.2.0.192.rpz-ip CNAME rpz-other.", TARN__RPZ_UNSUPPORTED},
	/* What needs a resolver that asks name servers. */
	{"ns.example.rpz-nsdname CNAME .", TARN__RPZ_UNSUPPORTED},
	{"32.1.2.0.192.rpz-nsip CNAME .", TARN__RPZ_UNSUPPORTED},
	{"x.example CH A 192.0.2.1", TARN__RPZ_INVALID},
	{"x.other. CNAME .", TARN__RPZ_INVALID},
	{"xrpz.example. CNAME .", TARN__RPZ_INVALID},
};

START_TEST(record_is_no_rule)
{
	ck_assert_int_eq(read_record(others[_i].text), others[_i].result);
}
END_TEST

static const struct {
	const char *owner, *name;
} prefixes[] = {
	{"24.0.2.0.192.rpz-ip", "c00002.4/24.rpz-ip."},
	{"24.0.2.0.192.RPZ-Client-IP", "c00002.4/24.rpz-client-ip."},
	{"32.1.2.0.192.rpz-ip", "c0000201.4/32.rpz-ip."},
	{"25.128.2.0.192.rpz-ip", "c000028.4/25.rpz-ip."},
	{"1.0.0.0.128.rpz-ip", "8.4/1.rpz-ip."},
	{"1.0.0.0.0.rpz-ip", "0.4/1.rpz-ip."},
	{"32.zz.db8.2001.rpz-client-ip", "20010db8.6/32.rpz-client-ip."},
	{"32.ZZ.DB8.2001.rpz-ip", "20010db8.6/32.rpz-ip."},
	{"48.zz.2.db8.2001.rpz-ip", "20010db80002.6/48.rpz-ip."},
	{"128.zz.rpz-ip", "00000000000000000000000000000000.6/128.rpz-ip."},
	{"128.1.zz.rpz-ip", "00000000000000000000000000000001.6/128.rpz-ip."},
	{"1.zz.8000.rpz-ip", "8.6/1.rpz-ip."},
	{"128.1.2.3.4.5.6.7.8.rpz-ip", "00080007000600050004000300020001.6/128.rpz-ip."},
	{"128.1.0.3.4.5.6.0.8.rpz-ip", "00080000000600050004000300000001.6/128.rpz-ip."},
	{"128.1.0.0.1.zz.1.rpz-ip", "00010000000000000001000000000001.6/128.rpz-ip."},
	{"128.1.0.0.1.1.zz.1.rpz-ip", "00010000000000010001000000000001.6/128.rpz-ip."},
	{"128.102.304.ffff.zz.rpz-ip", "00000000000000000000ffff03040102.6/128.rpz-ip."},
};

START_TEST(prefix_has_a_name_of_its_own)
{
	char text[512];
	snprintf(text, sizeof(text), "%s CNAME .", prefixes[_i].owner);
	ck_assert_int_eq(read_record(text), TARN__RPZ_RULE);
	ck_assert_str_eq(name, prefixes[_i].name);
	ck_assert(rule.rule.is_prefix);
	ck_assert_int_eq(rule.rule.reach, TARN__NAMELIST_SELF);
	ck_assert_int_eq(rule.rule.action, TARN__NAMELIST_NXDOMAIN);
}
END_TEST

static const struct {
	const char *target;
	enum tarn__namelist_action action;
} targets[] = {
	{"CNAME *.", TARN__NAMELIST_NODATA},
	{"CNAME rpz-passthru.", TARN__NAMELIST_PASSTHRU},
	{"CNAME rpz-drop.", TARN__NAMELIST_DROP},
	{"CNAME rpz-tcp-only.", TARN__NAMELIST_TCP_ONLY},
	{"CNAME garden.example.", TARN__NAMELIST_DATA},
	{"CNAME *.garden.example.", TARN__NAMELIST_DATA},
	{"AAAA 2001:db8::1", TARN__NAMELIST_DATA},
	/* Before there was "rpz-passthru". */
	{"CNAME 24.0.2.0.192.", TARN__NAMELIST_PASSTHRU},
	{"CNAME 24.0.2.0.192.rpz-ip.", TARN__NAMELIST_PASSTHRU},
	{"CNAME 32.1.2.0.192.", TARN__NAMELIST_DATA},
	{"CNAME 24.0.2.0.192.x.", TARN__NAMELIST_DATA},
};

START_TEST(prefix_has_the_actions_of_names)
{
	char text[512];
	snprintf(text, sizeof(text), "24.0.2.0.192.rpz-ip %s", targets[_i].target);
	ck_assert_int_eq(read_record(text), TARN__RPZ_RULE);
	ck_assert_int_eq(rule.rule.action, targets[_i].action);
	ck_assert_int_eq(rule.rule.more != NULL, targets[_i].action == TARN__NAMELIST_DATA);
}
END_TEST

START_TEST(prefix_is_formatted_as_people_write_it)
{
	char text[TARN__RPZ_PREFIX_TEXT_MAX];
	struct tarn__rpz_prefix prefix;
	const uint8_t ipv4[] = {192, 0, 2, 255}, ipv6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	tarn__rpz_prefix_of(ipv4, sizeof(ipv4), 26, &prefix);
	ck_assert_str_eq(tarn__rpz_prefix_format(&prefix, text), "192.0.2.192/26");
	tarn__rpz_prefix_of(ipv6, sizeof(ipv6), 32, &prefix);
	ck_assert_str_eq(tarn__rpz_prefix_format(&prefix, text), "2001:db8::/32");
	tarn__rpz_prefix_of(ipv6, sizeof(ipv6), 128, &prefix);
	ck_assert_str_eq(tarn__rpz_prefix_format(&prefix, text), "2001:db8::1/128");
}
END_TEST

START_TEST(last_label_tells_the_trigger)
{
	static const struct {
		const char *name;
		enum tarn__rpz_trigger trigger;
	} names[] = {{"c00002.4/24.rpz-ip", TARN__RPZ_ADDRESS},
		     {"x.RPZ-CLIENT-IP", TARN__RPZ_CLIENT_ADDRESS},
		     {"rpz-ip", TARN__RPZ_ADDRESS},
		     {"rpz-ip.example", TARN__RPZ_NAME},
		     {"xrpz-ip", TARN__RPZ_NAME},
		     {".", TARN__RPZ_NAME}};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint8_t wire[TARN__NAME_MAX];
		size_t len = tarn__name_parse(names[i].name, wire);
		ck_assert_int_eq(tarn__rpz_trigger_of(wire, len), names[i].trigger);
	}
}
END_TEST

START_TEST(record_is_the_answer_with_its_ttl_up_to_the_greatest)
{
	ck_assert_int_eq(read_record("x.example 60 A 192.0.2.1"), TARN__RPZ_RULE);
	ck_assert(rule.more.has_record);
	ck_assert_uint_eq(rule.more.type, TARN__TYPE_A);
	ck_assert_uint_eq(rule.more.ttl, 60);
	ck_assert_uint_eq(rule.more.rdata_len, 4);
	ck_assert_int_eq(memcmp(rule.more.rdata, "\xc0\x00\x02\x01", 4), 0);
	ck_assert_int_eq(read_record("x.example 61 A 192.0.2.1"), TARN__RPZ_RULE);
	ck_assert_uint_eq(rule.more.ttl, TTL_MAX);
	ck_assert_int_eq(read_record("x.example 0 A 192.0.2.1"), TARN__RPZ_RULE);
	ck_assert_uint_eq(rule.more.ttl, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpz");
	TCase *tcase = tcase_create("records");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, record_is_a_rule, 0, sizeof(rules) / sizeof(rules[0]));
	tcase_add_loop_test(tcase, record_is_no_rule, 0, sizeof(others) / sizeof(others[0]));
	tcase_add_loop_test(tcase, prefix_has_a_name_of_its_own, 0,
			    sizeof(prefixes) / sizeof(prefixes[0]));
	tcase_add_loop_test(tcase, prefix_has_the_actions_of_names, 0,
			    sizeof(targets) / sizeof(targets[0]));
	tcase_add_test(tcase, prefix_is_formatted_as_people_write_it);
	tcase_add_test(tcase, last_label_tells_the_trigger);
	tcase_add_test(tcase, record_is_the_answer_with_its_ttl_up_to_the_greatest);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

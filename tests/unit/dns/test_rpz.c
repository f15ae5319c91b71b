/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rpz.c: records of a response policy zone as rules. */
#include "dns/rpz.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
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
	ck_assert(!rule.rule.is_removal && !rule.rule.is_important);
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
	{"24.0.2.0.192.rpz-ip CNAME .", TARN__RPZ_UNSUPPORTED},
	{"24.0.2.0.192.RPZ-Client-IP CNAME .", TARN__RPZ_UNSUPPORTED},
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
	tcase_add_test(tcase, record_is_the_answer_with_its_ttl_up_to_the_greatest);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

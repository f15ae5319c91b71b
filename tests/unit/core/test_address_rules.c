/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_address_rules.c: which prefix of which zone decides about an address. */
#include "core/policy/rules.h"

#include <stdio.h>

#include "dns/rpz.h"
#include "dns/type.h"
#include "dns/zonefile.h"
#include "support/churn.h"
#include "support/namelist.h"
#include "support/unit.h"

enum { GROUP_A = 1, GROUP_B = 2, TTL_MAX = 60 };
#define ALL UINT32_MAX

static struct tarn__namelist_compiler *compiler;
static struct tarn__rule_set sets[TARN__NAMELIST_SETS_MAX];
static size_t set_count;
static struct tarn__rules *rules;
static struct tarn__zonefile *reader;

static void set_up(void)
{
	compiler = compiler_new();
	reader = malloc(sizeof *reader);
	set_count = 0;
	rules = NULL;
}

static void tear_down(void)
{
	tarn__namelist_compiler_free(compiler);
	tarn__rules_put(rules);
	free(reader);
}

static void release(void *octets, size_t len)
{
	(void)len;
	free(octets);
}

static void add_set(enum tarn__rule_set_kind kind, enum tarn__namelist_format format)
{
	sets[set_count] = (struct tarn__rule_set){
		.kind = kind, .groups = ALL, .answer = TARN__NAMELIST_NXDOMAIN, .ttl_sec = 10};
	begin(compiler, (unsigned)set_count++, TARN__NAMELIST_BLOCK, format);
}

static struct tarn__rule_set *zone(void)
{
	add_set(TARN__RULE_SET_RPZ, TARN__NAMELIST_RPZ);
	return &sets[set_count - 1];
}

/* Adds a record to the zone that was begun last. */
static void add(const char *text)
{
	static const uint8_t root[1];
	struct tarn__zone_record record;
	struct tarn__rpz_rule rule;
	char fault[TARN__ZONE_FAULT_MAX];
	if (!tarn__zone_record_parse(reader, text, root, sizeof root, 300, &record, fault))
		ck_abort_msg("%s: %s", text, fault);
	if (tarn__rpz_read(&record, root, sizeof root, TTL_MAX, &rule) != TARN__RPZ_RULE)
		ck_abort_msg("no rule: %s", text);
	if (tarn__namelist_compiler_add(compiler, &rule.rule) != 0)
		ck_abort_msg("not added: %s", text);
}

static void done(void)
{
	struct compiled compiled;
	finish(compiler, &compiled);
	compiler = NULL;
	ck_assert_int_eq(
		tarn__rules_new(compiled.octets, compiled.len, release, sets, set_count, &rules),
		0);
}

static struct tarn__verdict judge_by(uint64_t by, enum tarn__rpz_trigger trigger, const char *text,
				     uint32_t groups)
{
	struct tarn__verdict verdict;
	struct tarn__ip ip;
	ck_assert(tarn__ip_parse(text, strlen(text), &ip));
	tarn__rules_judge_address(rules, by, trigger, ip.octets, ip.len, groups, &verdict);
	if (verdict.kind != TARN__VERDICT_PASS && trigger == TARN__RPZ_ADDRESS)
		ck_assert(!tarn__rules_is_address_clear(rules, ip.octets, ip.len));
	return verdict;
}

/* The set, the action and the prefix. */
static const char *describe(const struct tarn__verdict *verdict)
{
	static const char *const actions[TARN__NAMELIST_ACTIONS] = {
		[TARN__NAMELIST_NXDOMAIN] = "nxdomain", [TARN__NAMELIST_NODATA] = "nodata",
		[TARN__NAMELIST_DROP] = "drop",		[TARN__NAMELIST_TCP_ONLY] = "tcp",
		[TARN__NAMELIST_PASSTHRU] = "allow",	[TARN__NAMELIST_DATA] = "data"};
	static char out[128];
	char prefix[TARN__RPZ_PREFIX_TEXT_MAX];
	if (verdict->kind == TARN__VERDICT_PASS)
		return "pass";
	ck_assert((verdict->kind == TARN__VERDICT_ALLOW) ==
		  (verdict->action == TARN__NAMELIST_PASSTHRU));
	snprintf(out, sizeof out, "%u %s %s", verdict->set, actions[verdict->action],
		 tarn__rpz_prefix_format(&verdict->prefix, prefix));
	return out;
}

static const char *judge(const char *text)
{
	struct tarn__verdict verdict = judge_by(UINT64_MAX, TARN__RPZ_ADDRESS, text, ALL);
	return describe(&verdict);
}

static const char *judge_client(const char *text)
{
	struct tarn__verdict verdict = judge_by(UINT64_MAX, TARN__RPZ_CLIENT_ADDRESS, text, ALL);
	return describe(&verdict);
}

static bool is_clear(const char *text)
{
	struct tarn__ip ip;
	ck_assert(tarn__ip_parse(text, strlen(text), &ip));
	return tarn__rules_is_address_clear(rules, ip.octets, ip.len);
}

START_TEST(without_prefixes_all_pass)
{
	zone();
	add("a.example CNAME .");
	done();
	ck_assert_str_eq(judge("192.0.2.1"), "pass");
	ck_assert_str_eq(judge_client("2001:db8::1"), "pass");
	ck_assert(is_clear("192.0.2.1"));
	ck_assert_uint_eq(tarn__rules_prefix_sets(rules, TARN__RPZ_ADDRESS, 4, ALL), 0);
}
END_TEST

START_TEST(longest_prefix_decides)
{
	zone();
	add("24.0.2.0.192.rpz-ip CNAME .");
	add("25.128.2.0.192.rpz-ip CNAME *.");
	add("32.129.2.0.192.rpz-ip CNAME rpz-passthru.");
	add("1.0.0.0.128.rpz-ip CNAME rpz-drop.");
	done();
	ck_assert_str_eq(judge("192.0.2.1"), "0 nxdomain 192.0.2.0/24");
	ck_assert_str_eq(judge("192.0.2.128"), "0 nodata 192.0.2.128/25");
	ck_assert_str_eq(judge("192.0.2.129"), "0 allow 192.0.2.129/32");
	ck_assert_str_eq(judge("192.0.3.0"), "0 drop 128.0.0.0/1");
	ck_assert_str_eq(judge("127.255.255.255"), "pass");
	ck_assert(is_clear("127.255.255.255"));
}
END_TEST

START_TEST(triggers_are_apart)
{
	zone();
	add("24.0.2.0.192.rpz-ip CNAME .");
	add("32.1.2.0.192.rpz-client-ip CNAME *.");
	add("32.zz.db8.2001.rpz-client-ip CNAME rpz-passthru.");
	add("128.1.zz.db8.2001.rpz-ip CNAME rpz-tcp-only.");
	done();
	ck_assert_str_eq(judge("192.0.2.1"), "0 nxdomain 192.0.2.0/24");
	ck_assert_str_eq(judge_client("192.0.2.1"), "0 nodata 192.0.2.1/32");
	ck_assert_str_eq(judge_client("192.0.2.2"), "pass");
	ck_assert_str_eq(judge("2001:db8::2"), "pass");
	ck_assert_str_eq(judge("2001:db8::1"), "0 tcp 2001:db8::1/128");
	ck_assert_str_eq(judge_client("2001:db8::2"), "0 allow 2001:db8::/32");
	/* The same octets, of the other family. */
	ck_assert_str_eq(judge("c000:200::"), "pass");
	ck_assert_str_eq(judge("32.1.13.184"), "pass");
	ck_assert_uint_eq(tarn__rules_prefix_sets(rules, TARN__RPZ_ADDRESS, 4, ALL), 1);
}
END_TEST

START_TEST(first_set_comes_before_the_longest_prefix)
{
	zone();
	add("8.0.0.0.192.rpz-ip CNAME .");
	zone()->groups = GROUP_B;
	add("24.0.2.0.192.rpz-ip CNAME *.");
	add("24.0.2.0.193.rpz-ip CNAME *.");
	zone();
	add("32.1.2.0.193.rpz-ip CNAME rpz-drop.");
	done();
	ck_assert_str_eq(judge("192.0.2.1"), "0 nxdomain 192.0.0.0/8");
	ck_assert_str_eq(judge("193.0.2.1"), "1 nodata 193.0.2.0/24");
	/* For these groups, and by these sets, only. */
	struct tarn__verdict verdict =
		judge_by(UINT64_MAX, TARN__RPZ_ADDRESS, "193.0.2.1", GROUP_A);
	ck_assert_str_eq(describe(&verdict), "2 drop 193.0.2.1/32");
	verdict = judge_by(4, TARN__RPZ_ADDRESS, "193.0.2.1", ALL);
	ck_assert_str_eq(describe(&verdict), "2 drop 193.0.2.1/32");
	verdict = judge_by(4, TARN__RPZ_ADDRESS, "192.0.2.1", ALL);
	ck_assert_int_eq(verdict.kind, TARN__VERDICT_PASS);
	ck_assert(!is_clear("193.0.2.2"));
	ck_assert_uint_eq(tarn__rules_prefix_sets(rules, TARN__RPZ_ADDRESS, 4, GROUP_A), 5);
}
END_TEST

START_TEST(of_several_addresses_set_length_and_address_decide)
{
	zone();
	add("24.0.2.0.192.rpz-ip CNAME .");
	add("32.7.2.0.192.rpz-ip CNAME .");
	add("32.9.2.0.192.rpz-ip CNAME .");
	zone();
	add("32.1.2.0.198.rpz-ip CNAME .");
	done();
	const char *const order[] = {"192.0.2.7", "192.0.2.9", "192.0.2.1", "198.0.2.1",
				     "203.0.113.1"};
	for (unsigned i = 0; i < 5; i++) {
		struct tarn__verdict first = judge_by(UINT64_MAX, TARN__RPZ_ADDRESS, order[i], ALL);
		for (unsigned j = 0; j < 5; j++) {
			struct tarn__verdict second =
				judge_by(UINT64_MAX, TARN__RPZ_ADDRESS, order[j], ALL);
			ck_assert(tarn__rules_is_before(&first, &second) == (i < j));
		}
	}
}
END_TEST

START_TEST(prefix_has_records)
{
	zone();
	add("24.0.2.0.192.rpz-ip 30 A 10.0.0.1");
	add("24.0.2.0.192.rpz-ip 300 A 10.0.0.2");
	add("24.0.2.0.192.rpz-ip TXT \"why\"");
	add("24.0.3.0.192.rpz-ip A 10.0.0.3");
	done();
	struct tarn__verdict verdict = judge_by(1, TARN__RPZ_ADDRESS, "192.0.2.9", ALL);
	struct tarn__rule_record record;
	uint32_t cursor = 0, ttls = 0;
	unsigned counts[TARN__TYPE_TXT + 1] = {0};
	ck_assert_str_eq(describe(&verdict), "0 data 192.0.2.0/24");
	while (tarn__rules_record_next(rules, &verdict, NULL, 0, TARN__TYPE_A, &cursor, &record)) {
		counts[record.type]++;
		ttls += record.ttl_sec;
	}
	ck_assert_uint_eq(counts[TARN__TYPE_A], 2);
	ck_assert_uint_eq(counts[TARN__TYPE_TXT], 1);
	ck_assert_uint_eq(ttls, 30 + TTL_MAX + TTL_MAX);
}
END_TEST

/* What is in the list for prefixes cannot be asked for as a name. */
START_TEST(prefix_is_no_name)
{
	uint8_t name[TARN__NAME_MAX];
	static const char *const names[] = {"c00002.4/24.rpz-ip", "4/24.rpz-ip", "x.rpz-client-ip",
					    "24.0.2.0.192.rpz-ip"};
	zone();
	add("24.0.2.0.192.rpz-ip CNAME .");
	add("* CNAME *.");
	done();
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct tarn__verdict verdict;
		size_t len = wire_name(names[i], name);
		tarn__rules_judge(rules, name, len, TARN__TYPE_A, ALL, &verdict);
		ck_assert_int_eq(verdict.kind, TARN__VERDICT_PASS);
	}
	ck_assert_str_eq(judge("192.0.2.1"), "0 nxdomain 192.0.2.0/24");
	ck_assert_str_eq(judge("192.0.1.1"), "pass");
}
END_TEST

/* ---- against a simple judge ------------------------------------------------------------- */

enum { PREFIXES = 300, ZONES = 3, QUESTIONS = 20000 };

struct prefix {
	unsigned set, bits;
	uint32_t address;
};

static uint32_t masked(uint32_t address, unsigned bits)
{
	return address & (uint32_t)(UINT64_MAX << (32 - bits));
}

static const char *judge_simply(const struct prefix *prefixes, uint32_t address)
{
	const struct prefix *best = NULL;
	for (unsigned i = 0; i < PREFIXES; i++) {
		const struct prefix *prefix = &prefixes[i];
		if (masked(address, prefix->bits) != prefix->address)
			continue;
		if (!best || prefix->set < best->set ||
		    (prefix->set == best->set && prefix->bits > best->bits))
			best = prefix;
	}
	static char out[64];
	if (!best)
		return "pass";
	snprintf(out, sizeof out, "%u nxdomain %u.%u.%u.%u/%u", best->set, best->address >> 24,
		 best->address >> 16 & 255, best->address >> 8 & 255, best->address & 255,
		 best->bits);
	return out;
}

START_TEST(verdicts_are_those_of_a_simple_judge)
{
	uint64_t state = 88172645463325252;
	struct prefix prefixes[PREFIXES];
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct prefix *prefix = &prefixes[i];
		prefix->set = i / (PREFIXES / ZONES);
		if (i % (PREFIXES / ZONES) == 0)
			zone();
		prefix->bits = 1 + pick(&state, 32);
		prefix->address = masked(0xc0000000 + pick(&state, 4096), prefix->bits);
		char text[64];
		snprintf(text, sizeof text, "%u.%u.%u.%u.%u.rpz-ip CNAME .", prefix->bits,
			 prefix->address & 255, prefix->address >> 8 & 255,
			 prefix->address >> 16 & 255, prefix->address >> 24);
		add(text);
	}
	done();
	for (unsigned i = 0; i < QUESTIONS; i++) {
		uint32_t address = 0xc0000000 + pick(&state, 8192);
		if (i % 16 == 0)
			address = pick(&state, UINT32_MAX);
		char text[32];
		snprintf(text, sizeof text, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
			 address >> 8 & 255, address & 255);
		if (strcmp(judge(text), judge_simply(prefixes, address)) != 0)
			ck_abort_msg("%s: %s, not %s", text, judge(text),
				     judge_simply(prefixes, address));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address_rules");
	TCase *tcase = tcase_create("addresses");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_prefixes_all_pass);
	tcase_add_test(tcase, longest_prefix_decides);
	tcase_add_test(tcase, triggers_are_apart);
	tcase_add_test(tcase, first_set_comes_before_the_longest_prefix);
	tcase_add_test(tcase, of_several_addresses_set_length_and_address_decide);
	tcase_add_test(tcase, prefix_has_records);
	tcase_add_test(tcase, prefix_is_no_name);
	tcase_add_test(tcase, verdicts_are_those_of_a_simple_judge);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

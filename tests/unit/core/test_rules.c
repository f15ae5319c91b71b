/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_rules.c: which rule of which set decides about a name. */
#include "core/policy/rules.h"

#include <stdio.h>

#include "dns/type.h"
#include "support/churn.h"
#include "support/namelist.h"
#include "support/unit.h"

enum { GROUP_A = 1, GROUP_B = 2 };
#define ALL UINT32_MAX

static struct tarn__namelist_compiler *compiler;
static struct tarn__rule_set sets[TARN__NAMELIST_SETS_MAX];
static size_t set_count;
static struct tarn__rules *rules;
static unsigned released;

static void set_up(void)
{
	compiler = compiler_new();
	set_count = 0;
	rules = NULL;
	released = 0;
}

static void tear_down(void)
{
	tarn__namelist_compiler_free(compiler);
	tarn__rules_put(rules);
}

static void release(void *octets, size_t len)
{
	ck_assert_uint_gt(len, 0);
	free(octets);
	released++;
}

/* Begins another set. */
static struct tarn__rule_set *add_set(enum tarn__rule_set_kind kind)
{
	struct tarn__rule_set *set = &sets[set_count];
	*set = (struct tarn__rule_set){
		.kind = kind, .groups = ALL, .answer = TARN__NAMELIST_NXDOMAIN, .ttl_sec = 10};
	snprintf(set->name, sizeof set->name, "set%zu", set_count);
	begin(compiler, (unsigned)set_count++,
	      kind == TARN__RULE_SET_ALLOW ? TARN__NAMELIST_ALLOW : TARN__NAMELIST_BLOCK,
	      kind == TARN__RULE_SET_RPZ ? TARN__NAMELIST_RPZ : TARN__NAMELIST_ADBLOCK);
	return set;
}

static struct tarn__rule_set *block(const char *text)
{
	struct tarn__rule_set *set = add_set(TARN__RULE_SET_BLOCK);
	feed(compiler, text);
	return set;
}

static struct tarn__rule_set *allow(const char *text)
{
	struct tarn__rule_set *set = add_set(TARN__RULE_SET_ALLOW);
	feed(compiler, text);
	return set;
}

static void add_record(const char *owner, enum tarn__namelist_action action,
		       const struct tarn__namelist_more *more)
{
	uint8_t name[TARN__NAME_MAX];
	bool is_wildcard = owner[0] == '*';
	const char *text = is_wildcard ? owner + 1 + (owner[1] == '.') : owner;
	struct tarn__namelist_rule rule = {
		.reach = is_wildcard ? TARN__NAMELIST_BELOW : TARN__NAMELIST_SELF,
		.action = action,
		.name_len = (uint16_t)wire_name(*text ? text : ".", name),
		.name = name,
		.more = more};
	ck_assert_int_eq(tarn__namelist_compiler_add(compiler, &rule), 0);
}

static void add(const char *owner, enum tarn__namelist_action action)
{
	add_record(owner, action, NULL);
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

static struct tarn__verdict judge_for(const char *text, uint16_t qtype, uint32_t groups)
{
	struct tarn__verdict verdict;
	uint8_t name[TARN__NAME_MAX];
	size_t len = wire_name(text, name);
	tarn__rules_judge(rules, name, len, qtype, groups, &verdict);
	if (verdict.kind != TARN__VERDICT_PASS)
		ck_assert(!tarn__rules_is_clear(rules, name, len));
	return verdict;
}

/* The set, the action, and the rule's name. */
static const char *judge_type(const char *text, uint16_t qtype, uint32_t groups)
{
	static const char *const actions[TARN__NAMELIST_ACTIONS] = {
		[TARN__NAMELIST_NXDOMAIN] = "nxdomain", [TARN__NAMELIST_NODATA] = "nodata",
		[TARN__NAMELIST_ZERO] = "zero",		[TARN__NAMELIST_REFUSED] = "refused",
		[TARN__NAMELIST_DROP] = "drop",		[TARN__NAMELIST_TCP_ONLY] = "tcp",
		[TARN__NAMELIST_DATA] = "data"};
	static char out[1200];
	char suffix[TARN__NAME_TEXT_MAX];
	uint8_t name[TARN__NAME_MAX];
	struct tarn__verdict verdict = judge_for(text, qtype, groups);
	wire_name(text, name);
	if (verdict.kind == TARN__VERDICT_PASS)
		return "pass";
	bool is_allowed = verdict.kind == TARN__VERDICT_ALLOW;
	ck_assert(!is_allowed || verdict.action == TARN__NAMELIST_PASSTHRU);
	snprintf(out, sizeof out, "%u %s %s%s", verdict.set,
		 is_allowed ? "allow" : actions[verdict.action],
		 tarn__name_format(name + verdict.suffix_at, suffix),
		 verdict.is_allowed_below ? " below" : "");
	return out;
}

static const char *judge(const char *text)
{
	return judge_type(text, TARN__TYPE_A, GROUP_A);
}

/* ---- sets ------------------------------------------------------------------------------- */

START_TEST(nothing_passes)
{
	done();
	ck_assert_str_eq(judge("a.example"), "pass");
	ck_assert_str_eq(judge("."), "pass");
	ck_assert_uint_eq(tarn__rules_set_count(rules), 0);
	ck_assert(tarn__rules_is_clear(rules, (const uint8_t *)"", 1));
}
END_TEST

START_TEST(first_set_with_a_rule_decides)
{
	block("||a.example^")->answer = TARN__NAMELIST_ZERO;
	block("||b.example^\n||a.example^")->answer = TARN__NAMELIST_REFUSED;
	done();
	ck_assert_str_eq(judge("x.a.example"), "0 zero a.example.");
	ck_assert_str_eq(judge("B.example"), "1 refused B.example.");
	ck_assert_str_eq(judge("example"), "pass");
	ck_assert(judge_for("a.example", TARN__TYPE_A, ALL).is_default);
	ck_assert_str_eq(tarn__rules_set(rules, 1)->name, "set1");
}
END_TEST

START_TEST(allow_set_ends_it_for_sets_behind)
{
	block("||b.example^");
	allow("||a.example^\n||b.example^");
	block("||x.a.example^\n||example^");
	done();
	ck_assert_str_eq(judge("x.a.example"), "1 allow a.example.");
	ck_assert_str_eq(judge("b.example"), "0 nxdomain b.example.");
	ck_assert_str_eq(judge("c.example"), "2 nxdomain example.");
}
END_TEST

START_TEST(in_a_set_allow_is_before_block_unless_important)
{
	block("||a.example^\n@@||b.a.example^\n||c.b.a.example^$important\n"
	      "@@||d.c.b.a.example^$important\n||e.d.c.b.a.example^$important\n");
	block("||b.a.example^");
	done();
	ck_assert_str_eq(judge("x.a.example"), "0 nxdomain a.example.");
	ck_assert_str_eq(judge("x.b.a.example"), "0 allow b.a.example.");
	ck_assert_str_eq(judge("x.c.b.a.example"), "0 nxdomain c.b.a.example.");
	ck_assert_str_eq(judge("x.d.c.b.a.example"), "0 allow d.c.b.a.example.");
	ck_assert_str_eq(judge("e.d.c.b.a.example"), "0 allow d.c.b.a.example.");
}
END_TEST

START_TEST(longest_name_is_given)
{
	struct tarn__namelist_list second = {
		.path = "b", .set = 0, .format = TARN__NAMELIST_ADBLOCK};
	block("||b.a.example^\n||c.example^");
	ck_assert_int_eq(tarn__namelist_compiler_begin(compiler, &second), 0);
	feed(compiler, "||a.example^\n||c.example^\n||x.c.example^\n|x.b.a.example^$important");
	done();
	ck_assert_str_eq(judge("b.a.example"), "0 nxdomain b.a.example.");
	ck_assert_uint_eq(judge_for("b.a.example", 1, ALL).source, 0);
	ck_assert_uint_eq(judge_for("x.b.a.example", 1, ALL).source, 1);
	ck_assert_str_eq(judge("x.c.example"), "0 nxdomain c.example.");
	ck_assert_uint_eq(judge_for("c.example", 1, ALL).source, 0);
}
END_TEST

START_TEST(name_above_an_allowed_one_is_told)
{
	allow("|ok.late.example^");
	block("||a.example^\n@@||ok.a.example^\n||late.example^\n||early.example^\n||b.example^");
	allow("||ok.early.example^");
	block("||x.example^")->groups = GROUP_B;
	done();
	ck_assert_str_eq(judge("a.example"), "1 nxdomain a.example. below");
	ck_assert_str_eq(judge("x.a.example"), "1 nxdomain a.example.");
	ck_assert_str_eq(judge("late.example"), "1 nxdomain late.example. below");
	ck_assert_str_eq(judge("early.example"), "1 nxdomain early.example.");
	ck_assert_str_eq(judge("b.example"), "1 nxdomain b.example.");
	/* What is above allowed names only is free. */
	ck_assert(tarn__rules_is_clear(rules, (const uint8_t *)"\7example", 9));
	ck_assert_str_eq(judge("example"), "pass");
}
END_TEST

START_TEST(groups_have_sets_of_their_own)
{
	block("||a.example^")->groups = GROUP_A;
	block("||a.example^\n||b.example^")->groups = GROUP_B;
	done();
	ck_assert_str_eq(judge_type("a.example", 1, GROUP_A), "0 nxdomain a.example.");
	ck_assert_str_eq(judge_type("a.example", 1, GROUP_B), "1 nxdomain a.example.");
	ck_assert_str_eq(judge_type("a.example", 1, GROUP_A | GROUP_B), "0 nxdomain a.example.");
	ck_assert_str_eq(judge_type("b.example", 1, GROUP_A), "pass");
	ck_assert_str_eq(judge_type("a.example", 1, 4), "pass");
	ck_assert_str_eq(judge_type("a.example", 1, 0), "pass");
	ck_assert(!tarn__rules_is_clear(rules, (const uint8_t *)"\1b\7example", 11));
	ck_assert(tarn__rules_is_clear(rules, (const uint8_t *)"\1c\7example", 11));
}
END_TEST

/* ---- rules with more -------------------------------------------------------------------- */

START_TEST(rule_may_be_for_some_types)
{
	block("||a.example^$dnstype=AAAA|HTTPS\n||b.example^$dnstype=~A\n"
	      "||c.example^$dnstype=A\n||c.example^$dnstype=MX\n@@||d.example^$dnstype=A\n"
	      "||d.example^\n");
	done();
	ck_assert_str_eq(judge_type("a.example", TARN__TYPE_A, ALL), "pass");
	ck_assert_str_eq(judge_type("x.a.example", TARN__TYPE_HTTPS, ALL), "0 nxdomain a.example.");
	ck_assert_str_eq(judge_type("b.example", TARN__TYPE_A, ALL), "pass");
	ck_assert_str_eq(judge_type("b.example", TARN__TYPE_MX, ALL), "0 nxdomain b.example.");
	ck_assert_str_eq(judge_type("c.example", TARN__TYPE_A, ALL), "0 nxdomain c.example.");
	ck_assert_str_eq(judge_type("c.example", TARN__TYPE_MX, ALL), "0 nxdomain c.example.");
	ck_assert_str_eq(judge_type("c.example", TARN__TYPE_TXT, ALL), "pass");
	ck_assert_str_eq(judge_type("d.example", TARN__TYPE_A, ALL), "0 allow d.example.");
	ck_assert_str_eq(judge_type("d.example", TARN__TYPE_MX, ALL), "0 nxdomain d.example.");
}
END_TEST

START_TEST(rule_may_leave_names_out)
{
	block("||a.example^$denyallow=b.a.example|c.a.example");
	done();
	ck_assert_str_eq(judge("a.example"), "0 nxdomain a.example.");
	ck_assert_str_eq(judge("x.a.example"), "0 nxdomain a.example.");
	ck_assert_str_eq(judge("b.a.example"), "pass");
	ck_assert_str_eq(judge("x.C.a.example"), "pass");
	ck_assert_str_eq(judge("xb.a.example"), "0 nxdomain a.example.");
}
END_TEST

static unsigned count_records(const char *text, uint16_t qtype, struct tarn__rule_record *out)
{
	struct tarn__verdict verdict = judge_for(text, qtype, ALL);
	uint8_t name[TARN__NAME_MAX];
	size_t len = wire_name(text, name);
	uint32_t cursor = 0;
	unsigned count = 0;
	ck_assert_int_eq(verdict.kind, TARN__VERDICT_ACT);
	ck_assert_int_eq(verdict.action, TARN__NAMELIST_DATA);
	while (tarn__rules_record_next(rules, &verdict, name, len, qtype, &cursor, &out[count]))
		count++;
	return count;
}

START_TEST(rewrites_have_records)
{
	struct tarn__rule_record records[4];
	block("||a.example^$dnsrewrite=192.0.2.1\n||a.example^$dnsrewrite=192.0.2.2\n"
	      "||a.example^$dnsrewrite=2001:db8::1\n||b.example^$dnsrewrite=REFUSED\n"
	      "||b.example^\n||c.example^$dnstype=A,dnsrewrite=192.0.2.3\n");
	done();
	ck_assert_uint_eq(count_records("x.a.example", TARN__TYPE_A, records), 3);
	ck_assert_uint_eq(records[0].ttl_sec, 10);
	ck_assert_uint_eq(records[0].rdata_len, 4);
	ck_assert_uint_eq(records[0].type, TARN__TYPE_A);
	ck_assert_uint_eq(records[2].type, TARN__TYPE_AAAA);
	/* An action of the rule's own comes before the set's. */
	ck_assert_str_eq(judge("b.example"), "0 refused b.example.");
	ck_assert_uint_eq(count_records("c.example", TARN__TYPE_A, records), 1);
	ck_assert_str_eq(judge_type("c.example", TARN__TYPE_MX, ALL), "pass");
}
END_TEST

START_TEST(rewrites_can_be_undone)
{
	block("||a.example^$dnsrewrite=192.0.2.1\n@@||b.a.example^$dnsrewrite\n"
	      "||b.a.example^\n||c.example^$dnsrewrite=REFUSED\n@@||c.example^\n");
	done();
	ck_assert_str_eq(judge("x.a.example"), "0 data a.example.");
	ck_assert_str_eq(judge("x.b.a.example"), "0 nxdomain b.a.example.");
	ck_assert_str_eq(judge("c.example"), "0 allow c.example.");
}
END_TEST

/* ---- zones ------------------------------------------------------------------------------ */

START_TEST(zone_has_exact_names_and_wildcards)
{
	add_set(TARN__RULE_SET_RPZ);
	add("a.example", TARN__NAMELIST_NXDOMAIN);
	add("*.b.example", TARN__NAMELIST_NODATA);
	add("c.example", TARN__NAMELIST_DROP);
	add("*.c.example", TARN__NAMELIST_TCP_ONLY);
	add("*.d.c.example", TARN__NAMELIST_REFUSED);
	done();
	ck_assert_str_eq(judge("a.example"), "0 nxdomain a.example.");
	ck_assert_str_eq(judge("x.a.example"), "pass");
	ck_assert_str_eq(judge("b.example"), "pass");
	ck_assert_str_eq(judge("x.y.b.example"), "0 nodata b.example.");
	ck_assert_str_eq(judge("c.example"), "0 drop c.example.");
	ck_assert_str_eq(judge("x.c.example"), "0 tcp c.example.");
	/* It exists, as the name of a wildcard. */
	ck_assert_str_eq(judge("d.c.example"), "pass");
	ck_assert_str_eq(judge("x.d.c.example"), "0 refused d.c.example.");
}
END_TEST

/* RFC 4592 section 2.2.2. */
START_TEST(name_that_exists_hides_wildcards_above)
{
	add_set(TARN__RULE_SET_RPZ);
	add("*.example", TARN__NAMELIST_NXDOMAIN);
	add("a.b.example", TARN__NAMELIST_PASSTHRU);
	add("*.c.d.example", TARN__NAMELIST_NODATA);
	add_set(TARN__RULE_SET_RPZ);
	add("*.example", TARN__NAMELIST_REFUSED);
	done();
	ck_assert_str_eq(judge("x.example"), "0 nxdomain example.");
	ck_assert_str_eq(judge("a.b.example"), "0 allow a.b.example.");
	ck_assert_str_eq(judge("b.example"), "1 refused example.");
	ck_assert_str_eq(judge("x.b.example"), "1 refused example.");
	ck_assert_str_eq(judge("x.a.b.example"), "1 refused example.");
	ck_assert_str_eq(judge("d.example"), "1 refused example.");
	ck_assert_str_eq(judge("x.d.example"), "1 refused example.");
	ck_assert_str_eq(judge("x.c.d.example"), "0 nodata c.d.example.");
}
END_TEST

/* The surprise: one name that is let through frees all of its top. */
START_TEST(wildcard_of_all_names)
{
	add_set(TARN__RULE_SET_RPZ);
	add("*", TARN__NAMELIST_NXDOMAIN);
	add("ok.example", TARN__NAMELIST_PASSTHRU);
	done();
	ck_assert_str_eq(judge("a.test"), "0 nxdomain .");
	ck_assert_str_eq(judge("ok.example"), "0 allow ok.example.");
	ck_assert_str_eq(judge("other.example"), "pass");
	ck_assert_str_eq(judge("example"), "pass");
	ck_assert_str_eq(judge("."), "pass");
}
END_TEST

START_TEST(passthru_ends_it_for_sets_behind)
{
	add_set(TARN__RULE_SET_RPZ);
	add("a.example", TARN__NAMELIST_PASSTHRU);
	block("||a.example^");
	done();
	ck_assert_str_eq(judge("a.example"), "0 allow a.example.");
	ck_assert_str_eq(judge("x.a.example"), "1 nxdomain a.example.");
}
END_TEST

START_TEST(zone_has_data)
{
	struct tarn__rule_record records[4];
	struct tarn__namelist_more more = {.has_record = true,
					   .type = TARN__TYPE_A,
					   .ttl = 77,
					   .rdata_len = 4,
					   .rdata = (const uint8_t *)"\300\0\2\1"};
	struct tarn__namelist_more txt = {.has_record = true,
					  .type = TARN__TYPE_TXT,
					  .ttl = 5,
					  .rdata_len = 3,
					  .rdata = (const uint8_t *)"\2hi"};
	add_set(TARN__RULE_SET_RPZ);
	add_record("*.a.example", TARN__NAMELIST_DATA, &more);
	add_record("*.a.example", TARN__NAMELIST_DATA, &txt);
	add_record("x.a.example", TARN__NAMELIST_DATA, &txt);
	done();
	ck_assert_uint_eq(count_records("y.a.example", TARN__TYPE_MX, records), 2);
	ck_assert_uint_eq(records[0].ttl_sec, 77);
	ck_assert_int_eq(memcmp(records[0].rdata, "\300\0\2\1", 4), 0);
	ck_assert_uint_eq(count_records("x.a.example", TARN__TYPE_A, records), 1);
	ck_assert_uint_eq(records[0].type, TARN__TYPE_TXT);
	ck_assert_str_eq(judge("a.example"), "pass");
	/* The name of data exists. */
	ck_assert_str_eq(judge("y.x.a.example"), "pass");
}
END_TEST

/* ---- many ------------------------------------------------------------------------------- */

static void random_name(uint64_t *random, char out[64])
{
	unsigned labels = 1 + pick(random, 3);
	size_t len = 0;
	for (unsigned i = 0; i < labels; i++)
		len += (size_t)snprintf(out + len, 64 - len, "l%u.", pick(random, 6));
	snprintf(out + len, 64 - len, "example");
}

static void feed_random(const char *pattern, unsigned seed, unsigned count)
{
	uint64_t random = seed;
	char name[64], line[128];
	for (unsigned i = 0; i < count; i++) {
		random_name(&random, name);
		snprintf(line, sizeof line, pattern, name);
		feed(compiler, line);
	}
}

START_TEST(what_is_allowed_after_it_was_blocked_is_not_blocked)
{
	uint64_t random = 9;
	char name[64];
	unsigned blocked = 0;
	add_set(TARN__RULE_SET_BLOCK);
	feed_random("||%s^\n", 1, 200);
	feed_random("|%s^\n", 2, 200);
	feed_random("@@||%s^\n", 1, 200);
	feed_random("@@|%s^\n", 2, 200);
	done();
	for (unsigned i = 0; i < 2000; i++) {
		random_name(&random, name);
		blocked += judge_for(name, TARN__TYPE_A, ALL).kind == TARN__VERDICT_ACT;
	}
	ck_assert_uint_eq(blocked, 0);
}
END_TEST

/* A slow and simple judge: the rules one by one. */
struct plain_rule {
	char name[64];
	bool is_wide, allows, is_important;
};

static bool reaches(const struct plain_rule *rule, const char *name)
{
	size_t len = strlen(name), rule_len = strlen(rule->name);
	if (len == rule_len)
		return strcmp(name, rule->name) == 0;
	return rule->is_wide && len > rule_len && name[len - rule_len - 1] == '.' &&
	       strcmp(name + len - rule_len, rule->name) == 0;
}

static enum tarn__verdict_kind judge_plainly(const struct plain_rule *list, unsigned count,
					     const char *name)
{
	int best = -1;
	for (unsigned i = 0; i < count; i++) {
		int rank = 2 * list[i].is_important + list[i].allows;
		if (reaches(&list[i], name) && rank > best)
			best = rank;
	}
	return best < 0	      ? TARN__VERDICT_PASS
	       : best % 2 > 0 ? TARN__VERDICT_ALLOW
			      : TARN__VERDICT_ACT;
}

START_TEST(verdicts_are_those_of_a_simple_judge)
{
	enum { RULES = 60 };
	static struct plain_rule list[RULES];
	uint64_t random = (uint64_t)_i + 1;
	char line[128], name[64];
	add_set(TARN__RULE_SET_BLOCK);
	for (unsigned i = 0; i < RULES; i++) {
		struct plain_rule *rule = &list[i];
		random_name(&random, name);
		memcpy(rule->name, name, sizeof name);
		rule->is_wide = pick(&random, 2);
		rule->allows = pick(&random, 3) == 0;
		rule->is_important = pick(&random, 5) == 0;
		snprintf(line, sizeof line, "%s%s%s^%s\n", rule->allows ? "@@" : "",
			 rule->is_wide ? "||" : "|", name, rule->is_important ? "$important" : "");
		feed(compiler, line);
	}
	done();
	for (unsigned i = 0; i < 1000; i++) {
		random_name(&random, name);
		ck_assert_msg(judge_for(name, TARN__TYPE_A, ALL).kind ==
				      judge_plainly(list, RULES, name),
			      "%s", name);
	}
}
END_TEST

/* ---- the object ------------------------------------------------------------------------- */

START_TEST(last_reference_releases_the_octets)
{
	block("||a.example^");
	done();
	ck_assert_ptr_eq(tarn__rules_get(rules), rules);
	tarn__rules_put(rules);
	ck_assert_uint_eq(released, 0);
	ck_assert_uint_eq(tarn__rules_list(rules)->entry_count, 1);
	tarn__rules_put(rules);
	rules = NULL;
	ck_assert_uint_eq(released, 1);
	tarn__rules_put(NULL);
}
END_TEST

START_TEST(list_that_does_not_fit_is_refused)
{
	struct compiled compiled;
	block("||a.example^");
	block("||b.example^");
	finish(compiler, &compiled);
	compiler = NULL;
	ck_assert_int_eq(tarn__rules_new(compiled.octets, compiled.len, release, sets, 1, &rules),
			 TARN__NAMELIST_FOREIGN);
	ck_assert_int_eq(tarn__rules_new(compiled.octets, compiled.len, release, sets,
					 TARN__NAMELIST_SETS_MAX + 1, &rules),
			 TARN__NAMELIST_FULL);
	compiled.octets[compiled.len - 1] ^= 1;
	ck_assert_int_eq(tarn__rules_new(compiled.octets, compiled.len, release, sets, 2, &rules),
			 TARN__NAMELIST_DAMAGED);
	ck_assert_uint_eq(released, 0);
	compiled_free(&compiled);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules");
	TCase *tcase = tcase_create("rules");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_passes);
	tcase_add_test(tcase, first_set_with_a_rule_decides);
	tcase_add_test(tcase, allow_set_ends_it_for_sets_behind);
	tcase_add_test(tcase, in_a_set_allow_is_before_block_unless_important);
	tcase_add_test(tcase, longest_name_is_given);
	tcase_add_test(tcase, name_above_an_allowed_one_is_told);
	tcase_add_test(tcase, groups_have_sets_of_their_own);
	tcase_add_test(tcase, rule_may_be_for_some_types);
	tcase_add_test(tcase, rule_may_leave_names_out);
	tcase_add_test(tcase, rewrites_have_records);
	tcase_add_test(tcase, rewrites_can_be_undone);
	tcase_add_test(tcase, zone_has_exact_names_and_wildcards);
	tcase_add_test(tcase, name_that_exists_hides_wildcards_above);
	tcase_add_test(tcase, wildcard_of_all_names);
	tcase_add_test(tcase, passthru_ends_it_for_sets_behind);
	tcase_add_test(tcase, zone_has_data);
	tcase_add_test(tcase, what_is_allowed_after_it_was_blocked_is_not_blocked);
	tcase_add_loop_test(tcase, verdicts_are_those_of_a_simple_judge, 0, 10);
	tcase_add_test(tcase, last_reference_releases_the_octets);
	tcase_add_test(tcase, list_that_does_not_fit_is_refused);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

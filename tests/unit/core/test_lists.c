/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/lists.c: what a client gets for a name of a rule set. */
#include "core/policy/lists.h"

#include <string.h>

#include "core/io.h"
#include "core/policy/policy.h"
#include "dns/reply.h"
#include "dns/stored.h"
#include "support/message.h"
#include "support/policy.h"
#include "support/unit.h"

static struct policy script;
static struct tarn__policy *policy;
static struct message question;
static struct tarn__query query;
static struct tarn__decision decision;
static uint8_t room[TARN__STORED_MAX];
static struct text text;

static const struct tarn_io *io;
static uint32_t now_s;

static uint32_t wall_sec(void *data)
{
	return *(const uint32_t *)data;
}

static void set_up(void)
{
	io = NULL;
	memset(&script, 0, sizeof script);
	policy = NULL;
}

static void tear_down(void)
{
	tarn__policy_put(policy);
	policy_fini(&script);
}

static void say(const char *statement)
{
	policy_say(&script, statement);
}

static void make(void)
{
	static const struct tarn_options nothing;
	const char *fault = policy_make_data(&script);
	ck_assert_msg(!fault, "%s", fault);
	struct tarn__policy *base =
		tarn__policy_new(&(struct tarn__policy_options){.public = &nothing});
	tarn__policy_put(policy);
	policy = tarn__policy_with(base, &script.data);
	tarn__policy_put(base);
	ck_assert_ptr_nonnull(policy);
}

static enum tarn__policy_action apply(const char *name, unsigned type)
{
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, name, type);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	memset(&decision, 0x5a, sizeof decision);
	decision.io = io;
	decision.room = room;
	decision.is_rules_target = false;
	return tarn__policy_apply(policy, &query, NULL, &decision);
}

static const char *answered(const char *name, unsigned type)
{
	static uint8_t reply[TARN__MESSAGE_MAX];
	ck_assert_int_eq(apply(name, type), TARN__POLICY_ANSWER);
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX};
	size_t len = tarn__reply_stored(&query, decision.stored, decision.stored_len, &how, reply);
	return read_records(&text, reply, len);
}

/* EDE, text and counters of a decision of the first set. */
static void check_reason(unsigned code, const char *expected, enum tarn__namelist_action action)
{
	ck_assert_uint_eq(decision.options.ede_count, 1);
	ck_assert_uint_eq(decision.options.ede[0].code, code);
	ck_assert_str_eq(decision.options.ede[0].text, expected);
	ck_assert(decision.is_block && !decision.is_authoritative);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_LISTS);
	ck_assert_uint_eq(decision.list_slot, 1);
	ck_assert_int_eq((int)decision.list_action, (int)action);
}

/* A1, A2, A5, A8 */
START_TEST(each_answer_says_who_made_it)
{
	static const struct {
		const char *word;
		enum tarn__policy_action action;
		enum tarn__namelist_action counted;
	} rows[] = {
		{"nxdomain", TARN__POLICY_ANSWER, TARN__NAMELIST_NXDOMAIN},
		{"nodata", TARN__POLICY_ANSWER, TARN__NAMELIST_NODATA},
		{"zero", TARN__POLICY_ANSWER, TARN__NAMELIST_ZERO},
		{"refused", TARN__POLICY_REFUSE, TARN__NAMELIST_REFUSED},
		{"drop", TARN__POLICY_DROP, TARN__NAMELIST_DROP},
		{"tcp-only", TARN__POLICY_TRUNCATE, TARN__NAMELIST_TCP_ONLY},
	};
	char set[64];
	snprintf(set, sizeof set, "set ads block %s", rows[_i].word);
	say(set);
	say("rule ||ads.example^");
	make();
	ck_assert_int_eq(apply("www.ads.example.", TARN__TYPE_A), rows[_i].action);
	check_reason(TARN__EDE_BLOCKED, "ads: ads.example", rows[_i].counted);
}
END_TEST

START_TEST(zero_is_an_address_of_each_family_and_no_other_record)
{
	say("set ads block zero");
	say("rule ||ads.example^");
	make();
	ck_assert_str_eq(answered("ads.example.", TARN__TYPE_A), "ads.example. 10 A 0.0.0.0\n");
	ck_assert_str_eq(answered("ads.example.", TARN__TYPE_AAAA),
			 "ads.example. 10 AAAA 00000000000000000000000000000000\n");
	apply("ads.example.", TARN__TYPE_HTTPS);
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NOERROR);
	ck_assert(tarn__stored_is_negative(decision.stored, decision.stored_len));
}
END_TEST

START_TEST(addresses_are_those_of_the_type)
{
	say("set ads block 192.0.2.1 2001:db8::1 192.0.2.2");
	say("rule ||ads.example^");
	make();
	ck_assert_str_eq(answered("ads.example.", TARN__TYPE_A),
			 "ads.example. 10 A 192.0.2.1\nads.example. 10 A 192.0.2.2\n");
	check_reason(TARN__EDE_FORGED, "ads: ads.example", TARN__NAMELIST_DATA);
	ck_assert_str_eq(answered("ads.example.", TARN__TYPE_AAAA),
			 "ads.example. 10 AAAA 20010db8000000000000000000000001\n");
	apply("ads.example.", TARN__TYPE_TXT);
	ck_assert(tarn__stored_is_negative(decision.stored, decision.stored_len));
}
END_TEST

/* A5 */
START_TEST(reason_of_a_set_is_its_extended_error)
{
	static const uint16_t codes[] = {[TARN__RULE_REASON_BLOCKED] = TARN__EDE_BLOCKED,
					 [TARN__RULE_REASON_CENSORED] = TARN__EDE_CENSORED,
					 [TARN__RULE_REASON_FILTERED] = TARN__EDE_FILTERED};
	say("set law block");
	say("rule ||bad.example^");
	script.sets[0].set.reason = (enum tarn__rule_reason)_i;
	make();
	apply("bad.example.", TARN__TYPE_A);
	check_reason(codes[_i], "law: bad.example", TARN__NAMELIST_NXDOMAIN);
}
END_TEST

/* A text that is too long is cut off; the name of the longest rule has 253 octets. */
START_TEST(text_is_bounded)
{
	char rule[300], name[300] = "";
	for (unsigned i = 0; i < 4; i++) {
		char label[65];
		memset(label, 'a' + (int)i, 60);
		snprintf(label + 60, sizeof label - 60, ".");
		strcat(name, label);
	}
	snprintf(rule, sizeof rule, "rule ||%.*s^", (int)strlen(name) - 1, name);
	say("set ads block");
	say(rule);
	make();
	ck_assert_int_eq(apply(name, TARN__TYPE_A), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(strlen(decision.options.ede[0].text), TARN__RULE_TEXT_MAX - 1);
}
END_TEST

/* A3 */
START_TEST(name_above_an_allowed_one_exists)
{
	say("set ads block");
	say("rule ||example^");
	say("rule @@||good.bad.example^");
	make();
	apply("bad.example.", TARN__TYPE_A);
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NOERROR);
	apply("other.example.", TARN__TYPE_A);
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NXDOMAIN);
	ck_assert_int_eq(apply("good.bad.example.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

/* O1: what stands before in the file counts. */
START_TEST(first_set_with_a_rule_decides)
{
	say("set mine allow");
	say("rule ||good.example^");
	say("set ads block");
	say("rule ||example^");
	say("set late allow");
	say("rule ||bad.example^");
	make();
	ck_assert_int_eq(apply("good.example.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("bad.example.", TARN__TYPE_A), TARN__POLICY_ANSWER);
}
END_TEST

/* tarnctl pause, block, unblock */
START_TEST(overrides_come_before_all_sets)
{
	say("set mine allow");
	say("rule ||good.example^");
	say("set ads block");
	say("rule ||bad.example^");
	say("block good.example.");
	say("unblock bad.example.");
	make();
	ck_assert_int_eq(apply("good.example.", TARN__TYPE_A), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_OVERRIDES);
	ck_assert_int_eq(apply("bad.example.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

/* A9: it ends by itself, at its time. */
START_TEST(pause_ends_at_its_time)
{
	const struct tarn_io clock = {.data = &now_s, .wall_sec = wall_sec};
	io = &clock;
	say("set ads block");
	say("rule ||bad.example^");
	script.paused_until_s = 1000;
	make();
	now_s = 999;
	ck_assert_int_eq(apply("bad.example.", TARN__TYPE_A), TARN__POLICY_PASS);
	now_s = 1000;
	ck_assert_int_eq(apply("bad.example.", TARN__TYPE_A), TARN__POLICY_ANSWER);
}
END_TEST

START_TEST(other_classes_are_not_judged)
{
	say("set ads block");
	say("rule ||bind^");
	make();
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, "version.bind.", TARN__TYPE_TXT);
	question.wire[question.len - 1] = TARN__CLASS_CH;
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	decision = (struct tarn__decision){.room = room};
	tarn__policy_apply(policy, &query, NULL, &decision);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_CHAOS);
}
END_TEST

/* A8 */
START_TEST(explanation_names_list_rule_and_file)
{
	char out[TARN__EXPLANATION_MAX];
	say("set ads block");
	say("rule ||ads.example^");
	say("rule @@||ok.ads.example^");
	make();
	enum tarn__policy_action action = apply("www.ads.example.", TARN__TYPE_A);
	struct tarn__asked asked = {.query = &query, .action = action};
	ck_assert_str_eq(tarn__policy_explain(policy, &asked, &decision, out),
			 "list \"ads\", rule ads.example., nxdomain (script)");
	asked.action = apply("ok.ads.example.", TARN__TYPE_A);
	ck_assert_str_eq(tarn__policy_explain(policy, &asked, &decision, out),
			 "list \"ads\", rule ok.ads.example., allowed (script)");
}
END_TEST

/* ---- addresses of clients --------------------------------------------------------------- */

static enum tarn__policy_action apply_from(const char *client, const char *name, unsigned type)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(client, 0, &address), 0);
	apply(name, type);
	memset(&decision, 0x5a, sizeof decision);
	decision.io = NULL;
	decision.room = room;
	decision.is_rules_target = false;
	return tarn__policy_apply(policy, &query, &address, &decision);
}

static const char *explain_from(const char *client, const char *name, unsigned type)
{
	static char out[TARN__EXPLANATION_MAX];
	struct tarn_address address;
	struct tarn__asked asked = {.query = &query, .client = &address};
	asked.action = apply_from(client, name, type);
	tarn_address_parse(client, 0, &address);
	return tarn__policy_explain(policy, &asked, &decision, out);
}

/* A5, A8, A24 */
START_TEST(client_is_told_its_prefix)
{
	static const struct {
		const char *client;
		const char *text;
	} clients[] = {{"10.51.100.7", "one: 10.51.100.0/24"},
		       {"::ffff:10.51.100.7", "one: 10.51.100.0/24"},
		       {"fd00:db8::7", "one: fd00:db8::/32"}};
	say("rpz one");
	say("rule 24.0.100.51.10.rpz-client-ip CNAME *.");
	say("rule 32.zz.db8.fd00.rpz-client-ip CNAME *.");
	make();
	ck_assert_int_eq(apply_from(clients[_i].client, "a.example.", TARN__TYPE_TXT),
			 TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_BLOCKED);
	ck_assert_str_eq(decision.options.ede[0].text, clients[_i].text);
	ck_assert(decision.is_block && !decision.is_authoritative);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_CLIENTS);
	ck_assert_uint_eq(decision.list_slot, 1);
	ck_assert_int_eq((int)decision.list_action, TARN__NAMELIST_NODATA);
	ck_assert_int_eq(apply_from("10.51.101.7", "a.example.", TARN__TYPE_A), TARN__POLICY_PASS);
	/* The program itself. */
	ck_assert_int_eq(apply("a.example.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

/* A26 */
START_TEST(client_of_a_zone_comes_behind_names_of_those_before)
{
	say("set ads block");
	say("rule ||ads.example^");
	say("rpz two");
	say("rule 8.0.0.0.10.rpz-client-ip CNAME *.");
	say("rule bad.example CNAME .");
	say("rpz three");
	say("rule bad.example CNAME rpz-drop.");
	make();
	apply_from("10.0.0.7", "ads.example.", TARN__TYPE_A);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_LISTS);
	ck_assert_uint_eq(decision.list_slot, 1);
	apply_from("10.0.0.7", "bad.example.", TARN__TYPE_A);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_CLIENTS);
	ck_assert_uint_eq(decision.list_slot, 2);
	apply_from("192.168.0.7", "bad.example.", TARN__TYPE_A);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_LISTS);
	ck_assert_uint_eq(decision.list_slot, 2);
}
END_TEST

START_TEST(unblocked_name_is_free_for_each_client)
{
	say("rpz one");
	say("rule 8.0.0.0.10.rpz-client-ip CNAME .");
	say("unblock ok.example");
	make();
	ck_assert_int_eq(apply_from("10.0.0.7", "ok.example.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply_from("10.0.0.7", "a.example.", TARN__TYPE_A), TARN__POLICY_ANSWER);
	say("pause");
	make();
	ck_assert_int_eq(apply_from("10.0.0.7", "a.example.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

START_TEST(target_of_a_rule_is_free_for_each_client)
{
	say("rpz one");
	say("rule 8.0.0.0.10.rpz-client-ip CNAME garden.example.");
	make();
	ck_assert_int_eq(apply_from("10.0.0.7", "a.example.", TARN__TYPE_A), TARN__POLICY_FOLLOW);
	struct tarn_address address;
	tarn_address_parse("10.0.0.7", 0, &address);
	decision.is_rules_target = true;
	ck_assert_int_eq(tarn__policy_apply(policy, &query, &address, &decision),
			 TARN__POLICY_PASS);
}
END_TEST

START_TEST(explanation_names_prefixes)
{
	say("rpz one");
	say("rule 8.0.0.0.10.rpz-client-ip CNAME .");
	say("rule 32.7.0.0.10.rpz-client-ip CNAME rpz-passthru.");
	say("rule 24.0.2.0.192.rpz-ip CNAME .");
	say("rpz two");
	say("rule bad.example CNAME .");
	make();
	ck_assert_str_eq(explain_from("10.0.0.8", "a.example.", TARN__TYPE_A),
			 "list \"one\", rule 10.0.0.0/8, nxdomain (script)");
	ck_assert_str_eq(explain_from("10.0.0.7", "a.example.", TARN__TYPE_A),
			 "list \"one\", rule 10.0.0.7/32, allowed (script)");
	ck_assert_str_eq(explain_from("192.168.0.1", "bad.example.", TARN__TYPE_AAAA),
			 "list \"two\", rule bad.example., nxdomain (script)");
	ck_assert_str_eq(explain_from("192.168.0.1", "bad.example.", TARN__TYPE_A),
			 "list \"two\", rule bad.example., nxdomain unless a list before has an "
			 "address of the answer (script)");
}
END_TEST

/* A26: a block list behind a zone waits for nothing. */
START_TEST(only_zones_wait_for_zones)
{
	say("rpz one");
	say("rule 24.0.2.0.192.rpz-ip CNAME .");
	say("set ads block");
	say("rule ||ads.example^");
	say("rpz three");
	say("rule bad.example CNAME .");
	make();
	ck_assert_int_eq(apply("ads.example.", TARN__TYPE_A), TARN__POLICY_ANSWER);
	ck_assert_int_eq(apply("bad.example.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("bad.example.", TARN__TYPE_AAAA), TARN__POLICY_ANSWER);
	apply("bad.example.", TARN__TYPE_A);
	ck_assert_int_eq(tarn__policy_apply_unanswered(policy, &query, NULL, &decision),
			 TARN__POLICY_ANSWER);
	apply("good.example.", TARN__TYPE_A);
	ck_assert_int_eq(tarn__policy_apply_unanswered(policy, &query, NULL, &decision),
			 TARN__POLICY_PASS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lists");
	TCase *tcase = tcase_create("lists");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, each_answer_says_who_made_it, 0, 6);
	tcase_add_test(tcase, zero_is_an_address_of_each_family_and_no_other_record);
	tcase_add_test(tcase, addresses_are_those_of_the_type);
	tcase_add_loop_test(tcase, reason_of_a_set_is_its_extended_error, 0, 3);
	tcase_add_test(tcase, text_is_bounded);
	tcase_add_test(tcase, name_above_an_allowed_one_exists);
	tcase_add_test(tcase, first_set_with_a_rule_decides);
	tcase_add_test(tcase, overrides_come_before_all_sets);
	tcase_add_test(tcase, pause_ends_at_its_time);
	tcase_add_test(tcase, other_classes_are_not_judged);
	tcase_add_test(tcase, explanation_names_list_rule_and_file);
	tcase_add_loop_test(tcase, client_is_told_its_prefix, 0, 3);
	tcase_add_test(tcase, client_of_a_zone_comes_behind_names_of_those_before);
	tcase_add_test(tcase, unblocked_name_is_free_for_each_client);
	tcase_add_test(tcase, target_of_a_rule_is_free_for_each_client);
	tcase_add_test(tcase, explanation_names_prefixes);
	tcase_add_test(tcase, only_zones_wait_for_zones);
	return unit_run(suite);
}

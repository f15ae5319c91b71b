/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/answer.c and the stages for answers: what each makes of an answer, and which answers are not
 * looked at again.
 */
#include "core/policy/answer.h"

#include <string.h>

#include "core/policy/policy.h"
/* First: its headers have parameters named as variables of answer.h. */
#include "support/policy.h"

#include "support/answer.h"

static struct policy script;
static struct tarn__policy *policy;
static struct tarn__decision decision;
static uint8_t room[TARN__STORED_MAX], buffers[2][TARN__MESSAGE_MAX];
static struct tarn__answer_view view;
static const struct tarn_address *client;
static bool is_stream;

static void set_up_policy(void)
{
	set_up();
	memset(&script, 0, sizeof script);
	policy = NULL;
	client = NULL;
	is_stream = false;
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
	struct tarn_options options = {0};
	policy_set_options(&script, &options);
	const char *fault = policy_make_data(&script);
	ck_assert_msg(!fault, "%s", fault);
	struct tarn__policy *base =
		tarn__policy_new(&(struct tarn__policy_options){.public = &options});
	ck_assert_ptr_nonnull(base);
	tarn__policy_put(policy);
	policy = tarn__policy_with(base, &script.data);
	tarn__policy_put(base);
}

static enum tarn__policy_action apply(void)
{
	memset(&decision, 0x5a, sizeof decision);
	decision.io = NULL;
	decision.room = room;
	view = (struct tarn__answer_view){.query = &query,
					  .client = client,
					  .stored = stored,
					  .stored_len = answer.len,
					  .age_sec = 10,
					  .is_stream = is_stream,
					  .message = buffers[0],
					  .other = buffers[1]};
	return tarn__policy_apply_answer(policy, &view, &decision);
}

static enum tarn__policy_action apply_to(const char *records)
{
	ck_assert_int_eq(judge_records(0, records), TARN__ANSWER_GOOD);
	return apply();
}

static const char *decided(void)
{
	static struct text text;
	static uint8_t reply[TARN__MESSAGE_MAX];
	size_t len = tarn__reply_stored(&query, decision.stored, decision.stored_len,
					&(struct tarn__reply){.limit = TARN__MESSAGE_MAX}, reply);
	return read_records(&text, reply, len);
}

static bool is_known(void)
{
	return tarn__policy_knows_answer(policy, stored);
}

#define CHAIN "www.example. 60 CNAME a.test.\na.test. 50 CNAME b.test.\nb.test. 40 A 192.0.2.1\n"

/* ---- generations ------------------------------------------------------------------------ */

START_TEST(without_stages_every_answer_is_known)
{
	make();
	ck_assert_int_eq(judge_records(0, CHAIN), TARN__ANSWER_GOOD);
	ck_assert(is_known());
	ck_assert_uint_eq(tarn__stored_generation(stored), 0);
}
END_TEST

/* Statements of a policy, an answer of www.example., and whether it is to be looked at each time. */
static const struct {
	const char *statements[4];
	unsigned type;
	const char *records;
	bool is_looked_at_again;
} marks[] = {
	{{"private"}, TARN__TYPE_A, CHAIN, false},
	{{"private"}, TARN__TYPE_A, "www.example. 60 A 10.0.0.1\n", true},
	{{"private www.example"}, TARN__TYPE_A, "www.example. 60 A 10.0.0.1\n", false},
	{{"no AAAA"}, TARN__TYPE_A, CHAIN, false},
	/* Hints that only some clients do not get; other clients pass the answer. */
	{{"no AAAA 198.51.100.0/24"},
	 TARN__TYPE_HTTPS,
	 "www.example. 60 HTTPS 00010000060010"
	 "20010db8000000000000000000000001\n",
	 true},
	{{"no AAAA 198.51.100.0/24"}, TARN__TYPE_HTTPS, "www.example. 60 HTTPS 000100\n", false},
	{{"no AAAA 198.51.100.0/24"}, TARN__TYPE_HTTPS, "www.example. 60 HTTPS 0001000000\n", true},
	/* Targets. */
	{{"local c.test. A 192.0.2.9"}, TARN__TYPE_A, CHAIN, false},
	{{"local b.test. A 192.0.2.9"}, TARN__TYPE_A, CHAIN, true},
	{{"set ads block", "rule ||c.test^"}, TARN__TYPE_A, CHAIN, false},
	{{"set ads block", "rule ||b.test^"}, TARN__TYPE_A, CHAIN, true},
	/*
	 * A rule for other types, other groups or a set that judges no targets: they may change without a
	 * new list.
	 */
	{{"set ads block", "rule ||b.test^$dnstype=AAAA"}, TARN__TYPE_A, CHAIN, true},
	{{"group kids 198.51.100.0/24", "set ads block for=kids", "rule ||b.test^"},
	 TARN__TYPE_A,
	 CHAIN,
	 true},
	/* A name that is allowed, whatever its targets are. */
	{{"set mine allow", "rule ||www.example^", "set ads block", "rule ||c.test^"},
	 TARN__TYPE_A,
	 CHAIN,
	 true},
	{{"block c.test."}, TARN__TYPE_A, CHAIN, false},
	{{"block b.test."}, TARN__TYPE_A, CHAIN, true},
	{{"unblock b.test."}, TARN__TYPE_A, CHAIN, true},
	/* Addresses, for whomever they are. */
	{{"rpz one", "rule 24.0.2.0.192.rpz-ip CNAME ."}, TARN__TYPE_A, CHAIN, true},
	{{"rpz one", "rule 24.0.3.0.192.rpz-ip CNAME ."}, TARN__TYPE_A, CHAIN, false},
	{{"rpz one", "rule 32.zz.2.c000.rpz-ip CNAME ."}, TARN__TYPE_A, CHAIN, false},
	{{"rpz one", "rule 24.0.2.0.192.rpz-client-ip CNAME ."}, TARN__TYPE_A, CHAIN, false},
	{{"rpz one", "rule 24.0.2.0.192.rpz-ip CNAME rpz-passthru."}, TARN__TYPE_A, CHAIN, true},
	{{"group kids 198.51.100.0/24", "rpz one for=kids", "rule 24.0.2.0.192.rpz-ip CNAME ."},
	 TARN__TYPE_A,
	 CHAIN,
	 true},
	/* What may wait for an answer. */
	{{"rpz one", "rule 24.0.3.0.192.rpz-ip CNAME .", "rpz two", "rule x.example CNAME ."},
	 TARN__TYPE_A,
	 CHAIN,
	 false},
	{{"rpz one", "rule 24.0.3.0.192.rpz-ip CNAME .", "rpz two", "rule www.example CNAME ."},
	 TARN__TYPE_A,
	 "www.example. 60 A 192.0.2.1\n",
	 true},
	{{"rpz one", "rule 24.0.3.0.192.rpz-ip CNAME .", "rpz two",
	  "rule 8.0.0.0.10.rpz-client-ip CNAME ."},
	 TARN__TYPE_A,
	 "www.example. 60 A 192.0.2.1\n",
	 true},
	/* Without CNAMEs no target is looked at. */
	{{"set ads block", "rule ||example^"},
	 TARN__TYPE_A,
	 "www.example. 60 A 192.0.2.1\n",
	 false},
	{{"set ads block", "rule ||test^"},
	 TARN__TYPE_CNAME,
	 "www.example. 60 CNAME a.test.\n",
	 false},
};

START_TEST(answer_is_marked_if_it_is_clear_for_all_clients)
{
	for (size_t i = 0; i < 4 && marks[_i].statements[i]; i++)
		say(marks[_i].statements[i]);
	make();
	ask("www.example.", marks[_i].type, false);
	ck_assert_int_eq(judge_records(0, marks[_i].records), TARN__ANSWER_GOOD);
	ck_assert(!is_known());
	apply();
	ck_assert_int_eq(is_known(), !marks[_i].is_looked_at_again);
	/* Another policy looks at it again. */
	make();
	ck_assert(!is_known());
}
END_TEST

/* ---- addresses -------------------------------------------------------------------------- */

static const char *explain_decision(enum tarn__policy_action action)
{
	static char out[TARN__EXPLANATION_MAX];
	const struct tarn__asked what = {.query = &query, .action = action};
	return tarn__policy_explain(policy, &what, &decision, out);
}

/* A5, A8, A26 */
START_TEST(address_decides_and_is_told)
{
	say("rpz one");
	say("rule 24.0.2.0.192.rpz-ip TXT why");
	say("rule 24.0.2.0.192.rpz-ip A 10.0.0.1");
	make();
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_ANSWER);
	ck_assert_str_eq(decided(), "www.example. 10 A 10.0.0.1\n");
	ck_assert_uint_eq(decision.stage, TARN__STAGE_ANSWER_ADDRESS);
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_FORGED);
	ck_assert_str_eq(decision.options.ede[0].text, "one: 192.0.2.0/24");
	ck_assert(decision.is_block && !decision.is_authoritative);
	ck_assert_uint_eq(decision.list_slot, 1);
	ck_assert_int_eq((int)decision.list_action, TARN__NAMELIST_DATA);
	ck_assert_str_eq(explain_decision(TARN__POLICY_ANSWER),
			 "the answer has a rule (one: 192.0.2.0/24)");
	/* Not for other types, though they come with addresses. */
	ask("www.example.", TARN__TYPE_MX, false);
	ck_assert_int_eq(apply_to("www.example. 60 MX 000a 3mail.example.\n"), TARN__POLICY_PASS);
}
END_TEST

START_TEST(address_of_a_set_without_chain_is_judged)
{
	say("rpz one no-chain");
	say("rule b.test CNAME *.");
	say("rule 24.0.2.0.192.rpz-ip CNAME .");
	make();
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_ANSWER_ADDRESS);
	ck_assert_int_eq((int)decision.list_action, TARN__NAMELIST_NXDOMAIN);
}
END_TEST

START_TEST(name_that_has_waited_is_decided_with_its_answer)
{
	say("rpz one");
	say("rule 24.0.3.0.192.rpz-ip CNAME *.");
	say("rpz two");
	say("rule www.example CNAME .");
	make();
	ck_assert_int_eq(apply_to("www.example. 60 A 192.0.2.1\n"), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.list_slot, 2);
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.list_slot, 2);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_ANSWER_CHAIN);
	ck_assert_int_eq(apply_to("www.example. 60 A 192.0.3.1\n"), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.list_slot, 1);
	is_stream = true;
	ck_assert_int_eq(apply_to(""), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.list_slot, 2);
}
END_TEST

/* ---- targets ---------------------------------------------------------------------------- */

START_TEST(chain_ends_at_a_local_name)
{
	say("local a.test. A 192.168.1.9");
	make();
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_FOLLOW);
	ck_assert_str_eq(decided(), "www.example. 50 CNAME a.test.\n");
	char next[TARN__NAME_TEXT_MAX];
	ck_assert_str_eq(tarn__name_format(decision.next.octets, next), "a.test.");
	ck_assert(!decision.is_authoritative);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_ANSWER_CHAIN);
}
END_TEST

START_TEST(first_target_of_the_chain_decides)
{
	say("local b.test. A 192.168.1.9");
	say("set ads block");
	say("rule ||a.test^");
	make();
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_ANSWER);
	ck_assert(decision.is_block);
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NXDOMAIN);
	ck_assert_str_eq(decision.options.ede[0].text, "ads: a.test");
}
END_TEST

START_TEST(target_for_tcp_only_passes_over_tcp)
{
	say("set ads block tcp-only");
	say("rule ||b.test^");
	say("private");
	make();
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_TRUNCATE);
	is_stream = true;
	ck_assert_int_eq(apply_to(CHAIN), TARN__POLICY_PASS);
	ck_assert(!is_known());
	/* What comes behind is still looked at. */
	ck_assert_int_eq(apply_to("www.example. 60 CNAME b.test.\nb.test. 40 A 10.0.0.1\n"),
			 TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_ANSWER_FILTER);
}
END_TEST

/* ---- addresses -------------------------------------------------------------------------- */

START_TEST(all_private_is_nodata_with_its_reason)
{
	say("private");
	make();
	ck_assert_int_eq(apply_to("www.example. 60 A 10.0.0.1\nwww.example. 60 A 127.0.0.1\n"),
			 TARN__POLICY_ANSWER);
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NOERROR);
	ck_assert(tarn__stored_is_negative(decision.stored, decision.stored_len));
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_FILTERED);
	ck_assert_str_eq(decision.options.ede[0].text, "its addresses are private");
}
END_TEST

/* The TTL is that of now. */
START_TEST(others_stay_with_their_chain)
{
	say("private");
	make();
	ck_assert_int_eq(apply_to("www.example. 60 CNAME a.test.\na.test. 60 A 10.0.0.1\n"
				  "a.test. 60 A 192.0.2.1\n"),
			 TARN__POLICY_ANSWER);
	ck_assert_str_eq(decided(), "www.example. 50 CNAME a.test.\na.test. 50 A 192.0.2.1\n");
	ck_assert_uint_eq(decision.options.ede_count, 0);
	ck_assert(!decision.is_authoritative);
}
END_TEST

/* The owner of the record is exempt, or the name of the question with all that it leads to. */
START_TEST(exempt_names_keep_their_addresses)
{
	say("private plex.direct");
	make();
	ck_assert_int_eq(
		apply_to("www.example. 60 CNAME a.plex.direct.\na.plex.direct. 60 A 10.0.0.1\n"),
		TARN__POLICY_PASS);
	ask("b.plex.direct.", TARN__TYPE_A, false);
	ck_assert_int_eq(apply_to("b.plex.direct. 60 CNAME a.test.\na.test. 60 A 10.0.0.1\n"),
			 TARN__POLICY_PASS);
}
END_TEST

/* A46: the last HTTPS record is gone, for its "mandatory" or as malformed. */
START_TEST(answer_without_any_record_is_nodata)
{
	say("no A");
	make();
	ask("www.example.", TARN__TYPE_HTTPS, false);
	static const char *const rdata[] = {"000100"
					    "000000020004"
					    "00040004c0000201",
					    "0001000004"};
	for (size_t i = 0; i < 2; i++) {
		char record[128];
		snprintf(record, sizeof record, "www.example. 60 HTTPS %s\n", rdata[i]);
		ck_assert_int_eq(apply_to(record), TARN__POLICY_ANSWER);
		ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NOERROR);
		struct tarn__stored left = tarn__stored_open(decision.stored, decision.stored_len);
		ck_assert_uint_eq(left.answer_count, 0);
		ck_assert(tarn__stored_is_negative(decision.stored, decision.stored_len));
		ck_assert_uint_eq(decision.options.ede_count, 1);
		ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_FILTERED);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer stages");
	TCase *tcase = tcase_create("answer stages");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up_policy, tear_down);
	tcase_add_test(tcase, without_stages_every_answer_is_known);
	tcase_add_loop_test(tcase, answer_is_marked_if_it_is_clear_for_all_clients, 0,
			    COUNT(marks));
	tcase_add_test(tcase, address_decides_and_is_told);
	tcase_add_test(tcase, address_of_a_set_without_chain_is_judged);
	tcase_add_test(tcase, name_that_has_waited_is_decided_with_its_answer);
	tcase_add_test(tcase, chain_ends_at_a_local_name);
	tcase_add_test(tcase, first_target_of_the_chain_decides);
	tcase_add_test(tcase, target_for_tcp_only_passes_over_tcp);
	tcase_add_test(tcase, all_private_is_nodata_with_its_reason);
	tcase_add_test(tcase, others_stay_with_their_chain);
	tcase_add_test(tcase, exempt_names_keep_their_addresses);
	tcase_add_test(tcase, answer_without_any_record_is_nodata);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/detour.c: chains of questions, and the answer that they come to. */
#include "core/detour.h"

#include <string.h>

#include "support/answer.h"
#include "tarn.h"

static bool memory_is_short;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_is_short ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return memory_is_short ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return memory_is_short ? NULL : __real_realloc(old, size);
}

static struct tarn__query client;
static struct message client_message;
static struct tarn__detour *detour;
static uint8_t room[TARN__STORED_MAX], out[TARN__STORED_MAX], octets[2][TARN__MESSAGE_MAX];
static const struct tarn__detour_buffers buffers = {.message = octets[0], .other = octets[1]};
static struct tarn__dns64_prefix prefix;

static void ask_as_client(const char *name, unsigned type)
{
	put_header(&client_message, 7, TARN__FLAG_RD);
	put_question(&client_message, name, type);
	put_opt(&client_message, 1232, 0, NULL, 0);
	ck_assert_int_eq(tarn__query_parse(client_message.wire, client_message.len, &client),
			 TARN__QUERY_GOOD);
	tarn__detour_free(detour);
	detour = tarn__detour_new(&client);
	ck_assert_ptr_nonnull(detour);
}

static void set_up_detour(void)
{
	memory_is_short = false;
	detour = NULL;
	prefix = (struct tarn__dns64_prefix){.octets = {0x00, 0x64, 0xff, 0x9b}, .len = 96};
	ask_as_client("Www.example.", TARN__TYPE_AAAA);
}

static void tear_down(void)
{
	memory_is_short = false;
	tarn__detour_free(detour);
}

/* Makes a decision of a CNAME from what is asked for now to the target. */
static void decide(struct tarn__decision *decision, const char *target)
{
	struct tarn__query now;
	struct tarn__name name;
	tarn__detour_query(detour, &client, &now);
	name.len = tarn__name_parse(target, name.octets);
	memset(decision, 0, sizeof *decision);
	decision->room = room;
	tarn__decision_follow(decision, &now, 300, &name);
}

static int follow(const char *target)
{
	struct tarn__decision decision;
	decide(&decision, target);
	return tarn__detour_follow(&detour, &client, &decision, &buffers);
}

static const char *asked_name(void)
{
	static char text[TARN__NAME_TEXT_MAX];
	struct tarn__query now;
	tarn__detour_query(detour, &client, &now);
	return tarn__name_format(now.qname, text);
}

static uint16_t asked_type(void)
{
	struct tarn__query now;
	tarn__detour_query(detour, &client, &now);
	return now.qtype;
}

/* Stores an answer of a server to a query. */
static struct tarn__detour_part part(const char *name, unsigned type, unsigned rcode,
				     const char *records)
{
	ask(name, type, false);
	ck_assert_int_eq(judge_records(rcode, records), TARN__ANSWER_GOOD);
	return (struct tarn__detour_part){.stored = stored, .len = answer.len};
}

static size_t finish(const struct tarn__detour_part *last)
{
	return tarn__detour_finish(detour, &client, last, &prefix, 1, &buffers, out);
}

/* The whole answer as the client gets it. */
static const char *whole(const struct tarn__detour_part *last)
{
	static struct text text;
	static uint8_t reply[TARN__MESSAGE_MAX];
	size_t len = finish(last);
	if (len == 0)
		return "none";
	struct tarn__query plain = client;
	plain.has_opt = false;
	len = tarn__reply_stored(&plain, out, len,
				 &(struct tarn__reply){.limit = TARN__MESSAGE_MAX}, reply);
	return read_records(&text, reply, len);
}

START_TEST(detour_begins_with_the_question)
{
	ck_assert_str_eq(asked_name(), "Www.example.");
	ck_assert_uint_eq(asked_type(), TARN__TYPE_AAAA);
	ck_assert(!tarn__detour_is_synthesis(detour));
	ck_assert(!tarn__detour_is_synthesis(NULL));
	ck_assert_uint_eq(tarn__detour_without(detour).len, 0);
	ck_assert_uint_eq(tarn__detour_errors(detour).ede_count, 0);
}
END_TEST

START_TEST(chain_and_its_end_are_one_answer)
{
	ck_assert_int_eq(follow("a.lan."), 0);
	ck_assert_int_eq(follow("b.test."), 0);
	ck_assert_str_eq(asked_name(), "b.test.");
	ck_assert(tarn__detour_is_authoritative(detour));
	struct tarn__detour_part last =
		part("b.test.", TARN__TYPE_AAAA, TARN__NXDOMAIN, "--\ntest. 60 SOA ns. root. 60\n");
	last.age_sec = 10;
	ck_assert_str_eq(whole(&last),
			 "Www.example. 300 CNAME a.lan.\na.lan. 300 CNAME b.test.\n--\n"
			 "test. 50 SOA ns. root. 60\n");
	ck_assert_uint_eq(tarn__stored_rcode(out), TARN__NXDOMAIN);
}
END_TEST

START_TEST(stale_end_has_its_own_ttl)
{
	ck_assert_int_eq(follow("b.test."), 0);
	struct tarn__detour_part last = part("b.test.", TARN__TYPE_AAAA, 0,
					     "b.test. 60 AAAA 20010db8000000000000000000000001\n");
	last.age_sec = 1000;
	last.stale_ttl = 30;
	ck_assert_str_eq(whole(&last), "Www.example. 300 CNAME b.test.\n"
				       "b.test. 30 AAAA 20010db8000000000000000000000001\n");
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

START_TEST(links_are_bounded)
{
	char name[16];
	for (unsigned i = 0; i < TARN__DETOUR_LINKS_MAX; i++) {
		snprintf(name, sizeof name, "n%u.lan.", i);
		ck_assert_int_eq(follow(name), 0);
	}
	ck_assert_int_eq(follow("more.lan."), TARN_EANSWER);
	/* What there is, is still an answer. */
	struct tarn__detour_part last = part("n15.lan.", TARN__TYPE_AAAA, 0,
					     "n15.lan. 60 AAAA 20010db8000000000000000000000001\n");
	ck_assert_str_ne(whole(&last), "none");
}
END_TEST

START_TEST(loop_makes_no_answer)
{
	ck_assert_int_eq(follow("a.lan."), 0);
	struct tarn__detour_part last = part("a.lan.", TARN__TYPE_AAAA, 0,
					     "a.lan. 60 CNAME b.test.\nb.test. 60 CNAME c.test.\n");
	ck_assert_str_ne(whole(&last), "none");
	last = part("a.lan.", TARN__TYPE_AAAA, 0,
		    "a.lan. 60 CNAME b.test.\nb.test. 60 CNAME www.example.\n");
	ck_assert_str_eq(whole(&last), "none");
}
END_TEST

/* Sixteen links and an end with a chain of its own are more CNAMEs than an answer may have, or just as many. */
START_TEST(chain_behind_a_chain_may_be_too_long)
{
	for (unsigned links = 0; links < 64; links++) {
		char records[4096] = "", line[64];
		for (unsigned i = 0; i < links; i++) {
			snprintf(line, sizeof line, "x%u.test. 60 CNAME x%u.test.\n", i, i + 1);
			strcat(records, line);
		}
		snprintf(line, sizeof line, "x%u.test. 60 AAAA 20010db8000000000000000000000001\n",
			 links);
		strcat(records, line);
		ask("x0.test.", TARN__TYPE_AAAA, false);
		if (judge_records(0, records) != TARN__ANSWER_GOOD)
			return;
		ask_as_client("www.example.", TARN__TYPE_AAAA);
		for (unsigned i = 1; i < TARN__DETOUR_LINKS_MAX; i++) {
			snprintf(line, sizeof line, "n%u.lan.", i);
			ck_assert_int_eq(follow(line), 0);
		}
		ck_assert_int_eq(follow("x0.test."), 0);
		const struct tarn__detour_part last = {.stored = stored, .len = answer.len};
		const char *text = whole(&last);
		ck_assert(strcmp(text, "none") == 0 || strstr(text, "AAAA"));
	}
}
END_TEST

/* An end of nearly 64 kB leaves no room for the chain. */
START_TEST(answer_that_is_too_long_is_none)
{
	ck_assert_int_eq(follow("b.test."), 0);
	ask("b.test.", TARN__TYPE_AAAA, false);
	start(RESPONSE);
	char address[16] = "";
	while (message.len + 28 < TARN__MESSAGE_MAX - 8) {
		put_octets(&message, "\xc0\x0c\0\34\0\1\0\0\0\74\0\20", 12);
		address[0]++;
		tarn__put32((uint8_t *)address + 12, (uint32_t)message.len);
		put_octets(&message, address, 16);
		count_one(&message, 1);
	}
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	const struct tarn__detour_part last = {.stored = stored, .len = answer.len};
	ck_assert_uint_eq(finish(&last), 0);
}
END_TEST

/* ---- extended errors -------------------------------------------------------------------- */

START_TEST(errors_of_the_way_are_kept)
{
	struct tarn__decision decision;
	decide(&decision, "a.lan.");
	snprintf(decision.text, sizeof decision.text, "safe: www.example");
	tarn__decision_add_error(&decision, TARN__EDE_FORGED, decision.text);
	ck_assert_int_eq(tarn__detour_follow(&detour, &client, &decision, &buffers), 0);
	decide(&decision, "b.lan.");
	tarn__decision_add_error(&decision, TARN__EDE_STALE, "a constant");
	ck_assert_int_eq(tarn__detour_follow(&detour, &client, &decision, &buffers), 0);
	decide(&decision, "c.lan.");
	tarn__decision_add_error(&decision, TARN__EDE_OTHER, NULL);
	ck_assert_int_eq(tarn__detour_follow(&detour, &client, &decision, &buffers), 0);
	memset(&decision, 0, sizeof decision);
	struct tarn__options errors = tarn__detour_errors(detour);
	ck_assert_uint_eq(errors.ede_count, TARN__EDE_COUNT_MAX);
	ck_assert_uint_eq(errors.ede[0].code, TARN__EDE_FORGED);
	ck_assert_str_eq(errors.ede[0].text, "safe: www.example");
	ck_assert_uint_eq(errors.ede[1].code, TARN__EDE_STALE);
	ck_assert_str_eq(errors.ede[1].text, "a constant");
}
END_TEST

START_TEST(one_rules_text_is_kept)
{
	for (unsigned i = 0; i < 2; i++) {
		struct tarn__decision decision;
		decide(&decision, i == 0 ? "a.lan." : "b.lan.");
		snprintf(decision.text, sizeof decision.text, "set %u", i);
		tarn__decision_add_error(&decision, TARN__EDE_FORGED, decision.text);
		ck_assert_int_eq(tarn__detour_follow(&detour, &client, &decision, &buffers), 0);
		memset(&decision, 0, sizeof decision);
	}
	struct tarn__options errors = tarn__detour_errors(detour);
	ck_assert_str_eq(errors.ede[0].text, "set 0");
	ck_assert_uint_eq(errors.ede[1].code, TARN__EDE_FORGED);
	ck_assert_ptr_null(errors.ede[1].text);
}
END_TEST

/* ---- DNS64 ------------------------------------------------------------------------------ */

START_TEST(synthesis_stands_at_the_end_of_the_chain)
{
	ck_assert_int_eq(follow("b.test."), 0);
	struct tarn__detour_part without =
		part("b.test.", TARN__TYPE_AAAA, 0, "--\ntest. 60 SOA ns. root. 60\n");
	ck_assert_int_eq(tarn__detour_synthesise(detour, &without, 20), 0);
	ck_assert(tarn__detour_is_synthesis(detour));
	ck_assert_uint_eq(asked_type(), TARN__TYPE_A);
	ck_assert_str_eq(asked_name(), "b.test.");
	struct tarn__detour_part last = part("b.test.", TARN__TYPE_A, 0,
					     "b.test. 60 CNAME c.test.\nc.test. 60 A 192.0.2.33\n");
	ck_assert_str_eq(whole(&last), "Www.example. 300 CNAME b.test.\nb.test. 60 CNAME c.test.\n"
				       "c.test. 20 AAAA 0064ff9b0000000000000000c0000221\n");
}
END_TEST

/*
 * The one without AAAA records is a copy, as old as it was then, and has the stale answers' TTL if it was
 * stale.
 */
START_TEST(answer_without_ipv6_is_used_where_none_is_made)
{
	struct tarn__detour_part without =
		part("www.example.", TARN__TYPE_AAAA, 0, "--\nexample. 60 SOA ns. root. 60\n");
	without.age_sec = 20;
	ck_assert_int_eq(tarn__detour_synthesise(detour, &without, 20), 0);
	struct tarn__detour_part last =
		part("www.example.", TARN__TYPE_A, 0, "--\nexample. 7 SOA ns. root. 7\n");
	ck_assert_str_eq(whole(&last), "none");
	struct tarn__detour_part kept_part = tarn__detour_without(detour);
	ck_assert_str_eq(whole(&kept_part), "--\nexample. 40 SOA ns. root. 60\n");

	ask_as_client("www.example.", TARN__TYPE_AAAA);
	without = part("www.example.", TARN__TYPE_AAAA, 0, "--\nexample. 60 SOA ns. root. 60\n");
	without.age_sec = 1000;
	without.stale_ttl = 30;
	ck_assert_int_eq(tarn__detour_synthesise(detour, &without, 30), 0);
	kept_part = tarn__detour_without(detour);
	ck_assert_str_eq(whole(&kept_part), "--\nexample. 30 SOA ns. root. 60\n");
}
END_TEST

/* The policy has changed in the meantime: there are no prefixes any more. */
START_TEST(without_prefixes_nothing_is_made)
{
	ck_assert_int_eq(tarn__detour_synthesise(detour, NULL, 20), 0);
	struct tarn__detour_part last =
		part("www.example.", TARN__TYPE_A, 0, "www.example. 60 A 192.0.2.1\n");
	ck_assert_uint_eq(tarn__detour_finish(detour, &client, &last, NULL, 0, &buffers, out), 0);
	ck_assert_uint_eq(tarn__detour_without(detour).len, 0);
}
END_TEST

/* ---- memory ----------------------------------------------------------------------------- */

START_TEST(short_memory_leaves_the_detour_as_it_was)
{
	ck_assert_int_eq(follow("a.lan."), 0);
	struct tarn__decision decision;
	decide(&decision, "b.lan.");
	struct tarn__detour_part without =
		part("a.lan.", TARN__TYPE_AAAA, 0, "--\nlan. 60 SOA ns. root. 60\n");
	memory_is_short = true;
	int followed = tarn__detour_follow(&detour, &client, &decision, &buffers);
	struct tarn__detour *other = tarn__detour_new(&client);
	int synthesised = tarn__detour_synthesise(detour, &without, 20);
	memory_is_short = false;
	ck_assert_int_eq(followed, TARN_ENOMEM);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(synthesised, TARN_ENOMEM);
	ck_assert_str_eq(asked_name(), "a.lan.");
	ck_assert_uint_eq(tarn__detour_without(detour).len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("detour");
	TCase *tcase = tcase_create("detour");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up_detour, tear_down);
	tcase_add_test(tcase, detour_begins_with_the_question);
	tcase_add_test(tcase, chain_and_its_end_are_one_answer);
	tcase_add_test(tcase, stale_end_has_its_own_ttl);
	tcase_add_test(tcase, links_are_bounded);
	tcase_add_test(tcase, loop_makes_no_answer);
	tcase_add_test(tcase, chain_behind_a_chain_may_be_too_long);
	tcase_add_test(tcase, answer_that_is_too_long_is_none);
	tcase_add_test(tcase, errors_of_the_way_are_kept);
	tcase_add_test(tcase, one_rules_text_is_kept);
	tcase_add_test(tcase, synthesis_stands_at_the_end_of_the_chain);
	tcase_add_test(tcase, answer_without_ipv6_is_used_where_none_is_made);
	tcase_add_test(tcase, without_prefixes_nothing_is_made);
	tcase_add_test(tcase, short_memory_leaves_the_detour_as_it_was);
	return unit_run(suite);
}

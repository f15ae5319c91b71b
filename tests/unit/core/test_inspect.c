/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/inspect.c and core/admin/dump.c: what is known of names, on a fake outside and a virtual clock. */
#include "core/admin/inspect.h"

#include <stdio.h>
#include <string.h>

#include "core/admin/dump.h"
#include "core/policy/policy.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/unit.h"

static struct tarn_address server;
static struct outside outside;
static uint8_t reply[TARN__MESSAGE_MAX];
static struct tarn__inspected inspected;

static void set_up(void)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	const char *const passed[] = {"home.arpa"};
	const struct tarn_forward never = {.zone = "never.example"};
	outside_init_with(&outside, &(struct tarn_options){
					    .upstreams = &server,
					    .upstream_count = 1,
					    .forwards = &never,
					    .forward_count = 1,
					    .pass = passed,
					    .pass_count = 1,
				    });
}

static void tear_down(void)
{
	outside_fini(&outside);
}

static void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)route;
	memcpy(reply, wire, len);
}

/* A question of a client's, "NAME TYPE" and flags of both kinds. */
static size_t write_question(const char *name, const char *type, unsigned variant, uint8_t *wire)
{
	static struct message question;
	uint16_t number;
	ck_assert(tarn__type_parse(type, &number));
	put_header(&question, 1, TARN__FLAG_RD | (variant & TARN__VARIANT_CD ? TARN__FLAG_CD : 0));
	put_question(&question, name, number);
	if (variant & TARN__VARIANT_DO)
		put_opt(&question, 1232, 0x8000, NULL, 0);
	memcpy(wire, question.wire, question.len);
	return question.len;
}

static long ask_variant(const char *name, const char *type, unsigned variant)
{
	uint8_t wire[512];
	struct tarn__client_request client_request = {
		.transport = TARN__TCP, .answer = on_answer, .route = ""};
	return tarn__resolver_resolve(outside.resolver, &client_request, wire,
				      write_question(name, type, variant, wire), reply);
}

static long ask(const char *name, const char *type)
{
	return ask_variant(name, type, 0);
}

/* The server answers the oldest question with these records. */
static void say(unsigned rcode, const char *records)
{
	static struct message answer;
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	size_t question_len = tarn__name_span(sent->wire + TARN__HEADER_LEN, sent->len) + 4;
	put_header(&answer, tarn__get16(sent->wire),
		   TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | rcode |
			   (tarn__get16(sent->wire + 2) & TARN__FLAG_CD));
	put_octets(&answer, sent->wire + TARN__HEADER_LEN, question_len);
	answer.wire[5] = 1;
	put_records(&answer, records);
	ck_assert(outside_answer(&outside, sent, 0, answer.wire, answer.len));
}

static void inspect_as(const char *name, const char *type, const struct tarn_address *client)
{
	static uint8_t wire[512];
	size_t len = write_question(name, type, 0, wire);
	tarn__inspect(outside.resolver, wire, len, client, &inspected);
}

static void inspect(const char *name, const char *type)
{
	inspect_as(name, type, NULL);
}

static void store(const char *name)
{
	char record[300];
	ck_assert_int_eq(ask(name, "A"), TARN__RESOLVE_PENDING);
	snprintf(record, sizeof(record), "%s 300 A 192.0.2.1", name);
	say(TARN__NOERROR, record);
}

static void store_missing(const char *name)
{
	ck_assert_int_eq(ask(name, "A"), TARN__RESOLVE_PENDING);
	say(TARN__NXDOMAIN, "--\nexample. 60 SOA ns.example. a.example. 60");
}

static bool is_stored(const char *name, const char *type)
{
	inspect(name, type);
	return inspected.states[0].is_stored;
}

static struct tarn__forgotten forget(const char *name, const char *type)
{
	uint8_t octets[TARN__NAME_MAX];
	uint16_t number;
	ck_assert(tarn__type_parse(type, &number));
	return tarn__forget(tarn__resolver_client(outside.resolver), octets,
			    tarn__name_parse(name, octets), number);
}

static bool sweep_step(struct tarn__sweep *sweep)
{
	return tarn__sweep_step(sweep, tarn__resolver_client(outside.resolver), 1000);
}

static struct tarn__forgotten sweep_all(enum tarn__sweep_kind kind, const char *name)
{
	struct tarn__sweep sweep = {.kind = kind};
	sweep.name_len = tarn__name_parse(name, sweep.name);
	while (sweep_step(&sweep))
		;
	return sweep.forgotten;
}

/* How many answers that were. */
static size_t sweep(enum tarn__sweep_kind kind, const char *name)
{
	return sweep_all(kind, name).answers;
}

/* ---- looking ---------------------------------------------------------------------------- */

START_TEST(answer_shows_with_its_age)
{
	store("www.example.");
	outside_pass(&outside, 20000);
	inspect("WWW.example.", "A");
	const struct rtcache_state *state = &inspected.states[0];
	ck_assert(state->is_stored);
	ck_assert_int_eq(state->item.value.status, RTCACHE_HIT);
	ck_assert_uint_eq(state->item.value.age_ms, 20000);
	ck_assert_uint_eq(state->item.value.ttl_ms, 280000);
	ck_assert(!inspected.states[TARN__VARIANT_DO].is_stored);
	ck_assert(!inspected.nxdomains[0].is_stored);
	ck_assert_int_eq(inspected.action, TARN__POLICY_PASS);
}
END_TEST

START_TEST(variants_show_apart)
{
	for (unsigned variant = 0; variant < TARN__VARIANTS; variant++) {
		ck_assert_int_eq(ask_variant("www.example.", "A", variant), TARN__RESOLVE_PENDING);
		say(TARN__NOERROR, "www.example. 300 A 192.0.2.1");
		inspect("www.example.", "A");
		for (unsigned i = 0; i < TARN__VARIANTS; i++)
			ck_assert_int_eq(inspected.states[i].is_stored, i <= variant);
	}
}
END_TEST

START_TEST(answer_past_its_end_shows_as_stale)
{
	store("www.example.");
	outside_pass(&outside, 310000);
	inspect("www.example.", "A");
	ck_assert_int_eq(inspected.states[0].item.value.status, RTCACHE_STALE);
	ck_assert_uint_eq(inspected.states[0].item.value.stale_ms, 10000);
}
END_TEST

START_TEST(failure_shows_with_its_next_try)
{
	store("good.example."); /* the server takes mixed case: its error is one */
	ck_assert_int_eq(ask("bad.example.", "A"), TARN__RESOLVE_PENDING);
	say(TARN__SERVFAIL, "");
	outside_pass(&outside, 1000);
	inspect("bad.example.", "A");
	ck_assert(!inspected.states[0].is_stored);
	ck_assert_int_eq(inspected.states[0].failure, TARN_EANSWER);
	ck_assert_uint_eq(inspected.states[0].failure_left_ms, 4000);
}
END_TEST

START_TEST(lookup_under_way_shows_with_those_who_wait)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ask("slow.example.", "A"), TARN__RESOLVE_PENDING);
	outside_pass(&outside, 100);
	inspect("slow.example.", "A");
	ck_assert_uint_eq(inspected.states[0].lookups, 1);
	ck_assert_uint_eq(inspected.states[0].waiters, 3);
	ck_assert_uint_eq(inspected.states[0].lookup_age_ms, 100);
}
END_TEST

START_TEST(name_that_does_not_exist_shows_for_every_type)
{
	store_missing("no.example.");
	inspect("no.example.", "MX");
	ck_assert(!inspected.states[0].is_stored);
	ck_assert(inspected.nxdomains[0].is_stored);
}
END_TEST

static const struct decided {
	const char *name, *type, *client;
	enum tarn__policy_action action;
	unsigned stage;
	const char *explanation;
} decided[] = {
	{"www.example.", "A", "192.168.1.1", TARN__POLICY_PASS, 0,
	 "none: it is for the upstream servers"},
	{"www.example.", "A", "192.0.2.7", TARN__POLICY_REFUSE, TARN__STAGE_ACCESS,
	 "this client is of no network that may ask (allow)"},
	{"localhost.", "A", NULL, TARN__POLICY_ANSWER, TARN__STAGE_SPECIAL,
	 "localhost. is a special name and never leaves (RFC 6761, 6303)"},
	{"a.onion.", "A", NULL, TARN__POLICY_ANSWER, TARN__STAGE_SPECIAL,
	 "onion. is a special name and never leaves (RFC 6761, 6303)"},
	{"a.local.", "A", NULL, TARN__POLICY_ANSWER, TARN__STAGE_SPECIAL,
	 "local. is a special name and is not forwarded unless pass or forward names it"
	 " (RFC 6761, 6303)"},
	{"www.home.arpa.", "A", NULL, TARN__POLICY_PASS, 0,
	 "home.arpa. is special, but an exception has been made"},
	{"10.in-addr.arpa.", "DS", NULL, TARN__POLICY_PASS, 0,
	 "none: a DS is for the servers of the zone above (RFC 4035)"},
	{"a.never.example.", "A", NULL, TARN__POLICY_ANSWER, TARN__STAGE_ZONE,
	 "never.example. is a zone that is never forwarded"},
	{"www.example.", "ANY", NULL, TARN__POLICY_ANSWER, TARN__STAGE_ANY,
	 "ANY gets one HINFO record (RFC 8482)"},
	{"www.home.arpa.", "ANY", NULL, TARN__POLICY_ANSWER, TARN__STAGE_ANY,
	 "ANY gets one HINFO record (RFC 8482)"},
};

START_TEST(stage_that_decides_explains_itself)
{
	const struct decided *row = &decided[_i];
	struct tarn_address client;
	if (row->client)
		ck_assert_int_eq(tarn_address_parse(row->client, 0, &client), 0);
	inspect_as(row->name, row->type, row->client ? &client : NULL);
	ck_assert_int_eq(inspected.parsed, TARN__QUERY_GOOD);
	ck_assert_int_eq(inspected.action, row->action);
	ck_assert_str_eq(inspected.explanation, row->explanation);
	if (row->action != TARN__POLICY_PASS)
		ck_assert_uint_eq(inspected.decision.stage, row->stage);
}
END_TEST

START_TEST(message_at_fault_shows_its_rcode)
{
	inspect("www.example.", "AXFR");
	ck_assert_int_eq(inspected.parsed, TARN__REFUSED);
}
END_TEST

START_TEST(looking_asks_nobody)
{
	inspect("www.example.", "A");
	outside_pass(&outside, 1000);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* ---- forgetting ------------------------------------------------------------------------- */

START_TEST(type_is_forgotten_in_all_variants)
{
	ask_variant("www.example.", "A", TARN__VARIANT_DO);
	say(TARN__NOERROR, "www.example. 300 A 192.0.2.1");
	store("www.example.");
	ck_assert_int_eq(ask("www.example.", "TXT"), TARN__RESOLVE_PENDING);
	say(TARN__NOERROR, "www.example. 300 TXT x");
	ck_assert_uint_eq(forget("WWW.example.", "A").answers, 2);
	ck_assert(!is_stored("www.example.", "A"));
	ck_assert(is_stored("www.example.", "TXT"));
}
END_TEST

START_TEST(forgetting_a_type_forgets_that_there_is_no_such_name)
{
	store_missing("no.example.");
	ck_assert_uint_eq(forget("no.example.", "MX").answers, 1);
	ck_assert_int_eq(ask("no.example.", "MX"), TARN__RESOLVE_PENDING);
	ck_assert_ptr_nonnull(outside_take(&outside, &server, TARN__UDP));
}
END_TEST

START_TEST(forgetting_a_type_forgets_its_failure)
{
	store("good.example."); /* the server takes mixed case: its error is one */
	ck_assert_int_eq(ask("bad.example.", "A"), TARN__RESOLVE_PENDING);
	say(TARN__SERVFAIL, "");
	struct tarn__forgotten forgotten = forget("bad.example.", "A");
	ck_assert_uint_eq(forgotten.failures, 1);
	ck_assert_uint_eq(forgotten.answers, 0);
	inspect("bad.example.", "A");
	ck_assert_int_eq(inspected.states[0].failure, 0);
	forgotten = forget("bad.example.", "A");
	ck_assert_uint_eq(forgotten.failures, 0);
}
END_TEST

START_TEST(forgetting_a_name_counts_its_failures)
{
	store("bad.example.");
	ck_assert_int_eq(ask("bad.example.", "MX"), TARN__RESOLVE_PENDING);
	say(TARN__SERVFAIL, "");
	struct tarn__forgotten forgotten = sweep_all(TARN__SWEEP_NAME, "bad.example.");
	ck_assert_uint_eq(forgotten.answers, 1);
	ck_assert_uint_eq(forgotten.failures, 1);
	inspect("bad.example.", "MX");
	ck_assert_int_eq(inspected.states[0].failure, 0);
}
END_TEST

START_TEST(name_is_forgotten_whatever_the_type_and_nothing_else)
{
	store("www.example.");
	store("a.www.example.");
	store_missing("no.example.");
	ck_assert_int_eq(ask("www.example.", "TYPE65280"), TARN__RESOLVE_PENDING);
	say(TARN__NOERROR, "www.example. 300 TYPE65280 00");
	ck_assert_uint_eq(sweep(TARN__SWEEP_NAME, "www.example."), 2);
	ck_assert(is_stored("a.www.example.", "A"));
	/* The name itself, and that it does not exist. */
	ck_assert_uint_eq(sweep(TARN__SWEEP_NAME, "no.example."), 2);
}
END_TEST

START_TEST(tree_is_forgotten_and_its_neighbours_are_not)
{
	store("example.");
	store("www.example.");
	store("wwwexample.");
	store("example.org.");
	ck_assert_uint_eq(sweep(TARN__SWEEP_TREE, "example."), 2);
	ck_assert(is_stored("wwwexample.", "A"));
	ck_assert(is_stored("example.org.", "A"));
	ck_assert_uint_eq(sweep(TARN__SWEEP_TREE, "."), 2);
}
END_TEST

START_TEST(sweep_of_many_takes_steps_and_misses_none)
{
	enum { NAMES = 3000 };
	char name[32];
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "n%d.%s.", i, i % 2 ? "odd" : "even");
		store(name);
	}
	struct tarn__sweep odd = {.kind = TARN__SWEEP_TREE};
	odd.name_len = tarn__name_parse("odd.", odd.name);
	ck_assert(sweep_step(&odd));
	while (sweep_step(&odd))
		outside_pass(&outside, 1);
	ck_assert_uint_eq(odd.forgotten.answers, NAMES / 2);
	ck_assert(is_stored("n0.even.", "A"));
	ck_assert(!is_stored("n1.odd.", "A"));
}
END_TEST

START_TEST(negative_answers_are_forgotten_and_others_are_not)
{
	store("www.example.");
	store_missing("no.example.");
	ck_assert_int_eq(ask("www.example.", "MX"), TARN__RESOLVE_PENDING);
	say(TARN__NOERROR, "--\nexample. 60 SOA ns.example. a.example. 60");
	/* An alias to what does not exist. */
	ck_assert_int_eq(ask("alias.example.", "A"), TARN__RESOLVE_PENDING);
	say(TARN__NXDOMAIN, "alias.example. 300 CNAME no.example.\n--\n"
			    "example. 60 SOA ns.example. a.example. 60");
	ck_assert_uint_eq(sweep(TARN__SWEEP_NEGATIVE, "."), 4);
	ck_assert(is_stored("www.example.", "A"));
}
END_TEST

/* ---- dump and load ---------------------------------------------------------------------- */

static struct tarn__dump_room room;
static char dumped[1 << 16];

static void add_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	size_t at = strlen(dumped);
	ck_assert_uint_lt(at + len + 2, sizeof(dumped));
	memcpy(dumped + at, line, len);
	strcpy(dumped + at + len, "\n");
}

static size_t dump(void)
{
	struct tarn__dump dump = {.put = add_line, .room = &room};
	dumped[0] = '\0';
	while (tarn__dump_step(&dump, outside.resolver))
		;
	return dump.count;
}

/* Into an empty cache. */
static void restart(void)
{
	tear_down();
	set_up();
}

static enum tarn__loaded load(const char *line, uint64_t age_sec)
{
	const char *fault;
	enum tarn__loaded loaded = tarn__dump_load(outside.resolver, &room, line, age_sec, &fault);
	ck_assert((fault != NULL) == (loaded == TARN__LOAD_FAULT));
	return loaded;
}

/* All lines; how many were stored. */
static size_t load_all(uint64_t age_sec)
{
	static char lines[sizeof(dumped)];
	size_t count = 0;
	strcpy(lines, dumped);
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		count += load(line, age_sec) == TARN__LOAD_STORED;
	return count;
}

static const char *answered(const char *name, const char *type, unsigned variant)
{
	static struct text text;
	long len = ask_variant(name, type, variant);
	ck_assert_int_gt(len, 0);
	return read_records(&text, reply, (size_t)len);
}

START_TEST(what_was_dumped_is_loaded_with_the_time_that_is_left)
{
	store("www.example.");
	store_missing("no.example.");
	ck_assert_int_eq(ask_variant("www.example.", "TXT", TARN__VARIANT_DO),
			 TARN__RESOLVE_PENDING);
	say(TARN__NOERROR, "www.example. 200 CNAME txt.example.\n"
			   "www.example. 200 RRSIG CNAME\n"
			   "txt.example. 100 TXT x\n"
			   "txt.example. 100 RRSIG TXT\n");
	outside_pass(&outside, 9500);
	ck_assert_uint_eq(dump(), 3);
	restart();
	ck_assert_uint_eq(load_all(5), 3);
	/* Half a second is rounded to the safe side. */
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 285 A 192.0.2.1\n");
	ck_assert_str_eq(answered("www.example.", "TXT", TARN__VARIANT_DO),
			 "www.example. 185 CNAME txt.example.\n"
			 "www.example. 185 RRSIG CNAME\n"
			 "txt.example. 85 TXT x\n"
			 "txt.example. 85 RRSIG TXT\n");
	/* NXDOMAIN holds for other types, too. */
	ck_assert_str_eq(answered("no.example.", "MX", 0),
			 "--\nexample. 45 SOA ns.example. a.example. 60\n");
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, TARN__NXDOMAIN);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(what_has_ended_since_is_not_loaded)
{
	store("www.example.");
	ck_assert_uint_eq(dump(), 1);
	restart();
	ck_assert_int_eq(load(strtok(dumped, "\n"), 300), TARN__LOAD_ENDED);
	ck_assert_int_eq(load(dumped, UINT64_MAX), TARN__LOAD_ENDED);
	ck_assert_int_eq(load(dumped, 299), TARN__LOAD_STORED);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 1 A 192.0.2.1\n");
}
END_TEST

START_TEST(what_is_known_is_not_replaced)
{
	store("www.example.");
	dump();
	outside_pass(&outside, 50000);
	ck_assert_int_eq(load(strtok(dumped, "\n"), 0), TARN__LOAD_KNOWN);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 250 A 192.0.2.1\n");
}
END_TEST

START_TEST(what_cannot_be_loaded_is_a_comment)
{
	store("old.example.");
	outside_pass(&outside, 310000);
	ck_assert_int_eq(ask("bad.example.", "A"), TARN__RESOLVE_PENDING);
	say(TARN__SERVFAIL, "");
	ck_assert_uint_eq(dump(), 0);
	ck_assert_ptr_nonnull(strstr(dumped, "; old.example. IN A - stale 10 NOERROR\n"));
	ck_assert_ptr_nonnull(strstr(dumped, "; bad.example. IN A - failed: no usable answer\n"));
	ck_assert_uint_eq(load_all(0), 0);
	ck_assert_int_eq(load("; www.example. IN A - 3 NOERROR 00", 0), TARN__LOAD_COMMENT);
	ck_assert_int_eq(load("", 0), TARN__LOAD_COMMENT);
}
END_TEST

/* A good one: www.example. A 192.0.2.1. */
#define QUESTION                                                                                   \
	"0000"                                                                                     \
	"8180"                                                                                     \
	"0001"                                                                                     \
	"0001"                                                                                     \
	"0000"                                                                                     \
	"0000"                                                                                     \
	"03777777076578616d706c6500"                                                               \
	"00010001"
#define RECORD                                                                                     \
	"c00c"                                                                                     \
	"00010001"                                                                                 \
	"0000012c"                                                                                 \
	"0004c0000201"

static const char *const hostile[] = {
	"www.example.",
	"www.example. IN A - 300 NOERROR",
	"www.example. IN A - 300 NOERROR " QUESTION RECORD " more",
	"www..example. IN A - 300 NOERROR " QUESTION RECORD,
	"www.example. CH A - 300 NOERROR " QUESTION RECORD,
	"www.example. IN B - 300 NOERROR " QUESTION RECORD,
	"www.example. IN A ad 300 NOERROR " QUESTION RECORD,
	"www.example. IN A - -300 NOERROR " QUESTION RECORD,
	"www.example. IN A - 300 YES " QUESTION RECORD,
	"www.example. IN A - 300 NXDOMAIN " QUESTION RECORD,
	"www.example. IN A - 300 NOERROR " QUESTION RECORD "0",
	"www.example. IN A - 300 NOERROR " QUESTION "xx",
	"www.example. IN A - 300 NOERROR 00",
	"www.example. IN A - 300 NOERROR " QUESTION "c00c",
	"other.example. IN A - 300 NOERROR " QUESTION RECORD,
	"www.example. IN AAAA - 300 NOERROR " QUESTION RECORD,
	/* A type that no client can ask for, and that would apply to all types. */
	"www.example. IN TYPE0 - 300 NOERROR 0000818000010001000000000377777707"
	"6578616d706c650000000001c00c000000010000012c0004c0000201",
	"www.example. IN ANY - 300 NOERROR 0000818000010001000000000377777707"
	"6578616d706c650000ff0001" RECORD,
};

START_TEST(what_is_no_answer_is_not_loaded)
{
	ck_assert_int_eq(load("www.example. IN A - 300 NOERROR " QUESTION RECORD, 0),
			 TARN__LOAD_STORED);
	restart();
	ck_assert_int_eq(load(hostile[_i], 0), TARN__LOAD_FAULT);
	ck_assert_uint_eq(dump(), 0);
}
END_TEST

/* The content of a file has not been validated. */
START_TEST(loaded_answer_is_not_authentic)
{
	char line[] = "www.example. IN A - 300 NOERROR " QUESTION RECORD;
	char *flags = strstr(line, "8180");
	memcpy(flags, "81a0", 4); /* with AD */
	ck_assert_int_eq(load(line, 0), TARN__LOAD_STORED);
	outside_reconfigure(&outside, &(struct tarn_options){.upstreams = &server,
							     .upstream_count = 1,
							     .trust_ad = true});
	uint8_t wire[512];
	struct tarn__client_request client_request = {
		.transport = TARN__TCP, .answer = on_answer, .route = ""};
	size_t len = write_question("www.example.", "A", 0, wire);
	wire[3] |= TARN__FLAG_AD;
	ck_assert_int_gt(
		tarn__resolver_resolve(outside.resolver, &client_request, wire, len, reply), 0);
	ck_assert_uint_eq(tarn__get16(reply + 2) & (TARN__FLAG_AD | TARN__FLAG_RCODE), 0);
	ck_assert_uint_eq(tarn__get16(reply + 6), 1);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(line_longer_than_any_entry_is_not_loaded)
{
	static char line[TARN__DUMP_LINE_MAX + 2];
	memset(line, '0', sizeof(line) - 1);
	ck_assert_int_eq(load(line, 0), TARN__LOAD_FAULT);
	line[TARN__DUMP_LINE_MAX - 1] = '\0';
	ck_assert_int_eq(load(line, 0), TARN__LOAD_FAULT);
}
END_TEST

START_TEST(head_is_read_back)
{
	char head[TARN__DUMP_HEAD_MAX];
	int64_t made_sec = 0;
	ck_assert_str_eq(tarn__dump_head(1767225600, head), "tarn-dump 1 1767225600");
	ck_assert_int_eq(tarn__dump_head_read(head, &made_sec), 0);
	ck_assert_int_eq(made_sec, 1767225600);
	static const char *const none[] = {
		"",
		"tarn-dump",
		"tarn-dump 2 1767225600",
		"tarn-dump 1 1767225600 x",
		"tarn-dump 1 -1",
		"tarn-dump 1 99999999999999999999",
		"; tarn-dump 1 1767225600",
	};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(tarn__dump_head_read(none[i], &made_sec), TARN_EINVAL);
	ck_assert_int_eq(made_sec, 1767225600);
}
END_TEST

START_TEST(end_is_read_back)
{
	char end[TARN__DUMP_END_MAX];
	ck_assert_str_eq(tarn__dump_end(0, end), "; 0 answers");
	ck_assert(tarn__dump_is_end(end));
	ck_assert_str_eq(tarn__dump_end(SIZE_MAX, end) + strlen(end) - 8, " answers");
	ck_assert(tarn__dump_is_end(end));
	static const char *const none[] = {
		"", ";", "; ", "; answers", ";  answers", "; 1 answers ", "; 1 answer", "1 answers",
	};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert(!tarn__dump_is_end(none[i]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inspect");
	TCase *tcase = tcase_create("inspect");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, answer_shows_with_its_age);
	tcase_add_test(tcase, variants_show_apart);
	tcase_add_test(tcase, answer_past_its_end_shows_as_stale);
	tcase_add_test(tcase, failure_shows_with_its_next_try);
	tcase_add_test(tcase, lookup_under_way_shows_with_those_who_wait);
	tcase_add_test(tcase, name_that_does_not_exist_shows_for_every_type);
	tcase_add_loop_test(tcase, stage_that_decides_explains_itself, 0,
			    sizeof(decided) / sizeof(decided[0]));
	tcase_add_test(tcase, message_at_fault_shows_its_rcode);
	tcase_add_test(tcase, looking_asks_nobody);
	tcase_add_test(tcase, type_is_forgotten_in_all_variants);
	tcase_add_test(tcase, forgetting_a_type_forgets_that_there_is_no_such_name);
	tcase_add_test(tcase, forgetting_a_type_forgets_its_failure);
	tcase_add_test(tcase, forgetting_a_name_counts_its_failures);
	tcase_add_test(tcase, name_is_forgotten_whatever_the_type_and_nothing_else);
	tcase_add_test(tcase, tree_is_forgotten_and_its_neighbours_are_not);
	tcase_add_test(tcase, sweep_of_many_takes_steps_and_misses_none);
	tcase_add_test(tcase, negative_answers_are_forgotten_and_others_are_not);
	tcase_add_test(tcase, what_was_dumped_is_loaded_with_the_time_that_is_left);
	tcase_add_test(tcase, what_has_ended_since_is_not_loaded);
	tcase_add_test(tcase, what_is_known_is_not_replaced);
	tcase_add_test(tcase, what_cannot_be_loaded_is_a_comment);
	tcase_add_loop_test(tcase, what_is_no_answer_is_not_loaded, 0,
			    sizeof(hostile) / sizeof(hostile[0]));
	tcase_add_test(tcase, loaded_answer_is_not_authentic);
	tcase_add_test(tcase, line_longer_than_any_entry_is_not_loaded);
	tcase_add_test(tcase, head_is_read_back);
	tcase_add_test(tcase, end_is_read_back);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_resolver_detours.c: questions that wait in a detour (core/detour.h), while all that they
 * wait with changes, ends or runs out.
 */
#include "core/resolver.h"

#include <stdio.h>
#include <string.h>

#include "core/stats.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/policy.h"
#include "support/unit.h"

enum { CLIENTS_MAX = 2 * TARN__PENDING_MAX };

static struct tarn_address server, other;
static struct outside outside, second;
static struct policy script;
static struct text text;
static uint8_t reply[TARN__MESSAGE_MAX], at_once[TARN__MESSAGE_MAX];
static size_t reply_len;
static unsigned answered[CLIENTS_MAX];

/* ---- memory ----------------------------------------------------------------------------- */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool is_inside; /* core/ is called, not the test's own helpers */
static unsigned allocations_left; /* the last of them fails; 0: none does */

static bool fails(void)
{
	return is_inside && allocations_left > 0 && --allocations_left == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* ---- the world -------------------------------------------------------------------------- */

static void say(const char *statement)
{
	policy_say(&script, statement);
}

static struct tarn_forward silent_zone(void)
{
	return (struct tarn_forward){.zone = "silent", .upstreams = &other, .upstream_count = 1};
}

/* The options of the script, with servers for the root, and for "silent." if it has some. */
static void configure(bool is_new, bool has_zone)
{
	struct tarn_forward forward = silent_zone();
	struct tarn_options options = {.upstreams = &server, .upstream_count = 1};
	if (has_zone) {
		options.forwards = &forward;
		options.forward_count = 1;
	}
	policy_set_options(&script, &options);
	if (is_new)
		outside_init_with(&outside, &options);
	else
		outside_reconfigure(&outside, &options);
}

static void set_data(void)
{
	const char *fault = policy_make_data(&script);
	ck_assert_msg(!fault, "%s", fault);
	outside_set_data(&outside, &script.data);
}

/* The outside's own memory never runs out. */
static int (*send_outside)(void *, struct tarn_exchange *);
static void (*cancel_outside)(void *, struct tarn_exchange *);

static int send_exchange(void *data, struct tarn_exchange *exchange)
{
	bool was_inside = is_inside;
	is_inside = false;
	int error = send_outside(data, exchange);
	is_inside = was_inside;
	return error;
}

static void cancel_exchange(void *data, struct tarn_exchange *exchange)
{
	bool was_inside = is_inside;
	is_inside = false;
	cancel_outside(data, exchange);
	is_inside = was_inside;
}

static void set_up(void)
{
	memset(&script, 0, sizeof script);
	memset(answered, 0, sizeof answered);
	is_inside = false;
	allocations_left = 0;
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	ck_assert_int_eq(tarn_address_parse("192.0.2.54", 53, &other), 0);
	say("dns64 64:ff9b::/96");
	say("local www.lan. 300 IN CNAME host.example.");
	say("local far.lan. 300 IN CNAME host.silent.");
	configure(true, true);
	set_data();
	send_outside = outside.io.send;
	cancel_outside = outside.io.cancel;
	outside.io.send = send_exchange;
	outside.io.cancel = cancel_exchange;
}

/* Nothing waits, and nothing is left for a sanitizer to find. */
static void tear_down(void)
{
	if (outside.resolver) {
		struct tarn__stats stats;
		tarn__resolver_stats(outside.resolver, &stats);
		ck_assert_uint_eq(stats.waiting, 0);
		outside_fini(&outside);
	}
	policy_fini(&script);
}

static void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	unsigned client;
	memcpy(&client, route, sizeof client);
	answered[client]++;
	memcpy(reply, wire, len);
	reply_len = len;
}

static long ask_over(struct outside *where, unsigned client, const char *name, unsigned type,
		     enum tarn__transport transport, bool is_recursive)
{
	uint8_t wire[TARN__UDP_MIN];
	size_t len = write_query(wire, 0x1234, name, type);
	wire[2] = is_recursive ? wire[2] : 0;
	const struct tarn__client_request client_request = {.transport = transport,
							    .answer = on_answer,
							    .route = &client,
							    .route_len = sizeof client};
	is_inside = true;
	long got = tarn__resolver_resolve(where->resolver, &client_request, wire, len, at_once);
	is_inside = false;
	return got;
}

static long ask(unsigned client, const char *name, unsigned type)
{
	return ask_over(&outside, client, name, type, TARN__UDP, true);
}

/* The server answers the oldest query with that RCODE and these records. Returns false if there is none. */
static bool answer_from(const struct tarn_address *from, unsigned rcode, const char *records)
{
	struct sent *sent = outside_take(&outside, from, TARN__UDP);
	if (!sent)
		return false;
	static struct message message;
	struct tarn__reader reader = {.wire = sent->wire, .at = TARN__HEADER_LEN, .end = sent->len};
	uint8_t name[TARN__NAME_MAX];
	tarn__name_read(&reader, name);
	tarn__read_octets(&reader, 4);
	put_header(&message, tarn__get16(sent->wire),
		   TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | rcode);
	put_octets(&message, sent->wire + TARN__HEADER_LEN, reader.at - TARN__HEADER_LEN);
	message.wire[5] = 1;
	put_records(&message, records);
	put_opt(&message, TARN__UDP_MAX, 0, NULL, 0);
	is_inside = true;
	outside_answer(&outside, sent, 0, message.wire, message.len);
	is_inside = false;
	return true;
}

static void answer(const char *records)
{
	ck_assert(answer_from(&server, TARN__NOERROR, records));
}

static unsigned rcode_of(const uint8_t *wire)
{
	return tarn__get16(wire + 2) & TARN__FLAG_RCODE;
}

static void check_reply(unsigned client, unsigned rcode, const char *records)
{
	ck_assert_uint_eq(answered[client], 1);
	ck_assert_uint_eq(rcode_of(reply), rcode);
	ck_assert_str_eq(read_records(&text, reply, reply_len), records);
}

#define SOA "example. 60 SOA ns. root. 60\n"
#define CHAIN "www.lan. 300 CNAME host.example.\n"
#define END "host.example. 60 A 192.0.2.1\n"
#define MADE "host.example. 60 AAAA 0064ff9b0000000000000000c0000201\n"

/* ---- what changes while a question waits ------------------------------------------------ */

START_TEST(configuration_may_change)
{
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	configure(false, true);
	configure(false, false);
	configure(false, true);
	outside_pass(&outside, 0);
	answer(END);
	check_reply(0, TARN__NOERROR, CHAIN END);
}
END_TEST

/* The local name is gone: its client has begun with it, and gets it. */
START_TEST(local_data_may_go)
{
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	say("no-names");
	set_data();
	answer(END);
	check_reply(0, TARN__NOERROR, CHAIN END);
	ck_assert_int_eq(ask(1, "www.lan.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	ck_assert(answer_from(&server, TARN__NXDOMAIN, ""));
	check_reply(1, TARN__NXDOMAIN, "");
}
END_TEST

/* A list comes: what it says of the name that is waited for holds for its answer. */
START_TEST(lists_may_come)
{
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	say("set ads block");
	say("rule ||tracker.example^");
	set_data();
	answer("host.example. 60 CNAME a.tracker.example.\na.tracker.example. 60 A 192.0.2.1\n");
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_uint_eq(rcode_of(reply), TARN__NXDOMAIN);
}
END_TEST

/* DNS64 is turned off after the AAAA answer: that is the answer. */
START_TEST(dns64_may_go)
{
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_AAAA), TARN__RESOLVE_PENDING);
	answer("--\n" SOA);
	ck_assert_uint_eq(answered[0], 0);
	script.options.dns64_prefix_count = 0;
	configure(false, true);
	answer(END);
	check_reply(0, TARN__NOERROR, CHAIN "--\n" SOA);
}
END_TEST

/* And before it: nothing more is asked for. */
START_TEST(dns64_may_go_early)
{
	ck_assert_int_eq(ask(0, "host.example.", TARN__TYPE_AAAA), TARN__RESOLVE_PENDING);
	script.options.dns64_prefix_count = 0;
	configure(false, true);
	answer("--\n" SOA);
	check_reply(0, TARN__NOERROR, "--\n" SOA);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(dns64_may_come)
{
	script.options.dns64_prefix_count = 0;
	configure(false, true);
	ck_assert_int_eq(ask(0, "host.example.", TARN__TYPE_AAAA), TARN__RESOLVE_PENDING);
	script.options.dns64_prefix_count = 1;
	configure(false, true);
	answer("--\n" SOA);
	answer(END);
	check_reply(0, TARN__NOERROR, MADE);
}
END_TEST

/* The names of the zone are the root's then. */
START_TEST(zone_may_go)
{
	ck_assert_int_eq(ask(0, "far.lan.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	ck_assert_ptr_nonnull(outside_take(&outside, &other, TARN__UDP));
	configure(false, false);
	outside_pass(&outside, 0);
	answer("host.silent. 60 A 192.0.2.1\n");
	check_reply(0, TARN__NOERROR,
		    "far.lan. 300 CNAME host.silent.\nhost.silent. 60 A 192.0.2.1\n");
}
END_TEST

/* A question counts for the zone that it waits for, also after a change. */
START_TEST(clients_of_a_silent_zone_leave_room_for_the_others)
{
	unsigned client = 0;
	while (ask(client, "far.lan.", TARN__TYPE_A) == TARN__RESOLVE_PENDING)
		client++;
	ck_assert_uint_eq(client, TARN__PENDING_MAX / 2);
	set_data();
	ck_assert_int_eq(ask(client, "host.example.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	answer(END);
	check_reply(client, TARN__NOERROR, END);
	outside_pass(&outside, 10000);
	for (unsigned i = 0; i < client; i++)
		ck_assert_uint_eq(answered[i], 1);
}
END_TEST

/* An answer of the root leads into the silent zone: the question belongs there from then on. */
START_TEST(question_moves_to_the_zone_that_it_waits_for)
{
	say("local into.example. 300 IN CNAME host.silent.");
	set_data();
	for (unsigned i = 0; i < TARN__PENDING_MAX / 2; i++)
		ck_assert_int_eq(ask(i, "out.example.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	ck_assert_int_gt(ask(CLIENTS_MAX - 1, "more.example.", TARN__TYPE_A), 0);
	/* The lookup of "more" is there, though its client has not waited. */
	answer("out.example. 60 CNAME into.example.\n");
	ck_assert_int_eq(ask(CLIENTS_MAX - 1, "more.example.", TARN__TYPE_A),
			 TARN__RESOLVE_PENDING);
	outside_pass(&outside, 10000);
	for (unsigned i = 0; i < TARN__PENDING_MAX / 2; i++)
		ck_assert_uint_eq(answered[i], 1);
	ck_assert_uint_eq(answered[CLIENTS_MAX - 1], 1);
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------- */

/* Loop: in front of the end of a chain, or of an A record. */
START_TEST(worker_may_end)
{
	outside_init_second(&second, &outside);
	ck_assert_int_eq(ask_over(&second, 0, _i == 0 ? "www.lan." : "host.example.",
				  TARN__TYPE_AAAA, TARN__UDP, true),
			 TARN__RESOLVE_PENDING);
	if (_i == 1) {
		struct outside *first = &outside;
		ck_assert_int_eq(
			ask_over(first, 1, "host.example.", TARN__TYPE_AAAA, TARN__UDP, true),
			TARN__RESOLVE_PENDING);
	}
	outside_fini(&second);
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_uint_eq(rcode_of(reply), TARN__SERVFAIL);
	/* The other worker's client starts the lookup again. */
	outside_pass(&outside, 0);
	if (_i == 1) {
		answer("--\n" SOA);
		answer(END);
		check_reply(1, TARN__NOERROR, MADE);
	}
}
END_TEST

START_TEST(worker_may_end_within_a_synthesis)
{
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_AAAA), TARN__RESOLVE_PENDING);
	answer("--\n" SOA);
	ck_assert_uint_eq(answered[0], 0);
	outside_fini(&outside);
	outside.resolver = NULL;
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_uint_eq(rcode_of(reply), TARN__SERVFAIL);
}
END_TEST

/* Four seconds from the question on, however many answers it takes; the lookup goes on. */
START_TEST(deadline_is_that_of_the_question)
{
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_AAAA), TARN__RESOLVE_PENDING);
	outside_pass(&outside, 300);
	answer("--\n" SOA);
	outside_pass(&outside, TARN__CLIENT_MS - 300 - 1);
	ck_assert_uint_eq(answered[0], 0);
	outside_pass(&outside, 1);
	check_reply(0, TARN__SERVFAIL, "");
	while (answer_from(&server, TARN__NOERROR, END))
		;
	ck_assert_uint_eq(answered[0], 1);
	long len = ask(1, "www.lan.", TARN__TYPE_AAAA);
	ck_assert_int_gt(len, 0);
	ck_assert_uint_eq(rcode_of(at_once), TARN__NOERROR);
}
END_TEST

/* ---- ways of asking --------------------------------------------------------------------- */

/* RFC 1034 section 4.3.1: what is known here is the answer. */
START_TEST(without_recursion_nothing_is_asked_for)
{
	long len = ask_over(&outside, 0, "www.lan.", TARN__TYPE_A, TARN__UDP, false);
	ck_assert_int_gt(len, 0);
	ck_assert_str_eq(read_records(&text, at_once, (size_t)len), CHAIN);
	ck_assert_uint_eq(tarn__get16(at_once + 2) & (TARN__FLAG_AA | TARN__FLAG_RCODE),
			  TARN__FLAG_AA);
	/* An answer of the cache that leads to a local name ends there. */
	say("local in.example. 300 IN A 192.168.1.9");
	set_data();
	ck_assert_int_eq(ask(0, "out.example.", TARN__TYPE_A), TARN__RESOLVE_PENDING);
	answer("out.example. 60 CNAME in.example.\nin.example. 60 A 192.0.2.1\n");
	check_reply(0, TARN__NOERROR,
		    "out.example. 60 CNAME in.example.\nin.example. 300 A 192.168.1.9\n");
	len = ask_over(&outside, 1, "out.example.", TARN__TYPE_A, TARN__UDP, false);
	ck_assert_str_eq(read_records(&text, at_once, (size_t)len),
			 "out.example. 60 CNAME in.example.\n");
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* Loop: the transport. */
START_TEST(transport_makes_no_difference)
{
	enum tarn__transport transport = _i == 0 ? TARN__UDP : TARN__TCP;
	ck_assert_int_eq(ask_over(&outside, 0, "www.lan.", TARN__TYPE_AAAA, transport, true),
			 TARN__RESOLVE_PENDING);
	answer("--\n" SOA);
	answer(END);
	check_reply(0, TARN__NOERROR, CHAIN MADE);
	long len = ask_over(&outside, 1, "www.lan.", TARN__TYPE_AAAA, transport, true);
	ck_assert_int_gt(len, 0);
	ck_assert_str_eq(read_records(&text, at_once, (size_t)len), CHAIN MADE);
}
END_TEST

START_TEST(workers_share_the_lookups_of_a_detour)
{
	outside_init_second(&second, &outside);
	ck_assert_int_eq(ask(0, "www.lan.", TARN__TYPE_AAAA), TARN__RESOLVE_PENDING);
	ck_assert_int_eq(ask_over(&second, 1, "www.lan.", TARN__TYPE_AAAA, TARN__UDP, true),
			 TARN__RESOLVE_PENDING);
	answer("--\n" SOA);
	tarn__resolver_run(second.resolver);
	ck_assert_uint_eq(answered[0] + answered[1], 0);
	answer(END);
	check_reply(0, TARN__NOERROR, CHAIN MADE);
	tarn__resolver_run(second.resolver);
	check_reply(1, TARN__NOERROR, CHAIN MADE);
	ck_assert_uint_eq(outside_surprises(&outside) + outside_surprises(&second), 0);
	outside_fini(&second);
}
END_TEST

/* ---- memory ----------------------------------------------------------------------------- */

/* Loop: the allocation that fails. The client has one reply; the next question finds all as it should be. */
START_TEST(memory_may_run_out)
{
	allocations_left = (unsigned)_i + 1;
	long len = ask(0, "www.lan.", TARN__TYPE_AAAA);
	if (len > 0)
		answered[0]++;
	answer_from(&server, TARN__NOERROR, "--\n" SOA);
	answer_from(&server, TARN__NOERROR, END);
	allocations_left = 0;
	outside_pass(&outside, 10000);
	ck_assert_uint_eq(answered[0], 1);
	outside_pass(&outside, 60000);
	len = ask(1, "www.lan.", TARN__TYPE_A);
	while (answer_from(&server, TARN__NOERROR, END))
		;
	outside_pass(&outside, 10000);
	ck_assert_uint_eq(answered[1] + (len > 0), 1);
	while (answer_from(&server, TARN__NOERROR, END))
		;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolver detours");
	TCase *tcase = tcase_create("resolver detours");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, configuration_may_change);
	tcase_add_test(tcase, local_data_may_go);
	tcase_add_test(tcase, lists_may_come);
	tcase_add_test(tcase, dns64_may_go);
	tcase_add_test(tcase, dns64_may_go_early);
	tcase_add_test(tcase, dns64_may_come);
	tcase_add_test(tcase, zone_may_go);
	tcase_add_test(tcase, clients_of_a_silent_zone_leave_room_for_the_others);
	tcase_add_test(tcase, question_moves_to_the_zone_that_it_waits_for);
	tcase_add_loop_test(tcase, worker_may_end, 0, 2);
	tcase_add_test(tcase, worker_may_end_within_a_synthesis);
	tcase_add_test(tcase, deadline_is_that_of_the_question);
	tcase_add_test(tcase, without_recursion_nothing_is_asked_for);
	tcase_add_loop_test(tcase, transport_makes_no_difference, 0, 2);
	tcase_add_test(tcase, workers_share_the_lookups_of_a_detour);
	tcase_add_loop_test(tcase, memory_may_run_out, 0, 40);
	return unit_run(suite);
}

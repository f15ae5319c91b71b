/* SPDX-License-Identifier: BSD-2-Clause */
/* core/stats.c, and what a resolver counts and shows of the questions that it is asked. */
#include "core/stats.h"

#include <stdio.h>
#include <string.h>

#include "core/observe.h"
#include "core/forward/server.h"
#include "core/policy/policy.h"
#include "dns/message.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/unit.h"

enum { A = TARN__TYPE_A, MINUTE_MS = 60000 };

static struct tarn_address server, client;
static struct outside outside;
static struct tarn__stats stats;
static uint8_t reply[TARN__MESSAGE_MAX];

/* What the observer was shown last, and how often it was. */
static struct {
	unsigned answered, asked_server, server_answered;
	enum tarn__status status;
	uint16_t rcode;
	uint64_t latency_ms, server_latency_ms;
	bool has_upstream;
	struct tarn_address upstream;
} seen;

static void on_answered(void *data, const struct tarn__answered *answered)
{
	ck_assert_ptr_eq(data, &seen);
	ck_assert_uint_ge(answered->reply_len, TARN__HEADER_LEN);
	ck_assert(tarn_address_is_equal(answered->client, &client));
	ck_assert_int_eq(answered->transport, TARN__UDP);
	seen.answered++;
	seen.status = answered->status;
	seen.rcode = answered->rcode;
	seen.latency_ms = answered->latency_ms;
	seen.has_upstream = answered->upstream;
	if (answered->upstream)
		seen.upstream = *answered->upstream;
}

static void on_asked_server(void *data, const struct tarn__forwarded *forwarded)
{
	(void)data;
	ck_assert(tarn_address_is_equal(forwarded->server, &server));
	ck_assert_uint_ge(forwarded->len, TARN__HEADER_LEN);
	seen.asked_server++;
}

static void on_server_answered(void *data, const struct tarn__forwarded *forwarded)
{
	(void)data;
	ck_assert(tarn_address_is_equal(forwarded->server, &server));
	seen.server_latency_ms = forwarded->latency_ms;
	seen.server_answered++;
}

static struct tarn__observer observer;

static void set_up(void)
{
	memset(&seen, 0, sizeof seen);
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	ck_assert_int_eq(tarn_address_parse("127.0.0.1", 4242, &client), 0);
	outside_init(&outside, &server, 1);
	observer = (struct tarn__observer){.data = &seen,
					   .answered = on_answered,
					   .asked_server = on_asked_server,
					   .server_answered = on_server_answered};
	tarn__resolver_observe(outside.resolver, &observer);
}

static void tear_down(void)
{
	outside_fini(&outside);
}

/* ---- questions and answers --------------------------------------------------------------- */

static void on_late_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)route;
	memcpy(reply, wire, len);
}

static long ask_wire(const uint8_t *wire, size_t len)
{
	struct tarn__client_request client_request = {
		.transport = TARN__UDP, .answer = on_late_answer, .client = &client, .route = ""};
	return tarn__resolver_resolve(outside.resolver, &client_request, wire, len, reply);
}

static long ask(const char *label, uint16_t type)
{
	uint8_t wire[128];
	return ask_wire(wire, write_query(wire, 0x1234, label, type));
}

/* The server's answer to what it was asked last: one A record, or an rcode alone. */
static void answer(uint16_t rcode)
{
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	uint8_t wire[TARN__UDP_MIN];
	memcpy(wire, sent->wire, sent->len);
	size_t len = answer_query(wire, rcode, 60);
	ck_assert(outside_answer(&outside, sent, 0, wire, len));
}

static void look_up(const char *label)
{
	ck_assert_int_eq(ask(label, A), TARN__RESOLVE_PENDING);
	answer(TARN__NOERROR);
}

/* The last reply was of that status and rcode, and it is the count-th of them. */
static void check(enum tarn__status status, uint16_t rcode, uint64_t count)
{
	tarn__resolver_stats(outside.resolver, &stats);
	ck_assert_int_eq(seen.status, status);
	ck_assert_uint_eq(seen.rcode, rcode);
	ck_assert_uint_eq(stats.statuses[status], count);
	uint64_t replies = 0, rcodes = 0;
	for (size_t i = 0; i < TARN__STATUSES; i++)
		replies += stats.statuses[i];
	for (size_t i = 0; i < TARN__COUNTED_RCODES; i++)
		rcodes += stats.rcodes[i];
	ck_assert_uint_eq(replies, seen.answered);
	ck_assert_uint_eq(rcodes, seen.answered);
	ck_assert_uint_eq(stats.questions[TARN__UDP], replies + stats.waiting);
}

/* ---- numbers ----------------------------------------------------------------------------- */

START_TEST(each_status_has_a_name_of_its_own)
{
	for (int i = 0; i < TARN__STATUSES; i++) {
		ck_assert_ptr_nonnull(tarn__status_name((enum tarn__status)i));
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(tarn__status_name((enum tarn__status)i),
					 tarn__status_name((enum tarn__status)j));
	}
}
END_TEST

START_TEST(time_is_in_the_bucket_whose_bound_it_does_not_pass)
{
	static const struct {
		uint64_t us;
		size_t bucket;
	} cases[] = {{0, 0},	 {1000, 0},  {1001, 1},	    {2000, 1},	   {2001, 2},
		     {50000, 5}, {50001, 6}, {5000000, 11}, {5000001, 12}, {UINT32_MAX, 12}};
	struct tarn__latency latency = {0};
	uint64_t sum = 0;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t before = latency.buckets[cases[i].bucket];
		tarn__latency_add(&latency, cases[i].us);
		sum += cases[i].us;
		ck_assert_uint_eq(latency.buckets[cases[i].bucket], before + 1);
	}
	ck_assert_uint_eq(latency.sum_us, sum);
}
END_TEST

START_TEST(numbers_add_up)
{
	struct tarn__stats sum = {.dropped = 1, .lookups_started = 2}, more = {.dropped = 3};
	more.types[TARN__COUNTED_TYPES - 1] = 4;
	tarn__stats_add(&sum, &more, sizeof sum);
	ck_assert_uint_eq(sum.dropped, 4);
	ck_assert_uint_eq(sum.lookups_started, 2);
	ck_assert_uint_eq(sum.types[TARN__COUNTED_TYPES - 1], 4);
}
END_TEST

/* ---- how questions are answered ---------------------------------------------------------- */

START_TEST(first_question_is_a_miss_and_the_next_a_hit)
{
	ck_assert_int_eq(ask("a", A), TARN__RESOLVE_PENDING);
	tarn__resolver_stats(outside.resolver, &stats);
	ck_assert_uint_eq(stats.waiting, 1);
	ck_assert_uint_eq(stats.lookups, 1);
	ck_assert_uint_eq(seen.answered, 0);
	outside_pass(&outside, 30);
	answer(TARN__NOERROR);
	check(TARN__STATUS_MISS, TARN__NOERROR, 1);
	ck_assert(seen.has_upstream && tarn_address_is_equal(&seen.upstream, &server));
	ck_assert_uint_eq(seen.latency_ms, 30);
	ck_assert_uint_eq(stats.latencies[TARN__STATUS_MISS].sum_us, 30000);
	ck_assert_uint_eq(stats.latencies[TARN__STATUS_MISS].buckets[5], 1);
	ck_assert_uint_eq(stats.waiting, 0);
	ck_assert_uint_eq(stats.lookups, 0);

	ck_assert_int_gt(ask("a", A), 0);
	check(TARN__STATUS_HIT, TARN__NOERROR, 1);
	ck_assert(seen.has_upstream && tarn_address_is_equal(&seen.upstream, &server));
	ck_assert_uint_eq(seen.latency_ms, 0);
	ck_assert_uint_eq(stats.types[A], 2);
	ck_assert_uint_eq(stats.lookups_started, 1);
}
END_TEST

START_TEST(who_shares_a_lookup_has_a_lock_hit)
{
	ck_assert_int_eq(ask("a", A), TARN__RESOLVE_PENDING);
	ck_assert_int_eq(ask("a", A), TARN__RESOLVE_PENDING);
	answer(TARN__NOERROR);
	check(seen.status, TARN__NOERROR, 1);
	ck_assert_uint_eq(stats.statuses[TARN__STATUS_MISS], 1);
	ck_assert_uint_eq(stats.statuses[TARN__STATUS_LOCK_HIT], 1);
	ck_assert(seen.has_upstream);
}
END_TEST

START_TEST(answer_past_its_end_is_expired_or_stale)
{
	look_up("a");
	outside_pass(&outside, MINUTE_MS);
	look_up("a");
	check(TARN__STATUS_EXPIRED, TARN__NOERROR, 1);
	outside_pass(&outside, MINUTE_MS);
	ck_assert_int_eq(ask("a", A), TARN__RESOLVE_PENDING);
	answer(TARN__SERVFAIL);
	check(TARN__STATUS_STALE, TARN__NOERROR, 1);
	ck_assert(seen.has_upstream);
}
END_TEST

START_TEST(failure_is_nobodys_answer)
{
	ck_assert_int_eq(ask("a", A), TARN__RESOLVE_PENDING);
	answer(TARN__SERVFAIL);
	check(TARN__STATUS_FAILURE, TARN__SERVFAIL, 1);
	ck_assert(!seen.has_upstream);
	ck_assert_int_gt(ask("a", A), 0);
	check(TARN__STATUS_FAILURE, TARN__SERVFAIL, 2);
	ck_assert_uint_eq(stats.lookups_started, 1);
}
END_TEST

START_TEST(question_at_its_deadline_is_a_failure)
{
	ck_assert_int_eq(ask("a", A), TARN__RESOLVE_PENDING);
	outside_pass(&outside, 4000);
	check(TARN__STATUS_FAILURE, TARN__SERVFAIL, 1);
	ck_assert_uint_eq(stats.latencies[TARN__STATUS_FAILURE].buckets[11], 1);
	ck_assert_uint_eq(stats.lookups, 1);
	while (outside_take(&outside, &server, TARN__UDP))
		continue;
}
END_TEST

START_TEST(what_policy_answers_is_local_or_refused)
{
	ck_assert_int_gt(ask("localhost", A), 0);
	check(TARN__STATUS_LOCAL, TARN__NOERROR, 1);
	ck_assert(!seen.has_upstream);
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 4242, &client), 0);
	ck_assert_int_gt(ask("localhost", A), 0);
	check(TARN__STATUS_REFUSED, TARN__REFUSED, 1);
}
END_TEST

/* Asks, and checks that one more reply is counted for that stage, and none for any other. */
static void check_stage(unsigned stage, const uint8_t *wire, size_t len)
{
	struct tarn__stats before;
	tarn__resolver_stats(outside.resolver, &before);
	ck_assert_int_gt(ask_wire(wire, len), 0);
	tarn__resolver_stats(outside.resolver, &stats);
	before.stages[stage]++;
	ck_assert_mem_eq(stats.stages, before.stages, sizeof stats.stages);
}

START_TEST(decisions_are_counted_by_stage)
{
	uint8_t wire[128];
	size_t len = write_query(wire, 0x1234, "localhost", A);
	check_stage(TARN__STAGE_SPECIAL, wire, len);
	len = write_query(wire, 0x1234, "a", TARN__TYPE_ANY);
	check_stage(TARN__STAGE_ANY, wire, len);
	wire[len - 1] = TARN__CLASS_CH;
	check_stage(TARN__STAGE_CHAOS, wire, len);
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 4242, &client), 0);
	check_stage(TARN__STAGE_ACCESS, wire, len);
	check_stage(TARN__STAGE_ACCESS, wire, len - 1); /* not a good query */
}
END_TEST

START_TEST(each_stage_has_a_name_of_its_own)
{
	for (unsigned i = 0; i < TARN__STAGES; i++) {
		ck_assert_ptr_nonnull(tarn__stages[i]->explain);
		for (unsigned j = 0; j < i; j++)
			ck_assert_str_ne(tarn__stages[i]->name, tarn__stages[j]->name);
	}
}
END_TEST

START_TEST(cache_alone_is_a_hit_or_refused)
{
	uint8_t wire[128];
	size_t len = write_query(wire, 0x1234, "a", A);
	wire[2] = 0; /* RD */
	ck_assert_int_gt(ask_wire(wire, len), 0);
	check(TARN__STATUS_REFUSED, TARN__REFUSED, 1);
	look_up("a");
	ck_assert_int_gt(ask_wire(wire, len), 0);
	check(TARN__STATUS_HIT, TARN__NOERROR, 1);
	ck_assert(seen.has_upstream);
}
END_TEST

START_TEST(fault_of_the_message_is_invalid)
{
	uint8_t wire[128];
	size_t len = write_query(wire, 0x1234, "a", A);
	ck_assert_int_gt(ask_wire(wire, len - 1), 0);
	check(TARN__STATUS_INVALID, TARN__FORMERR, 1);
	ck_assert_uint_eq(stats.types[A], 0);
	wire[11] = 1; /* an OPT of version 1 */
	memcpy(wire + len, "\0\0\x29\4\xd0\0\1\0\0\0\0", 11);
	ck_assert_int_gt(ask_wire(wire, len + 11), 0);
	check(TARN__STATUS_INVALID, TARN__BADVERS, 2);
	ck_assert_uint_eq(stats.rcodes[TARN__BADVERS], 1);
	ck_assert_int_gt(ask("a", TARN__TYPE_AXFR), 0);
	check(TARN__STATUS_REFUSED, TARN__REFUSED, 1);
}
END_TEST

START_TEST(what_gets_no_reply_is_dropped)
{
	uint8_t wire[128];
	size_t len = write_query(wire, 0x1234, "a", A);
	ask_wire(wire, TARN__HEADER_LEN - 1);
	wire[2] |= 0x80;
	ask_wire(wire, len);
	tarn__resolver_stats(outside.resolver, &stats);
	ck_assert_uint_eq(stats.dropped, 2);
	ck_assert_uint_eq(stats.questions[TARN__UDP], 0);
	ck_assert_uint_eq(seen.answered, 0);
}
END_TEST

START_TEST(types_beyond_the_counted_are_counted_together)
{
	for (uint16_t type = 256; type <= 258; type++)
		ck_assert_int_eq(ask("a", type), TARN__RESOLVE_PENDING);
	tarn__resolver_stats(outside.resolver, &stats);
	ck_assert_uint_eq(stats.types[256], 1);
	ck_assert_uint_eq(stats.types[TARN__COUNTED_TYPES - 1], 2);
	while (outside_take(&outside, &server, TARN__UDP))
		continue;
}
END_TEST

/* ---- servers ------------------------------------------------------------------------------ */

static void keep_counts(void *arg, const uint8_t *zone, const struct tarn__server *one)
{
	ck_assert_uint_eq(zone[0], 0);
	*(struct tarn__server_counts *)arg = one->counts;
}

START_TEST(what_a_server_does_is_counted)
{
	look_up("with.many.letters"); /* an error is one, then, and no matter of case */
	outside_pass(&outside, 7);
	ck_assert_int_eq(ask("b", A), TARN__RESOLVE_PENDING);
	outside_pass(&outside, 20);
	answer(TARN__SERVFAIL);
	ck_assert_uint_eq(seen.server_latency_ms, 20);
	ck_assert_int_eq(ask("c", A), TARN__RESOLVE_PENDING);
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert(outside_answer(&outside, sent, TARN_EUNREACHABLE, NULL, 0));
	struct tarn__server_counts counts;
	tarn__resolver_servers(outside.resolver, keep_counts, &counts);
	ck_assert_uint_eq(counts.asked, 3);
	ck_assert_uint_eq(counts.answered, 2);
	ck_assert_uint_eq(counts.unusable, 1);
	ck_assert_uint_eq(counts.silent, 1);
	ck_assert_uint_eq(counts.rejected, 0);
	ck_assert_uint_eq(seen.asked_server, 3);
	ck_assert_uint_eq(seen.server_answered, 2);
}
END_TEST

START_TEST(each_view_of_the_observer_may_be_missing)
{
	observer = (struct tarn__observer){0};
	look_up("a");
	tarn__resolver_observe(outside.resolver, NULL);
	look_up("b");
	tarn__resolver_stats(outside.resolver, &stats);
	ck_assert_uint_eq(stats.statuses[TARN__STATUS_MISS], 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats");
	TCase *tcase = tcase_create("stats");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_status_has_a_name_of_its_own);
	tcase_add_test(tcase, time_is_in_the_bucket_whose_bound_it_does_not_pass);
	tcase_add_test(tcase, numbers_add_up);
	tcase_add_test(tcase, first_question_is_a_miss_and_the_next_a_hit);
	tcase_add_test(tcase, who_shares_a_lookup_has_a_lock_hit);
	tcase_add_test(tcase, answer_past_its_end_is_expired_or_stale);
	tcase_add_test(tcase, failure_is_nobodys_answer);
	tcase_add_test(tcase, question_at_its_deadline_is_a_failure);
	tcase_add_test(tcase, what_policy_answers_is_local_or_refused);
	tcase_add_test(tcase, decisions_are_counted_by_stage);
	tcase_add_test(tcase, each_stage_has_a_name_of_its_own);
	tcase_add_test(tcase, cache_alone_is_a_hit_or_refused);
	tcase_add_test(tcase, fault_of_the_message_is_invalid);
	tcase_add_test(tcase, what_gets_no_reply_is_dropped);
	tcase_add_test(tcase, types_beyond_the_counted_are_counted_together);
	tcase_add_test(tcase, what_a_server_does_is_counted);
	tcase_add_test(tcase, each_view_of_the_observer_may_be_missing);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

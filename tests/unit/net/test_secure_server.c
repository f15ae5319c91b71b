/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/secure_server.c: what is known of an encrypted server. */

#include "config.h"

#include "net/upstream/secure_server.h"

#include "core/forward/endpoint.h"
#include "net/random.h"
#include "support/unit.h"
#include "tarn.h"

enum { START_MS = 100000 };

static struct tarn__endpoint *endpoint;
static struct tarn__secure_server server;
static struct tarn__random randomness;

static void make(const char *address, const char *name)
{
	struct tarn_address parsed;
	ck_assert_int_eq(tarn_address_parse(address, 443, &parsed), 0);
	struct tarn_traits traits = {.transport = TARN_HTTPS, .name = name};
	endpoint = tarn__endpoint_new(&parsed, &traits, &(struct tarn_source){0});
	ck_assert_ptr_nonnull(endpoint);
	tarn__secure_server_init(&server, endpoint);
}

static void set_up(void)
{
	make("192.0.2.1", "dns.example");
}

static void tear_down(void)
{
	tarn__secure_server_fini(&server);
	tarn__endpoint_put(endpoint);
}

static void fail_setup(bool is_alone, uint64_t now_ms)
{
	tarn__secure_server_failed(&server, TARN_ETLS, "closed during the handshake", is_alone,
				   now_ms, &randomness);
}

/* How long set-ups wait after so many failures in a row, each at the end of the wait for the one before. */
static uint64_t wait_after(unsigned failures, bool is_alone)
{
	uint64_t now_ms = START_MS;
	for (unsigned i = 0; i < failures; i++) {
		now_ms = server.wait_until_ms > now_ms ? server.wait_until_ms : now_ms;
		tarn__secure_server_started(&server, now_ms);
		fail_setup(is_alone, now_ms);
	}
	return server.wait_until_ms - now_ms;
}

static const struct {
	unsigned failures;
	uint64_t about_ms;
} waits[] = {{1, 250},	{2, 500},  {3, 1000},  {4, 2000},
	     {5, 4000}, {6, 8000}, {7, 10000}, {40, 10000}};

START_TEST(wait_doubles_up_to_ten_seconds_with_jitter)
{
	uint64_t waited_ms = wait_after(waits[_i].failures, false);
	ck_assert_uint_ge(waited_ms, waits[_i].about_ms * 3 / 4);
	ck_assert_uint_le(waited_ms, waits[_i].about_ms * 5 / 4);
}
END_TEST

START_TEST(lone_server_waits_for_a_second_at_most)
{
	ck_assert_uint_le(wait_after(waits[_i].failures, true), TARN__BACKOFF_ALONE_MS);
}
END_TEST

START_TEST(success_ends_the_wait)
{
	fail_setup(false, START_MS);
	ck_assert(!tarn__secure_server_may_start(&server, START_MS));
	ck_assert_int_eq(server.error, TARN_ETLS);
	ck_assert_str_eq(server.fault, "closed during the handshake");
	tarn__secure_server_succeeded(&server);
	ck_assert(tarn__secure_server_may_start(&server, START_MS));
	ck_assert(server.is_proven);
	tarn__secure_server_was_late(&server);
	ck_assert(!server.is_proven);
}
END_TEST

/* RFC 9110 section 10.2.3, within bounds. */
START_TEST(server_is_left_alone_for_a_minute_at_most)
{
	tarn__secure_server_hold(&server, TARN_EANSWER, "HTTP status 429", 2000, START_MS);
	ck_assert(tarn__secure_server_is_held(&server, START_MS + 1999));
	ck_assert(!tarn__secure_server_is_held(&server, START_MS + 2000));
	ck_assert_int_eq(server.error, TARN_EANSWER);
	tarn__secure_server_hold(&server, TARN_EANSWER, "HTTP status 429", UINT32_MAX, START_MS);
	ck_assert(!tarn__secure_server_is_held(&server, START_MS + TARN__HOLD_MAX_MS));
}
END_TEST

START_TEST(shortest_idle_time_counts_less_a_tenth)
{
	ck_assert_uint_eq(server.idle_ms, TARN__IDLE_MAX_MS);
	tarn__secure_server_closed(&server, 10000);
	ck_assert_uint_eq(server.idle_ms, 9000);
	tarn__secure_server_closed(&server, 20000);
	ck_assert_uint_eq(server.idle_ms, 9000);
	tarn__secure_server_closed(&server, 1);
	ck_assert_uint_eq(server.idle_ms, TARN__IDLE_MIN_MS);
}
END_TEST

/* A restart of the server has closed all of them. */
START_TEST(what_was_learnt_wears_off)
{
	tarn__secure_server_closed(&server, 1000);
	for (int i = 0; i < 100; i++)
		tarn__secure_server_kept(&server);
	ck_assert_uint_eq(server.idle_ms, TARN__IDLE_MAX_MS);
}
END_TEST

START_TEST(share_is_what_the_last_connections_answered)
{
	tarn__secure_server_ended(&server, 0); /* that shows nothing */
	tarn__secure_server_ended(&server, 1000);
	ck_assert_uint_eq(server.share, TARN__SHARE_MAX);
	tarn__secure_server_ended(&server, 5);
	ck_assert_uint_eq(server.share, 5);
	tarn__secure_server_shares(&server, 4);
	ck_assert_uint_eq(server.share, 5);
	for (unsigned answered = 1; answered < 200; answered++)
		tarn__secure_server_shares(&server, answered);
	ck_assert_uint_eq(server.share, TARN__SHARE_MAX);
}
END_TEST

START_TEST(silence_is_measured_by_the_round_trip)
{
	ck_assert_uint_eq(tarn__secure_server_doubt_ms(&server), TARN__DOUBT_MS);
	ck_assert_uint_eq(tarn__secure_server_dead_ms(&server), TARN__DEAD_MS);
	tarn__secure_server_answered(&server, 0);
	ck_assert_uint_eq(server.srtt_ms, 1);
	ck_assert_uint_eq(tarn__secure_server_doubt_ms(&server), TARN__DOUBT_MS);
	for (int i = 0; i < 100; i++)
		tarn__secure_server_answered(&server, 600);
	ck_assert_uint_ge(tarn__secure_server_doubt_ms(&server), 3 * 590);
	ck_assert_uint_ge(tarn__secure_server_dead_ms(&server), 3 * 590 + 2000);
}
END_TEST

START_TEST(another_network_is_begun_with_anew)
{
	fail_setup(false, START_MS);
	tarn__secure_server_hold(&server, TARN_EANSWER, "HTTP status 503", 5000, START_MS);
	tarn__secure_server_closed(&server, 1000);
	tarn__secure_server_ended(&server, 1);
	tarn__secure_server_network_changed(&server);
	ck_assert(tarn__secure_server_may_start(&server, START_MS));
	ck_assert(!tarn__secure_server_is_held(&server, START_MS));
	ck_assert_uint_eq(server.idle_ms, TARN__IDLE_MAX_MS);
	ck_assert_uint_eq(server.share, TARN__SHARE_MAX);
}
END_TEST

static const struct {
	const char *address, *name, *authority;
} authorities[] = {
	{"192.0.2.1", "dns.example", "dns.example"},
	{"192.0.2.1:8443", "dns.example", "dns.example:8443"},
	{"192.0.2.1", NULL, "192.0.2.1"},
	{"192.0.2.1:8443", NULL, "192.0.2.1:8443"},
	{"2001:db8::1", NULL, "[2001:db8::1]"},
	{"[2001:db8::1]:8443", NULL, "[2001:db8::1]:8443"},
};

/* RFC 9110 section 4.2.2: 443 is left out. */
START_TEST(authority_is_a_name_or_an_address)
{
	make(authorities[_i].address, authorities[_i].name);
	ck_assert_str_eq(server.authority, authorities[_i].authority);
}
END_TEST

int main(void)
{
	enum {
		WAITS = sizeof(waits) / sizeof(waits[0]),
		AUTHORITIES = sizeof(authorities) / sizeof(authorities[0])
	};
	Suite *suite = suite_create("secure_server");
	TCase *known = tcase_create("known");
	tcase_add_checked_fixture(known, set_up, tear_down);
	tcase_add_loop_test(known, wait_doubles_up_to_ten_seconds_with_jitter, 0, WAITS);
	tcase_add_loop_test(known, lone_server_waits_for_a_second_at_most, 0, WAITS);
	tcase_add_test(known, success_ends_the_wait);
	tcase_add_test(known, server_is_left_alone_for_a_minute_at_most);
	tcase_add_test(known, shortest_idle_time_counts_less_a_tenth);
	tcase_add_test(known, what_was_learnt_wears_off);
	tcase_add_test(known, share_is_what_the_last_connections_answered);
	tcase_add_test(known, silence_is_measured_by_the_round_trip);
	tcase_add_test(known, another_network_is_begun_with_anew);
	suite_add_tcase(suite, known);
	TCase *names = tcase_create("names");
	tcase_add_checked_fixture(names, NULL, tear_down);
	tcase_add_loop_test(names, authority_is_a_name_or_an_address, 0, AUTHORITIES);
	suite_add_tcase(suite, names);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_select.c: the decisions about servers, from made-up states of servers. */
#include "core/forward/select.h"

#include <string.h>

#include "support/unit.h"

enum { COUNT = 3, NOW_MS = 100000 };

static struct tarn__endpoint endpoint = {.address.in4.sin_family = AF_INET};
static struct tarn__server servers[COUNT];
static struct tarn__server *pointers[COUNT];
static struct tarn__server_tries tries[COUNT];
static struct tarn__select select_from;

static void set_up(void)
{
	memset(servers, 0, sizeof servers);
	memset(tries, 0, sizeof tries);
	for (size_t i = 0; i < COUNT; i++) {
		servers[i].endpoint = &endpoint;
		pointers[i] = &servers[i];
	}
	select_from = (struct tarn__select){.servers = pointers, .tries = tries, .count = COUNT};
}

static void kill_server(size_t index)
{
	servers[index].failures = TARN__HOLD_FAILURES;
	servers[index].held_until_ms = NOW_MS + TARN__HOLD_MS;
}

static int next_server(void)
{
	return tarn__select_next(&select_from, &(struct tarn__select_round){0});
}

/* Sends messages of one round until there is no next; returns their number, with the servers in order. */
static size_t send_round(int order[TARN__SENDS_MAX * COUNT])
{
	struct tarn__select_round round = {0};
	for (;;) {
		int index = tarn__select_next(&select_from, &round);
		if (index < 0)
			return round.sent;
		ck_assert_uint_lt(round.sent, TARN__SENDS_MAX * COUNT);
		order[round.sent++] = index;
		struct tarn__server_tries *server_tries = &tries[index];
		round.sends = tarn__select_sends(server_tries);
		server_tries->sends += !server_tries->is_over_stream;
		server_tries->stream_sends += server_tries->is_over_stream;
	}
}

/* ---- candidates ------------------------------------------------------------------------- */

START_TEST(new_servers_are_asked_in_order)
{
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(next_server(), i);
		tries[i].sends++;
	}
	ck_assert_int_eq(next_server(), 0);
}
END_TEST

START_TEST(question_is_sent_three_times_to_a_server)
{
	for (int sends = 0; sends < TARN__SENDS_MAX * COUNT; sends++) {
		int index = next_server();
		ck_assert_int_ge(index, 0);
		tries[index].sends++;
	}
	ck_assert_int_eq(next_server(), -1);
}
END_TEST

START_TEST(messages_over_tcp_are_counted_apart)
{
	tries[0].is_done = tries[1].is_done = true;
	tries[2].sends = TARN__SENDS_MAX;
	ck_assert_int_eq(next_server(), -1);
	tries[2].is_over_stream = true;
	ck_assert_int_eq(next_server(), 2);
	tries[2].stream_sends = TARN__SENDS_MAX;
	ck_assert_int_eq(next_server(), -1);
}
END_TEST

START_TEST(server_that_is_done_is_not_asked)
{
	tries[0].is_done = true;
	ck_assert_int_eq(next_server(), 1);
	tries[1].is_done = tries[2].is_done = true;
	ck_assert_int_eq(next_server(), -1);
}
END_TEST

START_TEST(server_that_is_dead_or_leads_back_is_not_asked)
{
	kill_server(0);
	ck_assert_int_eq(next_server(), 1);
	servers[1].is_forward_loop = true;
	ck_assert_int_eq(next_server(), 2);
	tries[2].is_done = true;
	ck_assert_int_eq(next_server(), -1);
}
END_TEST

START_TEST(last_message_is_held_back_until_the_server_answers_something)
{
	tries[1].is_done = tries[2].is_done = true;
	tries[0].sends = TARN__SENDS_MAX - 1;
	tries[0].sent_ms = NOW_MS;
	servers[0].spoken_ms = NOW_MS - 1;
	ck_assert_int_eq(next_server(), -1);
	ck_assert(tarn__select_is_held(&select_from, 0));
	ck_assert(!tarn__select_is_held(&select_from, 1));
	servers[0].spoken_ms = NOW_MS;
	ck_assert_int_eq(next_server(), 0);
	ck_assert(!tarn__select_is_held(&select_from, 0));
}
END_TEST

START_TEST(no_message_is_held_back_over_tcp_or_for_a_dead_server)
{
	tries[0].sends = tries[0].stream_sends = TARN__SENDS_MAX - 1;
	tries[0].sent_ms = NOW_MS;
	ck_assert(tarn__select_is_held(&select_from, 0));
	tries[0].is_over_stream = true;
	ck_assert(!tarn__select_is_held(&select_from, 0));
	tries[0].is_over_stream = false;
	kill_server(0);
	ck_assert(!tarn__select_is_held(&select_from, 0));
}
END_TEST

START_TEST(no_servers_is_no_choice)
{
	select_from.count = 0;
	ck_assert_int_eq(tarn__select_state(pointers, 0), TARN__SERVERS_NONE);
	ck_assert_int_eq(next_server(), -1);
}
END_TEST

START_TEST(servers_are_down_when_all_are_dead)
{
	ck_assert_int_eq(tarn__select_state(pointers, COUNT), TARN__SERVERS_UP);
	kill_server(0);
	servers[1].is_forward_loop = true;
	ck_assert_int_eq(tarn__select_state(pointers, COUNT), TARN__SERVERS_UP);
	kill_server(2);
	ck_assert_int_eq(tarn__select_state(pointers, COUNT), TARN__SERVERS_DOWN);
	ck_assert_int_eq(next_server(), -1);
	servers[0].is_forward_loop = servers[2].is_forward_loop = true;
	ck_assert_int_eq(tarn__select_state(pointers, COUNT), TARN__SERVERS_NONE);
}
END_TEST

/* ---- the order -------------------------------------------------------------------------- */

static const struct order {
	enum tarn_selection selection;
	size_t turn;
	int order[COUNT];
} orders[] = {
	{TARN_SELECTION_FASTEST, 1, {2, 1, 0}},	    {TARN_SELECTION_PARALLEL, 1, {2, 1, 0}},
	{TARN_SELECTION_SEQUENTIAL, 1, {0, 1, 2}},  {TARN_SELECTION_ROUND_ROBIN, 0, {0, 1, 2}},
	{TARN_SELECTION_ROUND_ROBIN, 1, {1, 2, 0}}, {TARN_SELECTION_ROUND_ROBIN, 2, {2, 0, 1}},
	{TARN_SELECTION_ROUND_ROBIN, 3, {0, 1, 2}},
};

START_TEST(selection_orders_servers_and_repeats_the_order)
{
	const struct order *expected = &orders[_i];
	servers[0].srtt_ms = 80;
	servers[1].srtt_ms = 40;
	servers[2].srtt_ms = 20;
	select_from.selection = expected->selection;
	select_from.turn = expected->turn;
	for (int i = 0; i < 2 * COUNT; i++) {
		ck_assert_int_eq(next_server(), expected->order[i % COUNT]);
		tries[expected->order[i % COUNT]].sends++;
	}
}
END_TEST

START_TEST(server_that_has_answered_since_goes_before_faster_ones)
{
	servers[0].srtt_ms = 20;
	servers[1].srtt_ms = 80;
	for (size_t i = 0; i < COUNT; i++) {
		tries[i].sends = 1;
		tries[i].sent_ms = NOW_MS;
	}
	ck_assert_int_eq(next_server(), 2);
	servers[1].spoken_ms = NOW_MS;
	ck_assert_int_eq(next_server(), 1);
	/* But not before those that have been sent fewer messages. */
	tries[2].sends = 0;
	ck_assert_int_eq(next_server(), 2);
}
END_TEST

START_TEST(strict_order_is_left_when_nothing_is_left_to_try)
{
	select_from.selection = TARN_SELECTION_STRICT;
	servers[0].srtt_ms = 80;
	servers[1].srtt_ms = 20;
	for (int i = 0; i < TARN__SENDS_MAX * COUNT; i++) {
		int index = next_server();
		ck_assert_int_eq(index, i / TARN__SENDS_MAX);
		tries[index].sends++;
	}
	memset(tries, 0, sizeof tries);
	tries[0].is_done = true;
	ck_assert_int_eq(next_server(), 1);
	kill_server(1);
	ck_assert_int_eq(next_server(), 2);
}
END_TEST

/* ---- how many at once ------------------------------------------------------------------- */

static const enum tarn_selection single[] = {TARN_SELECTION_FASTEST, TARN_SELECTION_SEQUENTIAL,
					     TARN_SELECTION_ROUND_ROBIN, TARN_SELECTION_STRICT};

START_TEST(one_message_is_sent_at_a_time)
{
	int order[TARN__SENDS_MAX * COUNT];
	select_from.selection = single[_i];
	ck_assert_uint_eq(send_round(order), 1);
	ck_assert_int_eq(order[0], 0);
}
END_TEST

START_TEST(parallel_selection_asks_all_servers_at_once)
{
	int order[TARN__SENDS_MAX * COUNT];
	select_from.selection = TARN_SELECTION_PARALLEL;
	servers[0].srtt_ms = 20;
	for (int sends = 0; sends < TARN__SENDS_MAX; sends++) {
		ck_assert_uint_eq(send_round(order), COUNT);
		ck_assert_int_eq(order[0], 1);
		ck_assert_int_eq(order[1], 2);
		ck_assert_int_eq(order[2], 0);
	}
	ck_assert_uint_eq(send_round(order), 0);
}
END_TEST

START_TEST(parallel_selection_asks_each_server_once_over_any_transport)
{
	int order[TARN__SENDS_MAX * COUNT];
	select_from.selection = TARN_SELECTION_PARALLEL;
	tries[0].is_over_stream = tries[1].is_over_stream = true;
	for (int sends = 0; sends < TARN__SENDS_MAX; sends++)
		ck_assert_uint_eq(send_round(order), COUNT);
	ck_assert_uint_eq(send_round(order), 0);
}
END_TEST

START_TEST(parallel_selection_lets_a_server_catch_up_first)
{
	int order[TARN__SENDS_MAX * COUNT];
	select_from.selection = TARN_SELECTION_PARALLEL;
	tries[0].sends = tries[1].sends = 1;
	ck_assert_uint_eq(send_round(order), 1);
	ck_assert_int_eq(order[0], 2);
	ck_assert_uint_eq(send_round(order), COUNT);
}
END_TEST

/* ---- dead servers ----------------------------------------------------------------------- */

START_TEST(dead_server_is_tried_when_its_hold_is_over)
{
	ck_assert(!tarn__select_tries_dead(&select_from, 1, NOW_MS));
	kill_server(1);
	ck_assert(!tarn__select_tries_dead(&select_from, 1, NOW_MS + TARN__HOLD_MS - 1));
	ck_assert(tarn__select_tries_dead(&select_from, 1, NOW_MS + TARN__HOLD_MS));
}
END_TEST

START_TEST(dead_server_is_tried_where_the_order_lets_it)
{
	uint64_t now = NOW_MS + TARN__HOLD_MS;
	kill_server(1);
	ck_assert(tarn__select_tries_dead(&select_from, 1, now));
	select_from.selection = TARN_SELECTION_STRICT;
	ck_assert(!tarn__select_tries_dead(&select_from, 1, now));
	servers[0].is_forward_loop = true;
	ck_assert(tarn__select_tries_dead(&select_from, 1, now));
	servers[0].is_forward_loop = false;
	kill_server(0);
	ck_assert(tarn__select_tries_dead(&select_from, 0, now));
	ck_assert(tarn__select_tries_dead(&select_from, 1, now));
}
END_TEST

/* ---- how long --------------------------------------------------------------------------- */

static uint64_t timeout_ms(unsigned sends)
{
	tries[0].sends = (uint8_t)sends;
	return tarn__select_timeout_ms(&servers[0], &tries[0]);
}

START_TEST(timeout_follows_the_round_trip_within_its_limits)
{
	ck_assert_uint_eq(timeout_ms(0), TARN__TIMEOUT_NEW_MS);
	servers[0].srtt_ms = 2;
	ck_assert_uint_eq(timeout_ms(0), TARN__TIMEOUT_MIN_MS);
	ck_assert_uint_eq(timeout_ms(1), 2 * TARN__TIMEOUT_MIN_MS);
	ck_assert_uint_eq(timeout_ms(2), 4 * TARN__TIMEOUT_MIN_MS);
	servers[0].srtt_ms = 200;
	servers[0].rttvar_ms = 10;
	ck_assert_uint_eq(timeout_ms(0), 240);
	servers[0].srtt_ms = UINT32_MAX;
	servers[0].rttvar_ms = UINT32_MAX;
	ck_assert_uint_eq(timeout_ms(0), TARN__TIMEOUT_MAX_MS);
	ck_assert_uint_eq(timeout_ms(2), TARN__TIMEOUT_MAX_MS);
}
END_TEST

START_TEST(timeout_is_twice_as_long_over_tcp)
{
	tries[0].is_over_stream = true;
	tries[0].sends = 2;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]),
			  2 * TARN__TIMEOUT_NEW_MS);
	servers[0].srtt_ms = 2;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]), TARN__TIMEOUT_TCP_MS);
	tries[0].stream_sends = 2;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]),
			  2 * 4 * TARN__TIMEOUT_MIN_MS);
}
END_TEST

/* ---- encrypted servers, and servers without an address ---------------------------------- */

static struct tarn__endpoint secure = {.address.in4.sin_family = AF_INET,
				       .traits.transport = TARN_TLS};
static struct tarn__endpoint unknown = {.traits = {.transport = TARN_TLS, .name = "dns.example"}};

static void secure_server(size_t index)
{
	servers[index].endpoint = &secure;
	tries[index].is_over_stream = true;
}

/* Until then its carrier sends the question again. */
START_TEST(encrypted_server_is_sent_more_only_if_it_has_answered_since)
{
	select_from.count = 1;
	secure_server(0);
	ck_assert_int_eq(next_server(), 0);
	tries[0].stream_sends = 1;
	tries[0].sent_ms = NOW_MS;
	servers[0].spoken_ms = NOW_MS - 1;
	ck_assert_int_eq(next_server(), -1);
	ck_assert(!tarn__select_is_held(&select_from, 0));
	servers[0].spoken_ms = NOW_MS + 1;
	ck_assert_int_eq(next_server(), 0);
	tries[0].stream_sends = TARN__SENDS_MAX;
	ck_assert_int_eq(next_server(), -1);
}
END_TEST

START_TEST(silent_encrypted_server_is_followed_by_the_next_in_any_order)
{
	select_from.selection = (enum tarn_selection)_i;
	secure_server(0);
	secure_server(1);
	tries[0].stream_sends = 1;
	tries[0].sent_ms = NOW_MS;
	ck_assert_int_eq(next_server(), 1);
}
END_TEST

/* A connection takes three round trips, or four, and the second server has answered within a second. */
START_TEST(timeout_over_encrypted_transports_is_that_of_four_round_trips)
{
	secure_server(0);
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]),
			  TARN__TIMEOUT_SECURE_MAX_MS);
	servers[0].srtt_ms = 100;
	servers[0].rttvar_ms = 10;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]), 4 * 140);
	servers[0].srtt_ms = 2;
	servers[0].rttvar_ms = 1;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]),
			  4 * TARN__TIMEOUT_MIN_MS);
	tries[0].stream_sends = 2;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]),
			  TARN__TIMEOUT_SECURE_MAX_MS);
	servers[0].srtt_ms = UINT32_MAX;
	ck_assert_uint_eq(tarn__select_timeout_ms(&servers[0], &tries[0]),
			  TARN__TIMEOUT_SECURE_MAX_MS);
}
END_TEST

START_TEST(server_without_an_address_is_dead)
{
	servers[0].endpoint = &unknown;
	ck_assert_int_eq(next_server(), 1);
	ck_assert_int_eq(tarn__select_state(pointers, 1), TARN__SERVERS_DOWN);
	ck_assert_int_eq(tarn__select_state(pointers, 2), TARN__SERVERS_UP);
	kill_server(1);
	ck_assert_int_eq(tarn__select_state(pointers, 2), TARN__SERVERS_DOWN);
	/* There is nothing to probe. */
	ck_assert(!tarn__server_needs_probe(&servers[0]));
	servers[0].is_doubted = true;
	servers[0].fault = TARN_ETLS;
	ck_assert(!tarn__server_needs_probe(&servers[0]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("select");
	TCase *tcase = tcase_create("select");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, new_servers_are_asked_in_order);
	tcase_add_test(tcase, question_is_sent_three_times_to_a_server);
	tcase_add_test(tcase, messages_over_tcp_are_counted_apart);
	tcase_add_test(tcase, server_that_is_done_is_not_asked);
	tcase_add_test(tcase, server_that_is_dead_or_leads_back_is_not_asked);
	tcase_add_test(tcase, last_message_is_held_back_until_the_server_answers_something);
	tcase_add_test(tcase, no_message_is_held_back_over_tcp_or_for_a_dead_server);
	tcase_add_test(tcase, no_servers_is_no_choice);
	tcase_add_test(tcase, servers_are_down_when_all_are_dead);
	tcase_add_loop_test(tcase, selection_orders_servers_and_repeats_the_order, 0,
			    sizeof orders / sizeof orders[0]);
	tcase_add_test(tcase, server_that_has_answered_since_goes_before_faster_ones);
	tcase_add_test(tcase, strict_order_is_left_when_nothing_is_left_to_try);
	tcase_add_loop_test(tcase, one_message_is_sent_at_a_time, 0,
			    sizeof single / sizeof single[0]);
	tcase_add_test(tcase, parallel_selection_asks_all_servers_at_once);
	tcase_add_test(tcase, parallel_selection_asks_each_server_once_over_any_transport);
	tcase_add_test(tcase, parallel_selection_lets_a_server_catch_up_first);
	tcase_add_test(tcase, dead_server_is_tried_when_its_hold_is_over);
	tcase_add_test(tcase, dead_server_is_tried_where_the_order_lets_it);
	tcase_add_test(tcase, timeout_follows_the_round_trip_within_its_limits);
	tcase_add_test(tcase, timeout_is_twice_as_long_over_tcp);
	tcase_add_test(tcase, encrypted_server_is_sent_more_only_if_it_has_answered_since);
	tcase_add_loop_test(tcase, silent_encrypted_server_is_followed_by_the_next_in_any_order,
			    TARN_SELECTION_FASTEST, TARN_SELECTION_STRICT + 1);
	tcase_add_test(tcase, timeout_over_encrypted_transports_is_that_of_four_round_trips);
	tcase_add_test(tcase, server_without_an_address_is_dead);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

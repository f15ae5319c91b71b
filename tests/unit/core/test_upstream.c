/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_upstream.c: which server is asked next, and how long it is waited for. */
#include "core/forward/upstream.h"

#include <string.h>

#include "core/config.h"
#include "support/unit.h"

enum { COUNT = 3 };

static const char *const texts[COUNT] = {"192.0.2.53", "192.0.2.54", "2001:db8::53"};
static const uint8_t secret[TARN__COOKIE_SECRET_LEN] = "tarn's own test";
static struct tarn_address addresses[COUNT];
static struct tarn__tries tries[COUNT];
static struct tarn__upstream *upstream;
static struct tarn__config *config;

static struct tarn__config *make_config(const struct tarn_address *servers, size_t count)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn_options options = {.upstreams = servers, .upstream_count = count};
	struct tarn__config *made = tarn__config_new(&options, NULL, NULL, fault);
	ck_assert_ptr_nonnull(made);
	return made;
}

static void set_up(void)
{
	memset(tries, 0, sizeof tries);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_int_eq(tarn_address_parse(texts[i], 53, &addresses[i]), 0);
	config = make_config(addresses, COUNT);
	upstream = tarn__upstream_new(config->zones[0], secret, NULL);
	ck_assert_ptr_nonnull(upstream);
}

static void tear_down(void)
{
	tarn__upstream_free(upstream, NULL);
	tarn__config_put(config);
}

START_TEST(new_servers_are_asked_in_order)
{
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), i);
		tries[i].sends++;
	}
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 0);
}
END_TEST

START_TEST(fastest_server_is_asked_first)
{
	tarn__server_answered(upstream->servers[0], 1000, 1000 + 80);
	tarn__server_answered(upstream->servers[1], 1000, 1000 + 20);
	tarn__server_answered(upstream->servers[2], 1000, 1000 + 40);
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 1);
	tries[1].sends++;
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 2);
}
END_TEST

START_TEST(question_is_sent_three_times_to_a_server)
{
	for (int sends = 0; sends < TARN__SENDS_MAX * COUNT; sends++) {
		int index = tarn__upstream_choose(upstream, tries, 0);
		ck_assert_int_ge(index, 0);
		tries[index].sends++;
	}
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), -1);
}
END_TEST

START_TEST(server_that_is_done_is_not_asked)
{
	tries[0].is_done = true;
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 1);
	tries[1].is_done = tries[2].is_done = true;
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), -1);
}
END_TEST

static void fail_often(struct tarn__server *server, uint64_t now_ms)
{
	for (int i = 0; i < TARN__HOLD_FAILURES; i++)
		tarn__server_failed(server, now_ms);
}

START_TEST(server_that_fails_three_times_in_a_row_is_passed_by)
{
	struct tarn__server *server = upstream->servers[0];
	for (int i = 1; i < TARN__HOLD_FAILURES; i++)
		tarn__server_failed(server, 1000);
	ck_assert(!tarn__server_is_dead(server));
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 0);
	tarn__server_failed(server, 1000);
	ck_assert(tarn__server_is_dead(server));
	ck_assert_uint_eq(server->held_until_ms, 1000 + TARN__HOLD_MS);
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 1);
	/* Even where nobody else is left. */
	tries[1].is_done = tries[2].is_done = true;
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), -1);
	/* Further failures do not lengthen the hold. */
	tarn__server_failed(server, 2000);
	ck_assert_uint_eq(server->held_until_ms, 1000 + TARN__HOLD_MS);
}
END_TEST

START_TEST(upstream_is_down_when_all_servers_are_dead)
{
	ck_assert_int_eq(tarn__upstream_state(upstream), TARN__UPSTREAM_UP);
	fail_often(upstream->servers[0], 1000);
	upstream->servers[1]->is_forward_loop = true;
	ck_assert_int_eq(tarn__upstream_state(upstream), TARN__UPSTREAM_UP);
	fail_often(upstream->servers[2], 1000);
	ck_assert_int_eq(tarn__upstream_state(upstream), TARN__UPSTREAM_DOWN);
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), -1);
	upstream->servers[0]->is_forward_loop = upstream->servers[2]->is_forward_loop = true;
	ck_assert_int_eq(tarn__upstream_state(upstream), TARN__UPSTREAM_NONE);
}
END_TEST

START_TEST(one_answer_heals)
{
	fail_often(upstream->servers[0], 1000);
	tarn__server_answered(upstream->servers[0], 1000, 1001);
	ck_assert_int_eq(tarn__upstream_state(upstream), TARN__UPSTREAM_UP);
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 1);
	tarn__server_answered(upstream->servers[1], 1000, 1005);
	tarn__server_answered(upstream->servers[2], 1000, 1005);
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 0);
}
END_TEST

/* The order in which a question with that turn is sent to all servers, and to them again. */
static void check_order(enum tarn_selection selection, size_t turn, const int order[COUNT])
{
	upstream->selection = selection;
	memset(tries, 0, sizeof tries);
	for (int i = 0; i < 2 * COUNT; i++) {
		int index = tarn__upstream_choose(upstream, tries, turn);
		ck_assert_int_eq(index, order[i % COUNT]);
		tries[index].sends++;
	}
}

START_TEST(strict_order_is_left_when_nothing_is_left_to_try)
{
	upstream->selection = TARN_SELECTION_STRICT;
	tarn__server_answered(upstream->servers[0], 0, 80);
	tarn__server_answered(upstream->servers[1], 0, 20);
	for (int i = 0; i < TARN__SENDS_MAX * COUNT; i++) {
		int index = tarn__upstream_choose(upstream, tries, 1);
		ck_assert_int_eq(index, i / TARN__SENDS_MAX);
		tries[index].sends++;
	}
	memset(tries, 0, sizeof tries);
	tries[0].is_done = true;
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 1);
	fail_often(upstream->servers[1], 1000);
	ck_assert_int_eq(tarn__upstream_choose(upstream, tries, 0), 2);
}
END_TEST

START_TEST(question_tries_a_dead_server_where_the_order_lets_it)
{
	fail_often(upstream->servers[1], 1000);
	ck_assert(tarn__upstream_may_try(upstream, 1));
	upstream->selection = TARN_SELECTION_STRICT;
	ck_assert(!tarn__upstream_may_try(upstream, 1));
	ck_assert(tarn__upstream_may_try(upstream, 0));
	upstream->servers[0]->is_forward_loop = true;
	ck_assert(tarn__upstream_may_try(upstream, 1));
	ck_assert(tarn__upstream_may_try(upstream, 2));
}
END_TEST

START_TEST(policy_says_who_is_first)
{
	tarn__server_answered(upstream->servers[0], 0, 80);
	tarn__server_answered(upstream->servers[1], 0, 40);
	tarn__server_answered(upstream->servers[2], 0, 20);
	check_order(TARN_SELECTION_FASTEST, 1, (const int[]){2, 1, 0});
	check_order(TARN_SELECTION_PARALLEL, 1, (const int[]){2, 1, 0});
	check_order(TARN_SELECTION_SEQUENTIAL, 1, (const int[]){0, 1, 2});
	check_order(TARN_SELECTION_ROUND_ROBIN, 0, (const int[]){0, 1, 2});
	check_order(TARN_SELECTION_ROUND_ROBIN, 1, (const int[]){1, 2, 0});
	check_order(TARN_SELECTION_ROUND_ROBIN, 2, (const int[]){2, 0, 1});
	check_order(TARN_SELECTION_ROUND_ROBIN, 3, (const int[]){0, 1, 2});
}
END_TEST

START_TEST(server_that_stays_is_known)
{
	struct tarn__server *old = upstream->servers[1];
	tarn__server_answered(old, 1000, 1030);
	fail_often(old, 2000);
	old->plain_until_ms = 5000;
	struct tarn_address next[2] = {addresses[2], addresses[1]};
	struct tarn__config *other_config = make_config(next, 2);
	tarn__config_take_over(other_config, config);
	struct tarn__upstream *other = tarn__upstream_new(other_config->zones[0], secret, upstream);
	ck_assert_ptr_nonnull(other);
	ck_assert_ptr_eq(other->servers[1], old);
	ck_assert_ptr_eq(other->servers[0], upstream->servers[2]);
	ck_assert_uint_eq(other->servers[0]->srtt_ms, 0);
	ck_assert_uint_eq(other->servers[1]->srtt_ms, 30);
	ck_assert_uint_eq(other->servers[1]->plain_until_ms, 5000);
	ck_assert(tarn__server_is_dead(other->servers[1]));
	ck_assert(tarn_address_is_equal(&other->servers[1]->endpoint->address, &addresses[1]));
	tarn__server_forget(other->servers[1]);
	ck_assert(!tarn__server_is_dead(other->servers[1]));
	ck_assert_uint_eq(other->servers[1]->srtt_ms, 0);
	ck_assert_uint_eq(other->servers[1]->plain_until_ms, 5000);
	tarn__upstream_free(other, NULL);
	tarn__config_put(other_config);
}
END_TEST

START_TEST(patience_follows_the_round_trip_within_its_limits)
{
	struct tarn__server *server = upstream->servers[0];
	ck_assert_uint_eq(tarn__upstream_patience_ms(server, 1), TARN__PATIENCE_NEW_MS);
	for (int i = 0; i < 100; i++)
		tarn__server_answered(server, 1000, 1000 + 2);
	ck_assert_uint_eq(tarn__upstream_patience_ms(server, 1), TARN__PATIENCE_MIN_MS);
	ck_assert_uint_eq(tarn__upstream_patience_ms(server, 2), 2 * TARN__PATIENCE_MIN_MS);
	for (int i = 0; i < 100; i++)
		tarn__server_answered(server, 1000, 1000 + 200);
	ck_assert_uint_ge(tarn__upstream_patience_ms(server, 1), 200);
	ck_assert_uint_lt(tarn__upstream_patience_ms(server, 1), 300);
	tarn__server_answered(server, 0, UINT64_MAX);
	ck_assert_uint_eq(tarn__upstream_patience_ms(server, 1), TARN__PATIENCE_MAX_MS);
	ck_assert_uint_eq(tarn__upstream_patience_ms(server, 40), TARN__PATIENCE_MAX_MS);
}
END_TEST

START_TEST(flaw_is_known_after_three_times_in_a_row)
{
	struct tarn__quirk quirk = {0};
	for (int i = 1; i < TARN__QUIRK_STREAK; i++)
		tarn__quirk_shown(&quirk, 1000);
	ck_assert(!tarn__quirk_is_known(&quirk, 1000));
	tarn__quirk_missed(&quirk);
	for (int i = 1; i < TARN__QUIRK_STREAK; i++)
		tarn__quirk_shown(&quirk, 1000);
	ck_assert(!tarn__quirk_is_known(&quirk, 1000));
	tarn__quirk_shown(&quirk, 1000);
	ck_assert(tarn__quirk_is_known(&quirk, 1000));
	ck_assert(tarn__quirk_is_known(&quirk, 1000 + TARN__QUIRK_MS - 1));
	ck_assert(!tarn__quirk_is_known(&quirk, 1000 + TARN__QUIRK_MS));
	/* It still has it. */
	tarn__quirk_shown(&quirk, 1000 + TARN__QUIRK_MS);
	ck_assert(tarn__quirk_is_known(&quirk, 1000 + TARN__QUIRK_MS));
}
END_TEST

START_TEST(server_cookie_is_kept_behind_ours)
{
	struct tarn__server *server = upstream->servers[0];
	uint8_t ours[TARN__COOKIE_CLIENT_LEN];
	memcpy(ours, server->cookie, sizeof ours);
	uint8_t cookie[TARN__COOKIE_MAX + 1];
	memset(cookie, 0xcc, sizeof cookie);
	ck_assert(!tarn__server_knows_cookies(server));
	tarn__server_keep_cookie(server, cookie, TARN__COOKIE_MAX);
	ck_assert(tarn__server_knows_cookies(server));
	ck_assert_uint_eq(server->cookie_len, TARN__COOKIE_MAX);
	ck_assert_mem_eq(server->cookie, ours, sizeof ours);
	ck_assert_mem_eq(server->cookie + sizeof ours, cookie, TARN__COOKIE_MAX - sizeof ours);
	static const size_t none[] = {0, 7, 8, TARN__COOKIE_MAX + 1};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		tarn__server_keep_cookie(server, cookie, TARN__COOKIE_MIN);
		ck_assert(tarn__server_knows_cookies(server));
		tarn__server_keep_cookie(server, cookie, none[i]);
		ck_assert(!tarn__server_knows_cookies(server));
	}
	ck_assert_mem_eq(server->cookie, ours, sizeof ours);
}
END_TEST

START_TEST(no_servers_is_no_choice)
{
	struct tarn__config *none_config = make_config(NULL, 0);
	struct tarn__upstream *none = tarn__upstream_new(none_config->zones[0], secret, NULL);
	ck_assert_ptr_nonnull(none);
	ck_assert_int_eq(tarn__upstream_state(none), TARN__UPSTREAM_NONE);
	ck_assert_int_eq(tarn__upstream_choose(none, tries, 0), -1);
	tarn__upstream_free(none, NULL);
	tarn__config_put(none_config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upstream");
	TCase *tcase = tcase_create("upstream");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, new_servers_are_asked_in_order);
	tcase_add_test(tcase, fastest_server_is_asked_first);
	tcase_add_test(tcase, question_is_sent_three_times_to_a_server);
	tcase_add_test(tcase, server_that_is_done_is_not_asked);
	tcase_add_test(tcase, server_that_fails_three_times_in_a_row_is_passed_by);
	tcase_add_test(tcase, upstream_is_down_when_all_servers_are_dead);
	tcase_add_test(tcase, one_answer_heals);
	tcase_add_test(tcase, strict_order_is_left_when_nothing_is_left_to_try);
	tcase_add_test(tcase, question_tries_a_dead_server_where_the_order_lets_it);
	tcase_add_test(tcase, policy_says_who_is_first);
	tcase_add_test(tcase, server_that_stays_is_known);
	tcase_add_test(tcase, patience_follows_the_round_trip_within_its_limits);
	tcase_add_test(tcase, flaw_is_known_after_three_times_in_a_row);
	tcase_add_test(tcase, server_cookie_is_kept_behind_ours);
	tcase_add_test(tcase, no_servers_is_no_choice);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

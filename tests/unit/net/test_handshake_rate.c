/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/handshake_rate.c: how many handshakes a client may begin in a time. */

#include "net/listen/handshake_rate.h"

#include <stdbool.h>
#include <stddef.h>

#include "support/unit.h"

enum { CLIENT = 7, NOW_MS = 1000000 };

static struct tarn__handshake_rate *rate;

static void set_up(void)
{
	rate = tarn__handshake_rate_new();
	ck_assert_ptr_nonnull(rate);
}

static void tear_down(void)
{
	tarn__handshake_rate_free(rate);
}

static bool may_begin(uint64_t client, uint64_t now_ms)
{
	return tarn__handshake_rate_from(rate, client) <= now_ms;
}

/* Returns the number of handshakes that a client begins before it has to wait. */
static int begin_all(uint64_t client, uint64_t now_ms, bool are_resumed)
{
	int count = 0;
	for (; may_begin(client, now_ms); count++) {
		tarn__handshake_rate_take(rate, client, now_ms);
		if (are_resumed)
			tarn__handshake_rate_give_back(rate, client);
	}
	return count;
}

START_TEST(burst_is_50_and_then_10_a_second)
{
	ck_assert_int_eq(begin_all(CLIENT, NOW_MS, false), 50);
	ck_assert_uint_eq(tarn__handshake_rate_from(rate, CLIENT), NOW_MS + 100);
	for (uint64_t sec = 1; sec <= 5; sec++)
		ck_assert_int_eq(begin_all(CLIENT, NOW_MS + 1000 * sec, false), 10);
}
END_TEST

START_TEST(resumed_ones_count_a_quarter)
{
	/* The last is counted as a full one until it is known what it is. */
	int count = begin_all(CLIENT, NOW_MS, true);
	ck_assert_int_ge(count, 4 * 49);
	ck_assert_int_le(count, 4 * 50);
	ck_assert_int_eq(begin_all(CLIENT, NOW_MS + 1000, true), 40);
}
END_TEST

START_TEST(client_that_was_away_has_its_burst_again_and_no_more)
{
	begin_all(CLIENT, NOW_MS, false);
	ck_assert_int_eq(begin_all(CLIENT, NOW_MS + 3600 * 1000, false), 50);
}
END_TEST

START_TEST(other_clients_begin_meanwhile)
{
	begin_all(CLIENT, NOW_MS, false);
	int waiting = 0;
	for (uint64_t other = 100; other < 1100; other++)
		waiting += !may_begin(other, NOW_MS);
	/* One in a million shares both of its places. */
	ck_assert_int_le(waiting, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handshake_rate");
	TCase *tcase = tcase_create("handshake_rate");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, burst_is_50_and_then_10_a_second);
	tcase_add_test(tcase, resumed_ones_count_a_quarter);
	tcase_add_test(tcase, client_that_was_away_has_its_burst_again_and_no_more);
	tcase_add_test(tcase, other_clients_begin_meanwhile);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

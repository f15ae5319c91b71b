/* SPDX-License-Identifier: BSD-2-Clause */
/* core/shares.c: what each client has of what all share. */
#include "core/shares.h"

#include <stdio.h>

#include "support/unit.h"

static struct tarn__shares shares;

static void set_up(void)
{
	shares = (struct tarn__shares){0};
}

static struct tarn__share share_of(const char *client)
{
	static const uint8_t secret[TARN__SIPHASH_KEY_LEN] = {1, 2, 3};
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(client, 53, &address), 0);
	return tarn__share_of(&address, secret);
}

static size_t count(const char *client)
{
	return tarn__shares_count(&shares, share_of(client));
}

START_TEST(share_is_what_was_added_and_not_removed)
{
	for (size_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(count("192.0.2.1"), i);
		tarn__shares_add(&shares, share_of("192.0.2.1"));
	}
	ck_assert_uint_eq(count("192.0.2.2"), 0);
	for (size_t i = 1000; i > 0; i--) {
		ck_assert_uint_eq(count("192.0.2.1"), i);
		tarn__shares_remove(&shares, share_of("192.0.2.1"));
	}
	ck_assert_uint_eq(count("192.0.2.1"), 0);
}
END_TEST

START_TEST(client_is_an_ipv4_address_or_an_ipv6_network)
{
	tarn__shares_add(&shares, share_of("192.0.2.1"));
	ck_assert_uint_eq(count("::ffff:192.0.2.1"), 1);
	ck_assert_uint_eq(count("::ffff:192.0.2.2"), 0);
	tarn__shares_add(&shares, share_of("2001:db8:1:2::1"));
	ck_assert_uint_eq(count("2001:db8:1:2:ffff::2"), 1);
	ck_assert_uint_eq(count("2001:db8:1:3::1"), 0);
}
END_TEST

/* The loop's number of clients take all that they are allowed, of 10,000. */
START_TEST(greedy_clients_leave_room_for_another)
{
	enum { ALL = 10000 };
	size_t left = ALL, before;
	do {
		before = left;
		for (int i = 0; i < _i; i++) {
			char client[32];
			snprintf(client, sizeof client, "192.0.2.%d", i);
			struct tarn__share share = share_of(client);
			if (!tarn__shares_allow(&shares, share, left))
				continue;
			tarn__shares_add(&shares, share);
			left--;
		}
	} while (left < before);
	size_t even = (size_t)ALL / (1 + TARN__SHARES_FACTOR * (unsigned)_i);
	ck_assert_uint_ge(left, even);
	ck_assert_uint_le(left, even + 1);
	ck_assert(tarn__shares_allow(&shares, share_of("198.51.100.1"), left));
	ck_assert(!tarn__shares_allow(&shares, share_of("198.51.100.1"), 0));
}
END_TEST

/* An estimate that is too high takes two that are there for another reason. */
START_TEST(few_of_many_clients_are_taken_for_others)
{
	enum { BUSY = 100, OTHERS = 5000 };
	char client[32];
	for (int i = 0; i < BUSY; i++) {
		snprintf(client, sizeof client, "192.0.2.%d", i);
		tarn__shares_add(&shares, share_of(client));
	}
	int wrong = 0;
	for (int i = 0; i < OTHERS; i++) {
		snprintf(client, sizeof client, "10.0.%d.%d", i / 256, i % 256);
		wrong += count(client) > 0;
	}
	ck_assert_int_le(wrong, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shares");
	TCase *tcase = tcase_create("shares");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, share_is_what_was_added_and_not_removed);
	tcase_add_test(tcase, client_is_an_ipv4_address_or_an_ipv6_network);
	tcase_add_loop_test(tcase, greedy_clients_leave_room_for_another, 1, 12);
	tcase_add_test(tcase, few_of_many_clients_are_taken_for_others);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The lists of pending requests, and the intrusive list under them. */

#include "pending.h"

#include <string.h>

#include "support/unit.h"

enum { REQUESTS = 4 };

static struct rtcache__pending pending;
static struct rtcache_request requests[REQUESTS];

static void open_pending(void)
{
	memset(requests, 0, sizeof(requests));
	rtcache__pending_init(&pending);
}

/* The requests with these numbers are pending, in this order. */
static void expect_order(const char *numbers)
{
	const struct rtcache__list *node = &pending.waits;
	ck_assert_uint_eq(pending.count, strlen(numbers));
	for (; *numbers; numbers++) {
		node = node->next;
		ck_assert_ptr_eq(node, &requests[*numbers - '0'].priv.wait_node);
		ck_assert_ptr_eq(node->next->previous, node);
	}
	ck_assert_ptr_eq(node->next, &pending.waits);
	ck_assert_ptr_eq(pending.waits.previous, node);
}

START_TEST(removed_node_is_in_no_list)
{
	struct rtcache__list list;
	struct rtcache__list node = {0};
	rtcache__list_init(&list);
	ck_assert(rtcache__list_is_empty(&list));
	ck_assert(!rtcache__list_is_linked(&node));
	rtcache__list_append(&list, &node);
	ck_assert(!rtcache__list_is_empty(&list));
	ck_assert(rtcache__list_is_linked(&node));
	rtcache__list_remove(&node);
	ck_assert(rtcache__list_is_empty(&list));
	ck_assert(!rtcache__list_is_linked(&node));
}
END_TEST

START_TEST(none_is_the_oldest_of_none)
{
	ck_assert_ptr_null(rtcache__pending_oldest(&pending));
	ck_assert_ptr_null(rtcache__pending_oldest_stale(&pending));
}
END_TEST

START_TEST(requests_are_ordered_by_the_start_of_the_wait)
{
	rtcache__pending_add(&pending, &requests[0], 20);
	rtcache__pending_add(&pending, &requests[1], 30);
	rtcache__pending_add(&pending, &requests[2], 10);
	expect_order("201");
	ck_assert_ptr_eq(rtcache__pending_oldest(&pending), &requests[2]);
}
END_TEST

START_TEST(requests_of_the_same_time_keep_their_order)
{
	for (unsigned i = 0; i < REQUESTS; i++)
		rtcache__pending_add(&pending, &requests[i], 10);
	expect_order("0123");
}
END_TEST

START_TEST(restarted_wait_is_moved_to_its_time)
{
	for (unsigned i = 0; i < REQUESTS; i++)
		rtcache__pending_add(&pending, &requests[i], 10 * i);
	rtcache__pending_restart(&pending, &requests[0], 25);
	expect_order("1203");
	rtcache__pending_restart(&pending, &requests[3], 30);
	expect_order("1203");
}
END_TEST

/* _i: the request that is removed. */
START_TEST(others_keep_their_order)
{
	static const char *const rest[REQUESTS] = {"123", "023", "013", "012"};
	for (unsigned i = 0; i < REQUESTS; i++)
		rtcache__pending_add(&pending, &requests[i], i);
	rtcache__pending_remove(&pending, &requests[_i]);
	expect_order(rest[_i]);
}
END_TEST

START_TEST(removed_request_gets_no_stale_value)
{
	for (unsigned i = 0; i < 2; i++) {
		rtcache__pending_add(&pending, &requests[i], 0);
		rtcache__pending_add_stale(&pending, &requests[i], 5);
	}
	ck_assert_ptr_eq(rtcache__pending_oldest_stale(&pending), &requests[0]);
	rtcache__pending_remove(&pending, &requests[0]);
	ck_assert_ptr_eq(rtcache__pending_oldest_stale(&pending), &requests[1]);
	rtcache__pending_remove(&pending, &requests[1]);
	ck_assert_ptr_null(rtcache__pending_oldest_stale(&pending));
}
END_TEST

START_TEST(request_without_a_stale_value_is_still_pending)
{
	rtcache__pending_add(&pending, &requests[0], 0);
	rtcache__pending_add_stale(&pending, &requests[0], 5);
	rtcache__pending_remove_stale(&requests[0]);
	rtcache__pending_remove_stale(&requests[0]);
	ck_assert_ptr_null(rtcache__pending_oldest_stale(&pending));
	expect_order("0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_pending");
	TCase *tcase = tcase_create("pending");
	tcase_add_checked_fixture(tcase, open_pending, NULL);
	tcase_add_test(tcase, removed_node_is_in_no_list);
	tcase_add_test(tcase, none_is_the_oldest_of_none);
	tcase_add_test(tcase, requests_are_ordered_by_the_start_of_the_wait);
	tcase_add_test(tcase, requests_of_the_same_time_keep_their_order);
	tcase_add_test(tcase, restarted_wait_is_moved_to_its_time);
	tcase_add_loop_test(tcase, others_keep_their_order, 0, REQUESTS);
	tcase_add_test(tcase, removed_request_gets_no_stale_value);
	tcase_add_test(tcase, request_without_a_stale_value_is_still_pending);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The inbox of a client: its order, its states, and when its thread is woken. */

#include "inbox.h"

#include <string.h>

#include "support/unit.h"

enum { REQUESTS = 3 };

static struct rtcache__inbox inbox;
static struct rtcache__wakes wakes;
static struct rtcache_request requests[REQUESTS];
static unsigned wake_count;
/* A request that is posted, after the inbox was opened, while wake runs. */
static struct rtcache_request *posted_in_wake;

static void be_another_thread(void);

static void wake(void *arg)
{
	ck_assert_ptr_eq(arg, &wake_count);
	wake_count++;
	if (!posted_in_wake)
		return;
	rtcache__inbox_open(&inbox);
	be_another_thread();
	rtcache__inbox_post(posted_in_wake, RTCACHE__READY, &wakes);
	posted_in_wake = NULL;
	/* The thread that is in wake calls it again. */
	ck_assert_ptr_null(wakes.first);
}

static void open_inbox(void)
{
	memset(requests, 0, sizeof(requests));
	memset(&wakes, 0, sizeof(wakes));
	wake_count = 0;
	rtcache__inbox_init(&inbox, wake, &wake_count);
	for (unsigned i = 0; i < REQUESTS; i++)
		requests[i].priv.inbox = &inbox;
}

static void close_inbox(void)
{
	rtcache__inbox_fini(&inbox);
}

/* The owner is a thread that does not exist. */
static void be_another_thread(void)
{
	memset(&inbox.owner, 0, sizeof(inbox.owner));
}

static void post(unsigned i, enum rtcache__request_state state)
{
	rtcache__inbox_post(&requests[i], state, &wakes);
}

static void expect_fetch(unsigned i, enum rtcache__request_state state)
{
	enum rtcache__request_state got;
	ck_assert_ptr_eq(rtcache__inbox_fetch(&inbox, &got), &requests[i]);
	ck_assert_int_eq(got, state);
}

static void expect_empty(void)
{
	enum rtcache__request_state state;
	ck_assert(rtcache__inbox_is_empty(&inbox));
	ck_assert_ptr_null(rtcache__inbox_fetch(&inbox, &state));
	ck_assert_uint_eq(rtcache__inbox_open(&inbox), 0);
}

START_TEST(requests_are_fetched_in_the_order_of_posting)
{
	expect_empty();
	post(1, RTCACHE__READY);
	post(0, RTCACHE__SUCCESSOR);
	ck_assert_uint_eq(rtcache__inbox_open(&inbox), 2);
	expect_fetch(1, RTCACHE__READY);
	expect_fetch(0, RTCACHE__SUCCESSOR);
	expect_empty();
}
END_TEST

START_TEST(successor_that_becomes_ready_is_posted_once)
{
	post(0, RTCACHE__SUCCESSOR);
	post(1, RTCACHE__READY);
	post(0, RTCACHE__READY);
	expect_fetch(0, RTCACHE__READY);
	expect_fetch(1, RTCACHE__READY);
	expect_empty();
}
END_TEST

START_TEST(unposted_request_is_not_fetched)
{
	for (unsigned i = 0; i < REQUESTS; i++)
		post(i, RTCACHE__READY);
	rtcache__inbox_unpost(&requests[1]);
	rtcache__inbox_unpost(&requests[1]);
	expect_fetch(0, RTCACHE__READY);
	expect_fetch(2, RTCACHE__READY);
	expect_empty();
}
END_TEST

START_TEST(only_a_ready_request_is_fetched_alone)
{
	post(0, RTCACHE__SUCCESSOR);
	post(1, RTCACHE__READY);
	ck_assert(!rtcache__inbox_fetch_ready(&requests[0]));
	ck_assert(rtcache__inbox_fetch_ready(&requests[1]));
	expect_fetch(0, RTCACHE__SUCCESSOR);
	expect_empty();
}
END_TEST

START_TEST(owner_is_not_woken)
{
	post(0, RTCACHE__READY);
	rtcache__wakes_run(&wakes);
	ck_assert_uint_eq(wake_count, 0);
}
END_TEST

START_TEST(another_thread_wakes_once_until_the_inbox_is_opened)
{
	be_another_thread();
	post(0, RTCACHE__READY);
	post(1, RTCACHE__READY);
	rtcache__wakes_run(&wakes);
	post(2, RTCACHE__READY);
	rtcache__wakes_run(&wakes);
	ck_assert_uint_eq(wake_count, 1);
	ck_assert_uint_eq(rtcache__inbox_open(&inbox), 3);
	rtcache__inbox_unpost(&requests[0]);
	be_another_thread();
	post(0, RTCACHE__READY);
	rtcache__wakes_run(&wakes);
	ck_assert_uint_eq(wake_count, 2);
}
END_TEST

START_TEST(thread_that_owns_the_inbox_last_is_not_woken)
{
	be_another_thread();
	rtcache__inbox_own(&inbox);
	post(0, RTCACHE__READY);
	rtcache__wakes_run(&wakes);
	ck_assert_uint_eq(wake_count, 0);
}
END_TEST

START_TEST(post_during_wake_wakes_again)
{
	posted_in_wake = &requests[1];
	be_another_thread();
	post(0, RTCACHE__READY);
	rtcache__wakes_run(&wakes);
	ck_assert_uint_eq(wake_count, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_inbox");
	TCase *tcase = tcase_create("inbox");
	tcase_add_checked_fixture(tcase, open_inbox, close_inbox);
	tcase_add_test(tcase, requests_are_fetched_in_the_order_of_posting);
	tcase_add_test(tcase, successor_that_becomes_ready_is_posted_once);
	tcase_add_test(tcase, unposted_request_is_not_fetched);
	tcase_add_test(tcase, only_a_ready_request_is_fetched_alone);
	tcase_add_test(tcase, owner_is_not_woken);
	tcase_add_test(tcase, another_thread_wakes_once_until_the_inbox_is_opened);
	tcase_add_test(tcase, thread_that_owns_the_inbox_last_is_not_woken);
	tcase_add_test(tcase, post_during_wake_wakes_again);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

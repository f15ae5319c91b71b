/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/visits.c: which connections are ended, and when. */
#include "daemon/telemetry/visits.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/unit.h"

enum { COUNT = TARN__VISITS_MAX, TIME_MS = 10000 };

static struct tarn__visits visits;
static struct tarn__visit *items[COUNT + 1];
static int fds[COUNT + 1], peers[COUNT + 1];

static void set_up(void)
{
	tarn__visits_init(&visits);
	for (int i = 0; i <= COUNT; i++) {
		int pair[2];
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		fds[i] = pair[0];
		peers[i] = pair[1];
	}
}

static void tear_down(void)
{
	for (int i = 0; i <= COUNT; i++) {
		close(fds[i]);
		close(peers[i]);
	}
	tarn__visits_fini(&visits);
}

static void begin(int from, int to)
{
	for (int i = from; i < to; i++) {
		items[i] = tarn__visits_begin(&visits, fds[i], (uint64_t)(1000 + i));
		ck_assert_ptr_nonnull(items[i]);
	}
}

static bool is_shut(int i)
{
	char octet;
	ssize_t len = recv(peers[i], &octet, 1, 0);
	ck_assert(len == 0 || (len < 0 && errno == EAGAIN));
	return len == 0;
}

/* How many are. */
static unsigned count_shut(void)
{
	unsigned count = 0;
	for (int i = 0; i <= COUNT; i++)
		count += is_shut(i);
	return count;
}

START_TEST(last_place_is_made_free_by_the_oldest)
{
	begin(0, COUNT - 1);
	ck_assert_uint_eq(count_shut(), 0);
	begin(COUNT - 1, COUNT);
	ck_assert(is_shut(0));
	ck_assert_uint_eq(count_shut(), 1);
}
END_TEST

START_TEST(who_was_answered_of_late_stays)
{
	begin(0, COUNT - 1);
	tarn__visits_renew(&visits, items[0], 2000);
	begin(COUNT - 1, COUNT);
	ck_assert(is_shut(1));
	ck_assert_uint_eq(count_shut(), 1);
}
END_TEST

START_TEST(who_is_shut_has_its_place_until_the_end)
{
	begin(0, COUNT);
	ck_assert_ptr_null(tarn__visits_begin(&visits, fds[COUNT], 3000));
	ck_assert_uint_eq(count_shut(), 1);
	tarn__visits_end(&visits, items[0]);
	begin(COUNT, COUNT + 1);
	ck_assert(is_shut(1));
	ck_assert_uint_eq(count_shut(), 2);
}
END_TEST

START_TEST(time_is_over_for_those_that_were_not_answered)
{
	ck_assert_uint_eq(tarn__visits_expire(&visits, 1000, TIME_MS), UINT64_MAX);
	begin(0, 3);
	tarn__visits_renew(&visits, items[1], 5000);
	ck_assert_uint_eq(tarn__visits_expire(&visits, 999 + TIME_MS, TIME_MS), 1000 + TIME_MS);
	ck_assert_uint_eq(count_shut(), 0);
	ck_assert_uint_eq(tarn__visits_expire(&visits, 1000 + TIME_MS, TIME_MS), 1002 + TIME_MS);
	ck_assert(is_shut(0));
	ck_assert_uint_eq(tarn__visits_expire(&visits, 1002 + TIME_MS, TIME_MS), 5000 + TIME_MS);
	ck_assert_uint_eq(count_shut(), 2);
	tarn__visits_end(&visits, items[1]);
	ck_assert_uint_eq(tarn__visits_expire(&visits, 60000, TIME_MS), UINT64_MAX);
	ck_assert(!is_shut(1));
}
END_TEST

START_TEST(nobodys_is_nothing)
{
	tarn__visits_renew(&visits, NULL, 1);
	tarn__visits_end(&visits, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("visits");
	TCase *tcase = tcase_create("visits");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, last_place_is_made_free_by_the_oldest);
	tcase_add_test(tcase, who_was_answered_of_late_stays);
	tcase_add_test(tcase, who_is_shut_has_its_place_until_the_end);
	tcase_add_test(tcase, time_is_over_for_those_that_were_not_answered);
	tcase_add_test(tcase, nobodys_is_nothing);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/rlimits.c: the limit of open files fits the configuration. */

#include "config.h"

#include "daemon/system/rlimits.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/listen/tcp.h"
#include "support/unit.h"

static struct tarn__log quiet;

static void set_up(void)
{
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
}

static void tear_down(void)
{
	tarn__log_fini(&quiet);
}

static struct rlimit get(void)
{
	struct rlimit limit;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit;
}

static void set(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static const struct tarn__settings some = {.workers = 2, .listens.count = 2, .upstreams.count = 1};

START_TEST(more_of_anything_needs_more_files)
{
	rlim_t files = tarn__rlimits_files(&some, some.workers);
	struct tarn__settings more = some;
	more.workers = 3;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files);
	more = some;
	more.listens.count = 3;
	ck_assert_uint_eq(tarn__rlimits_files(&more, more.workers), files + 2 * 2);
	more = some;
	more.tls_listens.count = 1;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files + 2 * 256);
	more = some;
	more.second_socket = "/run/store";
	ck_assert_uint_eq(tarn__rlimits_files(&more, more.workers), files + 2 * 4);
	more = some;
	more.https_listens.count = 1;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files + 2 * 128);
	more = some;
	more.metrics.count = 1;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files);
	more = some;
	more.upstreams.count = 2;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files);
	more = some;
	more.has_system_upstreams = true;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files);
	struct tarn__forward_settings forward = {.upstreams.count = 1};
	more = some;
	more.forwards = &forward;
	more.forward_count = 1;
	ck_assert_uint_gt(tarn__rlimits_files(&more, more.workers), files);
}
END_TEST

START_TEST(limit_is_raised_to_what_is_needed)
{
	rlim_t files = tarn__rlimits_files(&some, some.workers);
	set(100, files + 10);
	tarn__rlimits_fit(&some, some.workers, &quiet);
	ck_assert_uint_eq(get().rlim_cur, files);
	ck_assert_uint_eq(get().rlim_max, files + 10);
}
END_TEST

START_TEST(limit_that_is_enough_stays)
{
	rlim_t files = tarn__rlimits_files(&some, some.workers);
	set(files + 5, files + 10);
	tarn__rlimits_fit(&some, some.workers, &quiet);
	ck_assert_uint_eq(get().rlim_cur, files + 5);
}
END_TEST

/* Returns how many of these files are not places: those for listeners, servers and the rest. */
static rlim_t others(const struct tarn__settings *settings, rlim_t files)
{
	return files - settings->workers * tarn__rlimits_places(settings, settings->workers, files);
}

START_TEST(places_are_what_all_others_leave)
{
	rlim_t files = tarn__rlimits_files(&some, some.workers);
	ck_assert_uint_eq(tarn__rlimits_places(&some, some.workers, files), TARN__TCP_CONNECTIONS);
	ck_assert_uint_eq(tarn__rlimits_places(&some, some.workers, RLIM_INFINITY),
			  TARN__TCP_CONNECTIONS);
	rlim_t kept_back = others(&some, files);
	ck_assert_uint_eq(tarn__rlimits_places(&some, some.workers, files - 2),
			  TARN__TCP_CONNECTIONS - 1);
	ck_assert_uint_eq(others(&some, 1024), kept_back);
	ck_assert_uint_eq(others(&some, kept_back + 40 * some.workers), kept_back);
}
END_TEST

/* Few of them have all their sockets open at once. */
START_TEST(many_servers_leave_clients_their_part)
{
	struct tarn__settings many = some;
	many.upstreams.count = 64;
	size_t places = tarn__rlimits_places(&many, many.workers, 2048);
	ck_assert_uint_ge(places, 2048 / 4 / many.workers / 2);
	ck_assert_uint_le(places, 2048 / 4 / many.workers);
}
END_TEST

START_TEST(there_are_places_whatever_the_limit)
{
	for (rlim_t files = 0; files < 256; files++) {
		size_t places = tarn__rlimits_places(&some, some.workers, files);
		ck_assert_uint_ge(places, 2 * TARN__TCP_SHARES);
		ck_assert_uint_lt(places, 64);
	}
}
END_TEST

static char logged[512];

static bool logs_places(rlim_t soft, rlim_t hard)
{
	int ends[2];
	struct tarn__log log;
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	tarn__log_init(&log, ends[1], TARN_LOG_WARNING);
	set(soft, hard);
	size_t places = tarn__rlimits_fit(&some, some.workers, &log);
	ck_assert_uint_eq(places, tarn__rlimits_places(&some, some.workers, get().rlim_cur));
	tarn__log_fini(&log);
	ssize_t len = read(ends[0], logged, sizeof(logged) - 1);
	logged[len > 0 ? len : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	return len > 0;
}

/* A container's root may not. */
static bool may_raise(void)
{
	struct rlimit limit = get();
	limit.rlim_max++;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

START_TEST(hard_limit_is_raised_by_who_may)
{
	rlim_t files = tarn__rlimits_files(&some, some.workers);
	set(100, 200);
	rlim_t result = may_raise() ? files : 200;
	tarn__rlimits_fit(&some, some.workers, &quiet);
	ck_assert_uint_eq(get().rlim_cur, result);
	ck_assert_uint_eq(get().rlim_max, result);
}
END_TEST

START_TEST(places_that_are_cut_are_logged_with_the_numbers)
{
	rlim_t files = tarn__rlimits_files(&some, some.workers);
	ck_assert(!logs_places(100, files));
	if (may_raise())
		return;
	char numbers[128];
	ck_assert(logs_places(100, 500));
	snprintf(numbers, sizeof(numbers),
		 "500 open files are allowed, full load may need "
		 "%ju: each thread has %zu TCP connections",
		 (uintmax_t)files, tarn__rlimits_places(&some, some.workers, 500));
	ck_assert_ptr_nonnull(strstr(logged, numbers));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rlimits");
	TCase *tcase = tcase_create("rlimits");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, more_of_anything_needs_more_files);
	tcase_add_test(tcase, limit_is_raised_to_what_is_needed);
	tcase_add_test(tcase, limit_that_is_enough_stays);
	tcase_add_test(tcase, hard_limit_is_raised_by_who_may);
	tcase_add_test(tcase, places_are_what_all_others_leave);
	tcase_add_test(tcase, many_servers_leave_clients_their_part);
	tcase_add_test(tcase, there_are_places_whatever_the_limit);
	tcase_add_test(tcase, places_that_are_cut_are_logged_with_the_numbers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

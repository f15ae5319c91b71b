/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/rlimits.c: the limit of open files fits what tarn is told to do. */

#include "config.h"

#include "daemon/rlimits.h"

#include "unit.h"

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
	rlim_t files = tarn__rlimits_files(&some);
	struct tarn__settings more = some;
	more.workers = 3;
	ck_assert_uint_gt(tarn__rlimits_files(&more), files);
	more = some;
	more.listens.count = 3;
	ck_assert_uint_eq(tarn__rlimits_files(&more), files + 2 * 2);
	more = some;
	more.upstreams.count = 2;
	ck_assert_uint_gt(tarn__rlimits_files(&more), files);
	more = some;
	more.has_system_upstreams = true;
	ck_assert_uint_gt(tarn__rlimits_files(&more), files);
	struct tarn__forward_settings forward = {.upstreams.count = 1};
	more = some;
	more.forwards = &forward;
	more.forward_count = 1;
	ck_assert_uint_gt(tarn__rlimits_files(&more), files);
}
END_TEST

START_TEST(limit_is_raised_to_what_is_needed)
{
	rlim_t files = tarn__rlimits_files(&some);
	set(100, files + 10);
	tarn__rlimits_raise(&some, &quiet);
	ck_assert_uint_eq(get().rlim_cur, files);
	ck_assert_uint_eq(get().rlim_max, files + 10);
}
END_TEST

START_TEST(limit_that_is_enough_stays)
{
	rlim_t files = tarn__rlimits_files(&some);
	set(files + 5, files + 10);
	tarn__rlimits_raise(&some, &quiet);
	ck_assert_uint_eq(get().rlim_cur, files + 5);
}
END_TEST

/* A container's root may not. */
static bool may_raise(void)
{
	struct rlimit limit = get();
	limit.rlim_max++;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

START_TEST(hard_limit_is_raised_by_who_may)
{
	rlim_t files = tarn__rlimits_files(&some);
	set(100, 200);
	rlim_t result = may_raise() ? files : 200;
	tarn__rlimits_raise(&some, &quiet);
	ck_assert_uint_eq(get().rlim_cur, result);
	ck_assert_uint_eq(get().rlim_max, result);
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
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

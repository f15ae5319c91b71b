/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/daemon/test_timing.c: when zones are looked at again. */
#include "daemon/transfer/timing.h"

#include "support/unit.h"

static struct tarn__soa soa = {.refresh = 3600, .retry = 600, .expire = 86400};

START_TEST(the_timers_are_those_of_the_soa)
{
	ck_assert_uint_eq(tarn__timing_refresh(&soa), 3600);
	ck_assert_uint_eq(tarn__timing_retry(&soa, 1), 600);
	ck_assert_uint_eq(tarn__timing_retry(&soa, 100), 600);
}
END_TEST

START_TEST(timers_have_bounds)
{
	const struct tarn__soa little = {.refresh = 59, .retry = 0};
	const struct tarn__soa least = {.refresh = 60, .retry = 61};
	const struct tarn__soa much = {.refresh = UINT32_MAX, .retry = 28 * 86400 + 1};
	ck_assert_uint_eq(tarn__timing_refresh(&little), 60);
	ck_assert_uint_eq(tarn__timing_retry(&little, 1), 60);
	ck_assert_uint_eq(tarn__timing_refresh(&least), 60);
	ck_assert_uint_eq(tarn__timing_retry(&least, 1), 61);
	ck_assert_uint_eq(tarn__timing_refresh(&much), 28 * 86400);
	ck_assert_uint_eq(tarn__timing_retry(&much, 1), 28 * 86400);
}
END_TEST

START_TEST(without_a_zone_attempts_become_rare)
{
	static const uint32_t times[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};
	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		ck_assert_uint_eq(tarn__timing_retry(NULL, i + 1), times[i]);
	ck_assert_uint_eq(tarn__timing_retry(NULL, UINT32_MAX), 3600);
}
END_TEST

START_TEST(a_zone_expires_after_its_time)
{
	ck_assert(!tarn__timing_is_expired(&soa, 1000, 1000));
	ck_assert(!tarn__timing_is_expired(&soa, 1000, 1000 + 86400));
	ck_assert(tarn__timing_is_expired(&soa, 1000, 1000 + 86401));
	/* A clock that was set back, and the longest time that there is. */
	ck_assert(!tarn__timing_is_expired(&soa, 1000000, 1000));
	const struct tarn__soa forever = {.expire = UINT32_MAX};
	ck_assert(!tarn__timing_is_expired(&forever, 0, UINT32_MAX));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timing");
	TCase *tcase = tcase_create("timing");
	tcase_add_test(tcase, the_timers_are_those_of_the_soa);
	tcase_add_test(tcase, timers_have_bounds);
	tcase_add_test(tcase, without_a_zone_attempts_become_rare);
	tcase_add_test(tcase, a_zone_expires_after_its_time);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

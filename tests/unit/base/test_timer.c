/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/base/test_timer.c: timers fire in order of time, once, and obey start and stop. */
#include "base/timer.h"

#include "base/list.h"
#include "support/unit.h"

enum { COUNT = 500 };

struct alarm {
	struct tarn__timer timer;
	unsigned fired;
};

static struct tarn__timers timers;
static struct alarm alarms[COUNT];
static uint64_t last_ms;
static unsigned total;

static void on_fire(struct tarn__timer *timer)
{
	struct alarm *alarm = TARN__CONTAINER(timer, struct alarm, timer);
	ck_assert(!timer->is_running);
	ck_assert_uint_ge(timer->at_ms, last_ms);
	last_ms = timer->at_ms;
	alarm->fired++;
	total++;
}

static void set_up(void)
{
	timers = (struct tarn__timers){0};
	for (size_t i = 0; i < COUNT; i++)
		alarms[i] = (struct alarm){.timer = {.fire = on_fire}};
	last_ms = 0;
	total = 0;
}

/* A fixed sequence that looks like none. */
static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

START_TEST(no_timer_is_never_due)
{
	ck_assert_uint_eq(tarn__timers_next_ms(&timers), UINT64_MAX);
	ck_assert_uint_eq(tarn__timers_run(&timers, UINT64_MAX, 10), 0);
}
END_TEST

START_TEST(timer_fires_at_its_time_and_not_before)
{
	tarn__timer_start(&timers, &alarms[0].timer, 100);
	ck_assert_uint_eq(tarn__timers_next_ms(&timers), 100);
	ck_assert_uint_eq(tarn__timers_run(&timers, 99, 10), 0);
	ck_assert_uint_eq(tarn__timers_run(&timers, 100, 10), 1);
	ck_assert_uint_eq(alarms[0].fired, 1);
	ck_assert_uint_eq(tarn__timers_run(&timers, 1000, 10), 0);
}
END_TEST

START_TEST(many_timers_fire_in_order)
{
	uint32_t state = 1;
	for (size_t i = 0; i < COUNT; i++)
		tarn__timer_start(&timers, &alarms[i].timer, next_number(&state) % 1000);
	ck_assert_uint_eq(tarn__timers_run(&timers, 1000, COUNT + 1), COUNT);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_uint_eq(alarms[i].fired, 1);
}
END_TEST

START_TEST(stopped_and_restarted_timers_obey)
{
	uint32_t state = 2;
	for (unsigned round = 0; round < 20 * COUNT; round++) {
		struct alarm *alarm = &alarms[next_number(&state) % COUNT];
		if (next_number(&state) % 3 == 0)
			tarn__timer_stop(&timers, &alarm->timer);
		else
			tarn__timer_start(&timers, &alarm->timer, next_number(&state) % 1000);
	}
	unsigned running = 0;
	uint64_t earliest = UINT64_MAX;
	for (size_t i = 0; i < COUNT; i++) {
		if (!alarms[i].timer.is_running)
			continue;
		running++;
		if (alarms[i].timer.at_ms < earliest)
			earliest = alarms[i].timer.at_ms;
	}
	ck_assert_uint_gt(running, 0);
	ck_assert_uint_eq(tarn__timers_next_ms(&timers), earliest);
	ck_assert_uint_eq(tarn__timers_run(&timers, 1000, SIZE_MAX), running);
	ck_assert_uint_eq(total, running);
}
END_TEST

START_TEST(budget_bounds_one_run)
{
	for (size_t i = 0; i < 10; i++)
		tarn__timer_start(&timers, &alarms[i].timer, 5);
	ck_assert_uint_eq(tarn__timers_run(&timers, 5, 4), 4);
	ck_assert_uint_eq(tarn__timers_next_ms(&timers), 5);
	ck_assert_uint_eq(tarn__timers_run(&timers, 5, 10), 6);
}
END_TEST

static void restart_and_stop(struct tarn__timer *timer)
{
	on_fire(timer);
	tarn__timer_stop(&timers, &alarms[1].timer);
	tarn__timer_start(&timers, timer, timer->at_ms + 10);
}

START_TEST(callback_may_start_and_stop_timers)
{
	alarms[0].timer.fire = restart_and_stop;
	tarn__timer_start(&timers, &alarms[0].timer, 1);
	tarn__timer_start(&timers, &alarms[1].timer, 2);
	ck_assert_uint_eq(tarn__timers_run(&timers, 5, 10), 1);
	ck_assert_uint_eq(alarms[1].fired, 0);
	ck_assert_uint_eq(tarn__timers_next_ms(&timers), 11);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timer");
	TCase *tcase = tcase_create("timer");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, no_timer_is_never_due);
	tcase_add_test(tcase, timer_fires_at_its_time_and_not_before);
	tcase_add_test(tcase, many_timers_fire_in_order);
	tcase_add_test(tcase, stopped_and_restarted_timers_obey);
	tcase_add_test(tcase, budget_bounds_one_run);
	tcase_add_test(tcase, callback_may_start_and_stop_timers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

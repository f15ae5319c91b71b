/* SPDX-License-Identifier: BSD-2-Clause */
/* The epochs: what was taken out is free when every reader online has passed, and not before. */

#include "epoch.h"

#include <sched.h>

#include "support/churn.h"
#include "support/unit.h"

enum {
	READERS = 3,
	OBJECTS = 4,
	SWAPS = 3000,
};

static struct rtcache__epochs epochs;
static struct rtcache__reader readers[READERS];

static void open_epochs(void)
{
	rtcache__epochs_init(&epochs);
	for (unsigned i = 0; i < READERS; i++)
		rtcache__reader_join(&epochs, &readers[i]);
}

static void close_epochs(void)
{
	rtcache__epochs_fini(&epochs);
}

START_TEST(with_nobody_online_all_is_free_at_once)
{
	ck_assert(rtcache__epoch_has_passed(&epochs, rtcache__epoch_close(&epochs)));
}
END_TEST

START_TEST(with_no_reader_all_is_free_at_once)
{
	for (unsigned i = 0; i < READERS; i++)
		rtcache__reader_leave(&epochs, &readers[i]);
	ck_assert(rtcache__epoch_has_passed(&epochs, rtcache__epoch_close(&epochs)));
}
END_TEST

START_TEST(numbers_only_grow)
{
	uint64_t last = rtcache__epoch_close(&epochs);
	for (unsigned i = 0; i < 10; i++) {
		uint64_t number = rtcache__epoch_close(&epochs);
		ck_assert_uint_eq(number, last + 1);
		last = number;
	}
}
END_TEST

START_TEST(reader_online_holds_up_until_it_is_quiet)
{
	rtcache__reader_online(&epochs, &readers[0]);
	uint64_t number = rtcache__epoch_close(&epochs);
	ck_assert(!rtcache__epoch_has_passed(&epochs, number));
	rtcache__reader_quiet(&epochs, &readers[0]);
	ck_assert(rtcache__epoch_has_passed(&epochs, number));
}
END_TEST

START_TEST(quiet_before_the_close_is_too_early)
{
	rtcache__reader_online(&epochs, &readers[0]);
	uint64_t first = rtcache__epoch_close(&epochs);
	rtcache__reader_quiet(&epochs, &readers[0]);
	uint64_t second = rtcache__epoch_close(&epochs);
	ck_assert(rtcache__epoch_has_passed(&epochs, first));
	ck_assert(!rtcache__epoch_has_passed(&epochs, second));
}
END_TEST

START_TEST(one_quiet_passes_every_number_before_it)
{
	uint64_t numbers[5];
	rtcache__reader_online(&epochs, &readers[0]);
	for (unsigned i = 0; i < 5; i++)
		numbers[i] = rtcache__epoch_close(&epochs);
	for (unsigned i = 0; i < 5; i++)
		ck_assert(!rtcache__epoch_has_passed(&epochs, numbers[i]));
	rtcache__reader_quiet(&epochs, &readers[0]);
	for (unsigned i = 0; i < 5; i++)
		ck_assert(rtcache__epoch_has_passed(&epochs, numbers[i]));
}
END_TEST

/* _i: the reader that is the last to announce. */
START_TEST(every_reader_online_must_pass)
{
	for (unsigned i = 0; i < READERS; i++)
		rtcache__reader_online(&epochs, &readers[i]);
	uint64_t number = rtcache__epoch_close(&epochs);
	for (unsigned i = 1; i < READERS; i++) {
		rtcache__reader_quiet(&epochs, &readers[((unsigned)_i + i) % READERS]);
		ck_assert(!rtcache__epoch_has_passed(&epochs, number));
	}
	rtcache__reader_quiet(&epochs, &readers[_i]);
	ck_assert(rtcache__epoch_has_passed(&epochs, number));
}
END_TEST

START_TEST(reader_offline_holds_up_nobody)
{
	rtcache__reader_online(&epochs, &readers[0]);
	rtcache__reader_online(&epochs, &readers[1]);
	uint64_t number = rtcache__epoch_close(&epochs);
	rtcache__reader_offline(&readers[1]);
	ck_assert(!rtcache__epoch_has_passed(&epochs, number));
	rtcache__reader_offline(&readers[0]);
	ck_assert(rtcache__epoch_has_passed(&epochs, number));
}
END_TEST

START_TEST(reader_that_comes_later_holds_up_nobody)
{
	uint64_t number = rtcache__epoch_close(&epochs);
	rtcache__reader_online(&epochs, &readers[0]);
	ck_assert(rtcache__epoch_has_passed(&epochs, number));
	ck_assert(!rtcache__epoch_has_passed(&epochs, rtcache__epoch_close(&epochs)));
}
END_TEST

/* _i: the reader that leaves, at any place of the list. */
START_TEST(reader_that_left_holds_up_nobody)
{
	struct rtcache__reader *leaver = &readers[_i];
	struct rtcache__reader *other = &readers[((unsigned)_i + 1) % READERS];
	rtcache__reader_online(&epochs, leaver);
	rtcache__reader_online(&epochs, other);
	uint64_t number = rtcache__epoch_close(&epochs);
	rtcache__reader_offline(leaver);
	rtcache__reader_leave(&epochs, leaver);
	ck_assert(!rtcache__epoch_has_passed(&epochs, number));
	rtcache__reader_quiet(&epochs, other);
	ck_assert(rtcache__epoch_has_passed(&epochs, number));
}
END_TEST

/* One object is in reach; the writer puts another there and, in time, destroys the old one. */
struct object {
	unsigned numbers[8];
};

static struct object objects[OBJECTS];
static _Atomic(struct object *) in_reach;
static atomic_bool has_ended;

static void *read_on(void *arg)
{
	struct rtcache__reader *reader = arg;
	uint64_t random = (uint64_t)(reader - readers);
	rtcache__reader_online(&epochs, reader);
	while (!atomic_load(&has_ended)) {
		const struct object *object = atomic_load_explicit(&in_reach, memory_order_acquire);
		for (unsigned round = 0; round < 10; round++) {
			for (unsigned i = 0; i < 8; i++)
				must(object->numbers[i] == i);
		}
		if (pick(&random, 4) == 0) {
			rtcache__reader_offline(reader);
			rtcache__reader_online(&epochs, reader);
		} else if (pick(&random, 16) == 0) {
			rtcache__reader_offline(reader);
			rtcache__reader_leave(&epochs, reader);
			rtcache__reader_join(&epochs, reader);
			rtcache__reader_online(&epochs, reader);
		} else {
			rtcache__reader_quiet(&epochs, reader);
		}
	}
	rtcache__reader_offline(reader);
	return NULL;
}

static void write_object(struct object *object, unsigned from)
{
	for (unsigned i = 0; i < 8; i++)
		object->numbers[i] = from + i;
}

START_TEST(nobody_reads_what_has_been_reclaimed)
{
	pthread_t threads[READERS];
	atomic_store(&has_ended, false);
	write_object(&objects[0], 0);
	atomic_init(&in_reach, &objects[0]);
	for (unsigned i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	for (unsigned swap = 1; swap <= SWAPS; swap++) {
		struct object *old = atomic_load(&in_reach);
		struct object *new = &objects[swap % OBJECTS];
		write_object(new, 0);
		atomic_store_explicit(&in_reach, new, memory_order_release);
		uint64_t number = rtcache__epoch_close(&epochs);
		while (!rtcache__epoch_has_passed(&epochs, number))
			sched_yield();
		write_object(old, 1000);
	}
	atomic_store(&has_ended, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtcache_epoch");
	TCase *tcase = tcase_create("epoch");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, open_epochs, close_epochs);
	tcase_add_test(tcase, with_nobody_online_all_is_free_at_once);
	tcase_add_test(tcase, with_no_reader_all_is_free_at_once);
	tcase_add_test(tcase, numbers_only_grow);
	tcase_add_test(tcase, reader_online_holds_up_until_it_is_quiet);
	tcase_add_test(tcase, quiet_before_the_close_is_too_early);
	tcase_add_test(tcase, one_quiet_passes_every_number_before_it);
	tcase_add_loop_test(tcase, every_reader_online_must_pass, 0, READERS);
	tcase_add_test(tcase, reader_offline_holds_up_nobody);
	tcase_add_test(tcase, reader_that_comes_later_holds_up_nobody);
	tcase_add_loop_test(tcase, reader_that_left_holds_up_nobody, 0, READERS);
	tcase_add_test(tcase, nobody_reads_what_has_been_reclaimed);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

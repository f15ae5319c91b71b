/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/threads/ring.c: records in their order, at the end of the memory, and between two threads. */

#include "daemon/threads/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static struct tarn__ring *ring;
static uint8_t out[TARN__RING_RECORD_MAX];

static void setup(void)
{
	ring = aligned_alloc(_Alignof(struct tarn__ring), sizeof(*ring));
	ck_assert_ptr_nonnull(ring);
	memset(ring, 0, sizeof(*ring));
}

static void teardown(void)
{
	free(ring);
}

START_TEST(a_new_ring_is_empty)
{
	ck_assert(tarn__ring_is_empty(ring));
	ck_assert_uint_eq(tarn__ring_take(ring, out), 0);
}
END_TEST

START_TEST(records_come_in_their_order)
{
	tarn__ring_put(ring, "one", 3, "", 0);
	tarn__ring_put(ring, "tw", 2, "o!", 2);
	ck_assert(!tarn__ring_is_empty(ring));
	ck_assert_uint_eq(tarn__ring_take(ring, out), 3);
	ck_assert_mem_eq(out, "one", 3);
	ck_assert_uint_eq(tarn__ring_take(ring, out), 4);
	ck_assert_mem_eq(out, "two!", 4);
	ck_assert(tarn__ring_is_empty(ring));
	ck_assert_uint_eq(tarn__ring_take(ring, out), 0);
}
END_TEST

/* Each length puts the records' edges elsewhere. */
START_TEST(records_survive_the_end_of_the_memory)
{
	uint8_t record[TARN__RING_RECORD_MAX];
	size_t len = (size_t)_i + 1;
	for (size_t n = 0; n < 3 * TARN__RING_SIZE / len + 3; n++) {
		memset(record, (int)n, len);
		tarn__ring_put(ring, record, len / 2, record, len - len / 2);
		ck_assert_uint_eq(tarn__ring_take(ring, out), len);
		ck_assert_mem_eq(out, record, len);
	}
	ck_assert_uint_eq(tarn__ring_lost(ring), 0);
}
END_TEST

START_TEST(what_finds_no_room_is_counted)
{
	uint8_t record[TARN__RING_RECORD_MAX - 2] = {
		0}; /* with its length, a divisor of the size */
	size_t room = TARN__RING_SIZE / TARN__RING_RECORD_MAX;
	for (size_t n = 0; n < room; n++)
		tarn__ring_put(ring, record, sizeof(record), "", 0);
	ck_assert_uint_eq(tarn__ring_lost(ring), 0);
	tarn__ring_put(ring, "x", 1, "", 0);
	tarn__ring_put(ring, "y", 1, "", 0);
	ck_assert_uint_eq(tarn__ring_lost(ring), 2);
	ck_assert_uint_eq(tarn__ring_take(ring, out), sizeof(record));
	tarn__ring_put(ring, "z", 1, "", 0);
	ck_assert_uint_eq(tarn__ring_lost(ring), 2);
	for (size_t n = 1; n < room; n++)
		ck_assert_uint_eq(tarn__ring_take(ring, out), sizeof(record));
	ck_assert_uint_eq(tarn__ring_take(ring, out), 1);
	ck_assert_uint_eq(out[0], 'z');
}
END_TEST

START_TEST(the_longest_record_fits_and_no_longer_one)
{
	uint8_t record[TARN__RING_RECORD_MAX] = {1};
	tarn__ring_put(ring, record, sizeof(record), "x", 1);
	ck_assert_uint_eq(tarn__ring_lost(ring), 1);
	tarn__ring_put(ring, record, sizeof(record), "", 0);
	ck_assert_uint_eq(tarn__ring_take(ring, out), sizeof(record));
}
END_TEST

enum { NUMBERS = 200000 };

static void *put_numbers(void *arg)
{
	(void)arg;
	for (uint32_t n = 1; n <= NUMBERS; n++)
		tarn__ring_put(ring, &n, sizeof(n), &n, n % 4);
	return NULL;
}

START_TEST(between_threads_each_record_is_whole_or_lost)
{
	pthread_t putter;
	ck_assert_int_eq(pthread_create(&putter, NULL, put_numbers, NULL), 0);
	uint32_t before = 0, taken = 0;
	while (taken + tarn__ring_lost(ring) < NUMBERS) {
		size_t len = tarn__ring_take(ring, out);
		if (len == 0) {
			sched_yield();
			continue;
		}
		uint32_t n;
		memcpy(&n, out, sizeof(n));
		ck_assert_uint_gt(n, before);
		ck_assert_uint_eq(len, sizeof(n) + n % 4);
		before = n;
		taken++;
	}
	pthread_join(putter, NULL);
	ck_assert(tarn__ring_is_empty(ring));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ring");
	TCase *tcase = tcase_create("record");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_new_ring_is_empty);
	tcase_add_test(tcase, records_come_in_their_order);
	tcase_add_loop_test(tcase, records_survive_the_end_of_the_memory, 60, 75);
	tcase_add_test(tcase, what_finds_no_room_is_counted);
	tcase_add_test(tcase, the_longest_record_fits_and_no_longer_one);
	tcase_add_test(tcase, between_threads_each_record_is_whole_or_lost);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/process.c: what is measured is what was taken. */
#include "daemon/system/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/unit.h"

static struct tarn__process process;

static void set_up(void)
{
	tarn__process_init(&process);
}

static void tear_down(void)
{
	tarn__process_fini(&process);
}

START_TEST(memory_that_is_written_to_is_resident)
{
	enum { SIZE = 64 << 20, PAGE = 4096 };
	uint64_t before = tarn__process_usage(&process).resident_octets;
	void *memory = malloc(SIZE);
	ck_assert_ptr_nonnull(memory);
	volatile char *octets = memory;
	for (size_t i = 0; i < SIZE; i += PAGE)
		octets[i] = 1;
	uint64_t after = tarn__process_usage(&process).resident_octets;
	ck_assert_uint_gt(before, 0);
	ck_assert_uint_ge(after, before + SIZE / 2);
	free(memory);
}
END_TEST

START_TEST(files_are_counted_each_time)
{
	uint64_t before = tarn__process_usage(&process).files;
	int fds[100];
	for (int i = 0; i < 100; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_uint_eq(tarn__process_usage(&process).files, before + 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	ck_assert_uint_eq(tarn__process_usage(&process).files, before);
	ck_assert_uint_ge(tarn__process_usage(&process).files_max, before);
}
END_TEST

START_TEST(time_of_the_processor_grows)
{
	uint64_t before = tarn__process_usage(&process).cpu_us;
	while (tarn__process_usage(&process).cpu_us < before + 1000)
		;
}
END_TEST

START_TEST(without_proc_there_is_the_rest)
{
	struct tarn__process none = {.memory = -1};
	struct tarn__usage usage = tarn__process_usage(&none);
	ck_assert_uint_eq(usage.resident_octets, 0);
	ck_assert_uint_eq(usage.files, 0);
	ck_assert_uint_gt(usage.cpu_us, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *tcase = tcase_create("process");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, memory_that_is_written_to_is_resident);
	tcase_add_test(tcase, files_are_counted_each_time);
	tcase_add_test(tcase, time_of_the_processor_grows);
	tcase_add_test(tcase, without_proc_there_is_the_rest);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

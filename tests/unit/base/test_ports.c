/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/base/test_ports.c: a set of ports, of which one can be drawn by its number. */
#include "base/ports.h"

#include <string.h>

#include "support/unit.h"

static struct tarn__ports ports;

static void set_up(void)
{
	tarn__ports_fill(&ports);
}

/* Drawn in their order they are all those, and only those, that are in the set. */
static void check_draws(uint32_t expected)
{
	ck_assert_uint_eq(tarn__ports_count(&ports), expected);
	uint32_t index = 0;
	for (uint32_t port = 0; port < 65536; port++) {
		if (tarn__ports_has(&ports, (uint16_t)port))
			ck_assert_uint_eq(tarn__ports_get(&ports, index++), port);
	}
	ck_assert_uint_eq(index, expected);
}

START_TEST(all_that_take_no_privilege)
{
	check_draws(65536 - 1024);
	ck_assert(!tarn__ports_has(&ports, 1023));
	ck_assert(tarn__ports_has(&ports, 1024));
	ck_assert(tarn__ports_has(&ports, 65535));
}
END_TEST

START_TEST(ranges_go_from_their_first_to_their_last)
{
	tarn__ports_avoid(&ports, 5353, 5353);
	tarn__ports_avoid(&ports, 8000, 8999);
	tarn__ports_avoid(&ports, 8500, 9000);
	tarn__ports_avoid(&ports, 65535, 65535);
	tarn__ports_avoid(&ports, 0, 1024);
	tarn__ports_avoid(&ports, 10, 9);
	check_draws(65536 - 1024 - 1 - 1001 - 1 - 1);
	ck_assert(tarn__ports_has(&ports, 7999));
	ck_assert(!tarn__ports_has(&ports, 8000));
	ck_assert(!tarn__ports_has(&ports, 9000));
	ck_assert(tarn__ports_has(&ports, 9001));
}
END_TEST

START_TEST(one_that_is_left_is_drawn)
{
	tarn__ports_avoid(&ports, 0, 40000);
	tarn__ports_avoid(&ports, 40002, 65535);
	check_draws(1);
	tarn__ports_avoid(&ports, 40001, 40001);
	check_draws(0);
}
END_TEST

START_TEST(every_other_one)
{
	for (uint32_t port = 1; port < 65536; port += 2)
		tarn__ports_avoid(&ports, (uint16_t)port, (uint16_t)port);
	check_draws((65536 - 1024) / 2);
}
END_TEST

START_TEST(sets_intersect)
{
	struct tarn__ports other;
	tarn__ports_fill(&other);
	tarn__ports_avoid(&other, 2000, 2999);
	tarn__ports_avoid(&ports, 2500, 3499);
	tarn__ports_intersect(&ports, &other);
	check_draws(65536 - 1024 - 1500);
}
END_TEST

static const struct {
	const char *text;
	bool is_list;
	uint32_t avoided;
} lists[] = {
	{"", true, 0},
	{"\n", true, 0},
	{"8080\n", true, 1},
	{"8080", true, 1},
	{"8080,9148-9200\n", true, 54},
	{"80,1024-1025,65535\n", true, 3},
	{"9-8\n", true, 0},
	{"65536\n", false, 0},
	{"99999999999999999999\n", false, 0},
	{"8080,\n", false, 1},
	{"8080 8081\n", false, 1},
	{"-5\n", false, 0},
	{"8080-\n", false, 0},
	{"x\n", false, 0},
};

START_TEST(lists_are_as_the_kernel_writes_them)
{
	size_t len = strlen(lists[_i].text);
	FILE *file = len > 0 ? fmemopen((void *)(uintptr_t)lists[_i].text, len, "r")
			     : fopen("/dev/null", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert(tarn__ports_avoid_list(&ports, file) == lists[_i].is_list);
	fclose(file);
	ck_assert_uint_eq(tarn__ports_count(&ports), 65536 - 1024 - lists[_i].avoided);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ports");
	TCase *tcase = tcase_create("ports");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, all_that_take_no_privilege);
	tcase_add_test(tcase, ranges_go_from_their_first_to_their_last);
	tcase_add_test(tcase, one_that_is_left_is_drawn);
	tcase_add_test(tcase, every_other_one);
	tcase_add_test(tcase, sets_intersect);
	tcase_add_loop_test(tcase, lists_are_as_the_kernel_writes_them, 0,
			    sizeof(lists) / sizeof(lists[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

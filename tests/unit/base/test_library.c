/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/base/test_library.c: functions that are found, and one that is not. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

#include "support/unit.h"

static size_t (*length)(const char *);
static int (*nothing)(void);
static int (*compare)(const char *, const char *);

static void *handle;

static void set_up(void)
{
	handle = dlopen(NULL, RTLD_NOW);
	ck_assert_ptr_nonnull(handle);
	length = NULL;
	nothing = NULL;
	compare = NULL;
}

static void tear_down(void)
{
	dlclose(handle);
}

START_TEST(functions_are_found)
{
	const struct tarn__library_function functions[] = {{"strlen", &length},
							   {"strcmp", &compare}};
	ck_assert_ptr_null(tarn__library_find(handle, functions, 2));
	ck_assert_uint_eq(length("four"), 4);
	ck_assert_int_eq(compare("a", "a"), 0);
}
END_TEST

START_TEST(first_that_is_missing_is_named)
{
	const struct tarn__library_function functions[] = {
		{"strlen", &length}, {"tarn_has_no_such_function", &nothing}, {"strcmp", &compare}};
	ck_assert_str_eq(tarn__library_find(handle, functions, 3), "tarn_has_no_such_function");
	ck_assert(length != NULL);
	ck_assert(nothing == NULL);
	ck_assert(compare == NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library");
	TCase *tcase = tcase_create("library");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, functions_are_found);
	tcase_add_test(tcase, first_that_is_missing_is_named);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/name_list.c: names, and those below them. */
#include "core/policy/name_list.h"

#include "dns/text.h"
#include "support/unit.h"
#include "tarn.h"

static struct tarn__name_list *names;

static void set_up(void)
{
	names = NULL;
}

static void tear_down(void)
{
	tarn__name_list_free(names);
}

static bool covers(const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__name_list_cover(names, name, len);
}

START_TEST(name_stands_for_itself_and_those_below_it)
{
	const char *const texts[] = {"plex.direct", "Lan."};
	ck_assert_int_eq(tarn__name_list_new(texts, 2, &names), 0);
	ck_assert(covers("plex.direct."));
	ck_assert(covers("a.b.PLEX.direct."));
	ck_assert(covers("lan."));
	ck_assert(!covers("direct."));
	ck_assert(!covers("xplex.direct."));
	ck_assert(!covers("plex.direct.example."));
	ck_assert(!covers("."));
}
END_TEST

START_TEST(root_is_above_all)
{
	const char *const texts[] = {"."};
	ck_assert_int_eq(tarn__name_list_new(texts, 1, &names), 0);
	ck_assert(covers("."));
	ck_assert(covers("www.example."));
}
END_TEST

START_TEST(no_names_cover_nothing)
{
	ck_assert_int_eq(tarn__name_list_new(NULL, 0, &names), 0);
	ck_assert(!covers("."));
	ck_assert(!covers("www.example."));
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
	const char *const texts[] = {"example.", "a..b", "example."};
	ck_assert_int_eq(tarn__name_list_new(texts, 3, &names), TARN_EINVAL);
	ck_assert_ptr_null(names);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");
	TCase *tcase = tcase_create("names");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, name_stands_for_itself_and_those_below_it);
	tcase_add_test(tcase, root_is_above_all);
	tcase_add_test(tcase, no_names_cover_nothing);
	tcase_add_test(tcase, what_is_no_name_is_refused);
	return unit_run(suite);
}

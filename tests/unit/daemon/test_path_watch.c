/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/path_watch.c: several files and folders behind one descriptor. The ways in which a single
 * file changes are tested by test_file_watch.c.
 */

#include "config.h"

#include "daemon/system/path_watch.h"

#include "support/folder.h"
#include "support/net.h"
#include "support/unit.h"

enum { ONE = 1, TWO = 2, FOLDER = 4 };

static struct ev_loop *loop;
static struct tarn__log quiet;
static struct tarn__path_watch path_watch;
static unsigned told;

static void on_changed(void *data, unsigned groups)
{
	(void)data;
	told |= groups;
}

static void set_up(void)
{
	make_folder();
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	path_watch = (struct tarn__path_watch){.loop = loop, .changed = on_changed, .log = &quiet};
	ck_assert_int_eq(mkdir(in_folder("a"), 0700), 0);
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	put_file("a/one", "1");
	put_file("a/two", "2");
	told = 0;
}

static void tear_down(void)
{
	tarn__path_watch_stop(&path_watch);
	tarn__path_watch_stop(&path_watch);
	ev_loop_destroy(loop);
	tarn__log_fini(&quiet);
	remove_folder();
}

static void watch_all(bool is_kept_open)
{
	const struct tarn__watched_path paths[] = {
		{in_folder("a/one"), ONE, is_kept_open},
		{in_folder("a/two"), TWO, false},
		{in_folder("d"), FOLDER, false},
	};
	ck_assert(tarn__path_watch_set(&path_watch, paths, 3));
	run_dry(loop);
	told = 0;
}

static bool is_told(void *arg)
{
	(void)arg;
	return told != 0;
}

static void check_told(unsigned groups)
{
	run_until(loop, is_told, NULL);
	run_dry(loop);
	ck_assert_uint_eq(told, groups);
	told = 0;
}

static void check_silence(void)
{
	run_dry(loop);
	ck_assert_uint_eq(told, 0);
}

START_TEST(each_path_has_its_group)
{
	watch_all(false);
	put_file("a/one", "x");
	check_told(ONE);
	replace_file("a/two", "x");
	check_told(TWO);
	put_file("a/other", "x");
	check_silence();
}
END_TEST

START_TEST(any_file_of_a_folder_is_told)
{
	watch_all(false);
	put_file("d/1", "x");
	check_told(FOLDER);
	replace_file("d/2", "x");
	check_told(FOLDER);
	ck_assert_int_eq(unlink(in_folder("d/1")), 0);
	check_told(FOLDER);
}
END_TEST

START_TEST(folder_that_goes_and_comes_is_followed)
{
	watch_all(false);
	ck_assert_int_eq(rename(in_folder("d"), in_folder("e")), 0);
	check_told(FOLDER);
	watch_all(false);
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	check_told(FOLDER);
	watch_all(false);
	put_file("d/1", "x");
	check_told(FOLDER);
	put_file("e/1", "x");
	check_silence();
}
END_TEST

START_TEST(write_to_a_file_that_stays_open_is_told_where_it_matters)
{
	FILE *one = fopen(in_folder("a/one"), "a"), *two = fopen(in_folder("a/two"), "a");
	watch_all(true);
	fputs("x", two);
	fflush(two);
	check_silence();
	fputs("x", one);
	fflush(one);
	check_told(ONE);
	fclose(one);
	check_told(ONE);
	fclose(two);
	check_told(TWO);
}
END_TEST

START_TEST(path_of_two_groups_is_told_for_both)
{
	const struct tarn__watched_path paths[] = {
		{in_folder("a/one"), ONE, false},
		{in_folder("a/one"), TWO, false},
	};
	ck_assert(tarn__path_watch_set(&path_watch, paths, 2));
	put_file("a/one", "x");
	check_told(ONE | TWO);
}
END_TEST

START_TEST(path_that_is_not_watched_any_more_is_not_told)
{
	watch_all(false);
	const struct tarn__watched_path paths[] = {{in_folder("a/one"), ONE, false}};
	ck_assert(tarn__path_watch_set(&path_watch, paths, 1));
	run_dry(loop);
	told = 0;
	put_file("a/two", "x");
	put_file("d/1", "x");
	check_silence();
	put_file("a/one", "x");
	check_told(ONE);
	/* Without any there is no descriptor. */
	ck_assert(tarn__path_watch_set(&path_watch, NULL, 0));
	ck_assert(!path_watch.is_open);
	ck_assert_ptr_null(path_watch.watches);
}
END_TEST

START_TEST(slash_at_the_end_of_a_folder_makes_no_difference)
{
	const struct tarn__watched_path paths[] = {{in_folder("d/"), FOLDER, false}};
	ck_assert(tarn__path_watch_set(&path_watch, paths, 1));
	put_file("d/1", "x");
	check_told(FOLDER);
}
END_TEST

START_TEST(path_that_is_too_long_is_left_out)
{
	char path[2 * PATH_MAX];
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	const struct tarn__watched_path paths[] = {{path, TWO, false},
						   {in_folder("a/one"), ONE, false}};
	ck_assert(tarn__path_watch_set(&path_watch, paths, 2));
	put_file("a/one", "x");
	check_told(ONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("path_watch");
	TCase *tcase = tcase_create("paths");
	tcase_set_timeout(tcase, 2 * WATCHDOG_SEC);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_path_has_its_group);
	tcase_add_test(tcase, any_file_of_a_folder_is_told);
	tcase_add_test(tcase, folder_that_goes_and_comes_is_followed);
	tcase_add_test(tcase, write_to_a_file_that_stays_open_is_told_where_it_matters);
	tcase_add_test(tcase, path_of_two_groups_is_told_for_both);
	tcase_add_test(tcase, path_that_is_not_watched_any_more_is_not_told);
	tcase_add_test(tcase, slash_at_the_end_of_a_folder_makes_no_difference);
	tcase_add_test(tcase, path_that_is_too_long_is_left_out);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

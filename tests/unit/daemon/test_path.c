/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/path.c: where links lead, and what a file's directory is. */

#include "config.h"

#include "daemon/settings/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

static char directory[] = "/tmp/tarn-path-XXXXXX";

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void tear_down(void)
{
	unlink("link");
	rmdir(directory);
}

static const struct {
	const char *target, *from, *to;
} links[] = {
	{"/run/x", "link", "/run/x"},
	{"x", "link", "x"},
	{"x", "./link", "./x"},
	{"../run/x", "./link", "./../run/x"},
};

START_TEST(link_leads_to_its_target)
{
	char path[PATH_MAX];
	strcpy(path, links[_i].from);
	ck_assert_int_eq(symlink(links[_i].target, "link"), 0);
	ck_assert(tarn__path_read_link(path));
	ck_assert_str_eq(path, links[_i].to);
	ck_assert(!tarn__path_read_link(path));
	ck_assert_str_eq(path, links[_i].to);
}
END_TEST

START_TEST(target_that_makes_the_path_too_long_is_refused)
{
	char target[PATH_MAX], path[PATH_MAX] = "";
	memset(target, 'x', sizeof(target));
	target[PATH_MAX - 4] = '\0';
	ck_assert_int_eq(symlink(target, "link"), 0);
	strcpy(path, "././link");
	ck_assert(!tarn__path_read_link(path));
	strcpy(path, "./link");
	ck_assert(tarn__path_read_link(path));
	ck_assert_uint_eq(strlen(path), PATH_MAX - 2);
}
END_TEST

static const struct {
	const char *path, *directory;
} cuts[] = {
	{"/etc/resolv.conf", "/etc/"},
	{"/x", "/"},
	{"/etc/tarn/", "/etc/tarn/"},
	{"a/b", "a/"},
	{"a", "./"},
};

START_TEST(directory_of_a_file)
{
	char path[PATH_MAX];
	strcpy(path, cuts[_i].path);
	tarn__path_cut(path);
	ck_assert_str_eq(path, cuts[_i].directory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("path");
	TCase *tcase = tcase_create("path");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, link_leads_to_its_target, 0, sizeof(links) / sizeof(links[0]));
	tcase_add_test(tcase, target_that_makes_the_path_too_long_is_refused);
	tcase_add_loop_test(tcase, directory_of_a_file, 0, sizeof(cuts) / sizeof(cuts[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/file_watch.c: the ways in which a file may change, and their reports. */

#include "config.h"

#include "daemon/system/file_watch.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/net.h"
#include "support/unit.h"

static struct ev_loop *loop;
static struct tarn__log quiet;
static struct tarn__file_watch file_watch;
static char root[] = "/tmp/tarn-follow-XXXXXX";
static char path[PATH_MAX];
static int told;

/* A file of the test's own folder. */
static const char *at(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *out = paths[next++ % 4];
	snprintf(out, PATH_MAX, "%s/%s", root, name);
	return out;
}

static void write_file(const char *name)
{
	FILE *file = fopen(at(name), "w");
	ck_assert_ptr_nonnull(file);
	fputs("nameserver 192.0.2.1\n", file);
	fclose(file);
}

static void on_changed(void *data)
{
	(void)data;
	told++;
}

static void set_up(void)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(mkdir(at("etc"), 0700), 0);
	ck_assert_int_eq(mkdir(at("run"), 0700), 0);
	strcpy(path, at("etc/resolv.conf"));
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	told = 0;
}

static void tear_down(void)
{
	tarn__file_watch_stop(&file_watch);
	tarn__file_watch_stop(&file_watch);
	ev_loop_destroy(loop);
	tarn__log_fini(&quiet);
	char command[PATH_MAX + 16];
	snprintf(command, sizeof(command), "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}

static void start(void)
{
	tarn__file_watch_start(&file_watch, loop, path, on_changed, NULL, &quiet);
	ck_assert_ptr_nonnull(file_watch.loop);
}

static bool is_told(void *arg)
{
	(void)arg;
	return told > 0;
}

/* Once, however many steps it took; then nothing more. */
static void check_told(void)
{
	run_until(loop, is_told, NULL);
	run_dry(loop);
	ck_assert_int_eq(told, 1);
	ck_assert(!ev_is_active(&file_watch.timer));
	told = 0;
}

static void check_silence(void)
{
	run_dry(loop);
	ck_assert(!ev_is_active(&file_watch.timer));
	ck_assert_int_eq(told, 0);
}

START_TEST(file_that_is_written_is_told_each_time)
{
	write_file("etc/resolv.conf");
	start();
	check_silence();
	for (int i = 0; i < 3; i++) {
		write_file("etc/resolv.conf");
		check_told();
	}
}
END_TEST

START_TEST(file_that_is_replaced_is_told_each_time)
{
	write_file("etc/resolv.conf");
	start();
	for (int i = 0; i < 3; i++) {
		write_file("etc/new");
		ck_assert_int_eq(rename(at("etc/new"), path), 0);
		check_told();
	}
}
END_TEST

START_TEST(file_that_goes_and_comes_is_told)
{
	start();
	write_file("etc/resolv.conf");
	check_told();
	unlink(path);
	check_told();
	write_file("etc/resolv.conf");
	check_told();
	ck_assert_int_eq(rename(path, at("etc/old")), 0);
	check_told();
}
END_TEST

START_TEST(file_that_may_be_read_again_is_told)
{
	write_file("etc/resolv.conf");
	start();
	ck_assert_int_eq(chmod(path, 0), 0);
	check_told();
}
END_TEST

START_TEST(neighbours_are_not_told)
{
	write_file("etc/resolv.conf");
	start();
	write_file("etc/resolv.conf.old");
	unlink(at("etc/resolv.conf.old"));
	write_file("etc/hosts");
	check_silence();
}
END_TEST

START_TEST(target_of_a_link_is_followed)
{
	write_file("run/resolv.conf");
	ck_assert_int_eq(symlink(_i == 0 ? "../run/resolv.conf" : at("run/resolv.conf"), path), 0);
	start();
	write_file("run/resolv.conf");
	check_told();
	write_file("run/new");
	ck_assert_int_eq(rename(at("run/new"), at("run/resolv.conf")), 0);
	check_told();
}
END_TEST

START_TEST(link_to_another_target_is_told_and_that_is_followed)
{
	write_file("run/one");
	write_file("run/two");
	ck_assert_int_eq(symlink("../run/one", path), 0);
	start();
	ck_assert_int_eq(symlink("../run/two", at("etc/new")), 0);
	ck_assert_int_eq(rename(at("etc/new"), path), 0);
	check_told();
	write_file("run/two");
	check_told();
	write_file("run/one");
	check_silence();
}
END_TEST

START_TEST(directory_that_is_not_there_yet_is_waited_for)
{
	ck_assert_int_eq(symlink("../run/systemd/resolve/stub.conf", path), 0);
	start();
	ck_assert_int_eq(mkdir(at("run/systemd"), 0700), 0);
	check_told();
	ck_assert_int_eq(mkdir(at("run/systemd/resolve"), 0700), 0);
	check_told();
	write_file("run/systemd/resolve/stub.conf");
	check_told();
	write_file("run/systemd/resolve/stub.conf");
	check_told();
}
END_TEST

START_TEST(directory_that_goes_and_comes_is_followed)
{
	write_file("etc/resolv.conf");
	start();
	ck_assert_int_eq(rename(at("etc"), at("old")), 0);
	check_told();
	write_file("old/resolv.conf");
	check_silence();
	ck_assert_int_eq(mkdir(at("etc"), 0700), 0);
	check_told();
	write_file("etc/resolv.conf");
	check_told();
}
END_TEST

/* As seen where it is mounted over the name: the directory that it is in is another one. */
START_TEST(file_that_changes_in_another_directory_is_told)
{
	write_file("run/resolv.conf");
	ck_assert_int_eq(link(at("run/resolv.conf"), path), 0);
	start();
	write_file("run/resolv.conf");
	check_told();
}
END_TEST

START_TEST(circle_of_links_is_followed_and_ends)
{
	ck_assert_int_eq(symlink("resolv.conf", path), 0);
	start();
	unlink(path);
	write_file("etc/resolv.conf");
	check_told();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("follow");
	TCase *tcase = tcase_create("follow");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, file_that_is_written_is_told_each_time);
	tcase_add_test(tcase, file_that_is_replaced_is_told_each_time);
	tcase_add_test(tcase, file_that_goes_and_comes_is_told);
	tcase_add_test(tcase, file_that_may_be_read_again_is_told);
	tcase_add_test(tcase, neighbours_are_not_told);
	tcase_add_loop_test(tcase, target_of_a_link_is_followed, 0, 2);
	tcase_add_test(tcase, link_to_another_target_is_told_and_that_is_followed);
	tcase_add_test(tcase, directory_that_is_not_there_yet_is_waited_for);
	tcase_add_test(tcase, directory_that_goes_and_comes_is_followed);
	tcase_add_test(tcase, file_that_changes_in_another_directory_is_told);
	tcase_add_test(tcase, circle_of_links_is_followed_and_ends);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

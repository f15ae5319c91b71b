/* SPDX-License-Identifier: BSD-2-Clause */
/* The place of the cache's file, and how a new file comes into it. */
#include "config.h"

#include "daemon/cache_file/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cache_file/writer.h"
#include "support/unit.h"

enum { LEN_MAX = 1 << 20 };

static char folder[64], path[96], temporary[96], lock[96], other[96];
static struct tarn__place place, second;
static char fault[TARN__PLACE_FAULT_MAX];
static struct ev_loop *loop;
static ev_async ended;

static void on_ended(struct ev_loop *of, ev_async *async, int events)
{
	(void)async;
	(void)events;
	ev_break(of, EVBREAK_ALL);
}

static void set_up(void)
{
	strcpy(folder, "/tmp/tarn-place-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/cache", folder);
	snprintf(temporary, sizeof(temporary), "%s/cache.tmp", folder);
	snprintf(lock, sizeof(lock), "%s/cache.lock", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	fault[0] = '\0';
	loop = ev_loop_new(EVFLAG_NOENV);
	ev_async_init(&ended, on_ended);
	ev_async_start(loop, &ended);
	second.lock_fd = -1;
	place.lock_fd = -1;
}

static void tear_down(void)
{
	tarn__place_close(&place);
	tarn__place_close(&second);
	ev_loop_destroy(loop);
	const char *const names[] = {path, temporary, lock, other};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unlink(names[i]);
		rmdir(names[i]);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static void open_place(void)
{
	ck_assert_msg(tarn__place_open(&place, path, fault), "%s", fault);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void check_file(const char *name, const char *text)
{
	char read[64] = "";
	FILE *file = fopen(name, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert(fgets(read, sizeof(read), file) || !*text);
	fclose(file);
	ck_assert_str_eq(read, text);
}

static bool is_there(const char *name)
{
	struct stat status;
	return lstat(name, &status) == 0;
}

/* ---- the place ------------------------------------------------------------------------------- */

START_TEST(place_is_one_process_s)
{
	open_place();
	ck_assert(!tarn__place_open(&second, path, fault));
	ck_assert_str_eq(fault, "another process has it");
	tarn__place_close(&place);
	ck_assert(tarn__place_open(&second, path, fault));
}
END_TEST

START_TEST(lock_that_was_removed_meanwhile_is_none)
{
	open_place();
	ck_assert_int_eq(tarn__place_wipe(&place), 0);
	ck_assert(tarn__place_open(&second, path, fault));
	tarn__place_close(&place);
	ck_assert(!tarn__place_open(&place, path, fault));
}
END_TEST

START_TEST(folder_that_is_missing_is_told)
{
	snprintf(path, sizeof(path), "%s/none/cache", folder);
	ck_assert(!tarn__place_open(&place, path, fault));
	ck_assert_str_eq(fault, "its folder does not exist");
	snprintf(path, sizeof(path), "%s/cache", folder);
}
END_TEST

START_TEST(long_path_is_refused)
{
	char text[PATH_MAX];
	memset(text, 'x', sizeof(text));
	text[0] = '/';
	text[PATH_MAX - 5] = '\0';
	ck_assert(!tarn__place_open(&place, text, fault));
	ck_assert_str_eq(fault, "File name too long");
	text[PATH_MAX - 6] = '\0';
	ck_assert(!tarn__place_open(&place, text, fault));
	ck_assert_ptr_null(strstr(fault, "its folder"));
}
END_TEST

static void make_link(void)
{
	write_file(other, "other");
	ck_assert_int_eq(symlink(other, path), 0);
}

static void make_folder(void)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_pipe(void)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void make_shared(void)
{
	write_file(path, "shared");
	ck_assert_int_eq(chmod(path, 0620), 0);
}

static const struct {
	void (*make)(void);
	const char *fault;
} others[] = {
	{make_link, "it is a symbolic link, which is not followed"},
	{make_folder, "it is a directory"},
	{make_pipe, "it is a pipe"},
	{make_shared, "it is a file that others may write to"},
};

START_TEST(what_is_no_file_of_tarn_s_is_left_alone)
{
	others[_i].make();
	ck_assert(!tarn__place_open(&place, path, fault));
	ck_assert_str_eq(fault, others[_i].fault);
	ck_assert(is_there(path));
	/* Nor if it comes later. */
	ck_assert_int_eq(rename(path, temporary), 0);
	open_place();
	ck_assert(is_there(temporary) == (others[_i].make != make_shared));
	rename(temporary, path);
	uint64_t len;
	if (is_there(path)) {
		ck_assert_int_eq(tarn__place_read(&place, &len, fault), -1);
		ck_assert_str_ne(fault, "");
		ck_assert_int_eq(tarn__place_remove(&place), 0);
		ck_assert(is_there(path));
	}
}
END_TEST

START_TEST(file_of_another_user_is_left_alone)
{
	struct stat status = {.st_mode = S_IFREG | 0600, .st_uid = geteuid() + 1};
	ck_assert_str_eq(tarn__place_fault(&status), "a file of another user");
	status.st_uid = geteuid();
	ck_assert_ptr_null(tarn__place_fault(&status));
	status.st_uid = 0;
	ck_assert_ptr_null(tarn__place_fault(&status));
	status.st_mode = S_IFREG | 0602;
	ck_assert_str_eq(tarn__place_fault(&status), "a file that others may write to");
	status.st_mode = S_IFCHR | 0600;
	ck_assert_str_eq(tarn__place_fault(&status), "not a regular file");
}
END_TEST

START_TEST(what_a_killed_save_has_left_is_removed)
{
	write_file(temporary, "half");
	write_file(path, "old");
	open_place();
	ck_assert(!is_there(temporary));
	check_file(path, "old");
}
END_TEST

START_TEST(file_that_is_not_there_is_no_fault)
{
	uint64_t len;
	open_place();
	ck_assert_int_eq(tarn__place_read(&place, &len, fault), -1);
	ck_assert_str_eq(fault, "");
	write_file(path, "12345");
	int fd = tarn__place_read(&place, &len, fault);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(len, 5);
	close(fd);
}
END_TEST

START_TEST(nothing_is_left_of_what_is_wiped)
{
	open_place();
	write_file(path, "names");
	write_file(temporary, "names");
	ck_assert_int_eq(tarn__place_wipe(&place), 0);
	ck_assert(!is_there(path) && !is_there(temporary) && !is_there(lock));
}
END_TEST

/* ---- the writer ------------------------------------------------------------------------------ */

static struct tarn__writer *begin(void)
{
	struct tarn__writer *writer = tarn__writer_new(&place, LEN_MAX, loop, &ended);
	ck_assert_ptr_nonnull(writer);
	return writer;
}

/* Returns the reason; "": it is in its place. */
static const char *end(struct tarn__writer *writer)
{
	const char *why = tarn__writer_wait(writer);
	snprintf(fault, sizeof(fault), "%s", why ? why : "");
	tarn__writer_free(writer);
	return fault;
}

START_TEST(file_takes_its_place_when_it_is_whole)
{
	open_place();
	write_file(path, "old");
	struct tarn__writer *writer = begin();
	ck_assert(tarn__writer_put(writer, "new ", 4));
	ck_assert(tarn__writer_put(writer, "file", 4));
	check_file(path, "old");
	tarn__writer_end(writer);
	ev_run(loop, 0);
	ck_assert(tarn__writer_is_over(writer));
	ck_assert_str_eq(end(writer), "");
	check_file(path, "new file");
	struct stat status;
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert(!is_there(temporary));
}
END_TEST

START_TEST(large_file_is_written_whole)
{
	enum { LEN = 700 * 1000, PART = 999 };
	static uint8_t octets[LEN], read[LEN + 1];
	for (size_t i = 0; i < LEN; i++)
		octets[i] = (uint8_t)(i * 7 + (i >> 10));
	open_place();
	struct tarn__writer *writer = begin();
	for (size_t at = 0; at < LEN; at += PART)
		ck_assert(tarn__writer_put(writer, octets + at, LEN - at < PART ? LEN - at : PART));
	tarn__writer_end(writer);
	ck_assert_str_eq(end(writer), "");
	FILE *file = fopen(path, "r");
	ck_assert_uint_eq(fread(read, 1, sizeof(read), file), LEN);
	fclose(file);
	ck_assert_mem_eq(read, octets, LEN);
}
END_TEST

START_TEST(file_that_is_given_up_leaves_the_old_one)
{
	open_place();
	write_file(path, "old");
	struct tarn__writer *writer = begin();
	ck_assert(tarn__writer_put(writer, "new", 3));
	ck_assert_str_eq(end(writer), "");
	check_file(path, "old");
	ck_assert(!is_there(temporary));
}
END_TEST

START_TEST(file_that_is_too_large_is_given_up)
{
	static uint8_t octets[LEN_MAX + 1];
	open_place();
	write_file(path, "old");
	struct tarn__writer *writer = begin();
	ck_assert(tarn__writer_put(writer, octets, LEN_MAX));
	ck_assert(!tarn__writer_put(writer, octets, 1));
	tarn__writer_end(writer);
	ck_assert_str_eq(end(writer), "it would be many times as large as the cache");
	check_file(path, "old");
	ck_assert(!is_there(temporary));
}
END_TEST

START_TEST(folder_that_is_gone_fails_the_file)
{
	open_place();
	strcpy(place.temporary, "/none/x");
	struct tarn__writer *writer = begin();
	ev_run(loop, 0);
	ck_assert(!tarn__writer_put(writer, "new", 3));
	ck_assert_str_eq(end(writer), strerror(ENOENT));
}
END_TEST

START_TEST(what_has_come_into_its_place_is_not_replaced)
{
	open_place();
	struct tarn__writer *writer = begin();
	ck_assert(tarn__writer_put(writer, "new", 3));
	others[_i].make();
	tarn__writer_end(writer);
	ck_assert_str_ne(end(writer), "");
	ck_assert_msg(strncmp(fault, "there is a", 10) == 0, "%s", fault);
	if (others[_i].make == make_link)
		check_file(other, "other");
	ck_assert(is_there(path) && !is_there(temporary));
}
END_TEST

START_TEST(what_is_in_the_place_of_the_new_file_is_not_followed)
{
	open_place();
	write_file(other, "other");
	ck_assert_int_eq(symlink(other, temporary), 0);
	struct tarn__writer *writer = begin();
	tarn__writer_end(writer);
	ck_assert_str_eq(end(writer), "in the place of the new file there is a symbolic link, "
				      "which is not followed");
	check_file(other, "other");
	ck_assert(!is_there(path));
}
END_TEST

int main(void)
{
	enum { OTHERS = sizeof(others) / sizeof(others[0]) };
	Suite *suite = suite_create("cache_file_place");
	TCase *tcase = tcase_create("place");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, place_is_one_process_s);
	tcase_add_test(tcase, lock_that_was_removed_meanwhile_is_none);
	tcase_add_test(tcase, folder_that_is_missing_is_told);
	tcase_add_test(tcase, long_path_is_refused);
	tcase_add_loop_test(tcase, what_is_no_file_of_tarn_s_is_left_alone, 0, OTHERS);
	tcase_add_test(tcase, file_of_another_user_is_left_alone);
	tcase_add_test(tcase, what_a_killed_save_has_left_is_removed);
	tcase_add_test(tcase, file_that_is_not_there_is_no_fault);
	tcase_add_test(tcase, nothing_is_left_of_what_is_wiped);
	tcase_add_test(tcase, file_takes_its_place_when_it_is_whole);
	tcase_add_test(tcase, large_file_is_written_whole);
	tcase_add_test(tcase, file_that_is_given_up_leaves_the_old_one);
	tcase_add_test(tcase, file_that_is_too_large_is_given_up);
	tcase_add_test(tcase, folder_that_is_gone_fails_the_file);
	tcase_add_loop_test(tcase, what_has_come_into_its_place_is_not_replaced, 0, OTHERS);
	tcase_add_test(tcase, what_is_in_the_place_of_the_new_file_is_not_followed);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

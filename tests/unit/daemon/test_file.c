/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/file.c: whole files, and what is none. */
#include "config.h"

#include "daemon/system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

static char folder[] = "/tmp/tarn-file-XXXXXX";

static void set_up(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void tear_down(void)
{
	unlink("f");
	rmdir("f");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(folder);
}

/* So many octets, each another than those beside it. */
static void make_file(size_t len)
{
	FILE *file = fopen("f", "w");
	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < len; i++)
		putc((int)(i % 251), file);
	ck_assert_int_eq(fclose(file), 0);
}

static void expect(const char *path, size_t len_max, int error, const char *reason)
{
	size_t len = 0;
	const char *fault;
	char *text = tarn__file_read(path, len_max, &len, &fault);
	int found = errno;
	ck_assert_ptr_null(text);
	ck_assert_int_eq(found, error);
	ck_assert_str_eq(fault, reason);
}

static const size_t lengths[] = {0, 1, 4095, 4096, 4097, 8192, 100000};

START_TEST(file_is_read_whole)
{
	size_t wanted = lengths[_i], len = wanted + 1;
	const char *fault;
	make_file(wanted);
	char *text = tarn__file_read("f", wanted, &len, &fault);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(fault);
	ck_assert_uint_eq(len, wanted);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq((unsigned char)text[i], i % 251);
	ck_assert_int_eq(text[len], '\0');
	free(text);
}
END_TEST

START_TEST(file_of_one_octet_too_many_is_none)
{
	make_file(lengths[_i] + 1);
	expect("f", lengths[_i], EFBIG, strerror(EFBIG));
}
END_TEST

START_TEST(what_is_not_there_is_told_by_errno)
{
	expect("f", 100, ENOENT, strerror(ENOENT));
}
END_TEST

START_TEST(null_device_is_an_empty_file)
{
	size_t len = 1;
	const char *fault;
	char *text = tarn__file_read("/dev/null", 100, &len, &fault);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(len, 0);
	free(text);
}
END_TEST

/* No writer: an open that waits for one never returns. */
START_TEST(pipe_is_no_file)
{
	ck_assert_int_eq(mkfifo("f", 0600), 0);
	expect("f", 100, EINVAL, "a pipe");
}
END_TEST

static char *read_pipe(int fd, size_t *len)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return tarn__file_read_fd(fd, 100, 1, len);
}

START_TEST(pipe_is_read_as_long_as_somebody_writes)
{
	int ends[2];
	size_t len = 0;
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "abc", 3), 3);
	ck_assert_ptr_null(read_pipe(ends[0], &len));
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_eq(write(ends[1], "def", 3), 3);
	close(ends[1]);
	char *text = read_pipe(ends[0], &len);
	ck_assert_str_eq(text, "def");
	ck_assert_uint_eq(len, 3);
	free(text);
	close(ends[0]);
}
END_TEST

/* It would look as if it were at its end. */
START_TEST(pipe_that_nobody_writes_into_is_not_empty)
{
	size_t len;
	ck_assert_int_eq(mkfifo("f", 0600), 0);
	int fd = open("f", O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_null(read_pipe(fd, &len));
	ck_assert_int_eq(errno, ETIMEDOUT);
	close(fd);
}
END_TEST

START_TEST(device_is_no_file)
{
	expect("/dev/zero", 100, EINVAL, "a device");
}
END_TEST

START_TEST(directory_is_no_file)
{
	ck_assert_int_eq(mkdir("f", 0700), 0);
	expect("f", 100, EISDIR, strerror(EISDIR));
}
END_TEST

int main(void)
{
	enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };
	Suite *suite = suite_create("file");
	TCase *tcase = tcase_create("read");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, file_is_read_whole, 0, LENGTHS);
	tcase_add_loop_test(tcase, file_of_one_octet_too_many_is_none, 0, LENGTHS);
	tcase_add_test(tcase, what_is_not_there_is_told_by_errno);
	tcase_add_test(tcase, null_device_is_an_empty_file);
	tcase_add_test(tcase, pipe_is_no_file);
	tcase_add_test(tcase, pipe_is_read_as_long_as_somebody_writes);
	tcase_add_test(tcase, pipe_that_nobody_writes_into_is_not_empty);
	tcase_add_test(tcase, device_is_no_file);
	tcase_add_test(tcase, directory_is_no_file);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/folder.h: a folder of the test's own, and files in it. */

#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_folder[64];

static inline void make_folder(void)
{
	strcpy(test_folder, "/tmp/tarn-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(test_folder));
}

static inline void remove_folder(void)
{
	char command[sizeof(test_folder) + 16];
	snprintf(command, sizeof(command), "rm -r %s", test_folder);
	ck_assert_int_eq(system(command), 0);
}

/* The path of a file in the folder; the last eight are valid. */
static inline const char *in_folder(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *out = paths[next++ % 8];
	snprintf(out, PATH_MAX, "%s/%s", test_folder, name);
	return out;
}

static inline void write_octets(const char *name, const char *how, const void *octets, size_t len)
{
	FILE *file = fopen(in_folder(name), how);
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(octets, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

/* Writes the file in its place, behind its end, or by renaming another one to its name. */
static inline void put_file(const char *name, const char *text)
{
	write_octets(name, "w", text, strlen(text));
}

static inline void append_to_file(const char *name, const char *text)
{
	write_octets(name, "a", text, strlen(text));
}

static inline void replace_file(const char *name, const char *text)
{
	put_file(".new", text);
	ck_assert_int_eq(rename(in_folder(".new"), in_folder(name)), 0);
}

#endif

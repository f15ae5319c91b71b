/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/no_check.c: what Check's assertions call, without Check's runner: a fuzz target that uses
 * tests/support/outside.c is no test of its.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

void _mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void _ck_assert_failed(const char *file, int line, const char *expr, const char *msg, ...)
{
	(void)msg;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, expr);
	abort();
}

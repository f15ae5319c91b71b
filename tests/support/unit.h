/* SPDX-License-Identifier: BSD-2-Clause */
/* The main of a unit test: runs a Check suite and reports every case as TAP. */

#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Runs the suite, prints TAP, returns the exit status for main. CK_FORK=no in the environment
 * keeps every case in this process (debugger, valgrind).
 */
static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Reports that nothing is tested, and why; returns the exit status for main. */
static inline int unit_skip(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	return EXIT_SUCCESS;
}

#endif

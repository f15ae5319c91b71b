/* SPDX-License-Identifier: BSD-2-Clause */
/* The one function a fuzz target defines. */

#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Feed one input; returns 0. A fault shows as a crash, a sanitizer's report or an abort(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A property that has to hold whatever the input. */
static inline void fuzz_check(bool holds)
{
	if (!holds)
		abort();
}

#endif

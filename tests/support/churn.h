/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-random numbers for tests, the same in every run. */

#ifndef TESTS_SUPPORT_CHURN_H
#define TESTS_SUPPORT_CHURN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static inline unsigned pick(uint64_t *random, unsigned below)
{
	*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)((*random >> 33) % below);
}

/* An assertion for several threads, which Check's own do not support. */
static inline void must(bool holds)
{
	if (!holds)
		abort();
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/policy.h: the policy of a scenario (tests/scenario/policy.h) in unit tests. */

#ifndef TESTS_SUPPORT_POLICY_H
#define TESTS_SUPPORT_POLICY_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "scenario/policy.h"

/* Takes a statement as in tests/scenario/script.h. */
static inline void policy_say(struct policy *policy, const char *statement)
{
	char copy[512], *words[16];
	size_t count = 0;
	snprintf(copy, sizeof copy, "%s", statement);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	bool is_known;
	const char *fault = policy_statement(policy, words, count, &is_known);
	ck_assert_msg(is_known && !fault, "%s: %s", statement, fault ? fault : "unknown");
}

#endif

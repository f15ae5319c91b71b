/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/policy.h: the policy of a script (tests/scenario/script.h): what its statements say of
 * local names, lists and filters.
 */
#ifndef TESTS_SCENARIO_POLICY_H
#define TESTS_SCENARIO_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/policy/lists.h"
#include "core/policy/overrides.h"
#include "core/policy/policy.h"
#include "tarn.h"

enum { POLICY_TEXTS_MAX = 64, POLICY_WORDS_MAX = 8 };

struct policy_texts {
	char *items[POLICY_TEXTS_MAX]; /* owned */
	size_t count;
};

/* A rule set: "set NAME KIND [ANSWER] [for=GROUP]", and the lines of its list. */
struct policy_set {
	struct tarn__rule_set set;
	struct tarn__list_answer answer;
	struct policy_texts lines;
};

struct policy_group {
	char name[TARN__GROUP_NAME_MAX + 1];
	struct tarn_network clients;
};

struct policy {
	struct tarn_options options; /* only what is said here */
	char *private_names[POLICY_WORDS_MAX], *excluded[POLICY_WORDS_MAX];
	uint16_t types[POLICY_WORDS_MAX];
	struct tarn_network prefixes[POLICY_WORDS_MAX], clients[POLICY_WORDS_MAX];
	struct policy_texts records, hosts, zones;
	struct policy_set sets[POLICY_WORDS_MAX];
	size_t set_count;
	struct policy_group groups[POLICY_WORDS_MAX];
	size_t group_count;
	struct tarn__override overrides[POLICY_WORDS_MAX];
	size_t override_count;
	uint64_t paused_until_s;
	struct tarn__policy_data data; /* a reference to each */
};

/*
 * Takes a statement of the policy. Returns NULL; what is wrong; or, with *is_known false, nothing if it is
 * none.
 */
const char *policy_statement(struct policy *, char *const *words, size_t count, bool *is_known);

/* Adds the policy's options to those of the script. */
void policy_set_options(const struct policy *, struct tarn_options *);

/* Makes the data anew. Returns NULL, or what is wrong. */
const char *policy_make_data(struct policy *);

void policy_fini(struct policy *);

#endif

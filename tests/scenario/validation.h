/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/validation.h: what a script (tests/scenario/script.h) configures of DNSSEC validation. */
#ifndef TESTS_SCENARIO_VALIDATION_H
#define TESTS_SCENARIO_VALIDATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signing.h"
#include "tarn.h"

enum { VALIDATION_ITEMS_MAX = 8 };

struct validation {
	struct signing signing;
	bool is_on;
	char *anchors[VALIDATION_ITEMS_MAX], *insecure[VALIDATION_ITEMS_MAX];
	size_t anchor_count, insecure_count;
	uint32_t clock_floor_sec;
};

/*
 * Takes a statement of the configuration. Returns NULL; what is wrong; or, with *is_known false, nothing if
 * it is none.
 */
const char *validation_statement(struct validation *, char *const *words, size_t count,
				 bool *is_known);

/* Adds it to the options of the script. */
void validation_set_options(const struct validation *, struct tarn_options *);

void validation_fini(struct validation *);

#endif

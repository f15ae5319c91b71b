/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/second.h: the statements of the second level of the cache, and its fake store. */
#ifndef TESTS_SCENARIO_SECOND_H
#define TESTS_SCENARIO_SECOND_H

#include <stdbool.h>
#include <stddef.h>

#include "records.h"
#include "support/store.h"

struct second {
	struct tarn_second_level options; /* without a store there is none */
	struct store store;
};

/* Returns true for a statement of the store, which is there from the beginning on. */
bool second_is_of_store(char *const *words, size_t count);

/*
 * Takes a statement of the second level. Returns NULL; what is wrong; or, with *is_known false, nothing if
 * it is none. *is_config: it is one of the configuration, which is to be made anew.
 */
const char *second_statement(struct second *, struct outside *, const struct records *,
			     char *const *words, size_t count, bool *is_known, bool *is_config);

#endif

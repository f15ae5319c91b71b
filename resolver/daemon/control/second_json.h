/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/second_json.h: the second level of the cache as JSON, by the rules of daemon/control/json.h.
 * NULL: out of memory.
 */
#ifndef TARN_DAEMON_CONTROL_SECOND_JSON_H
#define TARN_DAEMON_CONTROL_SECOND_JSON_H

#include <jansson.h>
#include <stdbool.h>

struct tarn__config;
struct tarn__query;
struct tarn__second_config;
struct tarn__totals;

/* Where the store is, and how many threads have a connection. Neither secrets, users nor passwords. */
json_t *tarn__control_json_store(const struct tarn__second_config *, const struct tarn__totals *);

/* The counters. */
json_t *tarn__control_json_shared(const struct tarn__totals *);

/*
 * Whether the second level, which there is, would be asked for a question that the cache does not decide, and why
 * not: a line of text.
 */
json_t *tarn__control_json_second_use(const struct tarn__config *, const struct tarn__query *,
				      const struct tarn__totals *);

#endif

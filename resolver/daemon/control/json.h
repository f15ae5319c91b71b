/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/json.h: the answers of commands as JSON. The name of a number ends with its unit; text is
 * ASCII. NULL: out of memory.
 */
#ifndef TARN_DAEMON_CONTROL_JSON_H
#define TARN_DAEMON_CONTROL_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "core/admin/inspect.h"

/* A DNS message that tarn has composed: rcode, flags, extended errors and records. */
json_t *tarn__control_json_message(const uint8_t *wire, size_t len);

struct tarn__config;
struct tarn__lost;
struct tarn__shared;
struct tarn__totals;
struct tarn__usage;

/* All statistics, and those of each upstream server. */
json_t *tarn__control_json_totals(const struct tarn__totals *, const struct tarn__lost *,
				  const struct tarn__usage *);
json_t *tarn__control_json_servers(const struct tarn__totals *, const struct tarn__shared *);

/* The way in which a question would be answered, and the cache entries of its name. */
json_t *tarn__control_json_inspected(const struct tarn__inspected *, const struct tarn__config *,
				     const struct tarn__shared *, const struct tarn__totals *);

#endif

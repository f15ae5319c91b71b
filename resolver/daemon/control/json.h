/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/json.h: what tarnctl is told of things, as JSON. Numbers are numbers, with their unit at
 * the end of their name; text is ASCII. NULL where memory is short.
 */
#ifndef TARN_DAEMON_CONTROL_JSON_H
#define TARN_DAEMON_CONTROL_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "core/admin/inspect.h"

/* A DNS message of tarn's own making: rcode, flags, extended errors and records. */
json_t *tarn__control_json_message(const uint8_t *wire, size_t len);

struct tarn__config;
struct tarn__lost;
struct tarn__shared;
struct tarn__totals;
struct tarn__usage;

/* All that is counted and measured; each upstream server. */
json_t *tarn__control_json_totals(const struct tarn__totals *, const struct tarn__lost *,
				  const struct tarn__usage *);
json_t *tarn__control_json_servers(const struct tarn__totals *);

/* What would become of a question, and what is known of it. */
json_t *tarn__control_json_inspected(const struct tarn__inspected *, const struct tarn__config *,
				     const struct tarn__shared *, const struct tarn__totals *);

#endif

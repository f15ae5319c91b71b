/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/dnssec_json.h: what validation knows and has counted as JSON, by the rules of
 * daemon/control/json.h.
 */
#ifndef TARN_DAEMON_CONTROL_DNSSEC_JSON_H
#define TARN_DAEMON_CONTROL_DNSSEC_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stats.h"

struct tarn__config;
struct tarn__insecure;
struct tarn__resolver;
struct tarn__shared;

json_t *tarn__control_json_validation(const struct tarn__stats *);

/*
 * Which zones are validated, from how many anchors, and what is insecure for a time. insecure may be NULL
 * here and below.
 */
json_t *tarn__control_json_validated(const struct tarn__config *, const struct tarn__insecure *);

/* Names that are insecure for a time, an array. */
json_t *tarn__control_json_insecure(const struct tarn__insecure *);

/*
 * The chain of trust of a name, and its security as far as that is known. error is why not all of it could
 * be looked up, or 0. The resolver is awake.
 */
json_t *tarn__control_json_trust(struct tarn__resolver *, const uint8_t *name, size_t len,
				 const struct tarn__insecure *, int error);

/* Returns the text of a lookup's error, which may be that of an answer that was bogus; room is for that. */
struct tarn__reason;
const char *tarn__control_error_text(const struct tarn__shared *, int error,
				     struct tarn__reason *room);

#endif

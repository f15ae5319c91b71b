/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/answer_source.h: the servers that answers have come from have numbers, for the life of the
 * process; a stored form has its server's in one octet (dns/stored.h).
 *
 * Thread: any. tarn__answer_sources_number() takes a lock: once for each server of each worker.
 */
#ifndef TARN_CORE_FORWARD_ANSWER_SOURCE_H
#define TARN_CORE_FORWARD_ANSWER_SOURCE_H

#include <stdint.h>

#include "tarn.h"

struct tarn__answer_sources;

/* NULL: out of memory. */
struct tarn__answer_sources *tarn__answer_sources_new(void);
void tarn__answer_sources_free(struct tarn__answer_sources *);

/*
 * Returns the server's number, not 0; or TARN__ANSWER_SOURCE_UNKNOWN: out of memory, or all 253 numbers are
 * in use.
 */
uint8_t tarn__answer_sources_number(struct tarn__answer_sources *, const struct tarn_address *);

/* Returns the server of that number; NULL: unknown, or none: a file, the second level. */
const struct tarn_address *tarn__answer_sources_find(const struct tarn__answer_sources *,
						     uint8_t number);

#endif

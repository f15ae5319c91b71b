/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/answer_source.h: whose answer it is. The servers that answers have come from have a number each,
 * for the process's life, and a stored form holds the number in one octet (dns/stored.h).
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

/* Not 0; or TARN__ANSWER_SOURCE_UNKNOWN: out of memory, or 255 servers have been seen. */
uint8_t tarn__answer_sources_number(struct tarn__answer_sources *, const struct tarn_address *);

/* The server of that number; NULL: not known. */
const struct tarn_address *tarn__answer_sources_find(const struct tarn__answer_sources *,
						     uint8_t number);

#endif

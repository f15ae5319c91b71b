/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/source.h: whose answer it is. The servers that answers have come from have a number each,
 * for the process's life, and a stored form holds the number in one octet (dns/stored.h).
 *
 * Thread: any. tarn__origins_number() takes a lock: once for each server of each worker.
 */
#ifndef TARN_CORE_FORWARD_SOURCE_H
#define TARN_CORE_FORWARD_SOURCE_H

#include <stdint.h>

#include "tarn.h"

struct tarn__origins;

/* NULL: out of memory. */
struct tarn__origins *tarn__origins_new(void);
void tarn__origins_free(struct tarn__origins *);

/* Not 0; or TARN__ORIGIN_UNKNOWN: out of memory, or 255 servers have been seen. */
uint8_t tarn__origins_number(struct tarn__origins *, const struct tarn_address *);

/* The server of that number; NULL: not known. */
const struct tarn_address *tarn__origins_find(const struct tarn__origins *, uint8_t number);

#endif

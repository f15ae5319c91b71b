/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/health.h: what a worker takes the store to be: its breaker (core/second/breaker.h), which is
 * told of answers and failures, and which it asks by a PING at the end of each pause.
 *
 * Thread: as core/second/second.h.
 */
#ifndef TARN_CORE_SECOND_HEALTH_H
#define TARN_CORE_SECOND_HEALTH_H

#include <stdbool.h>

struct tarn__second;
struct tarn__timer;

/* The store has answered, in time or late; or has answered an error, or nothing in time. */
void tarn__health_answered(struct tarn__second *, bool is_late);
void tarn__health_failed(struct tarn__second *);

/* The connection is no more: what was seen is not of the store behind the next one. */
void tarn__health_forget(struct tarn__second *);

/* For core/second/second.c. */
void tarn__health_on_pause_end(struct tarn__timer *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/ask.h: the program's own questions (struct tarn_request), answered from the loop.
 *
 * Thread: one per worker.
 */
#ifndef TARN_NET_ASK_H
#define TARN_NET_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "tarn.h"

struct tarn__resolver;

struct tarn__asks {
	struct tarn__list answered; /* those whose answers are there, not called back yet */
	bool is_ending; /* what is called back from now on has been canceled */
};

void tarn__asks_init(struct tarn__asks *);

/* As tarn_ask() and tarn_cancel(). */
int tarn__asks_send(struct tarn__asks *, struct tarn__resolver *, struct tarn_request *,
		    const uint8_t *question, size_t len);
void tarn__asks_cancel(struct tarn_request *);

/* Calls back what has been answered at once. Returns true if there was anything. */
bool tarn__asks_run(struct tarn__asks *);

#endif

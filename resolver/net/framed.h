/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/framed.h: DNS messages on a pipe, each behind its length (RFC 1035 section 4.2.2, RFC 7858 section 3.3):
 * a kind of framing (base/framing.h). Which question an answer belongs to its id says; a question never ends
 * here without an answer.
 *
 * Thread: one at a time.
 */
#ifndef TARN_NET_FRAMED_H
#define TARN_NET_FRAMED_H

#include "base/framing.h"

struct tarn__pipe;

/* The pipe is borrowed. Returns NULL if out of memory. */
struct tarn__framing *tarn__framed_new(struct tarn__pipe *);

#endif

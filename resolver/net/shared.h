/* SPDX-License-Identifier: BSD-2-Clause */
/* net/shared.h: inside struct tarn: what all workers share, and the log. */
#ifndef TARN_NET_SHARED_H
#define TARN_NET_SHARED_H

#include "tarn.h"

struct tarn__shared;

struct tarn__shared *tarn__get_shared(struct tarn *);

/* One line to the program's log, cut to some hundred octets. May be called on any thread. */
__attribute__((format(printf, 3, 4))) void tarn__report(struct tarn *, enum tarn_log_level,
							const char *format, ...);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/taps.h: who looks on while the workers answer: the question log and dnstap, one of them,
 * both or none, as the settings say at any time.
 *
 * Thread: the one that made the workers.
 */
#ifndef TARN_DAEMON_TAPS_H
#define TARN_DAEMON_TAPS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/log.h"
#include "daemon/settings.h"
#include "daemon/workers.h"

struct tarn__taps;

/* workers, as many as that, and log are borrowed. Nobody looks on yet. NULL: out of memory. */
struct tarn__taps *tarn__taps_new(struct tarn__workers *workers, size_t count,
				  struct tarn__log *log);
/* The workers are no more. NULL is allowed. */
void tarn__taps_free(struct tarn__taps *);

/*
 * Does as the settings' question_log and dnstap say, before the workers run or while they do; taps is
 * the struct tarn__taps. A file that was said before is opened anew. TARN_ENOMEM, TARN_ESYSTEM,
 * logged: nothing has changed.
 */
int tarn__taps_set(void *taps, const struct tarn__settings *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/observers.h: who looks on while the workers answer: the question log and dnstap, one of them,
 * both or none, as the settings say at any time.
 *
 * Thread: the one that made the workers, but for what says otherwise.
 */
#ifndef TARN_DAEMON_TELEMETRY_OBSERVERS_H
#define TARN_DAEMON_TELEMETRY_OBSERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/log/log.h"
#include "daemon/settings/settings.h"
#include "daemon/threads/workers.h"

struct tarn__taps;

/* What they have lost since the start, for want of a reader, of room, or of one that is fast enough. */
struct tarn__lost {
	uint64_t questions; /* lines of the question log */
	uint64_t dnstap; /* messages */
};

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

/* Never goes back, whatever is set. NULL is allowed. Thread: any. */
struct tarn__lost tarn__taps_lost(struct tarn__taps *);

#endif

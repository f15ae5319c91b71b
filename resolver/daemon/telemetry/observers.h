/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/observers.h: who looks on while the workers answer: the query log and dnstap, one of them,
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

struct tarn__observers;

/* What they have lost since the start, for want of a reader, of room, or of one that is fast enough. */
struct tarn__lost {
	uint64_t query_log; /* lines of the query log */
	uint64_t dnstap; /* messages */
};

/* workers, as many as that, and log are borrowed. Nobody looks on yet. NULL: out of memory. */
struct tarn__observers *tarn__observers_new(struct tarn__workers *workers, size_t count,
					    struct tarn__log *log);
/* The workers are no more. NULL is allowed. */
void tarn__observers_free(struct tarn__observers *);

/*
 * Does as the settings' query_log and dnstap say, before the workers run or while they do; observers is
 * the struct tarn__observers. A file that was said before is opened anew. TARN_ENOMEM, TARN_ESYSTEM,
 * logged: nothing has changed.
 */
int tarn__observers_set(void *observers, const struct tarn__settings *);

/* Never goes back, whatever is set. NULL is allowed. Thread: any. */
struct tarn__lost tarn__observers_lost(struct tarn__observers *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/observers.h: connects the workers with the query log and dnstap, as the settings
 * require.
 *
 * Thread: the one that created the workers, unless a function states another.
 */
#ifndef TARN_DAEMON_TELEMETRY_OBSERVERS_H
#define TARN_DAEMON_TELEMETRY_OBSERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/log/log.h"
#include "daemon/names/list_slots.h"
#include "daemon/settings/settings.h"
#include "daemon/threads/workers.h"

struct tarn__observers;

/*
 * Lines and messages that were lost since the start, because there was no reader, no room, or the reader
 * was too slow.
 */
struct tarn__lost {
	uint64_t query_log; /* lines */
	uint64_t dnstap; /* messages */
};

/*
 * count is the number of workers; workers, log and slots are borrowed; without slots the query log has no
 * names of lists. Nothing is observed yet. NULL: out of memory.
 */
struct tarn__observers *tarn__observers_new(struct tarn__workers *workers, size_t count,
					    struct tarn__log *log,
					    const struct tarn__list_slots *slots);
/* To be called after the workers have been freed. NULL is allowed. */
void tarn__observers_free(struct tarn__observers *);

/*
 * Applies query_log and dnstap of the settings, before the workers run or while they run; observers is the
 * struct tarn__observers. A file that is already open is opened again. TARN_ENOMEM, TARN_ESYSTEM, logged:
 * nothing has changed.
 */
int tarn__observers_set(void *observers, const struct tarn__settings *);

/* Returns the counters, which never decrease. NULL is allowed. Thread: any. */
struct tarn__lost tarn__observers_lost(struct tarn__observers *);

#endif

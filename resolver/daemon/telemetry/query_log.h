/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/query_log.h: the query log, one line for each answer. The workers put records into
 * rings; a thread, which runs only while the log is on, formats and writes them. A full disk or a slow
 * reader blocks that thread, and never an answer: lines without room are lost, and their number is written
 * as soon as there is room.
 *
 * A line consists of words that are separated by one blank; no word is empty or contains a blank:
 *
 *	2026-11-23T05:30:00.123Z 192.0.2.7:40000 udp www.example.com. A NOERROR miss 192.0.2.53:53 12
 *
 * the time of the answer (UTC), the client, the transport, the name in master file form, the type ("TXT/CH"
 * if the class is not IN), the rcode, the status (core/stats.h), the upstream server that gave the answer,
 * the latency in milliseconds. "-" stands for an unknown or missing value. A line that begins with "#" is
 * no answer: "# 2026-11-23T05:30:01.000Z 17 lines lost".
 *
 * Thread: the one that created it, unless a function states another.
 */
#ifndef TARN_DAEMON_TELEMETRY_QUERY_LOG_H
#define TARN_DAEMON_TELEMETRY_QUERY_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/observe.h"
#include "daemon/log/log.h"
#include "daemon/names/list_slots.h"

struct tarn__query_log;

/*
 * log and slots are borrowed; without slots no list has a name. Nothing is written before the start. NULL
 * with errno set on failure.
 */
struct tarn__query_log *tarn__query_log_new(size_t workers, struct tarn__log *log,
					    const struct tarn__list_slots *slots);
/* To be called when no worker uses it. NULL is allowed. */
void tarn__query_log_free(struct tarn__query_log *);

/*
 * Writes to the file at path, which is created or appended to, or with "stderr" to the log. May be
 * repeated, with another path, or with the same one after the file was renamed: earlier answers go to the
 * former file, later ones to the new one. TARN_ESYSTEM with errno set: nothing has changed.
 */
int tarn__query_log_start(struct tarn__query_log *, const char *path);
/* Records in the rings are written if that is possible at once. May be repeated. */
void tarn__query_log_stop(struct tarn__query_log *);

/* Returns the observer of a worker, 0 to workers - 1; it lives as long as the query log. */
const struct tarn__observer *tarn__query_log_observer(const struct tarn__query_log *,
						      size_t worker);

/* Returns the number of lost lines. Thread: any. */
uint64_t tarn__query_log_lost(const struct tarn__query_log *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/query_log.h: the query log, one line for each answer. The workers leave what they know in
 * rings; one thread of its own, which runs only while the log is on, makes lines of it and writes
 * them. A full disk or a slow reader makes that thread wait, never an answer: lines that find no room
 * are lost, and their number is written when there is room again.
 *
 * A line is made of words with a blank between them, none of which is ever empty or has one inside:
 *
 *	2026-11-23T05:30:00.123Z 192.0.2.7:40000 udp www.example.com. A NOERROR miss 192.0.2.53:53 12
 *
 * when it was answered, the client, the transport, the name in master file form, the type ("TXT/CH"
 * where the class is not IN), the rcode, how it came to its answer (core/stats.h), the upstream server
 * whose answer it is, the milliseconds it took. "-" stands for what is not known or not there. A line
 * that begins with "#" is no answer: "# 2026-11-23T05:30:01.000Z 17 lines lost".
 *
 * Thread: the one that made it, but for what says otherwise.
 */
#ifndef TARN_DAEMON_TELEMETRY_QUERY_LOG_H
#define TARN_DAEMON_TELEMETRY_QUERY_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/observe.h"
#include "daemon/log/log.h"

struct tarn__query_log;

/* log is borrowed. Nothing is written before the start. NULL with errno set. */
struct tarn__query_log *tarn__query_log_new(size_t workers, struct tarn__log *log);
/* No worker uses it any more. NULL is allowed. */
void tarn__query_log_free(struct tarn__query_log *);

/*
 * Writes to the file at path, which it creates or appends to, or to where log goes: "stderr". May
 * repeat, with another path or with the same, whose file was moved away: what was asked before goes to
 * the old one, what is asked from now on to the new one. TARN_ESYSTEM with errno set: nothing has
 * changed.
 */
int tarn__query_log_start(struct tarn__query_log *, const char *path);
/* What was left in the rings is written if that is possible at once. May repeat. */
void tarn__query_log_stop(struct tarn__query_log *);

/* What one worker, 0 to workers - 1, is observed with; lives as long as the whole. */
const struct tarn__observer *tarn__query_log_observer(const struct tarn__query_log *,
						      size_t worker);

/* Lines lost so far. Thread: any. */
uint64_t tarn__query_log_lost(const struct tarn__query_log *);

#endif

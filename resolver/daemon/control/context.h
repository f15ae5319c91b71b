/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/context.h: what tarnctl's requests are about: the tarn that runs. */
#ifndef TARN_DAEMON_CONTROL_CONTEXT_H
#define TARN_DAEMON_CONTROL_CONTEXT_H

#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/system/process.h"
#include "daemon/settings/settings.h"
#include "daemon/telemetry/observers.h"
#include "tarn.h"

/* All pointers are borrowed, but for the worker. */
struct tarn__control_context {
	struct ev_loop *loop;
	struct tarn *tarn;
	struct tarn__observers *observers; /* NULL: nobody looks on */
	struct tarn__process *process;
	struct tarn__log *log;
	struct tarn__settings *const *settings; /* in force: a reload puts others in their place */
	void (*stop)(void *data); /* ends the loop, later */
	/* Reads the configuration again; diagnostics say why it cannot be. */
	int (*reload)(void *data, struct tarn__diagnostics *diagnostics);
	void *data;
	uint64_t started_ms; /* tarn__clock_ms() */
	struct tarn_worker *worker; /* a door to the cache, made with the first request */
};

/* Frees what requests have made; none is under way. */
void tarn__control_context_fini(struct tarn__control_context *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/context.h: the objects of the running program that commands use. */
#ifndef TARN_DAEMON_CONTROL_CONTEXT_H
#define TARN_DAEMON_CONTROL_CONTEXT_H

#include "daemon/bootstrap/bootstrap.h"
#include "daemon/cache_file/cache_file.h"
#include "daemon/certificates/state.h"
#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/names/insecure.h"
#include "daemon/names/naming.h"
#include "daemon/system/process.h"
#include "daemon/settings/settings.h"
#include "daemon/telemetry/observers.h"
#include "daemon/threads/own_worker.h"
#include "daemon/transfer/transfers.h"
#include "tarn.h"

/* All pointers are borrowed. */
struct tarn__control_context {
	struct ev_loop *loop;
	struct tarn *tarn;
	struct tarn__observers *observers; /* NULL: there are none */
	struct tarn__process *process;
	struct tarn__naming *naming; /* NULL: there are no local names and lists */
	struct tarn__insecure *insecure; /* NULL: names cannot be made insecure */
	struct tarn__bootstrap *bootstrap; /* NULL: no server is given by name */
	struct tarn__transfers *transfers; /* NULL: no zones come from primaries */
	struct tarn__certificates_board *certificates; /* NULL: there are none */
	struct tarn__log *log;
	struct tarn__settings *const *settings; /* the settings in force; a reload replaces them */
	void (*stop)(void *data); /* ends the loop, later */
	/* Reads the configuration again; after an error diagnostics have the reasons. */
	int (*reload)(void *data, struct tarn__diagnostics *diagnostics);
	void *data;
	uint64_t started_ms; /* tarn__clock_ms() */
	struct tarn__cache_file *cache_file; /* NULL: the cache is in no file */
	struct tarn__own_worker *own; /* for access to the cache */
};

#endif

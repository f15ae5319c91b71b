/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/subject.h: what tarnctl's requests are about: the tarn that runs. */
#ifndef TARN_DAEMON_SUBJECT_H
#define TARN_DAEMON_SUBJECT_H

#include "daemon/faults.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/settings.h"
#include "daemon/taps.h"
#include "tarn.h"

/* All pointers are borrowed, but for the worker. */
struct tarn__subject {
	struct ev_loop *loop;
	struct tarn *tarn;
	struct tarn__taps *taps; /* NULL: nobody looks on */
	struct tarn__process *process;
	struct tarn__log *log;
	struct tarn__settings *const *settings; /* in force: a reload puts others in their place */
	void (*stop)(void *data); /* ends the loop, later */
	/* Reads the configuration again; faults say why it cannot be. */
	int (*reload)(void *data, struct tarn__faults *faults);
	void *data;
	uint64_t started_ms; /* tarn__clock_ms() */
	struct tarn_worker *worker; /* a door to the cache, made with the first request */
};

/* Frees what requests have made; none is under way. */
void tarn__subject_fini(struct tarn__subject *);

#endif

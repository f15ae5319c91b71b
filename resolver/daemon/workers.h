/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/workers.h: the threads that answer. Each has a libev loop and a struct tarn_worker of its
 * own; they share the addresses (SO_REUSEPORT) and the cache, and nothing else.
 *
 * Thread: these functions are called on the thread that made the workers.
 */
#ifndef TARN_DAEMON_WORKERS_H
#define TARN_DAEMON_WORKERS_H

#include <stddef.h>

#include "tarn.h"

struct tarn__workers;

/* tarn is borrowed and outlives the workers. NULL with errno set. */
struct tarn__workers *tarn__workers_new(struct tarn *tarn, size_t count);

/*
 * Before the start: opens the address in every worker. With port 0 all share the one that the
 * system picks, and *address says which. Errors: those of tarn_worker_listen(); TARN_ESYSTEM with
 * EADDRINUSE too where another process listens and would let us share its port.
 */
int tarn__workers_listen(struct tarn__workers *, struct tarn_address *address);

/* Once. TARN_ESYSTEM with errno set; then no thread runs. */
int tarn__workers_start(struct tarn__workers *);

/* Stops the threads; each fails its questions under way first. NULL is allowed. */
void tarn__workers_free(struct tarn__workers *);

#endif

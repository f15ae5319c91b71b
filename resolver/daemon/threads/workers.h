/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/workers.h: the threads that answer. Each has a libev loop and a struct tarn_worker of its
 * own; they share the addresses (SO_REUSEPORT) and the cache, and nothing else.
 *
 * Thread: these functions are called on the thread that made the workers. Once the threads run, what
 * concerns a worker is done by its own thread, while the caller waits.
 */
#ifndef TARN_DAEMON_THREADS_WORKERS_H
#define TARN_DAEMON_THREADS_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tarn.h"

struct tarn__workers;

/* tarn is borrowed and outlives the workers. NULL with errno set. */
struct tarn__workers *tarn__workers_new(struct tarn *tarn, size_t count);

/* Once. TARN_ESYSTEM with errno set; then no thread runs. */
int tarn__workers_start(struct tarn__workers *);

/* Stops the threads; each fails its questions under way first. NULL is allowed. */
void tarn__workers_free(struct tarn__workers *);

/* Has every worker do something, all at the same time, and waits until the last has done it. */
void tarn__workers_each(struct tarn__workers *,
			void (*act)(struct tarn_worker *, size_t index, void *arg), void *arg);

/* How many places each has for TCP connections of clients: tarn_worker_set_connections(). */
void tarn__workers_set_places(struct tarn__workers *, size_t count);

/*
 * Sockets that are opened from now on are this user's, whom tarn becomes before the start: only his
 * may share their addresses (SO_REUSEPORT), and those of a reload may have to.
 */
void tarn__workers_give_to(struct tarn__workers *, uid_t owner);

/*
 * Listens on an address in every worker. With port 0 all share the one that the system picks;
 * *address is left as the one that is open. 1: that was so already. Otherwise 0, or an error, and
 * nothing has changed: those of tarn_worker_listen(); TARN_ESYSTEM with EADDRINUSE too where another
 * process listens and would let us share its port.
 */
int tarn__workers_listen(struct tarn__workers *, struct tarn_address *address);

/*
 * Ends that; address is as it was given to listen(), or as that left it. Who has asked by now is
 * answered. Nothing happens where it is not listened on.
 */
void tarn__workers_unlisten(struct tarn__workers *, const struct tarn_address *address);

/*
 * Takes a socket that somebody else has opened, as long as the workers live. A TCP socket is shared
 * by all of them; UDP sockets are dealt out, one after the other. Errors of tarn_worker_serve(), and
 * the socket stays the caller's.
 */
int tarn__workers_serve(struct tarn__workers *, int fd);

/*
 * Has every worker's loop turned since the last call? It is asked for the next turn at once. True at
 * the first call.
 */
bool tarn__workers_are_turning(struct tarn__workers *);

#endif

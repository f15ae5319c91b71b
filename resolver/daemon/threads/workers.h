/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/workers.h: the worker threads. Each has a libev loop and a struct tarn_worker of its own;
 * they share the addresses (SO_REUSEPORT) and the cache only.
 *
 * Thread: the one that created the workers. While the threads run, an operation on a worker is executed by
 * its own thread, and the caller waits for it.
 */
#ifndef TARN_DAEMON_THREADS_WORKERS_H
#define TARN_DAEMON_THREADS_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tarn.h"

struct tarn__workers;

/* tarn is borrowed and must outlive the workers. NULL with errno set on failure. */
struct tarn__workers *tarn__workers_new(struct tarn *tarn, size_t count);

/* To be called once. TARN_ESYSTEM with errno set; no thread runs then. */
int tarn__workers_start(struct tarn__workers *);

/* Stops the threads; each fails its questions under way first. NULL is allowed. */
void tarn__workers_free(struct tarn__workers *);

/*
 * Calls a function for every worker, at the same time on all threads, and waits until the last has
 * returned.
 */
void tarn__workers_each(struct tarn__workers *,
			void (*act)(struct tarn_worker *, size_t index, void *arg), void *arg);

/*
 * Sets the number of places for TCP connections of clients in each worker: tarn_worker_set_connections().
 */
void tarn__workers_set_places(struct tarn__workers *, size_t count);

/*
 * Sets the owner of sockets that are opened from now on: the user that tarn becomes before the start. Only
 * sockets of the same user may share an address (SO_REUSEPORT), which those of a reload may have to.
 */
void tarn__workers_give_to(struct tarn__workers *, uid_t owner);

/*
 * Listens on an address in every worker: over TARN_TLS, over TARN_HTTPS, or, for TARN_UDP, over UDP and TCP. With
 * port 0 all share the port that the system chooses; *address becomes the one that is open. 1: it was open
 * already. Otherwise 0, or an error, and nothing has changed: the errors of tarn_worker_listen() and
 * tarn_worker_serve_over(); TARN_ESYSTEM with EADDRINUSE also if another process listens there and would
 * share its port; TARN_EBUSY if the address is open over another transport.
 */
int tarn__workers_listen(struct tarn__workers *, struct tarn_address *address, enum tarn_transport);

/*
 * Stops listening; address is the one that listen() returned, or, over UDP and TCP, the one given to it. Questions that have
 * arrived are answered. Has no effect on an address that is not open.
 */
void tarn__workers_unlisten(struct tarn__workers *, const struct tarn_address *address);

/*
 * Serves a socket of the service manager, until the workers are freed: over TARN_TLS, over TARN_HTTPS, or, for
 * TARN_UDP, as its type says. A TCP socket is shared by all workers; each UDP socket goes to one worker, in
 * turn. The errors of tarn_worker_serve_over(); the socket remains the caller's then.
 */
int tarn__workers_serve(struct tarn__workers *, int fd, enum tarn_transport);

/*
 * Returns true if the loop of every worker has turned since the last call, and requests the next turn.
 * Returns true at the first call.
 */
bool tarn__workers_are_turning(struct tarn__workers *);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/link.h: one worker's connection to the store of the second level, Redis or Valkey, by libhiredis
 * (net/second/hiredis.c is the door to it, and loads it; connection.h is what it gives the rest of this
 * folder). It carries the requests of core/second/request.h; when they are made, and what the values mean, is
 * known in core/second/.
 *
 *	connect (an address or a Unix socket, never a name) --> AUTH --> SELECT --> CLIENT SETNAME --> up
 *	lost, or refused --> every request ends with TARN__SECOND_CLOSED --> again after 100 ms, doubled to 800 ms
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_LINK_H
#define TARN_NET_SECOND_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/request.h"

struct ev_loop;
struct tarn__second_config;

struct tarn__second_link;

/* What happens; called from the loop. */
struct tarn__second_events {
	void (*connected)(void *arg);
	void (*lost)(void *arg);
	/* A message of the channel, of any octets, if the link listens. */
	void (*message)(void *arg, const uint8_t *message, size_t len);
	/* Once for each change of state, and for each new kind of error: a line for the log. */
	void (*report)(void *arg, bool is_fault, const char *line);
	void *arg;
};

/* Returns false if tarn was built without libhiredis. */
bool tarn__second_is_built(void);
/* Loads libhiredis, if that has not been done. Returns NULL, or the reason, which stays valid. Any thread. */
const char *tarn__second_load(bool tls);

/* The configuration is borrowed for as long as the link. It connects at once. NULL: out of memory. */
struct tarn__second_link *tarn__second_link_new(struct ev_loop *, struct tarn__second_config *,
						const struct tarn__second_events *);
/* What is outstanding is dropped; done is not called. */
void tarn__second_link_free(struct tarn__second_link *); /* NULL is allowed */

/* Subscribes to the channel, over a connection of its own; of all links of a process one should. */
void tarn__second_link_listen(struct tarn__second_link *, bool listens);

/*
 * Writes what was sent since the last call, in one piece; to be called before the thread sleeps. Returns true if
 * something was called back. NULL is allowed.
 */
bool tarn__second_link_flush(struct tarn__second_link *);

/* As those of struct tarn_io. */
int tarn__second_link_get(struct tarn__second_link *, struct tarn_second_get *);
void tarn__second_link_cancel(struct tarn__second_link *, struct tarn_second_get *);
int tarn__second_link_put(struct tarn__second_link *, const struct tarn_second_put *);
int tarn__second_link_publish(struct tarn__second_link *, const uint8_t *message, size_t len);

enum {
	/* What may be outstanding of one worker; more is refused with TARN_EBUSY. */
	TARN__SECOND_OUTSTANDING_MAX = 1024, /* commands */
	TARN__SECOND_OCTETS_MAX = 1 << 20,
};

#endif

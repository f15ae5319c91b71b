/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/sentinel.h: where the primary is, as Redis' sentinels say: one after the other is asked until one knows,
 * and is listened to from then on.
 *
 *	ASKING: SENTINEL get-master-addr-by-name, SUBSCRIBE +switch-master --address--> WATCHING
 *	WATCHING --another primary, asked again, or lost--> ASKING
 *	nobody knows: again after 100 ms, doubled to 800 ms
 *
 * Sentinels are asked without AUTH; the address they give must be one, not a name.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_SENTINEL_H
#define TARN_NET_SECOND_SENTINEL_H

#include "net/second/connection.h"

struct ev_loop;
struct tarn__random;
struct tarn__second_config;

struct tarn__second_sentinels;

/* Called from the loop; each may free them. */
struct tarn__second_sentinels_events {
	void (*found)(void *arg, const struct tarn_address *primary);
	/* One of them does not know. */
	void (*failed)(void *arg, const struct tarn_address *sentinel, const char *reason);
};

/* All is borrowed but the events. tls: NULL in the clear. They are asked at once. NULL: out of memory. */
struct tarn__second_sentinels *
tarn__second_sentinels_new(struct ev_loop *, const struct tarn__second_config *,
			   struct tarn__random *, const struct tarn__second_sentinels_events *,
			   void *arg);
void tarn__second_sentinels_free(struct tarn__second_sentinels *); /* NULL is allowed */

/* Asks them again, soon: the primary they have named is lost, or is none. NULL is allowed. */
void tarn__second_sentinels_ask(struct tarn__second_sentinels *);

bool tarn__second_sentinels_flush(struct tarn__second_sentinels *); /* NULL is allowed */

/* Reads the reply to SENTINEL get-master-addr-by-name. Returns NULL, or what is wrong with it. */
const char *tarn__second_sentinels_read(const struct tarn__second_reply *,
					struct tarn_address *out);

/* What the timer calls. */
void tarn__second_sentinels_expire(struct tarn__second_sentinels *);

#endif

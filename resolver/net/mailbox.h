/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/mailbox.h: wakes subscribers, each on a thread of its own, for updates. A post adds one to a count
 * and wakes them all; a subscriber compares the count with the one it has seen. The updates themselves are
 * kept, and guarded, by the poster.
 *
 * Thread: any.
 */
#ifndef TARN_NET_MAILBOX_H
#define TARN_NET_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/list.h"

struct tarn__subscriber {
	/* Called on any thread, from subscribe to unsubscribe; calls no function of the mailbox. */
	void (*wake)(struct tarn__subscriber *);
	struct tarn__list node; /* the mailbox's own */
};

struct tarn__mailbox {
	atomic_uint count; /* of posts */
	pthread_mutex_t mutex; /* guards the list: a subscriber does not leave while it is woken */
	struct tarn__list subscribers;
};

void tarn__mailbox_init(struct tarn__mailbox *);
/* No subscribers are left. */
void tarn__mailbox_fini(struct tarn__mailbox *);

void tarn__mailbox_subscribe(struct tarn__mailbox *, struct tarn__subscriber *);
void tarn__mailbox_unsubscribe(struct tarn__mailbox *, struct tarn__subscriber *);

/* Adds one to the count and wakes all. */
void tarn__mailbox_post(struct tarn__mailbox *);
/* Wakes all but one, without a post. */
void tarn__mailbox_wake_others(struct tarn__mailbox *, const struct tarn__subscriber *self);

/* The number of posts so far: one atomic load. What was written before them can be read. */
static inline unsigned tarn__mailbox_count(const struct tarn__mailbox *mailbox)
{
	return atomic_load_explicit(&mailbox->count, memory_order_acquire);
}

#endif

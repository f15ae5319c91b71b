/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/stats_collector.h: sums numbers that each thread keeps for itself. A contributor adds its own at
 * its next turn, which is at once; nothing that a question passes through is locked or atomic for it.
 *
 * Thread: any, but for contributors: each on its own.
 */
#ifndef TARN_NET_STATS_COLLECTOR_H
#define TARN_NET_STATS_COLLECTOR_H

#include <stdint.h>

#include "net/totals.h"

struct tarn__mailbox;
struct tarn__stats_collector;

struct tarn__contributor {
	/* Adds its numbers; called from leave(), add() and collect() only. */
	void (*add)(struct tarn__contributor *, struct tarn__totals *);
	uint64_t collected; /* the collector's own: the last collection that it is in */
};

/* The mailbox, through which contributors have their turn, is borrowed. NULL: out of memory. */
struct tarn__stats_collector *tarn__stats_collector_new(struct tarn__mailbox *);
void tarn__stats_collector_free(struct tarn__stats_collector *);

/* From join to leave a contributor is waited for. It leaves when its numbers do not change any more. */
void tarn__stats_collector_join(struct tarn__stats_collector *, struct tarn__contributor *);
void tarn__stats_collector_leave(struct tarn__stats_collector *, struct tarn__contributor *);

/* At its turn, after a post: adds its numbers to what is being collected. */
void tarn__stats_collector_add(struct tarn__stats_collector *, struct tarn__contributor *);

/*
 * Waits until every contributor has added its own, or for timeout_ms: then those that have not are not
 * in it. own is the contributor of the calling thread or NULL: it adds its own at once. The
 * numbers of those that have left are in it: nothing that is counted goes back. What is not a
 * contributor's is zero. The caller frees it. NULL: out of memory.
 */
struct tarn__totals *tarn__stats_collector_collect(struct tarn__stats_collector *,
						   struct tarn__contributor *own,
						   unsigned timeout_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/stats_collector.c: a collection begins with the numbers of contributors that have left, stays open
 * until each of the others has added its own at a turn, and is closed by the thread that began it.
 */
#include "net/stats_collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/list.h"
#include "net/mailbox.h"

/* One under way, in the memory of the thread that waits for it. */
struct collection {
	struct tarn__list node; /* of collector->open */
	uint64_t number;
	size_t missing; /* contributors */
	struct tarn__totals *totals;
	struct tarn__totals gone; /* the servers of those that had left before */
};

struct tarn__stats_collector {
	struct tarn__mailbox *mailbox;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t added;
	uint64_t since_sec;
	uint64_t begun;
	size_t contributors;
	struct tarn__list open;
	struct tarn__totals gone; /* what those that have left had counted */
};

struct tarn__stats_collector *tarn__stats_collector_new(struct tarn__mailbox *mailbox)
{
	struct tarn__stats_collector *collector = calloc(1, sizeof(*collector));
	if (!collector)
		return NULL;
	collector->mailbox = mailbox;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&collector->added, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&collector->mutex, NULL);
	collector->since_sec = (uint64_t)time(NULL);
	tarn__list_init(&collector->open);
	return collector;
}

void tarn__stats_collector_free(struct tarn__stats_collector *collector)
{
	if (!collector)
		return;
	tarn__totals_drop_servers(&collector->gone);
	pthread_cond_destroy(&collector->added);
	pthread_mutex_destroy(&collector->mutex);
	free(collector);
}

/* With the mutex held: to all that it has not been added to yet. */
static void add_to_open(struct tarn__stats_collector *collector,
			struct tarn__contributor *contributor)
{
	struct tarn__list *open = &collector->open;
	for (struct tarn__list *node = open->next; node != open; node = node->next) {
		struct collection *collection = TARN__CONTAINER(node, struct collection, node);
		if (collection->number <= contributor->collected)
			continue;
		contributor->add(contributor, collection->totals);
		if (--collection->missing == 0)
			pthread_cond_broadcast(&collector->added);
	}
	contributor->collected = collector->begun;
}

void tarn__stats_collector_join(struct tarn__stats_collector *collector,
				struct tarn__contributor *contributor)
{
	pthread_mutex_lock(&collector->mutex);
	collector->contributors++;
	contributor->collected = collector->begun;
	pthread_mutex_unlock(&collector->mutex);
}

void tarn__stats_collector_leave(struct tarn__stats_collector *collector,
				 struct tarn__contributor *contributor)
{
	pthread_mutex_lock(&collector->mutex);
	collector->contributors--;
	add_to_open(collector, contributor);
	contributor->add(contributor, &collector->gone);
	tarn__totals_forget_state(&collector->gone);
	pthread_mutex_unlock(&collector->mutex);
}

void tarn__stats_collector_add(struct tarn__stats_collector *collector,
			       struct tarn__contributor *contributor)
{
	pthread_mutex_lock(&collector->mutex);
	add_to_open(collector, contributor);
	pthread_mutex_unlock(&collector->mutex);
}

/* With the mutex held, as for all below. */
static void begin(struct tarn__stats_collector *collector, struct collection *collection)
{
	const struct tarn__totals *gone = &collector->gone;
	struct tarn__totals *totals = collection->totals;
	totals->since_sec = collector->since_sec;
	totals->questions = gone->questions;
	totals->udp = gone->udp;
	totals->tcp = gone->tcp;
	totals->carrier = gone->carrier;
	tarn__totals_copy_counts(&collection->gone, gone);
	collection->number = ++collector->begun;
	collection->missing = collector->contributors;
	tarn__list_append(&collector->open, &collection->node);
}

static void wait_for_all(struct tarn__stats_collector *collector,
			 const struct collection *collection, const struct timespec *until)
{
	while (collection->missing > 0 &&
	       pthread_cond_timedwait(&collector->added, &collector->mutex, until) != ETIMEDOUT)
		continue;
}

/* Servers that no contributor has any more are forgotten. */
static void end(struct tarn__stats_collector *collector, struct collection *collection)
{
	struct tarn__totals *totals = collection->totals;
	tarn__list_remove(&collection->node);
	tarn__totals_add_counts(totals, &collection->gone);
	tarn__totals_drop_servers(&collection->gone);
	totals->is_whole = collection->missing == 0;
	if (totals->workers > 0 && totals->is_whole)
		tarn__totals_keep_servers(&collector->gone, totals);
}

static struct timespec after_ms(unsigned ms)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += (long)(ms % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

struct tarn__totals *tarn__stats_collector_collect(struct tarn__stats_collector *collector,
						   struct tarn__contributor *own,
						   unsigned timeout_ms)
{
	struct timespec until = after_ms(timeout_ms);
	struct collection collection = {.totals = calloc(1, sizeof(*collection.totals))};
	if (!collection.totals)
		return NULL;
	pthread_mutex_lock(&collector->mutex);
	begin(collector, &collection);
	if (own)
		add_to_open(collector, own);
	pthread_mutex_unlock(&collector->mutex);
	tarn__mailbox_post(collector->mailbox);
	pthread_mutex_lock(&collector->mutex);
	wait_for_all(collector, &collection, &until);
	end(collector, &collection);
	pthread_mutex_unlock(&collector->mutex);
	return collection.totals;
}

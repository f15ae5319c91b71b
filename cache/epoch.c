/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of readers, and the fences that announcing needs. */

#include "epoch.h"

void rtcache__epochs_init(struct rtcache__epochs *epochs)
{
	atomic_init(&epochs->now, 1);
	pthread_mutex_init(&epochs->lock, NULL);
	epochs->readers = NULL;
}

void rtcache__epochs_fini(struct rtcache__epochs *epochs)
{
	pthread_mutex_destroy(&epochs->lock);
}

void rtcache__reader_join(struct rtcache__epochs *epochs, struct rtcache__reader *reader)
{
	atomic_init(&reader->seen, 0);
	pthread_mutex_lock(&epochs->lock);
	reader->next = epochs->readers;
	epochs->readers = reader;
	pthread_mutex_unlock(&epochs->lock);
}

void rtcache__reader_leave(struct rtcache__epochs *epochs, struct rtcache__reader *reader)
{
	pthread_mutex_lock(&epochs->lock);
	struct rtcache__reader **link = &epochs->readers;
	while (*link != reader)
		link = &(*link)->next;
	*link = reader->next;
	pthread_mutex_unlock(&epochs->lock);
}

/*
 * Either the announcement is visible to a thread that tests whether a number has passed, or that
 * number was closed before the second load here, and the memory that was removed before is
 * unreachable. Both require a single order of all four accesses, hence seq_cst. The first load may
 * return an old number, which delays reclamation and is safe.
 */
void rtcache__reader_online(struct rtcache__epochs *epochs, struct rtcache__reader *reader)
{
	uint64_t now = atomic_load_explicit(&epochs->now, memory_order_relaxed);
	atomic_store_explicit(&reader->seen, now, memory_order_seq_cst);
	(void)atomic_load_explicit(&epochs->now, memory_order_seq_cst);
}

void rtcache__reader_offline(struct rtcache__reader *reader)
{
	atomic_store_explicit(&reader->seen, 0, memory_order_release);
}

uint64_t rtcache__epoch_close(struct rtcache__epochs *epochs)
{
	return atomic_fetch_add_explicit(&epochs->now, 1, memory_order_seq_cst) + 1;
}

bool rtcache__epoch_has_passed(struct rtcache__epochs *epochs, uint64_t number)
{
	bool passed = true;
	pthread_mutex_lock(&epochs->lock);
	for (struct rtcache__reader *reader = epochs->readers; reader; reader = reader->next) {
		uint64_t seen = atomic_load_explicit(&reader->seen, memory_order_seq_cst);
		if (seen && seen < number) {
			passed = false;
			break;
		}
	}
	pthread_mutex_unlock(&epochs->lock);
	return passed;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* When memory that readers may still look at can be used again. */

#ifndef RTCACHE_EPOCH_H
#define RTCACHE_EPOCH_H

/*
 * Quiescent states. There is one epoch number. A reader announces the number it has seen at moments
 * when it holds no pointer into the cache, and none while it sleeps. Whoever has taken something
 * out of all readers' reach closes the epoch, which gives a number; when every reader that is
 * online has announced that number or a later one, nobody can hold what was taken out.
 *
 * Reading costs nothing: no fence, no store.
 *
 * Threads: a reader's functions belong to its thread; the others may be called from any.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rtcache__reader {
	/* The epoch last seen; 0 while offline. */
	_Atomic uint64_t seen;
	struct rtcache__reader *next;
};

struct rtcache__epochs {
	_Atomic uint64_t now;
	pthread_mutex_t lock;
	struct rtcache__reader *readers;
};

void rtcache__epochs_init(struct rtcache__epochs *epochs);
void rtcache__epochs_fini(struct rtcache__epochs *epochs);

/* A reader joins offline, and leaves offline. */
void rtcache__reader_join(struct rtcache__epochs *epochs, struct rtcache__reader *reader);
void rtcache__reader_leave(struct rtcache__epochs *epochs, struct rtcache__reader *reader);
void rtcache__reader_online(struct rtcache__epochs *epochs, struct rtcache__reader *reader);
void rtcache__reader_offline(struct rtcache__reader *reader);

/* The number to wait for, for what was taken out before. */
uint64_t rtcache__epoch_close(struct rtcache__epochs *epochs);
bool rtcache__epoch_has_passed(struct rtcache__epochs *epochs, uint64_t number);

/* An online reader holds nothing at this moment. */
static inline void rtcache__reader_quiet(struct rtcache__epochs *epochs,
					 struct rtcache__reader *reader)
{
	uint64_t now = atomic_load_explicit(&epochs->now, memory_order_acquire);
	atomic_store_explicit(&reader->seen, now, memory_order_release);
}

#endif

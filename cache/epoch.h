/* SPDX-License-Identifier: BSD-2-Clause */
/* Reclamation: when no reader can hold memory that was removed. */

#ifndef RTCACHE_EPOCH_H
#define RTCACHE_EPOCH_H

/*
 * Quiescent-state-based reclamation. There is one epoch number. At moments when a reader holds no
 * pointer into the cache it announces the number that it sees; while it is offline it announces
 * none. A writer that has made memory unreachable closes the epoch and gets a number. When every
 * reader that is online has announced this number or a later one, no reader can hold that memory.
 *
 * Reading takes no fence and no store.
 *
 * Threads: rtcache__reader_online(), _offline() and _quiet() are called in the thread of the reader,
 * all others in any thread.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rtcache__reader {
	/* The epoch number announced last; 0 while offline. */
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

/* A reader is offline when it joins and when it leaves. */
void rtcache__reader_join(struct rtcache__epochs *epochs, struct rtcache__reader *reader);
void rtcache__reader_leave(struct rtcache__epochs *epochs, struct rtcache__reader *reader);

/* Announces the present number, or none. */
void rtcache__reader_online(struct rtcache__epochs *epochs, struct rtcache__reader *reader);
void rtcache__reader_offline(struct rtcache__reader *reader);

/* Returns the number to wait for, for memory that became unreachable before the call. */
uint64_t rtcache__epoch_close(struct rtcache__epochs *epochs);

/* Returns true if no reader can hold memory that became unreachable before that call. */
bool rtcache__epoch_has_passed(struct rtcache__epochs *epochs, uint64_t number);

/* Announces that an online reader holds no pointer at this moment. */
static inline void rtcache__reader_quiet(struct rtcache__epochs *epochs,
					 struct rtcache__reader *reader)
{
	uint64_t now = atomic_load_explicit(&epochs->now, memory_order_acquire);
	atomic_store_explicit(&reader->seen, now, memory_order_release);
}

#endif

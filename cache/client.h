/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread's door: what waits for it, what is ready for it, and the values it holds. */

#ifndef RTCACHE_CLIENT_H
#define RTCACHE_CLIENT_H

/*
 * A request's way:
 *
 *	              get, nobody answers at once
 *	IDLE ------------------------------------> WAITING <---.
 *	 ^                                          |   |      | run: it starts the lookup
 *	 |                    the lookup ended      |   v      |
 *	 |<-- run: done is called -- READY <--------'  HEIR ---'
 *	 |<-- cancel -----------------(from any of the three)
 *
 * WAITING: in its flight's list of waiters. HEIR: chosen to start a lookup, in its client's inbox.
 * READY: its flight has ended, in the inbox. IDLE: it has no flight. States change under the
 * shard's lock; the inbox, which other threads fill, is guarded by the client's. All else belongs
 * to the client's thread.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "rtcache.h"
#include "stats.h"

enum rtcache__request_state {
	RTCACHE__WAITING,
	RTCACHE__HEIR,
	RTCACHE__READY,
};

/* What the client holds, as others may care. */
enum rtcache__client_state {
	RTCACHE__PARKED,
	RTCACHE__ONLINE, /* no value given since the last quiet point */
	RTCACHE__HOLDING, /* values given: what they point at must stay */
};

struct rtcache_client {
	struct rtcache *cache;
	uint8_t state;
	bool closing;
	/* Written by this thread, summed by any. */
	_Atomic uint64_t counts[RTCACHE__COUNTS];

	/* Requests under way, oldest wait first, and those that will take a stale value. */
	struct rtcache_request *oldest, *newest;
	struct rtcache_request *stale_oldest, *stale_newest;
	size_t pending_count;

	/* Ended flights whose answers were given since the last quiet point. There is always room
	 * for one per pending request. */
	struct rtcache__flight **held;
	size_t held_count;
	size_t held_room;

	uint64_t next_sweep_ms;
	unsigned sweep_shard;

	_Alignas(RTCACHE__LINE) struct rtcache__reader reader;
	/* Under the cache's lock. */
	struct rtcache_client *next;

	_Alignas(RTCACHE__LINE) pthread_mutex_t lock;
	pthread_cond_t woken;
	struct rtcache_request *inbox_first, *inbox_last;
	size_t inbox_count;
	void (*wake)(void *arg);
	void *wake_arg;
	/* The thread that need not be woken. */
	pthread_t owner;
	/* wake has been called, and run not yet. */
	bool is_woken;
	/* Some thread is about to call wake, and must do so again. */
	bool is_waking, wake_again;
	struct rtcache_client *next_waking;
};

/* The clients that a call made something ready for, to be woken when it has let go of all locks. */
struct rtcache__wakes {
	struct rtcache_client *first;
};

void rtcache__wakes_run(struct rtcache__wakes *wakes);

/* Under the shard's lock: the request's state changes, and its client hears of it. */
void rtcache__client_post(struct rtcache_request *request, enum rtcache__request_state state,
			  struct rtcache__wakes *wakes);

/* run has come: wake may be called again. How many are in the inbox. */
size_t rtcache__client_open_inbox(struct rtcache_client *client);

bool rtcache__client_has_inbox(struct rtcache_client *client);

/* The first in the inbox, taken out; NULL if it is empty. */
struct rtcache_request *rtcache__client_fetch(struct rtcache_client *client,
					      enum rtcache__request_state *state_out);

/* Whether the request is READY; it is taken out of the inbox then. */
bool rtcache__client_fetch_ready(struct rtcache_client *client, struct rtcache_request *request);

/* Takes it out of the inbox, if it is there. */
void rtcache__client_unpost(struct rtcache_client *client, struct rtcache_request *request);

/* Room to hold one answer more. 0 or RTCACHE_ENOMEM. */
int rtcache__client_reserve(struct rtcache_client *client);

/* The request is under way from now on; again after it has got a new lookup to wait for. */
void rtcache__client_track(struct rtcache_client *client, struct rtcache_request *request,
			   uint64_t since_ms);
void rtcache__client_track_stale(struct rtcache_client *client, struct rtcache_request *request,
				 uint64_t at_ms);
void rtcache__client_untrack(struct rtcache_client *client, struct rtcache_request *request);

void rtcache__client_untrack_stale(struct rtcache_client *client, struct rtcache_request *request);

/* Fills out with how a READY request's flight ended. The request is idle after it. */
void rtcache__client_take(struct rtcache_client *client, struct rtcache_request *request,
			  struct rtcache_value *out);

/* Lets go of every value it was given. */
void rtcache__client_quiet(struct rtcache_client *client);

void rtcache__client_unpark_slowly(struct rtcache_client *client);

static inline void rtcache__client_count(struct rtcache_client *client, enum rtcache__count what)
{
	uint64_t n = atomic_load_explicit(&client->counts[what], memory_order_relaxed);
	atomic_store_explicit(&client->counts[what], n + 1, memory_order_relaxed);
}

static inline void rtcache__client_enter(struct rtcache_client *client)
{
	if (__builtin_expect(client->state == RTCACHE__PARKED, 0))
		rtcache__client_unpark_slowly(client);
}

/* The reader, if a writer may announce for it that it holds nothing. */
static inline struct rtcache__reader *rtcache__client_idle_reader(struct rtcache_client *client)
{
	return client->state == RTCACHE__ONLINE ? &client->reader : NULL;
}

/* A value of the entry, fresh or stale, for this client. */
static inline void rtcache__client_give(struct rtcache_client *client, struct rtcache__entry *entry,
					uint64_t now_ms, struct rtcache_value *out)
{
	client->state = RTCACHE__HOLDING;
	rtcache__entry_use(entry);
	rtcache__entry_describe(entry, now_ms, out);
}

/* No value. */
static inline void rtcache__value_none(struct rtcache_value *out, enum rtcache_status status,
				       int error)
{
	*out = (struct rtcache_value){.status = status, .error = error};
}

#endif

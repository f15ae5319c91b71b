/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys that are being looked up, each with its lookups and the requests that wait for it. */

#ifndef RTCACHE_FLIGHT_H
#define RTCACHE_FLIGHT_H

/*
 * A flight is one key that is being looked up, with all requests that wait for it. It ends with the
 * first answer, or with the failure of its newest lookup. Usually it has one lookup; a second one
 * starts when the first takes too long or its client is freed. A flight in the index is found by
 * its key and can be joined. Under the herd rule there are others, each for one request that looks
 * up for itself.
 *
 * The request whose lookup it is leads the flight. If a flight has lost its newest lookup, a waiter
 * becomes the successor: it starts the next lookup when its client runs.
 *
 * A lookup may end after its flight (lookup.c).
 *
 * Memory: a flight is freed with its last reference. Its lookups hold one together, each request
 * that is in it holds one, and so does a client that was given the answer, until its next quiet
 * point.
 *
 * Threads: everything is under the lock of the shard that has the flights, except
 * rtcache__flight_unref(). How a flight has ended is constant from then on, and is read without the
 * lock by the clients of the requests that were posted READY.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inbox.h"
#include "list.h"
#include "rtcache.h"

struct rtcache_lookup {
	struct rtcache__flight *flight;
	struct rtcache_lookup *next;
	/* The client whose call started it; NULL once that client is freed. */
	struct rtcache_client *client;
	/* The request that started it; NULL in the background, or if that request has left. */
	struct rtcache_request *leader;
	void *extra;
	uint64_t ttl_ms;
	bool is_stored;
};

/* The flights of a shard: an index by key, and a list of all. */
struct rtcache__flights {
	struct rtcache__flight **slots;
	size_t slot_count;
	/* In the index. */
	size_t count;
	struct rtcache__list all;
};

struct rtcache__flight {
	struct rtcache__flights *flights;
	struct rtcache *cache;
	uint64_t hash;
	atomic_uint refs;
	bool is_indexed;
	bool has_ended;
	bool first_lookup_used;
	struct rtcache__flight *index_next;
	struct rtcache__list node;

	struct rtcache__list waiters;
	/* The waiter that is to start a lookup, in the inbox of its client. */
	struct rtcache_request *successor;
	/* The lookups that have not ended. newest: the one whose failure ends the flight, or NULL. */
	struct rtcache_lookup *lookups;
	struct rtcache_lookup *newest;
	/* When the first and the newest lookup started. */
	uint64_t begun_ms;
	uint64_t started_ms;

	/* How it ended. */
	int error;
	void *data;
	size_t len;
	uint64_t ttl_ms;
	uint64_t ended_ms;

	/* Most flights have no other, and need no second allocation. */
	struct rtcache_lookup first_lookup;

	size_t key_len;
	unsigned char key[];
};

void rtcache__flights_init(struct rtcache__flights *flights);

/* Frees all flights and lookups. No request waits for any. */
void rtcache__flights_fini(struct rtcache__flights *flights);

/* Returns the flight of the key that can be joined, or NULL. */
struct rtcache__flight *rtcache__flight_find(const struct rtcache__flights *flights, uint64_t hash,
					     const void *key, size_t key_len);

/* Returns a flight without a lookup, which must be given one; NULL if out of memory. */
struct rtcache__flight *rtcache__flight_new(struct rtcache__flights *flights, struct rtcache *cache,
					    uint64_t hash, const void *key, size_t key_len,
					    bool is_indexed);

/* Any thread, with the lock or without it. */
void rtcache__flight_unref(struct rtcache__flight *flight);

/* Makes the request a waiter of the flight. It is idle, or the former successor of this flight. */
void rtcache__flight_join(struct rtcache__flight *flight, struct rtcache_request *request);

/*
 * Removes a request from its flight, in any state and whether the flight has ended or not. The next
 * waiter leads in its place, or becomes the successor.
 */
void rtcache__flight_leave(struct rtcache_request *request, struct rtcache__wakes *wakes);

/* Returns the waiter that has waited longest, or NULL. */
static inline struct rtcache_request *
rtcache__flight_first_waiter(const struct rtcache__flight *flight)
{
	if (rtcache__list_is_empty(&flight->waiters))
		return NULL;
	return RTCACHE__CONTAINER(flight->waiters.next, struct rtcache_request, priv.node);
}

/* Returns true if the request is the only waiter. */
static inline bool rtcache__flight_is_alone(const struct rtcache__flight *flight,
					    const struct rtcache_request *request)
{
	return flight->waiters.next == &request->priv.node &&
	       flight->waiters.previous == &request->priv.node;
}

/*
 * Returns true if the flight has neither a newest lookup nor a successor that is to start one. A
 * lookup that has lost its client may still end it.
 */
static inline bool rtcache__flight_is_orphan(const struct rtcache__flight *flight)
{
	return !flight->newest && !flight->successor;
}

/*
 * Adds a lookup, which becomes the newest. leader is NULL for one in the background. Returns NULL
 * if out of memory, which the first lookup of a flight never is.
 */
struct rtcache_lookup *rtcache__lookup_new(struct rtcache__flight *flight,
					   struct rtcache_client *client,
					   struct rtcache_request *leader, void *extra,
					   uint64_t ttl_ms, uint64_t now_ms);

/* Removes a lookup that has ended, and with the last one of a flight that has ended the flight. */
void rtcache__lookup_free(struct rtcache_lookup *lookup);

/*
 * Ends the flight: how it ended has been written. The leader of the lookup, which may be NULL, keeps
 * its status; all others get RTCACHE_LOCK_HIT. is_retried: the others become successors instead,
 * each of which looks up for itself.
 */
void rtcache__flight_end(struct rtcache__flight *flight, const struct rtcache_lookup *lookup,
			 bool is_retried, struct rtcache__wakes *wakes);

/*
 * To be called when a client is freed: its lookups are the newest of their flights no longer, and
 * flights that become orphans get a successor.
 */
void rtcache__flights_forget_client(struct rtcache__flights *flights,
				    const struct rtcache_client *client,
				    struct rtcache__wakes *wakes);

#endif

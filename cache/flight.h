/* SPDX-License-Identifier: BSD-2-Clause */
/* Lookups under way: who waits for which key, who looks it up, and how it ends. */

#ifndef RTCACHE_FLIGHT_H
#define RTCACHE_FLIGHT_H

/*
 * A flight is one key being looked up, with all the requests that wait for it. It ends with the
 * first answer, or with the failure of its newest lookup. Usually it has one lookup; a second one
 * starts when the first takes too long or its client is gone. A flight in the shard's index can be
 * joined; in the herd rule there are others, each for one request that looks up for itself.
 *
 * A lookup that outlives its flight is still served when it ends.
 *
 * Threads: everything under the shard's lock, but for the references: a request under way holds
 * one, and so does a client that was given the answer, until its next quiet point.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "client.h"
#include "rtcache.h"
#include "shard.h"

struct rtcache_lookup {
	struct rtcache__flight *flight;
	struct rtcache_lookup *next;
	/* Whose call started it; NULL once that client is gone. */
	struct rtcache_client *client;
	/* Whose lookup it is; NULL in the background, or if that request has left. */
	struct rtcache_request *leader;
	void *extra;
	uint64_t ttl_ms;
	bool is_stored;
};

struct rtcache__flight {
	struct rtcache *cache;
	struct rtcache__shard *shard;
	uint64_t hash;
	atomic_uint refs;
	bool is_indexed;
	bool has_ended;
	struct rtcache__flight *index_next;
	struct rtcache__flight *all_prev, *all_next;

	struct rtcache_request *first, *last;
	/* The waiter that has been told to start a lookup. */
	struct rtcache_request *heir;
	/* The lookups that have not ended; newest is the one that holds the flight, or NULL. */
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

	/* Most flights need no other. */
	struct rtcache_lookup first_lookup;
	bool first_lookup_used;

	size_t key_len;
	unsigned char key[];
};

/* The flight for the key that can be joined, or NULL. */
struct rtcache__flight *rtcache__flight_find(struct rtcache__shard *shard, uint64_t hash,
					     const void *key, size_t key_len);

/* A flight without a lookup yet. NULL: out of memory. */
struct rtcache__flight *rtcache__flight_new(struct rtcache *cache, uint64_t hash, const void *key,
					    size_t key_len, bool is_indexed);
void rtcache__flight_unref(struct rtcache__flight *flight);

/* Waits for the flight. */
void rtcache__flight_join(struct rtcache__flight *flight, struct rtcache_request *request);

/* Does not wait any more; it has not ended yet. Who is next takes over. */
void rtcache__flight_leave(struct rtcache__flight *flight, struct rtcache_request *request,
			   struct rtcache__wakes *wakes);

/*
 * A new lookup holds the flight from now on; call rtcache__lookup_start() when the lock is
 * released. leader may be NULL. NULL: out of memory.
 */
struct rtcache_lookup *rtcache__flight_look(struct rtcache__flight *flight,
					    struct rtcache_client *client,
					    struct rtcache_request *leader, void *extra,
					    uint64_t ttl_ms, uint64_t now_ms);
void rtcache__lookup_start(struct rtcache_lookup *lookup);

/* Whether the flight's lookup has nobody any more who could end it. */
bool rtcache__flight_is_orphan(const struct rtcache__flight *flight);

/* The client is going: what it started, others start anew. Takes the shard's lock. */
void rtcache__flights_bereave(struct rtcache__shard *shard, struct rtcache_client *client,
			      struct rtcache__wakes *wakes);

/* Frees all that is left, with the cache. */
void rtcache__flights_free(struct rtcache__shard *shard);

#endif

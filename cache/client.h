/* SPDX-License-Identifier: BSD-2-Clause */
/* A client: the requests of one thread, and the values that it was given. */

#ifndef RTCACHE_CLIENT_H
#define RTCACHE_CLIENT_H

/*
 * The values that a client was given are valid until its next quiet point. They are entries, which
 * the reader of the client protects (epoch.h), or the answers of flights, to which it holds
 * references.
 *
 * Threads: the thread of the client, except the inbox, the counters, and what rtcache_stats_get()
 * reads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "count.h"
#include "entry.h"
#include "epoch.h"
#include "flight.h"
#include "inbox.h"
#include "pending.h"
#include "rtcache.h"

enum rtcache__client_state {
	RTCACHE__PARKED, /* the reader is offline */
	RTCACHE__ONLINE, /* no value was given since the last quiet point */
	RTCACHE__HOLDING, /* values were given: their memory must remain */
};

struct rtcache_client {
	struct rtcache *cache;
	uint8_t state;
	bool closing;
	struct rtcache__counts counts;
	struct rtcache__pending pending;

	/* Ended flights whose answers were given since the last quiet point. There is room for one
	 * more per pending request. */
	struct rtcache__flight **held;
	size_t held_count;
	size_t held_room;

	/* The next sweep: not before this time, and of this shard. */
	uint64_t next_sweep_ms;
	unsigned sweep_shard;

	_Alignas(RTCACHE__LINE) struct rtcache__reader reader;
	/* Under the lock of the cache. */
	struct rtcache_client *next;

	_Alignas(RTCACHE__LINE) struct rtcache__inbox inbox;
};

/* Makes room to hold the answer of one more pending request. Returns 0 or RTCACHE_ENOMEM. */
int rtcache__client_reserve(struct rtcache_client *client);

/* Fills out with how the flight of a READY request has ended. The request is idle then. */
void rtcache__client_take(struct rtcache_client *client, struct rtcache_request *request,
			  struct rtcache_value *out);

/* A quiet point: ends the validity of all values. The client is online then. */
void rtcache__client_quiet(struct rtcache_client *client);

/* Puts a parked client online. */
void rtcache__client_go_online(struct rtcache_client *client);

/* Puts the client online if it is parked. */
static inline void rtcache__client_enter(struct rtcache_client *client)
{
	if (__builtin_expect(client->state == RTCACHE__PARKED, 0))
		rtcache__client_go_online(client);
}

/* Returns the reader if the client is online and holds no value, otherwise NULL. */
static inline struct rtcache__reader *rtcache__client_idle_reader(struct rtcache_client *client)
{
	return client->state == RTCACHE__ONLINE ? &client->reader : NULL;
}

/* Gives the value of a fresh or stale entry, and counts a use of it. The client is online. */
static inline void rtcache__client_give(struct rtcache_client *client, struct rtcache__entry *entry,
					uint64_t now_ms, struct rtcache_value *out)
{
	client->state = RTCACHE__HOLDING;
	rtcache__entry_use(entry);
	rtcache__entry_describe(entry, now_ms, out);
}

/* Fills out with no value. */
static inline void rtcache__value_none(struct rtcache_value *out, enum rtcache_status status,
				       int error)
{
	*out = (struct rtcache_value){.status = status, .error = error};
}

/* Counts the status of a value, and its error. */
static inline void rtcache__client_count_value(struct rtcache_client *client,
					       const struct rtcache_value *value)
{
	rtcache__count(&client->counts, (enum rtcache__count)value->status);
	if (value->error)
		rtcache__count(&client->counts, RTCACHE__COUNT_FAILURE);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/zone.h: a zone in one worker: its servers, the lookups that ask them, and the effects of a
 * server's death or recovery on these lookups. Lookups and probes report answers and failures of servers
 * here.
 *
 * While all servers of a zone are dead its lookups are WAITING. Those that hold a message back for a
 * server that is silent are HOLDING until its next answer, and then WAITING, too. When a server may be asked,
 * lookups that are WAITING are restarted in batches, the oldest first.
 *
 * Thread: one struct tarn__zone per zone and worker.
 */
#ifndef TARN_CORE_FORWARD_ZONE_H
#define TARN_CORE_FORWARD_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/forward/lookup_state.h"
#include "core/forward/probe.h"
#include "core/forward/server.h"
#include "core/zone_config.h"

struct tarn__lookup;
struct tarn__forwarder;

enum {
	/* Kept, as a busy worker uses them again: 15 KB, and less for each zone. */
	TARN__SPARE_LOOKUPS = 64,
};

/* Causes of failures, for rtcache_fail_for(); those of a zone are derived from its name. */
enum {
	TARN__CAUSE_NETWORK, /* no server can be reached, or none of those that are encrypted */
	TARN__CAUSE_ZONES, /* the first of the zones' causes, two for each zone */
};

struct tarn__zone {
	struct tarn__forwarder *forwarder;
	struct tarn__zone_config *config; /* a reference */
	size_t turn; /* of the next lookup: where round robin begins */
	struct tarn__probes probes;
	unsigned outage, trouble; /* causes: all servers are dead; they answer errors */
	struct tarn__list lookups[TARN__LOOKUP_STATES]; /* by state; see tarn__lookup_move() */
	size_t count; /* of all */
	struct tarn__list spares; /* struct tarn__lookup, for the next ones */
	size_t spare_count;
	size_t clients; /* the resolver's: queries that wait for them */
	struct tarn__timer release; /* of those that are WAITING */
	bool is_down; /* all servers are dead, or none has recovered since */
	size_t server_count; /* config->endpoint_count */
	struct tarn__server *servers[]; /* in the configuration's order; a reference to each */
};

/*
 * Makes a zone with the servers of old, the zone before a change, for the endpoints that are in both; old may
 * be NULL. Returns NULL if out of memory.
 */
struct tarn__zone *tarn__zone_new(struct tarn__forwarder *, struct tarn__zone_config *,
				  const struct tarn__zone *old);
/* The zone must have no lookups. NULL is allowed. */
void tarn__zone_free(struct tarn__zone *);

/* Returns the zone whose servers are asked for a name; NULL: none, it is never forwarded. */
struct tarn__zone *tarn__zone_find(const struct tarn__forwarder *, const uint8_t *qname, size_t len,
				   uint16_t qtype);

/*
 * Returns true if a zone that has taken that many of the places that all zones share may take more, while left
 * are free. With several zones each may have as many as it leaves free, so that one whose servers are silent
 * leaves room for the others.
 */
bool tarn__zone_has_room(const struct tarn__zone *, size_t taken, size_t left);

/* Returns the state of the zone's servers. */
enum tarn__servers_state tarn__zone_state(const struct tarn__zone *);

/* ---- reports of servers ----------------------------------------------------------------- */

/*
 * A server has given any answer: failures that its fault has caused are forgotten. has_recovered: it was dead,
 * for this worker or for another.
 */
void tarn__zone_answered(struct tarn__zone *, struct tarn__server *, bool has_recovered);

/* A server has failed. If it is dead now, it is probed; if it was the last one alive, all lookups wait. */
void tarn__zone_failed(struct tarn__zone *, struct tarn__server *);

/*
 * A server's exchange has ended with an error of struct tarn_exchange, and words or NULL. Returns the error that
 * a lookup fails with for it; one that is encrypted is probed until it answers.
 */
int tarn__zone_fault(struct tarn__zone *, struct tarn__server *, int error, const char *words);

/* Returns the error of a lookup of the zone that no server has answered. */
int tarn__zone_error(const struct tarn__zone *);

/* A server has given a usable answer: failures that errors of the zone's servers have caused are forgotten. */
void tarn__zone_usable(struct tarn__zone *, struct tarn__server *);

/* ---- lookups ---------------------------------------------------------------------------- */

/* Restarts the lookups that are WAITING from wait_ms on, if a server may be asked. */
void tarn__zone_release(struct tarn__zone *, uint64_t wait_ms);

/* Moves all lookups that are in one state to another one, in their order. */
void tarn__zone_move(struct tarn__zone *, enum tarn__lookup_state from, enum tarn__lookup_state to);

/*
 * Queries the server for a name that shows whether it forwards to this resolver, unless such a query was sent
 * less than TARN__FORWARD_LOOP_MS ago. A dead server is queried so while it is probed, and when it recovers.
 */
void tarn__zone_look_for_loop(struct tarn__zone *, struct tarn__server *);

#endif

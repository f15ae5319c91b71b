/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/zone.h: a zone in one worker: its servers, the lookups that ask them, and what becomes of these
 * lookups when a server dies or recovers. Lookups and probes report what they learn of a server here.
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
	/* What a busy worker takes again and again: 15 KB, and less for each zone. */
	TARN__SPARE_LOOKUPS = 64,
};

/* Why lookups fail, for rtcache_fail_for(); those of a zone are made of its name. */
enum {
	TARN__CAUSE_NETWORK, /* it reaches no server */
	TARN__CAUSE_ZONES, /* from here on two for each zone */
};

struct tarn__zone {
	struct tarn__forwarder *forwarder;
	struct tarn__zone_config *config; /* a reference */
	size_t turn; /* of the next lookup: where round robin begins */
	struct tarn__probes probes;
	unsigned outage, trouble; /* causes: all servers are dead; they say SERVFAIL and the like */
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

/* old is the same zone before a change, whose servers it takes over; NULL: there was none. NULL: out of memory. */
struct tarn__zone *tarn__zone_new(struct tarn__forwarder *, struct tarn__zone_config *,
				  const struct tarn__zone *old);
/* It has no lookups. NULL is allowed. */
void tarn__zone_free(struct tarn__zone *);

/* Returns the zone whose servers a name is asked of; NULL: none, it is never forwarded. */
struct tarn__zone *tarn__zone_find(const struct tarn__forwarder *, const uint8_t *qname, size_t len,
				   uint16_t qtype);

/*
 * Returns true if a zone that has taken that much of what all zones share may take more, with left to take. Of
 * several zones each may have as much as it leaves, so that one whose servers are silent leaves room for
 * the others.
 */
bool tarn__zone_has_room(const struct tarn__zone *, size_t taken, size_t left);

/* Returns TARN__SERVERS_DOWN while all servers are dead, and so on. */
enum tarn__servers_state tarn__zone_state(const struct tarn__zone *);

/* ---- reports of servers ----------------------------------------------------------------- */

/* A server has answered, whatever its answer. has_recovered: it was dead, for this worker or for another. */
void tarn__zone_answered(struct tarn__zone *, struct tarn__server *, bool has_recovered);

/* It has failed: when it dies of that it is probed, and if it was the last one alive all lookups wait. */
void tarn__zone_failed(struct tarn__zone *, struct tarn__server *);

/* It has given an answer of use: failures are forgotten that errors of the zone's servers have caused. */
void tarn__zone_usable(struct tarn__zone *, struct tarn__server *);

/* ---- lookups ---------------------------------------------------------------------------- */

/* Restarts the lookups that are WAITING from wait_ms on, if a server may be asked. */
void tarn__zone_release(struct tarn__zone *, uint64_t wait_ms);

/* Moves all lookups that are in one state to another one, in their order. */
void tarn__zone_move(struct tarn__zone *, enum tarn__lookup_state from, enum tarn__lookup_state to);

/*
 * Has the server queried for a name that shows whether it leads back to this resolver, unless that has been
 * done of late; so is a server that is dead, while it is probed, and when it recovers.
 */
void tarn__zone_look_for_loop(struct tarn__zone *, struct tarn__server *);

#endif

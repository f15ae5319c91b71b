/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/lookup.c: the states of a lookup, and its memory.
 *
 *	NEW ---> FETCHING ---> WAITING, ENDED
 *	 |         |
 *	 |         v
 *	 +-----> ASKING <---> HOLDING
 *	           ^  ^         ^  |
 *	           |  |         |  |
 *	           |  +------+  |  +----+
 *	           |         v  v       |
 *	           |        WAITING ----+
 *	           |         ^          |
 *	           v         |          v
 *	           +---> FOLLOWING ---> ENDED <--- from each of these six
 *
 *	CHECKING is between an answer and what follows it: from ASKING, HOLDING and WAITING, to each of the others.
 *
 *	to         from                       when
 *	FETCHING   NEW                        it is made, and the second level may have the answer
 *	ASKING     NEW                        it is made
 *	           FETCHING                   there is no good value, or the wait for one is over
 *	           ASKING, HOLDING, WAITING   a message is sent; or its turn to ask on has come
 *	HOLDING    ASKING, HOLDING, WAITING   only held back messages are left; or the network has changed
 *	WAITING    ASKING, HOLDING, WAITING   all servers are dead; or a server that messages were held
 *	                                      back from has answered, and it waits for its turn
 *	           all six                    the zone's servers are no longer its own
 *	CHECKING   ASKING, HOLDING, WAITING   a good answer needs the chain of trust, or another turn
 *	ASKING     CHECKING                   it was bogus, and is asked for a second time
 *	FOLLOWING  ASKING, HOLDING, WAITING,  a good answer leads into another zone
 *	           CHECKING
 *	ENDED      all six                    a good answer; nothing left to ask; the deadline; canceled
 */
#include "core/forward/lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/forward/forwarder.h"

/* ---- states ----------------------------------------------------------------------------- */

#define FETCHING (1U << TARN__LOOKUP_FETCHING)
#define ASKING (1U << TARN__LOOKUP_ASKING)
#define HOLDING (1U << TARN__LOOKUP_HOLDING)
#define WAITING (1U << TARN__LOOKUP_WAITING)
#define CHECKING (1U << TARN__LOOKUP_CHECKING)
#define FOLLOWING (1U << TARN__LOOKUP_FOLLOWING)
#define ENDED (1U << TARN__LOOKUP_ENDED)

/* The states that may follow each state. */
static const unsigned moves[TARN__LOOKUP_STATES] = {
	[TARN__LOOKUP_NEW] = FETCHING | ASKING,
	[TARN__LOOKUP_FETCHING] = ASKING | WAITING | ENDED,
	[TARN__LOOKUP_ASKING] = ASKING | HOLDING | WAITING | CHECKING | FOLLOWING | ENDED,
	[TARN__LOOKUP_HOLDING] = ASKING | HOLDING | WAITING | CHECKING | FOLLOWING | ENDED,
	[TARN__LOOKUP_WAITING] = ASKING | HOLDING | WAITING | CHECKING | FOLLOWING | ENDED,
	[TARN__LOOKUP_CHECKING] = ASKING | HOLDING | WAITING | FOLLOWING | ENDED,
	[TARN__LOOKUP_FOLLOWING] = WAITING | ENDED,
	[TARN__LOOKUP_ENDED] = 0,
};

bool tarn__lookup_can_move(enum tarn__lookup_state from, enum tarn__lookup_state to)
{
	return moves[from] >> to & 1;
}

void tarn__lookup_move(struct tarn__lookup *lookup, enum tarn__lookup_state state)
{
	assert(tarn__lookup_can_move(lookup->state, state));
	lookup->state = state;
	if (state == TARN__LOOKUP_ENDED)
		tarn__list_remove(&lookup->node);
	else
		tarn__list_move(&lookup->node, &lookup->zone->lookups[state]);
}

/* ---- memory ----------------------------------------------------------------------------- */

/* Zeros, with room for the tries of the zone's servers. NULL: out of memory. */
static struct tarn__lookup *take_lookup(struct tarn__zone *zone)
{
	size_t count = zone->server_count;
	size_t size = sizeof(struct tarn__lookup) + count * sizeof(struct tarn__server_tries);
	struct tarn__list *spare = tarn__list_take(&zone->spares);
	if (!spare)
		return calloc(1, size);
	zone->spare_count--;
	return memset(TARN__CONTAINER(spare, struct tarn__lookup, node), 0, size);
}

/* The transport of the first message to each server. */
static void choose_transports(const struct tarn__zone *zone, struct tarn__server_tries *tries)
{
	for (size_t i = 0; i < zone->server_count; i++)
		tries[i].is_over_stream =
			tarn__transport_is_stream(tarn__server_transport(zone->servers[i]));
}

void tarn__lookup_choose_question(struct tarn__lookup *lookup)
{
	const struct tarn__key *key = &lookup->key;
	lookup->is_validated = lookup->zone->config->is_validated && !key->checking_disabled &&
			       !key->is_of_chain && key->qclass == TARN__CLASS_IN;
	lookup->is_second = false;
	lookup->bogus_error = 0;
	lookup->asked = *key;
	if (lookup->is_validated)
		lookup->asked.dnssec_ok = lookup->asked.checking_disabled = true;
}

struct tarn__lookup *tarn__lookup_new(struct tarn__zone *zone, struct rtcache_lookup *handle,
				      const struct tarn__key *key,
				      void (*fire)(struct tarn__timer *))
{
	struct tarn__lookup *lookup = take_lookup(zone);
	if (!lookup)
		return NULL;
	lookup->forwarder = zone->forwarder;
	lookup->zone = zone;
	lookup->handle = handle;
	lookup->key = *key;
	tarn__lookup_choose_question(lookup);
	lookup->tries = lookup->first_tries;
	choose_transports(zone, lookup->tries);
	lookup->timer.fire = fire;
	lookup->deadline_ms = tarn__lookup_now_ms(lookup) + TARN__LOOKUP_MS;
	tarn__list_init(&lookup->attempts);
	tarn__list_init(&lookup->node);
	zone->count++;
	zone->forwarder->count++;
	return lookup;
}

void tarn__lookup_free(struct tarn__lookup *lookup)
{
	struct tarn__zone *zone = lookup->zone;
	zone->count--;
	zone->forwarder->count--;
	/* One that has joined the zone has room for the tries of another one. */
	bool has_joined = lookup->tries != lookup->first_tries;
	if (has_joined)
		free(lookup->tries);
	if (has_joined || zone->spare_count >= TARN__SPARE_LOOKUPS) {
		free(lookup);
		return;
	}
	tarn__list_append(&zone->spares, &lookup->node);
	zone->spare_count++;
}

/* ---- another zone ---------------------------------------------------------------------- */

static const struct tarn__server_tries *find_tries(const struct tarn__lookup *lookup,
						   const struct tarn_address *server)
{
	const struct tarn__zone *zone = lookup->zone;
	for (size_t i = 0; i < zone->server_count; i++) {
		if (tarn_address_is_equal(&zone->servers[i]->endpoint->address, server))
			return &lookup->tries[i];
	}
	return NULL;
}

/* Tries for the servers of a zone, with what the lookup has sent to those of them that it knows. */
static struct tarn__server_tries *make_tries(const struct tarn__lookup *lookup,
					     const struct tarn__zone *zone)
{
	struct tarn__server_tries *tries = calloc(zone->server_count + 1, sizeof *tries);
	if (!tries)
		return NULL;
	for (size_t i = 0; i < zone->server_count; i++) {
		const struct tarn__server_tries *before =
			find_tries(lookup, &zone->servers[i]->endpoint->address);
		if (!before)
			continue;
		tries[i].sends = before->sends;
		tries[i].stream_sends = before->stream_sends;
		tries[i].sent_ms = before->sent_ms;
	}
	choose_transports(zone, tries);
	return tries;
}

bool tarn__lookup_join(struct tarn__lookup *lookup, struct tarn__zone *zone)
{
	struct tarn__server_tries *tries = make_tries(lookup, zone);
	if (!tries)
		return false;
	if (lookup->tries != lookup->first_tries)
		free(lookup->tries);
	lookup->tries = tries;
	lookup->zone->count--;
	zone->count++;
	lookup->zone = zone;
	tarn__lookup_choose_question(lookup);
	tarn__lookup_move(lookup, TARN__LOOKUP_WAITING);
	return true;
}

/* ---- views ------------------------------------------------------------------------------ */

struct tarn__select tarn__lookup_select(const struct tarn__lookup *lookup)
{
	const struct tarn__zone *zone = lookup->zone;
	return (struct tarn__select){.servers = zone->servers,
				     .tries = lookup->tries,
				     .count = zone->server_count,
				     .selection = zone->config->selection,
				     .turn = lookup->turn};
}

uint64_t tarn__lookup_now_ms(const struct tarn__lookup *lookup)
{
	const struct tarn_io *io = lookup->forwarder->io;
	return io->now_ms(io->data);
}

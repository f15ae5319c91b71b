/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/outstanding.c: messages under way, and servers that do not answer them. */
#include "core/forward/outstanding.h"

#include <stdlib.h>

#include "core/forward/attempt.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"

/* ---- memory ----------------------------------------------------------------------------- */

static struct tarn__attempt *take_attempt(struct tarn__forwarder *forwarder)
{
	struct tarn__list *spare = tarn__list_take(&forwarder->spare_attempts);
	if (!spare)
		return malloc(sizeof(struct tarn__attempt));
	forwarder->spare_attempt_count--;
	return TARN__CONTAINER(spare, struct tarn__attempt, node);
}

void tarn__outstanding_drop(struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	struct tarn__forwarder *forwarder = lookup->forwarder;
	tarn__list_remove(&attempt->node);
	if (forwarder->spare_attempt_count >= TARN__SPARE_ATTEMPTS) {
		free(attempt);
		return;
	}
	tarn__list_append(&forwarder->spare_attempts, &attempt->node);
	forwarder->spare_attempt_count++;
}

/* ---- silence ---------------------------------------------------------------------------- */

/*
 * Some servers answer queries for addresses only. Returns true if the server may be probed for that of the
 * key's name: not if it has been asked for just that, nor if the name is another zone's, as that of a DS
 * may be.
 */
static bool has_other_address(const struct tarn__lookup *lookup)
{
	const struct tarn__key *key = &lookup->key;
	return key->qtype != TARN__TYPE_A &&
	       tarn__zone_find(lookup->forwarder, key->qname, key->qname_len, TARN__TYPE_A) ==
		       lookup->zone;
}

static void charge(const struct tarn__attempt *attempt)
{
	struct tarn__lookup *lookup = attempt->owner;
	attempt->tries->charged_ms = tarn__lookup_now_ms(lookup);
	tarn__attempt_unheard(attempt);
	if (attempt->server->answered_ms == 0 && has_other_address(lookup))
		tarn__probes_suggest(&lookup->zone->probes, &lookup->key);
	if (tarn__server_answers(attempt->server, lookup->key.qtype))
		tarn__zone_failed(lookup->zone, attempt->server);
}

uint64_t tarn__outstanding_charge(struct tarn__lookup *lookup)
{
	uint64_t now = tarn__lookup_now_ms(lookup);
	uint64_t next = UINT64_MAX;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		if (now >= tarn__attempt_silent_ms(attempt))
			charge(attempt);
		uint64_t at = tarn__attempt_silent_ms(attempt);
		if (at < next)
			next = at;
	}
	return next;
}

/* ---- the end of a message --------------------------------------------------------------- */

size_t tarn__outstanding_index(const struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	return (size_t)(attempt->tries - lookup->tries);
}

bool tarn__outstanding_has(const struct tarn__lookup *lookup, size_t index)
{
	for (const struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		if (TARN__CONTAINER(node, struct tarn__attempt, node)->tries ==
		    &lookup->tries[index])
			return true;
	}
	return false;
}

static struct tarn__attempt *first(const struct tarn__lookup *lookup)
{
	return TARN__CONTAINER(lookup->attempts.next, struct tarn__attempt, node);
}

static void cancel(struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	const struct tarn_io *io = lookup->forwarder->io;
	io->cancel(io->data, &attempt->exchange);
	tarn__outstanding_drop(attempt);
}

void tarn__outstanding_cancel(struct tarn__lookup *lookup, size_t index)
{
	struct tarn__list *next;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = next) {
		next = node->next;
		struct tarn__attempt *attempt = TARN__CONTAINER(node, struct tarn__attempt, node);
		if (attempt->tries == &lookup->tries[index])
			cancel(attempt);
	}
}

void tarn__outstanding_recall(struct tarn__lookup *lookup)
{
	while (!tarn__list_is_empty(&lookup->attempts)) {
		struct tarn__attempt *attempt = first(lookup);
		attempt->tries->silences = 0;
		/* The carrier has it no longer. */
		if (tarn__server_is_encrypted(attempt->server))
			attempt->tries->sent_ms = 0;
		cancel(attempt);
	}
}

void tarn__outstanding_end(struct tarn__lookup *lookup)
{
	uint64_t now = tarn__lookup_now_ms(lookup);
	while (!tarn__list_is_empty(&lookup->attempts)) {
		struct tarn__attempt *attempt = first(lookup);
		if (attempt->tries->charged_ms == 0 && tarn__attempt_has_timed_out(attempt, now))
			charge(attempt);
		cancel(attempt);
	}
}

/* ---- a new message ---------------------------------------------------------------------- */

/* Cancels the lookup's oldest message to that server, which leaves room for a new one. */
static bool give_up_earlier(const struct tarn__attempt *attempt)
{
	const struct tarn__lookup *lookup = attempt->owner;
	for (struct tarn__list *node = lookup->attempts.next; node != &lookup->attempts;
	     node = node->next) {
		struct tarn__attempt *earlier = TARN__CONTAINER(node, struct tarn__attempt, node);
		if (earlier == attempt || earlier->server != attempt->server)
			continue;
		cancel(earlier);
		return true;
	}
	return false;
}

static int send_attempt(struct tarn__attempt *attempt, const struct tarn_io *io)
{
	int error = io->send(io->data, &attempt->exchange);
	if (error == TARN_EBUSY && give_up_earlier(attempt)) {
		attempt->exchange.rank = TARN__RANK_FIRST;
		error = io->send(io->data, &attempt->exchange);
	}
	return error;
}

/* A server that is asked over connections, encrypted or not, is asked over nothing else. */
static enum tarn__transport choose_transport(const struct tarn__server *server,
					     const struct tarn__server_tries *tries)
{
	return tries->is_over_stream ? tarn__server_stream(server) : tarn__server_transport(server);
}

int tarn__outstanding_send(struct tarn__lookup *lookup, size_t index, uint64_t timeout_ms,
			   void (*done)(struct tarn_exchange *, int error, const uint8_t *answer,
					size_t len))
{
	struct tarn__server_tries *tries = &lookup->tries[index];
	uint8_t *sends = tries->is_over_stream ? &tries->stream_sends : &tries->sends;
	if (*sends >= TARN__SENDS_MAX)
		return TARN_EANSWER;
	struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__server *server = lookup->zone->servers[index];
	if (!tarn__server_has_address(server))
		return TARN_EUNREACHABLE;
	struct tarn__attempt *attempt = take_attempt(forwarder);
	if (!attempt)
		return TARN_ENOMEM;
	*attempt = (struct tarn__attempt){
		.exchange = {.done = done,
			     .endpoint = server->endpoint,
			     .transport = choose_transport(server, tries),
			     .rank = *sends > 0 ? TARN__RANK_RESEND : TARN__RANK_FIRST,
			     .wire = attempt->wire},
		.owner = lookup,
		.key = &lookup->asked,
		.server = server,
		.tries = tries,
		.sent_ms = tarn__lookup_now_ms(lookup),
		/* Another server that is faster than a connection is no sign of a failure. */
		.timeout_ms = tries->is_over_stream ? TARN__TIMEOUT_MAX_MS : timeout_ms,
		.is_read_only = lookup->is_validated,
	};
	bool wants_ad =
		forwarder->config->trust_ad && !lookup->is_validated && !lookup->key.is_of_chain;
	tarn__attempt_write(attempt, forwarder->io, wants_ad);
	tarn__list_append(&lookup->attempts, &attempt->node);
	int error = send_attempt(attempt, forwarder->io);
	if (error < 0) {
		server->counts.unsent++;
		tarn__outstanding_drop(attempt);
		return error;
	}
	++*sends;
	tries->sent_ms = lookup->sent_ms = attempt->sent_ms;
	tarn__attempt_sent(attempt);
	server->counts.asked++;
	tarn__attempt_show(attempt, forwarder->observer);
	tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/asking.c: a lookup asks servers and takes their answers. Which server, how many and for how
 * long core/forward/select.c decides; here the decisions are carried out.
 *
 *	the second level, if there is one (core/forward/fetching.h)
 *	  |
 *	  v
 *	ask the next server --> its timeout ends --> ask the next one, too
 *	  |
 *	  v
 *	an answer (core/forward/attempt.c):
 *	  good                      --> fill; or its chain leads on (core/forward/cname.c)
 *	  truncated or broken       --> the same server over TCP; if it came over a connection, it is done
 *	  perhaps forged            --> likewise; where there is no TCP, once more over UDP
 *	  refuses EDNS or a cookie  --> the same server without it
 *	  else                      --> that server is done; ask the next at once
 *
 *	no server left to ask (rest()):
 *	  all are dead                        --> WAITING
 *	  last messages are held back         --> HOLDING
 *	  an answer is outstanding            --> wait for it
 *	  mixed case was answered by an error --> that server once more, in lower case
 *	  else                                --> fail
 *
 * core/forward/forwarder.c restarts the lookups that are HOLDING or WAITING. The messages that a lookup may
 * send, TARN__SENDS_MAX, are counted from its start to its end (RFC 9520 section 3.1).
 */
#include "core/forward/asking.h"

#include "core/forward/answer_source.h"
#include "core/forward/attempt.h"
#include "core/forward/cname.h"
#include "core/forward/ending.h"
#include "core/forward/fetching.h"
#include "core/forward/findings.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"
#include "core/forward/nxdomain.h"
#include "core/forward/outstanding.h"
#include "core/forward/reasons.h"
#include "core/forward/select.h"
#include "core/forward/trust_lookup.h"
#include "core/forward/validation.h"
#include "dns/answer.h"
#include "dnssec/check.h"
#include "rtcache.h"

static void on_answer(struct tarn_exchange *, int error, const uint8_t *wire, size_t len);

/* ---- asking ----------------------------------------------------------------------------- */

/* 0, or why the server cannot be asked now. */
static int ask(struct tarn__lookup *lookup, size_t index, uint64_t timeout_ms)
{
	return tarn__outstanding_send(lookup, index, timeout_ms, on_answer);
}

static void wait_until(struct tarn__lookup *lookup, uint64_t at_ms)
{
	tarn__timer_start(lookup->forwarder->timers, &lookup->timer,
			  at_ms < lookup->deadline_ms ? at_ms : lookup->deadline_ms);
}

static void wait_for(struct tarn__lookup *lookup, uint64_t ms)
{
	wait_until(lookup, tarn__lookup_now_ms(lookup) + ms);
}

/* Before the lookup fails: a server that answered mixed case with an error may answer lower case. */
static bool ask_in_lower_case(struct tarn__lookup *lookup)
{
	bool has_asked = false;
	for (size_t i = 0; i < lookup->zone->server_count; i++) {
		struct tarn__server_tries *tries = &lookup->tries[i];
		if (!tries->wants_lower_case || tries->is_lower_case)
			continue;
		tries->is_lower_case = true;
		tries->is_over_stream = false;
		has_asked |= ask(lookup, i, TARN__TIMEOUT_MAX_MS) == 0;
	}
	return has_asked;
}

/*
 * Returns true if the last message to some server is held back. Those servers are doubted until they
 * answer.
 */
static bool hold_back(struct tarn__lookup *lookup)
{
	struct tarn__select select = tarn__lookup_select(lookup);
	bool is_any = false;
	for (size_t i = 0; i < select.count; i++) {
		if (!tarn__select_is_held(&select, i))
			continue;
		select.servers[i]->is_doubted = true;
		is_any = true;
	}
	return is_any;
}

/* No server is left to be asked: waits for those that were, or for one to come back; or fails. */
static void rest(struct tarn__lookup *lookup)
{
	struct tarn__zone *zone = lookup->zone;
	uint64_t next = tarn__outstanding_charge(lookup);
	if (tarn__zone_state(zone) == TARN__SERVERS_DOWN) {
		tarn__lookup_move(lookup, TARN__LOOKUP_WAITING);
		wait_until(lookup, lookup->deadline_ms);
	} else if (hold_back(lookup)) {
		tarn__lookup_move(lookup, TARN__LOOKUP_HOLDING);
		tarn__probes_want(&zone->probes);
		wait_until(lookup, next);
	} else if (tarn__list_is_empty(&lookup->attempts) && !ask_in_lower_case(lookup)) {
		tarn__lookup_fail(lookup, lookup->error);
	} else {
		tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
		wait_until(lookup, tarn__outstanding_charge(lookup));
	}
}

/*
 * Sends the next message of a round. Returns the milliseconds to wait for its answer; 0: the server cannot
 * be asked, and is done. *is_full is set if there is no room to send more.
 */
static uint64_t ask_next(struct tarn__lookup *lookup, size_t index, bool *is_full)
{
	struct tarn__server_tries *tries = &lookup->tries[index];
	/* If TCP does not settle whether an answer is accepted, only UDP is left. */
	tries->is_over_stream = tries->is_over_stream && !tries->is_rejected;
	uint64_t timeout_ms = tarn__select_timeout_ms(lookup->zone->servers[index], tries);
	int error = ask(lookup, index, timeout_ms);
	if (error == 0)
		return timeout_ms;
	/* A repeated message gives way; the answer to what it repeats is still waited for. */
	*is_full = error == TARN_EBUSY && !tarn__list_is_empty(&lookup->attempts);
	if (*is_full)
		return TARN__TIMEOUT_MAX_MS;
	tries->is_done = true;
	lookup->error = error;
	return 0;
}

/* Asks the next servers, or rests. */
static void advance(struct tarn__lookup *lookup)
{
	struct tarn__select select = tarn__lookup_select(lookup);
	struct tarn__select_round round = {0};
	uint64_t longest_ms = 0;
	bool is_full = false;
	while (!is_full) {
		int index = tarn__select_next(&select, &round);
		if (index < 0)
			break;
		round.sends = tarn__select_sends(&lookup->tries[index]);
		uint64_t timeout_ms = ask_next(lookup, (size_t)index, &is_full);
		round.sent += timeout_ms > 0;
		if (is_full || timeout_ms > longest_ms)
			longest_ms = timeout_ms;
	}
	if (longest_ms > 0)
		wait_for(lookup, longest_ms);
	else
		rest(lookup);
}

/* ---- start, restart, timer -------------------------------------------------------------- */

/* Has dead servers probed, and asks those that answer queries, perhaps, even if not probes. */
static void try_dead(struct tarn__lookup *lookup)
{
	struct tarn__select select = tarn__lookup_select(lookup);
	uint64_t now = tarn__lookup_now_ms(lookup);
	for (size_t i = 0; i < select.count; i++) {
		struct tarn__server *server = select.servers[i];
		if (!tarn__server_is_dead(server) || !tarn__server_has_address(server))
			continue;
		tarn__probes_want(&lookup->zone->probes);
		if (!tarn__select_tries_dead(&select, i, now))
			continue;
		server->held_until_ms = now + TARN__HOLD_MS;
		ask(lookup, i, TARN__TIMEOUT_MAX_MS);
	}
}

/* Determined once per server: a lock is taken, even if all numbers are in use. */
static uint8_t answer_source(const struct tarn__forwarder *forwarder, struct tarn__server *server)
{
	if (!tarn__server_has_address(server))
		return TARN__ANSWER_SOURCE_UNKNOWN;
	if (!server->has_answer_source)
		server->answer_source = tarn__answer_sources_number(forwarder->answer_sources,
								    &server->endpoint->address);
	server->has_answer_source = true;
	return server->answer_source;
}

/*
 * A server that removes signatures, or that is queried without EDNS and so without DO, is of no use for
 * what is validated, nor is the one for a second question of the chain of trust that has given the first,
 * bogus answer.
 */
static bool is_useless(const struct tarn__lookup *lookup, struct tarn__server *server)
{
	const struct tarn__forwarder *forwarder = lookup->forwarder;
	uint64_t now = tarn__lookup_now_ms(lookup);
	if (tarn__quirk_is_known(&server->strips, now) || tarn__server_is_plain(server, now))
		return true;
	return lookup->key.is_of_chain &&
	       forwarder->avoided_source != TARN__ANSWER_SOURCE_UNKNOWN &&
	       answer_source(forwarder, server) == forwarder->avoided_source;
}

/* Those servers are not asked as long as there is another one. */
static void skip_useless(struct tarn__lookup *lookup)
{
	const struct tarn__zone *zone = lookup->zone;
	bool has_other = false;
	if (!lookup->is_validated && !lookup->key.is_of_chain)
		return;
	for (size_t i = 0; i < zone->server_count; i++)
		has_other |= !is_useless(lookup, zone->servers[i]) &&
			     !tarn__server_is_dead(zone->servers[i]) &&
			     !zone->servers[i]->is_forward_loop;
	for (size_t i = 0; i < zone->server_count && has_other; i++)
		lookup->tries[i].is_done |= is_useless(lookup, zone->servers[i]);
}

static void start(struct tarn__lookup *lookup)
{
	skip_useless(lookup);
	lookup->error = tarn__zone_error(lookup->zone);
	lookup->turn = lookup->zone->turn++;
	try_dead(lookup);
	advance(lookup);
}

void tarn__lookup_restart(struct tarn__lookup *lookup)
{
	for (size_t i = 0; i < lookup->zone->server_count; i++) {
		struct tarn__server_tries *tries = &lookup->tries[i];
		if (!tries->is_unreachable)
			continue;
		tries->is_unreachable = tries->is_done = false;
		/* That was no silence. */
		tries->silences = 0;
	}
	tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
	start(lookup);
}

/* See enum tarn__lookup_state. */
static void on_timer(struct tarn__timer *timer)
{
	struct tarn__lookup *lookup = TARN__CONTAINER(timer, struct tarn__lookup, timer);
	tarn__outstanding_charge(lookup);
	if (tarn__lookup_now_ms(lookup) >= lookup->deadline_ms) {
		tarn__lookup_fail(lookup, lookup->error);
		return;
	}
	if (lookup->state == TARN__LOOKUP_FETCHING)
		tarn__fetching_end_wait(lookup);
	else
		advance(lookup);
}

/* ---- answers ---------------------------------------------------------------------------- */

static int next_server(const struct tarn__lookup *lookup)
{
	const struct tarn__select select = tarn__lookup_select(lookup);
	return tarn__select_next(&select, &(struct tarn__select_round){0});
}

/* Returns true if the server was not reached, which another network, or another certificate, may change. */
static bool is_unreachable(int error)
{
	switch (error) {
	case TARN_EUNREACHABLE:
	case TARN_ECERTIFICATE:
	case TARN_ETLS:
		return true;
	default:
		return tarn__reasons_is_fault(error);
	}
}

/* The server has given its verdict, or cannot be reached. */
static void give_up_server(struct tarn__lookup *lookup, size_t index, int error)
{
	lookup->tries[index].is_done = true;
	lookup->tries[index].is_unreachable = is_unreachable(error);
	lookup->error = error;
	int next = next_server(lookup);
	/* The timeout of one that has been asked already runs. */
	if (next < 0 || !tarn__outstanding_has(lookup, (size_t)next))
		advance(lookup);
}

/* The same query to the same server once more; another server if that fails. */
static void ask_again(struct tarn__lookup *lookup, size_t index, enum tarn__transport transport)
{
	struct tarn__server_tries *tries = &lookup->tries[index];
	tries->is_over_stream = tarn__transport_is_stream(transport);
	uint64_t timeout_ms = TARN__TIMEOUT_MAX_MS;
	if (tries->is_over_stream)
		timeout_ms = tarn__select_timeout_ms(lookup->zone->servers[index], tries);
	int error = ask(lookup, index, TARN__TIMEOUT_MAX_MS);
	/* TCP was to decide whether an answer is accepted, but only UDP is available. */
	if (error < 0 && tries->is_over_stream && tries->is_rejected) {
		tries->is_over_stream = false;
		error = ask(lookup, index, TARN__TIMEOUT_MAX_MS);
	}
	if (error < 0)
		give_up_server(lookup, index, error);
	else
		wait_for(lookup, timeout_ms);
}

static void on_error(struct tarn__attempt *attempt, int error)
{
	struct tarn__lookup *lookup = attempt->owner;
	struct tarn__server *server = attempt->server;
	size_t index = tarn__outstanding_index(attempt);
	bool is_over_stream = tarn__transport_is_stream(attempt->exchange.transport);
	if (is_over_stream && lookup->tries[index].is_rejected) {
		tarn__outstanding_drop(attempt);
		ask_again(lookup, index, TARN__UDP);
		return;
	}
	error = tarn__zone_fault(lookup->zone, server, error, attempt->exchange.fault);
	/* A lack of memory is not the server's failure. */
	if (error != TARN_ENOMEM)
		tarn__zone_failed(lookup->zone, server);
	tarn__outstanding_drop(attempt);
	tarn__outstanding_cancel(lookup, index);
	give_up_server(lookup, index, error);
}

/* The chain has been followed to its end; or that has failed. */
static void on_chain_end(struct tarn__lookup *lookup, int error, const struct tarn__answer *answer)
{
	if (error < 0)
		tarn__lookup_fail(lookup, error);
	else
		tarn__lookup_fill(lookup, answer);
}

static void follow(struct tarn__lookup *lookup, const struct tarn__answer *answer)
{
	tarn__outstanding_recall(lookup);
	tarn__lookup_move(lookup, TARN__LOOKUP_FOLLOWING);
	wait_until(lookup, lookup->deadline_ms);
	lookup->error = TARN_ETIMEOUT;
	tarn__chain_follow(lookup, answer, on_chain_end);
}

/*
 * Returns true if the AD of servers is kept. It is stored without, so that a later trust in AD does not
 * reach back; and with validation nothing is said of what was not to be checked.
 */
static bool passes_ad(const struct tarn__config *config, const struct tarn__key *key)
{
	return config->trust_ad && !(config->validates && key->checking_disabled);
}

/* The answer may be stored, with its stored form in the scratch. */
static void accept_answer(struct tarn__lookup *lookup, size_t index,
			  const struct tarn__answer *answer)
{
	const struct tarn__forwarder *forwarder = lookup->forwarder;
	uint8_t *stored = forwarder->scratch->stored;
	tarn__stored_set_answer_source(stored,
				       answer_source(forwarder, lookup->zone->servers[index]));
	if (!lookup->is_validated && !passes_ad(forwarder->config, &lookup->key))
		tarn__stored_clear_ad(stored);
	if (lookup->key.is_of_chain &&
	    tarn__check_has_unsigned_proofs(&forwarder->scratch->response))
		tarn__stored_set_remark(stored, TARN__REMARK_UNSIGNED_PROOFS);
	if (tarn__chain_leads_on(lookup, answer))
		follow(lookup, answer);
	else
		tarn__lookup_fill(lookup, answer);
}

/*
 * A bogus answer is asked for a second time, of another server if there is one, with CD=0: a server that
 * validates itself chooses better data then.
 */
static void ask_second(struct tarn__lookup *lookup, int error)
{
	struct tarn__server_tries *tries = &lookup->tries[lookup->checked];
	lookup->is_second = true;
	lookup->suspected = lookup->checked;
	lookup->bogus_error = lookup->error = error;
	lookup->asked.checking_disabled = false;
	tarn__outstanding_recall(lookup);
	tries->is_done = true;
	if (next_server(lookup) < 0)
		tries->is_done = false;
	advance(lookup);
}

/*
 * The second answer is good: the server of the first one gives bogus data, as one that removes signatures
 * does.
 */
static void blame_first(struct tarn__lookup *lookup)
{
	if (lookup->is_second && lookup->suspected != lookup->checked)
		tarn__quirk_shown(&lookup->zone->servers[lookup->suspected]->strips,
				  tarn__lookup_now_ms(lookup));
}

static void on_validated(struct tarn__lookup *lookup, int error, const struct tarn__answer *answer)
{
	if (error == 0) {
		blame_first(lookup);
		accept_answer(lookup, lookup->checked, answer);
	} else if (tarn__reasons_is_bogus(error) && !lookup->is_second) {
		ask_second(lookup, error);
	} else {
		tarn__lookup_fail(lookup, error);
	}
}

/* A question of the chain of trust: another server is asked if the answer can prove nothing. */
static bool rejects_chain_answer(struct tarn__lookup *lookup, size_t index)
{
	struct tarn__server *server = lookup->zone->servers[index];
	int fault = tarn__validation_chain_fault(&lookup->forwarder->scratch->response);
	uint64_t now_ms = tarn__lookup_now_ms(lookup);
	/* An answer that may be without signatures shows nothing of the server. */
	if (fault == 0 && !tarn__validation_has_signatures(&lookup->forwarder->scratch->response))
		return false;
	if (fault == 0)
		tarn__quirk_missed(&server->strips);
	else
		tarn__quirk_shown(&server->strips, now_ms);
	if (fault == 0 || tarn__quirk_is_known(&server->strips, now_ms))
		tarn__findings_server(lookup->forwarder->findings, server->endpoint, fault, now_ms);
	if (fault == 0)
		return false;
	tarn__outstanding_cancel(lookup, index);
	give_up_server(lookup, index, fault);
	return true;
}

static void take_answer(struct tarn__lookup *lookup, size_t index,
			const struct tarn__answer *answer)
{
	struct tarn__server *server = lookup->zone->servers[index];
	tarn__server_learn(server, &lookup->key, tarn__lookup_now_ms(lookup));
	tarn__zone_usable(lookup->zone, server);
	if (lookup->key.is_of_chain && rejects_chain_answer(lookup, index))
		return;
	if (!lookup->is_validated) {
		accept_answer(lookup, index, answer);
		return;
	}
	lookup->checked = index;
	tarn__validation_begin(lookup, on_validated);
}

/* Goes on after an answer that was not accepted. */
static void go_on(struct tarn__lookup *lookup, size_t index, enum tarn__next_step next_step,
		  enum tarn__transport transport)
{
	tarn__outstanding_cancel(lookup, index);
	switch (next_step) {
	case TARN__NEXT_RETRY:
		ask_again(lookup, index, transport);
		break;
	case TARN__NEXT_TCP:
		ask_again(lookup, index, TARN__TCP);
		break;
	default:
		/* Counted once per lookup, in mixed case and in lower case. */
		if (!lookup->tries[index].is_lower_case)
			tarn__server_was_unusable(lookup->zone->servers[index]);
		give_up_server(lookup, index, TARN_EANSWER);
	}
}

/* Among all workers. Rarely true, so that the cache line stays shared. */
static bool is_dead_to_any(const struct tarn__server *server)
{
	return atomic_load_explicit(&server->endpoint->health.is_dead, memory_order_relaxed);
}

static void on_answer(struct tarn_exchange *exchange, int error, const uint8_t *wire, size_t len)
{
	struct tarn__attempt *attempt = TARN__CONTAINER(exchange, struct tarn__attempt, exchange);
	if (error < 0) {
		on_error(attempt, error);
		return;
	}
	struct tarn__lookup *lookup = attempt->owner;
	const struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__server *server = attempt->server;
	size_t index = tarn__outstanding_index(attempt);
	enum tarn__transport transport = exchange->transport;
	uint64_t now = tarn__lookup_now_ms(lookup);
	bool was_dead = is_dead_to_any(server);
	struct tarn__answer answer;
	tarn__attempt_show_answer(attempt, wire, len, now, forwarder->observer);
	enum tarn__next_step next_step =
		tarn__attempt_judge(attempt, wire, len, now, forwarder->scratch, &answer);
	tarn__outstanding_drop(attempt);
	tarn__zone_answered(lookup->zone, server, was_dead && !is_dead_to_any(server));
	if (next_step == TARN__NEXT_ACCEPT)
		take_answer(lookup, index, &answer);
	else
		go_on(lookup, index, next_step, transport);
}

/* ---- a new lookup ----------------------------------------------------------------------- */

/* Room is kept for the chain of trust, which other lookups wait for. */
static size_t lookups_left(const struct tarn__forwarder *forwarder, const struct tarn__key *key)
{
	size_t left = TARN__LOOKUPS_MAX - forwarder->count;
	size_t kept =
		forwarder->config->validates && !key->is_of_chain ? 2 * TARN__TRUST_LOOKUPS_MAX : 0;
	return left > kept ? left - kept : 0;
}

/* The second level has the answer; or the servers are asked. */
static void on_fetched(struct tarn__lookup *lookup, const struct tarn__fetched *fetched)
{
	if (fetched) {
		tarn__lookup_fill_shared(lookup, fetched);
		return;
	}
	tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
	start(lookup);
}

void tarn__lookup_start(struct tarn__forwarder *forwarder, struct rtcache_lookup *handle,
			const void *octets, size_t len)
{
	struct tarn__key key;
	forwarder->started++;
	if (!tarn__key_read(octets, len, &key)) {
		rtcache_refuse(handle, TARN_EINVAL);
		return;
	}
	if (key.is_trust) {
		tarn__trust_lookup_start(forwarder, handle, &key);
		return;
	}
	if (tarn__nxdomain_fill(forwarder->client, handle, &key, forwarder->scratch->stored))
		return;
	struct tarn__zone *zone = tarn__zone_find(forwarder, key.qname, key.qname_len, key.qtype);
	if (!zone || !tarn__zone_has_room(zone, zone->count, lookups_left(forwarder, &key))) {
		rtcache_refuse(handle, zone ? TARN_EBUSY : TARN_ENOSERVER);
		return;
	}
	struct tarn__lookup *lookup = tarn__lookup_new(zone, handle, &key, on_timer);
	if (!lookup) {
		rtcache_refuse(handle, TARN_ENOMEM);
		return;
	}
	if (forwarder->second && tarn__fetching_begin(lookup, on_fetched))
		return;
	tarn__lookup_move(lookup, TARN__LOOKUP_ASKING);
	start(lookup);
}

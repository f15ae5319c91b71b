/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/carrier.c: sends exchanges on channels, and calls back what has ended. */
#include "net/upstream/carrier.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/list.h"
#include "core/forward/endpoint.h"
#include "dns/message.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/upstream/choice.h"
#include "net/upstream/lines.h"
#include "net/upstream/secure_server.h"
#include "tarn.h"

enum {
	/* A finer grain of time-outs is not needed: core/ has deadlines of its own. */
	TICK_MS = 1000,
	/* Times that a message is sent again, each as its connection is lost: over TCP ... */
	LOSSES_TCP = 1,
	/* ... and encrypted; if such a connection had answered nothing, the server may never do. */
	LOSSES_MAX = 8,
	LOSSES_BARREN = 3,
	/* Of a message that the server has given up alone (RFC 9113 section 6.4). */
	LOSSES_STREAM = 1,
};

struct tarn__carrier {
	struct tarn__config *config; /* a reference, for its ports and its CA certificates */
	const struct tarn__ports *ports;
	struct tarn__tls_client *tls;
	struct tarn__channel_owner owner;
	struct tarn__transaction *finished, **finished_tail; /* not called back yet */
	struct tarn__list queue; /* messages that no connection takes, in their order */
	struct tarn__transaction *unused;
	bool wants_flush;
	tarn__carrier_full_function *report_full; /* NULL: no report */
	void *full_arg;
	tarn__carrier_fault_function *report_fault;
	void *fault_arg;
	uint64_t tick_ms; /* UINT64_MAX: there are no channels */
	uint8_t *datagram;
	struct tarn__carrier_stats stats;
	struct tarn__lines lines;
};

/* ---- what channels report ----------------------------------------------------------------- */

static void on_finished(void *data, struct tarn__transaction *transaction)
{
	struct tarn__carrier *carrier = data;
	transaction->next = NULL;
	*carrier->finished_tail = transaction;
	carrier->finished_tail = &transaction->next;
}

static void on_wants_flush(void *data)
{
	struct tarn__carrier *carrier = data;
	carrier->wants_flush = true;
}

static void on_wants_tick(void *data, uint64_t at_ms)
{
	struct tarn__carrier *carrier = data;
	if (at_ms < carrier->tick_ms)
		carrier->tick_ms = at_ms;
}

/* Returns true if no other server of the endpoint's zone is known to live. */
static bool is_alone(const struct tarn__config *config, const struct tarn__endpoint *endpoint)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct tarn__zone_config *zone = config->zones[i];
		bool is_there = false, has_other = false;
		for (size_t j = 0; j < zone->endpoint_count; j++) {
			struct tarn__endpoint *other = zone->endpoints[j];
			is_there |= other == endpoint;
			has_other |= other != endpoint && !atomic_load(&other->health.is_dead);
		}
		if (is_there)
			return !has_other;
	}
	return true;
}

static void report_fault(const struct tarn__carrier *carrier,
			 const struct tarn__carrier_fault *fault)
{
	if (carrier->report_fault)
		carrier->report_fault(carrier->fault_arg, fault);
}

static void on_setup_failed(void *data, const struct tarn__endpoint *endpoint, int error,
			    const char *fault, bool is_clock)
{
	struct tarn__carrier *carrier = data;
	struct tarn__line *line = tarn__lines_find(&carrier->lines, endpoint);
	tarn__secure_server_failed(line->server, error, fault, is_alone(carrier->config, endpoint),
				   tarn__clock_ms(), carrier->lines.options.random);
	if (error == TARN_ECERTIFICATE)
		carrier->stats.refused_certificates++;
	else
		carrier->stats.failed_setups++;
	report_fault(carrier, &(struct tarn__carrier_fault){.endpoint = endpoint,
							    .error = error,
							    .fault = fault,
							    .is_clock = is_clock});
}

static void on_answer_failed(void *data, const struct tarn__endpoint *endpoint, int error,
			     const char *fault, uint32_t hold_ms)
{
	struct tarn__carrier *carrier = data;
	struct tarn__line *line = tarn__lines_find(&carrier->lines, endpoint);
	if (hold_ms > 0)
		tarn__secure_server_hold(line->server, error, fault, hold_ms, tarn__clock_ms());
	report_fault(carrier, &(struct tarn__carrier_fault){
				      .endpoint = endpoint, .error = error, .fault = fault});
}

/* ---- sending ------------------------------------------------------------------------------ */

static struct tarn__transaction *take_transaction(struct tarn__carrier *carrier)
{
	struct tarn__transaction *transaction = carrier->unused;
	if (!transaction)
		return malloc(sizeof *transaction);
	carrier->unused = transaction->next;
	return transaction;
}

static void put_transaction(struct tarn__carrier *carrier, struct tarn__transaction *transaction)
{
	transaction->next = carrier->unused;
	carrier->unused = transaction;
}

static bool has_room(const struct tarn__pool *pool, const struct tarn_exchange *exchange)
{
	switch (exchange->rank) {
	case TARN__RANK_PROBE:
		return true;
	case TARN__RANK_RESEND:
		return pool->questions < pool->limit / 2;
	default:
		return pool->questions < pool->limit;
	}
}

/* Reports that a first message finds no room, once until half of the room is free. */
static void note_full(const struct tarn__carrier *carrier, struct tarn__pool *pool,
		      const struct tarn_exchange *exchange)
{
	if (exchange->rank != TARN__RANK_FIRST || pool->is_full)
		return;
	pool->is_full = true;
	if (carrier->report_full)
		carrier->report_full(carrier->full_arg, exchange->endpoint, pool->questions);
}

static void join_pool(struct tarn__transaction *transaction, struct tarn__pool *pool)
{
	transaction->pool = pool;
	pool->questions++;
}

static void leave_pool(const struct tarn__transaction *transaction)
{
	struct tarn__pool *pool = transaction->pool;
	pool->questions--;
	if (pool->questions < pool->limit / 2)
		pool->is_full = false;
}

/* The message fails, at the next settle(), with what the last one to this server failed with. */
static void fail_at_once(struct tarn__carrier *carrier, struct tarn__pool *pool,
			 struct tarn__transaction *transaction)
{
	const struct tarn__secure_server *server = pool->line->server;
	join_pool(transaction, pool);
	transaction->is_finished = true;
	transaction->loss = TARN__LOSS_NONE;
	transaction->error = server->error;
	transaction->fault = server->fault;
	transaction->must_share = true;
	on_finished(carrier, transaction);
}

static void send_on(struct tarn__carrier *carrier, struct tarn__channel *channel,
		    struct tarn__pool *pool, struct tarn__transaction *transaction)
{
	join_pool(transaction, pool);
	if (carrier->tick_ms == UINT64_MAX)
		carrier->tick_ms = tarn__clock_ms() + TICK_MS;
	tarn__channel_send(channel, transaction);
}

/* Sends the message, or fails it; returns false if there is no channel for it. */
static bool try_send(struct tarn__carrier *carrier, struct tarn__pool *pool,
		     struct tarn__transaction *transaction)
{
	uint64_t now_ms = tarn__clock_ms();
	if (tarn__choice_is_held(pool, now_ms)) {
		fail_at_once(carrier, pool, transaction);
		return true;
	}
	struct tarn__channel *channel = tarn__choose(&carrier->lines, pool, transaction, now_ms);
	if (channel)
		send_on(carrier, channel, pool, transaction);
	else if (tarn__choice_is_refused(pool, now_ms))
		fail_at_once(carrier, pool, transaction);
	else
		return false;
	return true;
}

/* No connection to an encrypted server takes it now: it waits for the next one that does. */
static void queue_up(struct tarn__carrier *carrier, struct tarn__pool *pool,
		     struct tarn__transaction *transaction)
{
	join_pool(transaction, pool);
	transaction->channel = NULL;
	transaction->is_finished = false;
	tarn__list_init(&transaction->waiting);
	tarn__list_append(&carrier->queue, &transaction->waiting);
}

/* 0 or TARN_EBUSY. */
static int send_on_any(struct tarn__carrier *carrier, struct tarn__pool *pool,
		       struct tarn__transaction *transaction)
{
	const struct tarn_exchange *exchange = transaction->exchange;
	if (!has_room(pool, exchange)) {
		note_full(carrier, pool, exchange);
		return TARN_EBUSY;
	}
	if (try_send(carrier, pool, transaction))
		return 0;
	if (pool->line->server &&
	    (!transaction->must_share || tarn__choice_has_open(pool, tarn__clock_ms()))) {
		queue_up(carrier, pool, transaction);
		return 0;
	}
	note_full(carrier, pool, exchange);
	return TARN_EBUSY;
}

/* Tries those that wait once more, in their order; if one has to wait on, so have all of its server. */
static void serve_queue(struct tarn__carrier *carrier)
{
	const struct tarn__pool *stuck = NULL;
	struct tarn__list *next;
	for (struct tarn__list *node = carrier->queue.next; node != &carrier->queue; node = next) {
		next = node->next;
		struct tarn__transaction *transaction =
			TARN__CONTAINER(node, struct tarn__transaction, waiting);
		struct tarn__pool *pool = transaction->pool;
		if (pool == stuck)
			continue;
		tarn__list_remove(node);
		leave_pool(transaction);
		if (!try_send(carrier, pool, transaction)) {
			join_pool(transaction, pool);
			tarn__list_append(next, node);
			stuck = pool;
		}
	}
}

/* ---- sending again ------------------------------------------------------------------------ */

static unsigned losses_max(const struct tarn__transaction *transaction)
{
	if (!tarn__transport_is_encrypted(transaction->pool->transport))
		return LOSSES_TCP;
	if (transaction->was_given_up)
		return LOSSES_STREAM;
	return transaction->was_barren ? LOSSES_BARREN : LOSSES_MAX;
}

/*
 * A server may close a connection while a question is on its way: that is no failure of the server, and the
 * question is sent again (RFC 7766 section 6.2.4). Where no socket can be opened, or no other encrypted
 * connection be made, one that is open is shared.
 */
static bool send_again(struct tarn__carrier *carrier, struct tarn__transaction *transaction)
{
	bool is_lost = transaction->loss != TARN__LOSS_NONE;
	bool must_share = transaction->error == TARN_ENOMEM ||
			  (!is_lost && transaction->pool->line->server &&
			   transaction->error != TARN_EANSWER &&
			   tarn__choice_has_open(transaction->pool, tarn__clock_ms()));
	transaction->was_barren |= transaction->loss == TARN__LOSS_BARREN;
	transaction->was_given_up |= transaction->loss == TARN__LOSS_STREAM;
	if ((!is_lost && !must_share) || transaction->must_share ||
	    transaction->losses >= losses_max(transaction))
		return false;
	transaction->losses++;
	transaction->must_share = !is_lost;
	return send_on_any(carrier, transaction->pool, transaction) == 0;
}

/* A message has waited on this channel in vain: it goes out on another one, too. */
static void send_twin(struct tarn__carrier *carrier, struct tarn__transaction *transaction,
		      uint64_t now_ms)
{
	struct tarn__pool *pool = transaction->pool;
	struct tarn__channel *channel =
		tarn__choose_other(&carrier->lines, pool, transaction, now_ms);
	struct tarn__transaction *twin = channel ? take_transaction(carrier) : NULL;
	if (!twin)
		return;
	*twin = (struct tarn__transaction){.exchange = transaction->exchange,
					   .twin = transaction,
					   .losses = transaction->losses,
					   .was_barren = transaction->was_barren,
					   .was_given_up = transaction->was_given_up};
	transaction->twin = twin;
	send_on(carrier, channel, pool, twin);
}

static void send_twins(struct tarn__carrier *carrier, const struct tarn__channel *channel,
		       uint64_t now_ms)
{
	unsigned slot = 0;
	struct tarn__transaction *transaction;
	if (!tarn__channel_is_silent(channel, now_ms))
		return;
	while ((transaction = tarn__channel_next(channel, &slot))) {
		if (!transaction->twin)
			send_twin(carrier, transaction, now_ms);
	}
}

static void relieve_silent(struct tarn__carrier *carrier, uint64_t now_ms)
{
	struct tarn__list *all = &carrier->lines.all;
	for (struct tarn__list *node = all->next; node != all; node = node->next) {
		struct tarn__line *line = TARN__CONTAINER(node, struct tarn__line, node);
		if (!line->server)
			continue;
		struct tarn__pool *pool = &line->pools[line->endpoint->traits.transport];
		size_t count = pool->count; /* those that are added meanwhile are not silent */
		for (size_t i = 0; i < count; i++)
			send_twins(carrier, pool->channels[i], now_ms);
	}
}

/* ---- completions -------------------------------------------------------------------------- */

/* Ends the other message of an exchange that has been answered. */
static void end_twin(struct tarn__carrier *carrier, struct tarn__transaction *twin)
{
	twin->exchange = NULL;
	twin->twin = NULL;
	/* One that has finished is among those that are to be called back. */
	if (twin->is_finished)
		return;
	if (twin->channel)
		tarn__channel_cancel(twin->channel, twin);
	else
		tarn__list_remove(&twin->waiting);
	leave_pool(twin);
	put_transaction(carrier, twin);
}

/* Of two messages of an exchange one has failed: the other is all there is. */
static void leave_to_twin(struct tarn__transaction *transaction)
{
	struct tarn__transaction *twin = transaction->twin;
	transaction->exchange->carrier = twin;
	twin->twin = NULL;
	twin->losses = transaction->losses > twin->losses ? transaction->losses : twin->losses;
}

static void settle_one(struct tarn__carrier *carrier, struct tarn__transaction *transaction)
{
	struct tarn_exchange *exchange = transaction->exchange;
	leave_pool(transaction);
	if (exchange && transaction->twin && transaction->error != 0) {
		leave_to_twin(transaction);
		exchange = NULL;
	}
	if (exchange && transaction->error != 0 && send_again(carrier, transaction))
		return;
	if (exchange && transaction->twin)
		end_twin(carrier, transaction->twin);
	int error = transaction->error;
	const uint8_t *answer = error == 0 ? transaction->answer : NULL;
	size_t len = error == 0 ? transaction->len : 0;
	const char *fault = error == 0 ? NULL : transaction->fault;
	put_transaction(carrier, transaction);
	if (!exchange)
		return;
	exchange->fault = fault;
	exchange->done(exchange, error, answer, len);
}

static void settle(void *data)
{
	struct tarn__carrier *carrier = data;
	while (carrier->finished) {
		struct tarn__transaction *transaction = carrier->finished;
		carrier->finished = transaction->next;
		if (!carrier->finished)
			carrier->finished_tail = &carrier->finished;
		settle_one(carrier, transaction);
	}
}

/* Drops what is left of a line whose channels have been freed; what is of other lines remains. */
static void drop_rest(struct tarn__carrier *carrier, const struct tarn__line *line)
{
	struct tarn__transaction **link = &carrier->finished;
	while (*link) {
		struct tarn__transaction *transaction = *link;
		if (transaction->pool->line != line) {
			link = &transaction->next;
			continue;
		}
		*link = transaction->next;
		put_transaction(carrier, transaction);
	}
	carrier->finished_tail = link;
	struct tarn__list *next;
	for (struct tarn__list *node = carrier->queue.next; node != &carrier->queue; node = next) {
		next = node->next;
		struct tarn__transaction *transaction =
			TARN__CONTAINER(node, struct tarn__transaction, waiting);
		if (transaction->pool->line != line)
			continue;
		tarn__list_remove(node);
		put_transaction(carrier, transaction);
	}
}

/* ---- the carrier -------------------------------------------------------------------------- */

struct tarn__carrier *tarn__carrier_new(struct ev_loop *loop, struct tarn__config *config,
					struct tarn__random *random)
{
	struct tarn__carrier *carrier = calloc(1, sizeof *carrier);
	if (!carrier)
		return NULL;
	carrier->owner = (struct tarn__channel_owner){
		.data = carrier,
		.finished = on_finished,
		.wants_flush = on_wants_flush,
		.wants_tick = on_wants_tick,
		.settle = settle,
		.setup_failed = on_setup_failed,
		.answer_failed = on_answer_failed,
	};
	carrier->finished_tail = &carrier->finished;
	tarn__list_init(&carrier->queue);
	carrier->tick_ms = UINT64_MAX;
	carrier->datagram = malloc(TARN__MESSAGE_MAX);
	tarn__lines_init(&carrier->lines, &(struct tarn__channel_options){
						  .loop = loop,
						  .tls = &carrier->tls,
						  .random = random,
						  .ports = &carrier->ports,
						  .datagram = carrier->datagram,
						  .stats = &carrier->stats,
						  .owner = &carrier->owner,
					  });
	tarn__carrier_set_config(carrier, config);
	if (carrier->datagram)
		return carrier;
	tarn__carrier_free(carrier);
	return NULL;
}

/* Calls the function for each encrypted channel. */
static void for_each_encrypted(struct tarn__carrier *carrier,
			       void (*function)(struct tarn__channel *))
{
	struct tarn__list *all = &carrier->lines.all;
	for (struct tarn__list *node = all->next; node != all; node = node->next) {
		struct tarn__line *line = TARN__CONTAINER(node, struct tarn__line, node);
		struct tarn__pool *pool = &line->pools[line->endpoint->traits.transport];
		for (size_t i = 0; line->server && i < pool->count; i++)
			function(pool->channels[i]);
	}
}

/* Connections that were verified by other CA certificates serve what is under way on them. */
void tarn__carrier_set_config(struct tarn__carrier *carrier, struct tarn__config *config)
{
	struct tarn__config *old = carrier->config;
	carrier->config = tarn__config_get(config);
	carrier->ports = config->ports;
	if (carrier->tls != config->tls) {
		for_each_encrypted(carrier, tarn__channel_retire);
		carrier->wants_flush = true;
	}
	carrier->tls = config->tls;
	tarn__config_put(old);
}

void tarn__carrier_on_full(struct tarn__carrier *carrier, tarn__carrier_full_function *report,
			   void *arg)
{
	carrier->report_full = report;
	carrier->full_arg = arg;
}

void tarn__carrier_on_fault(struct tarn__carrier *carrier, tarn__carrier_fault_function *report,
			    void *arg)
{
	carrier->report_fault = report;
	carrier->fault_arg = arg;
}

static void free_transactions(struct tarn__transaction *first)
{
	while (first) {
		struct tarn__transaction *next = first->next;
		free(first);
		first = next;
	}
}

void tarn__carrier_free(struct tarn__carrier *carrier)
{
	if (!carrier)
		return;
	while (!tarn__list_is_empty(&carrier->lines.all)) {
		struct tarn__line *line =
			TARN__CONTAINER(carrier->lines.all.next, struct tarn__line, node);
		tarn__carrier_close(carrier, line->endpoint);
	}
	free_transactions(carrier->unused);
	tarn__config_put(carrier->config);
	free(carrier->datagram);
	free(carrier);
}

int tarn__carrier_send(struct tarn__carrier *carrier, struct tarn_exchange *exchange)
{
	if (exchange->len < TARN__HEADER_LEN)
		return TARN_EINVAL;
	struct tarn__line *line = tarn__lines_have(&carrier->lines, exchange->endpoint);
	if (!line)
		return TARN_ENOMEM;
	if (tarn__transport_is_encrypted(exchange->transport) && !line->server)
		return TARN_EINVAL;
	struct tarn__transaction *transaction = take_transaction(carrier);
	if (!transaction)
		return TARN_ENOMEM;
	*transaction = (struct tarn__transaction){.exchange = exchange};
	exchange->carrier = transaction;
	int error = send_on_any(carrier, &line->pools[exchange->transport], transaction);
	if (error != 0)
		put_transaction(carrier, transaction);
	return error;
}

void tarn__carrier_cancel(struct tarn__carrier *carrier, struct tarn_exchange *exchange)
{
	struct tarn__transaction *transaction = exchange->carrier;
	if (transaction->twin)
		end_twin(carrier, transaction->twin);
	end_twin(carrier, transaction);
}

void tarn__carrier_close(struct tarn__carrier *carrier, const struct tarn__endpoint *endpoint)
{
	struct tarn__line *line = tarn__lines_find(&carrier->lines, endpoint);
	if (!line)
		return;
	tarn__line_clear(&carrier->lines, line);
	drop_rest(carrier, line);
	tarn__lines_remove(&carrier->lines, line);
}

/* ---- the network, and the begin ----------------------------------------------------------- */

static void retire_channel(struct tarn__channel *channel, uint64_t now_ms)
{
	(void)now_ms;
	tarn__channel_retire(channel);
}

void tarn__carrier_network_changed(struct tarn__carrier *carrier)
{
	struct tarn__list *all = &carrier->lines.all;
	tarn__lines_for_each(&carrier->lines, retire_channel, 0);
	for_each_encrypted(carrier, tarn__channel_drop);
	for (struct tarn__list *node = all->next; node != all; node = node->next) {
		struct tarn__line *line = TARN__CONTAINER(node, struct tarn__line, node);
		if (line->server)
			tarn__secure_server_network_changed(line->server);
	}
}

/* Of the root's servers the first one that lives is asked first. */
static struct tarn__endpoint *preferred(const struct tarn__config *config)
{
	const struct tarn__zone_config *root = config->zones[0];
	for (size_t i = 0; i < root->endpoint_count; i++) {
		struct tarn__endpoint *endpoint = root->endpoints[i];
		if (tarn__endpoint_has_address(endpoint) && !atomic_load(&endpoint->health.is_dead))
			return endpoint;
	}
	return NULL;
}

void tarn__carrier_open_ahead(struct tarn__carrier *carrier)
{
	struct tarn__endpoint *endpoint = preferred(carrier->config);
	if (!endpoint ||
	    !tarn__transport_is_encrypted((enum tarn__transport)endpoint->traits.transport))
		return;
	struct tarn__line *line = tarn__lines_have(&carrier->lines, endpoint);
	if (!line)
		return;
	struct tarn__pool *pool = &line->pools[endpoint->traits.transport];
	uint64_t now_ms = tarn__clock_ms();
	if (tarn__choice_is_refused(pool, now_ms))
		return;
	struct tarn__channel *channel =
		tarn__choose(&carrier->lines, pool, &(struct tarn__transaction){0}, now_ms);
	if (channel)
		tarn__channel_open(channel);
	if (channel && carrier->tick_ms == UINT64_MAX)
		carrier->tick_ms = now_ms + TICK_MS;
}

/* ---- time --------------------------------------------------------------------------------- */

static void flush_channel(struct tarn__channel *channel, uint64_t now_ms)
{
	(void)now_ms;
	tarn__channel_flush(channel);
}

/* Between ticks of an unused carrier there are none: no channel, no wake-up. */
static void tick(struct tarn__carrier *carrier, uint64_t now_ms)
{
	carrier->tick_ms = now_ms + TICK_MS;
	tarn__lines_for_each(&carrier->lines, tarn__channel_tick, now_ms);
	relieve_silent(carrier, now_ms);
	settle(carrier);
	tarn__lines_shrink(&carrier->lines, now_ms);
	if (carrier->stats.channels > 0)
		return;
	free_transactions(carrier->unused);
	carrier->unused = NULL;
	carrier->tick_ms = UINT64_MAX;
}

uint64_t tarn__carrier_run(struct tarn__carrier *carrier, uint64_t now_ms)
{
	if (now_ms >= carrier->tick_ms)
		tick(carrier, now_ms);
	settle(carrier);
	if (!tarn__list_is_empty(&carrier->queue))
		serve_queue(carrier);
	if (carrier->wants_flush) {
		carrier->wants_flush = false;
		tarn__lines_for_each(&carrier->lines, flush_channel, 0);
	}
	/* What the flush has ended is called back in the next round, which is at once. */
	return carrier->finished || carrier->wants_flush ? 0 : carrier->tick_ms;
}

const struct tarn__carrier_stats *tarn__carrier_stats(const struct tarn__carrier *carrier)
{
	return &carrier->stats;
}

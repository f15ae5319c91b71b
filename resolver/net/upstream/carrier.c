/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/carrier.c: chooses a channel for each exchange, and calls back what has ended. */
#include "net/upstream/carrier.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/list.h"
#include "core/forward/endpoint.h"
#include "dns/message.h"
#include "net/upstream/channel.h"
#include "net/clock.h"
#include "net/random.h"
#include "tarn.h"

enum {
	/* A finer grain of time-outs is not needed: core/ has deadlines of its own. */
	TICK_MS = 1000,
	UNUSED_MS = 10000, /* a closed channel is kept for this time */
};

_Static_assert(TARN__TCP_QUESTIONS == TARN__TCP_CHANNELS * TARN__CHANNEL_TRANSACTIONS,
	       "connections take no more than that");
_Static_assert(TARN__UDP_QUESTIONS < TARN__UDP_CHANNELS * TARN__CHANNEL_TRANSACTIONS,
	       "probes have room beside them");

static const struct {
	const struct tarn__channel_ops *ops;
	size_t questions_max;
} kinds[TARN__TRANSPORTS] = {
	[TARN__UDP] = {&tarn__udp_channel, TARN__UDP_QUESTIONS},
	[TARN__TCP] = {&tarn__tcp_channel, TARN__TCP_QUESTIONS},
};

/* The channels to an endpoint over one transport. */
struct tarn__pool {
	struct line *line;
	struct tarn__channel *channels[TARN__UDP_CHANNELS];
	size_t count;
	struct tarn__channel *places[TARN__UDP_PLACES]; /* UDP: those that take questions */
	size_t questions; /* under way ... */
	size_t limit; /* ... at most, but for probes */
	bool is_full; /* and has been reported */
};

/* What is open to an endpoint: from the first exchange with it until it is closed, or nothing is open. */
struct line {
	struct tarn__list node; /* of carrier->lines */
	struct line *next; /* of the same bucket */
	struct tarn__endpoint *endpoint; /* a reference */
	struct tarn__pool pools[TARN__TRANSPORTS]; /* by enum tarn__transport */
};

/* Chains of lines; there are TARN__SERVERS_ALL_MAX at most, and most often one or two. */
enum { BUCKET_BITS = 6, BUCKETS = 1 << BUCKET_BITS };

struct tarn__carrier {
	struct ev_loop *loop;
	struct tarn__random *random;
	struct tarn__config *config; /* a reference, for its ports */
	const struct tarn__ports *ports;
	struct tarn__channel_owner owner;
	struct tarn__transaction *finished, **finished_tail; /* not called back yet */
	struct tarn__transaction *unused;
	bool wants_flush;
	tarn__carrier_full_function *report_full; /* NULL: no report */
	void *report_arg;
	uint64_t tick_ms; /* UINT64_MAX: there are no channels */
	uint8_t *datagram;
	struct tarn__carrier_stats stats;
	struct tarn__list lines;
	struct line *buckets[BUCKETS];
};

/* ---- lines -------------------------------------------------------------------------------- */

/* Fibonacci hashing: the upper bits of the product depend on all bits of the address. */
static struct line **bucket_of(struct tarn__carrier *carrier, const struct tarn__endpoint *endpoint)
{
	uint32_t hash = (uint32_t)((uintptr_t)endpoint >> 4) * UINT32_C(2654435769);
	return &carrier->buckets[hash >> (32 - BUCKET_BITS)];
}

/* Returns the pointer to the line in its bucket; it is NULL if there is no line. */
static struct line **find_line(struct tarn__carrier *carrier, const struct tarn__endpoint *endpoint)
{
	struct line **link = bucket_of(carrier, endpoint);
	while (*link && (*link)->endpoint != endpoint)
		link = &(*link)->next;
	return link;
}

static struct line *add_line(struct tarn__carrier *carrier, struct line **link,
			     struct tarn__endpoint *endpoint)
{
	struct line *line = calloc(1, sizeof *line);
	if (!line)
		return NULL;
	line->endpoint = tarn__endpoint_get(endpoint);
	for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
		line->pools[i].line = line;
		line->pools[i].limit = kinds[i].questions_max;
	}
	tarn__list_append(&carrier->lines, &line->node);
	*link = line;
	return line;
}

/* ---- channels ----------------------------------------------------------------------------- */

static struct tarn__channel *add_channel(struct tarn__carrier *carrier, struct line *line,
					 enum tarn__transport transport)
{
	struct tarn__pool *pool = &line->pools[transport];
	struct tarn__channel *channel =
		kinds[transport].ops->create(&(struct tarn__channel_options){
			.loop = carrier->loop,
			.endpoint = line->endpoint,
			.random = carrier->random,
			.ports = &carrier->ports,
			.datagram = carrier->datagram,
			.foreign = &carrier->stats.foreign,
			.sockets = &carrier->stats.sockets,
			.owner = &carrier->owner,
		});
	if (!channel)
		return NULL;
	pool->channels[pool->count++] = channel;
	carrier->stats.channels++;
	if (carrier->tick_ms == UINT64_MAX)
		carrier->tick_ms = tarn__clock_ms() + TICK_MS;
	return channel;
}

/* Begins at a random channel, so that the port that a question shares cannot be predicted. */
static struct tarn__channel *find_channel(struct tarn__carrier *carrier,
					  const struct tarn__pool *pool,
					  enum tarn__channel_state state)
{
	if (pool->count == 0)
		return NULL;
	uint64_t now_ms = tarn__clock_ms();
	size_t start = tarn__random_below(carrier->random, (uint32_t)pool->count);
	for (size_t i = 0; i < pool->count; i++) {
		struct tarn__channel *channel = pool->channels[(start + i) % pool->count];
		if (tarn__channel_state(channel, now_ms) == state)
			return channel;
	}
	return NULL;
}

/* Returns a channel without a socket; a new one where there is none and the limit allows it. */
static struct tarn__channel *find_closed(struct tarn__carrier *carrier, struct line *line,
					 enum tarn__transport transport)
{
	struct tarn__pool *pool = &line->pools[transport];
	struct tarn__channel *channel = find_channel(carrier, pool, TARN__CHANNEL_CLOSED);
	if (!channel && pool->count < tarn__transports[transport].channels_max)
		channel = add_channel(carrier, line, transport);
	return channel;
}

static void leave_places(struct tarn__pool *pool, const struct tarn__channel *channel)
{
	for (size_t i = 0; i < TARN__UDP_PLACES; i++) {
		if (pool->places[i] == channel)
			pool->places[i] = NULL;
	}
}

/* Returns the channel of a random place, which gets another one if its own takes no more. */
static struct tarn__channel *find_place(struct tarn__carrier *carrier, struct line *line,
					enum tarn__transport transport)
{
	struct tarn__pool *pool = &line->pools[transport];
	size_t place = tarn__random_below(carrier->random, TARN__UDP_PLACES);
	struct tarn__channel *channel = pool->places[place];
	if (channel && tarn__channel_state(channel, tarn__clock_ms()) == TARN__CHANNEL_OPEN)
		return channel;
	channel = find_closed(carrier, line, transport);
	leave_places(pool, channel);
	pool->places[place] = channel;
	return channel;
}

static struct tarn__channel *find_connection(struct tarn__carrier *carrier, struct line *line,
					     enum tarn__transport transport)
{
	struct tarn__channel *channel =
		find_channel(carrier, &line->pools[transport], TARN__CHANNEL_OPEN);
	return channel ? channel : find_closed(carrier, line, transport);
}

/* Returns NULL if no channel takes one more. must_share: no socket may be opened. */
static struct tarn__channel *choose_channel(struct tarn__carrier *carrier, struct line *line,
					    enum tarn__transport transport, bool must_share)
{
	const struct tarn__pool *pool = &line->pools[transport];
	struct tarn__channel *channel = NULL;
	if (!must_share)
		channel = tarn__transport_is_stream(transport)
				  ? find_connection(carrier, line, transport)
				  : find_place(carrier, line, transport);
	if (!channel)
		channel = find_channel(carrier, pool, TARN__CHANNEL_OPEN);
	if (!channel)
		channel = find_channel(carrier, pool, TARN__CHANNEL_WORN);
	return channel;
}

/* ---- completions -------------------------------------------------------------------------- */

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
		carrier->report_full(carrier->report_arg, exchange->endpoint, pool->questions);
}

static int send_on_any(struct tarn__carrier *carrier, struct tarn__pool *pool,
		       struct tarn__transaction *transaction)
{
	const struct tarn_exchange *exchange = transaction->exchange;
	struct tarn__channel *channel = NULL;
	if (has_room(pool, exchange))
		channel = choose_channel(carrier, pool->line, exchange->transport,
					 transaction->must_share);
	if (!channel) {
		note_full(carrier, pool, exchange);
		return TARN_EBUSY;
	}
	transaction->pool = pool;
	pool->questions++;
	tarn__channel_send(channel, transaction);
	return 0;
}

static void leave_pool(const struct tarn__transaction *transaction)
{
	struct tarn__pool *pool = transaction->pool;
	pool->questions--;
	if (pool->questions < pool->limit / 2)
		pool->is_full = false;
}

/*
 * A server may close a connection while a question is on its way: that is no failure of the server,
 * and the question is sent once more (RFC 7766 section 6.2.4). Where no socket can be opened, one
 * that is open is shared.
 */
static bool send_again(struct tarn__carrier *carrier, struct tarn__transaction *transaction)
{
	bool is_lost = transaction->error == TARN_EUNREACHABLE && transaction->was_connected &&
		       tarn__transport_is_stream(transaction->exchange->transport);
	if (transaction->is_again || !(is_lost || transaction->error == TARN_ENOMEM))
		return false;
	transaction->is_again = true;
	transaction->must_share = !is_lost;
	return send_on_any(carrier, transaction->pool, transaction) == 0;
}

static void settle(void *data)
{
	struct tarn__carrier *carrier = data;
	while (carrier->finished) {
		struct tarn__transaction *transaction = carrier->finished;
		carrier->finished = transaction->next;
		if (!carrier->finished)
			carrier->finished_tail = &carrier->finished;
		leave_pool(transaction);
		struct tarn_exchange *exchange = transaction->exchange;
		if (exchange && send_again(carrier, transaction))
			continue;
		int error = transaction->error;
		const uint8_t *answer = error == 0 ? transaction->answer : NULL;
		size_t len = error == 0 ? transaction->len : 0;
		put_transaction(carrier, transaction);
		if (exchange)
			exchange->done(exchange, error, answer, len);
	}
}

/* Drops the finished transactions of a line whose channels have been freed; those of other lines remain. */
static void drop_finished(struct tarn__carrier *carrier, const struct line *line)
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
}

/* link points at the line in its bucket. */
static void free_line(struct tarn__carrier *carrier, struct line **link)
{
	struct line *line = *link;
	*link = line->next;
	tarn__list_remove(&line->node);
	for (size_t transport = 0; transport < TARN__TRANSPORTS; transport++) {
		struct tarn__pool *pool = &line->pools[transport];
		carrier->stats.channels -= pool->count;
		while (pool->count > 0)
			tarn__channel_free(pool->channels[--pool->count]);
	}
	drop_finished(carrier, line);
	tarn__endpoint_put(line->endpoint);
	free(line);
}

static void free_lines(struct tarn__carrier *carrier)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (carrier->buckets[i])
			free_line(carrier, &carrier->buckets[i]);
	}
}

/* ---- the carrier -------------------------------------------------------------------------- */

struct tarn__carrier *tarn__carrier_new(struct ev_loop *loop, struct tarn__config *config,
					struct tarn__random *random)
{
	struct tarn__carrier *carrier = calloc(1, sizeof *carrier);
	if (!carrier)
		return NULL;
	carrier->loop = loop;
	carrier->random = random;
	tarn__list_init(&carrier->lines);
	tarn__carrier_set_config(carrier, config);
	carrier->owner = (struct tarn__channel_owner){
		.data = carrier,
		.finished = on_finished,
		.wants_flush = on_wants_flush,
		.settle = settle,
	};
	carrier->finished_tail = &carrier->finished;
	carrier->tick_ms = UINT64_MAX;
	carrier->datagram = malloc(TARN__MESSAGE_MAX);
	if (carrier->datagram)
		return carrier;
	tarn__carrier_free(carrier);
	return NULL;
}

void tarn__carrier_set_config(struct tarn__carrier *carrier, struct tarn__config *config)
{
	struct tarn__config *old = carrier->config;
	carrier->config = tarn__config_get(config);
	carrier->ports = config->ports;
	tarn__config_put(old);
}

void tarn__carrier_on_full(struct tarn__carrier *carrier, tarn__carrier_full_function *report,
			   void *arg)
{
	carrier->report_full = report;
	carrier->report_arg = arg;
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
	free_lines(carrier);
	tarn__config_put(carrier->config);
	free_transactions(carrier->unused);
	free(carrier->datagram);
	free(carrier);
}

int tarn__carrier_send(struct tarn__carrier *carrier, struct tarn_exchange *exchange)
{
	if (exchange->len < TARN__HEADER_LEN)
		return TARN_EINVAL;
	struct line **link = find_line(carrier, exchange->endpoint);
	struct line *line = *link ? *link : add_line(carrier, link, exchange->endpoint);
	struct tarn__transaction *transaction = line ? take_transaction(carrier) : NULL;
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
	transaction->exchange = NULL;
	/* One that has finished is among those that are to be called back. */
	if (transaction->is_finished)
		return;
	tarn__channel_cancel(transaction->channel, transaction);
	leave_pool(transaction);
	put_transaction(carrier, transaction);
}

void tarn__carrier_close(struct tarn__carrier *carrier, const struct tarn__endpoint *endpoint)
{
	struct line **link = find_line(carrier, endpoint);
	if (*link)
		free_line(carrier, link);
}

typedef void channel_function(struct tarn__channel *, uint64_t now_ms);

static void for_each_channel(struct tarn__carrier *carrier, channel_function *function,
			     uint64_t now_ms)
{
	for (struct tarn__list *node = carrier->lines.next; node != &carrier->lines;
	     node = node->next) {
		struct line *line = TARN__CONTAINER(node, struct line, node);
		for (size_t transport = 0; transport < TARN__TRANSPORTS; transport++) {
			struct tarn__pool *pool = &line->pools[transport];
			for (size_t i = 0; i < pool->count; i++)
				function(pool->channels[i], now_ms);
		}
	}
}

static void retire_channel(struct tarn__channel *channel, uint64_t now_ms)
{
	(void)now_ms;
	tarn__channel_retire(channel);
}

void tarn__carrier_network_changed(struct tarn__carrier *carrier)
{
	for_each_channel(carrier, retire_channel, 0);
}

static void flush_channel(struct tarn__channel *channel, uint64_t now_ms)
{
	(void)now_ms;
	tarn__channel_flush(channel);
}

static void shrink(struct tarn__carrier *carrier, struct tarn__pool *pool, uint64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < pool->count; i++) {
		struct tarn__channel *channel = pool->channels[i];
		if (tarn__channel_state(channel, now_ms) == TARN__CHANNEL_CLOSED &&
		    now_ms >= tarn__channel_used_ms(channel) + UNUSED_MS) {
			leave_places(pool, channel);
			tarn__channel_free(channel);
			carrier->stats.channels--;
		} else {
			pool->channels[kept++] = channel;
		}
	}
	pool->count = kept;
}

/* Frees the channels that have not been used for a while, and lines that have none left. */
static void shrink_lines(struct tarn__carrier *carrier, uint64_t now_ms)
{
	struct tarn__list *next;
	for (struct tarn__list *node = carrier->lines.next; node != &carrier->lines; node = next) {
		next = node->next;
		struct line *line = TARN__CONTAINER(node, struct line, node);
		size_t left = 0;
		for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
			shrink(carrier, &line->pools[i], now_ms);
			left += line->pools[i].count;
		}
		if (left == 0)
			free_line(carrier, find_line(carrier, line->endpoint));
	}
}

/* Between ticks of an unused carrier there are none: no channel, no wake-up. */
static void tick(struct tarn__carrier *carrier, uint64_t now_ms)
{
	for_each_channel(carrier, tarn__channel_tick, now_ms);
	settle(carrier);
	shrink_lines(carrier, now_ms);
	if (carrier->stats.channels == 0) {
		free_transactions(carrier->unused);
		carrier->unused = NULL;
	}
	carrier->tick_ms = carrier->stats.channels > 0 ? now_ms + TICK_MS : UINT64_MAX;
}

uint64_t tarn__carrier_run(struct tarn__carrier *carrier, uint64_t now_ms)
{
	if (now_ms >= carrier->tick_ms)
		tick(carrier, now_ms);
	settle(carrier);
	if (carrier->wants_flush) {
		carrier->wants_flush = false;
		for_each_channel(carrier, flush_channel, 0);
	}
	/* What the flush has ended is called back in the next round, which is at once. */
	return carrier->finished || carrier->wants_flush ? 0 : carrier->tick_ms;
}

const struct tarn__carrier_stats *tarn__carrier_stats(const struct tarn__carrier *carrier)
{
	return &carrier->stats;
}

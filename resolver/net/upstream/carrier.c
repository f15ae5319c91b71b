/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/carrier.c: which channel takes a question, and what becomes of it. */
#include "net/upstream/carrier.h"

#include <stdbool.h>
#include <stdlib.h>

#include "dns/message.h"
#include "net/upstream/channel.h"
#include "net/clock.h"
#include "net/random.h"
#include "tarn.h"

enum {
	/* Time-outs need no better grain: core/ has deadlines of its own. */
	TICK_MS = 1000,
	/* A closed channel is kept so long for the next question. */
	UNUSED_MS = 10000,
};

_Static_assert(TARN__TCP_QUESTIONS == TARN__TCP_CHANNELS * TARN__CHANNEL_TRANSACTIONS,
	       "connections take no more than that");
_Static_assert(TARN__UDP_QUESTIONS < TARN__UDP_CHANNELS * TARN__CHANNEL_TRANSACTIONS,
	       "probes have room beside them");

/* A server's channels over one transport. */
struct tarn__pool {
	struct tarn__channel *channels[TARN__UDP_CHANNELS];
	size_t count;
	struct tarn__channel *places[TARN__UDP_PLACES]; /* UDP: of those, who take questions */
	size_t questions; /* under way ... */
	size_t limit; /* ... at most, but for probes */
	bool is_full; /* and has been reported */
};

struct server {
	struct tarn__server_config config;
	struct tarn__pool pools[2]; /* by enum tarn__transport */
};

struct list {
	struct tarn__config *config;
	size_t count;
	struct server *servers[]; /* each at a place of its own, where its channels find it */
};

struct tarn__carrier {
	struct ev_loop *loop;
	struct tarn__random *random;
	const struct tarn__ports *ports; /* the configuration's */
	struct tarn__channel_owner owner;
	struct tarn__transaction *finished, **finished_tail; /* not called back yet */
	struct tarn__transaction *unused;
	bool wants_flush;
	tarn__carrier_full_function *report_full; /* NULL: nobody wants to know */
	void *report_arg;
	uint64_t tick_ms; /* UINT64_MAX: there are no channels */
	uint8_t *datagram;
	struct tarn__carrier_stats stats;
	struct list *list;
	struct list *next_list; /* NULL: none is prepared */
};

/* ---- channels ----------------------------------------------------------------------------- */

static struct tarn__channel *add_channel(struct tarn__carrier *carrier, struct server *server,
					 enum tarn__transport transport)
{
	struct tarn__pool *pool = &server->pools[transport];
	struct tarn__channel *channel = tarn__channel_new(&(struct tarn__channel_options){
		.loop = carrier->loop,
		.server = &server->config,
		.transport = transport,
		.random = carrier->random,
		.ports = &carrier->ports,
		.datagram = carrier->datagram,
		.foreign = &carrier->stats.foreign,
		.sockets = &carrier->stats.sockets,
		.owner = &carrier->owner,
	});
	if (channel == NULL)
		return NULL;
	pool->channels[pool->count++] = channel;
	carrier->stats.channels++;
	if (carrier->tick_ms == UINT64_MAX)
		carrier->tick_ms = tarn__clock_ms() + TICK_MS;
	return channel;
}

/* Begins anywhere, so that it cannot be known which port a question shares. */
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

/* A channel without a socket, made where there is none and may be. */
static struct tarn__channel *find_closed(struct tarn__carrier *carrier, struct server *server,
					 enum tarn__transport transport)
{
	struct tarn__pool *pool = &server->pools[transport];
	size_t limit = transport == TARN__TCP ? TARN__TCP_CHANNELS : TARN__UDP_CHANNELS;
	struct tarn__channel *channel = find_channel(carrier, pool, TARN__CHANNEL_CLOSED);
	if (channel == NULL && pool->count < limit)
		channel = add_channel(carrier, server, transport);
	return channel;
}

static void leave_places(struct tarn__pool *pool, const struct tarn__channel *channel)
{
	for (size_t i = 0; i < TARN__UDP_PLACES; i++) {
		if (pool->places[i] == channel)
			pool->places[i] = NULL;
	}
}

/* The channel of a random place, which gets another one where that has served. */
static struct tarn__channel *find_place(struct tarn__carrier *carrier, struct server *server)
{
	struct tarn__pool *pool = &server->pools[TARN__UDP];
	size_t place = tarn__random_below(carrier->random, TARN__UDP_PLACES);
	struct tarn__channel *channel = pool->places[place];
	if (channel != NULL && tarn__channel_state(channel, tarn__clock_ms()) == TARN__CHANNEL_OPEN)
		return channel;
	channel = find_closed(carrier, server, TARN__UDP);
	leave_places(pool, channel);
	pool->places[place] = channel;
	return channel;
}

static struct tarn__channel *find_connection(struct tarn__carrier *carrier, struct server *server)
{
	struct tarn__channel *channel =
		find_channel(carrier, &server->pools[TARN__TCP], TARN__CHANNEL_OPEN);
	return channel != NULL ? channel : find_closed(carrier, server, TARN__TCP);
}

/* NULL: no channel takes one more. must_share: no socket is to be opened for it. */
static struct tarn__channel *choose_channel(struct tarn__carrier *carrier, struct server *server,
					    enum tarn__transport transport, bool must_share)
{
	const struct tarn__pool *pool = &server->pools[transport];
	struct tarn__channel *channel = NULL;
	if (!must_share)
		channel = transport == TARN__TCP ? find_connection(carrier, server)
						 : find_place(carrier, server);
	if (channel == NULL)
		channel = find_channel(carrier, pool, TARN__CHANNEL_OPEN);
	if (channel == NULL)
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
	if (transaction == NULL)
		return malloc(sizeof(*transaction));
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

/* A first message finds no room. */
static void note_full(struct tarn__carrier *carrier, struct server *server,
		      const struct tarn_exchange *exchange)
{
	struct tarn__pool *pool = &server->pools[exchange->transport];
	if (exchange->rank != TARN__RANK_FIRST || pool->is_full)
		return;
	pool->is_full = true;
	if (carrier->report_full != NULL)
		carrier->report_full(carrier->report_arg, &server->config, pool->questions);
}

static int send_on_any(struct tarn__carrier *carrier, struct tarn__transaction *transaction)
{
	const struct tarn_exchange *exchange = transaction->exchange;
	struct server *server = carrier->list->servers[exchange->server_index];
	struct tarn__pool *pool = &server->pools[exchange->transport];
	struct tarn__channel *channel = NULL;
	if (has_room(pool, exchange))
		channel = choose_channel(carrier, server, exchange->transport,
					 transaction->must_share);
	if (channel == NULL) {
		note_full(carrier, server, exchange);
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
 * A server may close a connection just when a question is on its way: that is no failure of the
 * server's, and the question is asked once more (RFC 7766 section 6.2.4). Where no socket can be
 * opened, one that is open serves.
 */
static bool send_again(struct tarn__carrier *carrier, struct tarn__transaction *transaction)
{
	bool is_lost = transaction->error == TARN_EUNREACHABLE && transaction->was_connected &&
		       transaction->exchange->transport == TARN__TCP;
	if (transaction->is_again || !(is_lost || transaction->error == TARN_ENOMEM))
		return false;
	transaction->is_again = true;
	transaction->must_share = !is_lost;
	return send_on_any(carrier, transaction) == 0;
}

static void settle(void *data)
{
	struct tarn__carrier *carrier = data;
	while (carrier->finished != NULL) {
		struct tarn__transaction *transaction = carrier->finished;
		carrier->finished = transaction->next;
		if (carrier->finished == NULL)
			carrier->finished_tail = &carrier->finished;
		leave_pool(transaction);
		struct tarn_exchange *exchange = transaction->exchange;
		if (exchange != NULL && send_again(carrier, transaction))
			continue;
		int error = transaction->error;
		const uint8_t *answer = error == 0 ? transaction->answer : NULL;
		size_t len = error == 0 ? transaction->len : 0;
		put_transaction(carrier, transaction);
		if (exchange != NULL)
			exchange->done(exchange, error, answer, len);
	}
}

/*
 * Instead of settle(): nobody waits for a server's questions whose channels have been freed. Those of
 * other servers are still to be called back.
 */
static void drop_finished(struct tarn__carrier *carrier, const struct server *server)
{
	struct tarn__transaction **link = &carrier->finished;
	while (*link != NULL) {
		struct tarn__transaction *transaction = *link;
		if (transaction->pool != &server->pools[TARN__UDP] &&
		    transaction->pool != &server->pools[TARN__TCP]) {
			link = &transaction->next;
			continue;
		}
		*link = transaction->next;
		put_transaction(carrier, transaction);
	}
	carrier->finished_tail = link;
}

/* ---- the servers -------------------------------------------------------------------------- */

static void free_server(struct tarn__carrier *carrier, struct server *server)
{
	for (size_t transport = 0; transport < 2; transport++) {
		struct tarn__pool *pool = &server->pools[transport];
		carrier->stats.channels -= pool->count;
		while (pool->count > 0)
			tarn__channel_free(pool->channels[--pool->count]);
	}
	drop_finished(carrier, server);
	free(server);
}

static void free_list(struct tarn__carrier *carrier, struct list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		if (list->servers[i] != NULL)
			free_server(carrier, list->servers[i]);
	}
	tarn__config_put(list->config);
	free(list);
}

static struct list *make_list(struct tarn__carrier *carrier, struct tarn__config *config)
{
	size_t count = config->server_count;
	struct list *list = calloc(1, sizeof(*list) + count * sizeof(list->servers[0]));
	if (list == NULL)
		return NULL;
	list->config = tarn__config_get(config);
	for (; list->count < count; list->count++) {
		struct server *server = calloc(1, sizeof(*server));
		if (server == NULL) {
			free_list(carrier, list);
			return NULL;
		}
		server->config = config->servers[list->count];
		server->pools[TARN__UDP].limit = TARN__UDP_QUESTIONS;
		server->pools[TARN__TCP].limit = TARN__TCP_QUESTIONS;
		list->servers[list->count] = server;
	}
	return list;
}

/* The place of such a server in a group; NULL: it is not there, or has been taken. */
static struct server **find_server(struct list *list, const struct tarn__group *group,
				   const struct tarn__server_config *config)
{
	for (size_t i = group->first; i < group->first + group->count; i++) {
		struct server *server = list->servers[i];
		if (server != NULL && tarn__server_config_is_equal(&server->config, config))
			return &list->servers[i];
	}
	return NULL;
}

int tarn__carrier_prepare(struct tarn__carrier *carrier, struct tarn__config *config)
{
	struct list *list = make_list(carrier, config);
	if (list == NULL)
		return TARN_ENOMEM;
	free_list(carrier, carrier->next_list);
	carrier->next_list = list;
	return 0;
}

static void keep_servers(struct list *list, const struct tarn__group *group, struct list *old,
			 const struct tarn__group *old_group)
{
	for (size_t i = group->first; i < group->first + group->count; i++) {
		struct server **place = &list->servers[i];
		struct server **kept = find_server(old, old_group, &(*place)->config);
		if (kept == NULL)
			continue;
		free(*place);
		*place = *kept;
		*kept = NULL;
	}
}

void tarn__carrier_switch(struct tarn__carrier *carrier)
{
	struct list *old = carrier->list;
	struct list *list = carrier->next_list;
	carrier->list = list;
	carrier->next_list = NULL;
	carrier->ports = list->config->ports;
	for (size_t i = 0; i < list->config->group_count; i++) {
		const struct tarn__group *group = &list->config->groups[i];
		size_t before = tarn__config_group_of(old->config, group->zone, group->zone_len);
		if (before != TARN__GROUP_NONE)
			keep_servers(list, group, old, &old->config->groups[before]);
	}
	free_list(carrier, old);
}

/* ---- the carrier -------------------------------------------------------------------------- */

struct tarn__carrier *tarn__carrier_new(struct ev_loop *loop, struct tarn__config *config,
					struct tarn__random *random)
{
	struct tarn__carrier *carrier = calloc(1, sizeof(*carrier));
	if (carrier == NULL)
		return NULL;
	carrier->loop = loop;
	carrier->random = random;
	carrier->ports = config->ports;
	carrier->owner = (struct tarn__channel_owner){
		.data = carrier,
		.finished = on_finished,
		.wants_flush = on_wants_flush,
		.settle = settle,
	};
	carrier->finished_tail = &carrier->finished;
	carrier->tick_ms = UINT64_MAX;
	carrier->datagram = malloc(TARN__MESSAGE_MAX);
	carrier->list = make_list(carrier, config);
	if (carrier->datagram != NULL && carrier->list != NULL)
		return carrier;
	tarn__carrier_free(carrier);
	return NULL;
}

void tarn__carrier_on_full(struct tarn__carrier *carrier, tarn__carrier_full_function *report,
			   void *arg)
{
	carrier->report_full = report;
	carrier->report_arg = arg;
}

static void free_transactions(struct tarn__transaction *first)
{
	while (first != NULL) {
		struct tarn__transaction *next = first->next;
		free(first);
		first = next;
	}
}

void tarn__carrier_free(struct tarn__carrier *carrier)
{
	if (carrier == NULL)
		return;
	free_list(carrier, carrier->list);
	free_list(carrier, carrier->next_list);
	free_transactions(carrier->unused);
	free(carrier->datagram);
	free(carrier);
}

int tarn__carrier_send(struct tarn__carrier *carrier, struct tarn_exchange *exchange)
{
	if (exchange->server_index >= carrier->list->count || exchange->len < TARN__HEADER_LEN)
		return TARN_EINVAL;
	struct tarn__transaction *transaction = take_transaction(carrier);
	if (transaction == NULL)
		return TARN_ENOMEM;
	*transaction = (struct tarn__transaction){.exchange = exchange};
	exchange->carrier = transaction;
	int error = send_on_any(carrier, transaction);
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

typedef void channel_function(struct tarn__channel *, uint64_t now_ms);

static void for_each_channel(struct tarn__carrier *carrier, channel_function *function,
			     uint64_t now_ms)
{
	for (size_t i = 0; i < carrier->list->count; i++) {
		for (size_t transport = 0; transport < 2; transport++) {
			struct tarn__pool *pool = &carrier->list->servers[i]->pools[transport];
			for (size_t j = 0; j < pool->count; j++)
				function(pool->channels[j], now_ms);
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

/* Frees the channels that nobody has used for a while. */
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

/* Between ticks of an unused carrier there are none: no channel, no wake-up. */
static void tick(struct tarn__carrier *carrier, uint64_t now_ms)
{
	for_each_channel(carrier, tarn__channel_tick, now_ms);
	settle(carrier);
	for (size_t i = 0; i < carrier->list->count; i++) {
		struct server *server = carrier->list->servers[i];
		shrink(carrier, &server->pools[TARN__UDP], now_ms);
		shrink(carrier, &server->pools[TARN__TCP], now_ms);
	}
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
	return carrier->finished != NULL || carrier->wants_flush ? 0 : carrier->tick_ms;
}

const struct tarn__carrier_stats *tarn__carrier_stats(const struct tarn__carrier *carrier)
{
	return &carrier->stats;
}

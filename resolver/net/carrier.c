/* SPDX-License-Identifier: BSD-2-Clause */
/* net/carrier.c: which channel takes a question, and what becomes of it. */
#include "net/carrier.h"

#include <stdbool.h>
#include <stdlib.h>

#include "dns/message.h"
#include "net/channel.h"
#include "net/clock.h"
#include "net/random.h"
#include "tarn.h"

enum {
	/* Time-outs need no better grain: core/ has deadlines of its own. */
	TICK_MS = 1000,
	/* A closed channel is kept so long for the next question. */
	UNUSED_MS = 10000,
};

/* A server's channels over one transport. */
struct tarn__pool {
	struct tarn__channel *channels[TARN__UDP_CHANNELS];
	size_t count;
	size_t questions; /* under way, the canceled ones too */
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
	struct tarn__channel_owner owner;
	struct tarn__question *finished, **finished_tail; /* not called back yet */
	struct tarn__question *unused;
	bool wants_flush;
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

/* Begins anywhere, so that nobody knows which port a question shares. */
static struct tarn__channel *find_channel(struct tarn__carrier *carrier,
					  const struct tarn__pool *pool,
					  enum tarn__channel_state state)
{
	if (pool->count == 0)
		return NULL;
	size_t start = tarn__random_below(carrier->random, (uint32_t)pool->count);
	for (size_t i = 0; i < pool->count; i++) {
		struct tarn__channel *channel = pool->channels[(start + i) % pool->count];
		if (tarn__channel_state(channel) == state)
			return channel;
	}
	return NULL;
}

/* Over UDP a socket of its own comes first, until there are many; over TCP a connection shared. */
static int choose_channel(struct tarn__carrier *carrier, struct server *server,
			  enum tarn__transport transport, bool is_shared,
			  struct tarn__channel **out)
{
	struct tarn__pool *pool = &server->pools[transport];
	size_t limit = transport == TARN__TCP ? TARN__TCP_CHANNELS : TARN__UDP_CHANNELS;
	struct tarn__channel *channel = NULL;
	if (is_shared)
		channel = find_channel(carrier, pool, TARN__CHANNEL_OPEN);
	if (channel == NULL)
		channel = find_channel(carrier, pool, TARN__CHANNEL_CLOSED);
	if (channel == NULL && pool->count < limit) {
		channel = add_channel(carrier, server, transport);
		if (channel == NULL)
			return TARN_ENOMEM;
	}
	if (channel == NULL && !is_shared)
		channel = find_channel(carrier, pool, TARN__CHANNEL_OPEN);
	if (channel == NULL)
		channel = find_channel(carrier, pool, TARN__CHANNEL_WORN);
	if (channel == NULL)
		return TARN_EBUSY;
	*out = channel;
	return 0;
}

/* ---- completions -------------------------------------------------------------------------- */

static void on_finished(void *data, struct tarn__question *question)
{
	struct tarn__carrier *carrier = data;
	question->next = NULL;
	*carrier->finished_tail = question;
	carrier->finished_tail = &question->next;
}

static void on_wants_flush(void *data)
{
	struct tarn__carrier *carrier = data;
	carrier->wants_flush = true;
}

static struct tarn__question *take_question(struct tarn__carrier *carrier)
{
	struct tarn__question *question = carrier->unused;
	if (question == NULL)
		return malloc(sizeof(*question));
	carrier->unused = question->next;
	return question;
}

static void put_question(struct tarn__carrier *carrier, struct tarn__question *question)
{
	question->next = carrier->unused;
	carrier->unused = question;
}

static int send_on_any(struct tarn__carrier *carrier, struct tarn__question *question)
{
	const struct tarn_exchange *exchange = question->exchange;
	struct server *server = carrier->list->servers[exchange->server_index];
	struct tarn__channel *channel;
	bool is_shared = exchange->transport == TARN__TCP ||
			 server->pools[TARN__UDP].questions >= TARN__UDP_SPREAD;
	int error = choose_channel(carrier, server, exchange->transport, is_shared, &channel);
	if (error != 0)
		return error;
	question->pool = &server->pools[exchange->transport];
	question->pool->questions++;
	tarn__channel_send(channel, question, is_shared);
	return 0;
}

/*
 * A server may close a connection just when a question is on its way: that is no failure of the
 * server's, and the question is asked once more (RFC 7766 section 6.2.4).
 */
static bool send_again(struct tarn__carrier *carrier, struct tarn__question *question)
{
	if (question->error != TARN_EUNREACHABLE || question->is_again ||
	    question->exchange->transport != TARN__TCP || !question->was_connected)
		return false;
	question->is_again = true;
	return send_on_any(carrier, question) == 0;
}

static void settle(void *data)
{
	struct tarn__carrier *carrier = data;
	while (carrier->finished != NULL) {
		struct tarn__question *question = carrier->finished;
		carrier->finished = question->next;
		if (carrier->finished == NULL)
			carrier->finished_tail = &carrier->finished;
		question->pool->questions--;
		struct tarn_exchange *exchange = question->exchange;
		if (exchange != NULL && send_again(carrier, question))
			continue;
		int error = question->error;
		const uint8_t *answer = error == 0 ? question->answer : NULL;
		size_t len = error == 0 ? question->len : 0;
		put_question(carrier, question);
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
	struct tarn__question **link = &carrier->finished;
	while (*link != NULL) {
		struct tarn__question *question = *link;
		if (question->pool != &server->pools[TARN__UDP] &&
		    question->pool != &server->pools[TARN__TCP]) {
			link = &question->next;
			continue;
		}
		*link = question->next;
		put_question(carrier, question);
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

static void free_questions(struct tarn__question *first)
{
	while (first != NULL) {
		struct tarn__question *next = first->next;
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
	free_questions(carrier->unused);
	free(carrier->datagram);
	free(carrier);
}

int tarn__carrier_send(struct tarn__carrier *carrier, struct tarn_exchange *exchange)
{
	if (exchange->server_index >= carrier->list->count || exchange->len < TARN__HEADER_LEN)
		return TARN_EINVAL;
	struct tarn__question *question = take_question(carrier);
	if (question == NULL)
		return TARN_ENOMEM;
	*question = (struct tarn__question){.exchange = exchange};
	exchange->carrier = question;
	int error = send_on_any(carrier, question);
	if (error != 0)
		put_question(carrier, question);
	return error;
}

void tarn__carrier_cancel(struct tarn__carrier *carrier, struct tarn_exchange *exchange)
{
	(void)carrier;
	struct tarn__question *question = exchange->carrier;
	question->exchange = NULL;
	if (!question->is_finished)
		tarn__channel_cancel(question->channel, question);
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
		if (tarn__channel_state(channel) == TARN__CHANNEL_CLOSED &&
		    now_ms >= tarn__channel_used_ms(channel) + UNUSED_MS) {
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
		free_questions(carrier->unused);
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

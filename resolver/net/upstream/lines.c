/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/lines.c: what is open to each endpoint. */
#include "net/upstream/lines.h"

#include <stdlib.h>

#include "core/forward/endpoint.h"
#include "net/upstream/secure_server.h"

enum {
	UNUSED_MS = 10000, /* a closed channel is kept for this time */
};

static const struct {
	const struct tarn__channel_ops *ops;
	size_t questions_max;
} kinds[TARN__TRANSPORTS] = {
	[TARN__UDP] = {&tarn__udp_channel, TARN__UDP_QUESTIONS},
	[TARN__TCP] = {&tarn__connection_channel, TARN__TCP_QUESTIONS},
	[TARN__TLS] = {&tarn__connection_channel, TARN__TLS_QUESTIONS},
	[TARN__HTTPS] = {&tarn__connection_channel, TARN__TLS_QUESTIONS},
};

_Static_assert(TARN__TCP_QUESTIONS == TARN__TCP_CHANNELS * TARN__CHANNEL_TRANSACTIONS &&
		       TARN__TLS_QUESTIONS == TARN__TLS_CHANNELS * TARN__TRANSACTIONS_MAX,
	       "connections take no more than that");
_Static_assert(TARN__UDP_QUESTIONS < TARN__UDP_CHANNELS * TARN__CHANNEL_TRANSACTIONS,
	       "probes have room beside them");

/* ---- finding ------------------------------------------------------------------------------ */

/* Fibonacci hashing: the upper bits of the product depend on all bits of the address. */
static size_t bucket_of(const struct tarn__endpoint *endpoint)
{
	uint32_t hash = (uint32_t)((uintptr_t)endpoint >> 4) * UINT32_C(2654435769);
	return hash >> (32 - TARN__LINE_BUCKET_BITS);
}

struct tarn__line *tarn__lines_find(const struct tarn__lines *lines,
				    const struct tarn__endpoint *endpoint)
{
	struct tarn__line *line = lines->buckets[bucket_of(endpoint)];
	while (line && line->endpoint != endpoint)
		line = line->next;
	return line;
}

static int add_server(struct tarn__line *line)
{
	if (!tarn__transport_is_encrypted((enum tarn__transport)line->endpoint->traits.transport))
		return 0;
	line->server = malloc(sizeof(*line->server));
	if (!line->server)
		return TARN_ENOMEM;
	tarn__secure_server_init(line->server, line->endpoint);
	return 0;
}

static void free_line(struct tarn__line *line)
{
	if (line->server)
		tarn__secure_server_fini(line->server);
	free(line->server);
	tarn__endpoint_put(line->endpoint);
	free(line);
}

static struct tarn__line *new_line(struct tarn__endpoint *endpoint)
{
	struct tarn__line *line = calloc(1, sizeof(*line));
	if (!line)
		return NULL;
	line->endpoint = tarn__endpoint_get(endpoint);
	for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
		line->pools[i].line = line;
		line->pools[i].transport = (enum tarn__transport)i;
		line->pools[i].limit = kinds[i].questions_max;
	}
	if (add_server(line) == 0)
		return line;
	free_line(line);
	return NULL;
}

struct tarn__line *tarn__lines_have(struct tarn__lines *lines, struct tarn__endpoint *endpoint)
{
	struct tarn__line *line = tarn__lines_find(lines, endpoint);
	if (line)
		return line;
	line = new_line(endpoint);
	if (!line)
		return NULL;
	struct tarn__line **bucket = &lines->buckets[bucket_of(endpoint)];
	tarn__list_append(&lines->all, &line->node);
	line->next = *bucket;
	*bucket = line;
	return line;
}

/* ---- channels ----------------------------------------------------------------------------- */

struct tarn__channel *tarn__pool_add(struct tarn__lines *lines, struct tarn__pool *pool)
{
	struct tarn__channel_options options = lines->options;
	options.transport = pool->transport;
	options.endpoint = pool->line->endpoint;
	if (tarn__transport_is_encrypted(pool->transport))
		options.server = pool->line->server;
	struct tarn__channel *channel = kinds[pool->transport].ops->create(&options);
	if (!channel)
		return NULL;
	pool->channels[pool->count++] = channel;
	options.stats->channels++;
	return channel;
}

void tarn__line_clear(struct tarn__lines *lines, struct tarn__line *line)
{
	for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
		struct tarn__pool *pool = &line->pools[i];
		lines->options.stats->channels -= pool->count;
		while (pool->count > 0)
			tarn__channel_free(pool->channels[--pool->count]);
	}
}

void tarn__lines_remove(struct tarn__lines *lines, struct tarn__line *line)
{
	struct tarn__line **link = &lines->buckets[bucket_of(line->endpoint)];
	while (*link != line)
		link = &(*link)->next;
	*link = line->next;
	tarn__list_remove(&line->node);
	free_line(line);
}

void tarn__pool_leave_places(struct tarn__pool *pool, const struct tarn__channel *channel)
{
	for (size_t i = 0; i < TARN__UDP_PLACES; i++) {
		if (pool->places[i] == channel)
			pool->places[i] = NULL;
	}
}

static void shrink(struct tarn__lines *lines, struct tarn__pool *pool, uint64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < pool->count; i++) {
		struct tarn__channel *channel = pool->channels[i];
		if (tarn__channel_state(channel, now_ms) == TARN__CHANNEL_CLOSED &&
		    now_ms >= tarn__channel_used_ms(channel) + UNUSED_MS) {
			tarn__pool_leave_places(pool, channel);
			tarn__channel_free(channel);
			lines->options.stats->channels--;
		} else {
			pool->channels[kept++] = channel;
		}
	}
	pool->count = kept;
}

void tarn__lines_shrink(struct tarn__lines *lines, uint64_t now_ms)
{
	struct tarn__list *next;
	for (struct tarn__list *node = lines->all.next; node != &lines->all; node = next) {
		next = node->next;
		struct tarn__line *line = TARN__CONTAINER(node, struct tarn__line, node);
		size_t left = 0;
		for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
			shrink(lines, &line->pools[i], now_ms);
			left += line->pools[i].count;
		}
		if (left == 0 && !line->server)
			tarn__lines_remove(lines, line);
	}
}

void tarn__lines_for_each(struct tarn__lines *lines, tarn__channel_function *function,
			  uint64_t now_ms)
{
	for (struct tarn__list *node = lines->all.next; node != &lines->all; node = node->next) {
		struct tarn__line *line = TARN__CONTAINER(node, struct tarn__line, node);
		for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
			struct tarn__pool *pool = &line->pools[i];
			for (size_t j = 0; j < pool->count; j++)
				function(pool->channels[j], now_ms);
		}
	}
}

/* ---- all of them -------------------------------------------------------------------------- */

void tarn__lines_init(struct tarn__lines *lines, const struct tarn__channel_options *options)
{
	*lines = (struct tarn__lines){.options = *options};
	tarn__list_init(&lines->all);
}

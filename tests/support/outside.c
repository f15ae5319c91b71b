/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/outside.c: the fake outside. */
#include "support/outside.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/forward/endpoint.h"

static uint64_t now_ms(void *data)
{
	return ((struct outside *)data)->first->now_ms;
}

static uint64_t now_us(void *data)
{
	return now_ms(data) * 1000;
}

static uint64_t wall_ms(void *data)
{
	const struct outside *outside = data;
	const struct outside *first = outside->first;
	return (uint64_t)((int64_t)first->now_ms + first->wall_offset_sec * 1000);
}

static uint32_t wall_sec(void *data)
{
	const struct outside *first = ((struct outside *)data)->first;
	return (uint32_t)(first->wall_offset_sec + (int64_t)(now_ms(data) / 1000));
}

static void random_octets(void *data, void *out, size_t len)
{
	struct outside *outside = data;
	uint8_t *octets = out;
	for (size_t i = 0; i < len; i++) {
		outside->seed = outside->seed * 1664525 + 1013904223;
		octets[i] = (uint8_t)(outside->seed >> 24);
	}
}

/* Whatever happens, nothing goes in the clear to a server that is encrypted, nor to no address. */
static void check_way(const struct tarn_exchange *exchange)
{
	const struct tarn__endpoint *endpoint = exchange->endpoint;
	enum tarn__transport configured = (enum tarn__transport)endpoint->traits.transport;
	ck_assert(tarn__endpoint_has_address(endpoint));
	if (tarn__transport_is_encrypted(configured))
		ck_assert_int_eq(exchange->transport, configured);
	else
		ck_assert(!tarn__transport_is_encrypted(exchange->transport));
}

static int send_exchange(void *data, struct tarn_exchange *exchange)
{
	struct outside *outside = data;
	struct sent *sent = calloc(1, sizeof *sent);
	ck_assert_ptr_nonnull(sent);
	ck_assert_uint_le(exchange->len, sizeof sent->wire);
	check_way(exchange);
	sent->exchange = exchange;
	sent->server = exchange->endpoint->address;
	sent->transport = exchange->transport;
	sent->len = exchange->len;
	memcpy(sent->wire, exchange->wire, exchange->len);
	exchange->carrier = sent;
	*outside->sent_end = sent;
	outside->sent_end = &sent->next;
	return 0;
}

static void cancel_exchange(void *data, struct tarn_exchange *exchange)
{
	(void)data;
	struct sent *sent = exchange->carrier;
	ck_assert_ptr_eq(sent->exchange, exchange);
	sent->exchange = NULL;
}

/* An endpoint that is closed has no messages under way. */
static void close_endpoint(void *data, struct tarn__endpoint *endpoint)
{
	struct outside *outside = data;
	outside->closes++;
	for (const struct sent *sent = outside->sent; sent; sent = sent->next) {
		if (sent->exchange && sent->exchange->endpoint == endpoint)
			ck_abort_msg("an exchange is outstanding with what is closed");
	}
}

static void wake_at(void *data, uint64_t at_ms)
{
	((struct outside *)data)->wake_at_ms = at_ms;
}

/* As another thread would: the other worker runs when its time passes. */
static void wake_others(void *data)
{
	struct outside *self = data, *first = self->first;
	struct outside *other = self == first ? first->second : first;
	if (other)
		other->wake_at_ms = first->now_ms;
}

static void wake(void *arg)
{
	struct outside *outside = arg;
	outside->wake_at_ms = now_ms(outside);
}

static void prepare(struct outside *outside, struct outside *first)
{
	memset(outside, 0, sizeof *outside);
	outside->first = first;
	outside->io = (struct tarn_io){.data = outside,
				       .now_ms = now_ms,
				       .now_us = now_us,
				       .wall_sec = wall_sec,
				       .wall_ms = wall_ms,
				       .random = random_octets,
				       .send = send_exchange,
				       .cancel = cancel_exchange,
				       .close = close_endpoint,
				       .wake_at = wake_at,
				       .wake_others = wake_others};
	outside->wake_at_ms = UINT64_MAX;
	outside->sent_end = &outside->sent;
}

static struct tarn__config *make_config(const struct tarn_options *options)
{
	char fault[TARN__CONFIG_FAULT_MAX] = "";
	struct tarn__config *config = tarn__config_new(options, "tarn", NULL, fault);
	ck_assert_msg(config, "%s", fault);
	return config;
}

void outside_init_with(struct outside *outside, const struct tarn_options *options)
{
	prepare(outside, outside);
	outside->now_ms = 1000000;
	outside->wall_offset_sec = 1700000000;
	outside->config = make_config(options);
	outside->shared = tarn__shared_new(&(struct tarn__shared_options){
		.options = &(struct tarn_options){.cache_size = options->cache_size
								? options->cache_size
								: 1 << 20,
						  .stale_sec = options->stale_sec},
		.now_ms = now_ms,
		.now_arg = outside});
	ck_assert_ptr_nonnull(outside->shared);
	outside->resolver =
		tarn__resolver_new(outside->shared, outside->config, &outside->io, wake, outside);
	ck_assert_ptr_nonnull(outside->resolver);
}

void outside_set_wall(struct outside *first, uint32_t sec)
{
	first->wall_offset_sec = sec - (int64_t)(first->now_ms / 1000);
}

void outside_init(struct outside *outside, const struct tarn_address *servers, size_t count)
{
	outside_init_with(outside,
			  &(struct tarn_options){.upstreams = servers, .upstream_count = count});
}

void outside_init_second(struct outside *outside, struct outside *first)
{
	prepare(outside, first);
	first->second = outside;
	outside->resolver =
		tarn__resolver_new(first->shared, first->config, &outside->io, wake, outside);
	ck_assert_ptr_nonnull(outside->resolver);
}

static bool has_endpoint(const struct tarn__config *config, const struct tarn__endpoint *endpoint)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct tarn__zone_config *zone = config->zones[i];
		for (size_t j = 0; j < zone->endpoint_count; j++) {
			if (zone->endpoints[j] == endpoint)
				return true;
		}
	}
	return false;
}

/* Messages under way afterwards are to servers of that configuration. */
static void set_config(struct outside *outside, struct tarn__config *config)
{
	struct outside *first = outside->first;
	const struct tarn__second_config *before = tarn__resolver_config(outside->resolver)->second;
	bool is_other = first->store && before != config->second;
	ck_assert_int_eq(tarn__resolver_set_config(outside->resolver, config), 0);
	if (is_other)
		first->store_reconfigured(first->store, outside);
	for (const struct sent *sent = outside->sent; sent; sent = sent->next) {
		if (sent->exchange && !has_endpoint(config, sent->exchange->endpoint))
			ck_abort_msg("an exchange is outstanding with a server of before");
	}
}

/* Takes the reference. */
static void change_over(struct outside *first, struct tarn__config *config)
{
	ck_assert_ptr_nonnull(config);
	struct tarn__config *old = first->config;
	tarn__config_take_over(config, old);
	first->config = config;
	set_config(first, config);
	if (first->second)
		set_config(first->second, config);
	uint64_t cursor = 0;
	while (tarn__resolver_drop(first->resolver, &old, 1, &cursor))
		;
	tarn__config_put(old);
}

void outside_reconfigure(struct outside *first, const struct tarn_options *options)
{
	struct tarn__config *config = make_config(options);
	change_over(first, tarn__config_with_data(config, &first->config->policy->data));
	tarn__config_put(config);
}

void outside_set_servers(struct outside *outside, const struct tarn_address *servers, size_t count)
{
	outside_set_upstreams(outside, servers, NULL, count);
}

void outside_set_upstreams(struct outside *outside, const struct tarn_address *servers,
			   const struct tarn_traits *traits, size_t count)
{
	struct outside *first = outside->first;
	change_over(first, tarn__config_with_traits(first->config, servers, traits, count));
}

void outside_set_data(struct outside *first, const struct tarn__policy_data *data)
{
	change_over(first, tarn__config_with_data(first->config, data));
}

void outside_fini(struct outside *outside)
{
	tarn__resolver_free(outside->resolver);
	if (outside->first == outside) {
		tarn__shared_free(outside->shared);
		tarn__config_put(outside->config);
	} else {
		outside->first->second = NULL;
	}
	while (outside->sent) {
		struct sent *next = outside->sent->next;
		ck_assert_msg(!outside->sent->exchange, "an exchange was left behind");
		free(outside->sent);
		outside->sent = next;
	}
}

static void run_store(struct outside *outside)
{
	if (outside->store)
		outside->store_run(outside->store);
}

/* When something happens next: the resolver has to run, or the store answers. */
static uint64_t next_event(const struct outside *outside)
{
	uint64_t next = outside->store ? outside->store_next_ms(outside->store) : UINT64_MAX;
	return next < outside->wake_at_ms ? next : outside->wake_at_ms;
}

void outside_pass(struct outside *outside, uint64_t ms)
{
	uint64_t end = outside->now_ms + ms, next;
	size_t wakes = 0;
	tarn__resolver_run(outside->resolver);
	run_store(outside);
	while ((next = next_event(outside)) <= end) {
		ck_assert_msg(++wakes < 100000, "the resolver never rests");
		if (next > outside->now_ms)
			outside->now_ms = next;
		tarn__resolver_run(outside->resolver);
		run_store(outside);
	}
	outside->now_ms = end;
}

/* As net/worker.c, which runs what is due afterwards. */
void outside_sleep(struct outside *outside, uint64_t ms)
{
	outside->now_ms += ms;
	tarn__resolver_overslept(outside->resolver);
}

struct sent *outside_take(struct outside *outside, const struct tarn_address *server,
			  enum tarn__transport transport)
{
	for (struct sent *sent = outside->sent; sent; sent = sent->next)
		if (!sent->is_expected && sent->transport == transport &&
		    tarn_address_is_equal(&sent->server, server)) {
			sent->is_expected = true;
			return sent;
		}
	return NULL;
}

size_t outside_surprises(const struct outside *outside)
{
	size_t count = 0;
	for (const struct sent *sent = outside->sent; sent; sent = sent->next)
		count += !sent->is_expected;
	return count;
}

bool outside_fail(struct outside *outside, struct sent *sent, int error, const char *words)
{
	char copy[512] = "";
	if (!sent->exchange)
		return false;
	/* They are valid during the call only. */
	if (words)
		snprintf(copy, sizeof copy, "%s", words);
	sent->exchange->fault = words ? copy : NULL;
	bool is_heard = outside_answer(outside, sent, error, NULL, 0);
	memset(copy, 'x', sizeof copy - 1);
	return is_heard;
}

bool outside_answer(struct outside *outside, struct sent *sent, int error, const uint8_t *wire,
		    size_t len)
{
	struct tarn_exchange *exchange = sent->exchange;
	if (!exchange)
		return false;
	sent->exchange = NULL;
	exchange->done(exchange, error, wire, len);
	tarn__resolver_run(outside->resolver);
	return true;
}

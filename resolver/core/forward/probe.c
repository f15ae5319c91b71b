/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/probe.c: queries that find out whether servers answer. */
#include "core/forward/probe.h"

#include <stdlib.h>
#include <string.h>

#include "dns/message.h"

struct probe {
	struct tarn_exchange exchange;
	struct tarn__probes *all;
	struct tarn__list node; /* of all->outstanding */
	struct tarn__server *server;
	bool is_usual; /* a query that a client may send, too */
	uint64_t sent_ms;
	uint8_t wire[TARN__QUERY_MAX];
};

static uint64_t now_ms(const struct tarn__probes *probes)
{
	return probes->io->now_ms(probes->io->data);
}

static void wake_by(struct tarn__probes *probes, uint64_t at_ms)
{
	if (!probes->timer.is_running || at_ms < probes->timer.at_ms)
		tarn__timer_start(probes->timers, &probes->timer, at_ms);
}

static void drop(struct probe *probe)
{
	tarn__list_remove(&probe->node);
	free(probe);
}

static void cancel(struct probe *probe)
{
	const struct tarn_io *io = probe->all->io;
	io->cancel(io->data, &probe->exchange);
	drop(probe);
}

static bool is_of_use(const uint8_t *wire, size_t len)
{
	if (len < TARN__HEADER_LEN)
		return false;
	uint16_t rcode = tarn__get16(wire + 2) & TARN__FLAG_RCODE;
	return rcode == TARN__NOERROR || rcode == TARN__NXDOMAIN;
}

static void on_answer(struct tarn_exchange *exchange, int error, const uint8_t *wire, size_t len)
{
	struct probe *probe = TARN__CONTAINER(exchange, struct probe, exchange);
	struct tarn__probes *probes = probe->all;
	struct tarn__server *server = probe->server;
	bool was_dead = atomic_load(&server->endpoint->health.is_dead);
	if (error == 0)
		tarn__server_answered(server, probe->sent_ms, now_ms(probes));
	else
		probes->events->failed(probes, server, error, exchange->fault);
	bool is_useful = error == 0 && probe->is_usual && is_of_use(wire, len);
	drop(probe);
	if (error == 0)
		probes->events->answered(probes, server, was_dead);
	if (is_useful)
		probes->events->useful(probes, server);
}

static int send_question(struct tarn__probes *probes, struct tarn__server *server,
			 const struct tarn__key *key, bool has_edns, bool is_usual)
{
	if (!tarn__server_has_address(server))
		return TARN_EINVAL;
	struct probe *probe = malloc(sizeof *probe);
	if (!probe)
		return TARN_ENOMEM;
	const struct tarn_io *io = probes->io;
	*probe = (struct probe){
		.exchange = {.done = on_answer,
			     .endpoint = server->endpoint,
			     .transport = tarn__server_transport(server),
			     .rank = TARN__RANK_PROBE,
			     .wire = probe->wire},
		.all = probes,
		.server = server,
		.is_usual = is_usual,
		.sent_ms = now_ms(probes),
	};
	struct tarn__query_options query_options = {.edns = has_edns};
	tarn__server_protect(server, &query_options);
	io->random(io->data, &query_options.id, sizeof query_options.id);
	probe->exchange.len = tarn__query_write(key, &query_options, probe->wire);
	tarn__list_append(&probes->outstanding, &probe->node);
	int error = io->send(io->data, &probe->exchange);
	if (error < 0)
		drop(probe);
	else
		wake_by(probes, probe->sent_ms + TARN__PROBE_LIFE_MS);
	return error;
}

int tarn__probe_send(struct tarn__probes *probes, struct tarn__server *server,
		     const struct tarn__key *key)
{
	bool has_edns =
		tarn__server_is_encrypted(server) && !tarn__server_is_plain(server, now_ms(probes));
	return send_question(probes, server, key, has_edns, false);
}

/* See the head of probe.h. */
static struct tarn__key choose_question(const struct tarn__probes *probes,
					struct tarn__server *server)
{
	const struct tarn__example *example = &server->example;
	bool is_zones_turn = server->probes++ % 2 == 1;
	if (!is_zones_turn && example->qname_len > 0)
		return (struct tarn__key){.qname = example->qname,
					  .qname_len = example->qname_len,
					  .qtype = example->qtype,
					  .qclass = TARN__CLASS_IN};
	if (!is_zones_turn && probes->suggested_len > 0)
		return (struct tarn__key){.qname = probes->suggested,
					  .qname_len = probes->suggested_len,
					  .qtype = TARN__TYPE_A,
					  .qclass = TARN__CLASS_IN};
	return (struct tarn__key){.qname = probes->zone,
				  .qname_len = probes->zone_len,
				  .qtype = TARN__TYPE_NS,
				  .qclass = TARN__CLASS_IN};
}

/*
 * Every other probe of a server that has never answered a query with EDNS is without it, since the server
 * may drop such queries; not where it would be without padding then.
 */
static bool takes_edns(const struct tarn__server *server, uint64_t now)
{
	return !tarn__server_is_plain(server, now) &&
	       (tarn__server_is_encrypted(server) || tarn__fallback_takes_edns(&server->fallback) ||
		server->probes % 2 == 0);
}

static void send_probe(struct tarn__probes *probes, struct tarn__server *server, uint64_t now)
{
	bool has_edns = takes_edns(server, now);
	const struct tarn__key key = choose_question(probes, server);
	/* On failure the next probe follows in TARN__PROBE_MS. */
	send_question(probes, server, &key, has_edns, true);
}

void tarn__probe_now(struct tarn__probes *probes, struct tarn__server *server)
{
	uint64_t now = now_ms(probes);
	server->probe_at_ms = now + TARN__PROBE_MS;
	atomic_store(&server->endpoint->health.probe_at_ms, server->probe_at_ms);
	send_probe(probes, server, now);
}

/*
 * Probes a dead server if no worker has probed it within TARN__PROBE_MS. Returns the time of the next
 * probe.
 */
static uint64_t probe_dead(struct tarn__probes *probes, struct tarn__server *server, uint64_t now)
{
	struct tarn__health *health = &server->endpoint->health;
	uint64_t at = atomic_load(&health->probe_at_ms);
	if (now < at ||
	    !atomic_compare_exchange_strong(&health->probe_at_ms, &at, now + TARN__PROBE_MS))
		return at;
	send_probe(probes, server, now);
	probes->events->asked(probes, server);
	return now + TARN__PROBE_MS;
}

/* Probes a server that is alive, which each worker does for itself. Returns as above. */
static uint64_t probe_living(struct tarn__probes *probes, struct tarn__server *server, uint64_t now)
{
	if (now < server->probe_at_ms)
		return server->probe_at_ms;
	server->probe_at_ms = now + TARN__PROBE_MS;
	send_probe(probes, server, now);
	return server->probe_at_ms;
}

/* Cancels the probes whose time is over. Returns the time at which the next one's is. */
static uint64_t expire(struct tarn__probes *probes, uint64_t now)
{
	while (!tarn__list_is_empty(&probes->outstanding)) {
		struct probe *probe = TARN__CONTAINER(probes->outstanding.next, struct probe, node);
		if (now < probe->sent_ms + TARN__PROBE_LIFE_MS)
			return probe->sent_ms + TARN__PROBE_LIFE_MS;
		cancel(probe);
	}
	return UINT64_MAX;
}

/* Probes the servers that are due. Returns the time at which the next one is. */
static uint64_t probe_due(struct tarn__probes *probes, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	for (size_t i = 0; i < probes->server_count; i++) {
		struct tarn__server *server = probes->servers[i];
		if (!tarn__server_needs_probe(server))
			continue;
		uint64_t at = tarn__server_is_dead(server) ? probe_dead(probes, server, now)
							   : probe_living(probes, server, now);
		if (at < next)
			next = at;
	}
	return next;
}

static void on_timer(struct tarn__timer *timer)
{
	struct tarn__probes *probes = TARN__CONTAINER(timer, struct tarn__probes, timer);
	uint64_t now = now_ms(probes);
	uint64_t next = expire(probes, now);
	if (now < probes->wanted_until_ms) {
		uint64_t next_probe = probe_due(probes, now);
		if (next_probe < next)
			next = next_probe;
	}
	if (next < UINT64_MAX)
		wake_by(probes, next);
}

void tarn__probes_init(struct tarn__probes *probes, const struct tarn_io *io,
		       struct tarn__timers *timers, struct tarn__server *const *servers,
		       const struct tarn__zone_config *zone,
		       const struct tarn__probe_events *events)
{
	*probes = (struct tarn__probes){.io = io,
					.timers = timers,
					.servers = servers,
					.server_count = zone->endpoint_count,
					.events = events,
					.timer = {.fire = on_timer},
					.zone_len = zone->name_len};
	memcpy(probes->zone, zone->name, zone->name_len);
	tarn__list_init(&probes->outstanding);
}

void tarn__probes_stop(struct tarn__probes *probes)
{
	while (!tarn__list_is_empty(&probes->outstanding))
		cancel(TARN__CONTAINER(probes->outstanding.next, struct probe, node));
	tarn__timer_stop(probes->timers, &probes->timer);
}

void tarn__probes_want(struct tarn__probes *probes)
{
	uint64_t now = now_ms(probes);
	probes->wanted_until_ms = now + TARN__PROBE_LIFE_MS;
	for (size_t i = 0; i < probes->server_count; i++) {
		const struct tarn__server *server = probes->servers[i];
		if (!tarn__server_needs_probe(server))
			continue;
		uint64_t at = tarn__server_is_dead(server)
				      ? atomic_load(&server->endpoint->health.probe_at_ms)
				      : server->probe_at_ms;
		wake_by(probes, at > now ? at : now);
	}
}

void tarn__probes_suggest(struct tarn__probes *probes, const struct tarn__key *key)
{
	probes->suggested_len = key->qname_len;
	memcpy(probes->suggested, key->qname, key->qname_len);
}

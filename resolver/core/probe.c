/* SPDX-License-Identifier: BSD-2-Clause */
/* core/probe.c: asks dead servers whether they live. */
#include "core/probe.h"

#include <stdlib.h>
#include <string.h>

#include "dns/message.h"

struct probe {
	struct tarn_exchange exchange;
	struct tarn__probes *all;
	struct tarn__list node; /* of all->outstanding */
	struct tarn__server *server;
	uint64_t sent_ms;
	uint8_t wire[TARN__ASK_MAX];
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

static void on_answer(struct tarn_exchange *exchange, int error, const uint8_t *wire, size_t len)
{
	(void)wire;
	(void)len;
	struct probe *probe = TARN__CONTAINER(exchange, struct probe, exchange);
	struct tarn__probes *probes = probe->all;
	size_t index = (size_t)(probe->server - probes->upstream->servers);
	bool was_dead = atomic_load(&probe->server->health->is_dead);
	if (error == 0)
		tarn__server_answered(probe->server, probe->sent_ms, now_ms(probes));
	drop(probe);
	if (error == 0)
		probes->answered(probes, index, was_dead);
}

int tarn__probe_send(struct tarn__probes *probes, size_t index, const struct tarn__key *key,
		     bool has_edns)
{
	struct probe *probe = malloc(sizeof *probe);
	if (!probe)
		return TARN_ENOMEM;
	const struct tarn_io *io = probes->io;
	struct tarn__server *server = &probes->upstream->servers[index];
	*probe = (struct probe){
		.exchange = {.done = on_answer,
			     .server = &server->address,
			     .server_index = probes->upstream->first + index,
			     .transport = TARN__UDP,
			     .wire = probe->wire},
		.all = probes,
		.server = server,
		.sent_ms = now_ms(probes),
	};
	struct tarn__ask ask = {.edns = has_edns};
	io->random(io->data, &ask.id, sizeof ask.id);
	probe->exchange.len = tarn__ask_write(key, &ask, probe->wire);
	tarn__list_append(&probes->outstanding, &probe->node);
	int error = io->send(io->data, &probe->exchange);
	if (error < 0)
		drop(probe);
	else
		wake_by(probes, probe->sent_ms + TARN__PROBE_LIFE_MS);
	return error;
}

static void send_probe(struct tarn__probes *probes, size_t index, uint64_t now)
{
	const struct tarn__server *server = &probes->upstream->servers[index];
	/* Who has it, or forwards it, can say so at once. */
	const struct tarn__key name_servers = {.qname = probes->zone,
					       .qname_len = probes->zone_len,
					       .qtype = TARN__TYPE_NS,
					       .qclass = TARN__CLASS_IN};
	/* Where it cannot be sent now, the next may be. */
	tarn__probe_send(probes, index, &name_servers, now >= server->plain_until_ms);
}

void tarn__probe_now(struct tarn__probes *probes, size_t index)
{
	uint64_t now = now_ms(probes);
	atomic_store(&probes->upstream->servers[index].health->probe_at_ms, now + TARN__PROBE_MS);
	send_probe(probes, index, now);
}

/* Probes the server if no worker has done so within TARN__PROBE_MS. Returns when it is due again. */
static uint64_t probe_in_turn(struct tarn__probes *probes, size_t index, uint64_t now)
{
	struct tarn__health *health = probes->upstream->servers[index].health;
	uint64_t at = atomic_load(&health->probe_at_ms);
	if (now < at ||
	    !atomic_compare_exchange_strong(&health->probe_at_ms, &at, now + TARN__PROBE_MS))
		return at;
	send_probe(probes, index, now);
	probes->asked(probes, index);
	return now + TARN__PROBE_MS;
}

/* Who has not answered by now is not waited for. Returns when the next one's time is over. */
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

/* Probes the dead servers whose turn it is. Returns when the next one's is. */
static uint64_t probe_dead(struct tarn__probes *probes, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	for (size_t i = 0; i < probes->upstream->count; i++) {
		if (!tarn__server_is_dead(&probes->upstream->servers[i]))
			continue;
		uint64_t at = probe_in_turn(probes, i, now);
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
		uint64_t next_probe = probe_dead(probes, now);
		if (next_probe < next)
			next = next_probe;
	}
	if (next < UINT64_MAX)
		wake_by(probes, next);
}

void tarn__probes_init(struct tarn__probes *probes, const struct tarn_io *io,
		       struct tarn__timers *timers, struct tarn__upstream *upstream,
		       const struct tarn__group *group,
		       void (*answered)(struct tarn__probes *, size_t index, bool has_healed),
		       void (*asked)(struct tarn__probes *, size_t index))
{
	*probes = (struct tarn__probes){.io = io,
					.timers = timers,
					.upstream = upstream,
					.answered = answered,
					.asked = asked,
					.timer = {.fire = on_timer},
					.zone_len = group->zone_len};
	memcpy(probes->zone, group->zone, group->zone_len);
	tarn__list_init(&probes->outstanding);
}

void tarn__probes_stop(struct tarn__probes *probes)
{
	while (!tarn__list_is_empty(&probes->outstanding))
		cancel(TARN__CONTAINER(probes->outstanding.next, struct probe, node));
	tarn__timer_stop(probes->timers, &probes->timer);
}

void tarn__probes_move(struct tarn__probes *probes)
{
	const struct tarn__upstream *upstream = probes->upstream;
	for (struct tarn__list *node = probes->outstanding.next; node != &probes->outstanding;
	     node = node->next) {
		struct probe *probe = TARN__CONTAINER(node, struct probe, node);
		probe->exchange.server_index =
			upstream->first + (size_t)(probe->server - upstream->servers);
	}
}

void tarn__probes_want(struct tarn__probes *probes)
{
	uint64_t now = now_ms(probes);
	probes->wanted_until_ms = now + TARN__PROBE_LIFE_MS;
	for (size_t i = 0; i < probes->upstream->count; i++) {
		const struct tarn__server *server = &probes->upstream->servers[i];
		if (!tarn__server_is_dead(server))
			continue;
		uint64_t at = atomic_load(&server->health->probe_at_ms);
		wake_by(probes, at > now ? at : now);
	}
}

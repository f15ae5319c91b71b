/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/server.c: what a worker learns of its servers, and how long it keeps it. */
#include "core/forward/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"

/* ---- servers ---------------------------------------------------------------------------- */

static struct tarn__server *make_server(struct tarn__endpoint *endpoint,
					const uint8_t secret[TARN__COOKIE_SECRET_LEN])
{
	struct tarn__server *server = calloc(1, sizeof *server);
	if (!server)
		return NULL;
	server->endpoint = tarn__endpoint_get(endpoint);
	size_t len;
	const uint8_t *octets = tarn__address_octets(&endpoint->address, &len);
	tarn__cookie_for_server(secret, octets, len, server->cookie);
	server->cookie_len = TARN__COOKIE_CLIENT_LEN;
	return server;
}

static struct tarn__server *find_server(struct tarn__server *const *servers, size_t count,
					const struct tarn__endpoint *endpoint)
{
	for (size_t i = 0; i < count; i++) {
		if (servers[i]->endpoint == endpoint)
			return servers[i];
	}
	return NULL;
}

static void put_server(struct tarn__server *server, const struct tarn_io *io)
{
	if (--server->references > 0)
		return;
	if (io)
		io->close(io->data, server->endpoint);
	tarn__endpoint_put(server->endpoint);
	free(server);
}

int tarn__servers_init(struct tarn__server *servers[], const struct tarn__zone_config *zone,
		       const uint8_t secret[TARN__COOKIE_SECRET_LEN],
		       struct tarn__server *const *old, size_t old_count)
{
	for (size_t i = 0; i < zone->endpoint_count; i++) {
		struct tarn__endpoint *endpoint = zone->endpoints[i];
		struct tarn__server *server = find_server(old, old_count, endpoint);
		if (!server)
			server = make_server(endpoint, secret);
		if (!server) {
			tarn__servers_fini(servers, i, NULL);
			return TARN_ENOMEM;
		}
		server->references++;
		servers[i] = server;
	}
	return 0;
}

void tarn__servers_fini(struct tarn__server *servers[], size_t count, const struct tarn_io *io)
{
	while (count > 0)
		put_server(servers[--count], io);
}

/* ---- state -------------------------------------------------------------------------- */

/* RFC 6298 section 2, with the usual gains of 1/8 and 1/4. */
void tarn__server_answered(struct tarn__server *server, uint64_t sent_ms, uint64_t now_ms)
{
	enum { RTT_MAX_MS = 60000 };
	uint64_t rtt_ms = now_ms - sent_ms;
	uint32_t rtt = rtt_ms < 1 ? 1 : rtt_ms > RTT_MAX_MS ? RTT_MAX_MS : (uint32_t)rtt_ms;
	if (server->srtt_ms == 0) {
		server->srtt_ms = rtt;
		server->rttvar_ms = rtt / 2;
	} else {
		uint32_t off =
			rtt > server->srtt_ms ? rtt - server->srtt_ms : server->srtt_ms - rtt;
		server->rttvar_ms = (3 * server->rttvar_ms + off) / 4;
		server->srtt_ms = (7 * server->srtt_ms + rtt + 7) / 8;
	}
	server->failures = 0;
	server->answered_ms = server->spoken_ms = now_ms;
	/* Read first: a store would take the cache line from the other workers at each answer. */
	struct tarn__health *health = &server->endpoint->health;
	if (atomic_load_explicit(&health->is_dead, memory_order_relaxed))
		atomic_store(&health->is_dead, false);
}

void tarn__server_recovered(struct tarn__server *server, uint64_t now_ms)
{
	server->failures = 0;
	server->spoken_ms = now_ms;
}

void tarn__server_failed(struct tarn__server *server, uint64_t now_ms)
{
	server->counts.silent++;
	if (server->failures < UINT32_MAX)
		server->failures++;
	if (server->failures != TARN__HOLD_FAILURES)
		return;
	server->held_until_ms = now_ms + TARN__HOLD_MS;
	/* Another server may answer at the address afterwards. */
	server->takes_mixed_case = false;
	tarn__fallback_died(&server->fallback);
	atomic_store(&server->endpoint->health.is_dead, true);
}

/* Types 1 to 61, among them A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV and DNSSEC's; HTTPS; others. */
static uint64_t type_class(uint16_t qtype)
{
	enum { COMMON = 62, HTTPS = 65 };
	unsigned bit = qtype < COMMON ? qtype : qtype == HTTPS ? COMMON : COMMON + 1;
	return UINT64_C(1) << bit;
}

void tarn__server_learn(struct tarn__server *server, const struct tarn__key *key, uint64_t now_ms)
{
	struct tarn__example *example = &server->example;
	server->answered_types |= type_class(key->qtype);
	if (example->qname_len > 0 && now_ms < example->at_ms + TARN__EXAMPLE_MS)
		return;
	example->at_ms = now_ms;
	example->qtype = key->qtype;
	example->qname_len = key->qname_len;
	memcpy(example->qname, key->qname, key->qname_len);
}

bool tarn__server_answers(const struct tarn__server *server, uint16_t qtype)
{
	return server->answered_types == 0 || (server->answered_types & type_class(qtype)) != 0;
}

void tarn__server_was_unusable(struct tarn__server *server)
{
	server->counts.unusable++;
	if (server->unusable_streak < UINT32_MAX)
		server->unusable_streak++;
}

bool tarn__server_was_usable(struct tarn__server *server)
{
	bool ends_trouble = server->unusable_streak >= TARN__UNUSABLE_STREAK;
	server->unusable_streak = 0;
	return ends_trouble;
}

void tarn__server_forget(struct tarn__server *server)
{
	server->answered_types = 0;
	server->srtt_ms = 0;
	server->rttvar_ms = 0;
	server->failures = 0;
	server->fault = 0;
	server->takes_mixed_case = false;
	server->fallback = (struct tarn__fallback){0};
}

void tarn__server_protect(const struct tarn__server *server, struct tarn__query_options *options)
{
	enum tarn__transport transport = tarn__server_transport(server);
	if (!tarn__transport_is_encrypted(transport) || !options->edns)
		return;
	/* RFC 8467 section 4.1 */
	options->is_padded = true;
	/*
	 * RFC 7828 section 3.2.1. Which question is the first of a connection is known to the carrier alone,
	 * and in the others the option costs nothing: it takes the place of padding.
	 */
	options->wants_keepalive = tarn__transports[transport].has_keepalive;
}

void tarn__server_keep_cookie(struct tarn__server *server, const uint8_t *cookie, size_t len)
{
	server->cookie_len = TARN__COOKIE_CLIENT_LEN;
	if (len <= TARN__COOKIE_CLIENT_LEN || len > TARN__COOKIE_MAX)
		return;
	memcpy(server->cookie + TARN__COOKIE_CLIENT_LEN, cookie + TARN__COOKIE_CLIENT_LEN,
	       len - TARN__COOKIE_CLIENT_LEN);
	server->cookie_len = (uint8_t)len;
}

void tarn__quirk_shown(struct tarn__quirk *quirk, uint64_t now_ms)
{
	if (quirk->streak < TARN__QUIRK_STREAK)
		quirk->streak++;
	if (quirk->streak >= TARN__QUIRK_STREAK)
		quirk->until_ms = now_ms + TARN__QUIRK_MS;
}

void tarn__quirk_missed(struct tarn__quirk *quirk)
{
	quirk->streak = 0;
}

bool tarn__quirk_is_known(const struct tarn__quirk *quirk, uint64_t now_ms)
{
	return now_ms < quirk->until_ms;
}

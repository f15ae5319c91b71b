/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/upstream.c: the state of the upstream servers, and the choice among them. */
#include "core/forward/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/access.h"

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

static struct tarn__server *find_server(const struct tarn__upstream *upstream,
					const struct tarn__endpoint *endpoint)
{
	for (size_t i = 0; upstream && i < upstream->count; i++) {
		if (upstream->servers[i]->endpoint == endpoint)
			return upstream->servers[i];
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

struct tarn__upstream *tarn__upstream_new(const struct tarn__zone_config *zone,
					  const uint8_t secret[TARN__COOKIE_SECRET_LEN],
					  const struct tarn__upstream *old)
{
	struct tarn__upstream *upstream =
		calloc(1, sizeof *upstream + zone->endpoint_count * sizeof upstream->servers[0]);
	if (!upstream)
		return NULL;
	upstream->selection = zone->selection;
	for (size_t i = 0; i < zone->endpoint_count; i++) {
		struct tarn__server *server = find_server(old, zone->endpoints[i]);
		if (!server)
			server = make_server(zone->endpoints[i], secret);
		if (!server) {
			tarn__upstream_free(upstream, NULL);
			return NULL;
		}
		server->references++;
		upstream->servers[upstream->count++] = server;
	}
	return upstream;
}

void tarn__upstream_free(struct tarn__upstream *upstream, const struct tarn_io *io)
{
	while (upstream && upstream->count > 0)
		put_server(upstream->servers[--upstream->count], io);
	free(upstream);
}

enum tarn__upstream_state tarn__upstream_state(const struct tarn__upstream *upstream)
{
	enum tarn__upstream_state state = TARN__UPSTREAM_NONE;
	for (size_t i = 0; i < upstream->count; i++) {
		if (upstream->servers[i]->is_forward_loop)
			continue;
		if (!tarn__server_is_dead(upstream->servers[i]))
			return TARN__UPSTREAM_UP;
		state = TARN__UPSTREAM_DOWN;
	}
	return state;
}

/* ---- the choice ------------------------------------------------------------------------- */

/* How far behind the question's turn a server is. */
static size_t distance(const struct tarn__upstream *upstream, size_t index, size_t turn)
{
	return (index + upstream->count - turn % upstream->count) % upstream->count;
}

/* Has the server answered something since the question was sent to it? */
static bool has_spoken(const struct tarn__server *server, const struct tarn__tries *tries)
{
	return server->spoken_ms >= tries->sent_ms;
}

/* Is a to be asked before b, of which the configuration names a after b? */
static bool is_better(const struct tarn__upstream *upstream, const struct tarn__tries *tries,
		      size_t a, size_t b, size_t turn)
{
	if (upstream->selection == TARN_SELECTION_STRICT)
		return false;
	int a_sends = tries[a].sends + tries[a].tcp_sends;
	int b_sends = tries[b].sends + tries[b].tcp_sends;
	if (a_sends != b_sends)
		return a_sends < b_sends;
	bool has_a_spoken = has_spoken(upstream->servers[a], &tries[a]);
	if (has_a_spoken != has_spoken(upstream->servers[b], &tries[b]))
		return has_a_spoken;
	switch (upstream->selection) {
	case TARN_SELECTION_SEQUENTIAL:
		return false;
	case TARN_SELECTION_ROUND_ROBIN:
		return distance(upstream, a, turn) < distance(upstream, b, turn);
	default:
		return upstream->servers[a]->srtt_ms < upstream->servers[b]->srtt_ms;
	}
}

static bool may_be_asked(const struct tarn__server *server, const struct tarn__tries *tries)
{
	uint8_t sends = tries->is_over_tcp ? tries->tcp_sends : tries->sends;
	return !server->is_forward_loop && !tarn__server_is_dead(server) && !tries->is_done &&
	       sends < TARN__SENDS_MAX;
}

/* Is the last message kept? Over TCP there is nothing to wait for: the connection tells. */
static bool is_last_kept(const struct tarn__server *server, const struct tarn__tries *tries)
{
	return !tries->is_over_tcp && tries->sends == TARN__SENDS_MAX - 1 &&
	       !has_spoken(server, tries);
}

bool tarn__upstream_doubt(struct tarn__upstream *upstream, const struct tarn__tries *tries)
{
	bool is_any = false;
	for (size_t i = 0; i < upstream->count; i++) {
		struct tarn__server *server = upstream->servers[i];
		if (!may_be_asked(server, &tries[i]) || !is_last_kept(server, &tries[i]))
			continue;
		server->is_doubted = true;
		is_any = true;
	}
	return is_any;
}

int tarn__upstream_choose(const struct tarn__upstream *upstream, const struct tarn__tries *tries,
			  size_t turn)
{
	int best = -1;
	for (size_t i = 0; i < upstream->count; i++) {
		const struct tarn__server *server = upstream->servers[i];
		if (!may_be_asked(server, &tries[i]) || is_last_kept(server, &tries[i]))
			continue;
		if (best < 0 || is_better(upstream, tries, i, (size_t)best, turn))
			best = (int)i;
	}
	return best;
}

bool tarn__upstream_may_try(const struct tarn__upstream *upstream, size_t index)
{
	if (upstream->selection != TARN_SELECTION_STRICT)
		return true;
	for (size_t i = 0; i < index; i++) {
		const struct tarn__server *server = upstream->servers[i];
		if (!server->is_forward_loop && !tarn__server_is_dead(server))
			return false;
	}
	return true;
}

uint64_t tarn__upstream_patience_ms(const struct tarn__server *server, unsigned sends)
{
	uint64_t patience = TARN__PATIENCE_NEW_MS;
	if (server->srtt_ms > 0)
		patience = server->srtt_ms + 4 * (uint64_t)server->rttvar_ms;
	if (patience < TARN__PATIENCE_MIN_MS)
		patience = TARN__PATIENCE_MIN_MS;
	for (unsigned i = 1; i < sends; i++)
		patience *= 2;
	return patience < TARN__PATIENCE_MAX_MS ? patience : TARN__PATIENCE_MAX_MS;
}

/* ---- what is learnt --------------------------------------------------------------------- */

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
	/* Almost never: the line stays shared. */
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
	/* It may come back as another. */
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
	server->takes_mixed_case = false;
	server->fallback = (struct tarn__fallback){0};
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

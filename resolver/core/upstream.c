/* SPDX-License-Identifier: BSD-2-Clause */
/* core/upstream.c: the state of the upstream servers, and the choice among them. */
#include "core/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "core/access.h"

struct tarn__upstream *tarn__upstream_new(const struct tarn_address *addresses, size_t count,
					  const uint8_t secret[TARN__COOKIE_SECRET_LEN])
{
	struct tarn__upstream *upstream =
		calloc(1, sizeof *upstream + count * sizeof upstream->servers[0]);
	if (!upstream)
		return NULL;
	upstream->count = count;
	for (size_t i = 0; i < count; i++) {
		struct tarn__server *server = &upstream->servers[i];
		server->address = &addresses[i];
		size_t len;
		const uint8_t *octets = tarn__address_octets(server->address, &len);
		tarn__cookie_for_server(secret, octets, len, server->cookie);
		server->cookie_len = TARN__COOKIE_CLIENT_LEN;
	}
	return upstream;
}

void tarn__upstream_free(struct tarn__upstream *upstream)
{
	free(upstream);
}

/* Is a to be asked before b, of which the configuration names a after b? */
static bool is_better(const struct tarn__server *a, const struct tarn__tries *a_tries,
		      const struct tarn__server *b, const struct tarn__tries *b_tries,
		      uint64_t now_ms)
{
	if (a_tries->sends != b_tries->sends)
		return a_tries->sends < b_tries->sends;
	bool a_is_held = a->held_until_ms > now_ms;
	bool b_is_held = b->held_until_ms > now_ms;
	if (a_is_held != b_is_held)
		return b_is_held;
	return a->srtt_ms < b->srtt_ms;
}

int tarn__upstream_choose(const struct tarn__upstream *upstream, const struct tarn__tries *tries,
			  uint64_t now_ms)
{
	int best = -1;
	for (size_t i = 0; i < upstream->count; i++) {
		if (tries[i].is_done || tries[i].sends >= TARN__SENDS_MAX)
			continue;
		if (best < 0 || is_better(&upstream->servers[i], &tries[i],
					  &upstream->servers[best], &tries[best], now_ms))
			best = (int)i;
	}
	return best;
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

/* RFC 6298 section 2, with the usual gains of 1/8 and 1/4. */
void tarn__server_answered(struct tarn__server *server, uint64_t rtt_ms)
{
	enum { RTT_MAX_MS = 60000 };
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
	server->held_until_ms = 0;
}

void tarn__server_failed(struct tarn__server *server, uint64_t now_ms)
{
	if (server->failures < UINT32_MAX)
		server->failures++;
	if (server->failures >= TARN__HOLD_FAILURES)
		server->held_until_ms = now_ms + TARN__HOLD_MS;
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

void tarn__flaw_shown(struct tarn__flaw *flaw, uint64_t now_ms)
{
	if (flaw->streak < TARN__FLAW_STREAK)
		flaw->streak++;
	if (flaw->streak >= TARN__FLAW_STREAK)
		flaw->until_ms = now_ms + TARN__FLAW_MS;
}

void tarn__flaw_missed(struct tarn__flaw *flaw)
{
	flaw->streak = 0;
}

bool tarn__flaw_is_known(const struct tarn__flaw *flaw, uint64_t now_ms)
{
	return now_ms < flaw->until_ms;
}

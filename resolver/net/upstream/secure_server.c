/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/secure_server.c: what is known of an encrypted server. */
#include "net/upstream/secure_server.h"

#include <stdio.h>

#include "net/random.h"

void tarn__secure_server_init(struct tarn__secure_server *server,
			      const struct tarn__endpoint *endpoint)
{
	*server = (struct tarn__secure_server){.idle_ms = TARN__IDLE_MAX_MS,
					       .share = TARN__SHARE_MAX};
	tarn__authority_format(endpoint, server->authority);
}

void tarn__secure_server_fini(struct tarn__secure_server *server)
{
	tarn__session_store_put(server->store);
	server->store = NULL;
}

void tarn__secure_server_network_changed(struct tarn__secure_server *server)
{
	server->failures = 0;
	server->is_proven = false;
	server->wait_until_ms = server->held_until_ms = 0;
	server->srtt_ms = 0;
	server->idle_ms = TARN__IDLE_MAX_MS;
	server->share = TARN__SHARE_MAX;
}

/* ---- set-ups ------------------------------------------------------------------------------ */

bool tarn__secure_server_may_start(const struct tarn__secure_server *server, uint64_t now_ms)
{
	return now_ms >= server->wait_until_ms;
}

void tarn__secure_server_started(struct tarn__secure_server *server, uint64_t now_ms)
{
	server->started_ms = now_ms;
}

void tarn__secure_server_succeeded(struct tarn__secure_server *server)
{
	server->failures = 0;
	server->wait_until_ms = 0;
	server->is_proven = true;
}

void tarn__secure_server_was_late(struct tarn__secure_server *server)
{
	server->is_proven = false;
}

static void set_fault(struct tarn__secure_server *server, int error, const char *fault)
{
	server->error = error;
	snprintf(server->fault, sizeof(server->fault), "%s", fault);
}

/* From three quarters to five, so that many machines do not come at the same time. */
static uint64_t with_jitter(uint64_t span_ms, struct tarn__random *random)
{
	return span_ms * 3 / 4 + tarn__random_below(random, (uint32_t)(span_ms / 2));
}

static uint64_t backoff_ms(unsigned failures)
{
	uint64_t span_ms = TARN__BACKOFF_MIN_MS;
	for (unsigned i = 1; i < failures && span_ms < TARN__BACKOFF_MAX_MS; i++)
		span_ms *= 2;
	return span_ms < TARN__BACKOFF_MAX_MS ? span_ms : TARN__BACKOFF_MAX_MS;
}

void tarn__secure_server_failed(struct tarn__secure_server *server, int error, const char *fault,
				bool is_alone, uint64_t now_ms, struct tarn__random *random)
{
	set_fault(server, error, fault);
	server->is_proven = false;
	server->failures++;
	uint64_t until_ms = now_ms + with_jitter(backoff_ms(server->failures), random);
	uint64_t alone_ms = server->started_ms + TARN__BACKOFF_ALONE_MS;
	server->wait_until_ms = is_alone && alone_ms < until_ms ? alone_ms : until_ms;
}

void tarn__secure_server_hold(struct tarn__secure_server *server, int error, const char *fault,
			      uint32_t hold_ms, uint64_t now_ms)
{
	set_fault(server, error, fault);
	uint64_t span_ms = hold_ms < TARN__HOLD_MAX_MS ? hold_ms : TARN__HOLD_MAX_MS;
	server->held_until_ms = now_ms + span_ms;
}

/* ---- silence ------------------------------------------------------------------------------ */

void tarn__secure_server_answered(struct tarn__secure_server *server, uint64_t rtt_ms)
{
	/* Never 0, which means unknown. */
	uint64_t sample = rtt_ms < 1 ? 1 : rtt_ms;
	uint64_t srtt =
		server->srtt_ms == 0 ? sample : (7 * (uint64_t)server->srtt_ms + sample) / 8;
	server->srtt_ms = (uint32_t)(srtt < 1 ? 1 : srtt);
}

uint64_t tarn__secure_server_doubt_ms(const struct tarn__secure_server *server)
{
	uint64_t span_ms = 3 * (uint64_t)server->srtt_ms;
	return span_ms > TARN__DOUBT_MS ? span_ms : TARN__DOUBT_MS;
}

uint64_t tarn__secure_server_dead_ms(const struct tarn__secure_server *server)
{
	return tarn__secure_server_doubt_ms(server) + TARN__DEAD_MS - TARN__DOUBT_MS;
}

/* ---- ends --------------------------------------------------------------------------------- */

/* A tenth less, so that it is not closed while a question is on its way. */
void tarn__secure_server_closed(struct tarn__secure_server *server, uint64_t idle_ms)
{
	uint64_t span_ms = idle_ms - idle_ms / 10;
	if (span_ms < TARN__IDLE_MIN_MS)
		span_ms = TARN__IDLE_MIN_MS;
	if (span_ms < server->idle_ms)
		server->idle_ms = (uint32_t)span_ms;
}

/* What was learnt may have been a restart of the server: it is tried for longer and longer. */
void tarn__secure_server_kept(struct tarn__secure_server *server)
{
	uint32_t span_ms = server->idle_ms + server->idle_ms / 16;
	server->idle_ms = span_ms < TARN__IDLE_MAX_MS ? span_ms : TARN__IDLE_MAX_MS;
}

void tarn__secure_server_ended(struct tarn__secure_server *server, unsigned answered)
{
	if (answered > 0 && answered < server->share)
		server->share = answered;
}

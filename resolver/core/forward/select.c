/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/select.c: decisions about servers, without effects. */
#include "core/forward/select.h"

enum tarn__servers_state tarn__select_state(struct tarn__server *const *servers, size_t count)
{
	enum tarn__servers_state state = TARN__SERVERS_NONE;
	for (size_t i = 0; i < count; i++) {
		if (servers[i]->is_forward_loop)
			continue;
		if (!tarn__server_is_dead(servers[i]))
			return TARN__SERVERS_UP;
		state = TARN__SERVERS_DOWN;
	}
	return state;
}

/* ---- candidates ------------------------------------------------------------------------- */

static bool has_messages_left(const struct tarn__server *server,
			      const struct tarn__server_tries *tries)
{
	uint8_t sends = tries->is_over_stream ? tries->stream_sends : tries->sends;
	return !server->is_forward_loop && !tarn__server_is_dead(server) && !tries->is_done &&
	       sends < TARN__SENDS_MAX;
}

/* Returns true if the server has answered something since the lookup's last message to it. */
static bool has_answered(const struct tarn__server *server, const struct tarn__server_tries *tries)
{
	return server->spoken_ms >= tries->sent_ms;
}

/* Over a connection no message is held back: it shows whether the server is there. */
static bool holds_last(const struct tarn__server *server, const struct tarn__server_tries *tries)
{
	return !tries->is_over_stream && tries->sends == TARN__SENDS_MAX - 1 &&
	       !has_answered(server, tries);
}

/*
 * The carrier itself sends again what it has sent over an encrypted connection that was lost or is silent. A
 * lookup's next message is for a server that answers, but has not answered this.
 */
static bool is_with_carrier(const struct tarn__server *server,
			    const struct tarn__server_tries *tries)
{
	return tarn__server_is_encrypted(server) && tries->stream_sends > 0 &&
	       !has_answered(server, tries);
}

static bool is_candidate(const struct tarn__select *select, size_t index)
{
	const struct tarn__server *server = select->servers[index];
	const struct tarn__server_tries *tries = &select->tries[index];
	return has_messages_left(server, tries) && !holds_last(server, tries) &&
	       !is_with_carrier(server, tries);
}

bool tarn__select_is_held(const struct tarn__select *select, size_t index)
{
	const struct tarn__server *server = select->servers[index];
	const struct tarn__server_tries *tries = &select->tries[index];
	return has_messages_left(server, tries) && holds_last(server, tries);
}

/* ---- the order -------------------------------------------------------------------------- */

/* How far behind the lookup's turn a server is. */
static size_t distance(const struct tarn__select *select, size_t index)
{
	return (index + select->count - select->turn % select->count) % select->count;
}

/* Orders servers that have been sent equally many messages. a comes later in the configuration than b. */
static bool is_preferred(const struct tarn__select *select, size_t a, size_t b)
{
	switch (select->selection) {
	case TARN_SELECTION_SEQUENTIAL:
		return false;
	case TARN_SELECTION_ROUND_ROBIN:
		return distance(select, a) < distance(select, b);
	default:
		return select->servers[a]->srtt_ms < select->servers[b]->srtt_ms;
	}
}

unsigned tarn__select_sends(const struct tarn__server_tries *tries)
{
	return (unsigned)tries->sends + tries->stream_sends;
}

/* Returns true if a is asked before b. a comes later in the configuration than b. */
static bool is_before(const struct tarn__select *select, size_t a, size_t b)
{
	if (select->selection == TARN_SELECTION_STRICT)
		return false;
	const struct tarn__server_tries *a_tries = &select->tries[a], *b_tries = &select->tries[b];
	unsigned a_sends = tarn__select_sends(a_tries), b_sends = tarn__select_sends(b_tries);
	if (a_sends != b_sends)
		return a_sends < b_sends;
	bool has_a_answered = has_answered(select->servers[a], a_tries);
	if (has_a_answered != has_answered(select->servers[b], b_tries))
		return has_a_answered;
	return is_preferred(select, a, b);
}

static int find_first(const struct tarn__select *select)
{
	int first = -1;
	for (size_t i = 0; i < select->count; i++) {
		if (is_candidate(select, i) && (first < 0 || is_before(select, i, (size_t)first)))
			first = (int)i;
	}
	return first;
}

int tarn__select_next(const struct tarn__select *select, const struct tarn__select_round *round)
{
	if (round->sent > 0 && select->selection != TARN_SELECTION_PARALLEL)
		return -1;
	int first = find_first(select);
	if (first >= 0 && round->sent > 0 &&
	    tarn__select_sends(&select->tries[first]) > round->sends)
		return -1;
	return first;
}

/* ---- dead servers ----------------------------------------------------------------------- */

bool tarn__select_tries_dead(const struct tarn__select *select, size_t index, uint64_t now_ms)
{
	const struct tarn__server *server = select->servers[index];
	if (!tarn__server_is_dead(server) || now_ms < server->held_until_ms)
		return false;
	return select->selection != TARN_SELECTION_STRICT ||
	       tarn__select_state(select->servers, index) != TARN__SERVERS_UP;
}

/* ---- how long --------------------------------------------------------------------------- */

/* As RFC 6298 section 2: the smoothed round-trip time and four times its deviation. */
static uint64_t udp_timeout_ms(const struct tarn__server *server, unsigned sends)
{
	uint64_t timeout = TARN__TIMEOUT_NEW_MS;
	if (server->srtt_ms > 0)
		timeout = server->srtt_ms + 4 * (uint64_t)server->rttvar_ms;
	if (timeout < TARN__TIMEOUT_MIN_MS)
		timeout = TARN__TIMEOUT_MIN_MS;
	for (unsigned i = 0; i < sends; i++)
		timeout *= 2;
	return timeout < TARN__TIMEOUT_MAX_MS ? timeout : TARN__TIMEOUT_MAX_MS;
}

uint64_t tarn__select_timeout_ms(const struct tarn__server *server,
				 const struct tarn__server_tries *tries)
{
	if (!tries->is_over_stream)
		return udp_timeout_ms(server, tries->sends);
	bool is_encrypted = tarn__server_is_encrypted(server);
	uint64_t timeout = (is_encrypted ? 4 : 2) * udp_timeout_ms(server, tries->stream_sends);
	if (is_encrypted && timeout > TARN__TIMEOUT_SECURE_MAX_MS)
		return TARN__TIMEOUT_SECURE_MAX_MS;
	return timeout > TARN__TIMEOUT_TCP_MS ? timeout : TARN__TIMEOUT_TCP_MS;
}

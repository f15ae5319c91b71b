/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/attempt.c: writes the query to a server, and judges the answer. */
#include "core/forward/attempt.h"

#include <string.h>

#include "core/observe.h"
#include "dns/cookie.h"

/* ---- the message ------------------------------------------------------------------------ */

/*
 * The name is in lower case, and none of its length octets is a letter. noise has one bit for each octet.
 */
static void mix_case(uint8_t *name, size_t len, const uint8_t *noise)
{
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)(name[i] - 'a') < 26 && noise[i / 8] >> i % 8 & 1)
			name[i] ^= 0x20;
	}
}

/* Over UDP an answer may be forged, be too long, or not arrive. */
static bool is_over_udp(const struct tarn__attempt *attempt)
{
	return !tarn__transport_is_stream(attempt->exchange.transport);
}

/* Returns the fullest form that the server is known to accept. */
static enum tarn__fullness first_fullness(const struct tarn__attempt *attempt, bool is_last_resort)
{
	const struct tarn__server *server = attempt->server;
	uint64_t now_ms = attempt->sent_ms;
	bool over_udp = is_over_udp(attempt);
	if (attempt->tries->has_refused_edns || tarn__server_is_plain(server, now_ms))
		return TARN__FULLNESS_PLAIN;
	/* RFC 9076 section 5.2.3: TLS protects better, and a cookie would be a name for this resolver. */
	if (is_last_resort || server->endpoint->traits.no_cookies ||
	    tarn__server_is_encrypted(server) ||
	    (over_udp && tarn__quirk_is_known(&server->bad_cookies, now_ms)))
		return TARN__FULLNESS_COOKIELESS;
	return tarn__fallback_begin(&server->fallback, now_ms);
}

/* Over TCP the form is the same as over UDP before. */
static void choose_fullness(struct tarn__attempt *attempt, bool is_last_resort)
{
	struct tarn__server_tries *tries = attempt->tries;
	attempt->begin = first_fullness(attempt, is_last_resort);
	if (!is_over_udp(attempt)) {
		attempt->fullness = attempt->begin > tries->fullness
					    ? attempt->begin
					    : (enum tarn__fullness)tries->fullness;
		return;
	}
	/* A rejected answer is no silence. */
	unsigned silences = is_last_resort ? 0 : tries->silences;
	attempt->fullness = tarn__fallback_choose(&attempt->server->fallback, attempt->begin,
						  silences, attempt->key->dnssec_ok);
	attempt->before_ms = silences > 0 ? tries->sent_ms : 0;
}

static bool has_cookie(const struct tarn__attempt *attempt)
{
	return attempt->fullness == TARN__FULLNESS_FULL;
}

void tarn__attempt_write(struct tarn__attempt *attempt, const struct tarn_io *io, bool wants_ad)
{
	const struct tarn__key *key = attempt->key;
	const struct tarn__server *server = attempt->server;
	struct tarn__server_tries *tries = attempt->tries;
	uint64_t now_ms = attempt->sent_ms;
	bool over_udp = is_over_udp(attempt);
	/* UDP again, after a rejected answer: TCP was not available. */
	bool is_last_resort = over_udp && tries->is_rejected;
	choose_fullness(attempt, is_last_resort);
	attempt->is_mixed = over_udp && !is_last_resort && !tries->is_lower_case &&
			    !server->endpoint->traits.no_mixed_case &&
			    !tarn__quirk_is_known(&server->no_0x20, now_ms);

	/* RFC 5452 section 9.2: every message has an unpredictable id of its own. */
	struct {
		uint16_t id;
		uint8_t noise[(TARN__NAME_MAX + 7) / 8];
	} random;
	io->random(io->data, &random,
		   sizeof(random.id) + (attempt->is_mixed ? (key->qname_len + 7U) / 8 : 0));
	struct tarn__query_options query_options = {
		.id = random.id,
		.wants_ad = wants_ad,
		.edns = attempt->fullness < TARN__FULLNESS_PLAIN,
		.cookie_len = has_cookie(attempt) ? server->cookie_len : 0,
		.cookie = server->cookie,
	};
	tarn__server_protect(server, &query_options);
	attempt->exchange.len = tarn__query_write(key, &query_options, attempt->wire);
	if (attempt->is_mixed)
		mix_case(attempt->wire + TARN__HEADER_LEN, key->qname_len, random.noise);
}

void tarn__attempt_sent(const struct tarn__attempt *attempt)
{
	struct tarn__server_tries *tries = attempt->tries;
	/* A plain query that is sent because TCP failed does not show what gets through. */
	if (!is_over_udp(attempt) || tries->is_rejected)
		return;
	tries->fullness = (uint8_t)attempt->fullness;
	tries->silences++;
}

void tarn__attempt_unheard(const struct tarn__attempt *attempt)
{
	if (is_over_udp(attempt) && !tarn__server_is_dead(attempt->server))
		tarn__fallback_silent(&attempt->server->fallback, attempt->fullness);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t tarn__attempt_silent_ms(const struct tarn__attempt *attempt)
{
	uint64_t since = later(attempt->sent_ms, attempt->tries->charged_ms);
	return later(since, attempt->server->spoken_ms) + TARN__SILENCE_MS;
}

bool tarn__attempt_has_timed_out(const struct tarn__attempt *attempt, uint64_t now_ms)
{
	return attempt->server->spoken_ms <= attempt->sent_ms &&
	       now_ms >= attempt->sent_ms + attempt->timeout_ms;
}

/* ---- the answer ------------------------------------------------------------------------- */

static bool has_our_cookie(const struct tarn__answer *answer, const struct tarn__server *server)
{
	return answer->cookie &&
	       memcmp(answer->cookie, server->cookie, TARN__COOKIE_CLIENT_LEN) == 0;
}

/*
 * Returns true if the name was sent with at least one capital; random case may have left none in a short
 * name.
 */
static bool has_capital(const struct tarn__attempt *attempt)
{
	const struct tarn__key *key = attempt->key;
	return memcmp(attempt->wire + TARN__HEADER_LEN, key->qname, key->qname_len) != 0;
}

/* Returns true if the sender of an answer over UDP has seen the query. */
static bool is_believed(const struct tarn__attempt *attempt, const struct tarn__answer *answer,
			uint64_t now_ms)
{
	struct tarn__server *server = attempt->server;
	if (answer->answer_class == TARN__ANSWER_FOREIGN)
		return false;
	if (answer->answer_class == TARN__ANSWER_MISSPELT) {
		tarn__quirk_shown(&server->no_0x20, now_ms);
		return false;
	}
	/* Some errors come without the question section. */
	if (attempt->is_mixed && answer->answer_class == TARN__ANSWER_GOOD) {
		tarn__quirk_missed(&server->no_0x20);
		server->takes_mixed_case |= has_capital(attempt);
	}
	if (!has_cookie(attempt))
		return true;
	/* RFC 7873 section 5.3 */
	if (!answer->cookie)
		return !tarn__server_knows_cookies(server);
	if (!has_our_cookie(answer, server)) {
		tarn__quirk_shown(&server->bad_cookies, now_ms);
		return false;
	}
	tarn__quirk_missed(&server->bad_cookies);
	return true;
}

/* The form that the query was sent in gets through. */
static void note_answer(const struct tarn__attempt *attempt, uint64_t now_ms)
{
	attempt->tries->silences = 0;
	if (is_over_udp(attempt))
		tarn__fallback_heard(&attempt->server->fallback, attempt->fullness, attempt->begin,
				     attempt->before_ms, attempt->sent_ms, now_ms);
}

static void learn_cookie(const struct tarn__attempt *attempt, const struct tarn__answer *answer)
{
	struct tarn__server *server = attempt->server;
	if (has_our_cookie(answer, server))
		tarn__server_keep_cookie(server, answer->cookie, answer->cookie_len);
	else if (!is_over_udp(attempt) || attempt->tries->is_rejected)
		/* No other answer is expected: the server has no cookie. */
		tarn__server_keep_cookie(server, NULL, 0);
}

/*
 * RFC 6891 section 7: a server without EDNS answers FORMERR or NOTIMP without an OPT. Some servers return
 * the OPT of the query with it, which does not show that they implement EDNS; some that fail on an option
 * answer FORMERR with an OPT of their own, or BADVERS to version 0.
 */
static bool is_edns_refusal(const struct tarn__answer *answer)
{
	return answer->rcode == TARN__FORMERR || answer->rcode == TARN__NOTIMP ||
	       answer->rcode == TARN__BADVERS;
}

/*
 * Returns true if the answer is longer than the query permits (RFC 6891 section 6.2.3, RFC 1035 section
 * 4.2.1). A conforming server truncates such an answer; one that does not is received in fragments, which
 * anyone may have sent (RFC 9715).
 */
static bool is_oversize(const struct tarn__attempt *attempt, size_t len)
{
	return is_over_udp(attempt) &&
	       len > (attempt->fullness < TARN__FULLNESS_PLAIN ? TARN__UDP_MAX : TARN__UDP_MIN);
}

static enum tarn__next_step judge_failure(const struct tarn__attempt *attempt,
					  const struct tarn__answer *answer)
{
	struct tarn__server_tries *tries = attempt->tries;
	if (attempt->fullness < TARN__FULLNESS_PLAIN && is_edns_refusal(answer)) {
		tries->has_refused_edns = true;
		return TARN__NEXT_RETRY;
	}
	/* RFC 7873 section 5.3: once more with the cookie of this answer, then over TCP. */
	if (answer->rcode == TARN__BADCOOKIE && is_over_udp(attempt)) {
		bool is_first = !tries->has_refused_cookie;
		tries->has_refused_cookie = true;
		return is_first ? TARN__NEXT_RETRY : TARN__NEXT_TCP;
	}
	return TARN__NEXT_OTHER;
}

/* Reads an answer. The question is wanted in the case that it was asked in if exact_case. */
static void read_answer(const struct tarn__attempt *attempt, const uint8_t *wire, size_t len,
			bool exact_case, struct tarn__scratch *scratch, struct tarn__answer *answer)
{
	struct tarn__response *response = &scratch->response;
	tarn__answer_parse(wire, len, attempt->wire, attempt->exchange.len, attempt->key,
			   exact_case, response);
	tarn__answer_classify(response, answer);
	if (response->answer_class == TARN__ANSWER_GOOD && !attempt->is_read_only)
		tarn__answer_write(response, attempt->key->dnssec_ok, scratch->stored, answer);
}

/*
 * Reads an answer to a query in mixed case. If the question is repeated exactly it is replaced by that of
 * the key before the answer is read, since names in the RDATA may be pointers into it. Returns true if it
 * is.
 */
static bool read_mixed(const struct tarn__attempt *attempt, const uint8_t *wire, size_t len,
		       struct tarn__scratch *scratch, struct tarn__answer *answer)
{
	const struct tarn__key *key = attempt->key;
	size_t name_end = TARN__HEADER_LEN + (size_t)key->qname_len;
	bool is_exact = len >= name_end && len <= sizeof(scratch->message) &&
			memcmp(wire + TARN__HEADER_LEN, attempt->wire + TARN__HEADER_LEN,
			       key->qname_len) == 0;
	if (is_exact) {
		memcpy(scratch->message, wire, len);
		memcpy(scratch->message + TARN__HEADER_LEN, key->qname, key->qname_len);
		wire = scratch->message;
	}
	read_answer(attempt, wire, len, !is_exact, scratch, answer);
	return is_exact;
}

/*
 * A server may answer with an error because the name is not spelt as in its data. A forger of such an
 * error, whose gain is a query in lower case, has had to guess the letters, which must be repeated. The
 * error of a server that has given a good answer to mixed case has another reason.
 */
static void suspect_case(const struct tarn__attempt *attempt, const struct tarn__answer *answer,
			 bool is_exact)
{
	if (is_exact && answer->answer_class == TARN__ANSWER_FAILED && has_capital(attempt) &&
	    !attempt->server->takes_mixed_case)
		attempt->tries->wants_lower_case = true;
}

enum tarn__next_step tarn__attempt_judge(const struct tarn__attempt *attempt, const uint8_t *wire,
					 size_t len, uint64_t now_ms, struct tarn__scratch *scratch,
					 struct tarn__answer *answer)
{
	struct tarn__server *server = attempt->server;
	struct tarn__server_tries *tries = attempt->tries;
	bool over_udp = is_over_udp(attempt);
	bool is_exact = false;
	if (attempt->is_mixed)
		is_exact = read_mixed(attempt, wire, len, scratch, answer);
	else
		read_answer(attempt, wire, len, false, scratch, answer);
	if (over_udp && !is_believed(attempt, answer, now_ms)) {
		server->counts.rejected++;
		tries->is_rejected = true;
		return TARN__NEXT_TCP;
	}
	if (answer->answer_class == TARN__ANSWER_FOREIGN)
		return TARN__NEXT_OTHER;
	tarn__server_answered(server, attempt->sent_ms, now_ms);
	server->counts.answered++;
	note_answer(attempt, now_ms);
	learn_cookie(attempt, answer);
	suspect_case(attempt, answer, is_exact);
	if (answer->answer_class == TARN__ANSWER_FAILED)
		return judge_failure(attempt, answer);
	if (is_oversize(attempt, len))
		answer->answer_class = TARN__ANSWER_TRUNCATED;
	/* The refusal of EDNS is confirmed by an answer without it. */
	if (tries->has_refused_edns && answer->answer_class != TARN__ANSWER_BROKEN)
		server->plain_until_ms = now_ms + TARN__PLAIN_MS;
	/* So is the refusal of mixed case. */
	if (tries->is_lower_case && over_udp && answer->answer_class == TARN__ANSWER_GOOD)
		tarn__quirk_shown(&server->no_0x20, now_ms);
	if (answer->answer_class == TARN__ANSWER_GOOD)
		return TARN__NEXT_ACCEPT;
	/* Truncated or broken. */
	return over_udp ? TARN__NEXT_TCP : TARN__NEXT_OTHER;
}

/* ---- observers -------------------------------------------------------------------------- */

void tarn__attempt_show(const struct tarn__attempt *attempt, const struct tarn__observer *observer)
{
	if (!observer || !observer->asked_server)
		return;
	const struct tarn_exchange *exchange = &attempt->exchange;
	observer->asked_server(observer->data,
			       &(struct tarn__forwarded){.server = &exchange->endpoint->address,
							 .transport = exchange->transport,
							 .wire = exchange->wire,
							 .len = exchange->len});
}

void tarn__attempt_show_answer(const struct tarn__attempt *attempt, const uint8_t *wire, size_t len,
			       uint64_t now_ms, const struct tarn__observer *observer)
{
	if (!observer || !observer->server_answered)
		return;
	const struct tarn_exchange *exchange = &attempt->exchange;
	observer->server_answered(
		observer->data, &(struct tarn__forwarded){.server = &exchange->endpoint->address,
							  .transport = exchange->transport,
							  .wire = wire,
							  .len = len,
							  .latency_ms = now_ms - attempt->sent_ms});
}

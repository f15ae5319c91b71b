/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/server.h: the state of an endpoint in one worker: whether it is dead, how fast it answers,
 * and what it does not support. core/forward/select.h decides which server is asked next. A server of an
 * encrypted transport is asked over that transport alone, whatever the message. One whose address is not known
 * is dead, and is sent nothing.
 *
 * A server that has failed TARN__HOLD_FAILURES times in a row is dead. Queries go to others; it is probed
 * (core/forward/probe.h), and one query may try it when TARN__HOLD_MS are over. Its first answer makes it
 * alive. Silence about a type that it has never answered is no failure of a server that answers others. See
 * docs/decisions/dead-servers.md.
 *
 * Thread: the worker's.
 */
#ifndef TARN_CORE_FORWARD_SERVER_H
#define TARN_CORE_FORWARD_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/forward/endpoint.h"
#include "core/forward/fallback.h"
#include "core/io.h"
#include "core/zone_config.h"
#include "dns/cookie.h"
#include "dns/query.h"
#include "tarn.h"

enum {
	TARN__SILENCE_MS = 1000, /* without an answer to a query: one failure */
	TARN__HOLD_FAILURES = 3, /* in a row; then a server is dead */
	TARN__HOLD_MS = 10000, /* between two clients' queries to a dead server */
	TARN__PROBE_MS = 1000, /* between two probes of it */
	TARN__UNUSABLE_STREAK =
		3, /* errors in a row; then a server is in trouble (core/forward/probe.h) */
	TARN__EXAMPLE_MS =
		1000, /* after which the example of a question that a server answers is replaced */
	TARN__PLAIN_MS = 300000, /* without EDNS after a refusal of it (RFC 6891 section 7) */
	TARN__QUIRK_STREAK =
		3, /* times in a row that a quirk is seen before it is assumed: one may be forged */
	TARN__QUIRK_MS = 600000, /* for which it is then assumed */
};

/*
 * A protection against forged answers that a server does not support. A single answer that lacks the
 * protection may be forged, and must not turn it off for other queries to the server.
 */
struct tarn__quirk {
	unsigned streak;
	uint64_t until_ms;
};

/* An answer shows the quirk. */
void tarn__quirk_shown(struct tarn__quirk *, uint64_t now_ms);
/* An answer does not show it. */
void tarn__quirk_missed(struct tarn__quirk *);
/* Returns true if the server is assumed to have it. */
bool tarn__quirk_is_known(const struct tarn__quirk *, uint64_t now_ms);

/* Members are uint64_t (tarn__stats_add()). Probes are not counted. */
struct tarn__server_counts {
	uint64_t asked; /* messages sent */
	uint64_t answered; /* whatever the rcode */
	uint64_t silent; /* failures: silence, refusals of the network */
	uint64_t unusable; /* answers that another server was asked for: SERVFAIL, REFUSED */
	uint64_t rejected; /* answers that a forger may have sent */
	uint64_t unsent; /* messages for which there was no room, socket or memory here */
};

/* A question that a server has answered, in lower case; qname_len 0: none. */
struct tarn__example {
	uint64_t at_ms;
	uint16_t qtype;
	uint16_t qname_len;
	uint8_t qname[TARN__NAME_MAX];
};

/* The state of an endpoint in one worker; the zones before and after a change of configuration share it. */
struct tarn__server {
	unsigned references; /* of zones; this worker's only */
	struct tarn__endpoint *endpoint; /* a reference */
	uint32_t srtt_ms; /* smoothed; 0: never answered */
	uint32_t rttvar_ms; /* mean deviation (RFC 6298 section 2) */
	uint32_t failures; /* in a row */
	uint32_t unusable_streak; /* answers of that kind in a row; see counts */
	bool is_doubted; /* a lookup holds its last message back until the server has answered something */
	/*
	 * The error of its last exchange, if it is encrypted, as of tarn__reasons_add_fault(); 0: it has
	 * answered since. Failures that it has caused are forgotten with it.
	 */
	int fault;
	uint64_t answered_types; /* a bit for each class of types; see tarn__server_answers() */
	struct tarn__example example;
	unsigned probes; /* of the usual kind, so far */
	uint64_t probe_at_ms; /* the next one, while it lives */
	bool is_forward_loop; /* it forwards to this resolver, and is not asked */
	bool takes_mixed_case; /* it has given a good answer to a name that was not in lower case */
	uint64_t answered_ms; /* last; 0: never */
	uint64_t
		spoken_ms; /* the same, or when another worker had its first answer after its death */
	uint64_t held_until_ms; /* while it is dead */
	uint64_t plain_until_ms; /* it refuses EDNS */
	struct tarn__server_counts counts;
	bool has_answer_source; /* answer_source is set */
	uint8_t answer_source; /* its number (core/forward/answer_source.h), or unknown */
	struct tarn__quirk no_0x20; /* it changes the case of letters, or answers lower case only */
	struct tarn__quirk bad_cookies; /* it sends back another client's cookie */
	struct tarn__quirk strips; /* it removes signatures, or asks the child zone for its DS */
	struct tarn__fallback fallback; /* it drops cookies, or EDNS */
	/* The client cookie for it, and its server cookie, if it has sent one. */
	uint8_t cookie_len;
	uint8_t cookie[TARN__COOKIE_MAX];
};

/*
 * Sets the servers of a zone, in its endpoints' order, with a reference to each: those of the endpoints
 * that are among the old ones, and new ones for the others. Client cookies are derived from secret. Returns
 * 0, or TARN_ENOMEM: no servers are set.
 */
int tarn__servers_init(struct tarn__server *servers[], const struct tarn__zone_config *,
		       const uint8_t secret[TARN__COOKIE_SECRET_LEN],
		       struct tarn__server *const *old, size_t old_count);
/* Drops the references. With the last one to a server its endpoint is closed, unless io is NULL. */
void tarn__servers_fini(struct tarn__server *servers[], size_t count, const struct tarn_io *io);

/* Of the servers of a zone; see tarn__select_state(). */
enum tarn__servers_state {
	TARN__SERVERS_NONE, /* there is none that does not forward to this resolver */
	TARN__SERVERS_DOWN, /* all are dead */
	TARN__SERVERS_UP, /* at least one is alive */
};

/*
 * answered: the server has answered, with any RCODE. failed: it has not answered in time, or the network
 * has refused the message. Both update the endpoint's health for the other workers.
 */
void tarn__server_answered(struct tarn__server *, uint64_t sent_ms, uint64_t now_ms);
void tarn__server_failed(struct tarn__server *, uint64_t now_ms);

/* Another worker has had an answer: the server is not dead, and has not been silent until now. */
void tarn__server_recovered(struct tarn__server *, uint64_t now_ms);

/* The server has given a good answer to a query for that key. */
void tarn__server_learn(struct tarn__server *, const struct tarn__key *, uint64_t now_ms);

/*
 * Returns true if the server has answered queries of that class of types, each common type being a class of
 * its own; also if it has never answered anything.
 */
bool tarn__server_answers(const struct tarn__server *, uint16_t qtype);

/* An answer was SERVFAIL, REFUSED or the like. */
void tarn__server_was_unusable(struct tarn__server *);

/* An answer was usable. Returns true if that ends a streak of unusable ones: the server was in trouble. */
bool tarn__server_was_usable(struct tarn__server *);

/* The network has changed: forgets what was measured in the one before. */
void tarn__server_forget(struct tarn__server *);

/* Returns true if messages can be sent to the server: its address is known. */
static inline bool tarn__server_has_address(const struct tarn__server *server)
{
	return tarn__endpoint_has_address(server->endpoint);
}

/* Returns true if queries are not sent to the server because of its failures, or for want of an address. */
static inline bool tarn__server_is_dead(const struct tarn__server *server)
{
	return (server->failures >= TARN__HOLD_FAILURES && !server->is_forward_loop) ||
	       !tarn__server_has_address(server);
}

/* Returns true if a probe's answer would change how the server is used. */
static inline bool tarn__server_needs_probe(const struct tarn__server *server)
{
	return (tarn__server_is_dead(server) || server->is_doubted || server->fault != 0 ||
		server->unusable_streak >= TARN__UNUSABLE_STREAK) &&
	       tarn__server_has_address(server);
}

/* The transport of the first message to the server. */
static inline enum tarn__transport tarn__server_transport(const struct tarn__server *server)
{
	return (enum tarn__transport)server->endpoint->traits.transport;
}

/* The transport of connections to the server: TCP for one that is asked over UDP first. */
static inline enum tarn__transport tarn__server_stream(const struct tarn__server *server)
{
	enum tarn__transport transport = tarn__server_transport(server);
	return tarn__transport_is_stream(transport) ? transport : TARN__TCP;
}

static inline bool tarn__server_is_encrypted(const struct tarn__server *server)
{
	return tarn__transport_is_encrypted(tarn__server_transport(server));
}

/* Returns true if queries are sent to it without EDNS. */
static inline bool tarn__server_is_plain(const struct tarn__server *server, uint64_t now_ms)
{
	return server->endpoint->traits.no_edns || now_ms < server->plain_until_ms ||
	       tarn__fallback_begin(&server->fallback, now_ms) == TARN__FULLNESS_PLAIN;
}

/* How queries are protected that have EDNS and go over the server's connections. */
void tarn__server_protect(const struct tarn__server *, struct tarn__query_options *);

/*
 * Keeps the server cookie in the data of a COOKIE option (RFC 7873 section 5.3); forgets it if there is
 * none.
 */
void tarn__server_keep_cookie(struct tarn__server *, const uint8_t *cookie, size_t len);

/* Returns true if the server has sent a server cookie. */
static inline bool tarn__server_knows_cookies(const struct tarn__server *server)
{
	return server->cookie_len > TARN__COOKIE_CLIENT_LEN;
}

#endif

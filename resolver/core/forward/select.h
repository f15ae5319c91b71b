/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/select.h: the decisions of a lookup about servers: which one is sent the next message, how
 * many are sent one at the same time, how long an answer is waited for before the next message, and whether
 * a dead server is tried. All are functions of the servers' state, of what the lookup has sent so far and
 * of the time; none of them changes anything.
 *
 * Candidates are the servers that are alive, do not lead back to this resolver, have not given their
 * verdict on this lookup, and have messages left: TARN__SENDS_MAX per transport. Over UDP the last message
 * to a server is held back until the server has answered something, to any query, since the message before,
 * so that one is left when an outage is over. An encrypted server is sent a further message only if it has
 * answered something since the one before: until then that is the carrier's to send again. The order among candidates:
 *
 *	strict        the first in the configuration's order, as long as it is a candidate
 *	all others    the one that has been sent the fewest messages; of these, one that has answered
 *	              something since its last message; of these:
 *	  fastest     the lowest smoothed round-trip time; in the configuration's order where equal
 *	  sequential  in the configuration's order
 *	  round robin in the configuration's order, beginning at the lookup's turn
 *	  parallel    as fastest; the candidates with the fewest messages are all sent one at once
 *
 * See docs/decisions/asking-again.md and docs/decisions/dead-servers.md.
 *
 * Thread: as the servers'.
 */
#ifndef TARN_CORE_FORWARD_SELECT_H
#define TARN_CORE_FORWARD_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/forward/server.h"
#include "tarn.h"

enum {
	TARN__SENDS_MAX = 3, /* RFC 9520 section 3.1, per server, transport and lookup */
	TARN__TIMEOUT_MIN_MS = 50, /* before the next server is asked too: floor ... */
	TARN__TIMEOUT_MAX_MS = 1000, /* ... and ceiling */
	TARN__TIMEOUT_NEW_MS = 400, /* of a server that has never answered */
	TARN__TIMEOUT_TCP_MS = 200, /* floor over TCP, before another connection is tried */
	/*
	 * Ceiling over encrypted connections, which may take four round trips: where the first server cannot
	 * be secured, the second one has answered within a second.
	 */
	TARN__TIMEOUT_SECURE_MAX_MS = 800,
};

/* What one lookup has done with one server so far. */
struct tarn__server_tries {
	uint8_t sends; /* over UDP */
	uint8_t stream_sends; /* over connections: TCP, or what its endpoint says */
	bool is_over_stream; /* how it is asked next */
	bool is_done; /* it has given its verdict or cannot be reached: no candidate */
	bool is_unreachable; /* the latter, which another network may change */
	bool is_rejected; /* an answer may have been forged: TCP decides; UDP without protection if there is none */
	bool has_refused_edns;
	bool has_refused_cookie; /* BADCOOKIE */
	bool wants_lower_case; /* perhaps: it has answered mixed case with an error ... */
	bool is_lower_case; /* ... and it is, or has been, asked in lower case */
	uint8_t silences; /* messages over UDP since its last answer to this lookup */
	uint8_t fullness; /* enum tarn__fullness of the last of them */
	uint64_t sent_ms; /* the last of them */
	uint64_t charged_ms; /* when it was last charged for its silence; 0: never */
};

/* What decisions are made from. */
struct tarn__select {
	struct tarn__server *const *servers; /* in the configuration's order */
	const struct tarn__server_tries *tries; /* one per server */
	size_t count;
	enum tarn_selection selection;
	size_t turn; /* the lookup's; round robin begins at that server, modulo count */
};

/* The messages that are sent at the same time, so far. Zeros: none. */
struct tarn__select_round {
	size_t sent;
	unsigned
		sends; /* tarn__select_sends() of the server that was chosen last, before its message */
};

enum tarn__servers_state tarn__select_state(struct tarn__server *const *servers, size_t count);

/* The messages that the server has been sent, over both transports. */
unsigned tarn__select_sends(const struct tarn__server_tries *);

/* Returns the index of the server that is sent the next message of the round. -1: none. */
int tarn__select_next(const struct tarn__select *, const struct tarn__select_round *);

/* Returns true if the server is a candidate but for its last message, which is held back. */
bool tarn__select_is_held(const struct tarn__select *, size_t index);

/*
 * Returns true if the server is dead and gets a message of the lookup beside those to others: TARN__HOLD_MS
 * after it died, or was tried last. In strict order only if none before it is alive.
 */
bool tarn__select_tries_dead(const struct tarn__select *, size_t index, uint64_t now_ms);

/*
 * Returns the milliseconds to wait for an answer to a message that is sent now, before the next server is
 * asked too. Doubles with the messages sent before. Over TCP twice as long, for the round trip of the
 * connection; over encrypted ones four times, for those of TLS (RFC 8446 section 2, RFC 5246 section 7.3).
 */
uint64_t tarn__select_timeout_ms(const struct tarn__server *, const struct tarn__server_tries *);

#endif

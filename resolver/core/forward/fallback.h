/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/fallback.h: what a query to a server contains. Some servers, and middleboxes before them, do
 * not answer a query with a COOKIE option, or with EDNS.
 *
 * Silence has other reasons far more often: a lost packet, a slow name, a server that is down. So a form
 * that a server has answered is used until the server is dead. Before it has answered one, the next message
 * of a lookup that has had no answer is plainer than the one before, and so is the first message of the
 * next lookup. An answer to a plainer message is noted; after TARN__DROP_STREAK of them in a row, which do
 * not overlap and with no answer to a fuller one in between, queries begin with the plainer form for
 * TARN__DROP_MIN_MS. Then a fuller one is tried; each time that it is dropped again the interval doubles,
 * up to TARN__DROP_MAX_MS.
 *
 * Independent of queries and sockets. Thread: as the server's.
 */
#ifndef TARN_CORE_FORWARD_FALLBACK_H
#define TARN_CORE_FORWARD_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TARN__DROP_STREAK = 3, /* in a row: a lost packet does not disable a server's cookies */
	TARN__DROP_MIN_MS = 10000, /* limits the damage of a wrong conclusion */
	TARN__DROP_MAX_MS = 600000,
};

/* The contents of the OPT record, and whether there is one. A greater value is a plainer form. */
enum tarn__fullness {
	TARN__FULLNESS_FULL, /* EDNS with a cookie */
	TARN__FULLNESS_COOKIELESS, /* EDNS alone */
	TARN__FULLNESS_PLAIN,
};

/* The server drops what is fuller than a certain form. */
struct tarn__drop {
	unsigned streak;
	uint64_t shown_ms;
	uint64_t until_ms;
};

/* Zeros: nothing is known. */
struct tarn__fallback {
	struct tarn__drop cookies, edns;
	uint8_t heard; /* a bit for each form that has been answered since the server was last dead */
	bool has_heard_edns; /* ever: it accepts EDNS, or did */
	uint8_t first; /* the plainest form that the last silence leaves for the next lookup */
};

/* Returns the fullest form that the server is not known to drop. */
enum tarn__fullness tarn__fallback_begin(const struct tarn__fallback *, uint64_t now_ms);

/*
 * Returns the form of the next message of a lookup that could begin with begin and has had no answer to that
 * many messages. One that wants DNSSEC is sent without EDNS only after silences of its own, and only if the
 * server has never answered a query with EDNS: plain answers have no signatures.
 */
enum tarn__fullness tarn__fallback_choose(const struct tarn__fallback *, enum tarn__fullness begin,
					  unsigned silences, bool wants_dnssec);

/*
 * A message sent at sent_ms in that form has been answered. before_ms is the time of the last message of the
 * same question that was sent before and has not been answered; 0: there was none.
 */
void tarn__fallback_heard(struct tarn__fallback *, enum tarn__fullness form,
			  enum tarn__fullness begin, uint64_t before_ms, uint64_t sent_ms,
			  uint64_t now_ms);

/* A message in that form has had no answer, and the server is charged with its silence. */
void tarn__fallback_silent(struct tarn__fallback *, enum tarn__fullness form);

/* Returns true if the server has ever answered a query with EDNS. */
bool tarn__fallback_takes_edns(const struct tarn__fallback *);

/* The server is dead: which forms it answered before does not show which it will answer when it recovers. */
void tarn__fallback_died(struct tarn__fallback *);

#endif

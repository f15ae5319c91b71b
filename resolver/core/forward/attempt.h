/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/attempt.h: one message to one server: how the query is written, and how its answer is
 * judged. What they show of the server is stored in its struct tarn__server.
 *
 * Over UDP an answer must prove that its sender has seen the query: by the id, by the letters of the name,
 * which are sent in random case (RFC 5452 section 9.1 asks for unpredictable content;
 * draft-vixie-dnsext-dns0x20), and by the client cookie (RFC 7873). An answer that does not is
 * rejected, and the query is sent over TCP. A server that repeatedly changes case or cookies is queried
 * without them for a while (struct tarn__quirk), and so is one that answers names in lower case only. One
 * that does not answer queries with a cookie, or with EDNS, is queried without it
 * (core/forward/fallback.h).
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_ATTEMPT_H
#define TARN_CORE_FORWARD_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "core/forward/select.h"
#include "core/forward/server.h"
#include "core/io.h"
#include "dns/answer.h"
#include "dns/query.h"

struct tarn__observer;

struct tarn__attempt {
	struct tarn_exchange exchange;
	struct tarn__list node; /* the caller's */
	void *owner; /* the caller's */
	const struct tarn__key *key;
	struct tarn__server *server;
	struct tarn__server_tries *tries; /* what the lookup has done with that server */
	uint64_t sent_ms;
	uint64_t
		timeout_ms; /* after it the server's silence counts, if the lookup ends without it */
	uint64_t
		before_ms; /* when the lookup's last message there was sent, if that met with silence; else 0 */
	enum tarn__fullness begin; /* the fullest form that is known to get through */
	enum tarn__fullness fullness; /* the form that the query is sent in */
	bool is_mixed; /* in letter case */
	bool is_read_only; /* the answer is checked before its stored form is written */
	uint8_t wire[TARN__QUERY_MAX];
};

/*
 * Writes wire, in the form for the server at present, and exchange.len. key, server, tries, sent_ms and the
 * rest of exchange are set before.
 */
void tarn__attempt_write(struct tarn__attempt *, const struct tarn_io *, bool wants_ad);

/* The message has been sent. */
void tarn__attempt_sent(const struct tarn__attempt *);

/* The server is charged with its silence to it. */
void tarn__attempt_unheard(const struct tarn__attempt *);

/* Returns the time at which the server's silence, to any query, is its next failure. */
uint64_t tarn__attempt_silent_ms(const struct tarn__attempt *);

/* Returns true if the server has answered nothing, to any query, until the timeout was over. */
bool tarn__attempt_has_timed_out(const struct tarn__attempt *, uint64_t now_ms);

/* Buffers for reading an answer. */
struct tarn__scratch {
	struct tarn__response response; /* of the last answer that was read */
	uint8_t message[TARN__MESSAGE_MAX];
	uint8_t stored[TARN__STORED_MAX];
	uint8_t decided[TARN__STORED_MAX]; /* room of a struct tarn__decision */
};

enum tarn__next_step {
	TARN__NEXT_ACCEPT, /* the stored form is made */
	TARN__NEXT_RETRY, /* query the same server over the same transport, in another form */
	TARN__NEXT_TCP, /* query it over TCP */
	TARN__NEXT_OTHER, /* query another server */
};

/*
 * Judges the answer to the message. Where it is TARN__NEXT_ACCEPT, *answer is as of tarn__answer_read(),
 * with scratch->response and, unless the attempt is read only, scratch->stored.
 */
enum tarn__next_step tarn__attempt_judge(const struct tarn__attempt *, const uint8_t *wire,
					 size_t len, uint64_t now_ms, struct tarn__scratch *scratch,
					 struct tarn__answer *answer);

/* Shows the message, after it has been sent, and its answer to the observer. NULL: there is none. */
void tarn__attempt_show(const struct tarn__attempt *, const struct tarn__observer *);
void tarn__attempt_show_answer(const struct tarn__attempt *, const uint8_t *wire, size_t len,
			       uint64_t now_ms, const struct tarn__observer *);

#endif

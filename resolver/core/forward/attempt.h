/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/attempt.h: one message to one server: how the question is put to it, and what its answer
 * comes to. What is learnt of the server goes into its struct tarn__server.
 *
 * Over UDP an answer must prove that its sender has seen the question: by the id, by the letters of
 * the name, which are sent in random case (RFC 5452 section 9.1 asks for what cannot be guessed;
 * draft-vixie-dnsext-dns0x20), and by our cookie (RFC 7873). An answer that does not is not
 * believed, and TCP is to tell. A server that keeps changing case, or garbling cookies, is asked
 * without for a while (struct tarn__quirk), and so is one that knows names in lower case only. One
 * that says nothing to cookies, or to EDNS, is asked without them (core/forward/fallback.h).
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
#include "core/forward/upstream.h"
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
	enum tarn__fullness begin; /* what is known to get through ... */
	enum tarn__fullness fullness; /* ... and what it is sent with */
	bool is_mixed; /* in case */
	uint8_t wire[TARN__QUERY_MAX];
};

/*
 * Writes wire, as the server is to be asked now, and exchange.len. key, server, tries, sent_ms and
 * the rest of exchange are set before.
 */
void tarn__attempt_write(struct tarn__attempt *, const struct tarn_io *, bool wants_ad);

/* It is on its way. */
void tarn__attempt_sent(const struct tarn__attempt *);

/* The server is charged with its silence to it. */
void tarn__attempt_unheard(const struct tarn__attempt *);

/* When the server's silence, to any query, is its next failure. */
uint64_t tarn__attempt_silent_ms(const struct tarn__attempt *);

/* Returns true if the server has answered nothing, to any query, until the timeout was over. */
bool tarn__attempt_has_timed_out(const struct tarn__attempt *, uint64_t now_ms);

/* Room to read an answer. */
struct tarn__scratch {
	uint8_t message[TARN__MESSAGE_MAX];
	uint8_t stored[TARN__STORED_MAX];
};

enum tarn__next_step {
	TARN__NEXT_ACCEPT, /* the stored form is made */
	TARN__NEXT_RETRY, /* ask the same server over the same transport, now in another way */
	TARN__NEXT_TCP, /* ask it over TCP */
	TARN__NEXT_OTHER, /* ask somebody else */
};

/* Judges the answer to the message; *answer is as of tarn__answer_read(), with scratch->stored. */
enum tarn__next_step tarn__attempt_judge(const struct tarn__attempt *, const uint8_t *wire,
					 size_t len, uint64_t now_ms, struct tarn__scratch *scratch,
					 struct tarn__answer *answer);

/* Shows the message, once it is sent, and what came back, to who looks on. NULL: nobody does. */
void tarn__attempt_show(const struct tarn__attempt *, const struct tarn__observer *);
void tarn__attempt_show_answer(const struct tarn__attempt *, const uint8_t *wire, size_t len,
			       uint64_t now_ms, const struct tarn__observer *);

#endif

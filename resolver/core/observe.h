/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/observe.h: the interface for the query log and dnstap, which see every question and its answer.
 * Without an observer it costs one comparison a question.
 *
 * Thread: the worker's. An observer must not block, and must not call the resolver.
 */
#ifndef TARN_CORE_OBSERVE_H
#define TARN_CORE_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "core/stats.h"
#include "dns/query.h"

/* What validation has found of an answer. */
enum tarn__answered_security {
	TARN__ANSWERED_UNCHECKED, /* nothing: it was not checked, or is not as it was then */
	TARN__ANSWERED_SECURE,
	TARN__ANSWERED_INSECURE,
	TARN__ANSWERED_BOGUS,
};

/* A question and its reply. All pointers are valid during the call. */
struct tarn__answered {
	const struct tarn_address *client; /* NULL: the program itself */
	enum tarn__transport transport;
	const struct tarn__query *query; /* of an invalid message the parts that could be read */
	const uint8_t *reply;
	size_t reply_len;
	uint16_t rcode; /* all 12 bits of it */
	enum tarn__status status;
	enum tarn__answered_security security;
	uint8_t list_slot; /* of TARN__STATUS_BLOCKED: the counter of the list that decided; 0: none has one */
	uint64_t latency_ms;
	const struct tarn_address
		*upstream; /* the server that gave the answer; NULL: none, or unknown */
};

/* A message to or from an upstream server; probes are not reported. */
struct tarn__forwarded {
	const struct tarn_address *server;
	enum tarn__transport transport;
	const uint8_t *wire;
	size_t len;
	uint64_t latency_ms; /* of an answer, in the resolution of struct tarn_io's now_ms */
};

/* The members may change between calls. */
struct tarn__observer {
	void *data;
	/* Each may be NULL. */
	void (*answered)(void *data, const struct tarn__answered *);
	void (*asked_server)(void *data, const struct tarn__forwarded *);
	void (*server_answered)(void *data, const struct tarn__forwarded *);
};

#endif

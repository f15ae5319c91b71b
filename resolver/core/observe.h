/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/observe.h: who wants to see every question and its answer: the query log, dnstap. Where
 * nobody does it costs one comparison.
 *
 * Thread: the worker's. What is called must not block, and calls nothing of the resolver.
 */
#ifndef TARN_CORE_OBSERVE_H
#define TARN_CORE_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "core/stats.h"
#include "dns/query.h"

/* A question that has its answer. All pointers are valid during the call. */
struct tarn__answered {
	const struct tarn_address *client; /* NULL: the program itself */
	enum tarn__transport transport;
	const struct tarn__query *query; /* of an invalid message only what could be read */
	const uint8_t *reply;
	size_t reply_len;
	uint16_t rcode; /* all 12 bits of it */
	enum tarn__status status;
	uint64_t latency_ms;
	const struct tarn_address *upstream; /* whose answer it is; NULL: nobody's, or not known */
};

/* A message to an upstream server, or one from it; not those of probes. */
struct tarn__forwarded {
	const struct tarn_address *server;
	enum tarn__transport transport;
	const uint8_t *wire;
	size_t len;
	uint64_t latency_ms; /* of an answer, with the grain of struct tarn_io's now_ms */
};

/* It may change from one call to the next. */
struct tarn__observer {
	void *data;
	/* Each may be NULL. */
	void (*answered)(void *data, const struct tarn__answered *);
	void (*asked_server)(void *data, const struct tarn__forwarded *);
	void (*server_answered)(void *data, const struct tarn__forwarded *);
};

#endif

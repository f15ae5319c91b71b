/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/lines.h: what is open to each endpoint: its channels, by transport.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_LINES_H
#define TARN_NET_UPSTREAM_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "net/upstream/channel.h"

struct tarn__secure_server;

enum {
	/* Sockets that take questions at the same time: how far a burst is spread. */
	TARN__UDP_PLACES = 8,
	/*
	 * Messages under way to one server over UDP. Of names that are never answered three messages
	 * are under way for 5 s: 136 such names a second fill what is for all ranks, 409 a second what
	 * is left for first messages then.
	 */
	TARN__UDP_QUESTIONS =
		2048, /* from half of it on none is sent again, from all on only probes */
	TARN__TCP_QUESTIONS = TARN__TCP_CHANNELS * TARN__CHANNEL_TRANSACTIONS,
	TARN__TLS_QUESTIONS = TARN__TLS_CHANNELS * TARN__TRANSACTIONS_MAX,
};

/* The channels to an endpoint over one transport. */
struct tarn__pool {
	struct tarn__line *line;
	enum tarn__transport transport;
	struct tarn__channel *channels[TARN__UDP_CHANNELS];
	size_t count;
	struct tarn__channel *places[TARN__UDP_PLACES]; /* UDP: those that take questions */
	size_t questions; /* under way ... */
	size_t limit; /* ... at most, but for probes */
	bool is_full; /* and has been reported */
};

/*
 * What is open to an endpoint: from the first exchange with it until it is closed, or nothing is open. What is
 * known of an encrypted one stays until it is closed.
 */
struct tarn__line {
	struct tarn__list node; /* of lines->all */
	struct tarn__line *next; /* of the same bucket */
	struct tarn__endpoint *endpoint; /* a reference */
	struct tarn__secure_server *server; /* NULL: it is not encrypted */
	struct tarn__pool pools[TARN__TRANSPORTS]; /* by enum tarn__transport */
};

/* Chains of lines; there are TARN__SERVERS_ALL_MAX at most, and most often one or two. */
enum { TARN__LINE_BUCKET_BITS = 6, TARN__LINE_BUCKETS = 1 << TARN__LINE_BUCKET_BITS };

struct tarn__lines {
	struct tarn__list all;
	struct tarn__line *buckets[TARN__LINE_BUCKETS];
	/* What all channels have; the endpoint, its server and the transport are added. */
	struct tarn__channel_options options;
};

void tarn__lines_init(struct tarn__lines *, const struct tarn__channel_options *);

/* NULL: there is none. */
struct tarn__line *tarn__lines_find(const struct tarn__lines *, const struct tarn__endpoint *);
/* The same, or a new one. NULL: out of memory. */
struct tarn__line *tarn__lines_have(struct tarn__lines *, struct tarn__endpoint *);

/* Frees the channels of a line, whose messages are finished; and the line itself. */
void tarn__line_clear(struct tarn__lines *, struct tarn__line *);
void tarn__lines_remove(struct tarn__lines *, struct tarn__line *);

/* A new channel in the pool, which has room for it. NULL: out of memory. */
struct tarn__channel *tarn__pool_add(struct tarn__lines *, struct tarn__pool *);
/* The channel takes no more messages of the places that have it. */
void tarn__pool_leave_places(struct tarn__pool *, const struct tarn__channel *);

/* Frees the channels that have not been used for a while, and lines that have none left. */
void tarn__lines_shrink(struct tarn__lines *, uint64_t now_ms);

typedef void tarn__channel_function(struct tarn__channel *, uint64_t now_ms);
void tarn__lines_for_each(struct tarn__lines *, tarn__channel_function *, uint64_t now_ms);

#endif

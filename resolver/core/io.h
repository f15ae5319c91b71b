/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/io.h: the outside as core/ sees it: a clock, randomness, a carrier of messages to servers
 * and one timer. net/ implements it on libev and c-ares, the tests on a virtual clock and a script;
 * core/ does not depend on which.
 *
 * Thread: one struct tarn_io per worker, used on that worker's thread only.
 */
#ifndef TARN_CORE_IO_H
#define TARN_CORE_IO_H

#include <stddef.h>
#include <stdint.h>

#include "base/transport.h"

struct tarn__endpoint;

/* Which message gives way where the number of those under way to a server is bounded. */
enum tarn__rank {
	TARN__RANK_FIRST, /* a question's first to that server */
	TARN__RANK_RESEND, /* gives way to first ones */
	TARN__RANK_PROBE, /* always has room */
};

/*
 * One message on its way to one server, in core's memory. core/ fills in all but carrier; endpoint and
 * wire stay alive, and wire untouched, until done was called or cancel returned.
 */
struct tarn_exchange {
	/*
	 * error 0: answer is a whole message from that server, at least a header, with the id and
	 * the question sent (letter case aside); it is valid during the call. Else
	 * TARN_EUNREACHABLE (refused, no route, closed), TARN_ETIMEOUT or TARN_ENOMEM, and answer
	 * is NULL.
	 */
	void (*done)(struct tarn_exchange *, int error, const uint8_t *answer, size_t len);
	struct tarn__endpoint *endpoint;
	enum tarn__transport transport;
	enum tarn__rank rank;
	const uint8_t *wire; /* its first two octets are the id, random, of core's making */
	size_t len;
	void *carrier; /* the implementation's own */
};

struct tarn_io {
	void *data;
	/* Monotonic; goes on while the machine is suspended. The same clock as the cache's. */
	uint64_t (*now_ms)(void *data);
	/* Monotonic, stands still in a suspend: for measuring what has taken its time. */
	uint64_t (*now_us)(void *data);
	/* Seconds since 1970, modulo 2^32 (RFC 9018's). No system call. */
	uint32_t (*wall_sec)(void *data);
	/* Unpredictable octets (RFC 5452 section 9.2). */
	void (*random)(void *data, void *out, size_t len);
	/*
	 * 0: done is called exactly once, later, from the loop, never inside send or cancel. The
	 * sender keeps its own deadline and cancels. <0: done is never called; TARN_EBUSY: too many
	 * messages are under way to that server for one of that rank; TARN_ENOMEM; TARN_EINVAL.
	 */
	int (*send)(void *data, struct tarn_exchange *);
	/* done is never called after it. */
	void (*cancel)(void *data, struct tarn_exchange *);
	/*
	 * This worker sends nothing more to the endpoint, and no exchange with it is outstanding: what is
	 * open to it is closed. Not from within done.
	 */
	void (*close)(void *data, struct tarn__endpoint *);
	/*
	 * Have tarn__resolver_run() called at that time or soon after, not before; a later call
	 * replaces the time; UINT64_MAX: no need.
	 */
	void (*wake_at)(void *data, uint64_t at_ms);
	/* Have those of the other workers called, soon. */
	void (*wake_others)(void *data);
};

#endif

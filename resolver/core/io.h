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
#include "core/second/request.h"

struct tarn__endpoint;

/* The precedence of messages if the number under way to a server is at its bound. */
enum tarn__rank {
	TARN__RANK_FIRST, /* a question's first to that server */
	TARN__RANK_RESEND, /* gives way to first ones */
	TARN__RANK_PROBE, /* always has room */
};

/*
 * One message to one server, in core's memory. core/ sets all members but carrier; endpoint and wire remain
 * valid, and wire unchanged, until done was called or cancel returned.
 */
struct tarn_exchange {
	/*
	 * error 0: answer is a whole message from that server, at least a header, with the id and
	 * the question sent (letter case aside); it is valid during the call. Else
	 * TARN_EUNREACHABLE (refused, no route, closed), TARN_ETIMEOUT or TARN_ENOMEM; of an encrypted
	 * transport TARN_ECERTIFICATE, TARN_ETLS, or TARN_EANSWER for what is no DNS message, and answer
	 * is NULL.
	 */
	void (*done)(struct tarn_exchange *, int error, const uint8_t *answer, size_t len);
	struct tarn__endpoint *endpoint;
	enum tarn__transport transport;
	enum tarn__rank rank;
	const uint8_t
		*wire; /* its first two octets are the id, a random one that core/ has drawn */
	size_t len;
	/*
	 * Set by the carrier before done is called with an error: what was wrong, in words without addresses,
	 * valid during the call; NULL: no more is known than the error.
	 */
	const char *fault;
	void *carrier; /* the implementation's own */
};

struct tarn_io {
	void *data;
	/* Monotonic; continues while the machine is suspended. The same clock as the cache's. */
	uint64_t (*now_ms)(void *data);
	/* Monotonic, stops during a suspend: for measuring durations. */
	uint64_t (*now_us)(void *data);
	/* Seconds since 1970, modulo 2^32 (RFC 9018's). No system call. */
	uint32_t (*wall_sec)(void *data);
	/* Milliseconds since 1970. */
	uint64_t (*wall_ms)(void *data);
	/* Unpredictable octets (RFC 5452 section 9.2). */
	void (*random)(void *data, void *out, size_t len);
	/*
	 * Returns 0: done is called exactly once, later, from the loop, never inside send or cancel. The
	 * sender keeps its own deadline and cancels. < 0: done is never called; TARN_EBUSY: too many
	 * messages are under way to that server for one of that rank; TARN_ENOMEM; TARN_EINVAL.
	 */
	int (*send)(void *data, struct tarn_exchange *);
	/* done is never called after it. */
	void (*cancel)(void *data, struct tarn_exchange *);
	/*
	 * Closes all that is open to the endpoint. This worker sends nothing more to it, and no exchange with
	 * it is outstanding. Not to be called from within done.
	 */
	void (*close)(void *data, struct tarn__endpoint *);
	/*
	 * Causes a call of tarn__resolver_run() at that time or soon after, not before. A later call
	 * replaces the time; UINT64_MAX: no call is needed.
	 */
	void (*wake_at)(void *data, uint64_t at_ms);
	/* Causes a call of tarn__resolver_run() in the other workers, soon. */
	void (*wake_others)(void *data);

	/*
	 * The second level (core/second/second.h). Not called without one in the configuration.
	 *
	 * Returns 0: done is called exactly once, later, from the loop, never inside second_get or
	 * second_cancel. < 0: done is never called; TARN_EUNREACHABLE: there is no connection; TARN_EBUSY: too
	 * much is outstanding; TARN_ENOMEM. core/ keeps its own deadline and cancels.
	 */
	int (*second_get)(void *data, struct tarn_second_get *);
	/* done is never called after it. */
	void (*second_cancel)(void *data, struct tarn_second_get *);
	/* Likewise; it cannot be canceled. */
	int (*second_put)(void *data, const struct tarn_second_put *);
	/* Likewise. */
	int (*second_publish)(void *data, const struct tarn_second_publication *);
};

#endif

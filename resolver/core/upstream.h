/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/upstream.h: what a worker knows of the upstream servers, and which one to ask next: the best
 * first, by smoothed round-trip time and failures. Knows nothing of questions or sockets.
 *
 * Thread: one struct tarn__upstream per worker.
 */
#ifndef TARN_CORE_UPSTREAM_H
#define TARN_CORE_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tarn.h"

enum {
	TARN__SERVERS_MAX = 64, /* of one configuration */
	TARN__SENDS_MAX = 3, /* RFC 9520 section 3.1, per server, transport and question */
	TARN__PATIENCE_MIN_MS = 50, /* before the next server is asked too: floor ... */
	TARN__PATIENCE_MAX_MS = 1000, /* ... and ceiling */
	TARN__PATIENCE_NEW_MS = 400, /* of a server that has never answered */
	TARN__HOLD_FAILURES = 3, /* in a row, and a server is held down ... */
	TARN__HOLD_MS = 10000, /* ... this long, while another lives */
};

struct tarn__server {
	const struct tarn_address *address;
	uint32_t srtt_ms; /* smoothed; 0: never answered */
	uint32_t rttvar_ms; /* mean deviation (RFC 6298 section 2) */
	uint32_t failures; /* in a row */
	uint64_t held_until_ms;
};

struct tarn__upstream {
	size_t count;
	struct tarn__server servers[]; /* in the configuration's order */
};

/* addresses are borrowed. NULL: out of memory. */
struct tarn__upstream *tarn__upstream_new(const struct tarn_address *addresses, size_t count);
void tarn__upstream_free(struct tarn__upstream *);

/* What one question has done with one server so far. */
struct tarn__tries {
	uint8_t sends; /* over UDP */
	bool is_done; /* it gave a verdict or cannot be reached: not to be asked again */
	bool has_failed; /* and was charged for it, once per question */
};

/*
 * The server to ask next for a question with these tries (one per server): the one sent to least
 * often, of those one that is not held down, of those the fastest. -1: nothing left to try.
 */
int tarn__upstream_choose(const struct tarn__upstream *, const struct tarn__tries *,
			  uint64_t now_ms);

/* How long an answer from that server may take before the next is asked too; doubles with sends. */
uint64_t tarn__upstream_patience_ms(const struct tarn__server *, unsigned sends);

/* An answer came, whatever its rcode; or none came, or the network said that none will. */
void tarn__server_answered(struct tarn__server *, uint64_t rtt_ms);
void tarn__server_failed(struct tarn__server *, uint64_t now_ms);

#endif

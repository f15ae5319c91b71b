/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/probe.h: queries to servers that no client has asked for. A server is probed if it is dead;
 * if it is doubted, since it has not answered while all messages of a lookup but the last were sent; or if
 * it is in trouble, since its last TARN__UNUSABLE_STREAK answers were SERVFAIL and the like. It is probed
 * once per TARN__PROBE_MS at most, by one of the workers if it is dead, and only while clients ask. Any
 * answer ends its death and the doubt; an answer without an error ends its trouble. An answer may take as
 * long as that to a client's query: a slow server is not dead. One of an encrypted transport is also probed
 * if its last exchange has ended with an error, over that transport, as padded as any other.
 *
 * It is queried alternately for what it has answered before, and for the name servers of its zone, which it
 * has or can forward. A server that has never answered is queried, in the place of the former, for the
 * address of a name of which another type was queried in vain: some servers answer some types only. A name
 * that another configuration has given to another zone is not used.
 *
 * Thread: one struct tarn__probes per zone and worker.
 */
#ifndef TARN_CORE_FORWARD_PROBE_H
#define TARN_CORE_FORWARD_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "base/list.h"
#include "base/timer.h"
#include "core/forward/server.h"
#include "dns/query.h"

enum { TARN__PROBE_LIFE_MS = 5000 /* an answer is waited for, and clients count as asking */ };

struct tarn__probes;

struct tarn__probe_events {
	/* A probe has ended with an error of struct tarn_exchange, with its words or NULL. */
	void (*failed)(struct tarn__probes *, struct tarn__server *, int error, const char *words);
	/* A server has answered. has_recovered: it was dead, for this worker or for another. */
	void (*answered)(struct tarn__probes *, struct tarn__server *, bool has_recovered);
	/* Then: its answer is no error. */
	void (*useful)(struct tarn__probes *, struct tarn__server *);
	/* A dead server has been probed. */
	void (*asked)(struct tarn__probes *, struct tarn__server *);
};

struct tarn__probes {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct tarn__server *const *servers; /* borrowed */
	size_t server_count;
	const struct tarn__probe_events *events;
	struct tarn__timer timer;
	struct tarn__list outstanding; /* oldest first */
	uint64_t wanted_until_ms;
	uint16_t zone_len;
	uint8_t zone[TARN__NAME_MAX]; /* the zone's name */
	uint16_t suggested_len; /* 0: there is none */
	uint8_t suggested[TARN__NAME_MAX];
};

/* All are borrowed, but for the zone. */
void tarn__probes_init(struct tarn__probes *, const struct tarn_io *io, struct tarn__timers *,
		       struct tarn__server *const *servers, const struct tarn__zone_config *,
		       const struct tarn__probe_events *);
/* Cancels what is outstanding; may be repeated, and be followed by more probes. */
void tarn__probes_stop(struct tarn__probes *);

/*
 * A client asks; or one waits, and a server has died: the servers that need it are probed for
 * TARN__PROBE_LIFE_MS.
 */
void tarn__probes_want(struct tarn__probes *);

/* A name to probe servers with that have never answered. */
void tarn__probes_suggest(struct tarn__probes *, const struct tarn__key *);

/* Probes a server of the zone, dead or not. */
void tarn__probe_now(struct tarn__probes *, struct tarn__server *);

/*
 * Queries a server for the key, without EDNS unless it is encrypted. Its answer counts as that to a probe, but
 * does not end trouble. 0, TARN_ENOMEM, or an error of struct tarn_io's send().
 */
int tarn__probe_send(struct tarn__probes *, struct tarn__server *, const struct tarn__key *);

#endif

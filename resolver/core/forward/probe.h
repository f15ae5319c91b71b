/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/probe.h: questions of our own to the servers. A server is probed that is dead; that is doubted,
 * since it has said nothing while all but the last message of a lookup were sent; or that is in
 * trouble, since it has said SERVFAIL and the like TARN__UNUSABLE_STREAK times in a row. It is asked
 * once per TARN__PROBE_MS at most, by one of the workers, and only while clients ask. Whatever it
 * answers heals it; what ends its trouble is an answer of use. An answer may take as long as one to
 * a client's question: a slow server is not dead.
 *
 * It is asked in turn for what it has answered before, and for the name servers of its zone, which it
 * has or can forward. In the place of the first one that has never answered is asked for the address
 * of a name that it was asked for in vain: some servers answer some types only. A name
 * that another configuration has given to another zone is not among them.
 *
 * Thread: one struct tarn__probes per group and worker.
 */
#ifndef TARN_CORE_FORWARD_PROBE_H
#define TARN_CORE_FORWARD_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "base/list.h"
#include "base/timer.h"
#include "core/forward/upstream.h"
#include "dns/query.h"

enum { TARN__PROBE_LIFE_MS = 5000 /* an answer is waited for, and clients count as asking */ };

struct tarn__probes;

struct tarn__probe_events {
	/* A server has answered; has that healed it, for this worker or for another? */
	void (*answered)(struct tarn__probes *, struct tarn__server *, bool has_recovered);
	/* And what it has answered is no error. */
	void (*useful)(struct tarn__probes *, struct tarn__server *);
	/* A server that is dead has been asked. */
	void (*asked)(struct tarn__probes *, struct tarn__server *);
};

struct tarn__probes {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct tarn__upstream *upstream; /* borrowed */
	const struct tarn__probe_events *events;
	struct tarn__timer timer;
	struct tarn__list outstanding; /* oldest first */
	uint64_t wanted_until_ms;
	uint16_t zone_len;
	uint8_t zone[TARN__NAME_MAX]; /* the group's */
	uint16_t suggested_len; /* 0: nothing */
	uint8_t suggested[TARN__NAME_MAX];
};

/* All are borrowed, but for the zone. */
void tarn__probes_init(struct tarn__probes *, const struct tarn_io *io, struct tarn__timers *,
		       struct tarn__upstream *, const struct tarn__zone_config *,
		       const struct tarn__probe_events *);
/* Cancels what is outstanding; may repeat, and be followed by more probes. */
void tarn__probes_stop(struct tarn__probes *);

/* A client asks; or waits, and a server has died: dead servers are probed from now on. */
void tarn__probes_want(struct tarn__probes *);

/* A name for servers that have never answered. */
void tarn__probes_suggest(struct tarn__probes *, const struct tarn__key *);

/* Probes a server of the group, dead or not. */
void tarn__probe_now(struct tarn__probes *, struct tarn__server *);

/*
 * Asks a server for a name of the caller's, with or without EDNS. Its answer is as good as that to
 * a probe. 0, TARN_ENOMEM, or why the server cannot be asked.
 */
int tarn__probe_send(struct tarn__probes *, struct tarn__server *, const struct tarn__key *,
		     bool has_edns);

#endif

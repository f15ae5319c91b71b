/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/probe.h: questions of our own to the servers. A dead server is asked for the name servers of
 * its zone (some say nothing to what is in none of theirs), once per TARN__PROBE_MS at most, by one
 * of the workers, and only while clients ask; whatever it answers heals it. An answer may take as
 * long as one to a client's question: who is slow is not dead.
 *
 * Thread: one struct tarn__probes per group and worker.
 */
#ifndef TARN_CORE_PROBE_H
#define TARN_CORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "core/list.h"
#include "core/timer.h"
#include "core/upstream.h"
#include "dns/query.h"

enum { TARN__PROBE_LIFE_MS = 5000 /* an answer is waited for, and clients count as asking */ };

struct tarn__probes {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct tarn__upstream *upstream; /* borrowed */
	/* A server has; has that healed it, for this worker or for another? */
	void (*answered)(struct tarn__probes *, size_t index, bool has_healed);
	/* A server that is dead has been asked. */
	void (*asked)(struct tarn__probes *, size_t index);
	struct tarn__timer timer;
	struct tarn__list outstanding; /* oldest first */
	uint64_t wanted_until_ms;
	uint16_t zone_len;
	uint8_t zone[TARN__NAME_MAX]; /* the group's */
};

/* All are borrowed, but for the group. */
void tarn__probes_init(struct tarn__probes *, const struct tarn_io *io, struct tarn__timers *,
		       struct tarn__upstream *, const struct tarn__group *,
		       void (*answered)(struct tarn__probes *, size_t index, bool has_healed),
		       void (*asked)(struct tarn__probes *, size_t index));
/* Cancels what is outstanding; may repeat, and be followed by more probes. */
void tarn__probes_stop(struct tarn__probes *);

/* A client asks; or waits, and a server has died: dead servers are probed from now on. */
void tarn__probes_want(struct tarn__probes *);

/* The servers' place in the configuration's list is another, upstream->first. */
void tarn__probes_move(struct tarn__probes *);

/* Probes a server, dead or not. index is the server's in the group, as below. */
void tarn__probe_now(struct tarn__probes *, size_t index);

/*
 * Asks a server for a name of the caller's, with or without EDNS. Its answer is as good as that to
 * a probe. 0, TARN_ENOMEM, or why the server cannot be asked.
 */
int tarn__probe_send(struct tarn__probes *, size_t index, const struct tarn__key *, bool has_edns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/secondary.h: a zone that is kept as its primaries have it (RFC 1034 section 4.3.5), in a file
 * (daemon/transfer/zone_file.h). What reads the file notices each new one by itself.
 *
 *	IDLE --timer, NOTIFY--> WAITING --place--> ASKING (SOA) --newer--> CHANGES (IXFR) --> UPDATING --> IDLE
 *	                                    \--no zone yet--> WHOLE (AXFR) --> IDLE    \--no use--> WHOLE
 *
 * A step that fails leads to the next primary, and after the last one to IDLE until the next attempt is
 * due. The zone that is there stays until another one is whole, even if it expires.
 *
 * Thread: the loop's.
 */
#ifndef TARN_DAEMON_TRANSFER_SECONDARY_H
#define TARN_DAEMON_TRANSFER_SECONDARY_H

#include <ev.h>
#include <limits.h>

#include "base/list.h"
#include "daemon/log/log.h"
#include "daemon/settings/addresses.h"
#include "daemon/transfer/session.h"
#include "daemon/transfer/state.h"
#include "daemon/transfer/update.h"
#include "daemon/transfer/zone_file.h"
#include "dns/tsig_key.h"
#include "net/random.h"

enum {
	TARN__SECONDARY_AT_ONCE = 2, /* zones that are looked at, of all: memory and load */
	TARN__SECONDARY_NOTIFY_SEC = 1, /* between looks that a NOTIFY causes */
};

/* What all zones share. */
struct tarn__secondaries {
	struct ev_loop *loop;
	struct tarn__log *log;
	struct tarn__random random;
	unsigned running;
	struct tarn__list waiting; /* secondaries that wait for a place */
	/* The state of one has changed. */
	void (*changed)(void *data);
	void *data;
};

struct tarn__secondary_options { /* copied */
	const char *name; /* the zone's */
	const char *path; /* of its file */
	struct tarn__addresses primaries;
	struct tarn_source source;
	const struct tarn__tsig_key *key; /* NULL: none */
};

struct tarn__secondary;

/* NULL: out of memory. */
struct tarn__secondary *tarn__secondary_new(struct tarn__secondaries *,
					    const struct tarn__secondary_options *);
void tarn__secondary_free(struct tarn__secondary *); /* NULL is allowed. */

/* Returns true if it was made with equal options. */
bool tarn__secondary_has(const struct tarn__secondary *, const struct tarn__secondary_options *);

/* Takes the file that is there, and looks for a newer one at once. Repeated calls have no effect. */
void tarn__secondary_start(struct tarn__secondary *);

/* Looks for a newer zone as soon as it may. */
void tarn__secondary_look(struct tarn__secondary *);

const struct tarn__transfer_state *tarn__secondary_state(const struct tarn__secondary *);

/* Immutable; any thread. */
const struct tarn__name *tarn__secondary_zone(const struct tarn__secondary *);
const struct tarn__tsig_key *tarn__secondary_key(const struct tarn__secondary *); /* NULL: none */
bool tarn__secondary_has_primary(const struct tarn__secondary *, const struct tarn_address *);

#endif

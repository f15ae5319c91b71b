/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/insecure.h: names that the operator has made insecure for a time, with all names below them:
 * negative trust anchors beside those of the configuration (RFC 7646). They stay over a reload, and end
 * with the process.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_NAMES_INSECURE_H
#define TARN_DAEMON_NAMES_INSECURE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/log/log.h"
#include "dns/name.h"
#include "tarn.h"

enum {
	TARN__INSECURE_MAX = 64, /* names: they are for single mistakes of others */
	TARN__INSECURE_DAYS_MAX = 7, /* RFC 7646 section 2: the zone's operator is to mend it */
};

struct tarn__insecure_name {
	struct tarn__name name;
	uint64_t until_ms; /* tarn__clock_ms() */
};

struct tarn__insecure {
	struct tarn *tarn; /* NULL: it has not been initialised */
	struct ev_loop *loop;
	struct tarn__log *log;
	ev_timer timer; /* runs while there are names */
	size_t count;
	struct tarn__insecure_name names[TARN__INSECURE_MAX];
};

/* All are borrowed. */
void tarn__insecure_init(struct tarn__insecure *, struct tarn *, struct ev_loop *,
			 struct tarn__log *);

/*
 * Makes a name insecure for that time from now on, instead of what was said of it. TARN_EINVAL for the
 * root; TARN_EBUSY: there are TARN__INSECURE_MAX; TARN_ENOMEM: nothing has changed.
 */
int tarn__insecure_say(struct tarn__insecure *, const struct tarn__name *, uint64_t sec);

/* Takes back what was said of the name. Returns 0; TARN_EINVAL: nothing was; TARN_ENOMEM. */
int tarn__insecure_take_back(struct tarn__insecure *, const struct tarn__name *);

/* Returns true if the name, not one above it, is insecure for a time. */
bool tarn__insecure_has(const struct tarn__insecure *, const uint8_t *name, size_t len);

/* Allowed for an object of zeros. */
void tarn__insecure_stop(struct tarn__insecure *);

#endif

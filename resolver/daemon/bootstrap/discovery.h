/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/discovery.h: encrypted services of servers in the clear (RFC 9462), where "discover = yes" asks
 * for them. Each server is asked for its designation; what it designates at its own address is asked before it, with
 * a certificate for that address or not at all (section 4.2; section 4.3, without verification, is not done). The
 * server in the clear stays for when that fails, for it was configured to be asked in the clear; the resolver logs why
 * an encrypted server fails, and counts what each of them is asked.
 *
 * With nothing to discover there is no memory, no timer and no descriptor.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_DISCOVERY_H
#define TARN_DAEMON_BOOTSTRAP_DISCOVERY_H

#include <ev.h>

#include "daemon/log/log.h"
#include "daemon/settings/settings.h"
#include "tarn.h"

struct tarn__discovery_plan;

struct tarn__discovery {
	struct tarn *tarn; /* NULL: it has not been initialised */
	struct ev_loop *loop;
	struct tarn__log *log;
	/* Of the root, whose servers may change with resolv.conf, and of all other zones; NULL: nothing to do. */
	struct tarn__discovery_plan *root, *zones;
	struct tarn__discovery_plan *next_root, *next_zones; /* not settled yet */
	bool has_next;
};

/* All are borrowed. */
void tarn__discovery_init(struct tarn__discovery *, struct tarn *, struct ev_loop *,
			  struct tarn__log *);

/* Those of struct tarn__part, as daemon/bootstrap/bootstrap.h has them. */
int tarn__discovery_set(void *discovery, const struct tarn__settings *);
void tarn__discovery_settle(void *discovery);
void tarn__discovery_network_changed(void *discovery);

/* The resolver has got other servers for the root, those of resolv.conf. */
void tarn__discovery_follow(struct tarn__discovery *, const struct tarn__settings *);

/* Frees everything; before the tarn. Allowed for an object of zeros. */
void tarn__discovery_stop(struct tarn__discovery *);

#endif

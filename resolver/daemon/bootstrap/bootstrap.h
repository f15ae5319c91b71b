/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/bootstrap.h: the addresses of upstream servers that are given by name alone, tls://dns.example.
 * They are asked of the servers of "bootstrap", or of those in the clear of the server's own group; never of the
 * server itself, and never of tarn (RFC 8484 section 10). What is answered is trusted for no more than an address:
 * the server's certificate has to be for its name.
 *
 * A server with several addresses becomes several servers, of which the selection finds the one that answers soonest:
 * no family is preferred (RFC 8305 section 4), and one that does not answer costs no question more than its time.
 *
 * Addresses are asked for again when their TTL ends, and until there are others those that are known stay in use.
 * With no such server configured there is no memory, no timer and no descriptor; between two questions there is
 * no more than what is known and a timer.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_BOOTSTRAP_H
#define TARN_DAEMON_BOOTSTRAP_BOOTSTRAP_H

#include <ev.h>
#include <stdint.h>

#include "daemon/bootstrap/host.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"
#include "tarn.h"

struct tarn__bootstrap_plan;

struct tarn__bootstrap {
	struct tarn *tarn; /* NULL: it has not been initialised */
	struct ev_loop *loop;
	struct tarn__log *log;
	struct tarn__bootstrap_plan *plan; /* in force; NULL: no server has a name alone */
	struct tarn__bootstrap_plan *next; /* as the settings want it that are not settled yet */
	bool has_next;
};

/* All are borrowed. */
void tarn__bootstrap_init(struct tarn__bootstrap *, struct tarn *, struct ev_loop *,
			  struct tarn__log *);

/*
 * Prepares for the settings (struct tarn__part); the forward sections have not been forgotten. Called a second
 * time without settle in between it drops what it has prepared. TARN_ENOMEM, logged.
 */
int tarn__bootstrap_set(void *bootstrap, const struct tarn__settings *);

/*
 * Between set and settle: puts the addresses that are known into the options that were made of the settings, so
 * that a reload does not lose them. What it puts there is valid until settle.
 */
int tarn__bootstrap_fill(struct tarn__bootstrap *, struct tarn_options *);

/* The settings are final, and the resolver has them: asks for what is not known. */
void tarn__bootstrap_settle(void *bootstrap);

/* Asks for what is not known, or may be out of date. */
void tarn__bootstrap_network_changed(void *bootstrap);

/* What is known of a name. */
struct tarn__bootstrap_view {
	const char *name;
	const struct tarn__host_addresses *addresses;
	const char *fault; /* of the last question; NULL: it was answered, or is under way */
	uint64_t left_sec; /* until it is asked for again */
};
/* Returns the next one, from *at = 0 on. Returns false after the last. */
bool tarn__bootstrap_next(const struct tarn__bootstrap *, size_t *at,
			  struct tarn__bootstrap_view *out);

/* Frees everything; before the tarn. Allowed for an object of zeros. */
void tarn__bootstrap_stop(struct tarn__bootstrap *);

#endif

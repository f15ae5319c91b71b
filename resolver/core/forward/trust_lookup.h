/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/trust_lookup.h: the lookup of what is known of a name in the chain of trust
 * (dnssec/trust.h): of its DS, by the servers of its parent's zone, and its DNSKEY. Both are lookups of
 * their own through the cache (tarn__key_write_of_chain()), so that servers, time-outs and repetition are
 * as for all lookups.
 *
 *	an anchor has the name   DNSKEY, verified by the anchor
 *	DS, which is checked     needs trust of names above only
 *	  none, at a delegation     insecure
 *	  none, no delegation       no cut
 *	  of no supported kind      insecure
 *	  else                      DNSKEY, verified by the DS
 *
 * What is bogus is asked for a second time, with CD=0: a server that validates itself chooses better data
 * then. It is known as bogus for TARN__TRUST_BOGUS_TTL. What cannot be had is an error, which is not
 * remembered here.
 *
 * Thread: the worker's.
 */
#ifndef TARN_CORE_FORWARD_TRUST_LOOKUP_H
#define TARN_CORE_FORWARD_TRUST_LOOKUP_H

#include <stddef.h>

struct rtcache_lookup;
struct tarn__forwarder;
struct tarn__key;

enum {
	TARN__TRUST_TTL_MAX = 3600, /* seconds, of what is insecure and what is no cut */
	TARN__TRUST_BOGUS_TTL = 60,
};

/*
 * Starts the lookup of a key of tarn__key_write_trust(); ends handle exactly once, perhaps before it
 * returns.
 */
void tarn__trust_lookup_start(struct tarn__forwarder *, struct rtcache_lookup *handle,
			      const struct tarn__key *);

/* The anchors have changed: all lookups begin again. */
void tarn__trust_lookups_restart(struct tarn__forwarder *);

/* The configuration has changed, its anchors are equal: lookups go on with those of the new one. */
void tarn__trust_lookups_renew(struct tarn__forwarder *);

/* All lookups fail with TARN_ECANCELED. */
void tarn__trust_lookups_cancel(struct tarn__forwarder *);

#endif

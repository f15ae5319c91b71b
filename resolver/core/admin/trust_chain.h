/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/trust_chain.h: the chain of trust of a name (dnssec/trust.h), from its anchor down to the name
 * itself: what is known of each name, and how it comes to be known. No query of a client calls these
 * functions.
 *
 * Thread: as core/admin/inspect.h.
 */
#ifndef TARN_CORE_ADMIN_TRUST_CHAIN_H
#define TARN_CORE_ADMIN_TRUST_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dnssec/anchors.h"
#include "dnssec/trust.h"
#include "rtcache.h"

struct tarn__resolver;

/* What is known of one name. Views are valid during the call that has it. */
struct tarn__trust_link {
	const uint8_t *name; /* in wire form */
	bool is_known; /* the members after it are set */
	struct tarn__trust trust;
	uint64_t left_ms; /* for which it will be known */
};

/*
 * Calls show for the name of the anchor, and then for each name with one more label, up to the name or to
 * one that is insecure or bogus: so is all that is below it. Nothing is asked for. Returns the anchor; show
 * is called if it is a positive one. Without validation there is no anchor.
 */
struct tarn__anchor tarn__trust_chain_show(struct tarn__resolver *, const uint8_t *name, size_t len,
					   void (*show)(void *arg, const struct tarn__trust_link *),
					   void *arg);

/* Looks up what is not known of the same names, one after the other. */
struct tarn__trust_chain_lookup {
	/*
	 * Set by the caller. Called once, from tarn__resolver_run(), last: error is 0, or says why the name
	 * after the last one that is known is not.
	 */
	void (*done)(struct tarn__trust_chain_lookup *, int error);
	void *owner;
	/* Of the lookup. */
	struct tarn__resolver *resolver;
	struct rtcache_request request;
	struct tarn__name name;
	size_t at; /* offset of the name that is looked up */
};

/* Returns 1 if done will be called; 0 if it will not, because all is known; or an error. */
int tarn__trust_chain_ask(struct tarn__trust_chain_lookup *, struct tarn__resolver *,
			  const uint8_t *name, size_t len);

/* done is not called any more. */
void tarn__trust_chain_cancel(struct tarn__trust_chain_lookup *);

#endif

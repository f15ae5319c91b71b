/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/respond.h: what a client is told: from what policy, the cache or a failure says to the
 * octets of its reply, with all that goes into an OPT: its cookie, keepalive, extended errors.
 *
 * Each function writes a whole reply and returns its octets; the room is as for
 * tarn__resolver_resolve().
 *
 * Thread: as the resolver's.
 */
#ifndef TARN_CORE_RESPOND_H
#define TARN_CORE_RESPOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/io.h"
#include "core/policy/policy.h"
#include "core/resolver.h"
#include "dns/query.h"
#include "rtcache.h"

enum { TARN__STALE_TTL = 30 /* seconds; RFC 8767 section 4 recommends it */ };

/* Who is told what was asked. */
struct tarn__reply_context {
	const struct tarn__config *config;
	const uint8_t *cookie_secret;
	const struct tarn_io *io;
	const struct tarn__client_request *client_request;
	const struct tarn__query *query;
};

/* A value of the cache, fresh or stale; or an error that the key's lookup ended with just now. */
size_t tarn__respond_value(const struct tarn__reply_context *, const struct rtcache_value *,
			   uint8_t *reply);

/* What policy decided, other than TARN__POLICY_PASS. */
size_t tarn__respond_policy(const struct tarn__reply_context *, enum tarn__ruling,
			    const struct tarn__policy_answer *, uint8_t *reply);

/* SERVFAIL, with the reason; is_cached: one that is remembered (RFC 9520). */
size_t tarn__respond_failure(const struct tarn__reply_context *, int error, bool is_cached,
			     uint8_t *reply);

/* REFUSED to who does not desire recursion, and there is nothing in the cache. */
size_t tarn__respond_not_cached(const struct tarn__reply_context *, uint8_t *reply);

/*
 * REFUSED to who may not ask, whose message had so many octets: over UDP the reply has no more, since
 * the address may be a victim's (RFC 5358). It is a header alone where that was no question that can be
 * answered; of the options there is what fits.
 */
size_t tarn__respond_stranger(const struct tarn__reply_context *, bool is_question,
			      size_t asked_len, uint8_t *reply);

/* What a message's fault comes to (tarn__query_parse()). */
size_t tarn__respond_rcode(const struct tarn__reply_context *, uint16_t rcode, uint8_t *reply);

#endif

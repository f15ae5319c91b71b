/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/respond.h: replies to clients, made from a decision of the policy, a value of the cache or a
 * failure, with all that the OPT contains: cookie, keepalive, extended errors.
 *
 * Each function writes a whole reply and returns its length in octets. reply has room as for
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

/* The query, and what its reply depends on beside the answer. */
struct tarn__reply_context {
	const struct tarn__config *config;
	const uint8_t *cookie_secret;
	struct tarn__reasons *reasons;
	const struct tarn_io *io;
	const struct tarn__client_request *client_request;
	const struct tarn__query *query;
};

/* Returns the extended error of a stale answer (RFC 8914 sections 4.4 and 4.20). */
uint16_t tarn__respond_stale_error(const uint8_t *stored);

/* A value of the cache, fresh or stale, or the error with which the key's lookup has just ended. */
size_t tarn__respond_value(const struct tarn__reply_context *, const struct rtcache_value *,
			   uint8_t *reply);

/*
 * The decision of a stage of the policy, with an action other than TARN__POLICY_PASS. message_len is the
 * length of the client's message in octets. Returns 0 if no reply is due.
 */
size_t tarn__respond_decision(const struct tarn__reply_context *, enum tarn__policy_action,
			      const struct tarn__decision *, size_t message_len, uint8_t *reply);

/* SERVFAIL, with the reason; is_cached: it is a remembered failure (RFC 9520). */
size_t tarn__respond_failure(const struct tarn__reply_context *, int error, bool is_cached,
			     uint8_t *reply);

/* REFUSED to a query with RD=0 for which the cache has no answer. */
size_t tarn__respond_not_cached(const struct tarn__reply_context *, uint8_t *reply);

/* A message that is not a good query: the RCODE that tarn__query_parse() returned for it. */
size_t tarn__respond_rcode(const struct tarn__reply_context *, uint16_t rcode, uint8_t *reply);

#endif

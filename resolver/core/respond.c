/* SPDX-License-Identifier: BSD-2-Clause */
/* core/respond.c: replies, and what their OPT says. */
#include "core/respond.h"

#include "base/address.h"
#include "dns/answer.h"
#include "dns/cookie.h"
#include "dns/edns.h"

static void set_cookie(const struct tarn__reply_context *to, uint8_t cookie[TARN__COOKIE_LEN],
		       struct tarn__options *options)
{
	const struct tarn__query *query = to->query;
	size_t len;
	const uint8_t *octets = tarn__address_octets(to->client_request->client, &len);
	/* RFC 7873 section 5.2.3: who shows none, or a bad one, is answered all the same. */
	(void)tarn__cookie_answer(to->cookie_secret, query->cookie, query->cookie_len, octets, len,
				  to->io->wall_sec(to->io->data), cookie);
	options->cookie = cookie;
	options->cookie_len = TARN__COOKIE_LEN;
}

/* What the OPT says whatever the answer is; the cookie is made in cookie. */
static inline void set_options(const struct tarn__reply_context *to,
			       uint8_t cookie[TARN__COOKIE_LEN], struct tarn__options *options)
{
	const struct tarn__query *query = to->query;
	/* The program itself has no address that a cookie could prove. */
	if (query->cookie && to->client_request->client)
		set_cookie(to, cookie, options);
	/* RFC 7828 section 3.3.2: never over UDP. */
	if (query->wants_keepalive && to->client_request->transport == TARN__TCP) {
		options->has_keepalive = true;
		options->keepalive = to->client_request->keepalive;
	}
}

static size_t write_stored(const struct tarn__reply_context *to, const void *stored, size_t len,
			   struct tarn__reply *how, uint8_t *reply)
{
	uint8_t cookie[TARN__COOKIE_LEN];
	set_options(to, cookie, &how->options);
	how->limit = to->client_request->transport == TARN__UDP ? tarn__reply_limit(to->query)
								: TARN__MESSAGE_MAX;
	return tarn__reply_stored(to->query, stored, len, how, reply);
}

static size_t write_error(const struct tarn__reply_context *to, uint16_t rcode,
			  struct tarn__options *options, uint8_t *reply)
{
	uint8_t cookie[TARN__COOKIE_LEN];
	set_options(to, cookie, options);
	return tarn__reply_error(to->query, rcode, options, TARN__UDP_MIN, reply);
}

/* Why a lookup failed (RFC 8914 section 4). */
static struct tarn__ede explain(int error)
{
	switch (error) {
	case TARN_ETIMEOUT:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "no upstream server answered in time"};
	case TARN_EANSWER:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "the upstream servers answered with errors only"};
	case TARN_ENOSERVER:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "no upstream server is configured"};
	case TARN_ELOOP:
		return (struct tarn__ede){TARN__EDE_NO_REACHABLE_AUTHORITY,
					  "all upstream servers lead back here"};
	case TARN_EUNREACHABLE:
		return (struct tarn__ede){TARN__EDE_NETWORK_ERROR,
					  "the upstream servers cannot be reached"};
	case TARN_EBUSY:
		return (struct tarn__ede){TARN__EDE_NOT_READY, "too many questions under way"};
	case TARN_ECANCELED:
	case RTCACHE_ECANCELED:
		return (struct tarn__ede){TARN__EDE_NOT_READY, "the resolver is stopping"};
	default:
		return (struct tarn__ede){TARN__EDE_NOT_READY, "the resolver is out of memory"};
	}
}

size_t tarn__respond_failure(const struct tarn__reply_context *to, int error, bool is_cached,
			     uint8_t *reply)
{
	struct tarn__options options = {0};
	if (is_cached)
		options.ede[options.ede_count++] = (struct tarn__ede){TARN__EDE_CACHED_ERROR, NULL};
	options.ede[options.ede_count++] = explain(error);
	return write_error(to, TARN__SERVFAIL, &options, reply);
}

size_t tarn__respond_value(const struct tarn__reply_context *to, const struct rtcache_value *value,
			   uint8_t *reply)
{
	if (!value->data)
		return tarn__respond_failure(to, value->error, false, reply);
	struct tarn__reply how = {
		.age_sec = (uint32_t)(value->age_ms / 1000),
		.trust_ad = to->config->trust_ad,
	};
	if (to->config->rotate_addresses)
		to->io->random(to->io->data, &how.rotation, sizeof how.rotation);
	if (value->status == RTCACHE_STALE) {
		bool exists = tarn__stored_rcode(value->data) != TARN__NXDOMAIN;
		how.stale_ttl = TARN__STALE_TTL;
		how.options.ede_count = 1;
		how.options.ede[0].code = exists ? TARN__EDE_STALE : TARN__EDE_STALE_NXDOMAIN;
	}
	return write_stored(to, value->data, value->len, &how, reply);
}

size_t tarn__respond_policy(const struct tarn__reply_context *to, enum tarn__ruling ruling,
			    const struct tarn__policy_answer *answer, uint8_t *reply)
{
	if (ruling == TARN__POLICY_ERROR) {
		struct tarn__options options = answer->options;
		return write_error(to, answer->rcode, &options, reply);
	}
	struct tarn__reply how = {
		.is_authoritative = answer->is_authoritative,
		.options = answer->options,
	};
	return write_stored(to, answer->stored, answer->stored_len, &how, reply);
}

size_t tarn__respond_not_cached(const struct tarn__reply_context *to, uint8_t *reply)
{
	/* RFC 8914 section 4.21 */
	struct tarn__options options = {.ede_count = 1,
					.ede = {{TARN__EDE_NOT_AUTHORITATIVE, NULL}}};
	return write_error(to, TARN__REFUSED, &options, reply);
}

size_t tarn__respond_rcode(const struct tarn__reply_context *to, uint16_t rcode, uint8_t *reply)
{
	struct tarn__options options = {0};
	return write_error(to, rcode, &options, reply);
}

size_t tarn__respond_stranger(const struct tarn__reply_context *to, bool is_question,
			      size_t asked_len, uint8_t *reply)
{
	struct tarn__query query = *to->query;
	struct tarn__options options = {.ede_count = 1, .ede = {{TARN__EDE_PROHIBITED, NULL}}};
	uint8_t cookie[TARN__COOKIE_LEN];
	set_options(to, cookie, &options);
	if (!is_question) {
		query.qname = NULL;
		query.has_opt = false;
	}
	size_t limit = TARN__UDP_MIN;
	if (to->client_request->transport == TARN__UDP && asked_len < limit)
		limit = asked_len;
	return tarn__reply_error(&query, TARN__REFUSED, &options, limit, reply);
}

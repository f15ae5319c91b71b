/* SPDX-License-Identifier: BSD-2-Clause */
/* core/respond.c: replies and their OPT. */
#include "core/respond.h"

#include "base/address.h"
#include "base/transport.h"
#include "core/forward/reasons.h"
#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/reply.h"
#include "dns/stored.h"

static void set_cookie(const struct tarn__reply_context *to, uint8_t cookie[TARN__COOKIE_LEN],
		       struct tarn__options *options)
{
	const struct tarn__query *query = to->query;
	size_t len;
	const uint8_t *octets = tarn__address_octets(to->client_request->client, &len);
	/* RFC 7873 section 5.2.3: a query with no or a bad server cookie is answered as well. */
	(void)tarn__cookie_answer(to->cookie_secret, query->cookie, query->cookie_len, octets, len,
				  to->io->wall_sec(to->io->data), cookie);
	options->cookie = cookie;
	options->cookie_len = TARN__COOKIE_LEN;
}

/* Adds the options that do not depend on the answer. The cookie is written into cookie. */
static inline void set_options(const struct tarn__reply_context *to,
			       uint8_t cookie[TARN__COOKIE_LEN], struct tarn__options *options)
{
	const struct tarn__query *query = to->query;
	/* A query of the program itself has no address that a cookie could prove. */
	if (query->cookie && to->client_request->client)
		set_cookie(to, cookie, options);
	const struct tarn__transport_traits *transport =
		&tarn__transports[to->client_request->transport];
	/* RFC 7828 section 3.3.2: never over UDP. */
	if (query->wants_keepalive && transport->has_keepalive) {
		options->has_keepalive = true;
		options->keepalive = to->client_request->keepalive;
	}
	/* RFC 7830 section 6: what can be read on its way gains nothing by it. */
	if (query->wants_padding && transport->is_encrypted)
		options->padding = TARN__PADDING_REPLY;
}

static bool is_stream(const struct tarn__reply_context *to)
{
	return tarn__transport_is_stream(to->client_request->transport);
}

static size_t write_stored(const struct tarn__reply_context *to, const void *stored, size_t len,
			   struct tarn__reply *how, uint8_t *reply)
{
	uint8_t cookie[TARN__COOKIE_LEN];
	set_options(to, cookie, &how->options);
	how->limit = is_stream(to) ? TARN__MESSAGE_MAX : tarn__reply_limit(to->query);
	return tarn__reply_stored(to->query, stored, len, how, reply);
}

/* limit is in octets. */
static size_t write_error_within(const struct tarn__reply_context *to, uint16_t rcode,
				 struct tarn__options *options, size_t limit, uint8_t *reply)
{
	uint8_t cookie[TARN__COOKIE_LEN];
	set_options(to, cookie, options);
	return tarn__reply_error(to->query, rcode, options, limit, reply);
}

static size_t write_error(const struct tarn__reply_context *to, uint16_t rcode,
			  struct tarn__options *options, uint8_t *reply)
{
	return write_error_within(to, rcode, options,
				  is_stream(to) ? TARN__MESSAGE_MAX : TARN__UDP_MIN, reply);
}

/* Why a lookup failed (RFC 8914 section 4). */
static const struct tarn__ede *explain(int error)
{
	static const struct {
		int error;
		struct tarn__ede ede;
	} rows[] = {
		{TARN_ETIMEOUT,
		 {TARN__EDE_NO_REACHABLE_AUTHORITY, "no upstream server answered in time"}},
		{TARN_EANSWER,
		 {TARN__EDE_NO_REACHABLE_AUTHORITY,
		  "the upstream servers answered with errors only"}},
		{TARN_ENOSERVER,
		 {TARN__EDE_NO_REACHABLE_AUTHORITY, "no upstream server is configured"}},
		{TARN_ELOOP,
		 {TARN__EDE_NO_REACHABLE_AUTHORITY, "all upstream servers lead back here"}},
		{TARN_EUNREACHABLE,
		 {TARN__EDE_NETWORK_ERROR, "the upstream servers cannot be reached"}},
		{TARN_ECERTIFICATE,
		 {TARN__EDE_NETWORK_ERROR,
		  "the certificates of the upstream servers are not accepted"}},
		{TARN_ETLS,
		 {TARN__EDE_NETWORK_ERROR,
		  "the upstream servers cannot be reached over encrypted connections"}},
		{TARN_ENOSIGNATURES,
		 {TARN__EDE_RRSIGS_MISSING, "the upstream servers remove DNSSEC signatures"}},
		{TARN_ENODS,
		 {TARN__EDE_INDETERMINATE, "the upstream servers ask the child zone for its DS"}},
		{TARN_EBUSY, {TARN__EDE_NOT_READY, "too many questions under way"}},
		{TARN_ECANCELED, {TARN__EDE_NOT_READY, "the resolver is stopping"}},
		{RTCACHE_ECANCELED, {TARN__EDE_NOT_READY, "the resolver is stopping"}},
	};
	static const struct tarn__ede other = {TARN__EDE_NOT_READY,
					       "the resolver is out of memory"};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].error == error)
			return &rows[i].ede;
	}
	return &other;
}

size_t tarn__respond_failure(const struct tarn__reply_context *to, int error, bool is_cached,
			     uint8_t *reply)
{
	struct tarn__options options = {0};
	if (is_cached)
		options.ede[options.ede_count++] = (struct tarn__ede){TARN__EDE_CACHED_ERROR, NULL};
	struct tarn__reason reason;
	if (tarn__reasons_has(error)) {
		tarn__reasons_find(to->reasons, error, &reason);
		options.ede[options.ede_count++] =
			(struct tarn__ede){reason.code, reason.text[0] ? reason.text : NULL};
	} else {
		options.ede[options.ede_count++] = *explain(error);
	}
	return write_error(to, TARN__SERVFAIL, &options, reply);
}

uint16_t tarn__respond_stale_error(const uint8_t *stored)
{
	return tarn__stored_rcode(stored) == TARN__NXDOMAIN ? TARN__EDE_STALE_NXDOMAIN
							    : TARN__EDE_STALE;
}

/* Why an answer is insecure that is signed (RFC 8914 sections 4.2, 4.3 and 4.28). */
static void add_remark(const uint8_t *stored, struct tarn__options *options)
{
	static const uint16_t codes[] = {
		[TARN__REMARK_UNSUPPORTED_ALGORITHM] = TARN__EDE_UNSUPPORTED_ALGORITHM,
		[TARN__REMARK_UNSUPPORTED_DIGEST] = TARN__EDE_UNSUPPORTED_DIGEST,
		[TARN__REMARK_NSEC3_ITERATIONS] = TARN__EDE_NSEC3_ITERATIONS,
	};
	if (options->ede_count < TARN__EDE_COUNT_MAX)
		options->ede[options->ede_count++].code = codes[tarn__stored_remark(stored)];
}

size_t tarn__respond_value(const struct tarn__reply_context *to, const struct rtcache_value *value,
			   uint8_t *reply)
{
	if (!value->data)
		return tarn__respond_failure(to, value->error, false, reply);
	struct tarn__reply how = {
		.age_sec = (uint32_t)(value->age_ms / 1000),
		.trust_ad = to->config->trust_ad || to->config->validates,
	};
	if (to->config->rotate_addresses)
		to->io->random(to->io->data, &how.rotation, sizeof how.rotation);
	if (value->status == RTCACHE_STALE) {
		how.stale_ttl = TARN__STALE_TTL;
		how.options.ede_count = 1;
		how.options.ede[0].code = tarn__respond_stale_error(value->data);
	}
	if (tarn__stored_remark(value->data) > TARN__REMARK_INSECURE)
		add_remark(value->data, &how.options);
	return write_stored(to, value->data, value->len, &how, reply);
}

static size_t write_refusal(const struct tarn__reply_context *to,
			    const struct tarn__decision *decision, size_t message_len,
			    uint8_t *reply)
{
	struct tarn__options options = decision->options;
	if (decision->is_to_stranger && !is_stream(to) && message_len < TARN__UDP_MIN)
		return write_error_within(to, TARN__REFUSED, &options, message_len, reply);
	return write_error(to, TARN__REFUSED, &options, reply);
}

/* TC and no records: the client asks again over TCP. */
static size_t write_truncation(const struct tarn__reply_context *to,
			       const struct tarn__decision *decision, uint8_t *reply)
{
	struct tarn__options options = decision->options;
	size_t len = write_error(to, TARN__NOERROR, &options, reply);
	tarn__put16(reply + 2, tarn__get16(reply + 2) | TARN__FLAG_TC);
	return len;
}

size_t tarn__respond_decision(const struct tarn__reply_context *to, enum tarn__policy_action action,
			      const struct tarn__decision *decision, size_t message_len,
			      uint8_t *reply)
{
	switch (action) {
	case TARN__POLICY_REFUSE:
		return write_refusal(to, decision, message_len, reply);
	case TARN__POLICY_DROP:
		/* The program itself is told. */
		return to->client_request->client ? 0
						  : write_refusal(to, decision, message_len, reply);
	case TARN__POLICY_TRUNCATE:
		return write_truncation(to, decision, reply);
	default:
		break;
	}
	struct tarn__reply how = {
		.is_authoritative = decision->is_authoritative,
		.options = decision->options,
	};
	return write_stored(to, decision->stored, decision->stored_len, &how, reply);
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

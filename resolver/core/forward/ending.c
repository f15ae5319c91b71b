/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/ending.c: the ends of a lookup.
 *
 * An upstream server's extended errors (RFC 8914) are about its own lookup: they are not kept, and a client
 * gets those of this resolver.
 */
#include "core/forward/ending.h"

#include "core/forward/attempt.h"
#include "core/forward/cname.h"
#include "core/forward/fetching.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"
#include "core/forward/nxdomain.h"
#include "core/forward/outstanding.h"
#include "core/forward/reasons.h"
#include "core/forward/validation.h"
#include "core/second/fetch.h"
#include "dns/answer.h"
#include "rtcache.h"

/* Releases all that the lookup has, and the lookup; the handle is the caller's to end. */
static void stop(struct tarn__lookup *lookup)
{
	tarn__outstanding_end(lookup);
	tarn__chain_drop(lookup);
	tarn__validation_drop(lookup);
	if (lookup->fetch)
		tarn__fetching_drop(lookup);
	tarn__timer_stop(lookup->forwarder->timers, &lookup->timer);
	tarn__lookup_move(lookup, TARN__LOOKUP_ENDED);
	tarn__lookup_free(lookup);
}

/* ---- failures --------------------------------------------------------------------------- */

/*
 * RFC 9520 section 3.2: a failure of the upstream is remembered; one of this resolver is not the key's.
 * What an outage has caused is forgotten with it. That a name is not answered by a server that answers
 * others is the name's failure, if there was time enough.
 */
enum memory { FORGET, REMEMBER, REMEMBER_CAUSE };

/* Returns true if the last message has been unanswered for TARN__SILENCE_MS. */
static bool had_time(const struct tarn__lookup *lookup)
{
	return lookup->sent_ms > 0 &&
	       tarn__lookup_now_ms(lookup) >= lookup->sent_ms + TARN__SILENCE_MS;
}

static enum memory how_to_remember(const struct tarn__lookup *lookup, int error, unsigned *cause)
{
	const struct tarn__zone *zone = lookup->zone;
	/*
	 * A failure of the end of a chain is remembered for that end, and one of the chain of trust there.
	 */
	if (lookup->chain || lookup->checking || lookup->is_indeterminate)
		return FORGET;
	/* RFC 4035 section 4.7 */
	if (tarn__reasons_is_bogus(error))
		return REMEMBER;
	if (tarn__reasons_is_fault(error)) {
		*cause = TARN__CAUSE_NETWORK;
		return REMEMBER_CAUSE;
	}
	switch (error) {
	case TARN_EUNREACHABLE:
	case TARN_ECERTIFICATE:
	case TARN_ETLS:
		*cause = TARN__CAUSE_NETWORK;
		return REMEMBER_CAUSE;
	case TARN_EANSWER:
		*cause = zone->trouble;
		return REMEMBER_CAUSE;
	case TARN_ETIMEOUT:
		*cause = zone->outage;
		if (zone->is_down)
			return REMEMBER_CAUSE;
		return had_time(lookup) ? REMEMBER : FORGET;
	default:
		return FORGET;
	}
}

void tarn__lookup_fail(struct tarn__lookup *lookup, int error)
{
	struct rtcache_lookup *handle = lookup->handle;
	unsigned cause = 0;
	/* What the second answer has not made good is what the first one was. */
	if (lookup->bogus_error != 0 && error != TARN_ECANCELED)
		error = lookup->bogus_error;
	if (tarn__reasons_is_bogus(error)) {
		lookup->forwarder->validation.bogus++;
		lookup->forwarder->validation.codes[tarn__reasons_code(error)]++;
	}
	enum memory memory = how_to_remember(lookup, error, &cause);
	stop(lookup);
	if (memory == REMEMBER_CAUSE)
		rtcache_fail_for(handle, error, cause);
	else if (memory == REMEMBER)
		rtcache_fail(handle, error);
	else
		rtcache_refuse(handle, error);
}

/* ---- the other ends --------------------------------------------------------------------- */

static uint32_t limit_ttl(const struct tarn__config *config, uint8_t *stored, size_t len,
			  uint32_t ttl)
{
	struct tarn__ttl_limits limits = config->ttl_limits;
	/* A signature does not last longer because of a limit (RFC 4035 section 5.3.3). */
	if (config->validates && tarn__stored_has_ad(stored))
		limits.min = 0;
	return tarn__stored_limit_ttl(stored, len, &limits, ttl);
}

void tarn__lookup_fill(struct tarn__lookup *lookup, const struct tarn__answer *answer)
{
	const struct tarn__forwarder *forwarder = lookup->forwarder;
	uint8_t *stored = forwarder->scratch->stored;
	uint32_t ttl = answer->ttl;
	/* As the server gave it: another machine has limits of its own. */
	if (forwarder->second)
		tarn__fetching_put(lookup, answer);
	if (forwarder->config->has_ttl_limits)
		ttl = limit_ttl(forwarder->config, stored, answer->len, ttl);
	/* What is known of the zone is kept instead. */
	if (lookup->key.is_of_chain)
		ttl = 0;
	uint64_t ttl_ms = (uint64_t)ttl * 1000;
	if (!answer->is_whole_name)
		tarn__nxdomain_end(forwarder->client, &lookup->key);
	else if (ttl_ms > 0)
		tarn__nxdomain_put(forwarder->client, &lookup->key, stored, answer->len, ttl_ms);
	struct rtcache_lookup *handle = lookup->handle;
	stop(lookup);
	rtcache_fill(handle, stored, answer->len, ttl_ms);
}

void tarn__lookup_fill_shared(struct tarn__lookup *lookup, const struct tarn__fetched *fetched)
{
	const struct tarn__saved_answer *answer = &fetched->answer;
	const uint8_t *stored = fetched->stored;
	struct rtcache_client *client = lookup->forwarder->client;
	if (answer->is_whole_name)
		tarn__nxdomain_put(client, &lookup->key, stored, answer->len, answer->ttl_ms);
	else
		tarn__nxdomain_end(client, &lookup->key);
	struct rtcache_lookup *handle = lookup->handle;
	stop(lookup);
	rtcache_fill(handle, stored, answer->len, answer->ttl_ms);
}

void tarn__lookup_recall(struct tarn__lookup *lookup)
{
	tarn__outstanding_recall(lookup);
	tarn__chain_drop(lookup);
	tarn__validation_drop(lookup);
	tarn__fetching_drop(lookup);
	tarn__lookup_choose_question(lookup);
	tarn__lookup_move(lookup, TARN__LOOKUP_WAITING);
	tarn__timer_start(lookup->forwarder->timers, &lookup->timer, lookup->deadline_ms);
}

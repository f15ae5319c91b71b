/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/cname.c: the end of a chain is asked for, and joined to it.
 *
 *	answer with a chain that leads into another zone
 *	  |
 *	  v
 *	ask for its end: policy, cache, or a lookup of its own --> it fails --> done with an error
 *	  |
 *	  v
 *	join --> it loops, or is too long --> done with TARN_EANSWER
 *	  |
 *	  |--> it leads into yet another zone --> ask for that end
 *	  v
 *	done
 */
#include "core/forward/cname.h"

#include <stdlib.h>
#include <string.h>

#include "core/forward/attempt.h"
#include "core/config.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"
#include "core/policy/policy.h"
#include "core/respond.h"
#include "dns/answer.h"
#include "dns/join.h"
#include "dns/reply.h"
#include "rtcache.h"

struct tarn__chain {
	struct rtcache_request request;
	tarn__chain_function *done;
	bool is_waiting; /* for the request */
	unsigned count; /* names asked for so far */
	uint8_t answer_source; /* of the first answer */
	uint16_t end_len;
	uint8_t end[TARN__NAME_MAX]; /* the one asked for now */
	size_t len;
	uint8_t wire[]; /* all that came before, as a message */
};

static size_t zone_of(const struct tarn__lookup *lookup, const uint8_t *name, size_t len)
{
	return tarn__config_find_zone(lookup->forwarder->config, name, len, lookup->key.qtype);
}

/* The query of a client for a name, with type, class and flags of the lookup's key. */
static struct tarn__query make_query(const struct tarn__lookup *lookup, const uint8_t *name,
				     size_t len)
{
	const struct tarn__key *key = &lookup->key;
	return (struct tarn__query){
		.qname = name,
		.qname_len = (uint16_t)len,
		.qtype = key->qtype,
		.qclass = key->qclass,
		.flags = TARN__FLAG_RD | TARN__FLAG_AD |
			 (key->checking_disabled ? TARN__FLAG_CD : 0),
		.dnssec_ok = key->dnssec_ok,
	};
}

/* Writes a stored form as a message. out has room for TARN__MESSAGE_MAX octets. */
static size_t write_message(const struct tarn__lookup *lookup, const struct tarn__query *query,
			    const struct rtcache_value *value, uint8_t *out)
{
	const struct tarn__reply how = {
		.limit = TARN__MESSAGE_MAX,
		.age_sec = (uint32_t)(value->age_ms / 1000),
		.stale_ttl = value->status == RTCACHE_STALE ? TARN__STALE_TTL : 0,
		.trust_ad =
			lookup->forwarder->config->trust_ad || lookup->forwarder->config->validates,
	};
	return tarn__reply_stored(query, value->data, value->len, &how, out);
}

/* Returns true if the chain leads from a name of the zone to one of another. */
static bool leads_on(const struct tarn__lookup *lookup, size_t zone,
		     const struct tarn__answer *answer)
{
	return answer->end_len > 0 && zone_of(lookup, answer->end, answer->end_len) != zone;
}

/* Keeps a message as the chain so far, and its end as the next name to ask for. false: out of memory. */
static bool keep_chain(struct tarn__lookup *lookup, const uint8_t *wire, size_t len,
		       const struct tarn__answer *answer)
{
	struct tarn__chain *chain = realloc(lookup->chain, sizeof *chain + len);
	if (!chain)
		return false;
	lookup->chain = chain;
	chain->len = len;
	memcpy(chain->wire, wire, len);
	chain->end_len = answer->end_len;
	memcpy(chain->end, answer->end, answer->end_len);
	return true;
}

static void fail(struct tarn__lookup *lookup, int error)
{
	lookup->chain->done(lookup, error, NULL);
}

/* The chain is wrong, which is remembered; that its end cannot be had is not. */
static void fail_for_good(struct tarn__lookup *lookup)
{
	tarn__chain_function *done = lookup->chain->done;
	tarn__chain_drop(lookup);
	done(lookup, TARN_EANSWER, NULL);
}

/* Reads the joined message as an answer to the lookup's key. */
static void read_joined(const struct tarn__lookup *lookup, size_t len, struct tarn__answer *out)
{
	struct tarn__scratch *scratch = lookup->forwarder->scratch;
	uint8_t asked[TARN__QUERY_MAX];
	size_t asked_len =
		tarn__query_write(&lookup->key, &(struct tarn__query_options){.id = 0}, asked);
	tarn__answer_read(scratch->message, len, asked, asked_len, &lookup->key, false,
			  scratch->stored, out);
}

/*
 * Joins the answer to the query for the chain's end. Returns true if the chain goes on; else it has ended.
 */
static bool join(struct tarn__lookup *lookup, const struct rtcache_value *value)
{
	struct tarn__chain *chain = lookup->chain;
	struct tarn__scratch *scratch = lookup->forwarder->scratch;
	size_t zone = zone_of(lookup, chain->end, chain->end_len);
	const struct tarn__query query = make_query(lookup, chain->end, chain->end_len);
	uint8_t *last = scratch->stored;
	size_t last_len = write_message(lookup, &query, value, last);
	size_t len = tarn__answers_join(chain->wire, chain->len, last, last_len, scratch->message);
	struct tarn__answer answer;
	read_joined(lookup, len, &answer);
	if (answer.answer_class != TARN__ANSWER_GOOD) {
		fail_for_good(lookup);
		return false;
	}
	tarn__stored_set_answer_source(scratch->stored, chain->answer_source);
	if (!leads_on(lookup, zone, &answer)) {
		chain->done(lookup, 0, &answer);
		return false;
	}
	if (++chain->count == TARN__FOLLOWS_MAX)
		fail_for_good(lookup);
	else if (keep_chain(lookup, scratch->message, len, &answer))
		return true;
	else
		fail(lookup, TARN_ENOMEM);
	return false;
}

static void ask(struct tarn__lookup *lookup);

static void on_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct tarn__lookup *lookup = request->data;
	lookup->chain->is_waiting = false;
	if (lookup->forwarder->is_ending)
		return;
	if (!value->data)
		fail(lookup, value->error);
	else if (join(lookup, value))
		ask(lookup);
}

/* As rtcache_get(): 1, 0 or an error. */
static int ask_cache(struct tarn__lookup *lookup, const struct tarn__query *query,
		     struct rtcache_value *out)
{
	struct tarn__chain *chain = lookup->chain;
	const struct tarn__config *config = lookup->forwarder->config;
	uint8_t key[TARN__KEY_MAX];
	size_t zone = zone_of(lookup, chain->end, chain->end_len);
	size_t len = config->zones[zone]->follows_cnames
			     ? tarn__key_write_link(&lookup->key, chain->end, chain->end_len, key)
			     : tarn__key_write(query, key);
	chain->request = (struct rtcache_request){.data = lookup, .done = on_done};
	chain->is_waiting = true;
	int got = rtcache_get(lookup->forwarder->client, &chain->request, key, len, 0,
			      rtcache_lookup_extra(lookup->handle), out);
	chain->is_waiting = got == 0;
	return got;
}

/* Asks for the end of the chain, and for the next, until a lookup has to be waited for. */
static void ask(struct tarn__lookup *lookup)
{
	for (;;) {
		struct tarn__decision decision = {.room = lookup->forwarder->scratch->decided};
		struct tarn__chain *chain = lookup->chain;
		const struct tarn__query query = make_query(lookup, chain->end, chain->end_len);
		struct rtcache_value value = {.status = RTCACHE_HIT};
		int error = 0;
		switch (tarn__policy_apply_constant(lookup->forwarder->config->policy, &query,
						    &decision)) {
		case TARN__POLICY_ANSWER:
			value.data = decision.stored;
			value.len = decision.stored_len;
			break;
		case TARN__POLICY_REFUSE:
		case TARN__POLICY_DROP:
			error = TARN_EANSWER;
			break;
		case TARN__POLICY_PASS:
		case TARN__POLICY_FOLLOW:
		case TARN__POLICY_TRUNCATE:
			error = ask_cache(lookup, &query, &value);
			if (error == 0)
				return;
			if (error > 0)
				error = value.data ? 0 : value.error;
		}
		if (error < 0) {
			fail(lookup, error);
			return;
		}
		if (!join(lookup, &value))
			return;
	}
}

/* Returns true if a chain that ends at a name is followed. */
static bool leads_to(const struct tarn__lookup *lookup, const uint8_t *end, size_t len)
{
	const struct tarn__config *config = lookup->forwarder->config;
	const struct tarn__key *key = &lookup->key;
	size_t zone = zone_of(lookup, key->qname, key->qname_len);
	return zone != TARN__ZONE_NONE && config->zones[zone]->follows_cnames && !key->is_link &&
	       !key->is_of_chain && zone_of(lookup, end, len) != zone;
}

bool tarn__chain_leads_on(const struct tarn__lookup *lookup, const struct tarn__answer *answer)
{
	return answer->end_len > 0 && leads_to(lookup, answer->end, answer->end_len);
}

bool tarn__chain_leads_to(const struct tarn__lookup *lookup, const struct tarn__name *end)
{
	return leads_to(lookup, end->octets, end->len);
}

void tarn__chain_follow(struct tarn__lookup *lookup, const struct tarn__answer *answer,
			tarn__chain_function *done)
{
	struct tarn__scratch *scratch = lookup->forwarder->scratch;
	const struct tarn__query query =
		make_query(lookup, lookup->key.qname, lookup->key.qname_len);
	const struct rtcache_value value = {
		.status = RTCACHE_HIT, .data = scratch->stored, .len = answer->len};
	size_t len = write_message(lookup, &query, &value, scratch->message);
	if (!keep_chain(lookup, scratch->message, len, answer)) {
		done(lookup, TARN_ENOMEM, NULL);
		return;
	}
	struct tarn__chain *chain = lookup->chain;
	chain->done = done;
	chain->is_waiting = false;
	chain->count = 0;
	chain->answer_source = tarn__stored_answer_source(scratch->stored);
	ask(lookup);
}

void tarn__chain_drop(struct tarn__lookup *lookup)
{
	struct tarn__chain *chain = lookup->chain;
	if (!chain)
		return;
	if (chain->is_waiting)
		rtcache_cancel(lookup->forwarder->client, &chain->request);
	free(chain);
	lookup->chain = NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/trust_lookup.c: lookups of the chain of trust.
 *
 *	ask_all() --> DS and DNSKEY are asked for; DNSKEY later if the zone is not likely to be signed
 *	  |
 *	  v
 *	take_message(), when one has come:
 *	  check_ds()      until the DS is judged --> insecure, no cut, bogus: end
 *	  verify_keys()   once there are entry points and the DNSKEY --> keys, bogus: end
 */
#include "core/forward/trust_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/forward/attempt.h"
#include "core/forward/checking.h"
#include "core/forward/findings.h"
#include "core/forward/forwarder.h"
#include "dns/reply.h"
#include "dnssec/zone_keys.h"
#include "rtcache.h"

/* A question of the chain. */
struct chain_question {
	struct rtcache_request request; /* data is the lookup */
	bool is_asked, is_waiting;
	uint8_t answer_source; /* of the answer that was bogus in the first try */
};

struct trust_lookup {
	struct tarn__forwarder *forwarder;
	struct tarn__list node;
	struct rtcache_lookup *handle;
	struct tarn__key key;
	bool is_at_anchor; /* an anchor has the name */
	bool is_second; /* the first try was bogus */
	struct tarn__reason first_reason;
	bool has_unsigned_proofs; /* of a DS */
	bool has_points; /* the entry points are known */
	struct chain_question ds, dnskey;
	struct tarn__checking *ds_checking; /* with the message; NULL: not there yet */
	/* The DNSKEY message waits for the DS and for turns in the same way. */
	struct tarn__checking *dnskey_checking;
	struct tarn__verify_progress progress;
	uint32_t ds_ttl; /* seconds */
	struct tarn__entry_points points; /* views into the DS message, or of the anchors */
};

/* ---- ends ------------------------------------------------------------------------------- */

static void cancel_question(struct trust_lookup *lookup, struct chain_question *question)
{
	if (question->is_waiting)
		rtcache_cancel(lookup->forwarder->client, &question->request);
	question->is_waiting = question->is_asked = false;
}

/* Frees what a try has, but not the lookup. */
static void clear(struct trust_lookup *lookup)
{
	cancel_question(lookup, &lookup->ds);
	cancel_question(lookup, &lookup->dnskey);
	tarn__checking_free(lookup->ds_checking);
	tarn__checking_free(lookup->dnskey_checking);
	lookup->ds_checking = lookup->dnskey_checking = NULL;
	lookup->has_points = false;
	lookup->progress = (struct tarn__verify_progress){0};
	lookup->points.count = 0;
}

static struct rtcache_lookup *stop(struct trust_lookup *lookup)
{
	struct rtcache_lookup *handle = lookup->handle;
	clear(lookup);
	tarn__list_remove(&lookup->node);
	lookup->forwarder->trust_lookup_count--;
	free(lookup);
	return handle;
}

static void end_with(struct trust_lookup *lookup, const uint8_t *octets, size_t len, uint32_t ttl)
{
	bool ignores_dates;
	tarn__checking_now(lookup->forwarder, &ignores_dates);
	if (ignores_dates && ttl > TARN__UNDATED_TTL)
		ttl = TARN__UNDATED_TTL;
	rtcache_fill(stop(lookup), octets, len, (uint64_t)ttl * 1000);
}

/* The keys of an anchor's zone are bogus, or NULL: they are validated. */
static void find_anchored(struct trust_lookup *lookup, const struct tarn__reason *reason)
{
	if (lookup->is_at_anchor)
		tarn__findings_anchor(lookup->forwarder->findings, lookup->key.qname,
				      lookup->key.qname_len, reason);
}

static const struct tarn__reason no_reason;

static void end_with_kind(struct trust_lookup *lookup, enum tarn__trust_kind kind,
			  const struct tarn__reason *reason, uint32_t ttl)
{
	uint8_t octets[TARN__REASON_TEXT_MAX + 8];
	size_t len = tarn__trust_write_kind(kind, reason, octets);
	if (kind == TARN__TRUST_BOGUS)
		find_anchored(lookup, reason);
	end_with(lookup, octets, len, ttl < TARN__TRUST_TTL_MAX ? ttl : TARN__TRUST_TTL_MAX);
}

/* That a server which validates has nothing better confirms what was bogus. */
static void end_with_error(struct trust_lookup *lookup, int error)
{
	struct tarn__reason reason = lookup->first_reason;
	if (lookup->is_second && error == TARN_EANSWER)
		end_with_kind(lookup, TARN__TRUST_BOGUS, &reason, TARN__TRUST_BOGUS_TTL);
	else
		rtcache_refuse(stop(lookup), error);
}

static void ask_all(struct trust_lookup *, bool wants_keys);

static void end_bogus(struct trust_lookup *lookup, const struct tarn__reason *reason)
{
	if (lookup->is_second) {
		end_with_kind(lookup, TARN__TRUST_BOGUS, reason, TARN__TRUST_BOGUS_TTL);
		return;
	}
	bool wants_keys = lookup->dnskey.is_asked;
	lookup->first_reason = *reason;
	clear(lookup);
	lookup->is_second = true;
	ask_all(lookup, wants_keys);
}

/* ---- the DNSKEY ------------------------------------------------------------------------- */

static void ask(struct trust_lookup *, struct chain_question *, uint16_t type);

static void verify_keys(struct trust_lookup *lookup)
{
	struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__checking *checking = lookup->dnskey_checking;
	struct tarn__response *response = &forwarder->scratch->response;
	struct tarn__reason reason = {0};
	uint8_t *octets = forwarder->scratch->stored;
	size_t len;
	uint32_t ttl = 0;
	struct tarn__key key = lookup->key;
	key.qtype = TARN__TYPE_DNSKEY;
	if (!tarn__checking_parse(checking, &key, response)) {
		end_with_error(lookup, TARN_EANSWER);
		return;
	}
	struct tarn__verify_context context = {
		.budget = &checking->check.budget,
		.data = &forwarder->signed_data,
	};
	context.now = tarn__checking_now(forwarder, &context.ignores_dates);
	unsigned tries = checking->check.budget.tries;
	enum tarn__verification result =
		tarn__zone_keys_verify(&context, response, &lookup->points, &lookup->progress,
				       octets, &len, &ttl, &reason);
	forwarder->validation.verifications += tries - checking->check.budget.tries;
	switch (result) {
	case TARN__VERIFY_PAUSED:
		(void)tarn__checking_wait(checking, TARN__CHECK_PAUSED);
		break;
	case TARN__NOT_VERIFIED:
		end_bogus(lookup, &reason);
		break;
	case TARN__VERIFIED:
		find_anchored(lookup, NULL);
		end_with(lookup, octets, len, ttl < lookup->ds_ttl ? ttl : lookup->ds_ttl);
		break;
	}
}

static void take_points(struct trust_lookup *lookup)
{
	if (lookup->points.count == 0) {
		struct tarn__reason reason = {0};
		bool is_algorithm = lookup->points.code == TARN__EDE_UNSUPPORTED_ALGORITHM;
		tarn__reason_set(&reason, lookup->points.code, "no DS of %s has a supported %s",
				 tarn__reason_name(lookup->key.qname).text,
				 is_algorithm ? "algorithm" : "digest");
		end_with_kind(lookup, TARN__TRUST_INSECURE, &reason, lookup->ds_ttl);
		return;
	}
	lookup->has_points = true;
	if (lookup->dnskey_checking)
		verify_keys(lookup);
	else if (!lookup->dnskey.is_asked)
		ask(lookup, &lookup->dnskey, TARN__TYPE_DNSKEY);
}

/* ---- the DS ----------------------------------------------------------------------------- */

/* Returns the seconds that a response may be used for. */
static uint32_t ttl_of(struct tarn__response *response)
{
	uint32_t ttl = response->ttl_max;
	for (size_t i = 0; i < response->count; i++) {
		if (tarn__response_rrset(response, i)->ttl < ttl)
			ttl = tarn__response_rrset(response, i)->ttl;
	}
	return ttl;
}

/* Why a name is insecure, for people; the code is that of an extended error. */
static struct tarn__reason why_insecure(const struct tarn__check *check)
{
	struct tarn__reason reason = {0};
	const char *text = "it has no DS: the zone above it has a signed proof";
	if (check->reason.code != 0)
		return check->reason;
	if (check->denial.is_opt_out)
		text = "it has no DS that is signed: opt-out in the zone above it";
	else if (check->security == TARN__INSECURE)
		text = "the zone above it is insecure";
	strcpy(reason.text, text);
	return reason;
}

/* The DS has been judged: RFC 4035 section 5.2, RFC 5155 section 8.9. */
static void take_ds(struct trust_lookup *lookup, struct tarn__response *response)
{
	const struct tarn__check *check = &lookup->ds_checking->check;
	uint32_t ttl = ttl_of(response);
	if (check->security == TARN__BOGUS) {
		struct tarn__reason reason = check->reason;
		lookup->dnskey.answer_source = lookup->ds.answer_source;
		end_bogus(lookup, &reason);
		return;
	}
	if (check->security == TARN__INSECURE) {
		struct tarn__reason reason = why_insecure(check);
		end_with_kind(lookup, TARN__TRUST_INSECURE, &reason, ttl);
		return;
	}
	int ds = tarn__response_find(response, TARN__ROLE_DATA);
	if (response->link_count > 0 || ds < 0) {
		/* An alias is no cut, nor is a name that does not exist. */
		bool is_cut = response->link_count == 0 && check->denial.is_delegation;
		struct tarn__reason reason = why_insecure(check);
		end_with_kind(lookup, is_cut ? TARN__TRUST_INSECURE : TARN__TRUST_NO_CUT, &reason,
			      ttl);
		return;
	}
	lookup->ds_ttl = ttl;
	tarn__entry_points_of_ds(&response->rrsets, tarn__response_rrset(response, (size_t)ds),
				 &lookup->points);
	take_points(lookup);
}

static void check_ds(struct trust_lookup *lookup)
{
	struct tarn__checking *checking = lookup->ds_checking;
	struct tarn__response *response = &lookup->forwarder->scratch->response;
	const struct tarn__checking_how how = {.is_for_chain = true,
					       .has_unsigned_proofs = lookup->has_unsigned_proofs};
	if (checking->error < 0 || !tarn__checking_parse(checking, &lookup->key, response)) {
		end_with_error(lookup, checking->error < 0 ? checking->error : TARN_EANSWER);
		return;
	}
	for (;;) {
		enum tarn__check_step step =
			tarn__checking_run(lookup->forwarder, checking, NULL, response, &how);
		if (step == TARN__CHECK_DONE) {
			take_ds(lookup, response);
			return;
		}
		if (tarn__checking_wait(checking, step))
			return;
		if (checking->error < 0) {
			end_with_error(lookup, checking->error);
			return;
		}
	}
}

/* ---- questions -------------------------------------------------------------------------- */

/* Writes a stored form as a message into the scratch. Returns its octets. */
static size_t write_message(const struct trust_lookup *lookup, uint16_t type,
			    const struct rtcache_value *value)
{
	const struct tarn__query query = {
		.qname = lookup->key.qname,
		.qname_len = lookup->key.qname_len,
		.qtype = type,
		.qclass = lookup->key.qclass,
		.flags = TARN__FLAG_RD,
		.dnssec_ok = true,
	};
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX,
					.age_sec = (uint32_t)(value->age_ms / 1000)};
	return tarn__reply_stored(&query, value->data, value->len, &how,
				  lookup->forwarder->scratch->message);
}

static void resume_ds(struct tarn__checking *checking)
{
	check_ds(checking->owner);
}

static void resume_dnskey(struct tarn__checking *checking)
{
	verify_keys(checking->owner);
}

/* Keeps the message with a check that has not begun. NULL: out of memory. */
static struct tarn__checking *keep_message(struct trust_lookup *lookup, uint16_t type,
					   const struct rtcache_value *value,
					   void (*resume)(struct tarn__checking *))
{
	struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__check check;
	tarn__check_init(&check, &forwarder->turn_work);
	size_t len = write_message(lookup, type, value);
	struct tarn__checking *checking =
		tarn__checking_new(forwarder, rtcache_lookup_extra(lookup->handle), resume, &check,
				   forwarder->scratch->message, len);
	if (checking)
		checking->owner = lookup;
	return checking;
}

static void take_message(struct trust_lookup *lookup, struct chain_question *question,
			 const struct rtcache_value *value)
{
	bool is_ds = question == &lookup->ds;
	question->is_waiting = false;
	if (lookup->forwarder->is_ending)
		return;
	if (!value->data) {
		/* An error of the DNSKEY counts if there is a DS; what is insecure has none, perhaps. */
		if (is_ds || lookup->has_points)
			end_with_error(lookup, value->error);
		else
			question->is_asked = false;
		return;
	}
	question->answer_source = tarn__stored_answer_source(value->data);
	struct tarn__checking *kept =
		keep_message(lookup, is_ds ? TARN__TYPE_DS : TARN__TYPE_DNSKEY, value,
			     is_ds ? resume_ds : resume_dnskey);
	if (!kept) {
		if (is_ds || lookup->has_points)
			end_with_error(lookup, TARN_EBUSY);
		else
			question->is_asked = false;
		return;
	}
	if (is_ds) {
		lookup->has_unsigned_proofs =
			tarn__stored_remark(value->data) == TARN__REMARK_UNSIGNED_PROOFS;
		lookup->ds_checking = kept;
		check_ds(lookup);
		return;
	}
	lookup->dnskey_checking = kept;
	if (lookup->has_points)
		verify_keys(lookup);
}

static void on_ds(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct trust_lookup *lookup = request->data;
	take_message(lookup, &lookup->ds, value);
}

static void on_dnskey(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct trust_lookup *lookup = request->data;
	take_message(lookup, &lookup->dnskey, value);
}

/* May end the lookup. */
static void ask(struct trust_lookup *lookup, struct chain_question *question, uint16_t type)
{
	struct tarn__forwarder *forwarder = lookup->forwarder;
	uint8_t key[TARN__KEY_MAX];
	size_t len = tarn__key_write_of_chain(lookup->key.qname, lookup->key.qname_len, type,
					      !lookup->is_second, key);
	struct rtcache_value value;
	question->request = (struct rtcache_request){
		.data = lookup, .done = type == TARN__TYPE_DS ? on_ds : on_dnskey};
	question->is_asked = question->is_waiting = true;
	if (lookup->is_second)
		forwarder->avoided_source = question->answer_source;
	int got = rtcache_get(forwarder->client, &question->request, key, len, 0,
			      rtcache_lookup_extra(lookup->handle), &value);
	forwarder->avoided_source = TARN__ANSWER_SOURCE_UNKNOWN;
	if (got == 0)
		return;
	if (got < 0)
		value = (struct rtcache_value){.error = got};
	take_message(lookup, question, &value);
}

/* May end the lookup. */
static void ask_all(struct trust_lookup *lookup, bool wants_keys)
{
	const struct tarn__key *key = &lookup->key;
	struct tarn__anchor anchor =
		tarn__anchors_find(lookup->forwarder->config->anchors, key->qname, key->qname_len);
	if (anchor.kind != TARN__ANCHOR_POSITIVE) {
		end_with_kind(lookup, TARN__TRUST_INSECURE, &no_reason, TARN__TRUST_TTL_MAX);
		return;
	}
	lookup->is_at_anchor = anchor.name_len == key->qname_len;
	if (lookup->is_at_anchor) {
		lookup->ds_ttl = TARN__TTL_MAX;
		tarn__entry_points_of_anchor(&anchor, &lookup->points);
		take_points(lookup);
		return;
	}
	/* First the DNSKEY, whose error does not end the lookup. */
	if (wants_keys)
		ask(lookup, &lookup->dnskey, TARN__TYPE_DNSKEY);
	ask(lookup, &lookup->ds, TARN__TYPE_DS);
}

void tarn__trust_lookup_start(struct tarn__forwarder *forwarder, struct rtcache_lookup *handle,
			      const struct tarn__key *key)
{
	bool wants_keys = forwarder->wants_keys;
	forwarder->wants_keys = false;
	if (!forwarder->config->validates ||
	    forwarder->trust_lookup_count >= TARN__TRUST_LOOKUPS_MAX) {
		rtcache_refuse(handle, TARN_EBUSY);
		return;
	}
	struct trust_lookup *lookup = calloc(1, sizeof *lookup);
	if (!lookup) {
		rtcache_refuse(handle, TARN_ENOMEM);
		return;
	}
	lookup->forwarder = forwarder;
	lookup->handle = handle;
	lookup->key = *key;
	lookup->key.dnssec_ok = true;
	tarn__list_append(&forwarder->trust_lookups, &lookup->node);
	forwarder->trust_lookup_count++;
	forwarder->validation.trusts++;
	ask_all(lookup, wants_keys);
}

/* ---- all of a worker -------------------------------------------------------------------- */

static struct trust_lookup *first(const struct tarn__list *list)
{
	return TARN__CONTAINER(list->next, struct trust_lookup, node);
}

void tarn__trust_lookups_restart(struct tarn__forwarder *forwarder)
{
	struct tarn__list all;
	tarn__list_init(&all);
	while (!tarn__list_is_empty(&forwarder->trust_lookups))
		tarn__list_move(forwarder->trust_lookups.next, &all);
	while (!tarn__list_is_empty(&all)) {
		struct trust_lookup *lookup = first(&all);
		tarn__list_move(&lookup->node, &forwarder->trust_lookups);
		clear(lookup);
		lookup->is_second = false;
		if (forwarder->config->validates)
			ask_all(lookup, true);
		else
			end_with_error(lookup, TARN_ECANCELED);
	}
}

void tarn__trust_lookups_renew(struct tarn__forwarder *forwarder)
{
	struct tarn__list *head = &forwarder->trust_lookups;
	for (struct tarn__list *node = head->next; node != head; node = node->next) {
		struct trust_lookup *lookup = TARN__CONTAINER(node, struct trust_lookup, node);
		const struct tarn__key *key = &lookup->key;
		if (!lookup->is_at_anchor || !lookup->has_points)
			continue;
		struct tarn__anchor anchor =
			tarn__anchors_find(forwarder->config->anchors, key->qname, key->qname_len);
		/* Equal records may be in another order. */
		lookup->progress = (struct tarn__verify_progress){0};
		tarn__entry_points_of_anchor(&anchor, &lookup->points);
	}
}

void tarn__trust_lookups_cancel(struct tarn__forwarder *forwarder)
{
	while (!tarn__list_is_empty(&forwarder->trust_lookups))
		end_with_error(first(&forwarder->trust_lookups), TARN_ECANCELED);
}

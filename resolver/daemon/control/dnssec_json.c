/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/dnssec_json.c: chains of trust and the figures of validation as JSON. */
#include "daemon/control/dnssec_json.h"

#include <stdio.h>
#include <time.h>

#include "core/admin/trust_chain.h"
#include "core/config.h"
#include "core/forward/reasons.h"
#include "core/resolver.h"
#include "core/zone_index.h"
#include "crypto/signature.h"
#include "daemon/names/insecure.h"
#include "dns/text.h"
#include "dnssec/dnskey.h"
#include "dnssec/security.h"
#include "net/clock.h"

/* ---- figures ---------------------------------------------------------------------------- */

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* By the code of the extended error; codes that did not occur are left out. */
static json_t *describe_codes(const struct tarn__validation_counts *counts)
{
	json_t *out = json_object();
	for (unsigned i = 0; i < TARN__VALIDATION_CODES; i++) {
		char code[8];
		snprintf(code, sizeof(code), "%u", i);
		if (counts->codes[i] > 0)
			json_object_set_new(out, code, number(counts->codes[i]));
	}
	return out;
}

json_t *tarn__control_json_validation(const struct tarn__stats *stats)
{
	const struct tarn__validation_counts *counts = &stats->validation;
	json_t *out = json_pack(
		"{so so so so so so so so so}", "secure", number(counts->secure), "insecure",
		number(counts->insecure), "bogus", number(counts->bogus), "indeterminate",
		number(counts->indeterminate), "verifications", number(counts->verifications),
		"limits", number(counts->limits), "undated", number(counts->undated),
		"trust_lookups", number(counts->trusts), "trust_lookups_under_way",
		number(stats->trust_lookups));
	if (counts->bogus > 0)
		json_object_set_new(out, "bogus_by_error", describe_codes(counts));
	return out;
}

json_t *tarn__control_json_insecure(const struct tarn__insecure *insecure)
{
	json_t *out = json_array();
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; insecure && i < insecure->count; i++) {
		const struct tarn__insecure_name *item = &insecure->names[i];
		uint64_t left_ms = item->until_ms > now_ms ? item->until_ms - now_ms : 0;
		char name[TARN__NAME_TEXT_MAX];
		json_array_append_new(out, json_pack("{ss sI}", "name",
						     tarn__name_format(item->name.octets, name),
						     "left_s", (json_int_t)(left_ms / 1000)));
	}
	return out;
}

json_t *tarn__control_json_validated(const struct tarn__config *config,
				     const struct tarn__insecure *insecure)
{
	json_t *validated = json_array(), *others = json_array();
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct tarn__zone_config *zone = config->zones[i];
		char name[TARN__NAME_TEXT_MAX];
		json_array_append_new(zone->is_validated ? validated : others,
				      json_string(tarn__name_format(zone->name, name)));
	}
	return json_pack("{so so sI so}", "validated_zones", validated, "other_zones", others,
			 "anchors", (json_int_t)tarn__anchors_count(config->anchors), "insecure",
			 tarn__control_json_insecure(insecure));
}

/* ---- errors ----------------------------------------------------------------------------- */

const char *tarn__control_error_text(const struct tarn__shared *shared, int error,
				     struct tarn__reason *room)
{
	if (!tarn__reasons_has(error))
		return tarn_error_text(error);
	tarn__reasons_find(tarn__shared_reasons(shared), error, room);
	return room->text[0] ? room->text : tarn_error_text(error);
}

/* ---- the chain of trust ----------------------------------------------------------------- */

/* "34505 ECDSAP256SHA256" */
static json_t *describe_key(uint16_t tag, uint8_t algorithm)
{
	const char *name = tarn__algorithm_name(algorithm);
	return name ? json_sprintf("%u %s", tag, name) : json_sprintf("%u %u", tag, algorithm);
}

static json_t *describe_anchor(const struct tarn__anchor *anchor)
{
	json_t *out = json_array();
	const void *at = anchor->records;
	struct tarn__anchor_record record;
	while (tarn__anchor_next(&at, &record)) {
		struct tarn__dnskey key;
		struct tarn__ds ds;
		if (record.type == TARN__TYPE_DS &&
		    tarn__ds_read(record.rdata, record.rdata_len, &ds))
			json_array_append_new(out, describe_key(ds.tag, ds.algorithm));
		else if (tarn__dnskey_read(record.rdata, record.rdata_len, &key))
			json_array_append_new(out, describe_key(key.tag, key.algorithm));
	}
	return out;
}

static json_t *describe_date(uint32_t sec)
{
	struct tm parts = {0};
	time_t time = (time_t)sec;
	char text[64];
	gmtime_r(&time, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

static void add_keys(json_t *out, const struct tarn__trust *trust)
{
	json_t *tags = json_array(), *keys = json_array();
	const uint8_t *at = trust->keys;
	struct tarn__trust_key key;
	for (unsigned i = 0; i < trust->ds_count; i++)
		json_array_append_new(tags, json_integer(tarn__get16(trust->ds_tags + 2 * i)));
	while (tarn__trust_next_key(trust, &at, &key))
		json_array_append_new(keys, describe_key(key.tag, key.algorithm));
	/* A zone with an anchor has none. */
	if (trust->ds_count > 0)
		json_object_set(out, "ds", tags);
	json_decref(tags);
	json_object_set_new(out, "keys", keys);
	if (trust->until > 0)
		json_object_set_new(out, "until", describe_date(trust->until));
}

static void add_reason(json_t *out, const struct tarn__trust *trust)
{
	if (trust->reason_len > 0)
		json_object_set_new(out, "reason", json_stringn(trust->reason, trust->reason_len));
	if (trust->reason_code > 0)
		json_object_set_new(out, "ede", json_integer(trust->reason_code));
}

/* The chain so far. */
struct chain {
	json_t *links;
	json_t *last; /* of links */
	const char *end; /* the word for what is insecure or bogus; NULL: the last one is neither */
	bool is_whole; /* all is known */
};

static void add_link(void *arg, const struct tarn__trust_link *link)
{
	static const char *const words[] = {
		[TARN__TRUST_KEYS] = "secure",
		[TARN__TRUST_INSECURE] = "insecure",
		[TARN__TRUST_NO_CUT] = "no cut",
		[TARN__TRUST_BOGUS] = "bogus",
	};
	struct chain *chain = arg;
	char name[TARN__NAME_TEXT_MAX];
	json_t *out = json_pack("{ss ss}", "name", tarn__name_format(link->name, name), "status",
				link->is_known ? words[link->trust.kind] : "unknown");
	chain->is_whole &= link->is_known;
	json_array_append_new(chain->links, out);
	chain->last = out;
	if (!link->is_known)
		return;
	if (link->trust.kind == TARN__TRUST_INSECURE || link->trust.kind == TARN__TRUST_BOGUS)
		chain->end = words[link->trust.kind];
	json_object_set_new(out, "left_s", json_integer((json_int_t)(link->left_ms / 1000)));
	if (link->trust.kind == TARN__TRUST_KEYS)
		add_keys(out, &link->trust);
	else
		add_reason(out, &link->trust);
}

/*
 * The name has what its last link has; "no cut" is in a zone above, which is signed. Of what was not looked
 * up nothing is said.
 */
static void add_status(json_t *out, const struct chain *chain, int error)
{
	const char *status = chain->end;
	if (!status && chain->is_whole)
		status = "secure";
	else if (!status && error < 0)
		status = "indeterminate";
	if (status)
		json_object_set_new(out, "status", json_string(status));
	if (chain->end)
		json_object_set(out, "reason", json_object_get(chain->last, "reason"));
	else if (error < 0 && !chain->is_whole)
		json_object_set_new(out, "reason", json_string(tarn_error_text(error)));
}

/* Below a negative anchor, or without any. */
static void add_no_chain(json_t *out, const struct tarn__config *config,
			 const struct tarn__anchor *anchor, bool is_for_a_time)
{
	char name[TARN__NAME_TEXT_MAX];
	json_object_set_new(out, "status", json_string("insecure"));
	if (anchor->kind == TARN__ANCHOR_NONE) {
		json_object_set_new(out, "reason", json_string("no trust anchor is above it"));
		return;
	}
	tarn__name_format(anchor->name, name);
	struct tarn__zone_match zone;
	bool is_zone =
		config->zone_index &&
		tarn__zone_index_find(config->zone_index, anchor->name, anchor->name_len, &zone) &&
		zone.len == anchor->name_len && zone.value != TARN__ZONE_NONE;
	const char *reason = "configured to be insecure";
	if (is_zone)
		reason = "a zone with servers of its own";
	else if (is_for_a_time)
		reason = "insecure for a time (tarnctl)";
	json_object_set_new(out, "reason", json_sprintf("%s is %s", name, reason));
}

json_t *tarn__control_json_trust(struct tarn__resolver *resolver, const uint8_t *name, size_t len,
				 const struct tarn__insecure *insecure, int error)
{
	json_t *out = json_object();
	struct chain chain = {.links = json_array(), .is_whole = true};
	struct tarn__anchor anchor = tarn__trust_chain_show(resolver, name, len, add_link, &chain);
	if (anchor.kind == TARN__ANCHOR_POSITIVE) {
		add_status(out, &chain, error);
		json_object_set_new(out, "anchors", describe_anchor(&anchor));
		json_object_set(out, "chain", chain.links);
	} else {
		add_no_chain(out, tarn__resolver_config(resolver), &anchor,
			     insecure && anchor.name &&
				     tarn__insecure_has(insecure, anchor.name, anchor.name_len));
	}
	json_decref(chain.links);
	return out;
}

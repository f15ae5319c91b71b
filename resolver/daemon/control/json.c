/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/json.c: messages, explanations and statistics as JSON. */
#include "daemon/control/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/policy/policy.h"
#include "core/resolver.h"
#include "core/zone_index.h"
#include "daemon/control/dnssec_json.h"
#include "daemon/control/second_json.h"
#include "daemon/system/process.h"
#include "daemon/telemetry/observers.h"
#include "daemon/settings/option_types.h"
#include "net/totals.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/rdata_text.h"
#include "dns/record.h"
#include "dns/stored.h"
#include "dns/text.h"
#include "dnssec/security.h"

/* ---- messages --------------------------------------------------------------------------- */

static void describe_errors(const struct tarn__record *opt, json_t *out)
{
	json_t *errors = json_array();
	struct tarn__reader options = {.wire = opt->rdata, .end = opt->rdata_len};
	struct tarn__option option;
	while (tarn__option_read(&options, &option)) {
		if (option.code != TARN__OPTION_EDE || option.len < 2)
			continue;
		json_array_append_new(
			errors, json_pack("{si ss%}", "code", (int)tarn__get16(option.data), "text",
					  (const char *)option.data + 2, (size_t)option.len - 2));
	}
	if (json_array_size(errors) > 0)
		json_object_set(out, "errors", errors);
	json_decref(errors);
}

static json_t *describe_record(const uint8_t *wire, const struct tarn__record *record,
			       size_t rdata_at, char *text)
{
	char owner[TARN__NAME_TEXT_MAX], class[TARN__WORD_MAX], type[TARN__WORD_MAX];
	tarn__rdata_format(wire, rdata_at, record->rdata_len, record->type, text);
	return json_pack("{ss sI ss ss ss}", "name", tarn__name_format(record->owner, owner), "ttl",
			 (json_int_t)record->ttl, "class", tarn__class_format(record->class, class),
			 "type", tarn__type_format(record->type, type), "data", text);
}

static void describe_records(struct tarn__reader *reader, const char *const *sections, char *text,
			     json_t *out)
{
	for (unsigned section = 0; section < 3 && !reader->failed; section++) {
		json_t *records = json_array();
		unsigned count = tarn__get16(reader->wire + 6 + 2 * section);
		for (; count > 0; count--) {
			struct tarn__record record;
			if (!tarn__record_read(reader, &record))
				break;
			size_t at = reader->at - record.rdata_len;
			if (record.type == TARN__TYPE_OPT)
				describe_errors(&record, out);
			else
				json_array_append_new(
					records, describe_record(reader->wire, &record, at, text));
		}
		/* It rarely has a record other than OPT. */
		if (section < 2 || json_array_size(records) > 0)
			json_object_set(out, sections[section], records);
		json_decref(records);
	}
}

static json_t *describe_flags(uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{TARN__FLAG_AA, "aa"}, {TARN__FLAG_TC, "tc"}, {TARN__FLAG_RD, "rd"},
		{TARN__FLAG_RA, "ra"}, {TARN__FLAG_AD, "ad"}, {TARN__FLAG_CD, "cd"},
	};
	json_t *array = json_array();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (flags & names[i].bit)
			json_array_append_new(array, json_string(names[i].name));
	}
	return array;
}

json_t *tarn__control_json_message(const uint8_t *wire, size_t len)
{
	static const char *const sections[] = {"answer", "authority", "additional"};
	char *text = malloc(TARN__RDATA_TEXT_MAX);
	if (!text || len < TARN__HEADER_LEN) {
		free(text);
		return NULL;
	}
	char rcode[TARN__WORD_MAX];
	uint16_t flags = tarn__get16(wire + 2);
	json_t *out = json_object();
	json_object_set_new(out, "rcode",
			    json_string(tarn__rcode_format(flags & TARN__FLAG_RCODE, rcode)));
	json_object_set_new(out, "flags", describe_flags(flags));
	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	uint8_t qname[TARN__NAME_MAX];
	if (tarn__get16(wire + 4) == 1 && tarn__name_read(&reader, qname) > 0)
		tarn__read_octets(&reader, 4);
	describe_records(&reader, sections, text, out);
	free(text);
	return out;
}

/* ---- explanations ----------------------------------------------------------------------- */

static const char *const flag_words[TARN__VARIANTS] = {"-", "do", "cd", "do,cd"};

static json_int_t seconds(uint64_t ms)
{
	return (json_int_t)(ms / 1000);
}

/* Returns the last zone_len octets of qname as text. */
static const char *zone_text(const struct tarn__query *query, size_t zone_len,
			     char out[TARN__NAME_TEXT_MAX])
{
	return tarn__name_format(query->qname + query->qname_len - zone_len, out);
}

static const char *state_word(const struct rtcache_state *state)
{
	if (!state->is_stored)
		return "none";
	switch (state->item.value.status) {
	case RTCACHE_HIT:
		return "fresh";
	case RTCACHE_STALE:
		return "stale";
	default:
		return "ended";
	}
}

static bool is_known(const struct rtcache_state *state)
{
	return state->is_stored || state->failure < 0 || state->lookups > 0;
}

/* What validation has found; NULL: nothing. */
static const char *security_word(const uint8_t *stored, bool validates)
{
	if (!validates)
		return NULL;
	if (tarn__stored_has_ad(stored))
		return "secure";
	return tarn__stored_remark(stored) == TARN__REMARK_NONE ? NULL : "insecure";
}

/* Where an answer came from; NULL: unknown. */
static const char *source_text(const struct tarn__shared *shared, const uint8_t *stored,
			       char room[TARN_ADDRESS_TEXT_MAX])
{
	switch (tarn__stored_answer_source(stored)) {
	case TARN__ANSWER_SOURCE_SHARED:
		return "the second level";
	case TARN__ANSWER_SOURCE_FILE:
		return "the file of the cache";
	default:
		break;
	}
	const struct tarn_address *server = tarn__shared_answer_source(shared, stored);
	return server ? tarn_address_format(server, room) : NULL;
}

static void describe_stored(json_t *out, const struct rtcache_item *item,
			    const struct tarn__shared *shared, bool validates)
{
	const struct rtcache_value *value = &item->value;
	if (!value->data)
		return;
	char rcode[TARN__WORD_MAX];
	json_object_set_new(
		out, "rcode",
		json_string(tarn__rcode_format(tarn__stored_rcode(value->data), rcode)));
	json_object_set_new(out, "age_s", json_integer(seconds(value->age_ms)));
	if (value->status == RTCACHE_HIT)
		json_object_set_new(out, "ttl", json_integer(seconds(value->ttl_ms)));
	else
		json_object_set_new(out, "ended_s", json_integer(seconds(value->stale_ms)));
	char room[TARN_ADDRESS_TEXT_MAX];
	const char *source = source_text(shared, value->data, room);
	if (source)
		json_object_set_new(out, "from", json_string(source));
	const char *security = security_word(value->data, validates);
	if (security)
		json_object_set_new(out, "security", json_string(security));
	json_object_set_new(out, "uses", json_integer(item->uses));
	json_object_set_new(out, "octets", json_integer((json_int_t)item->bytes));
}

static json_t *describe_state(const struct rtcache_state *state, const char *flags,
			      const struct tarn__shared *shared, bool validates)
{
	json_t *out = json_pack("{ss ss}", "flags", flags, "state", state_word(state));
	struct tarn__reason reason;
	if (state->is_stored)
		describe_stored(out, &state->item, shared, validates);
	if (state->failure < 0) {
		const char *text = tarn__control_error_text(shared, state->failure, &reason);
		json_object_set_new(out, "failed", json_string(text));
		json_object_set_new(out, "again_s", json_integer(seconds(state->failure_left_ms)));
	}
	if (state->lookups > 0) {
		json_object_set_new(out, "lookup_ms",
				    json_integer((json_int_t)state->lookup_age_ms));
		json_object_set_new(out, "waiting", json_integer((json_int_t)state->waiters));
	}
	return out;
}

static json_t *describe_states(const struct rtcache_state states[TARN__VARIANTS],
			       const struct tarn__shared *shared, bool validates)
{
	json_t *out = json_array();
	for (unsigned i = 0; i < TARN__VARIANTS; i++) {
		if (is_known(&states[i]))
			json_array_append_new(
				out, describe_state(&states[i], flag_words[i], shared, validates));
	}
	return out;
}

/* The reply that the policy decides, in a few words. */
static json_t *describe_decision(enum tarn__policy_action action,
				 const struct tarn__decision *decision)
{
	char rcode[TARN__WORD_MAX], name[TARN__NAME_TEXT_MAX];
	switch (action) {
	case TARN__POLICY_REFUSE:
		return json_string(tarn__rcode_format(TARN__REFUSED, rcode));
	case TARN__POLICY_DROP:
		return json_string("none");
	case TARN__POLICY_TRUNCATE:
		return json_string("truncated; over TCP, that of the upstream servers");
	case TARN__POLICY_FOLLOW:
		return json_sprintf("a CNAME, and what %s has",
				    tarn__name_format(decision->next.octets, name));
	default:
		break;
	}
	uint16_t stored_rcode = tarn__stored_rcode(decision->stored);
	bool is_nodata = stored_rcode == TARN__NOERROR &&
			 tarn__stored_is_negative(decision->stored, decision->stored_len);
	return json_sprintf("%s%s, from tarn itself", tarn__rcode_format(stored_rcode, rcode),
			    is_nodata ? " without records" : "");
}

/*
 * Returns true if the server is one of the zone's. Zones with one list of servers are known by the first
 * one's name.
 */
static bool is_of_zone(const struct tarn__server_totals *server,
		       const struct tarn__zone_config *zone)
{
	char name[TARN__NAME_TEXT_MAX];
	return strcmp(server->zone, tarn__name_format(zone->name, name)) == 0;
}

/* *first is the first one that would be asked, in the order of the configuration. */
static enum tarn__servers_state find_state(const struct tarn__zone_config *zone,
					   const struct tarn__totals *totals,
					   const struct tarn__server_totals **first)
{
	enum tarn__servers_state state = TARN__SERVERS_NONE;
	for (size_t i = 0; i < totals->server_count; i++) {
		const struct tarn__server_totals *server = &totals->servers[i];
		if (server->is_forward_loop || !is_of_zone(server, zone))
			continue;
		if (!server->is_dead) {
			*first = server;
			return TARN__SERVERS_UP;
		}
		state = TARN__SERVERS_DOWN;
	}
	return state;
}

/* What comes of a question that the cache does not decide. */
static json_t *describe_asking(const struct tarn__zone_config *zone,
			       const struct tarn__totals *totals, bool is_stale)
{
	const struct tarn__server_totals *first = NULL;
	switch (zone ? find_state(zone, totals, &first) : TARN__SERVERS_NONE) {
	case TARN__SERVERS_NONE:
		return json_sprintf("%s: there is no upstream server%s",
				    is_stale ? "the old answer" : "SERVFAIL",
				    zone && zone->endpoint_count > 0 ? " but tarn itself" : "");
	case TARN__SERVERS_DOWN:
		return json_sprintf(
			"that of the first upstream server to live again (all are dead),"
			" or %s if none answers in %g s",
			is_stale ? "the old one" : "SERVFAIL",
			(is_stale ? TARN__STALE_AFTER_MS : TARN__CLIENT_MS) / 1000.0);
	case TARN__SERVERS_UP:
		break;
	}
	char otherwise[64] = "";
	if (is_stale)
		snprintf(otherwise, sizeof otherwise, ", or the old one if none answers in %g s",
			 TARN__STALE_AFTER_MS / 1000.0);
	/* By other selections it depends on the worker. */
	if (zone->selection != TARN_SELECTION_SEQUENTIAL &&
	    zone->selection != TARN_SELECTION_STRICT)
		return json_sprintf("that of an upstream server%s", otherwise);
	return json_sprintf("that of an upstream server, %s first%s", first->text, otherwise);
}

/* What the cache comes to for a question with neither DO nor CD. */
static json_t *describe_way(const struct tarn__inspected *inspected,
			    const struct tarn__zone_config *zone, const struct tarn__shared *shared,
			    const struct tarn__totals *totals)
{
	struct tarn__reason reason;
	const struct rtcache_state *state = &inspected->states[0];
	const struct rtcache_value *value = &state->item.value;
	const struct rtcache_state *nxdomain = &inspected->nxdomains[0];
	bool is_fresh = state->is_stored && value->status == RTCACHE_HIT;
	bool is_stale = state->is_stored && value->status == RTCACHE_STALE;
	char rcode[TARN__WORD_MAX];
	if (is_fresh)
		return json_sprintf("%s, from the cache, with a TTL of %lld",
				    tarn__rcode_format(tarn__stored_rcode(value->data), rcode),
				    (long long)seconds(value->ttl_ms));
	if (state->failure < 0)
		return json_sprintf("%s for another %lld s, because the last lookup failed: %s",
				    is_stale ? "the old answer" : "SERVFAIL",
				    (long long)seconds(state->failure_left_ms),
				    tarn__control_error_text(shared, state->failure, &reason));
	if (nxdomain->is_stored && nxdomain->item.value.status == RTCACHE_HIT)
		return json_sprintf("NXDOMAIN, from the cache: the name has no records of any type,"
				    " for another %lld s",
				    (long long)seconds(nxdomain->item.value.ttl_ms));
	if (state->lookups > 0)
		return json_sprintf("that of the lookup under way, for which %zu wait",
				    state->waiters);
	return describe_asking(zone, totals, is_stale);
}

static const char *state_of(const struct tarn__server_totals *server)
{
	if (server->is_forward_loop)
		return "loop";
	if (server->is_dead)
		return "dead";
	return server->answered_ago_ms == UINT64_MAX ? "new" : "up";
}

/* Adds the times that were measured. */
static void describe_time(json_t *out, const struct tarn__server_totals *server)
{
	if (server->srtt_ms > 0)
		json_object_set_new(out, "rtt_ms", json_integer(server->srtt_ms));
	if (server->answered_ago_ms != UINT64_MAX)
		json_object_set_new(out, "last_answer_s",
				    json_integer(seconds(server->answered_ago_ms)));
}

/* Adds what was wrong with the last exchange, if the server is encrypted. */
static void describe_fault(json_t *out, const struct tarn__server_totals *server,
			   const struct tarn__shared *shared)
{
	struct tarn__reason reason;
	if (server->fault != 0)
		json_object_set_new(
			out, "error",
			json_string(tarn__control_error_text(shared, server->fault, &reason)));
}

/*
 * asked is the zone that the name is in; it may be another than the first of those with this list of
 * servers.
 */
static json_t *describe_zone(const struct tarn__zone_config *zone, const char *asked,
			     const struct tarn__totals *totals, const struct tarn__shared *shared)
{
	json_t *servers = json_array();
	for (size_t i = 0; i < totals->server_count; i++) {
		const struct tarn__server_totals *server = &totals->servers[i];
		if (!is_of_zone(server, zone))
			continue;
		json_t *row =
			json_pack("{ss ss}", "server", server->text, "state", state_of(server));
		describe_time(row, server);
		describe_fault(row, server, shared);
		json_array_append_new(servers, row);
	}
	return json_pack("{ss ss so}", "zone", asked, "selection",
			 tarn__selection_name(zone->selection), "servers", servers);
}

json_t *tarn__control_json_inspected(const struct tarn__inspected *inspected,
				     const struct tarn__config *config,
				     const struct tarn__shared *shared,
				     const struct tarn__totals *totals)
{
	const struct tarn__query *query = &inspected->query;
	char name[TARN__NAME_TEXT_MAX], class[TARN__WORD_MAX], type[TARN__WORD_MAX];
	char rcode[TARN__WORD_MAX];
	json_t *out = json_object();
	json_object_set_new(out, "question",
			    json_sprintf("%s %s %s", tarn__name_format(query->qname, name),
					 tarn__class_format(query->qclass, class),
					 tarn__type_format(query->qtype, type)));
	if (inspected->parsed != TARN__QUERY_GOOD) {
		json_object_set_new(out, "rule",
				    json_string("questions of this kind are not answered here"));
		tarn__rcode_format((uint16_t)inspected->parsed, rcode);
		json_object_set_new(out, "answer", json_string(rcode));
		return out;
	}
	json_object_set_new(out, "rule", json_string(inspected->explanation));
	if (inspected->action == TARN__POLICY_PASS) {
		size_t index = tarn__config_find_zone(config, query->qname, query->qname_len,
						      query->qtype);
		const struct tarn__zone_config *zone =
			index == TARN__ZONE_NONE ? NULL : config->zones[index];
		json_object_set_new(out, "answer", describe_way(inspected, zone, shared, totals));
		struct tarn__zone_match match = {.len = 1};
		if (config->zone_index)
			tarn__zone_index_find_for(config->zone_index, query->qname,
						  query->qname_len, query->qtype, &match);
		if (zone)
			json_object_set_new(out, "forward",
					    describe_zone(zone, zone_text(query, match.len, name),
							  totals, shared));
	} else {
		json_object_set_new(out, "answer",
				    describe_decision(inspected->action, &inspected->decision));
	}
	if (inspected->answer_action != TARN__POLICY_PASS) {
		json_object_set_new(out, "answer_rule", json_string(inspected->answer_explanation));
		json_object_set_new(
			out, "instead",
			describe_decision(inspected->answer_action, &inspected->answer_decision));
	}
	if (inspected->is_synthesised)
		json_object_set_new(out, "dns64",
				    json_string("AAAA records are made of A records"));
	json_object_set_new(out, "cache",
			    describe_states(inspected->states, shared, config->validates));
	json_object_set_new(out, "no_such_name",
			    describe_states(inspected->nxdomains, shared, config->validates));
	return out;
}

/* ---- numbers ---------------------------------------------------------------------------- */

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *describe_questions(const struct tarn__stats *stats)
{
	json_t *out = json_object();
	for (size_t i = 0; i < TARN__TRANSPORTS; i++)
		json_object_set_new(out, tarn__transports[i].name, number(stats->questions[i]));
	json_object_set_new(out, "own", number(stats->questions[TARN__COUNTED_OWN]));
	json_object_set_new(out, "dropped", number(stats->dropped));
	json_object_set_new(out, "waiting", number(stats->waiting));
	return out;
}

static json_t *describe_answers(const struct tarn__stats *stats)
{
	json_t *out = json_array();
	for (unsigned i = 0; i < TARN__STATUSES; i++) {
		uint64_t count = stats->statuses[i];
		json_array_append_new(
			out,
			json_pack("{ss sI sf}", "status", tarn__status_name((enum tarn__status)i),
				  "answers", (json_int_t)count, "mean_ms",
				  count ? (double)stats->latencies[i].sum_us / 1000 / (double)count
					: 0.0));
	}
	return out;
}

static json_t *describe_rcodes(const struct tarn__stats *stats)
{
	json_t *out = json_object();
	for (unsigned i = 0; i < TARN__COUNTED_RCODES; i++) {
		char rcode[TARN__WORD_MAX];
		if (stats->rcodes[i] > 0)
			json_object_set_new(out, tarn__rcode_format((uint16_t)i, rcode),
					    number(stats->rcodes[i]));
	}
	return out;
}

static json_t *describe_stages(const struct tarn__stats *stats)
{
	json_t *out = json_object();
	for (unsigned i = 0; i < TARN__STAGES; i++)
		json_object_set_new(out, tarn__stages[i]->name, number(stats->stages[i]));
	return out;
}

static json_t *describe_types(const struct tarn__stats *stats)
{
	json_t *out = json_object();
	for (unsigned i = 0; i < TARN__COUNTED_TYPES; i++) {
		char type[TARN__WORD_MAX] = "others";
		if (i < TARN__COUNTED_TYPES - 1)
			tarn__type_format((uint16_t)i, type);
		if (stats->types[i] > 0)
			json_object_set_new(out, type, number(stats->types[i]));
	}
	return out;
}

/* Values that are not available are left out. */
static json_t *describe_usage(const struct tarn__usage *usage)
{
	json_t *out = json_pack("{so}", "cpu_ms", number(usage->cpu_us / 1000));
	if (usage->resident_octets > 0)
		json_object_set_new(out, "resident_octets", number(usage->resident_octets));
	if (usage->files > 0)
		json_object_set_new(out, "open_files", number(usage->files));
	if (usage->files_max > 0)
		json_object_set_new(out, "open_files_max", number(usage->files_max));
	return out;
}

static json_t *describe_connections(const struct tarn__tcp_stats *stats)
{
	return json_pack("{so so so so so so so}", "connections", number(stats->connections),
			 "accepted", number(stats->accepted), "refused", number(stats->refused),
			 "strangers", number(stats->strangers), "closed_idle",
			 number(stats->idle_closed), "closed_stalled",
			 number(stats->stalled_closed), "reset", number(stats->reset));
}

/* Returns true if a client has connected, whatever came of it. */
static bool is_in_use(const struct tarn__tcp_stats *stats)
{
	static const struct tarn__tcp_stats nothing;
	return memcmp(stats, &nothing, sizeof(nothing)) != 0;
}

static json_t *describe_encrypted(const struct tarn__tcp_stats *stats)
{
	json_t *out = describe_connections(stats);
	json_object_set_new(out, "handshakes",
			    json_pack("{so so so so so so}", "full", number(stats->handshakes_full),
				      "resumed", number(stats->handshakes_resumed), "rejected",
				      number(stats->handshakes_rejected), "failed",
				      number(stats->handshakes_failed), "late",
				      number(stats->handshakes_late), "refused",
				      number(stats->handshakes_refused)));
	return out;
}

json_t *tarn__control_json_totals(const struct tarn__totals *totals, const struct tarn__lost *lost,
				  const struct tarn__usage *usage)
{
	const struct tarn__stats *stats = &totals->questions;
	const struct tarn__udp_stats *udp = &totals->udp;
	const struct rtcache_stats *cache = &totals->cache;
	json_t *out = json_object();
	json_object_set_new(out, "questions", describe_questions(stats));
	json_object_set_new(out, "answers", describe_answers(stats));
	json_object_set_new(out, "rcodes", describe_rcodes(stats));
	json_object_set_new(out, "types", describe_types(stats));
	json_object_set_new(out, "policy", describe_stages(stats));
	json_object_set_new(out, "lookups",
			    json_pack("{so so so so so}", "started", number(stats->lookups_started),
				      "under_way", number(stats->lookups), "sockets_opened",
				      number(totals->carrier.sockets), "channels",
				      number(totals->carrier.channels), "foreign_messages",
				      number(totals->carrier.foreign)));
	json_object_set_new(out, "cache",
			    json_pack("{so so so so so so}", "entries", number(cache->entries),
				      "used_octets", number(cache->bytes), "size_octets",
				      number(cache->size), "evicted", number(cache->evicted),
				      "ended", number(cache->swept), "not_admitted",
				      number(cache->refused)));
	json_object_set_new(out, "tcp", describe_connections(&totals->tcp));
	if (is_in_use(&totals->tls))
		json_object_set_new(out, "tls", describe_encrypted(&totals->tls));
	if (is_in_use(&totals->https))
		json_object_set_new(out, "https", describe_encrypted(&totals->https));
	json_object_set_new(out, "udp",
			    json_pack("{so so so}", "too_long", number(udp->too_long), "kept",
				      number(udp->kept), "dropped", number(udp->dropped)));
	json_object_set_new(out, "lost",
			    json_pack("{so so}", "query_log", number(lost->query_log), "dnstap",
				      number(lost->dnstap)));
	if (totals->validates)
		json_object_set_new(out, "dnssec", tarn__control_json_validation(stats));
	if (totals->has_second)
		json_object_set_new(out, "shared", tarn__control_json_shared(totals));
	json_object_set_new(out, "process", describe_usage(usage));
	return out;
}

/* The features that the server is queried without. */
static json_t *describe_quirks(const struct tarn__server_totals *server)
{
	const struct {
		bool is_set;
		const char *name;
	} quirks[] = {
		{server->is_plain, "EDNS"},
		{server->no_0x20, "mixed case"},
		{server->bad_cookies || server->drops_cookies, "cookies"},
		{server->strips, "signatures"},
	};
	json_t *out = json_array();
	for (size_t i = 0; i < sizeof quirks / sizeof quirks[0]; i++) {
		if (quirks[i].is_set)
			json_array_append_new(out, json_string(quirks[i].name));
	}
	return out;
}

json_t *tarn__control_json_servers(const struct tarn__totals *totals,
				   const struct tarn__shared *shared)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < totals->server_count; i++) {
		const struct tarn__server_totals *server = &totals->servers[i];
		json_t *row = json_pack("{ss ss ss}", "server", server->text, "zone", server->zone,
					"state", state_of(server));
		if (server->transport != TARN__UDP)
			json_object_set_new(row, "transport",
					    json_string(tarn__transport_name(server->transport)));
		describe_time(row, server);
		json_object_set_new(row, "asked", number(server->counts.asked));
		json_object_set_new(row, "answered", number(server->counts.answered));
		json_object_set_new(row, "unsent", number(server->counts.unsent));
		json_object_set_new(row, "silent", number(server->counts.silent));
		json_object_set_new(row, "unusable", number(server->counts.unusable));
		json_object_set_new(row, "rejected", number(server->counts.rejected));
		if (totals->validates)
			json_object_set_new(row, "validated", json_boolean(server->is_validated));
		json_t *quirks = describe_quirks(server);
		if (json_array_size(quirks) > 0)
			json_object_set(row, "without", quirks);
		json_decref(quirks);
		describe_fault(row, server, shared);
		json_array_append_new(rows, row);
	}
	return json_pack("{so}", "upstreams", rows);
}

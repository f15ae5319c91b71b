/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/describe.c: answers and explanations as JSON. */
#include "daemon/describe.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/config.h"
#include "core/resolver.h"
#include "daemon/values.h"
#include "dns/answer.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/record.h"
#include "dns/text.h"

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
		/* There is hardly ever one but the OPT. */
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

json_t *tarn__describe_message(const uint8_t *wire, size_t len)
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

/* The last zone_len octets of qname. */
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

static void describe_stored(json_t *out, const struct rtcache_item *item,
			    const struct tarn__shared *shared)
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
	const struct tarn_address *origin = tarn__shared_origin(shared, value->data);
	char address[TARN_ADDRESS_TEXT_MAX];
	if (origin)
		json_object_set_new(out, "from", json_string(tarn_address_format(origin, address)));
	json_object_set_new(out, "uses", json_integer(item->uses));
	json_object_set_new(out, "octets", json_integer((json_int_t)item->bytes));
}

static json_t *describe_state(const struct rtcache_state *state, const char *flags,
			      const struct tarn__shared *shared)
{
	json_t *out = json_pack("{ss ss}", "flags", flags, "state", state_word(state));
	if (state->is_stored)
		describe_stored(out, &state->item, shared);
	if (state->failure < 0) {
		json_object_set_new(out, "failed", json_string(tarn_error_text(state->failure)));
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
			       const struct tarn__shared *shared)
{
	json_t *out = json_array();
	for (unsigned i = 0; i < TARN__VARIANTS; i++) {
		if (is_known(&states[i]))
			json_array_append_new(out,
					      describe_state(&states[i], flag_words[i], shared));
	}
	return out;
}

static json_t *describe_rule(const struct tarn__inspected *inspected)
{
	const struct tarn__query *query = &inspected->query;
	char zone[TARN__NAME_TEXT_MAX];
	if (inspected->ruling == TARN__POLICY_PASS) {
		if (inspected->special.kind == TARN__SPECIAL_NONE)
			return json_string("none: it is for the upstream servers");
		return json_sprintf("%s is special, but an exception has been made",
				    zone_text(query, inspected->special.zone_len, zone));
	}
	switch (inspected->answer.rule) {
	case TARN__RULE_ACCESS:
		return json_string("this client is of no network that may ask (allow)");
	case TARN__RULE_CHAOS:
		return json_string("class CH is for the name and version of the server");
	case TARN__RULE_ZONE:
		return json_sprintf("%s is a zone that is never forwarded",
				    zone_text(query, inspected->answer.zone_len, zone));
	case TARN__RULE_SPECIAL:
		return json_sprintf("%s is a special name and never leaves (RFC 6761, 6303)",
				    zone_text(query, inspected->answer.zone_len, zone));
	case TARN__RULE_ANY:
		return json_string("ANY gets one HINFO record (RFC 8482)");
	}
	return NULL;
}

/* What policy answers, in a few words. */
static json_t *describe_ruling(const struct tarn__inspected *inspected)
{
	const struct tarn__policy_answer *answer = &inspected->answer;
	char rcode[TARN__WORD_MAX];
	if (inspected->ruling == TARN__POLICY_ERROR)
		return json_sprintf("%s", tarn__rcode_format(answer->rcode, rcode));
	tarn__rcode_format(tarn__stored_rcode(answer->stored), rcode);
	return json_sprintf(
		"%s%s, from tarn itself", rcode,
		tarn__stored_rcode(answer->stored) == TARN__NOERROR &&
				tarn__stored_is_negative(answer->stored, answer->stored_len)
			? " without records"
			: "");
}

/* What the cache comes to for a question with neither DO nor CD. */
static json_t *describe_way(const struct tarn__inspected *inspected,
			    const struct tarn__group *group)
{
	const struct rtcache_state *state = &inspected->states[0];
	const struct rtcache_value *value = &state->item.value;
	const struct rtcache_state *denial = &inspected->denials[0];
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
				    tarn_error_text(state->failure));
	if (denial->is_stored && denial->item.value.status == RTCACHE_HIT)
		return json_sprintf("NXDOMAIN, from the cache: the name has no records of any type,"
				    " for another %lld s",
				    (long long)seconds(denial->item.value.ttl_ms));
	if (state->lookups > 0)
		return json_sprintf("that of the lookup under way, for which %zu wait",
				    state->waiters);
	if (!group || group->count == 0)
		return json_sprintf("%s: there is no upstream server",
				    is_stale ? "the old answer" : "SERVFAIL");
	if (is_stale)
		return json_string("that of an upstream server, or the old one if none answers in"
				   " 1.8 s");
	return json_string("that of an upstream server");
}

static json_t *describe_group(const struct tarn__config *config, const struct tarn__group *group)
{
	char zone[TARN__NAME_TEXT_MAX], text[TARN_ADDRESS_TEXT_MAX];
	json_t *servers = json_array();
	for (size_t i = 0; i < group->count; i++) {
		const struct tarn__server_config *server = &config->servers[group->first + i];
		json_array_append_new(servers,
				      json_string(tarn_address_format(&server->address, text)));
	}
	return json_pack("{ss ss so}", "zone", tarn__name_format(group->zone, zone), "policy",
			 tarn__policy_name(group->policy), "servers", servers);
}

json_t *tarn__describe_inspected(const struct tarn__inspected *inspected,
				 const struct tarn__config *config,
				 const struct tarn__shared *shared)
{
	const struct tarn__query *query = &inspected->query;
	char name[TARN__NAME_TEXT_MAX], class[TARN__WORD_MAX], type[TARN__WORD_MAX];
	char rcode[TARN__WORD_MAX];
	json_t *out = json_object();
	json_object_set_new(out, "question",
			    json_sprintf("%s %s %s", tarn__name_format(query->qname, name),
					 tarn__class_format(query->qclass, class),
					 tarn__type_format(query->qtype, type)));
	if (inspected->verdict != TARN__QUERY_GOOD) {
		json_object_set_new(out, "rule",
				    json_string("questions of this kind are not answered here"));
		tarn__rcode_format((uint16_t)inspected->verdict, rcode);
		json_object_set_new(out, "answer", json_string(rcode));
		return out;
	}
	json_object_set_new(out, "rule", describe_rule(inspected));
	if (inspected->ruling == TARN__POLICY_PASS) {
		size_t index = tarn__config_find_group(config, query->qname, query->qname_len);
		const struct tarn__group *group =
			index == TARN__GROUP_NONE ? NULL : &config->groups[index];
		json_object_set_new(out, "answer", describe_way(inspected, group));
		if (group)
			json_object_set_new(out, "forward", describe_group(config, group));
	} else {
		json_object_set_new(out, "answer", describe_ruling(inspected));
	}
	json_object_set_new(out, "cache", describe_states(inspected->states, shared));
	json_object_set_new(out, "no_such_name", describe_states(inspected->denials, shared));
	return out;
}

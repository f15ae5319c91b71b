/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/lists.c: answers of rule sets. */
#include "core/policy/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "core/policy/overrides.h"
#include "core/policy/policy.h"
#include "dns/edit.h"
#include "dns/local.h"
#include "dns/stored.h"
#include "dns/type.h"

struct tarn__lists {
	atomic_uint references;
	struct tarn__rules *rules;
	struct tarn__groups *groups;
	struct tarn__list_answer answers[TARN__NAMELIST_SETS_MAX];
};

struct tarn__lists *tarn__lists_new(struct tarn__rules *rules,
				    const struct tarn__list_answer *answers,
				    const struct tarn__group *groups, size_t group_count)
{
	struct tarn__lists *lists = calloc(1, sizeof *lists);
	if (!lists) {
		tarn__rules_put(rules);
		return NULL;
	}
	atomic_init(&lists->references, 1);
	lists->rules = rules;
	memcpy(lists->answers, answers, tarn__rules_set_count(rules) * sizeof *answers);
	lists->groups = tarn__groups_new(groups, group_count);
	if (lists->groups)
		return lists;
	tarn__lists_put(lists);
	return NULL;
}

struct tarn__lists *tarn__lists_get(struct tarn__lists *lists)
{
	if (lists)
		atomic_fetch_add_explicit(&lists->references, 1, memory_order_relaxed);
	return lists;
}

void tarn__lists_put(struct tarn__lists *lists)
{
	if (!lists || atomic_fetch_sub_explicit(&lists->references, 1, memory_order_acq_rel) > 1)
		return;
	tarn__rules_put(lists->rules);
	tarn__groups_free(lists->groups);
	free(lists);
}

const struct tarn__rules *tarn__lists_rules(const struct tarn__lists *lists)
{
	return lists->rules;
}

/* ---- answers with records --------------------------------------------------------------- */

/* The records of an answer, of one type. */
struct records {
	const struct tarn__lists *lists;
	const struct tarn__listed *listed;
	const struct tarn__verdict *verdict;
	uint32_t cursor;
	unsigned next_address;
};

static bool next_address(struct records *records, struct tarn__rule_record *out)
{
	const struct tarn__list_answer *answer = &records->lists->answers[records->verdict->set];
	if (records->next_address == answer->address_count)
		return false;
	const struct tarn_address *address = &answer->addresses[records->next_address++];
	size_t len;
	out->rdata = tarn__address_octets(address, &len);
	out->rdata_len = (uint16_t)len;
	out->type = len == TARN__IPV4_LEN ? TARN__TYPE_A : TARN__TYPE_AAAA;
	out->ttl_sec = tarn__rules_set(records->lists->rules, records->verdict->set)->ttl_sec;
	return true;
}

/* Returns the next record of any type. */
static bool next_of_any(struct records *records, struct tarn__rule_record *out)
{
	if (records->verdict->is_default)
		return next_address(records, out);
	const struct tarn__listed *listed = records->listed;
	return tarn__rules_record_next(records->lists->rules, records->verdict, listed->name,
				       listed->name_len, listed->query->qtype, &records->cursor,
				       out);
}

static bool next_record(struct records *records, uint16_t type, struct tarn__rule_record *out)
{
	while (next_of_any(records, out)) {
		if (out->type == type)
			return true;
	}
	return false;
}

static struct records open_records(const struct tarn__lists *lists,
				   const struct tarn__listed *listed,
				   const struct tarn__verdict *verdict)
{
	return (struct records){.lists = lists, .listed = listed, .verdict = verdict};
}

static unsigned count_records(struct records records, uint16_t type)
{
	struct tarn__rule_record record;
	unsigned count = 0;
	while (next_record(&records, type, &record))
		count++;
	return count;
}

/* Writes all records of the query's type. Returns the octets; 0: they do not fit. */
static size_t write_records(struct records records, unsigned count, uint8_t *out)
{
	const struct tarn__query *query = records.listed->query;
	const struct tarn__stored_head head = {.rcode = TARN__NOERROR,
					       .answer_count = (uint16_t)count};
	struct tarn__stored_writer writer;
	struct tarn__rule_record record;
	uint32_t same = 0;
	tarn__stored_begin(&writer, out, TARN__MESSAGE_MAX, &head, query->qname, query->qname_len);
	while (next_record(&records, query->qtype, &record)) {
		tarn__stored_begin_record(&writer, query->qname, query->qname_len, record.type,
					  query->qclass, record.ttl_sec | same);
		tarn__pack_octets(&writer.packer, record.rdata, record.rdata_len);
		tarn__stored_end_record(&writer);
		same = TARN__STORED_SAME_RRSET;
	}
	return tarn__stored_end(&writer);
}

/* A target "*.garden." has the name of the query before it. Returns false if it is too long. */
static bool make_target(const struct tarn__query *query, const uint8_t *rdata, size_t len,
			struct tarn__name *out)
{
	bool is_wildcard = len > 2 && rdata[0] == 1 && rdata[1] == '*';
	size_t prefix_len = is_wildcard ? query->qname_len - 1u : 0;
	if (is_wildcard) {
		rdata += 2;
		len -= 2;
	}
	if (prefix_len + len > TARN__NAME_MAX)
		return false;
	memcpy(out->octets, query->qname, prefix_len);
	memcpy(out->octets + prefix_len, rdata, len);
	out->len = prefix_len + len;
	return true;
}

/* ---- decisions -------------------------------------------------------------------------- */

/* Returns the octets of the rule's name, as a part of the query's; all of that if the rule has none there. */
static size_t owner_len(const struct tarn__listed *listed, const struct tarn__verdict *verdict)
{
	if (listed->is_target || verdict->trigger != TARN__RPZ_NAME)
		return listed->query->qname_len;
	return listed->name_len - verdict->suffix_at;
}

static enum tarn__policy_action negative(const struct tarn__lists *lists,
					 const struct tarn__listed *listed,
					 const struct tarn__verdict *verdict, uint16_t rcode,
					 struct tarn__decision *decision)
{
	const struct tarn__query *query = listed->query;
	uint32_t ttl = tarn__rules_set(lists->rules, verdict->set)->ttl_sec;
	size_t len =
		tarn__local_negative(query, rcode, owner_len(listed, verdict), ttl, decision->room);
	return tarn__decision_stored(decision, decision->room, len);
}

static enum tarn__policy_action zero(const struct tarn__lists *lists,
				     const struct tarn__listed *listed,
				     const struct tarn__verdict *verdict,
				     struct tarn__decision *decision)
{
	static const uint8_t zeros[TARN__IPV6_LEN];
	const struct tarn__query *query = listed->query;
	if (query->qtype != TARN__TYPE_A && query->qtype != TARN__TYPE_AAAA)
		return negative(lists, listed, verdict, TARN__NOERROR, decision);
	size_t len = query->qtype == TARN__TYPE_A ? TARN__IPV4_LEN : TARN__IPV6_LEN;
	return tarn__decision_record(decision, query, query->qtype,
				     tarn__rules_set(lists->rules, verdict->set)->ttl_sec, zeros,
				     len);
}

static enum tarn__policy_action data(const struct tarn__lists *lists,
				     const struct tarn__listed *listed,
				     const struct tarn__verdict *verdict,
				     struct tarn__decision *decision)
{
	struct records records = open_records(lists, listed, verdict);
	unsigned count = count_records(records, listed->query->qtype);
	size_t len = count > 0 ? write_records(records, count, decision->room) : 0;
	if (len > 0)
		return tarn__decision_stored(decision, decision->room, len);
	struct tarn__rule_record cname;
	struct tarn__name target;
	if (next_record(&records, TARN__TYPE_CNAME, &cname) &&
	    make_target(listed->query, cname.rdata, cname.rdata_len, &target))
		return tarn__decision_follow(decision, listed->query, cname.ttl_sec, &target);
	return negative(lists, listed, verdict, TARN__NOERROR, decision);
}

static enum tarn__policy_action act(const struct tarn__lists *lists,
				    const struct tarn__listed *listed,
				    const struct tarn__verdict *verdict,
				    struct tarn__decision *decision)
{
	switch (verdict->action) {
	case TARN__NAMELIST_NODATA:
		return negative(lists, listed, verdict, TARN__NOERROR, decision);
	case TARN__NAMELIST_ZERO:
		return zero(lists, listed, verdict, decision);
	case TARN__NAMELIST_DATA:
		return data(lists, listed, verdict, decision);
	case TARN__NAMELIST_REFUSED:
		return tarn__decision_refuse(decision);
	case TARN__NAMELIST_DROP:
		tarn__decision_refuse(decision);
		return TARN__POLICY_DROP;
	case TARN__NAMELIST_TCP_ONLY:
		tarn__decision_refuse(decision);
		return TARN__POLICY_TRUNCATE;
	default:
		return negative(lists, listed, verdict,
				verdict->is_allowed_below ? TARN__NOERROR : TARN__NXDOMAIN,
				decision);
	}
}

/* Writes the rule's name, with the final dot, or its prefix. Returns out. */
static char *format_rule(const struct tarn__listed *listed, const struct tarn__verdict *verdict,
			 char out[TARN__NAME_TEXT_MAX])
{
	return verdict->trigger == TARN__RPZ_NAME
		       ? tarn__name_format(listed->name + verdict->suffix_at, out)
		       : tarn__rpz_prefix_format(&verdict->prefix, out);
}

/* The rule is one that the client may know: a suffix of its own question, or its own address (RFC 8914). */
static void set_text(const struct tarn__lists *lists, const struct tarn__listed *listed,
		     const struct tarn__verdict *verdict, struct tarn__decision *decision)
{
	char rule[TARN__NAME_TEXT_MAX];
	size_t len = strlen(format_rule(listed, verdict, rule));
	if (len > 1 && rule[len - 1] == '.')
		len--;
	snprintf(decision->text, sizeof decision->text, "%s: %.*s",
		 tarn__rules_set(lists->rules, verdict->set)->name, (int)len, rule);
}

static uint16_t error_code(const struct tarn__lists *lists, const struct tarn__verdict *verdict)
{
	if (verdict->action == TARN__NAMELIST_DATA)
		return TARN__EDE_FORGED;
	switch (tarn__rules_set(lists->rules, verdict->set)->reason) {
	case TARN__RULE_REASON_CENSORED:
		return TARN__EDE_CENSORED;
	case TARN__RULE_REASON_FILTERED:
		return TARN__EDE_FILTERED;
	default:
		return TARN__EDE_BLOCKED;
	}
}

static bool is_freed(const struct tarn__policy *policy, const struct tarn__listed *listed,
		     uint64_t now_s)
{
	const struct tarn__overrides *overrides = policy->data.overrides;
	if (!overrides)
		return false;
	const struct tarn__override *override =
		tarn__overrides_find(overrides, listed->name, listed->name_len, now_s);
	return now_s < overrides->paused_until_s || (override && !override->is_block);
}

/* Returns the sets that judge targets of CNAMEs. What a set allows it allows as a target too. */
static uint64_t chained_sets(const struct tarn__rules *rules)
{
	uint64_t sets = 0;
	for (size_t i = 0; i < tarn__rules_set_count(rules); i++) {
		const struct tarn__rule_set *set = tarn__rules_set(rules, i);
		if (set->is_chained || set->kind == TARN__RULE_SET_ALLOW)
			sets |= UINT64_C(1) << i;
	}
	return sets;
}

/* Of these sets, those before the one of the verdict; all of them if that passes. */
static uint64_t before(uint64_t sets, const struct tarn__verdict *verdict)
{
	return verdict->kind == TARN__VERDICT_PASS ? sets
						   : sets & ((UINT64_C(1) << verdict->set) - 1);
}

static void judge_client(const struct tarn__lists *lists, const struct tarn__listed *listed,
			 uint32_t group, struct tarn__verdict *verdict)
{
	*verdict = (struct tarn__verdict){.kind = TARN__VERDICT_PASS};
	if (listed->is_target || listed->is_rules_target || !listed->client)
		return;
	size_t len;
	const uint8_t *address = tarn__address_octets(listed->client, &len);
	tarn__rules_judge_address(lists->rules, listed->sets, TARN__RPZ_CLIENT_ADDRESS, address,
				  len, group, verdict);
}

/* A verdict of a set before takes the place of the one there is. */
static void judge_name(const struct tarn__lists *lists, const struct tarn__listed *listed,
		       uint32_t group, struct tarn__verdict *verdict)
{
	struct tarn__verdict by_name;
	uint64_t sets = before(listed->sets, verdict);
	if (listed->is_target)
		sets &= chained_sets(lists->rules);
	if (listed->is_rules_target || sets == 0)
		return;
	tarn__rules_judge_by(lists->rules, sets, listed->name, listed->name_len,
			     listed->query->qtype, group, &by_name);
	if (by_name.kind != TARN__VERDICT_PASS)
		*verdict = by_name;
}

/* Returns the octets of the addresses that an answer to the query has; 0: it has none. */
static size_t address_len(const struct tarn__query *query)
{
	switch (query->qtype) {
	case TARN__TYPE_A:
		return TARN__IPV4_LEN;
	case TARN__TYPE_AAAA:
		return TARN__IPV6_LEN;
	default:
		return 0;
	}
}

/* The addresses of a message's answer section. */
struct addresses {
	struct tarn__reader reader;
	const struct tarn__query *query;
	unsigned left; /* records */
};

static struct addresses open_addresses(const struct tarn__query *query, const uint8_t *message,
				       size_t len)
{
	struct addresses addresses = {.query = query};
	if (address_len(query) == 0 || !message)
		return addresses;
	addresses.reader = tarn__edit_open(message, len);
	addresses.left = addresses.reader.failed ? 0 : tarn__get16(message + 6);
	return addresses;
}

/* Returns the next address; NULL: there are no more. */
static const uint8_t *next_address_of(struct addresses *addresses)
{
	struct tarn__record record;
	while (addresses->left > 0 && tarn__record_read(&addresses->reader, &record)) {
		addresses->left--;
		if (record.type == addresses->query->qtype &&
		    record.rdata_len == address_len(addresses->query))
			return record.rdata;
	}
	return NULL;
}

static void judge_addresses(const struct tarn__lists *lists, const struct tarn__listed *listed,
			    uint32_t group, struct tarn__verdict *verdict)
{
	struct tarn__verdict best = {.kind = TARN__VERDICT_PASS};
	size_t len = address_len(listed->query);
	uint64_t sets = before(listed->sets, verdict);
	if (len == 0 || tarn__rules_prefix_sets(lists->rules, TARN__RPZ_ADDRESS, len, group) == 0)
		return;
	struct addresses addresses =
		open_addresses(listed->query, listed->message, listed->message_len);
	for (const uint8_t *address; (address = next_address_of(&addresses)) != NULL;) {
		struct tarn__verdict by_address;
		tarn__rules_judge_address(lists->rules, sets, TARN__RPZ_ADDRESS, address, len,
					  group, &by_address);
		if (tarn__rules_is_before(&by_address, &best))
			best = by_address;
	}
	if (best.kind != TARN__VERDICT_PASS)
		*verdict = best;
}

/* Returns true if a zone before that of the verdict may decide by the addresses in the answer. */
static bool waits(const struct tarn__lists *lists, const struct tarn__listed *listed,
		  uint32_t group, const struct tarn__verdict *verdict)
{
	size_t len = address_len(listed->query);
	if (!listed->may_wait || len == 0 || !(listed->query->flags & TARN__FLAG_RD) ||
	    tarn__rules_set(lists->rules, verdict->set)->kind != TARN__RULE_SET_RPZ)
		return false;
	uint64_t sets = before(listed->sets, verdict);
	return (sets & tarn__rules_prefix_sets(lists->rules, TARN__RPZ_ADDRESS, len, group)) != 0;
}

/* Sets *waits_for_answer if what is judged so may be judged in another way when there is an answer. */
static void judge(const struct tarn__lists *lists, const struct tarn__listed *listed,
		  uint64_t now_s, struct tarn__verdict *verdict, bool *waits_for_answer)
{
	uint32_t group = tarn__groups_bit(lists->groups, listed->client, now_s);
	judge_client(lists, listed, group, verdict);
	judge_name(lists, listed, group, verdict);
	if (listed->message)
		judge_addresses(lists, listed, group, verdict);
	*waits_for_answer =
		verdict->kind == TARN__VERDICT_ACT && waits(lists, listed, group, verdict);
}

/* Returns true if the rule has nothing against the answer. */
static bool allows(const struct tarn__listed *listed, const struct tarn__verdict *verdict)
{
	return verdict->kind == TARN__VERDICT_ALLOW ||
	       (verdict->kind == TARN__VERDICT_ACT && listed->is_stream &&
		verdict->action == TARN__NAMELIST_TCP_ONLY);
}

enum tarn__policy_action tarn__lists_decide(const struct tarn__policy *policy,
					    struct tarn__listed *listed,
					    struct tarn__decision *decision)
{
	const struct tarn__lists *lists = policy->data.lists;
	struct tarn__verdict verdict;
	/* For nearly all names neither the time nor the client's group matters. */
	if (!policy->data.overrides && !policy->has_client_rules && !listed->message &&
	    !tarn__rules_have(lists->rules, listed->name, listed->name_len)) {
		listed->is_allowed = false;
		return TARN__POLICY_PASS;
	}
	uint64_t now_s = tarn__decision_now(decision);
	bool is_overridden = is_freed(policy, listed, now_s), waits_for_answer;
	judge(lists, listed, now_s, &verdict, &waits_for_answer);
	listed->is_allowed = is_overridden || allows(listed, &verdict);
	listed->sets_before = is_overridden ? 0 : (UINT64_C(1) << verdict.set) - 1;
	if (listed->is_allowed || verdict.kind == TARN__VERDICT_PASS || waits_for_answer ||
	    !(listed->triggers & 1u << verdict.trigger))
		return TARN__POLICY_PASS;
	enum tarn__policy_action action = act(lists, listed, &verdict, decision);
	set_text(lists, listed, &verdict, decision);
	tarn__decision_add_error(decision, error_code(lists, &verdict), decision->text);
	decision->is_authoritative = false;
	decision->is_block = true;
	decision->list_slot = lists->answers[verdict.set].slot;
	decision->list_action = (uint8_t)verdict.action;
	return action;
}

/* ---- addresses -------------------------------------------------------------------------- */

struct tarn__lists_addresses tarn__lists_addresses(const struct tarn__lists *lists)
{
	struct tarn__lists_addresses all = {0};
	for (unsigned i = 0; i < 2 && lists; i++) {
		size_t len = i == 0 ? TARN__IPV4_LEN : TARN__IPV6_LEN;
		const struct tarn__rules *rules = lists->rules;
		all.of_clients |= tarn__rules_prefix_sets(rules, TARN__RPZ_CLIENT_ADDRESS, len,
							  UINT32_MAX) != 0;
		uint64_t sets = tarn__rules_prefix_sets(rules, TARN__RPZ_ADDRESS, len, UINT32_MAX);
		all.of_answers |= sets != 0;
		for (size_t j = 1; j < tarn__rules_set_count(rules); j++)
			all.may_wait |= (sets & ((UINT64_C(1) << j) - 1)) != 0 &&
					tarn__rules_set(rules, j)->kind == TARN__RULE_SET_RPZ;
	}
	return all;
}

bool tarn__lists_is_answer_clear(const struct tarn__policy *policy, const struct tarn__query *query,
				 const uint8_t *message, size_t len)
{
	const struct tarn__rules *rules = policy->data.lists->rules;
	if (policy->rules_wait && (policy->has_client_rules ||
				   !tarn__rules_is_clear(rules, query->qname, query->qname_len)))
		return false;
	struct addresses addresses = open_addresses(query, message, len);
	for (const uint8_t *address; (address = next_address_of(&addresses)) != NULL;) {
		if (!tarn__rules_is_address_clear(rules, address, address_len(query)))
			return false;
	}
	return true;
}

/* ---- explanations ----------------------------------------------------------------------- */

const char *tarn__lists_action_name(enum tarn__namelist_action action)
{
	static const char *const texts[TARN__NAMELIST_ACTIONS] = {
		[TARN__NAMELIST_NXDOMAIN] = "nxdomain", [TARN__NAMELIST_NODATA] = "nodata",
		[TARN__NAMELIST_ZERO] = "zero",		[TARN__NAMELIST_REFUSED] = "refused",
		[TARN__NAMELIST_DROP] = "drop",		[TARN__NAMELIST_TCP_ONLY] = "tcp-only",
		[TARN__NAMELIST_PASSTHRU] = "passed",	[TARN__NAMELIST_DATA] = "records",
	};
	return texts[action] ? texts[action] : "nxdomain";
}

bool tarn__lists_explain(const struct tarn__policy *policy, const struct tarn__listed *listed,
			 const struct tarn__asked *asked, char out[TARN__EXPLANATION_MAX])
{
	const struct tarn__lists *lists = policy->data.lists;
	struct tarn__verdict verdict;
	bool waits_for_answer;
	judge(lists, listed, asked->now_s, &verdict, &waits_for_answer);
	if (verdict.kind == TARN__VERDICT_PASS || !(listed->triggers & 1u << verdict.trigger))
		return false;
	struct tarn__namelist_source source;
	tarn__namelist_source(tarn__rules_list(lists->rules), verdict.source, &source);
	char rule[TARN__NAME_TEXT_MAX];
	snprintf(out, TARN__EXPLANATION_MAX, "list \"%s\", rule %s, %s%s (%.*s)",
		 tarn__rules_set(lists->rules, verdict.set)->name,
		 format_rule(listed, &verdict, rule),
		 verdict.kind == TARN__VERDICT_ALLOW ? "allowed"
						     : tarn__lists_action_name(verdict.action),
		 waits_for_answer ? " unless a list before has an address of the answer" : "",
		 (int)source.path_len, source.path);
	return true;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	if (!policy->data.lists || asked->query->qclass != TARN__CLASS_IN)
		return false;
	struct tarn__listed listed =
		tarn__listed_query(asked->query, asked->client, TARN__LISTED_NAME);
	listed.may_wait = asked->action == TARN__POLICY_PASS;
	return tarn__lists_explain(policy, &listed, asked, out);
}

const struct tarn__stage tarn__stage_lists = {.name = "lists", .explain = explain};

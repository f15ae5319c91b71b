/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/rules.c: the choice among the rules that a compiled list has for a name. */
#include "core/policy/rules.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/prefix_rules.h"

struct tarn__rules {
	atomic_uint references;
	struct tarn__namelist list;
	struct tarn__prefix_rules prefixes;
	void *octets;
	size_t len;
	tarn__rules_release *release;
	size_t set_count;
	struct tarn__rule_set sets[];
};

static bool has_sets(const struct tarn__namelist *list, size_t set_count)
{
	for (unsigned i = 0; i < list->row_count; i++) {
		if (list->rows[i].set >= set_count)
			return false;
	}
	return true;
}

int tarn__rules_new(void *octets, size_t len, tarn__rules_release *release,
		    const struct tarn__rule_set *sets, size_t set_count, struct tarn__rules **out)
{
	if (set_count > TARN__NAMELIST_SETS_MAX)
		return TARN__NAMELIST_FULL;
	struct tarn__rules *rules = calloc(1, sizeof *rules + set_count * sizeof *sets);
	if (!rules)
		return TARN__NAMELIST_NOMEM;
	int error = tarn__namelist_open(octets, len, &rules->list);
	if (error == 0 && !has_sets(&rules->list, set_count))
		error = TARN__NAMELIST_FOREIGN;
	if (error != 0) {
		free(rules);
		return error;
	}
	atomic_init(&rules->references, 1);
	rules->octets = octets;
	rules->len = len;
	rules->release = release;
	rules->set_count = set_count;
	tarn__prefix_rules_init(&rules->prefixes, &rules->list);
	if (set_count > 0)
		memcpy(rules->sets, sets, set_count * sizeof *sets);
	*out = rules;
	return 0;
}

struct tarn__rules *tarn__rules_get(struct tarn__rules *rules)
{
	atomic_fetch_add_explicit(&rules->references, 1, memory_order_relaxed);
	return rules;
}

void tarn__rules_put(struct tarn__rules *rules)
{
	if (!rules || atomic_fetch_sub_explicit(&rules->references, 1, memory_order_acq_rel) != 1)
		return;
	if (rules->release)
		rules->release(rules->octets, rules->len);
	free(rules);
}

const struct tarn__namelist *tarn__rules_list(const struct tarn__rules *rules)
{
	return &rules->list;
}

size_t tarn__rules_set_count(const struct tarn__rules *rules)
{
	return rules->set_count;
}

const struct tarn__rule_set *tarn__rules_set(const struct tarn__rules *rules, size_t number)
{
	return &rules->sets[number];
}

/* ---- what a rule applies to ------------------------------------------------------------- */

struct question {
	const struct tarn__rules *rules;
	const uint8_t *name;
	size_t len;
	uint16_t qtype;
	uint32_t groups;
	uint64_t sets; /* that judge; a bit each */
	const struct tarn__namelist_match *matches; /* of the shortest suffix first */
	unsigned count;
};

static bool is_of_types(const struct tarn__namelist_more *more, uint16_t qtype)
{
	for (unsigned i = 0; i < more->type_count; i++) {
		if (more->types[i] == qtype)
			return !more->is_types_negated;
	}
	return more->type_count == 0 || more->is_types_negated;
}

static bool is_denied(const struct tarn__namelist_more *more, const uint8_t *name, size_t len)
{
	for (size_t at = 0; at < more->denied_len;) {
		const uint8_t *apex = more->denied + at;
		size_t apex_len = tarn__name_span(apex, more->denied_len - at);
		if (tarn__name_is_within(name, len, apex, apex_len))
			return true;
		at += apex_len;
	}
	return false;
}

/* Finds the next item of the row that applies to the question. */
static bool next_item(const struct tarn__namelist *list, uint8_t row, size_t suffix_at,
		      const uint8_t *name, size_t len, uint16_t qtype, uint32_t *cursor,
		      struct tarn__namelist_more *out)
{
	while (tarn__namelist_more_next(list, name + suffix_at, len - suffix_at, row, cursor,
					out)) {
		if (is_of_types(out, qtype) && !is_denied(out, name, len))
			return true;
	}
	return false;
}

static const struct tarn__namelist_row *row_of(const struct question *question,
					       const struct tarn__namelist_match *match)
{
	return &question->rules->list.rows[match->row];
}

static bool applies(const struct question *question, const struct tarn__namelist_match *match)
{
	struct tarn__namelist_more more;
	uint32_t cursor = 0;
	return !row_of(question, match)->has_more ||
	       next_item(&question->rules->list, match->row, match->suffix_at, question->name,
			 question->len, question->qtype, &cursor, &more);
}

/* ---- one set ---------------------------------------------------------------------------- */

/* Of the rules of a set the one with the greatest number decides. */
static unsigned rank_of(const struct tarn__namelist_row *row)
{
	return (row->is_important ? 2u : 0u) + (row->kind == TARN__NAMELIST_ALLOW ? 1u : 0u);
}

/*
 * Returns true if the match comes before best, which may be NULL: the rank, then the longer name, then an
 * action of the rule's own, then the list that comes first.
 */
static bool is_before(const struct question *question, const struct tarn__namelist_match *match,
		      const struct tarn__namelist_match *best)
{
	if (!best)
		return true;
	const struct tarn__namelist_row *row = row_of(question, match);
	const struct tarn__namelist_row *best_row = row_of(question, best);
	if (rank_of(row) != rank_of(best_row))
		return rank_of(row) > rank_of(best_row);
	if (match->suffix_at != best->suffix_at)
		return match->suffix_at < best->suffix_at;
	if (row->action != best_row->action)
		return row->action > best_row->action;
	return row->source < best_row->source;
}

/* Returns true if a rule of the set frees the name from rules with an action of their own. */
static bool is_unrewritten(const struct question *question, unsigned set)
{
	for (unsigned i = 0; i < question->count; i++) {
		const struct tarn__namelist_row *row = row_of(question, &question->matches[i]);
		if (row->set == set && row->action == TARN__NAMELIST_UNREWRITE &&
		    applies(question, &question->matches[i]))
			return true;
	}
	return false;
}

static bool is_rewrite(const struct tarn__namelist_row *row)
{
	return row->kind == TARN__NAMELIST_BLOCK && row->action != TARN__NAMELIST_DEFAULT;
}

static const struct tarn__namelist_match *find_in_lists(const struct question *question,
							unsigned set)
{
	const struct tarn__namelist_match *best = NULL;
	for (unsigned i = 0; i < question->count; i++) {
		const struct tarn__namelist_match *match = &question->matches[i];
		const struct tarn__namelist_row *row = row_of(question, match);
		if (row->set != set || row->action == TARN__NAMELIST_EXISTS ||
		    row->action == TARN__NAMELIST_UNREWRITE || !is_before(question, match, best) ||
		    !applies(question, match) || (is_rewrite(row) && is_unrewritten(question, set)))
			continue;
		best = match;
	}
	return best;
}

/*
 * RFC 4592 section 3.3.1: the closest name that exists decides; either it is the name itself, or its wildcard
 * is looked at, and no other.
 */
static const struct tarn__namelist_match *find_in_zone(const struct question *question,
						       unsigned set)
{
	const struct tarn__namelist_match *best = NULL;
	size_t closest = question->len;
	if (tarn__rpz_trigger_of(question->name, question->len) != TARN__RPZ_NAME)
		return NULL; /* these are prefixes, and what is above them */
	for (unsigned i = question->count; i-- > 0;) {
		const struct tarn__namelist_match *match = &question->matches[i];
		const struct tarn__namelist_row *row = row_of(question, match);
		if (row->set != set)
			continue;
		if (closest == question->len)
			closest = match->suffix_at;
		bool reaches =
			row->reach & (match->is_self ? TARN__NAMELIST_SELF : TARN__NAMELIST_BELOW);
		if (match->suffix_at == closest && reaches &&
		    row->action != TARN__NAMELIST_EXISTS && is_before(question, match, best) &&
		    applies(question, match))
			best = match;
	}
	return best;
}

/* ---- all sets --------------------------------------------------------------------------- */

/* The verdict of a row's rule. */
static struct tarn__verdict verdict_of(const struct tarn__rules *rules, uint8_t number)
{
	const struct tarn__namelist_row *row = &rules->list.rows[number];
	const struct tarn__rule_set *set = &rules->sets[row->set];
	bool is_allowed = set->kind == TARN__RULE_SET_ALLOW || row->kind == TARN__NAMELIST_ALLOW ||
			  row->action == TARN__NAMELIST_PASSTHRU;
	bool is_default = row->action == TARN__NAMELIST_DEFAULT;
	return (struct tarn__verdict){
		.kind = is_allowed ? TARN__VERDICT_ALLOW : TARN__VERDICT_ACT,
		.set = row->set,
		.source = row->source,
		.row = number,
		.action = is_allowed   ? TARN__NAMELIST_PASSTHRU
			  : is_default ? set->answer
				       : row->action,
		.is_default = !is_allowed && is_default,
	};
}

static bool is_for(const struct question *question, unsigned set)
{
	return question->rules->sets[set].groups & question->groups;
}

/* Returns true if a name below is allowed by the set or one before it. */
static bool is_allowed_below(const struct question *question, unsigned set)
{
	for (unsigned i = 0; i < question->count; i++) {
		const struct tarn__namelist_match *match = &question->matches[i];
		const struct tarn__namelist_row *row = row_of(question, match);
		if (match->is_self && row->set <= set && row->kind == TARN__NAMELIST_ALLOW &&
		    row->action == TARN__NAMELIST_EXISTS && is_for(question, row->set))
			return true;
	}
	return false;
}

static void decide(const struct question *question, unsigned set,
		   const struct tarn__namelist_match *match, struct tarn__verdict *out)
{
	*out = verdict_of(question->rules, match->row);
	out->suffix_at = match->suffix_at;
	out->is_allowed_below = out->kind != TARN__VERDICT_ALLOW && is_allowed_below(question, set);
}

static void judge_matches(const struct question *question, struct tarn__verdict *out)
{
	uint64_t sets = 0; /* that have a rule; a bit each */
	for (unsigned i = 0; i < question->count; i++)
		sets |= UINT64_C(1) << row_of(question, &question->matches[i])->set;
	sets &= question->sets;
	for (unsigned set = 0; set < question->rules->set_count && sets >> set != 0; set++) {
		if (!(sets >> set & 1) || !is_for(question, set))
			continue;
		bool is_zone = question->rules->sets[set].kind == TARN__RULE_SET_RPZ;
		const struct tarn__namelist_match *match =
			is_zone ? find_in_zone(question, set) : find_in_lists(question, set);
		if (match) {
			decide(question, set, match, out);
			return;
		}
	}
}

bool tarn__rules_have(const struct tarn__rules *rules, const uint8_t *name, size_t len)
{
	struct tarn__namelist_match match;
	return tarn__namelist_find(&rules->list, name, len, &match, 1) > 0;
}

void tarn__rules_judge(const struct tarn__rules *rules, const uint8_t *name, size_t len,
		       uint16_t qtype, uint32_t groups, struct tarn__verdict *out)
{
	tarn__rules_judge_by(rules, UINT64_MAX, name, len, qtype, groups, out);
}

void tarn__rules_judge_by(const struct tarn__rules *rules, uint64_t sets, const uint8_t *name,
			  size_t len, uint16_t qtype, uint32_t groups, struct tarn__verdict *out)
{
	struct tarn__namelist_match matches[TARN__NAMELIST_MATCHES_MAX];
	unsigned count =
		tarn__namelist_find(&rules->list, name, len, matches, TARN__NAMELIST_MATCHES_MAX);
	*out = (struct tarn__verdict){.kind = TARN__VERDICT_PASS};
	if (count > 0)
		judge_matches(&(struct question){.rules = rules,
						 .name = name,
						 .len = len,
						 .qtype = qtype,
						 .groups = groups,
						 .sets = sets,
						 .matches = matches,
						 .count = count},
			      out);
}

/* ---- addresses -------------------------------------------------------------------------- */

static uint64_t sets_for(const struct tarn__rules *rules, uint32_t groups)
{
	uint64_t sets = 0;
	for (size_t i = 0; i < rules->set_count; i++)
		sets |= rules->sets[i].groups & groups ? UINT64_C(1) << i : 0;
	return sets;
}

uint64_t tarn__rules_prefix_sets(const struct tarn__rules *rules, enum tarn__rpz_trigger trigger,
				 size_t ip_len, uint32_t groups)
{
	uint64_t sets = tarn__prefix_rules_lengths(&rules->prefixes, trigger, ip_len)->sets;
	return sets == 0 ? 0 : sets & sets_for(rules, groups);
}

void tarn__rules_judge_address(const struct tarn__rules *rules, uint64_t sets,
			       enum tarn__rpz_trigger trigger, const uint8_t *address, size_t len,
			       uint32_t groups, struct tarn__verdict *out)
{
	struct tarn__prefix_match match;
	*out = (struct tarn__verdict){.kind = TARN__VERDICT_PASS};
	sets &= tarn__rules_prefix_sets(rules, trigger, len, groups);
	if (sets == 0 || !tarn__prefix_rules_find(&rules->prefixes, &rules->list, sets, trigger,
						  address, len, &match))
		return;
	*out = verdict_of(rules, match.row);
	out->trigger = trigger;
	tarn__rpz_prefix_of(address, len, match.bits, &out->prefix);
}

bool tarn__rules_is_before(const struct tarn__verdict *a, const struct tarn__verdict *b)
{
	if (a->kind == TARN__VERDICT_PASS || b->kind == TARN__VERDICT_PASS)
		return a->kind != TARN__VERDICT_PASS;
	if (a->set != b->set)
		return a->set < b->set;
	if (a->prefix.bits != b->prefix.bits)
		return a->prefix.bits > b->prefix.bits;
	return memcmp(a->prefix.ip.octets, b->prefix.ip.octets, a->prefix.ip.len) < 0;
}

bool tarn__rules_is_address_clear(const struct tarn__rules *rules, const uint8_t *address,
				  size_t len)
{
	struct tarn__prefix_match match;
	return !tarn__prefix_rules_find(&rules->prefixes, &rules->list, UINT64_MAX,
					TARN__RPZ_ADDRESS, address, len, &match);
}

/* ---- what there is for a name ----------------------------------------------------------- */

bool tarn__rules_is_clear(const struct tarn__rules *rules, const uint8_t *name, size_t len)
{
	struct tarn__namelist_match matches[TARN__NAMELIST_MATCHES_MAX];
	unsigned count =
		tarn__namelist_find(&rules->list, name, len, matches, TARN__NAMELIST_MATCHES_MAX);
	for (unsigned i = 0; i < count; i++) {
		if (rules->list.rows[matches[i].row].action != TARN__NAMELIST_EXISTS)
			return false;
	}
	return true;
}

bool tarn__rules_record_next(const struct tarn__rules *rules, const struct tarn__verdict *verdict,
			     const uint8_t *name, size_t len, uint16_t qtype, uint32_t *cursor,
			     struct tarn__rule_record *out)
{
	struct tarn__namelist_more more;
	uint8_t prefix[TARN__RPZ_PREFIX_NAME_MAX];
	if (verdict->trigger != TARN__RPZ_NAME) {
		len = tarn__rpz_prefix_name(&verdict->prefix, verdict->trigger, prefix);
		name = prefix;
	}
	while (next_item(&rules->list, verdict->row, verdict->suffix_at, name, len, qtype, cursor,
			 &more)) {
		if (!more.has_record)
			continue;
		bool has_ttl = more.ttl != TARN__NAMELIST_TTL_UNSET;
		*out = (struct tarn__rule_record){
			.type = more.type,
			.ttl_sec = has_ttl ? more.ttl : rules->sets[verdict->set].ttl_sec,
			.rdata_len = more.rdata_len,
			.rdata = more.rdata};
		return true;
	}
	return false;
}

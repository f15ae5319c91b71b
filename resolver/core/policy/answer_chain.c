/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/answer_chain.c: targets of CNAMEs in answers. */
#include "core/policy/answer_chain.h"

#include <stdio.h>
#include <string.h>

#include "core/policy/lists.h"
#include "core/policy/local.h"
#include "core/policy/local_data.h"
#include "core/policy/overrides.h"
#include "core/policy/policy.h"
#include "dns/edit.h"
#include "dns/type.h"

/* Reads the target of a CNAME. Returns false if it is malformed. */
static bool read_target(const struct tarn__answer_view *view, const struct tarn__record *record,
			struct tarn__name *out)
{
	size_t at = (size_t)(record->rdata - view->message);
	struct tarn__reader reader = {
		.wire = view->message, .at = at, .end = at + record->rdata_len};
	out->len = tarn__name_read(&reader, out->octets);
	return out->len > 0;
}

/*
 * Writes the chain from its beginning to the record with that number. Returns its octets; 0: it does not
 * fit.
 */
static size_t write_chain(const struct tarn__answer_view *view, unsigned last)
{
	const struct tarn__query *query = view->query;
	struct tarn__reader reader = tarn__edit_open(view->message, view->message_len);
	struct tarn__editor editor;
	tarn__edit_begin(&editor, view->other, TARN__FLAG_RD | TARN__FLAG_RA, query->qname,
			 query->qname_len, query->qtype, query->qclass);
	for (unsigned i = 0; i <= last; i++) {
		struct tarn__record record;
		if (!tarn__record_read(&reader, &record))
			return 0;
		if (record.type == TARN__TYPE_CNAME || record.type == TARN__TYPE_DNAME)
			tarn__edit_copy(&editor, TARN__SECTION_ANSWER, view->message, &record);
	}
	return tarn__edit_end(&editor);
}

/* The chain ends at a name of local data: what that has is asked for next. */
static enum tarn__policy_action follow(const struct tarn__answer_view *view, unsigned last,
				       const struct tarn__name *target,
				       struct tarn__decision *decision)
{
	size_t len = write_chain(view, last);
	if (len == 0 || !tarn__decision_message(decision, view->query, view->other, len))
		return TARN__POLICY_PASS;
	decision->next = *target;
	return TARN__POLICY_FOLLOW;
}

static bool is_local(const struct tarn__policy *policy, const struct tarn__answer_view *view,
		     const struct tarn__name *name, uint64_t now_s)
{
	struct tarn__local_found found;
	return policy->data.local && tarn__stage_local_find(policy, name->octets, name->len,
							    view->query->qtype, now_s, &found);
}

/* Returns true if the administrator blocks the target. What is said of it for a time is looked at each time. */
static bool is_overridden(const struct tarn__policy *policy, struct tarn__answer_view *view,
			  const struct tarn__name *target, struct tarn__decision *decision)
{
	const struct tarn__overrides *overrides = policy->data.overrides;
	if (!overrides)
		return false;
	view->is_clear &= !tarn__overrides_find(overrides, target->octets, target->len, 0);
	return tarn__overrides_block(overrides, view->query, target->octets, target->len, decision);
}

/* Of the last target of the chain the answer has the addresses, which a set before may have a rule for. */
static enum tarn__policy_action judge_target(const struct tarn__policy *policy,
					     struct tarn__answer_view *view, bool is_last,
					     struct tarn__decision *decision)
{
	const struct tarn__name *target = &view->end;
	if (is_overridden(policy, view, target, decision))
		return TARN__POLICY_ANSWER;
	if (!policy->data.lists || view->sets == 0)
		return TARN__POLICY_PASS;
	view->is_clear &= tarn__rules_is_clear(tarn__lists_rules(policy->data.lists),
					       target->octets, target->len);
	struct tarn__listed listed = {.query = view->query,
				      .client = view->client,
				      .name = target->octets,
				      .name_len = target->len,
				      .is_target = true,
				      .is_stream = view->is_stream,
				      .sets = view->sets,
				      .triggers = TARN__LISTED_NAME,
				      .message = is_last ? view->message : NULL,
				      .message_len = view->message_len};
	return tarn__lists_decide(policy, &listed, decision);
}

static enum tarn__policy_action take_target(const struct tarn__policy *policy,
					    struct tarn__answer_view *view, unsigned number,
					    bool is_last, struct tarn__decision *decision)
{
	if (is_local(policy, view, &view->end, tarn__decision_now(decision))) {
		view->is_clear = false;
		return follow(view, number, &view->end, decision);
	}
	return judge_target(policy, view, is_last, decision);
}

/*
 * Judges the query's name, which has been passed but for rules that have waited for the answer. Sets
 * view->sets to those that judge what the answer leads to: those before the one that allows the name.
 */
static enum tarn__policy_action judge_name(const struct tarn__policy *policy,
					   struct tarn__answer_view *view,
					   struct tarn__decision *decision)
{
	view->sets = UINT64_MAX;
	if (!policy->data.lists)
		return TARN__POLICY_PASS;
	struct tarn__listed listed = tarn__listed_query(
		view->query, view->client,
		policy->rules_wait ? TARN__LISTED_NAME | TARN__LISTED_CLIENT : 0);
	listed.is_rules_target = view->is_rules_target;
	listed.is_stream = view->is_stream;
	enum tarn__policy_action action = tarn__lists_decide(policy, &listed, decision);
	view->is_clear &= !listed.is_allowed;
	if (listed.is_allowed)
		view->sets = listed.sets_before;
	return action;
}

/* Returns true if there is a CNAME among so many records. */
static bool has_cname(struct tarn__reader reader, unsigned count)
{
	struct tarn__record record;
	while (count-- > 0 && tarn__record_read(&reader, &record)) {
		if (record.type == TARN__TYPE_CNAME)
			return true;
	}
	return false;
}

enum tarn__policy_action tarn__stage_answer_chain_decide(const struct tarn__policy *policy,
							 struct tarn__answer_view *view,
							 struct tarn__decision *decision)
{
	struct tarn__reader reader = tarn__edit_open(view->message, view->message_len);
	unsigned count = reader.failed ? 0 : tarn__get16(view->message + 6);
	for (unsigned i = 0; i < count; i++) {
		struct tarn__record record;
		struct tarn__name target;
		if (!tarn__record_read(&reader, &record))
			break;
		if (record.type != TARN__TYPE_CNAME || view->query->qtype == TARN__TYPE_CNAME ||
		    !read_target(view, &record, &target))
			continue;
		enum tarn__policy_action action = TARN__POLICY_PASS;
		if (view->end.len == 0)
			action = judge_name(policy, view, decision);
		view->end = target;
		bool is_last = policy->has_address_rules && !has_cname(reader, count - i - 1);
		if (action == TARN__POLICY_PASS)
			action = take_target(policy, view, i, is_last, decision);
		if (action != TARN__POLICY_PASS)
			return action;
	}
	return TARN__POLICY_PASS;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX,
		 asked->action == TARN__POLICY_FOLLOW
			 ? "the answer's CNAME leads to a name of local data"
			 : "the answer's CNAME leads to a name that is blocked");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_answer_chain = {.name = "answer_chain", .explain = explain};

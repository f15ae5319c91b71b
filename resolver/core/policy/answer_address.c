/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/answer_address.c: addresses in answers. */
#include "core/policy/answer_address.h"

#include <stdio.h>

#include "core/policy/lists.h"

/* The name that has the addresses: the end of the chain, or that of the query. */
static struct tarn__listed list_end(const struct tarn__policy *policy,
				    const struct tarn__answer_view *view)
{
	unsigned triggers = policy->rules_wait ? TARN__LISTED_ALL : TARN__LISTED_ADDRESSES;
	struct tarn__listed listed = tarn__listed_query(view->query, view->client, triggers);
	listed.is_rules_target = view->is_rules_target;
	listed.is_stream = view->is_stream;
	listed.message = view->message;
	listed.message_len = view->message_len;
	if (view->end.len == 0)
		return listed;
	listed.name = view->end.octets;
	listed.name_len = view->end.len;
	listed.is_target = true;
	listed.is_rules_target = false;
	listed.sets = view->sets;
	return listed;
}

enum tarn__policy_action tarn__stage_answer_address_decide(const struct tarn__policy *policy,
							   struct tarn__answer_view *view,
							   struct tarn__decision *decision)
{
	view->is_clear &=
		tarn__lists_is_answer_clear(policy, view->query, view->message, view->message_len);
	struct tarn__listed listed = list_end(policy, view);
	return tarn__lists_decide(policy, &listed, decision);
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	if (asked->action == TARN__POLICY_PASS)
		return false;
	snprintf(out, TARN__EXPLANATION_MAX, "the answer has a rule (%s)", asked->decision->text);
	return true;
}

const struct tarn__stage tarn__stage_answer_address = {.name = "answer_address",
						       .explain = explain};

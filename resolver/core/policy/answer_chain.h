/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/answer_chain.h: the stage for CNAMEs in answers of upstream servers: a target that is a name
 * of local data is answered from here, and one that the administrator or a rule set blocks blocks the
 * answer, in the order of the chain. A name that a rule set allows frees its targets from that set and all
 * behind it.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_ANSWER_CHAIN_H
#define TARN_CORE_POLICY_ANSWER_CHAIN_H

#include "core/policy/answer.h"

extern const struct tarn__stage tarn__stage_answer_chain;

enum tarn__policy_action tarn__stage_answer_chain_decide(const struct tarn__policy *,
							 struct tarn__answer_view *,
							 struct tarn__decision *);

static inline enum tarn__policy_action
tarn__stage_answer_chain_apply(const struct tarn__policy *policy, struct tarn__answer_view *view,
			       struct tarn__decision *decision)
{
	const struct tarn__policy_data *data = &policy->data;
	if ((!data->local && !data->lists && !data->overrides) ||
	    view->query->qclass != TARN__CLASS_IN)
		return TARN__POLICY_PASS;
	return tarn__stage_answer_chain_decide(policy, view, decision);
}

#endif

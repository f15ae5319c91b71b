/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/answer_address.h: the stage for addresses in answers of upstream servers that response policy
 * zones have ("rpz-ip"). Rules for the name that has the addresses are looked at again, since the set that
 * comes first counts; so are those that have waited for the answer.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_ANSWER_ADDRESS_H
#define TARN_CORE_POLICY_ANSWER_ADDRESS_H

#include "core/policy/answer.h"
#include "dns/type.h"

extern const struct tarn__stage tarn__stage_answer_address;

enum tarn__policy_action tarn__stage_answer_address_decide(const struct tarn__policy *,
							   struct tarn__answer_view *,
							   struct tarn__decision *);

static inline enum tarn__policy_action
tarn__stage_answer_address_apply(const struct tarn__policy *policy, struct tarn__answer_view *view,
				 struct tarn__decision *decision)
{
	const struct tarn__query *query = view->query;
	if (!policy->has_address_rules || query->qclass != TARN__CLASS_IN ||
	    (query->qtype != TARN__TYPE_A && query->qtype != TARN__TYPE_AAAA))
		return TARN__POLICY_PASS;
	return tarn__stage_answer_address_decide(policy, view, decision);
}

#endif

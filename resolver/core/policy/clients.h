/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/clients.h: the stage for addresses of clients that response policy zones have
 * ("rpz-client-ip"). It decides unless a set before has a rule for the name, which the stage behind
 * applies.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_CLIENTS_H
#define TARN_CORE_POLICY_CLIENTS_H

#include "core/policy/lists.h"
#include "core/policy/stage.h"

extern const struct tarn__stage tarn__stage_clients;

static inline enum tarn__policy_action tarn__stage_clients_apply(const struct tarn__policy *policy,
								 const struct tarn__query *query,
								 const struct tarn_address *client,
								 struct tarn__decision *decision)
{
	if (!policy->has_client_rules || !client || query->qclass != TARN__CLASS_IN ||
	    decision->is_rules_target)
		return TARN__POLICY_PASS;
	struct tarn__listed listed = tarn__listed_query(query, client, TARN__LISTED_CLIENT);
	listed.may_wait = true;
	return tarn__lists_decide(policy, &listed, decision);
}

#endif

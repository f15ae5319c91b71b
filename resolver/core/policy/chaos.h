/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/chaos.h: the stage for class CH: the version and the identity of the server (RFC 4892, and the
 * names that BIND uses). All else of that class is refused.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_CHAOS_H
#define TARN_CORE_POLICY_CHAOS_H

#include "core/policy/stage.h"

extern const struct tarn__stage tarn__stage_chaos;

enum tarn__policy_action tarn__stage_chaos_decide(const struct tarn__policy *,
						  const struct tarn__query *,
						  struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_chaos_apply(const struct tarn__policy *policy,
							       const struct tarn__query *query,
							       const struct tarn_address *client,
							       struct tarn__decision *decision)
{
	(void)client;
	if (query->qclass != TARN__CLASS_CH)
		return TARN__POLICY_PASS;
	return tarn__stage_chaos_decide(policy, query, decision);
}

#endif

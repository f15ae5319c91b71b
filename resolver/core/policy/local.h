/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local.h: the stage that answers names of local data: records, hosts files and leases. A name
 * with a CNAME is answered with it, and its target is asked for.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_LOCAL_H
#define TARN_CORE_POLICY_LOCAL_H

#include "core/policy/stage.h"

struct tarn__local_found;

extern const struct tarn__stage tarn__stage_local;

/*
 * Finds what the policy's local data has for a name and type: tarn__local_data_find(), where no zone with
 * servers that is longer than the local one comes first. Returns false if the name is not local.
 */
bool tarn__stage_local_find(const struct tarn__policy *, const uint8_t *qname, size_t len,
			    uint16_t qtype, uint64_t now_s, struct tarn__local_found *out);

enum tarn__policy_action tarn__stage_local_decide(const struct tarn__policy *,
						  const struct tarn__query *,
						  struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_local_apply(const struct tarn__policy *policy,
							       const struct tarn__query *query,
							       const struct tarn_address *client,
							       struct tarn__decision *decision)
{
	(void)client;
	if (!policy->data.local || query->qclass != TARN__CLASS_IN)
		return TARN__POLICY_PASS;
	return tarn__stage_local_decide(policy, query, decision);
}

#endif

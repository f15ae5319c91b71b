/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/dotless.h: the stage for names of one label: by option, A and AAAA queries for them do not go
 * upstream, where they say what is in a local network. Other types do: "com. NS", "com. DS".
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_DOTLESS_H
#define TARN_CORE_POLICY_DOTLESS_H

#include "core/policy/stage.h"

extern const struct tarn__stage tarn__stage_dotless;

enum tarn__policy_action tarn__stage_dotless_decide(const struct tarn__policy *,
						    const struct tarn__query *,
						    struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_dotless_apply(const struct tarn__policy *policy,
								 const struct tarn__query *query,
								 const struct tarn_address *client,
								 struct tarn__decision *decision)
{
	(void)client;
	if (!policy->is_local_only)
		return TARN__POLICY_PASS;
	return tarn__stage_dotless_decide(policy, query, decision);
}

#endif

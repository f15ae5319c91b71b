/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/any.h: the stage for type ANY, which is never asked for upstream (RFC 8482).
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_ANY_H
#define TARN_CORE_POLICY_ANY_H

#include "core/policy/stage.h"

extern const struct tarn__stage tarn__stage_any;

enum tarn__policy_action tarn__stage_any_answer(const struct tarn__query *,
						struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_any_apply(const struct tarn__policy *policy,
							     const struct tarn__query *query,
							     const struct tarn_address *client,
							     struct tarn__decision *decision)
{
	(void)policy;
	(void)client;
	if (query->qtype != TARN__TYPE_ANY)
		return TARN__POLICY_PASS;
	return tarn__stage_any_answer(query, decision);
}

#endif

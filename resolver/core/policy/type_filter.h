/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/type_filter.h: the stage that answers some types with NODATA, so that clients of a network
 * without IPv6, for instance, get no AAAA records. The name exists for other types (RFC 2308 section 2.2).
 * Hints of these types are taken out of HTTPS and SVCB records by core/policy/answer_filter.h.
 *
 * Thread: immutable once made.
 */
#ifndef TARN_CORE_POLICY_TYPE_FILTER_H
#define TARN_CORE_POLICY_TYPE_FILTER_H

#include "core/policy/stage.h"

struct tarn__type_filter;

extern const struct tarn__stage tarn__stage_type_filter;

/* Returns true if queries of that client for that type are answered with NODATA. client as in stage.h. */
bool tarn__type_filter_has(const struct tarn__type_filter *, const struct tarn_address *client,
			   uint16_t type);

enum tarn__policy_action tarn__stage_type_filter_answer(const struct tarn__query *,
							struct tarn__decision *);

static inline enum tarn__policy_action
tarn__stage_type_filter_apply(const struct tarn__policy *policy, const struct tarn__query *query,
			      const struct tarn_address *client, struct tarn__decision *decision)
{
	if (!policy->type_filter ||
	    !tarn__type_filter_has(policy->type_filter, client, query->qtype))
		return TARN__POLICY_PASS;
	return tarn__stage_type_filter_answer(query, decision);
}

#endif

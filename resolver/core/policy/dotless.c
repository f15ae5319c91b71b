/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/dotless.c: names of one label. */
#include "core/policy/dotless.h"

#include <stdio.h>

#include "core/policy/policy.h"
#include "core/policy/zone.h"

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	policy->is_local_only = options->public->local_only;
	return 0;
}

enum tarn__policy_action tarn__stage_dotless_decide(const struct tarn__policy *policy,
						    const struct tarn__query *query,
						    struct tarn__decision *decision)
{
	size_t label_len = query->qname[0];
	bool is_dotless = label_len > 0 && query->qname_len == label_len + 2;
	if (!is_dotless || (query->qtype != TARN__TYPE_A && query->qtype != TARN__TYPE_AAAA) ||
	    tarn__stage_zone_has_name(policy, query))
		return TARN__POLICY_PASS;
	return tarn__decision_filtered(decision, query, TARN__NXDOMAIN,
				       "names of one label stay here");
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX, "names of one label stay here (local { only })");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_dotless = {
	.name = "dotless", .init = init, .explain = explain};

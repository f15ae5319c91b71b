/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/clients.c: addresses of clients in response policy zones. */
#include "core/policy/clients.h"

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	if (!policy->has_client_rules || asked->query->qclass != TARN__CLASS_IN)
		return false;
	struct tarn__listed listed =
		tarn__listed_query(asked->query, asked->client, TARN__LISTED_CLIENT);
	listed.may_wait = asked->action == TARN__POLICY_PASS;
	return tarn__lists_explain(policy, &listed, asked, out);
}

const struct tarn__stage tarn__stage_clients = {.name = "clients", .explain = explain};

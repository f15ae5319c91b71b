/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/zone.c: zones that are never forwarded. */
#include "core/policy/zone.h"

#include <stdio.h>

#include "core/config.h"
#include "core/policy/policy.h"
#include "core/zone_index.h"
#include "dns/text.h"

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	policy->zones = options->zones;
	policy->has_empty_zones =
		options->zones && tarn__zone_index_have(options->zones, TARN__ZONE_NONE);
	return 0;
}

bool tarn__stage_zone_has_name(const struct tarn__policy *policy, const struct tarn__query *query)
{
	struct tarn__zone_match zone;
	return policy->zones &&
	       tarn__zone_index_find(policy->zones, query->qname, query->qname_len, &zone) &&
	       zone.len == query->qname_len;
}

/* Returns the octets of the zone's name; 0: the query is for none, or for a zone with servers. */
static size_t find_empty_zone(const struct tarn__policy *policy, const struct tarn__query *query)
{
	struct tarn__zone_match zone;
	if (!tarn__zone_index_find_for(policy->zones, query->qname, query->qname_len, query->qtype,
				       &zone))
		return 0;
	return zone.value == TARN__ZONE_NONE ? zone.len : 0;
}

enum tarn__policy_action tarn__stage_zone_decide(const struct tarn__policy *policy,
						 const struct tarn__query *query,
						 struct tarn__decision *decision)
{
	size_t zone_len = find_empty_zone(policy, query);
	if (zone_len == 0)
		return TARN__POLICY_PASS;
	bool exists = query->qname_len == zone_len || tarn__stage_zone_has_name(policy, query);
	enum tarn__policy_action action = tarn__decision_negative(
		decision, query, exists ? TARN__NOERROR : TARN__NXDOMAIN, zone_len);
	tarn__decision_add_error(decision, TARN__EDE_BLOCKED, "this zone is not forwarded");
	return action;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	if (asked->action == TARN__POLICY_PASS)
		return false;
	char zone[TARN__NAME_TEXT_MAX];
	size_t zone_len = find_empty_zone(policy, asked->query);
	snprintf(out, TARN__EXPLANATION_MAX, "%s is a zone that is never forwarded",
		 tarn__name_format(asked->query->qname + asked->query->qname_len - zone_len, zone));
	return true;
}

const struct tarn__stage tarn__stage_zone = {.name = "zone", .init = init, .explain = explain};

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/local.c: answers of local data. */
#include "core/policy/local.h"

#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/policy/local_data.h"
#include "core/policy/policy.h"
#include "core/zone_index.h"

/* What a local zone only denies, a longer zone with servers of its own may have. */
static bool is_in_longer_zone(const struct tarn__policy *policy, const uint8_t *qname, size_t len,
			      uint16_t qtype, size_t local_len)
{
	struct tarn__zone_match zone;
	return policy->zones &&
	       tarn__zone_index_find_for(policy->zones, qname, len, qtype, &zone) &&
	       zone.value != TARN__ZONE_NONE && zone.len > local_len;
}

bool tarn__stage_local_find(const struct tarn__policy *policy, const uint8_t *qname, size_t len,
			    uint16_t qtype, uint64_t now_s, struct tarn__local_found *out)
{
	if (tarn__local_data_find(policy->data.local, qname, len, qtype, now_s, out) ==
	    TARN__LOCAL_NONE)
		return false;
	return !(out->is_by_zone && is_in_longer_zone(policy, qname, len, qtype, out->zone_len));
}

enum tarn__policy_action tarn__stage_local_decide(const struct tarn__policy *policy,
						  const struct tarn__query *query,
						  struct tarn__decision *decision)
{
	struct tarn__local_found found;
	if (!tarn__local_data_may_have(policy->data.local, query->qname, query->qname_len) ||
	    !tarn__stage_local_find(policy, query->qname, query->qname_len, query->qtype,
				    tarn__decision_now(decision), &found))
		return TARN__POLICY_PASS;
	size_t len = tarn__local_data_write(&found, query, decision->room);
	enum tarn__policy_action action = tarn__decision_stored(decision, decision->room, len);
	if (found.kind != TARN__LOCAL_CNAME)
		return action;
	decision->next.len = found.target_len;
	memcpy(decision->next.octets, found.target, found.target_len);
	return TARN__POLICY_FOLLOW;
}

static const char *kind_text(enum tarn__local_kind kind)
{
	switch (kind) {
	case TARN__LOCAL_RECORDS:
		return "records";
	case TARN__LOCAL_CNAME:
		return "a CNAME";
	case TARN__LOCAL_NODATA:
		return "no records of this type";
	default:
		return "no such name in its zone";
	}
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	struct tarn__local_found found;
	if (asked->action == TARN__POLICY_PASS || !policy->data.local ||
	    !tarn__stage_local_find(policy, asked->query->qname, asked->query->qname_len,
				    asked->query->qtype, 0, &found))
		return false;
	if (found.line > 0)
		snprintf(out, TARN__EXPLANATION_MAX, "local data has %s (%s:%u)",
			 kind_text(found.kind), found.source, (unsigned)found.line);
	else
		snprintf(out, TARN__EXPLANATION_MAX, "local data has %s (%s)",
			 kind_text(found.kind), found.source ? found.source : "built in");
	return true;
}

const struct tarn__stage tarn__stage_local = {.name = "local", .explain = explain};

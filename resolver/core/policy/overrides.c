/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/overrides.c: what the administrator has said for a time. */
#include "core/policy/overrides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/policy.h"
#include "dns/namelist_rule.h"

struct tarn__overrides *tarn__overrides_new(const struct tarn__override *names, size_t count,
					    uint64_t paused_until_s)
{
	struct tarn__overrides *overrides =
		malloc(sizeof *overrides + count * sizeof overrides->names[0]);
	if (!overrides)
		return NULL;
	atomic_init(&overrides->references, 1);
	overrides->paused_until_s = paused_until_s;
	overrides->count = count;
	if (count > 0)
		memcpy(overrides->names, names, count * sizeof *names);
	return overrides;
}

struct tarn__overrides *tarn__overrides_get(struct tarn__overrides *overrides)
{
	if (overrides)
		atomic_fetch_add_explicit(&overrides->references, 1, memory_order_relaxed);
	return overrides;
}

void tarn__overrides_put(struct tarn__overrides *overrides)
{
	if (overrides &&
	    atomic_fetch_sub_explicit(&overrides->references, 1, memory_order_acq_rel) == 1)
		free(overrides);
}

const struct tarn__override *tarn__overrides_find(const struct tarn__overrides *overrides,
						  const uint8_t *name, size_t len, uint64_t now_s)
{
	const struct tarn__override *found = NULL;
	for (size_t i = 0; i < overrides->count; i++) {
		const struct tarn__override *override = &overrides->names[i];
		if (now_s < override->until_s && (!found || override->name.len > found->name.len) &&
		    tarn__name_is_within(name, len, override->name.octets, override->name.len))
			found = override;
	}
	return found;
}

bool tarn__overrides_block(const struct tarn__overrides *overrides, const struct tarn__query *query,
			   const uint8_t *name, size_t len, struct tarn__decision *decision)
{
	const struct tarn__override *found =
		tarn__overrides_find(overrides, name, len, tarn__decision_now(decision));
	if (!found || !found->is_block)
		return false;
	tarn__decision_filtered(decision, query, TARN__NXDOMAIN, "blocked by the administrator");
	decision->options.ede[0].code = TARN__EDE_BLOCKED;
	decision->is_block = true;
	decision->list_action = TARN__NAMELIST_NXDOMAIN;
	return true;
}

enum tarn__policy_action tarn__stage_overrides_decide(const struct tarn__policy *policy,
						      const struct tarn__query *query,
						      struct tarn__decision *decision)
{
	return tarn__overrides_block(policy->data.overrides, query, query->qname, query->qname_len,
				     decision)
		       ? TARN__POLICY_ANSWER
		       : TARN__POLICY_PASS;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	const struct tarn__overrides *overrides = policy->data.overrides;
	if (!overrides)
		return false;
	const struct tarn__override *found = tarn__overrides_find(
		overrides, asked->query->qname, asked->query->qname_len, asked->now_s);
	char name[TARN__NAME_TEXT_MAX];
	if (found)
		snprintf(out, TARN__EXPLANATION_MAX, "%s is %s (tarnctl)",
			 tarn__name_format(found->name.octets, name),
			 found->is_block ? "blocked" : "unblocked");
	else if (asked->action == TARN__POLICY_PASS && asked->now_s < overrides->paused_until_s)
		snprintf(out, TARN__EXPLANATION_MAX, "all lists are paused (tarnctl)");
	else
		return false;
	return true;
}

const struct tarn__stage tarn__stage_overrides = {.name = "overrides", .explain = explain};

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/inspect.c: inspecting names in the cache. */
#include "core/admin/inspect.h"

#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/forward/nxdomain.h"
#include "core/policy/dns64.h"
#include "core/resolver.h"

/* The type in the key of NXDOMAIN for a whole name: core/forward/nxdomain.h. */
enum { NAME_ITSELF = 0 };

/* ---- inspecting ---------------------------------------------------------------------------- */

static void look_up(struct rtcache_client *client, const struct tarn__query *query, uint16_t qtype,
		    struct rtcache_state states[TARN__VARIANTS])
{
	for (unsigned variant = 0; variant < TARN__VARIANTS; variant++) {
		uint8_t key[TARN__KEY_MAX];
		size_t len = tarn__variant_key(query->qname, query->qname_len, qtype, variant, key);
		rtcache_inspect(client, key, len, &states[variant]);
	}
}

/* The text of an extended error has the list and the rule, which may be about a CNAME's target. */
static void add_text(struct tarn__inspected *out)
{
	size_t len = strlen(out->answer_explanation);
	if (out->answer_decision.text[0] != '\0')
		snprintf(out->answer_explanation + len, sizeof(out->answer_explanation) - len,
			 " (%s)", out->answer_decision.text);
}

static void inspect_answer(struct tarn__resolver *resolver, const struct tarn_address *client,
			   struct tarn__inspected *out)
{
	const struct tarn__policy *policy = tarn__resolver_config(resolver)->policy;
	const struct rtcache_state *state = &out->states[0];
	uint32_t ttl_max;
	out->is_synthesised =
		tarn__dns64_applies(policy, &out->query, client) &&
		(!state->is_stored || tarn__dns64_lacks_ipv6(state->item.value.data,
							     state->item.value.len, 0, &ttl_max));
	if (!state->is_stored || out->is_synthesised)
		return;
	out->answer_action = tarn__resolver_decide_answer(
		resolver, &out->query, client, &state->item.value, &out->answer_decision);
	if (out->answer_action == TARN__POLICY_PASS)
		return;
	const struct tarn__asked asked = {.query = &out->query,
					  .client = client,
					  .action = out->answer_action,
					  .now_s = tarn__decision_now(&out->answer_decision)};
	tarn__policy_explain(policy, &asked, &out->answer_decision, out->answer_explanation);
	add_text(out);
}

void tarn__inspect(struct tarn__resolver *resolver, const uint8_t *wire, size_t len,
		   const struct tarn_address *client, struct tarn__inspected *out)
{
	*out = (struct tarn__inspected){.action = TARN__POLICY_PASS,
					.answer_action = TARN__POLICY_PASS};
	out->parsed = tarn__query_parse(wire, len, &out->query);
	if (out->parsed != TARN__QUERY_GOOD)
		return;
	out->action = tarn__resolver_decide(resolver, &out->query, client, &out->decision);
	const struct tarn__asked asked = {.query = &out->query,
					  .client = client,
					  .action = out->action,
					  .now_s = tarn__decision_now(&out->decision)};
	tarn__policy_explain(tarn__resolver_config(resolver)->policy, &asked, &out->decision,
			     out->explanation);
	if (out->query.qclass != TARN__CLASS_IN)
		return;
	struct rtcache_client *cache = tarn__resolver_client(resolver);
	look_up(cache, &out->query, out->query.qtype, out->states);
	if (tarn__nxdomain_is_for(out->query.qtype))
		look_up(cache, &out->query, NAME_ITSELF, out->nxdomains);
	if (out->action == TARN__POLICY_PASS)
		inspect_answer(resolver, client, out);
}

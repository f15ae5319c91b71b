/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/answer.c: the list of stages for answers. */
#include "core/policy/answer.h"

#include "core/policy/answer_address.h"
#include "core/policy/answer_chain.h"
#include "core/policy/answer_filter.h"
#include "core/zone_index.h"
#include "core/config.h"
#include "dns/reply.h"

bool tarn__policy_has_answer_stages(const struct tarn__policy *policy)
{
	return policy->answer_filter || policy->type_filter || policy->data.local ||
	       policy->data.lists || policy->data.overrides;
}

/* Returns true if the name is in a zone with servers of its own. */
static bool is_in_zone_with_servers(const struct tarn__policy *policy,
				    const struct tarn__query *query)
{
	struct tarn__zone_match zone;
	return policy->zones &&
	       tarn__zone_index_find_for(policy->zones, query->qname, query->qname_len,
					 query->qtype, &zone) &&
	       zone.value != TARN__ZONE_NONE;
}

static void write_message(struct tarn__answer_view *view)
{
	const struct tarn__reply how = {
		.limit = TARN__MESSAGE_MAX,
		.age_sec = view->age_sec,
		.stale_ttl = view->stale_ttl,
	};
	struct tarn__query query = *view->query;
	query.has_opt = false;
	view->message_len =
		tarn__reply_stored(&query, view->stored, view->stored_len, &how, view->message);
}

enum tarn__policy_action tarn__policy_apply_answer(const struct tarn__policy *policy,
						   struct tarn__answer_view *view,
						   struct tarn__decision *decision)
{
	view->is_private = is_in_zone_with_servers(policy, view->query);
	view->is_clear = true;
	view->end.len = 0;
	write_message(view);
	enum tarn__policy_action action;
#define APPLY(constant, name, when)                                                                \
	action = tarn__stage_##name##_apply(policy, view, decision);                               \
	if (action != TARN__POLICY_PASS) {                                                         \
		decision->stage = TARN__STAGE_##constant;                                          \
		return action;                                                                     \
	}
	TARN__ANSWER_STAGE_LIST(APPLY)
#undef APPLY
	if (view->is_clear)
		tarn__stored_set_generation(view->stored, policy->generation);
	return TARN__POLICY_PASS;
}

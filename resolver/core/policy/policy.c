/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/policy.c: the list of stages, and what is done with each of them. */
#include "core/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/policy/access.h"
#include "core/policy/answer.h"
#include "core/policy/answer_address.h"
#include "core/policy/answer_chain.h"
#include "core/policy/answer_filter.h"
#include "core/policy/any.h"
#include "core/policy/chaos.h"
#include "core/policy/clients.h"
#include "core/policy/dns64.h"
#include "core/policy/dotless.h"
#include "core/policy/lists.h"
#include "core/policy/local.h"
#include "core/policy/local_data.h"
#include "core/policy/overrides.h"
#include "core/policy/special.h"
#include "core/policy/type_filter.h"
#include "core/policy/zone.h"

#define ROW(constant, name, when) [TARN__STAGE_##constant] = &tarn__stage_##name,
const struct tarn__stage *const tarn__stages[TARN__STAGES] = {TARN__STAGE_LIST(ROW)
								      TARN__ANSWER_STAGE_LIST(ROW)};

static int init_stages(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	int error = 0;
	for (size_t i = 0; i < TARN__STAGES && error == 0; i++) {
		if (tarn__stages[i]->init)
			error = tarn__stages[i]->init(policy, options);
	}
	return error;
}

static void fini_stages(struct tarn__policy *policy)
{
	for (size_t i = 0; i < TARN__STAGES; i++) {
		if (tarn__stages[i]->fini)
			tarn__stages[i]->fini(policy);
	}
}

/*
 * The number of a policy that looks at answers: another one than those of all policies before, until they
 * are used up.
 */
static uint16_t next_generation(void)
{
	static _Atomic uint16_t last;
	uint16_t generation;
	do
		generation = (uint16_t)(atomic_fetch_add(&last, 1) + 1);
	while (generation == 0);
	return generation;
}

/* After its members have been set. */
static void set_work(struct tarn__policy *policy)
{
	const struct tarn__policy_data *data = &policy->data;
	struct tarn__lists_addresses addresses = tarn__lists_addresses(data->lists);
	policy->has_client_rules = addresses.of_clients;
	policy->has_address_rules = addresses.of_answers;
	policy->rules_wait = addresses.may_wait;
	policy->generation = tarn__policy_has_answer_stages(policy) ? next_generation() : 0;
	policy->takes_answers = policy->generation != 0 || policy->dns64;
	policy->has_configured_stages = data->local || data->overrides || data->lists ||
					policy->type_filter || policy->dns64 ||
					policy->is_local_only;
}

struct tarn__policy *tarn__policy_new(const struct tarn__policy_options *options)
{
	struct tarn__policy *policy = calloc(1, sizeof *policy);
	if (!policy)
		return NULL;
	atomic_init(&policy->references, 1);
	int error = init_stages(policy, options);
	if (error == 0) {
		set_work(policy);
		return policy;
	}
	tarn__policy_put(policy);
	errno = error == TARN_ENOMEM ? ENOMEM : EINVAL;
	return NULL;
}

struct tarn__policy *tarn__policy_with(struct tarn__policy *old,
				       const struct tarn__policy_data *data)
{
	struct tarn__policy *policy = malloc(sizeof *policy);
	if (!policy)
		return NULL;
	struct tarn__policy *base = old->base ? old->base : old;
	*policy = *base;
	atomic_init(&policy->references, 1);
	policy->base = tarn__policy_get(base);
	policy->data = (struct tarn__policy_data){
		.local = data->local ? tarn__local_data_get(data->local) : NULL,
		.lists = tarn__lists_get(data->lists),
		.overrides = tarn__overrides_get(data->overrides)};
	set_work(policy);
	return policy;
}

struct tarn__policy *tarn__policy_get(struct tarn__policy *policy)
{
	atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
	return policy;
}

void tarn__policy_put(struct tarn__policy *policy)
{
	if (!policy || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) > 1)
		return;
	tarn__local_data_put(policy->data.local);
	tarn__lists_put(policy->data.lists);
	tarn__overrides_put(policy->data.overrides);
	if (policy->base)
		tarn__policy_put(policy->base);
	else
		fini_stages(policy);
	free(policy);
}

/* The list is unrolled: a loop over pointers to functions would cost a hit of the cache some 4 % more. */
#define APPLY(constant, name)                                                                      \
	action = tarn__stage_##name##_apply(policy, query, client, decision);                      \
	if (action != TARN__POLICY_PASS) {                                                         \
		decision->stage = TARN__STAGE_##constant;                                          \
		return action;                                                                     \
	}
#define APPLY_ALL(constant, name, when) APPLY(constant, name)
#define APPLY_FIRST(constant, name, when) APPLY_##when(constant, name)
#define APPLY_ALWAYS(constant, name) APPLY(constant, name)
#define APPLY_CONFIGURED(constant, name)

enum tarn__policy_action tarn__policy_apply_unanswered(const struct tarn__policy *policy,
						       const struct tarn__query *query,
						       const struct tarn_address *client,
						       struct tarn__decision *decision)
{
	if (!policy->rules_wait || query->qclass != TARN__CLASS_IN || decision->is_rules_target)
		return TARN__POLICY_PASS;
	struct tarn__listed listed =
		tarn__listed_query(query, client, TARN__LISTED_NAME | TARN__LISTED_CLIENT);
	enum tarn__policy_action action = tarn__lists_decide(policy, &listed, decision);
	if (action != TARN__POLICY_PASS)
		decision->stage = TARN__STAGE_LISTS;
	return action;
}

static enum tarn__policy_action apply_each(const struct tarn__policy *policy,
					   const struct tarn__query *query,
					   const struct tarn_address *client,
					   struct tarn__decision *decision)
{
	enum tarn__policy_action action;
	TARN__STAGE_LIST(APPLY_ALL)
	return TARN__POLICY_PASS;
}

/* What would wait for an answer waits for none if a stage behind decides. */
__attribute__((noinline)) static enum tarn__policy_action
apply_all(const struct tarn__policy *policy, const struct tarn__query *query,
	  const struct tarn_address *client, struct tarn__decision *decision)
{
	enum tarn__policy_action action = apply_each(policy, query, client, decision), waiting;
	if (action == TARN__POLICY_PASS || !policy->rules_wait ||
	    decision->stage <= TARN__STAGE_LISTS)
		return action;
	waiting = tarn__policy_apply_unanswered(policy, query, client, decision);
	return waiting == TARN__POLICY_PASS ? action : waiting;
}

enum tarn__policy_action tarn__policy_apply(const struct tarn__policy *policy,
					    const struct tarn__query *query,
					    const struct tarn_address *client,
					    struct tarn__decision *decision)
{
	enum tarn__policy_action action;
	if (policy->has_configured_stages)
		return apply_all(policy, query, client, decision);
	TARN__STAGE_LIST(APPLY_FIRST)
	return TARN__POLICY_PASS;
}

enum tarn__policy_action tarn__policy_apply_constant(const struct tarn__policy *policy,
						     const struct tarn__query *query,
						     struct tarn__decision *decision)
{
	return tarn__policy_apply(policy->base ? policy->base : policy, query, NULL, decision);
}

enum tarn__policy_action tarn__policy_admit(const struct tarn__policy *policy,
					    const struct tarn_address *client,
					    struct tarn__decision *decision)
{
	enum tarn__policy_action action = tarn__stage_access_apply(policy, NULL, client, decision);
	if (action != TARN__POLICY_PASS)
		decision->stage = TARN__STAGE_ACCESS;
	return action;
}

static bool explain_passing(const struct tarn__policy *policy, const struct tarn__asked *asked,
			    char out[TARN__EXPLANATION_MAX])
{
	for (size_t i = 0; i < TARN__QUERY_STAGES; i++) {
		if (tarn__stages[i]->explain(policy, asked, out))
			return true;
	}
	return false;
}

const char *tarn__policy_explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
				 const struct tarn__decision *decision,
				 char out[TARN__EXPLANATION_MAX])
{
	struct tarn__asked with = *asked;
	with.decision = decision;
	if (asked->action != TARN__POLICY_PASS)
		tarn__stages[decision->stage]->explain(policy, &with, out);
	else if (!explain_passing(policy, asked, out))
		snprintf(out, TARN__EXPLANATION_MAX, "none: it is for the upstream servers");
	return out;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/policy.c: the list of stages, and what is done with each of them. */
#include "core/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/policy/access.h"
#include "core/policy/any.h"
#include "core/policy/chaos.h"
#include "core/policy/special.h"
#include "core/policy/zone.h"

#define ROW(constant, name) [TARN__STAGE_##constant] = &tarn__stage_##name,
const struct tarn__stage *const tarn__stages[TARN__STAGES] = {TARN__STAGE_LIST(ROW)};

static int init_stages(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	int error = 0;
	for (size_t i = 0; i < TARN__STAGES && error == 0; i++) {
		if (tarn__stages[i]->init)
			error = tarn__stages[i]->init(policy, options);
	}
	return error;
}

struct tarn__policy *tarn__policy_new(const struct tarn__policy_options *options)
{
	struct tarn__policy *policy = calloc(1, sizeof *policy);
	if (!policy)
		return NULL;
	int error = init_stages(policy, options);
	if (error == 0)
		return policy;
	tarn__policy_free(policy);
	errno = error == TARN_ENOMEM ? ENOMEM : EINVAL;
	return NULL;
}

void tarn__policy_free(struct tarn__policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < TARN__STAGES; i++) {
		if (tarn__stages[i]->fini)
			tarn__stages[i]->fini(policy);
	}
	free(policy);
}

/* The list is unrolled: a loop over pointers to functions would cost a hit of the cache 4 % more. */
enum tarn__policy_action tarn__policy_apply(const struct tarn__policy *policy,
					    const struct tarn__query *query,
					    const struct tarn_address *client,
					    struct tarn__decision *decision)
{
	enum tarn__policy_action action;
#define APPLY(constant, name)                                                                      \
	action = tarn__stage_##name##_apply(policy, query, client, decision);                      \
	if (action != TARN__POLICY_PASS) {                                                         \
		decision->stage = TARN__STAGE_##constant;                                          \
		return action;                                                                     \
	}
	TARN__STAGE_LIST(APPLY)
	return TARN__POLICY_PASS;
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

static bool explain_passing(const struct tarn__policy *policy, const struct tarn__query *query,
			    char out[TARN__EXPLANATION_MAX])
{
	for (size_t i = 0; i < TARN__STAGES; i++) {
		if (tarn__stages[i]->explain(policy, query, TARN__POLICY_PASS, out))
			return true;
	}
	return false;
}

const char *tarn__policy_explain(const struct tarn__policy *policy, const struct tarn__query *query,
				 enum tarn__policy_action action,
				 const struct tarn__decision *decision,
				 char out[TARN__EXPLANATION_MAX])
{
	if (action != TARN__POLICY_PASS)
		tarn__stages[decision->stage]->explain(policy, query, action, out);
	else if (!explain_passing(policy, query, out))
		snprintf(out, TARN__EXPLANATION_MAX, "none: it is for the upstream servers");
	return out;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/any.c: the answer to type ANY. */
#include "core/policy/any.h"

#include <stdio.h>

enum { ANY_TTL = 3600 /* seconds; RFC 8482 leaves it open: long enough to be worth caching */ };

enum tarn__policy_action tarn__stage_any_answer(const struct tarn__query *query,
						struct tarn__decision *decision)
{
	static const uint8_t rdata[] = "\7RFC8482"; /* and an empty string */
	enum tarn__policy_action action = tarn__decision_record(decision, query, TARN__TYPE_HINFO,
								ANY_TTL, rdata, sizeof rdata);
	decision->is_authoritative = false;
	return action;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX, "ANY gets one HINFO record (RFC 8482)");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_any = {.name = "any", .explain = explain};

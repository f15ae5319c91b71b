/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/answer.h: what is decided on an answer of an upstream server on its way to a client. The
 * cache holds what the server said, never what the policy makes of it, so that neither groups of clients
 * nor another policy need a cache of their own. Each stage looks at the answer in turn; the first one that
 * does not pass it ends the list:
 *
 *	answer_chain    CNAMEs whose target is a name of local data, of an override or of a rule
 *	answer_address  addresses that response policy zones have, and rules that have waited for the answer
 *	answer_filter   addresses that are not global, and hints of types that are not served
 *
 * An answer that all of them pass, for any client, bears the generation of the policy (dns/stored.h), and
 * is not looked at again until there is another policy.
 *
 * Thread: the caller's; a policy is immutable.
 */
#ifndef TARN_CORE_POLICY_ANSWER_H
#define TARN_CORE_POLICY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/decision.h"
#include "core/policy/stage.h"
#include "dns/query.h"
#include "dns/stored.h"
#include "tarn.h"

/* An answer, and who gets it. */
struct tarn__answer_view {
	const struct tarn__query *query;
	const struct tarn_address *client; /* as in core/policy/stage.h */
	const uint8_t *stored;
	size_t stored_len;
	uint32_t age_sec;
	uint32_t stale_ttl; /* seconds; not 0: the answer is stale, and this its TTL */
	bool is_stream; /* it is sent over TCP: TARN__POLICY_TRUNCATE passes */
	bool is_rules_target; /* the query's name is the target of a rule's CNAME: no rule is for it */
	uint8_t *message, *other; /* buffers of TARN__MESSAGE_MAX octets */
	/* Set by tarn__policy_apply_answer(). */
	size_t message_len; /* the answer as a message, in message */
	bool is_private; /* it is of a zone with servers of its own, which may have private addresses */
	bool is_clear; /* no stage would do anything, for any client */
	/* Set by stage answer_chain, for the stages behind. */
	struct tarn__name end; /* the last target of the chain of CNAMEs; len is 0: there is none */
	uint64_t sets; /* of rules that judge it: a bit each */
};

/* Returns true if answers have to be looked at. */
bool tarn__policy_has_answer_stages(const struct tarn__policy *);

/* Returns true if an answer has been looked at, and stays as it is. */
static inline bool tarn__policy_knows_answer(const struct tarn__policy *policy,
					     const uint8_t *stored)
{
	return policy->generation == 0 || tarn__stored_generation(stored) == policy->generation;
}

/*
 * Applies the stages to an answer. A decision other than TARN__POLICY_PASS replaces the answer; its stored
 * form has no age, and none of it is stale. decision->room is set by the caller.
 */
enum tarn__policy_action tarn__policy_apply_answer(const struct tarn__policy *,
						   struct tarn__answer_view *,
						   struct tarn__decision *);

#endif

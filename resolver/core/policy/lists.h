/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/lists.h: rule sets as a whole: the rules (core/policy/rules.h), the groups of clients that they are for,
 * and what a client gets for a name that they are about; and the stage for the names of queries.
 *
 * Thread: immutable once made, and counted; any.
 */
#ifndef TARN_CORE_POLICY_LISTS_H
#define TARN_CORE_POLICY_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/groups.h"
#include "core/policy/rules.h"
#include "core/policy/stage.h"

enum { TARN__LIST_ADDRESSES_MAX = 8 /* of one set's answer */ };

/* What the configuration says of a rule set beside struct tarn__rule_set. */
struct tarn__list_answer {
	uint8_t slot; /* of its counters: TARN__LIST_SLOTS in all, for as long as the process runs */
	uint8_t address_count;
	struct tarn_address addresses[TARN__LIST_ADDRESSES_MAX];
};

struct tarn__lists;

/*
 * Takes over the reference to the rules, in any case. answers has one for each rule set. One reference, the caller's. Returns
 * NULL if memory runs out.
 */
struct tarn__lists *tarn__lists_new(struct tarn__rules *, const struct tarn__list_answer *answers,
				    const struct tarn__group *groups, size_t group_count);

/* One reference more, and one less. NULL is allowed for both. */
struct tarn__lists *tarn__lists_get(struct tarn__lists *);
void tarn__lists_put(struct tarn__lists *);

const struct tarn__rules *tarn__lists_rules(const struct tarn__lists *);

/* "nxdomain", "nodata", "zero", "refused", "drop", "tcp-only", "passed", "records". */
const char *tarn__lists_action_name(enum tarn__namelist_action);

/* A name that is judged: that of a query, or the target of a CNAME in its answer. */
struct tarn__listed {
	const struct tarn__query *query; /* that is answered */
	const struct tarn_address *client;
	const uint8_t *name;
	size_t name_len;
	bool is_target;
	uint64_t sets; /* that judge it: a bit each */
	/* Set by tarn__lists_decide(). */
	bool is_allowed; /* by a rule or an override */
	uint64_t sets_before; /* what allows it: they alone judge the targets in its answer */
};

/* Decides on a name, for the client's group. */
enum tarn__policy_action tarn__lists_decide(const struct tarn__policy *, struct tarn__listed *,
					    struct tarn__decision *);

/* Writes why. Returns false if no rule is for the name. */
bool tarn__lists_explain(const struct tarn__policy *, const struct tarn__listed *, uint64_t now_s,
			 char out[TARN__EXPLANATION_MAX]);

extern const struct tarn__stage tarn__stage_lists;

static inline enum tarn__policy_action tarn__stage_lists_apply(const struct tarn__policy *policy,
							       const struct tarn__query *query,
							       const struct tarn_address *client,
							       struct tarn__decision *decision)
{
	if (!policy->data.lists || query->qclass != TARN__CLASS_IN)
		return TARN__POLICY_PASS;
	struct tarn__listed listed = {.query = query,
				      .client = client,
				      .name = query->qname,
				      .name_len = query->qname_len,
				      .sets = UINT64_MAX};
	return tarn__lists_decide(policy, &listed, decision);
}

#endif

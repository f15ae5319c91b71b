/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/lists.h: rule sets as a whole: the rules (core/policy/rules.h), the groups of clients that
 * they are for, and what a client gets for a name or an address that they are about; and the stage for the
 * names of queries.
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
 * Takes over the reference to the rules, in any case. answers has one for each rule set. One reference, the
 * caller's. Returns NULL if memory runs out.
 */
struct tarn__lists *tarn__lists_new(struct tarn__rules *, const struct tarn__list_answer *answers,
				    const struct tarn__group *groups, size_t group_count);

/* One reference more, and one less. NULL is allowed for both. */
struct tarn__lists *tarn__lists_get(struct tarn__lists *);
void tarn__lists_put(struct tarn__lists *);

const struct tarn__rules *tarn__lists_rules(const struct tarn__lists *);

/* "nxdomain", "nodata", "zero", "refused", "drop", "tcp-only", "passed", "records". */
const char *tarn__lists_action_name(enum tarn__namelist_action);

/*
 * What is judged: a name, that of a query or the target of a CNAME in its answer; with that of a query its
 * client; and the addresses that the answer has for the name. The first set that has a rule for any of them
 * decides; in it the client comes before the name, and the name before addresses.
 */
struct tarn__listed {
	const struct tarn__query *query; /* that is answered */
	const struct tarn_address *client;
	const uint8_t *name;
	size_t name_len;
	bool is_target;
	bool is_rules_target; /* of a CNAME: no rule is for the name, nor for the client */
	bool is_stream; /* the answer is sent over TCP: TARN__NAMELIST_TCP_ONLY allows it */
	/*
	 * What is decided by something of a response policy zone waits for the answer if a zone before it
	 * has prefixes for addresses in answers.
	 */
	bool may_wait;
	uint64_t sets; /* that judge: a bit each */
	unsigned triggers; /* that are decided by, 1 << TARN__RPZ_... each; other decisions pass */
	const uint8_t *message; /* whose addresses are judged; NULL: there is none yet */
	size_t message_len;
	/* Set by tarn__lists_decide(). */
	bool is_allowed; /* by a rule or an override */
	uint64_t sets_before; /* what allows it: they alone judge what the answer leads to */
};

enum {
	TARN__LISTED_NAME = 1 << TARN__RPZ_NAME,
	TARN__LISTED_CLIENT = 1 << TARN__RPZ_CLIENT_ADDRESS,
	TARN__LISTED_ADDRESSES = 1 << TARN__RPZ_ADDRESS,
	TARN__LISTED_ALL = TARN__LISTED_NAME | TARN__LISTED_CLIENT | TARN__LISTED_ADDRESSES,
};

/* The name and the client of a query, for all sets. */
static inline struct tarn__listed tarn__listed_query(const struct tarn__query *query,
						     const struct tarn_address *client,
						     unsigned triggers)
{
	return (struct tarn__listed){.query = query,
				     .client = client,
				     .name = query->qname,
				     .name_len = query->qname_len,
				     .sets = UINT64_MAX,
				     .triggers = triggers};
}

/* Decides, for the client's group. */
enum tarn__policy_action tarn__lists_decide(const struct tarn__policy *, struct tarn__listed *,
					    struct tarn__decision *);

/* What the rules have to do with addresses. */
struct tarn__lists_addresses {
	bool of_clients;
	bool of_answers;
	bool may_wait; /* struct tarn__listed.may_wait may matter */
};

/* lists may be NULL. */
struct tarn__lists_addresses tarn__lists_addresses(const struct tarn__lists *);

/*
 * Returns true if no rule, for any client, has one of the addresses of an answer, nor waits for it. The
 * targets of its CNAMEs are not looked at.
 */
bool tarn__lists_is_answer_clear(const struct tarn__policy *, const struct tarn__query *,
				 const uint8_t *message, size_t len);

/* Writes why, for the action that was taken. Returns false if no rule is for it. */
bool tarn__lists_explain(const struct tarn__policy *, const struct tarn__listed *,
			 const struct tarn__asked *, char out[TARN__EXPLANATION_MAX]);

extern const struct tarn__stage tarn__stage_lists;

static inline enum tarn__policy_action tarn__stage_lists_apply(const struct tarn__policy *policy,
							       const struct tarn__query *query,
							       const struct tarn_address *client,
							       struct tarn__decision *decision)
{
	if (!policy->data.lists || query->qclass != TARN__CLASS_IN || decision->is_rules_target)
		return TARN__POLICY_PASS;
	struct tarn__listed listed = tarn__listed_query(query, client, TARN__LISTED_NAME);
	listed.may_wait = true;
	return tarn__lists_decide(policy, &listed, decision);
}

#endif

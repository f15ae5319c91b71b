/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/inspect.h: inspection of the state of a name in the cache. No query of a client calls these
 * functions. Inspecting an entry does not count as a use of it.
 *
 * Thread: the resolver's, which is awake (tarn__resolver_unpark()).
 */
#ifndef TARN_CORE_ADMIN_INSPECT_H
#define TARN_CORE_ADMIN_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/forget.h"
#include "core/policy/policy.h"
#include "dns/query.h"
#include "rtcache.h"
#include "tarn.h"

struct tarn__resolver;

/* All that determines the answer to a query that arrives now. */
struct tarn__inspected {
	/* The result of tarn__query_parse(); the other members are set for TARN__QUERY_GOOD only. */
	int parsed;
	struct tarn__query query; /* views into the message; set as far as it could be read */
	enum tarn__policy_action action; /* of the policy */
	struct tarn__decision decision; /* unless the action is TARN__POLICY_PASS */
	char explanation[TARN__EXPLANATION_MAX]; /* of the action, a sentence */
	/*
	 * What becomes of the answer in the cache to the query, which has neither DO nor CD, on its way to
	 * the client; TARN__POLICY_PASS: nothing, or there is none.
	 */
	enum tarn__policy_action answer_action;
	struct tarn__decision answer_decision; /* unless that is TARN__POLICY_PASS */
	char answer_explanation[TARN__EXPLANATION_MAX]; /* likewise */
	bool is_synthesised; /* without AAAA records in it, it is made of A records (DNS64) */
	/* By TARN__VARIANT_…: entries of the query, and those of its name (NXDOMAIN for all types). */
	struct rtcache_state states[TARN__VARIANTS];
	struct rtcache_state nxdomains[TARN__VARIANTS];
};

/* client is NULL for the program itself. What *out refers to is valid until the resolver is called again. */
void tarn__inspect(struct tarn__resolver *, const uint8_t *wire, size_t len,
		   const struct tarn_address *client, struct tarn__inspected *out);

#endif

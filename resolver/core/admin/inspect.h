/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/inspect.h: inspection of the state of a name, and removal of names from the cache. No query of
 * a client calls these functions. Inspecting an entry does not count as a use of it.
 *
 * Thread: the resolver's, which is awake (tarn__resolver_unpark()).
 */
#ifndef TARN_CORE_ADMIN_INSPECT_H
#define TARN_CORE_ADMIN_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/policy.h"
#include "dns/query.h"
#include "rtcache.h"
#include "tarn.h"

struct tarn__resolver;

/* Queries that differ in DO or CD have separate cache entries. */
enum { TARN__VARIANT_DO = 1, TARN__VARIANT_CD = 2, TARN__VARIANTS = 4 };

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

struct tarn__forgotten {
	size_t answers; /* positive and negative ones removed */
	size_t failures; /* remembered ones removed */
};

/*
 * Removes the answers and the remembered failures of one type of a name, and NXDOMAIN of the name. A lookup
 * under way still stores its answer.
 */
struct tarn__forgotten tarn__forget(struct tarn__resolver *, const uint8_t *qname, size_t qname_len,
				    uint16_t qtype);

/* Removes entries that match, from the whole cache, in steps. */
enum tarn__sweep_kind {
	TARN__SWEEP_NAME, /* entries of the name, of all types */
	TARN__SWEEP_TREE, /* entries of the name and all names below it */
	TARN__SWEEP_NEGATIVE, /* NXDOMAIN and NODATA, of all names */
};

struct tarn__sweep {
	enum tarn__sweep_kind kind;
	size_t name_len;
	uint8_t name[TARN__NAME_MAX];
	struct tarn__forgotten forgotten; /* so far */
	uint64_t cursor; /* 0 at first */
	struct rtcache_client *client;
};

/* Takes one step. Returns true if there are more. */
bool tarn__sweep_step(struct tarn__sweep *, struct tarn__resolver *);

#endif

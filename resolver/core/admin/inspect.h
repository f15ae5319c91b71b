/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/inspect.h: what is known of a name, and how it is forgotten, for who runs the resolver. Nothing
 * of it is on the way of a question, nothing counts as a use of what it looks at.
 *
 * Thread: the resolver's, which is awake (tarn__resolver_unpark()).
 */
#ifndef TARN_CORE_ADMIN_INSPECT_H
#define TARN_CORE_ADMIN_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/policy.h"
#include "core/policy/special.h"
#include "dns/query.h"
#include "rtcache.h"
#include "tarn.h"

struct tarn__resolver;

/* Questions that differ in DO or CD have entries of their own. */
enum { TARN__VARIANT_DO = 1, TARN__VARIANT_CD = 2, TARN__VARIANTS = 4 };

/* All that would decide about a question if it came now. */
struct tarn__inspected {
	/* TARN__QUERY_GOOD, or what the message is at fault for (tarn__query_parse()). */
	int parsed;
	struct tarn__query query; /* views into the message */
	enum tarn__ruling ruling;
	struct tarn__policy_answer answer; /* where the ruling is not TARN__POLICY_PASS */
	struct tarn__special special; /* whether the policy makes an exception or not */
	/* By TARN__VARIANT_…: the key, and that of its name, which says that there is no such name. */
	struct rtcache_state states[TARN__VARIANTS];
	struct rtcache_state nxdomains[TARN__VARIANTS];
};

/* client is NULL for the program itself. What *out points to is valid until the resolver is run. */
void tarn__inspect(struct tarn__resolver *, const uint8_t *wire, size_t len,
		   const struct tarn_address *client, struct tarn__inspected *out);

/* How much was. */
struct tarn__forgotten {
	size_t answers; /* that there are no records among them */
	size_t failures; /* that were remembered */
};

/*
 * Forgets a name's records of one type, and that they, or it, do not exist, or that they were not to
 * be had. What a lookup under way brings is stored all the same.
 */
struct tarn__forgotten tarn__forget(struct tarn__resolver *, const uint8_t *qname, size_t qname_len,
				    uint16_t qtype);

/* The same, wherever in the cache, in steps. */
enum tarn__sweep_kind {
	TARN__SWEEP_NAME, /* whatever the type */
	TARN__SWEEP_TREE, /* and all names below it */
	TARN__SWEEP_NEGATIVE, /* NXDOMAIN and NODATA, whatever the name */
};

struct tarn__sweep {
	enum tarn__sweep_kind kind;
	size_t name_len;
	uint8_t name[TARN__NAME_MAX];
	struct tarn__forgotten forgotten; /* so far */
	uint64_t cursor; /* 0 at first */
	struct rtcache_client *client;
};

/* One step. Are there more? */
bool tarn__sweep_step(struct tarn__sweep *, struct tarn__resolver *);

#endif

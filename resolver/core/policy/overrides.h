/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/overrides.h: what the administrator has said for a time, before all rule sets: names that are
 * blocked or unblocked, with all names below them, and a pause of all rule sets; and the stage that applies
 * it.
 *
 * Thread: immutable once made, and counted; any.
 */
#ifndef TARN_CORE_POLICY_OVERRIDES_H
#define TARN_CORE_POLICY_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/stage.h"
#include "dns/name.h"

enum { TARN__OVERRIDES_MAX = 1024 /* names */ };

struct tarn__override {
	bool is_block;
	uint64_t
		until_s; /* the wall clock, in seconds since 1970; UINT64_MAX: the end of the process */
	struct tarn__name name;
};

struct tarn__overrides {
	atomic_uint references;
	uint64_t paused_until_s; /* rule sets are not applied before; 0: they are */
	size_t count;
	struct tarn__override names[];
};

/* Copies the names. One reference, the caller's. Returns NULL if memory runs out. */
struct tarn__overrides *tarn__overrides_new(const struct tarn__override *, size_t count,
					    uint64_t paused_until_s);

/* One reference more, and one less. NULL is allowed for both. */
struct tarn__overrides *tarn__overrides_get(struct tarn__overrides *);
void tarn__overrides_put(struct tarn__overrides *);

/* Returns the override of the longest name that a name is in at that time; NULL: there is none. */
const struct tarn__override *tarn__overrides_find(const struct tarn__overrides *,
						  const uint8_t *name, size_t len, uint64_t now_s);

extern const struct tarn__stage tarn__stage_overrides;

/*
 * Returns true if the name, that of the query or a target of CNAMEs in its answer, is blocked now, and sets the
 * decision.
 */
bool tarn__overrides_block(const struct tarn__overrides *, const struct tarn__query *,
			   const uint8_t *name, size_t len, struct tarn__decision *);

enum tarn__policy_action tarn__stage_overrides_decide(const struct tarn__policy *,
						      const struct tarn__query *,
						      struct tarn__decision *);

static inline enum tarn__policy_action
tarn__stage_overrides_apply(const struct tarn__policy *policy, const struct tarn__query *query,
			    const struct tarn_address *client, struct tarn__decision *decision)
{
	(void)client;
	if (!policy->data.overrides)
		return TARN__POLICY_PASS;
	return tarn__stage_overrides_decide(policy, query, decision);
}

#endif

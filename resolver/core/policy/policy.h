/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/policy.h: what is decided on a query before the cache is asked, by stages: core/policy/stage.h.
 * Start here to read core/policy/.
 *
 * Thread: immutable once made; shared by all workers.
 */
#ifndef TARN_CORE_POLICY_POLICY_H
#define TARN_CORE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/decision.h"
#include "core/policy/stage.h"
#include "dns/query.h"
#include "tarn.h"

/* Strings, names and networks are copied. */
struct tarn__policy_options {
	const struct tarn_options *public; /* allow, pass, and what is for the policy alone */
	const char *version; /* of version.bind, at most 255 octets are used; NULL: REFUSED */
	const char *identity; /* of id.server, likewise */
	const struct tarn__zone_index *zones; /* as struct tarn__config's; borrowed */
};

/*
 * Returns NULL with errno set: ENOMEM; EINVAL if one of the names is not a name. One reference, the
 * caller's.
 */
struct tarn__policy *tarn__policy_new(const struct tarn__policy_options *);

/* The same with other data, of which it takes references. Returns NULL if memory runs out. */
struct tarn__policy *tarn__policy_with(struct tarn__policy *, const struct tarn__policy_data *);

/* One reference more, and one less. NULL is allowed for the latter. */
struct tarn__policy *tarn__policy_get(struct tarn__policy *);
void tarn__policy_put(struct tarn__policy *);

/* Applies the stages. The decision is untouched if all of them pass the query. */
enum tarn__policy_action tarn__policy_apply(const struct tarn__policy *, const struct tarn__query *,
					    const struct tarn_address *client,
					    struct tarn__decision *);

/*
 * Applies what has waited for an answer to a query that has passed, and gets none. The decision is
 * untouched if nothing has.
 */
enum tarn__policy_action tarn__policy_apply_unanswered(const struct tarn__policy *,
						       const struct tarn__query *,
						       const struct tarn_address *client,
						       struct tarn__decision *);

/*
 * Applies the stages without the policy's data, for any client, to a name that an answer leads to: the
 * result may be kept with the answer.
 */
enum tarn__policy_action tarn__policy_apply_constant(const struct tarn__policy *,
						     const struct tarn__query *,
						     struct tarn__decision *);

/* Applies stage access alone, for a message that is not a good query. */
enum tarn__policy_action tarn__policy_admit(const struct tarn__policy *,
					    const struct tarn_address *client,
					    struct tarn__decision *);

/* All stages, by TARN__STAGE_.... */
extern const struct tarn__stage *const tarn__stages[TARN__STAGES];

/*
 * Writes a sentence: why tarn__policy_apply(), or tarn__policy_apply_answer(), returned the action, with
 * the decision unless that is TARN__POLICY_PASS. Returns out.
 */
const char *tarn__policy_explain(const struct tarn__policy *, const struct tarn__asked *,
				 const struct tarn__decision *, char out[TARN__EXPLANATION_MAX]);

#endif

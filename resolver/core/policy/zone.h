/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/zone.h: the stage for zones of the configuration that are never forwarded. They are empty:
 * NODATA at their names, NXDOMAIN below.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_ZONE_H
#define TARN_CORE_POLICY_ZONE_H

#include "core/policy/stage.h"

extern const struct tarn__stage tarn__stage_zone;

enum tarn__policy_action tarn__stage_zone_decide(const struct tarn__policy *,
						 const struct tarn__query *,
						 struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_zone_apply(const struct tarn__policy *policy,
							      const struct tarn__query *query,
							      const struct tarn_address *client,
							      struct tarn__decision *decision)
{
	(void)client;
	if (!policy->has_empty_zones)
		return TARN__POLICY_PASS;
	return tarn__stage_zone_decide(policy, query, decision);
}

/*
 * Returns true if the query's name is that of a zone of the configuration. Such a name exists, even if it is
 * within an empty zone.
 */
bool tarn__stage_zone_has_name(const struct tarn__policy *, const struct tarn__query *);

#endif

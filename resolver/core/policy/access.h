/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/access.h: the list of the networks that may ask (RFC 5358), and the stage that refuses all
 * other clients.
 *
 * Thread: a list is immutable once made.
 */
#ifndef TARN_CORE_POLICY_ACCESS_H
#define TARN_CORE_POLICY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/network_list.h"
#include "core/policy/stage.h"
#include "tarn.h"

/*
 * Copies the networks. With a count of 0 the list has those that are not on the Internet (RFC 1918, RFC
 * 6598, RFC 3927, RFC 4193, and the link-local ones of RFC 4291). Loopback is always in it. Returns NULL if
 * memory runs out.
 */
struct tarn__network_list *tarn__access_new(const struct tarn_network *, size_t count);

extern const struct tarn__stage tarn__stage_access;

enum tarn__policy_action tarn__stage_access_refuse(struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_access_apply(const struct tarn__policy *policy,
								const struct tarn__query *query,
								const struct tarn_address *client,
								struct tarn__decision *decision)
{
	(void)query;
	if (!client || tarn__network_list_cover(policy->access, client))
		return TARN__POLICY_PASS;
	return tarn__stage_access_refuse(decision);
}

#endif

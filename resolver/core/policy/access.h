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

#include "core/policy/stage.h"
#include "tarn.h"

struct tarn__access;

/*
 * Copies the networks. With a count of 0 the list has those that are not on the Internet (RFC 1918, RFC
 * 6598, RFC 3927, RFC 4193, and the link-local ones of RFC 4291). Loopback is always in it. Returns NULL if
 * memory runs out.
 */
struct tarn__access *tarn__access_new(const struct tarn_network *, size_t count);
void tarn__access_free(struct tarn__access *);

/* An IPv4-mapped IPv6 address counts as the IPv4 address that it holds (RFC 4291 section 2.5.5.2). */
bool tarn__access_allows(const struct tarn__access *, const struct tarn_address *);

extern const struct tarn__stage tarn__stage_access;

enum tarn__policy_action tarn__stage_access_refuse(struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_access_apply(const struct tarn__policy *policy,
								const struct tarn__query *query,
								const struct tarn_address *client,
								struct tarn__decision *decision)
{
	(void)query;
	if (!client || tarn__access_allows(policy->access, client))
		return TARN__POLICY_PASS;
	return tarn__stage_access_refuse(decision);
}

#endif

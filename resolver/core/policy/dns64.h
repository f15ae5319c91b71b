/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/dns64.h: DNS64 for clients of networks without IPv4 (RFC 6147, RFC 8880): which queries get
 * synthesised AAAA records, and the stage that answers what must not go upstream: ipv4only.arpa and its
 * addresses, and PTR queries for addresses within the prefixes.
 *
 * Thread: immutable once made.
 */
#ifndef TARN_CORE_POLICY_DNS64_H
#define TARN_CORE_POLICY_DNS64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/stage.h"
#include "dns/dns64.h"

/* A policy with NULL has no DNS64. */
struct tarn__dns64 {
	struct tarn__name_list *excluded; /* NULL: none */
	struct tarn__network_list *clients; /* NULL: all */
	size_t prefix_count;
	struct tarn__dns64_prefix prefixes[TARN_DNS64_PREFIXES_MAX];
};

extern const struct tarn__stage tarn__stage_dns64;

/*
 * Returns true if the answer to this query is one of A records where there are no AAAA records. DO together
 * with CD: the client validates itself (RFC 6147 section 5.5).
 */
bool tarn__dns64_applies(const struct tarn__policy *, const struct tarn__query *,
			 const struct tarn_address *client);

/*
 * Returns true if a stored form has no AAAA record but IPv4-mapped ones (RFC 6147 section 5.1.4), and is not
 * NXDOMAIN (section 5.1.2). *ttl_max is then the limit of the TTL of synthesised records, in seconds, for
 * an answer of that age.
 */
bool tarn__dns64_lacks_ipv6(const uint8_t *stored, size_t len, uint32_t age_sec, uint32_t *ttl_max);

enum tarn__policy_action tarn__stage_dns64_decide(const struct tarn__policy *,
						  const struct tarn__query *,
						  const struct tarn_address *client,
						  struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_dns64_apply(const struct tarn__policy *policy,
							       const struct tarn__query *query,
							       const struct tarn_address *client,
							       struct tarn__decision *decision)
{
	if (!policy->dns64)
		return TARN__POLICY_PASS;
	return tarn__stage_dns64_decide(policy, query, client, decision);
}

#endif

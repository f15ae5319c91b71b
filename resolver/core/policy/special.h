/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/special.h: names with the same meaning everywhere, which are not asked for upstream:
 * special-use names (RFC 6761, 6762, 7686, 8375, 9462, 9476) and the reverse zones of private, local and
 * documentation addresses (RFC 6303, 7793); and the stage that answers queries for them. There are two
 * exceptions: names that are passed, and zones of the configuration that have servers.
 *
 * Thread: any.
 */
#ifndef TARN_CORE_POLICY_SPECIAL_H
#define TARN_CORE_POLICY_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/stage.h"

enum tarn__special_kind {
	TARN__SPECIAL_NONE,
	TARN__SPECIAL_LOCALHOST, /* 127.0.0.1 and ::1, at the apex and below (RFC 6761 section 6.3) */
	TARN__SPECIAL_MISSING, /* no name exists, nor does the apex: invalid, onion, alt */
	TARN__SPECIAL_LOCAL, /* likewise, but a network may have such names: local, test */
	/* These have a parent zone in the DNS, which has their DS (RFC 4035 section 3.1.4.1). */
	TARN__SPECIAL_LOOPBACK, /* an empty zone except for the PTR of 127.0.0.1 or ::1: localhost */
	TARN__SPECIAL_EMPTY, /* NODATA at the apex, NXDOMAIN below it (RFC 6303, RFC 8375) */
	TARN__SPECIAL_RESOLVER, /* resolver.arpa: NODATA at every name (RFC 9462 section 6.4) */
};

struct tarn__special {
	enum tarn__special_kind kind;
	size_t zone_len; /* octets of the zone's name, at the end of the name looked up */
};

/*
 * Returns the special zone that a name is in; none of them is within another. qname is in wire form, in any
 * spelling, not compressed; len includes the root label. Takes a few instructions for a name in none of
 * them.
 */
struct tarn__special tarn__special_find(const uint8_t *qname, size_t len);

/*
 * Calls each with the name of every special zone, until it returns something else than 0. Returns what the
 * last call has returned.
 */
int tarn__special_walk(int (*each)(void *arg, const uint8_t *name, size_t len), void *arg);

extern const struct tarn__stage tarn__stage_special;

enum tarn__policy_action tarn__stage_special_decide(const struct tarn__policy *,
						    const struct tarn__query *,
						    struct tarn__decision *);

static inline enum tarn__policy_action tarn__stage_special_apply(const struct tarn__policy *policy,
								 const struct tarn__query *query,
								 const struct tarn_address *client,
								 struct tarn__decision *decision)
{
	(void)client;
	return tarn__stage_special_decide(policy, query, decision);
}

#endif

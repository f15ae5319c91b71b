/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/special.h: names that mean the same everywhere and must not be asked upstream: special-use
 * names (RFC 6761, 6762, 7686, 8375, 9462, 9476) and the reverse zones of addresses that are
 * nobody's or everybody's (RFC 6303, 7793). One table; a name is found in it without allocating,
 * and in a few instructions where it is none of them.
 */
#ifndef TARN_CORE_POLICY_SPECIAL_H
#define TARN_CORE_POLICY_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tarn__special_kind {
	TARN__SPECIAL_NONE,
	TARN__SPECIAL_LOCALHOST, /* 127.0.0.1 and ::1, at and below (RFC 6761 section 6.3) */
	TARN__SPECIAL_MISSING, /* does not exist, apex included: invalid, onion, alt */
	TARN__SPECIAL_LOCAL, /* likewise, unless a network has its own: local, test */
	/* These have a parent in the DNS, which is asked for their DS (RFC 4035 section 3.1.4.1). */
	TARN__SPECIAL_LOOPBACK, /* an empty zone but for the PTR of 127.0.0.1 or ::1: localhost */
	TARN__SPECIAL_EMPTY, /* NODATA at the apex, NXDOMAIN below it (RFC 6303, RFC 8375) */
	TARN__SPECIAL_RESOLVER, /* resolver.arpa: NODATA at every name (RFC 9462 section 6.4) */
};

struct tarn__special {
	enum tarn__special_kind kind;
	size_t zone_len; /* octets of the zone's name, at the end of the name looked up */
};

/* May a network have names of its own there, so that it is of use to ask its servers? */
static inline bool tarn__special_may_be_own(enum tarn__special_kind kind)
{
	return kind == TARN__SPECIAL_LOCAL || kind == TARN__SPECIAL_EMPTY;
}

/*
 * The special zone that a name is in; none is within another. qname is any spelling, not compressed,
 * len octets with the root label.
 */
struct tarn__special tarn__special_find(const uint8_t *qname, size_t len);

#endif
